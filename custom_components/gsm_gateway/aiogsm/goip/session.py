"""Conversations with lines, each known by its sendid, and the keeping of all that are under way.

A conversation is a machine of its own: it is begun, handed every reply that carries its sendid, told what
else is heard of its line, and woken when it is ``due``. Each time it gives a Turn: what to send to the line,
and what has come of what was asked. A packet without an answer is sent again, the same to the last byte, so
that the box knows it.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple, override

from ..alarms import Alarms
from ..dialog import Keep, Send, Settle, Steps, Ticket
from ..errors import CommandRefused, GatewayError, GatewayTimeout, LinkLost, OutcomeUnknown, PortNotReady
from ..models import Trace
from ..records import Departing
from ..requests import Outcome
from ..sendids import SendIds
from .messages import Answer, Heard, News, Prompt, Refused, Reply
from .port import Address, Line

type Result = Outcome | Answer


class Sent(NamedTuple):
    """A number of a bulk session, and who asked for it."""

    sendid: int
    telid: int
    ticket: Ticket
    message_id: str


class Fate(NamedTuple):
    """What has come of what a conversation was asked for; of one number, where it has several."""

    result: Result
    sent: Sent | None = None


class Turn(NamedTuple):
    """What a conversation wants: a packet for its line, and its fates, each once.

    ``mark``: it wants to be told by ``marked`` once it is durable that this is about to leave.
    """

    packet: bytes | None = None
    fates: tuple[Fate, ...] = ()
    mark: Sent | None = None


class Pace(NamedTuple):
    """When a packet without an answer is sent again, and when it is given up, in seconds."""

    every: float
    repeats: int
    patience: float


STEP = Pace(every=5.0, repeats=2, patience=15.0)


def settled(ticket: Ticket, fate: Fate, _now: float) -> Steps[Address]:
    """Hand a fate on to whoever asked."""
    assert not isinstance(fate.result, Answer)  # what was asked for is never the bare answer
    return [Settle(ticket, fate.result)]


class UssdClosed:
    """A notice: the line's USSD session was ended on request."""


type Notice = Heard | News | UssdClosed
"""What is heard of a line beside replies."""


class Conversation(ABC):
    """What all conversations share. ``due`` is when to wake it, ``None`` before it begins and after its end.

    ``over``: its lane is free, though it may still take its leave or listen. ``claims`` is another sendid
    whose prompts are for it.
    """

    claims: int | None = None

    def __init__(self, sendid: int) -> None:
        """Take the number that every packet of it carries."""
        self.sendid = sendid
        self.due: float | None = None
        self.over = False
        self._packet: bytes | None = None
        self._pace = STEP
        self._repeats = 0
        self._until = 0.0

    @abstractmethod
    def begin(self, now: float) -> Turn:
        """Say the first packet."""

    @abstractmethod
    def answer(self, reply: Reply, now: float) -> Turn:
        """Go on by what the box replied. What is not expected now is passed over."""

    def marked(self, sent: Sent, now: float, *, durable: bool) -> Turn:
        """Go on now that it is durable that something is about to leave, or cannot be."""
        return Turn()

    def notice(self, notice: Notice) -> Turn:
        """Learn what else is heard of the line."""
        return Turn()

    def tick(self, now: float) -> Turn:
        """Repeat what got no answer, or give it up. Harmless when called early."""
        if self.due is None or now < self.due:
            return Turn()
        if now >= self._until:
            return self._give_up(now)
        if not self._may_repeat():
            self.due = self._until
            return Turn()
        self._repeats += 1
        self._wait(now)
        return Turn(self._packet)

    def give_back(self, error: GatewayError) -> Turn:
        """End before the beginning: nothing of it has left."""
        return self._finish(error)

    def abandon(self) -> Turn:
        """End at once, because the gateway is let go."""
        if self._packet is None:
            return self.give_back(LinkLost("the gateway was let go"))
        return self._finish(OutcomeUnknown("the gateway was let go before its answer came"))

    def successor(self, draw: Callable[[], int]) -> Conversation | None:
        """Give what has to be said next in the same lane, under a sendid of its own."""
        return None

    def _may_repeat(self) -> bool:
        return True

    @abstractmethod
    def _give_up(self, now: float) -> Turn:
        """No answer came for as long as one is waited for."""

    def _say(self, packet: bytes, pace: Pace, now: float) -> Turn:
        self._packet, self._pace, self._repeats, self._until = packet, pace, 0, now + pace.patience
        self._wait(now)
        return Turn(packet)

    def _wait(self, now: float) -> None:
        again = self._repeats < self._pace.repeats
        self.due = min(now + self._pace.every, self._until) if again else self._until

    def _finish(self, result: Result, packet: bytes | None = None) -> Turn:
        self.due, self.over = None, True
        return Turn(packet, (Fate(result),))


