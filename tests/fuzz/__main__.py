"""Fuzzes all targets, guided by coverage, and prints a table. Exit code 1 when anything was found."""

import argparse
import os
from pathlib import Path
import re
import subprocess
import sys
import tempfile
import time

from tests.library import goip_transcripts, neogate_transcripts

from . import corpus
from .report import Row, engine, table, write
from .targets import TARGETS

INPUTS = 10_000_000
_SAID_EVERY = 60.0
"""Seconds between two lines of progress."""

_DONE = re.compile(r"^#(\d+)\s+DONE\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_PULSE = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/")
_MEMORY = re.compile(r"^stat::peak_rss_mb:\s+(\d+)")


def _say(text: str) -> None:
    print(f"fuzz: {text}", file=sys.stderr, flush=True)  # noqa: T201 - it is a program


def _seeds(name: str) -> list[bytes]:
    """Give what a run begins with: what was kept of earlier ones, and what the boxes really say."""
    real: list[bytes] = []
    if name == "goip-codec":
        real = [data for kind in ("official", "keepalives") for data in goip_transcripts.packets(kind, "<")]
    if name == "neogate-codec":
        real = [neogate_transcripts.said(kind) for kind in neogate_transcripts.NAMES]
    return [*corpus.read(name), *real]


def _fuzz(name: str, inputs: int, seed: int, folder: Path) -> Row:
    """Have a worker fuzz one target, and give what came of it."""
    inputs_, found = folder / "corpus", folder / "found"
    inputs_.mkdir()
    found.mkdir()
    for number, data in enumerate(_seeds(name)):
        (inputs_ / f"seed{number:04}").write_bytes(data)
    before = os.times()
    arguments = [name, str(inputs), str(seed), str(inputs_), str(found)]
    process = subprocess.Popen(  # noqa: S603 - our own code, run by this very interpreter
        [sys.executable, "-m", "tests.fuzz.guided", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    figures, memory, last = _listen(process, name)
    status = process.wait()
    after = os.times()
    findings = sorted(path.name for path in found.iterdir())
    if status or figures is None:
        findings.append(f"the worker ended with {status}: {last}")
    done, edges, features, size = figures or (0, 0, 0, 0)
    for path in found.iterdir():
        _say(f"{name}: found {path.name}\n{path.read_bytes()[:4000].decode(errors='replace')}")
    return Row(
        name=name,
        inputs=done,
        seconds=after.children_user + after.children_system - before.children_user - before.children_system,
        edges=edges,
        features=features,
        corpus=size,
        megabytes=memory,
        findings=findings,
    )


def _listen(process: subprocess.Popen[str], name: str) -> tuple[tuple[int, int, int, int] | None, int, str]:
    """Follow what libFuzzer says; give its last figures, how much memory it took, and its last words."""
    assert process.stderr is not None
    figures, memory, last, said_at = None, 0, "", time.monotonic()
    for line in process.stderr:
        last = line.rstrip() or last
        if match := _DONE.match(line):
            figures = (int(match[1]), int(match[2]), int(match[3]), int(match[4]))
        elif match := _MEMORY.match(line):
            memory = int(match[1])
        elif (match := _PULSE.match(line)) and time.monotonic() - said_at > _SAID_EVERY:
            said_at = time.monotonic()
            _say(
                f"{name}: {int(match[1]):,} inputs, {match[2]} edges, {match[3]} features, corpus {match[4]}"
            )
    return figures, memory, last


def _keep(name: str, folder: Path) -> None:
    inputs = {*corpus.read(name), *(path.read_bytes() for path in (folder / "corpus").iterdir())}
    least = corpus.least(TARGETS[name], inputs)
    corpus.write(name, least)
    _say(f"{name}: {len(least)} of {len(inputs):,} inputs are kept")


def _parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"of all targets together; {INPUTS:,}")
    parser.add_argument("--target", action="append", choices=list(TARGETS), help="only this one, or these")
    parser.add_argument("--seed", type=int, default=1, help="of chance; the same one gives the same run")
    parser.add_argument(
        "--keep", action="store_true", help="keep what reaches something new, where nothing was found"
    )
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parsed = parser.parse_args()
    if parsed.write and parsed.target:
        parser.error("the page takes all targets")
    return parsed


def main() -> int:
    """Do what was asked for."""
    parsed = _parsed()
    names = parsed.target or list(TARGETS)
    shares = {name: TARGETS[name].share for name in names}
    begin = time.monotonic()
    _say(f"by {engine()}, seed {parsed.seed}")
    rows = []
    for name in names:
        inputs = round(parsed.inputs * shares[name] / sum(shares.values()))
        _say(f"{name}: {inputs:,} inputs")
        with tempfile.TemporaryDirectory(prefix="fuzz") as folder:
            rows.append(_fuzz(name, inputs, parsed.seed, Path(folder)))
            _say(f"{name}: done, with {len(rows[-1].findings)} findings")
            if parsed.keep and not rows[-1].findings:
                _keep(name, Path(folder))
    print(f"{engine()}, seed {parsed.seed}\n\n{table(rows)}")  # noqa: T201 - it is a program
    if parsed.write:
        write(rows)
    findings = [found for row in rows for found in row.findings]
    _say(f"{len(findings)} findings ({(time.monotonic() - begin) / 60:.0f} min)")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
