"""The blueprints: loaded as Home Assistant loads them, with a box on a simulator, texts in and texts out."""

import asyncio
from datetime import timedelta
from pathlib import Path
import shutil
from urllib.parse import quote

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.blueprint import BLUEPRINT_SCHEMA, Blueprint
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK
from tests.simulators.neogate import NeoGate

from .conftest import (
    ALICE,
    BOB,
    STRANGER,
    Clock,
    add_contact,
    box_device,
    capture,
    port_device,
    register,
    seen,
    set_up,
    settled,
    until,
)
from .mail_bench import Bus
from .test_commands import change
from .test_trigger import notify_entity

FOLDER = Path(__file__).parents[1] / "blueprints" / "automation" / "gsm_gateway"
BLUEPRINTS = sorted(path.name for path in FOLDER.glob("*.yaml"))
BLUEPRINTS_PAGE = Path(__file__).parents[1] / "docs" / "blueprints.md"

CAROL = "+33612345678"


async def automate(hass: HomeAssistant, blueprint: str, **inputs: object) -> None:
    """Set up an automation of a blueprint, as a user does who has imported it."""
    folder = Path(hass.config.path("blueprints", "automation", "gsm_gateway"))
    await hass.async_add_executor_job(lambda: shutil.copytree(FOLDER, folder))
    automation = {
        "id": "automation",
        "alias": "Automation",
        "use_blueprint": {"path": f"gsm_gateway/{blueprint}.yaml", "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": automation})
    await hass.async_block_till_done()
    assert [one.state for one in hass.states.async_all("automation")] == ["on"]


async def receive(hass: HomeAssistant, goip: GoIP, bus: Bus, text: str, sender: str = ALICE) -> None:
    """Let a text arrive, and see it told."""
    before = len(bus["sms_received"])
    goip.receive_sms("goip1", sender, text)
    await until(hass, lambda: len(bus["sms_received"]) > before)


def sent(box: GoIP | NeoGate) -> list[tuple[str, str]]:
    """Give what has left the box: to whom, and what."""
    return [(sms.number, sms.text) for sms in box.outbox]


# All of them


@pytest.mark.parametrize("name", BLUEPRINTS)
async def test_a_blueprint_is_described_and_can_be_imported(hass: HomeAssistant, name: str) -> None:
    loaded = Blueprint(load_yaml_dict(FOLDER / name), expected_domain="automation", schema=BLUEPRINT_SCHEMA)
    assert loaded.validate() is None
    blueprint = loaded.metadata
    assert blueprint["homeassistant"] == {"min_version": "2026.10.0"}
    assert blueprint["source_url"].endswith(f"/blueprints/automation/gsm_gateway/{name}")
    assert blueprint["name"]
    assert blueprint["description"]
    badge = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
    assert f"({badge}{quote(blueprint['source_url'], safe='')})" in BLUEPRINTS_PAGE.read_text()


def test_these_are_all() -> None:
    assert BLUEPRINTS == [
        "alarm_to_list.yaml",
        "low_balance.yaml",
        "missed_call.yaml",
        "text_command.yaml",
        "text_to_agent.yaml",
    ]


# Text command


def opening(hass: HomeAssistant, box: str, **inputs: object) -> dict[str, object]:
    """Give the inputs of a command that opens the gate."""
    return {
        "gateways": [box],
        "words": ["gate", "gate open"],
        "actions": [{"action": "test.open", "data": {"how": "{{ trigger.argument }}"}}],
        "answer": "The gate opens, {{ trigger.contact }}.",
        **inputs,
    }


