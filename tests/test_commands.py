"""Commands by text: which texts are, what they are told as, and who is locked out of them."""

import json
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant, ServiceCall
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway.commands import (
    Judgement,
    Refusal,
    begins_with,
    is_pin,
    judge,
    masked_pin,
    split_command,
)
from custom_components.gsm_gateway.contacts import Contact
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate, encode_content

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    attributes,
    box_device,
    port_device,
    register,
    set_up,
    state,
    subentry_id,
    until,
)
from .mail_bench import Bus, close, history, restart, started
from .test_repairs import fix, issues
from .test_trigger import SMS_COMMAND, SMS_RECEIVED, automate, handed, listen, notify_entity

PIN = "0815"
WRONG = "4711"


def person(pin: str | None = None, *, trusted: bool = True) -> Contact:
    """Give a contact."""
    return Contact(subentry_id="1", name="Alice", number=ALICE, trusted=trusted, pin=pin)


def change(hass: HomeAssistant, entry: MockConfigEntry, who: str = "Alice", /, **data: object) -> None:
    """Change a contact as the UI does; what is None is taken out."""
    subentry = entry.subentries[subentry_id(entry, who)]
    changed = {key: value for key, value in {**subentry.data, **data}.items() if value is not None}
    hass.config_entries.async_update_subentry(
        entry, subentry, data=changed, title=changed["name"], unique_id=changed["number"]
    )


@pytest.fixture
async def goip_with_pin(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> MockConfigEntry:
    """Give Alice a PIN."""
    change(hass, loaded_goip, pin=PIN)
    await hass.async_block_till_done()
    return loaded_goip


async def receive(hass: HomeAssistant, goip: GoIP, bus: Bus, *texts: str, sender: str = ALICE) -> None:
    """Let texts arrive one after the other, and see each of them told."""
    for text in texts:
        before = len(bus["sms_received"])
        goip.receive_sms("goip1", sender, text)
        await until(hass, lambda before=before: len(bus["sms_received"]) > before)


def results(bus: Bus) -> list[str]:
    """Give what became of the commands."""
    return [event.data["reason"] or event.data["result"] for event in bus["command"]]


def messages(calls: list[ServiceCall]) -> list[str]:
    """Give the texts that triggers handed over."""
    return [told["message"] for told in handed(calls)]


# The judge


@pytest.mark.parametrize("pin", ["0815", "0000000000", "123456"])
def test_pins(pin: str) -> None:
    assert is_pin(pin)


@pytest.mark.parametrize("pin", ["", "815", "12345678901", "12 34", "+1234", "12a4", "١٢٣٤", "1234\n"])
def test_no_pins(pin: str) -> None:
    assert not is_pin(pin)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("0815 gate open", "gate open"),
        ("0815gate", "gate"),
        (" \n0815\tgate \n", "gate"),
        ("0815, gate", ", gate"),
        ("0815", ""),
        ("0815 0815", "0815"),
    ],
)
def test_right_pin(text: str, command: str) -> None:
    accepted = Judgement(refusal=None, command=command)
    assert judge(person(PIN), text, delayed=False, complete=True, locked=False) == accepted


@pytest.mark.parametrize("text", ["4711 gate", "08155 gate", "0815123", "00815 gate", "12345678901234567890"])
def test_wrong_pin(text: str) -> None:
    judgement = judge(person(PIN), text, delayed=False, complete=True, locked=False)
    assert judgement is not None
    assert judgement.refusal is Refusal.WRONG_PIN


@pytest.mark.parametrize("text", ["OK", "gate 0815", "081 5", "+0815 gate", "", "٠٨١٥ gate", "12:30"])
def test_no_number_no_try(text: str) -> None:
    assert judge(person(PIN), text, delayed=False, complete=True, locked=False) is None


@pytest.mark.parametrize("text", ["gate", "0815 gate", "", " OK "])
def test_without_a_pin_every_text_is_a_command(text: str) -> None:
    accepted = Judgement(refusal=None, command=text.strip())
    assert judge(person(), text, delayed=False, complete=True, locked=False) == accepted


@pytest.mark.parametrize("pin", [None, PIN])
def test_whoever_is_not_trusted_commands_nothing(pin: str | None) -> None:
    nobody = person(pin, trusted=False)
    assert judge(nobody, "0815 gate", delayed=False, complete=True, locked=False) is None


