"""A gateway as it is opened, what is known of it, and who is told."""

import asyncio
from copy import replace
from datetime import timedelta
import gc
from unittest.mock import Mock

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    GatewayError,
    InvalidInput,
    LoginRefused,
    WrongPeer,
)
from custom_components.gsm_gateway.aiogsm.gateway import (
    Gateway,
    GatewayEvent,
    StateChanged,
)
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.models import (
    Call,
    CallChanged,
    CallEventType,
    ConnectionChanged,
    DialogEvent,
    HandedOn,
    LineHeard,
    MessageStatus,
    PortState,
    PortStatus,
    ReceivedSms,
    UssdArrived,
)
from custom_components.gsm_gateway.aiogsm.wirelog import Pseudonyms, Way

from .clocks import WALL, settled, start, turns_of_the_loop
from .gateway_stage import (
    DOWN,
    HOST,
    NUMBER,
    QUEUED,
    SENDING,
    SENT,
    UP,
    World,
    assert_closed,
    make,
    port,
    send,
    steps_of,
)

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
    await assert_closed(world, gateway)


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
    await assert_closed(world, gateway)


async def test_a_gateway_that_the_dialog_refuses_is_closed(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    world.refuses_box = InvalidInput("taken", "served already")
    with pytest.raises(InvalidInput):
        await gateway.open()
    await assert_closed(world, gateway)


async def test_an_opening_that_is_cancelled_leaves_nothing(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    await assert_closed(world, gateway)


async def test_an_opening_ends_when_the_gateway_is_closed(world: World, hub: Hub) -> None:
    gateway = make(world, hub, world.dialled)
    opening = start(gateway.open())
    await gateway.close()
    with pytest.raises(GatewayError):
        await settled(opening)


def test_settings_that_cannot_be_used_are_refused_before_anything_is_opened(world: World, hub: Hub) -> None:
    world.dialect = world.dialect._replace(check_box=Mock(side_effect=InvalidInput("credential", "a blank")))
    with pytest.raises(InvalidInput):
        make(world, hub, world.dialled)
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


async def test_a_text_that_arrives_gets_an_id_and_the_time(world: World, heard: list[GatewayEvent]) -> None:
    for _ in range(2):
        world.receive("hello", complete=False)
        await turns_of_the_loop()
    first, second = heard
    assert isinstance(first, ReceivedSms)
    assert isinstance(second, ReceivedSms)
    assert first == ReceivedSms(
        message_id=first.message_id,
        port="2",
        sender=NUMBER,
        text="hello",
        received_at=WALL,
        complete=False,
        handed_on=HandedOn.BEGUN,
    )
    assert not first.message_id.isdecimal()
    assert first.message_id != second.message_id
    assert world.sent == ["kept True"] * 2


async def test_what_comes_before_somebody_listens_waits_for_them(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    heard: list[GatewayEvent] = []
    gateway.subscribe(heard.append)
    await gateway.open()
    for text in ("a", "b"):
        world.receive(text)
        await turns_of_the_loop()
    assert world.sent == ["kept True"] * 2
    assert heard == []
    gateway.begin_handing_on()
    await turns_of_the_loop()
    assert [one.text for one in heard if isinstance(one, ReceivedSms)] == ["a", "b"]
    await gateway.close()


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
    sending = await send(gateway, "hello")
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
    await send(gateway, "out")
    await send(gateway, "queued")
    await turns_of_the_loop()
    gateway.subscribe(Mock(side_effect=RuntimeError("broken listener")))
    await gateway.close()
    await assert_closed(world, gateway)


# What passed over the wire


async def test_when_it_was_heard_last(world: World, gateway: Gateway) -> None:
    assert gateway.heard_at == WALL
    await world.clock.move(60.0)
    assert gateway.heard_at == WALL
    world.emit()
    assert gateway.heard_at == WALL + timedelta(seconds=60)


async def test_nothing_was_heard_of_a_gateway_that_is_closed(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    assert (gateway.heard_at, gateway.transcript(Pseudonyms())) == (None, [])
    await gateway.open()
    assert gateway.heard_at is None
    await gateway.close()
    assert gateway.heard_at is None


async def test_a_transcript_is_what_the_family_makes_of_its_own_wire(world: World, gateway: Gateway) -> None:
    world._perform([Send(b"hello", "peer")])
    [line] = gateway.transcript(Pseudonyms())
    assert (line.way, line.link, line.text) == (Way.OUT, "<link 1>", "hello")
    assert gateway.moment(line.at) == WALL
    assert gateway.transcript(Pseudonyms(), of_strangers=True) == []
