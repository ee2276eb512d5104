import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
import gc
from typing import override
from unittest.mock import Mock

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Dialog, Emit, Settle, Steps, Ticket
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
from custom_components.gsm_gateway.aiogsm.family import Endpoint, Family, Feature
from custom_components.gsm_gateway.aiogsm.gateway import (
    FIRST_REPORT,
    Gateway,
    GatewayEvent,
    MessageChanged,
    StateChanged,
)
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.link import Link, Listener
from custom_components.gsm_gateway.aiogsm.models import (
    Call,
    CallChanged,
    CallEventType,
    ConnectionChanged,
    DialogEvent,
    LineHeard,
    Message,
    MessageError,
    MessageStatus,
    PortChanged,
    PortState,
    PortStatus,
    ReceivedSms,
    SmsArrived,
    UssdArrived,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.outbox import EXPIRES_AFTER, RETRY_PAUSE
from custom_components.gsm_gateway.aiogsm.requests import (
    Done,
    Outcome,
    Reboot,
    Request,
    SendSms,
    SendUssd,
    SetCallWaiting,
    SmsTaken,
)

HOST = "192.0.2.1"
NUMBER = "+15551234567"
WALL = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
STAMP = WALL - timedelta(hours=1)
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
        """Send nothing."""

    @override
    def drop(self, peer: str) -> None:
        """Drop nothing."""

    @override
    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


class Script(Dialog[str]):
    """A dialog whose answers are those of the world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.keys: list[str] = []

    @property
    @override
    def ignored(self) -> Mapping[str, int]:
        return {}

    @override
    def masked(self, data: bytes) -> bytes:
        return data.replace(b"secret", b"***")

    @override
    def attach(self, box: Box, now: float) -> Steps[str]:
        if self.world.refuses_box is not None:
            raise self.world.refuses_box
        self.keys.append(box.key)
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
        self.world.asked.append(request)
        self.world.open[ticket] = request
        outcome = self.world.answer(request)
        return [] if outcome is None else [Settle(ticket, outcome)]

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

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.asked: list[Request] = []
        self.open: dict[Ticket, Request] = {}
        self.steps: Steps[str] = []
        self.cannot_start: GatewayError | None = None
        self.refuses_box: GatewayError | None = None
        self.parting_words: GatewayError = LinkLost("let go")
        self.answer: Callable[[Request], Outcome | None] = lambda _: None
        self.not_served: Callable[[Ticket], Steps[str]] = not_served_with_words
        self.dialled = Family(
            key="dialled",
            name="Dialled",
            manufacturer="Nobody",
            features=Feature(0),
            pace=10.0,
            ussd_timeout=30.0,
            check_box=Mock(),
            check_sms=Mock(),
            make_dialog=lambda: Script(self),
            make_link=lambda _: Wire(self),
        )
        self.listening = replace(
            self.dialled,
            key="listening",
            features=Feature.PORTS_BY_THEMSELVES | Feature.REBOOT_BOX,
            pace=0.0,
        )

    def emit(self, *events: DialogEvent) -> None:
        self._perform([Emit(event) for event in events])

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


def not_served_with_words(ticket: Ticket) -> Steps[str]:
    return [Settle(ticket, LinkLost("not served"))]


def not_served_with_an_error(_: Ticket) -> Steps[str]:
    raise InvalidInput("port", "not served")


class Clock:
    """Stands in for the loop's clock; moves when it is told to."""

    now = 5000.0

    def __call__(self) -> float:
        return self.now

    async def move(self, seconds: float) -> None:
        self.now += seconds
        await turns_of_the_loop()


async def turns_of_the_loop(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def port(name: str, status: PortStatus | None = PortStatus.READY, gateway: str = "box") -> PortChanged:
    return PortChanged(gateway=gateway, state=PortState(port=name, status=status))


@pytest.fixture(autouse=True)
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock, loop = Clock(), asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop, "slow_callback_duration", float("inf"))
    return clock


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hub() -> Hub:
    return Hub()


def make(world: World, hub: Hub, family: Family | None = None, **box: object) -> Gateway:
    return Gateway(
        world.listening if family is None else family,
        hub,
        Endpoint(host=HOST, port=44444),
        Box(key="box", password="secret", **box),  # type: ignore[arg-type]
        clock=lambda: WALL,
    )


@pytest.fixture
async def gateway(world: World, hub: Hub) -> AsyncIterator[Gateway]:
    """Give an open gateway with two ports that are ready and keep no pace."""
    gateway = make(world, hub)
    await gateway.open()
    world.emit(UP, port("1"), port("2"))
    yield gateway
    await gateway.close()
    await turns_of_the_loop()


@pytest.fixture
def heard(gateway: Gateway) -> list[GatewayEvent]:
    events: list[GatewayEvent] = []
    gateway.subscribe(events.append)
    return events


def steps_of(heard: list[GatewayEvent]) -> list[MessageStatus]:
    return [event.message.status for event in heard if isinstance(event, MessageChanged)]


def start[T](coroutine: asyncio.coroutines.Coroutine[None, None, T]) -> asyncio.Task[T]:
    """Begin something, as far as it gets before it waits."""
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)


