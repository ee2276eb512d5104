"""Reads ``key:value;key:value`` lists, as boxes put them into text datagrams."""

from collections.abc import Callable
import re
from typing import Self

from .text import printable

MAX_VALUE = 64
"""Characters of a value: of an id, a number, a name. The rest is cut off."""

PADDING = "\r\n\0 "
"""What may stand behind a value or a packet and belongs to neither."""

_UNKNOWN = frozenset({"", "(null)", "<null>"})
_WORD = re.compile(r"[A-Za-z_]{1,16}")
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_LINE_END = re.compile(r"(?:\r\n|\r|\n)\Z")


class Fields:
    """The values by their keys. What is missing, empty or spelled as null is ``None``."""

    def __init__(self, values: dict[str, str]) -> None:
        """Keep the values as they were sent."""
        self._values = values
        self._unread: set[str] = set()

    @classmethod
    def read(cls, text: str, body: str | None = None) -> Self:
        """Take a list apart. Values may hold colons; the one called ``body`` runs to the end of all."""
        values: dict[str, str] = {}
        segments = text.split(";")
        for place, segment in enumerate(segments):
            key, _, value = segment.partition(":")
            if key == body:
                values[key] = without_line_end(";".join([value, *segments[place + 1 :]]))
                break
            if segment:
                values.setdefault(key, value.strip(PADDING))
        return cls(values)

    @property
    def unread(self) -> tuple[str, ...]:
        """The keys of values that could not be read, of those that were asked for; see ``read_as``."""
        return tuple(sorted(self._unread))

    def read_as[T](self, key: str, reader: Callable[[str], T | None]) -> T | None:
        """Give what ``reader`` makes of a value; one that it can make nothing of is noted.

        A word that the value begins with is noted beside its key, so that its owner can report it; digits
        are not, for they may be anybody's number.
        """
        raw = self._values.get(key, "")
        if known(raw) is None:
            return None
        if (value := reader(raw)) is None:
            word = _WORD.match(raw)
            self._unread.add(f"{key}:{word[0]}" if word else key)
        return value

    def raw(self, *keys: str) -> str | None:
        """Give the first of these that was sent, as it was sent."""
        return next((self._values[key] for key in keys if key in self._values), None)

    def text(self, key: str) -> str | None:
        """Give a value that may be shown: without control characters, and not too long."""
        return known(self._values.get(key, ""))

    def integer(self, key: str) -> int | None:
        """Give a whole number, which may be negative."""
        return integer(self._values.get(key, ""))

    def identity(self, key: str) -> str | None:
        """Give the identity of a module or a SIM: zeros stand for one not read, a last ``f`` is filling."""
        value = (self.text(key) or "").rstrip("fF")
        return value if value.strip("0") else None


def known(text: str) -> str | None:
    """Give a text that may be shown, or ``None`` for the words that stand for nothing."""
    value = printable(text).strip()[:MAX_VALUE]
    return None if value.lower() in _UNKNOWN else value


def integer(text: str) -> int | None:
    """Read a whole number of ten digits at most; ``None`` where it is none."""
    return int(text) if _INTEGER.fullmatch(text) else None


def without_line_end(text: str) -> str:
    """Take NULs and one end of line away from a text's end: any other is its writer's own."""
    return _LINE_END.sub("", text.rstrip("\0"))
