"""Reading a balance: answers as networks of many countries give them, and what is found in them."""

from datetime import date
from decimal import Decimal
from pathlib import Path
import re
import time

import pytest

from custom_components.gsm_gateway.balance_dates import find_valid_until, read_date
from custom_components.gsm_gateway.balance_reader import Manner, Reading, read, read_number
from custom_components.gsm_gateway.currencies import currency
from custom_components.gsm_gateway.patterns import pattern as accepted

TODAY = date(2026, 11, 25)
END = date(2026, 12, 31)


def reading(text: str, manner: Manner | None = None) -> Reading | None:
    return read(text, manner or Manner(), TODAY)


ANSWERS: list[tuple[str, str, str, date | None]] = [
    # Separators.
    ("Balance: 1,234.56 USD", "1234.56", "USD", None),
    ("Guthaben: 1.234,56 EUR", "1234.56", "EUR", None),
    ("Solde: 1 234,56 €", "1234.56", "EUR", None),
    ("Solde : 1\u00a0234,56\u00a0€", "1234.56", "EUR", None),
    ("Solde : 1\u202f234,56\u202f€", "1234.56", "EUR", None),
    ("Ihr Guthaben betragt CHF 1'234.50.", "1234.50", "CHF", None),
    ("Your balance is Rs 1,23,456.78", "123456.78", "INR", None),
    ("Sisa pulsa Rp 1.250.000", "1250000", "IDR", None),
    ("Tai khoan goc: 45.000 VND", "45000", "VND", None),
    ("Balance 1,234 USD", "1234", "USD", None),
    ("Balance: 5.250 KWD", "5.250", "KWD", None),
    ("Balance 0.500 USD", "0.500", "USD", None),
    ("Saldo: 5 EUR", "5", "EUR", None),
    ("Saldo 12,5 EUR", "12.5", "EUR", None),
    # Signs and places of the currency.
    ("Twoje saldo to 12,50 zł.", "12.50", "PLN", None),
    ("Saldo glowne: 12,50 zl", "12.50", "PLN", None),
    ("Your balance is $10.00", "10.00", "USD", None),
    ("Balance: -5.20 EUR", "-5.20", "EUR", None),
    ("Balance: EUR -5.20", "-5.20", "EUR", None),
    ("Balance: -$5.20", "-5.20", "USD", None),
    ("Баланс: −5,20 р.", "-5.20", "RUB", None),
    ("Balance - 5.20 EUR", "5.20", "EUR", None),
    ("You have £7.45 left", "7.45", "GBP", None),
    ("£7.45", "7.45", "GBP", None),
    ("Seu saldo e R$ 23,90", "23.90", "BRL", None),
    ("Tu saldo es de S/ 3.50", "3.50", "PEN", None),
    ("残高は¥1,200です", "1200", "JPY", None),
    ("您的余额为35.80元。", "35.80", "CNY", None),
    ("您的余额为￥35.80", "35.80", "JPY", None),
    ("Airtime balance: KSh 120.50", "120.50", "KES", None),
    ("Your account balance is NGN150.00", "150.00", "NGN", None),
    ("Main Account:₦1,050.25", "1050.25", "NGN", None),
    ("Your a/c balance is GHS 4.10", "4.10", "GHS", None),
    ("Airtime R29.15", "29.15", "ZAR", None),
    ("Bakiyeniz 42,75 TL'dir", "42.75", "TRY", None),
    ("Egyenleg: 2 350 Ft", "2350", "HUF", None),
    ("Zustatek kreditu: 201,50 Kc", "201.50", "CZK", None),
    ("Vas kredit je 201,50 Kč", "201.50", "CZK", None),
    ("Saldo: 99,00 kr", "99.00", "SEK", None),
    ("Credit: 5,36 lei", "5.36", "RON", None),
    ("Stanje na racunu: 450,00 din.", "450.00", "RSD", None),
    ("Solde: 1500 FCFA", "1500", "XOF", None),
    ("Votre solde est de 15,00 DH", "15.00", "AED", None),
    ("Rs.499.50 remaining", "499.50", "INR", None),
    ("Bal: Rs.499", "499", "INR", None),
    ("Main Bal: ৳ 20.31", "20.31", "BDT", None),
    ("SALDO 5,00 EUR", "5.00", "EUR", None),
    ("balance 5 eur", "5", "EUR", None),
    ("Balance: 10.00 USDT... no: 3.00 USD", "3.00", "USD", None),
    # Cyrillic, and hundredths by name.
    ("Баланс 5 р. 20 коп.", "5.20", "RUB", None),
    ("Ваш баланс 5 руб 07 коп", "5.07", "RUB", None),
    ("Баланс:305.60р", "305.60", "RUB", None),
    ("Баланс: 305,60 руб.", "305.60", "RUB", None),
    ("На рахунку 12 грн 50 коп.", "12.50", "UAH", None),
    ("Na rahunku 12.50 grn.", "12.50", "UAH", None),
    ("На рахунку: ₴12,50", "12.50", "UAH", None),
    ("Баланс: 1200 тенге", "1200", "KZT", None),
    ("Saldo: 5 zł 20 gr", "5.20", "PLN", None),
    # Other scripts.
    ("رصيدك الحالي ١٢٫٥٠ ج.م", "12.50", "EGP", None),
    ("रु. १५०.५० शेष", "150.50", "NPR", None),
    ("Balance：５００円", "500", "JPY", None),
    # Validity.
    ("Balance: 5.00 EUR. Valid until 31.12.2026", "5.00", "EUR", END),
    ("Balance: 5.00 EUR, exp. 31/12/26", "5.00", "EUR", END),
    ("Balance 5.00 EUR, expires 2026-12-31.", "5.00", "EUR", END),
    ("Guthaben 5,00 EUR, gültig bis 31. Dezember 2026", "5.00", "EUR", END),
    ("Balance 5.00 EUR valid till 31 Dec 2026", "5.00", "EUR", END),
    ("Balance 5.00 USD valid till Dec 31, 2026 23:59", "5.00", "USD", END),
    ("Balance 5.00 USD valid till 31st of December 2026", "5.00", "USD", END),
    ("Saldo R$ 5,00 válido até 31 de dezembro de 2026", "5.00", "BRL", END),
    ("Saldo 5,00 EUR hasta el 31-12-2026", "5.00", "EUR", END),
    ("Saldo 12,50 zl. Wazne do 31.12.2026", "12.50", "PLN", END),
    ("Konto wazne do 31 grudnia 2026, saldo 12,50 zl", "12.50", "PLN", END),
    ("Баланс 100 р. Действует до 31.12.2026", "100", "RUB", END),
    ("Рахунок дійсний до 31 грудня 2026. Залишок 7,00 грн", "7.00", "UAH", END),
    ("余额35.80元，有效期至2026年12月31日", "35.80", "CNY", END),
    ("On 25.11.2026 your balance is 5.00 EUR", "5.00", "EUR", None),
    ("On 25.11.2026: 5.00 EUR, valid until 31.12.2026", "5.00", "EUR", END),
    ("5.00 EUR 31.12.2026", "5.00", "EUR", END),
    ("31.12.2026 5.00 EUR", "5.00", "EUR", END),
    ("Saldo do dia 24/11/2026: R$ 10,00", "10.00", "BRL", None),
    # Numbers of other things.
    ("+49 170 1234567 Guthaben 5,20 EUR", "5.20", "EUR", None),
    ("Balance of 447700900123: GBP 4.50", "4.50", "GBP", None),
    ("Balance of 447700900123 is 4.50 GBP", "4.50", "GBP", None),
    ("Bonus 10%. Balance 5.00 EUR", "5.00", "EUR", None),
    ("100 min, 50 SMS, 2.5 GB. Balance 5.00 EUR", "5.00", "EUR", None),
    ("You have 2.5 GB and 5.00 EUR", "5.00", "EUR", None),
    ("Calls 0.09 EUR/min. Your balance: 5.00 EUR", "5.00", "EUR", None),
    ("0,09 EUR/min, 5,00 EUR Guthaben", "5.00", "EUR", None),
    ("Top up 10 EUR for a bonus! Balance: 5.00 EUR", "5.00", "EUR", None),
    ("Bonus balance: 2.00 EUR, main balance: 5.00 EUR", "5.00", "EUR", None),
    ("Balance: 5.00. Top up 10 EUR and win!", "5.00", "EUR", None),
    ("*100# 12:30 Saldo 5,00 EUR", "5.00", "EUR", None),
    # A word for a balance, and no currency.
    ("Balance: 5.00", "5.00", "EUR", None),
    ("Your balance is 5.00.", "5.00", "EUR", None),
    ("Баланс: 15,30\n*1# Далее", "15.30", "EUR", None),
    ("Saldo=-3,10", "-3.10", "EUR", None),
]


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case[0])
def test_answers(case: tuple[str, str, str, date | None]) -> None:
    text, amount, unit, until = case
    assert reading(text) == Reading(amount=Decimal(amount), unit=unit, valid_until=until)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Your request is being processed.",
        "Welcome\n1 Balance\n2 Internet",
        "Your number is +49 170 1234567",
        "Balance of 5551234567: please wait",
        "You have 100 min, 50 SMS and 2.5 GB",
        "Balance: 100 min",
        "Balance: 10 %",
        "Balance: 2.5GB",
        "Valid until 31.12.2026",
        "Balance 31.12.2026",
        "Balance at 12:30",
        "Calls cost 0.09 EUR/min",
        "Internet 5 EUR pro Monat",
        "all 5 of you",
        "5 km to go",
    ],
)
def test_no_answer(text: str) -> None:
    assert reading(text) is None


