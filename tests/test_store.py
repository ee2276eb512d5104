"""The store as a journal: everything comes back as it was written, in order, and no more than is needed."""

import ast
import asyncio
from copy import replace
from datetime import date, timedelta, timezone
import logging
from pathlib import Path
import stat
import sys

import pytest

from custom_components.gsm_gateway import store as store_package
from custom_components.gsm_gateway.aiogsm.journal import (
    Change,
    DropParts,
    DropPushes,
    DropReport,
    Fact,
    PutFact,
    PutMessage,
    PutPart,
    PutPower,
    PutPush,
    PutReceived,
    PutReport,
    PutUsage,
    Query,
    Remembered,
)
from custom_components.gsm_gateway.aiogsm.models import (
    HandedOn,
    Message,
    MessageError,
    MessageStatus,
    Priority,
    ReceivedSms,
    Trace,
)
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported
from custom_components.gsm_gateway.store import remove_store

from .store_bench import NOON, NUMBER, WORDS, Bench, put, put_sms, sms, text

AWAY = timezone(timedelta(hours=-7))

PART = Part(
    port="1",
    sender=NUMBER,
    reference="7",
    stamp="12:00",
    place=2,
    total=3,
    text=f"{WORDS} \ud83d",  # half of a character: the other is in another part
    complete=False,
    stamped_at=NOON,
)
LOOSE = Part(port="2", sender="Bank", text="x" * 70, loose=True)
REPORT = DeliveryReported(
    gateway="box", port="1", reference=9, delivered=False, number=NUMBER, push="DELIVER 5"
)
WEIRD = "\0 \n 'quoted\" \U0001f600 ünï \N{REPLACEMENT CHARACTER}" + "long " * 2000

FULL_MESSAGE = Message(
    message_id="full",
    recipient=NUMBER,
    text=WEIRD,
    created_at=NOON,
    expires_at=NOON + timedelta(days=30, microseconds=1),
    not_before=NOON + timedelta(microseconds=999_999),
    priority=Priority.HIGH,
    status=MessageStatus.SENDING,
    pinned="2",
    port="1",
    left_at=NOON + timedelta(microseconds=7),
    trace=Trace(sendid=2**30 - 1, telid=2),
    reference=2**31,
    error=MessageError.REFUSED,
    error_detail="too_many_sends_in_server",
)
FULL_SMS = ReceivedSms(
    message_id="full",
    port="2",
    sender="Bank",
    text=WEIRD,
    received_at=NOON,
    stamped_at=NOON - timedelta(hours=1),
    parts=3,
    complete=False,
    held_over=True,
    handed_on=HandedOn.BEGUN,
)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_new_store_remembers_nothing(bench: Bench) -> None:
    remembered = await bench.remembered()
    assert {name: kept for name, kept in remembered._asdict().items() if kept} == {}


async def test_nobody_else_may_read_what_is_kept(bench: Bench) -> None:
    bench.path.touch(mode=0o644)
    async with bench.opened() as store:
        await store.write(put())
        files = list(bench.path.parent.glob(f"{bench.path.name}*"))
        assert len(files) >= 3  # the database, its log and the reserve
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_a_commit_is_on_the_disk_and_what_is_deleted_is_not(bench: Bench) -> None:
    async with bench.opened() as store:

        def _ask(pragma: str) -> object:
            return store._disk._ready(NOON).execute(f"PRAGMA {pragma}").fetchone()[0]

        pragmas = ("journal_mode", "synchronous", "secure_delete", "locking_mode", "foreign_keys")
        assert [await store._worker.do(_ask, pragma) for pragma in pragmas] == ["wal", 2, 1, "exclusive", 1]


EVERY_STATUS = [replace(FULL_MESSAGE, message_id=status, status=status) for status in MessageStatus]


@pytest.mark.parametrize(
    "message",
    [text(), FULL_MESSAGE, *(one for one in EVERY_STATUS if not one.status.settled)],
    ids=lambda message: message.message_id,
)
async def test_an_outgoing_text_comes_back_as_it_was(bench: Bench, message: Message) -> None:
    await bench.keep(PutMessage(message))
    assert (await bench.remembered()).messages == [message]


async def test_every_field_of_an_outgoing_text_can_change(bench: Bench) -> None:
    await bench.keep(put("full"))
    await bench.keep(PutMessage(FULL_MESSAGE))
    assert (await bench.remembered()).messages == [FULL_MESSAGE]
    await bench.keep(put("full"))
    assert (await bench.remembered()).messages == [text("full")]


