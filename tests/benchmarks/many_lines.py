"""A thousand GoIP lines that keep alive and have nothing new: what they take of a processor and of memory."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
import socket

from .boxes import LINES_OF_A_BOX, bare, bare_entities, check_as_many, free_port, goip_boxes
from .contender import python, running
from .figure import OURS, Figure, Goal, Round, Sense
from .goip_pulse import Pulse, pulse
from .home import OURS_DOMAIN, Entry, Home, at_home

LINES = 1000
BARE, ENTITIES = "bare integration", "as many bare entities"
BUSY, IDLE = 10.0, 3.0
"""Seconds of a round in which lines keep alive, and in which none does."""

_PERCENT = 100
_KILO = 1000
_MOST_MEMORY = 20
"""Kilobytes of a line, beside what Home Assistant itself takes for its entities."""

type Homes = Mapping[str, Home]
type Pulses = Mapping[str, Pulse]


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Let both serve as many lines, and both hold as many entities."""
    port, bare_port = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
    async with AsyncExitStack() as stack:
        say("starting ours and the bare integration")
        homes = {
            OURS: await stack.enter_async_context(at_home(goip_boxes(LINES, port))),
            BARE: await stack.enter_async_context(at_home([bare("goip", bare_port)])),
        }
        pulses = {
            OURS: await stack.enter_async_context(pulse(LINES, port)),
            BARE: await stack.enter_async_context(pulse(LINES, bare_port)),
        }
        for name, home in homes.items():
            await home.ask("tidy")
            await pulses[name].begin()
        figures = await _load(homes, pulses, repeats, say)
        say("memory of the whole")
        whole = _of_a_line(
            await homes[OURS].memory(), await _memory(goip_boxes(1, free_port(socket.SOCK_DGRAM)))
        )
        async with at_home(_bare_boxes(LINES)) as many:
            floor = _of_a_line(await many.memory(), await _memory(_bare_boxes(1)))
            await check_as_many(homes[OURS], many)
    say("memory of the library")
    library = _of_a_line(await _library(LINES), await _library(1))
    return [*figures, *_memory_figures(whole, floor, library)]


async def _load(homes: Homes, pulses: Pulses, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Measure what serving the lines takes above being idle, and count the states written meanwhile."""
    loads: list[Round] = []
    writes: list[Round] = []
    for number in range(repeats):
        say(f"round {number + 1} of {repeats}")
        before = await homes[OURS].ask("writes_of", domain=OURS_DOMAIN)
        idle = await _share(homes, asyncio.sleep(IDLE), IDLE)
        beats = asyncio.gather(*(one.keep_alive(BUSY) for one in pulses.values()))
        busy = await _share(homes, beats, BUSY)
        loads.append({name: busy[name] - idle[name] for name in homes})
        writes.append({OURS: await homes[OURS].ask("writes_of", domain=OURS_DOMAIN) - before})
    return [
        Figure(
            name="1,000 GoIP lines, CPU above idle",
            unit="% of a core",
            goals=(Goal(sense=Sense.UNDER, value=1, unit="%"),),
            rounds=tuple(loads),
        ),
        Figure(
            name="1,000 GoIP lines, states written for no news",
            unit="states",
            goals=(Goal(sense=Sense.AT_MOST, value=0, unit="states"),),
            rounds=tuple(writes),
        ),
    ]


async def _share(homes: Homes, work: Awaitable[object], seconds: float) -> dict[str, float]:
    """Give the share of a core that each takes while something else goes on, in percent."""
    before = {name: home.cpu() for name, home in homes.items()}
    await work
    return {name: (home.cpu() - before[name]) / seconds * _PERCENT for name, home in homes.items()}


def _bare_boxes(lines: int) -> list[Entry]:
    """Give the entities of ``goip_boxes`` without anything behind them."""
    names = [f"goip{line}" for line in range(lines)]
    return [
        bare_entities(f"many_{begin}", names[begin : begin + LINES_OF_A_BOX], "goip")
        for begin in range(0, lines, LINES_OF_A_BOX)
    ]


async def _memory(entries: Sequence[Entry]) -> int:
    async with at_home(entries) as home:
        return await home.memory()


async def _library(lines: int) -> int:
    """Give the memory of a process with nothing but the protocol library, which serves so many lines."""
    async with (
        running("library", [*python("goip_ours"), str(lines)]) as process,
        pulse(lines, process.port) as beats,
    ):
        await beats.begin()
        await beats.begin()
        return process.memory()


def _of_a_line(many: int, one: int) -> float:
    """Give the kilobytes of each line, by those of a process with all and of one with a single line."""
    return (many - one) / (LINES - 1) / _KILO


def _memory_figures(whole: float, floor: float, library: float) -> list[Figure]:
    return [
        Figure(
            name="Memory of a GoIP line with its entities",
            unit="kB",
            goals=(Goal(sense=Sense.UNDER, value=_MOST_MEMORY, against=ENTITIES, above=True, unit="kB"),),
            rounds=({OURS: whole, ENTITIES: floor},),
            note=f"{ENTITIES}: what Home Assistant takes for a device with 21 entities, 17 of them on.",
        ),
        Figure(
            name="Memory of a GoIP line in the library",
            unit="kB",
            goals=(Goal(sense=Sense.UNDER, value=_MOST_MEMORY, unit="kB"),),
            rounds=({OURS: library},),
        ),
    ]
