from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
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
)
from custom_components.gsm_gateway.aiogsm.outbox import (
    EXPIRES_AFTER,
    RETRY_PAUSE,
    Departure,
    Outbox,
    Turn,
)
from custom_components.gsm_gateway.aiogsm.requests import Outcome, SmsTaken

NOW = 1000.0
PACE = 10.0
SENT = SmsTaken()
NOT_READY = [status for status in PortStatus if status is not PortStatus.READY]


def text(message_id: str, pinned: str | None = None) -> Message:
    return Message(
        message_id=message_id,
        recipient="+15551234567",
        text="hello",
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        pinned=pinned,
    )


def ports(ready: Iterable[str], *others: PortState) -> dict[str, PortState]:
    states = [PortState(port=port, status=PortStatus.READY) for port in ready]
    return {state.port: state for state in (*states, *others)}


def outbox_with(*messages: Message, pace: float = 0.0) -> Outbox:
    outbox = Outbox(pace=pace)
    for message in messages:
        outbox.add(message, NOW)
    return outbox


def names(departures: Iterable[Departure]) -> list[str]:
    """Write departures as ``what@port``, in order."""
    return [
        f"{departure.turn_id if isinstance(departure, Turn) else departure.message_id}@{departure.port}"
        for departure in departures
    ]


def send_one_by_one(outbox: Outbox, states: dict[str, PortState], times: int) -> list[str | None]:
    """Let ``times`` texts leave, each when the one before is settled; give the ports they took."""
    used = []
    for number in range(times):
        now = NOW + number
        outbox.add(text(f"m{number}"), now)
        [message] = outbox.take(states, now)
        outbox.settle(f"m{number}", SENT, states, now + 0.5)
        used.append(message.port)
    return used


# Choosing a port


def test_texts_leave_in_order_of_arrival_each_by_a_port_of_its_own() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    assert names(outbox.take(ports("12"), NOW)) == ["a@1", "b@2"]


def test_equal_ports_take_turns() -> None:
    assert send_one_by_one(Outbox(pace=0.0), ports("123"), 7) == ["1", "2", "3", "1", "2", "3", "1"]


def test_the_port_that_was_idle_longest_goes_first() -> None:
    outbox = outbox_with(text("a", "2"), text("b", "1"))
    outbox.take(ports("2"), NOW)
    outbox.take(ports("12"), NOW + 1)
    outbox.settle("b", SENT, ports("12"), NOW + 2)
    outbox.settle("a", SENT, ports("12"), NOW + 3)
    outbox.add(text("c"), NOW + 4)
    assert names(outbox.take(ports("12"), NOW + 4)) == ["c@2"]


def test_a_departure_says_its_port_and_that_it_is_being_sent() -> None:
    [message] = outbox_with(text("a")).take(ports("1"), NOW)
    assert isinstance(message, Message)
    assert (message.status, message.port, message.pinned) == (MessageStatus.SENDING, "1", None)


@pytest.mark.parametrize("status", [None, *NOT_READY])
def test_a_port_that_is_not_ready_sends_nothing(status: PortStatus | None) -> None:
    outbox = outbox_with(text("a"), text("b", pinned="2"))
    assert names(outbox.take(ports("1", PortState(port="2", status=status)), NOW)) == ["a@1"]


def test_a_pinned_text_waits_for_its_port_and_lets_others_pass() -> None:
    outbox = outbox_with(text("a", pinned="1"), text("b", pinned="1"), text("c"))
    assert names(outbox.take(ports("12"), NOW)) == ["a@1", "c@2"]
    outbox.settle("a", SENT, ports("12"), NOW)
    assert names(outbox.take(ports("12"), NOW)) == ["b@1"]


def test_a_text_pinned_to_a_port_that_is_gone_waits() -> None:
    assert outbox_with(text("a", pinned="9")).take(ports("12"), NOW) == []


def test_without_ports_all_wait() -> None:
    outbox = outbox_with(text("a"))
    assert outbox.take({}, NOW) == []
    assert len(outbox) == 1


# Pace


