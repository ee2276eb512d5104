"""The whole conversation with a box, against a box made of a dict. Time is an argument and never passes."""

from collections.abc import Callable, Iterable
from itertools import pairwise
from random import Random
from typing import override

import pytest

from custom_components.gsm_gateway.aiogsm.ami import MAX_MESSAGE
from custom_components.gsm_gateway.aiogsm.dialog import Box, Drop, Emit, Open, Send, Settle, Steps
from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    LoginRefused,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
    WrongPeer,
)
from custom_components.gsm_gateway.aiogsm.family import Endpoint
from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    DialogEvent,
    PortChanged,
    PortState,
    PortStatus,
    SmsArrived,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.neogate import FAMILY
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel, NeogateDialog
from custom_components.gsm_gateway.aiogsm.neogate.port import port_key, span_of
from custom_components.gsm_gateway.aiogsm.requests import (
    Done,
    Outcome,
    Reboot,
    Request,
    SendSms,
    SendUssd,
    SmsTaken,
)

MAIN, USSD = Channel.MAIN, Channel.USSD
BOX = Box(key="box", username="apiuser", password="apipass")
UP = "Power on, Provisioned, Up, Active,Standard"
NO_SIM = "Power on, Provisioned, Undetected SIM Card, Active,Standard"
DETAILS = """D-channel: 2
Status: Power on, Up, Active, Standard
Model Name: SIMCOM_SIM900
Model IMEI: 490154203237518
Revision: 1137B13SIM900M64_ST
Network Name: CHINA MOBILE
Network Status: Registered (Home network)
Signal Quality (0,31): 30
SIM IMSI: 001010123456789
Last event: Hangup
State: READY
Last send AT: AT+CREG?\\r\\n"""
READY = PortState(
    port="1",
    status=PortStatus.READY,
    signal=-53,
    operator="CHINA MOBILE",
    imei="490154203237518",
    imsi="001010123456789",
    model="SIMCOM_SIM900",
    revision="1137B13SIM900M64_ST",
)

CONNECTED = ConnectionChanged(gateway="box", connected=True)


def sms(message_id: str = "sms_a", port: str = "1", text: str = "Hello") -> SendSms:
    return SendSms(port=port, recipient="+49151", text=text, message_id=message_id)


def ussd(code: str = "*100#", port: str = "1", timeout: float = 30.0) -> SendUssd:
    return SendUssd(port=port, code=code, timeout=timeout)


class Action:
    """One action that the dialog wrote."""

    def __init__(self, data: bytes) -> None:
        lines = data.decode().removesuffix("\r\n\r\n").split("\r\n")
        self.fields = dict(line.split(": ", 1) for line in lines)

    @override
    def __str__(self) -> str:
        return self.fields.get("command", self.fields["Action"])


