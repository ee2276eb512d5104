"""Lets a process kill itself at one exact place, the n-th time that it comes there. Standard library only."""

from dataclasses import dataclass
import os
import re
import signal
from typing import Self, override

PLACES = ("write", "kept", "packet", "left", "told")
"""Where it can be: before a change is given to the disk; when it is durable and nobody knows yet; before
bytes about a text leave, and after; when an automation has acted on a text, and that is not noted yet."""

OFTEN = {
    "goip": dict(zip(PLACES, (110, 110, 80, 80, 12), strict=True)),
    "neogate": dict(zip(PLACES, (80, 80, 18, 18, 12), strict=True)),
}
"""About how often the first run of 40 messages comes to each place."""

_ABOUT_TEXTS = re.compile(rb"(MSG|PASSWORD|SEND|DONE|RECEIVE|DELIVER) |.*gsm send sms", re.DOTALL)


def is_about_a_text(data: bytes) -> bool:
    """Whether bytes of either family are about a text."""
    return _ABOUT_TEXTS.match(data) is not None


@dataclass(slots=True)
class Knife:
    """Cuts once, at one place; by default never."""

    place: str = ""
    nth: int = 0

    @override
    def __str__(self) -> str:
        """Write it as an argument."""
        return f"{self.place}:{self.nth}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an argument."""
        place, _, nth = text.partition(":")
        return cls(place, int(nth))

    def at(self, place: str) -> None:
        """Come to a place; perhaps there is no return."""
        if place == self.place:
            self.nth -= 1
            if self.nth == 0:
                os.kill(os.getpid(), signal.SIGKILL)
