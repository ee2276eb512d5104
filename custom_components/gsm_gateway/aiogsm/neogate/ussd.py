"""USSD codes, one at a time, on a connection of their own that is there only while it is needed.

While a code runs, its connection carries nothing else: neither events nor other replies. A box that refuses
a second login gets them on the main connection.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from ..dialog import Box, Settle, Steps, Ticket
from ..errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    LinkLost,
    LoginRefused,
    OutcomeUnknown,
    PortBusy,
    PortNotReady,
)
from ..models import UssdReply
from ..requests import Outcome, SendUssd
from . import codec
from .messages import UssdFault
from .port import span_of
from .session import NO_LINK, Channel, Exchange, Session

REPLY_MARGIN = 10.0
"""Seconds that the box may take beyond the time that it was told to wait for the network."""

IDLE_TIMEOUT = 10.0
"""Seconds that the connection is kept for the next code."""

_FAULTS: dict[UssdFault, Callable[[str], GatewayError]] = {
    UssdFault.FAILED: CommandRefused,
    UssdFault.TIMEOUT: GatewayTimeout,
    UssdFault.BUSY: PortBusy,
    UssdFault.REFUSED: PortNotReady,
}

# What the network said of its session; where it said something else, nobody knows.
_SESSION_OPEN: dict[int | None, bool] = {0: False, 1: True, 2: False}


@dataclass(slots=True, eq=False)
class _Dialling:
    """A code that waits, or runs; its exchange knows whether it was written."""

    ticket: Ticket
    exchange: Exchange


class UssdLane:
    """The codes in order, and the connection that they go over."""

    def __init__(self, box: Box, main: Callable[[], Session | None], ignored: Counter[str]) -> None:
        """Take where to find the main connection, if it takes commands: without it nothing is begun."""
        self._box = box
        self._main = main
        self._ignored = ignored
        self._waiting: deque[_Dialling] = deque()
        self._running: _Dialling | None = None
        self._session: Session | None = None
        self._refused_beside: Session | None = None
        self._served = False
        self._idle_since = 0.0

    @property
    def session(self) -> Session | None:
        """The lane's own connection, while there is one."""
        return self._session

    def submit(self, ticket: Ticket, request: SendUssd, now: float) -> Steps[Channel]:
        """Dial a code in its turn. Raise InvalidInput."""
        exchange = Exchange(
            line=codec.send_ussd(span_of(request.port), request.code, request.timeout),
            on_reply=self._replied,
            on_lost=self._lost,
            timeout=request.timeout + REPLY_MARGIN,
        )
        self._waiting.append(_Dialling(ticket, exchange))
        return self._dial_next(now)

    def tick(self, now: float) -> Steps[Channel]:
        """Give up what is late, and a connection that nobody needs."""
        session, idle_until = self._session, self._idle_until()
        if session is None:
            return []
        if idle_until is None or now < idle_until:
            return session.tick(now)
        self._session = None
        return session.leave(now)

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        if self._session is None:
            return None
        idle_until = self._idle_until()
        return self._session.deadline() if idle_until is None else idle_until

    def close(self, now: float) -> Steps[Channel]:
        """Settle all, and take leave."""
        steps = self._give_up("the connection was closed by us")
        session, self._session = self._session, None
        return steps + (session.leave(now) if session is not None else [])

    def _idle_until(self) -> float | None:
        """When the connection has been idle for long enough, if it is idle."""
        if self._session is None or not self._session.ready or self._running is not None:
            return None
        return self._idle_since + IDLE_TIMEOUT

    def _dial_next(self, now: float) -> Steps[Channel]:
        if self._running is not None or not self._waiting:
            return []
        main = self._main()
        if main is None:
            return self._give_up(NO_LINK)
        session = main if main is self._refused_beside else self._session
        if session is None:
            return self._open()
        if not session.ready:
            return []
        self._running = self._waiting.popleft()
        return session.ask(self._running.exchange, now)

    def _open(self) -> Steps[Channel]:
        self._served = False
        self._session = Session(
            Channel.USSD, self._box, self._ignored, on_ready=self._on_ready, on_closed=self._on_closed
        )
        return self._session.open()

    def _on_ready(self, now: float) -> Steps[Channel]:
        self._served = True
        self._idle_since = now
        return self._dial_next(now)

    def _on_closed(self, error: GatewayError, now: float) -> Steps[Channel]:
        self._session = None
        if isinstance(error, LoginRefused):
            self._refused_beside = self._main()
        elif not self._served:
            return self._give_up(str(error))
        return self._dial_next(now)

    def _replied(self, output: str, now: float) -> Steps[Channel]:
        self._idle_since = now
        return [*self._settle(_outcome(output)), *self._dial_next(now)]

    def _lost(self, error: GatewayError, now: float) -> Steps[Channel]:
        dialled = self._running is not None and self._running.exchange.written_at is not None
        outcome = OutcomeUnknown(f"the code was dialled, then {error}") if dialled else LinkLost(str(error))
        return [*self._settle(outcome), *self._dial_next(now)]

    def _settle(self, outcome: Outcome) -> Steps[Channel]:
        running, self._running = self._running, None
        return [] if running is None else [Settle(running.ticket, outcome)]

    def _give_up(self, why: str) -> Steps[Channel]:
        waiting, self._waiting = self._waiting, deque()
        return [Settle(dialling.ticket, LinkLost(why)) for dialling in waiting]


def _outcome(output: str) -> Outcome:
    answer = codec.read_ussd(output)
    if isinstance(answer, UssdFault):
        return _FAULTS[answer](codec.reason(output))
    return UssdReply(text=answer.text, session_open=_SESSION_OPEN.get(answer.responses))
