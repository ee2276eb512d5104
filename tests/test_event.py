"""Texts and calls, as event entities and on the bus."""

import asyncio
from datetime import datetime
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK
from tests.simulators.neogate import NeoGate, encode_content
from tests.simulators.neogate_span import NO_RESULT

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    assert_platform,
    attributes,
    box_device,
    entity,
    port_device,
    settled,
    state,
    until,
)

type Bus = dict[str, list[Event[Any]]]

SECRET = "the code is 4711"


async def test_neogate(
    hass: HomeAssistant, neogate_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, neogate_entry, Platform.EVENT, snapshot)


async def test_goip(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, goip_entry, Platform.EVENT, snapshot, goip)


async def test_neogate_has_no_calls(hass: HomeAssistant, loaded_neogate: MockConfigEntry) -> None:
    assert er.async_get(hass).async_get_entity_id("event", DOMAIN, f"{NEOGATE_IMEI}_1_call") is None


async def test_received_by_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    neogate.receive_sms("tg2", ALICE, "Grüße 🙂")
    await until(hass, lambda: bus["sms_received"])

    (event,) = bus["sms_received"]
    received_at, message_id = event.data["received_at"], event.data["message_id"]
    stamped_at = event.data["stamped_at"]
    assert datetime.fromisoformat(stamped_at).tzinfo is not None
    assert event.data == {
        "config_entry_id": loaded_neogate.entry_id,
        "device_id": port_device(hass, loaded_neogate, "2"),
        "gateway": "NeoGate TG200",
        "port": "2",
        "message_id": message_id,
        "sender": ALICE,
        "contact": "Alice",
        "trusted": True,
        "message": "Grüße 🙂",
        "received_at": received_at,
        "stamped_at": stamped_at,
        "parts": 1,
        "complete": True,
        "delayed": False,
    }
    assert not message_id.isdigit()
    assert not isinstance(message_id, int)
    told = attributes(hass, "event", f"{NEOGATE_IMEI}_2_sms")
    assert told["event_type"] == "received"
    assert (told["message_id"], told["sender"], told["contact"]) == (message_id, ALICE, "Alice")
    assert "Grüße" not in str(told)  # only the bus tells the text
    assert state(hass, "event", f"{NEOGATE_IMEI}_1_sms") == "unknown"


