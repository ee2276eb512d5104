import asyncio
from collections.abc import Callable
from copy import replace
from typing import override
from unittest.mock import Mock

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Dialog
from custom_components.gsm_gateway.aiogsm.errors import CannotConnect
from custom_components.gsm_gateway.aiogsm.family import Dialect, Endpoint, Family, Feature
from custom_components.gsm_gateway.aiogsm.hub import Hub
from custom_components.gsm_gateway.aiogsm.link import Link, Listener

PORT = Endpoint(host=None, port=44444)
OTHER_PORT = Endpoint(host=None, port=44445)
BOX = Endpoint(host="192.0.2.1", port=5038)


class Wire(Link[str]):
    """Notes when it is started and closed, and takes as long for it as it is told."""

    def __init__(self, world: World) -> None:
        self._world = world

    @override
    async def start(self, listener: Listener[str]) -> None:
        await self._world.may_start.wait()
        if self._world.fails:
            raise CannotConnect("port in use")
        self._world.log.append("started")

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
        await self._world.may_close.wait()
        self._world.log.append("closed")


class World:
    """Two families whose links are Wires: one that we dial, one that listens."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.fails = False
        self.may_start = open_gate()
        self.may_close = open_gate()
        dialect = Dialect(
            check_box=Mock(),
            check_sms=Mock(),
            make_dialog=lambda: Mock(spec=Dialog),
            make_link=lambda _: Wire(self),
            transcribe=Mock(),
        )
        self.dialled = Family(
            key="dialled",
            name="Dialled",
            manufacturer="Nobody",
            model="Nothing",
            features=Feature(0),
            pace=0.0,
            ussd_timeout=30.0,
            dialect=lambda: dialect,
        )
        self.listening = replace(self.dialled, key="listening", features=Feature.PORTS_BY_THEMSELVES)


def open_gate() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def hub() -> Hub:
    return Hub()


async def turns_of_the_loop() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_listens_on_one_port_shares_a_driver(hub: Hub, world: World) -> None:
    one = await hub.acquire(world.listening, PORT)
    assert await hub.acquire(world.listening, Endpoint(host=None, port=44444)) is one
    assert world.log == ["started"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda world: (world.listening, OTHER_PORT),
        lambda world: (replace(world.listening, key="another"), PORT),
    ],
)
async def test_other_ports_and_other_families_have_drivers_of_their_own(
    hub: Hub, world: World, ask: Callable[[World], tuple[Family, Endpoint]]
) -> None:
    one = await hub.acquire(world.listening, PORT)
    assert await hub.acquire(*ask(world)) is not one
    assert world.log == ["started", "started"]


async def test_what_is_dialled_is_shared_by_nobody(hub: Hub, world: World) -> None:
    one, other = await hub.acquire(world.dialled, BOX), await hub.acquire(world.dialled, BOX)
    assert one is not other
    await hub.release(one)
    assert world.log == ["started", "started", "closed"]
    await hub.release(other)
    assert world.log == ["started", "started", "closed", "closed"]


async def test_the_last_to_give_a_driver_back_has_it_closed(hub: Hub, world: World) -> None:
    drivers = [await hub.acquire(world.listening, PORT) for _ in range(3)]
    for driver in drivers[:2]:
        await hub.release(driver)
        assert world.log == ["started"]
    await hub.release(drivers[2])
    assert world.log == ["started", "closed"]


async def test_the_end_of_one_port_is_not_the_end_of_another(hub: Hub, world: World) -> None:
    one, other = await hub.acquire(world.listening, PORT), await hub.acquire(world.listening, OTHER_PORT)
    await hub.release(one)
    assert world.log == ["started", "started", "closed"]
    assert await hub.acquire(world.listening, OTHER_PORT) is other


async def test_after_the_last_a_port_begins_anew(hub: Hub, world: World) -> None:
    one = await hub.acquire(world.listening, PORT)
    await hub.release(one)
    assert await hub.acquire(world.listening, PORT) is not one
    assert world.log == ["started", "closed", "started"]


@pytest.mark.parametrize("kind", ["dialled", "listening"])
async def test_a_start_that_failed_leaves_nothing_behind(hub: Hub, world: World, kind: str) -> None:
    family: Family = {"dialled": world.dialled, "listening": world.listening}[kind]
    world.fails = True
    with pytest.raises(CannotConnect, match="port in use"):
        await hub.acquire(family, PORT)
    world.fails = False
    driver = await hub.acquire(family, PORT)
    await hub.release(driver)
    assert world.log == ["started", "closed"]


async def test_all_who_ask_at_once_share_one_start(hub: Hub, world: World) -> None:
    world.may_start.clear()
    asking = [asyncio.create_task(hub.acquire(world.listening, PORT)) for _ in range(5)]
    await turns_of_the_loop()
    world.may_start.set()
    drivers = await asyncio.gather(*asking)
    assert len(set(drivers)) == 1
    assert world.log == ["started"]
    for driver in drivers:
        await hub.release(driver)
    assert world.log == ["started", "closed"]


async def test_who_waits_for_a_start_that_fails_makes_a_try_of_its_own(hub: Hub, world: World) -> None:
    world.fails = True
    results = await asyncio.gather(
        *(hub.acquire(world.listening, PORT) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [CannotConnect] * 3


async def test_who_gives_up_waiting_takes_nobody_along(hub: Hub, world: World) -> None:
    world.may_start.clear()
    first = asyncio.create_task(hub.acquire(world.listening, PORT))
    second = asyncio.create_task(hub.acquire(world.listening, PORT))
    await turns_of_the_loop()
    first.cancel()
    await turns_of_the_loop()
    world.may_start.set()
    await hub.release(await second)
    assert first.cancelled()
    assert world.log == ["started", "closed"]


async def test_a_port_being_closed_is_opened_again_only_when_it_is_free(hub: Hub, world: World) -> None:
    driver = await hub.acquire(world.listening, PORT)
    world.may_close.clear()
    releasing = asyncio.create_task(hub.release(driver))
    await turns_of_the_loop()
    acquiring = asyncio.create_task(hub.acquire(world.listening, PORT))
    await turns_of_the_loop()
    assert world.log == ["started"]
    world.may_close.set()
    await releasing
    assert await acquiring is not driver
    assert world.log == ["started", "closed", "started"]
