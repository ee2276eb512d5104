"""What a GoIP tells by itself: texts, reports and calls; each acknowledged, and told of once."""

from collections.abc import Iterable

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send, Steps
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    CallChanged,
    CallEventType,
    CallState,
    DeliveryReported,
    PortChanged,
    SmsArrived,
    UssdArrived,
)
from custom_components.gsm_gateway.aiogsm.requests import (
    Reboot,
)

from .goip_stage import (
    BOX,
    MOVED,
    NUMBER,
    PEER,
    PEER2,
    Bench,
    keepalive,
    port,
    push,
    sent,
    told,
)


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


# Pushes


def test_a_text_is_acknowledged_and_handed_on(bench: Bench) -> None:
    packet = push("RECEIVE", 1270197307, "srcnum:+15550100001;msg:a;b\nc")
    assert bench.receive(packet, PEER2) == [
        Send(b"RECEIVE 1270197307 OK", PEER2),
        Emit(SmsArrived(gateway="box", port="goip1", sender=NUMBER, text="a;b\nc")),
    ]


def test_a_repeat_is_acknowledged_again_and_dropped(bench: Bench) -> None:
    packet = push("RECEIVE", 5, "srcnum:1;msg:a")
    bench.receive(packet)
    bench.after(3)
    assert bench.receive(packet) == [Send(b"RECEIVE 5 OK", PEER)]


@pytest.mark.parametrize("other", ["srcnum:2;msg:a", "srcnum:1;msg:b"])
def test_another_text_under_the_same_recvid_is_no_repeat(bench: Bench, other: str) -> None:
    bench.receive(push("RECEIVE", 5, "srcnum:1;msg:a"))
    assert told(bench.receive(push("RECEIVE", 5, other)), SmsArrived)


def test_a_repeat_is_known_for_two_minutes(bench: Bench) -> None:
    packet = push("RECEIVE", 5, "srcnum:1;msg:a")
    bench.receive(packet)
    for count in range(2, 6):
        bench.receive(keepalive(count))
        bench.after(29.9)
    assert told(bench.receive(packet), SmsArrived) == []
    bench.after(0.4)
    assert told(bench.receive(packet), SmsArrived)


@pytest.mark.parametrize(
    ("before", "after", "restarted"),
    [
        (100, 1, True),
        (100, 3, True),
        (100, 49, True),
        (100, 50, False),
        (100, 99, False),
        (4, 1, True),
        (3, 1, False),
    ],
)
def test_repeats_are_forgotten_when_the_box_restarts(before: int, after: int, restarted: bool) -> None:
    bench = Bench(BOX)
    bench.receive(keepalive(before))
    packet = push("RECEIVE", 5, "srcnum:1;msg:a")
    bench.receive(packet)
    bench.receive(keepalive(after))
    assert bool(told(bench.receive(packet), SmsArrived)) is restarted


@pytest.mark.parametrize(
    "verb", ["EXPIRY", "DELIVER", "CELLINFO", "BCCH", "CGATT", "NUMRECORD", "SOMETHING_NEW"]
)
def test_every_push_is_acknowledged(bench: Bench, verb: str) -> None:
    assert bench.receive(push(verb, -3, "a:b")) == [Send(f"{verb} -3 OK".encode(), PEER)]


def test_a_push_with_a_wrong_password_or_id_meets_silence(bench: Bench) -> None:
    assert bench.receive(push("RECEIVE", 5, "srcnum:1;msg:a", word="no")) == []
    assert bench.receive(push("RECEIVE", 5, "srcnum:1;msg:a", line="goip2")) == []
    assert bench.dialog.ignored == {"wrong_password": 1, "unknown_line": 1}


def test_a_push_does_not_move_the_line(bench: Bench) -> None:
    bench.receive(push("STATE", 5, "gsm_remain_state:IDLE"), MOVED)
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER


