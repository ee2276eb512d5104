"""Texts that were given to the box and whose fate is open.

The box answers twice: at once, whether it took the text (any word means that it did not), and some seconds
later, with an event that bears our id, whether the network did. The event may come first, late, or never.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from ..dialog import Emit, Settle, Steps, Ticket
from ..errors import (
    CommandRefused,
    GatewayError,
    InvalidInput,
    LinkLost,
    NotKept,
    OutcomeUnknown,
    PortNotReady,
)
from ..models import LateResult
from ..recent import Recent
from ..records import Departing
from ..requests import AwaitResult, SendSms, SmsTaken
from . import codec
from .messages import NOT_TAKEN, SmsResult
from .port import span_of
from .session import NO_LINK, Channel, Exchange, Session

RESULT_TIMEOUT = 60.0
"""Seconds from the moment a text was written until its result is no longer waited for."""

LATE_RESULTS = 86_400.0
"""Seconds after that in which its result is still believed."""

MOST_LATE = 4096
"""Texts without a result that are remembered."""


class _Text(NamedTuple):
    """An open text. Its exchange knows whether, and when, it was written; one of an earlier run has none."""

    ticket: Ticket
    span: int
    exchange: Exchange | None
    left_at: float | None = None

    @property
    def due(self) -> float | None:
        written_at = self.left_at if self.exchange is None else self.exchange.written_at
        return None if written_at is None else written_at + RESULT_TIMEOUT


class OpenTexts:
    """The open texts by id. What was written stays open over a reconnect; what was not is given back."""

    def __init__(self, gateway: str, main: Callable[[], Session | None]) -> None:
        """Take where to find the main connection, if it takes commands."""
        self._gateway = gateway
        self._main = main
        self._open: dict[str, _Text] = {}
        self._given_up: Recent[str] = Recent(LATE_RESULTS, MOST_LATE)

    def submit(self, ticket: Ticket, request: SendSms, now: float) -> Steps[Channel]:
        """Give a text to the box. Raise InvalidInput."""
        message_id = request.message_id
        span = span_of(request.port)
        line = codec.send_sms(span, request.recipient, request.text, message_id)
        if message_id in self._open:
            raise InvalidInput("message_id", "a text with this id is under way")
        session = self._main()
        if session is None:
            return [Settle(ticket, LinkLost(NO_LINK))]
        exchange = Exchange(
            line=line,
            on_reply=partial(self._replied, message_id),
            on_lost=partial(self._lost, message_id),
            departing=Departing(gateway=self._gateway, message_id=message_id),
        )
        self._open[message_id] = _Text(ticket, span, exchange)
        return session.ask(exchange, now)

    def resume(self, ticket: Ticket, request: AwaitResult, now: float) -> None:
        """Wait for the result of a text that was written in an earlier run."""
        text = _Text(ticket, span_of(request.port), None, now - request.age)
        self._open[request.message_id] = text

    def recall(self, message_id: str, left_at: float) -> None:
        """Know again a text of unknown fate that left in an earlier run: its result may still come."""
        self._given_up.add(message_id, left_at)

    def busy(self, span: int) -> bool:
        """Whether a text is open on a span."""
        return any(text.span == span for text in self._open.values())

    def result(self, result: SmsResult, now: float) -> Steps[Channel] | None:
        """Settle the text that a result is about, or tell it late; None where it is about none of ours."""
        message_id, taken = result.message_id, result.taken
        if message_id in self._open:
            return self._settle(message_id, SmsTaken() if taken else CommandRefused(NOT_TAKEN))
        if self._given_up.take(message_id, now):
            return [Emit(LateResult(gateway=self._gateway, message_id=message_id, taken=taken))]
        return None

    def tick(self, now: float) -> Steps[Channel]:
        """Give up what has waited too long."""
        late = [key for key, text in self._open.items() if text.due is not None and now >= text.due]
        for key in late:
            self._given_up.add(key, now)
        return [step for key in late for step in self._unknown(key)]

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        return min((text.due for text in self._open.values() if text.due is not None), default=None)

    def close(self) -> Steps[Channel]:
        """Settle all that is open, all of it written."""
        return [step for key in list(self._open) for step in self._unknown(key)]

    def _replied(self, message_id: str, output: str, _now: float) -> Steps[Channel]:
        if message_id not in self._open or not output.strip():
            return []
        return self._settle(message_id, PortNotReady(codec.reason(output)))

    def _lost(self, message_id: str, error: GatewayError, _now: float) -> Steps[Channel]:
        text = self._open.get(message_id)
        if text is None or text.due is not None:
            return []
        return self._settle(message_id, error if isinstance(error, NotKept) else LinkLost(str(error)))

    def _unknown(self, message_id: str) -> Steps[Channel]:
        return self._settle(message_id, OutcomeUnknown("the gateway did not report what became of the text"))

    def _settle(self, message_id: str, outcome: SmsTaken | GatewayError) -> Steps[Channel]:
        return [Settle(self._open.pop(message_id).ticket, outcome)]