@pytest.mark.parametrize("received", [sms(), FULL_SMS], ids=["plain", "full"])
async def test_a_received_text_comes_back_as_it_was(bench: Bench, received: ReceivedSms) -> None:
    await bench.keep(PutReceived(received))
    assert (await bench.remembered()).received == [received]


async def test_every_field_of_a_received_text_can_change(bench: Bench) -> None:
    await bench.keep(put_sms("full"))
    await bench.keep(PutReceived(FULL_SMS))
    assert (await bench.remembered()).received == [FULL_SMS]


async def test_times_are_the_same_moments_in_every_zone(bench: Bench) -> None:
    await bench.keep(put(created_at=NOON.astimezone(AWAY)))
    [message] = (await bench.remembered()).messages
    assert message.created_at == NOON


REPORTS = [replace(REPORT, delivered=delivered) for delivered in (True, False, None)]
BARE_REPORT = DeliveryReported(gateway="box", port="1", reference=9, delivered=True)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ([PutPart(PART, NOON), PutPart(LOOSE, NOON)], {"parts": [PutPart(PART, NOON), PutPart(LOOSE, NOON)]}),
        (
            [PutPart(PART, NOON), PutPart(LOOSE, NOON), DropParts("1", NUMBER, "7")],
            {"parts": [PutPart(LOOSE, NOON)]},
        ),
        ([PutPart(LOOSE, NOON), DropParts("2", "Bank", "")], {}),
        ([PutPart(LOOSE, NOON), DropParts("2", "Bank", "1")], {"parts": [PutPart(LOOSE, NOON)]}),
        (
            [PutPush("1", "b", NOON), PutPush("1", "a", NOON)],
            {"pushes": [PutPush("1", "b", NOON), PutPush("1", "a", NOON)]},
        ),
        (
            [PutPush("1", "a", NOON), PutPush("2", "a", NOON), DropPushes("1")],
            {"pushes": [PutPush("2", "a", NOON)]},
        ),
        ([PutReport(one, NOON) for one in REPORTS], {"reports": [PutReport(one, NOON) for one in REPORTS]}),
        ([PutReport(BARE_REPORT, NOON)], {"reports": [PutReport(BARE_REPORT, NOON)]}),
        (
            [PutReport(BARE_REPORT, NOON), PutReport(REPORT, NOON), DropReport(BARE_REPORT)],
            {"reports": [PutReport(REPORT, NOON)]},
        ),
        ([PutUsage("1", NOON.date(), 1), PutUsage("1", NOON.date(), 2)], {"usage": {("1", NOON.date()): 2}}),
        (
            [
                PutPower("1", on=False),
                PutPower("2", on=False),
                PutPower("1", on=False),
                PutPower("2", on=True),
            ],
            {"off": {"1"}},
        ),
        (
            [PutFact(Fact.TRIPPED, "1"), PutFact(Fact.LAST_USSD, "5"), PutFact(Fact.LAST_USSD, "6")],
            {"facts": {Fact.TRIPPED: "1", Fact.LAST_USSD: "6"}},
        ),
        ([PutFact(Fact.TRIPPED, "1"), PutFact(Fact.TRIPPED, None)], {}),
    ],
)
@pytest.mark.parametrize("together", [True, False], ids=["in_one_write", "in_several"])
async def test_what_else_is_kept_comes_back_as_it_was(
    bench: Bench, changes: list[Change], kept: dict[str, object], together: bool
) -> None:
    async with bench.opened() as store:
        writes = [store.write(*changes)] if together else [store.write(change) for change in changes]
        assert all(await asyncio.gather(*writes))
    nothing = Remembered(
        messages=[], accepted=[], received=[], parts=[], pushes=[], reports=[], off=set(), met=[]
    )
    assert await bench.remembered() == replace(nothing, **kept)


async def test_when_texts_of_the_last_hour_were_queued(bench: Bench) -> None:
    await bench.keep(
        put("b", MessageStatus.SENT, created_at=NOON + timedelta(minutes=5)), put("a"), put_sms("r")
    )
    assert (await bench.remembered()).accepted == [NOON, NOON + timedelta(minutes=5)]
    bench.skip(minutes=64)
    assert (await bench.remembered()).accepted == [NOON + timedelta(minutes=5)]


