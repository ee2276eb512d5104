"""Received texts and the disk: what is durable before what, and that each is handed on once, in order."""

from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.inbox import RETRY_PAUSE
from custom_components.gsm_gateway.aiogsm.journal import DropParts, DropPushes, PutPart, PutPush, PutReceived
from custom_components.gsm_gateway.aiogsm.models import HandedOn, ReceivedSms
from custom_components.gsm_gateway.aiogsm.parts import JOIN_TIMEOUT, LEAST_PIECE, PIECE_TIMEOUT, Part
from custom_components.gsm_gateway.aiogsm.records import SmsArrived

from .clocks import WALL, StoppedClock, settled, start, turns_of_the_loop
from .mail_stage import NUMBER, Box, Run

PART = {"reference": "244", "total": 2}


async def test_a_text_is_on_disk_before_it_may_be_acknowledged(run: Run) -> None:
    run.journal.slow = True
    receiving = start(run.mail.keep(_arrival("a")))
    await turns_of_the_loop()
    assert not receiving.done()
    run.journal.finish()
    assert await settled(receiving)


async def test_receipt_and_the_beginning_of_handing_on_are_one_write(run: Run) -> None:
    await run.receive("a", push="RECEIVE:5")
    [push, received] = run.disk.writes[0]
    assert push == PutPush("1", "RECEIVE:5", WALL)
    assert isinstance(received, PutReceived)
    assert received.sms.handed_on is HandedOn.BEGUN
    assert run.log == ["disk PutPush", "disk handing_on a", "told a", "disk done a"]


async def test_nothing_is_handed_on_before_that_is_on_disk(run: Run) -> None:
    run.journal.slow = True
    receiving = start(run.mail.keep(_arrival("a")))
    await turns_of_the_loop()
    assert run.received == []
    run.journal.finish()
    await settled(receiving)
    assert run.texts == ["a"]


async def test_texts_wait_for_who_acts_on_them_and_come_in_order_each_once(box: Box) -> None:
    run = await box.run(hand_on=False)
    for text in "abc":
        assert await run.receive(text)
    assert run.received == []
    assert run.disk.handed_on() == [HandedOn.NO] * 3
    run.mail.begin_handing_on()
    await run.receive("d")
    await turns_of_the_loop()
    assert run.texts == ["a", "b", "c", "d"]
    assert [sms.held_over for sms in run.received] == [False] * 4
    for text in "abcd":
        assert run.log.index(f"disk handing_on {text}") < run.log.index(f"told {text}")


async def test_a_text_that_is_being_written_when_handing_on_begins_keeps_its_place(box: Box) -> None:
    run = await box.run(hand_on=False)
    run.journal.slow = True
    receiving = [start(run.mail.keep(_arrival(text))) for text in "ab"]
    await turns_of_the_loop()
    run.mail.begin_handing_on()
    receiving.append(start(run.mail.keep(_arrival("c"))))
    for _ in range(4):
        run.journal.finish()
        await turns_of_the_loop()
    for task in receiving:
        await settled(task)
    run.journal.finish()
    assert run.texts == ["a", "b", "c"]


async def test_identical_texts_are_both_handed_on(run: Run) -> None:
    await run.receive("a")
    await run.receive("a")
    assert run.texts == ["a", "a"]
    assert len({sms.message_id for sms in run.received}) == 2


# Parts


async def test_a_part_is_on_disk_and_waits(run: Run) -> None:
    assert await run.receive("a", place=1, push="RECEIVE:5", **PART)
    [push, part] = run.disk.writes[0]
    assert push == PutPush("1", "RECEIVE:5", WALL)
    assert isinstance(part, PutPart)
    assert (part.part.text, part.arrived_at) == ("a", WALL)
    assert run.received == []


async def test_a_text_takes_the_place_of_its_parts_in_one_write(run: Run) -> None:
    await run.receive("b", place=2, **PART)
    await run.receive("a", place=1, **PART)
    [received, dropped] = run.disk.writes[1]
    assert isinstance(received, PutReceived)
    assert (received.sms.text, received.sms.parts) == ("ab", 2)
    assert dropped == DropParts("1", NUMBER, "244")
    assert run.texts == ["ab"]


async def test_a_repeated_part_changes_nothing(run: Run) -> None:
    for _ in range(2):
        assert await run.receive("a", place=1, **PART)
    assert len(run.disk.changes(PutPart)) == 1


async def test_what_never_became_whole_is_handed_on_after_a_while_as_it_is(
    run: Run, stopped_clock: StoppedClock
) -> None:
    await run.receive("b", place=2, **PART)
    await stopped_clock.move(JOIN_TIMEOUT - 1)
    assert run.received == []
    await stopped_clock.move(1)
    [sms] = run.received
    assert (sms.text, sms.parts, sms.complete) == ("b", 2, False)
    assert run.disk.changes(DropParts) == [DropParts("1", NUMBER, "244")]


# A disk without room


async def test_a_text_that_finds_no_room_is_handed_on_from_memory(run: Run) -> None:
    run.disk.room = False
    assert not await run.receive("a")
    assert run.texts == ["a"]
    assert run.disk.writes == []


async def test_a_text_whose_beginning_cannot_be_written_is_tried_again(
    box: Box, stopped_clock: StoppedClock
) -> None:
    run = await box.run(hand_on=False)
    await run.receive("a")
    run.disk.room = False
    run.mail.begin_handing_on()
    await turns_of_the_loop()
    assert run.received == []
    run.disk.room = True
    await stopped_clock.move(RETRY_PAUSE)
    assert run.texts == ["a"]


