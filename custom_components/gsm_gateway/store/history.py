"""How long texts are kept: in the history, and after it while more may be told of them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
import json
import sqlite3
from typing import NamedTuple

from .schema import stamp

MOST_HISTORY = 5000
"""The most settled texts that a history may be asked to keep."""

TOLD_FOR = timedelta(hours=72)
"""How long after its sending more may be told of a text."""

PUSHED_FOR = timedelta(minutes=2)
EARLY_FOR = timedelta(minutes=10)

COUNTED_FOR = timedelta(hours=1)
"""How long a text that left counts among those of an hour; its port may send again sooner."""

STILL_NEEDED = """
    direction = 'out' AND (
        coalesce(left_at, 0) > :counted_since
        OR (status = 'unknown' OR status = 'sent' AND reference IS NOT NULL)
        AND coalesce(left_at, settled_at, at) > :told_since
    )
"""
"""Texts that are over, and that a new run has to know of: more may be told of them, or they count."""


def since(now: datetime) -> dict[str, int]:
    """Give the times that STILL_NEEDED asks for."""
    return {"told_since": stamp(now - TOLD_FOR), "counted_since": stamp(now - COUNTED_FOR)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What a box's owner wants kept: so many settled texts, and their words or not."""

    history: int
    texts: bool

    def __post_init__(self) -> None:
        """Refuse what is out of bounds."""
        if not 0 <= self.history <= MOST_HISTORY:
            raise ValueError(f"a history keeps 0 to {MOST_HISTORY} texts")


class Which(NamedTuple):
    """Which texts of the history to delete: those that all that is given holds for."""

    message_ids: Collection[str] | None = None
    before: datetime | None = None
    port: str | None = None


def prune(db: sqlite3.Connection, keeping: Keeping, now: datetime) -> int:
    """Take from the history what is too much for it, the oldest first; give how many texts that were."""
    pruned = db.execute(
        """
        UPDATE texts SET listed = 0, text = '' WHERE over = 1 AND listed = 1 AND seq <= (
            SELECT seq FROM texts WHERE over = 1 AND listed = 1 ORDER BY seq DESC LIMIT 1 OFFSET :history
        )
        """,
        {"history": keeping.history},
    ).rowcount
    _forget(db, now)
    return pruned


def _forget(db: sqlite3.Connection, now: datetime) -> None:
    """Delete what is neither listed nor needed."""
    db.execute(
        f"DELETE FROM texts WHERE listed = 0 AND NOT ({STILL_NEEDED})",  # noqa: S608 - our own words
        since(now),
    )


def delete(db: sqlite3.Connection, which: Which, now: datetime) -> int:
    """Take settled texts from the history; give how many they were."""
    deleted = db.execute(
        """
        UPDATE texts SET listed = 0, text = '' WHERE over = 1 AND listed = 1
        AND (:ids IS NULL OR message_id IN (SELECT value FROM json_each(:ids)))
        AND (:before IS NULL OR at < :before) AND (:port IS NULL OR coalesce(port, pinned) = :port)
        """,
        {
            "ids": None if which.message_ids is None else json.dumps(list(which.message_ids)),
            "before": None if which.before is None else stamp(which.before),
            "port": which.port,
        },
    ).rowcount
    _forget(db, now)
    return deleted


def clean(db: sqlite3.Connection, keeping: Keeping, now: datetime) -> bool:
    """Delete all that is too old, or more than is wanted now; tell whether words were taken out."""
    drop_old_pushes(db, now)
    drop_old_reports(db, now)
    drop_old_usage(db, now.date())
    wiped = 0
    if not keeping.texts:
        wiped = db.execute("UPDATE texts SET text = '' WHERE over = 1 AND text <> ''").rowcount
    return wiped + prune(db, keeping, now) > 0


def drop_old_pushes(db: sqlite3.Connection, now: datetime) -> None:
    """Forget what was pushed too long ago to be pushed again.

    There are never more than those of two minutes to look through; an index would be one more page to write
    for every text that comes.
    """
    db.execute("DELETE FROM pushes WHERE at < ?", (stamp(now - PUSHED_FOR),))


def drop_old_reports(db: sqlite3.Connection, now: datetime) -> None:
    """Forget reports whose text was not found in time."""
    db.execute("DELETE FROM reports WHERE at < ?", (stamp(now - EARLY_FOR),))


def drop_old_usage(db: sqlite3.Connection, today: date) -> None:
    """Forget what was sent before the last month."""
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    db.execute("DELETE FROM usage WHERE day < ?", (last_month.isoformat(),))
