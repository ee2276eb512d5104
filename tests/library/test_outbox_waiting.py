"""Texts that wait: who goes first, from when on, until when; and clocks that are set meanwhile."""

from datetime import datetime, timedelta

import pytest

from custom_components.gsm_gateway.aiogsm.errors import LinkLost
from custom_components.gsm_gateway.aiogsm.models import (
    Message,
    MessageError,
    MessageStatus,
    PortState,
    PortStatus,
    Priority,
    Trace,
)
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .outbox_stage import HOUR, NOW, PACE, WALL, at, names, outbox_with, ports, text

SENT = SmsTaken()
HIGH = Priority.HIGH
YEARS = (WALL.replace(year=1970), WALL.replace(year=2096))
"""What a wall's clock may say when it is wrong."""


def ids(messages: list[Message]) -> list[str]:
    return [message.message_id for message in messages]


# Priority


def test_an_urgent_text_overtakes() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c", priority=HIGH), text("d", priority=HIGH))
    order = []
    for second in range(4):
        [departure] = outbox.take(ports("1"), at(second))
        order.append(departure.message_id)
        outbox.settle(departure.message_id, SENT, ports("1"), at(second))
    assert order == ["c", "d", "a", "b"]


def test_an_urgent_text_that_comes_back_still_overtakes() -> None:
    outbox = outbox_with(text("a"), text("b", priority=HIGH))
    outbox.take(ports("1"), at())
    outbox.settle("b", LinkLost("cut"), ports("1"), at())
    assert names(outbox.take(ports("1"), at())) == ["b@1"]


def test_an_urgent_text_does_not_break_the_pace() -> None:
    outbox = outbox_with(text("a"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.settle("a", SENT, ports("1"), at(1))
    outbox.add(text("b", priority=HIGH), at(1))
    assert outbox.take(ports("1"), at(PACE - 0.1)) == []
    assert names(outbox.take(ports("1"), at(PACE))) == ["b@1"]


# From when on


def test_a_text_departs_not_before_its_time_and_others_pass_it() -> None:
    later = text("a", priority=HIGH, not_before=at(60).wall, expires_at=at(60 + HOUR).wall)
    outbox = outbox_with(later, text("b"))
    assert outbox.deadline(ports("1"), at()) == NOW + 60
    assert names(outbox.take(ports("1"), at(59))) == ["b@1"]
    outbox.settle("b", SENT, ports("1"), at(59))
    assert names(outbox.take(ports("1"), at(60))) == ["a@1"]


def test_a_time_that_is_over_holds_nothing_up() -> None:
    outbox = outbox_with(text("a", not_before=at(-60).wall))
    assert names(outbox.take(ports("1"), at())) == ["a@1"]


# Until when


OFFLINE = PortState(port="1", status=PortStatus.OFFLINE)


@pytest.mark.parametrize("pinned", [None, "1"])
@pytest.mark.parametrize(
    ("known", "error"), [({}, MessageError.BOX_OFFLINE), ({"1": OFFLINE}, MessageError.EXPIRED)]
)
def test_a_text_expires_with_an_error(
    pinned: str | None, known: dict[str, PortState], error: MessageError
) -> None:
    outbox = outbox_with(text("a", pinned, expires_at=at(60).wall), text("b"))
    assert outbox.deadline(known, at()) == NOW + 60
    assert outbox.give_up(known, at(59.9)) == []
    [message] = outbox.give_up(known, at(60))
    assert (message.message_id, message.status, message.error, message.settled_at) == (
        "a",
        MessageStatus.EXPIRED,
        error,
        at(60).wall,
    )
    assert len(outbox) == 1


def test_a_text_of_an_earlier_run_expires_when_it_would_have() -> None:
    outbox = outbox_with()
    outbox.add(text("a"), at(HOUR - 10))
    assert outbox.give_up({}, at(HOUR - 0.1)) == []
    assert ids(outbox.give_up({}, at(HOUR))) == ["a"]


def test_a_text_that_expired_between_two_runs_does_not_depart() -> None:
    outbox = outbox_with()
    outbox.add(text("a"), at(2 * HOUR))
    assert ids(outbox.give_up(ports("1"), at(2 * HOUR))) == ["a"]
    assert outbox.take(ports("1"), at(2 * HOUR)) == []


# Clocks that are set


@pytest.mark.parametrize("wrong", YEARS)
def test_a_clock_that_is_set_expires_nothing_and_keeps_nothing_alive(wrong: datetime) -> None:
    outbox = outbox_with(text("a"))
    assert outbox.give_up({}, at(HOUR - 0.1, wall=wrong)) == []
    assert outbox.deadline({}, at(10, wall=wrong)) == NOW + HOUR
    assert ids(outbox.give_up({}, at(HOUR, wall=wrong))) == ["a"]


@pytest.mark.parametrize("wrong", YEARS)
def test_a_clock_that_is_set_changes_no_pace(wrong: datetime) -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.leaving("a", None, at(1, wall=wrong))
    outbox.left("a", at(1, wall=wrong))
    outbox.settle("a", SENT, ports("1"), at(2, wall=wrong))
    assert outbox.take(ports("1"), at(1 + PACE - 0.1, wall=WALL)) == []
    assert names(outbox.take(ports("1"), at(1 + PACE, wall=wrong))) == ["b@1"]


def test_the_pace_goes_by_when_a_text_left_and_not_by_when_it_departed() -> None:
    """The disk may take its time between the two."""
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.leaving("a", Trace(sendid=1, telid=1), at(1))
    outbox.left("a", at(7))
    outbox.settle("a", SENT, ports("1"), at(8))
    assert outbox.take(ports("1"), at(7 + PACE - 0.1)) == []
    assert names(outbox.take(ports("1"), at(7 + PACE))) == ["b@1"]


@pytest.mark.parametrize(("age", "wait"), [(0, PACE), (4, PACE - 4), (PACE, 0), (1e9, 0)])
def test_the_pace_of_an_earlier_run_is_kept_and_never_made_longer(age: float, wait: float) -> None:
    outbox = outbox_with(text("a"), pace=PACE)
    outbox.rest_after("1", age, at())
    if wait:
        assert outbox.take(ports("1"), at(wait - 0.1)) == []
    assert names(outbox.take(ports("1"), at(wait))) == ["a@1"]


# What left in an earlier run


def test_a_text_that_was_leaving_keeps_its_lane_until_it_is_settled() -> None:
    outbox = outbox_with(text("b"))
    outbox.resume(text("a", status=MessageStatus.SENDING, port="1", left_at=WALL), at())
    assert len(outbox) == 2
    assert outbox.take(ports("1"), at()) == []
    assert outbox.settle("a", SENT, ports("1"), at()).status is MessageStatus.SENT
    assert names(outbox.take(ports("1"), at())) == ["b@1"]


def test_a_text_that_was_leaving_does_not_expire() -> None:
    outbox = outbox_with()
    left = text("a", status=MessageStatus.SENDING, port="1", left_at=WALL, expires_at=WALL)
    outbox.resume(left, at())
    assert outbox.give_up({}, at(timedelta(days=1).total_seconds())) == []
