"""The calls of one port, told from what a box reports about them piece by piece.

A box may tell the same call twice, as a change of the voice channel and as a record with direction and
number, in either order; both become one event. The end waits a little for the cause, which comes after.
Whatever comes ``late`` (behind newer news) only completes what is known, and neither begins nor ends.
"""

from dataclasses import dataclass

from .models import Call, CallEventType, CallState

CAUSE_WAIT = 3.0
"""Seconds that the end of a call waits for its cause."""

QUIET = 35.0
"""Seconds without news after which the port's regular report overrules what the news had said."""

_BEGINNINGS = {CallState.INCOMING: True, CallState.DIALING: False, CallState.ALERTING: False}
"""Whether a call in this state is incoming."""

_PROGRESS = {CallState.INCOMING: 0, CallState.DIALING: 0, CallState.ALERTING: 1, CallState.CONNECTED: 2}
"""A call never goes back: what does is another call."""

_TELLING_DIGITS = 7  # a number may come with a country code or a dialling prefix, or without


@dataclass(slots=True)
class _Current:
    incoming: bool
    number: str | None
    state: CallState
    connected_at: float | None = None
    ended_at: float | None = None

    def complete(self, number: str | None) -> None:
        if self.number is None:
            self.number = number


class CallTracker:
    """One port's calls. ``state`` is what its voice channel does, ``None`` while unknown."""

    def __init__(self, port: str) -> None:
        """Begin knowing nothing."""
        self.state: CallState | None = None
        self._port = port
        self._call: _Current | None = None
        self._news_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        if self._call is None or self._call.ended_at is None:
            return None
        return self._call.ended_at + CAUSE_WAIT

    def changed(self, state: CallState | None, number: str | None, now: float) -> list[Call]:
        """The voice channel changed; ``state`` is ``None`` where its word is not known to us."""
        self._news_at = now
        if state is not None and state in _BEGINNINGS:
            return self._ring(state, number, now)
        if state is CallState.CONNECTED:
            self.state = state
            return self._connect(number, now)
        if state is CallState.IDLE:
            self.state = state
            self._end(now)
        elif self._call is None:
            self.state = None
        return []

    def recorded(self, incoming: bool, number: str | None, now: float, *, late: bool = False) -> list[Call]:
        """A call in this direction was told of."""
        self._news_at = now
        if (call := self._same(incoming, number)) is not None:
            call.complete(number)
            return []
        if late:
            return []
        is_connected = self._call is None and self.state is CallState.CONNECTED
        told = self._begin(CallState.INCOMING if incoming else CallState.DIALING, number, now)
        return told + self.changed(CallState.CONNECTED, number, now) if is_connected else told

    def hung_up(self, cause: str | None, now: float, *, late: bool = False) -> list[Call]:
        """The call is over, for this cause."""
        self._news_at = now
        if late and self.deadline is None:
            return []
        self.state = CallState.IDLE
        self._end(now)
        return self._close(cause)

    def reported(self, state: CallState, now: float) -> None:
        """The port's regular report says ``state``: believed where no news came for ``QUIET`` seconds."""
        if self._news_at is not None and now - self._news_at < QUIET:
            return
        self.state = state
        if state is CallState.IDLE:
            self._call = None

    def agrees(self, state: CallState | None) -> bool:
        """Whether a report of ``state`` changes nothing, whenever it comes."""
        return state is None or (self._call is None and self.state is state)

    def forget(self) -> None:
        """The port started anew or is gone: nothing of what was known holds."""
        self.state, self._call, self._news_at = None, None, None

    def tick(self, now: float) -> list[Call]:
        """Tell of an end whose cause did not come in time."""
        if self.deadline is None or now < self.deadline:
            return []
        return self._close(None)

    def _ring(self, state: CallState, number: str | None, now: float) -> list[Call]:
        """A call begins, or the one that we know rings on."""
        call = self._same(_BEGINNINGS[state], number)
        if call is None or call.ended_at is not None or _PROGRESS[call.state] > _PROGRESS[state]:
            return self._begin(state, number, now)
        self.state = call.state = state
        call.complete(number)
        return []

    def _same(self, incoming: bool, number: str | None) -> _Current | None:
        """Give the call that we know, if it can be the one in this direction and with this number."""
        call = self._call
        same = call is not None and call.incoming is incoming and not _differ(call.number, number)
        return call if same else None

    def _begin(self, state: CallState, number: str | None, now: float) -> list[Call]:
        self._end(now)  # where that was lost, or still waits for a cause
        told = self._close(None)
        incoming = _BEGINNINGS[state]
        self.state = state
        self._call = _Current(incoming, number, state)
        beginning = CallEventType.INCOMING if incoming else CallEventType.OUTGOING
        return [*told, self._event(self._call, beginning)]

    def _connect(self, number: str | None, now: float) -> list[Call]:
        call = self._call
        if call is None or call.connected_at is not None or call.ended_at is not None:
            return []
        call.state, call.connected_at = CallState.CONNECTED, now
        call.complete(number)
        return [self._event(call, CallEventType.CONNECTED)]

    def _end(self, now: float) -> None:
        if self._call is not None and self._call.ended_at is None:
            self._call.ended_at = now

    def _close(self, cause: str | None) -> list[Call]:
        call, self._call = self._call, None
        return [] if call is None else [self._event(call, CallEventType.ENDED, cause)]

    def _event(self, call: _Current, event: CallEventType, cause: str | None = None) -> Call:
        return Call(
            port=self._port,
            event=event,
            incoming=call.incoming,
            number=call.number,
            cause=cause,
            duration=_duration(call) if event is CallEventType.ENDED else None,
        )


def _duration(call: _Current) -> int | None:
    """Give the seconds that were talked, or ``None`` where the box never said that anybody answered."""
    if call.connected_at is None or call.ended_at is None:
        return None
    return round(call.ended_at - call.connected_at)


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two spellings of a number, both known, cannot be the same one."""
    if not one or not other:
        return False
    one, other = one[-_TELLING_DIGITS:], other[-_TELLING_DIGITS:]
    return not one.endswith(other) and not other.endswith(one)