async def test_things_come_back_in_the_order_in_which_they_were_written_first(bench: Bench) -> None:
    await bench.keep(put("b"), put("a", created_at=NOON - timedelta(days=1)), put_sms("y"), put_sms("x"))
    await bench.keep(put("b", port="1"), put_sms("y", HandedOn.BEGUN))
    remembered = await bench.remembered()
    assert [message.message_id for message in remembered.messages] == ["b", "a"]
    assert [received.message_id for received in remembered.received] == ["y", "x"]


LEFT = {"left_at": NOON, "port": "1"}


@pytest.mark.parametrize(
    ("change", "age", "told"),
    [
        (put(status=MessageStatus.QUEUED), timedelta(days=400), True),
        (put(status=MessageStatus.SENDING, **LEFT), timedelta(days=400), True),
        (put(status=MessageStatus.UNKNOWN, **LEFT), timedelta(hours=71), True),
        (put(status=MessageStatus.UNKNOWN, **LEFT), timedelta(hours=72), False),
        (put(status=MessageStatus.SENT, reference=1, **LEFT), timedelta(hours=71), True),
        (put(status=MessageStatus.SENT, reference=1, **LEFT), timedelta(hours=72), False),
        (put(status=MessageStatus.SENT, **LEFT), timedelta(minutes=59), True),
        (put(status=MessageStatus.SENT, **LEFT), timedelta(minutes=60), False),
        (put(status=MessageStatus.FAILED, **LEFT), timedelta(minutes=59), True),
        (put(status=MessageStatus.FAILED), timedelta(seconds=1), False),
        (put(status=MessageStatus.DELIVERED, reference=1, **LEFT), timedelta(hours=1), False),
        (put(status=MessageStatus.EXPIRED), timedelta(seconds=1), False),
    ],
)
async def test_a_new_run_is_told_of_texts_that_are_not_settled_or_that_more_may_be_told_of(
    bench: Bench, change: PutMessage, age: timedelta, told: bool
) -> None:
    await bench.keep(change)
    bench.now += age
    assert [one.status for one in (await bench.remembered()).messages] == [change.message.status] * told


@pytest.mark.parametrize("handed_on", HandedOn)
async def test_a_new_run_is_told_of_received_texts_that_may_not_have_been_handed_on(
    bench: Bench, handed_on: HandedOn
) -> None:
    await bench.keep(put_sms(handed_on=handed_on))
    bench.skip(days=400)
    told = handed_on in (HandedOn.NO, HandedOn.BEGUN)
    assert [one.handed_on for one in (await bench.remembered()).received] == [handed_on] * told


@pytest.mark.parametrize(
    ("change", "minutes", "kept"),
    [(PutPush("1", "a", NOON), 2, "pushes"), (PutReport(REPORT, NOON), 10, "reports")],
)
async def test_what_is_too_old_is_deleted(bench: Bench, change: Change, minutes: int, kept: str) -> None:
    await bench.keep(change)
    bench.skip(minutes=minutes)
    assert len(getattr(await bench.remembered(), kept)) == 1
    bench.skip(microseconds=1)
    assert len(getattr(await bench.remembered(), kept)) == 0
    assert bench.sql(f"SELECT count(*) FROM {kept}") == [(0,)]  # noqa: S608


async def test_old_pushes_and_reports_do_not_pile_up_in_a_long_run(bench: Bench) -> None:
    async with bench.opened() as store:
        for minutes in range(60):
            at = NOON + timedelta(minutes=minutes)
            await store.write(PutPush("1", str(minutes), at), PutReport(REPORT, at))
    assert bench.sql("SELECT (SELECT count(*) FROM pushes), (SELECT count(*) FROM reports)") == [(3, 11)]


async def test_what_was_sent_is_kept_for_this_month_and_the_one_before(bench: Bench) -> None:
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 10, 31)]
    await bench.keep(*(PutUsage("1", day, 5) for day in reversed(days)))
    assert (await bench.remembered()).usage == {("1", day): 5 for day in days[1:]}
    bench.now = NOON.replace(year=2027, month=1, day=1)
    assert (await bench.remembered()).usage == {}


