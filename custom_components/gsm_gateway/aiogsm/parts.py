"""Joins the parts of long texts. Parts may come out of order, twice, late or never."""

from collections import deque
from dataclasses import dataclass, field

JOIN_TIMEOUT = 300.0
"""Seconds from a text's first part until it is given out without the missing ones."""

MAX_OPEN = 64
"""Texts that may wait for parts at the same time; one more pushes out the oldest as it is."""

MAX_REMEMBERED = 256
"""Parts that are recognised when they come again."""

MAX_PARTS = 255
"""The most parts that a text can have (3GPP TS 23.040 §9.2.3.24.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part as it arrived; ``index`` counts from 0 or from 1, ``stamp`` is the gateway's own time.

    All parts of a text have the same ``port``, ``sender`` and ``reference``, which is used again later.
    """

    port: str
    sender: str = field(repr=False)
    reference: str
    stamp: str
    index: int
    total: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A whole text, or with ``complete`` false what there is of it. ``parts`` is how many it was sent as."""

    port: str
    sender: str = field(repr=False)
    text: str = field(repr=False)
    parts: int
    complete: bool


type _Key = tuple[str, str, str]


@dataclass(slots=True)
class _Pieces:
    """The parts of one text so far, by index."""

    first: Part
    due: float
    texts: dict[int, str] = field(default_factory=dict, repr=False)

    @property
    def complete(self) -> bool:
        return len(self.texts) >= self.first.total

    def fits(self, part: Part) -> bool:
        return part.total == self.first.total and part.index not in self.texts

    def joined(self) -> Joined:
        return Joined(
            port=self.first.port,
            sender=self.first.sender,
            text="".join(text for _, text in sorted(self.texts.items())),
            parts=self.first.total,
            complete=self.complete,
        )


class Joiner:
    """Takes parts and gives whole texts. Its memory is bounded; nothing that came in is lost by that."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[_Key, _Pieces] = {}
        self._seen: deque[tuple[_Key, int, str]] = deque(maxlen=MAX_REMEMBERED)

    def add(self, part: Part, now: float) -> list[Joined]:
        """Take a part; give what is whole by it, or what has to make room for it. A repeat gives nothing.

        A text of one part is never taken for a repeat: people do send the same word twice.
        """
        if not 1 < part.total <= MAX_PARTS:
            return [Joined(port=part.port, sender=part.sender, text=part.text, parts=1, complete=True)]
        key = (part.port, part.sender, part.reference)
        if (key, part.index, part.stamp) in self._seen:
            return []
        self._seen.append((key, part.index, part.stamp))
        pushed_out = self._make_room(key, part)
        pieces = self._open.setdefault(key, _Pieces(part, now + JOIN_TIMEOUT))
        pieces.texts[part.index] = part.text
        return pushed_out + (self._take(key) if pieces.complete else [])

    def expire(self, now: float) -> list[Joined]:
        """Give the texts whose missing parts are no longer waited for."""
        due = [key for key, pieces in self._open.items() if now >= pieces.due]
        return [joined for key in due for joined in self._take(key)]

    def flush(self) -> list[Joined]:
        """Give all that waits, as it is."""
        return [joined for key in list(self._open) for joined in self._take(key)]

    def deadline(self) -> float | None:
        """When ``expire`` is next needed, if ever."""
        return min((pieces.due for pieces in self._open.values()), default=None)

    def _make_room(self, key: _Key, part: Part) -> list[Joined]:
        """Give what cannot stay: an older text of the same reference, or the oldest of too many."""
        if (pieces := self._open.get(key)) is not None:
            return [] if pieces.fits(part) else self._take(key)
        return self._take(next(iter(self._open))) if len(self._open) >= MAX_OPEN else []

    def _take(self, key: _Key) -> list[Joined]:
        return [self._open.pop(key).joined()]
