"""What can go wrong with a file or its disk, and how that is told."""

from enum import Enum
import errno
import sqlite3


class StoreError(Exception):
    """A store cannot be used. Nothing of its file was changed."""


class StoreTooNew(StoreError):
    """A later version of this integration wrote the file, in a way that this one does not know."""


class StoreUnusable(StoreError):
    """The file can neither be used nor put aside, or the disk takes nothing: trying later may help."""


class StoreFull(StoreUnusable):
    """The disk takes nothing more."""


class DamageFound(Exception):
    """A file is not what it should be."""


class Fault(Enum):
    """What a failure means for what is to be done."""

    DAMAGED = "damaged"
    """The file cannot be relied on any more."""

    FULL = "full"
    """The disk takes nothing more; what is on it stands."""

    OTHER = "other"


_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FORMAT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
}

# Of the ways in which a disk has no room, SQLite knows one by name; quotas and limits are write errors to it.
_FULL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_DIR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
}

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNREADABLE = {errno.EACCES, errno.EPERM, errno.EISDIR}

# Our own statements meet these only in a file that has other tables or other values than ours.
_FOREIGN = {sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_CONSTRAINT}


def fault_of(err: Exception) -> Fault:
    """Tell what a failure means, of a file that has been in use."""
    if isinstance(err, DamageFound):
        return Fault.DAMAGED
    if isinstance(err, OSError):
        return Fault.FULL if is_no_room(err) else Fault.OTHER
    codes = _codes(err)
    if codes & _DAMAGED:
        return Fault.DAMAGED
    return Fault.FULL if codes & _FULL else Fault.OTHER


def fault_at_open(err: Exception) -> Fault:
    """Tell what a failure means, of a file that is being opened."""
    if isinstance(err, OSError) and err.errno in _UNREADABLE:
        return Fault.DAMAGED
    if isinstance(err, ValueError) or _codes(err) & _FOREIGN or _is_undecodable(err):
        return Fault.DAMAGED
    return fault_of(err)


def _is_undecodable(err: Exception) -> bool:
    """Whether a value is no text: Python itself finds that, and has no code for it."""
    return isinstance(err, sqlite3.OperationalError) and not _codes(err)


def is_no_room(err: OSError) -> bool:
    """Whether it was for want of space."""
    return err.errno in _NO_ROOM


def name_of(err: Exception) -> str:
    """Give a failure's name, without any of the values that it may quote."""
    return getattr(err, "sqlite_errorname", None) or type(err).__name__


def _codes(err: Exception) -> set[int]:
    """Give SQLite's extended code of a failure, and the primary one that it belongs to."""
    code = getattr(err, "sqlite_errorcode", None)
    return set() if code is None else {code, code & 0xFF}
