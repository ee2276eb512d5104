"""Starts, kills and stops processes, and leaves none behind."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
import os
from pathlib import Path
import signal
import sys
from types import TracebackType
from typing import Self

from .plan import WITNESS
from .skip import RELOAD, SIGNAL
from .wire import Life, Wire
from .witness import lines

ROOT = Path(__file__).resolve().parents[2]

LOOK = 0.02
"""Seconds between two looks at what a process has noted."""

STOP = 60.0
"""Seconds that a process has to end in good order."""


class Process:
    """A process that is started again and again on the same folder, at the other end of some wires."""

    def __init__(self, folder: Path, wires: Mapping[Path, Wire], *command: str, **environment: str) -> None:
        """Take a folder for what it says, the wires by the folders of its notes, and how it is called."""
        self._folder = folder
        self._wires = wires
        self._command = command
        self._environment: Mapping[str, str] = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._ready_before = [0] * len(wires)

    async def __aenter__(self) -> Self:
        """Begin with none."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the one that runs."""
        await self.kill()

    @property
    def alive(self) -> bool:
        """Whether one runs."""
        return self._process is not None and self._process.returncode is None

    @property
    def output(self) -> Path:
        """The file with all that they have said."""
        return self._folder / "output.log"

    async def start(self, *arguments: str) -> None:
        """Start one."""
        self._ready_before = self._readies
        with self.output.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *self._command, *arguments,
                cwd=ROOT, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def _readies(self) -> list[int]:
        return [sum(1 for _ in lines(folder / WITNESS, "ready")) for folder in self._wires]

    async def ready(self, within: float) -> bool:
        """Wait until it says that it is ready; tell whether it is. Raise TimeoutError."""
        async with asyncio.timeout(within):
            while any(now == before for now, before in zip(self._readies, self._ready_before, strict=True)):
                if not self.alive:
                    return False
                await asyncio.sleep(LOOK)
        now = asyncio.get_running_loop().time()
        for wire in self._wires.values():
            if not wire.lives or wire.lives[-1].end is not None:
                wire.lives.append(Life(now))
        return True

    async def wait(self) -> int:
        """Wait for its end, and give its return code."""
        assert self._process is not None
        return await self._process.wait()

    async def kill(self) -> None:
        """Kill it, if it has not done so itself, and wait until it is gone."""
        if self._process is None:
            return
        self._end_life()
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def stop(self) -> None:
        """Have it end in good order. Raise RuntimeError where it does not."""
        assert self._process is not None
        self._end_life()
        self._signal(signal.SIGTERM)
        async with asyncio.timeout(STOP):
            code = await self._process.wait()
        if code:
            said = self.output.read_text(errors="replace")
            raise RuntimeError(f"it ended with {code} and said: {said[-4000:]}")

    def leap(self) -> None:
        """Let a minute pass for it."""
        self._signal(SIGNAL)

    def reload(self) -> None:
        """Have it close all and open it again, while it goes on itself."""
        self._signal(RELOAD)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)

    def _end_life(self) -> None:
        now = asyncio.get_running_loop().time()
        for wire in self._wires.values():
            if wire.lives and wire.lives[-1].end is None:
                wire.lives[-1].end = now
