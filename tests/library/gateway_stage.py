"""A gateway, and all that is beyond it: a family whose boxes do and say what the test wants."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from typing import override
from unittest.mock import Mock

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Draft, Policy, Terms
from custom_components.gsm_gateway.aiogsm.dialog import Box, Dialog, Emit, Keep, Send, Settle, Steps, Ticket
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, InvalidInput, LinkLost, NotKept
from custom_components.gsm_gateway.aiogsm.family import Dialect, Endpoint, Family, Feature
from custom_components.gsm_gateway.aiogsm.gateway import Gateway, GatewayEvent, MessageChanged
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.journal import Journal
from custom_components.gsm_gateway.aiogsm.link import Link, Listener
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    DialogEvent,
    MessageStatus,
    PortChanged,
    PortState,
    PortStatus,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import Departing, Memory, Record, SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import Outcome, Request, SendSms, SendUssd, SmsTaken
from custom_components.gsm_gateway.aiogsm.sender import Sending
from custom_components.gsm_gateway.aiogsm.wirelog import Piece, Pseudonyms, Way, WireLine

from .clocks import StoppedClock

HOST = "192.0.2.1"
NUMBER = "+15551234567"
UP = ConnectionChanged(gateway="box", connected=True)
DOWN = ConnectionChanged(gateway="box", connected=False, error=LinkLost("cut"))
REPLY = UssdReply(text="Balance: 5", session_open=False)
SENT = SmsTaken()

QUEUED, SENDING = MessageStatus.QUEUED, MessageStatus.SENDING


class Wire(Link[str]):
    """A link to nowhere. The world speaks through its listener."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.listener: Listener[str] | None = None
        self.closed = False

    @override
    async def start(self, listener: Listener[str]) -> None:
        if self.world.cannot_start is not None:
            raise self.world.cannot_start
        self.listener = listener
        self.world.wires.append(self)

    @override
    def open(self, peer: str) -> None:
        """Open nothing."""

    @override
    def send(self, data: bytes, peer: str) -> None:
        self.world.sent.append(data.decode())

    @override
    def drop(self, peer: str) -> None:
        """Drop nothing."""

    @override
    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


