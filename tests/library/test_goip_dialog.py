"""The GoIP dialog: what boxes push and reply, and whose it is. Time is passed in."""

from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Send, Settle
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
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    LineHeard,
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
    assert isinstance(outcome(bench.submit(sms())), LinkLost)  # it waits for the line to come back
    for request in (SendUssd(port="goip1", code="*100#", timeout=30), Reboot(port="goip1")):
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
        bench.attach(box)
    assert refused.value.reason == "credential"
    assert bench.detach("x") == []


def test_a_box_is_attached_once(bench: Bench) -> None:
    with pytest.raises(InvalidInput):
        bench.attach()


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
    outcomes = dict(settled(bench.detach()))
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
    assert bench.detach() == []


def test_a_box_can_come_back(bench: Bench) -> None:
    bench.detach()
    bench.attach()
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
    assert isinstance(FAMILY.dialect().make_dialog(), GoipDialog)
    assert FAMILY.dialect().make_link(Endpoint(host=None, port=44444)) is not None
