"""The GoIP dialog: what boxes push and reply, and whose it is. Time is passed in."""

from collections.abc import Iterable
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send, Settle, Steps
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.family import Endpoint, Feature
from custom_components.gsm_gateway.aiogsm.goip import FAMILY
from custom_components.gsm_gateway.aiogsm.goip.codec import MAX_DATAGRAM
from custom_components.gsm_gateway.aiogsm.goip.dialog import GoipDialog
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    CallChanged,
    CallEventType,
    CallState,
    ConnectionChanged,
    DeliveryReported,
    LineHeard,
    PortChanged,
    SmsArrived,
    UssdArrived,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.requests import (
    CloseUssd,
    Done,
    Reboot,
    Request,
    SendSms,
    SendUssd,
    SmsTaken,
)

from .goip_stage import (
    BOX,
    CLOCK,
    MOVED,
    NUMBER,
    PEER,
    PEER2,
    STRANGER,
    Bench,
    keepalive,
    outcome,
    port,
    push,
    sendid,
    sent,
    settled,
    sms,
    told,
)
from .goip_transcripts import packets


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


# Replies and texts


def test_a_text_goes_out(bench: Bench) -> None:
    steps = bench.submit(sms("żółw\n;"))
    sid = sendid(steps)
    assert steps == [Send(f"MSG {sid} 9 żółw\n;\n".encode(), PEER)]
    assert sent(bench.receive(f"PASSWORD {sid}\n")) == [(f"PASSWORD {sid} pw\n".encode(), PEER)]
    assert sent(bench.receive(f"SEND {sid}\n")) == [(f"SEND {sid} 1 {NUMBER}\n".encode(), PEER)]
    assert bench.receive(f"WAIT {sid} 1\n") == []
    assert bench.receive(f"OK {sid} 1 160 \n") == [
        Send(f"DONE {sid}\n".encode(), PEER),
        Settle(1, SmsTaken(160)),
    ]
    assert bench.receive(f"DONE {sid} \n") == []
    assert bench.receive(f"OK {sid} 1 160 \n") == []
    assert bench.receive(f"DONE {sid} \n") == []
    assert bench.dialog.ignored == {"unknown_sendid": 1}


