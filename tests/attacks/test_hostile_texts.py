"""Texts that strangers send, made to harm whoever keeps, shows or acts upon them."""

from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tests.conftest import (
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    attributes,
    box_device,
    register,
    set_up,
    until,
)
from tests.mail_bench import history
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import Simulator

from .figures import report
from .meter import Cost, metered

type Bus = dict[str, list[Event[Any]]]

TEMPLATE = "{{ states.sensor | list }}{% for x in range(10**9) %}{{ x }}{% endfor %}{# gone #}"

TEXTS: tuple[tuple[str, str], ...] = (
    ("a\x00b\x01c\x1bd\x7fe\x85f", "abcdef"),
    ("\x1b[2J\x1b]0;title\x07red", "[2J]0;titlered"),
    ("pay \u202e0001\u202c euros \u2066now\u2069", "pay \u202e0001\u202c euros \u2066now\u2069"),
    ("one\u2028two\u2029three", "one\u2028two\u2029three"),
    ("a\u0301" * 150, "a\u0301" * 150),
    ("\U0001f600" * 700, "\U0001f600" * 700),
    (TEMPLATE, TEMPLATE),
    (
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
        "<script>alert(1)</script><img src=x onerror=alert(1)>",
    ),
    (
        "[click](http://192.0.2.1) ![](http://192.0.2.1/x.png)",
        "[click](http://192.0.2.1) ![](http://192.0.2.1/x.png)",
    ),
    ("%0d%0aEvent: ReceivedSMS %00 %zz %", "%0d%0aEvent: ReceivedSMS %00 %zz %"),
    (";id:goip2;password:x;msg:y", ";id:goip2;password:x;msg:y"),
    ("'; DROP TABLE messages; --", "'; DROP TABLE messages; --"),
    ("!secret password\n- !include /etc/passwd", "!secret password\n- !include /etc/passwd"),
    ("=cmd|' /C calc'!A0", "=cmd|' /C calc'!A0"),
    ('{"a": 1}', '{"a": 1}'),
    ("7", "7"),
)
"""What is sent, and what of it is told."""


async def _automate(hass: HomeAssistant) -> list[Event[Any]]:
    """Have an automation fill what it is handed into an event, as people do, and give those events."""
    automation = {
        "id": "echo",
        "alias": "Echo",
        "mode": "queued",
        "max": 100,
        "triggers": {"trigger": f"{DOMAIN}.sms_received"},
        "actions": {"event": "echo", "event_data": {"said": "said: {{ trigger.message }}"}},
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    echoes: list[Event[Any]] = async_capture_events(hass, "echo")
    return echoes


async def _receive_all(
    hass: HomeAssistant, box: Simulator, entry: MockConfigEntry, bus: Bus, event_id: str
) -> Cost:
    """Let them all come, and see what is told, shown, kept, and handed to automations."""
    echoes = await _automate(hass)
    with metered(hass) as cost:
        for number, (text, told) in enumerate(TEXTS, start=1):
            box.receive_sms(box.line_names[0], STRANGER, text)
            await until(hass, lambda: len(bus["sms_received"]) == number)  # noqa: B023 - awaited at once
            await until(hass, lambda: len(echoes) == number)  # noqa: B023
            assert bus["sms_received"][-1].data["message"] == told
            assert echoes[-1].data["said"].strip() == f"said: {told}".strip()
            assert attributes(hass, "event", event_id)["message"] == told
    kept = await history(hass, box_device(hass, entry))
    assert [one["message"] for one in reversed(kept)] == [told for _, told in TEXTS]
    assert len(bus["sms_received"]) == len(echoes) == len(TEXTS)
    assert all(not events for name, events in bus.items() if name != "sms_received")
    cost.assert_bounded()
    return cost


async def test_goip(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"texts_in_states": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    cost = await _receive_all(hass, goip, goip_entry, bus, f"{GOIP_ID}_goip1_sms")
    report("texts-goip", len(TEXTS), 0, cost, seen="told as text, templates never filled in")


async def test_neogate(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"texts_in_states": True})
    await set_up(hass, neogate_entry)
    line, event_id = neogate.line_names[0], f"{NEOGATE_IMEI}_1_sms"
    cost = await _receive_all(hass, neogate, neogate_entry, bus, event_id)
    await _three_thousand_emoji(hass, neogate, line, bus)
    report("texts-neogate", len(TEXTS) + 1, 0, cost, seen="and 3,000 emoji in 45 parts, whole")


async def _three_thousand_emoji(hass: HomeAssistant, neogate: NeoGate, line: str, bus: Bus) -> None:
    """More than a GoIP's packet could hold: in as many parts as the network makes of it."""
    text = "\U0001f600" * 3000
    before = len(bus["sms_received"])
    neogate.receive_sms(line, STRANGER, text)
    await until(hass, lambda: len(bus["sms_received"]) == before + 1)
    assert bus["sms_received"][-1].data["message"] == text


async def test_a_text_too_long_for_any_honest_packet_of_a_goip(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", STRANGER, "\U0001f600" * 3000)
    goip.receive_sms("goip1", STRANGER, "short")
    await until(hass, lambda: bus["sms_received"])
    assert [event.data["message"] for event in bus["sms_received"]] == ["short"]
    assert loaded_goip.runtime_data.gateway._driver.ignored["oversize"] >= 1


@pytest.mark.parametrize("sender", ["\u202e+1555", "{{ 1 }}", "<b>x</b>", "a" * 500, "\x00\x1b[2J", "=1+1"])
async def test_a_sender_made_to_harm(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, sender: str
) -> None:
    goip.receive_sms("goip1", sender, "Hello")
    await until(hass, lambda: bus["sms_received"])
    told = bus["sms_received"][0].data["sender"]
    assert len(told) <= 64
    assert told.isprintable()
    assert told in sender
