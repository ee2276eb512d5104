"""The whole conversation with a box, against a box made of a dict. Time is an argument and never passes."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest

from custom_components.gsm_gateway.aiogsm.ami import MAX_MESSAGE
from custom_components.gsm_gateway.aiogsm.dialog import Box, Drop
from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    InvalidInput,
    LinkLost,
    LoginRefused,
    OutcomeUnknown,
    WrongPeer,
)
from custom_components.gsm_gateway.aiogsm.family import Endpoint
from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient
from custom_components.gsm_gateway.aiogsm.models import PortChanged, PortState, PortStatus
from custom_components.gsm_gateway.aiogsm.neogate import FAMILY
from custom_components.gsm_gateway.aiogsm.records import Memory
from custom_components.gsm_gateway.aiogsm.requests import Reboot

from .neogate_stage import (
    BOX,
    CONNECTED,
    MAIN,
    NO_SIM,
    READY,
    REFUSED,
    UP,
    USSD,
    Bench,
    arrived,
    is_a,
    received,
    sms,
    ussd,
)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


# Connecting.


def test_connecting_tells_every_port_and_then_the_connection(bench: Bench) -> None:
    bench.spans = {2: UP, 3: NO_SIM}
    bench.attach()
    assert bench.open == [MAIN]
    bench.greet()
    assert bench.commands() == ["Login", "gsm show spans", "gsm show span 2", "gsm show span 3"]
    assert bench.events == [
        PortChanged(gateway="box", state=READY),
        PortChanged(
            gateway="box",
            state=PortState(
                port="2",
                status=PortStatus.NO_SIM,
                words=("Power on", "Provisioned", "Undetected SIM Card", "Active", "Standard"),
            ),
        ),
        CONNECTED,
    ]


def test_login_asks_for_events_and_is_named(bench: Bench) -> None:
    bench.silent = ("Login",)
    bench.attach()
    bench.greet()
    assert bench.pending[MAIN][0].fields == {
        "Action": "Login",
        "ActionID": "1",
        "Username": "apiuser",
        "Secret": "apipass",
        "Events": "on",
    }


def test_a_login_may_be_answered_without_its_id(bench: Bench) -> None:
    bench.login = b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"
    bench.connect()


def test_who_has_not_taken_the_login_tells_nothing(bench: Bench) -> None:
    bench.silent = ("Login",)
    bench.attach()
    bench.greet()
    received(bench, "Open the door")
    bench.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert (bench.kept, bench.events) == ([], [])


def test_bytes_may_come_one_by_one(bench: Bench) -> None:
    bench.silent = ("Login",)
    bench.attach()
    bench.greet()
    bench.silent = ()
    bench.pending[MAIN].clear()
    for byte in b"Response: Success\r\nActionID: 1\r\n\r\n":
        bench.say(bytes((byte,)))
    assert bench.events[-1] == CONNECTED


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH\r\n", b"x" * 200])
def test_another_greeting_is_the_wrong_peer(bench: Bench, greeting: bytes) -> None:
    bench.attach()
    bench.do(bench.dialog.opened(MAIN, bench.now))
    bench.say(greeting)
    assert bench.losses() == [WrongPeer]
    assert bench.open == []


def test_no_greeting_is_the_wrong_peer_even_if_bytes_trickle(bench: Bench) -> None:
    bench.attach()
    bench.do(bench.dialog.opened(MAIN, bench.now))
    for _ in range(9):
        bench.wait(1.0)
        bench.say(b"A")
    assert bench.events == []
    bench.wait(1.0)
    assert bench.losses() == [WrongPeer]


def test_a_box_without_smscommand_is_the_wrong_peer(bench: Bench) -> None:
    bench.silent = ("gsm",)
    bench.attach()
    bench.greet()
    bench.plain(b"Response: Error\r\nActionID: %s\r\nMessage: Invalid/unknown command: smscommand.\r\n\r\n")
    assert bench.losses() == [WrongPeer]


def test_a_box_without_spans_is_the_wrong_peer(bench: Bench) -> None:
    bench.spans = {}
    bench.attach()
    bench.greet()
    assert bench.losses() == [WrongPeer]
    assert bench.dialog.ignored == {"spans": 1}


def test_an_account_that_may_not_run_commands_is_refused(bench: Bench) -> None:
    bench.silent = ("gsm",)
    bench.attach()
    bench.greet()
    bench.plain(b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied\r\n\r\n")
    assert bench.losses() == [LoginRefused]


def test_a_login_without_an_answer_is_no_connection(bench: Bench) -> None:
    bench.silent = ("Login",)
    bench.attach()
    bench.greet()
    bench.wait(9.9)
    assert bench.events == []
    bench.wait(0.1)
    assert bench.losses() == [CannotConnect]


def test_a_connection_that_closes_before_it_is_one(bench: Bench) -> None:
    bench.attach()
    bench.do(bench.dialog.opened(MAIN, bench.now))
    bench.lose()
    assert bench.losses() == [CannotConnect]


# Coming back.


def test_a_loss_is_told_once_and_met_with_growing_waits(box: Bench) -> None:
    box.wait(100.0)
    box.events.clear()
    box.lose()
    assert box.losses() == [LinkLost]
    assert box.open == [MAIN]
    waits = []
    for _ in range(14):
        before = box.now
        box.lose(reason=CannotConnect("refused"))
        deadline = box.dialog.deadline()
        assert deadline is not None
        waits.append(deadline - before)
        box.wait(waits[-1])
        assert box.open == [MAIN]
    assert box.losses() == [LinkLost]
    for tries, wait in enumerate(waits, start=1):
        assert max(1.0, min(300.0, 2.0**tries) / 2) <= wait <= min(300.0, 2.0**tries)
    box.greet()
    assert box.events[-1] == CONNECTED


def test_the_first_failure_is_told_and_the_next_is_tried_later(bench: Bench) -> None:
    bench.attach()
    bench.lose(reason=CannotConnect("refused"))
    assert bench.losses() == [CannotConnect]
    assert bench.open == []
    bench.wait(2.0)
    assert bench.open == [MAIN]


def test_another_kind_of_trouble_is_told(bench: Bench) -> None:
    bench.attach()
    bench.lose(reason=CannotConnect("refused"))
    bench.wait(2.0)
    bench.lose(reason=CannotConnect("refused"))
    bench.wait(4.0)
    bench.login = b"Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n"
    bench.greet()
    assert bench.losses() == [CannotConnect, LoginRefused]


def test_a_connection_that_breaks_at_once_is_not_tried_without_end(box: Bench) -> None:
    tries = 0
    for _ in range(50):
        if MAIN in box.open:
            tries += 1
            box.greet()
            box.lose()
        box.wait(1.0)
    assert tries < 10


def test_every_port_is_told_again_after_a_reconnect(box: Bench) -> None:
    box.lose()
    box.greet()
    assert box.ports() == [READY]
    assert box.losses() == [LinkLost, None]


def test_a_refused_login_is_tried_again_and_then_every_15_minutes_only(bench: Bench) -> None:
    bench.login = REFUSED
    bench.attach()
    start = bench.now
    tries = []
    while bench.now < start + 3700.0:
        if MAIN in bench.open:
            tries.append(bench.now - start)
            bench.greet()
        bench.wait(1.0)
    assert tries[0] == 0.0
    assert 10.0 <= tries[1] <= 12.0
    assert [round(later - earlier) for earlier, later in pairwise(tries[1:])] == [900] * 4
    # The first one, and that it is certain now.
    assert bench.losses() == [LoginRefused, LoginRefused]


def test_a_login_that_is_taken_ends_the_refusal(bench: Bench) -> None:
    accepted = bench.login
    bench.login = REFUSED
    bench.attach()
    bench.greet()
    bench.wait(12.0)
    bench.greet()
    bench.login = accepted
    bench.wait(901.0)
    bench.greet()
    assert bench.losses() == [LoginRefused, LoginRefused, None]
    bench.lose()
    bench.wait(600.0)
    assert MAIN in bench.open


# Staying alive.


def test_a_silent_box_is_asked_after_25_seconds(box: Bench) -> None:
    box.wait(24.9)
    assert box.commands() == []
    box.wait(0.1)
    assert box.commands() == ["Ping"]


def test_a_box_that_speaks_is_not_asked(box: Bench) -> None:
    box.wait(24.0)
    box.event("FullyBooted")
    box.wait(5.9)
    assert box.commands() == []
    assert box.dialog.ignored == {"other_event": 1}


def test_an_unanswered_ping_ends_the_connection(box: Bench) -> None:
    box.silent = ("Ping",)
    box.wait(34.9)
    assert box.losses() == []
    box.wait(0.1)
    assert box.losses() == [LinkLost]
    assert box.open == [MAIN]


def test_any_response_with_its_id_answers_a_ping(box: Bench) -> None:
    box.silent = ("Ping",)
    box.wait(25.0)
    box.plain(b"Response: Error\r\nActionID: %s\r\nMessage: Permission denied\r\n\r\n")
    box.wait(20.0)
    assert box.losses() == []


def test_an_unanswered_query_ends_the_connection_and_its_late_reply_is_nobodys(box: Bench) -> None:
    box.silent = ("gsm show",)
    box.wait(30.0)
    late = box.pending[MAIN][0].fields["ActionID"]
    box.wait(10.0)
    assert box.losses() == [LinkLost]
    box.silent = ("Login",)
    box.greet()
    box.say(
        f"Response: Follows\r\nActionID: {int(late) + 50}\r\nGSM span 9: Up\n--END COMMAND--\r\n\r\n".encode()
    )
    assert box.dialog.ignored == {"stray_response": 1}
    assert box.ports() == []


def test_strays_and_garbage_are_counted_and_the_rest_is_read(box: Bench) -> None:
    box.say(b"Response: Error\r\nMessage: Missing action in request\r\n\r\n\xff\x00garbage\n")
    box.event("UpdateSMSSend", ID="sms_a", Status="7")
    box.event("ReceivedSMS", Content="x")
    box.event("UpdateSMSSend", ID="(null)", Status="1")
    received(box, "Hi")
    assert box.dialog.ignored == {
        "stray_response": 1,
        "no_message": 1,
        "result": 1,
        "received": 1,
        "foreign_result": 1,
    }
    assert box.kept == [arrived("Hi")]


def test_what_never_ends_ends_the_connection(box: Bench) -> None:
    box.say(b"Event: x\r\n" + b"a: b\r\n" * MAX_MESSAGE)
    assert box.losses() == [LinkLost]
    assert box.dialog.ignored == {"too_long": 1}


# Taking leave.


def test_leaving_settles_everything(box: Bench) -> None:
    sent, restarted, unsent = box.submit(sms("a")), box.submit(Reboot(port="3")), box.submit(sms("b", "2"))
    running, waiting = box.submit(ussd()), box.submit(ussd())
    box.greet(USSD)
    box.written.clear()
    box.detach()
    assert box.open == []
    assert {ticket: type(outcome) for ticket, outcome in box.settled.items()} == {
        sent: OutcomeUnknown,
        restarted: LinkLost,
        unsent: LinkLost,
        running: OutcomeUnknown,
        waiting: LinkLost,
    }
    assert box.written == [(USSD, "Logoff"), (MAIN, "Logoff")]
    assert box.events == []
    assert box.dialog.deadline() is None


@pytest.mark.parametrize("accepted", [True, False])
def test_leaving_leaves_no_port_in_the_dark(box: Bench, accepted: bool) -> None:
    ticket = box.submit(Reboot(port="1"))
    if accepted:
        box.reply()
    box.written.clear()
    box.detach()
    assert box.written == [(MAIN, "gsm power on 2"), (MAIN, "Logoff")]
    assert is_a(box.settled[ticket], OutcomeUnknown)


@pytest.mark.parametrize("reach", ["opening", "greeting", "waiting"])
def test_leaving_before_the_connection_is_one(bench: Bench, reach: str) -> None:
    bench.attach()
    if reach == "greeting":
        bench.do(bench.dialog.opened(MAIN, bench.now))
    if reach == "waiting":
        bench.lose(reason=CannotConnect("refused"))
    bench.detach()
    assert bench.open == []
    assert bench.written == []
    assert bench.dialog.deadline() is None


def test_what_comes_after_leaving_is_nothing(box: Bench) -> None:
    box.detach()
    dialog = box.dialog
    assert dialog.tick(box.now) == []
    assert dialog.receive(b"x", MAIN, box.now) == []
    assert dialog.lost(MAIN, LinkLost("gone"), box.now) == []
    assert dialog.opened(MAIN, box.now) == [Drop(MAIN)]
    assert dialog.detach("box", box.now) == []
    ticket = box.submit(sms())
    assert is_a(box.settled[ticket], LinkLost)
    box.connect()


def test_far_ends_that_nobody_asked_for(box: Bench) -> None:
    assert box.dialog.receive(b"x", USSD, box.now) == []
    assert box.dialog.opened(USSD, box.now) == [Drop(USSD)]
    assert box.dialog.detach("another", box.now) == []


def test_a_dialog_serves_one_box(box: Bench) -> None:
    with pytest.raises(InvalidInput):
        box.dialog.attach(BOX, Memory(), box.now)


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("a b", "x"), ("a", "x\r\nAction: Logoff")])
def test_credentials_that_cannot_be_carried(username: str, password: str) -> None:
    unusable = Box(key="box", username=username, password=password)
    for check in (
        FAMILY.dialect().check_box,
        lambda box: FAMILY.dialect().make_dialog().attach(box, Memory(), 0.0),
    ):
        with pytest.raises(InvalidInput) as caught:
            check(unusable)
        assert caught.value.reason == "credential"


# What no order of things may do.


def test_a_tick_that_comes_early_does_nothing(bench: Bench) -> None:
    assert bench.dialog.tick(bench.now) == []
    bench.attach()
    assert bench.dialog.tick(bench.now) == []
    bench.greet()
    assert bench.dialog.tick(bench.now) == []
    bench.lose()
    bench.lose(reason=CannotConnect("refused"))
    assert bench.dialog.tick(bench.now) == []


def hostile() -> Iterable[bytes]:
    yield b"\r\n" * 50
    yield b"Event:\r\n\r\n"
    yield b"Response:\r\n\r\n"
    yield b"Response: Follows\r\n--END COMMAND--\r\n\r\n"
    yield b"Event: ReceivedSMS\r\nGsmSpan: 2\r\nContent: %00%0D%0A+\xff\r\n\r\n"
    yield b"Event: ReceivedSMS\r\nGsmSpan: 2\r\nID: 1\r\nIndex: -5\r\nTotal: 255\r\nContent: \r\n\r\n"
    yield b"\x00" * 5000 + b"\n"
    yield bytes(range(256)) * 3
    yield b"Asterisk Call Manager/1.1\r\n"


@pytest.mark.parametrize("data", hostile())
@pytest.mark.parametrize("cut", [1, 5, 10_000])
def test_nothing_that_comes_raises(bench: Bench, data: bytes, cut: int) -> None:
    bench.connect()
    for start in range(0, len(data), cut):
        bench.say(data[start : start + cut])
    bench.wait(100.0)
    assert MAIN in bench.open


def test_no_repr_shows_a_password_or_a_text(box: Bench) -> None:
    box.submit(sms(text="secret"))
    shown = repr([box.dialog.__dict__, BOX, sms(text="secret"), ussd("*999#")])
    assert not [word for word in ("apipass", "secret", "+49151", "*999#") if word in shown]


def test_the_family_links_to_a_host() -> None:
    assert type(FAMILY.dialect().make_link(Endpoint(host="192.0.2.1", port=5038))) is TcpClient
    with pytest.raises(InvalidInput):
        FAMILY.dialect().make_link(Endpoint(host=None, port=5038))


def checks() -> list[tuple[Callable[[], object], str]]:
    return [
        (lambda: FAMILY.dialect().check_sms("+49", "a\x00"), "text_control"),
        (lambda: FAMILY.dialect().check_sms("x", "a"), "number"),
    ]


@pytest.mark.parametrize(("check", "reason"), checks())
def test_the_family_checks_texts(check: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check()
    assert caught.value.reason == reason