def test_a_repeat_goes_to_the_present_address(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    bench.receive(keepalive(2), MOVED)
    assert sent(bench.after(5)) == [(f"MSG {sid} 5 hello\n".encode(), MOVED)]


def test_a_reply_may_come_from_another_port_and_from_where_the_line_is_now(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    bench.receive(keepalive(2), MOVED)
    assert sent(bench.receive(f"PASSWORD {sid}\n", PEER2)) == [(f"PASSWORD {sid} pw\n".encode(), MOVED)]
    assert sent(bench.receive(f"SEND {sid}\n", MOVED)) == [(f"SEND {sid} 1 {NUMBER}\n".encode(), MOVED)]


def test_a_reply_from_elsewhere_is_dropped(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    assert bench.receive(f"PASSWORD {sid}\n", STRANGER) == []
    assert bench.dialog.ignored == {"foreign_address": 1}


def test_a_silent_box_times_out_before_anything_left(bench: Bench) -> None:
    bench.submit(sms())
    assert isinstance(outcome(bench.after(15)), GatewayTimeout)


def test_a_session_without_room_is_tried_again_under_another_sendid(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    steps = bench.receive(f"ERROR {sid} too_many_sends_in_server\n")
    assert steps == [Send(f"DONE {sid}\n".encode(), PEER)]
    bench.receive(f"DONE {sid}\n")
    assert sent(bench.after(29.9)) == []
    again = sendid(bench.after(0.1))
    assert again != sid
    bench.receive(f"PASSWORD {again}\n")
    bench.receive(f"SEND {again}\n")
    assert outcome(bench.receive(f"OK {again} 1\n")) == SmsTaken()


@pytest.mark.parametrize("heard", [True, False])
def test_nothing_goes_to_a_line_that_is_away(heard: bool) -> None:
    bench = Bench(BOX)
    if heard:
        bench.receive(keepalive())
        bench.after(100)
    for request in (sms(), SendUssd(port="goip1", code="*100#", timeout=30), Reboot(port="goip1")):
        result = outcome(bench.submit(request))
        assert isinstance(result, PortNotReady)
        assert result.reason == "offline"
    assert isinstance(outcome(bench.submit(Reboot())), LinkLost)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (SendSms(port="goip1", recipient="12;3", text="a", message_id="m"), "number"),
        (SendSms(port="goip1", recipient="123", text="", message_id="m"), "text_empty"),
        (SendSms(port="goip1", recipient="123", text="ż" * 1501, message_id="m"), "text_too_long"),
        (SendUssd(port="goip1", code="*100#\n", timeout=30), "ussd_code"),
        (sms(to="goip2"), "port"),
        (SendUssd(port="goip2", code="*100#", timeout=30), "port"),
        (Reboot(port="goip2"), "port"),
    ],
)
def test_what_cannot_be_carried_is_refused(bench: Bench, request_: Request, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bench.submit(request_)
    assert refused.value.reason == reason


def test_a_gateway_that_is_not_served_can_be_asked_nothing(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        bench.submit(sms(), key="other")


# USSD


def test_a_ussd_code(bench: Bench) -> None:
    steps = bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    assert sent(steps) == [(f"USSD {CLOCK} pw *100#".encode(), PEER)]
    assert sent(bench.after(60)) == sent(steps)
    bench.receive(keepalive(2))
    assert outcome(bench.receive(f"USSD {CLOCK} 1 EUR;\n2 left@@\n")) == UssdReply(text="1 EUR;\n2 left")
    assert sendid(bench.submit(SendUssd(port="goip1", code="1", timeout=120))) == CLOCK + 1


def test_a_refused_ussd_code(bench: Bench) -> None:
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    result = outcome(bench.receive(f"USSDERROR {CLOCK} no network\n"))
    assert isinstance(result, CommandRefused)
    assert result.reason == "no network"


def close(ticket: int = 2) -> tuple[CloseUssd, int]:
    return CloseUssd(port="goip1"), ticket


@pytest.mark.parametrize("under", [CLOCK, CLOCK + 1])
def test_closing_a_session_ends_the_code_that_waits(bench: Bench, under: int) -> None:
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    steps = bench.submit(*close())
    assert sent(steps) == [(f"USSDEXIT {CLOCK + 1} pw".encode(), PEER)]
    outcomes = dict(settled(bench.receive(f"USSDEXIT {under}")))
    assert outcomes[2] == Done()
    assert isinstance(outcomes[1], CommandRefused)
    assert bench.receive(f"USSDEXIT {2 * CLOCK + 1 - under}") == []  # a box that answers under both
    assert bench.dialog.ignored == {"unknown_sendid": 1}


@pytest.mark.parametrize("under", [CLOCK, CLOCK + 1])
def test_closing_a_session_whose_code_was_answered(bench: Bench, under: int) -> None:
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    bench.receive(f"USSD {CLOCK} 1: credit, 2: more")
    bench.submit(*close())
    assert settled(bench.receive(f"USSDEXIT {under}")) == [(2, Done())]
    steps = bench.submit(SendUssd(port="goip1", code="*100#", timeout=120), ticket=3)
    assert sendid(steps) == CLOCK + 2


def test_an_answer_may_come_before_the_session_is_closed(bench: Bench) -> None:
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    bench.submit(*close())
    assert outcome(bench.receive(f"USSD {CLOCK} text")) == UssdReply(text="text")
    assert settled(bench.receive(f"USSDEXIT {CLOCK + 1}")) == [(2, Done())]


@pytest.mark.parametrize("reply", ["USSDERROR {} no session", "ERROR {} no session"])
def test_a_session_that_cannot_be_closed_goes_on(bench: Bench, reply: str) -> None:
    bench.submit(SendUssd(port="goip1", code="*100#", timeout=120))
    bench.submit(*close())
    [(ticket, refused)] = settled(bench.receive(reply.format(CLOCK + 1)))
    assert (ticket, type(refused)) == (2, CommandRefused)
    assert outcome(bench.receive(f"USSD {CLOCK} text")) == UssdReply(text="text")


def test_a_session_may_be_closed_that_nobody_had_opened(bench: Bench) -> None:
    sid = sendid(bench.submit(*close()))
    assert settled(bench.receive(f"USSDEXIT {sid}")) == [(2, Done())]


# Attaching and detaching


@pytest.mark.parametrize(
    "box",
    [
        Box(key="x", password=""),
        Box(key="x", password="a b"),
        Box(key="x", password="pw", lines=("a;b",)),
    ],
)
def test_refuses_settings_that_no_packet_can_carry(bench: Bench, box: Box) -> None:
    with pytest.raises(InvalidInput) as refused:
        bench.dialog.attach(box, 0)
    assert refused.value.reason == "credential"
    assert bench.dialog.detach("x", 0) == []


def test_a_box_is_attached_once(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        bench.dialog.attach(BOX, 0)


def test_detaching_settles_what_is_open_and_forgets_the_lines() -> None:
    lines = tuple(f"goip{n}" for n in range(1, 6))
    bench = Bench(Box(key="box", password="pw", lines=lines), Box(key="other", password="pw", lines=("x",)))
    for line in (*lines, "x"):
        bench.receive(keepalive(line=line, rest="" if line == "goip4" else "remain_time:1;"))
    bench.submit(sms(to="goip1"), ticket=1)
    sid = sendid(bench.submit(sms(to="goip2"), ticket=2))
    bench.receive(f"PASSWORD {sid}")
    bench.receive(f"SEND {sid}")
    bench.submit(SendUssd(port="goip3", code="*100#", timeout=30), ticket=3)
    bench.submit(Reboot(port="goip5"), ticket=5)
    bench.submit(sms(to="x"), ticket=6, key="other")
    outcomes = dict(settled(bench.dialog.detach("box", bench.now)))
    assert {ticket: type(result) for ticket, result in outcomes.items()} == {
        1: LinkLost,
        2: OutcomeUnknown,
        3: OutcomeUnknown,
        5: OutcomeUnknown,
    }
    assert sent(bench.after(5)) != []  # the other's
    assert [ticket for ticket, _ in settled(bench.after(1000))] == [6]
    assert bench.dialog.deadline() is None
    assert told(bench.receive(keepalive(), STRANGER), LineHeard)
    assert bench.dialog.detach("box", bench.now) == []


def test_a_box_can_come_back(bench: Bench) -> None:
    bench.dialog.detach("box", bench.now)
    bench.dialog.attach(BOX, bench.now)
    assert told(bench.receive(keepalive()), ConnectionChanged)


def test_a_link_without_connections_tells_nothing(bench: Bench) -> None:
    assert bench.dialog.opened(PEER, bench.now) == []
    assert bench.dialog.lost(PEER, LinkLost("gone"), bench.now) == []
    assert bench.dialog.tick(bench.now) == []


# What is none of ours


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (b"\0\xff", "unreadable"),
        (b"req:1;pass:pw;", "incomplete"),
        (keepalive().encode() + b"x" * MAX_DATAGRAM, "oversize"),
        (b"OK 5 1 160", "unknown_sendid"),
    ],
)
def test_what_makes_no_sense_is_counted(bench: Bench, packet: bytes, reason: str) -> None:
    assert bench.receive(packet, STRANGER) == []
    assert bench.dialog.ignored == {reason: 1}


def test_no_stranger_gets_an_answer_longer_than_its_packet_or_a_reason_of_its_own() -> None:
    bench = Bench(Box(key="box", password="sesame", lines=("goip1", "goipid1")))
    random = Random(2)
    templates = [*packets("official", "<"), *packets("keepalives", "<"), keepalive().encode()]
    for _ in range(5000):
        packet = bytearray(random.choice(templates))
        for _ in range(random.randrange(4)):
            packet[random.randrange(len(packet))] = random.randrange(256)
        steps = bench.receive(bytes(packet), STRANGER)
        assert sum(len(data) for data, _ in sent(steps)) <= len(packet)
        assert all(peer == STRANGER for _, peer in sent(steps))
    assert set(bench.dialog.ignored) <= {
        "unreadable",
        "incomplete",
        "wrong_password",
        "unknown_line",
        "unknown_sendid",
    }


def test_no_repr_of_a_step_shows_the_password_or_a_text(bench: Bench) -> None:
    steps = [
        *bench.receive(keepalive(line="new", word="sesame"), STRANGER),
        *bench.receive(push("RECEIVE", 1, f"srcnum:{NUMBER};msg:private")),
        *bench.submit(sms("private")),
    ]
    shown = repr(steps)
    for secret in ("sesame", NUMBER, "private"):
        assert secret not in shown


# The family


def test_the_family_tells_what_it_can() -> None:
    assert (FAMILY.key, FAMILY.pace, FAMILY.ussd_timeout) == ("goip", 0.0, 120.0)
    for feature in (
        Feature.PORTS_BY_THEMSELVES,
        Feature.PORT_SWITCH,
        Feature.CELLS,
        Feature.USSD_SESSIONS,
        Feature.DELIVERY_REPORTS,
    ):
        assert feature in FAMILY.features
    assert isinstance(FAMILY.make_dialog(), GoipDialog)
    assert FAMILY.make_link(Endpoint(host=None, port=44444)) is not None
