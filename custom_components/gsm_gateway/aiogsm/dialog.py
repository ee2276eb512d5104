"""The sans-io contract: a dialog is a family's whole conversation, as a machine without sockets or clocks.

Every call takes the time and returns Steps, which the driver performs in order. Time is the loop's
monotonic clock, in seconds. A dialog serves one link: a NeoGate dialog one box, a GoIP dialog every
box that registers at its UDP port. ``P`` is how the link names its far ends.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from .errors import GatewayError
from .models import DialogEvent
from .records import Memory, Record
from .reprs import hiding
from .requests import Outcome, Request

type Ticket = int
"""Names a submitted request until it is settled."""

type Step[P] = Open[P] | Send[P] | Drop[P] | Emit | Settle | Keep[P]
type Steps[P] = list[Step[P]]


@hiding("username", "password", "passwords")
class Box(NamedTuple):
    """One gateway for a dialog to serve: ``key`` names it in every event.

    ``lines`` are the GoIP line ids known to be its own, ``passwords`` those of lines that have one of
    their own; a NeoGate tells its ports by itself. ``join_texts``: what a port tells in quick succession
    from one sender is one long text. ``repeat_send``: the box can be asked again about a text that is
    on its way without sending it twice. ``poll_interval``: seconds between two readings of the state of a
    box that has to be asked for it. ``time_zone``: what the box's clock shows.
    """

    key: str
    password: str
    username: str = ""
    lines: Sequence[str] = ()
    passwords: Mapping[str, str] = MappingProxyType({})
    join_texts: bool = False
    repeat_send: bool = True
    poll_interval: float = 30.0
    time_zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Open[P]:
    """Open the link's far end ``peer``; the dialog is told by ``opened`` or ``lost``."""

    peer: P


@hiding("data")
class Send[P](NamedTuple):
    """Write these bytes. Secrets in them are masked by the link's log, not here."""

    data: bytes
    peer: P


@dataclass(frozen=True, slots=True)
class Drop[P]:
    """Close the far end ``peer``; ``lost`` is not called for it."""

    peer: P


class Emit(NamedTuple):
    """Tell everybody who listens."""

    event: DialogEvent


class Settle(NamedTuple):
    """A submitted request is over, well or not."""

    ticket: Ticket
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Keep[P]:
    """Have this made durable, then go on with the Steps that ``then`` gives for that time.

    ``then`` is told whether it is durable. Records are kept in the order in which they are asked for.
    """

    record: Record
    then: Callable[[bool, float], Steps[P]]


class Dialog[P](ABC):
    """What the driver asks of a family. No method raises for anything that came over the wire."""

    @property
    @abstractmethod
    def ignored(self) -> Mapping[str, int]:
        """How many packets were ignored, by reason."""

    @abstractmethod
    def owner_of(self, peer: P) -> str | None:
        """Give the key of the gateway that a far end is of, if that is known. Called for every packet."""

    @abstractmethod
    def masked(self, data: bytes, peer: P) -> bytes:
        """Give bytes of the wire as they may be logged: without passwords and PINs.

        Called with all pieces of a stream in their order, for what is to be masked may be in several.
        """

    @abstractmethod
    def attach(self, box: Box, memory: Memory, now: float) -> Steps[P]:
        """Begin to serve a gateway. Raise InvalidInput where its settings cannot be carried or are taken."""

    @abstractmethod
    def detach(self, key: str, now: float) -> Steps[P]:
        """Take leave of a gateway and settle all that it still owes an answer."""

    @abstractmethod
    def submit(self, key: str, ticket: Ticket, request: Request[object], now: float) -> Steps[P]:
        """Begin what is asked of a gateway. Raise InvalidInput or NotSupported before a byte is sent."""

    @abstractmethod
    def opened(self, peer: P, now: float) -> Steps[P]:
        """A far end asked for by ``Open`` is there."""

    @abstractmethod
    def lost(self, peer: P, reason: GatewayError, now: float) -> Steps[P]:
        """A far end could not be opened, or closed by itself."""

    def reflex(self, data: bytes, peer: P, now: float) -> tuple[str, bytes] | None:
        """Give the answer to bytes that say nothing new, which are nearly all of a family's; else ``None``.

        With it comes whose bytes they are. Called before ``receive``, which is not called for what has an
        answer here. Nothing else follows from it: no other step, and no deadline before the one that stands.
        """
        return None

    @abstractmethod
    def receive(self, data: bytes, peer: P, now: float) -> Steps[P]:
        """Bytes came: any piece of the stream (TCP) or one whole datagram (UDP)."""

    @abstractmethod
    def tick(self, now: float) -> Steps[P]:
        """Do what is due. Harmless when called early."""

    @abstractmethod
    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
