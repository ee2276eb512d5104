"""A gateway that is closed: what is left to the next run, and that nothing remains."""

import asyncio

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box
from custom_components.gsm_gateway.aiogsm.errors import (
    LinkLost,
    OutcomeUnknown,
)
from custom_components.gsm_gateway.aiogsm.gateway import (
    Gateway,
    GatewayEvent,
)
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    MessageStatus,
    PortStatus,
)
from custom_components.gsm_gateway.aiogsm.requests import Outcome

from .clocks import settled, start, turns_of_the_loop
from .gateway_stage import (
    QUEUED,
    REPLY,
    SENDING,
    SENT,
    World,
    assert_closed,
    make,
    not_served_with_an_error,
    not_served_with_words,
    port,
    send,
    steps_of,
)

# Closing


@pytest.fixture(params=[not_served_with_words, not_served_with_an_error])
def _any_dialog(world: World, request: pytest.FixtureRequest) -> None:
    """Whatever a dialog does with requests for a gateway that it does not serve any more."""
    world.not_served = request.param


async def test_what_has_not_left_is_left_to_the_next_run(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    world.emit(port("1", PortStatus.NO_SIM), port("2", PortStatus.NO_SIM))
    sending = await send(gateway)
    waiting = start(sending.wait())
    await gateway.close()
    assert (await settled(waiting)).status is QUEUED
    assert steps_of(heard) == [QUEUED]
    await assert_closed(world, gateway)


@pytest.mark.parametrize(
    ("parting_words", "steps"),
    [
        (LinkLost("nothing left"), [QUEUED, SENDING, QUEUED]),
        (OutcomeUnknown("it may have left"), [QUEUED, SENDING]),
        (SENT, [QUEUED, SENDING, MessageStatus.SENT]),
    ],
)
async def test_what_is_out_is_queued_again_or_asked_after_by_the_next_run(
    world: World,
    gateway: Gateway,
    heard: list[GatewayEvent],
    parting_words: Outcome,
    steps: list[MessageStatus],
) -> None:
    world.parting_words = parting_words
    sending = await send(gateway)
    await turns_of_the_loop()
    assert sending.message.status is SENDING
    waiting = start(sending.wait())
    await gateway.close()
    assert (await settled(waiting)).status is steps[-1]
    assert steps_of(heard) == steps
    await assert_closed(world, gateway)


@pytest.mark.usefixtures("_any_dialog")
@pytest.mark.parametrize("turns", range(6))
async def test_a_text_that_is_about_to_leave_when_the_gateway_is_closed_does_not(
    world: World, gateway: Gateway, turns: int
) -> None:
    sending = await send(gateway)
    await turns_of_the_loop(turns)
    left = list(world.left)
    await gateway.close()
    assert (await settled(start(sending.wait()))).status is QUEUED
    assert world.left == left
    await assert_closed(world, gateway)


async def test_who_waits_for_a_turn_is_told_that_the_link_is_gone(world: World, gateway: Gateway) -> None:
    running, waiting = start(gateway.send_ussd("1", "*100#")), start(gateway.send_ussd("1", "*101#"))
    await gateway.close()
    for task in (running, waiting):
        with pytest.raises(LinkLost):
            await settled(task)
    assert world.codes == ["*100#@1"]
    await assert_closed(world, gateway)


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
    await assert_closed(world, gateway)


async def test_closing_is_harmless_when_done_twice_or_too_early(world: World, hub: Hub) -> None:
    gateway = make(world, hub)
    await gateway.close()
    await gateway.open()
    await asyncio.gather(gateway.close(), gateway.close())
    await gateway.close()
    await assert_closed(world, gateway)


async def test_a_closed_gateway_hears_nothing_and_can_be_opened_again(
    world: World, gateway: Gateway, heard: list[GatewayEvent]
) -> None:
    await gateway.close()
    heard.clear()
    await gateway.open()
    world.answer = lambda _: SENT
    sending = await send(gateway, "hello", port="1")
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
