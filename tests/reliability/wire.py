"""The judge's end of the wire: both boxes, what they pushed, and what of it could be heard and kept."""

from abc import ABC, abstractmethod
import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import override

from tests.simulators.goip import DEFAULT_PASSWORD as GOIP_PASSWORD, GoIP
from tests.simulators.goip_push import Push
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate
from tests.simulators.neogate_session import Session
from tests.simulators.simulator import LOOPBACK, Simulator

from .plan import Plan, Text

LONG = 300.0


@dataclass(slots=True)
class Life:
    """A time in which there was somebody to hear the box, by the clock of the judge's loop."""

    begin: float
    end: float | None = None

    def heard(self, at: float, near: float) -> bool:
        """Whether what came then was heard so long before the end that it was kept."""
        return self.begin <= at and (self.end is None or at <= self.end - near)


class Wire(ABC):
    """A box, and a list of what it pushed. ``lives`` are those of who is at the other end.

    ``near`` is how many seconds before its end somebody may have been too late to keep what had come;
    ``deaf`` is how many texts come whether or not there is anybody to hear them: the others wait for that.
    """

    box: Simulator

    def __init__(self, near: float, deaf: float) -> None:
        """Begin with nothing pushed, and nobody there."""
        self.near = near
        self.deaf = deaf
        self.lives: list[Life] = []
        self.pushed: list[Text] = []

    @property
    @abstractmethod
    def quiet(self) -> bool:
        """Whether the box will not push anything more by itself."""

    @abstractmethod
    def hears(self) -> bool:
        """Whether it is of any use to push a text now."""

    @abstractmethod
    def push(self, text: Text, line: str) -> None:
        """Let a text arrive at the box, which pushes it."""

    @abstractmethod
    def missed(self, text: Text) -> bool:
        """Whether it may be that nobody heard a text, or had the time to keep it."""

    @abstractmethod
    def plan(self, sends: Sequence[Text], *, gap: float = 0.0, pace: float | None = None) -> Plan:
        """Give the plan for whoever is to speak to the box."""

    async def push_all(self, texts: Sequence[Text], random: Random, within: float) -> None:
        """Push texts at random moments within so many seconds from now, each by a random line."""
        begin = asyncio.get_running_loop().time()
        moments = sorted(random.uniform(0, within) for _ in texts)
        for text, moment in zip(texts, moments, strict=True):
            await asyncio.sleep(max(begin + moment - asyncio.get_running_loop().time(), 0))
            if random.random() >= self.deaf:
                await self.box.wait_for(self.hears, LONG)
            line = random.choice(self.box.line_names)
            self.pushed.append(text)
            self.push(text, line)


class GoipWire(Wire):
    """A GoIP: each push is repeated until it is acknowledged, three times at the most."""

    def __init__(self, box: GoIP, near: float, deaf: float) -> None:
        """Come between the box and its network, to see which copies arrive."""
        super().__init__(near, deaf)
        self.box: GoIP = box
        self._pushes: dict[str, Push] = {}
        self._arrivals: defaultdict[bytes, list[float]] = defaultdict(list)
        self._carry, box.carry = box.carry, self._watch

    def _watch(self, way: str, data: bytes, deliver: Callable[[], None]) -> None:
        self._carry(way, data, partial(self._deliver, way, data, deliver))

    def _deliver(self, way: str, data: bytes, deliver: Callable[[], None]) -> None:
        if way.endswith(">") and data.startswith(b"RECEIVE:"):
            self._arrivals[data].append(asyncio.get_running_loop().time())
        deliver()

    @property
    @override
    def quiet(self) -> bool:
        return all(push.settled for push in self._pushes.values())

    @override
    def hears(self) -> bool:
        return bool(self.lives) and self.lives[-1].end is None

    @override
    def push(self, text: Text, line: str) -> None:
        self._pushes[text.body] = self.box.line(line).push_sms(text.number, text.body)

    @override
    def missed(self, text: Text) -> bool:
        push = self._pushes[text.body]
        if push.acknowledged:
            return False
        return not any(life.heard(at, self.near) for at in self._arrivals[push.data] for life in self.lives)

    @override
    def plan(self, sends: Sequence[Text], *, gap: float = 0.0, pace: float | None = None) -> Plan:
        return Plan(
            family="goip",
            port=self.box.server[1],
            password=GOIP_PASSWORD,
            lines=self.box.line_names,
            sends=tuple(sends),
            gap=gap,
            pace=pace,
        )


@dataclass(slots=True)
class _Written:
    """A text that was written to a connection, when, and when that was lost."""

    session: Session | None
    at: float
    lost_at: float | None = None

    def lost(self, at: float) -> None:
        self.lost_at = at


class NeogateWire(Wire):
    """A NeoGate: a text is pushed once, to whoever is logged in then."""

    def __init__(self, box: NeoGate, near: float, deaf: float) -> None:
        """Take the box."""
        super().__init__(near, deaf)
        self.box: NeoGate = box
        self.reached_by: int | None = None  # another port, if somebody stands between
        self._written: dict[str, _Written] = {}

    @property
    @override
    def quiet(self) -> bool:
        return True

    @override
    def hears(self) -> bool:
        return any(session.logged_in and session.events_on for session in self.box.sessions)

    @override
    def push(self, text: Text, line: str) -> None:
        loop = asyncio.get_running_loop()
        listening = [session for session in self.box.sessions if session.logged_in and session.events_on]
        written = _Written(listening[0] if listening else None, loop.time())
        if written.session is not None:
            written.session.closed.add_done_callback(lambda _: written.lost(loop.time()))
        self._written[text.body] = written
        self.box.receive_sms(line, text.number, text.body)

    @override
    def missed(self, text: Text) -> bool:
        written = self._written[text.body]
        if written.session is None:
            return True
        return written.lost_at is not None and written.lost_at - written.at <= self.near

    @override
    def plan(self, sends: Sequence[Text], *, gap: float = 0.0, pace: float | None = None) -> Plan:
        return Plan(
            family="neogate",
            host=LOOPBACK,
            port=self.reached_by or self.box.port,
            username=self.box.user,
            password=NEOGATE_PASSWORD,
            sends=tuple(sends),
            gap=gap,
            pace=pace,
        )
