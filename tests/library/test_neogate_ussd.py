"""Codes, the connection that they have for themselves, and what answers mean."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    LinkLost,
    OutcomeUnknown,
    PortBusy,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import UssdReply

from .neogate_stage import MAIN, REFUSED, USSD, Bench, is_a, ussd


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_a_code_goes_over_a_connection_of_its_own(box: Bench) -> None:
    ticket = box.submit(ussd())
    assert box.open == [MAIN, USSD]
    box.silent = ("Login", "gsm send")
    box.greet(USSD)
    assert box.pending[USSD][0].fields["Events"] == "off"
    box.answer(USSD)
    assert box.commands(USSD) == ["Login", 'gsm send ussd 2 "*100#" 30']
    box.reply(
        "1:Received USSD success on span: 2\n\tUSSD Responses: 0\n\tUSSD Code: 15\n\tUSSD Message: 5 EUR\n",
        USSD,
    )
    assert box.settled == {ticket: UssdReply(text="5 EUR", session_open=False)}
    assert box.commands() == []


@pytest.mark.parametrize(
    ("responses", "session_open"), [(0, False), (1, True), (2, False), (3, None), (4, None), (5, None)]
)
def test_whether_the_network_waits_for_more(box: Bench, responses: int, session_open: bool | None) -> None:
    ticket = box.submit(ussd())
    box.greet(USSD)
    box.reply(f"1:Received\n\tUSSD Responses: {responses}\n\tUSSD Message: x\n", USSD)
    assert box.settled[ticket] == UssdReply(text="x", session_open=session_open)


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("0:Send USSD failed on span 2\n", CommandRefused),
        ("0:Send USSD timeout on span 2\n", GatewayTimeout),
        ("0:Sending USSD now on span 2\n", PortBusy),
        ("No GSM running on span 2\n", PortNotReady),
        ("", CommandRefused),
    ],
)
def test_codes_without_an_answer(box: Bench, output: str, error: type[GatewayError]) -> None:
    ticket = box.submit(ussd())
    box.greet(USSD)
    box.reply(output, USSD)
    assert is_a(box.settled[ticket], error)


def test_codes_wait_for_one_another_on_one_connection(box: Bench) -> None:
    box.submit(ussd("*1#"))
    box.submit(ussd("*2#", port="2"))
    box.greet(USSD)
    box.submit(ussd("*3#"))
    assert box.commands(USSD) == ["Login", 'gsm send ussd 2 "*1#" 30']
    box.reply("1:a\n\tUSSD Message: 1\n", USSD)
    assert box.commands(USSD) == ['gsm send ussd 3 "*2#" 30']
    box.reply("1:a\n\tUSSD Message: 2\n", USSD)
    box.reply("1:a\n\tUSSD Message: 3\n", USSD)
    assert [reply.text for reply in box.settled.values() if isinstance(reply, UssdReply)] == ["1", "2", "3"]


def test_the_connection_for_codes_is_left_when_idle_for_10_seconds(box: Bench) -> None:
    box.submit(ussd())
    box.greet(USSD)
    box.reply("1:a\n", USSD)
    box.wait(9.9)
    box.submit(ussd())
    box.reply("1:a\n", USSD)
    box.wait(9.9)
    assert USSD in box.open
    box.wait(0.1)
    assert USSD not in box.open
    assert box.commands(USSD)[-1] == "Logoff"
    box.submit(ussd())
    assert USSD in box.open


def test_a_code_needs_the_main_connection_to_begin(box: Bench) -> None:
    running, waiting = box.submit(ussd("*1#")), box.submit(ussd("*2#"))
    box.greet(USSD)
    box.lose()
    refused = box.submit(ussd("*3#"))
    assert USSD in box.open
    box.reply("1:a\n\tUSSD Message: 1\n", USSD)
    assert box.settled[running] == UssdReply(text="1")
    assert is_a(box.settled[waiting], LinkLost)
    assert is_a(box.settled[refused], LinkLost)
    box.wait(60.0)
    assert USSD not in box.open


def test_a_code_without_any_reply_is_unknown_after_its_time_and_ten_seconds(box: Bench) -> None:
    ticket = box.submit(ussd(timeout=20.0))
    box.greet(USSD)
    box.wait(29.9)
    assert box.settled == {}
    box.wait(0.1)
    assert is_a(box.settled[ticket], OutcomeUnknown)
    assert USSD not in box.open
    assert box.losses() == []


def test_a_code_is_unknown_when_its_connection_goes_and_the_next_gets_a_new_one(box: Bench) -> None:
    first, second = box.submit(ussd("*1#")), box.submit(ussd("*2#"))
    box.greet(USSD)
    box.lose(USSD)
    assert is_a(box.settled[first], OutcomeUnknown)
    assert USSD in box.open
    box.greet(USSD)
    assert box.commands(USSD)[-1] == 'gsm send ussd 2 "*2#" 30'
    box.lose(USSD)
    assert is_a(box.settled[second], OutcomeUnknown)
    assert USSD not in box.open


def test_codes_have_not_left_when_their_connection_cannot_be_had(box: Bench) -> None:
    tickets = [box.submit(ussd()), box.submit(ussd())]
    box.lose(USSD, CannotConnect("refused"))
    assert [is_a(box.settled[ticket], LinkLost) for ticket in tickets] == [True, True]
    assert box.losses() == []


def test_events_on_the_connection_for_codes_are_not_told_twice(box: Bench) -> None:
    box.submit(ussd())
    box.greet(USSD)
    box.say(b"Event: ReceivedSMS\r\nGsmSpan: 2\r\nSender: 1\r\nContent: x\r\n--END SMS EVENT--\r\n\r\n", USSD)
    assert box.events == []


def refuse_second_login(box: Bench) -> None:
    login, box.login = box.login, REFUSED
    box.greet(USSD)
    box.login = login
    assert USSD not in box.open


def test_codes_go_over_the_main_connection_where_a_second_login_is_refused(box: Bench) -> None:
    first, second = box.submit(ussd("*1#")), box.submit(ussd("*2#"))
    refuse_second_login(box)
    assert box.losses() == []
    assert box.commands() == ['gsm send ussd 2 "*1#" 30']
    box.wait(39.0)
    box.reply("1:a\n\tUSSD Message: 1\n")
    assert box.settled[first] == UssdReply(text="1")
    while second not in box.settled:
        box.reply("1:a\n\tUSSD Message: 2\n")
    assert box.settled[second] == UssdReply(text="2")
    box.submit(ussd("*3#"))
    assert USSD not in box.open


def test_codes_on_the_main_connection_end_with_it(box: Bench) -> None:
    running, waiting = box.submit(ussd("*1#")), box.submit(ussd("*2#"))
    refuse_second_login(box)
    box.lose()
    assert is_a(box.settled[running], OutcomeUnknown)
    assert is_a(box.settled[waiting], LinkLost)
    box.greet()
    box.submit(ussd("*3#"))
    assert USSD in box.open  # a new connection, a new chance


def test_a_code_behind_a_query_on_the_main_connection_has_not_left_with_it(box: Bench) -> None:
    box.submit(ussd("*1#"))
    refuse_second_login(box)
    box.reply("1:a\n")
    box.silent = ("gsm",)
    box.wait(30.0)
    ticket = box.submit(ussd("*2#"))
    box.lose()
    assert is_a(box.settled[ticket], LinkLost)


def test_an_account_that_may_not_run_commands_beside_runs_the_next_code_on_the_main_connection(
    box: Bench,
) -> None:
    first = box.submit(ussd("*1#"))
    box.submit(ussd("*2#"))
    box.greet(USSD)
    box.plain(b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied\r\n\r\n", USSD)
    assert is_a(box.settled[first], OutcomeUnknown)
    assert box.commands() == ['gsm send ussd 2 "*2#" 30']
