"""Lists of keys and values, and what is made of values that nobody can read."""

import pytest

from custom_components.gsm_gateway.aiogsm.fields import Fields, integer


def test_a_value_is_read_as_what_it_should_be() -> None:
    fields = Fields.read("a:5;b:x;c:;d:(null);")
    assert [fields.read_as(key, integer) for key in "abcde"] == [5, None, None, None, None]
    assert fields.unread == ("b:x",)


def test_values_that_nobody_asks_for_are_not_unread() -> None:
    assert Fields.read("a:?;b:?").unread == ()


def test_what_cannot_be_read_is_named_once_and_in_order() -> None:
    fields = Fields.read("b:?;a:?")
    for key in "bab":
        fields.read_as(key, integer)
    assert fields.unread == ("a", "b")


@pytest.mark.parametrize("value", ["0", ""])
def test_a_value_that_is_false_is_a_value(value: str) -> None:
    fields = Fields.read("a:0")
    assert fields.read_as("a", {"0": value}.get) == value
    assert fields.unread == ()
