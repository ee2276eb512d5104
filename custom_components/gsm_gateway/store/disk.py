"""Makes changes durable, and goes on when the file turns out damaged or the disk full.

All of it blocks, and runs in one thread.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
import logging
from pathlib import Path
import sqlite3
from typing import Literal

from ..aiogsm.journal import Change, Entry, Query, Remembered
from .aside import put_aside
from .faults import (
    DamageFound,
    Fault,
    StoreError,
    StoreFull,
    StoreUnusable,
    fault_at_open,
    fault_of,
    name_of,
)
from .history import Keeping, Which, clean, delete
from .mark import Mark, clear_mark, set_mark, settle_copy
from .memory import history, remember
from .reserve import Reserve
from .rows import apply, moves_only
from .schema import connect, let_checkpoint, transaction

_LOGGER = logging.getLogger(__name__)

LONGEST_BACKUP = timedelta(hours=6)
"""After this a backup is taken to be over though nobody said so, and the log does not grow for ever."""

type Test = Callable[[sqlite3.Connection], bool]

_FULL = "the disk is full"
_FAILURES = (sqlite3.Error, OSError, DamageFound)


class Disk:
    """One database and what is beside it. Not for use before ``open`` and after ``close``."""

    def __init__(
        self,
        path: Path,
        keeping: Keeping,
        *,
        on_damaged: Callable[[Path], None],
        on_full: Callable[[bool], None],
    ) -> None:
        """Take the file's path; see BoxStore for the rest. The callbacks are called in the thread."""
        self._path = path
        self._keeping = keeping
        self._on_damaged = on_damaged
        self._on_full = on_full
        self._db: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._mark = Mark(path)
        self._reserve = Reserve(path.with_name(f"{path.name}.reserve"))
        self._full: bool | None = None
        self._open = False

    def open(self, now: datetime) -> Remembered:
        """Open the file, or a clean one in place of one that is damaged. Raise StoreError."""
        self._reserve.look()
        remembered = self._start(now)
        self._open = True
        self._tell_full(full=not self._reserve.refill())
        return remembered

    def close(self) -> None:
        """Let go of the file; all that was written is in it, save while a backup is made."""
        self._open = False
        self._let_go()

    def write(self, changes: Sequence[Change], now: datetime) -> bool:
        """Make changes durable, all or none; tell whether they are."""
        try:
            self._end_overlong_backup(now)
            if not changes:
                return self._ready(now) is not None
            wiped = self._change(
                lambda db: apply(db, changes, self._keeping, now), lambda db: moves_only(db, changes), now
            )
        except StoreFull:
            return False  # that was told
        except Exception as err:  # noqa: BLE001 - whoever waits has to learn that it failed, whatever it was
            reason = str(err) if isinstance(err, StoreError) else name_of(err)
            _LOGGER.error("Writing to %s failed: %s", self._path.name, reason)  # noqa: TRY400 - may quote a text
            return False
        if wiped:
            self._wipe()
        return True

    def history(self, query: Query, now: datetime) -> list[Entry]:
        """Give texts of the history. Raise StoreError."""
        try:
            return history(self._ready(now), query)
        except (*_FAILURES, ValueError) as err:
            if fault_of(err) is not Fault.DAMAGED:
                raise _unusable(err) from err
            self._replace(now)
            return []

    def delete(self, which: Which, now: datetime) -> int:
        """Delete settled texts from the history; give how many they were. Raise StoreError."""
        deleted = self._change(lambda db: delete(db, which, now), _always, now)
        self._wipe()
        return deleted

    def begin_backup(self, now: datetime) -> None:
        """Set the mark, and leave the main file alone from now on. Raise StoreError."""
        self.end_backup(now)
        self._change(lambda db: set_mark(db, self._mark.new_token(), now), _always, now)
        self._mark.since = now
        self._checkpoint("TRUNCATE")
        let_checkpoint(self._ready(now), allowed=False)

    def end_backup(self, now: datetime) -> None:
        """Take the mark away. Raise StoreError."""
        if self._mark.since is None:
            return
        self._change(clear_mark, _always, now)
        self._mark.since = None
        let_checkpoint(self._ready(now), allowed=True)
        # Whoever read the file in this process has let go of its locks: POSIX takes them from all of it.
        self._let_go()
        self._start(now)

    def look_for_room(self) -> None:
        """See whether a disk that was full has room again."""
        if self._full:
            self._tell_full(full=not self._has_room())

    # The file

    def _start(self, now: datetime) -> Remembered:
        """Open the file by all means there are. Raise StoreError."""
        replaced = False
        while True:
            try:
                return self._begin(now)
            except StoreError:
                self._let_go()
                raise
            except (*_FAILURES, ValueError) as err:
                self._let_go()
                fault = fault_at_open(err)
                if fault is Fault.DAMAGED and not replaced:
                    self._put_aside(now)
                    replaced = True
                elif not (fault is Fault.FULL and self._reserve.give()):
                    raise _unusable(err) from err

    def _begin(self, now: datetime) -> Remembered:
        """Open the file as it is, and give what is in it."""
        self._db = db = connect(self._path)
        self._inode = _inode(self._path)
        is_copy = self._mark.is_copy(db)
        wiped = self._in_transaction(lambda db: self._tidy(db, now, is_copy=is_copy))
        let_checkpoint(db, allowed=self._mark.since is None)
        remembered = remember(db, now)
        if wiped:
            self._wipe()
        db.execute("PRAGMA shrink_memory")  # all of it was read, and hardly any of it is again
        return remembered

    def _tidy(self, db: sqlite3.Connection, now: datetime, *, is_copy: bool) -> bool:
        if is_copy:
            settle_copy(db, now)
        return clean(db, self._keeping, now)

    def _replace(self, now: datetime) -> None:
        """Put a clean file in the place of a damaged one. Raise StoreError."""
        self._let_go()
        self._put_aside(now)
        self._start(now)

    def _put_aside(self, now: datetime) -> None:
        try:
            kept = put_aside(self._path, now)
        except OSError as err:
            raise _unusable(err) from err
        _LOGGER.error("The store %s is damaged; it is kept as %s", self._path.name, kept.name)
        self._on_damaged(kept)

    def _ready(self, now: datetime) -> sqlite3.Connection:
        """Give the open database, opened anew if it was lost. Raise StoreError."""
        if not self._open:
            raise StoreUnusable("the store is closed")
        if self._db is not None and self._inode != _inode(self._path):
            self._replace(now)  # what would be written now, nobody would find
        if self._db is None:
            self._start(now)
        assert self._db is not None  # else this was raised
        return self._db

    def _let_go(self) -> None:
        db, self._db = self._db, None
        if db is not None:
            with suppress(sqlite3.Error):  # it is damaged then, or full, and that was told
                db.close()

    # Changes

    def _change[T](self, work: Callable[[sqlite3.Connection], T], may_squeeze: Test, now: datetime) -> T:
        """Do some work in one transaction; ``may_squeeze``: it may use the reserve. Raise StoreError."""
        try:
            self._check_room(may_squeeze, now)
            try:
                result = self._in_transaction(work)
            except _FAILURES as err:
                result = self._change_yet(work, may_squeeze, err, now)
        except StoreFull:
            self._tell_full(full=True)
            raise
        except _FAILURES as err:
            raise _unusable(err) from err
        if self._full or self._reserve.in_use:
            self._tell_full(full=not self._has_room())
        return result

    def _check_room(self, may_squeeze: Test, now: datetime) -> None:
        """Raise StoreFull where nothing but the reserve is left, and may not be used for this."""
        db = self._ready(now)
        if self._reserve.in_use and not self._reserve.refill() and not may_squeeze(db):
            raise StoreFull(_FULL)

    def _change_yet[T](
        self, work: Callable[[sqlite3.Connection], T], may_squeeze: Test, err: Exception, now: datetime
    ) -> T:
        """Do what just failed: in a clean file, or in what space there is."""
        match fault_of(err):
            case Fault.DAMAGED:
                self._replace(now)
                return self._in_transaction(work)
            case Fault.FULL:
                return self._squeeze(work, may_squeeze, now)
        raise err

    def _squeeze[T](self, work: Callable[[sqlite3.Connection], T], may_squeeze: Test, now: datetime) -> T:
        while True:
            db = self._ready(now)
            self._checkpoint("PASSIVE")  # the log then begins anew, in the space that it has
            try:
                return self._in_transaction(work)
            except _FAILURES as err:
                if fault_of(err) is not Fault.FULL:
                    raise
                if not may_squeeze(db) or not self._reserve.give():
                    raise StoreFull(_FULL) from err

    def _in_transaction[T](self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._db
        assert db is not None  # it is ready
        try:
            with transaction(db):
                return work(db)
        except BaseException:
            if db.in_transaction:  # it could not even be undone
                self._let_go()
            raise

    def _checkpoint(self, kind: Literal["PASSIVE", "TRUNCATE"]) -> None:
        """Put the log into the main file, as far as that can be."""
        if self._db is not None:
            with suppress(sqlite3.Error):  # all stays in the log then, and the next write tells
                self._db.execute(f"PRAGMA wal_checkpoint({kind})")

    def _wipe(self) -> None:
        """Leave no words in the log that were taken out of the main file."""
        if self._mark.since is None and not self._full:
            self._checkpoint("TRUNCATE")

    # Room and backups

    def _has_room(self) -> bool:
        return self._reserve.refill() and self._reserve.has_more_beside()

    def _tell_full(self, *, full: bool) -> None:
        if full != self._full:
            self._full = full
            self._on_full(full)

    def _end_overlong_backup(self, now: datetime) -> None:
        if self._mark.since is not None and now - self._mark.since > LONGEST_BACKUP:
            _LOGGER.warning("A backup has not ended for hours; the store %s goes on", self._path.name)
            self.end_backup(now)


def _always(_db: sqlite3.Connection) -> bool:
    return True


def _inode(path: Path) -> tuple[int, int] | None:
    """Tell which file is at ``path``."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _unusable(err: Exception) -> StoreError:
    return err if isinstance(err, StoreError) else StoreUnusable(name_of(err))