def test_the_pace_is_kept_between_the_beginnings_of_two_texts_of_one_port() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), NOW)
    outbox.settle("a", SENT, ports("1"), NOW + 2)
    assert outbox.take(ports("1"), NOW + PACE - 0.1) == []
    assert outbox.deadline(NOW + 2) == NOW + PACE
    assert names(outbox.take(ports("1"), NOW + PACE)) == ["b@1"]


def test_the_pace_of_one_port_does_not_hold_up_another() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), NOW)
    outbox.settle("a", SENT, ports("1"), NOW + 1)
    assert names(outbox.take(ports("12"), NOW + 1)) == ["b@2"]


def test_a_text_longer_under_way_than_the_pace_still_keeps_its_lane() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), NOW)
    assert outbox.take(ports("1"), NOW + 5 * PACE) == []
    outbox.settle("a", SENT, ports("1"), NOW + 5 * PACE)
    assert names(outbox.take(ports("1"), NOW + 5 * PACE)) == ["b@1"]


# USSD


def test_a_turn_goes_before_a_text_that_came_earlier() -> None:
    outbox = outbox_with(text("a"))
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("1"), NOW)) == ["u@1"]
    outbox.release("1")
    assert names(outbox.take(ports("1"), NOW)) == ["a@1"]


def test_turns_of_one_port_are_given_in_order_one_at_a_time() -> None:
    outbox = Outbox(pace=0.0)
    for turn in (Turn("u", "1"), Turn("v", "1"), Turn("w", "2")):
        outbox.add_turn(turn)
    assert names(outbox.take(ports("12"), NOW)) == ["u@1", "w@2"]
    assert outbox.take(ports("12"), NOW) == []
    outbox.release("1")
    assert names(outbox.take(ports("12"), NOW)) == ["v@1"]


def test_turns_wait_for_the_text_that_is_out() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    outbox.add_turn(Turn("u", "1"))
    assert outbox.take(ports("1"), NOW) == []
    outbox.settle("a", SENT, ports("1"), NOW + 1)
    assert names(outbox.take(ports("1"), NOW + 1)) == ["u@1"]


def test_turns_keep_no_pace_and_do_not_start_one() -> None:
    outbox = outbox_with(text("a"), text("b"), pace=PACE)
    outbox.take(ports("1"), NOW)
    outbox.settle("a", SENT, ports("1"), NOW + 1)
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("1"), NOW + 1)) == ["u@1"]
    outbox.release("1")
    assert names(outbox.take(ports("1"), NOW + PACE)) == ["b@1"]


def test_a_turn_is_given_on_a_port_that_is_not_ready() -> None:
    """The gateway then says why, and whoever asked hears it at once."""
    outbox = Outbox(pace=0.0)
    outbox.add_turn(Turn("u", "1"))
    assert names(outbox.take(ports("", PortState(port="1", status=PortStatus.OFFLINE)), NOW)) == ["u@1"]


def test_a_dropped_turn_never_comes() -> None:
    outbox = outbox_with(text("a"))
    turn = Turn("u", "1")
    outbox.add_turn(turn)
    outbox.drop_turn(turn)
    outbox.drop_turn(turn)
    assert names(outbox.take(ports("1"), NOW)) == ["a@1"]


def test_turns_do_not_count_as_texts() -> None:
    outbox = Outbox(pace=0.0)
    outbox.add_turn(Turn("u", "1"))
    assert len(outbox) == 0
    assert outbox.deadline(NOW) is None


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
    outbox.take(ports("12"), NOW)
    message = outbox.settle("a", outcome, ports("12"), NOW + 1)
    assert (message.status, message.error, message.error_detail) == (status, error, detail)
    assert message.port == "1"
    assert len(outbox) == 0
    assert outbox.take(ports("12"), NOW + EXPIRES_AFTER) == []


@pytest.mark.parametrize("reason", ["text_control", "text_empty", "port", "message_id"])
def test_only_a_text_that_is_too_long_is_said_to_be(reason: str) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    message = outbox.settle("a", InvalidInput(reason, "it cannot be carried"), ports("1"), NOW)
    assert message.status is MessageStatus.FAILED
    assert message.error is not MessageError.TOO_LONG


