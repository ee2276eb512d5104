"""Every request and push of the GoIP's protocol, through Home Assistant and over real UDP, and back.

`goip_rows_…` hold the table: a row for each, by the words of the protocol. It is gone through twice, over a
network without faults and over one that loses, doubles and mixes up a fifth of all packets in each direction.
Then all rows are gone through at the same time, on several lines and each in an order of its own, so that no
answer may be taken for another.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from random import Random
from unittest.mock import patch
import zlib

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators import fast_time
from tests.simulators.goip import GoIP
from tests.simulators.lossy import Lossy
from tests.simulators.simulator import LOOPBACK

from .conftest import DOMAIN, contacts, goip_data, set_up
from .goip_bench import Bus, Port, Row
from .goip_rows_box import BOX
from .goip_rows_pushes import PUSHES
from .goip_rows_requests import REQUESTS
from .goip_rows_texts import TEXTS

TABLE: dict[str, Row] = {**REQUESTS, **PUSHES, **TEXTS}
EVERY_ROW = {**TABLE, **BOX}
LINES = ("goip1", "goip2", "goip3")
OWN_PASSWORD = {"goip3": "another1"}

FAULTS_OF_THE_NETWORK = (
    "answers no keepalive",
    "USSD repeated while it was being dialled",
    "did not grow",
    "SEND before the last number was settled",
    "DONE while a number waits",
)
"""What looks, at the line's end, as if the integration had done wrong, where packets come twice or late."""


class Bench:
    """A GoIP of three lines, one of them with a password of its own, and Home Assistant with its entry."""

    def __init__(self, hass: HomeAssistant, bus: Bus, stack: AsyncExitStack, udp_port: int) -> None:
        """Make the box and the entry; nothing runs yet."""
        self.clock = fast_time.let_it_fly(asyncio.get_running_loop())
        self.hass, self.bus = hass, bus
        self.network: Lossy | None = None
        self._stack = stack
        self.box = GoIP(
            lines=len(LINES),
            server=(LOOPBACK, udp_port),
            passwords=OWN_PASSWORD,
            keepalive_interval=None,
            send_time=2.0,
            cells_time=3.0,
            reboot_time=20.0,
        )
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="GoIP",
            unique_id=f"{udp_port}_goip1",
            data=goip_data(udp_port, *LINES),
            options={"passwords": OWN_PASSWORD, "allow_set_imei": True},
            subentries_data=contacts(),
        )

    async def start(self, *, seed: int | None) -> None:
        """Set the entry up and let the lines register, over a bad network if there is a seed for one."""
        await self._stack.enter_async_context(self.box)
        self.entry.add_to_hass(self.hass)
        await set_up(self.hass, self.entry)
        assert self.entry.state is ConfigEntryState.LOADED
        if seed is not None:
            self.network = await self._stack.enter_async_context(Lossy(self.box, seed=seed))
        self.box.keepalive_interval = 30.0
        for line in self.box.lines:
            line.send_keepalive()
        ports = [self.port(name) for name in LINES]
        for port in ports:
            await port.until(lambda port=port: port.line.accepted and port.shows("status") == "ready")
        await ports[0].a_while()

    def port(self, name: str) -> Port:
        """Look at one of the lines."""
        return Port(self.hass, self.entry, self.box, name, self.bus, good=self.network is None)

    def assert_clean(self) -> None:
        """Every push is acknowledged, and the box has nothing to complain of but its network."""
        pushes = [push for line in self.box.lines for push in line.pushes.all]
        assert [push for push in pushes if push.answer != "OK"] == []
        allowed = FAULTS_OF_THE_NETWORK if self.network else ()
        complaints = [text for text in self.box.complaints if not any(fault in text for fault in allowed)]
        assert complaints == []


@pytest.fixture
async def bench(
    hass: HomeAssistant, bus: Bus, simulators: AsyncExitStack, socket_enabled: None, udp_port: int
) -> AsyncIterator[Bench]:
    """Make a bench, which a test starts; no entity is disabled there."""
    bench = Bench(hass, bus, simulators, udp_port)
    with patch.object(Entity, "entity_registry_enabled_default", True):
        yield bench
    bench.clock.land()
    await hass.config_entries.async_unload(bench.entry.entry_id)


@pytest.mark.parametrize("words", EVERY_ROW)
async def test_row(bench: Bench, words: str) -> None:
    await bench.start(seed=None)
    port = bench.port("goip3")
    port.begin()
    await EVERY_ROW[words](port)
    bench.assert_clean()


@pytest.mark.parametrize("words", EVERY_ROW)
async def test_row_over_a_bad_network(bench: Bench, words: str) -> None:
    await bench.start(seed=zlib.crc32(words.encode()))
    port = bench.port("goip1")
    port.begin()
    await EVERY_ROW[words](port)
    bench.assert_clean()


@pytest.mark.parametrize("seed", [1, 2])
async def test_all_rows_at_the_same_time_over_a_bad_network(bench: Bench, seed: int) -> None:
    await bench.start(seed=seed)

    async def go_through(name: str) -> None:
        port = bench.port(name)
        for words in Random(f"{seed} {name}").sample(list(TABLE), len(TABLE)):
            port.begin()
            await TABLE[words](port)
            await port.settle()

    async with asyncio.TaskGroup() as group:
        for name in LINES:
            group.create_task(go_through(name))
    bench.assert_clean()
    assert bench.network is not None
    counts = bench.network.counts
    assert min(counts.lost, counts.doubled, counts.overtaken) > 100
