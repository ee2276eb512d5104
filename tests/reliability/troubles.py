"""Troubles of the box, the disk and the clock, and ends in good order; each in the middle of 40 messages."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
import errno
import os
from pathlib import Path
from random import Random
import socket
import sqlite3
from typing import Any, override
from unittest.mock import patch

from custom_components.gsm_gateway.store.reserve import STEP
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .inside import NEAR, Incident, Scene, run
from .judge import Figures
from .kills import free_port
from .plan import STORE
from .wire import GoipWire, NeogateWire, Wire

REBOOT_TIME = 25.0
"""Seconds that a box needs to be back."""


@asynccontextmanager
async def slow_box(family: str) -> AsyncIterator[Wire]:
    """Give a box that takes as long for everything as a real one."""
    if family == "goip":
        server = (LOOPBACK, free_port(socket.SOCK_DGRAM))
        async with GoIP(server=server, send_time=6.0, deliver_after=4.0, reboot_time=REBOOT_TIME) as goip:
            yield GoipWire(goip, NEAR, deaf=1.0)
    else:
        async with NeoGate(result_delay=6.0, boot_time=10.0, reboot_time=REBOOT_TIME) as neogate:
            yield NeogateWire(neogate, NEAR, deaf=0.1)


async def _run(name: str, family: str, folder: Path, incident: Incident, times: int) -> Figures:
    async with slow_box(family) as wire:
        return await run(name, wire, folder, Random(name), [incident] * times)


# The box


async def reboot(family: str, seed: int, folder: Path) -> Figures:
    """Let the box restart twice while texts are queued and under way."""

    async def _reboot(here: Scene, _random: Random) -> None:
        here.wire.box.reboot()
        await asyncio.sleep(REBOOT_TIME)

    return await _run(f"reboot {family} {seed}", family, folder, _reboot, 2)


# The end in good order


async def _restart(here: Scene, random: Random, away: float = 5.0) -> None:
    await here.close()
    await asyncio.sleep(random.uniform(0, away))
    await here.open()


async def restart(family: str, seed: int, folder: Path) -> Figures:
    """Close everything and open it again, as a reload and a restart do."""
    return await _run(f"restart {family} {seed}", family, folder, _restart, 4)


# The clock

JUMPS = [
    timedelta(**{unit: sign * count})
    for unit, count in (("minutes", 3), ("hours", 1), ("hours", 13), ("days", 1), ("days", 1200))
    for sign in (1, -1)
]


async def jump(family: str, seed: int, folder: Path) -> Figures:
    """Set the wall clock, in the middle of a run and over restarts."""

    async def _jump(here: Scene, random: Random) -> None:
        over_restart = random.random() < 0.5
        if over_restart:
            await here.close()
        here.wall.ahead += random.choice(JUMPS)
        if over_restart:
            await here.open()

    return await _run(f"jump {family} {seed}", family, folder, _jump, 3)


# The disk


@contextmanager
def full_disk() -> Iterator[Callable[[bool], None]]:
    """Give a way to fill the disk that all databases and reserves are on, and to make room again.

    While it is full a commit takes one step of what the reserve has given up, and fails without.
    """
    steps, full = 0, False
    connect, fallocate, truncate = sqlite3.connect, os.posix_fallocate, os.truncate

    class _Connection(sqlite3.Connection):
        @override
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            nonlocal steps
            if sql == "COMMIT" and full:
                steps -= 1
                if steps < 0:
                    super().execute("ROLLBACK")
                    err = sqlite3.OperationalError("database or disk is full")
                    err.sqlite_errorcode, err.sqlite_errorname = sqlite3.SQLITE_FULL, "SQLITE_FULL"
                    raise err
            return super().execute(sql, *arguments)

    def _connect(*arguments: object, **more: object) -> sqlite3.Connection:
        return connect(*arguments, factory=_Connection, **more)  # type: ignore[call-overload, no-any-return]

    def _allocate(handle: int, offset: int, size: int) -> None:
        if full:
            raise OSError(errno.ENOSPC, "full")
        fallocate(handle, offset, size)

    def _truncate(path: Path, size: int) -> None:
        nonlocal steps
        steps = max(steps, 0) + (path.stat().st_size - size) // STEP
        truncate(path, size)

    def _fill(is_full: bool) -> None:
        nonlocal full
        full = is_full

    with (
        patch.object(sqlite3, "connect", _connect),
        patch.object(os, "posix_fallocate", _allocate),
        patch.object(os, "truncate", _truncate),
    ):
        yield _fill


async def fill(family: str, seed: int, folder: Path) -> Figures:
    """Let the disk be full for a while, twice."""
    with full_disk() as make_full:

        async def _fill(here: Scene, random: Random) -> None:
            make_full(True)
            await asyncio.sleep(random.uniform(5, 60))
            make_full(False)

        return await _run(f"fill {family} {seed}", family, folder, _fill, 2)


def _garbage(store: Path, _random: Random) -> None:
    store.write_bytes(b"this is no database\n" * 500)


def _shortened(store: Path, _random: Random) -> None:
    os.truncate(store, max(store.stat().st_size - 4096, 0))


def _overwritten(store: Path, random: Random) -> None:
    with store.open("r+b") as file:
        file.seek(random.randrange(0, max(store.stat().st_size, 1), 4096))
        file.write(b"\xa5" * 4096)


def _log_overwritten(store: Path, random: Random) -> None:
    _overwritten(store.with_name(f"{store.name}-wal"), random)


def _gone(store: Path, _random: Random) -> None:
    store.unlink()


def _somebody_elses(store: Path, _random: Random) -> None:
    store.unlink()
    db = sqlite3.connect(store)
    with db:
        db.execute("CREATE TABLE texts (one)")
    db.close()


DAMAGES = (_garbage, _shortened, _overwritten, _log_overwritten, _gone, _somebody_elses)


async def damage(family: str, seed: int, folder: Path) -> Figures:
    """Damage the store's files while it is open, in one of several ways."""

    async def _damage(_here: Scene, random: Random) -> None:
        random.choice(DAMAGES)(folder / STORE, random)

    return await _run(f"damage {family} {seed}", family, folder, _damage, 1)
