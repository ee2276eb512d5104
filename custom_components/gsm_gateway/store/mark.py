"""Tells a restored copy of a database from the database that the copy was made of.

While a backup is made, a mark stands in the database, and so in the copy, and its token in a file that
backups leave out. A mark without its token is that of a copy; with it, the backup goes on, or its end was
missed.
"""

from contextlib import suppress
from datetime import datetime
import logging
import os
from pathlib import Path
import secrets
import sqlite3

from ..aiogsm.models import HandedOn, MessageError, MessageStatus
from .rows import put_change
from .schema import stamp, sync_folder, time_of

_LOGGER = logging.getLogger(__name__)

LEFT_OUT = "__pycache__"
"""The folder for the token. Home Assistant (EXCLUDE_FROM_BACKUP) and its Supervisor leave ``*.log`` and the
like out only at the top of the configuration folder; what is in a folder of this name, at every depth."""


class Mark:
    """The mark of one database."""

    def __init__(self, path: Path) -> None:
        """Take the database's path. There is no mark until one is found or set."""
        self._token = token_path(path)
        self.since: datetime | None = None
        """When the backup began that is being made, if there is any."""

    def is_copy(self, db: sqlite3.Connection) -> bool:
        """Look for a mark; tell whether the database is a restored copy. Raise OSError."""
        self.since = None
        mark = db.execute("SELECT token, since FROM backup").fetchone()
        if mark is None:
            self.drop_token()
            return False
        if not self._token.is_file() or self._token.read_text() != mark[0]:
            return True
        self.since = time_of(mark[1])
        return False

    def new_token(self) -> str:
        """Give a token that is on disk already, for ``set``. Raise OSError."""
        token = secrets.token_hex(16)
        self._token.parent.mkdir(exist_ok=True)
        handle = os.open(self._token, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, token.encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        sync_folder(self._token.parent)
        sync_folder(self._token.parent.parent)
        return token

    def drop_token(self) -> None:
        """Delete the token: of a mark that stands no more, or was never set."""
        with suppress(OSError):  # without a mark it is of no account
            self._token.unlink(missing_ok=True)
            drop_empty(self._token.parent)


def token_path(path: Path) -> Path:
    """Give the path of the token of a database."""
    return path.parent / LEFT_OUT / f"{path.name}.backup"


def drop_empty(folder: Path) -> None:
    """Delete a folder if nothing is in it."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def set_mark(db: sqlite3.Connection, token: str, since: datetime) -> None:
    """Set the mark, within a transaction."""
    db.execute("INSERT INTO backup (token, since) VALUES (?, ?)", (token, stamp(since)))


def clear_mark(db: sqlite3.Connection) -> None:
    """Take the mark away, within a transaction."""
    db.execute("DELETE FROM backup")


def settle_copy(db: sqlite3.Connection, now: datetime) -> None:
    """Make of a restored copy, within a transaction, what nothing is sent from or handed on of.

    Whether what was queued in it was sent since, only the database knows that the copy was made of. Ports
    that have to be switched on stay so: a SIM would be dark otherwise.
    """
    queued = _settle(db, MessageStatus.QUEUED, MessageStatus.EXPIRED, MessageError.EXPIRED, now)
    sending = _settle(db, MessageStatus.SENDING, MessageStatus.UNKNOWN, MessageError.NO_RESULT, now)
    received = db.execute(
        "UPDATE texts SET status = ?, over = 1 WHERE direction = 'in' AND over = 0", (HandedOn.UNKNOWN,)
    ).rowcount
    for table in ("parts", "pushes", "reports"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - one of our tables
    clear_mark(db)
    _LOGGER.warning(
        "The store was restored from a backup: %d texts that were queued in it have expired, the fate of %d"
        " that were being sent is unknown, and %d received ones are not handed on",
        queued,
        sending,
        received,
    )


def _settle(
    db: sqlite3.Connection, old: MessageStatus, new: MessageStatus, error: MessageError, now: datetime
) -> int:
    found = db.execute(
        "SELECT message_id FROM texts WHERE direction = 'out' AND status = ?", (old,)
    ).fetchall()
    db.execute(
        "UPDATE texts SET status = ?, error = ?, settled_at = ?, over = 1"
        " WHERE direction = 'out' AND status = ?",
        (new, error, stamp(now), old),
    )
    for (message_id,) in found:
        put_change(db, message_id, new, now)
    return len(found)
