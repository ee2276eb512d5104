"""A thousand queued texts, in simulated time: how near they come to what the boxes can do.

Nothing here is chance, and a slow machine makes no difference, so that it is measured once.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from custom_components.gsm_gateway.aiogsm import Draft
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator

from .figure import OURS, Figure, Goal, Sense
from .simulated import Clock, free_udp_port, gateway_of, in_simulated_time

TEXTS = 1000
PACE = 10.0
"""Seconds between two texts of a NeoGate port that the vendor asks for."""

SEND_TIME = 3.0
"""Seconds that the module of a GoIP takes for a text."""

_RESULT_DELAY = 4.0
_PERCENT = 100


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Send them over each."""
    figures = []
    for ports in (4, 16):
        say(f"NeoGate, {ports} ports")
        figures.append(
            _figure(
                f"1,000 texts over {ports} NeoGate ports",
                99,
                await in_simulated_time(partial(_neogate, ports)),
            )
        )
    say("GoIP, 32 lines")
    figures.append(_figure("1,000 texts over 32 GoIP lines", 97, await in_simulated_time(partial(_goip, 32))))
    return figures


def _figure(name: str, goal: float, reached: float) -> Figure:
    goals = (Goal(sense=Sense.AT_LEAST, value=goal, unit="%"),)
    return Figure(name=name, unit="% of the limit", goals=goals, rounds=({OURS: reached},))


async def _neogate(ports: int, clock: Clock) -> float:
    """Give how much of the pace that the vendor asks for was made use of, from the first text to the last."""
    async with NeoGate(ports=ports, line_by_line=False, result_delay=_RESULT_DELAY) as box:
        first, last = await _send_all(box, clock)
    rounds = -(-TEXTS // ports)
    return (rounds - 1) * PACE / (last - first) * _PERCENT


async def _goip(lines: int, clock: Clock) -> float:
    """Give for how much of the time that it took the modules of all lines were sending."""
    server = (LOOPBACK, free_udp_port())
    async with GoIP(lines=lines, server=server, send_time=SEND_TIME) as box:
        first, last = await _send_all(box, clock)
    began = first - SEND_TIME
    return TEXTS * SEND_TIME / (lines * (last - began)) * _PERCENT


async def _send_all(box: Simulator, clock: Clock) -> tuple[float, float]:
    """Send all texts, and give when the network had taken the first and the last."""
    async with gateway_of(box, clock) as gateway:
        drafts = [Draft(f"+1555{number:07}", f"Alarm no {number}") for number in range(TEXTS)]
        sendings = await gateway.send_sms(drafts)
        await asyncio.gather(*(sending.wait() for sending in sendings))
    if len(box.outbox) != TEXTS or box.complaints:
        raise RuntimeError(f"{len(box.outbox)} texts of {TEXTS} were sent; {box.complaints[:3]}")
    times = sorted(sent.at for sent in box.outbox)
    return times[0], times[-1]
