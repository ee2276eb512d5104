"""A NeoGate is the same box wherever it is found, by any of its modules, and its entry keeps its name."""

from contextlib import AsyncExitStack
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .conftest import (
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    NEOGATE_USER,
    Clock,
    caught_up,
    neogate_data,
    run,
    set_up,
)

OTHER = "490154203237518"
SECOND_IMEI = "013227009596002"


def typed(box: NeoGate) -> dict[str, Any]:
    """Give what a person types of a box."""
    return {"host": LOOPBACK, "port": box.port, "username": NEOGATE_USER, "password": box.password}


async def add(hass: HomeAssistant, box: NeoGate) -> ConfigFlowResult:
    """Add a box as a person does."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed(box))
    await hass.async_block_till_done()
    return result


@pytest.fixture
async def moved(simulators: AsyncExitStack, neogate: NeoGate) -> NeoGate:
    """Run the same box at another address."""
    return await run(simulators, NeoGate(ports=2, password="changed"))


async def test_the_imeis_of_all_ports_are_kept(hass: HomeAssistant, neogate: NeoGate) -> None:
    result = await add(hass, neogate)
    assert result["data"]["imeis"] == {"1": NEOGATE_IMEI, "2": SECOND_IMEI}


@pytest.mark.parametrize("lowest", ["", "0" * 15, OTHER], ids=["silent", "unread", "exchanged"])
async def test_a_known_box_is_followed_though_its_lowest_port_is_another(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, moved: NeoGate, lowest: str
) -> None:
    moved.span("tg1").imei = lowest
    result = await add(hass, moved)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")
    first = OTHER if lowest == OTHER else NEOGATE_IMEI
    assert loaded_neogate.data == neogate_data(
        moved, password="changed", imeis={"1": first, "2": SECOND_IMEI}
    )
    assert loaded_neogate.unique_id == NEOGATE_IMEI
    assert loaded_neogate.state is ConfigEntryState.LOADED
    await neogate.wait_for(lambda: not neogate.sessions)
    await moved.wait_for(lambda: len(moved.sessions) == 1)


async def test_a_known_box_is_followed_by_reconfiguring_it(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, moved: NeoGate
) -> None:
    moved.span("tg1").imei = OTHER
    form = await loaded_neogate.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed(moved))
    await hass.async_block_till_done()
    assert result["reason"] == "reconfigure_successful"
    assert loaded_neogate.data == neogate_data(moved, password="changed")
    assert loaded_neogate.unique_id == NEOGATE_IMEI


async def test_a_box_none_of_whose_modules_is_known_is_another(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, moved: NeoGate
) -> None:
    for span in moved.spans.values():
        span.imei = f"9{span.imei[1:]}"
    before = dict(loaded_neogate.data)
    form = await loaded_neogate.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed(moved))
    assert result["reason"] == "unique_id_mismatch"
    assert loaded_neogate.data == before

    assert (await add(hass, moved))["type"] is FlowResultType.CREATE_ENTRY


async def test_a_box_that_tells_no_module_is_believed_to_be_the_one_that_is_mended(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, moved: NeoGate
) -> None:
    for span in moved.spans.values():
        span.imei = ""
    form = await loaded_neogate.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], typed(moved))
    await hass.async_block_till_done()
    assert result["reason"] == "reconfigure_successful"
    assert loaded_neogate.data["imeis"] == {"1": NEOGATE_IMEI, "2": SECOND_IMEI}


async def test_a_running_box_tells_more_without_being_opened_anew(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, clock: Clock
) -> None:
    data = {key: value for key, value in neogate_entry.data.items() if key != "imeis"}
    hass.config_entries.async_update_entry(neogate_entry, data=data)  # as it was before they were kept
    neogate.span("tg2").imei = ""
    await set_up(hass, neogate_entry)
    session = neogate.sessions[0]
    assert neogate_entry.data["imeis"] == {"1": NEOGATE_IMEI}

    async def read_anew() -> dict[str, str]:
        """Let the details of all ports be read once more, and give what is kept then."""
        read = neogate.commands.count("gsm show span 3")
        clock.skip(301)
        await neogate.wait_for(lambda: neogate.commands.count("gsm show span 3") > read)
        await caught_up(hass, neogate)
        await hass.async_block_till_done()
        return dict(neogate_entry.data["imeis"])

    neogate.span("tg2").imei = SECOND_IMEI
    assert await read_anew() == {"1": NEOGATE_IMEI, "2": SECOND_IMEI}
    neogate.span("tg1").imei = OTHER  # its module was exchanged
    assert await read_anew() == {"1": OTHER, "2": SECOND_IMEI}
    assert neogate.sessions == [session]


async def test_a_strange_box_at_the_address_teaches_nothing(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    for span in neogate.spans.values():
        span.imei = f"9{span.imei[1:]}"
    await set_up(hass, neogate_entry)
    await caught_up(hass, neogate)
    assert neogate_entry.data["imeis"] == {"1": NEOGATE_IMEI, "2": SECOND_IMEI}


async def test_a_module_that_came_from_another_box_does_not_make_it_that_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, moved: NeoGate
) -> None:
    # The first box was called by a module that is in the second now, and it knows that it has another.
    data = {**loaded_neogate.data, "imeis": {"1": OTHER, "2": SECOND_IMEI}}
    hass.config_entries.async_update_entry(loaded_neogate, data=data)
    moved.span("tg2").imei = "356938035643809"
    result = await add(hass, moved)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == "356938035643809"
    assert loaded_neogate.data == data


async def test_a_box_that_has_no_name_of_its_own(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, simulators: AsyncExitStack
) -> None:
    data = {**loaded_neogate.data, "imeis": {"1": OTHER, "2": SECOND_IMEI}}
    hass.config_entries.async_update_entry(loaded_neogate, data=data)
    result = await add(hass, await run(simulators, NeoGate(ports=1)))
    assert result["reason"] == "already_configured"
    assert loaded_neogate.data == data


async def test_a_goip_is_not_known_by_imeis(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, neogate: NeoGate
) -> None:
    assert "imeis" not in loaded_goip.data
    assert (await add(hass, neogate))["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_goip.unique_id == GOIP_ID
