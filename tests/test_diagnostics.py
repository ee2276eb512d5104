"""Diagnostics: enough to help with, and nothing that is nobody's business."""

import json

from homeassistant.core import HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .simulators.goip import GoIP
from .simulators.neogate import NeoGate


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
