"""What the tests of the GoIP dialog play with: boxes, lines, packets, and a time that is passed in."""

from collections import deque
from dataclasses import dataclass
from random import Random

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Keep, Send, Settle, Step, Steps
from custom_components.gsm_gateway.aiogsm.goip.dialog import GoipDialog
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    DialogEvent,
    PortChanged,
    PortState,
    Trouble,
    TroubleFound,
)
from custom_components.gsm_gateway.aiogsm.records import Memory, Record
from custom_components.gsm_gateway.aiogsm.requests import Request, SendSms

PEER: Address = ("192.0.2.1", 10991)
PEER2: Address = ("192.0.2.1", 10992)
MOVED: Address = ("192.0.2.7", 50000)
STRANGER: Address = ("198.51.100.9", 666)
LINE = "goip1"
BOX = Box(key="box", password="pw", lines=("goip1",))
NUMBER = "+15550100001"
CLOCK = 1_800_000_000


@dataclass(frozen=True, slots=True)
class Kept:
    """The dialog had this made durable. It stands among the steps where that was asked for."""

    record: Record


type Shown = list[Step[Address] | Kept]


class Bench:
    """A dialog, and the time in which its tests play.

    The question for all that a line knows is answered at once, by ``tells``, and is not shown; with ``None``
    it is shown, and left to the test. What is to be kept is ``durable`` at once, or is not; with ``None`` it
    waits for ``kept``.
    """

    def __init__(self, *boxes: Box, tells: str | None = "", memory: Memory | None = None) -> None:
        self.dialog = GoipDialog(random=Random(1), wall_clock=lambda: CLOCK)
        self.now = 1000.0
        self.tells = tells
        self.durable: bool | None = True
        self.keeping: deque[Keep[Address]] = deque()
        self.attached: Steps[Address] = []
        for box in boxes:
            self.attached += self.dialog.attach(box, memory or Memory(), self.now)

    def receive(self, packet: str | bytes, peer: Address = PEER) -> Shown:
        data = packet if isinstance(packet, bytes) else packet.encode()
        if (reflex := self.dialog.reflex(data, peer, self.now)) is not None:
            return [Send(reflex[1], peer)]
        return self._play(self.dialog.receive(data, peer, self.now))

    def submit(self, request: Request, ticket: int = 1, key: str = "box") -> Shown:
        return self._play(self.dialog.submit(key, ticket, request, self.now))

    def detach(self, key: str = "box") -> Shown:
        return self._play(self.dialog.detach(key, self.now))

    def attach(self, box: Box = BOX, memory: Memory | None = None) -> Shown:
        return self._play(self.dialog.attach(box, memory or Memory(), self.now))

    def kept(self, *, durable: bool = True) -> Shown:
        """Be done with the oldest of what is to be kept."""
        return self._play(self.keeping.popleft().then(durable, self.now))

    def at(self, now: float) -> Shown:
        """Wake the dialog whenever it wants to be, until ``now``."""
        steps: Shown = []
        while (deadline := self.dialog.deadline()) is not None and deadline <= now:
            self.now = deadline
            steps += self._play(self.dialog.tick(deadline))
        self.now = now
        return steps

    def _play(self, steps: Steps[Address]) -> Shown:
        """Answer what is asked, keep what is to be kept, and give what else is done."""
        shown: Shown = []
        for step in steps:
            match step:
                case Send(data, peer) if self.tells is not None and data.startswith(b"GSM "):
                    answer = f"GSM:{data.split()[1].decode()};{self.tells}"
                    shown += self._play(self.dialog.receive(answer.encode(), peer, self.now))
                case Keep(record, then):
                    shown.append(Kept(record))
                    if self.durable is None:
                        self.keeping.append(step)
                    else:
                        shown += self._play(then(self.durable, self.now))
                case _:
                    shown.append(step)
        return shown

    def after(self, seconds: float) -> Shown:
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


def sent(steps: Shown) -> list[tuple[bytes, Address]]:
    return [(step.data, step.peer) for step in steps if isinstance(step, Send)]


def told[E: DialogEvent](steps: Steps[Address], kind: type[E]) -> list[E]:
    return [step.event for step in steps if isinstance(step, Emit) and isinstance(step.event, kind)]


def records(steps: Shown) -> list[Record]:
    """Give what was made durable."""
    return [step.record for step in steps if isinstance(step, Kept)]


def port(steps: Shown) -> PortState:
    """Give the one port state that was told."""
    [event] = told(steps, PortChanged)
    return event.state


def settled(steps: Shown) -> list[tuple[int, object]]:
    return [(step.ticket, step.outcome) for step in steps if isinstance(step, Settle)]


def outcome(steps: Shown) -> object:
    """Give the one outcome of ticket 1."""
    [(ticket, result)] = settled(steps)
    assert ticket == 1
    return result


def sendid(steps: Shown) -> int:
    """Give the sendid of the one packet that was sent."""
    [(data, _)] = sent(steps)
    return int(data.split()[1])


def events(steps: Shown) -> list[DialogEvent]:
    """Give all that was told."""
    return [step.event for step in steps if isinstance(step, Emit)]


def sms(text: str = "hello", to: str = "goip1", number: str = NUMBER, message_id: str = "m") -> SendSms:
    return SendSms(port=to, recipient=number, text=text, message_id=message_id)


def state_of(bench: Bench, *packets: str) -> PortState:
    """Hear packets, and give the last state that is told."""
    return [event.state for packet in packets for event in told(bench.receive(packet), PortChanged)][-1]


def trouble(kind: Trouble, line: str = LINE, gateway: str = "box") -> Emit:
    return Emit(TroubleFound(gateway=gateway, port=line, trouble=kind))
