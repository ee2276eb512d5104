"""What a GoIP line is asked for by ourselves, and what is made of the answers."""

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    CallState,
    PortChanged,
    PortState,
    PortStatus,
    Trouble,
)
from custom_components.gsm_gateway.aiogsm.requests import SetEnabled

from .goip_stage import (
    BOX,
    PEER,
    Bench,
    keepalive,
    port,
    sendid,
    sent,
    settled,
    state_of,
    told,
    trouble,
)


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


# Asking for all that a line knows


ALL = "get_gsm_num:123;get_exp_time:60;get_remain_time:25;get_gsm_state:IDLE"
MORE = f"{ALL};imei:867495023958030;out_call_interval:30;module_down:0"


@pytest.fixture
def silent() -> Bench:
    """Give a dialog with a box whose line has registered, and whose questions are left to the test."""
    return Bench(BOX, tells=None)


def question(packets: list[tuple[bytes, Address]]) -> tuple[str, int]:
    """Give verb and sendid of the one packet that is no answer to a keepalive."""
    [(verb, number, *_)] = [data.decode().split() for data, _ in packets if not data.startswith(b"reg:")]
    return verb, int(number)


def test_a_line_is_asked_for_all_that_it_knows(silent: Bench) -> None:
    verb, sid = question(sent(silent.receive(keepalive(rest=""))))
    assert verb == "GSM"
    assert port(silent.receive(f"GSM:{sid};{MORE}")) == PortState(
        port="goip1",
        status=PortStatus.READY,
        signal=-73,
        remaining_time=25,
        call_state=CallState.IDLE,
        phone_number="123",
        imei="867495023958030",
        call_time_limit=60,
        call_interval=30,
        enabled=True,
    )
    assert silent.receive(keepalive(2, rest="")) == [Send(b"reg:2;status:200;", PEER)]


def test_older_firmware_tells_less(silent: Bench) -> None:
    _, sid = question(sent(silent.receive(keepalive(rest=""))))
    state = port(silent.receive(f"GSM:{sid};{ALL}"))
    assert (state.call_interval, state.enabled, state.imei) == (None, None, None)
    assert (state.phone_number, state.call_time_limit) == ("123", 60)


@pytest.mark.parametrize(
    ("limit", "minutes", "unlimited"), [("-1", None, True), ("0", 0, False), ("x", None, False)]
)
def test_the_limit_of_calls(silent: Bench, limit: str, minutes: int | None, unlimited: bool) -> None:
    _, sid = question(sent(silent.receive(keepalive(rest=""))))
    told_state = told(silent.receive(f"GSM:{sid};get_exp_time:{limit};get_remain_time:{limit}"), PortChanged)
    state = told_state[-1].state if told_state else PortState(port="goip1")
    assert (state.call_time_limit, state.remaining_time, state.unlimited) == (minutes, minutes, unlimited)
    assert ("unknown_get_exp_time:x" in silent.dialog.ignored) is (limit == "x")


@pytest.mark.parametrize(
    "packet",
    [
        keepalive(1),
        keepalive(101, status="LOGOUT"),
        keepalive(101, rest="imsi:260060172091325;remain_time:-1;"),
    ],
    ids=["restart", "logout", "sim"],
)
def test_a_line_is_asked_again_when_it_may_be_different(silent: Bench, packet: str) -> None:
    steps = silent.receive(keepalive(100, rest="imsi:260060172091324;remain_time:-1;"))
    silent.receive(f"GSM:{question(sent(steps))[1]};{ALL}")
    assert question(sent(silent.receive(packet)))[0] == "GSM"


def test_a_line_is_asked_again_when_it_is_back(silent: Bench) -> None:
    silent.receive(f"GSM:{question(sent(silent.receive(keepalive())))[1]};{ALL}")
    silent.after(100)
    assert question(sent(silent.receive(keepalive(5))))[0] == "GSM"


def answer_singly(bench: Bench, packets: list[tuple[bytes, Address]]) -> list[str]:
    """Answer getters one after the other, and give their verbs."""
    verbs = []
    answers = {"get_gsm_num": "123", "get_exp_time": "60", "get_imei": "867495023958030"}
    while packets:
        verb, sid = question(packets)
        verbs.append(verb)
        packets = sent(bench.receive(f"{verb} {sid} {answers.get(verb, '7')}"))
    return verbs


SINGLY = [
    "get_gsm_num",
    "get_exp_time",
    "get_remain_time",
    "get_out_call_interval",
    "get_imei",
    "get_gsm_state",
]


