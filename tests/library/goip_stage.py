"""What the tests of the GoIP dialog play with: boxes, lines, packets, and a time that is passed in."""

from random import Random

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send, Settle, Steps
from custom_components.gsm_gateway.aiogsm.goip.dialog import GoipDialog
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    DialogEvent,
    PortChanged,
    PortState,
    Trouble,
    TroubleFound,
)
from custom_components.gsm_gateway.aiogsm.requests import Request, SendSms

PEER: Address = ("192.0.2.1", 10991)
PEER2: Address = ("192.0.2.1", 10992)
MOVED: Address = ("192.0.2.7", 50000)
STRANGER: Address = ("198.51.100.9", 666)
LINE = "goip1"
BOX = Box(key="box", password="pw", lines=("goip1",))
NUMBER = "+15550100001"
CLOCK = 1_800_000_000


class Bench:
    """A dialog, and the time in which its tests play.

    The question for all that a line knows is answered at once, by ``tells``, and is not shown; with ``None``
    it is shown, and left to the test.
    """

    def __init__(self, *boxes: Box, tells: str | None = "") -> None:
        self.dialog = GoipDialog(random=Random(1), wall_clock=lambda: CLOCK)
        self.now = 1000.0
        self.tells = tells
        self.attached: Steps[Address] = []
        for box in boxes:
            self.attached += self.dialog.attach(box, self.now)

    def receive(self, packet: str | bytes, peer: Address = PEER) -> Steps[Address]:
        data = packet if isinstance(packet, bytes) else packet.encode()
        return self._play(self.dialog.receive(data, peer, self.now))

    def submit(self, request: Request, ticket: int = 1, key: str = "box") -> Steps[Address]:
        return self._play(self.dialog.submit(key, ticket, request, self.now))

    def at(self, now: float) -> Steps[Address]:
        """Wake the dialog whenever it wants to be, until ``now``."""
        steps: Steps[Address] = []
        while (deadline := self.dialog.deadline()) is not None and deadline <= now:
            self.now = deadline
            steps += self._play(self.dialog.tick(deadline))
        self.now = now
        return steps

    def _play(self, steps: Steps[Address]) -> Steps[Address]:
        """Answer what is asked, and give what else is done."""
        shown: Steps[Address] = []
        for step in steps:
            if self.tells is not None and isinstance(step, Send) and step.data.startswith(b"GSM "):
                answer = f"GSM:{step.data.split()[1].decode()};{self.tells}"
                shown += self._play(self.dialog.receive(answer.encode(), step.peer, self.now))
            else:
                shown.append(step)
        return shown

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


def events(steps: Steps[Address]) -> list[DialogEvent]:
    """Give all that was told."""
    return [step.event for step in steps if isinstance(step, Emit)]


def sms(text: str = "hello", to: str = "goip1", number: str = NUMBER, message_id: str = "m") -> SendSms:
    return SendSms(port=to, recipient=number, text=text, message_id=message_id)


def state_of(bench: Bench, *packets: str) -> PortState:
    """Hear packets, and give the last state that is told."""
    return [event.state for packet in packets for event in told(bench.receive(packet), PortChanged)][-1]


def trouble(kind: Trouble, line: str = LINE, gateway: str = "box") -> Emit:
    return Emit(TroubleFound(gateway=gateway, port=line, trouble=kind))
