"""Texts on their way out, and the disk: what is durable before what, and what a disk without room means."""

import asyncio
from datetime import datetime, timedelta, timezone

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Draft, Terms
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.journal import PutMessage, PutUsage
from custom_components.gsm_gateway.aiogsm.models import MessageError, MessageStatus, PortStatus, Trace
from custom_components.gsm_gateway.aiogsm.outbox import RETRY_PAUSE
from custom_components.gsm_gateway.aiogsm.requests import SendSms

from .clocks import WALL, StoppedClock, settled, start, turns_of_the_loop
from .mail_stage import NUMBER, SENT, Box, Run
from .outbox_stage import port, ports


async def test_every_step_is_on_disk_before_it_is_told_and_before_anything_leaves(run: Run) -> None:
    await run.send("a")
    assert run.log == [
        "disk queued a",
        "told queued a",
        "disk sending a",
        "told sending a",
        "left a@1",
        "disk sent a",
        "disk PutUsage",
        "told sent a",
    ]


async def test_nothing_departs_before_it_is_queued_on_disk(run: Run) -> None:
    run.journal.slow = True
    sending = start(run.mail.send([Draft(NUMBER, "a")], _terms()))
    await turns_of_the_loop()
    assert not sending.done()
    assert (run.asked, run.log) == ([], [])
    run.journal.finish()
    await settled(sending)
    assert len(run.asked) == 1


async def test_nothing_leaves_before_its_mark_is_on_disk(run: Run) -> None:
    run.journal.slow = True
    sending = start(run.mail.send([Draft(NUMBER, "a")], _terms()))
    await turns_of_the_loop()
    run.journal.finish()
    await turns_of_the_loop()
    assert (len(run.asked), run.network.left) == (1, [])
    [[mark]] = run.journal.pending
    assert isinstance(mark, PutMessage)
    assert (mark.message.status, mark.message.port) == (MessageStatus.SENDING, "1")
    assert (mark.message.left_at, mark.message.trace) == (WALL, Trace(sendid=1, telid=1))
    run.journal.finish()
    await settled(sending)
    assert len(run.network.left) == 1
    run.journal.finish()
    await turns_of_the_loop()


async def test_the_end_is_on_disk_before_it_is_told_and_counted_in_the_same_write(run: Run) -> None:
    run.network.answer = lambda _: None
    [sending] = await run.send("a")
    run.journal.slow = True
    await run.settle(SENT)
    [[end, usage]] = run.journal.pending
    assert isinstance(end, PutMessage)
    assert end.message.status is MessageStatus.SENT
    assert usage == PutUsage("1", WALL.date(), 1)
    assert run.last.status is MessageStatus.SENDING
    waiting = start(sending.wait())
    await turns_of_the_loop()
    assert not waiting.done()
    run.journal.finish()
    assert (await settled(waiting)).status is MessageStatus.SENT
    assert run.last.status is MessageStatus.SENT


async def test_each_recipient_has_a_mark_of_its_own(run: Run) -> None:
    numbers = [f"+1555000000{n}" for n in range(3)]
    await run.mail.send([Draft(number, "a") for number in numbers], _terms())
    await turns_of_the_loop(40)
    assert run.disk.writes[0] == tuple(
        PutMessage(change.message) for change in run.disk.changes(PutMessage)[:3]
    )
    marked = [one.message for one in run.disk.changes(PutMessage) if one.message.status == "sending"]
    assert [one.recipient for one in marked] == numbers
    assert run.log.count("left a@1") == 3


async def test_texts_of_one_call_are_queued_together_or_not_at_all(run: Run) -> None:
    run.journal.slow = True
    sending = start(run.mail.send([Draft(NUMBER, "a"), Draft("+15550000001", "a")], _terms()))
    await turns_of_the_loop()
    [write] = run.journal.pending
    assert len(write) == 2
    run.journal.finish()
    run.journal.slow = False
    await settled(sending)


async def test_whoever_stops_waiting_for_the_disk_has_queued_the_text(run: Run) -> None:
    run.journal.slow = True
    sending = start(run.mail.send([Draft(NUMBER, "a")], _terms()))
    sending.cancel()
    run.journal.slow = False
    run.journal.finish()
    await turns_of_the_loop(20)
    assert run.statuses == ["queued", "sending", "sent"]


# A disk without room


async def test_a_mark_that_cannot_be_written_sends_nothing_and_is_tried_again(
    run: Run, stopped_clock: StoppedClock
) -> None:
    run.network.ports = ports("", port("1", PortStatus.NO_SIGNAL))
    await run.send("a")
    run.disk.room = False
    run.network.ports = ports("1")
    run.mail.sender.pump()
    await turns_of_the_loop()
    assert len(run.asked) == 1
    assert run.network.left == []
    assert run.last.status is MessageStatus.QUEUED
    await stopped_clock.move(RETRY_PAUSE - 1)
    assert len(run.asked) == 1
    run.disk.room = True
    await stopped_clock.move(1)
    assert run.log[-2:] == ["disk PutUsage", "told sent a"]
    assert len(run.network.left) == 1


