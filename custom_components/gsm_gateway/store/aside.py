"""The files of a database: kept aside when they are damaged, and removed with their box."""

from datetime import UTC, datetime
from pathlib import Path

from .mark import drop_empty, token_path

_DATABASE = ("", "-wal", "-shm", "-journal")
_DAMAGED = ".damaged-"
_OTHERS = (".reserve", ".reserve.probe")


def put_aside(path: Path, now: datetime) -> Path:
    """Rename a database and its log, so that they still belong together; give the new path. Raise OSError."""
    kept = path.with_name(f"{path.name}{_DAMAGED}{now.astimezone(UTC):%Y%m%dT%H%M%S.%f}")
    for suffix in _DATABASE:
        file = path.with_name(path.name + suffix)
        if file.exists():
            file.rename(kept.with_name(kept.name + suffix))
    return kept


def remove_store(path: Path) -> None:
    """Delete all that was kept of a box, damaged files too: its owner has removed it. Blocks."""
    names = {path.name + suffix for suffix in (*_DATABASE, *_OTHERS)}
    for file in path.parent.iterdir():
        if file.name in names or file.name.startswith(path.name + _DAMAGED):
            file.unlink()
    token_path(path).unlink(missing_ok=True)
    drop_empty(token_path(path).parent)
