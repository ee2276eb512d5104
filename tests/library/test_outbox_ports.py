"""The port that a text takes: the first to be free, one that its recipient knows, or the one named."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    NotKept,
    NotNow,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.lanes import STICKY_FOR
from custom_components.gsm_gateway.aiogsm.models import Message, MessageError, MessageStatus, PortStatus
from custom_components.gsm_gateway.aiogsm.outbox import PATIENCE, RETRY_PAUSE, Outbox
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .outbox_stage import HOUR, NOW, NUMBER, PACE, at, names, outbox_with, port, ports, text

SENT = SmsTaken()
OTHER = "+15550000002"


def sent_by(outbox: Outbox, port_name: str, number: str = NUMBER, when: float = 0.0) -> None:
    """Let somebody have been texted by a port."""
    outbox.add(text("before", pinned=port_name, recipient=number), at(when))
    outbox.take(ports([port_name]), at(when))
    outbox.settle("before", SENT, ports([port_name]), at(when))


def several(count: int, **fields: object) -> list[Message]:
    return [text(f"m{n}", **{"recipient": f"+1555000{n:04}", **fields}) for n in range(count)]


# Speed


@pytest.mark.parametrize(("count", "seconds"), [(1, 70), (2, 30), (4, 10), (8, 0)])
def test_all_ports_send_at_the_same_time(count: int, seconds: float) -> None:
    """Eight texts take a port 70 seconds, and four ports 10: the pace is each port's own."""
    states = ports(f"{n}" for n in range(count))
    outbox = outbox_with(*several(8), pace=PACE)
    now = 0.0
    last = 0.0
    while len(outbox):
        for departure in outbox.take(states, at(now)):
            last = now
            outbox.settle(departure.message_id, SENT, states, at(now))
        now += 1
    assert last == seconds


# The port that somebody knows


def test_replies_come_from_the_port_that_a_recipient_knows() -> None:
    outbox = outbox_with()
    sent_by(outbox, "2")
    outbox.add(text("a"), at(1))
    outbox.add(text("b", recipient=OTHER), at(1))
    assert names(outbox.take(ports("12"), at(1))) == ["a@2", "b@1"]


def test_who_wrote_to_a_port_knows_it() -> None:
    outbox = outbox_with()
    outbox.met(NUMBER, "2")
    outbox.add(text("a"), at())
    assert names(outbox.take(ports("12"), at())) == ["a@2"]


def test_the_port_that_was_used_last_counts() -> None:
    outbox = outbox_with()
    for name in "12":
        outbox.met(NUMBER, name)
    outbox.add(text("a"), at())
    assert names(outbox.take(ports("12"), at())) == ["a@2"]


def test_a_text_waits_for_the_port_that_its_recipient_knows() -> None:
    outbox = Outbox(pace=PACE)
    sent_by(outbox, "1")
    outbox.add(text("a"), at(1))
    assert outbox.take(ports("12"), at(1)) == []
    assert names(outbox.take(ports("12"), at(PACE))) == ["a@1"]


@pytest.mark.parametrize(("pace", "taken"), [(STICKY_FOR, []), (STICKY_FOR + 0.1, ["a@2"])])
def test_but_not_for_longer_than_30_seconds(pace: float, taken: list[str]) -> None:
    outbox = Outbox(pace=pace)
    sent_by(outbox, "1")
    outbox.add(text("a"), at())
    assert names(outbox.take(ports("12"), at())) == taken


def test_those_before_it_in_the_queue_count_as_waiting() -> None:
    outbox = Outbox(pace=PACE)
    sent_by(outbox, "1")
    for number in range(5):
        outbox.add(text(f"m{number}"), at())
    assert names(outbox.take(ports("12"), at())) == ["m3@2"]


