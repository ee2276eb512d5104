"""A whole gateway of a real family, over a disk and a link that the test speaks through; and its restarts.

The old process of a run that is killed is closed at once: what it still does reaches neither disk nor box.
"""

from collections.abc import Callable, Mapping, Sequence
from copy import replace
from random import Random
from types import MappingProxyType
from typing import override

from custom_components.gsm_gateway.aiogsm.admission import Draft, Terms
from custom_components.gsm_gateway.aiogsm.dialog import Box
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, LinkLost
from custom_components.gsm_gateway.aiogsm.family import Endpoint, Family
from custom_components.gsm_gateway.aiogsm.gateway import Gateway, GatewayEvent, MessageChanged
from custom_components.gsm_gateway.aiogsm.goip import FAMILY as GOIP
from custom_components.gsm_gateway.aiogsm.goip.dialog import GoipDialog
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.link import Link, Listener
from custom_components.gsm_gateway.aiogsm.models import Message, ReceivedSms
from custom_components.gsm_gateway.aiogsm.neogate import FAMILY as NEOGATE
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel, NeogateDialog
from custom_components.gsm_gateway.aiogsm.sender import Sending

from .clocks import StoppedClock, settled, start, turns_of_the_loop
from .fake_journal import Disk, FakeJournal
from .goip_stage import PEER, keepalive
from .neogate_stage import DETAILS, UP, Action

NUMBER = "+15551234567"


class Wire[P](Link[P]):
    """A link whose far end is the test."""

    def __init__(self, on_send: Callable[[bytes, P], None], on_open: Callable[[P], None]) -> None:
        self._on_send = on_send
        self._on_open = on_open
        self.listener: Listener[P] | None = None
        self.open_peers: set[P] = set()

    @override
    async def start(self, listener: Listener[P]) -> None:
        self.listener = listener

    @override
    def open(self, peer: P) -> None:
        self.open_peers.add(peer)
        self._on_open(peer)

    @override
    def send(self, data: bytes, peer: P) -> None:
        self._on_send(data, peer)

    @override
    def drop(self, peer: P) -> None:
        self.open_peers.discard(peer)

    @override
    async def close(self) -> None:
        self.open_peers.clear()


def speaking(family: Family, **changes: Callable[..., object]) -> Family:
    """Give a family that speaks another way."""
    return replace(family, dialect=lambda: replace(family.dialect(), **changes))


class FamilyRun[P]:
    """One run of a gateway. ``said`` is all that it sent to the box."""

    def __init__(self, clock: StoppedClock, disk: Disk, family: Family, box: Box) -> None:
        self.clock = clock
        self.disk = disk
        self.journal = FakeJournal(disk, clock.wall)
        self.wire: Wire[P] = Wire(self._sent, self._opened)
        self.said: list[str] = []
        self.events: list[GatewayEvent] = []
        self.alive = True
        self.gateway = Gateway(
            speaking(family, make_link=lambda _: self.wire),
            Hub(),
            Endpoint(host=None, port=1),
            box,
            journal=self.journal,
            clock=clock.wall,
        )
        self.gateway.subscribe(self._heard)

    def hear(self, data: str | bytes, peer: P) -> None:
        """Let bytes of the box arrive."""
        assert self.wire.listener is not None
        self.wire.listener.on_received(data if isinstance(data, bytes) else data.encode(), peer)

    async def kill(self) -> None:
        """End as a process does that is killed."""
        self.journal.kill()
        self.alive = False
        await self.gateway.close()
        await turns_of_the_loop()

    async def end(self) -> None:
        if self.alive:
            self.journal.slow = False
            self.journal.finish()
            await self.gateway.close()
            self.alive = False
            await turns_of_the_loop()

    async def send(self, *numbers: str, text: str = "hello") -> list[Sending]:
        sendings = await self.gateway.send_sms(
            [Draft(number, text) for number in numbers or [NUMBER]], Terms(force=True)
        )
        await turns_of_the_loop()
        return sendings

    async def settle(self) -> None:
        """Let everything happen that can without time."""
        await turns_of_the_loop(40)

    @property
    def texts(self) -> list[str]:
        """The texts that were handed on."""
        return [event.text for event in self.events if isinstance(event, ReceivedSms)]

    @property
    def messages(self) -> list[Message]:
        return [event.message for event in self.events if isinstance(event, MessageChanged)]

    @property
    def statuses(self) -> list[str]:
        """What was told of texts, in order."""
        return [message.status.value for message in self.messages]

    def _heard(self, event: GatewayEvent) -> None:
        if self.alive:
            self.events.append(event)

    def _sent(self, data: bytes, peer: P) -> None:
        """Take what the gateway says, and answer it."""
        raise NotImplementedError

    def _opened(self, peer: P) -> None:
        """Let a far end be there."""


