"""The actions on a port beside texts and USSD: what they refuse before anything is sent, and what they do."""

from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from tests.simulators.goip import GoIP
from tests.simulators.goip_state import Forward
from tests.simulators.simulator import Ussd

from .conftest import ALICE, STRANGER, act, assert_translated, box_device, contact_device, port_device

IMEI = "490154203237518"


@pytest.fixture
def port(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> str:
    """Give the first line's device."""
    return port_device(hass, loaded_goip, "goip1")


def asked(box: GoIP, *verbs: str) -> list[str]:
    """Give what the box was asked for by these verbs."""
    packets = (packet.decode() for packet in box.received)
    return [packet for packet in packets if packet.partition(" ")[0] in verbs]


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("set_phone_number", {"number": 15551230000}, "plus_sign_lost"),
    ("set_phone_number", {"number": "ring me"}, "unknown_recipient"),
    ("set_call_forwarding", {"reason": "busy"}, "needs_number"),
    ("set_call_forwarding", {"reason": "busy", "number": 15551230000}, "plus_sign_lost"),
    ("set_call_time_limit", {}, "needs_limit"),
    ("set_call_time_limit", {"minutes": 5, "unlimited": True}, "needs_limit"),
    ("set_imei", {"imei": IMEI}, "set_imei_not_allowed"),
]


@pytest.mark.parametrize("refused", REFUSED)
async def test_what_is_refused(
    hass: HomeAssistant, goip: GoIP, port: str, refused: tuple[str, dict[str, Any], str]
) -> None:
    action, fields, key = refused
    await hass.async_block_till_done()
    before = len(goip.received)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, action, {"device_id": port, **fields})

    assert_translated(caught.value, key)
    assert len(goip.received) == before


MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("set_phone_number", {}),
    ("set_phone_number", {"number": [ALICE, STRANGER]}),
    ("set_call_forwarding", {"reason": "sometimes", "number": ALICE}),
    ("set_call_forwarding", {"reason": "busy", "number": ALICE, "timeout": -1}),
    ("set_call_time_limit", {"minutes": -1}),
    ("set_call_time_limit", {"minutes": 100001}),
    ("set_call_waiting", {}),
    ("set_imei", {}),
    ("lock_cell", {}),
    ("close_ussd", {"code": "*100#"}),
]


@pytest.mark.parametrize(("action", "fields"), MALFORMED)
async def test_what_is_not_even_asked(
    hass: HomeAssistant, port: str, action: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await act(hass, action, {"device_id": port, **fields})


@pytest.mark.parametrize("action", ["close_ussd", "refresh_cells"])
async def test_a_port_is_needed(hass: HomeAssistant, loaded_goip: MockConfigEntry, action: str) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, action, {"device_id": box_device(hass, loaded_goip)})
    assert_translated(caught.value, "needs_port")


UNSUPPORTED: list[tuple[str, dict[str, Any]]] = [
    ("close_ussd", {}),
    ("set_phone_number", {"number": ALICE}),
    ("set_call_forwarding", {"reason": "busy", "number": ALICE}),
    ("set_call_time_limit", {"unlimited": True}),
    ("set_call_waiting", {"enabled": True}),
    ("refresh_cells", {}),
    ("lock_cell", {"cell": "1"}),
]


@pytest.mark.parametrize(("action", "fields"), UNSUPPORTED)
async def test_what_a_neogate_cannot_do(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, action: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, action, {"device_id": port_device(hass, loaded_neogate, "1"), **fields})
    assert_translated(caught.value, "not_supported")


async def test_calls_are_forwarded_to_a_contact(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    fields = {"device_id": port, "reason": "no_reply"}
    await act(hass, "set_call_forwarding", {**fields, "number": "alice", "timeout": {"seconds": 15}})
    assert goip.line("goip1").state.forwards == {"2": Forward(ALICE, 15)}
    answer = await act(hass, "get_call_forwarding", fields, response=True)
    assert answer == {"enabled": True, "number": ALICE}

    await act(hass, "set_call_forwarding", {**fields, "enabled": False})
    answer = await act(hass, "get_call_forwarding", fields, response=True)
    assert answer == {"enabled": False, "number": None}


async def test_an_error_names_port_and_reason(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    goip.line("goip1").refusals["set_gsm_num"] = "not now"
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "set_phone_number", {"device_id": port, "number": ALICE})

    assert_translated(caught.value, "command_refused")
    placeholders = caught.value.translation_placeholders or {}
    assert (placeholders["where"], placeholders["port"]) == ("GoIP (goip1)", "goip1")
    assert "not now" in placeholders["reason"]


async def test_an_imei_is_set_where_that_is_allowed(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, port: str
) -> None:
    hass.config_entries.async_update_entry(loaded_goip, options={"allow_set_imei": True})
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "set_imei", {"device_id": port, "imei": IMEI[:-1] + "0"})
    assert_translated(caught.value, "invalid_imei")
    assert asked(goip, "set_imei") == []

    await act(hass, "set_imei", {"device_id": port, "imei": IMEI})
    assert goip.line("goip1").state.imei == IMEI


