"""The queue of what wants to leave: a lane per port, which texts and USSD take in turn.

Pure: the time is passed in, nothing is sent and nothing kept from here. The caller asks ``take`` what may
depart now, says with ``leaving`` that a text is about to leave for good, and with ``settle`` or ``release``
how it went. What every text has become is in the Message that each of these gives; the caller keeps it.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence, Set as AbstractSet
from datetime import date, datetime
from itertools import count
from typing import NamedTuple

from .errors import GatewayTimeout, LinkLost, NotKept, NotNow, PortNotReady
from .lanes import Lane, Plan
from .limits import Limits, Usage
from .models import Message, MessageError, MessageStatus, PortState, PortStatus, Priority, Trace
from .requests import Outcome
from .verdicts import cause_of, settled

RETRY_PAUSE = 30.0
"""Seconds that a lane rests after its port could not take a text, or the disk not its mark."""

PATIENCE = 30.0
"""Seconds that a text waits for the port that its sender named, while that may come back by itself."""

COUNTED = (MessageStatus.SENT, MessageStatus.UNKNOWN)
"""What a text must have come to, to count among those that its port has sent."""

_MOST_KNOWN = 4096  # recipients whose usual port is remembered
_LATER = (GatewayTimeout, NotKept, NotNow)
_RANK = {Priority.HIGH: 0, Priority.NORMAL: 1}


class Moment(NamedTuple):
    """The loop's clock, in seconds, by which all waits go; the wall's, in UTC; and the local day."""

    at: float
    wall: datetime
    day: date

    def age_of(self, then: datetime) -> float:
        """Give how many seconds ago something was; none, where the wall's clock was set back since."""
        return max((self.wall - then).total_seconds(), 0.0)


class Turn(NamedTuple):
    """A USSD request's place in the lane of its port. It goes before texts: somebody waits for it."""

    turn_id: str
    port: str


type Departure = Message | Turn


class _Batch:
    """Room for more recipients of the text that a port is about to be given."""

    __slots__ = ("room", "text")

    def __init__(self, text: str, room: int) -> None:
        self.text = text
        self.room = room


class _Waiting:
    """A text that may leave from ``since`` on: what keeps it from that before is of no account."""

    __slots__ = ("expires_at", "failed_by", "message", "order", "refused_by", "since")

    def __init__(self, message: Message, order: int, since: float, expires_at: float) -> None:
        self.message = message
        self.order = order
        self.since = since
        self.expires_at = expires_at
        self.refused_by: set[str] = set()
        self.failed_by: set[str] = set()

    @property
    def rank(self) -> tuple[int, int]:
        return _RANK[self.message.priority], self.order

    def able(self, ready: Sequence[str]) -> Sequence[str]:
        """Give those of the ports that are ready which may send this text, and have not refused it."""
        if self.message.pinned is None and not self.refused_by:
            return ready
        mine = ready if self.message.pinned is None else [self.message.pinned]
        return [port for port in mine if port in ready and port not in self.refused_by]


