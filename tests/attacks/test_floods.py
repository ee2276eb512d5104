"""Floods of datagrams, while the box goes on with its work."""

import asyncio
from collections.abc import Callable, Iterator
from random import Random
import threading

import pytest

from tests.conftest import ALICE, STRANGER, act, box_device

from .amounts import amount
from .conftest import Target
from .figures import report
from .meter import metered
from .wire import IN_FLIGHT, fire

_TOLD = "signal:1;gsm_status:LOGOUT;voip_status:LOGOUT;remain_time:0;pro:\N{GRINNING FACE};"


def wrong_password(count: int) -> Iterator[bytes]:
    """Give keepalives of a known line, each with another password, so that none is like the one before."""
    return (f"req:{nr};id:goip1;pass:{nr};{_TOLD}".encode() for nr in range(count))


def unknown(count: int) -> Iterator[bytes]:
    """Give keepalives of so many lines, as long as they may be and made to take much memory."""
    filling = "x" * 3900
    return (f"req:{nr};id:line{nr};pass:{nr};{_TOLD}{filling}".encode() for nr in range(count))


def oversized(count: int) -> Iterator[bytes]:
    """Give texts longer than any honest one, with the right password."""
    begin = "RECEIVE:{};id:goip1;password:password1;srcnum:+1555;msg:"
    return (f"{begin.format(nr)}{'x' * 8000}".encode() for nr in range(count))


def garbage(count: int) -> Iterator[bytes]:
    """Give anything."""
    random = Random(5)
    return (random.randbytes(random.randrange(600)) for _ in range(count))


def _and_on(packets: Callable[[int], Iterator[bytes]], count: int, over: threading.Event) -> Iterator[bytes]:
    """Give so many packets, and further ones until it is over."""
    yield from packets(count)
    while not over.is_set():
        yield from packets(100)


@pytest.mark.parametrize(
    ("row", "packets", "in_flight"),
    [
        ("flood-password", wrong_password, IN_FLIGHT),
        ("flood-unknown", unknown, IN_FLIGHT // 10),
        ("flood-oversized", oversized, IN_FLIGHT // 10),
        ("flood-garbage", garbage, IN_FLIGHT),
    ],
)
async def test_a_flood(
    target: Target, row: str, packets: Callable[[int], Iterator[bytes]], in_flight: int
) -> None:
    hass, goip, tap = target.hass, target.box, target.tap
    shown, count = target.shown(), tap.count
    data = {"device_id": box_device(hass, target.entry), "recipients": ALICE, "message": "I go out"}
    over = threading.Event()
    flood = _and_on(packets, amount(5_000, 100_000), over)
    with metered(hass) as cost:
        flooding = asyncio.ensure_future(fire(tap, flood, goip.server[1], in_flight=in_flight))
        await asyncio.sleep(0.05)
        goip.receive_sms("goip2", STRANGER, "I come in between")
        await act(hass, "send_sms", data)
        over.set()
        got = await flooding
        await hass.async_block_till_done()
    count = tap.count - count

    assert [event.data["message"] for event in target.bus["sms_received"]] == ["I come in between"]
    assert [sms.text for sms in goip.outbox] == ["I go out"]
    assert got.others == []
    changed = {name for name, told in target.shown().items() if told != shown.get(name)}
    assert all("sent" in name or name.startswith("event.") for name in changed)
    cost.assert_bounded()
    speed = f"{cost.cpu / count * 1e6:.0f} µs of CPU each"
    report(row, count, 0, cost, seen=f"a text each way meanwhile; {speed}")
