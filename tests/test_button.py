"""Restarting a port or the box by a button."""

import asyncio

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate

from .conftest import (
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    Clock,
    act,
    assert_platform,
    assert_translated,
    caught_up,
    entity,
    set_up,
    state,
)


async def press(hass: HomeAssistant, unique_id: str) -> None:
    """Press a button and wait until it is done."""
    await act(hass, "press", {"entity_id": entity(hass, "button", unique_id)}, domain="button")


async def test_neogate(
    hass: HomeAssistant, neogate_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, neogate_entry, Platform.BUTTON, snapshot)


async def test_goip(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, goip_entry, Platform.BUTTON, snapshot, goip)


async def test_neogate_port(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    pressing = asyncio.create_task(press(hass, f"{NEOGATE_IMEI}_2_reboot"))
    await neogate.wait_for(lambda: "gsm power off 3" in neogate.commands)
    assert not neogate.spans[3].powered
    await caught_up(hass, neogate)
    clock.skip(5)  # the module stays off for a while
    await neogate.wait_for(lambda: "gsm power on 3" in neogate.commands)
    await caught_up(hass, neogate)
    assert not pressing.done()
    clock.skip(5)  # then it is looked at
    await pressing

    assert neogate.commands[-2:] == ["gsm show spans", "gsm show span 3"]
    assert neogate.spans[3].powered
    assert [command for command in neogate.commands if "power" in command] == [
        "gsm power off 3",
        "gsm power on 3",
    ]


async def test_neogate_port_that_stays_down(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    clock = fast_time.let_it_fly(hass.loop)
    neogate.boot_time = 200.0
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, f"{NEOGATE_IMEI}_2_reboot")
    assert_translated(caught.value, "still_starting")
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_2_status") == "unknown"

    await asyncio.sleep(120)
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_2_status") == "ready"
    clock.land()


async def test_neogate_itself_has_none(hass: HomeAssistant, loaded_neogate: MockConfigEntry) -> None:
    assert er.async_get(hass).async_get_entity_id("button", DOMAIN, f"{NEOGATE_IMEI}_reboot") is None


async def test_goip_port(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await press(hass, f"{GOIP_ID}_goip2_reboot")

    assert [packet.split()[0] for packet in goip.line("goip2").received[-1:]] == [b"svr_reboot_module"]
    assert not any(b"reboot" in packet for packet in goip.line("goip1").received)


async def test_goip_box(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await press(hass, f"{GOIP_ID}_reboot")

    assert [line.reboots for line in goip.lines] == [1, 1]


async def test_goip_box_that_is_not_there(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await set_up(hass, goip_entry)
    with pytest.raises(HomeAssistantError) as caught:
        await press(hass, f"{GOIP_ID}_reboot")

    assert_translated(caught.value, "link_lost")
    assert goip.received == []