@pytest.mark.parametrize(
    ("text", "home", "unit"),
    [
        ("Balance $5.00", "CAD", "CAD"),
        ("Balance $5.00", "EUR", "USD"),
        ("Balance $5.00 CAD", "USD", "CAD"),
        ("Saldo 5 kr", "NOK", "NOK"),
        ("Баланс 5 руб.", "BYN", "BYN"),
        ("Balance Rs. 5", "PKR", "PKR"),
        ("Solde 5 DH", "MAD", "MAD"),
        ("余额 ¥5", "CNY", "CNY"),
        ("Balance: 5.00", "CHF", "CHF"),
    ],
)
def test_a_sign_of_several_currencies_is_that_of_home(text: str, home: str, unit: str) -> None:
    assert reading(text, Manner(home=home)) == Reading(amount=Decimal(5), unit=unit)


def test_a_unit_that_was_set_wins() -> None:
    manner = Manner(unit="credits")
    assert reading("Balance: 5.00 EUR", manner) == Reading(amount=Decimal(5), unit="credits")
    assert reading("Balance: 5.00", manner) == Reading(amount=Decimal(5), unit="credits")
    assert reading("Balance: 5.250", Manner(unit="KWD")) == Reading(amount=Decimal("5.250"), unit="KWD")


# Patterns of users.


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"left: (?P<amount>\S+)", "left: 1.234,50 zł", Reading(amount=Decimal("1234.5"), unit="EUR")),
        (r"left: (?P<amount>\S+) zł", "left: 3,50 zł", Reading(amount=Decimal("3.5"), unit="PLN")),
        (r"(?P<amount>\d+) (?P<unit>\w+)", "7 points", Reading(amount=Decimal(7), unit="points")),
        (r"(?P<amount>\d+)(?P<unit>€)", "7€", Reading(amount=Decimal(7), unit="EUR")),
        (
            r"B(?P<amount>[\d.]+) until (?P<valid_until>.+)",
            "B7.5 until 12/31/2026",
            Reading(amount=Decimal("7.5"), unit="EUR", valid_until=END),
        ),
        (r"B(?P<amount>\d+)", "B7 valid 31.12.2026", Reading(amount=Decimal(7), unit="EUR", valid_until=END)),
        (r"B(?P<amount>\d+)(?P<valid_until>x)?", "B7", Reading(amount=Decimal(7), unit="EUR")),
        (r"B(?P<amount>-?\d+)", "B-7", Reading(amount=Decimal(-7), unit="EUR")),
        (r"(?P<amount>\d+) left", "no balance", None),
        (r"(?P<amount>\w+) left", "nothing left", None),
        (r"(?P<amount>\d+)? ?left", "left", None),
    ],
)
def test_patterns(pattern: str, text: str, expected: Reading | None) -> None:
    assert reading(text, Manner(pattern=pattern)) == expected


