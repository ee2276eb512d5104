"""What may be put into a text, a number, a code or a credential, and what is left of what comes in.

Every check raises InvalidInput and changes nothing. None of the sentences repeats what was refused.
"""

from functools import cache
import re

from .errors import InvalidInput

MOST_MINUTES = 100_000
MOST_SECONDS = 86_400
LEAST_RINGING, MOST_RINGING = 5, 30

_NUMBER = re.compile(r"\+?[0-9]{2,20}", re.ASCII)
_USSD_CODE = re.compile(r"[0-9*#+]{1,182}", re.ASCII)
_IMEI = re.compile(r"[0-9]{15}", re.ASCII)
# Controls, marks of writing direction, and line ends of Unicode's own: they act on whoever shows them.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_CREDENTIAL = re.compile(r"[^\s;\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,64}")


@cache
def _control_in_text() -> re.Pattern[str]:
    """Control characters but LF, CR and TAB, and halves of surrogate pairs. Compiled for the first text."""
    return re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def check_number(number: str) -> None:
    """Refuse all but an optional plus and 2 to 20 digits."""
    if not _NUMBER.fullmatch(number):
        raise InvalidInput("number", "a number is an optional plus and 2 to 20 digits")


def check_ussd_code(code: str) -> None:
    """Refuse all but 1 to 182 of the characters 0-9, star, hash and plus (3GPP TS 23.038: 182 septets)."""
    if not _USSD_CODE.fullmatch(code):
        raise InvalidInput("ussd_code", "a USSD code is made of digits, *, # and +")


def check_text(text: str, limit: int) -> None:
    """Refuse nothing, control characters but LF, CR and TAB, and over ``limit`` bytes of UTF-8."""
    if not text:
        raise InvalidInput("text_empty", "the text is empty")
    if _control_in_text().search(text):
        raise InvalidInput("text_control", "the text holds a control character or half a surrogate pair")
    excess = len(text.encode()) - limit
    if excess > 0:
        raise InvalidInput("text_too_long", f"the text is {excess} bytes too long", excess=excess)


def check_imei(imei: str) -> None:
    """Refuse all but 15 digits of which the last is right (3GPP TS 23.003 annex B: Luhn's check digit)."""
    if not _IMEI.fullmatch(imei) or _luhn(imei) % 10:
        raise InvalidInput("imei", "an IMEI is 15 digits, and the last of them follows from the others")


def _luhn(digits: str) -> int:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return sum(doubled) + sum(int(digit) for digit in digits[::-2])


def check_minutes(minutes: int) -> None:
    """Refuse all but 0 to 100000 minutes of calls."""
    if not 0 <= minutes <= MOST_MINUTES:
        raise InvalidInput("minutes", f"a limit of calls is 0 to {MOST_MINUTES} minutes")


def check_seconds(seconds: int) -> None:
    """Refuse all but 0 to 86400 seconds between calls."""
    if not 0 <= seconds <= MOST_SECONDS:
        raise InvalidInput("seconds", f"an interval of calls is 0 to {MOST_SECONDS} seconds")


def check_ringing(seconds: int) -> None:
    """Refuse all but the 5 to 30 seconds that a call may ring (3GPP TS 22.082: no reply condition timer)."""
    if not LEAST_RINGING <= seconds <= MOST_RINGING:
        raise InvalidInput("ringing", f"a call rings {LEAST_RINGING} to {MOST_RINGING} seconds")


def check_cell(cell: str) -> None:
    """Refuse what is no radio cell's id, or could not be carried: as with a credential."""
    if not _CREDENTIAL.fullmatch(cell):
        raise InvalidInput("cell", "a cell's id is 1 to 64 characters, with no blank or semicolon")


def check_credential(value: str) -> None:
    """Refuse what no packet can carry: nothing, blanks, semicolons, control characters, over 64 of any."""
    if not _CREDENTIAL.fullmatch(value):
        raise InvalidInput("credential", "1 to 64 characters, with no blank, semicolon or control character")


def printable(text: str) -> str:
    """Give ``text`` without the characters that must not reach a log or a state."""
    return _UNPRINTABLE.sub("", text)


_HALVES = re.compile(rb"((?:\xed[\xa0-\xbf][\x80-\xbf])+)")


def decoded(data: bytes | bytearray) -> str:
    """Decode UTF-8, and keep the halves of surrogate pairs that a box writes as if each were a character.

    The other half may be in the text's next part; ``readable`` joins them. What else is broken is replaced.
    """
    try:
        return data.decode()
    except UnicodeDecodeError:
        pieces = _HALVES.split(data)  # an 0xED begins a character wherever it stands, so this cuts none
    return "".join(
        piece.decode(errors="surrogatepass" if place % 2 else "replace") for place, piece in enumerate(pieces)
    )


def readable(text: str) -> str:
    """Give what somebody wrote as it can be kept and shown.

    Surrogate pairs become the characters that they are, and a half that has no other U+FFFD. Control
    characters but LF, CR and TAB are left out.
    """
    if text.isprintable():  # nearly all are, and then there is neither
        return text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _control_in_text().sub("", whole)
