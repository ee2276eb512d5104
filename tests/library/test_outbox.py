"""The outbox: which port a text takes, when, and what is made of how it went."""

from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import (
    Message,
    MessageError,
    MessageStatus,
    PortState,
    PortStatus,
    Trace,
)
from custom_components.gsm_gateway.aiogsm.outbox import RETRY_PAUSE, Outbox, Turn
from custom_components.gsm_gateway.aiogsm.requests import Outcome, SmsTaken

from .outbox_stage import HOUR, NOW, PACE, at, names, outbox_with, ports, text

SENT = SmsTaken()
NOT_READY = [status for status in PortStatus if status is not PortStatus.READY]


def send_one_by_one(outbox: Outbox, states: dict[str, PortState], times: int) -> list[str | None]:
    """Let ``times`` texts leave, each when the one before is settled; give the ports they took."""
    used = []
    for number in range(times):
        outbox.add(text(f"m{number}", recipient=f"{number}"), at(number))
        [message] = outbox.take(states, at(number))
        outbox.settle(f"m{number}", SENT, states, at(number + 0.5))
        used.append(message.port)
    return used


# Choosing a port


def test_texts_leave_in_order_of_arrival_each_by_a_port_of_its_own() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    assert names(outbox.take(ports("12"), at())) == ["a@1", "b@2"]


def test_equal_ports_take_turns() -> None:
    assert send_one_by_one(Outbox(pace=0.0), ports("123"), 7) == ["1", "2", "3", "1", "2", "3", "1"]


def test_the_port_that_was_idle_longest_goes_first() -> None:
    outbox = outbox_with(text("a", "2"), text("b", "1"))
    outbox.take(ports("2"), at())
    outbox.take(ports("12"), at(1))
    outbox.settle("b", SENT, ports("12"), at(2))
    outbox.settle("a", SENT, ports("12"), at(3))
    outbox.add(text("c"), at(4))
    assert names(outbox.take(ports("12"), at(4))) == ["c@2"]


def test_a_departure_says_its_port_and_is_queued_until_it_is_about_to_leave() -> None:
    outbox = outbox_with(text("a"))
    [message] = outbox.take(ports("1"), at())
    assert isinstance(message, Message)
    assert (message.status, message.port, message.left_at) == (MessageStatus.QUEUED, "1", None)
    trace = Trace(sendid=5, telid=1)
    assert outbox.leaving("a", trace, at(2)) == replace(
        message, status=MessageStatus.SENDING, left_at=at(2).wall, trace=trace
    )


def test_what_comes_back_has_left_no_trace() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    outbox.leaving("a", Trace(sendid=5, telid=1), at(2))
    assert outbox.settle("a", LinkLost("cut"), ports("1"), at(3)) == text("a")


@pytest.mark.parametrize("status", [None, *NOT_READY])
def test_a_port_that_is_not_ready_sends_nothing(status: PortStatus | None) -> None:
    outbox = outbox_with(text("a"), text("b", pinned="2"))
    assert names(outbox.take(ports("1", PortState(port="2", status=status)), at())) == ["a@1"]


def test_a_pinned_text_waits_for_its_port_and_lets_others_pass() -> None:
    outbox = outbox_with(text("a", pinned="1"), text("b", pinned="1"), text("c"))
    assert names(outbox.take(ports("12"), at())) == ["a@1", "c@2"]
    outbox.settle("a", SENT, ports("12"), at())
    assert names(outbox.take(ports("12"), at())) == ["b@1"]


def test_a_text_pinned_to_a_port_that_is_gone_waits() -> None:
    assert outbox_with(text("a", pinned="9")).take(ports("12"), at()) == []


def test_without_ports_all_wait() -> None:
    outbox = outbox_with(text("a"))
    assert outbox.take({}, at()) == []
    assert len(outbox) == 1


# Pace


def test_the_pace_is_kept_between_the_beginnings_of_two_texts_of_one_port() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.settle("a", SENT, ports("1"), at(2))
    assert outbox.take(ports("1"), at(PACE - 0.1)) == []
    assert outbox.deadline(ports("1"), at(2)) == NOW + PACE
    assert names(outbox.take(ports("1"), at(PACE))) == ["b@1"]


def test_the_pace_of_one_port_does_not_hold_up_another() -> None:
    outbox = outbox_with(text("a"), text("b", recipient="+15550100001"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.settle("a", SENT, ports("1"), at(1))
    assert names(outbox.take(ports("12"), at(1))) == ["b@2"]


def test_a_text_longer_under_way_than_the_pace_still_keeps_its_lane() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), at())
    assert outbox.take(ports("1"), at(5 * PACE)) == []
    outbox.settle("a", SENT, ports("1"), at(5 * PACE))
    assert names(outbox.take(ports("1"), at(5 * PACE))) == ["b@1"]


# USSD


def test_a_turn_goes_before_a_text_that_came_earlier() -> None:
    outbox = outbox_with(text("a"))
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("1"), at())) == ["u@1"]
    outbox.release("1")
    assert names(outbox.take(ports("1"), at())) == ["a@1"]


