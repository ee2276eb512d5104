"""The actions: called in Home Assistant, seen by the boxes."""

import asyncio
from copy import replace
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, script, template
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from custom_components.gsm_gateway.aiogsm import FAMILIES, InvalidInput
from tests.simulators import faults
from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_span import FAILED, NO_RESULT, USSD_NOW, USSD_OLD, USSD_OPENVOX, SendOutcome
from tests.simulators.simulator import Simulator, Ussd

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    add_contact,
    assert_translated,
    box_device,
    caught_up,
    contact_device,
    port_device,
    set_up,
    settled,
    state,
    until,
)

type Bus = dict[str, list[Event[Any]]]


async def text(hass: HomeAssistant, device_id: str, **fields: object) -> Any:  # noqa: ANN401
    """Send a text, to Alice unless others are named, and give the response."""
    to = {} if {"recipients", "reply_to"} & fields.keys() else {"recipients": ALICE}
    data = {"device_id": device_id, "message": "Hello", **to, **fields}
    return await act(hass, "send_sms", data, response=True)


async def text_silently(hass: HomeAssistant, device_id: str, **fields: object) -> None:
    """Send a text as an automation does that asks for no response."""
    await act(hass, "send_sms", {"device_id": device_id, "message": "Hello", **fields})


def sent(box: Simulator) -> list[tuple[str, str, str]]:
    """Give what has reached the network: line, number and text."""
    return [(sms.line, sms.number, sms.text) for sms in box.outbox]


def numbers(box: Simulator) -> list[str]:
    """Give whom the network was told to text."""
    return [sms.number for sms in box.outbox]


# Who is texted, by which port, and what the caller learns.


