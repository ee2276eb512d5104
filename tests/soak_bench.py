"""A gateway with its store and its box, and what each of them told this day.

What happens to them comes from `soak_lives`, between midnight and evening; then nothing is begun, so that by
midnight everything is settled, and `soak_checks` can compare the two.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import override

import pytest

from custom_components.gsm_gateway.aiogsm import FAMILIES, Box, Endpoint, Gateway, GatewayError, Hub
from custom_components.gsm_gateway.aiogsm.backoff import LONGEST_DELAY
from custom_components.gsm_gateway.aiogsm.events import GatewayEvent, MessageChanged
from custom_components.gsm_gateway.aiogsm.journal import PutUsage
from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    Message,
    MessageStatus,
    ReceivedSms,
)
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel, NeogateDialog
from custom_components.gsm_gateway.store import BoxStore
from tests.simulators.fast_time import FastClock
from tests.simulators.simulator import LOOPBACK

from .soak_box import SoakBox

pytest.register_assert_rewrite("tests.soak_checks", "tests.soak_lives")

START = datetime(2026, 11, 16, tzinfo=UTC)
DAY = 86_400.0
EVENING = 22 * 3600.0
HISTORY = 200
MARGIN = 30.0
"""Seconds that a connection may take to be made, when the time to try has come."""


@dataclass
class Trouble:
    """One kind of trouble: when it began and ended today, and how often it is there now."""

    windows: list[tuple[datetime, datetime]] = field(default_factory=list)
    present: int = 0

    @contextmanager
    def for_a_while(self, now: Callable[[], datetime]) -> Iterator[None]:
        """Be there while the block runs."""
        began = now()
        self.present += 1
        try:
            yield
        finally:
            self.present -= 1
            self.windows.append((began, now()))

    def was_there(self, since: datetime) -> bool:
        """Whether it is there, or was since then."""
        return bool(self.present) or any(ended >= since for _, ended in self.windows)


@dataclass(frozen=True)
class Incoming:
    """A text on its way in: the parts that the box has of it, as it tells them, by index."""

    port: str
    sender: str
    total: int
    parts: dict[int, tuple[bytes, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """A text as it has to be told, or was."""

    port: str
    sender: str
    text: str
    complete: bool


class WatchedLink(TcpClient[Channel]):
    """Real connections. Notes how long after the end of one to the main channel the next is tried."""

    def __init__(self, endpoint: Endpoint, note: Callable[[float, float], None]) -> None:
        super().__init__(LOOPBACK, endpoint.port)
        self._note = note
        self._ended_at: float | None = None

    @override
    def open(self, peer: Channel) -> None:
        now = asyncio.get_running_loop().time()
        if peer is Channel.MAIN and self._ended_at is not None:
            self._note(now, now - self._ended_at)
        super().open(peer)

    @override
    def drop(self, peer: Channel) -> None:
        self._end(peer)
        super().drop(peer)

    @override
    def _tell_lost(self, peer: Channel, reason: GatewayError) -> None:
        self._end(peer)
        super()._tell_lost(peer, reason)

    def _end(self, peer: Channel) -> None:
        if peer is Channel.MAIN:
            self._ended_at = asyncio.get_running_loop().time()


class Bench:
    """The gateway and the box. `tally` counts what has happened in all."""

    def __init__(self, clock: FastClock, folder: Path, *, seed: int, poll_interval: float) -> None:
        """Make both; nothing runs yet."""
        self.clock, self.seed = clock, seed
        self.began = clock.time()
        self.evening = 0.0
        self.box = SoakBox()
        self.poll_interval = poll_interval
        self.tally: Counter[str] = Counter()
        self.losses = 0
        self._obstacles = 0
        self._back_by = 0.0
        self.queued_today = 0
        self.texts: dict[str, Message] = {}
        self.incoming: list[Incoming] = []
        self.heard: list[tuple[Told, float]] = []
        self.tries: list[tuple[float, float]] = []
        self.line, self.sims, self.restarts = Trouble(), Trouble(), Trouble()
        self._path = folder / "gsm_gateway.soak.db"

    def _store(self) -> BoxStore:
        return BoxStore(
            self._path,
            clock=self.now,
            on_damaged=lambda _: self.box.complain("the store is damaged"),
            on_full=lambda full: self.box.complain("the disk is full") if full else None,
            history=HISTORY,
        )

    async def _live_before(self) -> None:
        """Let texts have been sent on every day that is counted, so that counting these is no growth."""
        store = self._store()
        await store.open()
        days = [(START - timedelta(days=ago)).date() for ago in range(-14, 46)]
        assert await store.write(*(PutUsage(str(port), day, 1) for port in range(1, 5) for day in days))
        await store.close()

    async def open(self) -> None:
        """Start the box, and serve it."""
        await self._live_before()
        await self.box.start()
        dialect = replace(
            FAMILIES["neogate"].dialect(),
            make_dialog=lambda: NeogateDialog(Random(f"{self.seed} waits")),
            make_link=lambda endpoint: WatchedLink(endpoint, lambda at, gap: self.tries.append((at, gap))),
        )
        neogate = replace(FAMILIES["neogate"], dialect=lambda: dialect)
        box = Box(
            key="box", username=self.box.user, password=self.box.password, poll_interval=self.poll_interval
        )
        self.gateway = Gateway(
            neogate,
            Hub(),
            Endpoint(host=LOOPBACK, port=self.box.port),
            box,
            journal=self._store(),
            clock=self.now,
        )
        self.gateway.subscribe(self._on_event)
        await self.gateway.open()
        self.gateway.begin_handing_on()

    def files(self) -> list[Path]:
        """Give the store's file, and its log."""
        return [self._path, self._path.with_name(f"{self._path.name}-wal")]

    def forget(self) -> None:
        """Begin another day: what has been checked is not kept."""
        for done in (self.texts, self.incoming, self.heard, self.tries):
            done.clear()
        for trouble in (self.line, self.sims, self.restarts):
            trouble.windows.clear()
        self.queued_today = 0
        self.box.forget()

    async def close(self) -> None:
        """End both."""
        await self.gateway.close()
        await self.box.stop()

    def now(self) -> datetime:
        """Give the wall's time."""
        return START + timedelta(seconds=self.clock.time() - self.began)

    def _on_event(self, event: GatewayEvent) -> None:
        match event:
            case MessageChanged(message):
                before = self.texts.get(message.message_id)
                if before is not None and before.status.settled:
                    assert before.status is MessageStatus.UNKNOWN
                    self.tally[f"unknown, then {message.status}"] += 1
                self.texts[message.message_id] = message
            case ReceivedSms():
                told = Told(event.port, event.sender, event.text, event.complete)
                self.heard.append((told, self.clock.time()))
            case ConnectionChanged(connected=False):
                self.losses += 1

    # Time

    async def until(self, condition: Callable[[], object], within: float, step: float = 1.0) -> None:
        """Return when a condition holds, which has to be in time."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - there is no one event for all
                await asyncio.sleep(step)

    async def moments(self, rng: Random, every: float) -> AsyncIterator[None]:
        """Give random moments until evening, some so many seconds apart."""
        while True:
            pause = rng.expovariate(1 / every)
            if self.clock.time() + pause >= self.evening:
                return
            await asyncio.sleep(pause)
            yield

    # The line

    @contextmanager
    def obstacle(self, pause: float = LONGEST_DELAY) -> Iterator[None]:
        """Note that no connection can be had for a while; the next try may be as late as a pause after it."""
        self._obstacles += 1
        try:
            yield
        finally:
            self._obstacles -= 1
            self._back_by = max(self._back_by, self.clock.time() + pause + MARGIN)

    async def back(self) -> None:
        """See the gateway connect again, in time after the last that was in its way."""
        while not self.gateway.state.connected:
            assert self._obstacles or self.clock.time() <= self._back_by
            await asyncio.sleep(1)