class Bench:
    """A dialog, the time, and a box that answers by itself what ``silent`` does not name."""

    def __init__(self) -> None:
        self.dialog = NeogateDialog(Random(7))
        self.now = 1000.0
        self.open: list[Channel] = []
        self.events: list[DialogEvent] = []
        self.settled: dict[int, Outcome] = {}
        self.written: list[tuple[Channel, str]] = []
        self.pending: dict[Channel, list[Action]] = {MAIN: [], USSD: []}
        self.spans = {2: UP}
        self.details = {2: DETAILS}
        self.silent: tuple[str, ...] = ("gsm send", "gsm power", "Logoff")
        self.login = b"Response: Success\r\nActionID: %s\r\nMessage: Authentication accepted\r\n\r\n"
        self.tickets = 0

    def do(self, steps: Steps[Channel]) -> None:
        for step in steps:
            match step:
                case Open(peer):
                    assert peer not in self.open
                    self.open.append(peer)
                case Drop(peer):
                    self.open.remove(peer)
                    self.pending[peer].clear()
                case Send(data, peer):
                    assert peer in self.open
                    action = Action(data)
                    self.written.append((peer, str(action)))
                    self.pending[peer].append(action)
                case Emit(event):
                    self.events.append(event)
                case Settle(ticket, outcome):
                    assert ticket not in self.settled
                    self.settled[ticket] = outcome
        self._serve()

    def _serve(self) -> None:
        for channel, actions in self.pending.items():
            if actions and not str(actions[0]).startswith(self.silent):
                self.answer(channel)
                return

    def answer(self, channel: Channel) -> None:
        action = self.pending[channel][0]
        words = str(action).split()
        if words == ["Login"]:
            self.plain(self.login, channel)
        elif words == ["Ping"]:
            self.plain(b"Response: Success\r\nActionID: %s\r\nPing: Pong\r\n\r\n", channel)
        elif words == ["gsm", "show", "spans"]:
            self.reply("".join(f"GSM span {span}: {line}\n" for span, line in self.spans.items()), channel)
        else:
            self.reply(self.details.get(int(words[-1]), f"No GSM running on span {words[-1]}\n"), channel)

    def plain(self, form: bytes, channel: Channel = MAIN) -> None:
        action = self.pending[channel].pop(0)
        self.say(form.replace(b"%s", action.fields["ActionID"].encode()), channel)

    def reply(self, output: str = "", channel: Channel = MAIN) -> None:
        """Answer the oldest open command of a channel."""
        head = "Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: %s\r\n"
        self.plain(f"{head}{output}--END COMMAND--\r\n\r\n".encode(), channel)

    def say(self, data: bytes, channel: Channel = MAIN) -> None:
        self.do(self.dialog.receive(data, channel, self.now))

    def event(self, name: str, **fields: str) -> None:
        lines = (f"Event: {name}", "Privilege: all,smscommand", *(f"{k}: {v}" for k, v in fields.items()))
        self.say("\r\n".join((*lines, "--END SMS EVENT--", "", "")).encode())

    def greet(self, channel: Channel = MAIN) -> None:
        """Open a connection and greet."""
        assert channel in self.open
        self.do(self.dialog.opened(channel, self.now))
        self.say(b"Asterisk Call Manager/1.1\r\n", channel)

    def attach(self) -> None:
        self.do(self.dialog.attach(BOX, self.now))

    def connect(self) -> None:
        self.attach()
        self.greet()
        self.tell_nothing_more_than(CONNECTED)

    def tell_nothing_more_than(self, last: DialogEvent) -> None:
        assert self.events[-1] == last
        self.events.clear()
        self.written.clear()

    def lose(self, channel: Channel = MAIN, reason: GatewayError | None = None) -> None:
        self.open.remove(channel)
        self.pending[channel].clear()
        self.do(self.dialog.lost(channel, reason or LinkLost("gone"), self.now))

    def submit(self, request: Request) -> int:
        self.tickets += 1
        self.do(self.dialog.submit("box", self.tickets, request, self.now))
        return self.tickets

    def wait(self, seconds: float) -> None:
        """Let time pass as a driver would."""
        until = self.now + seconds
        wakes = 0
        while (deadline := self.dialog.deadline()) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            self.do(self.dialog.tick(self.now))
            wakes += 1
            assert wakes < 1000, "the dialog wakes up without end"
        self.now = until

    def detach(self) -> None:
        self.do(self.dialog.detach("box", self.now))

    def commands(self, channel: Channel = MAIN) -> list[str]:
        """Give what was written on a channel since the last call."""
        found = [line for at, line in self.written if at is channel]
        self.written = [(at, line) for at, line in self.written if at is not channel]
        return found

    def connection_events(self) -> list[ConnectionChanged]:
        return [event for event in self.events if isinstance(event, ConnectionChanged)]

    def losses(self) -> list[type[GatewayError] | None]:
        return [None if event.error is None else type(event.error) for event in self.connection_events()]

    def ports(self) -> list[PortState]:
        found = [event.state for event in self.events if isinstance(event, PortChanged)]
        self.events = [event for event in self.events if not isinstance(event, PortChanged)]
        return found


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def is_a(outcome: Outcome | None, kind: type[object]) -> bool:
    return type(outcome) is kind


# Connecting.


