"""One line of a GoIP, which is one SIM slot: where it speaks from, and what is known of it."""

from dataclasses import replace
from typing import NamedTuple

from ..calls import CallTracker
from ..models import Call, PortState, PortStatus
from ..recent import Recent
from .codec import (
    NO_LIMIT,
    CallHungUp,
    CallRecorded,
    Keepalive,
    MinutesLeft,
    News,
    Push,
    SmsReceived,
    VoiceChanged,
)

type Address = tuple[str, int]
"""Host and UDP port."""

SILENCE = 95.0
"""Seconds without a keepalive after which a line is gone: three of them, every 30 s, and some grace."""

_REPEATS = 120.0  # seconds; the box repeats a push for about 12
_LATE_BY = 2  # a keepalive may be overtaken by the next two
_FIRST_COUNTS = 3

_STATUS = {True: PortStatus.READY, False: PortStatus.NOT_REGISTERED, None: PortStatus.READY}
"""A firmware that never tells must still be able to send: the box itself refuses if it cannot."""


class Heard(NamedTuple):
    """What a keepalive brought.

    ``fresh``: the line was offline before, or has restarted. ``gone``: it lost the network, or has restarted.
    """

    fresh: bool
    gone: bool


class Line:
    """One line. ``address`` is where its latest keepalive came from, ``state`` what is known of it."""

    def __init__(self, line: str, gateway: str, now: float) -> None:
        """Begin to wait for the line's first keepalive; without one it is told offline, too."""
        self.id = line
        self.gateway = gateway
        self.address: Address | None = None
        self.online = False
        self.state = PortState(port=line)
        self._told: tuple[PortState, str | None] | None = None
        self._silent_at: float | None = now + SILENCE
        self._count = 0
        self._registered: bool | None = None
        self._calls = CallTracker(line)
        self._last_state: int | None = None
        self._pushes: Recent[tuple[str, ...]] = Recent(span=_REPEATS, limit=512)

    @property
    def host(self) -> str | None:
        """The host of the line's present address."""
        return self.address[0] if self.address else None

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        return min(
            (when for when in (self._silent_at, self._calls.deadline) if when is not None), default=None
        )

    def keepalive(self, keepalive: Keepalive, address: Address, now: float) -> Heard:
        """Learn the line's state and address."""
        restarted = self._has_restarted(keepalive.count)
        if restarted:
            self._forget_boot()
        heard = Heard(
            fresh=restarted or not self.online,
            gone=restarted or (self._registered is True and keepalive.registered is False),
        )
        self.online, self.address, self._silent_at = True, address, now + SILENCE
        self._count, self._registered = keepalive.count, keepalive.registered
        if keepalive.call_state is not None:
            self._calls.reported(keepalive.call_state, now)
        self._read(keepalive)
        return heard

    def is_repeat(self, push: Push, now: float) -> bool:
        """Whether this push came before. Remembers it."""
        key: tuple[str, ...] = (push.verb, str(push.recvid))
        if isinstance(push.news, SmsReceived):
            key = (*key, push.news.sender, push.news.text)
        return not self._pushes.add(key, now)

    def learn(self, news: News | None, recvid: int, now: float) -> list[Call]:
        """Take what a push tells of the line itself, and give what it tells of calls."""
        late = self._last_state is not None and recvid > self._last_state
        calls: list[Call] = []
        match news:
            case VoiceChanged(state, number) if not late:
                self._last_state = recvid
                calls = self._calls.changed(state, number, now)
            case CallRecorded(incoming, number):
                calls = self._calls.recorded(incoming, number, now, late=late)
            case CallHungUp(cause):
                calls = self._calls.hung_up(cause, now, late=late)
            case MinutesLeft(remaining):
                self.set_remaining(remaining)
        self._show_voice()
        return calls

    def set_remaining(self, minutes: int | None) -> None:
        """Note the minutes of outgoing calls that are left, or ``NO_LIMIT``, if they are told."""
        if minutes is None:
            return
        unlimited = minutes == NO_LIMIT
        self.state = replace(self.state, remaining_time=None if unlimited else minutes, unlimited=unlimited)

    def tick(self, now: float) -> list[Call]:
        """Notice that the line has fallen silent, and that a call's cause does not come."""
        calls = self._calls.tick(now)
        if self._silent_at is not None and now >= self._silent_at:
            self._silent_at, self._last_state = None, None
            self.online = False
            self._calls.forget()
            self.state = replace(self.state, status=PortStatus.OFFLINE, signal=None, call_state=None)
        return calls

    def take_change(self) -> bool:
        """Whether there is something to tell that was not told yet. It counts as told then."""
        shown = (self.state, self.host)
        if shown == self._told:
            return False
        self._told = shown
        return True

    def _has_restarted(self, count: int) -> bool:
        """Whether the box has started anew: its count falls, and by more than a packet is late."""
        fallen_by = self._count - count
        return fallen_by > _LATE_BY and (count <= _FIRST_COUNTS or 2 * count < self._count)

    def _forget_boot(self) -> None:
        self._last_state = None
        self._pushes.clear()
        self._calls.forget()

    def _read(self, keepalive: Keepalive) -> None:
        self.state = replace(
            self.state,
            status=_STATUS[keepalive.registered],
            signal=None if keepalive.csq is None else 2 * keepalive.csq - 113,
            operator=keepalive.operator,
            phone_number=keepalive.phone_number,
            imei=keepalive.imei,
            imsi=keepalive.imsi,
            iccid=keepalive.iccid,
        )
        self.set_remaining(keepalive.remaining)
        self._show_voice()

    def _show_voice(self) -> None:
        if self.state.call_state is not self._calls.state:
            self.state = replace(self.state, call_state=self._calls.state)
