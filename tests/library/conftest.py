"""What several files of the library's tests share."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.gsm_gateway.aiogsm.gateway import Gateway, GatewayEvent
from custom_components.gsm_gateway.aiogsm.hub import Hub

from .clocks import StoppedClock, turns_of_the_loop
from .gateway_stage import UP, World, make, port
from .mail_stage import Box, Run


@pytest.fixture
async def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """Stop the loop's clock for a test."""
    clock, loop = StoppedClock(), asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", clock)
    monkeypatch.setattr(loop, "slow_callback_duration", float("inf"))
    return clock


@pytest.fixture
def world(stopped_clock: StoppedClock) -> World:
    return World(stopped_clock)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def gateway(world: World, hub: Hub) -> AsyncIterator[Gateway]:
    """Give an open gateway with two ports that are ready and keep no pace."""
    gateway = make(world, hub)
    await gateway.open()
    gateway.begin_handing_on()
    world.emit(UP, port("1"), port("2"))
    yield gateway
    await gateway.close()
    await turns_of_the_loop()


@pytest.fixture
def heard(gateway: Gateway) -> list[GatewayEvent]:
    events: list[GatewayEvent] = []
    gateway.subscribe(events.append)
    return events


@pytest.fixture
async def box(stopped_clock: StoppedClock) -> AsyncIterator[Box]:
    """Give a box with a port that is ready and keeps no pace, and over which nothing runs yet."""
    box = Box(stopped_clock)
    yield box
    await box.close()
    await turns_of_the_loop()


@pytest.fixture
async def run(box: Box) -> Run:
    """Give a gateway's texts, running over a clean disk."""
    return await box.run()
