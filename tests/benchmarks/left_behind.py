"""Counts what a Home Assistant holds, by kind, so that what a reload leaves behind is seen."""

import asyncio
from collections import Counter
import gc
from pathlib import Path
import threading
from typing import Any

from homeassistant.core import HomeAssistant

_OURS = "custom_components.gsm_gateway"


def census(hass: HomeAssistant) -> dict[str, int]:
    """Count objects of our classes, and what of ours Home Assistant and the process hold open."""
    gc.collect()
    loop: Any = asyncio.get_running_loop()
    bus: Any = hass.bus
    counts = Counter(
        f"objects: {type(one).__module__}.{type(one).__qualname__}"
        for one in gc.get_objects()
        if str(type(one).__module__).startswith(_OURS)  # some C types have none
    )
    return {
        **counts,
        "tasks": len(asyncio.all_tasks()),
        "timers": sum(not timer.cancelled() for timer in loop._scheduled),
        "threads": threading.active_count(),
        "files and sockets": len(list(Path("/dev/fd").iterdir())),
        "sockets of the loop": len(loop._selector.get_map()),
        "listeners on the bus": sum(len(listeners) for listeners in bus._listeners.values()),
        "states": len(hass.states.async_all()),
    }


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Give the kinds of which there are more than before, and how many more."""
    return {kind: now - before.get(kind, 0) for kind, now in after.items() if now > before.get(kind, 0)}
