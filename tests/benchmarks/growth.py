"""A day of traffic in simulated time: what a gateway holds after each hour.

In the first hour as many texts go out as the box takes, so that whatever remembers a fixed number of things
is full; then one in four minutes from each port, and as many come. All goes through real sockets and a real
store.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
import gc
from pathlib import Path
import sys
import tempfile

from custom_components.gsm_gateway.aiogsm import Draft, Gateway, GatewayError
from custom_components.gsm_gateway.store import BoxStore
from tests import patience  # noqa: F401 - time that flies waits for the store's thread
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator, Ussd
from tests.soak_census import belongings

from .figure import OURS, Figure, Goal, Sense
from .simulated import Clock, free_udp_port, gateway_of, in_simulated_time

HOURS = 24
PORTS = 8
BUSY_TEXTS = {"neogate": 2400, "goip": 4400}
"""Texts of the first hour; the most that any part of a family remembers by number is 2000, and 4096."""

BUSY_ROUND = 15.0
"""Seconds between two texts to each port in the first hour."""

ROUND = 240.0
"""Seconds between two texts of each port in all other hours."""

_HOUR = 3600.0
_LONG = "and what else there is to say of it, " * 8
_PEOPLE = 20
_PERCENT = 100
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
_FOLDER = _IN_MEMORY if _IN_MEMORY.is_dir() else None  # no disk is waited for
_GOALS = (Goal(sense=Sense.AT_MOST, value=1, unit="%"),)


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Live through a day with each family."""
    figures = []
    for name, make in (("NeoGate", _neogate), ("GoIP", _goip)):
        say(name)
        held = await in_simulated_time(partial(_day, make))
        most = max(held[1:])
        figures.append(
            Figure(
                name=f"Growth of a {name} in a day, after its first hour",
                unit="%",
                goals=_GOALS,
                rounds=({OURS: max(most / held[0] - 1, 0.0) * _PERCENT},),
                note=f"{held[0] / 1e6:.2f} MB after an hour, {most / 1e6:.2f} MB at most after that.",
            )
        )
    return figures


def _neogate() -> Simulator:
    return NeoGate(ports=PORTS, line_by_line=False, result_delay=4.0, reboot_time=60.0)


def _goip() -> Simulator:
    server = (LOOPBACK, free_udp_port())
    return GoIP(lines=PORTS, server=server, send_time=3.0, deliver_after=20.0, reboot_time=60.0)


async def _day(make: Callable[[], Simulator], clock: Clock) -> list[int]:
    """Give the bytes that the gateway holds at the end of each hour."""
    held: list[int] = []
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        async with make() as box:
            store = BoxStore(
                Path(folder) / "store.db", clock=clock, on_damaged=lambda _: None, on_full=lambda _: None
            )
            async with gateway_of(box, clock, store) as gateway:
                for hour in range(HOURS):
                    end = asyncio.get_running_loop().time() + _HOUR
                    await (_hour(gateway, box, hour) if hour else _busy_hour(gateway, box))
                    await asyncio.sleep(end - asyncio.get_running_loop().time())
                    _forget(box)
                    held.append(_bytes_of(gateway, box))
    if box.complaints:
        raise RuntimeError(f"the box complains: {box.complaints[:3]}")
    return held


async def _busy_hour(gateway: Gateway, box: Simulator) -> None:
    """Send all that can be sent, and let each port receive more than usual."""
    texts = range(BUSY_TEXTS[box.family])
    await gateway.send_sms([Draft(_person(number), f"Alarm no {number}") for number in texts])
    await _hour(gateway, box, 0, BUSY_ROUND)


async def _hour(gateway: Gateway, box: Simulator, hour: int, every: float = ROUND) -> None:
    """Let texts go and come, ask a balance, have calls come, and lose the box once."""
    for turn in range(round(_HOUR / every) - 5):
        for number, line in enumerate(box.line_names):
            person = _person(7 * turn + number)
            box.receive_sms(line, person, f"Text {hour}.{turn}.{number} {_LONG if turn % 5 == 1 else ''}")
            if hour:
                await gateway.send_sms([Draft(person, f"Answer {hour}.{turn}.{number}")])
        await _happen(gateway, box, turn)
        await asyncio.sleep(every)


async def _happen(gateway: Gateway, box: Simulator, turn: int) -> None:
    line, port = box.line_names[turn % PORTS], [*gateway.state.ports][turn % PORTS]
    match turn % 10:
        case 2:
            box.teach_ussd(line, "*100#", Ussd(text="Balance: 5", delay=3.0))
            with suppress(GatewayError):  # the port may be busy for longer than is waited
                await gateway.send_ussd(port, "*100#")
        case 4 if isinstance(box, GoIP):
            box.ring(line, _person(turn))
            await asyncio.sleep(5)
            box.hang_up(line)
        case 6:
            box.set_signal(line, turn)
        case 8 if turn < 10:  # once an hour
            box.reboot()


def _person(number: int) -> str:
    return f"+1555{number % _PEOPLE:07}"


def _forget(box: Simulator) -> None:
    """Let the box keep nothing of what has happened: only the gateway is to grow."""
    box.received.clear()
    box.sent.clear()
    box.outbox.clear()
    if isinstance(box, NeoGate):
        box.actions.clear()
    if isinstance(box, GoIP):
        for line in box.lines:
            line.received.clear()
            line.sent.clear()
            line.replies_to_keepalives.clear()
            line.pushes.all = [push for push in line.pushes.all if not push.settled]


def _bytes_of(gateway: Gateway, box: Simulator) -> int:
    """Give the bytes of all that belongs to a gateway."""
    gc.collect()
    return sum(sys.getsizeof(one) for one in belongings(gateway, [box]))
