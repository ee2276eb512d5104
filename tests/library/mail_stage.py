"""The texts of a gateway from one run to the next: over one disk, with a network that does as it is told.

``log`` has what happened, in order: what became durable (``disk …``), what was told (``told …``), and what
left (``left …``). A run ends as Home Assistant ends it, or is killed; the next begins with the disk.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from unittest.mock import Mock

from custom_components.gsm_gateway.aiogsm.admission import Draft, Policy, Terms
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, LinkLost, NotKept, OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.family import Family, Feature
from custom_components.gsm_gateway.aiogsm.journal import Change, PutMessage, PutReceived
from custom_components.gsm_gateway.aiogsm.mail import Mail
from custom_components.gsm_gateway.aiogsm.models import Message, PortState, ReceivedSms, Trace
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported, Departing, SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import AwaitResult, Outcome, SendSms, SmsTaken
from custom_components.gsm_gateway.aiogsm.sender import Sending

from .clocks import StoppedClock, turns_of_the_loop
from .fake_journal import Disk, FakeJournal, Write
from .outbox_stage import ports

NUMBER = "+15551234567"
SENT = SmsTaken()

type Request = SendSms | AwaitResult


@dataclass
class Network:
    """What the ports are, and what comes of a text: an outcome, or with ``None`` nothing until ``settle``."""

    ports: dict[str, PortState] = field(default_factory=lambda: ports(["1"]))
    answer: Callable[[Request], Outcome | None] = lambda _: SENT
    left: list[str] = field(default_factory=list)


class Run:
    """One run of a gateway's texts."""

    def __init__(
        self,
        clock: StoppedClock,
        network: Network,
        disk: Disk,
        *,
        pace: float = 0.0,
        policy: Policy | None = None,
    ) -> None:
        self.clock = clock
        self.network = network
        self.disk = disk
        self.log: list[str] = []
        self.changes: list[Message] = []
        self.received: list[ReceivedSms] = []
        self.queue: list[int] = []
        self.tripped = 0
        self._ended = False
        self.asked: list[Request] = []
        self.open: dict[str, asyncio.Future[Outcome]] = {}
        self.journal = FakeJournal(disk, clock.wall, self._on_done)
        self.mail = Mail(
            _family(pace),
            policy or Policy(),
            self.journal,
            submit=self._submit,
            ports=lambda: self.network.ports,
            clock=clock.wall,
            on_received=self._on_received,
            on_change=self._on_change,
            on_queue=self.queue.append,
            on_tripped=self._on_tripped,
        )

    async def begin(self, *, hand_on: bool = True) -> Run:
        await self.mail.restore()
        self.mail.start()
        if hand_on:
            self.mail.begin_handing_on()
        await turns_of_the_loop()
        return self

    async def end(self) -> None:
        """End as Home Assistant ends a gateway."""
        self.mail.sender.stop()
        self._ended = True
        self.journal.slow = False
        self.journal.finish()
        for message_id, waiting in self.open.items():
            unknown = OutcomeUnknown("it was let go")
            waiting.set_result(unknown if message_id in self.network.left else LinkLost("it was let go"))
        await self.mail.close()

    def kill(self) -> None:
        """End as a process does that is killed."""
        self.journal.kill()
        self.mail.sender.stop()
        for timer in (self.mail._inbox._timer, *self.mail._inbox._retries):
            if timer is not None:
                timer.cancel()
        for task in self.mail.sender._tasks:
            task.cancel()

    # What is asked of it

    async def send(self, *texts: str, to: str = NUMBER, **terms: object) -> list[Sending]:
        """Queue texts to one number; the same may follow."""
        sendings = []
        for text in texts or ("hello",):
            given = Terms(force=True, **terms)  # type: ignore[arg-type]
            sendings += await self.mail.send([Draft(to, text)], given)
        await turns_of_the_loop()
        return sendings

    async def receive(
        self, text: str, sender: str = NUMBER, push: str | None = None, **fields: object
    ) -> bool:
        part = Part(port="1", sender=sender, text=text, **fields)  # type: ignore[arg-type]
        durable = await self.mail.keep(SmsArrived(gateway="box", part=part, push=push))
        await turns_of_the_loop()
        return durable

    async def report(
        self, delivered: bool | None, reference: int = 7, number: str | None = NUMBER, push: str | None = None
    ) -> bool:
        report = DeliveryReported(
            gateway="box", port="1", reference=reference, delivered=delivered, number=number, push=push
        )
        durable = await self.mail.keep(report)
        await turns_of_the_loop()
        return durable

    async def settle(self, outcome: Outcome) -> None:
        """Settle the oldest text that is out."""
        message_id = next(iter(self.open))
        self.open.pop(message_id).set_result(outcome)
        await turns_of_the_loop()

    @property
    def statuses(self) -> list[str]:
        """What was told of texts, in order."""
        return [message.status.value for message in self.changes]

    @property
    def last(self) -> Message:
        return self.changes[-1]

    @property
    def texts(self) -> list[str]:
        """The texts that were handed on."""
        return [sms.text for sms in self.received]

    # What it asks of others

    async def _submit(self, request: Request) -> SmsTaken:
        self.asked.append(request)
        if isinstance(request, SendSms):
            trace = Trace(sendid=len(self.asked), telid=1)
            record = Departing(gateway="box", message_id=request.message_id, trace=trace)
            if not await self.mail.keep(record):
                raise NotKept("no room")
            if self._ended:
                raise LinkLost("it was let go")
            self.log.append(f"left {request.text}@{request.port}")
            self.network.left.append(request.message_id)
        outcome = self.network.answer(request)
        if outcome is None:
            waiting = self.open[request.message_id] = asyncio.get_running_loop().create_future()
            outcome = await waiting
        if isinstance(outcome, GatewayError):
            raise outcome
        assert isinstance(outcome, SmsTaken)
        return outcome

    def _on_done(self, changes: Write, durable: bool) -> None:
        if durable:
            self.log += [_line("disk", change) for change in changes]

    def _on_change(self, message: Message) -> None:
        self.changes.append(message)
        self.log.append(f"told {message.status} {message.text}")

    def _on_received(self, sms: ReceivedSms) -> None:
        self.received.append(sms)
        self.log.append(f"told {sms.text}")

    def _on_tripped(self) -> None:
        self.tripped += 1


