"""The contract of what survives a kill: changes are written to it, and a new run begins with what it kept.

The caller says what is to be durable before what; the journal only promises that changes become durable
whole, and in the order in which they were written.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, override

from .models import Message, MessageStatus, ReceivedSms
from .parts import Part
from .records import DeliveryReported
from .reprs import hiding


class Direction(StrEnum):
    """Whether a text came or went."""

    IN = "in"
    OUT = "out"


class Fact(StrEnum):
    """What else is to be remembered, each as a short text."""

    LAST_USSD = "last_ussd"
    """The greatest number that a USSD code was dialled under."""

    TRIPPED = "tripped"
    """Whether the breaker has tripped; ``1`` or nothing."""

    RESET_AT = "reset_at"
    """When the breaker was last reset, in ISO form."""


# What can change. All changes of one ``write`` become durable together.


class PutMessage(NamedTuple):
    """An outgoing text stands so now."""

    message: Message


class PutReceived(NamedTuple):
    """A received text is whole, or was handed on a step further."""

    sms: ReceivedSms


class PutPart(NamedTuple):
    """A part of a text waits for others."""

    part: Part
    arrived_at: datetime


@hiding("sender")
class DropParts(NamedTuple):
    """The parts under this port, sender and reference wait no more."""

    port: str
    sender: str
    reference: str


class PutPush(NamedTuple):
    """A port pushed this, and may push it again."""

    port: str
    identity: str
    seen_at: datetime


class DropPushes(NamedTuple):
    """A port has started anew, and repeats nothing of what it pushed before."""

    port: str


class PutReport(NamedTuple):
    """A delivery report came whose text is not known yet."""

    report: DeliveryReported
    came_at: datetime


class DropReport(NamedTuple):
    """A delivery report has found its text."""

    report: DeliveryReported


class PutUsage(NamedTuple):
    """A port has sent so many texts on a day."""

    port: str
    day: date
    sent: int


class PutPower(NamedTuple):
    """A port is switched off for a moment, and has to be switched on again; or is ``on`` again."""

    port: str
    on: bool


class PutFact(NamedTuple):
    """A fact is so now; ``None``: it is no more."""

    fact: Fact
    value: str | None


type Change = (
    PutMessage
    | PutReceived
    | PutPart
    | DropParts
    | PutPush
    | DropPushes
    | PutReport
    | DropReport
    | PutUsage
    | PutPower
    | PutFact
)


# What is remembered.


class Remembered(NamedTuple):
    """What a new run begins with. All in the order in which it was written first.

    ``messages``: those that are not settled, those of the last 72 hours that more may be told of, and those
    that left in the last hour, which the pace of their port goes by. ``accepted``: when the outgoing texts
    of the last hour were queued, of those that are still there.
    ``received``: those that were not handed on, and those whose handing on was begun. ``parts``: those that
    wait. ``pushes``: of the last two minutes. ``reports``: of the last ten minutes. ``usage``: of this month
    and the one before. ``off``: ports that have to be switched on. ``met``: who was last texted by which
    port, or wrote to it, the latest last.
    """

    messages: Sequence[Message] = ()
    accepted: Sequence[datetime] = ()
    received: Sequence[ReceivedSms] = ()
    parts: Sequence[PutPart] = ()
    pushes: Sequence[PutPush] = ()
    reports: Sequence[PutReport] = ()
    usage: Mapping[tuple[str, date], int] = MappingProxyType({})
    off: Collection[str] = ()
    met: Sequence[tuple[str, str]] = ()
    facts: Mapping[Fact, str] = MappingProxyType({})


class Query(NamedTuple):
    """Which texts of the history to give: of one direction or port, and the newest ``limit`` of them."""

    direction: Direction | None = None
    port: str | None = None
    limit: int = 50


class StatusChange(NamedTuple):
    """An outgoing text came to this status then."""

    status: MessageStatus
    at: datetime


class Entry(NamedTuple):
    """A text of the history, and the ``changes`` of an outgoing one, oldest first.

    Its text is empty where the owner wants none kept.
    """

    item: Message | ReceivedSms
    changes: Sequence[StatusChange] = ()


class Journal(ABC):
    """One gateway's journal. Not for use before ``open`` and after ``close``."""

    def __init__(self) -> None:
        """Begin with nobody who would be told of a loss."""
        self.on_loss: Callable[[], None] | None = None
        """Called when what was kept is lost: what is still needed of it has to be written anew."""

    @abstractmethod
    async def open(self) -> Remembered:
        """Make ready, and give what earlier runs left."""

    @abstractmethod
    def write(self, *changes: Change) -> asyncio.Future[bool]:
        """Begin to make changes durable, at once and after all that were written before.

        The future tells whether they are; it is never an exception, and never cancelled by the journal.
        Futures are done in the order of their writes.
        """

    @abstractmethod
    async def history(self, query: Query) -> list[Entry]:
        """Give texts of the history, the newest first."""

    @abstractmethod
    async def delete(
        self,
        message_ids: Collection[str] | None = None,
        before: datetime | None = None,
        port: str | None = None,
    ) -> int:
        """Delete settled texts from the history, by id or by age, of one port or all; give how many."""

    @abstractmethod
    async def close(self) -> None:
        """Finish what was written, and let go."""


class NoJournal(Journal):
    """Remembers nothing: for a gateway that is only looked at."""

    @override
    async def open(self) -> Remembered:
        return Remembered()

    @override
    def write(self, *changes: Change) -> asyncio.Future[bool]:
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        written.set_result(True)
        return written

    @override
    async def history(self, query: Query) -> list[Entry]:
        return []

    @override
    async def delete(
        self,
        message_ids: Collection[str] | None = None,
        before: datetime | None = None,
        port: str | None = None,
    ) -> int:
        return 0

    @override
    async def close(self) -> None:
        """There is nothing to finish."""