async def test_what_could_not_be_marked_goes_out_with_the_next_run(box: Box, run: Run) -> None:
    run.network.ports = ports("", port("1", PortStatus.NO_SIGNAL))
    await run.send("a")
    run.disk.room = False
    run.network.ports = ports("1")
    run.mail.sender.pump()
    await turns_of_the_loop()
    run.kill()
    box.disk.room = True
    await box.run()
    assert len(box.network.left) == 1
    assert box.disk.message().status is MessageStatus.SENT


async def test_a_text_that_the_disk_never_had_goes_from_memory(run: Run) -> None:
    run.disk.room = False
    [sending] = await run.send("a")
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT
    assert run.log == ["told queued a", "told sending a", "left a@1", "told sent a"]
    assert run.disk.writes == []


async def test_an_end_that_the_disk_had_no_room_for_is_written_once_there_is(run: Run) -> None:
    run.network.answer = lambda _: None
    [sending] = await run.send("a")
    run.disk.room = False
    await run.settle(SENT)
    assert sending.message.status is MessageStatus.SENT
    assert run.disk.statuses() == ["queued", "sending"]
    run.disk.room = True
    await run.send("b")
    assert run.disk.statuses(sending.message.message_id) == ["queued", "sending", "sent"]


async def test_an_end_that_the_disk_had_no_room_for_is_written_at_the_close(box: Box, run: Run) -> None:
    run.network.answer = lambda _: None
    await run.send("a")
    run.disk.room = False
    await run.settle(SENT)
    run.disk.room = True
    await run.end()
    assert box.disk.message().status is MessageStatus.SENT


async def test_a_text_that_came_to_the_disk_after_all_does_not_go_from_memory_any_more(
    run: Run, stopped_clock: StoppedClock
) -> None:
    """The disk has it as queued, and would send it again after a kill."""
    run.disk.room = False
    run.network.answer = lambda _: None
    await run.send("a")
    run.disk.room = True
    await run.settle(GatewayTimeout("silence"))
    assert run.disk.statuses() == ["queued"]
    run.disk.room = False
    await stopped_clock.move(RETRY_PAUSE)
    assert len(run.asked) == 2
    assert len(run.network.left) == 1


async def test_what_the_disk_never_had_is_written_when_the_gateway_is_closed(box: Box, run: Run) -> None:
    run.network.ports = ports("", port("1", PortStatus.NO_SIGNAL))
    run.disk.room = False
    await run.send("a")
    run.disk.room = True
    await run.end()
    assert box.disk.message().status is MessageStatus.QUEUED


async def test_or_it_fails_and_that_is_told(run: Run) -> None:
    run.network.ports = ports("", port("1", PortStatus.NO_SIGNAL))
    run.disk.room = False
    [sending] = await run.send("a")
    waiting = start(sending.wait())
    await run.end()
    message = await settled(waiting)
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.STORE_FAILED)
    assert run.statuses == ["queued", "failed"]


async def test_what_the_disk_never_had_and_may_have_left_is_unknown_at_once(run: Run) -> None:
    run.network.answer = lambda _: None
    run.disk.room = False
    await run.send("a")
    await run.end()
    assert run.statuses == ["queued", "sending", "unknown"]


# Closing


async def test_closing_leaves_what_waits_on_disk(box: Box, run: Run) -> None:
    run.network.ports = ports("", port("1", PortStatus.NO_SIGNAL))
    [sending] = await run.send("a")
    waiting = start(sending.wait())
    await run.end()
    assert (await settled(waiting)).status is MessageStatus.QUEUED
    box.network.ports = ports("1")
    await box.run()
    assert box.disk.statuses() == ["queued", "sending", "sent"]


async def test_closing_leaves_what_may_have_left_for_the_next_run_to_ask_after(box: Box, run: Run) -> None:
    run.network.answer = lambda _: None
    [sending] = await run.send("a")
    waiting = start(sending.wait())
    await run.end()
    assert (await settled(waiting)).status is MessageStatus.SENDING
    assert box.disk.statuses() == ["queued", "sending"]
    following = await box.run()
    assert [type(request).__name__ for request in following.asked] == ["AwaitResult"]
    await following.settle(SENT)
    assert box.disk.message().status is MessageStatus.SENT
    assert len(box.network.left) == 1


