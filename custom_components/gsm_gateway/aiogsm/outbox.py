"""The queue of what wants to leave: a lane per port, which texts and USSD take in turn.

Pure: the time is passed in (the loop's clock, in seconds), and nothing is sent from here. The caller
asks ``take`` what may leave now, sends it, and says with ``settle`` or ``release`` how it went.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count

from .errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from .models import Message, MessageError, MessageStatus, PortState, PortStatus
from .requests import Outcome

EXPIRES_AFTER = 3600.0
"""Seconds that a text waits for a port that can send it."""

RETRY_PAUSE = 30.0
"""Seconds that a lane rests after a gateway did not answer at all."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A USSD request's place in the lane of its port. It goes before texts: somebody waits for it."""

    turn_id: str
    port: str


type Departure = Message | Turn


@dataclass(slots=True)
class _Lane:
    """What a port does: ``out`` counts what has departed, ``held`` who keeps anything more from it."""

    out: int = 0
    held: int = 0
    free_at: float = 0.0
    used_at: float = 0.0

    @property
    def idle(self) -> bool:
        return not self.out and not self.held

    def free(self, now: float) -> bool:
        return self.idle and self.free_at <= now


@dataclass(slots=True)
class _Batch:
    """Room for more recipients of the text that a port is about to be given."""

    text: str
    room: int


@dataclass(slots=True)
class _Waiting:
    message: Message
    order: int
    expires_at: float
    refused_by: dict[str, PortNotReady] = field(default_factory=dict)


