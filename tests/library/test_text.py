from collections.abc import Callable

import pytest

from custom_components.gsm_gateway.aiogsm.errors import GatewayError, InvalidInput
from custom_components.gsm_gateway.aiogsm.text import (
    check_cell,
    check_credential,
    check_imei,
    check_minutes,
    check_number,
    check_ringing,
    check_seconds,
    check_text,
    check_ussd_code,
    decoded,
    printable,
    readable,
)

LIMIT = 20
ARABIC_DIGITS = "٠١٢٣٤"
FULLWIDTH_DIGITS = "\uff11\uff12\uff13\uff14\uff15"
SUPERSCRIPTS = "¹²³¹²³"
UNICODE_DIGITS = [ARABIC_DIGITS, FULLWIDTH_DIGITS, SUPERSCRIPTS]

LINE_ENDS = ["\n", "\r", "\t"]
HARD_CONTROLS = [
    "\x00",
    "\x01",
    "\x08",
    "\x0b",
    "\x0c",
    "\x0e",
    "\x1a",
    "\x1b",
    "\x1f",
    "\x7f",
    "\x80",
    "\x9f",
]
SURROGATES = ["\ud800", "\udbff", "\udc00", "\udfff"]


def check_short_text(text: str) -> None:
    check_text(text, LIMIT)


def refusal(check: Callable[[str], None], value: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        check(value)
    return caught.value


# Numbers


@pytest.mark.parametrize("number", ["10", "112", "+49", "+15551234567", "0" * 20, "+" + "9" * 20])
def test_a_number_is_an_optional_plus_and_2_to_20_digits(number: str) -> None:
    check_number(number)


@pytest.mark.parametrize(
    "number",
    [
        *["", "+", "1", "+1", "1" * 21, "+" + "1" * 21],
        *["++15551234567", "1555+1234567", "15551234567+"],
        *["1555 1234567", " 15551234567", "15551234567 ", "1555-1234567", "1555,1234567", "1555;1234567"],
        *["15551234567\n", "\n15551234567", "15551234567\r\nAction: x", "15551234567\x00"],
        *["Alice", "0x10", "1e10", "*100#", '15551234567"', "\ud80012345"],
        *UNICODE_DIGITS,
        *[f"+1{digits}" for digits in UNICODE_DIGITS],
    ],
)
def test_anything_else_is_no_number(number: str) -> None:
    assert refusal(check_number, number).reason == "number"


# USSD codes


@pytest.mark.parametrize("code", ["1", "*100#", "*#06#", "**21*+15551234567#", "#" * 182])
def test_a_ussd_code_is_up_to_182_digits_stars_hashes_and_pluses(code: str) -> None:
    check_ussd_code(code)


@pytest.mark.parametrize(
    "code",
    ["", "#" * 183, "*100# ", " *100#", "*100#\n", "*100a#", "*100;#", '*100"#', "*1\x00#", *UNICODE_DIGITS],
)
def test_anything_else_is_no_ussd_code(code: str) -> None:
    assert refusal(check_ussd_code, code).reason == "ussd_code"


# Texts


@pytest.mark.parametrize(
    "text",
    [
        *["a", "a" * LIMIT, " ", "semi;colons", 'quo"tes', "per%cent", "a\tb\r\nc"],
        *["ü" * (LIMIT // 2), "😀" * (LIMIT // 4), "\u2028", "\xa0", *LINE_ENDS],
    ],
)
def test_a_text_may_hold_anything_printable_up_to_its_limit_in_bytes(text: str) -> None:
    check_short_text(text)


@pytest.mark.parametrize(
    ("text", "excess"),
    [("a" * 21, 1), ("ü" * 11, 2), ("a" + "ü" * 10, 1), ("😀" * 6, 4), ("a" * 5000, 4980)],
)
def test_a_long_text_is_told_how_many_bytes_are_too_many(text: str, excess: int) -> None:
    error = refusal(check_short_text, text)
    assert (error.reason, error.excess) == ("text_too_long", excess)
    assert str(excess) in str(error)


@pytest.mark.parametrize("control", [*HARD_CONTROLS, *SURROGATES])
@pytest.mark.parametrize("frame", ["{}", "a{}", "{}b", "a{}b"])
def test_a_text_holds_no_other_control_character_and_no_half_of_a_pair(frame: str, control: str) -> None:
    assert refusal(check_short_text, frame.format(control)).reason == "text_control"


def test_an_empty_text_is_refused() -> None:
    assert refusal(check_short_text, "").reason == "text_empty"


def test_a_text_both_too_long_and_unprintable_is_refused_and_not_counted() -> None:
    assert refusal(check_short_text, "\ud800" * 50).reason == "text_control"


# Credentials


@pytest.mark.parametrize(
    "value", ["a", "x" * 64, "ü" * 64, "p@ss:w0rd!", "goip1", "a=b&c%20", "密码", "'\"\\"]
)
def test_a_credential_is_1_to_64_characters(value: str) -> None:
    check_credential(value)


@pytest.mark.parametrize(
    "value",
    [
        *["", "x" * 65, "pass word", " password", "password ", "pass;word", ";"],
        *["pass\xa0word", "pass\u2003word", "pass\u2028word", "pass\u3000word"],
        *[f"pass{control}word" for control in (*LINE_ENDS, *HARD_CONTROLS, *SURROGATES)],
        *[f"password{end}" for end in LINE_ENDS],
    ],
)
def test_a_credential_holds_no_blank_semicolon_or_control_character(value: str) -> None:
    assert refusal(check_credential, value).reason == "credential"


# All of them


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (check_number, "secret-number"),
        (check_ussd_code, "secret-code"),
        (check_short_text, "secret " * 10),
        (check_short_text, "secret\x00"),
        (check_credential, "secret word"),
        (check_credential, "secret;"),
    ],
)
def test_no_sentence_repeats_what_was_refused(check: Callable[[str], None], value: str) -> None:
    error = refusal(check, value)
    assert "secret" not in f"{error} {error!r} {error.args}"


def test_wrong_input_can_be_caught_as_a_gateway_error_or_as_a_value_error() -> None:
    error = refusal(check_number, "x")
    assert isinstance(error, GatewayError)
    assert isinstance(error, ValueError)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain ünïcödé 😀", "plain ünïcödé 😀"),
        ("two\r\nlines\tand more", "twolinesand more"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("".join([*HARD_CONTROLS, *SURROGATES]), ""),
        ("a\u061cb\u200ec\u200fd\u2028e\u2029f", "abcdef"),
        ("\u202aa\u202bb\u202cc\u202dd\u202ee", "abcde"),
        ("\u2066a\u2067b\u2068c\u2069d", "abcd"),
        ("a\u2027b\u202fc\u2065d\u206ae", "a\u2027b\u202fc\u2065d\u206ae"),
        ("", ""),
    ],
)
def test_what_is_printable_has_no_control_character_left(text: str, shown: str) -> None:
    assert printable(text) == shown


