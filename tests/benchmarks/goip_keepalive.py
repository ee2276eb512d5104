"""GoIP keepalive: a datagram in, parsed, authenticated, its state compared, the answer out."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import NamedTuple

from .contender import ROOT, Contender, python, running
from .cpu import on_one_processor
from .figure import OURS, Figure, Goal, Round, Sense
from .goip_load import SETTLING, Lines

BARE, NODE = "bare asyncio", "node-goip 0.2.0"
DATAGRAMS = 8000
_MICRO = 1e6

_AGAINST_BARE = Goal(sense=Sense.AT_MOST, value=1.6, against=BARE)
_AGAINST_NODE = Goal(sense=Sense.AT_LEAST, value=1.8, against=NODE)
_COMMANDS = {
    OURS: python("goip_ours"),
    BARE: python("goip_bare"),
    NODE: ["node", str(ROOT / "tests" / "benchmarks" / "contenders" / "goip_node.js")],
}


class _Load(NamedTuple):
    """A way to send keepalives, and what is to be reached under it."""

    figure: str
    send: Callable[[Lines, int], None]
    goals: tuple[Goal, ...]


_LOADS = (
    _Load("GoIP keepalive", Lines.send_at_once, (_AGAINST_BARE, _AGAINST_NODE)),
    # What counts here is the waking, in which even the bare one is not twice as fast as node-goip.
    _Load("GoIP keepalive, one by one", Lines.send_one_by_one, (_AGAINST_BARE,)),
)


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Have all contenders answer in turn, under one load after the other."""
    async with AsyncExitStack() as stack:
        stack.enter_context(on_one_processor())
        contenders = [
            await stack.enter_async_context(running(name, command)) for name, command in _COMMANDS.items()
        ]
        boxes = {one.name: Lines(one.port) for one in contenders}
        for lines in boxes.values():
            stack.callback(lines.close)
        return [_figure(load, contenders, boxes, repeats, say) for load in _LOADS]


def _figure(
    load: _Load,
    contenders: list[Contender],
    boxes: dict[str, Lines],
    repeats: int,
    say: Callable[[str], None],
) -> Figure:
    for lines in boxes.values():
        load.send(lines, SETTLING)
    rounds: list[Round] = []
    for number in range(repeats):
        say(f"{load.figure}, round {number + 1} of {repeats}")
        rounds.append({one.name: _round(load, one, boxes[one.name]) for one in contenders})
    return Figure(name=load.figure, unit="µs of CPU per datagram", goals=load.goals, rounds=tuple(rounds))


def _round(load: _Load, contender: Contender, lines: Lines) -> float:
    """Give the microseconds of a processor that the contender took for a datagram."""
    begin = contender.cpu()
    load.send(lines, DATAGRAMS)
    return (contender.cpu() - begin) / DATAGRAMS * _MICRO