class Single(Conversation):
    """One packet and its answer. Its result is as its kind reads it, CommandRefused or GatewayTimeout."""

    def __init__(self, sendid: int, packet: bytes, pace: Pace = STEP) -> None:
        """Take the packet as it is to be sent, and how often."""
        super().__init__(sendid)
        self._first = packet
        self._first_pace = pace

    @override
    def begin(self, now: float) -> Turn:
        return self._say(self._first, self._first_pace, now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Answer():
                return self._answered(reply)
            case Refused(reason=reason):
                return self._finish(CommandRefused(reason))
        return Turn()

    @abstractmethod
    def _answered(self, answer: Answer) -> Turn:
        """Make of the answer what it means."""

    @override
    def _give_up(self, now: float) -> Turn:
        return self._finish(GatewayTimeout("the line did not answer"))


class Lane(Enum):
    """What a line can do one of at a time."""

    SIM = auto()
    COMMAND = auto()


_MOST_OWN = 16  # questions of our own that wait for one line

type OnFate = Callable[[Fate, float], Steps[Address]]


@dataclass(slots=True, eq=False)
class _Queue:
    """A lane of a line: what is said in it now, and what waits, by order; our own questions come last.

    Hardly ever do more than a few wait, and nearly always none: an empty list takes no room, a deque does.
    """

    current: _Talk | None = None
    asked: list[_Talk] = field(default_factory=list)
    own: list[_Talk] = field(default_factory=list)

    def next(self) -> _Talk | None:
        waiting = self.asked or self.own
        return waiting.pop(0) if waiting else None


@dataclass(slots=True, eq=False)
class _Talk:
    """A conversation in its lane. ``host`` is where its last packet went."""

    conversation: Conversation
    line: Line
    on_fate: OnFate
    queue: _Queue
    host: str | None = None


class Talks:
    """The conversations under way with all lines. Packets go to the line's address of that moment."""

    def __init__(
        self, sendids: SendIds, ignored: Counter[str], judge: Callable[[Line, Reply], Steps[Address]]
    ) -> None:
        """Count in ``ignored`` the replies that belong to nothing; ``judge`` sees all others first."""
        self.sendids = sendids
        self._ignored = ignored
        self._judge = judge
        self._open: dict[int, _Talk] = {}
        self._claims: dict[int, _Talk] = {}
        self._of_line: dict[str, dict[int, _Talk]] = {}
        self._queues: dict[tuple[str, Lane], _Queue] = {}
        self._alarms: Alarms[int] = Alarms()

    def draw(self, now: float) -> int:
        """Give a sendid for anything but USSD."""
        return self.sendids.draw(now, self._open)

    def begin(
        self, conversation: Conversation, line: Line, on_fate: OnFate, lane: Lane, now: float
    ) -> Steps[Address]:
        """Say what was asked for, once its lane is free; give it back where the line is away."""
        talk = _Talk(conversation, line, on_fate, self._queue(line, lane))
        if not line.online:
            return self._conclude(talk, _offline(conversation), now)
        talk.queue.asked.append(talk)
        return self._advance(talk.queue, now)

    def ask(self, conversation: Conversation, line: Line, on_fate: OnFate, now: float) -> Steps[Address]:
        """Ask something for ourselves, once nobody else wants the line's commands."""
        queue = self._queue(line, Lane.COMMAND)
        queue.own.append(_Talk(conversation, line, on_fate, queue))
        del queue.own[:-_MOST_OWN]
        return self._advance(queue, now)

    def in_lane(self, line: Line, lane: Lane) -> Iterator[Conversation]:
        """Give what is said in a lane now, and what waits there because it was asked for."""
        queue = self._queue(line, lane)
        if queue.current is not None:
            yield queue.current.conversation
        yield from (talk.conversation for talk in queue.asked)

    def on_reply(self, reply: Reply, peer: Address, now: float) -> Steps[Address]:
        """Go on with the conversation that a reply belongs to, if it comes from where that goes to."""
        claimed = self._claims.get(reply.sendid) if isinstance(reply, Prompt) else None
        talk = claimed or self._open.get(reply.sendid)
        if talk is None:
            self._ignored["unknown_sendid"] += 1
            return []
        if peer[0] not in (talk.host, talk.line.host):  # the port is not compared: NAT moves it
            self._ignored["foreign_address"] += 1
            return []
        steps = self._judge(talk.line, reply)
        return steps + self._proceed(talk, talk.conversation.answer(reply, now), now)

    def notice(self, line: Line, notice: Notice, now: float) -> Steps[Address]:
        """Let the conversations with a line know what else is heard of it."""
        steps: Steps[Address] = []
        for talk in list(self._of_line.get(line.id, {}).values()):
            steps += self._proceed(talk, talk.conversation.notice(notice), now)
        return steps

    def tick(self, now: float) -> Steps[Address]:
        """Wake those that are due."""
        steps: Steps[Address] = []
        for sendid in self._alarms.take(now):
            talk = self._open[sendid]
            steps += self._proceed(talk, talk.conversation.tick(now), now)
        return steps

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        return self._alarms.first()

    def abandon(self, lines: Iterable[str], now: float) -> Steps[Address]:
        """Forget all conversations with these lines, and say what is to be thought of each."""
        steps: Steps[Address] = []
        for line in lines:
            talks = list(self._of_line.get(line, {}).values())
            for lane in Lane:
                if (queue := self._queues.pop((line, lane), None)) is not None:
                    talks += queue.asked
                    queue.current = None
                    queue.asked.clear()
                    queue.own.clear()
            for talk in talks:
                steps += self._conclude(talk, talk.conversation.abandon(), now)
        return steps

    def _queue(self, line: Line, lane: Lane) -> _Queue:
        return self._queues.setdefault((line.id, lane), _Queue())

    def _advance(self, queue: _Queue, now: float) -> Steps[Address]:
        """Begin what comes next, if the lane is free."""
        steps: Steps[Address] = []
        while queue.current is None and (talk := queue.next()) is not None:
            if not talk.line.online:
                steps += self._conclude(talk, _offline(talk.conversation), now)
                continue
            queue.current = talk
            steps += self._proceed(talk, talk.conversation.begin(now), now)
        return steps

    def _proceed(self, talk: _Talk, turn: Turn, now: float) -> Steps[Address]:
        steps = self._conclude(talk, turn, now)
        queue, conversation = talk.queue, talk.conversation
        if not conversation.over or queue.current is not talk:
            return steps
        queue.current = None
        if (successor := conversation.successor(lambda: self.draw(now))) is not None:
            queue.asked.insert(0, _Talk(successor, talk.line, talk.on_fate, queue))
        return steps + self._advance(queue, now)

    def _conclude(self, talk: _Talk, turn: Turn, now: float) -> Steps[Address]:
        """Send what a conversation says and hand its fates on."""
        steps: Steps[Address] = []
        if turn.packet is not None and talk.line.address is not None:
            talk.host = talk.line.host
            steps.append(Send(turn.packet, talk.line.address))
        self._keep(talk)
        for fate in turn.fates:
            steps += talk.on_fate(fate, now)
        if turn.mark is not None:
            steps.append(self._mark(talk, turn.mark))
        return steps

    def _mark(self, talk: _Talk, sent: Sent) -> Keep[Address]:
        trace = Trace(sendid=sent.sendid, telid=sent.telid)
        record = Departing(gateway=talk.line.gateway, message_id=sent.message_id, trace=trace)
        return Keep(
            record,
            lambda durable, now: self._proceed(
                talk, talk.conversation.marked(sent, now, durable=durable), now
            ),
        )

    def _keep(self, talk: _Talk) -> None:
        """Note when a conversation is next to be woken, or forget it if it is at its end."""
        conversation, of_line = talk.conversation, self._of_line.setdefault(talk.line.id, {})
        self._alarms.set(conversation.sendid, conversation.due)
        if conversation.due is not None:
            self._open[conversation.sendid] = of_line[conversation.sendid] = talk
            if conversation.claims is not None:
                self._claims[conversation.claims] = talk
            return
        self._open.pop(conversation.sendid, None)
        of_line.pop(conversation.sendid, None)
        if not of_line:
            del self._of_line[talk.line.id]
        if conversation.claims is not None:
            self._claims.pop(conversation.claims, None)


def _offline(conversation: Conversation) -> Turn:
    return conversation.give_back(PortNotReady("offline"))
