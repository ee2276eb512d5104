"""The GoIP dialog: keepalives, pushes, replies, and what strangers may and may not do. Time is passed in."""

from collections.abc import Iterable
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import (
    Box,
    Done,
    Emit,
    Reboot,
    Request,
    Send,
    SendSms,
    SendUssd,
    Settle,
    SmsTaken,
    Steps,
)
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
    DialogEvent,
    LineHeard,
    PortChanged,
    PortState,
    PortStatus,
    SmsArrived,
    UssdArrived,
    UssdReply,
)

from .goip_transcripts import packets

PEER: Address = ("192.0.2.1", 10991)
PEER2: Address = ("192.0.2.1", 10992)
MOVED: Address = ("192.0.2.7", 50000)
STRANGER: Address = ("198.51.100.9", 666)
BOX = Box(key="box", password="pw", lines=("goip1",))
NUMBER = "+15550100001"
CLOCK = 1_800_000_000


class Bench:
    """A dialog, and the time in which its tests play."""

    def __init__(self, *boxes: Box) -> None:
        self.dialog = GoipDialog(random=Random(1), wall_clock=lambda: CLOCK)
        self.now = 1000.0
        for box in boxes:
            assert self.dialog.attach(box, self.now) == []

    def receive(self, packet: str | bytes, peer: Address = PEER) -> Steps[Address]:
        data = packet if isinstance(packet, bytes) else packet.encode()
        return self.dialog.receive(data, peer, self.now)

    def submit(self, request: Request, ticket: int = 1, key: str = "box") -> Steps[Address]:
        return self.dialog.submit(key, ticket, request, self.now)

    def at(self, now: float) -> Steps[Address]:
        """Wake the dialog whenever it wants to be, until ``now``."""
        steps: Steps[Address] = []
        while (deadline := self.dialog.deadline()) is not None and deadline <= now:
            self.now = deadline
            steps += self.dialog.tick(deadline)
        self.now = now
        return steps

    def after(self, seconds: float) -> Steps[Address]:
        return self.at(self.now + seconds)


def keepalive(
    count: int = 1,
    line: str = "goip1",
    word: str = "pw",
    status: str = "LOGIN",
    rest: str = "remain_time:-1;",
) -> str:
    return f"req:{count};id:{line};pass:{word};num:;signal:20;gsm_status:{status};{rest}"


def push(verb: str, recvid: int, fields: str, line: str = "goip1", word: str = "pw") -> str:
    return f"{verb}:{recvid};id:{line};password:{word};{fields}"


def sent(steps: Steps[Address]) -> list[tuple[bytes, Address]]:
    return [(step.data, step.peer) for step in steps if isinstance(step, Send)]


def told[E: DialogEvent](steps: Steps[Address], kind: type[E]) -> list[E]:
    return [step.event for step in steps if isinstance(step, Emit) and isinstance(step.event, kind)]


def port(steps: Steps[Address]) -> PortState:
    """Give the one port state that was told."""
    [event] = told(steps, PortChanged)
    return event.state


def settled(steps: Steps[Address]) -> list[tuple[int, object]]:
    return [(step.ticket, step.outcome) for step in steps if isinstance(step, Settle)]


def outcome(steps: Steps[Address]) -> object:
    """Give the one outcome of ticket 1."""
    [(ticket, result)] = settled(steps)
    assert ticket == 1
    return result


def sendid(steps: Steps[Address]) -> int:
    """Give the sendid of the one packet that was sent."""
    [(data, _)] = sent(steps)
    return int(data.split()[1])


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


# Keepalives


def test_a_keepalive_registers_a_line() -> None:
    bench = Bench(BOX)
    steps = bench.receive(keepalive(27))
    assert steps == [
        Send(b"reg:27;status:200;", PEER),
        Emit(
            PortChanged(
                gateway="box",
                state=PortState(port="goip1", status=PortStatus.READY, signal=-73, unlimited=True),
                host="192.0.2.1",
            )
        ),
        Emit(ConnectionChanged(gateway="box", connected=True)),
    ]


def test_an_equal_keepalive_tells_nothing(bench: Bench) -> None:
    assert bench.receive(keepalive(2)) == [Send(b"reg:2;status:200;", PEER)]


