"""The words in which gateways are spoken of: frozen value objects, the same for every family.

They are NamedTuples, which take a fifth of the time of dataclasses to import, and half of it to be replaced.
Numbers, texts and SIM identities are left out of every ``repr`` (see ``reprs.py``).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from .errors import GatewayError
from .reprs import hiding


class PortStatus(StrEnum):
    """What keeps a port from sending, or that nothing does."""

    READY = "ready"
    NOT_REGISTERED = "not_registered"
    REGISTRATION_DENIED = "registration_denied"
    NO_SIM = "no_sim"
    PIN_ERROR = "pin_error"
    NO_SIGNAL = "no_signal"
    POWER_OFF = "power_off"
    DISABLED = "disabled"
    OFFLINE = "offline"


class NetworkStatus(StrEnum):
    """What a port's module says of its network; ``REGISTERED`` where it does not say of which kind it is."""

    HOME = "home"
    ROAMING = "roaming"
    REGISTERED = "registered"
    NOT_REGISTERED = "not_registered"
    SEARCHING = "searching"
    DENIED = "denied"


class CallState(StrEnum):
    """What a port's voice channel does."""

    IDLE = "idle"
    INCOMING = "incoming"
    DIALING = "dialing"
    ALERTING = "alerting"
    CONNECTED = "connected"


class CallEventType(StrEnum):
    """What happened to a call."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    CONNECTED = "connected"
    ENDED = "ended"


class MessageStatus(StrEnum):
    """How far a text has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"

    @property
    def settled(self) -> bool:
        """Whether waiting longer brings nothing but a delivery report."""
        return self not in (MessageStatus.QUEUED, MessageStatus.SENDING)


class MessageError(StrEnum):
    """Why a text did not arrive, in words that automations may compare."""

    NO_SIM = "no_sim"
    NOT_REGISTERED = "not_registered"
    REFUSED = "refused"
    INVALID_NUMBER = "invalid_number"
    NO_RESULT = "no_result"
    BOX_OFFLINE = "box_offline"
    EXPIRED = "expired"
    TOO_LONG = "too_long"
    LIMIT_REACHED = "limit_reached"
    STORE_FAILED = "store_failed"


@hiding("phone_number", "imei", "imsi", "iccid", "smsc")
class PortState(NamedTuple):
    """What is known of one port; ``None`` where the gateway does not say.

    ``port`` is the port's number (NeoGate) or line id (GoIP). ``signal`` is in dBm, ``remaining_time``
    in minutes of outgoing calls, and unknown where ``unlimited`` is true. ``call_time_limit`` is what
    it starts from, in minutes; ``call_interval`` is in seconds; ``cell`` as the port names it.

    Of the module: ``manufacturer``, ``model``, ``revision`` of its firmware, and ``band``. ``smsc`` is the
    number of the message centre that its texts go to. ``bit_error_rate`` is a class from 0 to 7 (3GPP TS
    45.008 §8.2.4). Of its calls: ``post_dial_delay`` and ``average_call_duration`` are in seconds,
    ``answer_seizure_ratio`` in percent. ``last_event`` and ``channel_state`` are the gateway's own words,
    and so are all ``words`` of its status; these are open sets, and hold no numbers of people.
    """

    port: str
    status: PortStatus | None = None
    signal: int | None = None
    operator: str | None = None
    remaining_time: int | None = None
    unlimited: bool = False
    call_state: CallState | None = None
    phone_number: str | None = None
    imei: str | None = None
    imsi: str | None = None
    iccid: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    revision: str | None = None
    band: str | None = None
    network_status: NetworkStatus | None = None
    bit_error_rate: int | None = None
    smsc: str | None = None
    post_dial_delay: int | None = None
    answer_seizure_ratio: int | None = None
    average_call_duration: int | None = None
    last_event: str | None = None
    channel_state: str | None = None
    words: tuple[str, ...] = ()
    enabled: bool | None = None
    voip_registered: bool | None = None
    call_time_limit: int | None = None
    call_interval: int | None = None
    cell: str | None = None


class GatewayState(NamedTuple):
    """What is known of one gateway: whether it answers, its ports, and how many texts wait."""

    connected: bool = False
    host: str | None = None
    ports: Mapping[str, PortState] = MappingProxyType({})
    queue: int = 0

    @property
    def ports_ready(self) -> int:
        """How many ports can send now."""
        return sum(port.status is PortStatus.READY for port in self.ports.values())


class Priority(StrEnum):
    """Whose turn it is first."""

    NORMAL = "normal"
    HIGH = "high"