def test_the_network_sends_a_text_by_itself(bench: Bench) -> None:
    assert told(bench.receive(push("USSN", 5, "msg:Credit: 1;2")), UssdArrived) == [
        UssdArrived(gateway="box", port="goip1", text="Credit: 1;2")
    ]


def test_minutes_are_told_after_a_call(bench: Bench) -> None:
    state = port(bench.receive(push("REMAIN", 5, "gsm_remain_time:12")))
    assert (state.remaining_time, state.unlimited) == (12, False)
    assert told(bench.receive(push("REMAIN", 4, "gsm_remain_time:?")), PortChanged) == []


@pytest.mark.parametrize("words", ["AT:5;count:1;id:goip1;password:pw;receive:OK", "GSM:5;get_gsm_num:1"])
def test_an_answer_with_a_colon_is_not_acknowledged(bench: Bench, words: str) -> None:
    assert bench.receive(words) == []
    assert bench.dialog.ignored == {"unknown_sendid": 1}


@pytest.mark.parametrize(
    ("fields", "reference", "delivered", "number"),
    [
        (f"sms_no:160;state:0;num:{NUMBER}", 160, True, NUMBER),
        ("sms_no:0;state:48", 0, None, None),
        ("sms_no:160;state:70", 160, False, None),
    ],
)
def test_a_delivery_report_is_handed_on_once(
    bench: Bench, fields: str, reference: int, delivered: bool | None, number: str | None
) -> None:
    packet = push("DELIVER", 5, fields)
    acknowledgement = Send(b"DELIVER 5 OK", PEER)
    report = DeliveryReported(
        gateway="box", port="goip1", reference=reference, delivered=delivered, number=number
    )
    assert bench.receive(packet) == [acknowledgement, Emit(report)]
    assert bench.receive(packet) == [acknowledgement]


def test_a_text_that_the_box_joined_without_a_part_is_not_complete(bench: Bench) -> None:
    [text] = told(bench.receive(push("RECEIVE", 5, "srcnum:1;msg:[SMS2 missed] end")), SmsArrived)
    assert (text.text, text.parts, text.complete) == ("[SMS2 missed] end", 1, False)


# Texts in pieces


@pytest.fixture
def joining() -> Bench:
    """Give a dialog with a box whose texts come in pieces."""
    bench = Bench(Box(key="box", password="pw", lines=("goip1",), join_texts=True))
    bench.receive(keepalive())
    return bench


def texts(steps: Steps[Address]) -> list[tuple[str, int, bool]]:
    return [(text.text, text.parts, text.complete) for text in told(steps, SmsArrived)]


def test_pieces_of_a_text_are_joined(joining: Bench) -> None:
    piece = "x" * 60
    assert joining.receive(push("RECEIVE", 9, f"srcnum:1;msg:{piece}")) == [Send(b"RECEIVE 9 OK", PEER)]
    joining.after(29)
    assert texts(joining.receive(push("RECEIVE", 8, f"srcnum:1;msg:{piece}"))) == []
    joining.after(29)
    assert texts(joining.receive(push("RECEIVE", 7, "srcnum:1;msg:end"))) == [
        (piece + piece + "end", 3, True)
    ]
    assert texts(joining.after(60)) == []


def test_the_last_piece_may_be_long(joining: Bench) -> None:
    joining.receive(push("RECEIVE", 9, f"srcnum:1;msg:{'x' * 60}"))
    assert texts(joining.after(29.9)) == []
    assert texts(joining.after(0.1)) == [("x" * 60, 1, True)]


def test_a_short_text_waits_for_nothing(joining: Bench) -> None:
    assert texts(joining.receive(push("RECEIVE", 9, f"srcnum:1;msg:{'x' * 59}"))) == [("x" * 59, 1, True)]


def test_a_repeated_piece_is_no_other(joining: Bench) -> None:
    for _ in range(2):
        joining.receive(push("RECEIVE", 9, f"srcnum:1;msg:{'x' * 60}"))
    assert texts(joining.after(30)) == [("x" * 60, 1, True)]


