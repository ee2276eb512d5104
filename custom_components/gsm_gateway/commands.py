"""Judges whether a text is a command. Remembers nothing: who was wrong how often, ``lockouts`` keeps."""

from enum import StrEnum
import hmac
import re
from typing import NamedTuple

from .aiogsm.reprs import hiding
from .contacts import Contact

MASK = "••••"
"""What is told instead of a PIN, however many digits that has."""

_PIN = re.compile(r"[0-9]{4,10}")
_NUMBER_FIRST = re.compile(r"\s*([0-9]{4,})")


class Refusal(StrEnum):
    """Why a text that may have been a command was none, in the order in which that is looked at."""

    TOO_OLD = "too_old"
    INCOMPLETE = "incomplete"
    LOCKED = "locked"
    WRONG_PIN = "wrong_pin"


@hiding("command")
class Judgement(NamedTuple):
    """What becomes of a text. ``command`` is what follows the PIN, and means nothing where it is refused."""

    refusal: Refusal | None
    command: str


def is_pin(written: str) -> bool:
    """Whether this may be the PIN of a contact: 4 to 10 digits."""
    return _PIN.fullmatch(written) is not None


def masked_pin(text: str, pin: str | None) -> str:
    """Give a text as it may be told: without the PIN that it begins with, if it does."""
    number = _NUMBER_FIRST.match(text)
    if pin is None or number is None or not hmac.compare_digest(number[1], pin):
        return text
    return f"{text[: number.start(1)]}{MASK}{text[number.end() :]}"


def judge(contact: Contact, text: str, *, delayed: bool, complete: bool, locked: bool) -> Judgement | None:
    """Judge a text of a contact. ``None``: nobody could take it for a command.

    So it is with texts of contacts that are not trusted, and of those who have a PIN while the text begins
    with no number of 4 or more digits: an "OK" to an alarm is no try that failed.
    """
    number = _NUMBER_FIRST.match(text) if contact.pin is not None else None
    if not contact.trusted or (contact.pin is not None and number is None):
        return None
    refusal: Refusal | None = None
    if delayed:
        refusal = Refusal.TOO_OLD
    elif not complete:
        refusal = Refusal.INCOMPLETE
    elif locked:
        refusal = Refusal.LOCKED
    elif contact.pin is not None and number is not None and not hmac.compare_digest(number[1], contact.pin):
        refusal = Refusal.WRONG_PIN
    return Judgement(refusal=refusal, command=(text[number.end() :] if number else text).strip())


def begins_with(command: str, words: str) -> bool:
    """Whether the first words of a command are these, in any case of letters."""
    wanted = words.casefold().split()
    return command.casefold().split(maxsplit=len(wanted))[: len(wanted)] == wanted


def split_command(command: str, chosen: list[str]) -> tuple[str, str]:
    """Give the first words of a command, casefolded, and the rest as it was written.

    The first words are the longest of those ``chosen`` that it begins with; the first one if none is chosen.
    """
    counts = [len(words.split()) for words in chosen if begins_with(command, words)]
    count = max(counts, default=1)
    parts = command.split(maxsplit=count)
    return " ".join(parts[:count]).casefold(), "".join(parts[count:])