def test_connecting_tells_every_port_and_then_the_connection(bench: Bench) -> None:
    bench.spans = {2: UP, 3: NO_SIM}
    bench.attach()
    assert bench.open == [MAIN]
    bench.greet()
    assert bench.commands() == ["Login", "gsm show spans", "gsm show span 2", "gsm show span 3"]
    assert bench.events == [
        PortChanged(gateway="box", state=READY),
        PortChanged(gateway="box", state=PortState(port="2", status=PortStatus.NO_SIM)),
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


REFUSED = b"Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n"


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
    assert len(box.events) == 1


def test_what_never_ends_ends_the_connection(box: Bench) -> None:
    box.say(b"Event: x\r\n" + b"a: b\r\n" * MAX_MESSAGE)
    assert box.losses() == [LinkLost]
    assert box.dialog.ignored == {"too_long": 1}


# Ports.


def test_spans_are_listed_every_30_seconds_and_details_read_every_5_minutes(box: Bench) -> None:
    box.wait(299.9)
    commands = [line for line in box.commands() if line != "Ping"]
    assert commands == ["gsm show spans"] * 9
    box.wait(0.1)
    assert [line for line in box.commands() if line != "Ping"] == ["gsm show spans", "gsm show span 2"]
    assert box.ports() == []


def test_a_changed_line_has_its_details_read_and_is_told_once(box: Bench) -> None:
    box.spans[2] = NO_SIM
    box.details[2] = "D-channel: 2\n"
    box.wait(30.0)
    assert box.commands()[-2:] == ["gsm show spans", "gsm show span 2"]
    assert box.ports() == [PortState(port="1", status=PortStatus.NO_SIM)]


def test_a_new_port_is_told(box: Bench) -> None:
    box.spans[3] = NO_SIM
    box.wait(30.0)
    assert [state.port for state in box.ports()] == ["2"]


def test_a_port_that_is_no_longer_listed_is_offline_until_it_is_back(box: Bench) -> None:
    box.spans = {3: NO_SIM}
    box.wait(30.0)
    offline = box.ports()
    assert [(state.port, state.status) for state in offline] == [
        ("1", PortStatus.OFFLINE),
        ("2", PortStatus.NO_SIM),
    ]
    assert (offline[0].signal, offline[0].operator, offline[0].imei) == (None, None, READY.imei)
    box.wait(600.0)
    assert "gsm show span 2" not in box.commands()
    box.spans = {2: UP, 3: NO_SIM}
    box.wait(30.0)
    assert box.ports() == [READY]


def test_a_port_that_is_offline_is_told_so_again_after_a_reconnect(box: Bench) -> None:
    for _ in range(2):
        box.spans = {3: NO_SIM}
        box.lose()
        box.wait(2.0)
        box.commands()
        box.greet()
        assert box.commands() == ["Login", "gsm show spans", "gsm show span 3"]
        assert [state.status for state in box.ports()] == [PortStatus.OFFLINE, PortStatus.NO_SIM]


def test_a_list_that_cannot_be_read_later_changes_nothing(box: Bench) -> None:
    box.spans = {}
    box.wait(60.0)
    assert box.dialog.ignored == {"spans": 2}
    assert box.events == []


def test_texts_come_between_the_questions(box: Bench) -> None:
    box.spans = dict.fromkeys(range(2, 18), UP)
    box.silent = ("gsm show span ", "gsm send")
    box.wait(30.0)
    box.commands()
    box.submit(sms(port="9"))
    box.reply(DETAILS)
    assert box.commands()[0].startswith("gsm send sms 10 ")


@pytest.mark.parametrize(
    ("line", "details", "status"),
    [
        (UP, "Network Status: Registered (Home network)", PortStatus.READY),
        (UP, "Network Status: Registered (Roaming)", PortStatus.READY),
        ("Standard,Active , Up,Power on", "Network Status: Registered", PortStatus.READY),
        (UP, "Network Status: Not registered", PortStatus.NOT_REGISTERED),
        (UP, "Network Status: Searching", PortStatus.NOT_REGISTERED),
        (UP, "Network Status: Registration denied", PortStatus.REGISTRATION_DENIED),
        (UP, "Network Status: Unknown", None),
        (UP, "Last event: PIN required", None),
        ("Power off, Down, Active, Standard", "Network Status: Registered", PortStatus.POWER_OFF),
        (NO_SIM, "Network Status: Registered", PortStatus.NO_SIM),
        ("Power on, Pin (1234) Error, Active", "", PortStatus.PIN_ERROR),
        ("Power on, Pin (undefined) Error, Active", "", PortStatus.PIN_ERROR),
        ("Power on, No Signal, Active", "", PortStatus.NO_SIGNAL),
        ("Power on, Unregistered Network, Active", "", PortStatus.NOT_REGISTERED),
        (
            "Power on, Unregistered Network",
            "Network Status: Registration denied",
            PortStatus.REGISTRATION_DENIED,
        ),
        ("Power on, Unregistered Network", "Network Status: Registered", PortStatus.NOT_REGISTERED),
        ("Power on, Down, Active, Standard", "", None),
        ("Power on, Down", "Network Status: Registered", None),
        ("Power on, Down", "Network Status: Not registered", PortStatus.NOT_REGISTERED),
        ("Power on, Down", "Last event: PIN required", PortStatus.PIN_ERROR),
        ("Power on, Down", "Last event: PIN error", PortStatus.PIN_ERROR),
        ("Power on, Down", "Last event: SIM not insert", PortStatus.NO_SIM),
        ("Power on, Down", "Last event: SIM failed", PortStatus.NO_SIM),
        ("Power on, Down", "Last event: No signal", PortStatus.NO_SIGNAL),
        ("Power on, Block", "", None),
    ],
)
def test_what_a_port_status_is_made_of(
    bench: Bench, line: str, details: str, status: PortStatus | None
) -> None:
    bench.spans = {2: line}
    bench.details = {2: f"{details}\n"}
    bench.attach()
    bench.greet()
    assert bench.ports() == [PortState(port="1", status=status)]


@pytest.mark.parametrize(("csq", "signal"), [("0", -113), ("31", -51), ("-1", None), ("99", None)])
def test_signal(bench: Bench, csq: str, signal: int | None) -> None:
    bench.details = {2: f"Signal Quality (0,31): {csq}\n"}
    bench.attach()
    bench.greet()
    assert bench.ports()[0].signal == signal


def test_spans_and_ports() -> None:
    assert (port_key(2), span_of("1"), span_of("98")) == ("1", 2, 99)


# Sending texts.


def test_a_text_is_accepted_and_then_taken(box: Bench) -> None:
    ticket = box.submit(sms())
    assert box.commands() == ['gsm send sms 2 +49151 "Hello" sms_a']
    box.reply()
    assert box.settled == {}
    box.event("UpdateSMSSend", ID="sms_a", Smsc="", Status="1")
    assert box.settled == {ticket: SmsTaken()}
    box.event("UpdateSMSSend", ID="sms_a", Smsc="", Status="1")
    box.wait(100.0)
    assert box.settled == {ticket: SmsTaken()}


def test_a_result_may_come_before_the_reply(box: Bench) -> None:
    ticket = box.submit(sms())
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled == {ticket: SmsTaken()}
    box.reply("late words\n")
    assert box.settled == {ticket: SmsTaken()}


def test_a_text_that_the_network_refuses_is_final(box: Bench) -> None:
    ticket = box.submit(sms())
    box.reply()
    box.event("UpdateSMSSend", ID="sms_a", Status="0")
    outcome = box.settled[ticket]
    assert type(outcome) is CommandRefused
    assert outcome.reason == "Status: 0"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("No GSM running on span 2\n", "No GSM running on span 2"),
        ("Command 'gsm send sms 2 +49151 \"Hello\" sms_a' failed.\n", "Command '…' failed."),
    ],
)
def test_any_word_of_the_box_means_that_another_port_may_be_tried(
    box: Bench, output: str, reason: str
) -> None:
    ticket = box.submit(sms())
    box.reply(output)
    outcome = box.settled[ticket]
    assert isinstance(outcome, PortNotReady)
    assert outcome.reason == reason
    again = box.submit(sms(port="2"))
    box.reply()
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled[again] == SmsTaken()


