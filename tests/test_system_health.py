"""What the system information tells of us."""

from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, get_system_health_info

from .conftest import DOMAIN, TRANSLATIONS, Clock, goip_data, register, set_up
from .simulators.goip import GoIP
from .simulators.neogate import NeoGate


async def info(hass: HomeAssistant) -> dict[str, Any]:
    """Give what is told, every key of which has words."""
    assert await async_setup_component(hass, "system_health", {})
    await hass.async_block_till_done()
    told: dict[str, Any] = await get_system_health_info(hass, DOMAIN)
    assert told.keys() <= TRANSLATIONS["system_health"]["info"].keys()
    return told


async def test_every_key_with_words_is_told(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    assert (await info(hass)).keys() == TRANSLATIONS["system_health"]["info"].keys()


async def test_a_box_of_each_family(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    loaded_neogate: MockConfigEntry,
    udp_port: int,
) -> None:
    before = dt_util.now()
    await register(hass, goip)
    told = await info(hass)
    heard_at: datetime = told.pop("last_contact")
    assert before <= heard_at <= dt_util.now()
    assert told == {
        "gateways": 2,
        "gateways_reachable": 2,
        "ports_ready": 4,
        "udp_listeners": f"{udp_port} (2)",
    }


async def test_boxes_that_share_a_udp_port(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    other = MockConfigEntry(
        domain=DOMAIN, title="Other", unique_id="other", data=goip_data(udp_port, "goip9")
    )
    other.add_to_hass(hass)
    await set_up(hass, other)
    told = await info(hass)
    assert (told["gateways"], told["gateways_reachable"]) == (2, 1)
    assert told["udp_listeners"] == f"{udp_port} (2)"


async def test_the_last_contact_gets_older(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    await set_up(hass, goip_entry)
    await register(hass, goip)
    heard_at = (await info(hass))["last_contact"]
    freezer.tick(60.0)
    clock.skip(60.0)
    assert abs(((await info(hass))["last_contact"] - heard_at).total_seconds()) < 1.0


async def test_nobody_was_heard(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry) -> None:
    await set_up(hass, goip_entry)
    told = await info(hass)
    assert "last_contact" not in told
    assert (told["gateways_reachable"], told["ports_ready"]) == (0, 0)


async def test_a_box_that_is_out_of_reach(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    await neogate.stop()
    await set_up(hass, neogate_entry)
    assert await info(hass) == {"gateways": 1, "gateways_reachable": 0, "ports_ready": 0}


@pytest.mark.usefixtures("goip")
async def test_a_box_that_is_disabled_counts_for_nothing(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    await hass.config_entries.async_set_disabled_by(loaded_goip.entry_id, ConfigEntryDisabler.USER)
    assert await info(hass) == {"gateways": 0, "gateways_reachable": 0, "ports_ready": 0}
