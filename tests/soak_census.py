"""Counts what there is of each kind, so that what grows is seen before it is big.

What belongs to a gateway is found by going from it to all that it refers to. Whoever is met on the way and
does not belong to it, such as the loop or the box, is left out. In addition all objects of our own classes
that the process has are counted, for those that nobody refers to any more.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
import gc
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any
from weakref import ReferenceType

from custom_components.gsm_gateway.aiogsm.gateway import Gateway

_OURS = "custom_components.gsm_gateway"
_STRANGERS = (
    *(type, ModuleType, CodeType, FrameType, BuiltinFunctionType, ReferenceType),
    asyncio.AbstractEventLoop,
)

_SLACK = 40
"""So many more of a kind are no growth; nor is a fifth, of what the last days' happenings leave behind.
In a month, one for each text is more, or one for each lost connection."""

_HANDLES = {"tasks", "timers", "open files", "open sockets"}

type Census = dict[str, int]


async def take(gateway: Gateway, strangers: Iterable[object]) -> Census:
    """Count everything, by kind."""
    await asyncio.sleep(0)  # whatever woke us up has brought something, and still holds it
    gc.collect()
    counts: Counter[str] = Counter(f"of the gateway: {kind(one)}" for one in belongings(gateway, strangers))
    counts.update(
        f"in the process: {kind(one)}" for one in gc.get_objects() if type(one).__module__.startswith(_OURS)
    )
    return {**counts, **handles()}


def handles() -> Census:
    """Count what the loop and the process hold open."""
    loop: Any = asyncio.get_running_loop()
    return {
        "tasks": len(asyncio.all_tasks()),
        "timers": sum(not timer.cancelled() for timer in loop._scheduled),
        "open files": len(list(Path("/dev/fd").iterdir())),
        "open sockets": len(loop._selector.get_map()),
    }


def growth(before: Census, after: Census) -> dict[str, tuple[int, int]]:
    """Give the kinds of which there are more than before, and how many there were and are."""
    return {
        name: (then, now)
        for name, now in after.items()
        if now > (then := before.get(name, 0)) + (0 if name in _HANDLES else max(_SLACK, then // 5))
    }


def kind(one: object) -> str:
    """Name an object's class."""
    return f"{type(one).__module__}.{type(one).__qualname__}"


def belongings(root: object, strangers: Iterable[object]) -> Iterator[object]:
    """Give all that an object refers to, itself included, each once."""
    seen = {id(one) for one in strangers}
    found = [root]
    while found:
        one = found.pop()
        if id(one) in seen or isinstance(one, _STRANGERS):
            continue
        seen.add(id(one))
        yield one
        # A function has its module's names; only what it was made with is its own.
        found += (
            [one.__closure__, one.__defaults__] if isinstance(one, FunctionType) else gc.get_referents(one)
        )
