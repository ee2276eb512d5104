"""Puts changes into the database: each as one statement or a few, all of a write in one transaction."""

from collections.abc import Sequence
from datetime import datetime
import sqlite3
from typing import assert_never

from ..aiogsm.journal import (
    Change,
    Direction,
    DropParts,
    DropPushes,
    DropReport,
    Fact,
    PutFact,
    PutMessage,
    PutPart,
    PutPower,
    PutPush,
    PutReceived,
    PutReport,
    PutUsage,
)
from ..aiogsm.models import HandedOn, Message, ReceivedSms
from ..aiogsm.records import DeliveryReported
from .history import Keeping, drop_old_pushes, drop_old_reports, drop_old_usage, prune
from .schema import raw, stamp

MOST_CHANGES = 100
"""Changes of status kept of one text, the newest: one that is tried for days has many."""

HANDED_ON = (HandedOn.DONE, HandedOn.UNKNOWN)
"""What a received text must have come to, to be over."""

_PUT_MESSAGE = """
    INSERT INTO texts (
        message_id, direction, port, number, text, at, status, over, expires_at, not_before, priority,
        pinned, left_at, settled_at, sendid, telid, reference, error, error_detail
    ) VALUES (
        :message_id, :direction, :port, :number, :text, :at, :status, :over, :expires_at, :not_before,
        :priority, :pinned, :left_at, :settled_at, :sendid, :telid, :reference, :error, :error_detail
    ) ON CONFLICT (message_id) DO UPDATE SET
        port = excluded.port, number = excluded.number,
        text = CASE WHEN listed = 1 THEN excluded.text ELSE '' END,
        at = excluded.at, status = excluded.status, over = excluded.over, expires_at = excluded.expires_at,
        not_before = excluded.not_before, priority = excluded.priority, pinned = excluded.pinned,
        left_at = excluded.left_at, settled_at = excluded.settled_at, sendid = excluded.sendid,
        telid = excluded.telid, reference = excluded.reference, error = excluded.error,
        error_detail = excluded.error_detail
"""

_PUT_RECEIVED = """
    INSERT INTO texts (
        message_id, direction, port, number, text, at, status, over, stamped_at, parts, complete,
        held_over
    ) VALUES (
        :message_id, :direction, :port, :number, :text, :at, :status, :over, :stamped_at, :parts, :complete,
        :held_over
    ) ON CONFLICT (message_id) DO UPDATE SET
        port = excluded.port, number = excluded.number,
        text = CASE WHEN listed = 1 THEN excluded.text ELSE '' END,
        at = excluded.at, status = excluded.status, over = excluded.over,
        stamped_at = excluded.stamped_at, parts = excluded.parts, complete = excluded.complete,
        held_over = excluded.held_over
"""