async def test_received_by_goip(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", STRANGER, "one; two: three,\nfour")
    await until(hass, lambda: bus["sms_received"])

    (event,) = bus["sms_received"]
    assert event.data["device_id"] == port_device(hass, loaded_goip, "goip1")
    assert (event.data["port"], event.data["gateway"]) == ("goip1", "GoIP")
    assert (event.data["sender"], event.data["contact"], event.data["trusted"]) == (STRANGER, None, False)
    assert event.data["message"] == "one; two: three,\nfour"
    assert attributes(hass, "event", f"{GOIP_ID}_goip1_sms")["contact"] is None
    assert goip.unacknowledged == []


async def test_untrusted_contact(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", BOB, "Hello")
    await until(hass, lambda: bus["sms_received"])

    assert (bus["sms_received"][0].data["contact"], bus["sms_received"][0].data["trusted"]) == ("Bob", False)


async def test_repeated_push_is_told_once(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    push = goip.line("goip1").push_sms(ALICE, "once")
    await until(hass, lambda: bus["sms_received"])
    goip.line("goip1").push("RECEIVE", f"srcnum:{ALICE};msg:once", recvid=push.recvid)
    goip.receive_sms("goip1", ALICE, "after it")
    await until(hass, lambda: len(bus["sms_received"]) > 1)

    assert [event.data["message"] for event in bus["sms_received"]] == ["once", "after it"]


async def test_long_text_is_joined(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    text = "0123456789" * 40
    neogate.receive_sms("tg1", ALICE, text)
    await until(hass, lambda: bus["sms_received"])

    (event,) = bus["sms_received"]
    assert (event.data["message"], event.data["parts"], event.data["complete"]) == (text, 3, True)


async def test_long_text_whose_end_never_comes(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    neogate.receive_part("tg1", ALICE, encode_content("a beginning"), index=1, total=2, reference="9")
    neogate.receive_sms("tg1", BOB, "mark")
    await until(hass, lambda: bus["sms_received"])
    clock.skip(3600)
    await until(hass, lambda: len(bus["sms_received"]) == 2)

    told = bus["sms_received"][1].data
    assert told["message"].startswith("a beginning")
    assert (told["parts"], told["complete"]) == (2, False)


@pytest.mark.parametrize("sender", ["Vodafone", "12345", ""])
async def test_senders_that_are_no_phone(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, sender: str
) -> None:
    goip.receive_sms("goip1", sender, "Your bill")
    await until(hass, lambda: bus["sms_received"])

    assert bus["sms_received"][0].data["sender"] == sender
    assert bus["sms_received"][0].data["contact"] is None


async def test_sender_that_calls_itself_like_a_contact(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", "Alice", "Open the door")
    await until(hass, lambda: bus["sms_received"])

    assert (bus["sms_received"][0].data["contact"], bus["sms_received"][0].data["trusted"]) == (None, False)


async def test_time_of_receipt(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-22 12:00:00+00:00")
    goip.receive_sms("goip1", ALICE, "Hello")
    await until(hass, lambda: bus["sms_received"])

    assert bus["sms_received"][0].data["received_at"] == "2026-11-22T12:00:00+00:00"
    assert bus["sms_received"][0].data["stamped_at"] is None  # as a GoIP tells none
    assert bus["sms_received"][0].data["delayed"] is False
    assert state(hass, "event", f"{GOIP_ID}_goip1_sms") == "2026-11-22T12:00:00.000+00:00"


@pytest.mark.parametrize(("late", "raised"), [("1", "sent"), ("0", "failed")])
async def test_result_that_comes_late(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    *,
    late: str,
    raised: str,
) -> None:
    clock = fast_time.let_it_fly(hass.loop)
    neogate.plan_send("tg1", NO_RESULT)
    port = port_device(hass, loaded_neogate, "1")
    data = {"device_id": port, "recipients": "Alice", "message": SECRET, "wait_timeout": 90}
    (message,) = (await act(hass, "send_sms", data, response=True))["messages"]
    assert (message["status"], message["error"]) == ("unknown", "no_result")

    for _ in range(2):
        neogate.push_event("UpdateSMSSend", f"ID: {message['message_id']}", "Smsc: ", f"Status: {late}")
        await asyncio.sleep(1)
    assert [event.data["status"] for event in bus["sms_status"]] == ["queued", "sending", "unknown", raised]
    assert {event.data["message_id"] for event in bus["sms_status"]} == {message["message_id"]}
    assert attributes(hass, "event", f"{NEOGATE_IMEI}_1_sms")["event_type"] == raised
    assert len([command for command in neogate.commands if "send sms" in command]) == 1
    clock.land()


@pytest.mark.parametrize(
    ("stamp", "stamped_at", "delayed"),
    [
        ("2026-11-22 04:00:00", "2026-11-22T12:00:00+00:00", False),
        ("2026-11-22 03:55:00", "2026-11-22T11:55:00+00:00", False),
        ("2026-11-22 03:54:59", "2026-11-22T11:54:59+00:00", True),
        ("2025-11-22 04:00:00", "2025-11-22T12:00:00+00:00", True),
        ("2026-11-22 12:00:00", "2026-11-22T20:00:00+00:00", False),  # from the future
        ("2026-03-08 02:30:00", "2026-03-08T10:30:00+00:00", True),  # no clock shows that
        ("2026-11-01 01:30:00", "2026-11-01T08:30:00+00:00", True),  # clocks show that twice
        ("2026-11-22", None, False),
    ],
)
async def test_time_that_a_text_bears(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    *,
    freezer: FrozenDateTimeFactory,
    stamp: str,
    stamped_at: str | None,
    delayed: bool,
) -> None:
    # The test's Home Assistant is in US/Pacific, and so is the box unless its options say otherwise.
    freezer.move_to("2026-11-22 12:00:00+00:00")
    neogate.receive_sms("tg1", ALICE, "Hello", received_at=stamp)
    await until(hass, lambda: bus["sms_received"])

    told = bus["sms_received"][0].data
    assert (told["stamped_at"], told["delayed"]) == (stamped_at, delayed)
    assert told["received_at"] == "2026-11-22T12:00:00+00:00"


async def send(hass: HomeAssistant, device_id: str, **more: object) -> None:
    """Send a text to Alice without waiting for it."""
    data = {"device_id": device_id, "recipients": "Alice", "message": SECRET, "wait": False, **more}
    await act(hass, "send_sms", data)


async def test_sent(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus) -> None:
    await send(hass, port_device(hass, loaded_neogate, "2"))
    await until(hass, lambda: settled(bus))

    (event,) = settled(bus)
    assert event.data == {
        "config_entry_id": loaded_neogate.entry_id,
        "device_id": port_device(hass, loaded_neogate, "2"),
        "gateway": "NeoGate TG200",
        "port": "2",
        "message_id": event.data["message_id"],
        "recipient": ALICE,
        "contact": "Alice",
        "status": "sent",
        "error": None,
        "error_detail": None,
    }
    told = attributes(hass, "event", f"{NEOGATE_IMEI}_2_sms")
    assert told["event_type"] == "sent"
    assert (told["recipient"], told["contact"]) == (ALICE, "Alice")
    assert told["message_id"] == event.data["message_id"]
    assert SECRET not in str(told)


async def test_failed(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    goip.fail_next_send("goip1")
    await send(hass, port_device(hass, loaded_goip, "goip1"))
    await until(hass, lambda: settled(bus))

    told = settled(bus)[0].data
    assert (told["status"], told["error"], told["port"]) == ("failed", "refused", "goip1")
    assert "1" in told["error_detail"]  # the box's own errorstatus
    assert attributes(hass, "event", f"{GOIP_ID}_goip1_sms")["event_type"] == "failed"


async def test_neogate_does_not_report(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    neogate.plan_send("tg1", NO_RESULT)
    await send(hass, port_device(hass, loaded_neogate, "1"))
    await neogate.wait_for(lambda: neogate.commands[-1].startswith("gsm send sms"))
    clock.skip(61)
    await until(hass, lambda: settled(bus))

    told = settled(bus)[0].data
    assert (told["status"], told["error"]) == ("unknown", "no_result")
    assert attributes(hass, "event", f"{NEOGATE_IMEI}_1_sms")["event_type"] == "unknown"
    assert sum(command.startswith("gsm send sms") for command in neogate.commands) == 1  # never again


async def test_goip_does_not_report(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    goip.plan_send("goip1", STUCK)
    await send(hass, port_device(hass, loaded_goip, "goip1"))
    await goip.wait_for(lambda: goip.outbox)
    clock.skip(60)
    await until(hass, lambda: settled(bus))

    assert (settled(bus)[0].data["status"], settled(bus)[0].data["error"]) == (
        "unknown",
        "no_result",
    )
    assert len(goip.outbox) == 1  # it is never sent again


async def test_expired(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    received = len(goip.received)
    await send(hass, box_device(hass, loaded_goip))
    clock.skip(3600)
    await until(hass, lambda: settled(bus))

    told = settled(bus)[0].data
    assert (told["status"], told["error"], told["port"]) == ("expired", "box_offline", None)
    assert told["device_id"] == box_device(hass, loaded_goip)  # it never had a port
    assert len(goip.received) == received


async def test_text_that_expires_on_the_port_that_was_asked_for(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await send(hass, port_device(hass, loaded_goip, "goip2"))
    clock.skip(3600)
    await until(hass, lambda: settled(bus))

    assert attributes(hass, "event", f"{GOIP_ID}_goip2_sms")["event_type"] == "expired"
    told = settled(bus)[0].data
    assert (told["port"], told["device_id"]) == ("goip2", port_device(hass, loaded_goip, "goip2"))


async def test_call(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    call = f"{GOIP_ID}_goip2_call"
    assert attributes(hass, "event", call)["event_types"] == ["incoming", "outgoing", "connected", "ended"]
    goip.ring("goip2", ALICE)
    await until(hass, lambda: bus["call"])
    assert attributes(hass, "event", call)["event_type"] == "incoming"
    assert attributes(hass, "event", call)["number"] == ALICE
    goip.answer("goip2")
    await until(hass, lambda: len(bus["call"]) == 2)
    assert attributes(hass, "event", call)["event_type"] == "connected"
    clock.skip(10)
    goip.hang_up("goip2")
    await until(hass, lambda: len(bus["call"]) == 3)
    assert attributes(hass, "event", call)["event_type"] == "ended"

    about = {
        "config_entry_id": loaded_goip.entry_id,
        "device_id": port_device(hass, loaded_goip, "goip2"),
        "gateway": "GoIP",
        "port": "goip2",
        "direction": "incoming",
        "number": ALICE,
        "contact": "Alice",
    }
    assert [event.data for event in bus["call"]] == [
        {**about, "state": "incoming", "cause": None, "duration": None},
        {**about, "state": "connected", "cause": None, "duration": None},
        {**about, "state": "ended", "cause": "Normal call clearing", "duration": 10},
    ]
    assert state(hass, "event", f"{GOIP_ID}_goip1_call") == "unknown"


async def test_outgoing_call(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    goip.line("goip1").push_state(f"DIALING:{BOB}")
    await until(hass, lambda: bus["call"])

    assert (bus["call"][0].data["state"], bus["call"][0].data["direction"]) == ("outgoing", "outgoing")
    assert attributes(hass, "event", f"{GOIP_ID}_goip1_call")["event_type"] == "outgoing"


async def test_ussd_that_nobody_asked_for(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.line("goip2").push("USSN", "msg:You have 3; new offers")
    await until(hass, lambda: bus["ussd_received"])

    assert bus["ussd_received"][0].data == {
        "config_entry_id": loaded_goip.entry_id,
        "device_id": port_device(hass, loaded_goip, "goip2"),
        "gateway": "GoIP",
        "port": "goip2",
        "text": "You have 3; new offers",
    }


async def test_delivery_report_is_acknowledged(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    push = goip.line("goip1").push_delivery(160, num=ALICE)
    await goip.wait_for(lambda: push.acknowledged)


async def test_renamed_entity_goes_on(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    found = entity(hass, "event", f"{GOIP_ID}_goip1_sms")
    er.async_get(hass).async_update_entity(found, new_entity_id="event.kitchen")
    await hass.async_block_till_done()
    goip.receive_sms("goip1", ALICE, "Hello")
    await until(hass, lambda: bus["sms_received"])

    assert attributes(hass, "event", f"{GOIP_ID}_goip1_sms")["event_type"] == "received"
    assert hass.states.get("event.kitchen") is not None


async def test_removed_entity_listens_no_more(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    er.async_get(hass).async_remove(entity(hass, "event", f"{GOIP_ID}_goip1_sms"))
    await hass.async_block_till_done()
    goip.receive_sms("goip1", ALICE, "Hello")
    await until(hass, lambda: bus["sms_received"])

    assert len(bus["sms_received"]) == 1