def test_turns_of_one_port_are_given_in_order_one_at_a_time() -> None:
    outbox = Outbox(pace=0.0)
    for turn in (Turn("u", "1"), Turn("v", "1"), Turn("w", "2")):
        outbox.add_turn(turn)
    assert names(outbox.take(ports("12"), at())) == ["u@1", "w@2"]
    assert outbox.take(ports("12"), at()) == []
    outbox.release("1")
    assert names(outbox.take(ports("12"), at())) == ["v@1"]


def test_turns_wait_for_the_text_that_is_out() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    outbox.add_turn(Turn("u", "1"))
    assert outbox.take(ports("1"), at()) == []
    outbox.settle("a", SENT, ports("1"), at(1))
    assert names(outbox.take(ports("1"), at(1))) == ["u@1"]


def test_turns_keep_no_pace_and_do_not_start_one() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.settle("a", SENT, ports("1"), at(1))
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("1"), at(1))) == ["u@1"]
    outbox.release("1")
    assert names(outbox.take(ports("1"), at(PACE))) == ["b@1"]


def test_a_turn_is_given_on_a_port_that_is_not_ready() -> None:
    """The gateway then says why, and whoever asked hears it at once."""
    outbox = Outbox(pace=0.0)
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("", PortState(port="1", status=PortStatus.OFFLINE)), at())) == ["u@1"]


def test_a_dropped_turn_never_comes() -> None:
    outbox = outbox_with(text("a"))
    turn = Turn("u", "1")
    outbox.add_turn(turn)
    outbox.drop_turn(turn)
    outbox.drop_turn(turn)
    assert names(outbox.take(ports("1"), at())) == ["a@1"]


def test_turns_do_not_count_as_texts() -> None:
    outbox = Outbox(pace=0.0)
    outbox.add_turn(Turn("u", "1"))
    assert len(outbox) == 0
    assert outbox.deadline(ports("1"), at()) is None


# Outcomes

SETTLED = [
    (SENT, MessageStatus.SENT, None, None),
    (SmsTaken(reference=7), MessageStatus.SENT, None, None),
    (CommandRefused("no credit"), MessageStatus.FAILED, MessageError.REFUSED, "no credit"),
    (OutcomeUnknown("silence"), MessageStatus.UNKNOWN, MessageError.NO_RESULT, None),
    (InvalidInput("number", "not a number"), MessageStatus.FAILED, MessageError.INVALID_NUMBER, None),
    (InvalidInput("text_too_long", "9 too long"), MessageStatus.FAILED, MessageError.TOO_LONG, None),
    (NotSupported("no texts"), MessageStatus.FAILED, MessageError.REFUSED, "no texts"),
]


@pytest.mark.parametrize(("outcome", "status", "error", "detail"), SETTLED)
def test_an_outcome_settles_a_text_for_good(
    outcome: Outcome, status: MessageStatus, error: MessageError | None, detail: str | None
) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("12"), at())
    message = outbox.settle("a", outcome, ports("12"), at(1))
    assert (message.status, message.error, message.error_detail) == (status, error, detail)
    assert message.port == "1"
    assert len(outbox) == 0
    assert outbox.take(ports("12"), at(HOUR)) == []


@pytest.mark.parametrize("reason", ["text_control", "text_empty", "port", "message_id"])
def test_only_a_text_that_is_too_long_is_said_to_be(reason: str) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    message = outbox.settle("a", InvalidInput(reason, "it cannot be carried"), ports("1"), at())
    assert message.status is MessageStatus.FAILED
    assert message.error is not MessageError.TOO_LONG


@pytest.mark.parametrize("outcome", [SENT, OutcomeUnknown("silence"), CommandRefused("no"), LinkLost("cut")])
def test_whatever_the_outcome_the_lane_is_free_for_the_next_text(outcome: Outcome) -> None:
    outbox = outbox_with(text("a", pinned="1"), text("b", pinned="2"), text("c", pinned="1"))
    outbox.take(ports("1"), at())
    outbox.settle("a", outcome, ports("1"), at(1))
    assert len(outbox.take(ports("1"), at(1))) == 1


def test_a_lost_link_puts_a_text_back_into_the_queue() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    message = outbox.settle("a", LinkLost("cut"), ports("1"), at(1))
    assert (message.status, message.port, message.error) == (MessageStatus.QUEUED, None, None)
    assert len(outbox) == 1
    assert names(outbox.take(ports("1"), at(2))) == ["a@1"]


@pytest.mark.parametrize("outcome", [LinkLost("cut"), GatewayTimeout("silence"), PortNotReady("busy")])
def test_a_text_that_comes_back_keeps_its_place_in_the_order_of_arrival(outcome: GatewayError) -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    outbox.take(ports("1"), at())
    outbox.settle("a", outcome, ports("12"), at(1))
    assert names(outbox.take(ports("2"), at(1))) == ["a@2"]


