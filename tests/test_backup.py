"""Backups: the store goes on while it is copied, and a restored copy is known for one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
import shutil
import signal
import tarfile
from unittest.mock import patch

from homeassistant.components.backup import DATA_MANAGER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway import backup
from custom_components.gsm_gateway.aiogsm.journal import (
    Fact,
    PutFact,
    PutPart,
    PutPower,
    PutPush,
    PutReport,
    PutUsage,
    Query,
    Remembered,
)
from custom_components.gsm_gateway.aiogsm.models import HandedOn, Message, MessageError, MessageStatus
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported
from custom_components.gsm_gateway.store import BoxStore, StoreUnusable, mark_closed, unmark_closed
from custom_components.gsm_gateway.store.disk import LONGEST_BACKUP, Disk
from custom_components.gsm_gateway.store.mark import Mark
from custom_components.gsm_gateway.stores import async_open_stores, store_path

from .conftest import DOMAIN
from .store_bench import ALL, NOON, NUMBER, WORDS, Bench, put, put_sms, sms, text
from .test_store_faults import run_alone

QUEUED, SENDING = MessageStatus.QUEUED, MessageStatus.SENDING
LEFT = {"left_at": NOON, "port": "1"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "storage"
    folder.mkdir()
    return Bench(folder)


def copy_of(bench: Bench, *suffixes: str) -> Bench:
    """Copy a store's files as a backup does, and give them a bench of their own."""
    copy = Bench(bench.path.parent.with_name("copy"))
    copy.path.parent.mkdir()
    for suffix in suffixes:
        shutil.copy(f"{bench.path}{suffix}", f"{copy.path}{suffix}")
    copy.now = bench.now + timedelta(minutes=30)
    return copy


def token(bench: Bench) -> Path:
    return bench.path.parent / "__pycache__" / "gsm_gateway.box.db.backup"


async def statuses(bench: Bench) -> dict[str, str]:
    """Open a store and give how its texts stand."""
    async with bench.opened() as store:
        return {
            entry.item.message_id: entry.item.status
            if isinstance(entry.item, Message)
            else entry.item.handed_on
            for entry in await store.history(ALL)
        }


# Copies


@pytest.mark.parametrize("suffixes", [[""], ["", "-wal"], ["", "-wal", ".reserve"]])
@pytest.mark.parametrize("later", [0, 1, 300])
async def test_a_copy_made_while_texts_come_and_go_is_whole_and_known_for_a_copy(
    bench: Bench, suffixes: list[str], later: int
) -> None:
    async with bench.opened() as store:
        await store.write(put("a"), put("b"))
        await store.begin_backup()
        main = bench.path.read_bytes()
        for nr in range(later):
            assert await store.write(put("a", SENDING, **LEFT), put(f"later{nr}", text="x" * 2000))
        copy = copy_of(bench, *suffixes)
        assert bench.path.read_bytes() == main
        await store.end_backup()
    copied = await statuses(copy)
    assert copied["b"] == "expired"
    assert copied["a"] == ("unknown" if later and "-wal" in suffixes else "expired")
    assert len(copied) == 2 + later * ("-wal" in suffixes)
    assert copy.damaged == []
    remembered = await bench.remembered()
    assert {one.status for one in remembered.messages} == {QUEUED, SENDING} - (
        {SENDING} if not later else set()
    )
    assert not token(bench).parent.exists()


@pytest.mark.parametrize("cut", [0, 1, 32, 4000, 4153, 20_000])
async def test_a_log_that_is_copied_while_it_is_written_to_does_no_harm(bench: Bench, cut: int) -> None:
    async with bench.opened() as store:
        await store.begin_backup()
        for nr in range(10):
            await store.write(put(str(nr)))
        copy = copy_of(bench, "", "-wal")
    log = copy.path.with_name(f"{copy.path.name}-wal")
    log.write_bytes(log.read_bytes()[:cut])
    copied = await statuses(copy)
    assert copied == {str(nr): "expired" for nr in range(len(copied))}
    assert copy.damaged == []


