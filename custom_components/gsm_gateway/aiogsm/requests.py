"""What can be asked of a gateway, and what each is settled with.

A request names the port that it is about. ``Request[O]`` is settled with an ``O``, or with a GatewayError:
InvalidInput and NotSupported are raised before a byte is sent, CommandRefused has the gateway's own words.
All of these live for moments only, so that slots would save nothing.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from .errors import GatewayError
from .models import Trace, UssdReply
from .reprs import hiding


class SmsTaken(NamedTuple):
    """The network took the text; a delivery report will name it by ``reference``, where there are any."""

    reference: int | None = None


@dataclass(frozen=True)
class Done:
    """It was done, and there is nothing to tell of it."""


@hiding("number")
class Forwarding(NamedTuple):
    """Whether calls are forwarded, and where to."""

    enabled: bool
    number: str | None = None


class Cells(NamedTuple):
    """The radio cells that a port hears, by their ids, strongest first as the port lists them."""

    cells: tuple[str, ...]


type Outcome = SmsTaken | UssdReply | Done | Forwarding | Cells | GatewayError


class Request[O]:
    """Something to ask; settled with an ``O``."""


@dataclass(frozen=True, kw_only=True)
class PortRequest[O](Request[O]):
    """Something to ask of one port; settled with an ``O``. What asks nothing else has no other field."""

    port: str


@dataclass(frozen=True, kw_only=True)
class SendSms(PortRequest[SmsTaken]):
    """Send a text by one port. Requests with the same text may share one session with the port."""

    recipient: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str


@dataclass(frozen=True, kw_only=True)
class AwaitResult(PortRequest[SmsTaken]):
    """Wait for the result of a text that left ``age`` seconds ago, in an earlier run. Nothing is sent."""

    message_id: str
    trace: Trace | None
    age: float


@dataclass(frozen=True, kw_only=True)
class SendUssd(PortRequest[UssdReply]):
    """Dial a USSD code on one port, or answer the menu of an open session; wait ``timeout`` seconds."""

    code: str = field(repr=False)
    timeout: float


class CloseUssd(PortRequest[Done]):
    """End the port's USSD session; a SendUssd that waits on it is settled with CommandRefused."""


@dataclass(frozen=True, kw_only=True)
class Reboot(Request[Done]):
    """Restart one port's module, or with no port the whole box."""

    port: str | None = None


@dataclass(frozen=True, kw_only=True)
class SetPhoneNumber(PortRequest[Done]):
    """Tell the box the number of the SIM in a port."""

    number: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class SetCallTimeLimit(PortRequest[Done]):
    """Allow outgoing calls for so many minutes (0 to 100000) in all, or with ``None`` without limit."""

    minutes: int | None


class ResetRemainingTime(PortRequest[Done]):
    """Make the whole call time available again."""


@dataclass(frozen=True, kw_only=True)
class SetCallInterval(PortRequest[Done]):
    """Keep so many seconds (0 to 86400) between two outgoing calls."""

    seconds: int


class HangUp(PortRequest[Done]):
    """End the port's call. Never repeated."""


class ForwardingReason(StrEnum):
    """When a call is forwarded."""

    UNCONDITIONAL = "unconditional"
    BUSY = "busy"
    NO_REPLY = "no_reply"
    UNREACHABLE = "unreachable"
    ALL = "all"
    ALL_CONDITIONAL = "all_conditional"


@dataclass(frozen=True, kw_only=True)
class SetCallForwarding(PortRequest[Done]):
    """Forward calls to ``number``, or with ``None`` no longer; ``timeout`` in seconds is for NO_REPLY."""

    reason: ForwardingReason
    number: str | None = field(default=None, repr=False)
    timeout: int = 20


@dataclass(frozen=True, kw_only=True)
class GetCallForwarding(PortRequest[Forwarding]):
    """Ask the network whether calls are forwarded."""

    reason: ForwardingReason


@dataclass(frozen=True, kw_only=True)
class SetCallWaiting(PortRequest[Done]):
    """Have a second call knock, or be told that the line is busy."""

    enabled: bool


@dataclass(frozen=True, kw_only=True)
class SetImei(PortRequest[Done]):
    """Give the port's module another IMEI: 15 digits with a right check digit.

    Doing so is unlawful in many countries.
    """

    imei: str = field(repr=False)


class SwitchOn(PortRequest[Done]):
    """Switch on a port's module that an earlier run had switched off to restart it, once there is a link."""


@dataclass(frozen=True, kw_only=True)
class SetEnabled(PortRequest[Done]):
    """Switch one port's module on or off."""

    enabled: bool


@dataclass(frozen=True, kw_only=True)
class SetAllEnabled(Request[Done]):
    """Switch modules on and off in one command of the box.

    ``channels`` has every port of the box, in the order of its channels; ports that are neither in
    ``enabled`` nor in ``disabled`` stay as they are.
    """

    channels: tuple[str, ...]
    enabled: frozenset[str]
    disabled: frozenset[str]


class RefreshCells(PortRequest[Cells]):
    """Have the port list the cells that it hears, which takes some seconds."""


@dataclass(frozen=True, kw_only=True)
class LockCell(PortRequest[Done]):
    """Have the port use one cell only, one of those that it listed."""

    cell: str
