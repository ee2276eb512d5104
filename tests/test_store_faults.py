"""The store when things go wrong with its file: kills, damage, other versions."""

import asyncio
from collections.abc import Callable
import errno
from functools import partial
import os
from pathlib import Path
import signal
import sqlite3
import sys
import tempfile
from typing import ClassVar
from unittest.mock import ANY, patch

import pytest

from custom_components.gsm_gateway.aiogsm.journal import Query
from custom_components.gsm_gateway.store import StoreError, StoreTooNew, StoreUnusable, schema
from custom_components.gsm_gateway.store.faults import Fault, fault_at_open, fault_of

from .store_bench import NUMBER, WORDS, Bench, ids, put, put_sms, text

ROOT = Path(__file__).parents[1]

PRELUDE = """
import asyncio, os, sys
from pathlib import Path
from tests.store_bench import Bench, put
bench = Bench(Path(sys.argv[1]))
"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def run_alone(script: str, *arguments: object) -> tuple[int, str]:
    """Run a script in a process of its own; give how it ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PRELUDE + script, *map(str, arguments),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


# Kills

KILLED = """
async def main():
    store = bench.store()
    await store.open()
    for nr in range(int(sys.argv[2])):
        written = store.write(put(str(nr)), put(f"{nr}b"))
    assert await written
    for nr in range(100):
        store.write(put(f"after{nr}"), put(f"after{nr}b"))
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""


@pytest.mark.parametrize("writes", [1, 40])
async def test_what_was_said_to_be_durable_survives_a_kill_and_nothing_is_there_by_half(
    bench: Bench, writes: int
) -> None:
    assert await run_alone(KILLED, bench.path.parent, writes) == (-signal.SIGKILL, "")
    found = [message.message_id for message in (await bench.remembered()).messages]
    both = [message_id for nr in range(writes) for message_id in (str(nr), f"{nr}b")]
    assert found[: len(both)] == both
    later = found[len(both) :]
    assert later == [f"after{nr}{which}" for nr in range(len(later) // 2) for which in ("", "b")]
    assert bench.damaged == []


# Damage


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database\n" * 500)


def cut_short(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 4096)


def overwritten(path: Path) -> None:
    """Overwrite all pages but the first: the file still looks like a database from outside."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


