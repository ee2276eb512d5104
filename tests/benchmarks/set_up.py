"""Set-up: importing the integration, setting up an entry with 32 ports, and reloading it."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
import socket
import sys

from tests.simulators.neogate import NeoGate

from .boxes import bare_entities, check_as_many, free_port, goip_box, neogate_box
from .contender import ENVIRONMENT, ROOT
from .figure import OURS, Figure, Goal, Round, Sense
from .goip_pulse import pulse
from .home import COMPONENTS, INTEGRATION, Home, at_home
from .left_behind import grown

BARE = "bare entry"
PORTS = 32
FAMILIES = ("goip", "neogate")
RELOADS = 3
"""Reloads of each box in a round."""

_PLATFORMS = ("config_flow", "binary_sensor", "button", "event", "notify", "number", "sensor", "switch")
_FAMILY = ("aiogsm.link.udp_server", "aiogsm.goip.dialog", "aiogsm.goip.transcript")
"""What is imported as the first entry of a GoIP is set up; a NeoGate takes a little less."""

_MILLI = 1000


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Measure all three."""
    return [
        await _imports("Import of the integration", (), repeats, say),
        await _imports("Import of the integration and of a family", _FAMILY, repeats, say),
        *await _entries(repeats, say),
    ]


async def _imports(figure: str, more: Sequence[str], repeats: int, say: Callable[[str], None]) -> Figure:
    """Import both, each time in a process of its own, and ``more`` of ours."""
    integrations = {OURS: INTEGRATION, BARE: COMPONENTS / "bench_bare"}
    rounds: list[Round] = []
    for number in range(-1, repeats):
        say(f"import, round {number + 1} of {repeats}")
        took = {
            name: await _import(folder, more if name == OURS else ()) for name, folder in integrations.items()
        }
        if number >= 0:  # the first is for warming up
            rounds.append(took)
    goals = (Goal(sense=Sense.AT_MOST, value=60, against=BARE, above=True, unit="ms"),)
    return Figure(name=figure, unit="ms of CPU", goals=goals, rounds=tuple(rounds))


async def _import(integration: Path, more: Sequence[str]) -> float:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.contenders.import_time"),
        *(str(integration.parent), integration.name, *_PLATFORMS, *more),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    return float(said) * _MILLI


async def _entries(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Set up and reload boxes of 32 ports, and entries with as many entities, in one Home Assistant."""
    port = free_port(socket.SOCK_DGRAM)
    lines = [f"goip{line}" for line in range(PORTS)]
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(NeoGate(ports=PORTS, line_by_line=False))
        ours = [goip_box("goip", lines, port), neogate_box("neogate", box.port, box.user, box.password)]
        ports = {"goip": lines, "neogate": [str(span.port) for span in box.spans.values()]}
        bare = [bare_entities(f"bare_{family}", ports[family], family) for family in FAMILIES]
        home = await stack.enter_async_context(at_home([*ours, *bare]))
        await (await stack.enter_async_context(pulse(PORTS, port))).begin()
        await home.ask("tidy")
        await check_as_many(home, home)
        rounds = await _set_ups(home, repeats, say)
        left = await _reloads(home, repeats, say)
    goals = (Goal(sense=Sense.AT_MOST, value=1.5, against=BARE),)
    names = {"goip": "GoIP", "neogate": "NeoGate"}
    return [
        *(
            Figure(
                name=f"Set-up of a {names[family]} with 32 ports",
                unit="ms of CPU",
                goals=goals,
                rounds=tuple(rounds[family]),
            )
            for family in FAMILIES
        ),
        Figure(
            name="Left behind by reloads",
            unit="things",
            goals=(Goal(sense=Sense.AT_MOST, value=0, unit="things"),),
            rounds=tuple(left),
        ),
    ]


async def _set_ups(home: Home, repeats: int, say: Callable[[str], None]) -> Mapping[str, list[Round]]:
    """Set each up in turn, as a start of Home Assistant does: what they have is in its registries."""
    rounds: dict[str, list[Round]] = {family: [] for family in FAMILIES}
    for number in range(-1, repeats):
        say(f"set-up, round {number + 1} of {repeats}")
        for family in FAMILIES:
            entry_ids = {OURS: family, BARE: f"bare_{family}"}
            took = {
                name: await home.ask("set_up", entry_id=entry_id) * _MILLI
                for name, entry_id in entry_ids.items()
            }
            if number >= 0:
                rounds[family].append(took)
    return rounds


async def _reloads(home: Home, repeats: int, say: Callable[[str], None]) -> list[Round]:
    """Count how many more objects, tasks, timers, listeners, sockets and threads there are after reloads."""
    left: list[Round] = []
    before = await home.ask("census")
    for number in range(repeats):
        say(f"reload, round {number + 1} of {repeats}")
        for family in FAMILIES:
            await home.ask("reload", entry_id=family, times=RELOADS)
        more = grown(before, await home.ask("census"))
        if more:
            say(f"left behind: {more}")
        left.append({OURS: sum(more.values())})
    return left