@pytest.mark.parametrize("outcome", [SENT, OutcomeUnknown("silence"), CommandRefused("no"), LinkLost("cut")])
def test_whatever_the_outcome_the_lane_is_free_for_the_next_text(outcome: Outcome) -> None:
    outbox = outbox_with(text("a", pinned="1"), text("b", pinned="2"), text("c", pinned="1"))
    outbox.take(ports("1"), NOW)
    outbox.settle("a", outcome, ports("1"), NOW + 1)
    assert len(outbox.take(ports("1"), NOW + 1)) == 1


def test_a_lost_link_puts_a_text_back_into_the_queue() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    message = outbox.settle("a", LinkLost("cut"), ports("1"), NOW + 1)
    assert (message.status, message.port, message.error) == (MessageStatus.QUEUED, None, None)
    assert len(outbox) == 1
    assert names(outbox.take(ports("1"), NOW + 2)) == ["a@1"]


@pytest.mark.parametrize("outcome", [LinkLost("cut"), GatewayTimeout("silence"), PortNotReady("busy")])
def test_a_text_that_comes_back_keeps_its_place_in_the_order_of_arrival(outcome: GatewayError) -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    outbox.take(ports("1"), NOW)
    outbox.settle("a", outcome, ports("12"), NOW + 1)
    assert names(outbox.take(ports("2"), NOW + 1)) == ["a@2"]


def test_texts_that_come_back_together_leave_in_the_order_of_arrival() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    outbox.take(ports("123"), NOW)
    for message_id in "cab":
        outbox.settle(message_id, LinkLost("cut"), ports("123"), NOW + 1)
    assert [name[0] for name in names(outbox.take(ports("123"), NOW + 2))] == ["a", "b", "c"]


def test_after_a_silence_the_lane_rests() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    message = outbox.settle("a", GatewayTimeout("silence"), ports("1"), NOW + 5)
    assert message.status is MessageStatus.QUEUED
    assert outbox.take(ports("1"), NOW + 5 + RETRY_PAUSE - 0.1) == []
    assert outbox.deadline(NOW + 5) == NOW + 5 + RETRY_PAUSE
    assert names(outbox.take(ports("1"), NOW + 5 + RETRY_PAUSE)) == ["a@1"]


def test_a_silent_port_holds_up_nobody_else() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    outbox.settle("a", GatewayTimeout("silence"), ports("12"), NOW + 5)
    assert names(outbox.take(ports("12"), NOW + 5)) == ["a@2"]


def test_the_rest_after_a_silence_never_shortens_the_pace() -> None:
    pace = 4 * RETRY_PAUSE
    outbox = outbox_with(text("a"), pace=pace)
    outbox.take(ports("1"), NOW)
    outbox.settle("a", GatewayTimeout("silence"), ports("1"), NOW + 5)
    assert outbox.take(ports("1"), NOW + pace - 0.1) == []


def test_a_refusing_port_is_passed_over_for_that_text_only() -> None:
    outbox = outbox_with(text("a"), text("b", pinned="1"))
    outbox.take(ports("12"), NOW)
    assert outbox.settle("a", PortNotReady("busy"), ports("12"), NOW + 1).status is MessageStatus.QUEUED
    assert sorted(names(outbox.take(ports("12"), NOW + 1))) == ["a@2", "b@1"]


def test_a_text_that_every_port_refused_fails_with_the_last_words() -> None:
    outbox = outbox_with(text("a"))
    for port, words in (("1", "busy"), ("2", "no SIM")):
        assert names(outbox.take(ports("12"), NOW)) == [f"a@{port}"]
        message = outbox.settle("a", PortNotReady(words), ports("12"), NOW)
    assert (message.status, message.error, message.error_detail) == (
        MessageStatus.FAILED,
        MessageError.REFUSED,
        "no SIM",
    )
    assert len(outbox) == 0


