"""The outbox as a machine that is used at random, over a disk, from one run to the next.

What must always hold is checked at every step; the tests of single promises stand in the files beside this.
Each of ``PROFILE``'s examples is the same in every run of the tests.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import Mock

from hypothesis import Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    LinkLost,
    NotKept,
    NotNow,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.journal import PutMessage
from custom_components.gsm_gateway.aiogsm.models import (
    Message,
    MessageStatus,
    PortState,
    PortStatus,
    Priority,
    Trace,
)
from custom_components.gsm_gateway.aiogsm.outbox import Moment, Outbox, Turn
from custom_components.gsm_gateway.aiogsm.requests import Outcome, SmsTaken
from custom_components.gsm_gateway.aiogsm.sender import Sender

from .fake_journal import Disk
from .outbox_stage import WALL

PROFILE = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=120,
    stateful_step_count=50,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
)
PORTS = "123"
TEXTS = ("hello", "other")

NOTHING_LEFT: tuple[GatewayError, ...] = (
    LinkLost("cut"),
    GatewayTimeout("silence"),
    NotKept("full"),
    NotNow("GSM_LOGOUT"),
    PortNotReady("busy"),
)
"""How a departure may end whose packet was never written."""

NOT_TAKEN: tuple[GatewayError, ...] = (NotNow("SENDID"), PortNotReady("no GSM running"))
"""How the box says for certain that it did not take what was written."""

LEFT: tuple[Outcome, ...] = (SmsTaken(7), CommandRefused("errorstatus:38"), OutcomeUnknown("silence"))
"""How else a departure may end."""


@dataclass
class Out:
    """A text that is under way. ``resumed``: it left in an earlier run."""

    port: str
    text: str
    marked: bool = False
    written: bool = False
    resumed: bool = False


@dataclass
class Truth:
    """What really happened to a text, as its recipient sees it, whatever runs there were."""

    expires_at: float
    written: int = 0
    refused: int = 0
    ends: list[MessageStatus] = field(default_factory=list)


class OutboxMachine(RuleBasedStateMachine):
    """Does to an outbox what a sender may do, and to its process what may happen to it."""

    pace = 10.0
    batch = 1

    def __init__(self) -> None:
        super().__init__()
        self.at = 1000.0
        self.wall = WALL
        self.disk = Disk()
        self.states: dict[str, PortState] = {}
        self.out: dict[str, Out] = {}
        self.turns: dict[str, Turn] = {}
        self.waiting_turns: list[Turn] = []
        self.truth: dict[str, Truth] = {}
        self.left_at: dict[str, float] = {}
        self.forgotten: set[str] = set()  # ports whose last text the next run does not know the time of
        self.begin()

    @property
    def now(self) -> Moment:
        return Moment(self.at, self.wall, self.wall.date())

    def begin(self) -> None:
        """Begin a run with what the disk has."""
        self.outbox = Outbox(pace=self.pace, batch=self.batch)
        sender = Sender(
            self.outbox,
            Mock(),
            submit=Mock(),
            ports=lambda: self.states,
            now=lambda: self.now,
            on_change=Mock(),
            on_queue=Mock(),
        )
        remembered = self.disk.remembered(self.wall)
        sender.restore(remembered)
        self.out = {
            one.message_id: Out(str(one.port), one.text, marked=True, resumed=True)
            for one in remembered.messages
            if one.status is MessageStatus.SENDING
        }
        for message in remembered.messages:
            left = message.expires_at - max(self.wall, message.created_at)
            self.truth[message.message_id].expires_at = self.at + left.total_seconds()

    def write(self, message: Message) -> None:
        self.disk.writes.append((PutMessage(message),))
        if message.status.settled:
            self.truth[message.message_id].ends.append(message.status)

    # What is asked of it

    @initialize(ready=st.sets(st.sampled_from(PORTS), min_size=1))
    def some_ports_are_ready(self, ready: set[str]) -> None:
        for port in PORTS:
            status = PortStatus.READY if port in ready else PortStatus.NOT_REGISTERED
            self.states[port] = PortState(port=port, status=status)

    @rule(
        text=st.sampled_from(TEXTS),
        recipient=st.sampled_from(("+15550000001", "+15550000002")),
        priority=st.sampled_from(Priority),
        pinned=st.sampled_from((None, None, *PORTS)),
        patience=st.sampled_from((30, 3600, 3600)),
        delay=st.sampled_from((None, None, None, 20)),
    )
    def add(
        self,
        *,
        text: str,
        recipient: str,
        priority: Priority,
        pinned: str | None,
        patience: int,
        delay: int | None,
    ) -> None:
        not_before = None if delay is None else self.wall + timedelta(seconds=delay)
        message = Message(
            message_id=f"m{len(self.truth)}",
            recipient=recipient,
            text=text,
            created_at=self.wall,
            expires_at=(not_before or self.wall) + timedelta(seconds=patience),
            not_before=not_before,
            priority=priority,
            pinned=pinned,
        )
        self.truth[message.message_id] = Truth(self.at + (delay or 0) + patience)
        self.write(message)
        self.outbox.add(message, self.now)
        self.pump()

    @rule(port=st.sampled_from(PORTS))
    def add_turn(self, port: str) -> None:
        turn = Turn(f"u{len(self.waiting_turns)}{self.at}{len(self.turns)}", port)
        self.waiting_turns.append(turn)
        self.outbox.add_turn(turn)
        self.pump()

    @precondition(lambda self: self.waiting_turns)
    @rule()
    def drop_turn(self) -> None:
        self.outbox.drop_turn(self.waiting_turns.pop())

    @precondition(lambda self: self.turns)
    @rule()
    def release_turn(self) -> None:
        port = next(iter(self.turns))
        del self.turns[port]
        self.outbox.release(port)
        self.pump()

    # What happens to it

    @rule(port=st.sampled_from(PORTS), status=st.sampled_from((*[PortStatus.READY] * 12, None, *PortStatus)))
    def change_port(self, port: str, status: PortStatus | None) -> None:
        self.states[port] = PortState(port=port, status=status)
        self.pump()

    @rule(seconds=st.sampled_from((0.125, 3.0, 10.0, 31.0)))
    def pass_time(self, seconds: float) -> None:
        self.at += seconds
        self.wall += timedelta(seconds=seconds)
        self.pump()

    @rule(wall=st.sampled_from((WALL.replace(year=1970), WALL.replace(year=2070), WALL)))
    def set_the_clock(self, wall: datetime) -> None:
        self.wall = wall
        self.forgotten.update(PORTS)
        self.pump()

    @precondition(lambda self: any(not out.marked for out in self.out.values()))
    @rule(data=st.data(), durable=st.booleans())
    def mark(self, data: st.DataObject, durable: bool) -> None:
        """Have it noted that a text is about to leave; where that is durable, it does."""
        message_id = data.draw(st.sampled_from([key for key, out in self.out.items() if not out.marked]))
        if durable:
            self.leave(message_id)
        else:
            self.outbox.leaving(message_id, None, self.now)
            self.settle(message_id, NotKept("full"))

    def leave(self, message_id: str) -> None:
        trace = Trace(sendid=len(self.disk.writes), telid=1)
        self.write(self.outbox.leaving(message_id, trace, self.now))
        self.outbox.left(message_id, self.now)
        out = self.out[message_id]
        out.marked = True
        self.left_at[out.port] = self.at
        self.forgotten.discard(out.port)

    @precondition(lambda self: any(out.marked and not out.written for out in self.out.values()))
    @rule(data=st.data())
    def write_packet(self, data: st.DataObject) -> None:
        ready = [key for key, out in self.out.items() if out.marked and not out.written and not out.resumed]
        if not ready:
            return
        message_id = data.draw(st.sampled_from(ready))
        self.out[message_id].written = True
        self.truth[message_id].written += 1

    @precondition(lambda self: any(not out.marked for out in self.out.values()))
    @rule(seconds=st.sampled_from((0.0, 3.0, 10.0)))
    def send(self, seconds: float) -> None:
        """Send a text as it is meant to be, by a disk that takes its time."""
        self.pass_time(seconds)
        message_id = next((key for key, out in self.out.items() if not out.marked), None)
        if message_id is not None:
            self.leave(message_id)
            self.out[message_id].written = True
            self.truth[message_id].written += 1
            self.settle(message_id, SmsTaken(7))

    @precondition(lambda self: self.out)
    @rule(data=st.data())
    def settle_one(self, data: st.DataObject) -> None:
        message_id = data.draw(st.sampled_from(sorted(self.out)))
        self.settle(message_id, data.draw(st.sampled_from(self.outcomes(message_id))))

    @rule()
    def kill(self) -> None:
        """End the process, and begin anew."""
        for port in self.forgotten:
            self.left_at.pop(port, None)
        self.turns, self.waiting_turns = {}, []
        self.begin()
        self.pump()

    def outcomes(self, message_id: str) -> tuple[Outcome, ...]:
        out = self.out[message_id]
        if out.resumed:
            return LEFT
        return (*NOT_TAKEN, *LEFT) if out.written else NOTHING_LEFT

    def settle(self, message_id: str, outcome: Outcome) -> None:
        out = self.out.pop(message_id)
        if out.written and outcome in NOT_TAKEN:
            self.truth[message_id].refused += 1
        message = self.outbox.settle(message_id, outcome, self.states, self.now)
        self.write(message)
        if message.status is MessageStatus.QUEUED:
            self.forgotten.add(out.port)
        self.pump()

    def pump(self) -> None:
        """Do as the sender does whenever something has changed."""
        for message in self.outbox.give_up(self.states, self.now):
            self.write(message)
        before = {out.port for out in self.out.values()} | self.turns.keys()
        taken: dict[str, list[str]] = {}
        for departure in self.outbox.take(self.states, self.now):
            assert departure.port not in before, "a lane was taken that was not free"
            if isinstance(departure, Turn):
                assert departure.port not in self.turns
                self.waiting_turns.remove(departure)
                self.turns[departure.port] = departure
            else:
                assert departure.port is not None
                assert departure.port not in self.turns
                taken.setdefault(departure.port, []).append(departure.text)
                self.depart(departure)
        for texts in taken.values():
            assert len(texts) <= self.batch
            assert len(set(texts)) == 1, "a port was given two texts at a time"
        for port in taken:
            self.keep_pace(port)
        assert self.outbox.take(self.states, self.now) == [], "what could leave did not leave at once"

    def keep_pace(self, port: str) -> None:
        assert self.at - self.left_at.get(port, -self.pace) >= self.pace, "the pace was not kept"

    def depart(self, message: Message) -> None:
        truth = self.truth[message.message_id]
        assert message.message_id not in self.out, "a text is in two lanes"
        assert not truth.ends, "a settled text departed again"
        assert truth.written == truth.refused, "a text that may have left departed again"
        assert self.at < truth.expires_at, "a text departed after it had expired"
        assert message.not_before is None or message.not_before <= self.wall
        assert message.port is not None
        assert message.pinned in (None, message.port)
        assert self.states[message.port].status is PortStatus.READY
        self.out[message.message_id] = Out(message.port, message.text)

    # What always holds

    @invariant()
    def every_text_is_queued_out_or_over(self) -> None:
        over = sum(bool(truth.ends) for truth in self.truth.values())
        assert len(self.outbox) == len(self.truth) - over

    @invariant()
    def nobody_ends_twice(self) -> None:
        assert all(len(truth.ends) <= 1 for truth in self.truth.values())

    @invariant()
    def it_is_woken_when_something_is_due(self) -> None:
        deadline = self.outbox.deadline(self.states, self.now)
        if self.outbox.queued():
            assert deadline is not None
            assert deadline >= self.at, "it would be woken without end"

    def teardown(self) -> None:
        """Let all end, by ports that are ready."""
        self.states = {port: PortState(port=port, status=PortStatus.READY) for port in PORTS}
        for _ in range(500):
            for port in list(self.turns):
                del self.turns[port]
                self.outbox.release(port)
            for message_id in list(self.out):
                self.settle(message_id, self.outcomes(message_id)[-1])
            self.pass_time(31.0)
            if not len(self.outbox):
                break
        assert Counter(len(truth.ends) for truth in self.truth.values()).keys() <= {1}
        assert self.disk.statuses().count("queued") >= len(self.truth)


class GoipMachine(OutboxMachine):
    """A port takes several recipients of one text at a time, and keeps no pace."""

    pace = 0.0
    batch = 3


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = PROFILE
TestOutboxOfBatches = GoipMachine.TestCase
TestOutboxOfBatches.settings = PROFILE
