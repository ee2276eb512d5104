"""Texts that arrive, whole and in parts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from custom_components.gsm_gateway.aiogsm.models import SmsArrived

from .neogate_stage import BOX, Bench, arrived, received


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_single_texts_are_never_taken_for_repeats(box: Bench) -> None:
    received(box, "Hi+there")
    received(box, "Hi+there")
    assert box.events == [arrived("Hi there")] * 2


def test_parts_are_joined_even_over_a_reconnect(box: Bench) -> None:
    received(box, "%EF%BB%BFb", ID="244", Index="2", Total="2")
    box.lose()
    box.greet()
    box.events.clear()
    received(box, "%EF%BB%BFa", ID="244", Index="1", Total="2")
    assert box.events == [arrived("ab", 2)]


def test_a_text_in_parts_is_told_after_5_minutes_as_it_is(box: Bench) -> None:
    received(box, "b", ID="244", Index="2", Total="2")
    box.wait(299.9)
    assert box.events == []
    box.wait(0.1)
    assert box.events == [arrived("b", 2, complete=False)]


def test_a_text_is_stamped_in_the_time_zone_of_the_box(bench: Bench) -> None:
    bench.box = replace(BOX, time_zone=timezone(timedelta(hours=8)))
    bench.connect()
    received(bench, "Hi", Recvtime="2026-07-01 08:00:00")
    received(bench, "Hi", Recvtime="yesterday")
    texts = [event for event in bench.events if isinstance(event, SmsArrived)]
    assert [text.stamped_at for text in texts] == [datetime(2026, 7, 1, tzinfo=UTC), None]
