"""The calls of one port, told from what a box reports about them piece by piece.

A box may tell the same call twice, as a change of the voice channel and as a record with direction and
number, in either order; both become one event. The end waits a little for the cause, which comes after.
Whatever comes ``late`` (behind newer news) only completes what is known, and neither begins nor ends.
"""

from collections.abc import Iterator
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
            return list(self._proceed(state, number, now))
        if state is CallState.CONNECTED:
            self.state = state
            return list(self._connect(number, now))
        if state is CallState.IDLE:
            self.state = state
            self._end(now)
        elif self._call is None:
            self.state = None
        return []

    def recorded(self, incoming: bool, number: str | None, now: float, *, late: bool = False) -> list[Call]:
        """A call in this direction was told of."""
        self._news_at = now
        if self._is_current(incoming, number):
            self._complete(number)
            return []
        if late:
            return []
        return list(self._begin(incoming, number, now))

    def hung_up(self, cause: str | None, now: float, *, late: bool = False) -> list[Call]:
        """The call is over, for this cause."""
        self._news_at = now
        if self._call is None or (late and self._call.ended_at is None):
            return []
        self.state = CallState.IDLE
        self._end(now)
        return list(self._close(cause))

    def reported(self, state: CallState, now: float) -> None:
        """The port's regular report says ``state``: believed where no news came for ``QUIET`` seconds."""
        if self._news_at is not None and now - self._news_at < QUIET:
            return
        self.state = state
        if state is CallState.IDLE:
            self._call = None

    def forget(self) -> None:
        """The port started anew or is gone: nothing of what was known holds."""
        self.state, self._call, self._news_at = None, None, None

    def tick(self, now: float) -> list[Call]:
        """Tell of an end whose cause did not come in time."""
        if self.deadline is None or now < self.deadline:
            return []
        return list(self._close(None))

    def _proceed(self, state: CallState, number: str | None, now: float) -> Iterator[Call]:
        """A call begins, or the one that we know rings on."""
        if not self._rings_on(state, number):
            yield from self._begin(_BEGINNINGS[state], number, now)
        self.state = state
        if self._call is not None:
            self._call.state = state
            self._complete(number)

    def _rings_on(self, state: CallState, number: str | None) -> bool:
        return (
            self._call is not None
            and self._call.ended_at is None
            and self._is_current(_BEGINNINGS[state], number)
            and _PROGRESS[self._call.state] <= _PROGRESS[state]
        )

    def _is_current(self, incoming: bool, number: str | None) -> bool:
        call = self._call
        return call is not None and call.incoming is incoming and not _differ(call.number, number)

    def _begin(self, incoming: bool, number: str | None, now: float) -> Iterator[Call]:
        if self._call is not None:  # its end was lost, or still waits for a cause
            self._end(now)
            yield from self._close(None)
            self.state = CallState.IDLE
        beginning = CallState.INCOMING if incoming else CallState.DIALING
        self._call = _Current(incoming, number, beginning)
        yield self._event(CallEventType.INCOMING if incoming else CallEventType.OUTGOING)
        if self.state is CallState.CONNECTED:  # its direction is told only now
            yield from self._connect(number, now)
        elif self.state not in _BEGINNINGS:
            self.state = beginning

    def _connect(self, number: str | None, now: float) -> Iterator[Call]:
        call = self._call
        if call is None or call.connected_at is not None or call.ended_at is not None:
            return
        call.state, call.connected_at = CallState.CONNECTED, now
        self._complete(number)
        yield self._event(CallEventType.CONNECTED)

    def _end(self, now: float) -> None:
        if self._call is not None and self._call.ended_at is None:
            self._call.ended_at = now

    def _close(self, cause: str | None) -> Iterator[Call]:
        yield self._event(CallEventType.ENDED, cause)
        self._call = None

    def _complete(self, number: str | None) -> None:
        if self._call is not None and self._call.number is None:
            self._call.number = number

    def _event(self, event: CallEventType, cause: str | None = None) -> Call:
        call = self._call
        assert call is not None  # events are told of a call that we know
        over = event is CallEventType.ENDED
        return Call(
            port=self._port,
            event=event,
            incoming=call.incoming,
            number=call.number,
            cause=cause,
            duration=_duration(call) if over else None,
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