async def test_who_was_met_is_known_and_by_which_port_the_latest_last(bench: Bench) -> None:
    later = NOON + timedelta(minutes=1)
    await bench.keep(
        put("a", MessageStatus.SENT, recipient="+1", port="1"),
        put("b", MessageStatus.DELIVERED, recipient="+2", port="1"),
        put("c", MessageStatus.UNKNOWN, recipient="+3", port="2"),
        put_sms("d", HandedOn.DONE, sender="+1", port="2", received_at=later),
        put("e", MessageStatus.FAILED, recipient="+4", port="1"),
        put("f", MessageStatus.QUEUED, recipient="+5", port="1"),
    )
    assert (await bench.remembered()).met == [("+2", "1"), ("+3", "2"), ("+1", "2")]


async def test_no_more_than_4096_people_are_met(bench: Bench) -> None:
    await bench.keep(
        *(
            put_sms(str(nr), HandedOn.DONE, sender=f"+{nr}", received_at=NOON + timedelta(seconds=nr))
            for nr in range(4100)
        ),
        history=5000,
    )
    met = (await bench.remembered(history=5000)).met
    assert (met[0], met[-1], len(met)) == (("+4", "1"), ("+4099", "1"), 4096)


async def test_writes_are_done_in_order(bench: Bench) -> None:
    done: list[int] = []
    async with bench.opened() as store:
        writes = [store.write(put(str(nr))) if nr % 3 else store.write() for nr in range(50)]
        for nr, written in enumerate(writes):
            written.add_done_callback(lambda _, nr=nr: done.append(nr))
        assert await writes[-1]
        assert done[:-1] == list(range(49))
    assert all(written.result() for written in writes)


async def test_a_cancelled_waiter_does_not_take_back_what_is_written(bench: Bench) -> None:
    async with bench.opened() as store:
        writes = [store.write(put(str(nr))) for nr in range(20)]
        for written in writes[1:]:
            written.cancel()
        await store.write()
    assert len((await bench.remembered()).messages) == 20


async def test_a_write_is_kept_whole_or_not_at_all(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    async with bench.opened() as store:
        bad = put("b", expires_at=NOON.replace(tzinfo=None))
        assert not await store.write(put("a"), bad, put("c"))
        assert await store.write(put("d"))
    assert [message.message_id for message in (await bench.remembered()).messages] == ["d"]
    assert "Writing to gsm_gateway.box.db failed: TypeError" in caplog.text
    assert NUMBER not in caplog.text


async def test_a_closed_store_finishes_what_was_written_and_takes_no_more(bench: Bench) -> None:
    store = bench.store()
    await store.open()
    before = store.write(put("a"))
    closing = asyncio.create_task(store.close())
    await closing
    await store.close()
    after = store.write(put("b"))
    assert (before.result(), after.result()) == (True, False)
    assert not bench.path.with_name(f"{bench.path.name}-wal").exists()
    assert [message.message_id for message in (await bench.remembered()).messages] == ["a"]


async def test_nothing_kept_is_in_a_repr_or_a_log(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with bench.opened() as store:
        await store.write(put(), put_sms(), PutPart(PART, NOON))
        assert NUMBER not in repr(store)
        shown = repr(await store.history(Query()))
    assert WORDS not in shown
    assert NUMBER not in shown
    assert WORDS not in caplog.text
    assert NUMBER not in caplog.text


async def test_a_removed_box_leaves_nothing(bench: Bench) -> None:
    await bench.keep(put())
    bench.path.write_bytes(b"no database")
    async with bench.opened() as store:
        await store.begin_backup()
    assert len(bench.damaged) == 1
    other = bench.path.with_name("gsm_gateway.box2.db")
    other.touch()
    remove_store(bench.path)
    assert list(bench.path.parent.iterdir()) == [other]


async def test_a_store_that_was_never_there_can_be_removed(bench: Bench) -> None:
    remove_store(bench.path)
    assert list(bench.path.parent.iterdir()) == []


@pytest.mark.parametrize("history", [-1, 5001])
async def test_a_history_has_its_bounds(bench: Bench, history: int) -> None:
    with pytest.raises(ValueError, match="0 to 5000"):
        bench.store(history=history)


@pytest.mark.parametrize(
    "path", sorted(Path(store_package.__file__).parent.glob("*.py")), ids=lambda path: path.stem
)
def test_the_store_knows_nothing_of_home_assistant(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            first, _, _ = (node.module or "").partition(".")
            assert (
                first in sys.stdlib_module_names if not node.level else node.level == 1 or first == "aiogsm"
            )
