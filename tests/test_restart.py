"""Texts over restarts: each is handed on once and sent once, and nothing is replayed."""

from contextlib import AsyncExitStack
import logging

from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import MATCH_ALL
from homeassistant.core import CoreState, Event, HomeAssistant, callback
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK
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
    caught_up,
    port_device,
    register,
    set_up,
    settled,
    state,
    until,
)
from .mail_bench import Bus, close, history, restart, send, sql, started, statuses, told

SMS = f"{GOIP_ID}_goip1_sms"


async def receive(hass: HomeAssistant, goip: GoIP, bus: Bus, text: str, sender: str = STRANGER) -> str:
    """Let a text arrive, and give its id."""
    before = len(bus["sms_received"])
    goip.receive_sms("goip1", sender, text)
    await until(hass, lambda: len(bus["sms_received"]) > before)
    message_id: str = bus["sms_received"][-1].data["message_id"]
    return message_id


async def take(goip: GoIP, *texts: str, line: str = "goip1") -> None:
    """Let texts arrive that are not handed on yet, and see them acknowledged."""
    pushes = [goip.line(line).push_sms(STRANGER, text) for text in texts]
    await goip.wait_for(lambda: all(push.acknowledged for push in pushes))


def messages(bus: Bus) -> list[tuple[str, bool]]:
    """Give the texts that were handed on, and whether each was said to be delayed."""
    return [(event.data["message"], event.data["delayed"]) for event in bus["sms_received"]]


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give the warnings of our own code."""
    ours = (one for one in caplog.records if "gsm_gateway" in one.pathname)
    return [one.getMessage() for one in ours if one.levelno >= logging.WARNING]


# Handing on.

_DOUBTFUL = (
    "2 received texts may have been acted on when Home Assistant was ended; they are in the history and are"
    " not handed on again"
)


async def test_texts_wait_for_the_start_of_home_assistant_even_over_a_reload(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.set_state(CoreState.starting)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await take(goip, "first")
    await hass.config_entries.async_reload(goip_entry.entry_id)
    await hass.async_block_till_done()
    await register(hass, goip)
    await take(goip, "second")
    assert messages(bus) == []
    shown = await history(hass, box_device(hass, goip_entry))
    assert [(one["message"], one["handed_on"]) for one in shown] == [("second", "no"), ("first", "no")]

    await started(hass)
    await until(hass, lambda: len(bus["sms_received"]) == 2)
    assert messages(bus) == [("first", True), ("second", False)]  # one of them in time
    assert attributes(hass, "event", SMS)["message_id"] == bus["sms_received"][1].data["message_id"]
    shown = await history(hass, box_device(hass, goip_entry))
    assert [one["handed_on"] for one in shown] == ["yes", "yes"]


async def test_what_was_not_handed_on_is_handed_on_at_the_next_start(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.set_state(CoreState.starting)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await take(goip, "kept")
    await close(hass, goip_entry)
    assert messages(bus) == []

    hass.set_state(CoreState.running)
    await set_up(hass, goip_entry)
    await until(hass, lambda: bus["sms_received"])
    assert messages(bus) == [("kept", True)]
    assert bus["sms_received"][0].data["device_id"] == port_device(hass, goip_entry, "goip1")
    assert attributes(hass, "event", SMS)["sender"] == STRANGER  # whoever looks at the entity learns of it
    for _ in range(2):
        await restart(hass, goip_entry)
    assert len(bus["sms_received"]) == 1


async def test_what_may_have_been_handed_on_is_not_handed_on_again(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    caplog: pytest.LogCaptureFixture,
    hass_client: ClientSessionGenerator,
) -> None:
    for text in ("open the door", "close the door"):
        await receive(hass, goip, bus, text)
    await close(hass, loaded_goip)
    sql(hass, loaded_goip, "UPDATE texts SET status = 'handing_on', over = 0")
    bus["sms_received"].clear()
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    await receive(hass, goip, bus, "a later one")

    assert [text for text, _ in messages(bus)] == ["a later one"]
    shown = await history(hass, box_device(hass, loaded_goip))
    assert [(one["message"], one["handed_on"]) for one in shown] == [
        ("a later one", "yes"),
        ("close the door", "unknown"),
        ("open the door", "unknown"),
    ]
    assert [one for one in warnings(caplog) if "not handed on again" in one] == [_DOUBTFUL]
    assert (await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip))["store"]["doubtful"] == 2
    caplog.clear()
    await restart(hass, loaded_goip)
    assert warnings(caplog) == []
    assert (await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip))["store"]["doubtful"] == 0


async def test_parts_outlive_a_restart_and_their_time_goes_on(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    async def arrive(sender: str, text: str, index: int, reference: str) -> None:
        content, stamp = encode_content(text), "2026-11-22 04:00:00"
        neogate.receive_part(
            "tg1", sender, content, index=index, total=2, reference=reference, received_at=stamp
        )
        await caught_up(hass, neogate)

    await arrive(STRANGER, "begin", 1, "9")
    await arrive(BOB, "alone", 1, "8")
    freezer.tick(200)
    clock.skip(200)
    await restart(hass, loaded_neogate)
    await arrive(STRANGER, "ning", 2, "9")
    assert [(event.data["message"], event.data["complete"]) for event in whole(bus)] == [("beginning", True)]
    freezer.tick(80)
    clock.skip(80)
    await caught_up(hass, neogate)
    assert len(whole(bus)) == 1
    await close(hass, loaded_neogate)
    freezer.tick(20)
    await set_up(hass, loaded_neogate)
    await until(hass, lambda: len(whole(bus)) == 2)
    data = whole(bus)[1].data
    assert (data["sender"], data["complete"], data["parts"]) == (BOB, False, 2)
    await restart(hass, loaded_neogate)
    assert len(whole(bus)) == 2


def whole(bus: Bus) -> list[Event]:
    """Give the texts that were of several parts."""
    return [event for event in bus["sms_received"] if event.data["parts"] > 1]


async def test_repeats_are_known_after_a_restart(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, freezer: FrozenDateTimeFactory
) -> None:
    line = goip.line("goip1")
    push = line.push_sms(ALICE, "once")
    await until(hass, lambda: bus["sms_received"])
    await restart(hass, loaded_goip)
    await register(hass, goip)
    again = line.push("RECEIVE", f"srcnum:{ALICE};msg:once", recvid=push.recvid)
    await goip.wait_for(lambda: again.acknowledged)
    await receive(hass, goip, bus, "once", ALICE)  # said again under another number, it is another
    assert [text for text, _ in messages(bus)] == ["once", "once"]

    await close(hass, loaded_goip)
    freezer.tick(121)
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    line.push("RECEIVE", f"srcnum:{ALICE};msg:once", recvid=push.recvid)
    await until(hass, lambda: len(bus["sms_received"]) == 3)


# Sending.


@pytest.mark.parametrize(("report", "end"), [(None, "unknown"), (0, "delivered"), (70, "failed")])
async def test_what_was_leaving_is_not_sent_again(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    report: int | None,
    end: str,
) -> None:
    goip.plan_send("goip1", STUCK)
    port = port_device(hass, loaded_goip, "goip1")
    await send(hass, port, wait=False)
    await goip.wait_for(lambda: goip.outbox)
    await restart(hass, loaded_goip)
    await register(hass, goip)
    if report is not None:
        goip.line("goip1").push_delivery(160, num=ALICE, state=report)
    clock.skip(61)
    await until(hass, lambda: statuses(bus)[-1] == end)
    for _ in range(2):
        await restart(hass, loaded_goip)
        await register(hass, goip)
    assert len(goip.outbox) == 1
    assert (await history(hass, port))[0]["status"] == end


async def test_an_end_that_came_before_the_start_is_told_when_somebody_listens(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await send(hass, port_device(hass, loaded_goip, "goip1"), wait=False)
    await close(hass, loaded_goip)
    freezer.tick(3601)
    hass.set_state(CoreState.starting)
    await set_up(hass, loaded_goip)
    assert [one["status"] for one in await history(hass, box_device(hass, loaded_goip))] == ["expired"]
    assert settled(bus) == []  # automations have no triggers yet
    await started(hass)
    await until(hass, lambda: statuses(bus) == ["queued", "expired"])
    assert attributes(hass, "event", SMS)["event_type"] == "expired"


async def test_an_end_that_came_before_the_start_is_told_over_a_reload(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await send(hass, port_device(hass, loaded_goip, "goip1"), wait=False)
    await close(hass, loaded_goip)
    freezer.tick(3601)
    hass.set_state(CoreState.starting)
    await restart_starting(hass, loaded_goip)
    await started(hass)
    await until(hass, lambda: statuses(bus) == ["queued", "expired"])


async def restart_starting(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set a box up and reload it while Home Assistant starts."""
    await set_up(hass, entry)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


