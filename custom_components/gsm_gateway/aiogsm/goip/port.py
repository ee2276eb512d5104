"""Boxes and their lines, which are one SIM slot each: where they speak from, and what is known of them."""

from dataclasses import dataclass, field
from enum import Flag, auto
from hmac import compare_digest

from ..calls import QUIET, CallTracker
from ..dialog import Box
from ..errors import InvalidInput
from ..models import Call, PortState, PortStatus
from ..recent import Told
from ..text import check_credential
from .codec import beginning, encode_registration, said_in
from .messages import (
    NO_LIMIT,
    CallHungUp,
    CallRecorded,
    CellChanged,
    CellsListed,
    Heard,
    Keepalive,
    MinutesLeft,
    News,
    Push,
    Report,
    Settings,
    SmsReceived,
    VoiceChanged,
)

type Address = tuple[str, int]
"""Host and UDP port."""

SILENCE = 95.0
"""Seconds without a keepalive after which a line is gone: three of them, every 30 s, and some grace."""

_MOST_LINES = 1024  # of one box, adopted ones among them
_REPEATS = 120.0  # seconds; the box repeats a push for about 12
_LATE_BY = 2  # a keepalive may be overtaken by the next two
_LATE_WITHIN = 15.0  # seconds: half the time between two
_FIRST_COUNTS = 3

_MOVES = 3
_MOVES_WITHIN = 300.0  # seconds

_STATUS = {True: PortStatus.READY, False: PortStatus.NOT_REGISTERED, None: PortStatus.READY}
"""A firmware that never tells must still be able to send: the box itself refuses if it cannot."""


class Doubt(Flag):
    """Where a wrong password was met."""

    HEARD = auto()
    ANSWERED = auto()


@dataclass(slots=True)
class Boot:
    """What was found out about a box since it started, and is not tried again until it starts anew."""

    tells_all: bool = True
    asked_singly: bool = False
    told_to_report: bool = False


