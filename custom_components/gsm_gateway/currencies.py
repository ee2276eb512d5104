"""How networks write currencies, and which one is meant: ISO 4217 codes, signs, names and abbreviations."""

from collections.abc import Iterable
import re

from homeassistant.generated.currencies import ACTIVE_CURRENCIES

_MEANINGS: dict[str, tuple[str, ...]] = {
    # Signs.
    "EUR": ("€", "eur", "euro", "euros", "евро", "євро", "ευρώ"),
    "USD CAD AUD NZD MXN ARS CLP COP UYU SGD HKD TWD DOP JMD TTD XCD": ("$", "dollar", "dollars", "dólares"),
    "USD": ("us$", "usd"),
    "CAD": ("c$", "ca$"),
    "AUD": ("a$", "au$"),
    "NZD": ("nz$",),
    "SGD": ("s$",),
    "HKD": ("hk$",),
    "TWD": ("nt$",),
    "MXN": ("mx$",),
    "BRL": ("r$", "brl", "reais"),
    "MXN ARS CLP COP UYU DOP PHP CUP": ("pesos",),
    "PEN": ("s/", "s/.", "soles"),
    "GBP EGP LBP SYP FKP GIP SHP SSP": ("£", "pounds"),
    "GBP": ("gbp",),
    "CHF": ("chf", "sfr", "fr."),
    "JPY CNY": ("¥",),
    "JPY": ("円",),
    "CNY TWD": ("元",),
    "CNY": ("圆", "块", "rmb", "yuan"),
    "KRW": ("₩", "원"),
    "PLN": ("zł", "zl", "złotych", "pln"),
    "CZK": ("kč", "kc", "korun", "czk"),
    "HUF": ("huf",),
    "RON MDL": ("lei", "leu"),
    "MDL RON": ("лей", "леев"),
    "BGN": ("лв", "лв.", "lv", "leva"),
    "SEK NOK DKK ISK": ("kr", "kr."),
    "SEK": ("kronor", "sek"),
    "NOK DKK": ("kroner",),
    "NOK": ("nok",),
    "DKK": ("dkk",),
    "RSD": ("din", "din.", "дин", "дин.", "rsd"),
    "MKD": ("ден", "ден."),
    "ALL": ("lekë",),
    "RUB BYN": ("р", "р.", "руб", "руб.", "рубль", "рубля", "рублей", "rub", "rub."),
    "RUB": ("₽", "rur"),
    "BYN": ("byn", "бел.руб", "бел.руб."),
    "UAH": ("₴", "uah", "грн", "грн.", "гривень", "гривні", "гривня", "hrn", "grn"),
    "KZT": ("₸", "kzt", "тг", "тг.", "тенге", "теңге", "tenge"),
    "UZS": ("сум", "so'm", "so‘m"),
    "KGS": ("сом",),
    "TJS": ("сомони",),
    "AZN TMT": ("₼", "manat"),
    "GEL": ("₾", "lari", "ლარი"),
    "AMD": ("֏", "драм", "դրամ"),
    "MNT": ("₮",),
    "TRY": ("₺", "lira"),
    "INR": ("₹", "inr"),
    "INR PKR LKR NPR MUR": ("rs", "rs.", "rupees"),
    "NPR INR": ("रु", "रु."),
    "BDT": ("৳", "taka"),
    "NGN": ("₦", "naira", "ngn"),
    "GHS": ("₵", "cedis", "ghc"),
    "KES": ("ksh", "ksh.", "kshs"),
    "TZS": ("tsh", "tshs"),
    "UGX": ("ush", "ugx"),
    "ETB": ("birr",),
    "XOF XAF": ("fcfa", "f cfa", "cfa"),
    "AED MAD": ("dhs", "درهم"),
    "SAR QAR OMR YER": ("ريال",),
    "SAR": ("ر.س",),
    "AED": ("د.إ",),
    "EGP": ("ج.م",),
    "EGP SDG": ("جنيه",),
    "KWD": ("د.ك",),
    "IQD JOD KWD BHD DZD TND LYD": ("دينار",),
    "ILS": ("₪", "nis", "שח", 'ש"ח'),
    "MYR": ("rm",),
    "IDR": ("rp", "rp."),
    "THB": ("฿", "baht", "บาท"),
    "VND": ("₫", "đ", "đồng", "vnd"),
    "PHP": ("₱",),
    "LAK": ("₭",),
    "KHR": ("៛",),
    "PYG": ("₲",),
    "CRC": ("₡",),
}
"""What codes are written as, in any case of letters. Of several codes, the most usual comes first."""

_IN_CAPITALS: dict[str, tuple[str, ...]] = {
    "AED MAD": ("DH",),
    "BAM": ("KM",),
    "BDT": ("Tk", "Tk."),
    "BOB VES": ("Bs", "Bs."),
    "DZD": ("DA",),
    "EGP": ("LE",),
    "HUF": ("Ft",),
    "JOD": ("JD",),
    "MMK": ("Ks",),
    "PYG": ("Gs", "Gs."),
    "SAR": ("SR",),
    "TND": ("DT",),
    "TRY": ("TL",),
    "ZAR": ("R",),
}
"""What would be words or units of other things in small letters, such as ``le`` and ``km``."""

THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
"""Currencies of a thousand parts (ISO 4217): three digits behind their only separator are a fraction."""


def _by_word(meanings: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    return {word: codes.split() for codes, words in meanings.items() for word in words}


_ANY_CASE = _by_word(_MEANINGS)
_EXACT = _by_word(_IN_CAPITALS) | {code: [code] for code in ACTIVE_CURRENCIES}


def _either(words: Iterable[str]) -> str:
    """Give a pattern for any of these, the longest first; no letter may adjoin one of theirs."""
    return "|".join(
        (r"(?<![^\W\d_])" if word[0].isalpha() else "")
        + re.escape(word)
        + (r"(?![^\W\d_])" if word[-1].isalpha() else "")
        for word in sorted(words, key=lambda word: (-len(word), word))
    )


def any_currency() -> str:
    """Give a pattern for a currency, of any length up to seven characters."""
    return f"(?:(?i:{_either(_ANY_CASE)})|{_either(_EXACT)})"


_HUNDREDTHS = ("коп", "копійок", "копеек", "kop", "gr", "groszy", "cent", "cents", "ct", "bani", "haléřů")

HUNDREDTH = f"(?i:{_either(_HUNDREDTHS)})"
"""A pattern for the name of the hundredth part of a currency."""


def meanings(written: str) -> list[str]:
    """Give the ISO 4217 codes that a currency stands for as it is written; none if it is unknown."""
    if written in _EXACT:
        return _EXACT[written]
    return _ANY_CASE.get(written.casefold()) or _EXACT.get(written.upper(), [])


def currency(written: str, home: str) -> str | None:
    """Give the code of a currency as it is written; of several with that sign, ``home`` if it is one."""
    meant = meanings(written)
    if home in meant:
        return home
    return meant[0] if meant else None
