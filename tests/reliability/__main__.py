"""Injects all faults, as often as it takes, and prints the table. Exit code 1 when a figure is not 0."""

import argparse
import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
import json
import logging
import signal
import sys
import time

from .judge import Figures
from .rows import ROWS, Job, do
from .table import table, write

WORKERS = 2
LONGEST_JOB = 1500.0
"""Seconds after which a job is given up."""


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"reliability: {text}", flush=True)  # noqa: T201 - it is a program


async def _until_told_to_end[T](work: Awaitable[T]) -> T:
    """Break off on SIGTERM, too, so that no process is left behind."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _work(job: Job) -> int:
    """Do one job, in a process of its own, and print its figures as the last line."""
    logging.disable(logging.CRITICAL)
    figures = asyncio.run(_until_told_to_end(do(job, say)))
    print(json.dumps(asdict(figures)))  # noqa: T201 - it is a program
    return 0


async def _have_done(job: Job) -> Figures:
    """Have a job done by a worker, and pass on what that says."""
    begin = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.reliability", "--job", json.dumps(asdict(job))),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LONGEST_JOB):
            figures = await _listen(process)
    finally:
        if process.returncode is None:
            process.terminate()  # it ends its own before
            await process.wait()
    took = time.monotonic() - begin
    say(f"{job.row} {job.first}+{job.count}: {'good' if figures.good else 'NOT GOOD'} ({took:.0f} s)")
    for words in figures.wrong:
        say(words)
    return figures


async def _listen(process: asyncio.subprocess.Process) -> Figures:
    assert process.stdout is not None
    assert process.stderr is not None
    said = asyncio.ensure_future(process.stderr.read())
    last = ""
    async for line in process.stdout:
        last = line.decode().rstrip()
        if last.startswith("reliability: "):
            print(last, flush=True)  # noqa: T201 - it is a program
    if await process.wait():
        raise RuntimeError((await said).decode(errors="replace")[-4000:])
    await said
    return Figures(**json.loads(last))


async def _all(names: Sequence[str], *, long: bool) -> dict[str, Figures]:
    """Have all jobs done, so many at a time, those that take longest first."""
    jobs = [job for name in names for job in ROWS[name].jobs(long=long)]
    jobs.sort(key=lambda job: not job.row.endswith("whole"))
    figures: defaultdict[str, Figures] = defaultdict(Figures)
    room = asyncio.Semaphore(WORKERS)

    async def _one(job: Job) -> None:
        async with room:
            done = await _have_done(job)
            figures[job.row] += done  # read after the wait: others add to the same row meanwhile

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(_one(job))
    return figures


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="script/reliability", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"only these: {', '.join(ROWS)}")
    parser.add_argument("--short", action="store_true", help="as few of each as in the tests")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--job", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.job:
        return _work(Job(**json.loads(arguments.job)))
    if unknown := set(arguments.rows) - ROWS.keys():
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    if arguments.write and (arguments.rows or arguments.short):
        parser.error("the page takes all rows in their long form")
    begin = time.monotonic()
    figures = asyncio.run(_until_told_to_end(_all(arguments.rows or list(ROWS), long=not arguments.short)))
    print(table(figures))  # noqa: T201 - it is a program
    if arguments.write:
        write(figures)
    good = all(row.good for row in figures.values())
    say(f"{'all is good' if good else 'NOT GOOD'} ({(time.monotonic() - begin) / 60:.0f} min)")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
