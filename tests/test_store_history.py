"""The history: what is kept of settled texts, for how long, and without words where nobody wants them."""

from datetime import timedelta
from pathlib import Path

import pytest

from custom_components.gsm_gateway.aiogsm.journal import (
    Direction,
    DropParts,
    Entry,
    PutMessage,
    PutPart,
    Query,
    StatusChange,
)
from custom_components.gsm_gateway.aiogsm.models import HandedOn, MessageStatus
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.store import StoreUnusable
from custom_components.gsm_gateway.store.rows import MOST_CHANGES

from .store_bench import ALL, NOON, NUMBER, WORDS, Bench, ids, put, put_sms, sms, text

SENT, UNKNOWN, FAILED = MessageStatus.SENT, MessageStatus.UNKNOWN, MessageStatus.FAILED
DELIVERED, QUEUED, SENDING = MessageStatus.DELIVERED, MessageStatus.QUEUED, MessageStatus.SENDING
LEFT = {"left_at": NOON, "port": "1"}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_the_newest_come_first_with_all_that_became_of_them(bench: Bench) -> None:
    steps = [QUEUED, SENDING, SENDING, SENT, SENT, DELIVERED]
    async with bench.opened() as store:
        await store.write(put_sms("r", HandedOn.DONE))
        for step in steps:
            await store.write(put("a", step))
            bench.skip(seconds=1)
        assert await store.history(Query()) == [
            Entry(
                item=text("a", DELIVERED),
                changes=[
                    StatusChange(status=step, at=NOON + timedelta(seconds=second))
                    for second, step in [(0, QUEUED), (1, SENDING), (3, SENT), (5, DELIVERED)]
                ],
            ),
            Entry(item=sms("r", HandedOn.DONE)),
        ]


async def test_a_text_that_is_tried_for_days_does_not_fill_the_disk(bench: Bench) -> None:
    async with bench.opened() as store:
        for _ in range(MOST_CHANGES):
            await store.write(put("a", QUEUED), put("a", SENDING))
        [entry] = await store.history(Query())
    assert [change.status for change in entry.changes] == [QUEUED, SENDING] * (MOST_CHANGES // 2)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), ["d", "c", "b", "a"]),
        (Query(limit=2), ["d", "c"]),
        (Query(limit=0), []),
        (Query(limit=-1), []),
        (Query(direction=Direction.IN), ["d", "b"]),
        (Query(direction=Direction.OUT), ["c", "a"]),
        (Query(port="2"), ["c", "b"]),
        (Query(direction=Direction.IN, port="2"), ["b"]),
        (Query(port="3"), []),
    ],
)
async def test_a_history_can_be_asked_for_some_of_it(bench: Bench, query: Query, found: list[str]) -> None:
    async with bench.opened() as store:
        await store.write(
            put("a", port="1"), put_sms("b", port="2"), put("c", SENT, port="2"), put_sms("d", HandedOn.DONE)
        )
        assert await ids(store, query) == found


async def test_only_the_newest_settled_texts_are_kept_of_both_directions_together(bench: Bench) -> None:
    async with bench.opened(history=3) as store:
        await store.write(put("waits"), put_sms("waits_too", HandedOn.BEGUN))
        for nr in range(3):
            await store.write(put(f"out{nr}", SENT), put_sms(f"in{nr}", HandedOn.DONE))
        assert await ids(store) == ["in2", "out2", "in1", "waits_too", "waits"]
    assert bench.sql("SELECT count(*) FROM texts") == [(5,)]
    assert bench.sql("SELECT count(*) FROM changes") == [(2,)]


async def test_without_a_history_a_text_goes_once_it_is_settled(bench: Bench) -> None:
    async with bench.opened(history=0) as store:
        await store.write(put("a"), put_sms("r"))
        assert await ids(store) == ["r", "a"]
        await store.write(put("a", FAILED), put_sms("r", HandedOn.DONE))
        assert await ids(store) == []
    assert bench.sql("SELECT * FROM texts") == []


async def test_without_a_history_the_pace_of_a_port_and_the_texts_of_an_hour_are_known(
    bench: Bench,
) -> None:
    await bench.keep(put("a", SENT, **LEFT), history=0)
    bench.skip(minutes=59)
    assert [one.message_id for one in (await bench.remembered(history=0)).messages] == ["a"]
    assert not bench.is_kept(WORDS)


async def test_a_shorter_history_is_cut_when_the_store_is_opened(bench: Bench) -> None:
    await bench.keep(*(put(str(nr), FAILED) for nr in range(5)))
    async with bench.opened(history=2) as store:
        assert await ids(store) == ["4", "3"]


async def test_a_whole_history_of_5000_is_kept_and_no_more(bench: Bench) -> None:
    async with bench.opened(history=5000) as store:
        await store.write(*(put(str(nr), FAILED) for nr in range(5001)))
        found = await ids(store)
    assert (len(found), found[0], found[-1]) == (5000, "5000", "1")