async def test_cells(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    assert await act(hass, "refresh_cells", {"device_id": port}, response=True) == {
        "cells": ["123", "456", "789"]
    }
    await act(hass, "lock_cell", {"device_id": port, "cell": 456})
    assert goip.line("goip1").state.cell == "456"


async def test_a_ussd_session_is_closed(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    goip.teach_ussd("goip1", "*100#", Ussd(text="1 more", menu={"1": Ussd(text="more")}))
    answer = await act(hass, "send_ussd", {"device_id": port, "code": "*100#"}, response=True)
    assert answer["text"] == "1 more"
    await act(hass, "close_ussd", {"device_id": port})

    assert len(asked(goip, "USSDEXIT")) == 1


async def test_the_limit_of_calls(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    await act(hass, "set_call_time_limit", {"device_id": port, "minutes": 30})
    assert goip.line("goip1").state.exp_time == 30
    await act(hass, "set_call_time_limit", {"device_id": port, "unlimited": True})
    assert goip.line("goip1").state.exp_time == -1


async def test_call_waiting(hass: HomeAssistant, goip: GoIP, port: str) -> None:
    await act(hass, "set_call_waiting", {"device_id": port, "enabled": True})
    assert goip.line("goip1").state.call_waiting == 1


# Several ports at once.


def modules(box: GoIP) -> list[int]:
    """Give which modules are down."""
    return [line.state.module_down for line in box.lines]


async def test_ports_are_switched_one_by_one(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, port: str
) -> None:
    box = box_device(hass, loaded_goip)
    await act(hass, "set_ports_enabled", {"device_id": box, "disabled": [port, "goip2"]})
    assert modules(goip) == [1, 1]
    await act(hass, "set_ports_enabled", {"device_id": box, "enabled": "goip2"})
    assert modules(goip) == [1, 0]
    assert asked(goip, "module_ctl") == []


@pytest.mark.parametrize(
    ("channels", "commands"),
    [
        ({"goip1": 2, "goip2": 1}, ["12"]),
        ({"goip1": 1}, []),
        ({"goip1": 1, "goip2": 3}, []),
        ({}, []),
    ],
)
async def test_one_command_needs_the_number_of_every_channel(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    channels: dict[str, int],
    commands: list[str],
) -> None:
    hass.config_entries.async_update_entry(loaded_goip, options={"channels": channels})
    fields = {"device_id": box_device(hass, loaded_goip), "enabled": ["goip2"]}
    await act(hass, "set_ports_enabled", fields)

    assert [packet.split()[2] for packet in asked(goip, "module_ctl")] == commands
    assert len(asked(goip, "module_ctl_i")) == (0 if commands else 1)


async def test_a_port_that_refuses_does_not_keep_the_others(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.line("goip1").refusals["module_ctl_i"] = "not now"
    fields = {"device_id": box_device(hass, loaded_goip), "disabled": ["goip1", "goip2"]}
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "set_ports_enabled", fields)

    assert_translated(caught.value, "command_refused")
    assert (caught.value.translation_placeholders or {})["port"] == "goip1"
    assert modules(goip) == [0, 1]


async def test_which_ports_are_refused(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    loaded_neogate: MockConfigEntry,
    port: str,
) -> None:
    box = box_device(hass, loaded_goip)
    refused: list[tuple[str, dict[str, Any], str]] = [
        (port, {"enabled": ["goip1"]}, "needs_box"),
        (contact_device(hass, loaded_goip, "Alice").id, {"enabled": ["goip1"]}, "is_contact"),
        (box, {}, "needs_ports"),
        (box, {"enabled": [port], "disabled": ["goip1"]}, "port_on_and_off"),
        (box, {"enabled": [port_device(hass, loaded_neogate, "1")]}, "invalid_port"),
        (box, {"enabled": [box]}, "invalid_port"),
    ]
    for device, fields, key in refused:
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, "set_ports_enabled", {"device_id": device, **fields})
        assert_translated(caught.value, key)
    with pytest.raises(ServiceValidationError):
        await act(hass, "set_ports_enabled", {"device_id": box, "enabled": ["goip9"]})
    assert asked(goip, "module_ctl", "module_ctl_i") == []