def test_an_error_without_words_is_no_silent_yes(box: Bench) -> None:
    ticket = box.submit(sms())
    box.plain(b"Response: Error\r\nActionID: %s\r\n\r\n")
    assert is_a(box.settled[ticket], PortNotReady)


def test_results_of_others_are_ignored(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    for message_id in ("(null)", "", "sms_b"):
        box.event("UpdateSMSSend", ID=message_id, Status="1")
    box.event("UpdateSMSSend", ID="sms_a", Status="2")
    assert box.settled == {}
    assert box.dialog.ignored == {"foreign_result": 3, "result": 1}


def test_no_result_is_unknown_60_seconds_after_the_writing(box: Bench) -> None:
    box.silent = ("gsm s",)
    box.wait(30.0)
    ticket = box.submit(sms())  # waits for the reply to the list
    box.wait(5.0)
    box.silent = ("gsm send",)
    box.answer(MAIN)
    box.reply()
    box.wait(59.9)
    assert box.settled == {}
    box.wait(0.1)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_a_text_stays_open_over_a_reconnect(box: Bench) -> None:
    ticket = box.submit(sms())
    box.wait(10.0)  # no reply: the connection is dropped
    assert box.losses() == [LinkLost]
    assert box.settled == {}
    box.greet()
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert box.settled == {ticket: SmsTaken()}


def test_a_text_is_unknown_after_its_time_though_nobody_is_there(box: Bench) -> None:
    ticket = box.submit(sms())
    box.reply()
    box.lose()
    box.lose(reason=CannotConnect("refused"))
    box.wait(60.0)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_what_was_not_written_has_not_left(box: Bench) -> None:
    first, second = box.submit(sms("sms_a")), box.submit(sms("sms_b", port="2"))
    box.lose()
    assert list(box.settled) == [second]
    assert is_a(box.settled[second], LinkLost)
    third = box.submit(sms("sms_c"))
    assert is_a(box.settled[third], LinkLost)
    box.wait(60.0)
    assert is_a(box.settled[first], OutcomeUnknown)


def test_details_of_a_port_that_is_sending_are_left_alone(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.spans[2] = NO_SIM
    box.wait(59.0)
    assert "gsm show span 2" not in box.commands()
    assert [state.status for state in box.ports()] == [PortStatus.NO_SIM]
    box.event("UpdateSMSSend", ID="sms_a", Status="1")
    box.wait(0.0)
    assert box.commands() == ["gsm show span 2"]


def test_a_reconnect_does_not_wait_for_a_port_that_is_sending(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    box.lose()
    box.greet()
    assert "gsm show span 2" not in box.commands()
    assert box.events[-1] == CONNECTED
    assert box.ports() == [READY]


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (sms(port="0"), "port"),
        (sms(port="99"), "port"),
        (sms(port="1\r\n"), "port"),
        (sms("a b"), "message_id"),
        (sms(text=""), "text_empty"),
        (sms(text="я" * 1000), "text_too_long"),
        (SendSms(port="1", recipient="+49 151", text="a", message_id="a"), "number"),
        (ussd("*100#\r\n"), "ussd_code"),
        (ussd(port="x"), "port"),
        (Reboot(port="x"), "port"),
    ],
)
def test_what_cannot_be_carried_is_refused_before_a_byte(box: Bench, ask: Request, reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        box.submit(ask)
    assert caught.value.reason == reason
    assert box.written == []


def test_an_id_that_is_under_way_is_refused(box: Bench) -> None:
    box.submit(sms())
    with pytest.raises(InvalidInput):
        box.submit(sms(port="2"))


# Receiving texts.


def received(box: Bench, content: str, **fields: str) -> None:
    defaults = {"ID": "", "GsmSpan": "2", "Sender": "+49", "Recvtime": "2025-03-06 05:01:07"}
    box.event("ReceivedSMS", **{**defaults, "Index": "0", "Total": "1", **fields, "Content": content})


def arrived(text: str, parts: int = 1, *, complete: bool = True) -> SmsArrived:
    return SmsArrived(gateway="box", port="1", sender="+49", text=text, parts=parts, complete=complete)


def test_single_texts_are_never_taken_for_repeats(box: Bench) -> None:
    received(box, "Hi+there")
    received(box, "Hi+there")
    assert box.events == [arrived("Hi there")] * 2


def test_parts_are_joined_even_over_a_reconnect(box: Bench) -> None:
    received(box, "%EF%BB%BFb", ID="244", Index="2", Total="2")
    box.lose()
    box.greet()
    box.events.clear()
    received(box, "%EF%BB%BFa", ID="244", Index="1", Total="2")
    assert box.events == [arrived("ab", 2)]


def test_a_text_in_parts_is_told_after_5_minutes_as_it_is(box: Bench) -> None:
    received(box, "b", ID="244", Index="2", Total="2")
    box.wait(299.9)
    assert box.events == []
    box.wait(0.1)
    assert box.events == [arrived("b", 2, complete=False)]


# USSD.


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


@pytest.mark.parametrize(("responses", "session_open"), [(0, False), (1, True), (2, False), (4, None)])
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
        ("0:Sending USSD now on span 2\n", PortNotReady),
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


# Restarting a port.


def test_two_ports_restart_beside_each_other(box: Bench) -> None:
    tickets = [box.submit(Reboot(port="1"))]
    box.reply()
    box.wait(3.0)
    tickets.append(box.submit(Reboot(port="2")))
    box.reply()
    for commands in (["gsm power on 2"], ["gsm power on 3"]):
        box.commands()
        box.wait(3.0)
        assert box.commands() == commands
        box.reply()
    assert box.settled == dict.fromkeys(tickets, Done())


def test_a_restart_is_off_five_seconds_on(box: Bench) -> None:
    ticket = box.submit(Reboot(port="1"))
    assert box.commands() == ["gsm power off 2"]
    box.reply("Power off span 2 sucessed\n")
    box.wait(4.9)
    assert box.commands() == []
    box.wait(0.1)
    assert box.commands() == ["gsm power on 2"]
    box.reply("Power on span 2 sucessed\n")
    assert box.settled == {ticket: Done()}


@pytest.mark.parametrize("where", ["off", "pause", "on"])
def test_a_port_is_switched_on_after_a_reconnect(box: Bench, where: str) -> None:
    ticket = box.submit(Reboot(port="1"))
    if where != "off":
        box.reply()
    if where == "on":
        box.wait(5.0)
    box.lose()
    box.lose(reason=CannotConnect("refused"))
    box.wait(20.0)
    assert box.settled == {}
    box.commands()
    box.greet()
    box.wait(0.0)
    assert box.commands()[-1] == "gsm power on 2"
    box.reply()
    assert box.settled == {ticket: Done()}


@pytest.mark.parametrize("steps", [1, 2])
def test_a_box_that_does_not_switch_says_so(box: Bench, steps: int) -> None:
    ticket = box.submit(Reboot(port="1"))
    if steps > 1:
        box.reply()
        box.wait(5.0)
    box.reply("Unable to power on/off span 2\n")
    assert is_a(box.settled[ticket], CommandRefused)
    box.wait(20.0)
    assert "gsm power on 2" not in box.commands()[steps:]


def test_a_restart_that_was_not_written_has_not_begun(box: Bench) -> None:
    box.submit(sms())
    waiting = box.submit(Reboot(port="1"))
    box.lose()
    assert is_a(box.settled[waiting], LinkLost)
    assert is_a(box.settled[box.submit(Reboot(port="1"))], LinkLost)


def test_a_port_is_not_restarted_twice_at_a_time(box: Bench) -> None:
    box.submit(Reboot(port="1"))
    assert is_a(box.settled[box.submit(Reboot(port="1"))], PortNotReady)


def test_the_box_itself_cannot_be_restarted(box: Bench) -> None:
    with pytest.raises(NotSupported):
        box.submit(Reboot())


# Taking leave.


def test_leaving_settles_everything(box: Bench) -> None:
    sent, restarted, unsent = box.submit(sms("a")), box.submit(Reboot(port="3")), box.submit(sms("b", "2"))
    running, waiting = box.submit(ussd()), box.submit(ussd())
    box.greet(USSD)
    received(box, "a", ID="244", Index="1", Total="2")
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
    assert box.events == [arrived("a", 2, complete=False)]
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
        box.dialog.attach(BOX, box.now)


@pytest.mark.parametrize(("username", "password"), [("", "x"), ("a b", "x"), ("a", "x\r\nAction: Logoff")])
def test_credentials_that_cannot_be_carried(username: str, password: str) -> None:
    unusable = Box(key="box", username=username, password=password)
    for check in (FAMILY.check_box, lambda box: FAMILY.make_dialog().attach(box, 0.0)):
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
    assert type(FAMILY.make_link(Endpoint(host="192.0.2.1", port=5038))) is TcpClient
    with pytest.raises(InvalidInput):
        FAMILY.make_link(Endpoint(host=None, port=5038))


def checks() -> list[tuple[Callable[[], object], str]]:
    return [
        (lambda: FAMILY.check_sms("+49", "a\x00"), "text_control"),
        (lambda: FAMILY.check_sms("x", "a"), "number"),
    ]


@pytest.mark.parametrize(("check", "reason"), checks())
def test_the_family_checks_texts(check: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check()
    assert caught.value.reason == reason
