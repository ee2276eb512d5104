from random import Random

from custom_components.gsm_gateway.aiogsm.backoff import FIRST_DELAY, LONGEST_DELAY, Backoff


def test_first_try_is_at_once_and_the_rest_grow_within_bounds() -> None:
    backoff = Backoff(Random(1))
    waits = [backoff.next() for _ in range(40)]
    assert waits[0] == 0.0
    for tries, wait in enumerate(waits[1:], start=1):
        span = min(LONGEST_DELAY, FIRST_DELAY * 2**tries)
        assert max(FIRST_DELAY, span / 2) <= wait <= span
    assert max(waits) <= LONGEST_DELAY


def test_a_reset_begins_anew() -> None:
    backoff = Backoff(Random(1))
    backoff.next()
    backoff.next()
    backoff.reset()
    assert backoff.next() == 0.0
    assert 1.0 <= backoff.next() <= 2.0


def test_two_boxes_do_not_come_back_in_step() -> None:
    one, other = Backoff(Random(1)), Backoff(Random(2))
    assert [one.next() for _ in range(5)] != [other.next() for _ in range(5)]


def test_years_of_absence_do_not_overflow() -> None:
    backoff = Backoff(Random(1), first=2.0, longest=10.0)
    assert max(backoff.next() for _ in range(5000)) <= 10.0
