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


def test_a_text_is_kept_as_it_came(box: Bench) -> None:
    received(box, "Hi+there")
    received(box, "Hi+there")
    assert box.kept == [arrived("Hi there")] * 2
    assert box.events == []


def test_so_is_each_part_of_a_long_one(box: Bench) -> None:
    for index in ("2", "1"):
        received(box, "%EF%BB%BFb", ID="244", Index=index, Total="2")
    assert box.kept == [arrived("b", reference="244", index=index, total=2) for index in (2, 1)]
