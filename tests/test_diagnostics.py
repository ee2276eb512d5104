"""Diagnostics: enough to help with, and nothing that is nobody's business."""

import json
from unittest.mock import patch

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway.store import BoxStore, StoreUnusable

from .conftest import ALICE, BOB, STRANGER, port_device, register, set_up, until
from .mail_bench import Bus, send
from .simulators.goip import GoIP
from .simulators.neogate import NeoGate

SECRET = "the code is 4711"


async def test_goip(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert told["connected"] is True
    assert [port["status"] for port in told["ports"]] == ["ready"] * len(told["ports"])
    assert told["ignored"] == {}
    state = goip.line("goip1").state
    for secret in (state.password, state.imei, state.imsi, state.iccid, "goip1"):
        assert f'"{secret}"' not in json.dumps(told)


async def test_neogate(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
) -> None:
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_neogate)
    assert told["ports"][0]["signal"] is not None
    assert told["ports"][0]["words"] == ["Power on", "Provisioned", "Up", "Active", "Standard"]
    span = neogate.span("tg1")
    for secret in (neogate.user, neogate.password, span.imei, span.imsi, span.smsc):
        assert f'"{secret}"' not in json.dumps(told)


async def test_texts_are_counted_and_not_told(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"limit_hour": 3, "private": False})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    goip.receive_sms("goip1", STRANGER, SECRET)
    await until(hass, lambda: bus["sms_received"])
    goip.fail_next_send("goip2")
    port = port_device(hass, goip_entry, "goip2")
    await send(hass, port, recipients=["Alice", "Bob", STRANGER, "80808"], message=SECRET)

    told = await get_diagnostics_for_config_entry(hass, hass_client, goip_entry)
    assert told["store"] == {"doubtful": 0, "texts": {"received": 1, "sent": 2, "failed": 1}}
    assert (told["queue"], told["tripped"]) == (0, True)
    assert [port["sent"] for port in told["ports"]] == [
        {"today": 0, "this_month": 0},
        {"today": 2, "this_month": 2},
    ]
    assert told["options"]["limit_hour"] == 3
    for secret in (SECRET, ALICE, BOB, STRANGER, "80808"):
        assert secret not in json.dumps(told)


async def test_a_store_that_cannot_be_read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    with patch.object(BoxStore, "history", side_effect=StoreUnusable("SQLITE_IOERR")):
        told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert told["store"] == {"doubtful": 0, "error": "SQLITE_IOERR"}
    assert told["connected"] is True


@pytest.mark.parametrize("stranger", ["req:1;id:nobody;pass:wrong;", "no message at all"])
async def test_what_was_ignored_is_counted(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    stranger: str,
) -> None:
    before = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    loaded_goip.runtime_data.gateway._driver.on_received(stranger.encode(), ("127.0.0.9", 1))
    after = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert sum(after["ignored"].values()) == sum(before["ignored"].values()) + 1
