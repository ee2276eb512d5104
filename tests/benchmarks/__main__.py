"""Measures all figures, prints the table, and keeps it. Exit code 1 where a goal is missed."""

import argparse
import asyncio
from collections.abc import Sequence
from compileall import compile_dir
import sys
import time

from . import goip_keepalive, growth, many_lines, neogate_stream, outbox, set_up, sms_in
from .contender import ROOT
from .figure import Figure, Measure
from .report import summary, table, write

MEASURES: dict[str, Measure] = {
    "goip-keepalive": goip_keepalive.measure,
    "neogate-stream": neogate_stream.measure,
    "sms-in": sms_in.measure,
    "many-lines": many_lines.measure,
    "set-up": set_up.measure,
    "outbox": outbox.measure,
    "growth": growth.measure,
}
"""By the names that they are chosen by."""

LEAST_REPEATS = 5


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    parser.add_argument("figure", nargs="*", choices=[[], *MEASURES], help="what to measure; all by default")
    parser.add_argument("--repeats", type=int, default=7, help=f"rounds, {LEAST_REPEATS} at least")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its pictures")
    parsed = parser.parse_args(arguments)
    if parsed.repeats < LEAST_REPEATS:
        parser.error(f"a median needs {LEAST_REPEATS} rounds at least")
    return parsed


async def _measure(names: Sequence[str], repeats: int) -> list[Figure]:
    figures: list[Figure] = []
    for name in names:
        begin = time.monotonic()
        measured = await MEASURES[name](repeats, lambda text, name=name: _say(f"{name}: {text}"))
        _say(f"{name}: {time.monotonic() - begin:.0f} s; {summary(measured)}")
        figures += measured
    return figures


def main(arguments: Sequence[str]) -> int:
    """Do what was asked for."""
    parsed = _parsed(arguments)
    for folder in ("custom_components", "tests"):
        compile_dir(ROOT / folder, quiet=1)  # so that the first program of each kind has no more to do
    figures = asyncio.run(_measure(parsed.figure or list(MEASURES), parsed.repeats))
    print(table(figures))
    write(figures, pages=parsed.write)
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
