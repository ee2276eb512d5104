"""What a port has sent is counted by day, for as long as a month's limit needs it."""

from datetime import date, timedelta

from custom_components.gsm_gateway.aiogsm.limits import Usage


def test_counts_days_and_months_by_port() -> None:
    usage = Usage()
    usage.restore({("1", date(2026, 11, 1)): 3, ("1", date(2026, 10, 31)): 5, ("2", date(2026, 11, 2)): 7})
    assert usage.add("1", date(2026, 11, 2)) == 1
    assert usage.add("1", date(2026, 11, 2)) == 2
    assert (usage.of_day("1", date(2026, 11, 2)), usage.of_day("1", date(2026, 11, 3))) == (2, 0)
    assert usage.of_month("1", date(2026, 11, 2)) == 5
    assert usage.of_month("1", date(2026, 10, 31)) == 5


def test_forgets_what_was_before_the_last_month() -> None:
    usage, first = Usage(), date(2026, 11, 1)
    for day in range(10 * 365):
        usage.add("1", first + timedelta(days=day))
    last = first + timedelta(days=day)
    assert usage.of_month("1", last) == last.day
    assert usage.of_day("1", last.replace(day=1) - timedelta(days=1)) == 1
    assert len(usage._counts) <= 62