HIGH, LOW = b"\xed\xa0\xbd", b"\xed\xb8\x80"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain", "plain"),
        ("Grüße 😀".encode(), "Grüße 😀"),
        (HIGH + LOW, "\ud83d\ude00"),
        (b"a" + HIGH, "a\ud83d"),
        (LOW + "я".encode(), "\ude00я"),
        (b"a\xffb\xe2\x82" + HIGH + b"\xed", "a\ufffdb\ufffd\ud83d\ufffd"),
        ("\ud7ff\ue000".encode(), "\ud7ff\ue000"),  # the neighbours of surrogates
        (b"", ""),
    ],
)
def test_halves_of_pairs_are_kept_while_decoding(data: bytes, text: str) -> None:
    assert decoded(data) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Grüße\n\r\t😀 \u200f\u2028", "Grüße\n\r\t😀 \u200f\u2028"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00\ud83d\ud83d\ude00", "\ufffd\ufffd😀"),
        ("a\x00b\x07\x0b\x1b\x7f\x85\x9fc", "abc"),
        ("", ""),
    ],
)
def test_what_somebody_wrote_is_made_readable_and_otherwise_left_as_it_is(text: str, shown: str) -> None:
    assert readable(text) == shown
    assert readable(shown) == shown


@pytest.mark.parametrize("imei", ["490154203237518", "356938035643809", "867495023958030"])
def test_an_imei_has_the_digit_that_follows_from_the_others(imei: str) -> None:
    check_imei(imei)
    for digit in set("0123456789") - {imei[-1]}:
        with pytest.raises(InvalidInput, match="IMEI"):
            check_imei(imei[:-1] + digit)


@pytest.mark.parametrize(
    "imei",
    ["", "49015420323751", "4901542032375180", "49015420323751x", " 490154203237518", "٤90154203237518"],
)
def test_what_is_no_imei(imei: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_imei(imei)
    assert refused.value.reason == "imei"
    assert imei.strip() not in str(refused.value) or not imei


@pytest.mark.parametrize(
    ("check", "least", "most", "reason"),
    [
        (check_minutes, 0, 100_000, "minutes"),
        (check_seconds, 0, 86_400, "seconds"),
        (check_ringing, 5, 30, "ringing"),
    ],
)
def test_times_have_limits(check: Callable[[int], None], least: int, most: int, reason: str) -> None:
    check(least)
    check(most)
    for value in (least - 1, most + 1):
        with pytest.raises(InvalidInput) as refused:
            check(value)
        assert refused.value.reason == reason


def test_a_cell_is_one_word() -> None:
    check_cell("12345")
    for cell in ("", "1 2", "1;2", "1\n", "1" * 65):
        with pytest.raises(InvalidInput) as refused:
            check_cell(cell)
        assert refused.value.reason == "cell"
