"""The last of what passed over a wire: kept raw, of each gateway apart, and shown only masked."""

from collections.abc import AsyncIterator

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.errors import LinkLost
from custom_components.gsm_gateway.aiogsm.wirelog import (
    MOST_BYTES,
    MOST_PIECES,
    Piece,
    Pseudonyms,
    Way,
    WireLog,
    hidden,
)

from .clocks import StoppedClock
from .driver_stage import NOW, OTHER, Bench, driving

SECRET = b"4711"


@pytest.fixture
async def bench(stopped_clock: StoppedClock) -> AsyncIterator[Bench]:
    async with driving(stopped_clock) as bench:
        yield bench


def kept(log: WireLog, gateway: str | None) -> list[tuple[Way, bytes]]:
    return [(piece.way, piece.data) for piece in log.pieces(gateway)]


def test_the_last_pieces_are_kept() -> None:
    log = WireLog()
    log.add("box")
    for number in range(MOST_PIECES + 3):
        log.note("box", float(number), Way.OUT, "peer", str(number).encode())
    pieces = log.pieces("box")
    assert len(pieces) == MOST_PIECES
    assert pieces[0] == Piece(3.0, Way.OUT, "peer", b"3", 1)


def test_a_long_piece_is_cut() -> None:
    log = WireLog()
    log.note(None, 1.0, Way.IN, "peer", bytes(MOST_BYTES + 1))
    log.note(None, 1.0, Way.IN, "peer", bytes(MOST_BYTES))
    cut, whole = log.pieces(None)
    assert (len(cut.data), cut.size, cut.is_cut) == (MOST_BYTES, MOST_BYTES + 1, True)
    assert not whole.is_cut


def test_what_is_of_no_gateway_is_kept_apart() -> None:
    log = WireLog()
    log.add("box")
    log.note("box", 1.0, Way.IN, "peer", b"mine")
    log.note("gone", 2.0, Way.IN, "peer", b"gone")
    log.note(None, 3.0, Way.IN, "peer", b"stranger")
    assert kept(log, "box") == [(Way.IN, b"mine")]
    assert kept(log, None) == [(Way.IN, b"gone"), (Way.IN, b"stranger")]
    assert log.heard_at("box") == 1.0


def test_a_gateway_that_was_removed_has_nothing() -> None:
    log = WireLog()
    log.add("box")
    log.note("box", 1.0, Way.IN, "peer", b"mine")
    log.remove("box")
    assert log.pieces("box") == []
    assert log.heard_at("box") is None
    log.add("box")
    assert log.pieces("box") == []


def test_no_repr_shows_what_passed() -> None:
    log = WireLog()
    log.note(None, 1.0, Way.IN, "peer", SECRET)
    assert SECRET.decode() not in repr((log, log.pieces(None), vars(log)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [("", ""), ("4711", "<4 digits>"), ("+4711", "<5 characters>"), ("a b", "<3 characters>")],
)
def test_a_hidden_value_is_its_length(value: str, shown: str) -> None:
    assert hidden(value) == shown


def test_a_pseudonym_is_the_same_for_the_same() -> None:
    names = Pseudonyms()
    assert [names.name("line", one) for one in "aba"] == ["<line 1>", "<line 2>", "<line 1>"]
    assert names.name("address", "a") == "<address 1>"


# What a driver notes


async def test_what_passes_is_noted_in_its_order_with_its_time(bench: Bench) -> None:
    bench.script.owners["a"] = "box"
    bench.script.steps["receive"] = [Send(b"answer", "a"), Send(b"other", "b")]
    bench.driver.on_opened("a")
    bench.driver.on_received(b"question", "a")
    bench.clock.now += 1.0
    bench.driver.on_lost("a", LinkLost("cut"))
    assert bench.driver.wire.pieces("box") == [
        Piece(NOW, Way.OPENED, "a"),
        Piece(NOW, Way.IN, "a", b"question", 8),
        Piece(NOW, Way.OUT, "a", b"answer", 6),
        Piece(NOW + 1.0, Way.LOST, "a", b"LinkLost", 8),
    ]
    assert kept(bench.driver.wire, None) == [(Way.OUT, b"other")]
    assert bench.driver.wire.heard_at("box") == NOW


async def test_what_is_answered_by_reflex_is_noted_as_anything_else(bench: Bench) -> None:
    bench.script.reflex = lambda data, peer, now: ("box", b"yes")  # type: ignore[method-assign]
    bench.driver.on_received(b"there?", "a")
    assert bench.log == [Send(b"yes", "a")]  # nothing was read
    assert bench.driver.wire.pieces("box") == [
        Piece(NOW, Way.IN, "a", b"there?", 6),
        Piece(NOW, Way.OUT, "a", b"yes", 3),
    ]
    assert bench.driver.wire.heard_at("box") == NOW


async def test_what_makes_a_far_end_known_counts_as_its_own(bench: Bench) -> None:
    def welcome(data: bytes, peer: str, _now: float) -> list[Send[str]]:
        bench.script.owners[peer] = "box"
        return []

    bench.script.receive = welcome  # type: ignore[method-assign, assignment]
    bench.driver.on_received(b"hello", "a")
    assert kept(bench.driver.wire, "box") == [(Way.IN, b"hello")]


async def test_a_gateway_that_is_served_no_more_is_forgotten(bench: Bench) -> None:
    bench.attach(OTHER)
    bench.script.owners["a"] = "other"
    bench.driver.on_received(b"hello", "a")
    await bench.driver.detach("other")
    assert bench.driver.wire.pieces("other") == []
