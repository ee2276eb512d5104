"""GoIP keepalive: a datagram in, parsed, authenticated, its state compared, the answer out."""

from collections.abc import Callable
from contextlib import AsyncExitStack

from .contender import ROOT, Contender, python, running
from .cpu import on_one_processor
from .figure import OURS, Figure, Goal, Round, Sense
from .goip_load import SETTLING, Lines

BARE, NODE = "bare asyncio", "node-goip 0.2.0"
DATAGRAMS = 8000
_MICRO = 1e6

GOALS = (
    Goal(sense=Sense.AT_MOST, value=1.6, against=BARE),
    Goal(sense=Sense.AT_LEAST, value=1.8, against=NODE),
)
_COMMANDS = {
    OURS: python("goip_ours"),
    BARE: python("goip_bare"),
    NODE: ["node", str(ROOT / "tests" / "benchmarks" / "contenders" / "goip_node.js")],
}


def _round(contender: Contender, lines: Lines) -> float:
    """Give the microseconds of a processor that the contender took for a datagram."""
    begin = contender.cpu()
    lines.send(DATAGRAMS)
    return (contender.cpu() - begin) / DATAGRAMS * _MICRO


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Have all contenders answer in turn."""
    async with AsyncExitStack() as stack:
        stack.enter_context(on_one_processor())
        contenders = [
            await stack.enter_async_context(running(name, command)) for name, command in _COMMANDS.items()
        ]
        boxes = {one.name: Lines(one.port) for one in contenders}
        for lines in boxes.values():
            stack.callback(lines.close)
            lines.send(SETTLING)
        rounds: list[Round] = []
        for number in range(repeats):
            say(f"round {number + 1} of {repeats}")
            rounds.append({one.name: _round(one, boxes[one.name]) for one in contenders})
    unit = "µs of CPU per datagram"
    return [Figure(name="GoIP keepalive", unit=unit, goals=GOALS, rounds=tuple(rounds))]
