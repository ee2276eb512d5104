"""Counts what it costs to read something: steps and bytes, never seconds, which a busy machine changes.

What the library's own code does is counted by the line, and with each call of a string's method the length
of the string. ``Buffer`` counts what is looked at in a buffer that grows. For regular expressions see
``steps``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import sys
import tracemalloc
from types import CodeType
from typing import override

from custom_components.gsm_gateway import aiogsm

_LIBRARY = str(Path(aiogsm.__file__).parent)
_TOOL = 4
_EVENTS = sys.monitoring.events
_AT_NO_COST = {len, isinstance, str.startswith, str.endswith, bytes.startswith, bytes.endswith}


class Cost:
    """Lines of the library, characters that methods went through, and the most bytes that were held."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.lines = 0
        self.touched = 0
        self.held = 0

    def on_line(self, code: CodeType, _line: int) -> object:
        """Count a line."""
        if not code.co_filename.startswith(_LIBRARY):
            return sys.monitoring.DISABLE
        self.lines += 1
        return None

    def on_call(self, code: CodeType, _offset: int, called: object, first: object) -> object:
        """Count a call of a string's method."""
        if not code.co_filename.startswith(_LIBRARY):
            return sys.monitoring.DISABLE
        if isinstance(first, str | bytes) and called not in _AT_NO_COST:
            self.touched += len(first)
        return None


@contextmanager
def counted() -> Iterator[Cost]:
    """Count what the library does in here."""
    cost = Cost()
    sys.monitoring.use_tool_id(_TOOL, "costs")
    try:
        sys.monitoring.register_callback(_TOOL, _EVENTS.LINE, cost.on_line)
        sys.monitoring.register_callback(_TOOL, _EVENTS.CALL, cost.on_call)
        sys.monitoring.set_events(_TOOL, _EVENTS.LINE | _EVENTS.CALL)
        sys.monitoring.restart_events()
        yield cost
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)


@contextmanager
def weighed() -> Iterator[Cost]:
    """Weigh what is held at the most in here, beyond what was held before."""
    cost = Cost()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        yield cost
        cost.held = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


class Buffer(bytearray):
    """A buffer that counts the bytes which are looked for something."""

    looked_at = 0

    @override
    def find(self, sub: object, start: int = 0, end: int | None = None, /) -> int:  # type: ignore[override]
        stop = len(self) if end is None else min(end, len(self))
        self.looked_at += max(0, stop - start)
        return super().find(sub, start, stop)  # type: ignore[arg-type]

    @override
    def __contains__(self, key: object, /) -> bool:
        self.looked_at += len(self)
        return super().__contains__(key)  # type: ignore[arg-type]
