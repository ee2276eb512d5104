"""A driver between a script and a wire that note what they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import override

from custom_components.gsm_gateway.aiogsm.dialog import (
    Box,
    Dialog,
    Drop,
    Open,
    Send,
    Steps,
    Ticket,
)
from custom_components.gsm_gateway.aiogsm.driver import Driver
from custom_components.gsm_gateway.aiogsm.errors import (
    GatewayError,
)
from custom_components.gsm_gateway.aiogsm.link import Link, Listener
from custom_components.gsm_gateway.aiogsm.models import ConnectionChanged
from custom_components.gsm_gateway.aiogsm.records import Memory, Record
from custom_components.gsm_gateway.aiogsm.requests import Outcome, Reboot, Request

from .clocks import StoppedClock, turns_of_the_loop

NOW = 5000.0
BOX = Box(key="box", password="secret")
MEMORY = Memory(last_ussd=7)
OTHER = Box(key="other", password="secret")
REQUEST = Reboot(port="1")
UP = ConnectionChanged(gateway="box", connected=True)
DOWN = ConnectionChanged(gateway="box", connected=False)
WIRE = "custom_components.gsm_gateway.aiogsm.wire"


@dataclass
class Script(Dialog[str]):
    """A dialog that does as it is told, and notes what it was asked."""

    log: list[object]
    due: float | None = None
    steps: dict[str, Steps[str]] = field(default_factory=dict)
    refuses: GatewayError | None = None
    owners: dict[str, str] = field(default_factory=dict)
    on_submit: Callable[[Ticket], Steps[str]] = lambda _: []

    @property
    @override
    def ignored(self) -> Mapping[str, int]:
        return {}

    @override
    def owner_of(self, peer: str) -> str | None:
        return self.owners.get(peer)

    @override
    def masked(self, data: bytes, peer: str) -> bytes:
        return data.replace(b"secret", b"***")

    def _asked(self, what: str, *about: object) -> Steps[str]:
        self.log.append((what, *about))
        return self.steps.pop(what, [])

    @override
    def attach(self, box: Box, memory: Memory, now: float) -> Steps[str]:
        if self.refuses is not None:
            raise self.refuses
        assert memory is MEMORY
        return self._asked("attach", box.key, now)

    @override
    def detach(self, key: str, now: float) -> Steps[str]:
        return self._asked("detach", key, now)

    @override
    def submit(self, key: str, ticket: Ticket, request: Request, now: float) -> Steps[str]:
        if self.refuses is not None:
            raise self.refuses
        self._asked("submit", key, request, now)
        return self.on_submit(ticket)

    @override
    def opened(self, peer: str, now: float) -> Steps[str]:
        return self._asked("opened", peer, now)

    @override
    def lost(self, peer: str, reason: GatewayError, now: float) -> Steps[str]:
        return self._asked("lost", peer, reason, now)

    @override
    def receive(self, data: bytes, peer: str, now: float) -> Steps[str]:
        return self._asked("receive", data, peer, now)

    @override
    def tick(self, now: float) -> Steps[str]:
        return self._asked("tick", now)

    @override
    def deadline(self) -> float | None:
        return self.due


class Wire(Link[str]):
    """A link to nowhere that notes what it was told."""

    def __init__(self, log: list[object]) -> None:
        self.log = log
        self.listener: Listener[str] | None = None
        self.fails: GatewayError | None = None

    @override
    async def start(self, listener: Listener[str]) -> None:
        if self.fails is not None:
            raise self.fails
        self.listener = listener

    @override
    def open(self, peer: str) -> None:
        self.log.append(Open(peer))

    @override
    def send(self, data: bytes, peer: str) -> None:
        self.log.append(Send(data, peer))

    @override
    def drop(self, peer: str) -> None:
        self.log.append(Drop(peer))

    @override
    async def close(self) -> None:
        self.log.append("closed")


class Keeping:
    """A keeper whose disk is as slow as the test wants it."""

    def __init__(self, log: list[object]) -> None:
        self.log = log
        self.waiting: list[asyncio.Future[bool]] = []

    async def __call__(self, record: Record) -> bool:
        self.log.append(record)
        self.waiting.append(asyncio.get_running_loop().create_future())
        return await self.waiting[-1]

    async def finish(self, *, durable: bool = True) -> None:
        """Be done with the oldest record."""
        self.waiting.pop(0).set_result(durable)
        await turns_of_the_loop()


@dataclass
class Bench:
    """A driver between a script and a wire, with a gateway attached. ``log`` is what both were told."""

    log: list[object]
    script: Script
    wire: Wire
    driver: Driver[str]
    clock: StoppedClock
    disk: Keeping

    def attach(self, box: Box) -> None:
        self.driver.attach(box, MEMORY, self.disk)

    def perform(self, *steps: object) -> None:
        """Have the driver perform steps, as an answer to bytes that came."""
        self.script.steps["receive"] = list(steps)  # type: ignore[arg-type]
        self.driver.on_received(b"", "peer")
        self.log.remove(("receive", b"", "peer", self.clock.now))

    def submit(self) -> asyncio.Task[Outcome]:
        """Begin a request, as far as it gets before it waits."""
        return asyncio.Task(
            self.driver.submit("box", REQUEST), loop=asyncio.get_running_loop(), eager_start=True
        )

    def ticks(self) -> list[float]:
        return [entry[1] for entry in self.log if isinstance(entry, tuple) and entry[0] == "tick"]


@asynccontextmanager
async def driving(clock: StoppedClock) -> AsyncIterator[Bench]:
    """Run a driver with a gateway attached."""
    log: list[object] = []
    script, wire = Script(log), Wire(log)
    driver = Driver(script, wire)
    await driver.start()
    bench = Bench(log, script, wire, driver, clock, Keeping(log))
    bench.attach(BOX)
    log.clear()
    yield bench
    await driver.close()