def test_texts_that_come_back_together_leave_in_the_order_of_arrival() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    outbox.take(ports("123"), at())
    for message_id in "cab":
        outbox.settle(message_id, LinkLost("cut"), ports("123"), at(1))
    assert [name[0] for name in names(outbox.take(ports("123"), at(2)))] == ["a", "b", "c"]


def test_after_a_silence_the_lane_rests() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    message = outbox.settle("a", GatewayTimeout("silence"), ports("1"), at(5))
    assert message.status is MessageStatus.QUEUED
    assert outbox.take(ports("1"), at(5 + RETRY_PAUSE - 0.1)) == []
    assert outbox.deadline(ports("1"), at(5)) == NOW + 5 + RETRY_PAUSE
    assert names(outbox.take(ports("1"), at(5 + RETRY_PAUSE))) == ["a@1"]


def test_a_silent_port_holds_up_nobody_else() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    outbox.settle("a", GatewayTimeout("silence"), ports("12"), at(5))
    assert names(outbox.take(ports("12"), at(5))) == ["a@2"]


def test_the_rest_after_a_silence_never_shortens_the_pace() -> None:
    pace = 4 * RETRY_PAUSE
    outbox = outbox_with(text("a"), pace=pace)
    outbox.take(ports("1"), at())
    outbox.settle("a", GatewayTimeout("silence"), ports("1"), at(5))
    assert outbox.take(ports("1"), at(pace - 0.1)) == []


def test_a_refusing_port_is_passed_over_for_that_text_only() -> None:
    outbox = outbox_with(text("a"), text("b", pinned="1"))
    outbox.take(ports("12"), at())
    assert outbox.settle("a", PortNotReady("busy"), ports("12"), at(1)).status is MessageStatus.QUEUED
    assert sorted(names(outbox.take(ports("12"), at(1)))) == ["a@2", "b@1"]


def test_a_text_that_every_port_refused_fails_with_the_last_words() -> None:
    outbox = outbox_with(text("a"))
    for port, words in (("1", "busy"), ("2", "no SIM")):
        assert names(outbox.take(ports("12"), at())) == [f"a@{port}"]
        message = outbox.settle("a", PortNotReady(words), ports("12"), at())
    assert (message.status, message.error, message.error_detail) == (
        MessageStatus.FAILED,
        MessageError.REFUSED,
        "no SIM",
    )
    assert len(outbox) == 0


def test_a_pinned_text_has_no_other_port_to_try() -> None:
    outbox = outbox_with(text("a", pinned="1"))
    outbox.take(ports("12"), at())
    assert outbox.settle("a", PortNotReady("busy"), ports("12"), at()).status is MessageStatus.FAILED


def test_after_a_refusal_a_port_that_is_not_ready_yet_is_waited_for() -> None:
    outbox = outbox_with(text("a"))
    states = ports("1", PortState(port="2", status=PortStatus.NO_SIGNAL))
    outbox.take(states, at())
    assert outbox.settle("a", PortNotReady("busy"), states, at()).status is MessageStatus.QUEUED
    assert outbox.take(states, at(1)) == []
    assert names(outbox.take(ports("12"), at(2))) == ["a@2"]


# Giving up


def test_a_text_waits_an_hour() -> None:
    outbox = outbox_with(text("a"))
    assert outbox.give_up(ports("1"), at(HOUR - 0.1)) == []
    assert outbox.deadline(ports("1"), at()) == NOW + HOUR
    [message] = outbox.give_up(ports("1"), at(HOUR))
    assert (message.status, message.error, message.port) == (
        MessageStatus.EXPIRED,
        MessageError.EXPIRED,
        None,
    )
    assert len(outbox) == 0
    assert outbox.deadline(ports("1"), at(HOUR)) is None
    assert outbox.take(ports("1"), at(HOUR)) == []


def test_a_text_that_is_out_does_not_expire_until_it_is_back() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    late = at(2 * HOUR)
    assert outbox.give_up(ports("1"), late) == []
    outbox.settle("a", LinkLost("cut"), ports("1"), late)
    assert [message.message_id for message in outbox.give_up(ports("1"), late)] == ["a"]


def test_the_hour_is_counted_from_the_arrival_and_not_from_the_last_try() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    outbox.settle("a", LinkLost("cut"), ports("1"), at(1800))
    assert outbox.deadline(ports("1"), at(1800)) == NOW + HOUR


# Waking up


def test_nothing_queued_needs_no_waking() -> None:
    outbox = outbox_with(text("a"), pace=PACE)
    outbox.take(ports("1"), at())
    assert outbox.deadline(ports("1"), at()) is None
    outbox.settle("a", SENT, ports("1"), at(1))
    assert outbox.deadline(ports("1"), at(1)) is None


def test_the_next_lane_to_be_free_is_woken_for() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"), pace=PACE)
    outbox.take(ports("1"), at())
    outbox.take(ports("12"), at(1))
    outbox.settle("a", SENT, ports("12"), at(2))
    outbox.settle("b", SENT, ports("12"), at(2))
    assert outbox.deadline(ports("1"), at(2)) == NOW + PACE
    assert outbox.deadline(ports("1"), at(PACE)) == NOW + 1 + PACE
