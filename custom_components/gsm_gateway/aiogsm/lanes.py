"""Lanes: what each port does now, and which port a text had better take. Times are of the loop's clock."""

from collections.abc import Callable, Iterable

STICKY_FOR = 30.0
"""Seconds that a text may wait longer for the port that its recipient knows."""

TYPICAL = 5.0
"""Seconds that a text takes where no pace is prescribed; the guess by which lanes are compared."""


class Lane:
    """What a port does: ``out`` counts what has departed, ``held`` who keeps anything more from it."""

    __slots__ = ("free_at", "held", "out", "used_at")

    def __init__(self) -> None:
        """Begin with nothing to do."""
        self.out = 0
        self.held = 0
        self.free_at = 0.0
        self.used_at = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is out and nobody holds it."""
        return not self.out and not self.held

    def free(self, now: float) -> bool:
        """Whether a text may depart."""
        return self.idle and self.free_at <= now


class Plan:
    """When each port is free, as texts are given to them in turn."""

    def __init__(self, ports: Iterable[str], lane: Callable[[str], Lane], pace: float, now: float) -> None:
        """Begin with the lanes as they are."""
        self._now = now
        self._cost = max(pace, TYPICAL)
        lanes = {port: lane(port) for port in ports}
        self._free = {port for port, lane in lanes.items() if lane.free(now)}
        self._at = {
            port: max(lane.free_at, now if lane.idle else now + TYPICAL) for port, lane in lanes.items()
        }
        self._used_at = {port: lane.used_at for port, lane in lanes.items()}

    @property
    def free(self) -> int:
        """How many ports could take a text at once."""
        return len(self._free)

    def choose(self, able: Iterable[str], usual: str | None) -> str | None:
        """Give the port that a text departs by now, of those that are able; ``None``: it waits for one.

        The first to be free is taken, of equals the one that was idle longest; the ``usual`` one if
        that costs no more than 30 s.
        """
        candidates = list(able)
        if not candidates:
            return None
        chosen = min(candidates, key=lambda port: (self._at[port], self._used_at[port]))
        if usual in candidates and usual is not None and self._at[usual] <= self._at[chosen] + STICKY_FOR:
            chosen = usual
        self._at[chosen] += self._cost
        if chosen not in self._free:
            return None
        self._free.remove(chosen)
        return chosen

    def free_of(self, able: Iterable[str]) -> int:
        """How many of these ports could take a text at once."""
        return sum(port in self._free for port in able)
