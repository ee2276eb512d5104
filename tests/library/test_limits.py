"""How much may be sent: by a port in a day and a month, by a box in an hour, and the same text twice."""

from datetime import date, timedelta, timezone

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Admission, Draft, Policy, Terms
from custom_components.gsm_gateway.aiogsm.errors import CommandRefused, InvalidInput, LinkLost, OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.journal import Fact, PutFact, PutUsage
from custom_components.gsm_gateway.aiogsm.limits import HOUR, LOOP_WITHIN, RESERVE, Breaker, Limits, Usage
from custom_components.gsm_gateway.aiogsm.models import MessageError, MessageStatus, Priority
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .clocks import WALL, StoppedClock, turns_of_the_loop
from .mail_stage import NUMBER, Box, Run
from .outbox_stage import at, names, outbox_with, ports, text

DAY = WALL.date()
NORMAL, HIGH = Priority.NORMAL, Priority.HIGH
SENT = SmsTaken()


# Days and months


def test_texts_are_counted_by_port_and_day() -> None:
    usage = Usage()
    assert [usage.add("1", DAY), usage.add("1", DAY), usage.add("2", DAY)] == [1, 2, 1]
    assert (usage.of_day("1", DAY), usage.of_day("1", DAY + timedelta(days=1))) == (2, 0)


def test_a_month_is_that_of_the_calendar() -> None:
    usage = Usage()
    usage.restore({("1", date(2026, 10, 31)): 7, ("1", date(2026, 11, 1)): 2, ("1", date(2026, 11, 30)): 3})
    assert usage.of_month("1", date(2026, 11, 30)) == 5
    assert usage.of_month("1", date(2026, 10, 31)) == 7
    assert usage.of_month("1", date(2026, 12, 1)) == 0


def test_counts_days_and_months_by_port() -> None:
    usage = Usage()
    usage.restore({("1", date(2026, 11, 1)): 3, ("1", date(2026, 10, 31)): 5, ("2", date(2026, 11, 2)): 7})
    assert usage.add("1", date(2026, 11, 2)) == 1
    assert usage.add("1", date(2026, 11, 2)) == 2
    assert (usage.of_day("1", date(2026, 11, 2)), usage.of_day("1", date(2026, 11, 3))) == (2, 0)
    assert usage.of_month("1", date(2026, 11, 2)) == 5
    assert usage.of_month("1", date(2026, 10, 31)) == 5


def test_forgets_what_was_before_the_last_month() -> None:
    usage, first = Usage(), date(2026, 11, 1)
    for day in range(10 * 365):
        usage.add("1", first + timedelta(days=day))
    last = first + timedelta(days=day)
    assert usage.of_month("1", last) == last.day
    assert usage.of_day("1", last.replace(day=1) - timedelta(days=1)) == 1
    assert len(usage._counts["1"]) <= 62


@pytest.mark.parametrize("limits", [{"per_day": 2}, {"per_month": 2}])
def test_a_port_that_has_sent_all_it_may_sends_no_more(limits: dict[str, int]) -> None:
    outbox = outbox_with(*(text(f"m{n}", recipient=f"{n}") for n in range(3)), **limits)
    for number in range(2):
        assert names(outbox.take(ports("1"), at(number))) == [f"m{number}@1"]
        outbox.settle(f"m{number}", SENT, ports("1"), at(number))
    assert outbox.take(ports("1"), at(2)) == []
    [message] = outbox.give_up(ports("1"), at(2))
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.LIMIT_REACHED)


def test_another_port_takes_over() -> None:
    outbox = outbox_with(text("a"), per_day=1)
    assert names(outbox.take(ports("12"), at())) == ["a@1"]
    outbox.settle("a", SENT, ports("12"), at())
    outbox.add(text("b"), at())
    assert names(outbox.take(ports("12"), at())) == ["b@2"]


