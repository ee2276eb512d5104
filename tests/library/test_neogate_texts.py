"""Texts that arrive, whole and in parts."""

import pytest

from .neogate_stage import Bench, arrived, received


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
