"""Gives back what is in the database: what a new run begins with, and the history."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
import sqlite3

from ..aiogsm.journal import (
    Direction,
    Entry,
    Fact,
    PutPart,
    PutPush,
    PutReport,
    Query,
    Remembered,
    StatusChange,
)
from ..aiogsm.models import HandedOn, Message, MessageError, MessageStatus, Priority, ReceivedSms, Trace
from ..aiogsm.parts import Part
from ..aiogsm.records import DeliveryReported
from .history import COUNTED_FOR, EARLY_FOR, PUSHED_FOR, STILL_NEEDED, since
from .schema import stamp, text_of, time_of

MOST_MET = 4096
"""People whose port is remembered."""

_MESSAGES = f"""
    SELECT * FROM texts
    WHERE direction = 'out' AND (over = 0 OR {STILL_NEEDED}) ORDER BY seq
"""  # noqa: S608 - our own words

_ACCEPTED = "SELECT at FROM texts WHERE direction = 'out' AND at > :since ORDER BY at"

_MET = """
    SELECT number, port, max(coalesce(settled_at, at)) AS met_at FROM texts
    WHERE port IS NOT NULL AND (direction = 'in' OR status IN ('sent', 'delivered', 'unknown'))
    GROUP BY number ORDER BY met_at DESC, seq DESC LIMIT :most
"""  # SQLite takes the other columns from the row that has the maximum

_HISTORY = """
    SELECT * FROM texts WHERE listed = 1
    AND (:direction IS NULL OR direction = :direction) AND (:port IS NULL OR coalesce(port, pinned) = :port)
    ORDER BY seq DESC LIMIT :limit
"""


def remember(db: sqlite3.Connection, now: datetime) -> Remembered:
    """Give what a new run begins with. Raise ValueError where a row holds what we never wrote."""
    received = _rows(db, "SELECT * FROM texts WHERE direction = 'in' AND over = 0 ORDER BY seq")
    met = list(_rows(db, _MET, {"most": MOST_MET}))
    accepted = _rows(db, _ACCEPTED, {"since": stamp(now - COUNTED_FOR)})
    return Remembered(
        messages=[_message(row) for row in _rows(db, _MESSAGES, since(now))],
        accepted=[time_of(row["at"]) for row in accepted],
        received=[_received(row) for row in received],
        parts=[_part(row) for row in _rows(db, "SELECT * FROM parts ORDER BY seq")],
        pushes=[_push(row) for row in _since(db, "pushes", now - PUSHED_FOR)],
        reports=[_report(row) for row in _since(db, "reports", now - EARLY_FOR)],
        usage={
            (row["port"], date.fromisoformat(row["day"])): row["sent"]
            for row in _rows(db, "SELECT * FROM usage")
        },
        off={row["port"] for row in _rows(db, "SELECT * FROM off")},
        met=[(row["number"], row["port"]) for row in reversed(met)],
        facts={Fact(row["fact"]): row["value"] for row in _rows(db, "SELECT * FROM facts")},
    )


def history(db: sqlite3.Connection, query: Query) -> list[Entry]:
    """Give texts of the history, the newest first."""
    wanted = {"direction": query.direction, "port": query.port, "limit": max(query.limit, 0)}
    return [_entry(db, row) for row in _rows(db, _HISTORY, wanted)]


def _rows(
    db: sqlite3.Connection, query: str, arguments: Mapping[str, str | int | None] | None = None
) -> Iterator[sqlite3.Row]:
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return iter(cursor.execute(query, arguments or {}).fetchall())


def _since(db: sqlite3.Connection, table: str, at: datetime) -> Iterator[sqlite3.Row]:
    query = f"SELECT * FROM {table} WHERE at >= :at ORDER BY seq"  # noqa: S608 - one of our tables
    return _rows(db, query, {"at": stamp(at)})


def _entry(db: sqlite3.Connection, row: sqlite3.Row) -> Entry:
    if row["direction"] == Direction.IN:
        return Entry(item=_received(row))
    changes = _rows(db, "SELECT * FROM changes WHERE text = :seq ORDER BY nr", {"seq": row["seq"]})
    return Entry(
        item=_message(row),
        changes=[StatusChange(status=MessageStatus(one["status"]), at=time_of(one["at"])) for one in changes],
    )


def _message(row: sqlite3.Row) -> Message:
    return Message(
        message_id=row["message_id"],
        recipient=row["number"],
        text=row["text"],
        created_at=time_of(row["at"]),
        expires_at=time_of(row["expires_at"]),
        not_before=_time(row["not_before"]),
        priority=Priority(row["priority"]),
        status=MessageStatus(row["status"]),
        pinned=row["pinned"],
        port=row["port"],
        left_at=_time(row["left_at"]),
        settled_at=_time(row["settled_at"]),
        trace=None if row["sendid"] is None else Trace(sendid=row["sendid"], telid=row["telid"]),
        reference=row["reference"],
        error=None if row["error"] is None else MessageError(row["error"]),
        error_detail=row["error_detail"],
    )


def _received(row: sqlite3.Row) -> ReceivedSms:
    return ReceivedSms(
        message_id=row["message_id"],
        port=row["port"],
        sender=row["number"],
        text=row["text"],
        received_at=time_of(row["at"]),
        stamped_at=_time(row["stamped_at"]),
        parts=row["parts"],
        complete=bool(row["complete"]),
        held_over=bool(row["held_over"]),
        handed_on=HandedOn(row["status"]),
    )


def _part(row: sqlite3.Row) -> PutPart:
    part = Part(
        port=row["port"],
        sender=row["sender"],
        reference=row["reference"],
        stamp=row["stamp"],
        place=row["nr"],
        total=row["total"],
        text=text_of(row["text"]),
        loose=bool(row["loose"]),
        complete=bool(row["complete"]),
        stamped_at=_time(row["stamped_at"]),
    )
    return PutPart(part, time_of(row["at"]))


def _push(row: sqlite3.Row) -> PutPush:
    return PutPush(row["port"], row["identity"], time_of(row["at"]))


def _report(row: sqlite3.Row) -> PutReport:
    report = DeliveryReported(
        gateway=row["gateway"],
        port=row["port"],
        reference=row["reference"],
        delivered=None if row["delivered"] is None else bool(row["delivered"]),
        number=row["number"],
        push=row["push"],
    )
    return PutReport(report, time_of(row["at"]))


def _time(kept: int | None) -> datetime | None:
    return None if kept is None else time_of(kept)