def test_a_text_for_a_port_that_may_send_no_more_fails_though_others_may() -> None:
    outbox = outbox_with(text("a", pinned="1"), per_day=1)
    outbox.usage.add("1", DAY)
    [message] = outbox.give_up(ports("12"), at())
    assert message.error is MessageError.LIMIT_REACHED


def test_what_is_on_its_way_counts_but_is_no_reason_to_fail() -> None:
    outbox = outbox_with(text("a"), text("b", recipient="2"), per_day=1, batch=10)
    assert names(outbox.take(ports("1"), at())) == ["a@1"]
    assert outbox.give_up(ports("1"), at()) == []
    outbox.settle("a", CommandRefused("no"), ports("1"), at())
    assert names(outbox.take(ports("1"), at())) == ["b@1"]


@pytest.mark.parametrize(
    ("outcome", "count"),
    [(SENT, 1), (OutcomeUnknown("silence"), 1), (CommandRefused("no"), 0), (LinkLost("cut"), 0)],
)
def test_what_left_or_may_have_counts(outcome: SmsTaken | CommandRefused, count: int) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    outbox.settle("a", outcome, ports("1"), at())
    assert outbox.usage.of_day("1", DAY) == count


def test_a_box_that_is_offline_has_reached_no_limit() -> None:
    outbox = outbox_with(text("a"), per_day=1)
    outbox.usage.add("1", DAY)
    assert outbox.give_up({}, at()) == []


async def test_a_day_ends_at_local_midnight(box: Box, stopped_clock: StoppedClock) -> None:
    stopped_clock.zone = timezone(timedelta(hours=5))
    box.policy = Policy(limits=Limits(per_day=1))
    run = await box.run()
    await run.send("a")
    await run.send("b")
    assert run.last.error is MessageError.LIMIT_REACHED
    assert run.mail.sender.sent_by("1") == (1, 1)
    await stopped_clock.move(7 * 3600)  # noon in UTC, and midnight here
    await run.send("c")
    assert run.last.status is MessageStatus.SENT
    assert run.mail.sender.sent_by("1") == (1, 2)
    assert [(one.day.day, one.sent) for one in run.disk.changes(PutUsage)] == [(1, 1), (2, 1)]


async def test_counts_survive_a_restart(box: Box) -> None:
    box.policy = Policy(limits=Limits(per_day=2))
    await (await box.run()).send("a")
    await (await box.restart()).send("b")
    run = await box.restart()
    assert run.mail.sender.sent_by("1") == (2, 2)
    await run.send("c")
    assert run.last.error is MessageError.LIMIT_REACHED


# The breaker


def test_the_breaker_trips_at_one_text_too_many_in_an_hour() -> None:
    breaker = Breaker(3)
    assert [breaker.admit(NORMAL, now) for now in (0, 1, 2)] == [True] * 3
    assert not breaker.tripped
    assert not breaker.admit(NORMAL, HOUR - 1)
    assert breaker.tripped


def test_an_hour_later_there_is_room_again() -> None:
    breaker = Breaker(3)
    for now in (0, 1, 2):
        breaker.admit(NORMAL, now)
    assert breaker.admit(NORMAL, HOUR)
    assert not breaker.tripped


def test_once_tripped_it_stays_so_until_it_is_reset() -> None:
    breaker = Breaker(1)
    breaker.admit(NORMAL, 0)
    breaker.admit(NORMAL, 1)
    assert not breaker.admit(NORMAL, 10 * HOUR)
    breaker.reset()
    assert not breaker.tripped
    assert breaker.admit(NORMAL, 10 * HOUR)


def test_a_few_urgent_texts_pass_though_it_has_tripped() -> None:
    breaker = Breaker(1)
    breaker.admit(NORMAL, 0)
    assert [breaker.admit(HIGH, 1) for _ in range(RESERVE + 2)] == [True] * RESERVE + [False] * 2
    assert not breaker.admit(NORMAL, 1)
    breaker.reset()
    breaker.admit(NORMAL, 2)
    assert breaker.admit(HIGH, 2)