async def test_a_whole_text_whose_parts_are_on_disk_waits_for_room(
    run: Run, stopped_clock: StoppedClock
) -> None:
    await run.receive("a", place=1, **PART)
    run.disk.room = False
    assert not await run.receive("b", place=2, **PART)
    assert run.received == []
    run.disk.room = True
    await stopped_clock.move(RETRY_PAUSE)
    assert run.texts == ["ab"]
    assert run.disk.changes(DropParts) != []


async def test_what_cannot_be_tried_again_any_more_is_left_to_the_next_run(box: Box) -> None:
    run = await box.run(hand_on=False)
    await run.receive("a")
    run.disk.room = False
    run.mail.begin_handing_on()
    await turns_of_the_loop()
    await run.end()
    box.disk.room = True
    following = await box.run()
    assert following.texts == ["a"]
    assert following.received[0].held_over


# Closing


@pytest.mark.parametrize("turns", range(6))
async def test_a_text_is_neither_lost_nor_doubled_whenever_the_gateway_is_closed(
    box: Box, turns: int
) -> None:
    run = await box.run(hand_on=False)
    await run.receive("a")
    run.mail.begin_handing_on()
    receiving = start(run.mail.keep(_arrival("b")))
    await turns_of_the_loop(turns)
    await settled(receiving)
    await run.end()
    following = await box.run()
    assert run.texts + following.texts == ["a", "b"]


async def test_closing_waits_until_what_was_begun_is_done(box: Box) -> None:
    """Else the next run would find it begun, and nobody would ever hear of it."""
    run = await box.run(hand_on=False)
    await run.receive("a")
    run.journal.slow = True
    run.mail.begin_handing_on()
    await run.end()
    assert run.texts == ["a"]
    assert run.disk.handed_on() == [HandedOn.NO, HandedOn.BEGUN, HandedOn.DONE]


# From one run to the next


async def test_what_was_not_handed_on_is_once_and_says_that_it_was_held_over(box: Box) -> None:
    first = await box.run(hand_on=False)
    await first.receive("a")
    second = await box.restart()
    assert second.texts == ["a"]
    assert second.received[0] == replace(
        first.disk.changes(PutReceived)[0].sms, held_over=True, handed_on=HandedOn.BEGUN
    )
    third = await box.restart()
    assert third.received == []
    assert third.mail.doubtful == 0


async def test_what_was_being_handed_on_is_not_handed_on_again_and_counted(box: Box) -> None:
    first = await box.run()
    first.journal.slow = True
    receiving = start(first.mail.keep(_arrival("a")))
    await turns_of_the_loop()
    first.journal.finish(1)
    await settled(receiving)
    assert first.texts == ["a"]
    second = await box.restart()
    assert second.received == []
    assert second.mail.doubtful == 1
    assert box.disk.handed_on() == [HandedOn.BEGUN, HandedOn.UNKNOWN]
    third = await box.restart()
    assert third.mail.doubtful == 0
    assert third.received == []


async def test_parts_survive_a_restart_and_their_time_goes_on(box: Box, stopped_clock: StoppedClock) -> None:
    run = await box.run()
    await run.receive("a", place=1, **PART)
    run = await box.restart(after=JOIN_TIMEOUT - 10)
    await stopped_clock.move(9)
    assert run.received == []
    await stopped_clock.move(1)
    assert [(sms.text, sms.complete) for sms in run.received] == [("a", False)]


async def test_a_text_is_joined_from_parts_of_two_runs(box: Box) -> None:
    run = await box.run()
    await run.receive("a", place=1, **PART)
    run = await box.restart()
    await run.receive("a", place=1, **PART)
    assert run.received == []
    await run.receive("b", place=2, **PART)
    assert run.texts == ["ab"]
    assert (await box.restart()).received == []


async def test_parts_that_were_too_old_when_the_run_began_are_handed_on_as_they_are(
    box: Box, stopped_clock: StoppedClock
) -> None:
    run = await box.run()
    await run.receive("a", place=1, **PART)
    run = await box.restart(after=3 * JOIN_TIMEOUT)
    await stopped_clock.move(0)
    assert run.texts == ["a"]


async def test_pieces_survive_a_restart_too(box: Box, stopped_clock: StoppedClock) -> None:
    run = await box.run()
    await run.receive("x" * LEAST_PIECE, loose=True)
    run = await box.restart(after=PIECE_TIMEOUT - 10)
    await run.receive("end", loose=True)
    assert run.texts == ["x" * LEAST_PIECE + "end"]


@pytest.mark.parametrize("years", [-20, 20])
async def test_a_clock_that_is_set_keeps_no_part_for_ever(
    box: Box, stopped_clock: StoppedClock, years: int
) -> None:
    run = await box.run()
    await run.receive("a", place=1, **PART)
    run = await box.restart(wall=WALL.replace(year=WALL.year + years))
    await stopped_clock.move(JOIN_TIMEOUT)
    assert run.texts == ["a"]


async def test_a_port_that_starts_anew_forgets_its_pushes_on_disk(run: Run) -> None:
    await run.receive("a", push="RECEIVE:5")
    run.mail.restarted("1")
    await turns_of_the_loop()
    assert run.disk.changes(DropPushes) == [DropPushes("1")]
    assert run.disk.remembered(WALL).pushes == []


def test_what_is_told_shows_neither_sender_nor_text_in_a_log() -> None:
    sms = ReceivedSms(message_id="m", port="1", sender=NUMBER, text="secret", received_at=WALL)
    assert "secret" not in repr(sms)
    assert NUMBER not in repr(sms)


def _arrival(text: str) -> SmsArrived:
    return SmsArrived(gateway="box", part=Part(port="1", sender=NUMBER, text=text))