class GoipRun(FamilyRun[tuple[str, int]]):
    """A GoIP with a line. It answers by itself what ``answers`` has, by the first word of a packet."""

    OBLIGING = MappingProxyType(
        {"MSG": "PASSWORD {0}", "PASSWORD": "SEND {0}", "SEND": "OK {0} {1} 160", "DONE": "DONE {0}"}
    )

    def __init__(self, clock: StoppedClock, disk: Disk, *, join_texts: bool = False) -> None:
        def dialog() -> GoipDialog:
            return GoipDialog(random=Random(len(disk.writes)), wall_clock=lambda: clock.wall().timestamp())

        box = Box(key="box", password="pw", lines=("goip1",), join_texts=join_texts)
        super().__init__(clock, disk, speaking(GOIP, make_dialog=dialog), box)
        self.answers: Mapping[str, str] = {}
        self.asked: list[str] = []
        self.count = 0

    async def begin(self, *, registered: bool = True, hand_on: bool = True, **answers: str) -> None:
        self.answers = answers
        await self.gateway.open()
        if hand_on:
            self.gateway.begin_handing_on()
        if registered:
            await self.register()

    async def register(self) -> None:
        self.count += 1
        await self.receive(keepalive(self.count))

    async def receive(self, packet: str) -> None:
        self.hear(packet, PEER)
        await self.settle()

    async def reply(self, form: str) -> None:
        """Answer what was said last; ``{0}`` stands for its sendid."""
        await self.receive(form.format(*self.last.split()[1:3]))

    @property
    def last(self) -> str:
        return self.said[-1]

    @property
    def words(self) -> list[str]:
        """The first words of what was said of texts, in order."""
        return [word for one in self.said if (word := one.split()[0]) in self.OBLIGING]

    def sends(self, number: str = NUMBER) -> list[str]:
        """Give how the number was said, each time."""
        return [one for one in self.said if one.startswith("SEND ") and one.split()[3] == number]

    @override
    def _sent(self, data: bytes, peer: tuple[str, int]) -> None:
        packet = data.decode().rstrip("\n")
        words = packet.split()
        if words[0] == "GSM":
            self.asked.append(packet)
            self.clock.soon(lambda: self.hear(f"GSM:{words[1]};", peer))
        elif self.alive and not words[0].startswith(("req:", "reg:")):
            self.said.append(packet)
            if (form := self.answers.get(words[0])) is not None:
                self.clock.soon(lambda: self.hear(form.format(*words[1:3]), peer))


