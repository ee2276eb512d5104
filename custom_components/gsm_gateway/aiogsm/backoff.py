"""How long to wait before the next try: not at all, then ever longer, for ever."""

from random import Random

FIRST_DELAY = 1.0
"""Seconds, the shortest wait that is one."""

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
        """Give the seconds to wait now: 0 the first time, then between half and all of a doubling span."""
        tries, self._tries = self._tries, self._tries + 1
        if tries == 0:
            return 0.0
        # Bounded before it is computed: a box may be away for years.
        span = min(self._longest, self._first * 2.0 ** min(tries, _MAX_DOUBLINGS))
        return self._random.uniform(max(self._first, span / 2), span)

    def reset(self) -> None:
        """Begin anew, after things went well for a while."""
        self._tries = 0