def test_reads_all_that_a_keepalive_of_2018_tells() -> None:
    bench = Bench(Box(key="box", password="gateway_password", lines=("gateway_name",)))
    [packet] = [packet for packet in packets("keepalives", "<") if b"gateway_name" in packet]
    assert port(bench.receive(packet)) == PortState(
        port="gateway_name",
        status=PortStatus.READY,
        signal=-55,
        operator="POL",
        unlimited=True,
        call_state=CallState.IDLE,
        imei="867495023958030",
        imsi="260060172091324",
        iccid="89480611000720913242",
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("gsm_status:LOGIN;", PortStatus.READY),
        ("gsm_status:LOGOUT;", PortStatus.NOT_REGISTERED),
        ("gsm_status:;", PortStatus.NOT_REGISTERED),
        ("", PortStatus.READY),
    ],
)
def test_the_status_of_a_line(fields: str, status: PortStatus) -> None:
    assert port(Bench(BOX).receive(f"req:1;id:goip1;pass:pw;{fields}")).status is status


def test_a_signal_that_is_not_measured_is_unknown(bench: Bench) -> None:
    assert port(bench.receive("req:2;id:goip1;pass:pw;signal:99;gsm_status:LOGIN;")).signal is None


def test_minutes_that_are_left(bench: Bench) -> None:
    state = port(bench.receive(keepalive(2, rest="remain_time:25;")))
    assert (state.remaining_time, state.unlimited) == (25, False)


def test_a_line_moves_with_its_keepalive(bench: Bench) -> None:
    steps = bench.receive(keepalive(2), MOVED)
    assert sent(steps) == [(b"reg:2;status:200;", MOVED)]
    assert [event.host for event in told(steps, PortChanged)] == [MOVED[0]]
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == MOVED


def test_another_port_of_the_same_host_is_no_news(bench: Bench) -> None:
    assert told(bench.receive(keepalive(2), PEER2), PortChanged) == []
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER2


def test_a_wrong_password_is_refused_and_changes_nothing(bench: Bench) -> None:
    steps = bench.receive(keepalive(2, word="no", status="LOGOUT"), STRANGER)
    assert steps == [Send(b"reg:2;status:404;", STRANGER)]
    assert bench.dialog.ignored == {"wrong_password": 1}
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER


def test_an_empty_password_gets_no_answer_because_it_would_be_longer(bench: Bench) -> None:
    assert bench.receive("req:1;id:goip1;pass:", STRANGER) == []
    assert bench.dialog.ignored == {"wrong_password": 1}


@pytest.mark.parametrize(
    "packet", ["req:1;id:goip1;pass:pw", "req:1;id:goip1;pass:no", "X:1;id:goip1;pass:pw"]
)
def test_no_answer_to_the_shortest_packet_is_longer(packet: str) -> None:
    [(answer, _), *_] = sent(Bench(BOX).receive(packet))
    assert len(answer) <= len(packet)


# Silence


def test_a_silent_line_goes_offline(bench: Bench) -> None:
    assert bench.after(94.9) == []
    steps = bench.after(0.1)
    state = port(steps)
    assert (state.status, state.signal, state.call_state) == (PortStatus.OFFLINE, None, None)
    [event] = told(steps, ConnectionChanged)
    assert not event.connected
    assert isinstance(event.error, LinkLost)
    assert bench.dialog.deadline() is None
    assert bench.dialog.tick(bench.now) == []


def test_each_keepalive_puts_silence_off(bench: Bench) -> None:
    for count in range(2, 20):
        assert bench.after(60) == []
        bench.receive(keepalive(count))
    assert bench.dialog.deadline() == bench.now + 95


def test_a_line_comes_back(bench: Bench) -> None:
    bench.after(100)
    steps = bench.receive(keepalive(5))
    assert port(steps).status is PortStatus.READY
    assert [event.connected for event in told(steps, ConnectionChanged)] == [True]


def test_the_connection_lasts_as_long_as_any_line() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2")))
    assert len(told(bench.receive(keepalive()), ConnectionChanged)) == 1
    bench.after(60)
    assert told(bench.receive(keepalive(line="goip2"), PEER2), ConnectionChanged) == []
    steps = bench.after(60)
    assert port(steps).port == "goip1"
    assert told(steps, ConnectionChanged) == []
    assert [event.connected for event in told(bench.after(60), ConnectionChanged)] == [False]