def test_without_a_limit_it_never_trips() -> None:
    breaker = Breaker(0)
    assert all(breaker.admit(NORMAL, 0) for _ in range(1000))


async def test_texts_over_the_limit_fail_and_that_is_told_once(box: Box) -> None:
    box.policy = Policy(limits=Limits(per_hour=2))
    run = await box.run()
    await run.send("a", "b", "c", "d")
    failed = [message for message in run.changes if message.status is MessageStatus.FAILED]
    assert [(one.text, one.error) for one in failed] == [
        ("c", MessageError.LIMIT_REACHED),
        ("d", MessageError.LIMIT_REACHED),
    ]
    assert (run.tripped, run.mail.tripped) == (1, True)
    assert run.disk.changes(PutFact) == [PutFact(Fact.TRIPPED, "1")]
    assert "queued c" not in " ".join(run.log)


async def test_the_breaker_is_still_tripped_after_a_restart_until_it_is_reset(box: Box) -> None:
    box.policy = Policy(limits=Limits(per_hour=1))
    await (await box.run()).send("a", "b")
    run = await box.restart(after=2 * HOUR)
    assert run.mail.tripped
    await run.send("c")
    assert run.last.error is MessageError.LIMIT_REACHED
    run.mail.reset_breaker()
    await run.send("d")
    assert run.last.status is MessageStatus.SENT
    run = await box.restart()
    assert not run.mail.tripped


async def test_what_was_queued_before_a_restart_counts_for_the_hour(box: Box) -> None:
    box.policy = Policy(limits=Limits(per_hour=2))
    await (await box.run()).send("a", "b")
    run = await box.restart(after=HOUR - 60)
    await run.send("c")
    assert run.last.error is MessageError.LIMIT_REACHED


async def test_texts_of_a_clock_that_was_ahead_do_not_trip_it_for_years(
    box: Box, stopped_clock: StoppedClock
) -> None:
    box.policy = Policy(limits=Limits(per_hour=1))
    await (await box.run()).send("a")
    run = await box.restart(wall=WALL - timedelta(days=3650))
    await stopped_clock.move(HOUR)
    await run.send("b")
    assert run.last.status is MessageStatus.SENT


# Loops


async def send(run: Run, words: str = "hello", to: str = NUMBER, *, force: bool = False) -> None:
    await run.mail.send([Draft(to, words)], Terms(force=force))
    await turns_of_the_loop()


async def test_the_same_text_to_the_same_number_is_refused_for_a_while(
    run: Run, stopped_clock: StoppedClock
) -> None:
    await send(run)
    await stopped_clock.move(LOOP_WITHIN - 0.1)
    with pytest.raises(InvalidInput) as caught:
        await send(run)
    assert caught.value.reason == "repeated"
    assert len(run.network.left) == 1
    await stopped_clock.move(0.1)
    await send(run)
    assert len(run.network.left) == 2


@pytest.mark.parametrize(("words", "to"), [("other", NUMBER), ("hello", "+15550000002")])
async def test_another_text_or_number_is_no_loop(run: Run, words: str, to: str) -> None:
    await send(run)
    await send(run, words, to)
    assert len(run.network.left) == 2


async def test_whoever_insists_may_send_it_again(run: Run) -> None:
    await send(run)
    await send(run, force=True)
    assert len(run.network.left) == 2


async def test_of_several_recipients_none_gets_it_where_one_would_again(run: Run) -> None:
    await send(run)
    with pytest.raises(InvalidInput):
        await run.mail.send([Draft("+15550000002", "hello"), Draft(NUMBER, "hello")], Terms())
    await turns_of_the_loop()
    assert len(run.network.left) == 1


def test_a_text_that_was_not_let_in_is_no_reason_to_refuse_it_later() -> None:
    admission = Admission(Limits(per_hour=1))
    admission.admit([text("a", recipient="1")], 0)
    [refused] = admission.admit([text("b", recipient="2")], 1)
    assert refused.error is MessageError.LIMIT_REACHED
    admission.reset()
    admission.check([Draft("2", "hello")], 2)
