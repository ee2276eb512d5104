"""What was seen a short while ago, so that it is noticed when it comes again."""


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
