"""Finds dates in what a network says, in the orders and the languages that it may use."""

from collections.abc import Iterator
from datetime import date
from functools import cache
import re

_MONTHS: tuple[tuple[str, ...], ...] = (
    ("jan", "jän", "ene", "янв", "січ", "sty", "gen", "led", "oca"),
    ("feb", "fév", "fev", "лют", "фев", "lut", "úno", "şub"),
    ("mar", "mär", "mrz", "мар", "бер", "bře", "maa"),
    ("apr", "abr", "avr", "апр", "кві", "kwi", "dub", "nis"),
    ("may", "mai", "mei", "май", "мая", "тра", "maj", "mag", "kvě"),
    ("jun", "juin", "июн", "чер", "cze", "giu", "čvn", "červ", "haz"),
    ("jul", "juil", "июл", "лип", "lip", "lug", "čvc", "červenec", "tem"),
    ("aug", "ago", "aoû", "aou", "авг", "сер", "sie", "srp", "ağu"),
    ("sep", "set", "сен", "вер", "wrz", "zář", "eyl"),
    ("oct", "okt", "out", "ott", "окт", "жов", "paź", "paz", "říj", "eki"),
    ("nov", "ноя", "лис", "lis", "kas"),
    ("dec", "dez", "déc", "dic", "дек", "гру", "gru", "prosin", "ara"),
)
"""How the names of the months begin."""

_BEGINNINGS = {begin: month for month, names in enumerate(_MONTHS, 1) for begin in names}
_NAME = rf"(?:{'|'.join(sorted(_BEGINNINGS, key=len, reverse=True))})[^\W\d_]{{0,10}}\.?"

_MILLENNIUM, _YEARS_OF_TWO_DIGITS = 2000, 100

_AFTER_WORD = 50
"""Characters within which a date follows the word that it belongs to."""


@cache
def _date_pattern() -> re.Pattern[str]:
    """A date: year first, in Chinese, Japanese or Korean, in digits, and with the name of its month."""
    return re.compile(
        rf"""
        (?<!\d) (?<!\d[.,/:\-])
        (?:
            (?P<y1>\d{{4}}) (?P<s1>[./\-]) (?P<m1>\d{{1,2}}) (?P=s1) (?P<d1>\d{{1,2}})
          | (?P<y2>\d{{4}}) \s?[年년]\s? (?P<m2>\d{{1,2}}) \s?[月월]\s? (?P<d2>\d{{1,2}}) \s?[日일]
          | (?P<a3>\d{{1,2}}) \s?(?P<s3>[./\-])\s? (?P<b3>\d{{1,2}}) \s?(?P=s3)\s? (?P<y3>\d{{4}}|\d{{2}})
          | (?P<d4>\d{{1,2}}) (?:st|nd|rd|th|\.|º)? (?:\s|-|/|\ de\ |\ of\ ){{0,3}} (?P<n4>{_NAME})
            (?:\s|-|/|,|\ de\ ){{0,3}} (?P<y4>\d{{4}}|\d{{2}})
          | (?P<n5>{_NAME}) \s? (?P<d5>\d{{1,2}}) (?:st|nd|rd|th)? ,? \s? (?P<y5>\d{{4}})
        )
        (?!\d) (?![./:\-]\d)
        """,
        re.VERBOSE | re.IGNORECASE,
    )


@cache
def _ends() -> re.Pattern[str]:
    """Words that say that something ends on the date that follows."""
    return re.compile(
        r"""
        valid | until | expir | \bexp\b | \btill?\b | active\ (?:to|until) | through
        | gültig | gueltig | \bbis\b | ablauf
        | válid | vence | venc[ei]m | hasta | caduc | \baté\b | jusqu | valab | scad | fino\ al
        | ważn | wazn | \bdo(?=\s+(?:dnia\s+)?\d) | wygas | plat[ní] | geldig | gyldig | giltig | voimassa
        | érvény | \bgeç | son\ kull
        | действ | истека | \bдо\b | дійсн | чинн | закінч | срок | термін | активн
        | 有效 | 到期 | 截止 | 期限 | 만료 | ينتهي | صالح | hạn | sampai | berlaku | masa\ aktif
        """,
        re.VERBOSE | re.IGNORECASE,
    )


def read_date(text: str, *, month_first: bool) -> date | None:
    """Give the first date in a text that exists in the calendar, if there is any."""
    return next((day for _, day in _dates(text, month_first=month_first)), None)


def find_valid_until(text: str, today: date, *, month_first: bool) -> date | None:
    """Give the date until which a balance is valid.

    That is the first one after a word that says so. Without such a word it is the latest if it is yet to
    come, for an answer may also tell of what day it is.
    """
    dates = list(_dates(text, month_first=month_first))
    for word in _ends().finditer(text):
        for begin, day in dates:
            if word.start() <= begin <= word.end() + _AFTER_WORD:
                return day
    latest = max((day for _, day in dates), default=None)
    return latest if latest is not None and latest > today else None


def without_dates(text: str) -> str:
    """Give a text with nothing where its dates were, so that no part of one is taken for an amount."""
    return _date_pattern().sub(
        lambda match: "\0" * len(match[0]) if _date(match, month_first=False) else match[0], text
    )


def _dates(text: str, *, month_first: bool) -> Iterator[tuple[int, date]]:
    """Give every date of a text, and where it begins."""
    for match in _date_pattern().finditer(text):
        if (day := _date(match, month_first=month_first)) is not None:
            yield match.start(), day


def _date(match: re.Match[str], *, month_first: bool) -> date | None:
    of = {name[0]: value for name, value in match.groupdict().items() if value is not None}
    year = int(of["y"])
    year += _MILLENNIUM if year < _YEARS_OF_TWO_DIGITS else 0
    if "a" in of:
        first, second = int(of["a"]), int(of["b"])
        orders = [(second, first), (first, second)]
        if month_first:
            orders.reverse()
    else:
        month = _month(of["n"]) if "n" in of else int(of["m"])
        orders = [(month, int(of["d"]))]
    return next((day for month, number in orders if (day := _existing(year, month, number))), None)


def _month(name: str) -> int:
    small = name.casefold()
    length = max(len(begin) for begin in _BEGINNINGS if small.startswith(begin))
    return _BEGINNINGS[small[:length]]


def _existing(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