@pytest.mark.parametrize("turns", range(8))
async def test_a_text_is_neither_lost_nor_doubled_whenever_the_gateway_is_closed(
    box: Box, run: Run, turns: int
) -> None:
    run.network.answer = lambda _: None
    asking = start(run.mail.send([Draft(NUMBER, "a")], _terms()))
    await turns_of_the_loop(turns)
    await run.end()
    await settled(asking)
    box.network.answer = lambda request: SENT if isinstance(request, SendSms) else OutcomeUnknown("silence")
    await box.run()
    left = len(box.network.left)
    assert (left, box.disk.message().status) in [(1, MessageStatus.SENT), (1, MessageStatus.UNKNOWN)]


async def test_closing_does_not_wait_for_a_port_to_come_to_rest(run: Run) -> None:
    run.network.answer = lambda _: None
    await run.send("a")

    async def rest() -> None:
        async with run.mail.sender.at_rest(["1"]):
            pass

    resting = asyncio.create_task(rest())
    await turns_of_the_loop()
    assert not resting.done()
    await run.end()
    await settled(resting)


# How it went


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (CommandRefused("no"), ["queued", "sending", "failed"]),
        (OutcomeUnknown("silence"), ["queued", "sending", "unknown"]),
        (PortNotReady("busy"), ["queued", "sending", "failed"]),
        (LinkLost("cut"), ["queued", "sending", "queued"]),
        (GatewayTimeout("silence"), ["queued", "sending", "queued"]),
    ],
)
async def test_what_came_of_a_text_is_on_disk(run: Run, outcome: GatewayError, statuses: list[str]) -> None:
    run.network.answer = lambda _: None
    await run.send("a")
    run.network.ports = {} if isinstance(outcome, LinkLost) else run.network.ports
    await run.settle(outcome)
    assert run.disk.statuses() == statuses
    assert run.statuses == statuses


async def test_a_text_waits_as_long_as_it_may(run: Run, stopped_clock: StoppedClock) -> None:
    run.network.ports = {}
    await run.send("a", expires_after=timedelta(minutes=5))
    await stopped_clock.move(299)
    assert run.statuses == ["queued"]
    await stopped_clock.move(1)
    assert run.disk.statuses() == ["queued", "expired"]
    assert run.last.error is MessageError.BOX_OFFLINE


async def test_a_time_before_which_a_text_must_not_leave_needs_its_zone(run: Run) -> None:
    naive = datetime(2026, 11, 1, 13, 0)  # noqa: DTZ001 - that is what is refused
    with pytest.raises(InvalidInput) as caught:
        await run.send("a", not_before=naive)
    assert caught.value.reason == "not_before"
    assert run.disk.writes == []


async def test_a_text_waits_for_its_time_and_then_as_long_as_it_may(
    run: Run, stopped_clock: StoppedClock
) -> None:
    later = (WALL + timedelta(minutes=10)).astimezone(timezone(timedelta(hours=2)))
    run.network.ports = {}
    await run.send("a", not_before=later, expires_after=timedelta(minutes=5))
    assert run.disk.message().expires_at == WALL + timedelta(minutes=15)
    await stopped_clock.move(14 * 60)
    assert run.statuses == ["queued"]
    run.network.ports = ports("1")
    run.mail.sender.pump()
    await turns_of_the_loop()
    assert run.statuses[-1] == "sent"


async def test_a_text_waits_for_its_time_though_a_port_is_ready(
    run: Run, stopped_clock: StoppedClock
) -> None:
    await run.send("a", not_before=WALL + timedelta(minutes=10))
    await stopped_clock.move(599)
    assert run.statuses == ["queued"]
    await stopped_clock.move(1)
    assert run.statuses[-1] == "sent"


def _terms() -> Terms:
    return Terms(force=True)


async def test_what_is_not_over_is_written_anew_when_the_journal_has_lost_it(run: Run) -> None:
    run.network.answer = lambda _: None
    await run.send("leaving")
    run.network.ports = {}
    await run.send("waiting")
    run.log.clear()
    assert run.journal.on_loss is not None
    run.journal.on_loss()
    await turns_of_the_loop()
    assert run.log == ["disk queued waiting", "disk sending leaving"]


async def test_what_could_not_be_written_anew_goes_from_memory(run: Run) -> None:
    run.network.ports = {}
    await run.send("waiting")
    assert run.journal.on_loss is not None
    run.disk.writes.clear()
    run.disk.room = False
    run.journal.on_loss()
    run.network.ports = ports("1")
    run.mail.sender.pump()
    await turns_of_the_loop()
    assert run.statuses[-1] == "sent"


async def test_what_was_written_anew_does_not(run: Run) -> None:
    run.network.ports = {}
    await run.send("waiting")
    assert run.journal.on_loss is not None
    run.journal.on_loss()
    await turns_of_the_loop()
    run.disk.room = False
    run.network.ports = ports("1")
    run.mail.sender.pump()
    await turns_of_the_loop()
    assert run.network.left == []
