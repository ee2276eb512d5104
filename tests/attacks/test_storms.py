"""Everything is lost at once, and back at once; or nothing answers; or nobody says that it is gone.

Time flies here (`fast_time`): minutes and hours are those of the event loop, which boxes and Home Assistant
share, and cost a moment.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
import errno
import os
import socket
from typing import Any
from unittest.mock import patch

from homeassistant.core import Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.conftest import (
    ALICE,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    act,
    box_device,
    goip_data,
    neogate_data,
    run,
    seen,
    set_up,
    state,
)
from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator

from .amounts import amount
from .figures import report
from .meter import metered

type Bus = dict[str, list[Event[Any]]]

AWAY = 120.0
"""Seconds: longer than it takes to notice that a GoIP is gone."""

LONG = 1000.0

HOUR = 3600.0


@pytest.fixture(autouse=True)
def _time_flies(hass: HomeAssistant, socket_enabled: None) -> None:
    fast_time.let_it_fly(hass.loop)
    hass.loop.slow_callback_duration = float("inf")


@dataclass(slots=True)
class Site:
    """All boxes and their entries. ``back`` is when each NeoGate was logged in to, by the loop's clock."""

    neogates: list[tuple[NeoGate, MockConfigEntry]]
    goips: list[tuple[GoIP, MockConfigEntry]]
    back: list[float]

    @property
    def all(self) -> list[tuple[Simulator, MockConfigEntry]]:
        """Boxes of both families."""
        return [*self.neogates, *self.goips]

    def connected(self, hass: HomeAssistant) -> int:
        """How many entries show that their box is there."""
        shown = (state(hass, "binary_sensor", f"{entry.unique_id}_connection") for _, entry in self.all)
        return sum(one == "on" for one in shown)

    async def vanish(self) -> None:
        """Switch all of them off."""
        for neogate, _ in self.neogates:
            neogate.stop_listening()
        await asyncio.gather(*(neogate.drop_sessions() for neogate, _ in self.neogates))
        await asyncio.gather(*(goip.stop() for goip, _ in self.goips))

    async def return_(self) -> None:
        """Switch all of them on."""
        self.back.clear()
        await asyncio.gather(*(box.start() for box, _ in self.all))


async def _build(hass: HomeAssistant, simulators: AsyncExitStack, udp_port: int, each: int) -> Site:
    """Set up so many boxes of each family; the GoIPs share a port."""
    site = Site([], [], [])

    def _on_event(text: str) -> None:
        if text == "neogate: logged in":
            site.back.append(hass.loop.time())

    for number in range(each):
        neogate = NeoGate(ports=2, line_by_line=False, on_event=_on_event)
        for span in neogate.spans.values():
            span.imei = f"{10**14 + 100 * number + span.port}"
        await run(simulators, neogate)
        goip = await run(simulators, GoIP(lines=2, prefix=f"box{number}_", server=(LOOPBACK, udp_port)))
        for family, box, data in (
            ("neogate", neogate, neogate_data(neogate, notify_name=f"neogate{number}")),
            ("goip", goip, goip_data(udp_port, *goip.line_names, notify_name=f"goip{number}")),
        ):
            name = f"{family}_{number}"
            entry = MockConfigEntry(domain=DOMAIN, title=name, unique_id=name, data=data)
            entry.add_to_hass(hass)
            await set_up(hass, entry)
            (site.neogates if family == "neogate" else site.goips).append((box, entry))  # type: ignore[arg-type]
    await seen(hass, lambda: site.connected(hass) == 2 * each, LONG)
    return site


def _most_within(moments: list[float], seconds: float) -> int:
    """Give how many of the moments lie within so many seconds, where that is most."""
    return max(sum(one <= other < one + seconds for other in moments) for one in moments)


