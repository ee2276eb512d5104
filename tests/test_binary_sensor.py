"""Whether the box answers."""

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.simulators.goip import GoIP

from .conftest import GOIP_ID, assert_platform, register, set_up, state


async def test_neogate(
    hass: HomeAssistant, neogate_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, neogate_entry, Platform.BINARY_SENSOR, snapshot)


async def test_goip(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, goip_entry, Platform.BINARY_SENSOR, snapshot, goip)


async def test_goip_is_not_there_until_a_line_reports(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await set_up(hass, goip_entry)
    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off"

    await register(hass, goip, "goip2")
    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "on"
