"""What was seen before, so that it is noticed when it comes again."""

from collections.abc import Hashable

_DAY = 86_400.0


class Recent[K]:
    """Remembers keys for ``span`` seconds, at most ``limit`` of them: the oldest is forgotten first."""

    def __init__(self, span: float, limit: int) -> None:
        """Begin with an empty memory."""
        self._span = span
        self._limit = limit
        self._seen: dict[K, float] = {}

    def add(self, key: K, now: float) -> bool:
        """Remember ``key`` and tell whether it is new. A repeat does not prolong the memory."""
        self._forget(now)
        if key in self._seen:
            return False
        if len(self._seen) >= self._limit:
            del self._seen[next(iter(self._seen))]
        self._seen[key] = now
        return True

    def has(self, key: K, now: float) -> bool:
        """Whether ``key`` was remembered in time."""
        self._forget(now)
        return key in self._seen

    def take(self, key: K, now: float) -> bool:
        """Forget ``key`` and tell whether it was remembered."""
        self._forget(now)
        return self._seen.pop(key, None) is not None

    def add_if_room(self, key: K, now: float) -> bool:
        """Remember ``key``, unless that would push out another, and tell whether it is new and remembered."""
        self._forget(now)
        return len(self._seen) < self._limit and self.add(key, now)

    def clear(self) -> None:
        """Forget all."""
        self._seen.clear()

    def _forget(self, now: float) -> None:
        while self._seen:
            oldest = next(iter(self._seen))
            if now - self._seen[oldest] < self._span:
                return
            del self._seen[oldest]


class Told:
    """What a peer told that numbers all it tells, downwards from when it started.

    What comes again within ``span`` seconds is a repeat. What says the same under the same number within a
    day is one, too, if lower numbers came since: somebody recorded it. Where numbers stand still it may be
    news, as it may be after a start that nobody noticed.
    """

    def __init__(self, span: float, limit: int) -> None:
        """Begin with nothing told."""
        self._lately: Recent[str] = Recent(span, limit)
        self._today: Recent[tuple[str, Hashable]] = Recent(_DAY, limit)
        self._lowest: int | None = None

    def add(self, identity: str, content: Hashable, number: int, now: float) -> bool:
        """Remember what came and tell whether it is new; ``content`` is what it says beside its identity."""
        lowest = number if self._lowest is None else self._lowest
        self._lowest = min(lowest, number)
        new = self._lately.add(identity, now)
        recorded = not self._today.add((identity, content), now) and number > lowest
        return new and not recorded

    def remember(self, identity: str, seen_at: float) -> None:
        """Remember what came in an earlier run, of whose numbers nothing is known."""
        self._lately.add(identity, seen_at)

    def begin(self, *, certain: bool) -> None:
        """Let the peer start anew; where that is not ``certain``, what was recorded is still known."""
        self._lately.clear()
        if certain:
            self._today.clear()
            self._lowest = None
