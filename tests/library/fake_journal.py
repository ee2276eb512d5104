"""A journal that is kept in memory, and the disk under it: full, slow, and still there after a kill.

It keeps to the contract and holds its user to it. What a new run begins with is made from what was written,
so that restarts can be tested without a database.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import override

from custom_components.gsm_gateway.aiogsm.journal import (
    Change,
    DropParts,
    DropPushes,
    DropReport,
    Entry,
    Fact,
    Journal,
    PutFact,
    PutMessage,
    PutPart,
    PutPower,
    PutPush,
    PutReceived,
    PutReport,
    PutUsage,
    Query,
    Remembered,
)
from custom_components.gsm_gateway.aiogsm.models import HandedOn, Message, ReceivedSms

MESSAGES_FOR = timedelta(hours=72)
PUSHES_FOR = timedelta(minutes=2)
REPORTS_FOR = timedelta(minutes=10)
COUNTED_FOR = timedelta(hours=1)

type Write = tuple[Change, ...]
type Clock = Callable[[], datetime]


@dataclass
class Disk:
    """What is durable: every write, in order. With no ``room`` nothing more becomes so."""

    writes: list[Write] = field(default_factory=list)
    room: bool = True

    def changes[C: Change](self, kind: type[C]) -> list[C]:
        """Give all changes of one kind, in order."""
        return [change for change in self._all() if isinstance(change, kind)]

    def statuses(self, message_id: str | None = None) -> list[str]:
        """Give what was written of a text, or of all, in order."""
        messages = [change.message for change in self.changes(PutMessage)]
        return [one.status.value for one in messages if message_id in (None, one.message_id)]

    def message(self) -> Message:
        """Give the one text, as it stands."""
        [message] = {
            change.message.message_id: change.message for change in self.changes(PutMessage)
        }.values()
        return message

    def handed_on(self) -> list[HandedOn]:
        """Give how far received texts were written to have come, in order."""
        return [change.sms.handed_on for change in self.changes(PutReceived)]

    def remembered(self, now: datetime) -> Remembered:
        """Give what a run that begins ``now`` is told."""
        memory = _Memory()
        for change in self._all():
            memory.take(change)
        return memory.remembered(now)

    def _all(self) -> Iterator[Change]:
        return (change for write in self.writes for change in write)


class FakeJournal(Journal):
    """A journal over a disk. A write takes a turn of the loop, or waits for ``finish`` where it is ``slow``.

    ``on_done`` is told of every write that is over, before whoever waits for it, and whether it is durable.
    """

    def __init__(
        self, disk: Disk, clock: Clock, on_done: Callable[[Write, bool], None] = lambda _, __: None
    ) -> None:
        super().__init__()
        self.disk = disk
        self.slow = False
        self.opened = False
        self._on_done = on_done
        self._killed = False
        self._clock = clock
        self._pending: deque[tuple[Write, asyncio.Future[bool]]] = deque()

    @override
    async def open(self) -> Remembered:
        assert not self.opened, "it is open already"
        self.opened = True
        return self.disk.remembered(self._clock())

    @override
    def write(self, *changes: Change) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        written: asyncio.Future[bool] = loop.create_future()
        if self._killed:
            written.set_result(True)
            return written
        assert self.opened, f"it is not open, and was asked to keep {changes}"
        self._pending.append((changes, written))
        if not self.slow:
            loop.call_soon(self.finish, 1)
        return written

    def finish(self, count: int | None = None) -> None:
        """Be done with what is being written; with the first ``count`` of it."""
        while self._pending and count != 0:
            changes, written = self._pending.popleft()
            if self.disk.room:
                self.disk.writes.append(changes)
            self._on_done(changes, self.disk.room)
            written.set_result(self.disk.room)
            count = None if count is None else count - 1

    @property
    def pending(self) -> list[Write]:
        """What was written and is not durable yet."""
        return [changes for changes, _ in self._pending]

    def kill(self) -> None:
        """End as a process does that is killed: what was not durable never will be.

        What still runs of the old process believes that nothing has happened, and is to be closed.
        """
        self.opened, self._killed = False, True
        for _, written in self._pending:
            written.set_result(True)
        self._pending.clear()

    @override
    async def history(self, query: Query) -> list[Entry]:
        assert self.opened
        newest = reversed(self.disk.remembered(self._clock()).messages)
        return [Entry(item=message) for message in newest][: query.limit]

    @override
    async def delete(self, message_ids: Collection[str] | None = None, before: datetime | None = None) -> int:
        assert self.opened
        return len(message_ids or ())

    @override
    async def close(self) -> None:
        assert self.opened or self._killed, "it is not open"
        await asyncio.sleep(0)
        self.slow = False
        self.finish()
        self.opened = False


@dataclass
class _Memory:
    """What changes come to, one after the other."""

    messages: dict[str, Message] = field(default_factory=dict)
    received: dict[str, ReceivedSms] = field(default_factory=dict)
    parts: list[PutPart] = field(default_factory=list)
    pushes: dict[tuple[str, str], PutPush] = field(default_factory=dict)
    reports: list[PutReport] = field(default_factory=list)
    usage: dict[tuple[str, object], int] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    met: dict[str, str] = field(default_factory=dict)
    facts: dict[Fact, str] = field(default_factory=dict)

    def take(self, change: Change) -> None:
        match change:
            case PutMessage(message):
                self.messages[message.message_id] = message
                if message.status.settled and message.port is not None:
                    self._meet(message.recipient, message.port)
            case PutReceived(sms):
                self.received[sms.message_id] = sms
                self._meet(sms.sender, sms.port)
            case PutUsage(port, day, sent):
                self.usage[port, day] = sent
            case PutPower(port, on):
                (self.off.discard if on else self.off.add)(port)
            case PutFact(fact, value):
                self.facts.pop(fact, None)
                if value is not None:
                    self.facts[fact] = value
            case _:
                self._take_waiting(change)

    def _take_waiting(
        self, change: PutPart | DropParts | PutPush | DropPushes | PutReport | DropReport
    ) -> None:
        match change:
            case PutPart():
                self.parts.append(change)
            case DropParts():
                self.parts = [one for one in self.parts if not _is_of(one, change)]
            case PutPush(port, identity):
                self.pushes[port, identity] = change
            case DropPushes(port):
                self.pushes = {key: push for key, push in self.pushes.items() if key[0] != port}
            case PutReport():
                self.reports.append(change)
            case DropReport(report):
                self.reports = [one for one in self.reports if one.report != report]

    def remembered(self, now: datetime) -> Remembered:
        return Remembered(
            messages=[
                one
                for one in self.messages.values()
                if not one.status.settled or (one.left_at is not None and now - one.left_at < MESSAGES_FOR)
            ],
            accepted=[one.created_at for one in self.messages.values() if now - one.created_at < COUNTED_FOR],
            received=[
                one for one in self.received.values() if one.handed_on in (HandedOn.NO, HandedOn.BEGUN)
            ],
            parts=self.parts,
            pushes=[one for one in self.pushes.values() if now - one.seen_at < PUSHES_FOR],
            reports=[one for one in self.reports if now - one.came_at < REPORTS_FOR],
            usage=self.usage,  # type: ignore[arg-type]
            off=self.off,
            met=list(self.met.items()),
            facts=self.facts,
        )

    def _meet(self, person: str, port: str) -> None:
        self.met.pop(person, None)
        self.met[person] = port


def _is_of(one: PutPart, dropped: DropParts) -> bool:
    part = one.part
    return (part.port, part.sender, part.reference) == (dropped.port, dropped.sender, dropped.reference)
