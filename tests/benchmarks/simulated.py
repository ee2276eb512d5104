"""A gateway of the library and its simulated box on a loop of their own, whose time flies."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
import socket

from custom_components.gsm_gateway.aiogsm import (
    FAMILIES,
    Box,
    Endpoint,
    Gateway,
    Hub,
    Journal,
    Limits,
    Policy,
)
from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator

from .boxes import free_port

_BEGIN = datetime(2026, 11, 16, tzinfo=UTC)

type Clock = Callable[[], datetime]


async def in_simulated_time[T](work: Callable[[Clock], Coroutine[None, None, T]]) -> T:
    """Run some work on such a loop; it is given the wall's clock."""

    async def _run() -> T:
        loop = asyncio.get_running_loop()
        clock = fast_time.let_it_fly(loop, grace=0.0)
        began = clock.time()
        try:
            return await work(lambda: _BEGIN + timedelta(seconds=clock.time() - began))
        finally:
            clock.land()

    return await asyncio.to_thread(lambda: asyncio.run(_run()))


@asynccontextmanager
async def gateway_of(sim: Simulator, clock: Clock, journal: Journal | None = None) -> AsyncIterator[Gateway]:
    """Give a gateway that serves a box, with every port ready. It takes any number of texts in an hour."""
    match sim:
        case GoIP():
            endpoint = Endpoint(host=None, port=sim.server[1])
            box = Box(key="box", password=sim.line(sim.line_names[0]).state.password, lines=sim.line_names)
        case NeoGate():
            endpoint = Endpoint(host=LOOPBACK, port=sim.port)
            box = Box(key="box", username=sim.user, password=sim.password)
        case _:
            raise TypeError(sim)
    patient = Policy(limits=Limits(per_hour=0), expires_after=timedelta(days=1))
    gateway = Gateway(
        FAMILIES[sim.family], Hub(), endpoint, box, journal=journal, policy=patient, clock=clock
    )
    await gateway.open()
    gateway.begin_handing_on()
    try:
        while gateway.state.ports_ready < len(sim.line_names):
            await asyncio.sleep(1)
        yield gateway
    finally:
        await gateway.close()


def free_udp_port() -> int:
    """Find one for the lines of a GoIP to register at."""
    return free_port(socket.SOCK_DGRAM)
