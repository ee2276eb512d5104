"""Contenders: programs that run beside each other, each in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
import os
from pathlib import Path
import sys

from .cpu import cpu_seconds, resident_bytes

ROOT = Path(__file__).resolve().parents[2]
READY = "ready"
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
"""What programs run with: as in Home Assistant, what was compiled once is kept. Else each would begin with
the memory that compiling leaves free, and a part of what it takes would not be seen."""

_PATIENCE = 60.0  # seconds until a contender must have said that it is ready


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that listens on a port of 127.0.0.1."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """Give the seconds of a processor that it has taken so far."""
        return cpu_seconds(self.pid)

    def memory(self) -> int:
        """Give the bytes that it holds now."""
        return resident_bytes(self.pid)


def python(module: str) -> list[str]:
    """Give the command that runs a contender of ours."""
    return [sys.executable, "-m", f"tests.benchmarks.contenders.{module}"]


@asynccontextmanager
async def running(name: str, command: Sequence[str]) -> AsyncIterator[Contender]:
    """Run a program until the block is left. It says ``ready <port>`` once it listens."""
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_PATIENCE):
            while (line := (await process.stdout.readline()).decode().split())[:1] != [READY]:
                if process.returncode is not None:
                    raise RuntimeError(f"{name} ended at once")
        yield Contender(name, int(line[1]), process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
