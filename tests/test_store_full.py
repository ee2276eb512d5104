"""The store on a full disk: what is there still comes to its end, and nothing new is taken or half done."""

from collections.abc import Iterator
import errno
import os
from pathlib import Path
import sqlite3
import subprocess
import tempfile
from unittest.mock import patch

import pytest

from custom_components.gsm_gateway.aiogsm.journal import (
    Change,
    DropParts,
    Fact,
    PutFact,
    PutPart,
    PutPower,
    PutPush,
    PutReport,
    PutUsage,
    Query,
)
from custom_components.gsm_gateway.aiogsm.models import HandedOn, MessageStatus
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported
from custom_components.gsm_gateway.store import StoreUnusable
from custom_components.gsm_gateway.store.box_store import LOOK_FOR_ROOM_EVERY
from custom_components.gsm_gateway.store.reserve import SIZE, STEP

from .conftest import Clock
from .store_bench import NOON, NUMBER, WORDS, Bench, ids, put, put_sms
from .test_store_faults import failure, run_alone

QUEUED, SENDING, SENT = MessageStatus.QUEUED, MessageStatus.SENDING, MessageStatus.SENT


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


class Disk:
    """A disk that can be full: a commit then takes one step of what the reserve gives up."""

    def __init__(self) -> None:
        self.full = False
        self.steps = 0
        self.commits = 0
        self.code = sqlite3.SQLITE_FULL

    def commit(self) -> bool:
        """Tell whether there is room for a commit, and take it."""
        self.commits += 1
        if not self.full:
            return True
        self.steps -= 1
        return self.steps >= 0


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """Give the disk that all databases and reserves of this test are on."""
    disk = Disk()
    connect, fallocate, truncate = sqlite3.connect, os.posix_fallocate, os.truncate

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            if sql == "COMMIT" and not disk.commit():
                super().execute("ROLLBACK")
                raise failure(disk.code)
            return super().execute(sql, *arguments)

    def _allocate(handle: int, offset: int, size: int) -> None:
        if disk.full:
            raise OSError(errno.ENOSPC, "full")
        fallocate(handle, offset, size)

    def _truncate(path: Path, size: int) -> None:
        disk.steps = max(disk.steps, 0) + (path.stat().st_size - size) // STEP
        truncate(path, size)

    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **kwargs: connect(*args, factory=Connection, **kwargs)
    )
    monkeypatch.setattr(os, "posix_fallocate", _allocate)
    monkeypatch.setattr(os, "truncate", _truncate)
    yield disk
    disk.full = False


def reserve(bench: Bench) -> int:
    """Give how much is in reserve."""
    return bench.path.with_name(f"{bench.path.name}.reserve").stat().st_size


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_READONLY])
async def test_nothing_new_is_taken_and_the_reserve_is_not_touched_for_it(
    bench: Bench, disk: Disk, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench.opened() as store:
        assert reserve(bench) == SIZE
        await store.write(put("a"))
        disk.full, disk.code = True, code
        for _ in range(3):
            assert not await store.write(put("b"), put("a", SENDING))
        assert (bench.full, reserve(bench)) == ([False, True], SIZE)
        disk.full = False
        assert await store.write(put("c"))
        assert bench.full == [False, True, False]
        assert await ids(store) == ["c", "a"]
    assert [one.status for one in (await bench.remembered()).messages] == [QUEUED, QUEUED]
    assert NUMBER not in caplog.text


async def test_what_is_there_still_comes_to_another_status(bench: Bench, disk: Disk) -> None:
    async with bench.opened() as store:
        await store.write(put("a"), put("b"), put_sms("r"))
        disk.full = True
        assert await store.write(put("a", SENDING))
        assert (bench.full, reserve(bench)) == ([False, True], SIZE - STEP)
        assert await store.write(put("a", SENT), PutUsage("1", NOON.date(), 1))
        assert await store.write(put_sms("r", HandedOn.BEGUN))
        commits = disk.commits
        assert not await store.write(put("c"))
        assert disk.commits == commits  # nothing was tried: it would have used what is kept for others
        assert await store.write(put_sms("r", HandedOn.DONE))
        assert reserve(bench) == 0
        assert not await store.write(put("b", SENDING))
        assert bench.full == [False, True]
        disk.full = False
        assert await store.write(put("d"))
        assert (bench.full, reserve(bench)) == ([False, True, False], SIZE)
        changes = {entry.item.message_id: len(entry.changes) for entry in await store.history(Query())}
        assert changes == {"d": 1, "r": 0, "b": 1, "a": 3}


PART = Part(port="1", sender=NUMBER, reference="7", total=2, text=WORDS)
REPORT = DeliveryReported(gateway="box", port="1", reference=9, delivered=True)
NEW = [put("new"), put_sms("new"), PutPart(PART, NOON), PutPush("1", "a", NOON), PutReport(REPORT, NOON)]
MARKS = [
    put("a", SENDING),
    put_sms("r", HandedOn.BEGUN),
    DropParts("1", NUMBER, "7"),
    PutUsage("1", NOON.date(), 1),
    PutPower("1", on=False),
    PutFact(Fact.LAST_USSD, "1"),
]


@pytest.mark.parametrize("change", NEW + MARKS, ids=lambda change: type(change).__name__)
async def test_the_reserve_is_for_marks_alone(bench: Bench, disk: Disk, change: Change) -> None:
    async with bench.opened() as store:
        await store.write(put("a"), put_sms("r"))
        disk.full = True
        assert await store.write(change) == (change in MARKS)
        assert await store.write(MARKS[0], change) == (change in MARKS)


async def test_that_there_is_room_again_is_found_though_nothing_is_written(
    bench: Bench, disk: Disk, clock: Clock
) -> None:
    async with bench.opened() as store:
        disk.full = True
        assert not await store.write(put("a"))
        clock.skip(LOOK_FOR_ROOM_EVERY)
        for _ in range(3):  # that the timer runs, that the disk is looked at, and that it is told
            await store.write()
        assert bench.full == [False, True]
        disk.full = False
        clock.skip(LOOK_FOR_ROOM_EVERY)
        for _ in range(3):  # that the timer runs, that the disk is looked at, and that it is told
            await store.write()
        assert bench.full == [False, True, False]


async def test_a_store_opens_on_a_full_disk(bench: Bench, disk: Disk) -> None:
    await bench.keep(put("a"))
    disk.full = True
    async with bench.opened() as store:
        assert reserve(bench) == SIZE - STEP
        await store.write()  # by then it is told
        assert bench.full == [False, True]
        assert not await store.write(put("b"))
        assert await store.write(put("a", SENDING))
    assert [one.status for one in (await bench.remembered()).messages] == [SENDING]


async def test_a_store_that_cannot_even_be_opened_says_so(bench: Bench, disk: Disk) -> None:
    await bench.keep(put("a"))
    disk.full = True
    with (
        patch.object(sqlite3, "connect", side_effect=failure(sqlite3.SQLITE_FULL)),
        pytest.raises(StoreUnusable),
    ):
        await bench.store().open()
    disk.full = False
    assert len((await bench.remembered()).messages) == 1
    assert bench.damaged == []


async def test_deleting_from_the_history_goes_by_the_reserve(bench: Bench, disk: Disk) -> None:
    async with bench.opened() as store:
        await store.write(put("a", SENT))
        disk.full = True
        assert await store.delete() == 1
        for _ in range(SIZE // STEP - 1):
            await store.delete()
        with pytest.raises(StoreUnusable, match="full"):
            await store.delete()


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EINVAL])
async def test_a_reserve_is_kept_where_space_cannot_be_had_by_asking(bench: Bench, code: int) -> None:
    with patch.object(os, "posix_fallocate", side_effect=OSError(code, "")):
        await bench.keep(put("a"))
    file = bench.path.with_name(f"{bench.path.name}.reserve")
    assert (reserve(bench), file.stat().st_blocks * 512) == (SIZE, SIZE)


