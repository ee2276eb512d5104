"""The SIM slots: what is known of them, and how it is read.

The box counts spans from 2; a port's key is its number on the case, which is one less.
"""

from collections import Counter
from collections.abc import Callable, Collection
from functools import partial
import re

from ..ami import WireError
from ..dialog import Box, Emit, Steps
from ..errors import InvalidInput, WrongPeer
from ..models import NetworkStatus, PortChanged, PortState, PortStatus
from . import codec
from .messages import STARTING_STATES, LastEvent, Registration, SpanDetails, Token
from .session import Channel, Exchange, Session

DETAILS_INTERVAL = 300.0
"""Seconds after which a port's details are read again although nothing seems to have changed."""

WATCH_INTERVAL = 5.0
"""Seconds between two readings of the list while a port is watched."""

_KEY = re.compile(r"[1-9][0-9]?", re.ASCII)
_LONGEST_KEY = 98

# What keeps a port from sending, whatever else is said of it; checked in this order.
_DECISIVE = {
    Token.POWER_OFF: PortStatus.POWER_OFF,
    Token.NO_SIM: PortStatus.NO_SIM,
    Token.PIN_ERROR: PortStatus.PIN_ERROR,
    Token.NO_SIGNAL: PortStatus.NO_SIGNAL,
}

# What each registration says of the network, and of the port.
_REGISTRATION = {
    Registration.HOME: (NetworkStatus.HOME, PortStatus.READY),
    Registration.ROAMING: (NetworkStatus.ROAMING, PortStatus.READY),
    Registration.REGISTERED: (NetworkStatus.REGISTERED, PortStatus.READY),
    Registration.NOT_REGISTERED: (NetworkStatus.NOT_REGISTERED, PortStatus.NOT_REGISTERED),
    Registration.SEARCHING: (NetworkStatus.SEARCHING, PortStatus.NOT_REGISTERED),
    Registration.DENIED: (NetworkStatus.DENIED, PortStatus.REGISTRATION_DENIED),
}

# Why a port that is not up may be so. On one that is up these are history.
_LAST_EVENT: dict[str | None, PortStatus] = {
    LastEvent.PIN_REQUIRED: PortStatus.PIN_ERROR,
    LastEvent.PIN_ERROR: PortStatus.PIN_ERROR,
    LastEvent.SIM_MISSING: PortStatus.NO_SIM,
    LastEvent.SIM_FAILED: PortStatus.NO_SIM,
    LastEvent.NO_SIGNAL: PortStatus.NO_SIGNAL,
}


def port_key(span: int) -> str:
    """Name a span's port."""
    return str(span - 1)


def span_of(port: str) -> int:
    """Give a port's span. Raise InvalidInput for what is no port's key."""
    if not _KEY.fullmatch(port) or int(port) > _LONGEST_KEY:
        raise InvalidInput("port", f"a port is a number from 1 to {_LONGEST_KEY}")
    return int(port) + 1


class Port:
    """What is known of one port, and when to ask for more."""

    def __init__(self, span: int) -> None:
        """Begin with a port that is known by its number only."""
        self.span = span
        self.details_due: float | None = None
        self._words: tuple[str, ...] | None = None
        self._details = SpanDetails()

    def note_line(self, words: tuple[str, ...], now: float) -> None:
        """Take the port's line in the list of spans; a new or changed one makes its details due."""
        if words != self._words:
            self.details_due = now
        self._words = words

    def note_absence(self) -> None:
        """Note that the list leaves the port out."""
        self._words = None
        self.details_due = None

    def note_details(self, details: SpanDetails, now: float) -> None:
        """Take the port's details."""
        self._details = details
        self.details_due = now + DETAILS_INTERVAL

    def refresh(self, now: float) -> None:
        """Make the details due, of a port that is listed."""
        if self._words is not None:
            self.details_due = now

    @property
    def listed_up(self) -> bool:
        """Whether the list of spans says that the port is up."""
        return self._words is not None and Token.UP in self._words

    @property
    def up(self) -> bool:
        """Whether the port is up by its line and by its details, if they say anything of that."""
        return self.listed_up and not STARTING_STATES.match(self._details.state or "")

    @property
    def state(self) -> PortState:
        """The port as it stands."""
        details = self._details
        network_status, _ = self._registration
        lasting = PortState(
            port=port_key(self.span),
            status=self._status(),
            imei=details.imei,
            imsi=details.imsi,
            manufacturer=details.manufacturer,
            model=details.model,
            revision=details.revision,
            band=details.band,
            smsc=details.smsc,
        )
        if self._words is None:
            return lasting
        return lasting._replace(
            signal=None if details.csq is None else -113 + 2 * details.csq,  # 3GPP TS 27.007 §8.5
            operator=details.operator,
            network_status=network_status,
            bit_error_rate=details.ber,
            post_dial_delay=details.pdd,
            answer_seizure_ratio=details.asr,
            average_call_duration=details.acd,
            last_event=details.last_event,
            channel_state=details.state,
            words=self._words,
        )

    def _status(self) -> PortStatus | None:
        words = self._words
        if words is None:
            return PortStatus.OFFLINE
        decisive = next((status for token, status in _DECISIVE.items() if token in words), None)
        if decisive is not None:
            return decisive
        _, registration = self._registration
        if Token.UP in words:
            return registration
        doubt = None if registration is PortStatus.READY else registration
        if Token.UNREGISTERED in words:
            return doubt or PortStatus.NOT_REGISTERED
        return _LAST_EVENT.get(self._details.last_event, doubt)

    @property
    def _registration(self) -> tuple[NetworkStatus | None, PortStatus | None]:
        known = self._details.registration
        return (None, None) if known is None else _REGISTRATION[known]