async def test_by_box(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    response = await text(hass, box_device(hass, loaded_neogate), message='Grüße; "quoted" 50% 🙂')

    (message,) = response["messages"]
    assert message == {
        "recipient": ALICE,
        "message_id": message["message_id"],
        "status": "sent",
        "port": "1",
        "error": None,
    }
    assert isinstance(message["message_id"], str)
    assert not message["message_id"].isdigit()
    assert sent(neogate) == [("tg1", ALICE, 'Grüße; "quoted" 50% 🙂')]


async def test_by_port(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    response = await text(hass, port_device(hass, loaded_neogate, "2"))

    assert response["messages"][0]["port"] == "2"
    assert sent(neogate) == [("tg2", ALICE, "Hello")]


async def test_by_goip(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    response = await text(hass, port_device(hass, loaded_goip, "goip2"), message="one;two: three\nfour 🙂")

    assert response["messages"][0]["status"] == "sent"
    assert response["messages"][0]["port"] == "goip2"
    assert sent(goip) == [("goip2", ALICE, "one;two: three\nfour 🙂")]


async def test_ports_of_a_box_take_turns(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    for number in range(4):
        await text(hass, box_device(hass, loaded_goip), recipients=f"+1555000000{number}")

    assert [sms.line for sms in goip.outbox] == ["goip1", "goip2", "goip1", "goip2"]


async def test_who_was_texted_before_is_texted_from_the_same_number(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip2", BOB, "Hello")
    await until(hass, lambda: bus["sms_received"])
    for to in (ALICE, BOB, STRANGER, ALICE, BOB):
        await text(hass, box_device(hass, loaded_goip), recipients=to, force=True)

    assert [(sms.line, sms.number) for sms in goip.outbox] == [
        ("goip1", ALICE),
        ("goip2", BOB),
        ("goip1", STRANGER),
        ("goip1", ALICE),
        ("goip2", BOB),
    ]


async def test_a_port_that_cannot_send_is_passed_over(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    neogate.span("tg1").remove_sim()
    await set_up(hass, neogate_entry)
    await text(hass, box_device(hass, neogate_entry))

    assert sent(neogate) == [("tg2", ALICE, "Hello")]


@pytest.mark.parametrize(
    ("recipients", "expected"),
    [
        ([ALICE, STRANGER], [ALICE, STRANGER]),
        (f"{ALICE}, {STRANGER}", [ALICE, STRANGER]),
        ([f"{ALICE},Bob", STRANGER], [ALICE, BOB, STRANGER]),
        ("tel:+447700900123", [STRANGER]),
        ("+44 (7700) 900-123", [STRANGER]),
        ("bOB", [BOB]),
        (["Alice", " Bob "], [ALICE, BOB]),
        (["Alice", ALICE, "alice", f"tel:{ALICE}", ALICE.removeprefix("+")], [ALICE]),
        ("12345", ["12345"]),
        (12345, ["12345"]),
        (123456, ["123456"]),
        (15551234567, [ALICE]),
        ([15551234567, "Bob", 80808], [ALICE, BOB, "80808"]),
        ("0170 1234567", ["01701234567"]),
    ],
)
@pytest.mark.usefixtures("unpaced")
async def test_recipients(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    recipients: object,
    expected: list[str],
) -> None:
    response = await text(hass, box_device(hass, loaded_neogate), recipients=recipients)

    assert [message["recipient"] for message in response["messages"]] == expected
    assert {message["status"] for message in response["messages"]} == {"sent"}
    assert sorted(numbers(neogate)) == sorted(expected)


async def test_device_as_a_list_of_one(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await act(
        hass,
        "send_sms",
        {"device_id": [port_device(hass, loaded_goip, "goip1")], "recipients": ALICE, "message": "Hello"},
    )
    assert sent(goip) == [("goip1", ALICE, "Hello")]


async def test_number_as_text(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    # What a template renders to a number is a text all the same.
    await text(hass, box_device(hass, loaded_goip), message=42)

    assert sent(goip) == [("goip1", ALICE, "42")]


# The lost plus.


async def test_known_sender_gets_its_plus_back(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", STRANGER, "Hello")
    await until(hass, lambda: bus["sms_received"])
    await text(hass, box_device(hass, loaded_goip), recipients=447700900123)

    assert numbers(goip) == [STRANGER]


async def test_number_of_a_template(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    """What an automation's "{{ trigger.event.data.sender }}" becomes, for somebody known and somebody not."""
    rendered = template.Template("{{ sender }}", hass).async_render({"sender": ALICE})
    assert rendered == int(ALICE)
    await text(hass, box_device(hass, loaded_goip), recipients=rendered)
    assert numbers(goip) == [ALICE]

    rendered = template.Template("{{ sender }}", hass).async_render({"sender": STRANGER})
    await assert_refused(
        hass, goip, "plus_sign_lost", device_id=box_device(hass, loaded_goip), recipients=rendered
    )


async def test_automation_that_answers(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    """The whole way: an event, templates in a script, an answer by the port that it came to."""
    goip.receive_sms("goip2", STRANGER, "Are you there?")
    await until(hass, lambda: bus["sms_received"])
    answering = script.Script(
        hass,
        script.cv.SCRIPT_SCHEMA(
            [
                {
                    "action": f"{DOMAIN}.send_sms",
                    "data": {
                        "device_id": "{{ trigger.device_id }}",
                        "reply_to": "{{ trigger.message_id }}",
                        "message": "Yes",
                    },
                }
            ]
        ),
        "answer",
        DOMAIN,
    )
    await answering.async_run({"trigger": dict(bus["sms_received"][0].data)})

    assert sent(goip) == [("goip2", STRANGER, "Yes")]


# Answering.


async def test_reply(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    neogate.receive_sms("tg2", STRANGER, "Are you there?")
    await until(hass, lambda: bus["sms_received"])
    message_id = bus["sms_received"][0].data["message_id"]
    # By the port that received it, whatever device is named.
    response = await text(hass, port_device(hass, loaded_neogate, "1"), reply_to=message_id)

    assert (response["messages"][0]["recipient"], response["messages"][0]["port"]) == (STRANGER, "2")
    assert sent(neogate) == [("tg2", STRANGER, "Hello")]


async def test_reply_to_a_short_code(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip1", "80808", "Answer STOP to end")
    await until(hass, lambda: bus["sms_received"])
    await text(
        hass,
        box_device(hass, loaded_goip),
        reply_to=bus["sms_received"][0].data["message_id"],
        message="STOP",
    )

    assert sent(goip) == [("goip1", "80808", "STOP")]


@pytest.mark.parametrize("sender", ["Vodafone", "Alice", "bob", "", "+1,+2"])
async def test_senders_that_cannot_be_answered(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, sender: str
) -> None:
    goip.receive_sms("goip1", sender, "Your bill")
    await until(hass, lambda: bus["sms_received"])
    await assert_refused(
        hass,
        goip,
        "cannot_reply",
        device_id=box_device(hass, loaded_goip),
        reply_to=bus["sms_received"][0].data["message_id"],
    )


async def test_reply_to_what_is_long_forgotten(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.gsm_gateway.contacts.KNOWN_MESSAGES", 2)
    for number in range(3):
        goip.receive_sms("goip1", STRANGER, f"number {number}")
    await until(hass, lambda: len(bus["sms_received"]) == 3)
    first, _, last = (event.data["message_id"] for event in bus["sms_received"])

    await assert_refused(
        hass, goip, "unknown_message", device_id=box_device(hass, loaded_goip), reply_to=first
    )
    await text(hass, box_device(hass, loaded_goip), reply_to=last)
    assert numbers(goip) == [STRANGER]


async def test_reply_to_what_another_box_received(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    loaded_goip: MockConfigEntry,
    bus: Bus,
) -> None:
    neogate.receive_sms("tg1", STRANGER, "Are you there?")
    await until(hass, lambda: bus["sms_received"])
    message_id = bus["sms_received"][0].data["message_id"]
    with pytest.raises(ServiceValidationError) as caught:
        await text(hass, box_device(hass, loaded_goip), reply_to=message_id)
    assert_translated(caught.value, "unknown_message")


# Wrong input: said before a byte leaves.


async def assert_refused(hass: HomeAssistant, box: Simulator, key: str, **fields: object) -> None:
    """A text with these fields is refused with this key, and the box hears nothing of it."""
    received = len(box.received)
    with pytest.raises(ServiceValidationError) as caught:
        await text(hass, **fields)  # type: ignore[arg-type]
    assert_translated(caught.value, key)
    assert len(box.received) == received


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"recipients": "Carol"}, "unknown_recipient"),
        ({"recipients": ["Alice", "Carol"]}, "unknown_recipient"),
        ({"recipients": "+1 555 call"}, "unknown_recipient"),
        ({"recipients": "7"}, "unknown_recipient"),
        ({"recipients": 447700900123}, "plus_sign_lost"),
        ({"recipients": ["Alice", 1234567]}, "plus_sign_lost"),
        ({"recipients": 447700900123.0}, "plus_sign_lost"),
        ({"recipients": -12345}, "plus_sign_lost"),
        ({"message": ""}, "invalid_text_empty"),
        ({"message": "a\0b"}, "invalid_text_control"),
        ({"message": "\ud83d"}, "invalid_text_control"),
        ({"message": "x" * 3001}, "invalid_text_too_long"),
        ({"reply_to": "sms_unknown"}, "unknown_message"),
    ],
)
async def test_wrong_input(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    fields: dict[str, object],
    key: str,
) -> None:
    await assert_refused(hass, goip, key, device_id=box_device(hass, loaded_goip), **fields)


async def test_number_with_a_fraction(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    with pytest.raises((vol.Invalid, ServiceValidationError)):
        await text(hass, box_device(hass, loaded_goip), recipients=4477009001.5)
    assert goip.outbox == []


async def test_too_long_for_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    device_id = box_device(hass, loaded_neogate)
    await assert_refused(hass, neogate, "invalid_text_too_long", device_id=device_id, message="x" * 1025)


async def test_nobody_is_named(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await text_silently(hass, box_device(hass, loaded_goip))
    assert_translated(caught.value, "nobody_to_text")
    assert goip.outbox == []


@pytest.mark.parametrize(
    "fields",
    [
        {"recipients": []},
        {"recipients": " , "},
        {"recipients": None},
        {"recipients": ALICE, "reply_to": "sms_1"},
        {"recipients": ALICE, "device_id": []},
        {"recipients": ALICE, "device_id": ["one", "two"]},
        {"recipients": ALICE, "wait_timeout": {"seconds": -1}},
        {"recipients": {"name": "Alice"}},
    ],
)
async def test_fields_that_make_no_sense(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, fields: dict[str, object]
) -> None:
    received = len(goip.received)
    with pytest.raises(vol.Invalid):
        await act(
            hass, "send_sms", {"device_id": box_device(hass, loaded_goip), "message": "Hello", **fields}
        )
    assert len(goip.received) == received


async def test_one_wrong_recipient_stops_all(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    await assert_refused(
        hass,
        goip,
        "unknown_recipient",
        device_id=box_device(hass, loaded_goip),
        recipients=[ALICE, BOB, "nobody"],
    )
    assert bus["sms_status"] == []


async def test_text_that_is_too_long_for_one_of_them_only(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    # The number takes its part of a NeoGate's line, so how long a text may be depends on it.
    short, long = "12345", "+12345678901234567890"
    sizes = (size for size in range(1, 1024) if not fits(long, "x" * size))
    message = "x" * next(sizes)
    assert fits(short, message)
    device_id, to = box_device(hass, loaded_neogate), [short, long]

    await assert_refused(
        hass, neogate, "invalid_text_too_long", device_id=device_id, recipients=to, message=message
    )
    await caught_up(hass, neogate)
    assert neogate.outbox == []


def fits(number: str, message: str) -> bool:
    """Whether a NeoGate takes a text for a number."""
    try:
        FAMILIES["neogate"].dialect().check_sms(number, message)
    except InvalidInput:
        return False
    return True


async def test_contact_as_device(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    contact = contact_device(hass, loaded_goip, "Alice").id
    await assert_refused(hass, goip, "is_contact", device_id=contact)
    for action, data in (("send_ussd", {"code": "*100#"}), ("reboot", {})):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, action, {"device_id": contact, **data})
        assert_translated(caught.value, "is_contact")


async def test_device_that_is_none_of_ours(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}
    )
    for device_id in (device.id, "no such device"):
        with pytest.raises(ServiceValidationError):
            await text(hass, device_id)


async def test_box_that_is_not_loaded(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    device_id = box_device(hass, loaded_goip)
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await text(hass, device_id)
    assert caught.value.translation_key == "service_config_entry_not_loaded"


async def test_port_that_is_no_more(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    gone = dr.async_get(hass).async_get_or_create_child(
        config_entry_id=loaded_goip.entry_id,
        identifiers={(DOMAIN, f"{loaded_goip.unique_id}_goip9")},
        parent_device_id=box_device(hass, loaded_goip),
    )
    await assert_refused(hass, goip, "invalid_port", device_id=gone.id)


# Failures.


async def test_failure_is_told_in_the_response(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.fail_next_send("goip1")
    response = await text(hass, port_device(hass, loaded_goip, "goip1"), recipients=["Alice", "Bob"])

    told = [(message["recipient"], message["status"], message["error"]) for message in response["messages"]]
    assert told == [(ALICE, "failed", "refused"), (BOB, "sent", None)]
    assert numbers(goip) == [BOB]


async def test_failure_is_raised_where_no_response_is_asked_for(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.fail_next_send("goip1")
    with pytest.raises(HomeAssistantError) as caught:
        await text_silently(
            hass, port_device(hass, loaded_goip, "goip1"), recipients=["Alice", "Bob"], message="the secret"
        )

    assert not isinstance(caught.value, ServiceValidationError)
    assert_translated(caught.value, "send_failed")
    placeholders = caught.value.translation_placeholders or {}
    assert placeholders["recipients"] == "Alice"  # as the caller wrote it
    assert "refused" in placeholders["reason"]
    assert "the secret" not in str(placeholders) + str(caught.value)
    assert numbers(goip) == [BOB]  # the others were sent all the same


async def test_neogate_refuses(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.plan_send("tg2", FAILED)
    response = await text(hass, port_device(hass, loaded_neogate, "2"))

    assert (response["messages"][0]["status"], response["messages"][0]["error"]) == ("failed", "refused")


async def test_port_that_refuses_hands_over_to_another(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.plan_send("tg1", SendOutcome(body="SMS send failed, span not ready\n"))
    response = await text(hass, box_device(hass, loaded_neogate))

    assert (response["messages"][0]["status"], response["messages"][0]["port"]) == ("sent", "2")


async def test_outcome_that_is_not_reported(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    goip.plan_send("goip1", STUCK)
    sending = asyncio.create_task(
        text_silently(hass, port_device(hass, loaded_goip, "goip1"), recipients="Alice", wait_timeout=200)
    )
    await goip.wait_for(lambda: goip.outbox)
    clock.skip(60)
    with pytest.raises(HomeAssistantError) as caught:
        await sending

    assert_translated(caught.value, "send_unknown")
    assert (caught.value.translation_placeholders or {})["recipients"] == "Alice"
    assert len(goip.outbox) == 1


async def test_outcome_that_is_lost_with_the_connection(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    neogate.result_delay = 1000
    sending = asyncio.create_task(text(hass, port_device(hass, loaded_neogate, "1"), wait_timeout=200))
    await neogate.wait_for(lambda: texts_given(neogate) == 1)
    await neogate.drop_sessions()
    clock.skip(61)
    response = await sending

    assert (response["messages"][0]["status"], response["messages"][0]["error"]) == ("unknown", "no_result")
    assert texts_given(neogate) == 1


# Waiting.


async def test_without_waiting(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    response = await text(
        hass, box_device(hass, loaded_neogate), recipients=[ALICE, BOB, STRANGER], wait=False
    )

    assert [message["status"] for message in response["messages"]] == ["queued"] * 3
    assert [message["port"] for message in response["messages"]] == [None] * 3
    assert {message["error"] for message in response["messages"]} == {None}
    await until(hass, lambda: len(settled(bus)) == 2)
    assert sorted(numbers(neogate)) == sorted([ALICE, BOB])


async def test_wait_that_is_over(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    neogate.result_delay = 5
    device_id = port_device(hass, loaded_neogate, "1")
    sending = asyncio.create_task(text(hass, device_id, recipients=[ALICE, BOB], wait_timeout={"seconds": 3}))
    await neogate.wait_for(lambda: texts_given(neogate) == 1)
    clock.skip(3)
    response = await sending

    assert [message["status"] for message in response["messages"]] == ["sending", "queued"]
    assert {message["error"] for message in response["messages"]} == {None}
    assert neogate.outbox == []

    clock.skip(2)  # and the queue goes on
    await until(hass, lambda: len(settled(bus)) == 1)
    clock.skip(5)
    await neogate.wait_for(lambda: texts_given(neogate) == 2)
    clock.skip(5)
    await until(hass, lambda: len(settled(bus)) == 2)

    assert numbers(neogate) == [ALICE, BOB]
    told = [(event.data["message_id"], event.data["status"]) for event in settled(bus)]
    assert told == [(message["message_id"], "sent") for message in response["messages"]]


def texts_given(box: NeoGate) -> int:
    """Count the texts that a NeoGate was given."""
    return sum(command.startswith("gsm send sms") for command in box.commands)


async def test_wait_that_is_over_raises_nothing(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    neogate.plan_send("tg1", NO_RESULT)
    sending = asyncio.create_task(
        text_silently(hass, port_device(hass, loaded_neogate, "1"), recipients="Alice", wait_timeout=3)
    )
    await neogate.wait_for(lambda: texts_given(neogate) == 1)
    clock.skip(3)
    await sending


async def test_box_that_is_away(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    sending = asyncio.create_task(text(hass, box_device(hass, loaded_neogate)))
    await until(hass, lambda: state(hass, "sensor", f"{NEOGATE_IMEI}_queue") == "1")
    clock.skip(60)
    response = await sending
    assert response["messages"][0]["status"] == "queued"

    await neogate.start()
    clock.skip(300)
    await until(hass, lambda: settled(bus))

    assert settled(bus)[0].data["status"] == "sent"
    assert settled(bus)[0].data["message_id"] == response["messages"][0]["message_id"]
    assert numbers(neogate) == [ALICE]


async def test_cancelled_script_does_not_cancel_the_text(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    neogate.result_delay = 0.05
    sending = asyncio.create_task(text(hass, port_device(hass, loaded_neogate, "1"), recipients=ALICE))
    await neogate.wait_for(lambda: texts_given(neogate) == 1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await until(hass, lambda: settled(bus))

    assert settled(bus)[0].data["status"] == "sent"
    assert numbers(neogate) == [ALICE]


async def test_neogate_is_given_time_between_texts_of_one_port(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    await text(hass, port_device(hass, loaded_neogate, "1"))
    await text(hass, port_device(hass, loaded_neogate, "1"), recipients=BOB, wait=False)
    await caught_up(hass, neogate)
    assert numbers(neogate) == [ALICE]

    clock.skip(10)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert numbers(neogate) == [ALICE, BOB]


# USSD.


async def ussd(hass: HomeAssistant, device_id: str, **fields: object) -> Any:  # noqa: ANN401
    """Dial a code and give the response."""
    data = {"device_id": device_id, "code": "*100#", **fields}
    return await act(hass, "send_ussd", data, response=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Ussd(text="Balance: 5,00"), {"text": "Balance: 5,00", "session_open": False}),
        (Ussd(text="Guthaben: 5 €", coding=72), {"text": "Guthaben: 5 €", "session_open": False}),
        (Ussd(text="1 more", menu={"1": Ussd(text="x")}), {"text": "1 more", "session_open": True}),
        (Ussd(text="Bye\n--END", responses=2), {"text": "Bye\n--END", "session_open": False}),
        (Ussd(text="\tUSSD Message: x", responses=4), {"text": "\tUSSD Message: x", "session_open": None}),
    ],
)
@pytest.mark.parametrize("form", [USSD_NOW, USSD_OLD, USSD_OPENVOX])
async def test_ussd_by_neogate(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    *,
    answer: Ussd,
    expected: dict[str, object],
    form: str,
) -> None:
    neogate.firmware = replace(neogate.firmware, ussd_form=form)
    neogate.teach_ussd("tg2", "*100#", answer)

    assert await ussd(hass, port_device(hass, loaded_neogate, "2")) == expected


async def test_ussd_by_goip(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    goip.teach_ussd("goip2", "*100#", Ussd(text="Balance: 5,00 €"))
    response = await ussd(hass, port_device(hass, loaded_goip, "goip2"))

    assert response == {"text": "Balance: 5,00 €", "session_open": None}
    assert goip.line("goip2").ussd.dialled == ["*100#"]


async def test_ussd_without_asking_for_the_answer(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.teach_ussd("goip1", "*100#", Ussd(text="Balance"))
    await act(hass, "send_ussd", {"device_id": port_device(hass, loaded_goip, "goip1"), "code": "*100#"})

    assert goip.line("goip1").ussd.dialled == ["*100#"]


async def test_ussd_code_that_lost_its_quotes(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.teach_ussd("goip1", "100", Ussd(text="Balance"))
    response = await ussd(hass, port_device(hass, loaded_goip, "goip1"), code=100)

    assert response["text"] == "Balance"


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"code": "hello"}, "invalid_ussd_code"),
        ({"code": ""}, "invalid_ussd_code"),
        ({"code": '*100#" 5'}, "invalid_ussd_code"),
        ({"timeout": {"seconds": 4}}, "invalid_ussd_timeout"),
        ({"timeout": {"seconds": 181}}, "invalid_ussd_timeout"),
        ({"timeout": 0}, "invalid_ussd_timeout"),
    ],
)
async def test_ussd_with_wrong_input(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    fields: dict[str, object],
    key: str,
) -> None:
    received = len(neogate.received)
    with pytest.raises(ServiceValidationError) as caught:
        await ussd(hass, port_device(hass, loaded_neogate, "1"), **fields)
    assert_translated(caught.value, key)
    assert len(neogate.received) == received


@pytest.mark.parametrize("timeout", [5, {"seconds": 180}, "00:03:00"])
async def test_ussd_timeouts_that_are_taken(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, timeout: object
) -> None:
    neogate.teach_ussd("tg1", "*100#", Ussd(text="Balance"))
    response = await ussd(hass, port_device(hass, loaded_neogate, "1"), timeout=timeout)

    assert response["text"] == "Balance"


async def test_ussd_timeout_is_told_to_the_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.teach_ussd("tg1", "*100#", Ussd(text="Balance"))
    await ussd(hass, port_device(hass, loaded_neogate, "1"))
    await ussd(hass, port_device(hass, loaded_neogate, "1"), timeout={"minutes": 1})

    dialled = [command for command in neogate.commands if "ussd" in command]
    assert dialled == ['gsm send ussd 2 "*100#" 30', 'gsm send ussd 2 "*100#" 60']


async def test_ussd_needs_a_port(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    received = len(goip.received)
    with pytest.raises(ServiceValidationError) as caught:
        await ussd(hass, box_device(hass, loaded_goip))
    assert_translated(caught.value, "needs_port")
    assert len(goip.received) == received


@pytest.mark.parametrize(
    ("failure", "key"),
    [("failed", "command_refused"), ("timeout", "gateway_timeout")],
)
async def test_ussd_that_neogate_cannot_do(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, failure: str, key: str
) -> None:
    neogate.teach_ussd("tg1", "*100#", Ussd(failure=failure))
    with pytest.raises(HomeAssistantError) as caught:
        await ussd(hass, port_device(hass, loaded_neogate, "1"))
    assert not isinstance(caught.value, ServiceValidationError)
    assert_translated(caught.value, key)


async def test_ussd_while_another_one_runs(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.span("tg1").ussd_running = True  # for somebody else
    with pytest.raises(HomeAssistantError) as caught:
        await ussd(hass, port_device(hass, loaded_neogate, "1"))
    assert_translated(caught.value, "port_busy")


async def test_ussd_that_goip_refuses(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    with pytest.raises(HomeAssistantError) as caught:  # the network knows no such code
        await ussd(hass, port_device(hass, loaded_goip, "goip1"))
    assert_translated(caught.value, "command_refused")

    goip.teach_ussd("goip1", "*101#", Ussd(failure="GSM_LOGOUT"))
    with pytest.raises(HomeAssistantError) as caught:
        await ussd(hass, port_device(hass, loaded_goip, "goip1"), code="*101#")
    assert_translated(caught.value, "command_refused")
    assert (caught.value.translation_placeholders or {})["reason"] == "GSM_LOGOUT"


async def test_ussd_that_is_not_answered(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    with goip.inject(faults.mute(), when=b"USSD"):
        dialling = asyncio.create_task(ussd(hass, port_device(hass, loaded_goip, "goip1"), timeout=20))
        await goip.wait_for(lambda: goip.line("goip1").ussd.dialled)
        clock.skip(20)
        with pytest.raises(HomeAssistantError) as caught:
            await dialling
    assert_translated(caught.value, "outcome_unknown")
    assert goip.line("goip1").ussd.dialled == ["*100#"]


async def test_ussd_on_a_line_that_is_away(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{loaded_goip.unique_id}_connection") == "off")
    with pytest.raises(HomeAssistantError) as caught:
        await ussd(hass, port_device(hass, loaded_goip, "goip1"))
    assert_translated(caught.value, "port_not_ready")


async def test_ussd_of_a_neogate_that_is_away(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    with pytest.raises(HomeAssistantError) as caught:
        await ussd(hass, port_device(hass, loaded_neogate, "1"))
    assert_translated(caught.value, "link_lost")


# Restarts.


async def test_reboot_of_a_port(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await act(hass, "reboot", {"device_id": port_device(hass, loaded_goip, "goip2")})

    assert [line.reboots for line in goip.lines] == [0, 1]


async def test_reboot_of_a_box(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await act(hass, "reboot", {"device_id": [box_device(hass, loaded_goip)]})

    assert [line.reboots for line in goip.lines] == [1, 1]


async def test_reboot_of_a_neogate_port(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    rebooting = asyncio.create_task(
        act(hass, "reboot", {"device_id": port_device(hass, loaded_neogate, "1")})
    )
    await neogate.wait_for(lambda: "gsm power off 2" in neogate.commands)
    await caught_up(hass, neogate)
    clock.skip(5)
    await neogate.wait_for(lambda: "gsm power on 2" in neogate.commands)
    await caught_up(hass, neogate)
    clock.skip(5)
    await rebooting

    assert neogate.commands[-2:] == ["gsm show spans", "gsm show span 2"]


async def test_reboot_that_is_not_possible(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    received = len(neogate.received)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "reboot", {"device_id": box_device(hass, loaded_neogate)})
    assert_translated(caught.value, "box_reboot_not_supported")
    assert len(neogate.received) == received


async def test_contact_added_later_is_known(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    add_contact(hass, loaded_goip, "Carol", STRANGER)
    await hass.async_block_till_done()
    await text(hass, box_device(hass, loaded_goip), recipients="Carol")

    assert numbers(goip) == [STRANGER]


async def test_a_text_that_is_too_long_is_refused_or_split(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, unpaced: None
) -> None:
    await hass.config_entries.async_reload(loaded_neogate.entry_id)
    data = {
        "device_id": port_device(hass, loaded_neogate, "1"),
        "recipients": ["Alice", STRANGER],
        "message": "Grüße aus dem Süden! " * 60,
    }
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "send_sms", data)
    assert_translated(caught.value, "invalid_text_too_long")
    assert int((caught.value.translation_placeholders or {})["excess"]) > 0
    assert neogate.outbox == []

    response = await act(hass, "send_sms", {**data, "split": True}, response=True)
    messages = response["messages"]
    assert [message["status"] for message in messages] == ["sent"] * len(messages)
    assert len({message["message_id"] for message in messages}) == len(messages)
    for number in (ALICE, STRANGER):
        texts = [sms.text for sms in neogate.outbox if sms.number == number]
        assert len(texts) == sum(message["recipient"] == number for message in messages) > 1
        assert [text.split()[0] for text in texts] == [f"{n + 1}/{len(texts)}" for n in range(len(texts))]
        assert " ".join(text.partition(" ")[2] for text in texts) == data["message"].strip()


async def test_a_text_that_fits_is_not_split(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    data = {"device_id": box_device(hass, loaded_neogate), "recipients": "Alice", "message": "Hello"}
    response = await act(hass, "send_sms", {**data, "split": True}, response=True)
    assert len(response["messages"]) == 1
    assert [sms.text for sms in neogate.outbox] == ["Hello"]


async def test_a_text_that_would_be_too_many_messages(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    data = {"device_id": box_device(hass, loaded_neogate), "recipients": "Alice", "message": "я" * 3000}
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "send_sms", {**data, "split": True})
    assert_translated(caught.value, "invalid_text_pieces")
    assert neogate.outbox == []