@pytest.mark.parametrize("text", ["0815 gate", "4711 gate"])
@pytest.mark.parametrize(
    ("delayed", "complete", "locked", "refusal"),
    [
        (True, False, True, Refusal.TOO_OLD),
        (False, False, True, Refusal.INCOMPLETE),
        (False, True, True, Refusal.LOCKED),
    ],
)
def test_what_is_looked_at_before_the_pin(
    *, text: str, delayed: bool, complete: bool, locked: bool, refusal: Refusal
) -> None:
    judgement = judge(person(PIN), text, delayed=delayed, complete=complete, locked=locked)
    assert judgement is not None
    assert judgement.refusal is refusal


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("0815 gate", "•••• gate"),
        ("  0815gate 0815", "  ••••gate 0815"),
        ("0815", "••••"),
        ("08155 gate", "08155 gate"),
        ("4711 gate", "4711 gate"),
        ("gate 0815", "gate 0815"),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert masked_pin(text, PIN) == masked
    assert masked_pin(text, None) == text


@pytest.mark.parametrize(
    ("command", "chosen", "parts"),
    [
        ("Gate  Open now, PLEASE", ["gate", "gate open"], ("gate open", "now, PLEASE")),
        ("Gate\nthe first\nthe second", ["GATE"], ("gate", "the first\nthe second")),
        ("Straße frei", ["STRASSE"], ("strasse", "frei")),
        ("gate", ["gate"], ("gate", "")),
        ("Gate open", [], ("gate", "open")),
        ("", [], ("", "")),
    ],
)
def test_words_and_argument(command: str, chosen: list[str], parts: tuple[str, str]) -> None:
    assert split_command(command, chosen) == parts


@pytest.mark.parametrize(
    ("words", "fits"),
    [("gate", True), ("GATE  open", True), ("gat", False), ("open", False), ("gate x", False)],
)
def test_beginnings(words: str, *, fits: bool) -> None:
    assert begins_with("Gate open", words) is fits


# What becomes of texts


async def test_a_command_to_a_goip(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_COMMAND, {"command": ["light", "Gate open"]})
    await receive(hass, goip, bus, "0815 gate OPEN for Bob", "0815 gate close")
    (received, _) = bus["sms_received"]

    assert handed(calls) == [{**received.data, "command": "gate open", "argument": "for Bob"}]
    assert received.data["message"] == "•••• gate OPEN for Bob"
    assert calls[0].data["trigger"]["description"] == "command from Alice"
    assert bus["command"][0].data == {
        "config_entry_id": goip_with_pin.entry_id,
        "device_id": port_device(hass, goip_with_pin, "goip1"),
        "gateway": "GoIP",
        "port": "goip1",
        "message_id": received.data["message_id"],
        "contact": "Alice",
        "result": "accepted",
        "reason": None,
    }
    assert results(bus) == ["accepted", "accepted"]


async def test_a_command_to_a_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_COMMAND)
    neogate.receive_sms("tg2", ALICE, "Größe 42")
    await until(hass, lambda: calls)

    assert handed(calls) == [{**bus["sms_received"][0].data, "command": "grösse", "argument": "42"}]
    assert results(bus) == ["accepted"]


@pytest.mark.parametrize("sender", [BOB, STRANGER, "Alice", ""])
async def test_others_command_nothing(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus, sender: str
) -> None:
    calls = await automate(hass, SMS_COMMAND)
    await receive(hass, goip, bus, "0815 gate", sender=sender)
    await receive(hass, goip, bus, "0815 mark")

    assert messages(calls) == ["•••• mark"]
    assert results(bus) == ["accepted"]


async def test_an_answer_without_a_pin_costs_nothing(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_COMMAND)
    await receive(hass, goip, bus, *["OK"] * 6, "0815 gate")

    assert [event.data["message"] for event in bus["sms_received"]] == [*["OK"] * 6, "•••• gate"]
    assert messages(calls) == ["•••• gate"]


