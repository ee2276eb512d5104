"""TCP servers that are no gateway: typed into the dialog, or in the place of one that was."""

import asyncio
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import DOMAIN, NEOGATE_IMEI, Clock, seen, state
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .amounts import amount
from .figures import report
from .meter import MOST_LAG, metered
from .wire import (
    PLAYS,
    Rogue,
    banner_only,
    endless_body,
    endless_events,
    endless_line,
    endless_lines,
    garbage,
    garbage_later,
    silence,
)

ERRORS = ("cannot_connect", "not_a_neogate", "invalid_auth")

IN_PLACE = (
    silence,
    banner_only,
    endless_line,
    endless_lines,
    endless_body,
    endless_events,
    garbage,
    garbage_later,
)


@pytest.fixture(autouse=True)
def _time_is_skipped(hass: HomeAssistant, socket_enabled: None) -> None:
    hass.loop.slow_callback_duration = float("inf")


async def _skipping(clock: Clock, task: asyncio.Task[Any], step: float, patience: int = 200) -> None:
    """Let time pass in steps, with a moment for the server in each, until something is done."""
    for _ in range(patience):
        await asyncio.sleep(0.03)
        if task.done():
            return
        clock.skip(step)
    raise TimeoutError


async def _typed(hass: HomeAssistant, port: int) -> ConfigFlowResult:
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    await flows.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
    form = {"host": LOOPBACK, "port": port, "username": "apiuser", "password": "apipass"}
    result = await flows.async_configure(menu["flow_id"], form)
    flows.async_abort(menu["flow_id"])
    return result


async def test_typed_into_the_dialog(hass: HomeAssistant, clock: Clock) -> None:
    with metered(hass) as cost:
        for play in PLAYS:
            with Rogue(play) as rogue:
                asking = hass.async_create_task(_typed(hass, rogue.port))
                await _skipping(clock, asking, 5.0)
                errors = (await asking)["errors"] or {}
                assert errors["base"] in ERRORS, play
                assert rogue.accepted == 1
                clock.skip(2)  # whoever was let go of has so long to close its side
                await hass.async_block_till_done()
            assert cost.lag < MOST_LAG, play
    cost.assert_bounded()
    report("rogue-flow", len(PLAYS), 0, cost, seen="each ends in an error in the dialog, within 10 s")


async def test_in_the_place_of_a_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    minutes, tries = amount(5, 60), 0
    connection = f"{NEOGATE_IMEI}_connection"
    with metered(hass) as cost:
        for play in IN_PLACE:
            neogate.stop_listening()
            with Rogue(play, neogate.port) as rogue:
                await neogate.drop_sessions()
                for _ in range(minutes * 12):
                    await asyncio.sleep(0.002)
                    clock.skip(5)
                for _ in range(500):  # it runs in a thread, which has to have its turn
                    if rogue.accepted:
                        break
                    await asyncio.sleep(0.01)
                tries += rogue.accepted
                assert 1 <= rogue.accepted <= 12 + minutes, (play, rogue.accepted)
                assert state(hass, "binary_sensor", connection) == "off"
            assert cost.lag < MOST_LAG, play
            await _back(hass, neogate, clock, connection)
    cost.assert_bounded(logged=2 * len(IN_PLACE))
    report(
        "rogue-box",
        tries,
        0,
        cost,
        seen=f"tries in {len(IN_PLACE)} times {minutes} minutes; then the box is back",
    )


async def _back(hass: HomeAssistant, neogate: NeoGate, clock: Clock, connection: str) -> None:
    """Let the box itself be there again."""
    await neogate.start()
    back = hass.async_create_task(
        seen(hass, lambda: state(hass, "binary_sensor", connection) == "on", within=100_000)
    )
    await _skipping(clock, back, 20.0)
    await hass.async_block_till_done()