class HandedOn(StrEnum):
    """How far a received text has come on its way to those who act on it."""

    NO = "received"
    BEGUN = "handing_on"
    DONE = "done"
    UNKNOWN = "unknown"
    """Begun when the process was ended: it may have been acted on, and is not handed on again."""


@hiding("sender", "text")
class ReceivedSms(NamedTuple):
    """A text that arrived, joined from its parts. ``complete`` is false where one never came.

    ``held_over``: it arrived in an earlier run, and could not be handed on in that.
    ``stamped_at`` is the time that the text bears; ``None`` where it bears none that can be read.
    """

    message_id: str
    port: str
    sender: str
    text: str
    received_at: datetime
    stamped_at: datetime | None = None
    parts: int = 1
    complete: bool = True
    held_over: bool = False
    handed_on: HandedOn = HandedOn.NO

    @property
    def dated(self) -> datetime:
        """When it was sent as far as is known: by its own stamp, but never after it was received."""
        return self.received_at if self.stamped_at is None else min(self.stamped_at, self.received_at)


class Trace(NamedTuple):
    """What a gateway's line knows a text by, so that its result is recognised when it comes late."""

    sendid: int
    telid: int


@hiding("recipient", "text")
class Message(NamedTuple):
    """A text on its way out, as it stands now. ``pinned`` is the port that the caller asked for.

    Times are those of the wall: ``left_at`` is when it was about to leave, ``settled_at`` when its status
    became final. It departs not before ``not_before``, and not from ``expires_at`` on. ``reference`` is
    the number by which delivery reports name it.
    """

    message_id: str
    recipient: str
    text: str
    created_at: datetime
    expires_at: datetime
    not_before: datetime | None = None
    priority: Priority = Priority.NORMAL
    status: MessageStatus = MessageStatus.QUEUED
    pinned: str | None = None
    port: str | None = None
    left_at: datetime | None = None
    settled_at: datetime | None = None
    trace: Trace | None = None
    reference: int | None = None
    error: MessageError | None = None
    error_detail: str | None = None


@hiding("text")
class UssdReply(NamedTuple):
    """A network's answer to a USSD code. ``session_open`` is ``None`` where the gateway does not say."""

    text: str
    session_open: bool | None = None


@hiding("number")
class Call(NamedTuple):
    """One change of a call. ``duration`` is in seconds, known only at its end."""

    port: str
    event: CallEventType
    incoming: bool
    number: str | None = None
    cause: str | None = None
    duration: int | None = None


# What a dialog tells: each names the gateway that it is about.


class ConnectionChanged(NamedTuple):
    """A gateway is there (logged in, its ports read once; or a line registered), or is not, and why."""

    gateway: str
    connected: bool
    error: GatewayError | None = None


class PortChanged(NamedTuple):
    """A port is new or differs from what was told of it last. ``host`` is where it speaks from, if told."""

    gateway: str
    state: PortState
    host: str | None = None


class CallChanged(NamedTuple):
    """A call on one of the ports began, was answered or ended."""

    gateway: str
    call: Call


@hiding("text")
class UssdArrived(NamedTuple):
    """The network sent a USSD text that nobody had asked for."""

    gateway: str
    port: str
    text: str


class LateResult(NamedTuple):
    """What became of a text whose SendSms was settled with OutcomeUnknown before."""

    gateway: str
    message_id: str
    taken: bool
    reference: int | None = None


class PortRestarted(NamedTuple):
    """A port's module or box started anew: what it had numbered before is numbered anew."""

    gateway: str
    port: str


class Trouble(StrEnum):
    """What a gateway's owner has to know of and can mend."""

    UNAUTHENTICATED = "wrong_password"
    """A line was heard, or answers, with another password."""

    TWO_ADDRESSES = "two_addresses"
    """A line is heard from two addresses in turn."""

    LINE_TAKEN = "line_taken"
    """A line belongs to another gateway already."""

    SENDS_TWICE = "sends_twice"
    """The box sends a text again when it is only asked about it; it is not asked any more."""


class TroubleFound(NamedTuple):
    """Something is wrong with a port that its owner can mend. Told once until it is over."""

    gateway: str
    port: str
    trouble: Trouble


class LineRefused(NamedTuple):
    """Somebody at ``host`` reports as a line, with another password, while the line is well elsewhere.

    Told every few seconds at most while that lasts.
    """

    gateway: str
    port: str
    host: str


@hiding("password")
class LineHeard(NamedTuple):
    """A line that no gateway owns sent a keepalive; ``password`` is what it tried."""

    line: str
    host: str
    password: str


type DialogEvent = (
    ConnectionChanged
    | PortChanged
    | CallChanged
    | UssdArrived
    | LateResult
    | PortRestarted
    | TroubleFound
    | LineRefused
    | LineHeard
)