class Ports:
    """All ports of a box. Asks for one thing at a time, so that texts come between."""

    def __init__(
        self,
        box: Box,
        main: Callable[[], Session | None],
        ignored: Counter[str],
        *,
        busy: Callable[[int], bool],
        watched: Callable[[], Collection[int]],
        on_seen: Callable[[int, bool, float], Steps[Channel]],
        on_current: Callable[[float], Steps[Channel]],
    ) -> None:
        """Take which spans are ``busy`` and left alone, and which are ``watched`` and often looked at.

        ``on_seen`` is told whether a span is up whenever its details were read, ``on_current`` when nothing
        is due any more.
        """
        self._gateway = box.key
        self._interval = box.poll_interval
        self._main = main
        self._ignored = ignored
        self._busy = busy
        self._watched = watched
        self._on_seen = on_seen
        self._on_current = on_current
        self._ports: dict[int, Port] = {}
        self._told: dict[int, PortState] = {}
        self._listed_at: float | None = None
        self._asking = False

    def begin(self, now: float) -> Steps[Channel]:
        """Read all anew over a new connection, and tell every port again."""
        self._told.clear()
        self._asking = False
        self._listed_at = None
        for port in self._ports.values():
            port.refresh(now)
        return self.tick(now)

    def tick(self, now: float) -> Steps[Channel]:
        """Ask for what is due, unless there is a question open."""
        session = self._main()
        if session is None or self._asking:
            return []
        if now >= self._list_due:
            return self._ask(session, codec.show_spans(), partial(self._listed, session), now)
        port = next((port for port in self._ports.values() if self._due(port, now)), None)
        if port is None:
            return self._on_current(now)
        return self._ask(session, codec.show_span(port.span), partial(self._detailed, port), now)

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        if self._main() is None or self._asking:
            return None
        dues = (port.details_due for port in self._ports.values() if not self._left_alone(port))
        return min([self._list_due, *(due for due in dues if due is not None)])

    @property
    def _list_due(self) -> float:
        if self._listed_at is None:
            return 0.0
        return self._listed_at + (min(WATCH_INTERVAL, self._interval) if self._watched() else self._interval)

    def _left_alone(self, port: Port) -> bool:
        return self._busy(port.span) and port.span not in self._watched()

    def _due(self, port: Port, now: float) -> bool:
        return port.details_due is not None and now >= port.details_due and not self._left_alone(port)

    def _ask(
        self, session: Session, line: str, read: Callable[[str, float], Steps[Channel]], now: float
    ) -> Steps[Channel]:
        self._asking = True
        return session.ask(Exchange(line=line, on_reply=partial(self._answered, read)), now)

    def _answered(
        self, read: Callable[[str, float], Steps[Channel]], output: str, now: float
    ) -> Steps[Channel]:
        self._asking = False
        return [*read(output, now), *self.tick(now)]

    def _listed(self, session: Session, output: str, now: float) -> Steps[Channel]:
        self._listed_at = now
        try:
            lines = codec.read_spans(output)
        except WireError as error:
            self._ignored[error.reason] += 1
            # A box whose driver is just starting may say so; what never named a span has none.
            return [] if self._ports else session.fail(WrongPeer("it lists no GSM spans"), now)
        for span, words in lines.items():
            self._ports.setdefault(span, Port(span)).note_line(words, now)
        for span in self._ports.keys() - lines.keys():
            self._ports[span].note_absence()
        for span in self._watched():
            if (port := self._ports.get(span)) is not None and port.listed_up:
                port.refresh(now)
        # What is to be read in detail is told after that, once.
        return [
            step for port in self._ports.values() if not self._due(port, now) for step in self._tell(port)
        ]

    def _detailed(self, port: Port, output: str, now: float) -> Steps[Channel]:
        port.note_details(codec.read_details(output), now)
        return [*self._tell(port), *self._on_seen(port.span, port.up, now)]

    def _tell(self, port: Port) -> Steps[Channel]:
        state = port.state
        if self._told.get(port.span) == state:
            return []
        self._told[port.span] = state
        return [Emit(PortChanged(gateway=self._gateway, state=state))]
