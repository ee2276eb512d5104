"""A bad network between a GoIP and its server: packets are lost, come twice, or are overtaken.

    async with GoIP(server=...) as goip, Lossy(goip, seed=1) as network:
        ...
    assert network.counts.lost

Every packet is still a real one on a real socket; this only decides, on its way, when and how often. What
happens hangs on the seed and on how many packets have gone the same way before, so a run can be repeated.

Two copies of the same bytes are never both lost, so that whoever repeats a packet gets through. A keepalive
is repeated, too, if under another count: of two in a row one comes through. A network without `mercy` loses
any packet, and so all copies of some.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from random import Random
import re
from types import TracebackType
from typing import Self

from .goip import GoIP
from .simulator import Timers

RATE = 0.2
LATE_BY = 0.3

_COUNT = re.compile(rb"^(req|reg):\d+;")


@dataclass(slots=True, kw_only=True)
class Counts:
    """What has been done: `overtaken` packets came after a later one, `late` ones found none to wait for."""

    packets: int = 0
    lost: int = 0
    spared: int = 0
    doubled: int = 0
    overtaken: int = 0
    late: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add them up."""
        return Counts(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


class _Way:
    """One line's packets in one direction. `late_by` is how long one waits to be overtaken."""

    def __init__(self, random: Random, rates: tuple[float, ...], late_by: float, *, mercy: bool) -> None:
        self.counts = Counts()
        self._mercy = mercy
        self._random = random
        self._rates = rates
        self._late_by = late_by
        self._lost: set[bytes] = set()
        self._keepalive_lost = False
        self._held: list[Callable[[], None]] = []
        self._timers = Timers()

    def carry(self, data: bytes, deliver: Callable[[], None]) -> None:
        self.counts.packets += 1
        lost, doubled, late, copy_late = (self._random.random() < rate for rate in self._rates)
        if lost and self._may_be_lost(data):
            self.counts.lost += 1
            return
        self._keepalive_lost = self._keepalive_lost and not _COUNT.match(data)
        self.counts.spared += lost
        self._bring(deliver, late=late)
        if doubled:
            self.counts.doubled += 1
            self._bring(deliver, late=copy_late)

    def close(self) -> None:
        self._held.clear()
        self._timers.cancel_all()

    def _may_be_lost(self, data: bytes) -> bool:
        if not self._mercy:
            return True
        if _COUNT.match(data):
            was, self._keepalive_lost = self._keepalive_lost, True
            return not was
        fresh = data not in self._lost
        self._lost.add(data)
        return fresh

    def _bring(self, deliver: Callable[[], None], *, late: bool) -> None:
        """Deliver now, and what was held back after it; or hold back."""
        if late:
            self._held.append(deliver)
            self._timers.after(self._late_by, partial(self._waited, deliver))
            return
        deliver()
        overtaken, self._held = self._held, []
        self.counts.overtaken += len(overtaken)
        for held in overtaken:
            held()

    def _waited(self, deliver: Callable[[], None]) -> None:
        if deliver in self._held:
            self._held.remove(deliver)
            self.counts.late += 1
            deliver()


class Lossy:
    """The bad network of one box, while the block runs; what is still on its way at the end is lost.

    The rates are those of each direction; `late_by` is the most that a packet is held back, in seconds.
    """

    def __init__(
        self,
        box: GoIP,
        *,
        seed: int,
        loss: float = RATE,
        duplication: float = RATE,
        reordering: float = RATE,
        late_by: float = LATE_BY,
        mercy: bool = True,
    ) -> None:
        """Take the box whose packets are to suffer."""
        self._box = box
        self._seed = seed
        self._rates = (loss, duplication, reordering, reordering)
        self._late_by = late_by
        self._mercy = mercy
        self._ways: dict[str, _Way] = {}

    @property
    def counts(self) -> Counts:
        """What has been done to all packets."""
        return sum((way.counts for way in self._ways.values()), Counts())

    async def __aenter__(self) -> Self:
        """Come between."""
        self._before, self._box.carry = self._box.carry, self._carry
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Step aside."""
        self._box.carry = self._before
        for way in self._ways.values():
            way.close()

    def _carry(self, name: str, data: bytes, deliver: Callable[[], None]) -> None:
        if name not in self._ways:
            random = Random(f"{self._seed} {name}")
            self._ways[name] = _Way(random, self._rates, self._late_by, mercy=self._mercy)
        self._ways[name].carry(data, deliver)