class Script(Dialog[str]):
    """A dialog whose answers are those of the world. Before a text leaves, that is made durable."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys: list[str] = []

    @property
    @override
    def ignored(self) -> Mapping[str, int]:
        return {}

    @override
    def owner_of(self, peer: str) -> str | None:
        return self.keys[0] if self.keys else None

    @override
    def masked(self, data: bytes, peer: str) -> bytes:
        return data.replace(b"secret", b"***")

    @override
    def attach(self, box: Box, memory: Memory, now: float) -> Steps[str]:
        if self.world.refuses_box is not None:
            raise self.world.refuses_box
        self.keys.append(box.key)
        self.world.memory = memory
        return []

    @override
    def detach(self, key: str, now: float) -> Steps[str]:
        self.keys.remove(key)
        open_tickets, self.world.open = self.world.open, {}
        return [Settle(ticket, self.world.parting_words) for ticket in open_tickets]

    @override
    def submit(self, key: str, ticket: Ticket, request: Request, now: float) -> Steps[str]:
        if key not in self.keys:
            return self.world.not_served(ticket)
        if self.world.refuses_request is not None:
            raise self.world.refuses_request
        self.world.asked.append(request)
        if isinstance(request, SendSms):
            record = Departing(gateway=key, message_id=request.message_id)
            return [Keep(record, lambda durable, _: self._leave(key, ticket, request, durable=durable))]
        return self._answer(ticket, request)

    def _leave(self, key: str, ticket: Ticket, request: SendSms, *, durable: bool) -> Steps[str]:
        if key not in self.keys:
            return [Settle(ticket, LinkLost("let go"))]
        if not durable:
            return [Settle(ticket, NotKept("no room"))]
        self.world.left.append(f"{request.text}@{request.port}")
        return self._answer(ticket, request)

    def _answer(self, ticket: Ticket, request: Request) -> Steps[str]:
        self.world.open[ticket] = request
        outcome = self.world.answer(request)
        if outcome is None:
            return []
        del self.world.open[ticket]
        return [Settle(ticket, outcome)]

    @override
    def opened(self, peer: str, now: float) -> Steps[str]:
        return []

    @override
    def lost(self, peer: str, reason: GatewayError, now: float) -> Steps[str]:
        return []

    @override
    def receive(self, data: bytes, peer: str, now: float) -> Steps[str]:
        steps, self.world.steps = self.world.steps, []
        return steps

    @override
    def tick(self, now: float) -> Steps[str]:
        return []

    @override
    def deadline(self) -> float | None:
        return None


class World:
    """All that is beyond a gateway: what a family's boxes do and say."""

    def __init__(self, clock: StoppedClock) -> None:
        self.clock = clock
        self.wires: list[Wire] = []
        self.asked: list[Request] = []
        self.left: list[str] = []
        self.sent: list[str] = []
        self.memory = Memory()
        self.open: dict[Ticket, Request] = {}
        self.steps: Steps[str] = []
        self.cannot_start: GatewayError | None = None
        self.refuses_box: GatewayError | None = None
        self.refuses_request: GatewayError | None = None
        self.parting_words: Outcome = LinkLost("let go")
        self.answer: Callable[[Request], Outcome | None] = lambda _: None
        self.not_served: Callable[[Ticket], Steps[str]] = not_served_with_words
        self.dialect = Dialect(
            check_box=Mock(),
            check_sms=Mock(),
            make_dialog=lambda: Script(self),
            make_link=lambda _: Wire(self),
            transcribe=transcribe_plainly,
        )
        self.dialled = Family(
            key="dialled",
            name="Dialled",
            manufacturer="Nobody",
            model="Nothing",
            features=Feature(0),
            pace=10.0,
            ussd_timeout=30.0,
            dialect=lambda: self.dialect,
        )
        self.listening = replace(
            self.dialled,
            key="listening",
            features=Feature.PORTS_BY_THEMSELVES | Feature.REBOOT_BOX,
            pace=0.0,
        )

    def emit(self, *events: DialogEvent) -> None:
        self._perform([Emit(event) for event in events])

    def keep(self, record: Record) -> None:
        """Have something kept, and say ``kept`` once it is."""
        self._perform([Keep(record, lambda durable, _: [Send(f"kept {durable}".encode(), "peer")])])

    def receive(self, text: str, sender: str = NUMBER, push: str | None = None, **fields: object) -> None:
        """Let a text, or a part of one, arrive at port 2."""
        part = Part(port="2", sender=sender, text=text, **fields)  # type: ignore[arg-type]
        self.keep(SmsArrived(gateway="box", part=part, push=push))

    def settle(self, outcome: Outcome) -> None:
        """Settle the oldest request that is open."""
        ticket = next(iter(self.open))
        del self.open[ticket]
        self._perform([Settle(ticket, outcome)])

    def _perform(self, steps: Steps[str]) -> None:
        self.steps = steps
        listener = self.wires[-1].listener
        assert listener is not None
        listener.on_received(b"", "peer")

    @property
    def texts(self) -> list[str]:
        """What was asked to be sent, as ``text@port``."""
        return [f"{one.text}@{one.port}" for one in self.asked if isinstance(one, SendSms)]

    @property
    def codes(self) -> list[str]:
        """What was asked to be dialled, as ``code@port``."""
        return [f"{one.code}@{one.port}" for one in self.asked if isinstance(one, SendUssd)]


def transcribe_plainly(pieces: Sequence[Piece], names: Pseudonyms) -> list[WireLine]:
    """Show all, as no family may."""
    return [
        WireLine(one.at, one.way, names.name("link", one.peer), one.data.decode())
        for one in pieces
        if one.way is not Way.IN or one.data
    ]


def not_served_with_words(ticket: Ticket) -> Steps[str]:
    return [Settle(ticket, LinkLost("not served"))]


def not_served_with_an_error(_: Ticket) -> Steps[str]:
    raise InvalidInput("port", "not served")


def port(name: str, status: PortStatus | None = PortStatus.READY, gateway: str = "box") -> PortChanged:
    return PortChanged(gateway=gateway, state=PortState(port=name, status=status))


def make(
    world: World,
    hub: Hub,
    family: Family | None = None,
    *,
    journal: Journal | None = None,
    policy: Policy | None = None,
    **box: object,
) -> Gateway:
    return Gateway(
        world.listening if family is None else family,
        hub,
        Endpoint(host=HOST, port=44444),
        Box(key="box", password="secret", **box),  # type: ignore[arg-type]
        journal=journal,
        policy=policy,
        clock=world.clock.wall,
    )


async def send(gateway: Gateway, text: str = "hello", number: str = NUMBER, **terms: object) -> Sending:
    """Queue one text; the same may follow it."""
    [sending] = await gateway.send_sms([Draft(number, text)], Terms(force=True, **terms))  # type: ignore[arg-type]
    return sending


def steps_of(heard: list[GatewayEvent]) -> list[MessageStatus]:
    return [event.message.status for event in heard if isinstance(event, MessageChanged)]


async def assert_closed(world: World, gateway: Gateway) -> None:
    assert [wire.closed for wire in world.wires] == [True] * len(world.wires)
    assert world.open == {}
    with pytest.raises(LinkLost):
        await send(gateway)