def somebody_elses(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE texts (one)")
    db.close()


def a_table_missing(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE parts")
    db.close()


def a_word_unknown(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE texts SET status = 'on the moon'")
    db.close()


def no_text(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE texts SET number = CAST(x'ff' AS TEXT)")
    db.close()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [
    garbage,
    cut_short,
    overwritten,
    somebody_elses,
    a_table_missing,
    a_word_unknown,
    no_text,
    a_folder,
]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
async def test_a_damaged_file_is_kept_aside_and_a_clean_one_takes_its_place(
    bench: Bench, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    await bench.keep(*(put(str(nr), port="1") for nr in range(100)))
    damage(bench.path)
    before = None if bench.path.is_dir() else bench.path.read_bytes()
    async with bench.opened() as store:
        [kept] = bench.damaged
        assert await ids(store) == []
        assert await store.write(put("new"))
    assert kept.name == "gsm_gateway.box.db.damaged-20261031T120000.123457"
    assert kept.is_dir() if before is None else kept.read_bytes() == before
    assert [message.message_id for message in (await bench.remembered()).messages] == ["new"]
    assert len(bench.damaged) == 1
    assert NUMBER not in caplog.text


async def test_the_log_of_a_damaged_file_is_kept_with_it(bench: Bench) -> None:
    await bench.keep(*(put(f"before{nr}") for nr in range(1000)))
    await run_alone(KILLED, bench.path.parent, 20)
    garbage(bench.path)
    await bench.remembered()
    [kept] = bench.damaged
    assert kept.with_name(f"{kept.name}-wal").stat().st_size > 0


UNREADABLE = """
async def main():
    if os.geteuid() == 0:
        os.seteuid(65534)
    assert (await bench.remembered()).messages == []
    assert len(bench.damaged) == 1
    await bench.keep(put("a"))
asyncio.run(main())
"""


async def test_a_file_that_may_not_be_read_is_kept_aside(bench: Bench) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench.path = Path(folder) / bench.path.name
        await bench.keep(put("a"))
        bench.path.parent.chmod(0o777)  # root may read everything, so somebody else tries
        bench.path.with_name(f"{bench.path.name}.reserve").unlink()
        bench.path.chmod(0o000)
        assert await run_alone(UNREADABLE, folder) == (0, ANY)


async def test_damage_that_is_found_while_running_is_met_by_a_clean_file(bench: Bench) -> None:
    await bench.keep(*(put(str(nr), text="x" * 3000) for nr in range(2000)))
    async with bench.opened() as store:
        losses: list[int] = []
        store.on_loss = lambda: losses.append(len(bench.damaged))
        overwritten(bench.path)
        assert await store.history(Query(limit=2000)) == []
        assert len(bench.damaged) == 1
        assert losses == [1]
        assert await store.write(put("new"))
        assert await ids(store) == ["new"]


async def test_what_is_written_when_damage_is_found_is_durable_in_the_clean_file(bench: Bench) -> None:
    await bench.keep(*(put(str(nr), text="x" * 3000) for nr in range(2000)))
    async with bench.opened() as store:
        overwritten(bench.path)
        assert await store.write(put("1000"), put_sms())
        assert len(bench.damaged) == 1
    assert [message.message_id for message in (await bench.remembered()).messages] == ["1000"]


@pytest.mark.parametrize("instead", [None, b"something else"])
async def test_a_file_that_somebody_takes_away_is_made_anew(bench: Bench, instead: bytes | None) -> None:
    async with bench.opened() as store:
        await store.write(put("a"))
        bench.path.unlink()
        if instead is not None:
            bench.path.write_bytes(instead)
        assert await store.write(put("b"))
        assert len(bench.damaged) == 1
    assert [message.message_id for message in (await bench.remembered()).messages] == ["b"]


async def test_a_file_that_cannot_be_put_aside_is_left_alone(bench: Bench) -> None:
    garbage(bench.path)
    before = bench.path.read_bytes()
    with (
        patch.object(Path, "rename", side_effect=OSError(errno.EROFS, "read-only")),
        pytest.raises(StoreUnusable, match="OSError"),
    ):
        await bench.store().open()
    assert bench.path.read_bytes() == before
    assert bench.damaged == []


async def test_a_file_that_another_process_has_is_left_alone(bench: Bench) -> None:
    await bench.keep(put("a"))
    other = sqlite3.connect(bench.path)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with patch.object(schema, "BUSY_TIMEOUT", 0.0), pytest.raises(StoreUnusable, match="SQLITE_BUSY"):
        await bench.store().open()
    other.close()
    assert len((await bench.remembered()).messages) == 1


async def test_an_empty_file_is_a_new_one(bench: Bench) -> None:
    bench.path.touch()
    await bench.keep(put("a"))
    assert bench.damaged == []


def failure(code: int) -> sqlite3.Error:
    err = sqlite3.OperationalError(WORDS)
    err.sqlite_errorcode, err.sqlite_errorname = code, f"SQLITE_{code}"
    return err


@pytest.mark.parametrize(
    ("err", "running", "opening"),
    [
        (failure(sqlite3.SQLITE_CORRUPT_INDEX), Fault.DAMAGED, Fault.DAMAGED),
        (failure(sqlite3.SQLITE_IOERR_SHORT_READ), Fault.DAMAGED, Fault.DAMAGED),
        (failure(sqlite3.SQLITE_FULL), Fault.FULL, Fault.FULL),
        (failure(sqlite3.SQLITE_IOERR_WRITE), Fault.FULL, Fault.FULL),
        (failure(sqlite3.SQLITE_READONLY_ROLLBACK), Fault.FULL, Fault.FULL),
        (failure(sqlite3.SQLITE_ERROR), Fault.OTHER, Fault.DAMAGED),
        (failure(sqlite3.SQLITE_BUSY), Fault.OTHER, Fault.OTHER),
        (OSError(errno.EDQUOT, ""), Fault.FULL, Fault.FULL),
        (OSError(errno.EMFILE, ""), Fault.OTHER, Fault.OTHER),
        (OSError(errno.EACCES, ""), Fault.OTHER, Fault.DAMAGED),
        (sqlite3.ProgrammingError(), Fault.OTHER, Fault.OTHER),
    ],
    ids=lambda value: getattr(value, "value", None),
)
def test_failures_are_told_apart(err: Exception, running: Fault, opening: Fault) -> None:
    assert (fault_of(err), fault_at_open(err)) == (running, opening)


# What is no damage


class Stubborn(sqlite3.Connection):
    """A connection that fails once: at the end of a transaction, and when that is to be undone."""

    fails: ClassVar[set[str]] = set()

    def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
        if sql in self.fails:
            self.fails.discard(sql)
            raise failure(sqlite3.SQLITE_BUSY)
        return super().execute(sql, *arguments)


@pytest.mark.parametrize("fails", [["COMMIT"], ["COMMIT", "ROLLBACK"]], ids=" and ".join)
async def test_a_transaction_that_fails_leaves_nothing_and_the_next_is_not_hindered(
    bench: Bench, fails: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=Stubborn)):
        async with bench.opened() as store:
            await store.write(put("a"))
            Stubborn.fails.update(fails)
            assert not await store.write(put("b"), put_sms())
            assert await store.write(put("c"))
            assert await ids(store) == ["c", "a"]
    assert "Writing to gsm_gateway.box.db failed: SQLITE_5" in caplog.text
    assert WORDS not in caplog.text
    assert bench.damaged == []


async def test_a_store_that_was_lost_comes_back_when_that_is_possible(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a"))
        bench.path.unlink()
        with patch.object(sqlite3, "connect", side_effect=OSError(errno.EMFILE, "too many files")):
            assert not await store.write(put("b"))
            with pytest.raises(StoreUnusable, match="OSError"):
                await store.history(Query())
        assert await store.write(put("c"))
        assert await ids(store) == ["c"]


# Versions

ADD_A_COLUMN = ("ALTER TABLE texts ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'",)
FAILS = ("ALTER TABLE texts ADD COLUMN mood TEXT", "ALTER TABLE nothing ADD COLUMN mood TEXT")


async def test_an_older_file_is_brought_up_to_date(bench: Bench) -> None:
    await bench.keep(put("a"))
    with patch.object(schema, "MIGRATIONS", (*schema.MIGRATIONS, ADD_A_COLUMN)):
        assert (await bench.remembered()).messages == [text("a")]
        assert bench.sql("PRAGMA user_version") == [(2,)]
        assert bench.sql("SELECT mood FROM texts") == [("calm",)]
        assert (await bench.remembered()).messages == [text("a")]
    assert bench.damaged == []


async def test_a_change_of_the_tables_that_fails_changes_nothing(bench: Bench) -> None:
    await bench.keep(put("a"))
    with patch.object(schema, "MIGRATIONS", (*schema.MIGRATIONS, FAILS)), pytest.raises(StoreError):
        await bench.store().open()
    assert (await bench.remembered()).messages == [text("a")]
    assert bench.damaged == []


async def test_a_file_of_a_later_version_is_refused_and_left_as_it_is(bench: Bench) -> None:
    with patch.object(schema, "MIGRATIONS", (*schema.MIGRATIONS, ADD_A_COLUMN)):
        await bench.keep(put("a"))
    before = bench.path.read_bytes()
    with pytest.raises(StoreTooNew, match="later version"):
        await bench.store().open()
    assert bench.path.read_bytes() == before
    assert bench.damaged == []
    with patch.object(schema, "MIGRATIONS", (*schema.MIGRATIONS, ADD_A_COLUMN)):
        assert len((await bench.remembered()).messages) == 1
