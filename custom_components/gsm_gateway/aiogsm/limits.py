"""How much may be sent: texts of a port in a day and a month, of a box in an hour, and the same text twice.

Pure: days are passed in as dates, moments in seconds of the loop's clock.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from .models import Priority
from .recent import Recent

HOUR = 3600.0

RESERVE = 10
"""Urgent texts that still pass after the breaker has tripped, until it is reset."""

LOOP_WITHIN = 10.0
"""Seconds in which the same text to the same number is taken for a loop."""

_MOST_TEXTS = 4096


class Limits(NamedTuple):
    """The most texts of each port in a day and in a month, and of the box in any hour. 0: no limit."""

    per_day: int = 0
    per_month: int = 0
    per_hour: int = 100


class Usage:
    """How many texts each port has sent, by day of this month and the one before."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: defaultdict[str, Counter[date]] = defaultdict(Counter)

    def restore(self, counts: Mapping[tuple[str, date], int]) -> None:
        """Go on from what was counted in earlier runs."""
        for (port, day), sent in counts.items():
            self._counts[port][day] += sent

    def add(self, port: str, day: date) -> int:
        """Count a text, and give the port's new number for that day."""
        if day not in self._counts[port]:
            self._forget_before(port, day)
        self._counts[port][day] += 1
        return self._counts[port][day]

    def _forget_before(self, port: str, day: date) -> None:
        """Forget what no month needs any more, as the journal does."""
        last_month = (day.replace(day=1) - timedelta(days=1)).replace(day=1)
        counts = self._counts[port]
        for old in [one for one in counts if one < last_month]:
            del counts[old]

    def of_day(self, port: str, day: date) -> int:
        """Give how many texts a port has sent on a day."""
        return self._counts[port][day] if port in self._counts else 0

    def of_month(self, port: str, day: date) -> int:
        """Give how many texts a port has sent in the month of a day, up to that day."""
        if port not in self._counts:
            return 0
        first = day.replace(day=1)
        return sum(sent for one, sent in self._counts[port].items() if first <= one <= day)

    def spent(self, port: str, day: date, limits: Limits, out: int) -> bool:
        """Whether a port with so many texts on their way has sent all that it may."""
        if limits.per_day and self.of_day(port, day) + out >= limits.per_day:
            return True
        return bool(limits.per_month) and self.of_month(port, day) + out >= limits.per_month


class Breaker:
    """Stops a box that is made to send without end. Once tripped it stays so until it is reset."""

    def __init__(self, per_hour: int) -> None:
        """Take the most texts of any hour; 0 for no limit."""
        self._per_hour = per_hour
        self._accepted: deque[float] = deque(maxlen=max(per_hour, 1))
        self._reserve = RESERVE
        self.tripped = False

    def restore(self, accepted: Iterable[float], *, tripped: bool) -> None:
        """Go on after a restart, with when texts were accepted before."""
        self._accepted.extend(accepted)
        self.tripped = tripped and bool(self._per_hour)

    def admit(self, priority: Priority, now: float) -> bool:
        """Whether another text may be accepted; counts it if so."""
        if not self._per_hour:
            return True
        full = len(self._accepted) >= self._per_hour and now - self._accepted[0] < HOUR
        self.tripped = self.tripped or full
        if self.tripped:
            return self._admit_urgent(priority)
        self._accepted.append(now)
        return True

    def reset(self) -> None:
        """Begin anew, because somebody has looked at it."""
        self._accepted.clear()
        self._reserve = RESERVE
        self.tripped = False

    def _admit_urgent(self, priority: Priority) -> bool:
        if priority is not Priority.HIGH or not self._reserve:
            return False
        self._reserve -= 1
        return True


class LoopGuard:
    """Notices that the same text goes to the same number again at once."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._recent: Recent[tuple[str, str]] = Recent(LOOP_WITHIN, _MOST_TEXTS)

    def repeats(self, recipient: str, text: str, now: float) -> bool:
        """Whether this went to that number less than 10 s ago."""
        return self._recent.has((recipient, text), now)

    def note(self, recipient: str, text: str, now: float) -> None:
        """Remember that a text goes to a number now."""
        self._recent.add((recipient, text), now)