@pytest.mark.parametrize("answer", ["GSMERROR {} what", "ERROR {} what", None])
def test_a_line_that_cannot_tell_all_in_one_is_asked_singly_once(silent: Bench, answer: str | None) -> None:
    _, sid = question(sent(silent.receive(keepalive(100, rest=""))))
    steps = silent.after(15) if answer is None else silent.receive(answer.format(sid))
    packets = sent(steps)[-1:]
    assert answer_singly(silent, packets) == SINGLY
    state = state_of(silent, keepalive(101, rest="pro:x;"))
    assert (state.phone_number, state.imei) == ("123", "867495023958030")
    assert (state.call_time_limit, state.remaining_time, state.call_interval) == (60, 7, 7)
    silent.after(100)
    assert sent(silent.receive(keepalive(102, rest=""))) == [(b"reg:102;status:200;", PEER)]
    assert question(sent(silent.receive(keepalive(1, rest=""))))[0] == "GSM"


def test_single_questions_without_an_answer_harm_nothing(silent: Bench) -> None:
    _, sid = question(sent(silent.receive(keepalive(rest=""))))
    silent.receive(f"GSMERROR {sid} what")
    steps = silent.after(90)
    assert [data.split()[0].decode() for data, _ in sent(steps)] == SINGLY[:1] * 2 + [
        verb for verb in SINGLY[1:] for _ in range(3)
    ]
    assert settled(steps) == []


def test_all_that_failed_in_two_ways_is_asked_singly_once(silent: Bench) -> None:
    _, first = question(sent(silent.receive(keepalive(100, rest=""))))
    silent.receive(keepalive(101, status="LOGOUT", rest=""))
    _, second = question(sent(silent.receive(f"GSMERROR {first} what")))
    assert answer_singly(silent, sent(silent.receive(f"GSMERROR {second} what"))) == SINGLY


def test_a_line_that_went_away_is_not_taken_for_one_that_does_not_know(silent: Bench) -> None:
    silent.receive(f"GSM:{question(sent(silent.receive(keepalive())))[1]};{ALL}")
    silent.after(85)
    sid = sendid(silent.submit(SetEnabled(port="goip1", enabled=True)))
    assert question(sent(silent.receive(f"module_ctl_i {sid} ok")))[0] == "GSM"
    assert [data.split()[0] for data, _ in sent(silent.after(20))] == [b"GSM", b"GSM"]
    assert question(sent(silent.receive(keepalive(5))))[0] == "GSM"


def test_a_wrong_password_is_no_sign_of_old_firmware(silent: Bench) -> None:
    _, sid = question(sent(silent.receive(keepalive())))
    assert silent.receive(f"GSMERROR {sid} PASSWORD") == [trouble(Trouble.UNAUTHENTICATED)]
    assert question(sent(silent.receive(keepalive(2, status="LOGOUT"))))[0] == "GSM"


def test_a_box_that_keeps_calls_to_itself_is_told_to_report_once(bench: Bench) -> None:
    quiet = "remain_time:-1;disable_status:1;"
    [_, (data, peer)] = sent(bench.receive(keepalive(100, rest=quiet)))
    sid = int(data.split()[1])
    assert (data, peer) == (f"status_flag {sid} 1 pw".encode(), PEER)
    assert bench.receive(f"status_flag {sid} ok") == []
    assert len(sent(bench.receive(keepalive(101, rest=quiet)))) == 1
    assert len(sent(bench.receive(keepalive(1, rest=quiet)))) == 2
    assert len(sent(bench.receive(keepalive(2)))) == 1


# Modules that are switched off


def test_a_line_whose_module_is_down_is_disabled(silent: Bench) -> None:
    _, sid = question(sent(silent.receive(keepalive(status="LOGOUT"))))
    state = port(silent.receive(f"GSM:{sid};module_down:1"))
    assert (state.status, state.enabled) == (PortStatus.DISABLED, False)
    state = state_of(silent, keepalive(2, status="LOGOUT", rest="pro:x;"))
    assert state.status is PortStatus.DISABLED
    silent.after(34)
    assert state_of(silent, keepalive(3, rest="pro:y;")).status is PortStatus.DISABLED
    silent.after(1)
    state = state_of(silent, keepalive(4))
    assert (state.status, state.enabled) == (PortStatus.READY, True)


def test_a_disabled_line_that_is_silent_is_offline(bench: Bench) -> None:
    steps = bench.submit(SetEnabled(port="goip1", enabled=False))
    steps = bench.receive(f"module_ctl_i {sendid(steps)} ok")
    assert port(steps).status is PortStatus.DISABLED
    assert port(bench.after(100)).status is PortStatus.OFFLINE