def _line(word: str, change: Change) -> str:
    match change:
        case PutMessage(message):
            return f"{word} {message.status} {message.text}"
        case PutReceived(sms):
            return f"{word} {sms.handed_on} {sms.text}"
        case _:
            return f"{word} {type(change).__name__}"


def _family(pace: float) -> Family:
    return Family(
        key="family",
        name="Family",
        manufacturer="Nobody",
        model="Nothing",
        features=Feature(0),
        pace=pace,
        ussd_timeout=30.0,
        dialect=Mock(),
    )


class Box:
    """A box, its disk, and the runs of a gateway over them."""

    def __init__(self, clock: StoppedClock) -> None:
        self.clock = clock
        self.network = Network()
        self.disk = Disk()
        self.runs: list[Run] = []
        self.pace = 0.0
        self.policy = Policy()

    async def run(self, *, hand_on: bool = True) -> Run:
        """Begin a run; the one before has ended, or is killed now."""
        if self.runs and self.runs[-1].journal.opened:
            self.runs[-1].kill()
        run = Run(self.clock, self.network, self.disk, pace=self.pace, policy=self.policy)
        self.runs.append(run)
        return await run.begin(hand_on=hand_on)

    async def restart(self, after: float = 1.0, wall: datetime | None = None) -> Run:
        """Kill the run, and begin the next one a while later; ``wall``: with another time on the wall."""
        self.runs[-1].kill()
        await self.clock.move(after)
        if wall is not None:
            self.clock.set_wall(wall)
        return await self.run()

    async def close(self) -> None:
        if self.runs and self.runs[-1].journal.opened:
            await self.runs[-1].end()
