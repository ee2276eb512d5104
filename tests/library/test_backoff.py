from random import Random

from custom_components.gsm_gateway.aiogsm.backoff import FIRST_DELAY, LONGEST_DELAY, Backoff


def seeded(seed: int) -> Random:
    return Random(seed)


def test_waits_grow_within_bounds() -> None:
    backoff = Backoff(seeded(1))
    waits = [backoff.next() for _ in range(40)]
    for tries, wait in enumerate(waits, start=1):
        span = min(LONGEST_DELAY, FIRST_DELAY * 2**tries)
        assert span / 2 <= wait <= span
    assert min(waits) >= FIRST_DELAY
    assert max(waits) <= LONGEST_DELAY


def test_a_reset_begins_anew() -> None:
    backoff = Backoff(seeded(1))
    backoff.next()
    backoff.next()
    backoff.reset()
    assert 1.0 <= backoff.next() <= 2.0


def test_two_boxes_do_not_come_back_in_step() -> None:
    one, other = Backoff(seeded(1)), Backoff(seeded(2))
    assert [one.next() for _ in range(5)] != [other.next() for _ in range(5)]


def test_years_of_absence_do_not_overflow() -> None:
    backoff = Backoff(seeded(1), first=2.0, longest=10.0)
    assert max(backoff.next() for _ in range(5000)) <= 10.0