@pytest.mark.parametrize("status", [PortStatus.NO_SIM, PortStatus.OFFLINE, PortStatus.NOT_REGISTERED])
def test_a_port_that_is_not_ready_is_not_waited_for(status: PortStatus) -> None:
    outbox = outbox_with()
    sent_by(outbox, "1")
    outbox.add(text("a"), at(1))
    assert names(outbox.take(ports("2", port("1", status)), at(1))) == ["a@2"]


@pytest.mark.parametrize("outcome", [SENT, OutcomeUnknown("silence")])
def test_a_port_is_known_by_what_left_or_may_have(outcome: SmsTaken | GatewayError) -> None:
    outbox = outbox_with(text("a", pinned="2"))
    outbox.take(ports("12"), at())
    outbox.settle("a", outcome, ports("12"), at())
    outbox.add(text("b"), at())
    assert names(outbox.take(ports("12"), at())) == ["b@2"]


def test_a_port_is_not_known_by_what_failed() -> None:
    outbox = outbox_with(text("a", pinned="2"))
    outbox.take(ports("12"), at())
    outbox.settle("a", CommandRefused("no"), ports("12"), at())
    outbox.add(text("b"), at())
    assert names(outbox.take(ports("12"), at())) == ["b@1"]


def test_of_too_many_who_know_a_port_the_oldest_are_forgotten() -> None:
    outbox = outbox_with()
    for number in range(4097):
        outbox.met(f"{number}", "2")
    outbox.add(text("a", recipient="0"), at())
    outbox.add(text("b", recipient="1"), at())
    assert names(outbox.take(ports("12"), at())) == ["a@1", "b@2"]


# Failing over


@pytest.mark.parametrize(
    "outcome", [PortNotReady("no SIM"), GatewayTimeout("silence"), NotNow("GSM_LOGOUT"), NotKept("full")]
)
def test_what_did_not_leave_goes_by_another_port_at_once(outcome: GatewayError) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("12"), at())
    assert outbox.settle("a", outcome, ports("12"), at(1)).status is MessageStatus.QUEUED
    assert names(outbox.take(ports("12"), at(1))) == ["a@2"]


@pytest.mark.parametrize("outcome", [GatewayTimeout("silence"), NotNow("GSM_LOGOUT"), NotKept("full")])
def test_even_where_its_recipient_knows_the_port_that_failed(outcome: GatewayError) -> None:
    outbox = outbox_with()
    sent_by(outbox, "1")
    outbox.add(text("a"), at(1))
    assert names(outbox.take(ports("12"), at(1))) == ["a@1"]
    outbox.settle("a", outcome, ports("12"), at(2))
    assert names(outbox.take(ports("12"), at(2))) == ["a@2"]


@pytest.mark.parametrize("outcome", [GatewayTimeout("silence"), NotNow("GSM_LOGOUT"), NotKept("full")])
def test_where_there_is_no_other_it_is_tried_again_after_a_rest(outcome: GatewayError) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("1"), at())
    assert outbox.settle("a", outcome, ports("1"), at(1)).status is MessageStatus.QUEUED
    assert outbox.take(ports("1"), at(RETRY_PAUSE)) == []
    assert outbox.deadline(ports("1"), at(1)) == NOW + 1 + RETRY_PAUSE
    assert names(outbox.take(ports("1"), at(1 + RETRY_PAUSE))) == ["a@1"]


@pytest.mark.parametrize(
    "outcome", [CommandRefused("errorstatus:38"), InvalidInput("number", "bad"), OutcomeUnknown("silence")]
)
def test_what_is_final_goes_by_no_other_port(outcome: GatewayError) -> None:
    outbox = outbox_with(text("a"))
    outbox.take(ports("12"), at())
    assert outbox.settle("a", outcome, ports("12"), at()).status.settled
    assert outbox.take(ports("12"), at(HOUR)) == []


# The port that was named

