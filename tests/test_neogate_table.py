"""All that is promised of a NeoGate, through a real Home Assistant and over real TCP, and back.

`neogate_rows_…` hold the table. It is gone through three times: over a plain connection, and over one that
cuts all that either end writes into segments of one byte, and of seven.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from unittest.mock import patch

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
import pytest

from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient, _Connection
from tests.simulators.neogate_session import Session

from .neogate_bench import Bench, Bus, Row
from .neogate_rows_ports import PORTS
from .neogate_rows_receiving import RECEIVING
from .neogate_rows_sending import SENDING
from .neogate_rows_session import SESSION
from .neogate_rows_ussd import USSD

TABLE: dict[str, Row] = {**SESSION, **PORTS, **SENDING, **RECEIVING, **USSD}


class Longest:
    """How much was read at a time at either end, at most."""

    def __init__(self) -> None:
        self.by_client = self.by_box = 0

    def watch(self, stack: AsyncExitStack) -> None:
        """Look at all that is read from now on."""
        client_read, box_read = TcpClient.received, Session.data_received

        def received(link: TcpClient, connection: _Connection, data: bytes) -> None:
            self.by_client = max(self.by_client, len(data))
            client_read(link, connection, data)

        def data_received(session: Session, data: bytes) -> None:
            self.by_box = max(self.by_box, len(data))
            box_read(session, data)

        stack.enter_context(patch.object(TcpClient, "received", received))
        stack.enter_context(patch.object(Session, "data_received", data_received))


@pytest.fixture
def longest(simulators: AsyncExitStack) -> Longest:
    """Watch what is read at a time."""
    longest = Longest()
    longest.watch(simulators)
    return longest


@pytest.fixture
async def bench(
    hass: HomeAssistant,
    bus: Bus,
    simulators: AsyncExitStack,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Bench]:
    """Make a bench, which a test starts; no entity is disabled there."""
    bench = Bench(hass, bus, simulators, caplog)
    with patch.object(Entity, "entity_registry_enabled_default", True):
        yield bench
    bench.clock.land()
    await hass.config_entries.async_unload(bench.entry.entry_id)


@pytest.mark.parametrize("words", TABLE)
async def test_row(bench: Bench, words: str) -> None:
    await TABLE[words].run(await bench.start(TABLE[words], None))


@pytest.mark.parametrize("size", [1, 7])
@pytest.mark.parametrize("words", TABLE)
async def test_row_in_small_segments(bench: Bench, longest: Longest, words: str, size: int) -> None:
    await TABLE[words].run(await bench.start(TABLE[words], size))
    assert (longest.by_client, longest.by_box) == (size, size)
