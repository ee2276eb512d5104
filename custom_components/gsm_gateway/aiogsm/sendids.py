"""The numbers under which packets are sent, by which their answers are known."""

from collections.abc import Callable, Container
from random import Random

from .recent import Recent


class SendIds:
    """The sendids of one UDP port, which carries the replies of all lines.

    Those of USSD come from the clock and grow, over restarts too: a box answers one that is not above
    its last with the old answer. All others are random, so that no stranger can guess a reply's; the
    two ranges never meet.
    """

    _RANGE = 2**30

    def __init__(self, random: Random, wall_clock: Callable[[], float]) -> None:
        """Draw from ``random``; ``wall_clock`` gives seconds since 1970."""
        self._random = random
        self._wall_clock = wall_clock
        self._recent: Recent[int] = Recent(span=600.0, limit=65536)
        self._last_ussd = self._RANGE

    def draw(self, now: float, in_flight: Container[int]) -> int:
        """Give a number from 1 to 2^30-1 that is not in flight and was not used for ten minutes."""
        while True:
            sendid = self._random.randrange(1, self._RANGE)
            if sendid not in in_flight and self._recent.add(sendid, now):
                return sendid

    def note_ussd(self, sendid: int) -> None:
        """Take note of a number that was given in an earlier run."""
        self._last_ussd = max(self._last_ussd, sendid)

    def next_ussd(self) -> int:
        """Give a number above all that were given before."""
        self._last_ussd = max(self._last_ussd + 1, int(self._wall_clock()))
        return self._last_ussd
