"""Joins long texts: of parts that are numbered, and of pieces that are not.

Parts may come out of order, twice, late or never. Pieces have nothing but the order that they come in.
"""

from collections import deque
from datetime import datetime
from typing import NamedTuple

from .alarms import Alarms
from .reprs import hiding
from .text import readable

JOIN_TIMEOUT = 300.0
"""Seconds from a text's first part until it is given out without the missing ones."""

MAX_OPEN = 64
"""Texts that may wait for parts at the same time; one more pushes out the oldest as it is."""

MAX_REMEMBERED = 256
"""Parts that are recognised when they come again."""

PIECE_TIMEOUT = 30.0
"""Seconds after a piece in which the next one of its text may come."""

LEAST_PIECE = 60
"""Characters of a piece that another may follow: a full part has 67 of them, emoji aside, or 153."""

MOST_RUNS = 1024
"""Texts in pieces that may be open at the same time, of all ports together."""

MAX_PARTS = 255
"""The most parts that a text can have (3GPP TS 23.040 §9.2.3.24.1)."""


@hiding("sender", "text")
class Part(NamedTuple):
    """One part as it arrived; ``place`` counts from 0 or from 1, ``stamp`` is the gateway's own time.

    ``stamped_at`` is the same time where it can be read.

    All parts of a text have the same ``port``, ``sender`` and ``reference``, which is used again later.
    A ``loose`` one carries no number, though others may follow; ``complete`` is false where the gateway
    says that it lacks something.
    """

    port: str
    sender: str
    text: str
    reference: str = ""
    stamp: str = ""
    place: int = 1
    total: int = 1
    loose: bool = False
    complete: bool = True
    stamped_at: datetime | None = None


@hiding("sender", "text")
class Joined(NamedTuple):
    """A whole text, or with ``complete`` false what there is of it. ``parts`` is how many it was sent as.

    ``waited``: parts of it did, under its ``port``, ``sender`` and ``reference``.
    ``text`` is readable: only now the halves of a character have met that was cut in two.
    """

    port: str
    sender: str
    text: str
    parts: int
    complete: bool
    reference: str = ""
    waited: bool = True
    stamped_at: datetime | None = None


type _Key = tuple[str, str, str]


class _Pieces:
    """The parts of one text so far, by their place; ``due`` is when no more are waited for."""

    __slots__ = ("due", "first", "texts")

    def __init__(self, first: Part, due: float) -> None:
        self.first = first
        self.due = due
        self.texts: dict[int, str] = {}

    @property
    def complete(self) -> bool:
        return len(self.texts) >= self.first.total

    def fits(self, part: Part) -> bool:
        return part.total == self.first.total and part.place not in self.texts

    def joined(self) -> Joined:
        return Joined(
            port=self.first.port,
            sender=self.first.sender,
            reference=self.first.reference,
            text=readable("".join(text for _, text in sorted(self.texts.items()))),
            parts=self.first.total,
            complete=self.complete,
            stamped_at=self.first.stamped_at,
        )


def whole(part: Part) -> Joined:
    """Give a text that was sent as one part."""
    return Joined(
        port=part.port,
        sender=part.sender,
        reference=part.reference,
        text=readable(part.text),
        parts=1,
        complete=part.complete,
        waited=False,
        stamped_at=part.stamped_at,
    )


class Joiner:
    """Takes parts and gives whole texts. Its memory is bounded; nothing that came in is lost by that."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[_Key, _Pieces] = {}
        self._seen: deque[tuple[_Key, int, str]] = deque(maxlen=MAX_REMEMBERED)

    def add(self, part: Part, now: float) -> tuple[list[Joined], bool]:
        """Take a part; give what is whole by it, or has to make room for it, and whether the part waits.

        A repeat gives nothing. A text of one part is never taken for one: people do send a word twice.
        """
        if not 1 < part.total <= MAX_PARTS:
            return [whole(part)], False
        key = (part.port, part.sender, part.reference)
        if (key, part.place, part.stamp) in self._seen:
            return [], False
        self._seen.append((key, part.place, part.stamp))
        pushed_out = self._make_room(key, part)
        pieces = self._open.setdefault(key, _Pieces(part, now + JOIN_TIMEOUT))
        pieces.texts[part.place] = part.text
        if pieces.complete:
            return pushed_out + self._take(key), False
        return pushed_out, True

    def expire(self, now: float) -> list[Joined]:
        """Give the texts whose missing parts are no longer waited for."""
        due = [key for key, pieces in self._open.items() if now >= pieces.due]
        return [joined for key in due for joined in self._take(key)]

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


class _Run:
    """The pieces of one text so far, in order of arrival; ``until`` is when no more are waited for."""

    __slots__ = ("complete", "texts", "until")

    def __init__(self, until: float) -> None:
        self.texts: list[str] = []
        self.until = until
        self.complete = True

    def joined(self, key: tuple[str, str], *, waited: bool) -> Joined:
        port, sender = key
        return Joined(
            port=port,
            sender=sender,
            text=readable("".join(self.texts)),
            parts=len(self.texts),
            complete=self.complete,
            waited=waited,
        )


class PieceJoiner:
    """Takes pieces that carry no number and gives whole texts, guessed by length, sender and time.

    A piece of 60 characters or more may go on, and waits for 30 seconds; what its sender's next is, is its
    next piece. A shorter one is a text's last, or all of it, and waits for nothing. Its memory is bounded;
    nothing that came in is lost by that.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self._runs: dict[tuple[str, str], _Run] = {}
        self._alarms: Alarms[tuple[str, str]] = Alarms()

    def add(self, piece: Part, now: float) -> tuple[list[Joined], bool]:
        """Take a piece; give what is whole by it, or has to make room for it, and whether the piece waits."""
        key = (piece.port, piece.sender)
        pushed_out = self._make_room(key)
        run = self._runs.setdefault(key, _Run(now + JOIN_TIMEOUT))
        run.texts.append(piece.text)
        run.complete = run.complete and piece.complete
        if len(piece.text) < LEAST_PIECE or len(run.texts) >= MAX_PARTS:
            return [*pushed_out, self._take(key, waited=len(run.texts) > 1)], False
        self._alarms.set(key, min(now + PIECE_TIMEOUT, run.until))
        return pushed_out, True

    def expire(self, now: float) -> list[Joined]:
        """Give the texts that nothing more is waited for."""
        return [self._take(key) for key in self._alarms.take(now)]

    def deadline(self) -> float | None:
        """When ``expire`` is next needed, if ever."""
        return self._alarms.first()

    def _make_room(self, key: tuple[str, str]) -> list[Joined]:
        if key in self._runs or len(self._runs) < MOST_RUNS:
            return []
        return [self._take(next(iter(self._runs)))]

    def _take(self, key: tuple[str, str], *, waited: bool = True) -> Joined:
        self._alarms.set(key, None)
        return self._runs.pop(key).joined(key, waited=waited)