class Outbox:
    """All texts of one gateway that are not settled: the urgent ones first, then in order of arrival."""

    def __init__(self, *, pace: float, batch: int = 1, limits: Limits | None = None) -> None:
        """Keep ``pace`` seconds between the beginnings of two texts of one port.

        A port is given up to ``batch`` recipients of one text at a time.
        """
        self.usage = Usage()
        self._pace = pace
        self._batch = batch
        self._limits = limits or Limits()
        self._queued: dict[str, _Waiting] = {}
        self._departed: dict[str, _Waiting] = {}
        self._turns: list[Turn] = []
        self._lanes: dict[str, Lane] = {}
        self._usual: OrderedDict[str, str] = OrderedDict()
        self._unable: dict[str, float] = {}  # since when ports cannot send
        self._orders = count()

    def __len__(self) -> int:
        """How many texts are not settled."""
        return len(self._queued) + len(self._departed)

    @property
    def waits(self) -> bool:
        """Whether anything has not departed, which it seldom has."""
        return bool(self._queued or self._turns)

    def queued(self) -> list[Message]:
        """Give the texts that have not departed."""
        return [waiting.message for waiting in self._queued.values()]

    def departed(self) -> list[Message]:
        """Give the texts that have departed and are not settled."""
        return [waiting.message for waiting in self._departed.values()]

    def add(self, message: Message, now: Moment) -> None:
        """Queue a text, or one that was queued in an earlier run."""
        self._queued[message.message_id] = self._waiting(message, now)

    def resume(self, message: Message, now: Moment) -> None:
        """Take a text that left in an earlier run, whose result is still waited for."""
        assert message.port is not None  # it has left
        self._lane(message.port).out += 1
        self._departed[message.message_id] = self._waiting(message, now)

    def rest(self, port: str, until: float) -> None:
        """Let no text depart by a port before ``until``."""
        lane = self._lane(port)
        lane.free_at = max(lane.free_at, until)

    def rest_after(self, port: str, age: float, now: Moment) -> None:
        """Keep the pace of a port whose last text left ``age`` seconds ago, in an earlier run."""
        self.rest(port, now.at + max(self._pace - age, 0.0))

    def has_departed(self, message_id: str) -> bool:
        """Whether a text has departed and is not settled."""
        return message_id in self._departed

    def met(self, recipient: str, port: str) -> None:
        """Note by which port somebody was last texted, or wrote."""
        self._usual[recipient] = port
        self._usual.move_to_end(recipient)
        if len(self._usual) > _MOST_KNOWN:
            self._usual.popitem(last=False)

    def _waiting(self, message: Message, now: Moment) -> _Waiting:
        created = max(now.wall, message.created_at)  # the clock may have been set back
        left = (message.expires_at - created).total_seconds()
        begins = max(((message.not_before or created) - created).total_seconds(), 0.0)
        return _Waiting(message, next(self._orders), now.at + begins, now.at + left)

    def add_turn(self, turn: Turn) -> None:
        """Queue a USSD request."""
        self._turns.append(turn)

    def drop_turn(self, turn: Turn) -> None:
        """Forget a USSD request that nobody waits for any more."""
        if turn in self._turns:
            self._turns.remove(turn)

    def take(self, ports: Mapping[str, PortState], now: Moment) -> list[Departure]:
        """Say what may depart now, and take its lanes. A departed text has a port, and has not left yet."""
        return [*self._depart_turns(), *self._depart_texts(ports, now)]

    def _depart_turns(self) -> Iterator[Turn]:
        for turn in list(self._turns):
            if self._lane(turn.port).idle:  # the pace is kept between texts only
                self._turns.remove(turn)
                self._lane(turn.port).out += 1
                yield turn

    def _depart_texts(self, ports: Mapping[str, PortState], now: Moment) -> Iterator[Message]:
        if not self._queued:
            return
        plan = Plan(ports, self._lane, self._pace, now.at)
        if not plan.free:
            return
        batches: dict[str, _Batch] = {}
        ready = [port for port, state in ports.items() if self._is_ready(port, state, now)]
        for waiting in sorted(self._queued.values(), key=lambda waiting: waiting.rank):
            if not plan.free and not any(batch.room for batch in batches.values()):
                return
            if waiting.message.not_before is not None and waiting.message.not_before > now.wall:
                continue
            text = waiting.message.text
            able = waiting.able(ready)
            free = plan.free_of(able)
            if not free and (chosen := _roomy(batches, able, text)) is not None:
                batches[chosen].room -= 1
            elif (chosen := plan.choose(able, self._usual_port(waiting))) is not None:
                batches[chosen] = _Batch(text, self._share(text, free) - 1)
            else:
                continue
            yield self._depart(waiting, chosen, now)
            if not self._is_ready(chosen, ports[chosen], now):
                ready.remove(chosen)

    def _usual_port(self, waiting: _Waiting) -> str | None:
        """Give the port that a recipient knows, unless it failed this very text."""
        usual = self._usual.get(waiting.message.recipient)
        return None if usual in waiting.failed_by else usual

    def _is_ready(self, port: str, state: PortState, now: Moment) -> bool:
        """Whether a port could send a text, with those that it is sending, if its lane is free."""
        if state.status is not PortStatus.READY:
            return False
        return not self.usage.spent(port, now.day, self._limits, self._lane(port).out)

    def _share(self, text: str, ports: int) -> int:
        """Give how many of a text's recipients one of so many free ports takes, so that all help."""
        recipients = sum(waiting.message.text == text for waiting in self._queued.values())
        return min(self._batch, -(-recipients // ports))

    def _depart(self, waiting: _Waiting, port: str, now: Moment) -> Message:
        lane = self._lane(port)
        lane.out, lane.used_at, lane.free_at = lane.out + 1, now.at, now.at + self._pace
        waiting.message = waiting.message._replace(port=port)
        self._departed[waiting.message.message_id] = self._queued.pop(waiting.message.message_id)
        return waiting.message

    def leaving(self, message_id: str, trace: Trace | None, now: Moment) -> Message:
        """Note that a departed text is about to leave for good, and give it as it has to be kept before."""
        waiting = self._departed[message_id]
        waiting.message = waiting.message._replace(
            status=MessageStatus.SENDING, left_at=now.wall, trace=trace
        )
        return waiting.message

    def left(self, message_id: str, now: Moment) -> None:
        """Note that a text leaves now: the pace of its port goes by this moment."""
        if (waiting := self._departed.get(message_id)) is not None and waiting.message.port is not None:
            self.rest(waiting.message.port, now.at + self._pace)

    def hold(self, port: str) -> None:
        """Let nothing more depart by a port until ``unhold``."""
        self._lane(port).held += 1

    def unhold(self, port: str) -> None:
        """End one ``hold``."""
        self._lane(port).held -= 1

    def is_out(self, port: str) -> bool:
        """Whether something that departed by a port is not back."""
        return self._lane(port).out > 0

    def release(self, port: str) -> None:
        """Free the lane that a USSD request had taken."""
        self._lane(port).out -= 1

    def settle(
        self, message_id: str, outcome: Outcome, ports: Mapping[str, PortState], now: Moment
    ) -> Message:
        """Note how a departure went: the text is settled, or back in the queue for another try."""
        waiting = self._departed.pop(message_id)
        port = waiting.message.port
        assert port is not None  # a text gets its port when it departs
        self._lane(port).out -= 1
        if isinstance(outcome, _LATER):
            self.rest(port, now.at + RETRY_PAUSE)
            waiting.failed_by.add(port)
        if isinstance(outcome, PortNotReady):
            waiting.refused_by.add(port)
        if self._may_try_again(waiting, outcome, ports):
            waiting.message = waiting.message._replace(
                status=MessageStatus.QUEUED, port=None, left_at=None, trace=None
            )
            self._queued[message_id] = waiting
            return waiting.message
        waiting.message = settled(waiting.message, outcome, now.wall)
        if waiting.message.status in COUNTED:
            self.usage.add(port, now.day)
            self.met(waiting.message.recipient, port)
        return waiting.message

    def _may_try_again(self, waiting: _Waiting, outcome: Outcome, ports: Mapping[str, PortState]) -> bool:
        """Whether nothing left and a port is there that has not refused this text."""
        if isinstance(outcome, PortNotReady):
            candidates = ports.keys() if waiting.message.pinned is None else {waiting.message.pinned}
            return bool(candidates - waiting.refused_by)
        return isinstance(outcome, (LinkLost, *_LATER))

    def give_up(self, ports: Mapping[str, PortState], now: Moment) -> list[Message]:
        """Settle what has waited too long, or waits for what cannot be."""
        if not self._queued:  # nearly always; to look at a thousand ports takes a while
            return []
        unable = [port for port, state in ports.items() if cause_of(state.status, certain=True)]
        self._unable = {port: self._unable.get(port, now.at) for port in unable}
        spent = {port for port in ports if self.usage.spent(port, now.day, self._limits, 0)}
        queued = self._queued.values()
        verdicts = [(waiting, self._verdict(waiting, ports, spent, now)) for waiting in queued]
        return [self._give_up(waiting, *verdict, now) for waiting, verdict in verdicts if verdict]

    def _verdict(
        self, waiting: _Waiting, ports: Mapping[str, PortState], spent: AbstractSet[str], now: Moment
    ) -> tuple[MessageStatus, MessageError, str | None] | None:
        pinned = waiting.message.pinned
        if waiting.expires_at <= now.at:
            return MessageStatus.EXPIRED, MessageError.EXPIRED if ports else MessageError.BOX_OFFLINE, None
        if now.at < waiting.since:
            return None
        if pinned is not None and pinned in ports and not self._lane(pinned).held:
            cause = cause_of(ports[pinned].status, certain=now.at >= self._patient_until(waiting, pinned))
            if cause is not None:
                return MessageStatus.FAILED, *cause
        candidates = ports.keys() if pinned is None else ports.keys() & {pinned}
        if candidates and candidates <= spent:
            return MessageStatus.FAILED, MessageError.LIMIT_REACHED, None
        return None

    def _patient_until(self, waiting: _Waiting, pinned: str) -> float:
        """Give until when a text waits for the port that it has to take, which cannot send now."""
        return max(waiting.since, self._unable.get(pinned, waiting.since)) + PATIENCE

    def _give_up(
        self, waiting: _Waiting, status: MessageStatus, error: MessageError, detail: str | None, now: Moment
    ) -> Message:
        del self._queued[waiting.message.message_id]
        return waiting.message._replace(status=status, error=error, error_detail=detail, settled_at=now.wall)

    def deadline(self, ports: Mapping[str, PortState], now: Moment) -> float | None:
        """When to call ``give_up`` and ``take`` again, if nothing else happens before."""
        if not self._queued:
            return None
        dues = [lane.free_at for lane in self._lanes.values() if lane.idle and lane.free_at > now.at]
        for waiting in self._queued.values():
            dues.append(waiting.expires_at)
            if (not_before := waiting.message.not_before) is not None and not_before > now.wall:
                dues.append(now.at + (not_before - now.wall).total_seconds())
            if (pinned := waiting.message.pinned) is not None and pinned in self._unable:
                dues.append(max(self._patient_until(waiting, pinned), now.at))
        return min(dues)

    def _lane(self, port: str) -> Lane:
        return self._lanes.setdefault(port, Lane())


def _roomy(batches: Mapping[str, _Batch], able: Sequence[str], text: str) -> str | None:
    """Give one of these ports that is about to send this text and has room for another recipient."""
    fitting = (port for port in able if port in batches and batches[port].text == text)
    return next((port for port in fitting if batches[port].room > 0), None)
