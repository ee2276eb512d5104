"""Who wants to be woken when, cheap for thousands whose time is put off all the while.

A heap holds one standing entry for each key. Putting an alarm off only writes down the new time; the
entry moves when it comes to the top. So a keepalive costs no search, however many lines there are.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from itertools import count
from sys import maxsize


class Alarms[K]:
    """One alarm for each key, in seconds of the caller's clock."""

    def __init__(self) -> None:
        """Begin with no alarm."""
        self._due: dict[K, float] = {}
        self._standing: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()  # so that the heap never compares two keys

    def set(self, key: K, when: float | None) -> None:
        """Wake ``key`` at ``when`` and at no other time; never, if that is ``None``."""
        if when is None:
            self._due.pop(key, None)
            return
        self._due[key] = when
        if when < self._standing.get(key, float("inf")):
            self._stand(key, when)

    def first(self) -> float | None:
        """When the next alarm is due, if there is any."""
        while self._heap:
            when, _, key = self._heap[0]
            if self._due.get(key) == when:
                return when
            self._settle_top()
        return None

    def earliest(self) -> float | None:
        """No later than ``first``, and at no cost: the time of an alarm that may have been put off since."""
        return self._heap[0][0] if self._due else None

    def take(self, now: float, most: int = maxsize) -> Iterator[K]:
        """Give ``most`` of the keys whose time has come, each once, and forget their alarms."""
        for _ in range(most):
            if (when := self.first()) is None or when > now:
                return
            key = self._heap[0][2]
            del self._due[key]
            self._settle_top()
            yield key

    def _stand(self, key: K, when: float) -> None:
        self._standing[key] = when
        heappush(self._heap, (when, next(self._order), key))

    def _settle_top(self) -> None:
        """Take the top entry away, and let its key stand anew where its alarm was put off."""
        when, _, key = heappop(self._heap)
        if self._standing.get(key) != when:
            return  # an earlier entry of the same key has taken over
        del self._standing[key]
        if (due := self._due.get(key)) is not None:
            self._stand(key, due)
