"""The rows of the table: which faults there are, and how they are injected so many times."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
import tempfile

from tests.simulators import fast_time

from . import kills, network, troubles
from .judge import Figures
from .whole.kills import end_whole, kill_whole

type Say = Callable[[str], None]

SIDE_BY_SIDE = 3
"""Bare processes that are killed at the same time: each waits most of the time."""

MOST_A_JOB = 50

MEMORY = Path("/dev/shm")  # noqa: S108 - what is in it is nobody's secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A part of a row, that a worker does at one go: the row's name, its first seed, and how much."""

    row: str
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault. ``short`` and ``long`` say how much of it: runs, messages, or one cut for how many bytes.

    ``splits``: a job can be cut into smaller ones.
    """

    name: str
    words: str
    short: int
    long: int
    work: Callable[[Job, Say], Awaitable[Figures]]
    flies: bool = True
    splits: bool = False

    def jobs(self, *, long: bool) -> list[Job]:
        """Give the jobs that make up the row."""
        if not long:
            return [Job(row=self.name, first=0, count=self.short)]
        if not self.splits:
            return [Job(row=self.name, first=0, count=self.long)]
        parts = batched(range(self.long), MOST_A_JOB, strict=False)
        return [Job(row=self.name, first=part[0], count=len(part)) for part in parts]


async def do(job: Job, say: Say) -> Figures:
    """Do a job, in the loop that runs."""
    row = ROWS[job.row]
    if not row.flies:
        return await row.work(job, say)
    clock = fast_time.let_it_fly(asyncio.get_running_loop())
    try:
        return await row.work(job, say)
    finally:
        clock.land()


def _folder(job: Job) -> tempfile.TemporaryDirectory[str]:
    """Give a folder: in memory, if there is any, where no process is killed and time flies."""
    in_memory = ROWS[job.row].flies and MEMORY.is_dir()
    return tempfile.TemporaryDirectory(dir=MEMORY if in_memory else None)


type Run = Callable[[int, Path], Awaitable[Figures]]


def _each(name: str, run: Run, side_by_side: int = 1) -> Callable[[Job, Say], Awaitable[Figures]]:
    """Make so many runs, a seed each."""

    async def _work(job: Job, say: Say) -> Figures:
        room, done = asyncio.Semaphore(side_by_side), 0

        async def _one(seed: int) -> Figures:
            nonlocal done
            async with room:
                with _folder(job) as folder:
                    figures = await run(seed, Path(folder))
            done += 1
            if done % 10 == 0:
                say(f"{name}: {done} of {job.count}")
            return figures

        seeds = range(job.first, job.first + job.count)
        return sum(await asyncio.gather(*(_one(seed) for seed in seeds)), Figures())

    return _work


def _one(
    run: Callable[[int, int, Path], Awaitable[Figures]],
) -> Callable[[Job, Say], Awaitable[Figures]]:
    """Make one run of a length."""

    async def _work(job: Job, _say: Say) -> Figures:
        with _folder(job) as folder:
            return await run(job.count, job.first, Path(folder))

    return _work


def _whole(
    run: Callable[[int, int, Path, Say], Awaitable[Figures]],
) -> Callable[[Job, Say], Awaitable[Figures]]:
    """Make one long run of a whole Home Assistant."""

    async def _work(job: Job, say: Say) -> Figures:
        with _folder(job) as folder:
            return await run(job.count, job.first, Path(folder), say)

    return _work


def _kill(family: str) -> Callable[[Job, Say], Awaitable[Figures]]:
    async def _run(seed: int, folder: Path) -> Figures:
        return await kills.kill_bare(family, seed, folder)

    return _each(f"kill {family}", _run, SIDE_BY_SIDE)


def _trouble(
    name: str, family: str, run: Callable[[str, int, Path], Awaitable[Figures]]
) -> Callable[[Job, Say], Awaitable[Figures]]:
    async def _run(seed: int, folder: Path) -> Figures:
        return await run(family, seed, folder)

    return _each(f"{name} {family}", _run)


TITLES = {"goip": "GoIP", "neogate": "NeoGate"}
TROUBLES = {
    "reboot": ("the gateway restarts in the middle", troubles.reboot),
    "fill": ("the disk is full for a while", troubles.fill),
    "damage": ("the store is damaged while it is open", troubles.damage),
    "jump": ("the clock jumps, minutes to years", troubles.jump),
    "restart": ("closed and opened again in good order", troubles.restart),
}


def _rows() -> Sequence[Row]:
    return [
        *(
            Row(
                name=f"kill-{family}",
                words=f"`kill -9`, {title}",
                short=8,
                long=100,
                work=_kill(family),
                flies=False,
                splits=True,
            )
            for family, title in TITLES.items()
        ),
        Row(
            name="kill-whole",
            words="`kill -9` of a whole Home Assistant with both",
            short=1,
            long=24,
            work=_whole(kill_whole),
            flies=False,
        ),
        Row(
            name="lose",
            words="30 % of all packets lost, doubled, overtaken, GoIP",
            short=200,
            long=1000,
            work=_one(network.lose),
        ),
        Row(
            name="cut",
            words="connection cut at every byte of a sending, NeoGate",
            short=7,
            long=1,
            work=_one(network.cut),
        ),
        *(
            Row(
                name=f"{name}-{family}",
                words=f"{words}, {title}",
                short=1,
                long=25,
                work=_trouble(name, family, run),
            )
            for name, (words, run) in TROUBLES.items()
            for family, title in TITLES.items()
        ),
        Row(
            name="restart-whole",
            words="reload, and restart of a whole Home Assistant with both",
            short=1,
            long=10,
            work=_whole(end_whole),
            flies=False,
        ),
    ]


ROWS = {row.name: row for row in _rows()}
"""All rows by their names, in order."""