def test_the_patterns_in_the_docs_do_what_they_say() -> None:
    page = Path(__file__).parents[1].joinpath("docs", "balance.md").read_text()
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", page, re.MULTILINE)
    assert [reading(text, Manner(pattern=accepted(pattern))) for text, pattern in rows] == [
        Reading(amount=Decimal("5.00"), unit="EUR"),
        Reading(amount=Decimal(120), unit="EUR", valid_until=END),
        Reading(amount=Decimal("7.35"), unit="EUR", valid_until=END),
    ]


def test_a_pattern_is_searched_in_the_beginning_only() -> None:
    manner = Manner(pattern=r"(?P<amount>7)")
    assert reading("x" * 1999 + "7", manner) is not None
    assert reading("x" * 2000 + "7", manner) is None


# Numbers, dates and currencies.


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", "1"), ("0,5", "0.5"), ("1.000.000", "1000000"), ("1,000", "1000"), ("1 000,5", "1000.5"),
        ("1.000,00", "1000"), ("12.3456", "12.3456"), ("007", "7"), ("1,000.00", "1000"), ("1'000", "1000"),
    ],
)  # fmt: skip
def test_numbers(text: str, number: str) -> None:
    assert read_number(text, "EUR") == Decimal(number)
    assert read_number(f"-{text}", "EUR") == -Decimal(number)


