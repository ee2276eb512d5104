"""How long to wait before the next try: ever longer, for ever."""

from random import Random

FIRST_DELAY = 1.0
"""Seconds, the shortest wait."""

LONGEST_DELAY = 300.0
"""Seconds, the longest wait."""

_MAX_DOUBLINGS = 16


class Backoff:
    """Growing waits with jitter, so that a house full of boxes does not come back in step."""

    def __init__(self, random: Random, *, first: float = FIRST_DELAY, longest: float = LONGEST_DELAY) -> None:
        """Take the source of the jitter, and the bounds in seconds."""
        self._random = random
        self._first = first
        self._longest = longest
        self._tries = 0

    def next(self) -> float:
        """Give the seconds to wait now: between half and all of a span that doubles with every call."""
        # Bounded before it is computed: a box may be away for years.
        self._tries = min(self._tries + 1, _MAX_DOUBLINGS)
        span = min(self._longest, self._first * 2.0**self._tries)
        return self._random.uniform(span / 2, span)

    def reset(self) -> None:
        """Begin anew, after things went well for a while."""
        self._tries = 0