class Line:
    """One line. ``state`` is what is known of it, ``address`` where its latest keepalive came from, and when.

    ``cells`` are those that it listed last, ``ussd`` is the sendid of its latest USSD code, ``doubts`` are
    where its password was wrong last. ``said`` is what its last keepalive said behind its count, to the byte,
    and ``calm`` whether another that says so has nothing to be read for.
    """

    def __init__(self, line: str, gateway: str, now: float) -> None:
        """Begin to wait for the line's first keepalive; without one it is told offline, too."""
        self.id = line
        self.gateway = gateway
        self.address: Address | None = None
        self.online = False
        self.state = PortState(port=line)
        self.boot = Boot()
        self.doubts = Doubt(0)
        self.cells: tuple[str, ...] = ()
        self.ussd: int | None = None
        self.said = b""
        self.calm = False
        self._read_last: tuple[Report | None, PortState] = (None, self.state)
        self._told: tuple[PortState, str | None] | None = None
        self._silent_at: float | None = now + SILENCE
        self._count = 0
        self.heard_at = now
        self._registered: bool | None = None
        self._switched_at = now
        self._sim: tuple[str | None, ...] = (None, None)
        self._cell_told: str | None = None
        self._calls = CallTracker(line)
        self._last_state: int | None = None
        self._pushes = Told(span=_REPEATS, limit=512)
        self._unkept: dict[str, None] = {}  # a set is three times as large while it is empty
        self._moves: tuple[float, ...] = ()

    @property
    def host(self) -> str | None:
        """The host of the line's present address."""
        return self.address[0] if self.address else None

    @property
    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        silent_at, of_calls = self._silent_at, self._calls.deadline
        if silent_at is None or of_calls is None:
            return silent_at if of_calls is None else of_calls
        return min(silent_at, of_calls)

    def keepalive(self, keepalive: Keepalive, address: Address, now: float) -> Heard:
        """Learn state and address; one that was overtaken only shows that the line is there."""
        if self._is_recorded(keepalive.count, address):
            return Heard(wandering=self._has_moved(address, now))
        self._silent_at = now + SILENCE
        if self._is_overtaken(keepalive, now):
            return Heard()
        report = keepalive.report
        restarted = self._has_restarted(keepalive.count)
        if restarted:
            self._forget_boot(certain=not self.online or keepalive.count <= _FIRST_COUNTS)
        swapped = self._has_another_sim(report)
        heard = Heard(
            fresh=restarted or not self.online,
            restarted=restarted,
            gone=restarted or (self._registered is True and report.registered is False),
            changed=swapped or report.registered is not self._registered,
            wandering=self._has_moved(address, now),
        )
        self.online, self.address, self.heard_at = True, address, now
        self._count, self._registered = keepalive.count, report.registered
        if report.call_state is not None:
            self._calls.reported(report.call_state, now)
        if self._has_news(report):
            self._read(report, now, number=None if swapped else self.state.phone_number)
        self._show_voice()
        self._read_last = (report, self.state)
        return heard

    def note_said(self, keepalive: Keepalive, data: bytes) -> None:
        """Note how the next keepalive reads behind its count if it has nothing new, as this one, ``data``."""
        report = keepalive.report
        self.said = said_in(data)
        self.calm = (
            self._count == keepalive.count
            and self.state.enabled is not False
            and report.reporting is not False
            and not report.unread
            and self._calls.agrees(report.call_state)
        )

    def repeats(self, data: bytes, address: Address, now: float) -> bytes | None:
        """Take a keepalive that is what nearly every one is: the last one, one count up. Give its answer.

        Give ``None`` and take nothing where it is not that; what it says is known to be ``said``.
        """
        count = self._count + 1
        if not data.startswith(beginning(count)) or not self.calm or address != self.address:
            return None
        self._count, self.heard_at, self._silent_at = count, now, now + SILENCE
        return encode_registration(count, accepted=True)

    def is_repeat(self, push: Push, identity: str, now: float) -> bool:
        """Whether this push came before. Remembers it."""
        content = None if isinstance(push.news, SmsReceived) else push.news  # a text is in its identity
        return not self._pushes.add(identity, content, push.recvid, now)

    def remember(self, identity: str, seen_at: float) -> None:
        """Remember a push of an earlier run."""
        self._pushes.remember(identity, seen_at)

    def is_unkept(self, identity: str) -> bool:
        """Whether a push is still being made durable, and so must not be acknowledged."""
        return identity in self._unkept

    def begin_keeping(self, identity: str) -> None:
        """Note that a push is being made durable."""
        self._unkept[identity] = None

    def end_keeping(self, identity: str) -> None:
        """Note that a push may be acknowledged."""
        self._unkept.pop(identity, None)

    def is_late(self, recvid: int) -> bool:
        """Whether a push is older than what is known of the line's voice channel."""
        return self._last_state is not None and recvid > self._last_state

    def learn(self, news: News, recvid: int, now: float) -> list[Call]:
        """Take what a push tells of the line itself, and give what it tells of calls."""
        self.calm = False
        late = self.is_late(recvid)
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
                self._set_remaining(remaining)
            case CellsListed(cells):
                self.cells = cells
            case CellChanged(cell):
                self._set_cell(cell)
        self._show_voice()
        return calls

    def note(self, settings: Settings, now: float) -> None:
        """Take what the line answered, or took over, as far as it says anything."""
        self.calm = False
        state = self.state
        if settings.enabled is not None:
            self._switched_at = now
            state = state._replace(enabled=settings.enabled)
        if (limit := settings.call_time_limit) is not None:
            state = state._replace(call_time_limit=None if limit == NO_LIMIT else limit)
        self.state = state._replace(
            phone_number=settings.phone_number or state.phone_number,
            imei=settings.imei or state.imei,
            call_interval=state.call_interval if settings.call_interval is None else settings.call_interval,
            cell=settings.cell or state.cell,
        )
        self._set_remaining(settings.remaining)
        if settings.call_state is not None:
            self._calls.reported(settings.call_state, now)
        self._show_voice()
        self._show_status()

    def tick(self, now: float) -> list[Call]:
        """Notice that the line has fallen silent, and that a call's cause does not come."""
        self.calm = False
        calls = self._calls.tick(now)
        if self._silent_at is not None and now >= self._silent_at:
            self._silent_at, self._last_state = None, None
            self.online = False
            self._calls.forget()
            self.state = self.state._replace(signal=None, call_state=None, voip_registered=None)
            self._show_status()
        return calls

    def take_change(self) -> bool:
        """Whether there is something to tell that was not told yet. It counts as told then."""
        told, self._told = self._told, (self.state, self.host)
        return self._told != told

    def _is_overtaken(self, keepalive: Keepalive, now: float) -> bool:
        """Whether a keepalive is late by no more than the next two, or is the last one, doubled."""
        behind = self._count - keepalive.count
        late = 0 < behind <= _LATE_BY and now - self.heard_at < _LATE_WITHIN
        return self.online and (late or (behind == 0 and keepalive.report == self._read_last[0]))

    def _is_recorded(self, count: int, address: Address) -> bool:
        """Whether this is an old one, said again: while a line is heard, its count falls by no more."""
        if not self.online or self._has_restarted(count):
            return False
        return self._count - count > _LATE_BY or (count == self._count and self.host != address[0])

    def _has_restarted(self, count: int) -> bool:
        """Whether the box has started anew: its count falls, and by more than a packet is late."""
        fallen_by = self._count - count
        return fallen_by > _LATE_BY and (count <= _FIRST_COUNTS or 2 * count < self._count)

    def _has_moved(self, address: Address, now: float) -> bool:
        """Whether the line's host has now changed so often that there must be two of them."""
        if self.host in (None, address[0]):
            return False
        if self._moves and now - self._moves[-1] > _MOVES_WITHIN:
            self._moves = ()
        was_told = self._wanders()
        self._moves = (*self._moves, now)[-_MOVES:]
        return self._wanders() and not was_told

    def _wanders(self) -> bool:
        return len(self._moves) == _MOVES and self._moves[-1] - self._moves[0] <= _MOVES_WITHIN

    def _has_news(self, report: Report) -> bool:
        """Whether this report may make the state another one, which hardly one in a hundred does."""
        read_last, state = self._read_last
        return report is not read_last or self.state is not state or state.enabled is False

    def _has_another_sim(self, report: Report) -> bool:
        """Whether the SIM's identity has changed from one value to another; none at all is no value."""
        if report is self._read_last[0]:
            return False
        sim = (report.imsi, report.iccid)
        if sim == self._sim:
            return False
        pairs = list(zip(self._sim, sim, strict=True))
        self._sim = tuple(new or old for old, new in pairs)
        return any(old and new and old != new for old, new in pairs)

    def _forget_boot(self, *, certain: bool) -> None:
        self.boot = Boot()
        self.cells = ()
        self._last_state = None
        self._pushes.begin(certain=certain)
        self._calls.forget()

    def _read(self, report: Report, now: float, *, number: str | None) -> None:
        """Take a report; ``number`` is the SIM's where the report does not tell it."""
        state = self.state._replace(
            enabled=self._is_enabled(report, now),
            signal=None if report.csq is None else 2 * report.csq - 113,
            operator=report.operator,
            voip_registered=report.voip_registered,
            phone_number=report.phone_number or number,
            imei=report.imei or self.state.imei,
            imsi=report.imsi,
            iccid=report.iccid,
        )
        if state != self.state:  # else there would be two of the same for each line
            self.state = state
        if report.cell not in (None, self._cell_told):
            self._set_cell(report.cell)
        self._set_remaining(report.remaining)
        self._show_status()

    def _is_enabled(self, report: Report, now: float) -> bool | None:
        """Believe a module that is on the network to be on, once its last keepalive before is over."""
        if self.state.enabled is False and report.registered and now - self._switched_at >= QUIET:
            return True
        return self.state.enabled

    def _set_remaining(self, minutes: int | None) -> None:
        """Note the minutes of outgoing calls that are left, or ``NO_LIMIT``, if they are told."""
        if minutes is None:
            return
        unlimited = minutes == NO_LIMIT
        remaining = None if unlimited else minutes
        if (self.state.remaining_time, self.state.unlimited) != (remaining, unlimited):
            self.state = self.state._replace(remaining_time=remaining, unlimited=unlimited)

    def _set_cell(self, cell: str | None) -> None:
        """Note the cell as the box tells it by itself, whose next news must differ from this."""
        self._cell_told = cell
        self.state = self.state._replace(cell=cell)

    def _show_status(self) -> None:
        status = _STATUS[self._registered]
        if not self.online:
            status = PortStatus.OFFLINE
        elif self.state.enabled is False:
            status = PortStatus.DISABLED
        if self.state.status is not status:
            self.state = self.state._replace(status=status)

    def _show_voice(self) -> None:
        if self.state.call_state is not self._calls.state:
            self.state = self.state._replace(call_state=self._calls.state)


