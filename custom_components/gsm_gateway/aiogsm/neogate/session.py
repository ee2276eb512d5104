"""One TCP connection to a box, as a machine: greeting, login, one command at a time, and staying alive."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from functools import partial
from itertools import count
from random import Random
from typing import NamedTuple

from ..ami import Banner, Event, Message, Response, WireError, login, logoff, ping
from ..backoff import Backoff
from ..dialog import Box, Drop, Keep, Open, Send, Steps
from ..errors import GatewayError, InvalidInput, LinkLost, LoginRefused, NotKept, WrongPeer
from ..records import Departing
from ..text import check_credential
from . import POLL_INTERVALS, codec

GREETING_TIMEOUT = 10.0
LOGIN_TIMEOUT = 10.0
QUERY_TIMEOUT = 10.0
PING_TIMEOUT = 10.0
IDLE = 25.0
"""Seconds of silence after which the box is asked whether it is still there."""

STABLE = 60.0
"""Seconds that a connection must have stood before its loss is met with a try at once again."""

SECOND_REFUSAL = 10.0
"""Seconds after a refused login until another refusal counts."""

REFUSED_PAUSE = 900.0
"""Seconds between tries once the refusal is certain, so that no box locks the account."""

MOST_GARBAGE = 1000
"""Lines one after the other that are no message; of a reply that was cut, there are less than a hundred."""

NO_LINK = "there is no connection to the gateway"


class Channel(StrEnum):
    """The connections to one box: a running USSD holds up all else on its own, events included."""

    MAIN = "main"
    USSD = "ussd"


def check_box(box: Box) -> None:
    """Raise InvalidInput where the credentials cannot be carried, or the box would be asked too often."""
    check_credential(box.username)
    check_credential(box.password)
    least, most = POLL_INTERVALS
    if not least <= box.poll_interval <= most:
        raise InvalidInput("poll_interval", f"a box is asked every {least:.0f} to {most:.0f} seconds")


def _nothing(_reason: GatewayError, _now: float) -> Steps[Channel]:
    return []


@dataclass(slots=True, kw_only=True, eq=False)
class Exchange:
    """One command and its reply. ``written_at`` tells whether it may have had an effect.

    ``departing``: what has to be durable in the moment before it is written.
    Exactly one of ``on_reply`` (with the output, empty for a silent yes) and ``on_lost`` is called, once.
    """

    line: str = field(repr=False)
    on_reply: Callable[[str, float], Steps[Channel]]
    on_lost: Callable[[GatewayError, float], Steps[Channel]] = _nothing
    timeout: float = QUERY_TIMEOUT
    departing: Departing | None = None
    written_at: float | None = None


class _Flight(NamedTuple):
    """What was written and awaits its response; ``exchange`` is None for what the session does by itself."""

    action_id: str
    due: float
    on_response: Callable[[Response, float], Steps[Channel]]
    exchange: Exchange | None = None


class _Phase(Enum):
    OPENING = auto()
    GREETING = auto()
    LOGIN = auto()
    READY = auto()
    CLOSED = auto()


class Session:
    """A connection from ``Open`` to its end. A closed one is never used again.

    A reply that is late closes it: nobody could tell later replies from it with certainty.
    """

    def __init__(
        self,
        channel: Channel,
        box: Box,
        ignored: Counter[str],
        *,
        on_ready: Callable[[float], Steps[Channel]],
        on_closed: Callable[[GatewayError, float], Steps[Channel]],
        on_event: Callable[[Event, float], Steps[Channel]] | None = None,
    ) -> None:
        """Take whom to tell; without ``on_event`` the box is asked for none."""
        self._channel = channel
        self._box = box
        self._ignored = ignored
        self._on_ready = on_ready
        self._on_closed = on_closed
        self._on_event = on_event
        self._reader = codec.reader()
        self._ids = count(1)
        self._queue: deque[Exchange] = deque()
        self._flight: _Flight | None = None
        self._marking: Exchange | None = None
        self._phase = _Phase.OPENING
        self._stirred_at = 0.0
        self._garbage_in_a_row = 0

    @property
    def ready(self) -> bool:
        """Whether the login is done and commands are taken."""
        return self._phase is _Phase.READY

    def open(self) -> Steps[Channel]:
        """Ask for the connection."""
        return [Open(self._channel)]

    def opened(self, now: float) -> None:
        """Begin to wait for the greeting."""
        self._phase = _Phase.GREETING
        self._stirred_at = now

    def ask(self, exchange: Exchange, now: float) -> Steps[Channel]:
        """Run a command once those before it are done."""
        self._queue.append(exchange)
        return self._write_next(now)

    def receive(self, data: bytes, now: float) -> Steps[Channel]:
        """Take bytes and act on what is whole."""
        if self.ready:
            self._stirred_at = now
        self._reader.feed(data)
        steps: Steps[Channel] = []
        while self._phase is not _Phase.CLOSED:
            try:
                message = self._reader.next()
            except WireError as error:
                steps += self._garbage(error, now)
                continue
            if message is None:
                break
            steps += self._handle(message, now)
        return steps

    def lost(self, error: GatewayError, now: float) -> Steps[Channel]:
        """End because the connection did."""
        return [*self._abandon(error, now), *self._on_closed(error, now)]

    def fail(self, error: GatewayError, now: float) -> Steps[Channel]:
        """End the connection because of what came over it, or did not."""
        return [Drop(self._channel), *self.lost(error, now)]

    def leave(self, now: float, last: Sequence[str] = ()) -> Steps[Channel]:
        """Take leave, with these last commands. Nobody is told but those whose commands are open."""
        lines = last if self.ready else ()
        goodbye: Steps[Channel] = [
            *(Send(codec.command(str(next(self._ids)), line), self._channel) for line in lines),
            *([Send(logoff(str(next(self._ids))), self._channel)] if self.ready else []),
            Drop(self._channel),
        ]
        return goodbye + self._abandon(LinkLost("the connection was closed by us"), now)

    def tick(self, now: float) -> Steps[Channel]:
        """Give up what is late, and ask a silent box whether it is there."""
        deadline = self.deadline()
        if deadline is None or now < deadline:
            return []
        if self._flight is not None:
            return self.fail(LinkLost("the gateway did not answer in time"), now)
        if self._phase is _Phase.GREETING:
            return self.fail(WrongPeer("the greeting did not come"), now)
        return self._write(ping, self._ponged, PING_TIMEOUT, now)

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        if self._flight is not None:
            return self._flight.due
        if self._marking is not None:
            return None
        patience = {_Phase.GREETING: GREETING_TIMEOUT, _Phase.READY: IDLE}.get(self._phase)
        return None if patience is None else self._stirred_at + patience

    def _abandon(self, error: GatewayError, now: float) -> Steps[Channel]:
        self._phase = _Phase.CLOSED
        flight, self._flight = self._flight, None
        marking, self._marking = self._marking, None
        exchanges = [flight.exchange] if flight and flight.exchange else []
        exchanges += [marking] if marking else []
        exchanges += self._queue
        self._queue.clear()
        return [step for exchange in exchanges for step in exchange.on_lost(error, now)]

    def _garbage(self, error: WireError, now: float) -> Steps[Channel]:
        self._ignored[error.reason] += 1
        self._garbage_in_a_row += 1
        if self._phase is _Phase.GREETING:
            return self.fail(WrongPeer("the greeting is another's"), now)
        if error.fatal or self._garbage_in_a_row >= MOST_GARBAGE:
            return self.fail(LinkLost("the gateway sent what cannot be read"), now)
        return []

    def _handle(self, message: Message, now: float) -> Steps[Channel]:
        self._garbage_in_a_row = 0
        match message:
            case Banner():
                return self._log_in(now)
            case Response():
                return self._answered(message, now)
            case Event():
                # A peer that has not taken our login is not yet known to be the box.
                return self._on_event(message, now) if self.ready and self._on_event is not None else []

    def _log_in(self, now: float) -> Steps[Channel]:
        self._phase = _Phase.LOGIN
        encode = partial(
            login,
            username=self._box.username,
            password=self._box.password,
            events=self._on_event is not None,
        )
        return self._write(encode, self._logged_in, LOGIN_TIMEOUT, now)

    def _logged_in(self, response: Response, now: float) -> Steps[Channel]:
        if not response.success:
            return self.fail(LoginRefused(response.message or "no reason given"), now)
        self._phase = _Phase.READY
        return self._on_ready(now)

    def _ponged(self, _response: Response, _now: float) -> Steps[Channel]:
        return []

    def _answered(self, response: Response, now: float) -> Steps[Channel]:
        flight = self._flight
        # To a login only one thing can be the answer, whether or not it repeats the id.
        nameless = self._phase is _Phase.LOGIN and not response.action_id
        if flight is None or not (nameless or response.action_id == flight.action_id):
            self._ignored["stray_response"] += 1
            return []
        self._flight = None
        return [*flight.on_response(response, now), *self._write_next(now)]

    def _write_next(self, now: float) -> Steps[Channel]:
        if not self.ready or self._flight or self._marking or not self._queue:
            return []
        exchange = self._queue.popleft()
        if exchange.departing is None:
            return self._write_exchange(exchange, now)
        self._marking = exchange
        return [Keep(exchange.departing, partial(self._marked, exchange))]

    def _marked(self, exchange: Exchange, durable: bool, now: float) -> Steps[Channel]:
        """Write what may be written now; nothing, where the connection was lost meanwhile."""
        if self._marking is not exchange:
            return []
        self._marking = None
        if durable:
            return self._write_exchange(exchange, now)
        return [
            *exchange.on_lost(NotKept("it could not be noted that it leaves"), now),
            *self._write_next(now),
        ]

    def _write_exchange(self, exchange: Exchange, now: float) -> Steps[Channel]:
        exchange.written_at = now
        return self._write(
            partial(codec.command, line=exchange.line),
            partial(self._replied, exchange),
            exchange.timeout,
            now,
            exchange,
        )

    def _replied(self, exchange: Exchange, response: Response, now: float) -> Steps[Channel]:
        if response.unknown_action:
            error: GatewayError = WrongPeer("the action smscommand is unknown to it")
        elif response.forbidden:
            error = LoginRefused("the account may not run commands")
        else:
            return exchange.on_reply(response.body, now)
        self._queue.appendleft(exchange)
        return self.fail(error, now)

    def _write(
        self,
        encode: Callable[[str], bytes],
        on_response: Callable[[Response, float], Steps[Channel]],
        timeout: float,
        now: float,
        exchange: Exchange | None = None,
    ) -> Steps[Channel]:
        action_id = str(next(self._ids))
        self._flight = _Flight(action_id, now + timeout, on_response, exchange)
        self._stirred_at = now
        return [Send(encode(action_id), self._channel)]


class Retry:
    """When to try again after a connection ended, by how it ended."""

    def __init__(self, random: Random) -> None:
        """Take the source of jitter."""
        self._backoff = Backoff(random)
        self._hurried = False
        self._ready_at: float | None = None
        self._refused_at: float | None = None
        self.refusal_certain = False

    def ready(self, now: float) -> None:
        """Note a login that was taken."""
        self._ready_at = now
        self._refused_at = None
        self.refusal_certain = False

    def after(self, error: GatewayError, now: float) -> float:
        """Give the seconds to wait now: none for a connection that worked, unless it does so often."""
        ready_at, self._ready_at = self._ready_at, None
        if isinstance(error, LoginRefused):
            return self._after_refusal(now)
        if ready_at is not None and now - ready_at >= STABLE:
            self._backoff.reset()
            self._hurried = False
        if ready_at is None or self._hurried:
            return self._backoff.next()
        self._hurried = True
        return 0.0

    def _after_refusal(self, now: float) -> float:
        if self._refused_at is None:
            self._refused_at = now
        self.refusal_certain = self.refusal_certain or now - self._refused_at >= SECOND_REFUSAL
        return REFUSED_PAUSE if self.refusal_certain else max(SECOND_REFUSAL, self._backoff.next())