PART = Part(port="1", sender=NUMBER, reference="7", total=2, text=WORDS)
REPORT = DeliveryReported(gateway="box", port="1", reference=9, delivered=True)


async def test_nothing_of_a_copy_is_sent_or_handed_on(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async with bench.opened() as store:
        await store.write(
            put("queued"),
            put("queued_too"),
            put("sending", SENDING, **LEFT),
            put("sent", MessageStatus.SENT, **LEFT),
            put_sms("new"),
            put_sms("begun", HandedOn.BEGUN),
            put_sms("done", HandedOn.DONE),
            PutPart(PART, NOON),
            PutPush("1", "a", NOON),
            PutReport(REPORT, NOON),
            PutUsage("1", NOON.date(), 4),
            PutPower("1", on=False),
            PutFact(Fact.TRIPPED, "1"),
        )
        await store.begin_backup()
        copy = copy_of(bench, "", "-wal")
    unknown = text(
        "sending", MessageStatus.UNKNOWN, error=MessageError.NO_RESULT, settled_at=copy.now, **LEFT
    )
    store = copy.store()
    assert await store.open() == Remembered(
        messages=[unknown, text("sent", MessageStatus.SENT, **LEFT)],
        accepted=[NOON] * 4,
        received=[],
        parts=[],
        pushes=[],
        reports=[],
        usage={("1", NOON.date()): 4},
        off={"1"},
        met=[(NUMBER, "1")],
        facts={Fact.TRIPPED: "1"},
    )
    entries = {entry.item.message_id: entry for entry in await store.history(Query())}
    await store.close()
    expired = MessageStatus.EXPIRED
    assert entries["queued"].item == text("queued", expired, error=MessageError.EXPIRED, settled_at=copy.now)
    assert [(change.status, change.at) for change in entries["queued"].changes] == [
        (QUEUED, NOON),
        (expired, copy.now),
    ]
    assert entries["new"].item == sms("new", HandedOn.UNKNOWN)
    assert entries["begun"].item == sms("begun", HandedOn.UNKNOWN)
    assert entries["done"].item == sms("done", HandedOn.DONE)
    [warning] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning == (
        "The store was restored from a backup: 2 texts that were queued in it have expired, the fate of 1"
        " that were being sent is unknown, and 2 received ones are not handed on"
    )
    await copy.keep(put("next"))
    assert [one.message_id for one in (await copy.remembered()).messages if one.status is QUEUED] == ["next"]


async def test_words_of_a_copy_go_where_nobody_wants_them(bench: Bench) -> None:
    async with bench.opened(keep_texts=False) as store:
        await store.write(put("a"), put_sms("r"), PutPart(PART, NOON))
        await store.begin_backup()
        copy = copy_of(bench, "", "-wal")
    assert copy.is_kept(WORDS)
    await copy.remembered(keep_texts=False)
    assert not copy.is_kept(WORDS)


# What is no copy


async def test_after_a_backup_the_store_is_as_before(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a"))
        await store.begin_backup()
        await store.write(put("b"))
        await store.end_backup()
        await store.end_backup()
        await store.write(put("c"))
    assert bench.sql("SELECT * FROM backup") == []
    assert await statuses(bench) == {"c": "queued", "b": "queued", "a": "queued"}


CRASHES = """
async def main():
    store = bench.store()
    await store.open()
    await store.write(put("a"))
    await store.begin_backup()
    await store.write(put("b"))
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""


async def test_a_kill_while_a_backup_is_made_makes_no_copy_of_the_store(bench: Bench) -> None:
    assert await run_alone(CRASHES, bench.path.parent) == (-signal.SIGKILL, "")
    async with bench.opened() as store:
        copy = copy_of(bench, "", "-wal")  # for whoever makes the backup, that may go on
        await store.write(put("c"))
    assert await statuses(bench) == {"c": "queued", "b": "queued", "a": "queued"}
    assert await statuses(copy) == {"b": "expired", "a": "expired"}
    async with bench.opened() as store:
        await store.end_backup()
    assert not token(bench).exists()
    assert await statuses(bench) == {"c": "queued", "b": "queued", "a": "queued"}


async def test_closing_and_opening_leave_the_file_alone_while_a_backup_is_made(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a"))
        await store.begin_backup()
        main = bench.path.read_bytes()
    for nr in range(3):
        await bench.keep(*(put(f"{nr}.{one}", text="x" * 1000) for one in range(100)))
    assert bench.path.read_bytes() == main
    assert bench.path.with_name(f"{bench.path.name}-wal").exists()
    assert len((await bench.remembered()).messages) == 301


async def test_a_store_that_cannot_be_opened_leaves_the_file_alone_while_a_backup_is_made(
    bench: Bench,
) -> None:
    async with bench.opened() as store:
        await store.begin_backup()
        main = bench.path.read_bytes()
        await store.write(put("a"))
    with patch.object(Mark, "is_copy", side_effect=OSError()), pytest.raises(StoreUnusable):
        await bench.store().open()
    assert bench.path.read_bytes() == main
    assert await statuses(bench) == {"a": "queued"}


async def test_a_backup_whose_end_nobody_tells_is_over_after_hours(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    async with bench.opened() as store:
        await store.begin_backup()
        bench.now += LONGEST_BACKUP
        await store.write(put("a"))
        assert token(bench).exists()
        bench.skip(microseconds=1)
        assert await store.write(put("b"))
        assert not token(bench).exists()
    assert "A backup has not ended for hours" in caplog.text
    assert await statuses(copy_of(bench, "")) == {"b": "queued", "a": "queued"}


async def test_a_second_backup_begins_anew(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.begin_backup()
        first = token(bench).read_text()
        await store.write(put("a"))
        await store.begin_backup()
        assert token(bench).read_text() != first
        copy = copy_of(bench, "")
    assert await statuses(copy) == {"a": "expired"}


async def test_a_token_without_a_mark_is_of_no_account(bench: Bench) -> None:
    await bench.keep(put("a"))
    token(bench).parent.mkdir()
    token(bench).write_text("old")
    assert await statuses(bench) == {"a": "queued"}
    assert not token(bench).parent.exists()


async def test_a_token_of_another_backup_does_not_hide_a_copy(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a"))
        await store.begin_backup()
        copy = copy_of(bench, "")
    token(copy).parent.mkdir()
    token(copy).write_text("0" * 32)
    assert await statuses(copy) == {"a": "expired"}


LOCKED = """
import sqlite3
try:
    sqlite3.connect(bench.path, timeout=0).execute("SELECT * FROM texts")
except sqlite3.OperationalError as err:
    print(err)
"""


async def test_after_a_backup_nobody_else_can_have_the_file(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.begin_backup()
        bench.path.read_bytes()  # as Home Assistant does, in our process: POSIX then drops its locks
        await store.end_backup()
        assert await run_alone(LOCKED, bench.path.parent) == (0, "database is locked\n")


# Stores that are not open


async def test_a_store_that_is_not_open_is_marked_too(bench: Bench) -> None:
    await bench.keep(put("a"))
    mark_closed(bench.path, NOON)
    mark_closed(bench.path, NOON)
    copy = copy_of(bench, "")
    unmark_closed(bench.path)
    assert await statuses(copy) == {"a": "expired"}
    assert await statuses(bench) == {"a": "queued"}
    assert not token(bench).parent.exists()


async def test_a_copy_that_nobody_has_opened_stays_one_over_the_next_backup(bench: Bench) -> None:
    await bench.keep(put("a"))
    mark_closed(bench.path, NOON)
    copy = copy_of(bench, "")
    mark_closed(copy.path, NOON)
    unmark_closed(copy.path)
    assert await statuses(copy) == {"a": "expired"}


def test_a_box_that_has_no_store_gets_none(bench: Bench) -> None:
    mark_closed(bench.path, NOON)
    unmark_closed(bench.path)
    assert list(bench.path.parent.iterdir()) == []


# In Home Assistant


@pytest.fixture
async def boxes(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[list[Bench]]:
    """Give the stores of two boxes, of which the second is not set up, in a configuration of their own."""
    hass.config.config_dir = str(tmp_path)
    benches = []
    for title in ("open", "closed"):
        entry = MockConfigEntry(domain=DOMAIN, title=title)
        entry.add_to_hass(hass)
        bench = Bench(tmp_path)
        bench.path = store_path(hass, entry.entry_id)
        bench.path.parent.mkdir(exist_ok=True)
        benches.append(bench)
        await bench.keep(put("a"))
    store = benches[0].store()
    await store.open()
    async_open_stores(hass)[hass.config_entries.async_entries(DOMAIN)[0].entry_id] = store
    yield benches
    await store.close()


def only_store(hass: HomeAssistant) -> BoxStore:
    [store] = async_open_stores(hass).values()
    return store


async def test_a_backup_of_home_assistant_holds_copies_that_are_known_for_such(
    hass: HomeAssistant, boxes: list[Bench], tmp_path: Path
) -> None:
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    manager = hass.data[DATA_MANAGER]
    manager.platforms[DOMAIN] = backup
    await manager.async_create_backup(
        agent_ids=["backup.local"], include_addons=None, include_all_addons=False, include_database=True,
        include_folders=None, include_homeassistant=True, name=None, password=None,
    )  # fmt: skip
    assert await only_store(hass).write(put("b"))
    await asyncio.wait_for(hass.async_block_till_done(), 30)
    [made] = (tmp_path / "backups").glob("*.tar")
    restored = tmp_path.with_name(f"{tmp_path.name}_restored")
    with tarfile.open(made) as outer:
        outer.extractall(restored, filter="tar")
    with tarfile.open(restored / "homeassistant.tar.gz") as inner:
        inner.extractall(restored, filter="tar")
    assert not list(restored.rglob("*.backup"))
    for bench in boxes:
        copy = Bench(restored)
        copy.path = restored / "data" / ".storage" / bench.path.name
        assert (await statuses(copy))["a"] == "expired"
        assert copy.damaged == []
    await only_store(hass).close()
    assert await statuses(boxes[0]) == {"b": "queued", "a": "queued"}
    assert await statuses(boxes[1]) == {"a": "queued"}


async def test_a_backup_that_cannot_be_prepared_fails_and_leaves_no_mark(
    hass: HomeAssistant, boxes: list[Bench]
) -> None:
    with (
        patch.object(Disk, "begin_backup", side_effect=StoreUnusable("SQLITE_BUSY")),
        pytest.raises(HomeAssistantError) as raised,
    ):
        await backup.async_pre_backup(hass)
    assert raised.value.translation_key == "backup_unprepared"
    assert raised.value.translation_placeholders == {"reason": "SQLITE_BUSY"}
    for bench in boxes:
        assert not list(bench.path.parent.glob("**/*.backup"))


async def test_what_cannot_be_marked_or_unmarked_is_told(
    hass: HomeAssistant, boxes: list[Bench], caplog: pytest.LogCaptureFixture
) -> None:
    boxes[1].path.write_bytes(b"no database")
    await backup.async_pre_backup(hass)
    assert "The store of closed cannot be marked for a backup: SQLITE_NOTADB" in caplog.text
    assert boxes[1].path.read_bytes() == b"no database"
    with patch.object(Disk, "end_backup", side_effect=StoreUnusable("SQLITE_BUSY")):
        await backup.async_post_backup(hass)
    assert "The end of a backup could not be noted: SQLITE_BUSY" in caplog.text
    await backup.async_post_backup(hass)
    assert await only_store(hass).write(put("b"))