# Nothing is replayed.


async def test_nothing_is_told_again(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    simulators: AsyncExitStack,
) -> None:
    box = box_device(hass, loaded_goip)
    await receive(hass, goip, bus, "open the door")
    await send(hass, box)
    goip.fail_next_send("goip2")
    await send(hass, port_device(hass, loaded_goip, "goip2"), recipients=BOB)
    goip.ring("goip1", ALICE)
    goip.hang_up("goip1")
    await until(hass, lambda: len(bus["call"]) == 2)
    assert len(told(bus)) == 7
    fired: list[str] = []

    @callback
    def _on_event(event: Event) -> None:
        if event.event_type.startswith(DOMAIN):
            fired.append(event.event_type)

    simulators.callback(hass.bus.async_listen(MATCH_ALL, _on_event))
    shown = state(hass, "event", SMS)
    assert await hass.config_entries.async_reload(loaded_goip.entry_id)
    await register(hass, goip)
    hass.set_state(CoreState.starting)
    await restart(hass, loaded_goip)
    await register(hass, goip)
    await started(hass)
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    await register(hass, goip)
    assert fired == []
    assert state(hass, "event", SMS) == shown
    assert len(goip.outbox) == 1


async def test_nothing_is_told_again_by_a_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    await send(hass, box_device(hass, loaded_neogate))
    neogate.receive_sms("tg1", STRANGER, "open the door")
    await until(hass, lambda: bus["sms_received"])
    before = told(bus)
    await restart(hass, loaded_neogate)
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    await neogate.start()
    clock.skip(300)
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")
    assert told(bus) == before
    assert len(neogate.outbox) == 1


# Who wrote.


async def test_senders_are_known_after_a_restart(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    goip.receive_sms("goip2", STRANGER, "Are you there?")
    await until(hass, lambda: bus["sms_received"])
    message_id = bus["sms_received"][0].data["message_id"]
    for number in range(3):
        await receive(hass, goip, bus, f"number {number}", BOB)
    await restart(hass, loaded_goip)
    await register(hass, goip)
    box = box_device(hass, loaded_goip)
    await send(hass, box, reply_to=message_id, message="by reply")
    await send(hass, box, recipients=447700900123, message="without its plus")
    await send(hass, box, recipients="Bob", message="by the port he knows")
    assert [(sms.line, sms.number) for sms in goip.outbox] == [
        ("goip2", STRANGER),
        ("goip2", STRANGER),
        ("goip1", BOB),
    ]