def test_what_waits_for_more_is_told_when_the_gateway_is_let_go(joining: Bench) -> None:
    joining.receive(push("RECEIVE", 9, f"srcnum:1;msg:{'x' * 60}"))
    assert texts(joining.dialog.detach("box", joining.now)) == [("x" * 60, 1, True)]
    assert joining.dialog.deadline() is None


# Calls


def calls(steps: Iterable[Steps[Address]]) -> list[tuple[CallEventType, str | None, str | None]]:
    events = [event.call for some in steps for event in told(some, CallChanged)]
    return [(call.event, call.number, call.cause) for call in events]


def test_an_incoming_call(bench: Bench) -> None:
    story = [
        bench.receive(push("STATE", 59, f"gsm_remain_state:INCOMING:{NUMBER}")),
        bench.receive(push("RECORD", 58, f"dir:1;num:{NUMBER}")),
        bench.receive(push("STATE", 57, f"gsm_remain_state:CONNECTED:{NUMBER}")),
        bench.receive(push("STATE", 55, "gsm_remain_state:IDLE")),
        bench.receive(push("HANGUP", 54, "num:,cause:Normal call clearing")),
    ]
    assert calls(story) == [
        (CallEventType.INCOMING, NUMBER, None),
        (CallEventType.CONNECTED, NUMBER, None),
        (CallEventType.ENDED, NUMBER, "Normal call clearing"),
    ]
    assert [event.state.call_state for some in story for event in told(some, PortChanged)] == [
        CallState.INCOMING,
        CallState.CONNECTED,
        CallState.IDLE,
    ]


def test_the_end_of_a_call_waits_three_seconds_for_its_cause(bench: Bench) -> None:
    bench.receive(push("STATE", 9, f"gsm_remain_state:DIALING:{NUMBER}"))
    assert calls([bench.receive(push("STATE", 8, "gsm_remain_state:IDLE"))]) == []
    assert bench.dialog.deadline() == bench.now + 3
    assert calls([bench.after(2.9)]) == []
    assert calls([bench.after(0.1)]) == [(CallEventType.ENDED, NUMBER, None)]


def test_an_older_state_is_acknowledged_and_ignored(bench: Bench) -> None:
    bench.receive(push("STATE", 9, f"gsm_remain_state:INCOMING:{NUMBER}"))
    bench.receive(push("STATE", 7, "gsm_remain_state:IDLE"))
    assert bench.receive(push("STATE", 8, "gsm_remain_state:ACTIVE")) == [Send(b"STATE 8 OK", PEER)]
    assert calls([bench.after(3)]) == [(CallEventType.ENDED, NUMBER, None)]
    assert bench.receive(push("RECORD", 8, f"dir:1;num:{NUMBER}")) == [Send(b"RECORD 8 OK", PEER)]


@pytest.mark.parametrize("again", [keepalive(1), None], ids=["restart", "silence"])
def test_states_start_anew_with_the_box(bench: Bench, again: str | None) -> None:
    bench.receive(keepalive(100))
    bench.receive(push("STATE", 9, f"gsm_remain_state:INCOMING:{NUMBER}"))
    if again is None:
        bench.after(100)
    steps = bench.receive(again or keepalive(101))
    assert port(steps).call_state is None
    assert calls([steps]) == []
    assert calls([bench.receive(push("STATE", 900, f"gsm_remain_state:INCOMING:{NUMBER}"))]) == [
        (CallEventType.INCOMING, NUMBER, None)
    ]


def test_a_keepalive_corrects_the_call_state_after_quiet_and_makes_no_event(bench: Bench) -> None:
    bench.receive(push("STATE", 9, f"gsm_remain_state:INCOMING:{NUMBER}"))
    bench.after(30)
    idle = "remain_time:-1;voip_state:IDLE;"
    assert told(bench.receive(keepalive(2, rest=idle)), PortChanged) == []
    bench.after(30)
    steps = bench.receive(keepalive(3, rest=idle))
    assert port(steps).call_state is CallState.IDLE
    assert calls([steps, bench.after(10)]) == []
