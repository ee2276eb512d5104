"""What can be asked of a port beside texts and USSD: its restart."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ..dialog import Settle, Steps, Ticket
from ..errors import CommandRefused, GatewayError, LinkLost, OutcomeUnknown, PortBusy, StillStarting
from ..requests import Done, Outcome
from . import codec
from .session import NO_LINK, Channel, Exchange, Session

POWER_PAUSE = 5.0
"""Seconds that a module stays off in a restart."""

POWER_TIMEOUT = 30.0
"""Seconds that the box may take to switch a module."""

RISE_PAUSE = 5.0
"""Seconds after power on until the port is first looked at."""

RISE_TIMEOUT = 120.0
"""Seconds after power on in which a port has to be up again; it takes some 30."""


@dataclass(slots=True, eq=False)
class _Restart:
    """A restart from power off until the port is up again. Without ``off``, an earlier run switched it off.

    ``on_due`` is set while the module is off, or may be; ``look_at`` and ``up_by`` are once it is on, the
    first of them until the port is looked at.
    """

    ticket: Ticket
    off: Exchange | None
    on_due: float | None = None
    look_at: float | None = None
    up_by: float | None = None

    @property
    def may_be_off(self) -> bool:
        """Whether it was switched off and not on again, or may have been."""
        return self.up_by is None and (self.off is None or self.off.written_at is not None)

    @property
    def rising(self) -> bool:
        """Whether the port is waited for and looked at."""
        return self.up_by is not None and self.look_at is None


class Restarts:
    """The restarts under way, by span. A module that was switched off is switched on, whatever happens.

    ``gsm power reset`` would do it in one, but no TG was seen to know it.
    """

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
            return [Settle(ticket, PortBusy("the port is being restarted"))]
        off = self._switch(span, on=False, on_reply=self._went_off, on_lost=self._off_lost)
        self._open[span] = _Restart(ticket, off)
        return session.ask(off, now)

    def switch_on(self, ticket: Ticket, span: int, now: float) -> Steps[Channel]:
        """Switch on a span's module, once there is a connection, and wait until it is up."""
        if span in self._open:
            return [Settle(ticket, PortBusy("the port is being restarted"))]
        self._open[span] = _Restart(ticket, off=None, on_due=now)
        return self.tick(now)

    def tick(self, now: float) -> Steps[Channel]:
        """Switch on what has been off for long enough, and give up what is not up in time."""
        session = self._main()
        steps: Steps[Channel] = []
        for span, restart in list(self._open.items()):
            if session is not None and restart.on_due is not None and now >= restart.on_due:
                restart.on_due = None
                on = self._switch(span, on=True, on_reply=self._went_on, on_lost=self._on_lost)
                steps += session.ask(on, now)
            elif restart.up_by is not None and now >= restart.up_by:
                steps += self._settle(span, StillStarting("the port was not seen to be up again in time"))
            elif restart.look_at is not None and now >= restart.look_at:
                restart.look_at = None
        return steps

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        dues: list[float | None] = []
        for restart in self._open.values():
            dues += [restart.look_at, restart.up_by]
            if self._main() is not None:
                dues.append(restart.on_due)
        return min((due for due in dues if due is not None), default=None)

    def rising(self) -> set[int]:
        """Give the spans that were switched on and are waited for."""
        return {span for span, restart in self._open.items() if restart.rising}

    def seen(self, span: int, up: bool, _now: float) -> Steps[Channel]:
        """Note how a span was found."""
        restart = self._open.get(span)
        return self._settle(span, Done()) if restart is not None and restart.rising and up else []

    def last_lines(self) -> list[str]:
        """Give the commands without which a module would stay off when nobody is there to switch it on."""
        return [codec.power(span, on=True) for span, restart in self._open.items() if restart.may_be_off]

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
        if not restart.may_be_off:
            return self._settle(span, LinkLost(str(error)))
        restart.on_due = now + POWER_PAUSE
        return []

    def _went_on(self, span: int, output: str, now: float) -> Steps[Channel]:
        if codec.power_refused(output):
            return self._settle(span, CommandRefused(codec.reason(output)))
        restart = self._open[span]
        restart.look_at, restart.up_by = now + RISE_PAUSE, now + RISE_TIMEOUT
        return []

    def _on_lost(self, span: int, _error: GatewayError, now: float) -> Steps[Channel]:
        self._open[span].on_due = now
        return []

    def _settle(self, span: int, outcome: Outcome) -> Steps[Channel]:
        return [Settle(self._open.pop(span).ticket, outcome)]
