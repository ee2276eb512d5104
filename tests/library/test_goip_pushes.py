"""What a GoIP tells by itself: texts, reports and calls; each acknowledged, and told of once."""

from collections.abc import Iterable
from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.models import (
    CallChanged,
    CallEventType,
    CallState,
    PortChanged,
    UssdArrived,
)
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported, SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import Reboot

from .goip_stage import (
    BOX,
    MOVED,
    NUMBER,
    PEER,
    PEER2,
    Bench,
    Kept,
    Shown,
    keepalive,
    port,
    push,
    records,
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


def arrived(text: str, sender: str = NUMBER, *, complete: bool = True, loose: bool = False) -> Part:
    return Part(port="goip1", sender=sender, text=text, complete=complete, loose=loose)


def parts(steps: Shown) -> list[Part]:
    """Give the texts and parts that were kept."""
    return [record.part for record in records(steps) if isinstance(record, SmsArrived)]


def test_a_text_is_kept_and_then_acknowledged(bench: Bench) -> None:
    packet = push("RECEIVE", 1270197307, "srcnum:+15550100001;msg:a;b\nc")
    [keeping, acknowledgement] = bench.receive(packet, PEER2)
    assert isinstance(keeping, Kept)
    assert isinstance(keeping.record, SmsArrived)
    assert (keeping.record.gateway, keeping.record.part) == ("box", arrived("a;b\nc"))
    assert acknowledgement == Send(b"RECEIVE 1270197307 OK", PEER2)


def test_a_repeat_is_acknowledged_again_and_dropped(bench: Bench) -> None:
    packet = push("RECEIVE", 5, "srcnum:1;msg:a")
    bench.receive(packet)
    bench.after(3)
    assert bench.receive(packet) == [Send(b"RECEIVE 5 OK", PEER)]


@pytest.mark.parametrize("other", ["srcnum:2;msg:a", "srcnum:1;msg:b"])
def test_another_text_under_the_same_recvid_is_no_repeat(bench: Bench, other: str) -> None:
    bench.receive(push("RECEIVE", 5, "srcnum:1;msg:a"))
    assert parts(bench.receive(push("RECEIVE", 5, other)))


def test_a_repeat_is_known_for_two_minutes(bench: Bench) -> None:
    packet = push("RECEIVE", 5, "srcnum:1;msg:a")
    bench.receive(packet)
    for count in range(2, 6):
        bench.receive(keepalive(count))
        bench.after(29.9)
    assert parts(bench.receive(packet)) == []
    bench.after(0.4)
    assert parts(bench.receive(packet))


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
    assert bool(parts(bench.receive(packet))) is restarted


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
def test_a_delivery_report_is_kept_once_and_then_acknowledged(
    bench: Bench, fields: str, reference: int, delivered: bool | None, number: str | None
) -> None:
    packet = push("DELIVER", 5, fields)
    acknowledgement = Send(b"DELIVER 5 OK", PEER)
    report = DeliveryReported(
        gateway="box",
        port="goip1",
        reference=reference,
        delivered=delivered,
        number=number,
        push="DELIVER:5",
    )
    assert bench.receive(packet) == [Kept(report), acknowledgement]
    assert bench.receive(packet) == [acknowledgement]


def test_a_text_that_the_box_joined_without_a_part_is_not_complete(bench: Bench) -> None:
    steps = bench.receive(push("RECEIVE", 5, "srcnum:1;msg:[SMS2 missed] end"))
    assert parts(steps) == [arrived("[SMS2 missed] end", "1", complete=False)]


def test_where_texts_come_in_pieces_each_may_be_one() -> None:
    bench = Bench(replace(BOX, join_texts=True))
    bench.receive(keepalive())
    steps = bench.receive(push("RECEIVE", 9, "srcnum:1;msg:a"))
    assert parts(steps) == [arrived("a", "1", loose=True)]
    assert sent(steps) == [(b"RECEIVE 9 OK", PEER)]


# Calls


def calls(steps: Iterable[Shown]) -> list[tuple[CallEventType, str | None, str | None]]:
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