async def test_all_boxes_lost_and_back_at_once(
    hass: HomeAssistant, simulators: AsyncExitStack, udp_port: int, bus: Bus
) -> None:
    each = amount(3, 25)
    site = await _build(hass, simulators, udp_port, each)
    data = {"recipients": ALICE, "message": "Hello", "wait": False}
    with metered(hass) as cost:
        await site.vanish()
        await seen(hass, lambda: not site.connected(hass), AWAY)
        for _, entry in site.all:
            await act(hass, "send_sms", {"device_id": box_device(hass, entry), **data})
        await asyncio.sleep(AWAY)
        begin = hass.loop.time()
        await site.return_()
        await seen(hass, lambda: site.connected(hass) == 2 * each, LONG)
        took = hass.loop.time() - begin
        for box, _ in site.all:
            box.receive_sms(box.line_names[0], STRANGER, "I am back")
        await seen(hass, lambda: len(bus["sms_received"]) == 2 * each, LONG)
        await seen(hass, lambda: all(box.outbox for box, _ in site.all), LONG)
        await asyncio.sleep(HOUR)

    assert [[sms.text for sms in box.outbox] for box, _ in site.all] == [["Hello"]] * 2 * each
    assert len(bus["sms_received"]) == 2 * each
    assert sum(event.data["status"] == "sent" for event in bus["sms_status"]) == 2 * each
    logins = sorted(site.back)[:each]
    within = _most_within(logins, 0.1)
    assert within <= max(each // 4, 2)  # so they come one by one
    cost.assert_bounded(logged=2 * 2 * each)  # of each that it is lost, and that it is back
    spread = f"NeoGates back over {logins[-1] - logins[0]:.0f} s, {within} at most within 0.1 s"
    report("storm", 2 * each, 0, cost, seen=f"all back after {took:.0f} s; {spread}; {cost.cpu:.1f} s of CPU")


def _unknown_host(*_: object, **__: object) -> object:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _without_a_route(number: int) -> Callable[..., object]:
    def _raise(*_: object, **__: object) -> object:
        raise OSError(number, os.strerror(number))

    return _raise


TROUBLES: tuple[tuple[str, str, Callable[..., object]], ...] = (
    ("host unknown", "_ensure_resolved", _unknown_host),
    ("no route", "sock_connect", _without_a_route(errno.EHOSTUNREACH)),
    ("no network", "sock_connect", _without_a_route(errno.ENETUNREACH)),
    ("refused", "sock_connect", _without_a_route(errno.ECONNREFUSED)),
    ("no socket left", "sock_connect", _without_a_route(errno.EMFILE)),
)


async def test_no_way_there(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    """It is tried again and again, ever less often, and said once."""
    connection, tried = f"{NEOGATE_IMEI}_connection", 0
    with metered(hass) as cost:
        for words, where, fail in TROUBLES:
            with patch.object(hass.loop, where, side_effect=fail) as failing:
                await neogate.drop_sessions()
                await asyncio.sleep(HOUR)
                assert state(hass, "binary_sensor", connection) == "off", words
                assert 12 <= failing.call_count <= 40, words
                tried += failing.call_count
            await seen(hass, lambda: state(hass, "binary_sensor", connection) == "on", 400)
    cost.assert_bounded(logged=2 * len(TROUBLES))
    report("route", tried, 0, cost, seen=f"tries in {len(TROUBLES)} hours; back by itself within 5 minutes")


async def test_half_open(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    goip: GoIP,
    goip_entry: MockConfigEntry,
) -> None:
    """The other side is gone, and no packet says so."""
    goip.keepalive_interval = 30.0
    await set_up(hass, goip_entry)
    for line in goip.lines:
        line.send_keepalive()
    connections = {"NeoGate": f"{NEOGATE_IMEI}_connection", "GoIP": f"{GOIP_ID}_connection"}
    await seen(hass, lambda: state(hass, "binary_sensor", connections["GoIP"]) == "on", LONG)
    noticed: dict[str, float] = {}
    with metered(hass) as cost:
        begin = hass.loop.time()
        neogate.silent = True
        neogate.fall_silent()
        for line in goip.lines:
            await line.stop()
        for name, connection in sorted(connections.items(), reverse=True):
            await seen(hass, lambda: state(hass, "binary_sensor", connection) == "off", LONG)  # noqa: B023
            noticed[name] = hass.loop.time() - begin
        neogate.silent = False
        neogate.forget_silent()
        await asyncio.gather(*(line.start() for line in goip.lines))
        for connection in connections.values():
            await seen(hass, lambda: state(hass, "binary_sensor", connection) == "on", LONG)  # noqa: B023
    assert noticed["NeoGate"] <= 35
    assert noticed["GoIP"] <= 95
    cost.assert_bounded()
    words = ", ".join(f"{name} after {seconds:.0f} s" for name, seconds in noticed.items())
    report("half-open", 2, 0, cost, seen=f"noticed: {words}")
