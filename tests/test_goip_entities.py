"""What a port of a GoIP shows and takes beyond texts, its restarts, and lines that are gone for good."""

import asyncio
from datetime import timedelta
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.gsm_gateway.aiogsm import PortChanged, PortState, PortStatus
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate

from .conftest import (
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    Clock,
    act,
    box_device,
    caught_up,
    contact_device,
    entity,
    port_device,
    register,
    state,
    until,
)

LINE = f"{GOIP_ID}_goip1"
SILENCE = 100.0

GOIP_ONLY = [
    ("binary_sensor", "voip_registered"),
    ("button", "hang_up"),
    ("button", "reset_remaining_time"),
    ("number", "call_interval"),
    ("number", "call_time_limit"),
    ("sensor", "cell"),
    ("switch", "enabled"),
]


@pytest.mark.parametrize(("platform", "key"), GOIP_ONLY)
async def test_who_has_them(
    hass: HomeAssistant,
    loaded_goip: MockConfigEntry,
    loaded_neogate: MockConfigEntry,
    platform: str,
    key: str,
) -> None:
    registry = er.async_get(hass)
    assert registry.async_get_entity_id(platform, DOMAIN, f"{LINE}_{key}") is not None
    assert registry.async_get_entity_id(platform, DOMAIN, f"{GOIP_ID}_goip2_{key}") is not None
    assert registry.async_get_entity_id(platform, DOMAIN, f"{NEOGATE_IMEI}_1_{key}") is None


