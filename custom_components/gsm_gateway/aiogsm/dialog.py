"""The sans-io contract: a dialog is a family's whole conversation, as a machine without sockets or clocks.

Every call takes the time and returns Steps, which the driver performs in order. Time is the loop's
monotonic clock, in seconds. A dialog serves one link: a NeoGate dialog one box, a GoIP dialog every
box that registers at its UDP port. ``P`` is how the link names its far ends.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .errors import GatewayError
from .models import DialogEvent, UssdReply

type Ticket = int
"""Names a submitted request until it is settled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One gateway for a dialog to serve: ``key`` names it in every event.

    ``lines`` are the GoIP line ids known to be its own; a NeoGate tells its ports by itself.
    """

    key: str
    username: str = field(default="", repr=False)
    password: str = field(repr=False)
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSms:
    """Send a text by one port. Settled with ``SmsTaken``."""

    port: str
    recipient: str = field(repr=False)
    text: str = field(repr=False)
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendUssd:
    """Dial a USSD code on one port and wait for the network's answer. Settled with ``UssdReply``."""

    port: str
    code: str = field(repr=False)
    timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reboot:
    """Restart one port's module, or with no port the whole box. Settled with ``Done``."""

    port: str | None = None


type Request = SendSms | SendUssd | Reboot


@dataclass(frozen=True, slots=True)
class SmsTaken:
    """The network took the text; a delivery report will name it by ``reference``, where there are any."""

    reference: int | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """It was done, and there is nothing to tell of it."""


type Outcome = SmsTaken | UssdReply | Done | GatewayError


@dataclass(frozen=True, slots=True)
class Open[P]:
    """Open the link's far end ``peer``; the dialog is told by ``opened`` or ``lost``."""

    peer: P


@dataclass(frozen=True, slots=True)
class Send[P]:
    """Write these bytes. Secrets in them are masked by the link's log, not here."""

    data: bytes = field(repr=False)
    peer: P


@dataclass(frozen=True, slots=True)
class Drop[P]:
    """Close the far end ``peer``; ``lost`` is not called for it."""

    peer: P


@dataclass(frozen=True, slots=True)
class Emit:
    """Tell everybody who listens."""

    event: DialogEvent


@dataclass(frozen=True, slots=True)
class Settle:
    """A submitted request is over, well or not."""

    ticket: Ticket
    outcome: Outcome


type Step[P] = Open[P] | Send[P] | Drop[P] | Emit | Settle
type Steps[P] = list[Step[P]]


class Dialog[P](ABC):
    """What the driver asks of a family. No method raises for anything that came over the wire."""

    @property
    @abstractmethod
    def ignored(self) -> Mapping[str, int]:
        """How many packets were ignored, by reason."""

    @abstractmethod
    def masked(self, data: bytes) -> bytes:
        """Give bytes of the wire as they may be logged: without passwords and PINs."""

    @abstractmethod
    def attach(self, box: Box, now: float) -> Steps[P]:
        """Begin to serve a gateway. Raise InvalidInput where its settings cannot be carried or are taken."""

    @abstractmethod
    def detach(self, key: str, now: float) -> Steps[P]:
        """Take leave of a gateway and settle all that it still owes an answer."""

    @abstractmethod
    def submit(self, key: str, ticket: Ticket, request: Request, now: float) -> Steps[P]:
        """Begin what is asked of a gateway. Raise InvalidInput or NotSupported before a byte is sent."""

    @abstractmethod
    def opened(self, peer: P, now: float) -> Steps[P]:
        """A far end asked for by ``Open`` is there."""

    @abstractmethod
    def lost(self, peer: P, reason: GatewayError, now: float) -> Steps[P]:
        """A far end could not be opened, or closed by itself."""

    @abstractmethod
    def receive(self, data: bytes, peer: P, now: float) -> Steps[P]:
        """Bytes came: any piece of the stream (TCP) or one whole datagram (UDP)."""

    @abstractmethod
    def tick(self, now: float) -> Steps[P]:
        """Do what is due. Harmless when called early."""

    @abstractmethod
    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
