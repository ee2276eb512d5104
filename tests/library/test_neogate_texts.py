"""Texts that arrive, whole and in parts."""

from copy import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from custom_components.gsm_gateway.aiogsm.parts import Joined, Joiner
from custom_components.gsm_gateway.aiogsm.records import SmsArrived

from .neogate_stage import BOX, Bench, arrived, received


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_a_text_is_kept_as_it_came(box: Bench) -> None:
    received(box, "Hi+there")
    received(box, "Hi+there")
    assert box.kept == [arrived("Hi there")] * 2
    assert box.events == []


def test_so_is_each_part_of_a_long_one(box: Bench) -> None:
    for index in ("2", "1"):
        received(box, "%EF%BB%BFb", ID="244", Index=index, Total="2")
    assert box.kept == [arrived("b", reference="244", place=index, total=2) for index in (2, 1)]


def joined(box: Bench) -> list[Joined]:
    """Join what was kept of texts."""
    joiner = Joiner()
    parts = [record.part for record in box.kept if isinstance(record, SmsArrived)]
    return [text for part in parts for text in joiner.add(part, 0.0)[0]]


def test_a_text_is_stamped_in_the_time_zone_of_the_box(bench: Bench) -> None:
    bench.box = replace(BOX, time_zone=timezone(timedelta(hours=8)))
    bench.connect()
    received(bench, "Hi", Recvtime="2026-07-01 08:00:00")
    received(bench, "Hi", Recvtime="yesterday")
    assert [text.stamped_at for text in joined(bench)] == [datetime(2026, 7, 1, tzinfo=UTC), None]


@pytest.mark.parametrize("field", ["GsmSpan", "GsmPort"])
@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 0, 2, 2)])
def test_parts_join_as_every_firmware_counts_them(
    box: Bench, field: str, base: int, order: tuple[int, ...]
) -> None:
    port = {"GsmSpan": "2", "GsmPort": "1"}[field]
    for place in order:
        about = {"ID": "7", "Index": str(place + base), "Total": "3"}
        received(box, "abc"[place], **{"GsmSpan": "", field: port}, **about)
    [text] = joined(box)
    assert (text.text, text.parts, text.complete) == ("abc", 3, True)


def test_parts_of_several_people_and_ports_do_not_mix(box: Bench) -> None:
    whose = [("+49", "2"), ("+48", "2"), ("+49", "3")]
    for place in ("2", "1"):
        for number, (sender, span) in enumerate(whose):
            text = f"{number}{'ab'[int(place) - 1]}"
            received(box, text, ID="7", Index=place, Total="2", Sender=sender, GsmSpan=span)
    assert [(text.sender, text.port, text.text) for text in joined(box)] == [
        ("+49", "1", "0a0b"),
        ("+48", "1", "1a1b"),
        ("+49", "2", "2a2b"),
    ]


@pytest.mark.parametrize(
    ("contents", "text"),
    [
        (["%ED%A0%BD%ED%B8%80"], "😀"),
        (["a%ED%A0%BD", "%ED%B8%80b"], "a😀b"),
        (["%EF%BB%BFa%ED%A0%BD", "%EF%BB%BF%ED%B8%80b"], "a😀b"),
        (["a%ED%A0%BD", "b"], "a\ufffdb"),
        (["a%00%1B%0D%0A%09%C2%85b"], "a\r\n\tb"),
        (["%E2%80%AEabc"], "\u202eabc"),
        (["raw text + %41"], "raw text + %41"),
        (["raw \ud83d", "\ude00 text"], "raw 😀 text"),
    ],
)
def test_what_is_told_of_a_text_is_what_was_written(box: Bench, contents: list[str], text: str) -> None:
    total = len(contents)
    for place, content in enumerate(contents, start=1):
        received(box, content, ID="7", Index=str(place), Total=str(total))
    assert [one.text for one in joined(box)] == [text]


def test_the_sender_is_printable(box: Bench) -> None:
    received(box, "Hi", Sender="\u202eknaB\x07\u2028")
    assert [text.sender for text in joined(box)] == ["knaB"]