def test_a_pinned_text_has_no_other_port_to_try() -> None:
    outbox = outbox_with(text("a", pinned="1"))
    outbox.take(ports("12"), NOW)
    assert outbox.settle("a", PortNotReady("busy"), ports("12"), NOW).status is MessageStatus.FAILED


def test_after_a_refusal_a_port_that_is_not_ready_yet_is_waited_for() -> None:
    outbox = outbox_with(text("a"))
    states = ports("1", PortState(port="2", status=PortStatus.NO_SIGNAL))
    outbox.take(states, NOW)
    assert outbox.settle("a", PortNotReady("busy"), states, NOW).status is MessageStatus.QUEUED
    assert outbox.take(states, NOW + 1) == []
    assert names(outbox.take(ports("12"), NOW + 2)) == ["a@2"]


# Giving up


def test_a_text_waits_an_hour() -> None:
    outbox = outbox_with(text("a"))
    assert outbox.expire(NOW + EXPIRES_AFTER - 0.1) == []
    assert outbox.deadline(NOW) == NOW + EXPIRES_AFTER
    [message] = outbox.expire(NOW + EXPIRES_AFTER)
    assert (message.status, message.error, message.port) == (
        MessageStatus.EXPIRED,
        MessageError.EXPIRED,
        None,
    )
    assert len(outbox) == 0
    assert outbox.deadline(NOW + EXPIRES_AFTER) is None
    assert outbox.take(ports("1"), NOW + EXPIRES_AFTER) == []


def test_a_text_that_is_out_does_not_expire_until_it_is_back() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    late = NOW + 2 * EXPIRES_AFTER
    assert outbox.expire(late) == []
    outbox.settle("a", LinkLost("cut"), ports("1"), late)
    assert [message.message_id for message in outbox.expire(late)] == ["a"]


def test_the_hour_is_counted_from_the_arrival_and_not_from_the_last_try() -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), NOW)
    outbox.settle("a", LinkLost("cut"), ports("1"), NOW + 1800)
    assert outbox.deadline(NOW + 1800) == NOW + EXPIRES_AFTER


def test_what_has_not_left_is_given_up_when_the_gateway_is_closed() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"))
    outbox.take(ports("1"), NOW)
    given_up = outbox.abandon()
    assert [(message.message_id, message.status, message.error) for message in given_up] == [
        ("b", MessageStatus.FAILED, MessageError.BOX_OFFLINE),
        ("c", MessageStatus.FAILED, MessageError.BOX_OFFLINE),
    ]
    assert len(outbox) == 1
    assert outbox.settle("a", SENT, ports("1"), NOW).status is MessageStatus.SENT


# Waking up


def test_nothing_queued_needs_no_waking() -> None:
    outbox = outbox_with(text("a"), pace=PACE)
    outbox.take(ports("1"), NOW)
    assert outbox.deadline(NOW) is None
    outbox.settle("a", SENT, ports("1"), NOW + 1)
    assert outbox.deadline(NOW + 1) is None


def test_the_next_lane_to_be_free_is_woken_for() -> None:
    outbox = outbox_with(text("a"), text("b"), text("c"), pace=PACE)
    outbox.take(ports("1"), NOW)
    outbox.take(ports("12"), NOW + 1)
    outbox.settle("a", SENT, ports("12"), NOW + 2)
    outbox.settle("b", SENT, ports("12"), NOW + 2)
    assert outbox.deadline(NOW + 2) == NOW + PACE
    assert outbox.deadline(NOW + PACE) == NOW + 1 + PACE


# In the long run

OUTCOMES: list[Outcome] = [
    SENT,
    SENT,
    LinkLost("cut"),
    GatewayTimeout("silence"),
    PortNotReady("busy"),
    CommandRefused("no"),
    OutcomeUnknown("silence"),
    CannotConnect("nobody there"),
]