AT_ONCE = {
    PortStatus.NO_SIM: MessageError.NO_SIM,
    PortStatus.PIN_ERROR: MessageError.NO_SIM,
    PortStatus.REGISTRATION_DENIED: MessageError.NOT_REGISTERED,
    PortStatus.DISABLED: MessageError.REFUSED,
}
AFTER_A_WHILE = {
    PortStatus.NOT_REGISTERED: MessageError.NOT_REGISTERED,
    PortStatus.NO_SIGNAL: MessageError.NOT_REGISTERED,
    PortStatus.POWER_OFF: MessageError.REFUSED,
}
KEPT = (PortStatus.OFFLINE, None)


def test_every_status_is_in_one_of_these_tables() -> None:
    assert {*AT_ONCE, *AFTER_A_WHILE, *KEPT, PortStatus.READY} == {*PortStatus, None}


@pytest.mark.parametrize(("status", "error"), AT_ONCE.items())
def test_a_port_that_cannot_send_is_an_error_at_once(status: PortStatus, error: MessageError) -> None:
    outbox = outbox_with(text("a", pinned="1"), text("b"))
    [message] = outbox.give_up(ports("2", port("1", status)), at())
    assert (message.message_id, message.status) == ("a", MessageStatus.FAILED)
    assert (message.error, message.error_detail) == (error, status.value)
    assert message.settled_at == at().wall


@pytest.mark.parametrize(("status", "error"), AFTER_A_WHILE.items())
def test_a_port_that_may_come_back_is_one_after_30_seconds(status: PortStatus, error: MessageError) -> None:
    outbox = outbox_with(text("a", pinned="1"))
    states = ports("2", port("1", status))
    assert outbox.give_up(states, at()) == []
    assert outbox.deadline(states, at()) == NOW + PATIENCE
    assert outbox.give_up(states, at(PATIENCE - 0.1)) == []
    [message] = outbox.give_up(states, at(PATIENCE))
    assert (message.status, message.error) == (MessageStatus.FAILED, error)


@pytest.mark.parametrize("status", AFTER_A_WHILE)
def test_which_are_counted_from_when_the_port_went(status: PortStatus) -> None:
    """A text that had to wait for its turn does not fail because its port blinks."""
    outbox = outbox_with(text("a", pinned="1"))
    assert outbox.give_up(ports("1"), at(600)) == []
    states = ports("", port("1", status))
    assert outbox.give_up(states, at(601)) == []
    assert outbox.deadline(states, at(601)) == NOW + 601 + PATIENCE
    assert outbox.give_up(ports("1"), at(610)) == []
    assert outbox.give_up(states, at(630)) == []
    assert outbox.give_up(states, at(630 + PATIENCE - 0.1)) == []
    assert len(outbox.give_up(states, at(630 + PATIENCE))) == 1


@pytest.mark.parametrize("status", KEPT)
def test_a_port_that_is_offline_is_waited_for(status: PortStatus | None) -> None:
    outbox = outbox_with(text("a", pinned="1"))
    assert outbox.give_up(ports("2", port("1", status)), at(HOUR - 1)) == []
    [message] = outbox.give_up(ports("2", port("1", status)), at(HOUR))
    assert message.status is MessageStatus.EXPIRED


def test_so_is_a_box_that_is_offline() -> None:
    outbox = outbox_with(text("a", pinned="1"))
    assert outbox.give_up({}, at(HOUR - 1)) == []


def test_a_port_that_is_held_is_waited_for() -> None:
    """It is being restarted, and so of course has no network."""
    outbox = outbox_with(text("a", pinned="1"))
    outbox.hold("1")
    states = ports("", port("1", PortStatus.NO_SIM))
    assert outbox.give_up(states, at(60)) == []
    outbox.unhold("1")
    assert len(outbox.give_up(states, at(60))) == 1


def test_a_text_that_names_no_port_waits_for_any() -> None:
    outbox = outbox_with(text("a"))
    assert outbox.give_up(ports("", port("1", PortStatus.NO_SIM)), at(HOUR - 1)) == []
