"""What the tests of the store share: a store on a file, a wall clock to put forward, and texts to keep."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
import sqlite3
from typing import Any, TypedDict, Unpack

from custom_components.gsm_gateway.aiogsm.journal import Change, PutMessage, PutReceived, Query, Remembered
from custom_components.gsm_gateway.aiogsm.models import HandedOn, Message, MessageStatus, ReceivedSms
from custom_components.gsm_gateway.store import BoxStore

NOON = datetime(2026, 10, 31, 12, 0, 0, 123457, tzinfo=UTC)
NUMBER = "+15551234567"
WORDS = "the words of a text"
ALL = Query(limit=10_000)


class Options(TypedDict, total=False):
    """The options of a store."""

    history: int
    keep_texts: bool


class Bench:
    """A file, the stores that are opened on it one after the other, and what they told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "gsm_gateway.box.db"
        self.now = NOON
        self.damaged: list[Path] = []
        self.full: list[bool] = []

    def store(self, **options: Unpack[Options]) -> BoxStore:
        return BoxStore(
            self.path,
            clock=lambda: self.now,
            on_damaged=self.damaged.append,
            on_full=self.full.append,
            **options,
        )

    @asynccontextmanager
    async def opened(self, **options: Unpack[Options]) -> AsyncIterator[BoxStore]:
        """Open a store for a while."""
        store = self.store(**options)
        await store.open()
        try:
            yield store
        finally:
            await store.close()

    async def remembered(self, **options: Unpack[Options]) -> Remembered:
        """Give what a new run begins with."""
        store = self.store(**options)
        remembered = await store.open()
        await store.close()
        return remembered

    async def keep(self, *changes: Change, **options: Unpack[Options]) -> None:
        """Let one run make changes."""
        async with self.opened(**options) as store:
            assert await store.write(*changes)

    def skip(self, **time: float) -> None:
        """Put the wall clock forward."""
        self.now += timedelta(**time)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        """Look at the file, or change it, while no store is open."""
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            return db.execute(statement).fetchall()
        finally:
            db.close()

    def is_kept(self, words: str) -> bool:
        """Whether words are anywhere in the database's files."""
        files = self.path.parent.glob(f"{self.path.name}*")
        return any(words.encode() in file.read_bytes() for file in files)


def text(message_id: str = "a", status: MessageStatus = MessageStatus.QUEUED, **changes: object) -> Message:
    """Give a text on its way out."""
    message = Message(
        message_id=message_id,
        recipient=NUMBER,
        text=WORDS,
        created_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        status=status,
        settled_at=NOON if status.settled else None,
    )
    return replace(message, **changes)


def put(message_id: str = "a", status: MessageStatus = MessageStatus.QUEUED, **changes: object) -> PutMessage:
    """Give the change that puts such a text."""
    return PutMessage(text(message_id, status, **changes))


def sms(message_id: str = "r", handed_on: HandedOn = HandedOn.NO, **changes: object) -> ReceivedSms:
    """Give a received text."""
    received = ReceivedSms(
        message_id=message_id, port="1", sender=NUMBER, text=WORDS, received_at=NOON, handed_on=handed_on
    )
    return replace(received, **changes)


def put_sms(message_id: str = "r", handed_on: HandedOn = HandedOn.NO, **changes: object) -> PutReceived:
    """Give the change that puts such a text."""
    return PutReceived(sms(message_id, handed_on, **changes))


async def ids(store: BoxStore, query: Query = ALL) -> list[str]:
    """Give the ids of the texts of the history, the newest first."""
    return [entry.item.message_id for entry in await store.history(query)]
