"""Cuts a text that is too long into numbered messages: ``1/3 …``, ``2/3 …``, ``3/3 …``."""

from collections.abc import Callable
import unicodedata

from .errors import InvalidInput

MOST_PIECES = 20
"""Messages that one text may be cut into."""

# The widest number of each width, and how many messages can be numbered with it.
_NUMBERS = (("9/9 ", 9), (f"{MOST_PIECES}/{MOST_PIECES} ", MOST_PIECES))

_BLANKS = " \n\t"
_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


def split_text(text: str, fits: Callable[[str], bool]) -> list[str]:
    """Give the text alone if it fits, else as numbered messages each of which does. Raise InvalidInput.

    ``fits`` says whether one message can be carried; what fits still fits when it is made shorter. Cuts are
    at blanks, which they replace, where there are any in the latter half of a message; never inside of what
    people see as one character, unless that alone is too long.
    """
    for whole in (text, text.strip()):
        if fits(whole):
            return [whole]
    for number, most in _NUMBERS:
        pieces = _cut(text.strip(), number, fits)
        if len(pieces) <= most:
            return [f"{place}/{len(pieces)} {piece}" for place, piece in enumerate(pieces, start=1)]
    raise InvalidInput("text_pieces", f"the text would need more than {MOST_PIECES} messages")


def _cut(text: str, number: str, fits: Callable[[str], bool]) -> list[str]:
    """Cut a text into pieces that fit behind a number, but into no more than would be one too many."""
    pieces: list[str] = []
    while text and len(pieces) <= MOST_PIECES:
        end = _end_of_piece(text, lambda piece: fits(number + piece))
        pieces.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return pieces


def _end_of_piece(text: str, fits: Callable[[str], bool]) -> int:
    """Give how much of a text is its first piece. Raise InvalidInput where not even one character fits."""
    longest = _longest(text, fits)
    if longest == len(text):
        return longest
    if not longest:
        raise InvalidInput("text_pieces", "a message has no room for a character beside its number")
    blank = max(text.rfind(blank, longest // 2, longest + 1) for blank in _BLANKS)
    if blank > 0:
        return blank
    return next((end for end in range(longest, 0, -1) if _may_cut(text, end)), longest)


def _longest(text: str, fits: Callable[[str], bool]) -> int:
    """Give the number of code points of the longest beginning that fits."""
    least, most = 0, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        if fits(text[:middle]):
            least = middle
        else:
            most = middle - 1
    return least


def _may_cut(text: str, place: int) -> bool:
    """Whether nothing that people see as one character reaches over this place."""
    before, after = text[place - 1], text[place]
    if _JOINER in (before, after) or ord(after) in _SKIN_TONES or unicodedata.category(after).startswith("M"):
        return False
    if before not in _FLAG_LETTERS or after not in _FLAG_LETTERS:
        return True
    letters_before = place - len(text[:place].rstrip(_FLAG_LETTERS))
    return letters_before % 2 == 0  # a flag is two letters
