"""Regular expressions of users: what could hold everything up is refused, all else does as in Python."""

import re
import time

import pytest
import voluptuous as vol

from custom_components.gsm_gateway.patterns import MOST_PATTERN, MOST_SEARCHED, found, pattern


@pytest.mark.parametrize(
    "written",
    [
        "(a+)+",
        "(a*)*$",
        "(a|aa)*b",
        r"(\w+\s?)+$",
        r"(?:\d{1,3})+",
        "(?P<word>[a-z]+)+",
        "(a?){20}b",
        "(a+){30}",
        "(a+){2,}",
        "(a+){,9}",
        "((ab)+)*",
        "((a|b)c)+?",
        "(x(a?))++",
        r"([)]+)+",
        r"(\)+)+",
        r"([^]]+)+",
        "(?#comment)(a+)+",
        "((?i:a+))+",
    ],
)
def test_a_group_that_varies_is_not_repeated(written: str) -> None:
    re.compile(written)  # Python takes it
    with pytest.raises(vol.Invalid, match="repeats a group"):
        pattern(written)


@pytest.mark.parametrize(
    ("written", "text", "is_found"),
    [
        ("gate", "Open the gate", True),
        ("^gate$", "Open the gate", False),
        ("Gate", "gate", False),
        ("(?i)Gate", "gate", True),
        (r"(?i)^\s*gate\s+(open|close)\s*(\d{4})?$", " Gate  open 4711", True),
        (r"(\d\d:){2}\d\d", "at 12:30:00", True),
        (r"(ab)+c", "ababc", True),
        (r"(a+)?b", "b", True),
        (r"(a|b)?c", "bc", True),
        (r"[(a+)]+", "(+", True),
        (r"[]a|b]+c", "]ac", True),
        (r"\(a+\)+", "(a)))", True),
        (r"a{1,2}{", "aa{", True),
        (r"line.two", "line\ntwo", False),
        (r"(?s)line.two", "line\ntwo", True),
        ("ü+", "für", True),
        ("🙂", "Hello 🙂", True),
    ],
)
def test_everything_else_does_as_in_python(written: str, text: str, is_found: bool) -> None:
    assert found(pattern(written), text) is is_found


@pytest.mark.parametrize(
    "written", ["(", "[a", "(?#)+)x+", "*a", "a**", "(?P<a>b)(?P<a>c)", r"\1", "(?<=a*)b", "a{2,1}"]
)
def test_what_is_no_pattern_is_refused_with_the_reason(written: str) -> None:
    with pytest.raises(re.PatternError) as reason:
        re.compile(written)
    with pytest.raises(vol.Invalid) as refusal:
        pattern(written)
    assert str(reason.value) in str(refusal.value)


def test_a_number_that_python_cannot_count_to_is_refused() -> None:
    with pytest.raises(vol.Invalid, match="is not a regular expression"):
        pattern("a{99999999999999999999}")


def test_how_long_a_pattern_may_be() -> None:
    assert pattern("x" * MOST_PATTERN) == "x" * MOST_PATTERN
    with pytest.raises(vol.Invalid, match="has 201 characters, but may have 200"):
        pattern("x" * (MOST_PATTERN + 1))
    with pytest.raises(vol.Invalid, match="is empty"):
        pattern("")


def test_how_much_of_a_text_is_searched() -> None:
    assert found("gate", " " * (MOST_SEARCHED - 4) + "gate")
    assert not found("gate", " " * (MOST_SEARCHED - 3) + "gate")
    assert found("gate$", " " * (MOST_SEARCHED - 4) + "gate and more")


@pytest.mark.parametrize(
    "written", [r"(?i)^\s*gate\s+(open|close)\s*(\d{4})?\s*$", r"code:?\s*(\d+)", "(ab)+c", "[a-z ]+!"]
)
@pytest.mark.parametrize("letters", ["a", "ab", " ", "gate ", "code: ", "1"])
def test_a_hostile_text_is_searched_at_once(written: str, letters: str) -> None:
    text = letters * MOST_SEARCHED
    began = time.process_time()
    found(pattern(written), text)
    assert time.process_time() - began < 1.0
