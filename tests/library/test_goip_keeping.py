"""What a GoIP has to wait for: its numbers until that is durable, its pushes until they are kept."""

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.errors import (
    LinkLost,
    NotKept,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.goip.sending import MARK_TIMEOUT, NEW_NUMBERS_FOR
from custom_components.gsm_gateway.aiogsm.models import LateResult, Trace
from custom_components.gsm_gateway.aiogsm.records import (
    Departing,
    Memory,
    SeenPush,
    SmsArrived,
    UnknownText,
    UssdDialled,
)
from custom_components.gsm_gateway.aiogsm.requests import AwaitResult, SendUssd, SmsTaken

from .goip_stage import (
    BOX,
    CLOCK,
    LINE,
    PEER,
    PEER2,
    STRANGER,
    Bench,
    Kept,
    events,
    keepalive,
    outcome,
    push,
    records,
    sendid,
    sent,
    settled,
    sms,
)


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered, and a disk that is slow."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    bench.durable = None
    return bench


def marking(bench: Bench, *numbers: str) -> int:
    """Have a session opened until its first number is to be marked, and give its sendid."""
    sid = sendid(bench.submit(sms(number=numbers[0] if numbers else "111", message_id="m1")))
    for ticket, number in enumerate(numbers[1:], 2):
        assert bench.submit(sms(number=number, message_id=f"m{ticket}"), ticket) == []
    bench.receive(f"PASSWORD {sid}\n")
    steps = bench.receive(f"SEND {sid}\n")
    assert steps == [Kept(departing(sid))]
    return sid


def departing(sid: int, telid: int = 1) -> Departing:
    return Departing(gateway="box", message_id=f"m{telid}", trace=Trace(sendid=sid, telid=telid))


# Numbers


def test_a_number_is_said_when_its_mark_is_durable(bench: Bench) -> None:
    sid = marking(bench)
    assert bench.after(4) == []
    assert bench.kept() == [Send(f"SEND {sid} 1 111\n".encode(), PEER)]


def test_each_number_has_a_mark_of_its_own(bench: Bench) -> None:
    sid = marking(bench, "111", "222")
    bench.kept()
    steps = bench.receive(f"OK {sid} 1 160\n")
    assert (settled(steps), records(steps), sent(steps)) == (
        [(1, SmsTaken(160))],
        [departing(sid, 2)],
        [],
    )
    assert bench.kept() == [Send(f"SEND {sid} 2 222\n".encode(), PEER)]


def test_a_number_that_cannot_be_marked_is_not_said_nor_are_the_others(bench: Bench) -> None:
    sid = marking(bench, "111", "222")
    steps = bench.kept(durable=False)
    assert sent(steps) == [(f"DONE {sid}\n".encode(), PEER)]
    assert [(ticket, type(given)) for ticket, given in settled(steps)] == [(1, NotKept), (2, NotKept)]


def test_a_disk_that_does_not_answer_is_not_waited_for_for_ever(bench: Bench) -> None:
    marking(bench)
    assert settled(bench.after(MARK_TIMEOUT - 0.1)) == []
    steps = bench.after(0.1)
    assert isinstance(outcome(steps), NotKept)
    assert bench.kept() == []


def test_what_the_box_says_meanwhile_is_passed_over(bench: Bench) -> None:
    sid = marking(bench)
    for words in (f"SEND {sid}\n", f"OK {sid} 1 160\n", f"ERROR {sid} GSM_LOGOUT\n", f"WAIT {sid} 1\n"):
        assert bench.receive(words) == []
    assert sent(bench.kept()) == [(f"SEND {sid} 1 111\n".encode(), PEER)]


def test_a_gateway_that_is_let_go_meanwhile_says_nothing(bench: Bench) -> None:
    marking(bench, "111", "222")
    bench.submit(sms("other"), 3)
    outcomes = dict(settled(bench.detach()))
    assert [type(outcomes.pop(ticket)) for ticket in (1, 2, 3)] == [LinkLost] * 3
    assert outcomes == {}
    assert bench.kept() == []
    assert bench.dialog.deadline() is None


def test_and_comes_back_with_a_lane_that_is_free(bench: Bench) -> None:
    marking(bench)
    bench.detach()
    bench.attach()
    bench.receive(keepalive(2))
    sid = marking(bench)
    assert bench.kept() == []
    assert sent(bench.kept()) == [(f"SEND {sid} 1 111\n".encode(), PEER)]


def test_a_mark_that_took_too_long_for_the_session_is_followed_by_another(bench: Bench) -> None:
    """The box frees a session 90 s after its text: a number said then is said to nobody."""
    sid = marking(bench, "111", "222")
    bench.kept()
    bench.after(NEW_NUMBERS_FOR - 20)
    bench.receive(f"WAIT {sid} 1\n")
    steps = bench.receive(f"OK {sid} 1 160\n")
    assert records(steps) == [departing(sid, 2)]
    bench.after(20.1)
    steps = bench.kept()
    done, following = (data.split() for data, _ in sent(steps))
    assert (done[0], following[0]) == (b"DONE", b"MSG")
    assert settled(steps) == []


def test_a_line_that_goes_away_meanwhile_keeps_its_number_open(bench: Bench) -> None:
    bench.after(80)
    sid = marking(bench)
    bench.after(20)
    assert sent(bench.kept()) == [(f"SEND {sid} 1 111\n".encode(), PEER)]


# USSD


def test_a_code_is_dialled_when_its_number_is_durable(bench: Bench) -> None:
    request = SendUssd(port=LINE, code="*100#", timeout=30)
    assert bench.submit(request) == [Kept(UssdDialled(gateway="box", sendid=CLOCK))]
    assert sent(bench.kept()) == [(f"USSD {CLOCK} pw *100#".encode(), PEER)]


def test_a_code_is_dialled_though_the_disk_has_no_room(bench: Bench) -> None:
    """The clock gives a greater number next time, too; nobody would gain by a balance not asked for."""
    bench.submit(SendUssd(port=LINE, code="*100#", timeout=30))
    assert len(sent(bench.kept(durable=False))) == 1


def test_codes_go_in_the_order_in_which_they_were_asked_for(bench: Bench) -> None:
    for ticket, code in enumerate(("*100#", "*101#"), 1):
        bench.submit(SendUssd(port=LINE, code=code, timeout=30), ticket)
    assert sent(bench.kept()) == [(f"USSD {CLOCK} pw *100#".encode(), PEER)]
    assert bench.kept() == []


def test_a_code_whose_gateway_is_let_go_meanwhile_is_settled_and_not_dialled(bench: Bench) -> None:
    bench.submit(SendUssd(port=LINE, code="*100#", timeout=30))
    assert bench.detach() == []
    steps = bench.kept()
    assert isinstance(outcome(steps), PortNotReady)
    assert sent(steps) == []


def test_a_code_takes_a_greater_number_than_all_of_earlier_runs(bench: Bench) -> None:
    bench = Bench(BOX, memory=Memory(last_ussd=CLOCK + 500))
    bench.receive(keepalive())
    [record] = records(bench.submit(SendUssd(port=LINE, code="*100#", timeout=30)))
    assert record == UssdDialled(gateway="box", sendid=CLOCK + 501)


# Pushes

PACKET = push("RECEIVE", 5, "srcnum:1;msg:a")


def test_a_push_is_acknowledged_when_it_is_kept(bench: Bench) -> None:
    assert len(records(bench.receive(PACKET, PEER2))) == 1
    assert bench.after(3) == []
    assert bench.kept() == [Send(b"RECEIVE 5 OK", PEER2)]


def test_a_repeat_of_a_push_that_is_being_kept_is_neither_kept_nor_acknowledged(bench: Bench) -> None:
    bench.receive(PACKET)
    assert bench.receive(PACKET) == []
    bench.kept()
    assert bench.receive(PACKET) == [Send(b"RECEIVE 5 OK", PEER)]


def test_a_push_that_finds_no_room_is_acknowledged_from_memory(bench: Bench) -> None:
    bench.receive(PACKET)
    assert bench.kept(durable=False) == [Send(b"RECEIVE 5 OK", PEER)]


def test_a_push_is_acknowledged_though_its_gateway_is_let_go_meanwhile(bench: Bench) -> None:
    bench.receive(PACKET)
    bench.detach()
    assert bench.kept() == [Send(b"RECEIVE 5 OK", PEER)]


def identity(packet: str = PACKET) -> str:
    """Give the name of a push, by which the next run knows it."""
    bench = Bench(BOX)
    [record] = records(bench.receive(packet))
    assert isinstance(record, SmsArrived)
    assert record.push is not None
    return record.push


def test_a_push_of_an_earlier_run_is_acknowledged_again_and_dropped() -> None:
    memory = Memory(pushes=[SeenPush(port=LINE, identity=identity(), age=10)])
    bench = Bench(BOX, memory=memory)
    assert bench.receive(PACKET) == [Send(b"RECEIVE 5 OK", PEER)]
    assert len(records(bench.receive(push("RECEIVE", 5, "srcnum:1;msg:b")))) == 1


def test_a_push_of_an_earlier_run_is_known_for_two_minutes_in_all() -> None:
    bench = Bench(BOX, memory=Memory(pushes=[SeenPush(port=LINE, identity=identity(), age=110)]))
    bench.now += 9.9
    assert records(bench.receive(PACKET)) == []
    bench.now += 0.1
    assert len(records(bench.receive(PACKET))) == 1


def test_a_box_that_starts_anew_repeats_nothing_of_earlier_runs() -> None:
    bench = Bench(BOX, memory=Memory(pushes=[SeenPush(port=LINE, identity=identity(), age=10)]))
    bench.receive(keepalive(100))
    bench.receive(keepalive(1))
    assert len(records(bench.receive(PACKET))) == 1


def test_a_push_is_not_named_by_what_it_says() -> None:
    assert "secret" not in identity(push("RECEIVE", 5, "srcnum:+4915112345;msg:secret"))
    assert "4915112345" not in identity(push("RECEIVE", 5, "srcnum:+4915112345;msg:secret"))


# Texts of earlier runs

TRACE = Trace(sendid=77, telid=3)
LATE = LateResult(gateway="box", message_id="m", taken=True, reference=160)


def test_a_text_that_was_leaving_is_unknown_at_once_and_its_result_known_when_it_comes() -> None:
    bench = Bench(BOX)
    bench.receive(keepalive())
    steps = bench.submit(AwaitResult(port=LINE, message_id="m", trace=TRACE, age=30))
    assert isinstance(outcome(steps), OutcomeUnknown)
    assert sent(steps) == []
    assert events(bench.receive("OK 77 3 160\n")) == [LATE]
    assert bench.receive("OK 77 3 160\n") == []


def test_a_text_of_unknown_fate_is_known_from_the_beginning() -> None:
    text = UnknownText(message_id="m", port=LINE, trace=TRACE, age=3600)
    bench = Bench(BOX, memory=Memory(unknown=[text]))
    bench.receive(keepalive())
    assert events(bench.receive("OK 77 3 160\n")) == [LATE]


@pytest.mark.parametrize(("age", "known"), [(24 * 3600 - 10, True), (24 * 3600, False)])
def test_it_is_known_for_a_day_from_when_it_left(age: float, known: bool) -> None:
    bench = Bench(BOX, memory=Memory(unknown=[UnknownText(message_id="m", port=LINE, trace=TRACE, age=age)]))
    bench.receive(keepalive())
    assert (events(bench.receive("OK 77 3 160\n")) == [LATE]) is known


def test_its_result_is_not_taken_from_elsewhere() -> None:
    bench = Bench(BOX, memory=Memory(unknown=[UnknownText(message_id="m", port=LINE, trace=TRACE, age=9)]))
    bench.receive(keepalive())
    assert bench.receive("OK 77 3 160\n", STRANGER) == []


def test_a_text_of_a_line_that_is_gone_is_nobodys() -> None:
    bench = Bench(BOX, memory=Memory(unknown=[UnknownText(message_id="m", port="x", trace=TRACE, age=9)]))
    bench.receive(keepalive())
    assert bench.receive("OK 77 3 160\n") == []
