"""kill -9 of a bare process, at random moments and at exact places of a run of 40 messages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
import secrets
import socket

from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .judge import Figures, Judge, kept
from .knife import OFTEN, PLACES, Knife
from .plan import Text, texts
from .process import LOOK, Process
from .wire import GoipWire, NeogateWire, Wire

EACH_WAY = 20
GAP = 0.02
RUN = 1.2
"""Seconds that a run takes, from the start of the process, if it is not killed."""

START = 0.4
"""Seconds that the start takes."""

PACE = 0.15
READY = 90.0
NEAR = 2.0
DEAF = 0.1
STUCK = 0.7
"""Seconds in which nothing happens, after which nothing will before a minute is over."""

END = 90.0
"""Seconds that a run has to come to its end after the last kill. What is not over then is lost."""

PACKETS = {
    "goip": (b"MSG ", b"PASSWORD ", b"SEND ", b"DONE ", b"RECEIVE ", b"DELIVER "),
    "neogate": (b"gsm send sms", b"UpdateSMSSend", b"ReceivedSMS"),
}
"""What the box receives or sends, and about a text."""


def free_port(kind: socket.SocketKind) -> int:
    """Find a port that nobody has, outside of the range from which sockets get theirs unasked."""
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


@asynccontextmanager
async def box_for_kills(family: str, near: float = NEAR, deaf: float = 0.5) -> AsyncIterator[Wire]:
    """Give a box that takes just so long for everything that a kill may come between."""
    if family == "goip":
        server = (LOOPBACK, free_port(socket.SOCK_DGRAM))
        async with GoIP(server=server, keepalive_interval=0.5, send_time=0.03, deliver_after=0.05) as goip:
            yield GoipWire(goip, near, deaf)
    else:
        async with NeoGate(result_delay=0.05) as neogate:
            yield NeogateWire(neogate, near, DEAF)


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: some seconds after the start, or ``after`` it is ready and the box saw so many packets.

    Or when the knife of the process says so.
    """

    after_start: float | None = None
    after: float | None = None
    packet: tuple[bytes, int] | None = None
    knife: Knife | None = None

    @classmethod
    def draw(cls, family: str, random: Random) -> Moment:
        """Draw a moment."""
        match random.randrange(7):
            case 0:
                return cls(after_start=random.uniform(0, START))
            case 1 | 2:
                return cls(after=random.uniform(0, RUN))
            case 3 | 4:
                kind = random.choice(PACKETS[family])
                return cls(packet=(kind, random.randint(1, EACH_WAY)), after=random.choice([0, 0.002, 0.01]))
        place = random.choice(PLACES)
        return cls(knife=Knife(place, random.randint(1, OFTEN[family][place])))

    @classmethod
    def draw_for_whole(cls, random: Random, families: Sequence[str]) -> Moment:
        """Draw a moment for a process that has no knife, and is ready."""
        if random.random() < 0.4:
            return cls(after=random.uniform(0, RUN))
        kind = random.choice([kind for family in families for kind in PACKETS[family]])
        return cls(packet=(kind, random.randint(1, EACH_WAY // 2)), after=random.choice([0, 0.002, 0.01]))

    async def come(self, process: Process, wire: Wire) -> None:
        """Wait for it, as far as it can be seen from outside."""

        def _seen(kind: bytes) -> int:
            return sum(kind in data for data in (*wire.box.received, *wire.box.sent))

        if self.after_start is not None:
            await asyncio.sleep(self.after_start)
            return
        await process.ready(READY)
        if self.packet is not None:
            kind, more = self.packet
            enough = _seen(kind) + more
            await wire.box.wait_for(lambda: _seen(kind) >= enough, within=END)
        if self.after is None:
            await asyncio.Event().wait()
        else:
            await asyncio.sleep(self.after)


async def first(*waits: Awaitable[object]) -> None:
    """Wait until one of these is over, and break the others off."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    """Return when a condition holds."""
    while not condition():  # noqa: ASYNC110 - it is about files
        await asyncio.sleep(LOOK)


async def come_to_an_end(process: Process, judges: Sequence[Judge]) -> None:
    """Wait until all is over; let a minute pass for what can only be waited for."""
    loop = asyncio.get_running_loop()
    state, since = None, loop.time()
    with suppress(TimeoutError):
        async with asyncio.timeout(END):
            while not all(judge.is_over() for judge in judges):
                if (now := [kept(judge.store) for judge in judges]) != state:
                    state, since = now, loop.time()
                elif loop.time() - since > STUCK and all(judge.all_has_come() for judge in judges):
                    process.leap()
                    since = loop.time()
                await asyncio.sleep(LOOK)


async def kill_bare(family: str, seed: int, folder: Path) -> Figures:
    """Kill one run, one time of five its successor as well, and let the next come to an end."""
    random = Random(f"bare {family} {seed}")
    incoming, outgoing = texts("in", EACH_WAY, random), texts("out", EACH_WAY, random)
    moments = [Moment.draw(family, random)]
    if random.random() < 0.2:
        moments.append(Moment(after_start=random.uniform(0, START)))
    early = random.randint(EACH_WAY // 2, EACH_WAY - 2)
    async with box_for_kills(family) as wire:
        wire.plan(outgoing, gap=GAP, pace=PACE if family == "neogate" else None).save(folder)
        judge = Judge(f"{family} {seed} {moments}", folder, wire)
        judge.expect(sends=outgoing, pushes=early)
        async with (
            Process(folder, {folder: wire}, "-m", "tests.reliability.alone", str(folder)) as process,
            asyncio.TaskGroup() as pushing,
        ):
            for nr, moment in enumerate(moments):
                await process.start(str(moment.knife or Knife()))
                if nr == 0:
                    pushing.create_task(_push_when_ready(process, wire, incoming[:early], random))
                await first(process.wait(), moment.come(process, wire), until(judge.is_over))
                await process.kill()
                judge.killed()
            await process.start(str(Knife()))
            assert await process.ready(READY)
            await wire.push_all(incoming[early:], random, RUN / 2)
            judge.expect(pushes=EACH_WAY - early)
            await come_to_an_end(process, [judge])
            await process.stop()
        assert not wire.box.complaints, wire.box.complaints
        return judge.verdict()


async def _push_when_ready(process: Process, wire: Wire, texts: Sequence[Text], random: Random) -> None:
    """Begin to push when there is somebody to hear it, and go on whatever becomes of him."""
    await process.ready(READY)
    await wire.push_all(texts, random, RUN)