async def settled[T](task: asyncio.Task[T]) -> T:
    """Give the result of what must be over by now."""
    await turns_of_the_loop()
    over = task.done()
    task.cancel()
    assert over, "it is still waiting"
    return await task


# Opening


async def test_a_gateway_that_we_dial_is_open_when_it_has_told_its_ports(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    world.emit(port("1"), ConnectionChanged(gateway="box", connected=False))
    await turns_of_the_loop()
    assert not opening.done()
    world.emit(UP)
    await settled(opening)
    assert gateway.state.connected
    assert gateway.state.ports == {"1": port("1").state}
    await gateway.close()


@pytest.mark.parametrize(
    "error", [CannotConnect("refused"), LoginRefused("wrong password"), WrongPeer("a web server")]
)
async def test_the_first_error_is_raised_and_the_gateway_closed(
    world: World, hub: Hub, error: GatewayError
) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    world.emit(ConnectionChanged(gateway="box", connected=False, error=error))
    with pytest.raises(type(error)) as caught:
        await settled(opening)
    assert caught.value is error
    assert_closed(world, gateway)


def assert_closed(world: World, gateway: Gateway) -> None:
    assert [wire.closed for wire in world.wires] == [True] * len(world.wires)
    assert world.open == {}
    with pytest.raises(LinkLost):
        gateway.send_sms(NUMBER, "hello")


async def test_a_gateway_whose_ports_come_by_themselves_is_open_at_once(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.listening)
    await gateway.open()
    assert not gateway.state.connected
    world.emit(UP)
    assert gateway.state.connected
    await gateway.close()


async def test_a_link_that_cannot_be_made_ready_can_be_tried_again(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    world.cannot_start = CannotConnect("port in use")
    with pytest.raises(CannotConnect, match="port in use"):
        await gateway.open()
    world.cannot_start = None
    await gateway.open()
    await gateway.close()
    assert_closed(world, gateway)


async def test_a_gateway_that_the_dialog_refuses_is_closed(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    world.refuses_box = InvalidInput("taken", "served already")
    with pytest.raises(InvalidInput):
        await gateway.open()
    assert_closed(world, gateway)


async def test_an_opening_that_is_cancelled_leaves_nothing(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert_closed(world, gateway)


async def test_an_opening_ends_when_the_gateway_is_closed(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    await gateway.close()
    with pytest.raises(GatewayError):
        await settled(opening)


def test_settings_that_cannot_be_used_are_refused_before_anything_is_opened(world: World, hub: Hub) -> None:
    family = replace(world.dialled, check_box=Mock(side_effect=InvalidInput("credential", "a blank")))
    with pytest.raises(InvalidInput):
        make(world, hub, family)
    assert world.wires == []


async def test_an_error_that_nobody_waits_for_is_not_complained_about(world: World, hub: Hub) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    gateway = make(world, hub, world.listening)
    await gateway.open()
    world.emit(DOWN)
    await gateway.close()
    del gateway
    world.wires.clear()
    gc.collect()
    assert complaints == []


# State


def test_lines_known_beforehand_are_offline_until_they_are_heard(world: World, hub: Hub) -> None:
    gateway = make(world, hub, lines=("goip1", "goip2"))
    assert gateway.state.ports == {
        line: PortState(port=line, status=PortStatus.OFFLINE) for line in ("goip1", "goip2")
    }
    assert (gateway.state.connected, gateway.state.host, gateway.state.queue) == (False, HOST, 0)


def test_changes_are_told_with_the_whole_state_and_once(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    world.emit(port("1", PortStatus.NO_SIM), port("1", PortStatus.NO_SIM))
    [event] = heard
    assert event == StateChanged(gateway.state)
    assert gateway.state.ports == {"1": port("1", PortStatus.NO_SIM).state, "2": port("2").state}
    assert gateway.state.ports_ready == 1


def test_a_port_never_heard_of_joins_the_others(world: World, gateway: Gateway) -> None:
    world.emit(port("3"))
    assert list(gateway.state.ports) == ["1", "2", "3"]


def test_where_a_port_speaks_from_becomes_the_host_and_stays(world: World, gateway: Gateway) -> None:
    world.emit(replace(port("1"), host="192.0.2.99"))
    world.emit(port("2"))
    assert gateway.state.host == "192.0.2.99"


def test_a_state_once_given_does_not_change(world: World, gateway: Gateway) -> None:
    before = gateway.state
    world.emit(DOWN, port("1", PortStatus.NO_SIM), port("3"))
    assert before.connected
    assert before.ports == {"1": port("1").state, "2": port("2").state}


@pytest.mark.parametrize("event", [DOWN, ConnectionChanged(gateway="box", connected=False)])
def test_a_loss_is_told_and_its_return(
    world: World, gateway: Gateway, heard: list[GatewayEvent], event: ConnectionChanged
) -> None:
    world.emit(event)
    assert not gateway.state.connected
    world.emit(UP)
    assert gateway.state.connected
    assert [one for one in heard if isinstance(one, ConnectionChanged)] == [event, UP]
    assert [one.state.connected for one in heard if isinstance(one, StateChanged)] == [False, True]


@pytest.mark.parametrize(
    "event",
    [
        ConnectionChanged(gateway="other", connected=False),
        port("9", gateway="other"),
        SmsArrived(gateway="other", port="1", sender=NUMBER, text="hello"),
        UssdArrived(gateway="other", port="1", text="hello"),
        LineHeard(line="box", host=HOST, password="secret"),
    ],
)
def test_what_is_about_others_is_nobodys_business_here(
    world: World, gateway: Gateway, heard: list[GatewayEvent], event: DialogEvent
) -> None:
    before = gateway.state
    world.emit(event)
    assert heard == []
    assert gateway.state is before


@pytest.mark.parametrize(
    "event",
    [
        UssdArrived(gateway="box", port="1", text="You have 3 new messages"),
        CallChanged(gateway="box", call=Call(port="1", event=CallEventType.INCOMING, incoming=True)),
    ],
)
def test_calls_and_unasked_ussd_are_passed_on(
    world: World, heard: list[GatewayEvent], event: DialogEvent
) -> None:
    world.emit(event)
    assert heard == [event]


def test_a_text_that_arrives_gets_an_id_and_the_time(world: World, heard: list[GatewayEvent]) -> None:
    arrived = SmsArrived(
        gateway="box", port="2", sender=NUMBER, text="hello", stamped_at=STAMP, parts=3, complete=False
    )
    world.emit(arrived, arrived)
    first, second = heard
    assert isinstance(first, ReceivedSms)
    assert isinstance(second, ReceivedSms)
    assert first == ReceivedSms(
        message_id=first.message_id,
        port="2",
        sender=NUMBER,
        text="hello",
        received_at=WALL,
        stamped_at=STAMP,
        parts=3,
        complete=False,
    )
    assert not first.message_id.isdecimal()
    assert first.message_id != second.message_id


# Listeners


def test_who_left_hears_nothing_more(world: World, gateway: Gateway) -> None:
    events: list[GatewayEvent] = []
    leave = gateway.subscribe(events.append)
    leave()
    leave()
    world.emit(DOWN)
    assert events == []


def test_one_and_the_same_listener_may_listen_twice(world: World, gateway: Gateway) -> None:
    events: list[GatewayEvent] = []
    gateway.subscribe(events.append)
    gateway.subscribe(events.append)
    world.emit(port("3"))
    assert len(events) == 2


@pytest.fixture
def failing(gateway: Gateway) -> None:
    """Let somebody listen who fails on everything."""
    gateway.subscribe(Mock(side_effect=RuntimeError("broken listener")))


@pytest.mark.usefixtures("failing")
@pytest.mark.no_fail_on_log_exception
async def test_a_failing_listener_stops_neither_texts_nor_the_others(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    world.answer = lambda _: SENT
    sending = gateway.send_sms(NUMBER, "hello")
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT
    assert steps_of(heard) == [QUEUED, SENDING, MessageStatus.SENT]


@pytest.mark.usefixtures("failing")
@pytest.mark.no_fail_on_log_exception
async def test_a_failing_listener_does_not_keep_the_state_from_changing(
    world: World, gateway: Gateway
) -> None:
    world.emit(DOWN)
    assert not gateway.state.connected


@pytest.mark.no_fail_on_log_exception
async def test_a_failing_listener_does_not_keep_the_gateway_from_closing(
    world: World, gateway: Gateway
) -> None:
    world.emit(port("2", PortStatus.NO_SIM))
    gateway.send_sms(NUMBER, "out")
    gateway.send_sms(NUMBER, "queued")
    await turns_of_the_loop()
    gateway.subscribe(Mock(side_effect=RuntimeError("broken listener")))
    await gateway.close()
    assert_closed(world, gateway)


# Texts


async def test_a_text_is_told_at_every_step(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    sending = gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop()
    assert sending.message.status is SENDING
    world.settle(SENT)
    message = await settled(start(sending.wait()))
    assert message == Message(
        message_id=message.message_id,
        recipient=NUMBER,
        text="hello",
        created_at=WALL,
        status=MessageStatus.SENT,
        port="1",
    )
    assert steps_of(heard) == [QUEUED, SENDING, MessageStatus.SENT]
    assert world.asked == [
        SendSms(port="1", recipient=NUMBER, text="hello", message_id=message.message_id),
    ]


async def test_message_ids_are_never_numeric_and_never_the_same(gateway: Gateway) -> None:
    ids = {gateway.send_sms(NUMBER, "hello").message.message_id for _ in range(50)}
    assert len(ids) == 50
    assert not any(message_id.isdecimal() for message_id in ids)


async def test_a_text_leaves_by_the_port_that_was_asked_for(world: World, gateway: Gateway) -> None:
    gateway.send_sms(NUMBER, "hello", port="2")
    await turns_of_the_loop()
    assert world.texts == ["hello@2"]


@pytest.mark.parametrize("port", ["9", "", "1 "])
def test_an_unknown_port_is_refused_before_anything_is_queued(
    gateway: Gateway, heard: list[GatewayEvent], port: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        gateway.send_sms(NUMBER, "hello", port=port)
    assert caught.value.reason == "port"
    assert heard == []


async def test_what_the_family_cannot_carry_is_refused_before_anything_is_queued(
    world: World, hub: Hub
) -> None:
    check = Mock(side_effect=InvalidInput("text_too_long", "too long"))
    gateway = make(world, hub, replace(world.listening, check_sms=check))
    events: list[GatewayEvent] = []
    gateway.subscribe(events.append)
    await gateway.open()
    with pytest.raises(InvalidInput):
        gateway.send_sms(NUMBER, "hello")
    check.assert_called_once_with(NUMBER, "hello")
    assert events == []
    await gateway.close()


def test_a_gateway_that_is_not_open_takes_no_text(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    with pytest.raises(LinkLost):
        gateway.send_sms(NUMBER, "hello")
    assert gateway.state.queue == 0


async def test_the_queue_is_counted(world: World, gateway: Gateway, heard: list[GatewayEvent]) -> None:
    for text in ("a", "b", "c"):
        gateway.send_sms(NUMBER, text)
    assert gateway.state.queue == 3
    await turns_of_the_loop()
    for _ in range(3):
        world.settle(SENT)
        await turns_of_the_loop()
    assert gateway.state.queue == 0
    counts = [event.state.queue for event in heard if isinstance(event, StateChanged)]
    assert counts == [1, 2, 3, 2, 1, 0]


async def test_texts_wait_for_a_port_to_be_ready(world: World, gateway: Gateway) -> None:
    world.emit(port("1", PortStatus.NO_SIGNAL), port("2", PortStatus.OFFLINE))
    sending = gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop()
    assert sending.message.status is QUEUED
    world.emit(port("2"))
    await turns_of_the_loop()
    assert world.texts == ["hello@2"]


async def test_a_text_that_one_port_refused_leaves_by_another(world: World, gateway: Gateway) -> None:
    gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop()
    world.settle(PortNotReady("busy"))
    await turns_of_the_loop()
    assert world.texts == ["hello@1", "hello@2"]


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (CommandRefused("no credit"), (MessageStatus.FAILED, MessageError.REFUSED, "no credit")),
        (OutcomeUnknown("silence"), (MessageStatus.UNKNOWN, MessageError.NO_RESULT, None)),
    ],
)
async def test_what_went_wrong_is_told_and_not_raised(
    world: World, gateway: Gateway, outcome: GatewayError, end: tuple[object, ...]
) -> None:
    world.answer = lambda _: outcome
    message = await settled(start(gateway.send_sms(NUMBER, "hello").wait()))
    assert (message.status, message.error, message.error_detail) == end
    assert len(world.texts) == 1


async def test_a_text_refused_by_the_dialog_itself_fails(world: World, gateway: Gateway) -> None:
    world.answer = Mock(side_effect=InvalidInput("number", "not for this port"))
    message = await settled(start(gateway.send_sms(NUMBER, "hello").wait()))
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.INVALID_NUMBER)


async def test_a_text_not_heard_of_is_tried_again_after_a_pause(
    world: World, gateway: Gateway, clock: Clock
) -> None:
    gateway.send_sms(NUMBER, "hello", port="1")
    await turns_of_the_loop()
    world.settle(GatewayTimeout("silence"))
    await turns_of_the_loop()
    await clock.move(RETRY_PAUSE - 1)
    assert len(world.texts) == 1
    await clock.move(1)
    assert len(world.texts) == 2


async def test_a_text_that_no_port_could_take_for_an_hour_expires(
    world: World, gateway: Gateway, clock: Clock
) -> None:
    world.emit(port("1", PortStatus.NO_SIM), port("2", PortStatus.NO_SIM))
    sending = gateway.send_sms(NUMBER, "hello")
    await clock.move(EXPIRES_AFTER - 1)
    assert sending.message.status is QUEUED
    await clock.move(1)
    message = await settled(start(sending.wait()))
    assert (message.status, message.error) == (MessageStatus.EXPIRED, MessageError.EXPIRED)
    assert gateway.state.queue == 0


@pytest.mark.parametrize(("pace", "expected"), [(None, 10.0), (3.0, 3.0)])
async def test_the_pace_is_the_familys_unless_another_is_given(
    world: World, hub: Hub, clock: Clock, pace: float | None, expected: float
) -> None:
    family = replace(world.listening, pace=10.0)
    gateway = Gateway(family, hub, Endpoint(host=None, port=1), Box(key="box", password="secret"), pace=pace)
    await gateway.open()
    world.emit(UP, port("1"))
    world.answer = lambda _: SENT
    gateway.send_sms(NUMBER, "a")
    gateway.send_sms(NUMBER, "b")
    await clock.move(expected - 0.5)
    assert world.texts == ["a@1"]
    await clock.move(0.5)
    assert world.texts == ["a@1", "b@1"]
    await gateway.close()


async def test_while_the_link_is_lost_a_text_is_not_tried_over_and_over(
    world: World, gateway: Gateway
) -> None:
    world.answer = lambda _: LinkLost("there is no connection")
    world.emit(DOWN)
    sending = gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop(100)
    assert not sending.message.status.settled
    assert len(world.texts) <= 2
    world.answer = lambda _: SENT
    world.emit(UP)
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT


async def test_who_stops_waiting_does_not_stop_the_text(world: World, gateway: Gateway) -> None:
    sending = gateway.send_sms(NUMBER, "hello")
    impatient, patient = start(sending.wait()), start(sending.wait())
    await turns_of_the_loop()
    impatient.cancel()
    await turns_of_the_loop()
    world.settle(SENT)
    assert (await settled(patient)).status is MessageStatus.SENT
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT
    assert impatient.cancelled()


async def test_a_listener_may_send_a_text_of_its_own(world: World, gateway: Gateway) -> None:
    world.answer = lambda _: SENT
    leave = gateway.subscribe(lambda _: (leave(), gateway.send_sms(NUMBER, "answer", port="1")))
    gateway.send_sms(NUMBER, "hello", port="2")
    await turns_of_the_loop()
    assert sorted(world.texts) == ["answer@1", "hello@2"]


# Closing


@pytest.fixture(params=[not_served_with_words, not_served_with_an_error])
def _any_dialog(world: World, request: pytest.FixtureRequest) -> None:
    """Whatever a dialog does with requests for a gateway that it does not serve any more."""
    world.not_served = request.param


async def test_what_has_not_left_is_given_up(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    world.emit(port("1", PortStatus.NO_SIM), port("2", PortStatus.NO_SIM))
    sending = gateway.send_sms(NUMBER, "hello")
    await gateway.close()
    message = await settled(start(sending.wait()))
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.BOX_OFFLINE)
    assert steps_of(heard) == [QUEUED, MessageStatus.FAILED]
    assert_closed(world, gateway)


@pytest.mark.parametrize(
    ("parting_words", "status", "error"),
    [
        (LinkLost("nothing left"), MessageStatus.FAILED, MessageError.BOX_OFFLINE),
        (OutcomeUnknown("it may have left"), MessageStatus.UNKNOWN, MessageError.NO_RESULT),
    ],
)
async def test_what_is_out_is_settled_by_what_the_dialog_says_of_it(
    world: World, gateway: Gateway, parting_words: GatewayError, status: MessageStatus, error: MessageError
) -> None:
    world.parting_words = parting_words
    sending = gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop()
    assert sending.message.status is SENDING
    await gateway.close()
    message = await settled(start(sending.wait()))
    assert (message.status, message.error) == (status, error)
    assert_closed(world, gateway)


@pytest.mark.usefixtures("_any_dialog")
@pytest.mark.parametrize("turns", range(4))
async def test_a_text_that_is_about_to_leave_when_the_gateway_is_closed_is_given_up(
    world: World, gateway: Gateway, turns: int
) -> None:
    sending = gateway.send_sms(NUMBER, "hello")
    await turns_of_the_loop(turns)
    await gateway.close()
    message = await settled(start(sending.wait()))
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.BOX_OFFLINE)
    assert_closed(world, gateway)


async def test_a_closed_gateway_has_no_queue(world: World, gateway: Gateway) -> None:
    for text in ("a", "b", "c"):
        gateway.send_sms(NUMBER, text)
    await turns_of_the_loop()
    await gateway.close()
    assert gateway.state.queue == 0


async def test_who_waits_for_a_turn_is_told_that_the_link_is_gone(world: World, gateway: Gateway) -> None:
    running, waiting = start(gateway.send_ussd("1", "*100#")), start(gateway.send_ussd("1", "*101#"))
    await gateway.close()
    for task in (running, waiting):
        with pytest.raises(LinkLost):
            await settled(task)
    assert world.codes == ["*100#@1"]
    assert_closed(world, gateway)


@pytest.mark.usefixtures("_any_dialog")
@pytest.mark.parametrize("turns", range(4))
async def test_a_turn_that_comes_when_the_gateway_is_closed_ends_with_it(
    world: World, gateway: Gateway, turns: int
) -> None:
    first, second = start(gateway.send_ussd("1", "*100#")), start(gateway.send_ussd("1", "*101#"))
    world.settle(REPLY)
    await turns_of_the_loop(turns)
    await gateway.close()
    assert await settled(first) == REPLY
    with pytest.raises(LinkLost):
        await settled(second)
    assert_closed(world, gateway)


async def test_closing_is_harmless_when_done_twice_or_too_early(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    await gateway.close()
    await gateway.open()
    await asyncio.gather(gateway.close(), gateway.close())
    await gateway.close()
    assert_closed(world, gateway)


async def test_a_closed_gateway_hears_nothing_and_can_be_opened_again(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    await gateway.close()
    heard.clear()
    await gateway.open()
    world.answer = lambda _: SENT
    sending = gateway.send_sms(NUMBER, "hello", port="1")
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT
    assert steps_of(heard) == [QUEUED, SENDING, MessageStatus.SENT]


async def test_a_gateway_that_shares_a_socket_leaves_it_to_the_others(world: World, hub: Hub) -> None:
    one, other = make(world, hub), make(world, hub)
    other._box = Box(key="other", password="secret")
    await one.open()
    await other.open()
    await one.close()
    world.emit(ConnectionChanged(gateway="other", connected=True))
    assert other.state.connected
    assert not one.state.connected
    await other.close()
    assert [wire.closed for wire in world.wires] == [True]


# USSD


async def test_a_code_is_dialled_and_its_answer_returned(world: World, gateway: Gateway) -> None:
    task = start(gateway.send_ussd("1", "*100#", 60.0))
    assert world.asked == [SendUssd(port="1", code="*100#", timeout=60.0)]
    world.settle(REPLY)
    assert await settled(task) == REPLY


async def test_an_answer_is_waited_for_as_long_as_the_family_says(world: World, gateway: Gateway) -> None:
    world.answer = lambda _: REPLY
    await gateway.send_ussd("1", "*100#")
    assert world.asked == [SendUssd(port="1", code="*100#", timeout=30.0)]


@pytest.mark.parametrize("timeout", [5, 5.0, 180.0])
async def test_an_answer_can_be_waited_for_5_to_180_seconds(
    world: World, gateway: Gateway, timeout: float
) -> None:
    world.answer = lambda _: REPLY
    assert await gateway.send_ussd("1", "*100#", timeout) == REPLY


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        *[(("1", "*100#", timeout), "ussd_timeout") for timeout in (4.9, 180.1, 0, -1, 1e9)],
        *[(("1", "*100#", float(timeout)), "ussd_timeout") for timeout in ("nan", "inf")],
        (("1", "", 30.0), "ussd_code"),
        (("1", "*100#\r\nAction: x", 30.0), "ussd_code"),
        (("9", "*100#", 30.0), "port"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_dialled(
    world: World, gateway: Gateway, arguments: tuple[str, str, float], reason: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await gateway.send_ussd(*arguments)
    assert caught.value.reason == reason
    assert world.asked == []


async def test_a_gateway_that_is_not_open_dials_nothing(world: World, hub: Hub) -> None:
    gateway = make(world, hub, lines=("1",))
    with pytest.raises(LinkLost):
        await gateway.send_ussd("1", "*100#")


async def test_codes_of_one_port_take_turns_in_order(world: World, gateway: Gateway) -> None:
    tasks = [start(gateway.send_ussd("1", f"*10{number}#")) for number in range(3)]
    for number in range(3):
        await turns_of_the_loop()
        assert world.codes == [f"*10{one}#@1" for one in range(number + 1)]
        world.settle(replace(REPLY, text=str(number)))
    assert [(await settled(task)).text for task in tasks] == ["0", "1", "2"]


async def test_codes_of_two_ports_do_not_wait_for_each_other(world: World, gateway: Gateway) -> None:
    tasks = [start(gateway.send_ussd(port, "*100#")) for port in ("1", "2")]
    assert world.codes == ["*100#@1", "*100#@2"]
    world.settle(REPLY)
    world.settle(REPLY)
    assert [await settled(task) for task in tasks] == [REPLY, REPLY]


async def test_a_code_waits_for_the_text_that_is_out_and_goes_before_those_queued(
    world: World, gateway: Gateway
) -> None:
    gateway.send_sms(NUMBER, "out", port="1")
    gateway.send_sms(NUMBER, "queued", port="1")
    await turns_of_the_loop()
    task = start(gateway.send_ussd("1", "*100#"))
    assert (world.texts, world.codes) == (["out@1"], [])
    world.settle(SENT)
    await turns_of_the_loop()
    assert (world.texts, world.codes) == (["out@1"], ["*100#@1"])
    world.settle(REPLY)
    assert await settled(task) == REPLY
    assert world.texts == ["out@1", "queued@1"]


@pytest.mark.parametrize("error", [PortNotReady("busy"), OutcomeUnknown("cut"), GatewayTimeout("silence")])
async def test_what_went_wrong_is_raised_and_the_lane_is_free_again(
    world: World, gateway: Gateway, error: GatewayError
) -> None:
    task = start(gateway.send_ussd("1", "*100#"))
    gateway.send_sms(NUMBER, "hello", port="1")
    world.settle(error)
    with pytest.raises(type(error)):
        await settled(task)
    assert world.texts == ["hello@1"]


async def test_whose_code_runs_may_give_up_and_the_lane_is_free_again(world: World, gateway: Gateway) -> None:
    task = start(gateway.send_ussd("1", "*100#"))
    gateway.send_sms(NUMBER, "hello", port="1")
    task.cancel()
    await turns_of_the_loop()
    assert task.cancelled()
    assert world.texts == ["hello@1"]


async def test_who_waits_for_a_turn_may_give_up_and_nothing_is_dialled(
    world: World, gateway: Gateway
) -> None:
    running, waiting, next_one = (start(gateway.send_ussd("1", f"*10{number}#")) for number in range(3))
    waiting.cancel()
    await turns_of_the_loop()
    world.settle(REPLY)
    await turns_of_the_loop()
    assert world.codes == ["*100#@1", "*102#@1"]
    world.settle(REPLY)
    assert [await settled(running), await settled(next_one)] == [REPLY, REPLY]
    assert waiting.cancelled()


@pytest.mark.parametrize("turns", range(4))
async def test_who_gives_up_in_the_moment_of_the_turn_leaves_the_lane_to_others(
    world: World, gateway: Gateway, turns: int
) -> None:
    running, waiting = (start(gateway.send_ussd("1", f"*10{number}#")) for number in range(2))
    gateway.send_sms(NUMBER, "hello", port="1")
    world.settle(REPLY)
    await turns_of_the_loop(turns)
    waiting.cancel()
    assert await settled(running) == REPLY
    assert world.texts == ["hello@1"]
    assert waiting.cancelled()


# Restarting


@pytest.mark.parametrize("port", [None, "2"])
async def test_a_port_or_the_box_is_restarted(world: World, gateway: Gateway, port: str | None) -> None:
    task = start(gateway.reboot(port))
    assert world.asked == [Reboot(port=port)]
    world.settle(Done())
    await settled(task)


async def test_a_restart_waits_for_what_is_out(world: World, gateway: Gateway) -> None:
    running = start(gateway.send_ussd("1", "*100#"))
    task = start(gateway.reboot("1"))
    await turns_of_the_loop()
    assert Reboot(port="1") not in world.asked
    world.settle(REPLY)
    await settled(running)
    assert world.asked[-1] == Reboot(port="1")
    world.settle(Done())
    await settled(task)


async def test_nothing_departs_while_a_port_restarts(world: World, gateway: Gateway) -> None:
    task = start(gateway.reboot("1"))
    gateway.send_sms("+15550100001", "later", port="1")
    await turns_of_the_loop()
    assert world.asked == [Reboot(port="1")]
    world.settle(Done())
    await settled(task)
    assert [type(request) for request in world.asked] == [Reboot, SendSms]


async def test_a_restart_that_is_refused_raises(world: World, gateway: Gateway) -> None:
    world.answer = lambda _: CommandRefused("no")
    with pytest.raises(CommandRefused):
        await gateway.reboot("1")


async def test_a_box_that_cannot_be_restarted_is_not_asked(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    with pytest.raises(NotSupported):
        await gateway.reboot()


async def test_an_unknown_port_is_not_restarted(world: World, gateway: Gateway) -> None:
    with pytest.raises(InvalidInput) as caught:
        await gateway.reboot("9")
    assert caught.value.reason == "port"
    assert world.asked == []


async def test_a_gateway_that_is_not_open_is_not_restarted(world: World, hub: Hub) -> None:
    with pytest.raises(LinkLost):
        await make(world, hub).reboot()


# The first report of a port after the opening


ASK = SetCallWaiting(port="1", enabled=True)


@pytest.fixture
async def unheard(world: World, hub: Hub) -> AsyncIterator[Gateway]:
    """Give an open gateway with a line that is known and was not heard yet."""
    gateway = make(world, hub, lines=("1",))
    await gateway.open()
    yield gateway
    await gateway.close()
    await turns_of_the_loop()


@pytest.mark.parametrize(
    "ask", [lambda gateway: gateway.ask(ASK), lambda gateway: gateway.send_ussd("1", "*100#")]
)
async def test_a_port_is_waited_for_after_the_opening(
    world: World, unheard: Gateway, ask: Callable[[Gateway], asyncio.coroutines.Coroutine[None, None, object]]
) -> None:
    task = start(ask(unheard))
    world.emit(UP, port("1", PortStatus.OFFLINE))
    await turns_of_the_loop()
    assert world.asked == []
    world.emit(port("1", PortStatus.NOT_REGISTERED))
    await turns_of_the_loop()
    assert len(world.asked) == 1
    world.settle(CommandRefused("no"))
    with pytest.raises(CommandRefused):
        await task


async def test_a_port_is_not_waited_for_for_ever(world: World, unheard: Gateway, clock: Clock) -> None:
    await clock.move(FIRST_REPORT)
    task = start(unheard.ask(ASK))
    await turns_of_the_loop()
    assert world.asked == [ASK]
    world.settle(Done())
    await settled(task)


async def test_a_port_that_was_heard_and_went_is_not_waited_for(world: World, unheard: Gateway) -> None:
    world.emit(UP, port("1"), port("1", PortStatus.OFFLINE))
    task = start(unheard.ask(ASK))
    await turns_of_the_loop()
    assert world.asked == [ASK]
    world.settle(Done())
    await settled(task)


async def test_who_waits_for_a_port_is_told_of_the_end(unheard: Gateway) -> None:
    task = start(unheard.ask(ASK))
    await turns_of_the_loop()
    await unheard.close()
    with pytest.raises(LinkLost):
        await settled(task)
