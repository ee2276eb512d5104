"""SMS in: from the wire to a durable store to an event on the bus, in a real Home Assistant.

One text at a time, to one contender after the other, so that both meet the same machine. Each has a pause
after its text, so that nobody meets what another one still writes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
import socket
from statistics import quantiles
import time

from tests.simulators.neogate import NeoGate

from .boxes import bare, free_port, goip_boxes, neogate_box
from .figure import OURS, Figure, Goal, Round, Sense
from .goip_pulse import Pulse, pulse
from .home import Entry, at_home

BARE = "bare integration"
TEXTS = 100
"""Texts to each contender in a round, by each family."""

_MANY = 1000
_AFTER = 0.012  # seconds from an event to the next text: what is written after it is done by then
_PATIENCE = 10.0
_FAMILIES = ("goip", "neogate")
_EVENTS = {OURS: "gsm_gateway_sms_received", BARE: "bench_bare_received"}
_MILLI = 1e-6  # of a nanosecond

_P50 = (Goal(sense=Sense.AT_MOST, value=1.5, against=BARE),)
_P99 = (Goal(sense=Sense.UNDER, value=20, unit="ms"),)


def _goip_text(number: int) -> bytes:
    text = f"The door of the shed is open, no {number}!"
    return f"RECEIVE:{number};id:goip0;password:secret;srcnum:+15550100{number % 10};msg:{text}".encode()


def _neogate_text(number: int) -> bytes:
    return (
        "Event: ReceivedSMS\r\nPrivilege: all,smscommand\r\nID: \r\nGsmSpan: 2\r\n"
        f"Sender: +15550100{number % 10}\r\nRecvtime: 2026-11-24 06:12:09\r\nIndex: 1\r\nTotal: 1\r\n"
        "Smsc: +15550199999\r\n"
        f"Content: The+door+of+the+shed+is+open%2C+no+{number}%21\r\n--END SMS EVENT--\r\n\r\n"
    ).encode()


@dataclass(frozen=True, slots=True)
class _Side:
    """A contender: how it is sent a text of each family, and where the times of its events come."""

    send: Mapping[str, Callable[[int], None]]
    events: socket.socket

    async def latency(self, family: str, number: int) -> float:
        """Give the milliseconds from a text to its event."""
        begin = time.monotonic_ns()
        self.send[family](number)
        async with asyncio.timeout(_PATIENCE):
            told = await asyncio.get_running_loop().sock_recv(self.events, 64)
        await asyncio.sleep(_AFTER)
        return (int.from_bytes(told) - begin) * _MILLI


@asynccontextmanager
async def _datagrams(port: int) -> AsyncIterator[Callable[[int], None]]:
    """Give what sends GoIP texts to a port of 127.0.0.1; acknowledgements are not looked at."""
    loop = asyncio.get_running_loop()
    address = ("127.0.0.1", port)
    transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=address)
    try:
        yield lambda number: transport.sendto(_goip_text(number))
    finally:
        transport.close()


@asynccontextmanager
async def _ours(lines: int) -> AsyncIterator[tuple[_Side, Pulse]]:
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(NeoGate(line_by_line=False))
        port = free_port(socket.SOCK_DGRAM)
        entries = [*goip_boxes(lines, port), neogate_box("neogate", box.port, box.user, box.password)]
        events = await _events(stack, OURS, entries)
        send = {
            "goip": await stack.enter_async_context(_datagrams(port)),
            "neogate": lambda number: box.push(_neogate_text(number)),
        }
        beats = await stack.enter_async_context(pulse(lines, port))
        yield _Side(send, events), beats


@asynccontextmanager
async def _bare(lines: int) -> AsyncIterator[tuple[_Side, Pulse]]:
    async with AsyncExitStack() as stack:
        dialled: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(lambda _, writer: dialled.append(writer), "127.0.0.1", 0)
        stack.callback(server.close)
        port = free_port(socket.SOCK_DGRAM)
        entries = [bare("goip", port), bare("neogate", server.sockets[0].getsockname()[1])]
        events = await _events(stack, BARE, entries)
        stack.callback(_close_all, dialled)
        send = {
            "goip": await stack.enter_async_context(_datagrams(port)),
            "neogate": lambda number: dialled[0].write(_neogate_text(number)),
        }
        beats = await stack.enter_async_context(pulse(lines, port))
        yield _Side(send, events), beats


async def _events(stack: AsyncExitStack, name: str, entries: list[Entry]) -> socket.socket:
    """Start a Home Assistant, and give where the times of its events come."""
    events = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    events.bind(("127.0.0.1", 0))
    events.setblocking(False)
    home = at_home(entries, event=_EVENTS[name], tell=events.getsockname()[1])
    await (await stack.enter_async_context(home)).ask("tidy")
    return events


def _close_all(dialled: list[asyncio.StreamWriter]) -> None:
    for one in dialled:
        one.close()


@asynccontextmanager
async def _keeping_alive(beats: Pulse) -> AsyncIterator[None]:
    """Let lines keep alive until the block is left."""
    await beats.begin()
    beating = asyncio.create_task(beats.keep_alive_for_ever())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _rounds(
    lines: int, repeats: int, say: Callable[[str], None]
) -> dict[str, list[dict[str, list[float]]]]:
    """Give the latencies of each round, by family and contender."""
    rounds: dict[str, list[dict[str, list[float]]]] = {family: [] for family in _FAMILIES}
    async with AsyncExitStack() as stack:
        sides: dict[str, _Side] = {}
        for name, make in ((OURS, _ours), (BARE, _bare)):
            say(f"with {lines}: starting {name}")
            sides[name], beats = await stack.enter_async_context(make(lines))
            await stack.enter_async_context(_keeping_alive(beats))
        numbers = iter(range(1_000_000, 0, -1))  # a GoIP counts downwards
        for number in range(-1, repeats):
            say(f"with {lines}: round {number + 1} of {repeats}")
            for family in _FAMILIES:
                took: dict[str, list[float]] = {name: [] for name in sides}
                for _ in range(TEXTS):
                    for name, side in sides.items():
                        took[name].append(await side.latency(family, next(numbers)))
                if number >= 0:  # the first is for warming up
                    rounds[family].append(took)
    return rounds


def _figures(family: str, lines: int, rounds: list[dict[str, list[float]]]) -> list[Figure]:
    """Make the figures of one family."""
    p50: list[Round] = [_percentile(one, 50) for one in rounds]
    p99: list[Round] = [_percentile(one, 99) for one in rounds]
    beside = f" beside {lines:,} lines" if lines > 1 else ""
    name = f"SMS in, {'GoIP' if family == 'goip' else 'NeoGate'}{beside}"
    return [
        Figure(name=f"{name}, p50", unit="ms", goals=_P50, rounds=tuple(p50)),
        Figure(name=f"{name}, p99", unit="ms", goals=_P99, rounds=tuple(p99)),
    ]


def _percentile(one: Mapping[str, list[float]], percent: int) -> Round:
    return {name: quantiles(took, n=100, method="inclusive")[percent - 1] for name, took in one.items()}


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Measure with nothing else going on, and with a thousand lines keeping alive."""
    figures: list[Figure] = []
    for lines in (1, _MANY):
        rounds = await _rounds(lines, repeats, say)
        for family in _FAMILIES:
            figures += _figures(family, lines, rounds[family])
    return figures