def test_a_line_never_heard_is_told_offline() -> None:
    bench = Bench(BOX)
    assert bench.after(94.9) == []
    assert bench.after(1) == [
        Emit(PortChanged(gateway="box", state=PortState(port="goip1", status=PortStatus.OFFLINE)))
    ]


# Lines that nobody owns


def test_a_new_line_of_a_box_is_adopted(bench: Bench) -> None:
    steps = bench.receive(keepalive(line="goip2"), PEER2)
    assert sent(steps) == [(b"reg:1;status:200;", PEER2)]
    [event] = told(steps, PortChanged)
    assert (event.gateway, event.state.port) == ("box", "goip2")
    assert settled(bench.submit(Reboot(port="goip2"))) == []


@pytest.mark.parametrize(("peer", "word"), [(STRANGER, "pw"), (PEER, "other")], ids=["host", "password"])
def test_a_stranger_is_told_of_but_not_answered(bench: Bench, peer: Address, word: str) -> None:
    packet = keepalive(line="new", word=word)
    heard = Emit(LineHeard(line="new", host=peer[0], password=word))
    assert bench.receive(packet, peer) == [heard]
    bench.after(4.9)
    assert bench.receive(packet, peer) == []
    bench.after(0.1)
    assert bench.receive(packet, peer) == [heard]
    assert bench.dialog.ignored == {"unknown_line": 3}


def test_nobody_adopts_from_a_box_that_is_away(bench: Bench) -> None:
    bench.after(100)
    assert told(bench.receive(keepalive(line="goip2")), LineHeard)


def test_a_flood_of_strangers_is_told_of_in_part_and_forgotten(bench: Bench) -> None:
    heard = sum(len(bench.receive(keepalive(line=f"x{n}"), STRANGER)) for n in range(5000))
    assert heard == 256
    bench.after(5)
    assert told(bench.receive(keepalive(line="new"), STRANGER), LineHeard)


def test_a_box_adopts_only_so_many_lines(bench: Bench) -> None:
    adopted = [bool(sent(bench.receive(keepalive(line=f"x{n}")))) for n in range(1100)]
    assert sum(adopted) == 1023


def test_of_two_boxes_with_a_line_the_first_keeps_it() -> None:
    other = Box(key="other", password="secret", lines=("goip1", "goip9"))
    bench = Bench(BOX, other)
    assert [event.gateway for event in told(bench.receive(keepalive()), PortChanged)] == ["box"]
    assert sent(bench.receive(keepalive(word="secret"))) == [(b"reg:1;status:404;", PEER)]
    with pytest.raises(InvalidInput):
        bench.submit(Reboot(port="goip1"), key="other")
    bench.dialog.detach("box", bench.now)
    steps = bench.receive(keepalive(word="secret"))
    assert [event.gateway for event in told(steps, PortChanged)] == ["other"]


def test_two_boxes_behind_one_address_are_told_apart_by_password() -> None:
    bench = Bench(BOX, Box(key="other", password="secret", lines=("goip9",)))
    bench.receive(keepalive())
    bench.receive(keepalive(line="goip9", word="secret"))
    steps = bench.receive(keepalive(line="goip2", word="secret"))
    assert [event.gateway for event in told(steps, PortChanged)] == ["other"]


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


@pytest.mark.parametrize("verb", ["EXPIRY", "DELIVER", "CELLS", "CELLINFO", "BCCH", "CGATT", "SOMETHING_NEW"])
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


def sms(text: str = "hello", to: str = "goip1") -> SendSms:
    return SendSms(port=to, recipient=NUMBER, text=text, message_id="m")


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


