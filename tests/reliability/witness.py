"""A file with one JSON object a line, each on disk before anything else happens. Standard library only.

What a line says `was`: the run is `ready`; a text is about to be `asked` for, and was `accepted`; its sender
was told a `status`, for the `text` or the `id` of the message; automations were told that one was `received`.
"""

from collections.abc import Iterator
import json
import os
from pathlib import Path
from typing import Any


class Witness:
    """Appends to one file."""

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        """Open the file, made anew if it is not there. Without a kill to come it need not be `durable`."""
        self._durable = durable
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def note(self, was: str, **more: object) -> None:
        """Write a line, and return when it is on disk."""
        line = json.dumps({"was": was, **more}) + "\n"
        os.write(self._handle, line.encode())
        if self._durable:
            os.fsync(self._handle)

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)


def lines(path: Path, was: str | None = None) -> Iterator[dict[str, Any]]:
    """Give the lines of a kind, or all. A kill may have torn the last one; nobody acted on that."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n")[:-1]:
        noted: dict[str, Any] = json.loads(line)
        if was in (None, noted["was"]):
            yield noted
