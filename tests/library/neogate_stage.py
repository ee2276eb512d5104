"""A dialog with a box made of a dict. Time is an argument and never passes."""

from collections import deque
from datetime import UTC, datetime
from random import Random
from typing import override

from custom_components.gsm_gateway.aiogsm.dialog import Box, Drop, Emit, Keep, Open, Send, Settle, Steps
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, LinkLost
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    DialogEvent,
    NetworkStatus,
    PortChanged,
    PortState,
    PortStatus,
)
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel, NeogateDialog
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import Departing, Memory, Record, SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import Outcome, Request, SendSms, SendUssd

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
    network_status=NetworkStatus.HOME,
    last_event="Hangup",
    channel_state="READY",
    words=("Power on", "Provisioned", "Up", "Active", "Standard"),
)

REFUSED = b"Response: Error\r\nActionID: %s\r\nMessage: Authentication failed\r\n\r\n"
CONNECTED = ConnectionChanged(gateway="box", connected=True)


def sms(message_id: str = "sms_a", port: str = "1", text: str = "Hello") -> SendSms:
    return SendSms(port=port, recipient="+49151", text=text, message_id=message_id)


def ussd(code: str = "*100#", port: str = "1", timeout: float = 30.0) -> SendUssd:
    return SendUssd(port=port, code=code, timeout=timeout)


def is_a(outcome: Outcome | None, kind: type[object]) -> bool:
    """Whether an outcome is of exactly this kind."""
    return type(outcome) is kind


class Action:
    """One action that the dialog wrote."""

    def __init__(self, data: bytes) -> None:
        lines = data.decode().removesuffix("\r\n\r\n").split("\r\n")
        self.fields = dict(line.split(": ", 1) for line in lines)

    @override
    def __str__(self) -> str:
        return self.fields.get("command", self.fields["Action"])


class Bench:
    """A dialog, the time, and a box that answers by itself what ``silent`` does not name.

    What is to be kept is ``durable`` at once, or is not; with ``None`` it waits for ``finish_keeping``.
    """

    def __init__(self) -> None:
        self.dialog = NeogateDialog(Random(7))
        self.box = BOX
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
        self.durable: bool | None = True
        self.kept: list[Record] = []
        self.keeping: deque[Keep[Channel]] = deque()

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
                case Keep(record):
                    self.kept.append(record)
                    self.keeping.append(step)
                    if self.durable is not None:
                        self.finish_keeping(durable=self.durable)
        self._serve()

    def finish_keeping(self, *, durable: bool = True) -> None:
        """Be done with the oldest of what is to be kept."""
        self.do(self.keeping.popleft().then(durable, self.now))

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
        self.say("\r\n".join((*lines, "--END SMS EVENT--", "", "")).encode(errors="surrogatepass"))

    def greet(self, channel: Channel = MAIN) -> None:
        """Open a connection and greet."""
        assert channel in self.open
        self.do(self.dialog.opened(channel, self.now))
        self.say(b"Asterisk Call Manager/1.1\r\n", channel)

    def attach(self) -> None:
        self.do(self.dialog.attach(self.box, Memory(), self.now))

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
            assert wakes < 1000 + seconds, "the dialog wakes up without end"
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


def received(box: Bench, content: str, **fields: str) -> None:
    defaults = {"ID": "", "GsmSpan": "2", "Sender": "+49", "Recvtime": "2025-03-06 05:01:07"}
    box.event("ReceivedSMS", **{**defaults, "Index": "0", "Total": "1", **fields, "Content": content})


def arrived(text: str, **fields: object) -> SmsArrived:
    """Give what is kept of a text that was received."""
    part = {"reference": "", "stamp": "2025-03-06 05:01:07", "place": 0, "total": 1}
    part |= {"stamped_at": datetime(2025, 3, 6, 5, 1, 7, tzinfo=UTC), **fields}
    return SmsArrived(gateway="box", part=Part(port="1", sender="+49", text=text, **part))  # type: ignore[arg-type]


def departing(message_id: str = "sms_a") -> Departing:
    return Departing(gateway="box", message_id=message_id)
