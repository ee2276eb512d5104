"""USSD through a gateway, restarts of its ports, and ports that were not heard yet."""

import asyncio
from collections.abc import AsyncIterator, Callable
from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.gateway import (
    FIRST_REPORT,
    Gateway,
)
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.models import (
    PortStatus,
)
from custom_components.gsm_gateway.aiogsm.requests import (
    Done,
    Reboot,
    SendSms,
    SendUssd,
    SetCallWaiting,
)

from .clocks import StoppedClock, settled, start, turns_of_the_loop
from .gateway_stage import (
    REPLY,
    SENT,
    UP,
    World,
    make,
    port,
    send,
)

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
    await send(gateway, "out", port="1")
    await send(gateway, "queued", port="1")
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
    await send(gateway, "hello", port="1")
    world.settle(error)
    with pytest.raises(type(error)):
        await settled(task)
    assert world.texts == ["hello@1"]


async def test_whose_code_runs_may_give_up_and_the_lane_is_free_again(world: World, gateway: Gateway) -> None:
    task = start(gateway.send_ussd("1", "*100#"))
    await send(gateway, "hello", port="1")
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
    await send(gateway, "hello", port="1")
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
    await turns_of_the_loop()
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
    await send(gateway, "later", port="1")
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


async def test_a_port_is_not_waited_for_for_ever(
    world: World, unheard: Gateway, stopped_clock: StoppedClock
) -> None:
    await stopped_clock.move(FIRST_REPORT)
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