async def test_filters_of_commands(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    change(hass, loaded_goip, "Bob", trusted=True)
    alice = {"contact": notify_entity(hass, loaded_goip, "Alice")}
    port, box = port_device(hass, loaded_goip, "goip2"), box_device(hass, loaded_goip)
    choices = (
        alice,
        {"command": "gate"},
        {"device_id": port},
        {"device_id": box, "command": "Gate open", **alice},
    )
    calls = await automate(hass, SMS_COMMAND, *choices, data={"by": "{{ this.attributes.id }}"})
    await receive(hass, goip, bus, "gate open")
    assert sorted(call.data["by"] for call in calls) == ["automation_0", "automation_1", "automation_3"]
    calls.clear()
    await receive(hass, goip, bus, "gate open", sender=BOB)
    assert [call.data["by"] for call in calls] == ["automation_1"]
    calls.clear()
    await receive(hass, goip, bus, "gates open")
    assert [call.data["by"] for call in calls] == ["automation_0"]


async def test_a_text_that_is_too_old(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    freezer: FrozenDateTimeFactory,
) -> None:
    change(hass, loaded_neogate, pin=PIN)
    calls = await automate(hass, SMS_COMMAND)
    freezer.move_to("2026-11-22 12:00:00+00:00")  # 04:00 where the box is
    for text in ("0815 old", *["4711 old"] * 5, "OK old"):
        neogate.receive_sms("tg1", ALICE, text, received_at="2026-11-22 03:54:59")
    neogate.receive_sms("tg1", ALICE, "0815 new", received_at="2026-11-22 03:55:00")
    await until(hass, lambda: calls)

    assert messages(calls) == ["•••• new"]
    assert results(bus) == [*["too_old"] * 6, "accepted"]
    assert bus["sms_received"][0].data["message"] == "•••• old"


async def test_a_text_that_was_held_over_is_no_command(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    calls = await automate(hass, SMS_COMMAND)
    hass.set_state(CoreState.starting)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    push = goip.line("goip1").push_sms(ALICE, "gate")
    await goip.wait_for(lambda: push.acknowledged)
    await close(hass, goip_entry)
    hass.set_state(CoreState.running)
    await set_up(hass, goip_entry)
    await until(hass, lambda: bus["command"])

    assert results(bus) == ["too_old"]
    assert calls == []


async def test_a_text_of_which_something_is_missing(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    change(hass, loaded_neogate, pin=PIN)
    calls = await automate(hass, SMS_COMMAND)
    for reference, text in enumerate(("0815 gate", *["4711 gate"] * 5), start=1):
        content = encode_content(text)
        neogate.receive_part("tg1", ALICE, content, index=1, total=2, reference=str(reference))
    neogate.receive_sms("tg1", ALICE, "0815 mark")
    await until(hass, lambda: calls)
    clock.skip(240)
    assert len(bus["command"]) == 1
    clock.skip(60)
    await until(hass, lambda: len(bus["command"]) == 7)

    assert results(bus) == ["accepted", *["incomplete"] * 6]
    assert messages(calls) == ["•••• mark"]
    assert issues(hass) == {}


async def test_a_command_fires_once(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    told = await listen(hass, SMS_COMMAND)
    push = goip.line("goip1").push_sms(ALICE, "0815 gate")
    await until(hass, lambda: told)
    goip.line("goip1").push("RECEIVE", f"srcnum:{ALICE};msg:0815 gate", recvid=push.recvid)
    assert await hass.config_entries.async_reload(goip_with_pin.entry_id)
    await register(hass, goip)
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await register(hass, goip)
    for _ in range(2):
        await restart(hass, goip_with_pin)
        await register(hass, goip)
    assert len(told) == 1

    await receive(hass, goip, bus, "0815 light")
    assert [one["command"] for one in told] == ["gate", "light"]
    assert results(bus) == ["accepted", "accepted"]


async def test_a_command_to_a_neogate_fires_once(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    told = await listen(hass, SMS_COMMAND)
    neogate.receive_sms("tg1", ALICE, "before")
    await until(hass, lambda: told)
    assert await hass.config_entries.async_reload(loaded_neogate.entry_id)
    await hass.async_block_till_done()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    clock.skip(60)
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")
    await restart(hass, loaded_neogate)
    assert len(told) == 1

    neogate.receive_sms("tg1", ALICE, "after")
    await until(hass, lambda: len(told) == 2)
    assert told[-1]["command"] == "after"


async def test_a_command_that_comes_while_all_starts_is_told_once_automations_listen(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.set_state(CoreState.starting)
    told = await listen(hass, SMS_COMMAND)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    push = goip.line("goip1").push_sms(ALICE, "gate")
    await goip.wait_for(lambda: push.acknowledged)
    assert told == []
    await started(hass)
    await until(hass, lambda: told)

    assert results(bus) == ["accepted"]


# What is told of the PIN


async def test_the_pin_is_told_nobody(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
    *,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
) -> None:
    caplog.set_level(logging.INFO)
    hass.config_entries.async_update_entry(goip_entry, options={"texts_in_states": True})
    change(hass, goip_entry, pin=PIN)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    calls = await automate(hass, SMS_RECEIVED, {"regex": "gate$"})
    await receive(hass, goip, bus, f"{PIN} gate")

    assert messages(calls) == ["•••• gate"]
    assert attributes(hass, "event", f"{GOIP_ID}_goip1_sms")["message"] == "•••• gate"
    diagnostics = await get_diagnostics_for_config_entry(hass, hass_client, goip_entry)
    assert f'"{PIN}"' not in json.dumps(diagnostics)
    assert f'"{PIN} ' not in json.dumps(diagnostics)
    lines = [logging.Formatter().format(record) for record in caplog.records if DOMAIN in record.name]
    assert [line for line in lines if f"{PIN} gate" in line or f"'{PIN}'" in line] == []
    (kept,) = await history(hass, box_device(hass, goip_entry))
    assert kept["message"] == f"{PIN} gate"  # the history has texts as they came


async def test_a_wrong_pin_is_told_as_it_came_and_a_contact_that_is_not_trusted_has_its_pin_hidden(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus
) -> None:
    await receive(hass, goip, bus, f"{WRONG} gate")
    change(hass, goip_with_pin, trusted=False)
    await receive(hass, goip, bus, f"{PIN} gate")

    assert [event.data["message"] for event in bus["sms_received"]] == [f"{WRONG} gate", "•••• gate"]
    assert results(bus) == ["wrong_pin"]


async def test_a_private_box_has_commands_too(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"private": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    calls = await automate(hass, SMS_COMMAND, {"command": "gate"})
    await receive(hass, goip, bus, "gate open")

    assert bus["sms_received"][0].data["message"] is None
    assert (handed(calls)[0]["sender"], handed(calls)[0]["argument"]) == (ALICE, "open")
    assert ALICE[-3:] not in str(
        {**bus["command"][0].data, "device_id": "", "message_id": "", "config_entry_id": ""}
    )


@pytest.mark.parametrize("value", [person("081547"), Judgement(refusal=None, command="081547")])
def test_values_hide_what_they_hold(value: object) -> None:
    assert "081547" not in repr(value)


# Locked out

LOCKED = "contact_locked id_of_alice"


async def test_five_wrong_pins_lock_until_the_owner_ends_it(
    hass: HomeAssistant,
    goip: GoIP,
    goip_with_pin: MockConfigEntry,
    bus: Bus,
    hass_client: ClientSessionGenerator,
) -> None:
    calls = await automate(hass, SMS_COMMAND)
    await receive(hass, goip, bus, *["4711 gate"] * 4)
    assert issues(hass) == {}
    await receive(hass, goip, bus, "4711 gate")
    issue = issues(hass)[LOCKED]
    assert issue.is_fixable
    await receive(hass, goip, bus, "4711 gate", "0815 gate", "OK")

    assert results(bus) == [*["wrong_pin"] * 5, "locked", "locked"]
    assert [event.data["message"] for event in bus["sms_received"]][-2:] == ["•••• gate", "OK"]
    assert calls == []
    form = await fix(hass, hass_client, issue)
    assert {key: form["description_placeholders"][key] for key in ("gateway", "contact")} == {
        "gateway": "GoIP",
        "contact": "Alice",
    }
    assert issues(hass) == {}
    await receive(hass, goip, bus, *["4711 gate"] * 4, "0815 gate")
    assert results(bus)[7:] == [*["wrong_pin"] * 4, "accepted"]
    assert messages(calls) == ["•••• gate"]


async def test_a_right_pin_begins_the_count_anew(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus
) -> None:
    for _ in range(2):
        await receive(hass, goip, bus, *["4711 gate"] * 4, "OK", "0815 gate")
    assert results(bus) == [*["wrong_pin"] * 4, "accepted"] * 2
    assert issues(hass) == {}


async def test_contacts_are_locked_one_by_one(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus
) -> None:
    change(hass, goip_with_pin, "Bob", trusted=True, pin="1111")
    await receive(hass, goip, bus, *["1111 gate"] * 5)
    await receive(hass, goip, bus, "1111 gate", sender=BOB)
    assert results(bus) == [*["wrong_pin"] * 5, "accepted"]
    assert list(issues(hass)) == [LOCKED]


async def test_counts_and_locks_survive_restarts(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus, hass_storage: dict[str, Any]
) -> None:
    await receive(hass, goip, bus, *["4711 gate"] * 4)
    await restart(hass, goip_with_pin)
    await register(hass, goip)
    assert issues(hass) == {}
    await receive(hass, goip, bus, "4711 gate")
    assert list(issues(hass)) == [LOCKED]
    await close(hass, goip_with_pin)
    (kept,) = [stored["data"] for key, stored in hass_storage.items() if key.endswith(".lockouts")]
    assert kept["id_of_alice"]["wrong"] == 5
    assert PIN not in str(kept)
    assert WRONG not in str(kept)

    await set_up(hass, goip_with_pin)
    await register(hass, goip)
    assert list(issues(hass)) == [LOCKED]
    await receive(hass, goip, bus, "0815 gate")
    assert results(bus)[-1] == "locked"


async def test_a_lock_that_is_ended_while_the_box_is_not_loaded_comes_back(
    hass: HomeAssistant,
    goip: GoIP,
    goip_with_pin: MockConfigEntry,
    bus: Bus,
    hass_client: ClientSessionGenerator,
) -> None:
    await receive(hass, goip, bus, *["4711 gate"] * 5)
    assert await hass.config_entries.async_unload(goip_with_pin.entry_id)
    await fix(hass, hass_client, issues(hass)[LOCKED])
    assert issues(hass) == {}
    await set_up(hass, goip_with_pin)

    assert list(issues(hass)) == [LOCKED]


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("pin", ["9999", None])
async def test_another_pin_ends_a_lock(
    hass: HomeAssistant,
    goip: GoIP,
    goip_with_pin: MockConfigEntry,
    bus: Bus,
    *,
    loaded: bool,
    pin: str | None,
) -> None:
    await receive(hass, goip, bus, *["4711 gate"] * 5)
    change(hass, goip_with_pin, name="Alicia", number=STRANGER)  # which makes no difference
    await hass.async_block_till_done()
    placeholders = issues(hass)[LOCKED].translation_placeholders
    assert placeholders is not None
    assert placeholders["contact"] == "Alicia"
    if not loaded:
        await close(hass, goip_with_pin)
    change(hass, goip_with_pin, "Alicia", pin=pin)
    await hass.async_block_till_done()
    if not loaded:
        await set_up(hass, goip_with_pin)
        await register(hass, goip)

    assert issues(hass) == {}
    await receive(hass, goip, bus, f"{pin or ''} gate", sender=STRANGER)
    assert results(bus)[-1] == "accepted"


async def test_a_removed_contact_ends_a_lock(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus, hass_storage: dict[str, Any]
) -> None:
    await receive(hass, goip, bus, *["4711 gate"] * 5)
    hass.config_entries.async_remove_subentry(goip_with_pin, subentry_id(goip_with_pin, "Alice"))
    await hass.async_block_till_done()
    assert issues(hass) == {}
    await close(hass, goip_with_pin)
    assert [stored["data"] for key, stored in hass_storage.items() if key.endswith(".lockouts")] == [{}]


async def test_nothing_stays_of_a_box_that_is_removed(
    hass: HomeAssistant, goip: GoIP, goip_with_pin: MockConfigEntry, bus: Bus, hass_storage: dict[str, Any]
) -> None:
    await receive(hass, goip, bus, *["4711 gate"] * 5)
    await hass.config_entries.async_remove(goip_with_pin.entry_id)
    await hass.async_block_till_done()

    assert issues(hass) == {}
    assert [key for key in hass_storage if key.endswith(".lockouts")] == []
