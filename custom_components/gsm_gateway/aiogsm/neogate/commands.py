"""What can be asked of a port beside texts and USSD: its restart."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..dialog import Settle, Steps, Ticket
from ..errors import CommandRefused, GatewayError, LinkLost, OutcomeUnknown, PortNotReady
from ..requests import Done, Outcome
from . import codec
from .session import NO_LINK, Channel, Exchange, Session

POWER_PAUSE = 5.0
"""Seconds that a module stays off in a restart."""

POWER_TIMEOUT = 30.0
"""Seconds that the box may take to switch a module."""


@dataclass(slots=True, eq=False)
class _Restart:
    """A restart from power off to power on. ``on_due`` is set while the module is off, or may be."""

    ticket: Ticket
    off: Exchange
    on_due: float | None = None


class Restarts:
    """The restarts under way, by span. A module that was switched off is switched on, whatever happens."""

    def __init__(self, main: Callable[[], Session | None]) -> None:
        """Take where to find the main connection, if it takes commands."""
        self._main = main
        self._open: dict[int, _Restart] = {}

    def submit(self, ticket: Ticket, span: int, now: float) -> Steps[Channel]:
        """Begin to restart a span's module."""
        session = self._main()
        if session is None:
            return [Settle(ticket, LinkLost(NO_LINK))]
        if span in self._open:
            return [Settle(ticket, PortNotReady("the port is being restarted"))]
        off = self._switch(span, on=False, on_reply=self._went_off, on_lost=self._off_lost)
        self._open[span] = _Restart(ticket, off)
        return session.ask(off, now)

    def tick(self, now: float) -> Steps[Channel]:
        """Switch on what has been off for long enough."""
        session = self._main()
        if session is None:
            return []
        steps: Steps[Channel] = []
        for span, restart in self._open.items():
            if restart.on_due is not None and now >= restart.on_due:
                restart.on_due = None
                on = self._switch(span, on=True, on_reply=self._went_on, on_lost=self._on_lost)
                steps += session.ask(on, now)
        return steps

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        if self._main() is None:
            return None
        return min(
            (due for restart in self._open.values() if (due := restart.on_due) is not None), default=None
        )

    def last_lines(self) -> list[str]:
        """Give the commands without which a module would stay off when nobody is there to switch it on."""
        return [
            codec.power(span, on=True)
            for span, restart in self._open.items()
            if restart.off.written_at is not None
        ]

    def close(self) -> Steps[Channel]:
        """Settle all that is open, all of it begun."""
        why = "the restart was begun, and its end was not seen"
        return [step for span in list(self._open) for step in self._settle(span, OutcomeUnknown(why))]

    def _switch(
        self,
        span: int,
        *,
        on: bool,
        on_reply: Callable[[int, str, float], Steps[Channel]],
        on_lost: Callable[[int, GatewayError, float], Steps[Channel]],
    ) -> Exchange:
        return Exchange(
            line=codec.power(span, on=on),
            on_reply=partial(on_reply, span),
            on_lost=partial(on_lost, span),
            timeout=POWER_TIMEOUT,
        )

    def _went_off(self, span: int, output: str, now: float) -> Steps[Channel]:
        if codec.power_refused(output):
            return self._settle(span, CommandRefused(codec.reason(output)))
        self._open[span].on_due = now + POWER_PAUSE
        return []

    def _off_lost(self, span: int, error: GatewayError, now: float) -> Steps[Channel]:
        restart = self._open[span]
        if restart.off.written_at is None:
            return self._settle(span, LinkLost(str(error)))
        restart.on_due = now + POWER_PAUSE
        return []

    def _went_on(self, span: int, output: str, _now: float) -> Steps[Channel]:
        refused = codec.power_refused(output)
        return self._settle(span, CommandRefused(codec.reason(output)) if refused else Done())

    def _on_lost(self, span: int, _error: GatewayError, now: float) -> Steps[Channel]:
        self._open[span].on_due = now
        return []

    def _settle(self, span: int, outcome: Outcome) -> Steps[Channel]:
        return [Settle(self._open.pop(span).ticket, outcome)]