async def test_a_store_does_without_a_reserve_where_none_can_be_had(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(os, "posix_fallocate", side_effect=OSError(errno.EPERM, "Operation not permitted")):
        async with bench.opened() as store:
            assert await store.write(put("a"))
            assert bench.full == [False]
    assert "No space can be kept free for the store: Operation not permitted" in caplog.text


# Real limits


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """Give a file system of two megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder]
        try:
            made = subprocess.run(mount, capture_output=True, text=True, check=False)  # noqa: S603
        except FileNotFoundError:
            pytest.skip("there is no mount here to make a small disk with")
        if made.returncode:
            pytest.skip(f"a small disk cannot be made here: {made.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)  # noqa: S603, S607


def fill(folder: Path) -> Path:
    """Fill a disk up to the last page, and give the file that does it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            while True:
                try:
                    file.write(b"x" * size)
                except OSError as err:
                    assert err.errno == errno.ENOSPC  # noqa: PT017
                    break
    return filler


async def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    bench = Bench(small_disk)
    async with bench.opened() as store:
        assert await store.write(*(put(f"m{nr}") for nr in range(200)), put_sms("r"))
        filler = fill(small_disk)
        taken = [nr for nr in range(400) if await store.write(put(f"new{nr}", text="x" * 500))]
        assert len(taken) < 400
        assert bench.full == [False, True]
        for status in (SENDING, SENT):
            for nr in range(200):
                assert await store.write(put(f"m{nr}", status), PutUsage("1", NOON.date(), nr))
        for step in (HandedOn.BEGUN, HandedOn.DONE):
            assert await store.write(put_sms("r", step))
        assert not await store.write(*(put(f"late{nr}", text="x" * 500) for nr in range(1000)))
    remembered = await bench.remembered()
    assert [one.message_id for one in remembered.messages] == [f"new{nr}" for nr in taken]
    async with bench.opened() as store:
        filler.unlink()
        assert await store.write(*(put(f"late{nr}") for nr in range(100)))
        assert bench.full[-1] is False
        assert reserve(bench) == SIZE
    assert bench.damaged == []


async def test_the_log_begins_anew_before_the_reserve_is_used(small_disk: Path) -> None:
    bench = Bench(small_disk)
    await bench.keep(*(put(f"m{nr}") for nr in range(20)))
    async with bench.opened() as store:
        for nr in range(5):
            assert await store.write(put(f"m{nr}", SENDING))
        fill(small_disk)
        for nr in range(20):
            assert await store.write(put(f"m{nr}", SENT))
        assert reserve(bench) == SIZE


LIMITED = """
import resource
async def main():
    async with bench.opened() as store:
        assert await store.write(put("a"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
        taken = [nr for nr in range(1000) if await store.write(put(f"new{nr}", text="x" * 500))]
        assert 0 < len(taken) < 1000
        assert bench.full == [False, True]
        marked = await store.write(put("a", MessageStatus.SENDING))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert await store.write(put("b"))
        assert bench.full[-1] is False
    messages = (await bench.remembered()).messages
    assert [message.message_id for message in messages] == ["a", *(f"new{nr}" for nr in taken), "b"]
    assert (messages[0].status is MessageStatus.SENDING) == marked
    assert not bench.damaged
asyncio.run(main())
"""


async def test_files_that_may_not_grow(bench: Bench) -> None:
    script = "from custom_components.gsm_gateway.aiogsm.models import MessageStatus" + LIMITED
    assert await run_alone(script, bench.path.parent) == (0, "")
