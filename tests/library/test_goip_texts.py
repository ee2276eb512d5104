"""GoIP texts through the dialog: shared sessions, results that come late, boxes that send twice."""

import gc
from typing import cast
import weakref

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Settle
from custom_components.gsm_gateway.aiogsm.errors import (
    GatewayTimeout,
    LinkLost,
    OutcomeUnknown,
)
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import LateResult, Trouble, TroubleFound
from custom_components.gsm_gateway.aiogsm.requests import SendSms, SendUssd, SmsTaken

from .goip_stage import (
    BOX,
    MOVED,
    NUMBER,
    PEER,
    STRANGER,
    Bench,
    Shown,
    events,
    keepalive,
    outcome,
    sendid,
    sent,
    settled,
    sms,
    told,
)

# Through the dialog


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


def opened(bench: Bench, *requests: SendSms) -> int:
    """Have a session opened as far as its first number, and give its sendid."""
    steps: Shown = []
    for ticket, request in enumerate(requests, 1):
        steps += bench.submit(request, ticket)
    sid = sendid(steps)
    bench.receive(f"PASSWORD {sid}\n")
    assert sent(bench.receive(f"SEND {sid}\n")) == [
        (f"SEND {sid} 1 {requests[0].recipient}\n".encode(), PEER)
    ]
    return sid


def test_texts_with_the_same_words_share_a_session(bench: Bench) -> None:
    sid = opened(bench, sms(number="111"), sms(number="222"))
    assert bench.submit(sms(number="333"), ticket=3) == []
    steps = bench.receive(f"OK {sid} 1 160 \n")
    assert sent(steps) == [(f"SEND {sid} 2 222\n".encode(), PEER)]
    assert settled(steps) == [(1, SmsTaken(160))]
    assert settled(bench.receive(f"OK {sid} 2 161 \n")) == [(2, SmsTaken(161))]
    steps = bench.receive(f"OK {sid} 3 162 \n")
    assert sent(steps) == [(f"DONE {sid}\n".encode(), PEER)]
    assert settled(steps) == [(3, SmsTaken(162))]


def test_other_words_wait_for_the_next_session(bench: Bench) -> None:
    sid = opened(bench, sms())
    assert bench.submit(sms("other", number="222"), ticket=2) == []
    assert bench.submit(sms("other", number="333"), ticket=3) == []
    done, following = sent(bench.receive(f"OK {sid} 1 160 \n"))
    assert done == (f"DONE {sid}\n".encode(), PEER)
    assert following[0].startswith(b"MSG ")
    sid = int(following[0].split()[1])
    bench.receive(f"PASSWORD {sid}\n")
    bench.receive(f"SEND {sid}\n")
    assert sent(bench.receive(f"OK {sid} 1\n")) == [(f"SEND {sid} 2 333\n".encode(), PEER)]


def test_the_eleventh_number_waits_for_the_next_session(bench: Bench) -> None:
    sid = opened(bench, *(sms(number=f"10{n}") for n in range(10)))
    assert bench.submit(sms(number="222"), ticket=11) == []
    for telid in range(1, 10):
        bench.receive(f"OK {sid} {telid}\n")
    done, following = sent(bench.receive(f"OK {sid} 10\n"))
    assert done[0] == f"DONE {sid}\n".encode()
    assert following[0].endswith(b" 5 hello\n")


def test_texts_and_codes_take_turns(bench: Bench) -> None:
    sid = opened(bench, sms())
    assert sent(bench.submit(SendUssd(port="goip1", code="*100#", timeout=30), ticket=2)) == []
    _, (following, _) = sent(bench.receive(f"OK {sid} 1\n"))
    assert following.startswith(b"USSD ")


def test_what_waits_for_a_line_that_goes_away_is_given_back(bench: Bench) -> None:
    opened(bench, sms())
    bench.submit(sms("other"), ticket=2)
    bench.submit(sms("other"), ticket=3)
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=30), ticket=4)
    outcomes = dict(settled(bench.after(100)))
    assert isinstance(outcomes[1], OutcomeUnknown)
    assert [type(outcomes[ticket]) for ticket in (2, 3)] == [GatewayTimeout] * 2
    bench.submit(sms(), ticket=5)


def test_a_line_that_is_away_is_given_nothing_that_waited() -> None:
    bench = Bench(BOX)
    bench.receive(keepalive())
    bench.after(50)
    opened(bench, sms())
    bench.submit(sms("other"), ticket=2)
    outcomes = dict(settled(bench.after(60)))
    assert isinstance(outcomes[1], OutcomeUnknown)
    assert isinstance(outcomes[2], LinkLost)


# What comes later


def unknown(bench: Bench) -> int:
    """Have a text whose fate is unknown, and give its sendid."""
    sid = opened(bench, sms())
    assert isinstance(outcome(bench.after(60)), OutcomeUnknown)
    return sid