class Outbox:
    """All texts of one gateway that are not settled, in order of arrival."""

    def __init__(self, *, pace: float, batch: int = 1) -> None:
        """Keep ``pace`` seconds between the beginnings of two texts of one port.

        A port is given up to ``batch`` recipients of one text at a time.
        """
        self._pace = pace
        self._batch = batch
        self._queued: dict[str, _Waiting] = {}
        self._sending: dict[str, _Waiting] = {}
        self._turns: list[Turn] = []
        self._lanes: dict[str, _Lane] = {}
        self._orders = count()

    def __len__(self) -> int:
        """How many texts are not settled."""
        return len(self._queued) + len(self._sending)

    def add(self, message: Message, now: float) -> None:
        """Queue a text."""
        self._queued[message.message_id] = _Waiting(message, next(self._orders), now + EXPIRES_AFTER)

    def add_turn(self, turn: Turn) -> None:
        """Queue a USSD request."""
        self._turns.append(turn)

    def drop_turn(self, turn: Turn) -> None:
        """Forget a USSD request that nobody waits for any more."""
        if turn in self._turns:
            self._turns.remove(turn)

    def take(self, ports: Mapping[str, PortState], now: float) -> list[Departure]:
        """Say what may leave now, and take its lanes."""
        return [*self._depart_turns(), *self._depart_texts(ports, now)]

    def _depart_turns(self) -> Iterator[Turn]:
        for turn in list(self._turns):
            if self._lane(turn.port).idle:  # the pace is kept between texts only
                self._turns.remove(turn)
                self._lane(turn.port).out += 1
                yield turn

    def _depart_texts(self, ports: Mapping[str, PortState], now: float) -> Iterator[Message]:
        batches: dict[str, _Batch] = {}
        # What came back from a port goes before what arrived after it.
        for waiting in sorted(self._queued.values(), key=lambda waiting: waiting.order):
            able = [port for port in ports if _is_able(port, ports[port], waiting)]
            free = [port for port in able if self._lane(port).free(now)]
            text = waiting.message.text
            if free:  # the one that was idle longest, so that equals take turns
                chosen: str | None = min(free, key=lambda port: self._lane(port).used_at)
            else:
                chosen = _roomy(batches, able, text)
            if chosen is None:
                continue
            if chosen in free:
                batches[chosen] = _Batch(text, self._share(text, len(free)))
            batches[chosen].room -= 1
            yield self._depart(waiting, chosen, now)

    def _share(self, text: str, ports: int) -> int:
        """Give how many of a text's recipients one of so many free ports takes, so that all help."""
        recipients = sum(waiting.message.text == text for waiting in self._queued.values())
        return min(self._batch, -(-recipients // ports))

    def _depart(self, waiting: _Waiting, port: str, now: float) -> Message:
        lane = self._lane(port)
        lane.out, lane.used_at, lane.free_at = lane.out + 1, now, now + self._pace
        waiting.message = replace(waiting.message, status=MessageStatus.SENDING, port=port)
        self._sending[waiting.message.message_id] = self._queued.pop(waiting.message.message_id)
        return waiting.message

    def hold(self, port: str) -> None:
        """Let nothing more depart by a port until ``resume``."""
        self._lane(port).held += 1

    def resume(self, port: str) -> None:
        """End one ``hold``."""
        self._lane(port).held -= 1

    def is_out(self, port: str) -> bool:
        """Whether something that departed by a port is not back."""
        return self._lane(port).out > 0

    def release(self, port: str) -> None:
        """Free the lane that a USSD request had taken."""
        self._lane(port).out -= 1

    def settle(
        self, message_id: str, outcome: Outcome, ports: Mapping[str, PortState], now: float
    ) -> Message:
        """Note how a departure went: the text is settled, or back in the queue for another try."""
        waiting = self._sending.pop(message_id)
        port = waiting.message.port
        assert port is not None  # a text gets its port when it departs
        lane = self._lane(port)
        lane.out -= 1
        if isinstance(outcome, GatewayTimeout):
            lane.free_at = max(lane.free_at, now + RETRY_PAUSE)
        if isinstance(outcome, PortNotReady):
            waiting.refused_by[port] = outcome
        if self._may_try_again(waiting, outcome, ports):
            waiting.message = replace(waiting.message, status=MessageStatus.QUEUED, port=None)
            self._queued[message_id] = waiting
        else:
            waiting.message = _settled(waiting.message, outcome)
        return waiting.message

    def _may_try_again(self, waiting: _Waiting, outcome: Outcome, ports: Mapping[str, PortState]) -> bool:
        """Whether nothing left and a port is there that has not refused this text."""
        if isinstance(outcome, PortNotReady):
            candidates = ports.keys() if waiting.message.pinned is None else {waiting.message.pinned}
            return bool(candidates - waiting.refused_by.keys())
        return isinstance(outcome, LinkLost | GatewayTimeout)

    def expire(self, now: float) -> list[Message]:
        """Give up what has waited too long."""
        late = [key for key, waiting in self._queued.items() if waiting.expires_at <= now]
        return [self._give_up(key, MessageStatus.EXPIRED, MessageError.EXPIRED) for key in late]

    def abandon(self) -> list[Message]:
        """Give up everything that has not left, because the gateway is being closed."""
        return [
            self._give_up(key, MessageStatus.FAILED, MessageError.BOX_OFFLINE) for key in list(self._queued)
        ]

    def _give_up(self, message_id: str, status: MessageStatus, error: MessageError) -> Message:
        return replace(self._queued.pop(message_id).message, status=status, error=error)

    def deadline(self, now: float) -> float | None:
        """When to call ``expire`` and ``take`` again, if nothing else happens before."""
        if not self._queued:
            return None
        lanes = [lane.free_at for lane in self._lanes.values() if lane.idle and lane.free_at > now]
        return min([*lanes, *(waiting.expires_at for waiting in self._queued.values())])

    def _lane(self, port: str) -> _Lane:
        return self._lanes.setdefault(port, _Lane())


def _is_able(port: str, state: PortState, waiting: _Waiting) -> bool:
    """Whether a port is ready, may send this text, and has not refused it."""
    if waiting.message.pinned not in (None, port) or port in waiting.refused_by:
        return False
    return state.status is PortStatus.READY


def _roomy(batches: Mapping[str, _Batch], ports: Iterable[str], text: str) -> str | None:
    """Give one of these ports that is about to send this text and has room for another recipient."""
    fitting = (port for port in ports if port in batches and batches[port].text == text)
    return next((port for port in fitting if batches[port].room > 0), None)


def _settled(message: Message, outcome: Outcome) -> Message:
    match outcome:
        case InvalidInput(reason="number"):
            status, error, detail = MessageStatus.FAILED, MessageError.INVALID_NUMBER, None
        case InvalidInput(reason="text_too_long"):
            status, error, detail = MessageStatus.FAILED, MessageError.TOO_LONG, None
        case CommandRefused(reason=reason):
            status, error, detail = MessageStatus.FAILED, MessageError.REFUSED, reason
        case OutcomeUnknown():
            status, error, detail = MessageStatus.UNKNOWN, MessageError.NO_RESULT, None
        case GatewayError():
            status, error, detail = MessageStatus.FAILED, MessageError.REFUSED, str(outcome)
        case _:
            return replace(message, status=MessageStatus.SENT)
    return replace(message, status=status, error=error, error_detail=detail)
