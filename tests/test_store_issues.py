"""A store that is damaged, full, too new, backed up or restored, as the owner of a box sees it."""

import asyncio
from pathlib import Path
import shutil
import tarfile
from unittest.mock import patch

from homeassistant.components.backup import DATA_MANAGER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway.backup import async_post_backup, async_pre_backup
from custom_components.gsm_gateway.store import StoreUnusable
from custom_components.gsm_gateway.store.disk import Disk
from custom_components.gsm_gateway.stores import store_path
from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import STUCK

from . import test_store_full
from .conftest import (
    ALICE,
    BOB,
    GOIP_ID,
    STRANGER,
    TRANSLATIONS,
    Clock,
    assert_translated,
    box_device,
    port_device,
    register,
    set_up,
    settled,
    state,
    until,
)
from .mail_bench import Bus, close, files, history, restart, send, sql, statuses
from .test_repairs import fix, issues

disk = test_store_full.disk


def numbers(goip: GoIP) -> list[str]:
    """Give whom the network was told to text."""
    return [sms.number for sms in goip.outbox]


async def leave_alone(hass: HomeAssistant, clock: Clock) -> None:
    """Let the lines of the GoIP fall silent."""
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")


async def assert_works(hass: HomeAssistant, goip: GoIP, entry: MockConfigEntry, bus: Bus) -> None:
    """A box sends, receives and remembers."""
    (message,) = await send(hass, box_device(hass, entry), message="It works", force=True)
    assert message["status"] == "sent"
    bus["sms_received"].clear()
    goip.receive_sms("goip1", STRANGER, "It does")
    await until(hass, lambda: bus["sms_received"])
    shown = [one["message"] for one in await history(hass, box_device(hass, entry), limit=2)]
    assert shown == ["It does", "It works"]


def assert_told_of_damage(issue: ir.IssueEntry) -> Path:
    """The owner is told what became of the file, until they say that they know; give where it is."""
    assert (issue.translation_key, issue.is_fixable, issue.is_persistent) == ("store_damaged", True, True)
    placeholders = dict(issue.translation_placeholders or {})
    for words in TRANSLATIONS["issues"]["store_damaged"]["fix_flow"]["step"]["confirm"].values():
        assert "{" not in words.format(**placeholders)
    return Path(placeholders["path"])


# Damage.


async def test_a_file_that_is_damaged_when_the_box_is_set_up(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
    hass_client: ClientSessionGenerator,
) -> None:
    path = store_path(hass, goip_entry.entry_id)
    path.parent.mkdir()
    path.write_bytes(b"no database")
    await set_up(hass, goip_entry)
    assert goip_entry.state is ConfigEntryState.LOADED
    await register(hass, goip)
    (issue,) = issues(hass).values()
    assert assert_told_of_damage(issue).read_bytes() == b"no database"
    await assert_works(hass, goip, goip_entry, bus)

    await restart(hass, goip_entry)
    assert list(issues(hass)) == ["store_damaged box"]  # it was found once, and is told until it is read
    form = await fix(hass, hass_client, issue)
    assert form["description_placeholders"]["path"].startswith(str(path))
    assert issues(hass) == {}
    await restart(hass, goip_entry)
    assert issues(hass) == {}


