"""The triggers for the automation editor: what they hand over, what they let pass, when they are silent."""

import logging
from typing import Any

from homeassistant.components.automation import EVENT_AUTOMATION_TRIGGERED
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, MATCH_ALL
from homeassistant.core import CoreState, Event, HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv, device_registry as dr, entity_registry as er
from homeassistant.helpers.trigger import (
    async_get_all_descriptions,
    async_initialize_triggers,
    async_validate_trigger_config,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_mock_service,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
import voluptuous as vol

from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK
from tests.simulators.neogate import NeoGate
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
    add_contact,
    box_device,
    contact_device,
    entity,
    port_device,
    register,
    set_up,
    settled,
    state,
    subentry_id,
    until,
)

type Bus = dict[str, list[Event[Any]]]
type Calls = list[ServiceCall]

TEXT = "Open the Gate, please: 4711"
SECRET = "the safe opens with 4711"
SMS_RECEIVED = f"{DOMAIN}.sms_received"
SMS_COMMAND = f"{DOMAIN}.sms_command"
SMS_FAILED = f"{DOMAIN}.sms_failed"
CALL = f"{DOMAIN}.call"


async def automate(
    hass: HomeAssistant, trigger: str, *choices: dict[str, Any], data: dict[str, Any] | None = None
) -> Calls:
    """Set up an automation for each choice of options; all call one action with what they were handed."""
    calls = async_mock_service(hass, "test", "automation")
    automations = [
        {
            "id": f"automation_{index}",
            "alias": f"Automation {index}",
            "triggers": {"trigger": trigger, "options": options},
            "actions": {"action": "test.automation", "data": data or {"trigger": "{{ trigger }}"}},
        }
        for index, options in enumerate(choices or ({},))
    ]
    assert await async_setup_component(hass, "automation", {"automation": automations})
    await hass.async_block_till_done()
    assert {one.state for one in hass.states.async_all("automation")} == {"on"}
    return calls


def handed(calls: Calls) -> list[dict[str, Any]]:
    """Give what the triggers handed over, without what Home Assistant adds to it."""
    added = ("alias", "description", "id", "idx", "platform")
    return [{k: v for k, v in call.data["trigger"].items() if k not in added} for call in calls]