@pytest.mark.parametrize("change", [put("a", UNKNOWN, **LEFT), put("a", SENT, reference=7, **LEFT)])
@pytest.mark.parametrize("way", ["pruned", "deleted"])
async def test_a_text_that_more_may_be_told_of_is_known_for_72_hours_but_neither_shown_nor_kept_in_words(
    bench: Bench, change: PutMessage, way: str
) -> None:
    status = change.message.status
    async with bench.opened(history=0 if way == "pruned" else 5) as store:
        await store.write(change)
        if way == "deleted":
            assert await store.delete() == 1
        assert await ids(store) == []
    [message] = (await bench.remembered()).messages
    assert (message.message_id, message.status, message.text) == ("a", status, "")
    assert not bench.is_kept(WORDS)
    bench.skip(hours=72)
    await bench.remembered()
    assert bench.sql("SELECT * FROM texts") == []


async def test_a_deleted_text_does_not_come_back_when_more_is_told_of_it(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a", UNKNOWN, **LEFT))
        await store.delete(["a"])
        await store.write(put("a", SENT, reference=7, **LEFT))
        assert await ids(store) == []
        assert not bench.is_kept(WORDS)
        await store.write(put("a", DELIVERED, reference=7, **LEFT))
        assert await ids(store) == []
    assert not bench.is_kept(WORDS)
    bench.skip(hours=1)  # until then it counts among those of an hour
    await bench.remembered()
    assert bench.sql("SELECT * FROM texts") == []
    assert not bench.is_kept(WORDS)


EIGHT = {
    "q": put("q", port="1"),
    "s": put("s", SENDING, **LEFT),
    "n": put_sms("n"),
    "b": put_sms("b", HandedOn.BEGUN),
    "old": put("old", FAILED, port="1", created_at=NOON - timedelta(days=2)),
    "new": put("new", FAILED, port="2"),
    "in_old": put_sms("in_old", HandedOn.DONE, port="2", received_at=NOON - timedelta(days=2)),
    "in_new": put_sms("in_new", HandedOn.UNKNOWN),
}


@pytest.mark.parametrize(
    ("which", "gone"),
    [
        ({}, {"old", "new", "in_old", "in_new"}),
        ({"message_ids": ["q", "s", "n", "b", "old", "in_new", "nobody's"]}, {"old", "in_new"}),
        ({"message_ids": []}, set()),
        ({"before": NOON}, {"old", "in_old"}),
        ({"before": NOON - timedelta(days=2)}, set()),
        ({"port": "2"}, {"new", "in_old"}),
        ({"port": "2", "before": NOON, "message_ids": ["in_old", "old"]}, {"in_old"}),
    ],
)
async def test_settled_texts_can_be_deleted(bench: Bench, which: dict[str, object], gone: set[str]) -> None:
    async with bench.opened() as store:
        await store.write(*EIGHT.values())
        assert await store.delete(**which) == len(gone)
        assert set(await ids(store)) == EIGHT.keys() - gone
        assert await store.delete(**which) == 0


async def test_what_is_deleted_is_nowhere_any_more(bench: Bench) -> None:
    async with bench.opened() as store:
        await store.write(put("a", FAILED, text="first words"), put("b", FAILED, text="other words"))
        assert bench.is_kept("first words")
        await store.delete(["a"])
        assert not bench.is_kept("first words")
        assert bench.is_kept("other words")


async def test_a_closed_store_says_that_it_cannot_be_read(bench: Bench) -> None:
    async with bench.opened() as store:
        pass
    with pytest.raises(StoreUnusable):
        await store.history(Query())
    with pytest.raises(StoreUnusable):
        await store.delete()


# Without words


@pytest.mark.parametrize("status", [status for status in MessageStatus if status.settled])
async def test_the_words_of_an_outgoing_text_go_when_it_is_settled(
    bench: Bench, status: MessageStatus
) -> None:
    async with bench.opened(keep_texts=False) as store:
        await store.write(put("a"))
        await store.write(put("a", SENDING))
        assert bench.is_kept(WORDS)
        await store.write(put("a", status))
        assert not bench.is_kept(WORDS)
        [entry] = await store.history(Query())
        assert entry.item == text("a", status, text="")


async def test_a_queued_text_survives_a_restart_with_its_words(bench: Bench) -> None:
    await bench.keep(put("a"), put_sms("r"), keep_texts=False)
    remembered = await bench.remembered(keep_texts=False)
    assert (remembered.messages, remembered.received) == ([text("a")], [sms("r")])


@pytest.mark.parametrize("handed_on", [HandedOn.DONE, HandedOn.UNKNOWN])
async def test_the_words_of_a_received_text_go_when_it_was_handed_on(
    bench: Bench, handed_on: HandedOn
) -> None:
    part = Part(port="1", sender=NUMBER, reference="7", total=2, text=WORDS)
    async with bench.opened(keep_texts=False) as store:
        await store.write(PutPart(part, NOON))
        await store.write(put_sms("r"), DropParts("1", NUMBER, "7"))
        await store.write(put_sms("r", HandedOn.BEGUN))
        assert bench.is_kept(WORDS)
        await store.write(put_sms("r", handed_on))
        assert not bench.is_kept(WORDS)
        [entry] = await store.history(Query())
        assert entry.item == sms("r", handed_on, text="")


async def test_words_that_were_kept_go_when_the_owner_wants_none_any_more(bench: Bench) -> None:
    await bench.keep(put("a", SENT), put_sms("r", HandedOn.DONE), put("q", text="not sent yet"))
    async with bench.opened(keep_texts=False) as store:
        assert not bench.is_kept(WORDS)
        assert bench.is_kept("not sent yet")
        assert await ids(store, ALL) == ["q", "r", "a"]