class NeogateRun(FamilyRun[Channel]):
    """A NeoGate with a port. It answers all that does not begin with one of ``silent``."""

    def __init__(self, clock: StoppedClock, disk: Disk) -> None:
        box = Box(key="box", username="apiuser", password="apipass")
        super().__init__(clock, disk, speaking(NEOGATE, make_dialog=lambda: NeogateDialog(Random(7))), box)
        self.silent: tuple[str, ...] = ("gsm send", "gsm power")
        self.pending: dict[Channel, list[Action]] = {Channel.MAIN: [], Channel.USSD: []}

    async def begin(self, *, hand_on: bool = True) -> None:
        opening = start(self.gateway.open())
        await self.settle()
        await settled(opening)
        if hand_on:
            self.gateway.begin_handing_on()
            await self.settle()

    async def connect(self, channel: Channel = Channel.MAIN) -> None:
        """Let the connection that the gateway asked for be there."""
        self._greet(channel)
        await self.settle()

    async def lose(self, channel: Channel = Channel.MAIN, reason: GatewayError | None = None) -> None:
        self.wire.open_peers.discard(channel)
        self.pending[channel].clear()
        assert self.wire.listener is not None
        self.wire.listener.on_lost(channel, reason or LinkLost("gone"))
        await self.settle()

    async def reply(self, output: str = "", channel: Channel = Channel.MAIN) -> None:
        """Answer the oldest open command."""
        self._reply(self.pending[channel].pop(0), output, channel)
        await self.settle()

    async def event(self, name: str, **fields: str) -> None:
        lines = (f"Event: {name}", "Privilege: all,smscommand", *(f"{k}: {v}" for k, v in fields.items()))
        self.hear("\r\n".join((*lines, "--END SMS EVENT--", "", "")), Channel.MAIN)
        await self.settle()

    async def result(self, message_id: str, status: int = 1) -> None:
        await self.event("UpdateSMSSend", ID=message_id, Smsc="", Status=f"{status}")

    def commands(self, word: str) -> Sequence[str]:
        """Give the commands that began so."""
        return [one for one in self.said if one.startswith(word)]

    def _reply(self, action: Action, output: str, channel: Channel) -> None:
        head = f"Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: {action.fields['ActionID']}\r\n"
        self.hear(f"{head}{output}--END COMMAND--\r\n\r\n", channel)

    def _greet(self, channel: Channel) -> None:
        assert self.wire.listener is not None
        assert channel in self.wire.open_peers
        self.wire.listener.on_opened(channel)
        self.hear(b"Asterisk Call Manager/1.1\r\n", channel)

    @override
    def _opened(self, peer: Channel) -> None:
        if self.alive and "connect" not in self.silent:
            self.clock.soon(lambda: self._greet(peer))

    @override
    def _sent(self, data: bytes, peer: Channel) -> None:
        action = Action(data)
        if self.alive:
            self.said.append(str(action))
        if not str(action).startswith(self.silent):
            self.clock.soon(lambda: self._answer(action, peer))
        else:
            self.pending[peer].append(action)

    def _answer(self, action: Action, channel: Channel) -> None:
        words = str(action).split()
        if words[0] in ("Login", "Ping"):
            said = "Authentication accepted" if words[0] == "Login" else "Pong"
            head = f"Response: Success\r\nActionID: {action.fields['ActionID']}\r\n"
            self.hear(f"{head}Message: {said}\r\n\r\n", channel)
        elif words == ["gsm", "show", "spans"]:
            self._reply(action, f"GSM span 2: {UP}\n", channel)
        elif words[:2] == ["gsm", "show"]:
            self._reply(action, DETAILS, channel)
        else:
            self._reply(action, "", channel)


class Runs[R: GoipRun | NeogateRun]:
    """A box and its disk, from one run to the next."""

    def __init__(self, clock: StoppedClock, kind: Callable[..., R]) -> None:
        self.clock = clock
        self.disk = Disk()
        self.runs: list[R] = []
        self._kind = kind

    @property
    def now(self) -> R:
        return self.runs[-1]

    async def run(self, *, join_texts: bool = False, **how: object) -> R:
        box = {"join_texts": True} if join_texts else {}
        self.runs.append(self._kind(self.clock, self.disk, **box))
        await self.now.begin(**how)  # type: ignore[arg-type]
        return self.now

    async def restart(self, after: float = 5.0, **how: object) -> R:
        """Kill the run, and begin another after a while."""
        await self.now.kill()
        await self.clock.move(after)
        return await self.run(**how)

    async def end(self) -> None:
        for run in self.runs:
            await run.end()
