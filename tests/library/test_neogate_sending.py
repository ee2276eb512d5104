"""Texts on their way out: taken, refused, not reported, and results that are not ours."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    CommandRefused,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import LateResult, PortStatus
from custom_components.gsm_gateway.aiogsm.neogate.sending import MOST_LATE
from custom_components.gsm_gateway.aiogsm.requests import Reboot, Request, SendSms, SmsTaken

from .neogate_stage import CONNECTED, MAIN, NO_SIM, READY, Bench, is_a, sms, ussd


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_a_text_is_accepted_and_then_taken(box: Bench) -> None:
    ticket = box.submit(sms())
    assert box.commands() == ['gsm send sms 2 +49151 "Hello" sms_a']
    box.reply()
    assert box.settled == {}
    box.event("UpdateSMSSend", ID="sms_a", Smsc="", Status="1")
    assert box.settled == {ticket: SmsTaken()}
    box.event("UpdateSMSSend", ID="sms_a", Smsc="", Status="1")
    box.wait(100.0)
    assert box.settled == {ticket: SmsTaken()}


def test_a_result_may_come_before_the_reply(box: Bench) -> None:
    ticket = box.submit(sms())
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled == {ticket: SmsTaken()}
    box.reply("late words\n")
    assert box.settled == {ticket: SmsTaken()}


def test_a_text_that_the_network_refuses_is_final(box: Bench) -> None:
    ticket = box.submit(sms())
    box.reply()
    box.event("UpdateSMSSend", ID="sms_a", Status="0")
    outcome = box.settled[ticket]
    assert type(outcome) is CommandRefused
    assert outcome.reason == "Status: 0"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("No GSM running on span 2\n", "No GSM running on span 2"),
        ("Command 'gsm send sms 2 +49151 \"Hello\" sms_a' failed.\n", "Command '…' failed."),
    ],
)
def test_any_word_of_the_box_means_that_another_port_may_be_tried(
    box: Bench, output: str, reason: str
) -> None:
    ticket = box.submit(sms())
    box.reply(output)
    outcome = box.settled[ticket]
    assert isinstance(outcome, PortNotReady)
    assert outcome.reason == reason
    again = box.submit(sms(port="2"))
    box.reply()
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled[again] == SmsTaken()


def test_an_error_without_words_is_no_silent_yes(box: Bench) -> None:
    ticket = box.submit(sms())
    box.plain(b"Response: Error\r\nActionID: %s\r\n\r\n")
    assert is_a(box.settled[ticket], PortNotReady)


def test_results_of_others_are_ignored(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    for message_id in ("(null)", "", "sms_b"):
        box.event("UpdateSMSSend", ID=message_id, Status="1")
    box.event("UpdateSMSSend", ID="sms_a", Status="2")
    assert box.settled == {}
    assert box.dialog.ignored == {"foreign_result": 3, "result": 1}


def test_no_result_is_unknown_60_seconds_after_the_writing(box: Bench) -> None:
    box.silent = ("gsm s",)
    box.wait(30.0)
    ticket = box.submit(sms())  # waits for the reply to the list
    box.wait(5.0)
    box.silent = ("gsm send",)
    box.answer(MAIN)
    box.reply()
    box.wait(59.9)
    assert box.settled == {}
    box.wait(0.1)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_a_text_stays_open_over_a_reconnect(box: Bench) -> None:
    ticket = box.submit(sms())
    box.wait(10.0)  # no reply: the connection is dropped
    assert box.losses() == [LinkLost]
    assert box.settled == {}
    box.greet()
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled == {ticket: SmsTaken()}


def test_a_text_is_unknown_after_its_time_though_nobody_is_there(box: Bench) -> None:
    ticket = box.submit(sms())
    box.reply()
    box.lose()
    box.lose(reason=CannotConnect("refused"))
    box.wait(60.0)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_what_was_not_written_has_not_left(box: Bench) -> None:
    first, second = box.submit(sms("sms_a")), box.submit(sms("sms_b", port="2"))
    box.lose()
    assert list(box.settled) == [second]
    assert is_a(box.settled[second], LinkLost)
    third = box.submit(sms("sms_c"))
    assert is_a(box.settled[third], LinkLost)
    box.wait(60.0)
    assert is_a(box.settled[first], OutcomeUnknown)


def test_details_of_a_port_that_is_sending_are_left_alone(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.spans[2] = NO_SIM
    box.wait(59.0)
    assert "gsm show span 2" not in box.commands()
    assert [state.status for state in box.ports()] == [PortStatus.NO_SIM]
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    box.wait(0.0)
    assert box.commands() == ["gsm show span 2"]


def test_a_reconnect_does_not_wait_for_a_port_that_is_sending(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.lose()
    box.greet()
    assert "gsm show span 2" not in box.commands()
    assert box.events[-1] == CONNECTED
    assert box.ports() == [READY]


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (sms(port="0"), "port"),
        (sms(port="99"), "port"),
        (sms(port="1\r\n"), "port"),
        (sms("a b"), "message_id"),
        (sms(text=""), "text_empty"),
        (sms(text="я" * 1000), "text_too_long"),
        (SendSms(port="1", recipient="+49 151", text="a", message_id="a"), "number"),
        (ussd("*100#\r\n"), "ussd_code"),
        (ussd(port="x"), "port"),
        (Reboot(port="x"), "port"),
    ],
)
def test_what_cannot_be_carried_is_refused_before_a_byte(box: Bench, ask: Request, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        box.submit(ask)
    assert caught.value.reason == reason
    assert box.written == []


def test_an_id_that_is_under_way_is_refused(box: Bench) -> None:
    box.submit(sms())
    with pytest.raises(InvalidInput):
        box.submit(sms(port="2"))


def late(message_id: str, *, taken: bool) -> LateResult:
    return LateResult(gateway="box", message_id=message_id, taken=taken)


@pytest.mark.parametrize("taken", [True, False])
def test_a_result_that_comes_late_is_told_once(box: Bench, taken: bool) -> None:
    ticket = box.submit(sms())
    box.reply()
    box.wait(60.0)
    assert is_a(box.settled[ticket], OutcomeUnknown)
    box.events.clear()
    box.wait(86_399.0)
    for _ in range(2):
        box.event("UpdateSMSSend", ID="sms_a", Status=str(int(taken)))
    assert [event for event in box.events if isinstance(event, LateResult)] == [late("sms_a", taken=taken)]
    assert box.dialog.ignored == {"foreign_result": 1}


def test_a_result_that_comes_too_late_is_a_strangers(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.wait(60.0 + 86_400.0)
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert not [event for event in box.events if isinstance(event, LateResult)]
    assert box.dialog.ignored == {"foreign_result": 1}


def test_a_result_comes_late_over_a_reconnect(box: Bench) -> None:
    box.submit(sms())
    box.lose()
    box.wait(60.0)
    box.greet()
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.events[-1] == late("sms_a", taken=True)


def test_what_was_settled_is_not_told_late(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.event("UpdateSMSSend", ID="sms_a", Status="0")
    box.wait(60.0)
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert not [event for event in box.events if isinstance(event, LateResult)]
    assert box.dialog.ignored == {"foreign_result": 1}


def test_only_so_many_are_remembered(box: Bench) -> None:
    for number in range(MOST_LATE + 1):
        box.submit(sms(f"sms_{number}"))
        box.reply()
    box.wait(60.0)
    box.events.clear()
    box.event("UpdateSMSSend", ID="sms_0", Status="1")
    box.event("UpdateSMSSend", ID="sms_1", Status="1")
    assert box.events == [late("sms_1", taken=True)]
