"""A long queue: a thousand texts over 32 ports cost each look at them no more than one glance at each."""

from collections import Counter
from collections.abc import Callable

import pytest

from custom_components.gsm_gateway.aiogsm.lanes import Plan
from custom_components.gsm_gateway.aiogsm.limits import Usage
from custom_components.gsm_gateway.aiogsm.outbox import Outbox, _Waiting
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .outbox_stage import PACE, at, outbox_with, ports, text

TEXTS, PORTS = 1000, 32
STATES = ports(f"{number}" for number in range(PORTS))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often the parts of a look are asked."""
    counted: Counter[str] = Counter()

    def count(owner: type, name: str) -> None:
        original: Callable[..., object] = getattr(owner, name)

        def counting(*arguments: object) -> object:
            counted[name] += 1
            return original(*arguments)

        monkeypatch.setattr(owner, name, counting)

    for owner, name in ((_Waiting, "able"), (Plan, "choose"), (Usage, "spent")):
        count(owner, name)
    return counted


def full_outbox(known: bool) -> Outbox:
    outbox = outbox_with(pace=PACE, per_day=10_000, per_month=100_000)
    for number in range(TEXTS):
        recipient = f"{number}"
        if known:
            outbox.met(recipient, f"{number % PORTS}")
        outbox.add(text(f"m{number}", recipient=recipient, text=recipient), at())
    return outbox


@pytest.mark.parametrize("known", [False, True], ids=["nobody knows a port", "everybody knows one"])
def test_a_look_at_the_queue_is_one_glance_at_each_text(calls: Counter[str], known: bool) -> None:
    outbox = full_outbox(known)
    departures = outbox.take(STATES, at())
    assert len(departures) == PORTS
    assert calls["able"] <= TEXTS
    assert calls["choose"] <= TEXTS
    assert calls["spent"] <= 2 * PORTS


def test_a_look_while_no_port_is_free_is_none_at_the_texts(calls: Counter[str]) -> None:
    outbox = full_outbox(known=False)
    outbox.take(STATES, at())
    calls.clear()
    assert outbox.take(STATES, at(1)) == []
    assert calls == {}


def test_a_look_for_what_has_to_be_given_up_asks_each_port_once(calls: Counter[str]) -> None:
    outbox = full_outbox(known=False)
    assert outbox.give_up(STATES, at()) == []
    assert calls == {"spent": PORTS}


def test_all_leave_as_fast_as_the_pace_lets_them() -> None:
    outbox = full_outbox(known=False)
    rounds = 0
    while len(outbox):
        for departure in outbox.take(STATES, at(rounds * PACE)):
            outbox.settle(departure.message_id, SmsTaken(), STATES, at(rounds * PACE))
        rounds += 1
    assert rounds == -(-TEXTS // PORTS)
