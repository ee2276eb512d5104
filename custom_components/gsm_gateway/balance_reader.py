"""Reads what a network says about a balance: how much it is, in which currency, and until when it is valid.

Nothing here knows of boxes, or asks anything.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
import re
from typing import NamedTuple
import unicodedata

from .balance_dates import find_valid_until, read_date, without_dates
from .currencies import HUNDREDTH, THOUSANDTHS, any_currency, currency, meanings
from .patterns import MOST_SEARCHED, search

AMOUNT = "amount"
UNIT = "unit"
VALID_UNTIL = "valid_until"


class Reading(NamedTuple):
    """What an answer says. ``unit`` is an ISO 4217 code, or what the owner of the SIM calls it."""

    amount: Decimal
    unit: str
    valid_until: date | None = None


class Manner(NamedTuple):
    """How the answers of one SIM are read.

    ``pattern`` is one that ``patterns.pattern`` accepted, with a group ``amount`` and perhaps ``unit`` and
    ``valid_until``; without it we look ourselves. ``unit`` wins over what is read. ``home`` is the currency
    that a sign of several stands for, and one that is not told. ``month_first``: 3/4 is in March.
    """

    pattern: str | None = None
    unit: str | None = None
    home: str = "EUR"
    month_first: bool = False


class _Amount(NamedTuple):
    """A number that may be the balance, and where it begins."""

    begin: int
    number: Decimal
    unit: str
    meanings: int = 1


_LESS = "[-−–]"
_DIGITS = r"""(?:
    \d{1,2} (?:,\d{2})+ ,\d{3} (?:\.\d{1,2})?
  | \d{1,3} (?:[.,'’\ ]\d{3})+ (?:[.,]\d{1,3})?
  | \d{1,10} (?:[.,]\d{1,4})?
) (?!\d)"""
_NUMBER = rf"""
    (?<!\d) (?<!\d[.,:/\-]) (?P<sign>(?<!\w){_LESS}(?=\d))?
    (?<!\d) (?<!\d[.,:/\-]) (?P<digits>{_DIGITS}) (?!:\d)
"""
_PRICE = r"(?!\s?(?:/|per\b|pro\b|за\b)\s?\w)"

_GROUP = 3
"""Digits that stand together between two separators of thousands."""

_NEAR = 16
"""Characters that are right before a word."""


# Compiled when first needed, for most boxes have no balance to be read. A currency is no verbose pattern: the
# blanks in it count.


@cache
def _first_number() -> re.Pattern[str]:
    return re.compile(_NUMBER, re.VERBOSE)


@cache
def _before() -> re.Pattern[str]:
    """A currency, and the number behind it."""
    return re.compile(
        rf"(?P<outer>(?<!\w){_LESS})?(?P<unit>{any_currency()})\s?:?\s?(?x:{_NUMBER})(?!\s?%){_PRICE}"
    )


@cache
def _after() -> re.Pattern[str]:
    """A currency, and the number before it."""
    hundredths = rf"(?:[\s,]{{0,2}}(?P<hundredths>\d{{1,2}})\s?{HUNDREDTH})"
    return re.compile(rf"(?x:{_NUMBER})\s?(?P<unit>{any_currency()}){hundredths}?\.?{_PRICE}")


@cache
def _balance() -> re.Pattern[str]:
    """Words for a balance."""
    return re.compile(
        r"""
        \b(?: balance | bal\b | remaining | airtime
        | guthaben | kontostand | saldo | solde\b | stan\ konta | środki | srodki | beholdning | tegoed
        | баланс | остаток | залишок | zůstatek | zostatok | egyenleg | bakiye | stanje | υπόλοιπο | pulsa
        | số\ dư )
        | ยอดเงิน | शेष | 余额 | 餘額 | 残高 | 잔액 | رصيد | יתרה
        """,
        re.VERBOSE | re.IGNORECASE,
    )


@cache
def _bonus() -> re.Pattern[str]:
    """What is given besides, and is no balance, when it stands right before a word for one."""
    return re.compile(r"(?:bonus|promo|бонус|gift|free)\w*\s?$", re.IGNORECASE)


@cache
def _bare() -> re.Pattern[str]:
    """A number without a currency, right after a word for a balance, that no unit of other things follows."""
    return re.compile(
        rf"[^\d\n]{{0,24}}?(?x:{_NUMBER})(?<!\d{{8}})(?=\s*$|\s*\n|[.;!)\]](?:\s|$)|,\s\D)", re.MULTILINE
    )


def make_ready() -> None:
    """Compile what answers are searched for, as the first reading would: that takes some 25 ms."""
    read("balance 1 EUR", Manner(), date.min)


def read(text: str, manner: Manner, today: date) -> Reading | None:
    """Read an answer that came on ``today``, or give None if no amount is found in it."""
    if manner.pattern is not None:
        return _read_by_pattern(text, manner, manner.pattern, today)
    plain = _plain(text[:MOST_SEARCHED])
    amount = next(_amounts(without_dates(plain), manner), None)
    if amount is None:
        return None
    until = find_valid_until(plain, today, month_first=manner.month_first)
    return Reading(amount=amount.number, unit=manner.unit or amount.unit, valid_until=until)


def read_number(text: str, unit: str) -> Decimal | None:
    """Give the first number of a text, whatever separates its digits; ``unit`` is what it counts."""
    match = _first_number().search(_plain(text))
    return None if match is None else _number(match, unit)


def _read_by_pattern(text: str, manner: Manner, pattern: str, today: date) -> Reading | None:
    match = search(pattern, text)
    if match is None:
        return None
    groups = {name: value.strip() for name, value in match.groupdict().items() if value}
    plain = _plain(text[:MOST_SEARCHED])
    if UNIT in groups:
        read_unit = currency(groups[UNIT], manner.home) or groups[UNIT]
    else:
        beside = next(_with_currency(_plain(match[0]), manner), None)
        read_unit = manner.home if beside is None else beside.unit
    unit = manner.unit or read_unit
    amount = read_number(groups.get(AMOUNT, ""), unit)
    if amount is None:
        return None
    if VALID_UNTIL in groups:
        until = read_date(_plain(groups[VALID_UNTIL]), month_first=manner.month_first)
    else:
        until = find_valid_until(plain, today, month_first=manner.month_first)
    return Reading(amount=amount, unit=unit, valid_until=until)


def _amounts(text: str, manner: Manner) -> Iterator[_Amount]:
    """Give what may be the balance: first what follows a word for it, then all that has a currency."""
    found = sorted(_with_currency(text, manner), key=lambda amount: (amount.begin, amount.meanings))
    for word in _balance().finditer(text):
        if _bonus().search(text[max(0, word.start() - _NEAR) : word.start()]):
            continue
        first = next((amount for amount in found if amount.begin >= word.end()), None)
        bare = _bare().match(text, word.end())
        if bare is not None and (first is None or bare.start("digits") < first.begin):
            unit = manner.unit or manner.home
            yield _Amount(bare.start("digits"), _number(bare, unit), unit)
        elif first is not None:
            yield first
    yield from found


def _with_currency(text: str, manner: Manner) -> Iterator[_Amount]:
    for match in (*_before().finditer(text), *_after().finditer(text)):
        written = match["unit"]
        unit = currency(written, manner.home) or written
        number = _number(match, manner.unit or unit)
        yield _Amount(match.start("digits"), number, unit, len(meanings(written)))


def _number(match: re.Match[str], unit: str) -> Decimal:
    """Read the digits of a match, with its signs and its hundredths."""
    parts = match.groupdict()
    number = Decimal(_decimal(parts["digits"], unit))
    if (hundredths := parts.get("hundredths")) and number == int(number):
        number += Decimal(hundredths) / 100
    return -number if parts["sign"] or parts.get("outer") else number


def _decimal(digits: str, unit: str) -> str:
    """Give digits with a point before the fraction, if there is one, and nothing between the others."""
    whole, separator, fraction = _split_off_fraction(digits, unit)
    return re.sub(r"\D", "", whole) + (f".{fraction}" if separator else "")


def _split_off_fraction(digits: str, unit: str) -> tuple[str, str, str]:
    separators = re.findall(r"\D", digits)
    if not separators or separators[-1] not in ".,":
        return digits, "", ""
    whole, separator, fraction = digits.rpartition(separators[-1])
    if len(separators) > 1:
        return (digits, "", "") if separators[0] == separator else (whole, separator, fraction)
    groups = len(fraction) == _GROUP and len(whole) <= _GROUP and whole.strip("0")
    return (digits, "", "") if groups and unit not in THOUSANDTHS else (whole, separator, fraction)


def _plain(text: str) -> str:
    """Give a text with the digits, blanks and separators of all scripts as those of ours."""
    text = unicodedata.normalize("NFKC", text).translate({0x066B: ".", 0x066C: ","})
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)
