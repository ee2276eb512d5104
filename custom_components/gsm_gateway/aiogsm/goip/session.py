"""Conversations with lines, each known by its sendid, and the keeping of all that are under way.

A conversation is a machine of its own: it is begun, handed every reply that carries its sendid, and
woken when it is ``due``. Each time it gives a Turn: what to send to the line, and the result once there
is one. A packet without an answer is sent again, the same to the last byte, so that the box knows it.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import NamedTuple, override

from ..alarms import Alarms
from ..dialog import Done, Outcome, Send, Settle, Steps, Ticket
from ..errors import CommandRefused, GatewayTimeout, LinkLost, OutcomeUnknown, PortNotReady
from ..recent import Recent
from .codec import Answer, Refused, Reply
from .port import Address, Line


@dataclass(frozen=True, slots=True)
class PutOff:
    """The box has no room, and nothing happened: ``again`` makes the next try, under a new sendid."""

    again: Callable[[int], Conversation]


type Result = Outcome | Answer | PutOff


class Turn(NamedTuple):
    """What a conversation wants: a packet for its line, and its result, once."""

    packet: bytes | None = None
    result: Result | None = None


class Pace(NamedTuple):
    """When a packet without an answer is sent again, and when it is given up, in seconds."""

    every: float
    repeats: int
    patience: float


STEP = Pace(every=5.0, repeats=2, patience=15.0)
_ONCE = Pace(every=30.0, repeats=0, patience=30.0)


class Conversation(ABC):
    """What all conversations share. ``due`` is when to wake it, ``None`` once it is over."""

    def __init__(self, sendid: int) -> None:
        """Take the number that every packet of it carries."""
        self.sendid = sendid
        self.due: float | None = None
        self._packet = b""
        self._pace = STEP
        self._repeats = 0
        self._until = 0.0

    @property
    def left(self) -> bool:
        """Whether something has left that cannot be called back."""
        return True

    @abstractmethod
    def begin(self, now: float) -> Turn:
        """Say the first packet."""

    @abstractmethod
    def answer(self, reply: Reply, now: float) -> Turn:
        """Go on by what the box replied. What is not expected now is passed over."""

    def heard(self, *, gone: bool) -> Turn:
        """Learn of a keepalive of the line: ``gone`` if by it the line logged out or started anew."""
        return Turn()

    def tick(self, now: float) -> Turn:
        """Repeat what got no answer, or give it up. Harmless when called early."""
        if self.due is None or now < self.due:
            return Turn()
        if now >= self._until:
            return self._give_up(now)
        self._repeats += 1
        self._wait(now)
        return Turn(self._packet)

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

    def _finish(self, result: Result) -> Turn:
        self.due = None
        return Turn(result=result)


class Exchange(Conversation):
    """A question that may be asked twice. Its result is the Answer, CommandRefused or GatewayTimeout."""

    def __init__(self, sendid: int, packet: bytes) -> None:
        """Take the question as it is to be sent."""
        super().__init__(sendid)
        self._question = packet

    @override
    @property
    def left(self) -> bool:
        return False

    @override
    def begin(self, now: float) -> Turn:
        return self._say(self._question, STEP, now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Answer():
                return self._finish(reply)
            case Refused(reason=reason):
                return self._finish(CommandRefused(reason))
        return Turn()

    @override
    def _give_up(self, now: float) -> Turn:
        return self._finish(GatewayTimeout("the line did not answer"))


class RebootExchange(Conversation):
    """A restart, never asked for twice. Its result is Done, CommandRefused or OutcomeUnknown.

    The reply may be lost with the line, so that its logging out, or its silence, tells the same.
    """

    def __init__(self, sendid: int, packet: bytes) -> None:
        """Take the command as it is to be sent."""
        super().__init__(sendid)
        self._command = packet
        self._alive = False

    @override
    def begin(self, now: float) -> Turn:
        return self._say(self._command, _ONCE, now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Answer():
                return self._finish(Done())
            case Refused(reason=reason):
                return self._finish(CommandRefused(reason))
        return Turn()

    @override
    def heard(self, *, gone: bool) -> Turn:
        self._alive = True
        return self._finish(Done()) if gone else Turn()

    @override
    def _give_up(self, now: float) -> Turn:
        if self._alive:
            return self._finish(OutcomeUnknown("the line neither answered nor went away"))
        return self._finish(Done())


class SendIds:
    """The sendids of one UDP port, which carries the replies of all lines.

    Those of USSD come from the clock and grow, over restarts too: a box answers one that is not above
    its last with the old answer. All others are random, so that no stranger can guess a reply's; the
    two ranges never meet.
    """

    _RANGE = 2**30

    def __init__(self, random: Random, wall_clock: Callable[[], float]) -> None:
        """Draw from ``random``; ``wall_clock`` gives seconds since 1970."""
        self._random = random
        self._wall_clock = wall_clock
        self._recent: Recent[int] = Recent(span=600.0, limit=65536)
        self._last_ussd = self._RANGE

    def draw(self, now: float, in_flight: Container[int]) -> int:
        """Give a number from 1 to 2^30-1 that is not in flight and was not used for ten minutes."""
        while True:
            sendid = self._random.randrange(1, self._RANGE)
            if sendid not in in_flight and self._recent.add(sendid, now):
                return sendid

    def next_ussd(self) -> int:
        """Give a number above all that were given before."""
        self._last_ussd = max(self._last_ussd + 1, int(self._wall_clock()))
        return self._last_ussd


class Lane(Enum):
    """What a line can do one of at a time."""

    SIM = auto()
    COMMAND = auto()


@dataclass(slots=True, eq=False)
class _Talk:
    """A conversation under way. ``host`` is where its last packet went."""

    conversation: Conversation
    line: Line
    ticket: Ticket | None = None
    lane: Lane | None = None
    on_answer: Callable[[str], Steps[Address]] | None = None
    host: str | None = None


class Talks:
    """The conversations under way with all lines. Packets go to the line's address of that moment."""

    def __init__(self, sendids: SendIds, ignored: Counter[str]) -> None:
        """Draw from ``sendids``, and count in ``ignored`` the replies that belong to nothing."""
        self.sendids = sendids
        self._ignored = ignored
        self._open: dict[int, _Talk] = {}
        self._lanes: dict[tuple[str, Lane], _Talk] = {}
        self._alarms: Alarms[int] = Alarms()

    def draw(self, now: float) -> int:
        """Give a sendid for anything but USSD."""
        return self.sendids.draw(now, self._open)

    def begin(
        self, conversation: Conversation, line: Line, ticket: Ticket, lane: Lane, now: float
    ) -> Steps[Address]:
        """Begin what a ticket stands for, or settle it where the line is away or has its hands full."""
        if not line.online:
            return [Settle(ticket, PortNotReady("offline"))]
        if (line.id, lane) in self._lanes:
            return [Settle(ticket, PortNotReady("busy"))]
        return self._start(_Talk(conversation, line, ticket, lane), now)

    def ask(
        self, exchange: Exchange, line: Line, on_answer: Callable[[str], Steps[Address]], now: float
    ) -> Steps[Address]:
        """Ask something for ourselves; nobody learns of it if no answer comes."""
        return self._start(_Talk(exchange, line, on_answer=on_answer), now)

    def on_reply(self, reply: Reply, peer: Address, now: float) -> Steps[Address]:
        """Go on with the conversation that a reply belongs to, if it comes from where that goes to."""
        talk = self._open.get(reply.sendid)
        if talk is None:
            self._ignored["unknown_sendid"] += 1
            return []
        if peer[0] not in (talk.host, talk.line.host):  # the port is not compared: NAT moves it
            self._ignored["foreign_address"] += 1
            return []
        return self._proceed(talk, talk.conversation.answer(reply, now), now)

    def heard(self, line: Line, now: float, *, gone: bool) -> Steps[Address]:
        """Let a command that may have sent the line away know of its keepalive."""
        talk = self._lanes.get((line.id, Lane.COMMAND))
        return [] if talk is None else self._proceed(talk, talk.conversation.heard(gone=gone), now)

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

    def abandon(self, gateway: str) -> Steps[Address]:
        """Forget all conversations with a gateway's lines, and say what is to be thought of each."""
        steps: Steps[Address] = []
        for talk in [talk for talk in self._open.values() if talk.line.gateway == gateway]:
            talk.conversation.due = None
            self._keep(talk)
            if talk.ticket is not None:
                steps += self._conclude(talk, _abandoned(talk.conversation), 0.0)
        return steps

    def _start(self, talk: _Talk, now: float) -> Steps[Address]:
        if talk.lane is not None:
            self._lanes[talk.line.id, talk.lane] = talk
        return self._proceed(talk, talk.conversation.begin(now), now)

    def _proceed(self, talk: _Talk, turn: Turn, now: float) -> Steps[Address]:
        steps: Steps[Address] = []
        if turn.packet is not None and talk.line.address is not None:
            talk.host = talk.line.host
            steps.append(Send(turn.packet, talk.line.address))
        self._keep(talk)
        if turn.result is not None:
            steps += self._conclude(talk, turn.result, now)
        return steps

    def _keep(self, talk: _Talk) -> None:
        """Note when a conversation is next to be woken, or forget it if it is over."""
        conversation = talk.conversation
        self._alarms.set(conversation.sendid, conversation.due)
        if conversation.due is None:
            self._open.pop(conversation.sendid, None)
        else:
            self._open[conversation.sendid] = talk

    def _conclude(self, talk: _Talk, result: Result, now: float) -> Steps[Address]:
        """Hand a result on and free the lane; the conversation may still be taking its leave."""
        if talk.lane is not None:
            del self._lanes[talk.line.id, talk.lane]
        ticket, talk.ticket = talk.ticket, None
        match result:
            case PutOff(again):
                return self._start(_Talk(again(self.draw(now)), talk.line, ticket, talk.lane), now)
            case Answer(value=value):
                return talk.on_answer(value) if talk.on_answer else []
        return [] if ticket is None else [Settle(ticket, result)]


def _abandoned(conversation: Conversation) -> Outcome:
    if conversation.left:
        return OutcomeUnknown("the gateway was let go before its answer came")
    return LinkLost("the gateway was let go")