def test_a_text_without_a_result_is_unknown_and_a_late_result_is_ignored(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    bench.receive(f"PASSWORD {sid}\n")
    bench.receive(f"SEND {sid}\n")
    assert isinstance(outcome(bench.after(60)), OutcomeUnknown)
    assert bench.receive(f"OK {sid} 1 160\n") == []


def test_one_text_at_a_time(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    [(ticket, busy)] = settled(bench.submit(sms(), ticket=2))
    assert ticket == 2
    assert isinstance(busy, PortNotReady)
    assert isinstance(outcome(bench.submit(SendUssd(port="goip1", code="*100#", timeout=30))), PortNotReady)
    bench.receive(f"PASSWORD {sid}\n")
    bench.receive(f"SEND {sid}\n")
    bench.receive(f"OK {sid} 1 160\n")
    assert sendid(bench.submit(sms(), ticket=2)) != sid  # while the last one still takes its leave


def test_a_session_without_room_is_tried_again_under_another_sendid(bench: Bench) -> None:
    sid = sendid(bench.submit(sms()))
    steps = bench.receive(f"ERROR {sid} too_many_sends_in_server\n")
    assert steps == [Send(f"DONE {sid}\n".encode(), PEER)]
    assert isinstance(dict(settled(bench.submit(sms(), ticket=2)))[2], PortNotReady)
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


# Commands


def test_restarts_a_line(bench: Bench) -> None:
    steps = bench.submit(Reboot(port="goip1"))
    sid = sendid(steps)
    assert sent(steps) == [(f"svr_reboot_module {sid} pw".encode(), PEER)]
    assert outcome(bench.receive(f"svr_reboot_module {sid} ok")) == Done()


def test_restarts_a_box_by_any_line_that_is_there() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2")))
    bench.receive(keepalive(line="goip2"), PEER2)
    steps = bench.submit(Reboot())
    sid = sendid(steps)
    assert sent(steps) == [(f"svr_reboot_dev {sid} pw".encode(), PEER2)]
    assert isinstance(dict(settled(bench.submit(Reboot(), ticket=2)))[2], PortNotReady)
    assert outcome(bench.receive(f"svr_reboot_dev {sid} ok", PEER2)) == Done()


def test_restarts_a_box_by_the_line_that_was_heard_last() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2")))
    for line, peer in (("goip1", PEER), ("goip2", PEER2), ("goip1", PEER)):
        bench.receive(keepalive(line=line), peer)
    [(_, peer)] = sent(bench.submit(Reboot()))
    assert peer == PEER


@pytest.mark.parametrize("packet", [keepalive(101, status="LOGOUT"), keepalive(1)], ids=["logout", "restart"])
def test_a_line_that_goes_away_has_restarted(packet: str) -> None:
    bench = Bench(BOX)
    bench.receive(keepalive(100))
    bench.submit(Reboot(port="goip1"))
    bench.after(20)
    assert outcome(bench.receive(packet)) == Done()


def test_a_silent_line_has_restarted(bench: Bench) -> None:
    bench.submit(Reboot(port="goip1"))
    steps = bench.after(30)
    assert sent(steps) == []
    assert outcome(steps) == Done()


def test_a_line_that_stays_has_perhaps_not_restarted(bench: Bench) -> None:
    bench.submit(Reboot(port="goip1"))
    bench.after(20)
    assert settled(bench.receive(keepalive(2))) == []
    assert isinstance(outcome(bench.after(10)), OutcomeUnknown)


def test_asks_for_the_minutes_where_the_keepalive_does_not_say() -> None:
    bench = Bench(BOX)
    _, ask = sent(bench.receive(keepalive(1, rest="")))
    sid = int(ask[0].split()[1])
    assert ask == (f"get_remain_time {sid} pw".encode(), PEER)
    assert port(bench.receive(f"get_remain_time {sid} 25")).remaining_time == 25
    steps = bench.receive(keepalive(2, rest=""))
    assert len(sent(steps)) == 1
    assert told(steps, PortChanged) == []
    bench.after(100)
    assert len(sent(bench.receive(keepalive(3, rest="")))) == 2


def test_minutes_that_are_not_told_are_nobodys_error() -> None:
    bench = Bench(BOX)
    bench.receive(keepalive(1, rest=""))
    steps = bench.after(20)
    assert len(sent(steps)) == 2
    assert settled(steps) == []


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
    assert Feature.PORTS_BY_THEMSELVES in FAMILY.features
    assert isinstance(FAMILY.make_dialog(), GoipDialog)
    assert FAMILY.make_link(Endpoint(host=None, port=44444)) is not None