class Storm:
    """Uses an outbox at random, and checks at every step what must always hold."""

    def __init__(self, seed: int, pace: float) -> None:
        self.random = Random(seed)
        self.pace = pace
        self.outbox = Outbox(pace=pace)
        self.now = NOW
        self.states = ports("1234")
        self.added: list[str] = []
        self.out: dict[str, str] = {}  # message id -> port
        self.turns: dict[str, str] = {}  # port -> turn id
        self.waiting_turns: dict[str, Turn] = {}
        self.settled: Counter[str] = Counter()
        self.began: dict[str, float] = {}

    def run(self, steps: int) -> None:
        acts = [self.add, self.add, self.add_turn, self.drop_turn, self.change_port, self.settle]
        acts += [self.settle, self.release, self.expire]
        for _ in range(steps):
            self.random.choice(acts)()
            self.take()
            self.now += self.random.choice([0.0, 0.125, 3.0, 40.0])
            assert len(self.outbox) == len(self.added) - len(self.settled)

    def drain(self) -> None:
        """Let all that still waits leave by ports that all are ready."""
        self.states = ports("1234")
        while self.out or self.turns or self.waiting_turns or len(self.outbox):
            for message_id in list(self.out):
                self.note(self.outbox.settle(message_id, self.outcome(message_id), self.states, self.now))
            for port in list(self.turns):
                self.give_back(port)
            self.expire()
            self.take()
            self.now += RETRY_PAUSE

    def outcome(self, message_id: str) -> Outcome:
        del self.out[message_id]
        return self.random.choice(OUTCOMES)

    def note(self, message: Message) -> None:
        self.settled.update([message.message_id] * message.status.settled)

    def add(self) -> None:
        message_id = f"m{len(self.added)}"
        self.added.append(message_id)
        self.outbox.add(text(message_id, self.random.choice([None, None, "1", "4"])), self.now)

    def add_turn(self) -> None:
        turn = Turn(f"u{self.random.random()}", self.random.choice("1234"))
        self.waiting_turns[turn.turn_id] = turn
        self.outbox.add_turn(turn)

    def drop_turn(self) -> None:
        for turn_id in list(self.waiting_turns)[:1]:
            self.outbox.drop_turn(self.waiting_turns.pop(turn_id))

    def change_port(self) -> None:
        port = self.random.choice("1234")
        self.states[port] = PortState(port=port, status=self.random.choice([PortStatus.READY, *NOT_READY]))

    def settle(self) -> None:
        for message_id in self.random.sample(sorted(self.out), k=min(1, len(self.out))):
            self.note(self.outbox.settle(message_id, self.outcome(message_id), self.states, self.now))

    def release(self) -> None:
        for port in self.random.sample(sorted(self.turns), k=min(1, len(self.turns))):
            self.give_back(port)

    def give_back(self, port: str) -> None:
        del self.turns[port]
        self.outbox.release(port)

    def expire(self) -> None:
        for message in self.outbox.expire(self.now):
            self.note(message)

    def take(self) -> None:
        for departure in self.outbox.take(self.states, self.now):
            assert departure.port is not None
            assert departure.port not in self.turns, "a lane was taken twice"
            assert departure.port not in self.out.values(), "a lane was taken twice"
            match departure:
                case Turn(turn_id, port):
                    del self.waiting_turns[turn_id]
                    self.turns[port] = turn_id
                case Message(message_id=message_id, port=str(port)):
                    self.leave(message_id, port)
        assert self.outbox.take(self.states, self.now) == [], "what could leave did not leave at once"

    def leave(self, message_id: str, port: str) -> None:
        assert message_id not in self.out, "a text was handed out twice at once"
        assert message_id not in self.settled, "a settled text was handed out again"
        assert self.states[port].status is PortStatus.READY
        assert self.now - self.began.get(port, -self.pace) >= self.pace, "the pace was not kept"
        self.out[message_id] = port
        self.began[port] = self.now


@pytest.mark.parametrize("pace", [0.0, PACE, 2 * RETRY_PAUSE])
@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_no_text_is_lost_doubled_or_let_into_a_taken_lane(seed: int, pace: float) -> None:
    storm = Storm(seed, pace)
    storm.run(400)
    storm.drain()
    assert storm.settled == Counter(storm.added)