async def test_a_command_runs_actions_and_is_answered(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    change(hass, loaded_goip, pin="0815")
    opened = async_mock_service(hass, "test", "open")
    await automate(hass, "text_command", **opening(hass, box_device(hass, loaded_goip)))
    for text in ("0815 light", "4711 gate", "gate"):
        await receive(hass, goip, bus, text)
    await receive(hass, goip, bus, "0815 gate", BOB)
    await receive(hass, goip, bus, "0815 Gate OPEN wide")
    await until(hass, lambda: settled(bus))

    assert [call.data for call in opened] == [{"how": "wide"}]
    assert [(sms.line, sms.number, sms.text) for sms in goip.outbox] == [
        ("goip1", ALICE, "The gate opens, Alice.")
    ]


async def test_a_command_to_one_port_of_a_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    opened = async_mock_service(hass, "test", "open")
    await automate(hass, "text_command", **opening(hass, port_device(hass, loaded_neogate, "2")))
    neogate.receive_sms("tg1", ALICE, "gate")
    neogate.receive_sms("tg2", ALICE, "gate")
    await until(hass, lambda: settled(bus))

    assert len(opened) == 1
    assert sent(neogate) == [(ALICE, "The gate opens, Alice.")]


@pytest.mark.parametrize(
    ("failure", "told"),
    [({}, ["That did not work."]), ({"failure": "No, {{ 1 + 1 }}"}, ["No, 2"]), ({"failure": ""}, [])],
)
async def test_a_command_that_fails(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    failure: dict[str, str],
    told: list[str],
) -> None:
    async def fail(_call: ServiceCall) -> None:
        raise HomeAssistantError("stuck")

    hass.services.async_register("test", "open", fail)
    await automate(hass, "text_command", **opening(hass, box_device(hass, loaded_goip), **failure))
    await receive(hass, goip, bus, "gate")
    if told:
        await until(hass, lambda: settled(bus))

    assert [text for _, text in sent(goip)] == told


@pytest.mark.parametrize("answer", ["", " ", "{{ none or '' }}"])
async def test_a_command_without_an_answer(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, answer: str
) -> None:
    opened = async_mock_service(hass, "test", "open")
    await automate(hass, "text_command", **opening(hass, box_device(hass, loaded_goip), answer=answer))
    await receive(hass, goip, bus, "gate")

    assert len(opened) == 1
    assert bus["sms_status"] == []


async def test_commands_in_quick_succession_are_all_answered(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    async_mock_service(hass, "test", "open")
    inputs = opening(hass, box_device(hass, loaded_goip), answer="{{ trigger.argument }}")
    await automate(hass, "text_command", **inputs)
    for number in range(5):
        goip.receive_sms("goip1", ALICE, f"gate {number}")
    await until(hass, lambda: len(settled(bus)) == 5)

    assert [text for _, text in sent(goip)] == ["0", "1", "2", "3", "4"]


# Alarm to a list

ALARM = "The alarm went off."
CONFIRMED = "Thank you. Nobody else is texted."


class Chain:
    """An alarm on its way down the list of Alice, Bob and Carol, each of whom has 5 minutes."""

    def __init__(self, hass: HomeAssistant, goip: GoIP, entry: MockConfigEntry, clock: Clock) -> None:
        """Begin with no alarm."""
        self.hass, self.goip, self.entry, self.clock = hass, goip, entry, clock
        self.bus = capture(hass)
        self.nobody = async_mock_service(hass, "test", "nobody")
        self.answered = async_mock_service(hass, "test", "answered")

    async def begin(self, **inputs: object) -> None:
        """Set up the automation."""
        add_contact(self.hass, self.entry, "Carol", CAROL)
        await self.hass.async_block_till_done()
        given: dict[str, object] = {
            "triggers": [{"trigger": "event", "event_type": "alarm"}],
            "message": ALARM,
            "contacts": [notify_entity(self.hass, self.entry, name) for name in ("Alice", "Bob", "Carol")],
            "nobody": [{"action": "test.nobody"}],
            "answered": [{"action": "test.answered", "data": {"who": "{{ trigger.contact }}"}}],
        }
        await automate(self.hass, "alarm_to_list", **{**given, **inputs})

    async def alarm(self) -> None:
        """Set off the alarm."""
        self.hass.bus.async_fire("alarm")
        await self.settle()

    async def settle(self) -> None:
        """Let happen what is about to happen, where the automation goes on for minutes."""
        for _ in range(20):
            await asyncio.sleep(0)

    async def texts(self, count: int) -> list[tuple[str, str]]:
        """Wait until so many texts are settled, and give what has left."""
        await seen(self.hass, lambda: len(settled(self.bus)) >= count)
        await self.settle()
        assert len(settled(self.bus)) == count
        return sent(self.goip)

    async def wait(self, seconds: float) -> None:
        """Let time go by, and the lines report: they were silent meanwhile."""
        for line in self.goip.line_names:
            assert await self.goip.keepalive(line) == "200"
        self.clock.skip(seconds)
        await self.settle()
        for line in self.goip.line_names:
            assert await self.goip.keepalive(line) == "200"
        await self.settle()

    async def answer(self, text: str, sender: str = ALICE) -> None:
        """Let a text arrive."""
        before = len(self.bus["sms_received"])
        self.goip.receive_sms("goip1", sender, text)
        await seen(self.hass, lambda: len(self.bus["sms_received"]) > before)
        await self.settle()

    def is_over(self) -> bool:
        """Whether the automation is done."""
        (automation,) = self.hass.states.async_all("automation")
        return bool(automation.attributes["current"] == 0)

    async def over(self) -> None:
        """Wait until the automation is done."""
        await seen(self.hass, self.is_over)


@pytest.fixture
def chain(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock) -> Chain:
    """Give a chain that is not begun."""
    return Chain(hass, goip, loaded_goip, clock)


async def test_an_alarm_that_nobody_answers(chain: Chain) -> None:
    await chain.begin()
    await chain.alarm()
    texts = [(number, ALARM) for number in (ALICE, BOB, CAROL)]
    for count in (1, 2, 3):
        assert await chain.texts(count) == texts[:count]
        await chain.wait(290)
        assert await chain.texts(count) == texts[:count]
        assert chain.nobody == []
        await chain.wait(11)

    assert len(chain.nobody) == 1
    assert chain.is_over()
    assert chain.answered == []


async def test_an_alarm_that_somebody_answers(chain: Chain) -> None:
    await chain.begin()
    await chain.answer("OK")  # to what?
    assert chain.bus["sms_status"] == []
    await chain.alarm()
    await chain.texts(1)
    await chain.wait(301)
    await chain.texts(2)
    await chain.answer("not ok")
    await chain.answer("OK", STRANGER)
    await chain.alarm()
    assert not chain.is_over()
    await chain.answer(" ok, I go", BOB)

    assert await chain.texts(4) == [
        (ALICE, ALARM),
        (BOB, ALARM),
        (BOB, CONFIRMED),
        (ALICE, "Bob takes care of the alarm."),
    ]
    assert [call.data for call in chain.answered] == [{"who": "Bob"}]
    assert chain.is_over()
    await chain.answer("OK")  # too late
    await chain.wait(1000)
    assert len(await chain.texts(4)) == 4
    assert chain.nobody == []

    await chain.alarm()
    assert (await chain.texts(5))[4:] == [(ALICE, ALARM)]


async def test_an_answer_while_the_next_text_leaves(chain: Chain) -> None:
    await chain.begin(tell_others=True, confirmation="")
    await chain.alarm()
    await chain.texts(1)
    chain.goip.plan_send("goip1", STUCK)
    chain.goip.plan_send("goip2", STUCK)
    await chain.wait(301)
    await chain.goip.wait_for(lambda: len(chain.goip.outbox) == 2)
    await chain.answer("OK")
    await chain.over()
    await chain.goip.wait_for(lambda: len(chain.goip.outbox) == 3)

    assert sent(chain.goip) == [(ALICE, ALARM), (BOB, ALARM), (BOB, "Alice takes care of the alarm.")]


async def test_the_others_need_not_be_told(chain: Chain) -> None:
    await chain.begin(tell_others=False)
    await chain.alarm()
    await chain.texts(1)
    await chain.wait(301)
    await chain.texts(2)
    await chain.answer("OK")

    assert (await chain.texts(3))[2:] == [(ALICE, CONFIRMED)]


async def test_a_text_that_fails_costs_no_time(chain: Chain) -> None:
    await chain.begin()
    for line in chain.goip.line_names:
        chain.goip.fail_next_send(line)
    await chain.alarm()

    assert await chain.texts(3) == [(CAROL, ALARM)]
    assert [event.data["status"] for event in settled(chain.bus)] == ["failed", "failed", "sent"]
    assert not chain.is_over()


async def test_several_rounds_and_a_pattern_of_ones_own(chain: Chain) -> None:
    contacts = [notify_entity(chain.hass, chain.entry, "Alice")]
    await chain.begin(rounds=2, contacts=contacts, pattern="^yes", patience={"seconds": 30})
    await chain.alarm()
    await chain.texts(1)
    await chain.wait(31)
    assert await chain.texts(2) == [(ALICE, ALARM)] * 2
    await chain.answer("OK")
    assert not chain.is_over()
    await chain.answer("yes")
    await chain.over()

    assert await chain.texts(3) == [(ALICE, ALARM), (ALICE, ALARM), (ALICE, CONFIRMED)]


async def test_an_answer_that_is_delayed(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-22 12:00:00+00:00")  # 04:00 where the box is
    triggers = [{"trigger": "event", "event_type": "alarm"}]
    contacts = [notify_entity(hass, loaded_neogate, name) for name in ("Alice", "Bob")]
    answered = async_mock_service(hass, "test", "answered")
    await automate(
        hass,
        "alarm_to_list",
        triggers=triggers,
        contacts=contacts,
        confirmation="",
        tell_others=False,  # so that nothing is waited for
        answered=[{"action": "test.answered", "data": {"when": "{{ trigger.stamped_at }}"}}],
    )
    hass.bus.async_fire("alarm")
    await seen(hass, lambda: settled(bus))
    neogate.receive_sms("tg1", ALICE, "OK", received_at="2026-11-22 03:54:59")
    await seen(hass, lambda: bus["sms_received"])
    for _ in range(50):
        await asyncio.sleep(0)
    neogate.receive_sms("tg1", ALICE, "OK", received_at="2026-11-22 03:59:59")
    await until(hass, lambda: answered)

    assert [call.data["when"] for call in answered] == ["2026-11-22T11:59:59+00:00"]


async def test_an_alarm_that_is_tried_by_hand(chain: Chain) -> None:
    await chain.begin()
    await chain.hass.services.async_call("automation", "trigger", {"entity_id": "automation.automation"})
    assert await chain.texts(1) == [(ALICE, ALARM)]
    await chain.answer("OK")
    await chain.over()


# Text to an agent


def agent(hass: HomeAssistant, *replies: str) -> list[ServiceCall]:
    """Have an agent that replies in turn."""
    calls: list[ServiceCall] = []

    async def process(call: ServiceCall) -> ServiceResponse:
        reply = replies[len(calls)]
        calls.append(call)
        return {"response": {"speech": {"plain": {"speech": reply}}}, "conversation_id": "1"}

    hass.services.async_register(
        "conversation", "process", process, supports_response=SupportsResponse.OPTIONAL
    )
    return calls


async def test_a_conversation(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    change(hass, loaded_goip, pin="0815")
    calls = agent(hass, "It is on.", " ", "42")
    await automate(hass, "text_to_agent", gateways=box_device(hass, loaded_goip), agent="conversation.mine")
    for text in ("Turn it on", "4711 turn it on", "0815 Turn the Light on", "0815 quiet", "0815 the answer?"):
        await receive(hass, goip, bus, text)
    await receive(hass, goip, bus, "Turn it off", BOB)
    await until(hass, lambda: len(settled(bus)) == 2)

    assert [call.data["text"] for call in calls] == ["turn the Light on", "quiet", "the answer?"]
    assert {call.data["agent_id"] for call in calls} == {"conversation.mine"}
    assert {call.data["conversation_id"] for call in calls} == {f"sms_{loaded_goip.entry_id}_alice"}
    assert sent(goip) == [(ALICE, "It is on."), (ALICE, "42")]


async def test_a_conversation_that_begins_with_a_word(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    calls = agent(hass, "Yes.")
    await automate(hass, "text_to_agent", gateways=box_device(hass, loaded_goip), word="Hey")
    for text in ("Is it on?", "HEY", "hey Is it on?"):
        await receive(hass, goip, bus, text)
    await until(hass, lambda: settled(bus))

    assert [call.data["text"] for call in calls] == ["Is it on?"]


@pytest.mark.parametrize("failure", ["Out of order", ""])
async def test_an_agent_that_fails(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, failure: str
) -> None:
    async def fail(_call: ServiceCall) -> ServiceResponse:
        raise HomeAssistantError("no model")

    hass.services.async_register("conversation", "process", fail, supports_response=SupportsResponse.OPTIONAL)
    await automate(hass, "text_to_agent", gateways=box_device(hass, loaded_goip), failure=failure)
    await receive(hass, goip, bus, "Hello")
    if failure:
        await until(hass, lambda: settled(bus))

    assert sent(goip) == ([(ALICE, failure)] if failure else [])


@pytest.mark.usefixtures("unpaced")
async def test_a_long_reply_of_a_neogate_comes_in_pieces(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus
) -> None:
    agent(hass, "Größe " * 400)
    gateways = box_device(hass, loaded_neogate)
    await automate(hass, "text_to_agent", gateways=gateways, longest=1500)
    neogate.receive_sms("tg1", ALICE, "How big?")
    await until(hass, lambda: len(settled(bus)) == len(neogate.outbox) > 1)

    count = len(neogate.outbox)
    pieces = [text for _, text in sent(neogate)]
    assert [piece.split(" ", 1)[0] for piece in pieces] == [f"{n}/{count}" for n in range(1, count + 1)]
    told = " ".join(piece.split(" ", 1)[1] for piece in pieces)
    assert told == ("Größe " * 250)[:1499].strip() + "…"


async def test_a_long_reply_of_a_goip_is_cut(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    agent(hass, "ab" * 400)
    await automate(hass, "text_to_agent", gateways=box_device(hass, loaded_goip))
    await receive(hass, goip, bus, "Say something")
    await until(hass, lambda: settled(bus))

    assert sent(goip) == [(ALICE, ("ab" * 320)[:639] + "…")]


# Low balance


async def test_a_low_balance(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    told = async_mock_service(hass, "test", "told")
    balances = ["sensor.one_balance", "sensor.two_balance"]

    def shows(entity_id: str, *states: str) -> None:
        for state in states:
            hass.states.async_set(
                entity_id, state, {"unit_of_measurement": "EUR", "friendly_name": entity_id[7:10]}
            )

    shows(balances[0], STATE_UNKNOWN)
    shows(balances[1], "3")
    await automate(
        hass,
        "low_balance",
        balances=balances,
        limit=5,
        contacts=[notify_entity(hass, loaded_goip, name) for name in ("Alice", "Bob")],
        actions=[{"action": "test.told", "data": {"text": "{{ text }}"}}],
    )
    shows(balances[1], STATE_UNAVAILABLE, "3", "2.9")  # a reload; and less of what was low before
    await hass.async_block_till_done()
    assert told == []
    shows(balances[0], "4.99")  # the first that is read
    await until(hass, lambda: len(settled(bus)) == 2)
    shows(balances[0], "4.5", STATE_UNAVAILABLE, "4.5")
    shows(balances[1], "5")
    await hass.async_block_till_done()
    assert [call.data["text"] for call in told] == ["one: 4.99 EUR"]
    assert sorted(sent(goip)) == sorted([(ALICE, "one: 4.99 EUR"), (BOB, "one: 4.99 EUR")])

    goip.fail_next_send("goip1")
    goip.fail_next_send("goip2")
    shows(balances[1], "1.1")
    await until(hass, lambda: len(told) == 2)
    assert told[1].data["text"] == "two: 1.1 EUR"  # though nobody could be texted


# Missed call

MISSED = "We missed your call, and will call you back."


async def ring(
    hass: HomeAssistant, goip: GoIP, bus: Bus, number: str, *, answer: bool = False, line: str = "goip1"
) -> None:
    """Let somebody call, until the caller hangs up."""
    before = len(bus["call"])
    goip.ring(line, number)
    if answer:
        goip.answer(line)
    goip.hang_up(line)
    await until(hass, lambda: len(bus["call"]) == before + 2 + answer)


async def test_a_missed_call(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    freezer: FrozenDateTimeFactory,
    clock: Clock,
) -> None:
    await automate(hass, "missed_call", gateways=box_device(hass, loaded_goip))
    await ring(hass, goip, bus, STRANGER, answer=True)
    await ring(hass, goip, bus, "")
    await ring(hass, goip, bus, "10086")
    assert bus["sms_status"] == []
    await ring(hass, goip, bus, STRANGER, line="goip2")
    await until(hass, lambda: settled(bus))
    assert [(sms.line, sms.number, sms.text) for sms in goip.outbox] == [("goip2", STRANGER, MISSED)]

    freezer.tick(timedelta(minutes=59))
    for line in goip.line_names:
        await ring(hass, goip, bus, STRANGER, line=line)
    await ring(hass, goip, bus, ALICE.removeprefix("+"))
    await until(hass, lambda: len(settled(bus)) == 2)
    assert sent(goip)[1:] == [(ALICE, MISSED)]  # a contact is texted by the number that is kept of it

    freezer.tick(timedelta(minutes=2))
    clock.skip(11)  # the same text may go to the same number again
    await ring(hass, goip, bus, STRANGER)
    await ring(hass, goip, bus, ALICE.removeprefix("+"))
    await until(hass, lambda: len(settled(bus)) == 3)
    assert sent(goip)[2:] == [(STRANGER, MISSED)]


async def test_a_missed_call_of_numbers_that_are_chosen(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    port = port_device(hass, loaded_goip, "goip1")
    await automate(
        hass, "missed_call", gateways=[port], pattern=r"\+49", message="Sorry {{ trigger.number }}"
    )
    await ring(hass, goip, bus, STRANGER)
    await ring(hass, goip, bus, BOB, line="goip2")
    goip.fail_next_send("goip1")
    for count in (1, 2):
        await ring(hass, goip, bus, BOB)
        await until(hass, lambda count=count: len(settled(bus)) == count)
        clock.skip(11)
    await ring(hass, goip, bus, BOB)

    assert sent(goip) == [(BOB, f"Sorry {BOB}")]
    assert [event.data["status"] for event in settled(bus)] == ["failed", "sent"]


async def test_a_missed_call_of_a_private_box(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"private": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await automate(hass, "missed_call", gateways=box_device(hass, goip_entry))
    for _ in range(2):
        await ring(hass, goip, bus, STRANGER)
    await until(hass, lambda: settled(bus))

    assert sent(goip) == [(STRANGER, MISSED)]
