"""Inputs that reach something of their own, kept as a file of text for each target: one a line, escaped."""

from collections.abc import Callable, Iterable
from pathlib import Path
import sys
from types import CodeType

from custom_components.gsm_gateway import aiogsm

from .targets import Target

FOLDER = Path(__file__).with_name("corpus")
MOST_KEPT = 120
"""Inputs of one target."""

LONGEST_KEPT = 1500
"""Bytes of an input that is kept: what reaches something new can mostly be short."""

_LIBRARY = str(Path(aiogsm.__file__).parent)
_TOOL = 5
_EVENTS = (sys.monitoring.events.BRANCH_LEFT, sys.monitoring.events.BRANCH_RIGHT)

type Branch = tuple[str, int, int]


def read(name: str) -> list[bytes]:
    """Give the kept inputs of a target."""
    file = FOLDER / f"{name}.txt"
    lines = file.read_text("ascii").splitlines() if file.exists() else []
    return [unescaped(line) for line in lines]


def write(name: str, inputs: Iterable[bytes]) -> None:
    """Keep inputs in place of those that are there."""
    lines = sorted({escaped(data) for data in inputs}, key=lambda line: (len(line), line))
    (FOLDER / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines), "ascii")


def escaped(data: bytes) -> str:
    """Write bytes as one line of ASCII."""
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def unescaped(line: str) -> bytes:
    """Read what ``escaped`` wrote."""
    return line.encode("ascii").decode("unicode_escape").encode("latin-1")


def least(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """Give as few and short inputs as reach all the branches of the library that these reach."""
    reached = {
        data: _branches(target.run, data) for data in sorted(inputs, key=len) if len(data) <= LONGEST_KEPT
    }
    chosen: list[bytes] = []
    left = set[Branch]().union(*reached.values())
    while left and len(chosen) < MOST_KEPT:
        best = max(reached, key=lambda data: (len(reached[data] & left), -len(data)))
        if not reached[best] & left:
            break
        left -= reached[best]
        chosen.append(best)
    return chosen


def _branches(run: Callable[[bytes], None], data: bytes) -> set[Branch]:
    """Give the branches of the library that an input takes."""
    found: set[Branch] = set()

    def _took(code: CodeType, offset: int, destination: int) -> object:
        if code.co_filename.startswith(_LIBRARY):
            found.add((f"{code.co_filename}:{code.co_qualname}", offset, destination))
        return sys.monitoring.DISABLE

    sys.monitoring.use_tool_id(_TOOL, "corpus")
    try:
        for event in _EVENTS:
            sys.monitoring.register_callback(_TOOL, event, _took)
        sys.monitoring.set_events(_TOOL, sum(_EVENTS))
        sys.monitoring.restart_events()
        run(data)
    finally:
        sys.monitoring.set_events(_TOOL, 0)
        sys.monitoring.free_tool_id(_TOOL)
    return found
