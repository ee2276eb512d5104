"""How much of a processor a process has taken, whatever else the machine was doing meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
import os
from pathlib import Path

_NANO = 1e-9


def cpu_seconds(pid: int) -> float:
    """Give the seconds that all threads of a process have run for, kernel time included."""
    tasks = Path("/proc", str(pid), "task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * _NANO


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep this process, and those that it starts, to one and the same processor until the block is left.

    Two that take turns are else woken on the same one or on another, as it happens, which by itself makes a
    difference of two to three times.
    """
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def resident_bytes(pid: int) -> int:
    """Give the memory that a process holds of its own: what it shares with others is not counted."""
    fields = (line.split() for line in Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()[1:])
    sizes = {name: int(size) for name, size, *_ in fields}
    return 1024 * (sizes["Private_Clean:"] + sizes["Private_Dirty:"])
