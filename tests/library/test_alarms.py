"""Alarms: each key is woken once, at the time that was set last."""

from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.alarms import Alarms


@pytest.fixture
def alarms() -> Alarms[str]:
    return Alarms()


def test_nobody_is_woken_at_first(alarms: Alarms[str]) -> None:
    assert alarms.first() is None
    assert alarms.earliest() is None
    assert list(alarms.take(1e9)) == []


def test_wakes_in_order_and_once(alarms: Alarms[str]) -> None:
    alarms.set("b", 2)
    alarms.set("a", 1)
    alarms.set("c", 3)
    assert alarms.first() == 1
    assert list(alarms.take(2)) == ["a", "b"]
    assert list(alarms.take(2)) == []
    assert alarms.first() == 3


def test_an_alarm_can_be_put_off_put_forward_and_taken_back(alarms: Alarms[str]) -> None:
    alarms.set("a", 1)
    alarms.set("a", 5)
    assert alarms.earliest() == 1
    assert alarms.first() == 5
    assert alarms.earliest() == 5
    alarms.set("a", 3)
    assert alarms.first() == 3
    assert list(alarms.take(4)) == ["a"]
    assert alarms.first() is None
    alarms.set("b", 6)
    alarms.set("b", None)
    alarms.set("never", None)
    assert alarms.first() is None


def test_a_key_may_set_its_alarm_while_it_is_woken(alarms: Alarms[str]) -> None:
    alarms.set("a", 1)
    for key in alarms.take(1):
        alarms.set(key, 2)
    assert alarms.first() == 2


def test_agrees_with_a_plain_search() -> None:
    random = Random(1)
    alarms: Alarms[int] = Alarms()
    plain: dict[int, float] = {}
    for now in range(2000):
        key = random.randrange(20)
        when = random.choice([None, now + random.random() * 50])
        alarms.set(key, when)
        plain.pop(key, None)
        if when is not None:
            plain[key] = when
        due = {key for key, when in plain.items() if when <= now}
        assert set(alarms.take(now)) == due
        for key in due:
            del plain[key]
        assert alarms.first() == min(plain.values(), default=None)
