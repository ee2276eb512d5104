"""Texts that are too long become numbered messages, and nothing that was written is lost but blanks."""

from collections.abc import Callable
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm import FAMILIES, InvalidInput, split_text
from custom_components.gsm_gateway.aiogsm.split import MOST_PIECES

NUMBER = "+15550100001"
FAMILY = "👨‍👩‍👧"  # three people and two joiners


def up_to(limit: int) -> Callable[[str], bool]:
    """Let messages of so many bytes fit."""
    return lambda text: len(text.encode()) <= limit


def without_numbers(pieces: list[str]) -> list[str]:
    """Check the numbers, and give what is behind them."""
    texts = []
    for place, piece in enumerate(pieces, start=1):
        number, blank, text = piece.partition(" ")
        assert (number, blank) == (f"{place}/{len(pieces)}", " ")
        texts.append(text)
    return texts


@pytest.mark.parametrize("text", ["short", "a" * 20, " as it is "])
def test_what_fits_is_left_alone(text: str) -> None:
    assert split_text(text, up_to(20)) == [text]


def test_blanks_around_a_text_are_no_reason_to_cut_it() -> None:
    assert split_text(" " * 30 + "short" + "\n" * 30, up_to(20)) == ["short"]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("the quick brown fox jumps", ["1/3 the quick", "2/3 brown fox", "3/3 jumps"]),
        ("the quick\nbrown\tfox jumps", ["1/3 the quick", "2/3 brown\tfox", "3/3 jumps"]),
        ("the quick   \r\n  brown", ["1/2 the quick", "2/2 brown"]),
        ("abcdefghijklmnopqrst", ["1/3 abcdefghi", "2/3 jklmnopqr", "3/3 st"]),
        ("a bcdefghijklmnopqrst", ["1/3 a bcdefgh", "2/3 ijklmnopq", "3/3 rst"]),  # too early a blank
    ],
)
def test_cuts_are_at_blanks_where_that_is_possible(text: str, pieces: list[str]) -> None:
    assert split_text(text, up_to(13)) == pieces


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("xxxxxxxxé" * 2, ["xxxxxxxx", "éxxxxxxx", "xé"]),
        ("xxxxxxxxe\u0301yyyy", ["xxxxxxxx", "e\u0301yyyy"]),
        ("xxxxx👍🏽yyy", ["xxxxx", "👍🏽y", "yy"]),
        ("xxxx🇩🇪🇫🇷", ["xxxx", "🇩🇪", "🇫🇷"]),
        ("1\ufe0f\u20e3" * 2, ["1\ufe0f\u20e3", "1\ufe0f\u20e3"]),
        ("xxxxxxxx1\ufe0f\u20e3", ["xxxxxxxx", "1\ufe0f\u20e3"]),
    ],
)
def test_no_character_is_cut(text: str, texts: list[str]) -> None:
    assert without_numbers(split_text(text, up_to(13))) == texts


def test_a_character_that_is_too_long_alone_is_cut_all_the_same() -> None:
    assert "".join(without_numbers(split_text(FAMILY * 2, up_to(13)))) == FAMILY * 2


def test_numbers_of_two_digits_have_their_room() -> None:
    pieces = split_text("x" * 130, up_to(16))
    assert len(pieces) == 13
    assert max(map(len, pieces)) <= 16
    assert "".join(without_numbers(pieces)) == "x" * 130


@pytest.mark.parametrize(("length", "limit"), [(10 * MOST_PIECES + 1, 16), (10_000, 16), (10, 4), (1000, 0)])
def test_more_than_20_messages_are_refused(length: int, limit: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        split_text("x" * length, up_to(limit))
    assert caught.value.reason == "text_pieces"


def test_20_messages_are_not() -> None:
    assert len(split_text("x" * 10 * MOST_PIECES, up_to(16))) == MOST_PIECES


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "letters", ["ab ", "äöü ß", "я", "😀 👍🏽", "🇩🇪x", f"{FAMILY} ", "a\n\t,%+\"'\\"], ids=ascii
)
@pytest.mark.parametrize("length", [100, 500, 1000])
def test_every_piece_fits_its_family(family: str, letters: str, length: int) -> None:
    random = Random(f"{letters} {length}")
    text = "".join(random.choices([*letters, letters, "word"], k=length))

    def fits(piece: str) -> bool:
        return FAMILIES[family].fits(NUMBER, piece)

    pieces = split_text(text, fits)
    for piece in pieces:
        FAMILIES[family].dialect().check_sms(NUMBER, piece)
    texts = pieces if len(pieces) == 1 else without_numbers(pieces)
    assert "".join("".join(texts).split()) == "".join(text.split())


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("number", "text", "reason"),
    [
        (NUMBER, "", "text_empty"),
        (NUMBER, " " * 5000, "text_empty"),
        (NUMBER, "x" * 5000 + "\x00", "text_control"),
        (NUMBER, "x\ud83d" * 2000, "text_control"),
        ("nobody", "x" * 5000, "number"),
    ],
)
def test_what_is_wrong_otherwise_is_refused(family: str, number: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        split_text(text, lambda piece: FAMILIES[family].fits(number, piece))
    assert caught.value.reason == reason
