from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.parts import (
    JOIN_TIMEOUT,
    LEAST_PIECE,
    MAX_OPEN,
    MAX_PARTS,
    MOST_RUNS,
    PIECE_TIMEOUT,
    Joined,
    Joiner,
    Part,
    PieceJoiner,
)


def part(
    index: int, total: int, text: str, *, reference: str = "244", stamp: str = "05:01:07", port: str = "1"
) -> Part:
    return Part(
        port=port, sender="+79", reference=reference, stamp=stamp, place=index, total=total, text=text
    )


def joined(text: str, parts: int, *, complete: bool = True, reference: str = "244") -> Joined:
    return Joined(port="1", sender="+79", reference=reference, text=text, parts=parts, complete=complete)


WAITS: tuple[list[Joined], bool] = [], True
REPEAT: tuple[list[Joined], bool] = [], False


def whole(*texts: Joined) -> tuple[list[Joined], bool]:
    """What is given when texts are whole, and the part does not wait."""
    return list(texts), False


@pytest.mark.parametrize("total", [1, 0, -1, 256])
@pytest.mark.parametrize("index", [0, 1])
def test_a_text_of_one_part_is_whole_and_never_a_repeat(index: int, total: int) -> None:
    joiner = Joiner()
    for _ in range(2):
        assert joiner.add(part(index, total, "a"), 0.0) == whole(replace(joined("a", 1), waited=False))
    assert joiner.deadline() is None


@pytest.mark.parametrize("base", [0, 1])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_parts_join_in_any_order_and_from_either_base(base: int, order: tuple[int, ...]) -> None:
    joiner = Joiner()
    results = [joiner.add(part(place + base, 3, "abc"[place]), 0.0) for place in order]
    assert results == [WAITS, WAITS, whole(joined("abc", 3))]
    assert joiner.deadline() is None


def test_repeats_are_dropped_before_and_after_the_text_is_whole() -> None:
    joiner = Joiner()
    assert joiner.add(part(1, 2, "a"), 0.0) == WAITS
    assert joiner.add(part(1, 2, "a"), 1.0) == REPEAT
    assert joiner.add(part(2, 2, "b"), 2.0) == whole(joined("ab", 2))
    assert joiner.add(part(2, 2, "b"), 3.0) == REPEAT
    assert joiner.deadline() is None


def test_a_reference_used_again_is_another_text() -> None:
    joiner = Joiner()
    joiner.add(part(1, 2, "a"), 0.0)
    joiner.add(part(2, 2, "b"), 0.0)
    assert joiner.add(part(1, 2, "c", stamp="06:00:00"), 9.0) == WAITS
    assert joiner.add(part(2, 2, "d", stamp="06:00:00"), 9.0) == whole(joined("cd", 2))


@pytest.mark.parametrize(("index", "total"), [(1, 2), (2, 3)])
def test_a_reference_used_again_pushes_out_what_never_became_whole(index: int, total: int) -> None:
    joiner = Joiner()
    joiner.add(part(1, 2, "old"), 0.0)
    new = part(index, total, "new", stamp="06:00:00")
    assert joiner.add(new, 9.0) == ([joined("old", 2, complete=False)], True)
    assert joiner.deadline() == 9.0 + JOIN_TIMEOUT


def test_a_character_that_was_cut_in_two_is_whole_again() -> None:
    joiner = Joiner()
    joiner.add(part(2, 2, "\ude00 b\x00"), 0.0)
    assert joiner.add(part(1, 2, "a \ud83d"), 0.0) == whole(joined("a 😀 b", 2))


def test_half_a_character_that_is_alone_is_replaced() -> None:
    joiner = Joiner()
    assert joiner.add(part(1, 1, "a\ud83d"), 0.0) == whole(replace(joined("a\ufffd", 1), waited=False))
    joiner.add(part(1, 2, "a\ud83d"), 0.0)
    assert joiner.expire(JOIN_TIMEOUT) == [joined("a\ufffd", 2, complete=False)]


@pytest.mark.parametrize(
    "other",
    [
        part(1, 2, "x", port="2"),
        part(1, 2, "x", reference="245"),
        replace(part(1, 2, "x"), sender="+78"),
    ],
)
def test_other_ports_and_references_do_not_mix(other: Part) -> None:
    joiner = Joiner()
    assert joiner.add(other, 0.0) == WAITS
    assert joiner.add(part(1, 2, "a"), 0.0) == WAITS
    assert joiner.add(part(2, 2, "b"), 0.0) == whole(joined("ab", 2))


