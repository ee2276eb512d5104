"""Marks databases that nobody has open, while a backup is made: those of boxes that are not set up."""

from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
import sqlite3

from .faults import DamageFound, StoreUnusable, name_of
from .mark import Mark, clear_mark, set_mark
from .schema import connect, let_checkpoint, transaction


def mark_closed(path: Path, now: datetime) -> None:
    """Do as BoxStore.begin_backup does, if there is such a file. Blocks. Raise StoreError."""

    def _mark(db: sqlite3.Connection, mark: Mark) -> None:
        if mark.is_copy(db) or mark.since is not None:
            return  # it is one already, or is marked
        with transaction(db):
            set_mark(db, mark.new_token(), now)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    _work_on(path, _mark)


def unmark_closed(path: Path) -> None:
    """Do as BoxStore.end_backup does, if there is such a file. Blocks. Raise StoreError."""

    def _unmark(db: sqlite3.Connection, mark: Mark) -> None:
        if mark.is_copy(db) or mark.since is None:
            return
        with transaction(db):
            clear_mark(db)
        mark.drop_token()
        let_checkpoint(db, allowed=True)

    _work_on(path, _unmark)


def _work_on(path: Path, work: Callable[[sqlite3.Connection, Mark], None]) -> None:
    if not path.exists():
        return
    try:
        with closing(connect(path)) as db:
            work(db, Mark(path))
    except (sqlite3.Error, OSError, DamageFound) as err:
        raise StoreUnusable(name_of(err)) from err