async def test_voip_registered(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    assert state(hass, "binary_sensor", f"{LINE}_voip_registered") == "off"
    goip.line("goip1").state.voip_status = "LOGIN"
    await register(hass, goip, "goip1")
    assert state(hass, "binary_sensor", f"{LINE}_voip_registered") == "on"
    assert state(hass, "binary_sensor", f"{GOIP_ID}_goip2_voip_registered") == "off"


@pytest.mark.parametrize(
    ("key", "setting"), [("call_time_limit", ("exp_time", 90)), ("call_interval", ("out_call_interval", 25))]
)
async def test_numbers(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, key: str, setting: tuple[str, int]
) -> None:
    attribute, value = setting
    number = entity(hass, "number", f"{LINE}_{key}")
    await act(hass, "set_value", {"entity_id": number, "value": value}, domain="number")

    assert getattr(goip.line("goip1").state, attribute) == value
    assert getattr(goip.line("goip2").state, attribute) != value
    await until(hass, lambda: state(hass, "number", f"{LINE}_{key}") == str(value))


async def test_a_port_is_switched_off_and_on(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    switch = entity(hass, "switch", f"{LINE}_enabled")
    await until(hass, lambda: state(hass, "switch", f"{LINE}_enabled") == "on")

    await act(hass, "turn_off", {"entity_id": switch}, domain="switch")
    assert [line.state.module_down for line in goip.lines] == [1, 0]
    await until(hass, lambda: state(hass, "switch", f"{LINE}_enabled") == "off")

    await act(hass, "turn_on", {"entity_id": switch}, domain="switch")
    assert [line.state.module_down for line in goip.lines] == [0, 0]
    await until(hass, lambda: state(hass, "switch", f"{LINE}_enabled") == "on")


async def test_remaining_time_is_reset(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    line = goip.line("goip1").state
    line.exp_time, line.remain_time = 60, 5
    button = entity(hass, "button", f"{LINE}_reset_remaining_time")
    await act(hass, "press", {"entity_id": button}, domain="button")

    assert line.remain_time == 60
    await until(hass, lambda: state(hass, "sensor", f"{LINE}_remaining_time") == "60")


async def test_hanging_up(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    goip.ring("goip1", "+15550100002")
    await until(hass, lambda: state(hass, "sensor", f"{LINE}_call_state") == "incoming")
    button = entity(hass, "button", f"{LINE}_hang_up")
    await act(hass, "press", {"entity_id": button}, domain="button")

    assert goip.line("goip1").call is None
    await until(hass, lambda: state(hass, "sensor", f"{LINE}_call_state") == "idle")


# Restarts.


def presence(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what the log says of the box's coming and going."""
    return [record.getMessage() for record in caplog.records if record.name.endswith("gsm_gateway.presence")]


async def silence(hass: HomeAssistant, clock: Clock) -> None:
    """Let so much time pass that lines which do not report are gone."""
    clock.skip(SILENCE)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")


async def test_a_loss_is_logged_once(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await silence(hass, clock)
    await register(hass, goip)

    assert [text.split(":")[0] for text in presence(caplog)] == ["GoIP is lost", "GoIP is back"]


async def test_the_silence_of_a_restart_is_no_loss(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await act(hass, "reboot", {"device_id": box_device(hass, loaded_goip)})
    await silence(hass, clock)
    await register(hass, goip)

    assert presence(caplog) == ["GoIP restarts at our request", "GoIP is back"]

    caplog.clear()
    await silence(hass, clock)
    assert [text.split(":")[0] for text in presence(caplog)] == ["GoIP is lost"]


async def test_a_restart_that_does_not_end_is_a_loss(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await act(hass, "reboot", {"device_id": port_device(hass, loaded_goip, "goip1")})
    await silence(hass, clock)
    assert presence(caplog) == ["A port of GoIP restarts at our request"]

    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=3, seconds=1))
    await hass.async_block_till_done()
    assert [text.split(":")[0] for text in presence(caplog)][1:] == ["GoIP is lost"]


async def test_a_restart_that_was_noticed_by_nobody(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await act(hass, "reboot", {"device_id": box_device(hass, loaded_goip)})
    await register(hass, goip)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=3, seconds=1))
    await hass.async_block_till_done()

    assert presence(caplog) == ["GoIP restarts at our request"]


# Lines that are gone for good.


async def remove(hass: HomeAssistant, ws: WebSocketGenerator, device_id: str) -> bool:
    """Delete a device as the UI does, and say whether that was allowed."""
    assert await async_setup_component(hass, "config", {})
    client = await ws(hass)
    await client.send_json_auto_id({"type": "config/device_registry/remove", "device_id": device_id})
    answer = await client.receive_json()
    await hass.async_block_till_done()
    return bool(answer["success"])


async def test_a_line_that_is_gone_can_be_deleted(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    hass_ws_client: WebSocketGenerator,
) -> None:
    options = {"passwords": {"goip2": "other"}, "channels": {"goip1": 1, "goip2": 2}}
    hass.config_entries.async_update_entry(loaded_goip, options=options)
    await hass.async_block_till_done()
    await register(hass, goip, "goip1")
    gone = port_device(hass, loaded_goip, "goip2")

    assert await remove(hass, hass_ws_client, gone)
    assert dr.async_get(hass).async_get(gone) is None
    assert loaded_goip.state is ConfigEntryState.LOADED
    assert loaded_goip.data["lines"] == ["goip1"]
    assert loaded_goip.options == {"passwords": {}, "channels": {"goip1": 1}}
    assert list(loaded_goip.runtime_data.data.ports) == ["goip1"]

    await register(hass, goip)  # it is not gone after all: it comes back as any new line does
    assert loaded_goip.data["lines"] == ["goip1", "goip2"]
    assert port_device(hass, loaded_goip, "goip2")


async def test_what_is_there_cannot_be_deleted(
    hass: HomeAssistant,
    loaded_goip: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert not await remove(hass, hass_ws_client, port_device(hass, loaded_goip, "goip1"))
    assert not await remove(hass, hass_ws_client, box_device(hass, loaded_goip))
    assert not await remove(hass, hass_ws_client, contact_device(hass, loaded_goip, "Alice").id)
    assert loaded_goip.data["lines"] == ["goip1", "goip2"]


async def test_nothing_can_be_deleted_while_nothing_is_known(
    hass: HomeAssistant,
    loaded_goip: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    device = port_device(hass, loaded_goip, "goip1")
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    assert not await remove(hass, hass_ws_client, device)


async def test_a_port_that_a_neogate_lists_no_more_can_be_deleted(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
) -> None:
    device = port_device(hass, loaded_neogate, "2")
    assert not await remove(hass, hass_ws_client, device)

    gateway = loaded_neogate.runtime_data.gateway
    gone = PortState(port="2", status=PortStatus.OFFLINE)
    gateway._on_dialog_event(PortChanged(gateway=loaded_neogate.entry_id, state=gone))
    neogate.spans.pop(3)
    assert await remove(hass, hass_ws_client, device)
    assert list(loaded_neogate.runtime_data.data.ports) == ["1"]


async def test_a_port_of_a_neogate_restarts_without_a_word(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    fields = {"device_id": port_device(hass, loaded_neogate, "1")}
    rebooting = asyncio.create_task(act(hass, "reboot", fields))
    await neogate.wait_for(lambda: "gsm power off 2" in neogate.commands)
    await caught_up(hass, neogate)
    clock.skip(5)
    await rebooting

    assert presence(caplog) == []
