"""What is left out of a repr."""

from typing import NamedTuple

import pytest

from custom_components.gsm_gateway.aiogsm.reprs import hiding


@hiding("password", "text")
class Spoken(NamedTuple):
    """Somebody said something."""

    port: str
    password: str
    text: str = "a text"
    size: int = 3


class Given(NamedTuple):
    """A tuple with another name and one field."""

    name: str


def test_what_is_hidden_is_in_no_repr_and_the_rest_is() -> None:
    spoken = Spoken("2", "secret")
    assert repr(spoken) == str(spoken) == f"{spoken!r}" == "Spoken(port='2', size=3)"
    assert repr(spoken._replace(port="3", text="another")) == "Spoken(port='3', size=3)"


def test_everything_may_be_hidden() -> None:
    assert repr(hiding("name")(Given)("x")) == "Given()"


def test_a_field_that_there_is_not_is_no_field_to_hide() -> None:
    with pytest.raises(ValueError, match="Given has no field nmae"):
        hiding("nmae")(Given)
