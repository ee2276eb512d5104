"""What a dialog has the driver keep before it goes on."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import (
    Keep,
    Send,
)
from custom_components.gsm_gateway.aiogsm.records import Departing

from .clocks import StoppedClock, turns_of_the_loop
from .driver_stage import (
    NOW,
    OTHER,
    Bench,
    driving,
)


@pytest.fixture
async def bench(stopped_clock: StoppedClock) -> AsyncIterator[Bench]:
    async with driving(stopped_clock) as bench:
        yield bench


def departing(name: str, gateway: str = "box") -> Departing:
    return Departing(gateway=gateway, message_id=name)


def keep(name: str, gateway: str = "box") -> Keep[str]:
    """Keep something, and tell what came of it by a packet."""
    return Keep(
        departing(name, gateway), lambda durable, now: [Send(f"{name} {durable} {now}".encode(), "a")]
    )


async def test_what_follows_is_done_when_the_record_is_durable_and_not_before(bench: Bench) -> None:
    bench.perform(keep("x"))
    await turns_of_the_loop()
    assert bench.log == [departing("x")]
    bench.clock.now += 5
    await bench.disk.finish()
    assert bench.log[1:] == [Send(f"x True {NOW + 5}".encode(), "a")]


async def test_it_is_told_when_the_record_cannot_be_durable(bench: Bench) -> None:
    bench.perform(keep("x"))
    await turns_of_the_loop()
    await bench.disk.finish(durable=False)
    assert bench.log[1:] == [Send(f"x False {NOW}".encode(), "a")]


async def test_nothing_else_waits_for_a_record(bench: Bench) -> None:
    bench.perform(keep("x"), Send(b"at once", "a"))
    assert bench.log == [departing("x"), Send(b"at once", "a")]
    await turns_of_the_loop()
    await bench.disk.finish()


async def test_records_are_kept_in_the_order_in_which_they_are_asked_for(bench: Bench) -> None:
    bench.perform(keep("x"), keep("y"))
    bench.perform(keep("z"))
    await turns_of_the_loop()
    assert bench.log == [departing("x"), departing("y"), departing("z")]
    for _ in range(3):
        await bench.disk.finish()


async def test_a_record_may_lead_to_another(bench: Bench) -> None:
    bench.perform(Keep(departing("x"), lambda _durable, _now: [keep("y")]))
    await turns_of_the_loop()
    await bench.disk.finish()
    assert bench.log == [departing("x"), departing("y")]
    await bench.disk.finish()
    assert bench.log[2:] == [Send(f"y True {NOW}".encode(), "a")]


async def test_a_deadline_that_a_record_leads_to_is_kept(bench: Bench) -> None:
    bench.perform(keep("x"))
    await turns_of_the_loop()
    bench.script.due = NOW + 1
    await bench.disk.finish()
    bench.script.due = None
    await bench.clock.move(1)
    assert bench.ticks() == [NOW + 1]


async def test_a_gateway_is_let_go_when_its_records_are_kept(bench: Bench) -> None:
    bench.attach(OTHER)
    bench.perform(keep("x"), keep("y", gateway="other"))
    await turns_of_the_loop()
    leaving = asyncio.create_task(bench.driver.detach("box"))
    await turns_of_the_loop()
    assert not leaving.done()
    await bench.disk.finish()
    assert leaving.done()
    assert bench.log[-1] == Send(f"x True {NOW}".encode(), "a")
    await bench.disk.finish()
    assert bench.log[-1] == Send(f"y True {NOW}".encode(), "a")


async def test_what_is_kept_in_taking_leave_is_waited_for_too(bench: Bench) -> None:
    bench.script.steps["detach"] = [keep("x")]
    leaving = asyncio.create_task(bench.driver.detach("box"))
    await turns_of_the_loop()
    assert not leaving.done()
    await bench.disk.finish()
    assert leaving.done()
