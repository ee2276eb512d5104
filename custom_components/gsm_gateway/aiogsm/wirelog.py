"""The last of what passed over a wire, of each gateway, and what may be shown of it.

Bytes are kept as they are, which costs next to nothing, and read only when somebody asks. A family then
makes lines of them in which only what it knows to be harmless is left: its own keywords, figures that count
or measure, words for states. Everything else is a length, or a name that stands for it.
"""

from collections import deque
from collections.abc import Hashable
from enum import StrEnum
from typing import NamedTuple

from .reprs import hiding

MOST_PIECES = 128
"""Pieces that are kept of each gateway. Of a stream a message may come in several."""

MOST_LINES = 50
"""Lines that are made of them at most."""

MOST_BYTES = 4096
"""Bytes that are kept of a piece; no datagram of a gateway has more."""


class Way(StrEnum):
    """What happened on the wire."""

    IN = "in"
    OUT = "out"
    OPENED = "opened"
    LOST = "lost"


@hiding("data")
class Piece(NamedTuple):
    """Bytes that passed, ``at`` a time of the loop's clock; of a loss, the kind of its error.

    ``size`` is how many they were before they were cut.
    """

    at: float
    way: Way
    peer: Hashable
    data: bytes = b""
    size: int = 0

    @property
    def is_cut(self) -> bool:
        """Whether bytes are missing at its end."""
        return self.size > len(self.data)


@hiding("port")
class WireLine(NamedTuple):
    """A piece, or a message of a stream, as anybody may see it. ``port`` is whose it is, if that is known.

    ``text`` has no secret; ``port`` may be one (a line's id), and is for comparing.
    """

    at: float
    way: Way
    link: str
    text: str
    port: str | None = None


class _Ring:
    """The pieces of one gateway, as tuples, of which Pieces are made only when they are read."""

    __slots__ = ("heard_at", "pieces")

    def __init__(self) -> None:
        self.pieces: deque[tuple[float, Way, Hashable, bytes, int]] = deque(maxlen=MOST_PIECES)
        self.heard_at: float | None = None


class WireLog:
    """What passed of late between us and each gateway of a link, and all else that came."""

    def __init__(self) -> None:
        """Begin with no gateway."""
        self._strangers = _Ring()
        self._rings: dict[str | None, _Ring] = {}

    def add(self, gateway: str) -> None:
        """Keep what passes of a gateway apart from now on."""
        self._rings[gateway] = _Ring()

    def remove(self, gateway: str) -> None:
        """Forget a gateway."""
        self._rings.pop(gateway, None)

    def note(self, gateway: str | None, now: float, way: Way, peer: Hashable, data: bytes = b"") -> None:
        """Keep what passed. Called for every piece of every gateway."""
        ring = self._rings.get(gateway, self._strangers)
        ring.pieces.append((now, way, peer, data[:MOST_BYTES], len(data)))
        if way is Way.IN:
            ring.heard_at = now

    def note_exchange(
        self, gateway: str | None, now: float, peer: Hashable, data: bytes, answer: bytes
    ) -> None:
        """Keep what came and what it was answered with at once."""
        ring = self._rings.get(gateway, self._strangers)
        ring.heard_at = now
        ring.pieces += (
            (now, Way.IN, peer, data[:MOST_BYTES], len(data)),
            (now, Way.OUT, peer, answer, len(answer)),
        )

    def pieces(self, gateway: str | None) -> list[Piece]:
        """Give what is kept of a gateway, or with ``None`` what belongs to none; the oldest first."""
        ring = self._rings.get(gateway) if gateway is not None else self._strangers
        return [Piece(*piece) for piece in ring.pieces] if ring is not None else []

    def heard_at(self, gateway: str) -> float | None:
        """Give when something came from a gateway last."""
        ring = self._rings.get(gateway)
        return ring.heard_at if ring is not None else None


def hidden(value: str) -> str:
    """Give a value's length in its place; nothing stays nothing."""
    if not value:
        return ""
    kind = "digits" if value.isdecimal() else "characters"
    return f"<{len(value)} {kind}>"


class Pseudonyms:
    """Names for what must not be told: the same for the same value, wherever it stands in one report."""

    def __init__(self) -> None:
        """Begin with none."""
        self._names: dict[tuple[str, Hashable], str] = {}
        self._given: dict[str, int] = {}

    def name(self, kind: str, value: Hashable) -> str:
        """Give the name of a value, such as ``<line 1>``."""
        if (name := self._names.get((kind, value))) is None:
            self._given[kind] = self._given.get(kind, 0) + 1
            name = self._names[kind, value] = f"<{kind} {self._given[kind]}>"
        return name