def test_what_is_missing_is_waited_for_five_minutes_from_the_first_part() -> None:
    joiner = Joiner()
    joiner.add(part(3, 3, "c"), 10.0)
    joiner.add(part(1, 3, "a"), 100.0)
    assert joiner.deadline() == 310.0
    assert joiner.expire(309.9) == []
    assert joiner.expire(310.0) == [joined("ac", 3, complete=False)]
    assert joiner.deadline() is None


def test_too_many_texts_push_out_the_oldest() -> None:
    joiner = Joiner()
    for reference in range(MAX_OPEN):
        assert joiner.add(part(1, 2, f"{reference}", reference=f"{reference}"), 0.0) == WAITS
    pushed_out = joined("0", 2, complete=False, reference="0")
    assert joiner.add(part(1, 2, "more", reference="more"), 0.0) == ([pushed_out], True)


def test_no_repr_shows_a_text_or_a_sender() -> None:
    shown = f"{part(1, 2, 'secret')!r} {joined('secret', 1)!r}"
    assert "secret" not in shown
    assert "+79" not in shown


# Pieces that are not numbered

PIECE = "x" * LEAST_PIECE


def piece(text: str = PIECE, sender: str = "+79", port: str = "1", *, complete: bool = True) -> Part:
    return Part(port=port, sender=sender, text=text, loose=True, complete=complete)


def run(text: str, parts: int, *, sender: str = "+79", waited: bool = True) -> Joined:
    return Joined(port="1", sender=sender, text=text, parts=parts, complete=True, waited=waited)


def test_a_short_piece_is_whole_at_once() -> None:
    joiner = PieceJoiner()
    for _ in range(2):
        assert joiner.add(piece("a"), 0.0) == whole(run("a", 1, waited=False))
    assert joiner.deadline() is None


def test_pieces_join_in_order_of_arrival_until_a_short_one() -> None:
    joiner = PieceJoiner()
    assert joiner.add(piece(), 0.0) == WAITS
    assert joiner.add(piece(PIECE + "y"), 29.0) == WAITS
    assert joiner.deadline() == 29.0 + PIECE_TIMEOUT
    assert joiner.expire(58.9) == []
    assert joiner.add(piece("end"), 58.9) == whole(run(f"{PIECE}{PIECE}yend", 3))
    assert joiner.expire(1000.0) == []


def test_after_quiet_a_text_is_whole() -> None:
    joiner = PieceJoiner()
    joiner.add(piece(), 0.0)
    assert joiner.expire(29.9) == []
    assert joiner.expire(30.0) == [run(PIECE, 1)]


def test_a_text_is_as_complete_as_all_its_pieces() -> None:
    joiner = PieceJoiner()
    joiner.add(piece(complete=False), 0.0)
    [text], _ = joiner.add(piece("end"), 1.0)
    assert not text.complete


def test_pieces_of_others_are_others() -> None:
    joiner = PieceJoiner()
    joiner.add(piece(), 0.0)
    joiner.add(piece(sender="+80"), 0.0)
    joiner.add(piece(port="2"), 0.0)
    assert joiner.add(piece("end"), 1.0) == whole(run(PIECE + "end", 2))
    assert [(text.port, text.sender) for text in joiner.expire(30.0)] == [("1", "+80"), ("2", "+79")]


def test_a_text_does_not_grow_for_ever() -> None:
    joiner = PieceJoiner()
    assert [joiner.add(piece(), second) for second in range(0, 400, 20)] == [WAITS] * 20
    assert joiner.deadline() == JOIN_TIMEOUT
    [text] = joiner.expire(JOIN_TIMEOUT)
    assert text.parts == 20
    [text] = [text for _ in range(MAX_PARTS) for text in joiner.add(piece(), 0.0)[0]]
    assert text.parts == MAX_PARTS


def test_of_too_many_texts_in_pieces_the_oldest_has_to_go() -> None:
    joiner = PieceJoiner()
    for number in range(MOST_RUNS):
        assert joiner.add(piece(sender=str(number)), 0.0) == WAITS
    assert joiner.add(piece(sender="new"), 0.0) == ([run(PIECE, 1, sender="0")], True)
    assert joiner.add(piece("end", sender="1"), 0.0) == whole(run(PIECE + "end", 2, sender="1"))