async def test_a_file_that_is_damaged_while_it_is_in_use(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    await send(hass, box, recipients=BOB, message="waits", wait=False)
    path = store_path(hass, loaded_goip.entry_id)
    other = path.with_name("other")
    other.write_bytes(b"no database")
    other.replace(path)
    await send(hass, box, message="is new", wait=False)
    (issue,) = issues(hass).values()
    assert assert_told_of_damage(issue).read_bytes() == b"no database"

    await register(hass, goip)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert sorted(numbers(goip)) == sorted([ALICE, BOB])  # what waited was not lost with the file
    assert [one["status"] for one in await history(hass, box)] == ["sent", "sent"]
    await assert_works(hass, goip, loaded_goip, bus)
    await restart(hass, loaded_goip)
    await register(hass, goip)
    assert len(goip.outbox) == 3


# A full disk.


async def test_texts_still_come_and_go_on_a_full_disk(
    disk: test_store_full.Disk,
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
) -> None:
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    await send(hass, box, recipients=BOB, message="is on disk", wait=False)
    disk.full = True
    await send(hass, box, message="is not", wait=False)
    (issue,) = issues(hass).values()
    assert (issue.translation_key, issue.is_fixable) == ("store_full", False)
    assert issue.translation_placeholders == {"gateway": "GoIP", "port": "box"}
    await register(hass, goip)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert sorted(numbers(goip)) == sorted([ALICE, BOB])
    push = goip.line("goip1").push_sms(STRANGER, "come in")
    await goip.wait_for(lambda: push.acknowledged)
    again = goip.line("goip1").push("RECEIVE", f"srcnum:{STRANGER};msg:come in", recvid=push.recvid)
    await goip.wait_for(lambda: again.acknowledged)
    await hass.async_block_till_done()
    assert [event.data["message"] for event in bus["sms_received"]] == ["come in"]

    disk.full = False
    (message,) = await send(hass, box, message="there is room again")
    assert message["status"] == "sent"
    await hass.async_block_till_done()
    assert issues(hass) == {}
    await restart(hass, loaded_goip)
    await register(hass, goip)
    assert len(goip.outbox) == 3


async def test_a_disk_that_has_room_again_before_the_next_run(
    disk: test_store_full.Disk, hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    disk.full = True
    await send(hass, box_device(hass, loaded_goip))
    assert list(issues(hass)) == ["store_full box"]
    await close(hass, loaded_goip)
    disk.full = False
    await set_up(hass, loaded_goip)
    assert issues(hass) == {}


async def test_what_was_never_written_is_said_to_have_failed_when_home_assistant_stops(
    disk: test_store_full.Disk,
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
) -> None:
    await leave_alone(hass, clock)
    disk.full = True
    await send(hass, box_device(hass, loaded_goip), wait=False)
    await close(hass, loaded_goip)
    assert (statuses(bus), bus["sms_status"][-1].data["error"]) == (["queued", "failed"], "store_failed")
    disk.full = False
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    assert goip.outbox == []


# Files that cannot be used.


async def test_a_file_of_a_later_version_is_left_alone(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    await close(hass, loaded_goip)
    sql(hass, loaded_goip, "PRAGMA user_version = 99")
    before = store_path(hass, loaded_goip.entry_id).read_bytes()
    await set_up(hass, loaded_goip)
    assert loaded_goip.state is ConfigEntryState.SETUP_ERROR
    assert loaded_goip.error_reason_translation_key == "store_too_new"
    assert loaded_goip.error_reason_translation_key in TRANSLATIONS["exceptions"]
    assert store_path(hass, loaded_goip.entry_id).read_bytes() == before


async def test_a_file_that_cannot_be_opened_now_is_tried_again(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    with patch.object(Disk, "open", side_effect=StoreUnusable("SQLITE_BUSY")):
        await set_up(hass, goip_entry)
    assert goip_entry.state is ConfigEntryState.SETUP_RETRY
    assert goip_entry.error_reason_translation_key == "store_unusable"
    assert goip_entry.error_reason_translation_placeholders == {"reason": "SQLITE_BUSY"}
    await hass.config_entries.async_reload(goip_entry.entry_id)
    assert goip_entry.state is ConfigEntryState.LOADED


async def test_a_history_that_cannot_be_read(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    with (
        patch.object(Disk, "history", side_effect=StoreUnusable("SQLITE_IOERR")),
        pytest.raises(HomeAssistantError) as caught,
    ):
        await history(hass, box_device(hass, loaded_goip))
    assert_translated(caught.value, "store_unusable")


async def test_nothing_is_left_of_a_box_that_is_removed(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    path = store_path(hass, goip_entry.entry_id)
    path.parent.mkdir()
    path.write_bytes(b"no database")
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await send(hass, box_device(hass, goip_entry))
    await async_pre_backup(hass)
    assert len(files(hass, goip_entry)) > 2
    assert list(issues(hass)) == ["store_damaged box"]
    await hass.config_entries.async_remove(goip_entry.entry_id)
    await hass.async_block_till_done()
    assert list(path.parent.rglob(f"{path.name}*")) == []
    assert issues(hass) == {}


# Backups.


def copy_of(hass: HomeAssistant, entry: MockConfigEntry, folder: Path) -> None:
    """Copy the files of a box as a backup does."""
    folder.mkdir()
    for file in files(hass, entry):
        shutil.copy(file, folder)


async def restore(hass: HomeAssistant, entry: MockConfigEntry, folder: Path) -> None:
    """Put copied files in the place of those of a box, and set it up."""
    await close(hass, entry)
    for file in files(hass, entry):
        file.unlink()
    shutil.copytree(folder, store_path(hass, entry.entry_id).parent, dirs_exist_ok=True)
    await set_up(hass, entry)


async def test_texts_come_and_go_while_a_backup_is_made(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, tmp_path: Path
) -> None:
    await send(hass, box_device(hass, loaded_goip), message="before")
    await async_pre_backup(hass)
    main = store_path(hass, loaded_goip.entry_id).read_bytes()
    await assert_works(hass, goip, loaded_goip, bus)
    assert store_path(hass, loaded_goip.entry_id).read_bytes() == main
    await async_post_backup(hass)
    await restart(hass, loaded_goip)
    shown = await history(hass, box_device(hass, loaded_goip))
    assert [one["message"] for one in shown] == ["It does", "It works", "before"]


async def test_a_restored_copy_sends_nothing(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    tmp_path: Path,
) -> None:
    goip.plan_send("goip2", STUCK)
    await send(hass, port_device(hass, loaded_goip, "goip2"), message="leaving", recipients=BOB, wait=False)
    await goip.wait_for(lambda: len(goip.outbox) == 1)
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    await send(hass, box, message="waits", wait=False)
    await async_pre_backup(hass)
    copy_of(hass, loaded_goip, tmp_path / "copy")
    await async_post_backup(hass)
    await register(hass, goip)
    await goip.wait_for(lambda: len(goip.outbox) == 2)

    await restore(hass, loaded_goip, tmp_path / "copy")
    await register(hass, goip)
    (message,) = await send(hass, box, message="after")
    assert message["status"] == "sent"
    assert [sms.text for sms in goip.outbox] == ["leaving", "waits", "after"]
    shown = await history(hass, box)
    assert [(one["message"], one["status"], one["error"]) for one in shown] == [
        ("after", "sent", None),
        ("waits", "expired", "expired"),
        ("leaving", "unknown", "no_result"),
    ]


async def test_a_backup_by_home_assistant(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    tmp_path: Path,
) -> None:
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    await leave_alone(hass, clock)
    await send(hass, box_device(hass, loaded_goip), message="waits", wait=False)
    await hass.data[DATA_MANAGER].async_create_backup(
        agent_ids=["backup.local"], include_addons=None, include_all_addons=False, include_database=True,
        include_folders=None, include_homeassistant=True, name=None, password=None,
    )  # fmt: skip
    await asyncio.wait_for(hass.async_block_till_done(), 30)
    [made] = (tmp_path / "backups").glob("*.tar")
    unpacked = tmp_path / "unpacked"
    with tarfile.open(made) as outer:
        outer.extractall(unpacked, filter="tar")
    with tarfile.open(unpacked / "homeassistant.tar.gz") as inner:
        inner.extractall(unpacked, filter="tar")
    copied = tmp_path / "copied"
    copied.mkdir()
    path = store_path(hass, loaded_goip.entry_id)
    for file in (unpacked / "data" / ".storage").glob(f"{path.name}*"):
        file.rename(copied / file.name)

    await restart(hass, loaded_goip)  # the one that goes on sends it
    await register(hass, goip)
    await goip.wait_for(lambda: len(goip.outbox) == 1)
    await restore(hass, loaded_goip, copied)  # and the restored one does not
    await register(hass, goip)
    (one,) = await history(hass, box_device(hass, loaded_goip))
    assert (one["message"], one["status"]) == ("waits", "expired")
    assert len(goip.outbox) == 1