def check_box(box: Box) -> None:
    """Refuse a password or a line id that no packet can carry."""
    for credential in (box.password, *box.lines, *box.passwords, *box.passwords.values()):
        check_credential(credential)


@dataclass(slots=True)
class Served:
    """A box, its lines, and the hosts of those that are online."""

    box: Box
    lines: dict[str, Line] = field(default_factory=dict)
    online: dict[str, str] = field(default_factory=dict)

    def password_of(self, line: str) -> str:
        """Give a line's own password, or that of the box."""
        return self.box.passwords.get(line, self.box.password)

    def trusts(self, line: str, password: str) -> bool:
        """Whether a password is a line's."""
        return compare_digest(self.password_of(line).encode(), password.encode())

    def adopts(self, report: Report, host: str) -> bool:
        """Whether a line that nobody has is the box's, by its password, and by its id or its host."""
        at_home = report.line in self.box.lines or host in self.online.values()
        return at_home and self.trusts(report.line, report.password) and len(self.lines) < _MOST_LINES

    def line(self, port: str) -> Line:
        """Give a line. Raise InvalidInput where the box has no such."""
        if (line := self.lines.get(port)) is None:
            raise InvalidInput("port", "the gateway has no such port")
        return line

    def latest_line(self) -> Line | None:
        """Give the line that was heard last, of those that are online."""
        lines = (self.lines[line] for line in reversed(self.online))
        return max(lines, key=lambda line: line.heard_at, default=None)
