"""Traffic of the box itself, recorded by somebody and said again, with its password and all."""

from itertools import product
from random import Random

from tests.conftest import ALICE, GOIP_ID, STRANGER, Clock, act, box_device, register, state, until
from tests.simulators.simulator import LOOPBACK

from .amounts import amount
from .conftest import Target
from .figures import report
from .meter import metered
from .wire import ELSEWHERE, fire

LATE_IN_ITS_LIFE = 5_000
"""Keepalives that the box has sent before: of some two days."""

KEEPALIVES_OF_AN_HOUR = 120


async def _record(target: Target) -> list[bytes]:
    """Let a box tell all that it can, and give what it said."""
    hass, goip = target.hass, target.box
    target.tap.recorded = recorded = list[bytes]()
    line = goip.line("goip1")
    for signal in (9, 29):
        for name in goip.line_names:
            goip.set_signal(name, signal)
        await register(hass, goip)
        goip.receive_sms("goip1", STRANGER, f"open the gate {signal}")
        goip.ring("goip2", STRANGER)
        goip.answer("goip2")
        goip.hang_up("goip2")
        line.push_cell_info(f"LAC:{signal}")
        line.push_ussd(f"You have {signal} left")
        line.state.remain_time = signal
        line.push_remain()
        await goip.wait_for(lambda: not goip.unacknowledged)
    await until(hass, lambda: target.told()["sms_received"] == 2)
    target.tap.recorded = None
    return recorded


async def _hours_pass(target: Target, clock: Clock, hours: int) -> None:
    """Let the box go on as boxes do, with nothing new to tell."""
    target.hass.loop.slow_callback_duration = float("inf")  # it is the time that passes so fast
    for _ in range(hours * KEEPALIVES_OF_AN_HOUR):
        clock.skip(30)
        for line in target.box.line_names:
            assert await target.box.keepalive(line) == "200"
    await target.hass.async_block_till_done()


async def test_recorded_traffic_said_again(target: Target, clock: Clock) -> None:
    hass, goip = target.hass, target.box
    for line in goip.lines:
        line.count = LATE_IN_ITS_LIFE
    await register(hass, goip)
    recorded = await _record(target)
    told = target.told()
    random, ages = Random(7), (0, 1, amount(1, 11))
    orders = (recorded, recorded[::-1], random.sample(recorded, len(recorded)))

    with metered(hass) as cost:
        for hours in ages:
            await _hours_pass(target, clock, hours)
            shown = target.shown()
            for packets, host in product(orders, (ELSEWHERE, LOOPBACK)):
                await fire(target.tap, packets, goip.server[1], host=host)
                await hass.async_block_till_done()
                assert target.shown() == shown
                assert target.told() == told

    device = box_device(hass, target.entry)
    await act(hass, "send_sms", {"device_id": device, "recipients": ALICE, "message": "Hello"})
    assert [sms.text for sms in goip.outbox] == ["Hello"]  # it was sent to the box, and nowhere else
    cost.assert_bounded()
    times = len(ages) * 2 * len(orders) * len(recorded)
    report(
        "replayed", times, 0, cost, seen=f"{sum(ages)} hours later at the most; the box is still spoken to"
    )


async def test_a_recorded_start_is_corrected_by_the_next_keepalive(target: Target, clock: Clock) -> None:
    """The one thing that cannot be told from the truth: whoever starts anew says so by its count alone."""
    hass, goip, signal = target.hass, target.box, f"{GOIP_ID}_goip1_signal_strength"
    target.tap.recorded = recorded = list[bytes]()
    goip.set_signal("goip1", 9)
    await register(hass, goip, "goip1")
    target.tap.recorded = None
    goip.set_signal("goip1", 29)
    await _hours_pass(target, clock, 1)
    assert state(hass, "sensor", signal) == "-55"

    await fire(target.tap, recorded, goip.server[1])
    await hass.async_block_till_done()
    assert state(hass, "sensor", signal) == "-95"

    await register(hass, goip, "goip1")
    assert state(hass, "sensor", signal) == "-55"