@pytest.mark.parametrize(
    ("words", "late"),
    [
        ("OK {} 1 160", LateResult(gateway="box", message_id="m", taken=True, reference=160)),
        ("OK {} 1", LateResult(gateway="box", message_id="m", taken=True)),
        ("ERROR {} 1 errorstatus:38", LateResult(gateway="box", message_id="m", taken=False)),
    ],
)
def test_a_late_result_is_told_once(bench: Bench, words: str, late: LateResult) -> None:
    sid = unknown(bench)
    assert events(bench.receive(words.format(sid))) == [late]
    assert bench.receive(words.format(sid)) == []
    assert bench.dialog.ignored == {}


def test_the_error_of_a_text_that_may_be_told_late_is_not_held(bench: Bench) -> None:
    """It would hold on to all that it was raised through."""
    opened(bench, sms())
    error = weakref.ref(cast("OutcomeUnknown", outcome(bench.after(60))))
    gc.collect()
    assert error() is None


def test_a_late_result_is_told_while_the_next_session_runs(bench: Bench) -> None:
    sid = opened(bench, sms(message_id="a"), sms(number="222", message_id="b"))
    steps = bench.after(60)
    following = sent(steps)[-1][0]
    assert following.startswith(b"MSG ")
    assert events(bench.receive(f"OK {sid} 1 160\n")) == [
        LateResult(gateway="box", message_id="a", taken=True, reference=160)
    ]


@pytest.mark.parametrize("peer", [STRANGER, MOVED])
def test_a_late_result_from_elsewhere_is_no_result(bench: Bench, peer: Address) -> None:
    sid = unknown(bench)
    assert bench.receive(f"OK {sid} 1 160\n", peer) == []
    assert bench.dialog.ignored == {"unknown_sendid": 1}


def test_a_late_result_is_known_for_a_day(bench: Bench) -> None:
    sid = unknown(bench)
    bench.after(24 * 3600 - 1)
    assert events(bench.receive(f"OK {sid} 1\n")) != []
    bench.after(1)
    assert bench.receive(f"OK {sid} 1 7\n") == []
    assert bench.dialog.ignored == {"unknown_sendid": 1}


def test_of_too_many_results_the_oldest_are_forgotten(bench: Bench) -> None:
    first = sid = opened(bench, sms())
    for _ in range(4096):
        bench.receive(f"OK {sid} 1 1\n")
        bench.receive(f"DONE {sid}\n")
        sid = opened(bench, sms())
    bench.receive(f"OK {first} 1 2\n")
    assert bench.dialog.ignored == {}
    bench.receive(f"OK {sid} 1 1\n")
    bench.receive(f"OK {first} 1 2\n")
    assert bench.dialog.ignored == {"unknown_sendid": 1}


def test_nothing_is_told_late_of_a_gateway_that_was_let_go() -> None:
    bench = Bench(BOX, Box(key="other", password="pw", lines=("x",)))
    bench.receive(keepalive())
    sid = unknown(bench)
    bench.detach()
    assert bench.receive(f"OK {sid} 1 160\n") == []


# A box that sends again when it is asked


SENDS_TWICE = TroubleFound(gateway="box", port="goip1", trouble=Trouble.SENDS_TWICE)


def test_a_box_that_sends_twice_is_found_out_and_not_asked_again(bench: Bench) -> None:
    sid = opened(bench, sms(), sms(number="222"))
    assert len(sent(bench.after(5))) == 1
    bench.receive(f"OK {sid} 1 160\n")
    assert events(bench.receive(f"OK {sid} 1 161\n")) == [SENDS_TWICE]
    assert bench.receive(f"OK {sid} 1 162\n") == []
    assert sent(bench.after(59)) == []
    assert isinstance(dict(settled(bench.after(1)))[2], OutcomeUnknown)


def test_a_box_that_sends_twice_does_so_after_it_was_attached_anew(bench: Bench) -> None:
    sid = opened(bench, sms())
    bench.receive(f"OK {sid} 1 160\n")
    assert told(bench.receive(f"OK {sid} 1 161\n"), TroubleFound)
    bench.detach()
    bench.attach()
    bench.receive(keepalive())
    opened(bench, sms())
    assert sent(bench.after(50)) == []


def test_the_same_answer_twice_is_no_second_text(bench: Bench) -> None:
    sid = opened(bench, sms(), sms(number="222"))
    bench.receive(f"OK {sid} 1 160\n")
    for answer in (f"OK {sid} 1 160\n", f"OK {sid} 1\n", f"ERROR {sid} 1 errorstatus:1\n"):
        assert bench.receive(answer) == []


def test_a_box_of_which_it_is_known_is_never_asked() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1",), repeat_send=False))
    bench.receive(keepalive())
    opened(bench, sms())
    assert sent(bench.after(59)) == []
    steps = bench.after(1)
    assert isinstance(outcome(steps), OutcomeUnknown)
    assert [step for step in steps if not isinstance(step, Settle)] == []
    assert NUMBER not in repr(steps)