_PUT_PART = """
    INSERT INTO parts (port, sender, reference, stamp, nr, total, text, loose, complete, stamped_at, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_PUT_REPORT = """
    INSERT INTO reports (gateway, port, reference, delivered, number, push, at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""

_DROP_REPORT = """
    DELETE FROM reports WHERE gateway = ? AND port = ? AND reference = ?
    AND delivered IS ? AND number IS ? AND push IS ?
"""

_PUT_USAGE = """
    INSERT INTO usage (port, day, sent) VALUES (?, ?, ?)
    ON CONFLICT (day, port) DO UPDATE SET sent = excluded.sent
"""

_PUT_FACT = """
    INSERT INTO facts (fact, value) VALUES (?, ?) ON CONFLICT (fact) DO UPDATE SET value = excluded.value
"""


def apply(db: sqlite3.Connection, changes: Sequence[Change], keeping: Keeping, now: datetime) -> bool:
    """Make changes, within a transaction; tell whether words were taken out that nobody wants kept."""
    over = False
    for change in changes:
        _apply(db, change, keeping, now)
        match change:
            case PutMessage(message):
                over = over or message.status.settled
            case PutReceived(sms):
                over = over or sms.handed_on in HANDED_ON
    if over:
        prune(db, keeping, now)
    return over and not (keeping.texts and keeping.history)


def moves_only(db: sqlite3.Connection, changes: Sequence[Change]) -> bool:
    """Whether changes bring nothing new that needs room: what is there comes to another status, or goes."""
    return all(_moves_only(db, change) for change in changes)


def _moves_only(db: sqlite3.Connection, change: Change) -> bool:
    match change:
        case PutMessage(item) | PutReceived(item):
            return _find(db, item.message_id) is not None
        case PutPart() | PutPush() | PutReport():
            return False
    return True


def _apply(db: sqlite3.Connection, change: Change, keeping: Keeping, now: datetime) -> None:
    match change:
        case PutMessage(message):
            _put_message(db, message, keeping, now)
        case PutReceived(sms):
            _put_received(db, sms, keeping)
        case PutPart() | DropParts():
            _apply_to_parts(db, change)
        case PutPush() | DropPushes():
            _apply_to_pushes(db, change)
        case PutReport() | DropReport():
            _apply_to_reports(db, change)
        case PutUsage(port, day, sent):
            drop_old_usage(db, day)
            db.execute(_PUT_USAGE, (port, day.isoformat(), sent))
        case PutPower(port, on):
            statement = "DELETE FROM off WHERE port = ?" if on else "INSERT OR IGNORE INTO off VALUES (?)"
            db.execute(statement, (port,))
        case PutFact(fact, value):
            _put_fact(db, fact, value)
        case _:
            assert_never(change)


def _put_message(db: sqlite3.Connection, message: Message, keeping: Keeping, now: datetime) -> None:
    over = message.status.settled
    found = _find(db, message.message_id)
    db.execute(
        _PUT_MESSAGE,
        {
            "message_id": message.message_id,
            "direction": Direction.OUT,
            "port": message.port,
            "number": message.recipient,
            "text": message.text if keeping.texts or not over else "",
            "at": stamp(message.created_at),
            "status": message.status,
            "over": over,
            "expires_at": stamp(message.expires_at),
            "not_before": _stamp(message.not_before),
            "priority": message.priority,
            "pinned": message.pinned,
            "left_at": _stamp(message.left_at),
            "settled_at": _stamp(message.settled_at),
            "sendid": message.trace.sendid if message.trace else None,
            "telid": message.trace.telid if message.trace else None,
            "reference": message.reference,
            "error": message.error,
            "error_detail": message.error_detail,
        },
    )
    if found is None or found[1] != message.status:
        put_change(db, message.message_id, message.status, now)


def put_change(db: sqlite3.Connection, message_id: str, status: str, now: datetime) -> None:
    """Note in a text's history that it came to another status."""
    found = _find(db, message_id)
    assert found is not None  # the text is put before
    seq = found[0]
    db.execute(
        """
        INSERT INTO changes (text, nr, status, at)
        SELECT :seq, coalesce(max(nr), 0) + 1, :status, :at FROM changes WHERE text = :seq
        """,
        {"seq": seq, "status": status, "at": stamp(now)},
    )
    db.execute(
        "DELETE FROM changes WHERE text = :seq"
        " AND nr <= (SELECT max(nr) FROM changes WHERE text = :seq) - :most",
        {"seq": seq, "most": MOST_CHANGES},
    )


def _put_received(db: sqlite3.Connection, sms: ReceivedSms, keeping: Keeping) -> None:
    over = sms.handed_on in HANDED_ON
    db.execute(
        _PUT_RECEIVED,
        {
            "message_id": sms.message_id,
            "direction": Direction.IN,
            "port": sms.port,
            "number": sms.sender,
            "text": sms.text if keeping.texts or not over else "",
            "at": stamp(sms.received_at),
            "status": sms.handed_on,
            "over": over,
            "stamped_at": _stamp(sms.stamped_at),
            "parts": sms.parts,
            "complete": sms.complete,
            "held_over": sms.held_over,
        },
    )


def _apply_to_parts(db: sqlite3.Connection, change: PutPart | DropParts) -> None:
    match change:
        case PutPart(part, arrived_at):
            db.execute(
                _PUT_PART,
                (
                    part.port,
                    part.sender,
                    part.reference,
                    part.stamp,
                    part.place,
                    part.total,
                    raw(part.text),
                    part.loose,
                    part.complete,
                    _stamp(part.stamped_at),
                    stamp(arrived_at),
                ),
            )
        case DropParts(port, sender, reference):
            db.execute(
                "DELETE FROM parts WHERE port = ? AND sender = ? AND reference = ?", (port, sender, reference)
            )


def _apply_to_pushes(db: sqlite3.Connection, change: PutPush | DropPushes) -> None:
    match change:
        case PutPush(port, identity, seen_at):
            drop_old_pushes(db, seen_at)
            db.execute(
                "INSERT INTO pushes (port, identity, at) VALUES (?, ?, ?)", (port, identity, stamp(seen_at))
            )
        case DropPushes(port):
            db.execute("DELETE FROM pushes WHERE port = ?", (port,))


def _apply_to_reports(db: sqlite3.Connection, change: PutReport | DropReport) -> None:
    match change:
        case PutReport(report, came_at):
            drop_old_reports(db, came_at)
            db.execute(_PUT_REPORT, (*_report(report), stamp(came_at)))
        case DropReport(report):
            db.execute(_DROP_REPORT, _report(report))


def _put_fact(db: sqlite3.Connection, fact: Fact, value: str | None) -> None:
    if value is None:
        db.execute("DELETE FROM facts WHERE fact = ?", (fact,))
    else:
        db.execute(_PUT_FACT, (fact, value))


def _report(report: DeliveryReported) -> tuple[str | int | bool | None, ...]:
    return report.gateway, report.port, report.reference, report.delivered, report.number, report.push


def _find(db: sqlite3.Connection, message_id: str) -> tuple[int, str] | None:
    """Give the place and the status of a text, if it is there."""
    found: tuple[int, str] | None = db.execute(
        "SELECT seq, status FROM texts WHERE message_id = ?", (message_id,)
    ).fetchone()
    return found


def _stamp(at: datetime | None) -> int | None:
    return None if at is None else stamp(at)
