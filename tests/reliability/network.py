"""Bad networks: a GoIP's packets that get lost, come twice or late; a NeoGate's connection that is cut."""

import asyncio
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from random import Random
import socket
from typing import Self

from tests.simulators.goip import GoIP
from tests.simulators.lossy import Lossy
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .inside import NEAR, Scene, scene
from .judge import Figures
from .kills import free_port
from .plan import Text, texts
from .wire import GoipWire, NeogateWire

RATE = 0.3
LINES = 8
EACH = 5.0
"""Seconds from one text to the next: a line needs some 40 for one, most of them waiting to repeat itself."""


async def lose(messages: int, seed: int, folder: Path) -> Figures:
    """Let so many texts come and go, while 30 % of all packets are lost, come twice, or are overtaken."""
    random = Random(f"lose {seed}")
    server = (LOOPBACK, free_port(socket.SOCK_DGRAM))
    async with (
        GoIP(lines=LINES, server=server, send_time=2.0, deliver_after=3.0) as goip,
        Lossy(goip, seed=seed, loss=RATE, duplication=RATE, reordering=RATE, mercy=False) as network,
    ):
        wire = GoipWire(goip, NEAR, deaf=1.0)
        async with scene(f"lose {seed}", wire, folder, gap=EACH) as here:
            incoming, outgoing = texts("in", messages, random), texts("out", messages, random)
            here.judge.expect(pushes=messages)
            async with asyncio.TaskGroup() as group:
                group.create_task(wire.push_all(incoming, random, messages * EACH))
                group.create_task(here.send_all(outgoing))
            await here.over()
        assert network.counts.lost > network.counts.packets * RATE * 0.8
        figures = here.judge.verdict()
        figures.times = network.counts.lost + network.counts.doubled + network.counts.overtaken
        return figures


class Way(StrEnum):
    """Which way bytes go."""

    UP = "to the box"
    DOWN = "from the box"


class Cutter:
    """Stands between Home Assistant and a NeoGate, and cuts their connection in the middle of what passes."""

    def __init__(self, port: int) -> None:
        """Take the port of the box."""
        self.passed = dict.fromkeys(Way, 0)
        self.port = 0
        self._box_port = port
        self._cut_after: dict[Way, int] = {}
        self._server: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cut everything."""
        assert self._server is not None
        self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def count(self) -> None:
        """Count what passes from now on."""
        self.passed = dict.fromkeys(Way, 0)

    def arm(self, way: Way, offset: int) -> None:
        """Let so many bytes pass one way from now on, then cut; once."""
        self._cut_after = {way: offset}

    async def _serve(self, near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        try:
            far, far_out = await asyncio.open_connection(LOOPBACK, self._box_port)
        except OSError:
            near_out.close()
            return
        ways = ((Way.UP, near, far_out), (Way.DOWN, far, near_out))
        pumps = {asyncio.create_task(self._pump(*way)) for way in ways}
        self._pumps |= pumps
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        self._pumps -= pumps
        near_out.close()
        far_out.close()

    async def _pump(self, way: Way, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Pass bytes on until there are no more, or the cut comes."""
        with suppress(OSError):
            while data := await source.read(65536):
                self.passed[way] += len(data)
                left = self._cut_after.get(way)
                if left is not None and len(data) >= left:
                    self._cut_after = {}
                    sink.write(data[:left])
                    return
                if left is not None:
                    self._cut_after[way] = left - len(data)
                sink.write(data)


SETTLE = 5.0
"""Seconds after which nothing more is said about a text, if all is well."""


async def cut(every: int, seed: int, folder: Path) -> Figures:
    """Send a text and cut the connection after each, or each so many-th, byte of what is said about it."""
    random = Random(f"cut {seed}")
    async with NeoGate(result_delay=1.0) as neogate, Cutter(neogate.port) as cutter:
        wire = NeogateWire(neogate, NEAR, deaf=0.0)
        wire.reached_by = cutter.port
        async with scene(f"cut {seed}", wire, folder) as here:
            cutter.count()
            await here.send_all(texts("out", 1, random, long=0))
            await here.over()
            await asyncio.sleep(SETTLE)
            cuts = [(way, offset) for way in Way for offset in range(0, cutter.passed[way] + 1, every)]
            for way, offset in cuts:
                cutter.arm(way, offset)
                await _one_cut(here, random)
        figures = here.judge.verdict()
        figures.times = len(cuts)
        return figures


async def _one_cut(here: Scene, random: Random) -> None:
    """Send a text while the connection is cut, another one right after; then let one come."""
    first, second = texts("out", 2, random, long=0)
    incoming: list[Text] = texts("in", 1, random, long=0)
    await here.send_all([first])
    await asyncio.sleep(SETTLE)
    await here.send_all([second])
    await here.wire.box.wait_for(here.wire.hears, within=300.0)
    here.judge.expect(pushes=1)
    await here.wire.push_all(incoming, random, 1.0)
    await here.over()
    await asyncio.sleep(2 * NEAR)
