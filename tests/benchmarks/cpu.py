"""How much of a processor a process has taken, whatever else the machine was doing meanwhile."""

from pathlib import Path

_NANO = 1e-9


def cpu_seconds(pid: int) -> float:
    """Give the seconds that all threads of a process have run for, kernel time included."""
    tasks = Path("/proc", str(pid), "task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * _NANO


def resident_bytes(pid: int) -> int:
    """Give the memory that a process holds of its own: what it shares with others is not counted."""
    fields = (line.split() for line in Path("/proc", str(pid), "smaps_rollup").read_text().splitlines()[1:])
    sizes = {name: int(size) for name, size, *_ in fields}
    return 1024 * (sizes["Private_Clean:"] + sizes["Private_Dirty:"])