def test_no_number() -> None:
    assert read_number("none", "EUR") is None


DATES: list[tuple[str, date | None]] = [
    ("31.12.2026", END),
    ("31/12/26", END),
    ("31-12-2026", END),
    ("2026-12-31", END),
    ("2026/12/31", END),
    ("2026.12.31", END),
    ("12/31/2026", END),
    ("31 . 12 . 2026", END),
    ("2026年12月31日", END),
    ("2026년 12월 31일", END),
    ("31 Dec 2026", END),
    ("31-Dec-26", END),
    ("31Dec2026", END),
    ("December 31, 2026", END),
    ("31 de diciembre de 2026", END),
    ("31 décembre 2026", END),
    ("31 dic 2026", END),
    ("31 декабря 2026", END),
    ("31 grudnia 2026", END),
    ("12 Mär 2026", date(2026, 3, 12)),
    ("12 červenec 2026", date(2026, 7, 12)),
    ("12 června 2026", date(2026, 6, 12)),
    ("03.04.2026", date(2026, 4, 3)),
    ("31.02.2026", None),
    ("32.12.2026", None),
    ("1.2.3", None),
    ("12:30:45", None),
    ("192.168.10.26", None),
    ("12.50", None),
    ("12 Dec 14:00", None),
    ("10 Points 2026", None),
]


@pytest.mark.parametrize(("text", "expected"), DATES)
def test_dates(text: str, expected: date | None) -> None:
    assert read_date(f"on {text}.", month_first=False) == expected


def test_the_month_comes_first_where_people_write_it_so() -> None:
    assert read_date("03/04/2026", month_first=True) == date(2026, 3, 4)
    assert read_date("31/12/2026", month_first=True) == END


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("valid until 01.01.2026", date(2026, 1, 1)),  # over already, and said so
        ("01.01.2026 and 25.11.2026", None),
        ("01.01.2027 and 02.01.2027", date(2027, 1, 2)),
        ("valid. " + "x" * 60 + "01.01.2026", None),
    ],
)
def test_until_when(text: str, until: date | None) -> None:
    assert find_valid_until(text, TODAY, month_first=False) == until


@pytest.mark.parametrize(
    ("written", "code"),
    [("€", "EUR"), ("EUR", "EUR"), ("eur", "EUR"), ("ZŁ", "PLN"), ("all", "ALL"), ("R", "ZAR"), ("??", None)],
)
def test_currencies(written: str, code: str | None) -> None:
    assert currency(written, "EUR") == code


@pytest.mark.parametrize(
    "text", ["1" * 2000, "1 " * 1000, "$" * 2000, "1.1" * 700, "Balance " * 250, "- " * 999]
)
def test_no_answer_holds_anything_up(text: str) -> None:
    begin = time.perf_counter()
    reading(text)
    assert time.perf_counter() - begin < 2
