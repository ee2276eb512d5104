"""A whole Home Assistant with a box of either family, killed and ended again and again on the same folder."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
import socket

from ..judge import Figures, Judge
from ..kills import EACH_WAY, GAP, PACE, RUN, Moment, box_for_kills, come_to_an_end, first, free_port
from ..plan import Text, texts
from ..process import Process
from ..wire import Wire
from .folder import lay_out, store_of

FAMILIES = ("goip", "neogate")

START = 8.0
"""Seconds that a start takes, or more."""

READY = 300.0
DEAF = 0.2
NEAR = 10.0
"""Seconds that Home Assistant may be busy with its start, and not look at what has come."""


class Side:
    """One box, its judge, and what is to come and to go."""

    def __init__(self, family: str, wire: Wire, folder: Path, random: Random) -> None:
        """Begin with nothing to come and nothing to go."""
        self.family = family
        self.wire = wire
        self.folder = folder / family
        self.folder.mkdir()
        self.judge = Judge(f"whole {family}", self.folder, wire, store_of(folder / "config", family))
        self._random = random
        self._sends: list[Text] = []
        self._incoming: list[Text] = []
        self._plan()

    def begin_run(self) -> None:
        """Have 20 texts sent, and make up 20 to come."""
        sends = texts("out", EACH_WAY, self._random)
        self._sends += sends
        self.judge.expect(sends=sends, pushes=EACH_WAY)
        self._incoming = texts("in", EACH_WAY, self._random)
        self._plan()

    def _plan(self) -> None:
        pace = PACE if self.family == "neogate" else None
        self.wire.plan(self._sends, gap=GAP, pace=pace).save(self.folder)

    async def push(self, count: int, within: float) -> None:
        """Push some of what is to come."""
        now, self._incoming = self._incoming[:count], self._incoming[count:]
        await self.wire.push_all(now, self._random, within)


@asynccontextmanager
async def home_assistant(folder: Path, random: Random) -> AsyncIterator[tuple[Process, list[Side]]]:
    """Give a Home Assistant that is ready, and its boxes."""
    async with AsyncExitStack() as stack:
        sides = [
            Side(family, await stack.enter_async_context(box_for_kills(family, NEAR, DEAF)), folder, random)
            for family in FAMILIES
        ]
        process = await stack.enter_async_context(_home_assistant(folder, sides))
        await process.start()
        assert await process.ready(READY), process.output.read_text()
        yield process, sides


async def kill_whole(kills: int, seed: int, folder: Path, say: Callable[[str], None]) -> Figures:
    """Kill Home Assistant so many times, each in a run of 40 messages of each box or in the start after."""
    random = Random(f"kill whole {seed}")
    async with home_assistant(folder, random) as (process, sides):
        left = kills
        while left:
            moments = [Moment.draw_for_whole(random, FAMILIES)]
            if left > 1 and random.random() < 0.25:
                moments.append(Moment(after_start=random.uniform(0, START)))
            left -= len(moments)
            await _killed_run(process, sides, moments)
            say(f"whole Home Assistant: {kills - left} of {kills} kills")
        return await _judged(process, sides, kills)


async def end_whole(times: int, seed: int, folder: Path, say: Callable[[str], None]) -> Figures:
    """Reload the entries and restart Home Assistant in turn, so many times in all, each in such a run."""
    random = Random(f"end whole {seed}")
    async with home_assistant(folder, random) as (process, sides):
        for nr in range(times):
            async with asyncio.TaskGroup() as pushing:
                for side in sides:
                    side.begin_run()
                    pushing.create_task(side.push(EACH_WAY, RUN))
                moment = Moment.draw_for_whole(random, FAMILIES)
                await first(*(moment.come(process, side.wire) for side in sides))
                if nr % 2:
                    await process.stop()
                    await process.start()
                    assert await process.ready(READY), process.output.read_text()
                else:
                    process.reload()
                await come_to_an_end(process, [side.judge for side in sides])
            say(f"whole Home Assistant: {nr + 1} of {times} reloads and restarts")
        return await _judged(process, sides, times)


async def _judged(process: Process, sides: list[Side], times: int) -> Figures:
    """Stop Home Assistant, and have both boxes judged."""
    await process.stop()
    for side in sides:
        assert not side.wire.box.complaints, side.wire.box.complaints
    figures = sum((side.judge.verdict() for side in sides), Figures())
    figures.times = times
    return figures


def _home_assistant(folder: Path, sides: list[Side]) -> Process:
    """Lay out a folder for a Home Assistant that serves both boxes."""
    config = folder / "config"
    lay_out(config, {side.family: (side.wire.plan([]), side.folder) for side in sides})
    command = ("-m", "tests.reliability.whole.launch", str(PACE), "-c", str(config), "--skip-pip")
    wires = {side.folder: side.wire for side in sides}
    return Process(folder, wires, *command, SETUP_PORT=str(free_port(socket.SOCK_STREAM)))


async def _killed_run(process: Process, sides: list[Side], moments: list[Moment]) -> None:
    """Begin a run, kill it at these moments, and let it come to its end."""
    async with asyncio.TaskGroup() as pushing:
        for side in sides:
            side.begin_run()
            pushing.create_task(side.push(EACH_WAY // 2, RUN))
        for nr, moment in enumerate(moments):
            if nr:
                await process.start()
            waits = [moment.come(process, side.wire) for side in sides]
            await first(process.wait(), *waits)
            await process.kill()
            for side in sides:
                side.judge.killed()
        await process.start()
        for side in sides:
            pushing.create_task(side.push(EACH_WAY, START))
        assert await process.ready(READY), process.output.read_text()
        await come_to_an_end(process, [side.judge for side in sides])
