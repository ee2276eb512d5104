"""A run in the harness's own loop, whose time flies: for faults that need no kill."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from .home import Home, local_time
from .judge import Figures, Judge
from .plan import WITNESS, Text, texts
from .wire import Life, Wire
from .witness import lines

EACH_WAY = 20
GAP = 0.5
NEAR = 2.0
WHILE = 100.0
"""Seconds in which the messages of a run come and go, and things happen."""

LOOK = 5.0
DAY = 86_400.0


class Wall:
    """The wall clock: it goes as the loop's does, until it is set to another time."""

    def __init__(self) -> None:
        """Begin with the right time."""
        self._begin = local_time()
        self._since = asyncio.get_running_loop().time()
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Give what it shows."""
        passed = timedelta(seconds=asyncio.get_running_loop().time() - self._since)
        return self._begin + passed + self.ahead


class Scene:
    """A home, its box, and who watches the two."""

    def __init__(self, name: str, wire: Wire, folder: Path, *, gap: float = 0.0) -> None:
        """Begin with nobody at home."""
        self.wire = wire
        self.folder = folder
        self.wall = Wall()
        self.judge = Judge(name, folder, wire)
        self.home = Home(wire.plan((), gap=gap), folder, self.wall, durable=False)
        self._is_open = asyncio.Event()
        self._gap = gap

    async def open(self) -> None:
        """Begin a run."""
        await self.home.open()
        self.wire.lives.append(Life(asyncio.get_running_loop().time()))
        self._is_open.set()

    async def close(self) -> None:
        """End a run in good order."""
        self._is_open.clear()
        self.wire.lives[-1].end = asyncio.get_running_loop().time()
        await self.home.close()

    async def send_all(self, texts: Sequence[Text]) -> None:
        """Ask for texts one after the other, each as soon as there is somebody who can be asked."""
        self.judge.expect(sends=texts)
        for text in texts:
            await self._is_open.wait()
            await self.home.send(text)
            await asyncio.sleep(self._gap)

    @property
    def is_over(self) -> bool:
        """Whether all that was sent is settled, and all that came was told."""
        if self.home.gateway.state.queue or not self.wire.quiet:
            return False
        told = {line["text"] for line in lines(self.folder / WITNESS, "received")}
        return all(text.body in told or self.wire.missed(text) for text in self.wire.pushed)

    async def over(self) -> None:
        """Wait until nothing more is to come; what is not over after two days is lost."""
        with suppress(TimeoutError):
            async with asyncio.timeout(2 * DAY):
                while not self.is_over:  # noqa: ASYNC110 - there is no one event for both ends
                    await asyncio.sleep(LOOK if self.home.gateway.state.queue else LOOK / 5)


@asynccontextmanager
async def scene(name: str, wire: Wire, folder: Path, *, gap: float = 0.0) -> AsyncIterator[Scene]:
    """Give a scene in which somebody is at home."""
    here = Scene(name, wire, folder, gap=gap)
    await here.open()
    try:
        yield here
    finally:
        await here.close()
        here.home.witness.close()


type Incident = Callable[[Scene, Random], Awaitable[None]]


async def run(name: str, wire: Wire, folder: Path, random: Random, incidents: Sequence[Incident]) -> Figures:
    """Let 40 messages come and go while things happen; then begin once more, and see that nothing follows."""
    incoming, outgoing = texts("in", EACH_WAY, random), texts("out", EACH_WAY, random)
    async with scene(name, wire, folder, gap=GAP) as here:
        here.judge.expect(pushes=EACH_WAY)
        async with asyncio.TaskGroup() as group:
            group.create_task(wire.push_all(incoming, random, WHILE))
            group.create_task(here.send_all(outgoing))
            group.create_task(_happen(here, incidents, random))
        await here.over()
        await here.close()
        await here.open()
        await here.over()
    assert not wire.box.complaints, wire.box.complaints
    figures = here.judge.verdict()
    figures.times = len(incidents)
    return figures


async def _happen(here: Scene, incidents: Sequence[Incident], random: Random) -> None:
    """Let things happen one after the other, at random moments."""
    for incident in incidents:
        await asyncio.sleep(random.uniform(0, WHILE / 3))
        await incident(here, random)