def notify_entity(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> str:
    """Find the notify entity of a contact."""
    return entity(hass, "notify", f"{entry.unique_id}_{subentry_id(entry, name)}")


def named(hass: HomeAssistant, entry: MockConfigEntry, options: dict[str, Any]) -> dict[str, Any]:
    """Put devices and entities into options, where they are only named."""
    registry = er.async_get(hass)
    alice, bob = (notify_entity(hass, entry, name) for name in ("Alice", "Bob"))
    uuid = registry.async_get(alice)
    assert uuid is not None
    names = {
        "<box>": box_device(hass, entry),
        "<port 1>": port_device(hass, entry, "goip1"),
        "<port 2>": port_device(hass, entry, "goip2"),
        "<alice>": alice,
        "<alice's uuid>": uuid.id,
        "<bob>": bob,
    }
    return {
        key: [names.get(one, one) for one in value] if isinstance(value, list) else names.get(value, value)
        for key, value in options.items()
    }


async def validate(hass: HomeAssistant, trigger: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    """Check a trigger as Home Assistant does."""
    config = cv.TRIGGER_SCHEMA([{"trigger": trigger, "options": options}])
    return await async_validate_trigger_config(hass, config)


async def listen(hass: HomeAssistant, *kinds: str) -> list[dict[str, Any]]:
    """Attach triggers as scripts do, and collect what they hand over; they stay attached."""
    told: list[dict[str, Any]] = []
    for kind in kinds:
        await attach(hass, kind, {}, told)
    return told


async def attach(hass: HomeAssistant, kind: str, more: dict[str, Any], told: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    """Attach a trigger, and give what detaches it."""

    @callback
    def run(variables: dict[str, Any], _context: object = None) -> None:
        told.append(variables["trigger"])

    config = await async_validate_trigger_config(hass, cv.TRIGGER_SCHEMA([{"trigger": kind, **more}]))
    log = logging.getLogger(__name__).log
    return await async_initialize_triggers(hass, config, run, "test", "test", log)


# What they hand over


async def test_received_by_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_RECEIVED)
    neogate.receive_sms("tg2", ALICE, "Grüße 🙂\nÀ bientôt")
    await until(hass, lambda: calls)

    assert handed(calls) == [event.data for event in bus["sms_received"]]
    (told,) = handed(calls)
    assert (told["sender"], told["message"], told["port"]) == (ALICE, "Grüße 🙂\nÀ bientôt", "2")
    assert told["device_id"] == port_device(hass, loaded_neogate, "2")
    assert calls[0].data["trigger"]["platform"] == SMS_RECEIVED
    assert calls[0].data["trigger"]["description"] == "text from Alice"


async def test_received_by_goip(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_RECEIVED)
    goip.receive_sms("goip1", STRANGER, "one")
    await until(hass, lambda: calls)
    goip.receive_sms("goip2", "", "two")
    await until(hass, lambda: len(calls) == 2)

    assert handed(calls) == [event.data for event in bus["sms_received"]]
    assert [call.data["trigger"]["description"] for call in calls] == [
        f"text from {STRANGER}",
        "text from somebody",
    ]


async def test_a_text_is_answered_by_what_is_handed_over(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    automation = {
        "triggers": {"trigger": SMS_RECEIVED, "options": {"trusted": True}},
        "actions": {
            "action": "gsm_gateway.send_sms",
            "data": {
                "device_id": "{{ trigger.device_id }}",
                "reply_to": "{{ trigger.message_id }}",
                "message": "You wrote {{ trigger.message }}",
            },
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    goip.receive_sms("goip2", ALICE, "12")
    await goip.wait_for(lambda: goip.outbox)

    assert [(sms.line, sms.number, sms.text) for sms in goip.outbox] == [("goip2", ALICE, "You wrote 12")]


async def test_calls(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    calls = await automate(hass, CALL)
    goip.ring("goip2", ALICE)
    goip.answer("goip2")
    goip.hang_up("goip2")
    goip.line("goip1").push_state(f"DIALING:{STRANGER}")
    await until(hass, lambda: len(calls) == 4)

    assert handed(calls) == [event.data for event in bus["call"]]
    assert [call.data["trigger"]["description"] for call in calls] == [
        "call from Alice (incoming)",
        "call from Alice (connected)",
        "call from Alice (ended)",
        f"call to {STRANGER} (outgoing)",
    ]


async def send(hass: HomeAssistant, device_id: str, recipient: str = ALICE, **more: object) -> None:
    """Send a text without waiting for it."""
    data = {"device_id": device_id, "recipients": recipient, "message": SECRET, "wait": False, **more}
    await act(hass, "send_sms", data)


async def test_a_text_that_failed_and_one_that_was_sent(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_FAILED)
    goip.fail_next_send("goip1")
    await send(hass, port_device(hass, loaded_goip, "goip1"), STRANGER)
    await send(hass, port_device(hass, loaded_goip, "goip2"))
    await until(hass, lambda: len(settled(bus)) == 2)

    [failed] = [event for event in settled(bus) if event.data["status"] == "failed"]
    assert handed(calls) == [failed.data]
    assert calls[0].data["trigger"]["description"] == f"text to {STRANGER} (failed)"


async def test_a_text_that_may_be_lost(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    calls = await automate(hass, SMS_FAILED)
    goip.plan_send("goip1", STUCK)
    await send(hass, port_device(hass, loaded_goip, "goip1"))
    await goip.wait_for(lambda: goip.outbox)
    clock.skip(60)
    await until(hass, lambda: calls)

    assert handed(calls) == [settled(bus)[0].data]
    assert calls[0].data["trigger"]["description"] == "text to Alice (unknown)"


async def test_a_text_of_unknown_fate_that_was_sent_after_all_failed_once(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    told = await listen(hass, SMS_FAILED)
    neogate.plan_send("tg1", NO_RESULT)
    await send(hass, port_device(hass, loaded_neogate, "1"))
    await neogate.wait_for(lambda: neogate.commands[-1].startswith("gsm send sms"))
    clock.skip(61)
    await until(hass, lambda: told)
    neogate.push_event("UpdateSMSSend", f"ID: {told[0]['message_id']}", "Smsc: ", "Status: 1")
    await until(hass, lambda: len(settled(bus)) == 2)

    assert [event.data["status"] for event in settled(bus)] == ["unknown", "sent"]
    assert [one["status"] for one in told] == ["unknown"]


async def test_a_text_that_expired_without_a_port(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    box, port = box_device(hass, loaded_goip), port_device(hass, loaded_goip, "goip1")
    calls = await automate(hass, SMS_FAILED, {"device_id": box}, {"device_id": port})
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await send(hass, box)
    clock.skip(3600)
    await until(hass, lambda: settled(bus))

    assert handed(calls) == [settled(bus)[0].data]  # of the box, not of the port
    assert (calls[0].data["trigger"]["status"], calls[0].data["trigger"]["port"]) == ("expired", None)


async def test_a_text_that_fails_while_all_starts_is_told_when_the_automations_are_there(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_FAILED)
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    hass.set_state(CoreState.starting)
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    goip.fail_next_send("goip1")
    data = {"device_id": port_device(hass, loaded_goip, "goip1"), "recipients": ALICE, "message": "Hello"}
    response = await act(hass, "send_sms", data, response=True)
    assert response["messages"][0]["status"] == "failed"
    assert (calls, settled(bus)) == ([], [])

    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await until(hass, lambda: calls)
    assert handed(calls) == [settled(bus)[0].data]


# What they let pass


@pytest.mark.parametrize(
    ("options", "fits"),
    [
        ({}, True),
        ({"device_id": "<box>"}, True),
        ({"device_id": "<port 1>"}, True),
        ({"device_id": "<port 2>"}, False),
        ({"device_id": ["<port 2>", "<port 1>"]}, True),
        ({"device_id": ["<port 2>", "<box>"]}, True),
        ({"sender": ALICE}, True),
        ({"sender": ALICE.removeprefix("+")}, True),
        ({"sender": int(ALICE)}, True),  # what YAML makes of a number without quotes
        ({"sender": "tel:+1 (555) 123-4567"}, True),
        ({"sender": BOB}, False),
        ({"sender": ALICE[:-1]}, False),
        ({"sender": ALICE[2:]}, False),
        ({"sender": [BOB, ALICE]}, True),
        ({"sender": "Alice"}, False),  # which is what a sender may call itself
        ({"contact": "<alice>"}, True),
        ({"contact": "<alice's uuid>"}, True),
        ({"contact": "<bob>"}, False),
        ({"contact": ["<bob>", "<alice>"]}, True),
        ({"trusted": True}, True),
        ({"trusted": False}, True),
        ({"text": "gate"}, True),
        ({"text": "THE GATE,"}, True),
        ({"text": 4711}, True),
        ({"text": "gates"}, False),
        ({"regex": "^Open"}, True),
        ({"regex": r"\d{4}$"}, True),
        ({"regex": "open"}, False),
        ({"regex": "(?i)open.*gate"}, True),
    ],
)
async def test_each_filter_alone(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    *,
    options: dict[str, Any],
    fits: bool,
) -> None:
    calls = await automate(hass, SMS_RECEIVED, named(hass, loaded_goip, options), {"text": "mark"})
    goip.receive_sms("goip1", ALICE, TEXT)
    goip.receive_sms("goip1", STRANGER, "mark")
    await until(hass, lambda: [told for told in handed(calls) if told["message"] == "mark"])

    assert [told["message"] for told in handed(calls)].count(TEXT) == fits


ALL = {
    "device_id": "<port 1>",
    "sender": ALICE,
    "contact": "<alice>",
    "trusted": True,
    "text": "gate",
    "regex": "^Open",
}
NONE = {
    "device_id": "<port 2>",
    "sender": BOB,
    "contact": "<bob>",
    "text": "door",
    "regex": "^Close",
}


async def test_filters_together(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    choices = [ALL, *({**ALL, key: value} for key, value in NONE.items())]
    calls = await automate(
        hass, SMS_RECEIVED, *(named(hass, loaded_goip, options) for options in choices), {"text": "mark"}
    )
    goip.receive_sms("goip1", ALICE, TEXT)
    goip.receive_sms("goip1", STRANGER, "mark")
    await until(hass, lambda: len(calls) == 2)

    assert [told["message"] for told in handed(calls)] == [TEXT, "mark"]


@pytest.mark.parametrize("sender", [BOB, STRANGER, "Alice", "Vodafone", "12345", ""])
async def test_only_trusted_contacts(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, sender: str
) -> None:
    alice = notify_entity(hass, loaded_goip, "Alice")
    calls = await automate(hass, SMS_RECEIVED, {"trusted": True}, {"contact": alice}, {"trusted": False})
    goip.receive_sms("goip1", sender, TEXT)
    await until(hass, lambda: calls)

    assert [(told["sender"], told["trusted"]) for told in handed(calls)] == [(sender, False)]


@pytest.mark.parametrize("written", ["Vodafone", "VODAFONE", " vodafone "])
async def test_a_sender_that_is_a_name(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, written: str
) -> None:
    calls = await automate(hass, SMS_RECEIVED, {"sender": written})
    goip.receive_sms("goip1", ALICE, "one")
    goip.receive_sms("goip1", "Vodafone", "two")
    await until(hass, lambda: calls)

    assert [told["message"] for told in handed(calls)] == ["two"]


async def test_a_contact_is_whoever_has_its_number_when_a_text_comes(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    alice = notify_entity(hass, loaded_goip, "Alice")
    subentry = loaded_goip.subentries[subentry_id(loaded_goip, "Alice")]
    calls = await automate(hass, SMS_RECEIVED, {"contact": alice}, {"text": "mark"})
    hass.config_entries.async_update_subentry(
        loaded_goip, subentry, data={**subentry.data, "number": STRANGER}, unique_id=STRANGER
    )
    await hass.async_block_till_done()
    goip.receive_sms("goip1", ALICE, "from the old number")
    goip.receive_sms("goip1", STRANGER, "from the new one")
    await until(hass, lambda: calls)
    hass.config_entries.async_remove_subentry(loaded_goip, subentry.subentry_id)
    await hass.async_block_till_done()
    goip.receive_sms("goip1", STRANGER, "from nobody")
    goip.receive_sms("goip1", BOB, "mark")
    await until(hass, lambda: len(calls) == 2)

    assert [told["message"] for told in handed(calls)] == ["from the new one", "mark"]


async def test_a_contact_that_is_added_later_can_be_chosen(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    add_contact(hass, loaded_goip, "Carol", STRANGER)
    await hass.async_block_till_done()
    calls = await automate(hass, SMS_RECEIVED, {"contact": notify_entity(hass, loaded_goip, "Carol")})
    goip.receive_sms("goip1", STRANGER, TEXT)
    await until(hass, lambda: calls)

    assert handed(calls)[0]["contact"] == "Carol"


async def test_two_boxes_that_know_the_same_person(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
) -> None:
    calls = await automate(
        hass,
        SMS_RECEIVED,
        {"device_id": box_device(hass, loaded_neogate)},
        {"contact": notify_entity(hass, loaded_neogate, "Alice")},
        {"sender": ALICE},
    )
    goip.receive_sms("goip1", ALICE, "one")
    await until(hass, lambda: calls)
    neogate.receive_sms("tg1", ALICE, "two")
    await until(hass, lambda: len(calls) == 4)

    assert [(told["gateway"], told["message"]) for told in handed(calls)] == [
        ("GoIP", "one"),
        *[("NeoGate TG200", "two")] * 3,
    ]


@pytest.mark.parametrize(
    ("options", "states"),
    [
        ({"state": "ended"}, ["ended"]),
        ({"state": ["incoming", "ended"]}, ["incoming", "ended"]),
        ({"direction": "outgoing"}, ["outgoing"]),
        ({"direction": ["incoming", "outgoing"]}, ["incoming", "connected", "ended", "outgoing"]),
        ({"number": BOB}, ["outgoing"]),
        ({"number": int(ALICE), "state": "connected"}, ["connected"]),
        ({"number": [BOB, ALICE.removeprefix("+")], "state": ["ended", "outgoing"]}, ["ended", "outgoing"]),
        ({"number": STRANGER}, []),
        ({"device_id": "<port 1>"}, ["outgoing"]),
        ({"device_id": "<box>", "direction": "outgoing", "number": ALICE}, []),
    ],
)
async def test_filters_of_calls(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    options: dict[str, Any],
    states: list[str],
) -> None:
    calls = await automate(hass, CALL, named(hass, loaded_goip, options))
    goip.ring("goip2", ALICE)
    goip.answer("goip2")
    goip.hang_up("goip2")
    await until(hass, lambda: len(bus["call"]) == 3)
    goip.line("goip1").push_state(f"DIALING:{BOB}")
    await until(hass, lambda: len(bus["call"]) == 4)

    assert [told["state"] for told in handed(calls)] == states


async def test_a_caller_without_a_number_is_none_that_was_chosen(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    calls = await automate(hass, CALL, {"number": ALICE}, {})
    goip.ring("goip2", "")
    await until(hass, lambda: calls)

    assert [told["number"] or "" for told in handed(calls)] == [""]
    assert calls[0].data["trigger"]["description"] == "call from somebody (incoming)"


@pytest.mark.parametrize(
    ("recipient", "fits"),
    [
        (ALICE, True),
        (ALICE.removeprefix("+"), True),
        (int(ALICE), True),
        ("alice", True),
        ([BOB, "Alice"], True),
        (BOB, False),
        ("Bob", False),
    ],
)
async def test_filter_of_failures(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    recipient: object,
    fits: bool,
) -> None:
    calls = await automate(hass, SMS_FAILED, {"recipient": recipient})
    goip.fail_next_send("goip1")
    await send(hass, port_device(hass, loaded_goip, "goip1"))
    await until(hass, lambda: settled(bus))

    assert len(calls) == fits


# When they are silent


async def test_nothing_happens_when_a_neogate_reloads_or_is_lost(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    told = await listen(hass, SMS_RECEIVED, SMS_FAILED, CALL)
    neogate.receive_sms("tg1", ALICE, "before")
    await until(hass, lambda: told)
    assert await hass.config_entries.async_reload(loaded_neogate.entry_id)
    await hass.async_block_till_done()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    clock.skip(60)
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")
    assert len(told) == 1

    neogate.receive_sms("tg1", ALICE, "after")
    await until(hass, lambda: len(told) == 2)
    assert told[-1]["message"] == "after"


async def test_nothing_happens_when_a_goip_reloads_or_is_lost(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    told = await listen(hass, SMS_RECEIVED, SMS_FAILED, CALL)
    goip.receive_sms("goip1", ALICE, "before")
    goip.ring("goip1", ALICE)
    goip.hang_up("goip1")
    goip.fail_next_send("goip2")
    await send(hass, port_device(hass, loaded_goip, "goip2"))
    await until(hass, lambda: len(told) == 4)
    assert await hass.config_entries.async_reload(loaded_goip.entry_id)
    await register(hass, goip)
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await register(hass, goip)
    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "on"
    assert len(told) == 4

    goip.receive_sms("goip1", ALICE, "after")
    await until(hass, lambda: len(told) == 5)
    assert told[-1]["message"] == "after"


async def test_a_restart_tells_what_came_meanwhile_once_and_nothing_else(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.receive_sms("goip1", ALICE, "before")
    await until(hass, lambda: state(hass, "event", f"{GOIP_ID}_goip1_sms") != "unknown")
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    hass.set_state(CoreState.not_running)
    calls = await automate(hass, SMS_RECEIVED, {"device_id": box_device(hass, loaded_goip)})
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    push = goip.line("goip1").push_sms(ALICE, "meanwhile")
    await goip.wait_for(lambda: push.acknowledged)
    await hass.async_block_till_done()
    assert calls == []

    await hass.async_start()
    await until(hass, lambda: calls)
    assert [told["message"] for told in handed(calls)] == ["meanwhile"]


async def test_an_automation_that_is_there_before_its_box(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    calls = await automate(hass, SMS_RECEIVED, {"trusted": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    goip.receive_sms("goip1", ALICE, TEXT)
    await until(hass, lambda: calls)

    assert [told["message"] for told in handed(calls)] == [TEXT]


async def test_an_automation_that_is_set_up_before_its_box_is_loaded(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    calls = await automate(hass, SMS_RECEIVED, named(hass, loaded_goip, ALL))
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    goip.receive_sms("goip1", ALICE, TEXT)
    await until(hass, lambda: calls)

    assert [told["message"] for told in handed(calls)] == [TEXT]


async def test_a_removed_trigger_listens_no_more(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    removed: list[dict[str, Any]] = []
    detach = await attach(hass, SMS_RECEIVED, {}, removed)
    stays = await listen(hass, SMS_RECEIVED)
    detach()
    goip.receive_sms("goip1", ALICE, TEXT)
    await until(hass, lambda: stays)

    assert removed == []


async def test_an_automation_that_fails_is_in_nobodys_way_and_tells_no_text(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[dict[str, Any]] = []
    broken = {"variables": {"wrong": "{{ trigger.nothing.at_all }}"}}
    await attach(hass, SMS_RECEIVED, broken, [])
    await attach(hass, SMS_RECEIVED, {}, told)
    goip.receive_sms("goip1", STRANGER, SECRET)
    await until(hass, lambda: told)

    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert any("dispatching" in record.getMessage() for record in errors)
    logged = "".join(logging.Formatter().format(record) for record in errors)
    assert SECRET not in logged
    assert STRANGER.removeprefix("+") not in logged


# In private


@pytest.fixture
def private(hass: HomeAssistant, goip_entry: MockConfigEntry) -> None:
    """Keep the texts of the GoIP private, before it is loaded."""
    hass.config_entries.async_update_entry(goip_entry, options={"private": True, "texts_in_states": True})


def everything(hass: HomeAssistant) -> list[Event[Any]]:
    """Collect every event on the bus, which is what a recorder sees."""
    return async_capture_events(hass, MATCH_ALL)


def tells(hass: HomeAssistant, seen: list[Event[Any]], *secrets: str) -> list[str]:
    """Give the events and states that hold a secret."""
    things = [*seen, *(one.as_dict() for one in hass.states.async_all())]
    return [str(thing) for thing in things if any(secret in str(thing) for secret in secrets)]


@pytest.mark.usefixtures("private")
async def test_private_texts_are_handed_over_and_told_nobody_else(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    seen = everything(hass)
    right = f"{{{{ trigger.message == '{SECRET}' and trigger.sender == '{STRANGER}' }}}}"
    calls = await automate(
        hass, SMS_RECEIVED, {"regex": "^the safe"}, {"sender": STRANGER}, data={"right": right}
    )
    seen.clear()
    goip.receive_sms("goip1", STRANGER, SECRET)
    await until(hass, lambda: len(calls) == 2)

    assert [call.data for call in calls] == [{"right": True}] * 2
    (event,) = bus["sms_received"]
    assert (event.data["sender"], event.data["message"]) == (f"…{STRANGER[-3:]}", None)
    triggered = [one for one in seen if one.event_type == EVENT_AUTOMATION_TRIGGERED]
    assert [one.data["source"] for one in triggered] == [f"text from …{STRANGER[-3:]}"] * 2
    assert tells(hass, seen, SECRET, STRANGER.removeprefix("+")) == []


@pytest.mark.usefixtures("private")
async def test_private_numbers_are_handed_over_and_told_nobody_else(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    seen = everything(hass)
    told = await listen(hass, SMS_FAILED, CALL)
    goip.ring("goip1", STRANGER)
    await until(hass, lambda: told)
    goip.ring("goip2", ALICE)
    await until(hass, lambda: len(told) == 2)
    goip.fail_next_send("goip1")
    hidden = {"device_id": port_device(hass, loaded_goip, "goip1"), "recipients": STRANGER, "message": SECRET}
    seen_before = list(seen)
    await act(hass, "send_sms", {**hidden, "wait": False})
    await until(hass, lambda: len(told) == 3)

    assert [one.get("number") or one["recipient"] for one in told] == [STRANGER, ALICE, STRANGER]
    assert [one["description"] for one in told] == [
        f"call from …{STRANGER[-3:]} (incoming)",
        "call from Alice (incoming)",
        f"text to …{STRANGER[-3:]} (failed)",
    ]
    assert [event.data["number"] for event in bus["call"]] == [f"…{STRANGER[-3:]}", f"…{ALICE[-3:]}"]
    since = [event for event in seen[len(seen_before) :] if event.event_type != "call_service"]
    secrets = (SECRET, STRANGER.removeprefix("+"), ALICE.removeprefix("+"))
    assert tells(hass, [*seen_before, *since], *secrets) == []


# Wrong input


@pytest.mark.parametrize(
    ("trigger", "options", "reason"),
    [
        (SMS_RECEIVED, {"device_id": "4711"}, "device 4711 is neither a gateway nor a port of one"),
        (SMS_RECEIVED, {"device_id": "<contact>"}, "is a contact: choose a gateway"),
        (SMS_RECEIVED, {"device_id": "<foreign>"}, "is neither a gateway nor a port of one"),
        (SMS_RECEIVED, {"device_id": []}, "is empty: leave it out"),
        (SMS_RECEIVED, {"device_id": None}, "is empty: leave it out"),
        (SMS_RECEIVED, {"device_id": {"id": "1"}}, "should be a string"),
        (SMS_RECEIVED, {"sender": ""}, "is empty: leave it out"),
        (SMS_RECEIVED, {"sender": [ALICE, " "]}, "is empty: leave it out"),
        (SMS_RECEIVED, {"sender": 15551234567.0}, "has to be in quotes"),
        (SMS_RECEIVED, {"contact": []}, "is empty: leave it out"),
        (SMS_RECEIVED, {"contact": "notify.carol"}, "notify.carol is not the notify entity of a contact"),
        (SMS_RECEIVED, {"contact": "binary_sensor.goip_connection"}, "is not the notify entity"),
        (SMS_RECEIVED, {"contact": "Alice"}, "valid entity ID"),
        (SMS_RECEIVED, {"trusted": "perhaps"}, "invalid boolean value"),
        (SMS_RECEIVED, {"text": ""}, "is empty: leave it out"),
        (SMS_RECEIVED, {"text": True}, "has to be in quotes"),  # what YAML makes of on
        (SMS_RECEIVED, {"text": ["a"]}, "should be a string"),
        (SMS_RECEIVED, {"regex": "("}, r"is not a regular expression: missing \), unterminated"),
        (SMS_RECEIVED, {"regex": "(a+)+"}, "repeats a group"),
        (SMS_RECEIVED, {"regex": "a" * 201}, "has 201 characters"),
        (SMS_RECEIVED, {"message": "a"}, "extra|not allowed|message"),
        (SMS_COMMAND, {"command": []}, "is empty: leave it out"),
        (SMS_COMMAND, {"command": ["gate", " "]}, "is empty: leave it out"),
        (SMS_COMMAND, {"command": True}, "has to be in quotes"),
        (SMS_COMMAND, {"contact": "notify.carol"}, "notify.carol is not the notify entity of a contact"),
        (SMS_COMMAND, {"sender": ALICE}, "sender"),
        (CALL, {"state": "idle"}, "value must be one of"),
        (CALL, {"direction": "in"}, "value must be one of"),
        (CALL, {"number": "Alice"}, "is no number"),
        (CALL, {"sender": ALICE}, "sender"),
        (SMS_FAILED, {"recipient": []}, "is empty"),
        (SMS_FAILED, {"text": "a"}, "text"),
    ],
)
async def test_wrong_input(
    hass: HomeAssistant,
    loaded_goip: MockConfigEntry,
    *,
    trigger: str,
    options: dict[str, Any],
    reason: str,
) -> None:
    other = MockConfigEntry(domain="other")
    other.add_to_hass(hass)
    foreign = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("other", "1")}
    )
    names = {"<contact>": contact_device(hass, loaded_goip, "Alice").id, "<foreign>": foreign.id}
    given = {key: names.get(one, one) if isinstance(one, str) else one for key, one in options.items()}
    with pytest.raises(vol.Invalid, match=reason) as refusal:
        await validate(hass, trigger, given)
    assert [str(part) for part in refusal.value.path][:2] == ["options", *options]


async def test_wrong_triggers(hass: HomeAssistant) -> None:
    with pytest.raises(vol.Invalid, match="Invalid trigger"):
        await validate(hass, f"{DOMAIN}.sms_sent", {})
    with pytest.raises(vol.Invalid):
        await async_validate_trigger_config(
            hass, cv.TRIGGER_SCHEMA([{"trigger": SMS_RECEIVED, "target": {"entity_id": "event.goip"}}])
        )


async def test_the_editor_says_what_is_wrong(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    client = await hass_ws_client(hass)
    triggers = {"trigger": SMS_RECEIVED, "options": {"regex": "(a+)+"}}
    await client.send_json_auto_id({"type": "validate_config", "triggers": triggers})
    answer = (await client.receive_json())["result"]["triggers"]
    assert answer["valid"] is False
    assert "repeats a group" in answer["error"]
    assert "regex" in answer["error"]


async def test_an_automation_whose_device_is_gone_is_shown_as_broken(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    triggers = {"trigger": SMS_RECEIVED, "options": {"device_id": "4711"}}
    automation = {"id": "broken", "triggers": triggers, "actions": []}
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()

    assert [one.state for one in hass.states.async_all("automation")] == ["unavailable"]
    assert "device 4711 is neither a gateway nor a port of one" in caplog.text


async def test_the_editor_knows_the_triggers(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    await validate(hass, SMS_RECEIVED, {})
    described = await async_get_all_descriptions(hass)
    ours = {key: one for key, one in described.items() if key.startswith(f"{DOMAIN}.")}

    assert ours.keys() == {SMS_RECEIVED, SMS_COMMAND, SMS_FAILED, CALL}
    assert all(one is not None and one["fields"] for one in ours.values())
