"""Texts through a gateway: what is told of them, and when they leave."""

import asyncio
from copy import replace
from unittest.mock import Mock

import pytest

from custom_components.gsm_gateway.aiogsm.admission import EXPIRES_AFTER
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.gateway import Gateway, GatewayEvent, StateChanged
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.models import Message, MessageError, MessageStatus, PortStatus
from custom_components.gsm_gateway.aiogsm.outbox import RETRY_PAUSE
from custom_components.gsm_gateway.aiogsm.requests import SendSms

from .clocks import WALL, StoppedClock, settled, start, turns_of_the_loop
from .gateway_stage import DOWN, NUMBER, QUEUED, SENDING, SENT, UP, World, make, port, send, steps_of

# Texts


async def test_a_text_is_told_at_every_step(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    sending = await send(gateway, "hello")
    await turns_of_the_loop()
    assert sending.message.status is SENDING
    world.settle(SENT)
    message = await settled(start(sending.wait()))
    assert message == Message(
        message_id=message.message_id,
        recipient=NUMBER,
        text="hello",
        created_at=WALL,
        expires_at=WALL + EXPIRES_AFTER,
        status=MessageStatus.SENT,
        port="1",
        left_at=WALL,
        settled_at=WALL,
    )
    assert steps_of(heard) == [QUEUED, SENDING, MessageStatus.SENT]
    assert world.asked == [
        SendSms(port="1", recipient=NUMBER, text="hello", message_id=message.message_id),
    ]


async def test_message_ids_are_never_numeric_and_never_the_same(gateway: Gateway) -> None:
    ids = {(await send(gateway, "hello")).message.message_id for _ in range(50)}
    assert len(ids) == 50
    assert not any(message_id.isdecimal() for message_id in ids)


async def test_a_text_leaves_by_the_port_that_was_asked_for(world: World, gateway: Gateway) -> None:
    await send(gateway, "hello", port="2")
    await turns_of_the_loop()
    assert world.texts == ["hello@2"]


@pytest.mark.parametrize("port", ["9", "", "1 "])
async def test_an_unknown_port_is_refused_before_anything_is_queued(
    gateway: Gateway, heard: list[GatewayEvent], port: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await send(gateway, "hello", port=port)
    assert caught.value.reason == "port"
    assert heard == []


async def test_what_the_family_cannot_carry_is_refused_before_anything_is_queued(
    world: World, hub: Hub
) -> None:
    check = Mock(side_effect=InvalidInput("text_too_long", "too long"))
    world.dialect = world.dialect._replace(check_sms=check)
    gateway = make(world, hub, world.listening)
    events: list[GatewayEvent] = []
    gateway.subscribe(events.append)
    await gateway.open()
    with pytest.raises(InvalidInput):
        await send(gateway, "hello")
    check.assert_called_once_with(NUMBER, "hello")
    assert events == []
    await gateway.close()


async def test_a_gateway_that_is_not_open_takes_no_text(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    with pytest.raises(LinkLost):
        await send(gateway, "hello")
    assert gateway.state.queue == 0


async def test_the_queue_is_counted(world: World, gateway: Gateway, heard: list[GatewayEvent]) -> None:
    for text in ("a", "b", "c"):
        await send(gateway, text)
        await turns_of_the_loop()
    assert gateway.state.queue == 3
    for _ in range(3):
        world.settle(SENT)
        await turns_of_the_loop()
    assert gateway.state.queue == 0
    counts = [event.state.queue for event in heard if isinstance(event, StateChanged)]
    assert counts == [1, 2, 3, 2, 1, 0]


async def test_texts_wait_for_a_port_to_be_ready(world: World, gateway: Gateway) -> None:
    world.emit(port("1", PortStatus.NO_SIGNAL), port("2", PortStatus.OFFLINE))
    sending = await send(gateway, "hello")
    await turns_of_the_loop()
    assert sending.message.status is QUEUED
    world.emit(port("2"))
    await turns_of_the_loop()
    assert world.texts == ["hello@2"]


async def test_a_text_that_one_port_refused_leaves_by_another(world: World, gateway: Gateway) -> None:
    await send(gateway, "hello")
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
    message = await settled(start((await send(gateway, "hello")).wait()))
    assert (message.status, message.error, message.error_detail) == end
    assert len(world.texts) == 1


async def test_a_text_refused_by_the_dialog_itself_fails(world: World, gateway: Gateway) -> None:
    world.refuses_request = InvalidInput("number", "not for this port")
    message = await settled(start((await send(gateway, "hello")).wait()))
    assert (message.status, message.error) == (MessageStatus.FAILED, MessageError.INVALID_NUMBER)


async def test_a_text_not_heard_of_is_tried_again_after_a_pause(
    world: World, gateway: Gateway, stopped_clock: StoppedClock
) -> None:
    await send(gateway, "hello", port="1")
    await turns_of_the_loop()
    world.settle(GatewayTimeout("silence"))
    await turns_of_the_loop()
    await stopped_clock.move(RETRY_PAUSE - 1)
    assert len(world.texts) == 1
    await stopped_clock.move(1)
    assert len(world.texts) == 2


async def test_a_text_that_no_port_could_take_for_an_hour_expires(
    world: World, gateway: Gateway, stopped_clock: StoppedClock
) -> None:
    world.emit(port("1", PortStatus.NO_SIM), port("2", PortStatus.NO_SIM))
    sending = await send(gateway, "hello")
    await stopped_clock.move(EXPIRES_AFTER.total_seconds() - 1)
    assert sending.message.status is QUEUED
    await stopped_clock.move(1)
    message = await settled(start(sending.wait()))
    assert (message.status, message.error) == (MessageStatus.EXPIRED, MessageError.EXPIRED)
    assert gateway.state.queue == 0


async def test_the_pace_is_the_familys(world: World, hub: Hub, stopped_clock: StoppedClock) -> None:
    gateway = make(world, hub, replace(world.listening, pace=10.0))
    await gateway.open()
    world.emit(UP, port("1"))
    world.answer = lambda _: SENT
    for text in ("a", "b"):
        await send(gateway, text)
    await turns_of_the_loop()
    await stopped_clock.move(9.5)
    assert world.left == ["a@1"]
    await stopped_clock.move(0.5)
    assert world.left == ["a@1", "b@1"]
    await gateway.close()


async def test_while_the_link_is_lost_a_text_is_not_tried_over_and_over(
    world: World, gateway: Gateway
) -> None:
    world.answer = lambda _: LinkLost("there is no connection")
    world.emit(DOWN)
    sending = await send(gateway, "hello")
    await turns_of_the_loop(100)
    assert not sending.message.status.settled
    assert len(world.texts) <= 2
    world.answer = lambda _: SENT
    world.emit(UP)
    assert (await settled(start(sending.wait()))).status is MessageStatus.SENT


async def test_who_stops_waiting_does_not_stop_the_text(world: World, gateway: Gateway) -> None:
    sending = await send(gateway, "hello")
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
    answers: list[asyncio.Task[object]] = []
    leave = gateway.subscribe(lambda _: (leave(), answers.append(start(send(gateway, "answer", port="1")))))
    await send(gateway, "hello", port="2")
    await turns_of_the_loop()
    assert len(answers) == 1
    assert sorted(world.texts) == ["answer@1", "hello@2"]
