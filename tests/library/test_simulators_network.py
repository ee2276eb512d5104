"""The bad network and the fast clock: what they do is what they promise, and the same each time."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator
import time

import pytest

from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.lossy import Lossy
from tests.simulators.raw import Server, registered

pytestmark = pytest.mark.usefixtures("socket_enabled")

HOUR = 3600.0


@pytest.fixture
def clock() -> Iterator[fast_time.FastClock]:
    """Let this test's time fly."""
    clock = fast_time.let_it_fly(asyncio.get_event_loop())
    yield clock
    clock.land()


async def test_hours_pass_in_a_moment_and_in_order(clock: fast_time.FastClock) -> None:
    began, real = clock.time(), time.monotonic()
    order: list[float] = []

    async def wait(seconds: float) -> None:
        await asyncio.sleep(seconds)
        assert clock.time() - began == pytest.approx(seconds)
        order.append(seconds)

    await asyncio.gather(*(wait(seconds) for seconds in (HOUR, 5.0, 24 * HOUR, 0.3)))

    assert order == [0.3, 5.0, HOUR, 24 * HOUR]
    assert time.monotonic() - real < 5


async def test_time_stands_still_while_something_is_to_be_done(clock: fast_time.FastClock) -> None:
    began = clock.time()
    timer = asyncio.create_task(asyncio.sleep(0.01))

    await asyncio.to_thread(time.sleep, 0.1)

    assert clock.time() == began
    for _ in range(100):
        await asyncio.sleep(0)
    assert not timer.done()
    await timer
    assert clock.time() - began == pytest.approx(0.01)


async def test_time_lands_gently(clock: fast_time.FastClock) -> None:
    await asyncio.sleep(HOUR)
    before, real = clock.time(), time.monotonic()
    clock.land()
    await asyncio.sleep(0.05)
    assert 0.05 <= clock.time() - before <= time.monotonic() - real + 0.01


async def test_packets_between_sockets_take_no_time(clock: fast_time.FastClock) -> None:
    box = one_line()
    async with registered(box) as server:
        began = clock.time()
        for sendid in range(1, 1001):
            assert await server.ask(f"get_imei {sendid} password1") == f"get_imei {sendid} 867495023958030"
        assert clock.time() == began
        assert clock.jumps == 0


async def test_a_box_lives_by_the_fast_clock(clock: fast_time.FastClock) -> None:
    box = one_line(keepalive_interval=30.0)
    async with registered(box) as server:
        began = clock.time()
        push = box.lines[0].push_state("IDLE")
        await box.wait_for(lambda: push.given_up, within=60)
        assert (push.times, clock.time() - began) == (4, pytest.approx(12))
        await asyncio.sleep(HOUR)
        assert len(server.keepalives) == pytest.approx(HOUR / 30, abs=2)


def one_line(**options: float | None) -> GoIP:
    """Return a box of one line whose keepalives are left to the test."""
    return GoIP(**{"lines": 1, "keepalive_interval": None, **options})  # type: ignore[arg-type]


async def heard_over_it(seed: int, asked: Iterable[str]) -> tuple[list[str], Lossy]:
    """Ask a box over a bad network, each question once a second, and give all that comes back."""
    box = one_line()
    heard: list[str] = []
    async with registered(box) as server:
        async with Lossy(box, seed=seed) as network:
            for question in asked:
                server.say(question)
                await asyncio.sleep(1)
                heard += in_hand(server)
        return heard, network


def in_hand(server: Server) -> list[str]:
    return [server.packets.get_nowait().decode() for _ in range(server.packets.qsize())]


async def test_a_seed_decides_all(clock: fast_time.FastClock) -> None:
    asked = [f"get_imei {sendid} password1" for sendid in range(1, 101)]

    first, network = await heard_over_it(1, asked)
    again, network_again = await heard_over_it(1, asked)
    other, _ = await heard_over_it(2, asked)

    assert first == again != other
    assert network.counts == network_again.counts
    assert clock.jumps


async def test_the_rates(clock: fast_time.FastClock) -> None:
    asked = [f"get_imei {sendid} password1" for sendid in range(1, 501)]

    heard, network = await heard_over_it(1, asked)

    counts = network.counts
    assert counts.lost == pytest.approx(0.2 * counts.packets, rel=0.25)
    assert counts.doubled == pytest.approx(0.2 * (counts.packets - counts.lost), rel=0.25)
    assert counts.overtaken + counts.late == pytest.approx(
        0.2 * (counts.packets - counts.lost + counts.doubled), rel=0.25
    )
    times = Counter(heard)
    assert set(times.values()) > {1, 2}
    assert 0.8**2 * 500 * 0.9 < len(times) < 500


async def test_no_packet_is_lost_twice(clock: fast_time.FastClock) -> None:
    box = one_line()
    async with (
        registered(box) as server,
        Lossy(box, seed=1, loss=1.0, duplication=0.0, reordering=0.0) as path,
    ):
        server.say("get_imei 1 password1")
        server.say("get_imei 1 password1")  # acted upon, but the answer is lost
        assert await server.ask("get_imei 1 password1") == "get_imei 1 867495023958030"
        assert await server.ask("get_imei 1 password1") == "get_imei 1 867495023958030"
        assert (path.counts.packets, path.counts.lost, path.counts.spared) == (7, 2, 5)


async def test_a_keepalive_is_not_lost_twice_in_a_row(clock: fast_time.FastClock) -> None:
    box = one_line()
    async with registered(box) as server, Lossy(box, seed=1, loss=1.0, duplication=0.0, reordering=0.0):
        answers = [await box.keepalive("goip1") for _ in range(8)]
        assert answers == [None, None, None, "200"] * 2  # lost; its answer lost; lost; both there
        assert len(server.keepalives) == 1 + 4


async def test_packets_are_overtaken(clock: fast_time.FastClock) -> None:
    box = one_line()
    async with registered(box) as server:
        async with Lossy(box, seed=1, loss=0.0, duplication=0.0, reordering=0.5) as path:
            asked = list(range(1, 51))
            for sendid in asked:
                server.say(f"get_imei {sendid} password1")
            heard = [int((await server.packet()).split()[1]) for _ in asked]
        assert sorted(heard) == asked != heard
        assert path.counts.overtaken > 10
        assert path.counts.late < 5


async def test_what_is_on_its_way_at_the_end_is_lost(clock: fast_time.FastClock) -> None:
    box = one_line()
    async with registered(box) as server:
        async with Lossy(box, seed=1, loss=0.0, duplication=0.0, reordering=1.0):
            server.say("get_imei 1 password1")
            await asyncio.sleep(0.1)
        await asyncio.sleep(1)
        assert box.lines[0].received == [b"reg:1;status:200;"]
        assert await server.ask("get_imei 2 password1") == "get_imei 2 867495023958030"
