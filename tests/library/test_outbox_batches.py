"""The outbox where a port takes several recipients of one text at a time, and where ports come to rest."""

from collections import Counter
from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.errors import PortNotReady
from custom_components.gsm_gateway.aiogsm.models import Message
from custom_components.gsm_gateway.aiogsm.outbox import Outbox, Turn
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .outbox_stage import at, names, outbox_with, ports, text

SENT = SmsTaken()


def batching(*messages: Message, batch: int = 10) -> Outbox:
    return outbox_with(*messages, batch=batch)


def several(count: int, pinned: str | None = None) -> list[Message]:
    return [text(f"m{number}", pinned) for number in range(count)]


def test_one_port_is_given_all_recipients_of_a_text_at_once() -> None:
    outbox = batching(*several(4))
    assert names(outbox.take(ports(["1"]), at())) == ["m0@1", "m1@1", "m2@1", "m3@1"]


def test_no_more_than_a_port_takes() -> None:
    outbox = batching(*several(7), batch=3)
    assert len(outbox.take(ports(["1"]), at())) == 3


@pytest.mark.parametrize(("recipients", "each"), [(8, [4, 4]), (7, [4, 3]), (2, [1, 1])])
def test_all_free_ports_help(recipients: int, each: list[int]) -> None:
    outbox = batching(*several(recipients))
    used = Counter(departure.port for departure in outbox.take(ports(["1", "2"]), at()))
    assert sorted(used.values(), reverse=True) == each


def test_another_text_waits_for_the_port() -> None:
    outbox = batching(text("a"), replace(text("b"), text="another"), text("c"))
    assert names(outbox.take(ports(["1"]), at())) == ["a@1", "c@1"]


def test_nothing_joins_a_port_that_is_under_way() -> None:
    outbox = batching(text("a"))
    outbox.take(ports(["1"]), at())
    outbox.add(text("b"), at())
    assert outbox.take(ports(["1"]), at()) == []


def test_a_port_is_free_when_the_last_recipient_is_settled() -> None:
    states = ports(["1"])
    outbox = batching(*several(2))
    outbox.take(states, at())
    outbox.add(replace(text("next"), text="another"), at())
    outbox.settle("m0", SENT, states, at())
    assert outbox.take(states, at()) == []
    outbox.settle("m1", SENT, states, at())
    assert names(outbox.take(states, at())) == ["next@1"]


def test_a_text_joins_only_a_port_that_it_may_use() -> None:
    outbox = batching(text("a"), text("b", pinned="2"), text("c", pinned="1"))
    assert names(outbox.take(ports(["1", "2"]), at())) == ["a@1", "b@2", "c@1"]


def test_a_text_does_not_join_a_port_that_refused_it() -> None:
    states = ports(["1", "2"])
    outbox = batching(text("a", pinned="2"), text("b"))
    outbox.take(states, at())
    outbox.settle("b", PortNotReady("busy"), states, at())
    outbox.settle("a", SENT, states, at())
    outbox.add(text("c", pinned="1"), at())
    assert sorted(names(outbox.take(states, at()))) == ["b@2", "c@1"]


def test_nothing_departs_by_a_port_that_is_held() -> None:
    outbox = batching(text("a"))
    outbox.add_turn(Turn("t", "1"))
    outbox.hold("1")
    assert outbox.take(ports(["1"]), at()) == []
    outbox.unhold("1")
    assert names(outbox.take(ports(["1"]), at())) == ["t@1"]


def test_a_port_stays_held_until_all_who_hold_it_let_go() -> None:
    outbox = batching(text("a"))
    outbox.hold("1")
    outbox.hold("1")
    outbox.unhold("1")
    assert outbox.take(ports(["1"]), at()) == []


def test_a_port_is_out_until_everything_is_back() -> None:
    states = ports(["1"])
    outbox = batching(*several(2))
    assert not outbox.is_out("1")
    outbox.take(states, at())
    outbox.settle("m0", SENT, states, at())
    assert outbox.is_out("1")
    outbox.settle("m1", SENT, states, at())
    assert not outbox.is_out("1")
