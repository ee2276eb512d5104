"""Time that passes only while nothing else is to be done: hours of waiting take a moment.

    clock = fast_time.let_it_fly(asyncio.get_running_loop())

From then on the loop's clock stands still while there are callbacks to run or packets to read, however slow
the machine is, and jumps to the next timer when there are none. So all who live on this loop, the tested code
and the simulators alike, see the same time: a repetition after 5 s comes after exactly 5 s, and nothing times
out because the test was slow.

A thread that the loop waits for counts as something to be done: one of its executors, and what else is
``counted``. A datagram between two sockets of this host
takes no time at all, so none is on its way while the loop is idle; the grace is for hosts that are less sure.
It costs a millisecond for each jump, which is the most of a long time that passes in many: those do without.
"""

import asyncio
from collections.abc import Callable
from functools import partial, wraps
from selectors import BaseSelector, SelectorKey
import time
from typing import Any, cast

GRACE = 0.0005
_FOR_THREADS = 0.01


class FastClock:
    """The clock of one loop, and how often it has jumped."""

    def __init__(self, now: float) -> None:
        """Stand at the loop's present time."""
        self.jumps = 0
        self._now = now
        self._landed_at: float | None = None

    @property
    def flies(self) -> bool:
        """Whether time still passes by jumps."""
        return self._landed_at is None

    def time(self) -> float:
        """Give the loop's time."""
        return self._now if self._landed_at is None else self._now + time.monotonic() - self._landed_at

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self.jumps += 1

    def land(self) -> None:
        """Go on from now as other clocks do, for what waits for something outside of the loop."""
        self._landed_at = time.monotonic()


class _Selector:
    """A loop's selector that does not wait for time to pass. ``busy`` is how much threads have to do."""

    def __init__(self, selector: BaseSelector, clock: FastClock, grace: float) -> None:
        self._selector = selector
        self._clock = clock
        self._grace = grace
        self.busy = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the selector has)
        return getattr(self._selector, name)

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is None or timeout <= 0 or not self._clock.flies:
            return self._selector.select(timeout)
        if self.busy:
            return self._selector.select(_FOR_THREADS)
        ready = self._selector.select(self._grace)
        if not ready:
            self._clock.jump(timeout)
        return ready


def counted[**P, T](do: Callable[P, asyncio.Future[T]]) -> Callable[P, asyncio.Future[T]]:
    """Wrap what hands work to a thread and gives a future of the loop: the loop's time waits for it."""

    @wraps(do)
    def _do(*args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        future = do(*args, **kwargs)
        selector = getattr(future.get_loop(), "_selector", None)
        if isinstance(selector, _Selector):
            selector.busy += 1
            future.add_done_callback(partial(_no_longer, selector))
        return future

    return _do


def _no_longer(selector: _Selector, _future: asyncio.Future[Any]) -> None:
    selector.busy -= 1


def let_it_fly(loop: asyncio.AbstractEventLoop, *, grace: float = GRACE) -> FastClock:
    """Give a loop such a clock for the rest of its life; `grace` seconds are waited before each jump."""
    clock = FastClock(loop.time())
    parts = cast("Any", loop)
    parts.time = clock.time
    parts.run_in_executor = counted(loop.run_in_executor)
    parts._selector = _Selector(parts._selector, clock, grace)
    return clock
