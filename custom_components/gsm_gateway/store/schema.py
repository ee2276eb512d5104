"""The tables, and how a file gets them; how a database is opened.

Times are microseconds since 1970 in UTC, as integers: exact, and in order. Days are ISO dates.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
import os
from pathlib import Path
import sqlite3

from .faults import DamageFound, Fault, StoreTooNew, StoreUnusable, fault_of, name_of

APPLICATION_ID = 0x47534D47  # "GSMG", in the file's header: nobody else's database is taken for ours

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another process that has the file."""

CHECKPOINT_PAGES = 48
"""Pages in the write-ahead log from which on they are put into the main file. So few, that on a full disk the
reserve has room for them: the log can then begin anew, and goes on for ever in the space that it has."""

STATEMENTS = 8
"""Statements that are kept prepared, at some 5 kB each: those that keep a text that comes, over and over."""

# A text is ``over`` when it is settled, or was handed on; it is ``listed`` while the history shows it.
_FIRST = (
    """
    CREATE TABLE texts (
        seq INTEGER PRIMARY KEY,
        message_id TEXT NOT NULL UNIQUE,
        direction TEXT NOT NULL,
        port TEXT,
        number TEXT NOT NULL,
        text TEXT NOT NULL,
        at INTEGER NOT NULL,
        status TEXT NOT NULL,
        over INTEGER NOT NULL,
        listed INTEGER NOT NULL DEFAULT 1,
        expires_at INTEGER,
        not_before INTEGER,
        priority TEXT,
        pinned TEXT,
        left_at INTEGER,
        settled_at INTEGER,
        sendid INTEGER,
        telid INTEGER,
        reference INTEGER,
        error TEXT,
        error_detail TEXT,
        stamped_at INTEGER,
        parts INTEGER,
        complete INTEGER,
        held_over INTEGER
    ) STRICT
    """,
    "CREATE INDEX texts_in_history ON texts (seq) WHERE over = 1 AND listed = 1",
    "CREATE INDEX texts_unlisted ON texts (seq) WHERE listed = 0",
    """
    CREATE TABLE changes (
        text INTEGER NOT NULL REFERENCES texts (seq) ON DELETE CASCADE,
        nr INTEGER NOT NULL,
        status TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (text, nr)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE parts (
        seq INTEGER PRIMARY KEY,
        port TEXT NOT NULL,
        sender TEXT NOT NULL,
        reference TEXT NOT NULL,
        stamp TEXT NOT NULL,
        nr INTEGER NOT NULL,
        total INTEGER NOT NULL,
        text BLOB NOT NULL,
        loose INTEGER NOT NULL,
        complete INTEGER NOT NULL,
        stamped_at INTEGER,
        at INTEGER NOT NULL
    ) STRICT
    """,
    "CREATE INDEX parts_together ON parts (port, sender, reference)",
    """
    CREATE TABLE pushes (
        seq INTEGER PRIMARY KEY, port TEXT NOT NULL, identity TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE reports (
        seq INTEGER PRIMARY KEY,
        gateway TEXT NOT NULL,
        port TEXT NOT NULL,
        reference INTEGER NOT NULL,
        delivered INTEGER,
        number TEXT,
        push TEXT,
        at INTEGER NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE usage (
        port TEXT NOT NULL, day TEXT NOT NULL, sent INTEGER NOT NULL, PRIMARY KEY (day, port)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE TABLE off (port TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
    "CREATE TABLE facts (fact TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE backup (token TEXT NOT NULL, since INTEGER NOT NULL) STRICT",
)

MIGRATIONS: Sequence[Sequence[str]] = (_FIRST,)
"""What makes of a file of version ``i`` one of version ``i + 1``, by SQLite's ``user_version``."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def stamp(at: datetime) -> int:
    """Give a time as it is kept."""
    return (at - _EPOCH) // _MICROSECOND


def raw(text: str) -> bytes:
    """Give a part's text as it is kept: it may end in the half of a character, which is no text to SQLite."""
    return text.encode(errors="surrogatepass")


def text_of(kept: bytes) -> str:
    """Give a part's text back."""
    return kept.decode(errors="surrogatepass")


def time_of(kept: int) -> datetime:
    """Give a time back, in UTC."""
    return _EPOCH + kept * _MICROSECOND


def connect(path: Path) -> sqlite3.Connection:
    """Open a database, made anew if it is not there. Nothing is put into its main file by itself.

    It is had alone: no shared memory beside it that needs space, and nobody who moves what is being copied.
    Raise OSError, sqlite3.Error, DamageFound or StoreError.
    """
    _create(path)
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, cached_statements=STATEMENTS)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE)
        _check(db)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA foreign_keys = ON")
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def let_checkpoint(db: sqlite3.Connection, *, allowed: bool) -> None:
    """Let the log be put into the main file when it is long, and at the end; or never."""
    db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES if allowed else 0}")
    db.setconfig(sqlite3.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, not allowed)


def _create(path: Path) -> None:
    """Let nobody else read the file; the ones beside it take after it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make durable what files a folder has."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check(db: sqlite3.Connection) -> None:
    """Refuse what is damaged, foreign or of a later version."""
    if _pragma(db, "quick_check(1)") != "ok":
        raise DamageFound
    if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        return
    if _pragma(db, "application_id") != APPLICATION_ID:
        raise DamageFound
    if int(_pragma(db, "user_version")) > len(MIGRATIONS):
        raise StoreTooNew("the store was written by a later version of this integration")


def _pragma(db: sqlite3.Connection, name: str) -> str | int:
    value: str | int = db.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _migrate(db: sqlite3.Connection) -> None:
    """Bring a file up to date, wholly or not at all."""
    version = int(_pragma(db, "user_version"))
    if version == len(MIGRATIONS):
        return
    try:
        with transaction(db):
            for statements in MIGRATIONS[version:]:
                for statement in statements:
                    db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except sqlite3.Error as err:
        if fault_of(err) is not Fault.OTHER:
            raise
        raise StoreUnusable(f"{name_of(err)} on the way to a later version") from err  # it is not damaged


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do what is inside wholly and durably, or not at all."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite may have undone it
            with suppress(sqlite3.Error):  # what failed before is what is told
                db.execute("ROLLBACK")
        raise
