"""What an attack costs Home Assistant.

The lag of an event loop is how long whoever waits for it has to wait: one turn of the loop at the longest.
A turn's wall time would tell how busy the machine is. So the CPU time of the loop's own thread is taken,
turn by turn: it does not count the time in which other processes, or the attacker's threads, have the CPU.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
import gc
import logging
from pathlib import Path
import resource
import time
from typing import Any, cast, override

from homeassistant.core import HomeAssistant

MOST_LAG = 0.050
"""Seconds of a turn of the loop, at the most."""

MOST_MEMORY = 32_000_000
"""Bytes that an attack may leave behind, whatever there is of it."""

MOST_LOGGED = 5
"""Lines that an attack may leave in the log, at any level above debug."""

_PAGE = resource.getpagesize()


@dataclass(slots=True)
class Cost:
    """What it has cost: seconds of the longest turn, seconds in all, bytes more than before, and lines."""

    lag: float = 0.0
    cpu: float = 0.0
    memory: int = 0
    logged: int = 0

    def assert_bounded(self, *, logged: int = MOST_LOGGED) -> None:
        """Assert that Home Assistant has stayed what it was."""
        assert self.lag < MOST_LAG
        assert self.memory < MOST_MEMORY
        assert self.logged <= logged

    def add(self, other: Cost) -> None:
        """Take another one's figures in, as those of the same attack."""
        self.lag = max(self.lag, other.lag)
        self.cpu += other.cpu
        self.memory = max(self.memory, other.memory)
        self.logged += other.logged


class _Counter(logging.Handler):
    """Counts what is logged. An automation that says each time that it runs is its owner's own."""

    def __init__(self, cost: Cost) -> None:
        super().__init__(logging.DEBUG + 1)
        self._cost = cost

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("homeassistant.components.automation"):
            self._cost.logged += 1


@contextmanager
def metered(hass: HomeAssistant) -> Iterator[Cost]:
    """Take the cost of what happens meanwhile; no garbage is looked for in what was there before."""
    cost = Cost()
    loop = cast("Any", hass.loop)
    run_once: Callable[[], None] = loop._run_once

    def _run_once() -> None:
        begin = time.thread_time()
        run_once()
        took = time.thread_time() - begin
        cost.cpu += took
        cost.lag = max(cost.lag, took)

    counter = _Counter(cost)
    gc.collect()
    gc.freeze()
    before = _resident()
    logging.getLogger().addHandler(counter)
    loop._run_once = _run_once
    debug = loop.get_debug()
    loop.set_debug(False)  # tests run with it, and nobody else; it costs more than the rest
    loop.slow_callback_duration = float("inf")  # of which this very turn is one, for its garbage
    disabled = logging.root.manager.disable
    logging.disable(logging.DEBUG)  # which pytest would keep
    try:
        yield cost
    finally:
        logging.disable(disabled)
        loop.set_debug(debug)
        del loop._run_once
        logging.getLogger().removeHandler(counter)
        gc.collect()
        cost.memory = max(_resident() - before, 0)
        gc.unfreeze()


def _resident() -> int:
    """Give the bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
