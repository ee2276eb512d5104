"""The floor: an integration with nothing but what it cannot do without.

By what an entry is to be: ``goip`` answers every keepalive with the same bytes, and ``neogate`` dials; both
commit what else comes as it is, then fire one and the same event. ``entities`` has entities that never
change.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import sqlite3
from typing import cast, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant

PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]
EVENT = "bench_bare_received"
EVENT_DATA = {"text": "The door of the shed is open"}
ANSWER = b"reg:1;status:200;"
END_OF_EVENT = b"--END SMS EVENT--\r\n\r\n"


class Shelf:
    """Keeps bytes in SQLite, durably, in a thread of its own."""

    def __init__(self, path: Path) -> None:
        """Keep them in this file."""
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._path = path

    async def open(self) -> None:
        """Open the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    def _open(self) -> None:
        self._db = sqlite3.connect(self._path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE texts (seq INTEGER PRIMARY KEY, data BLOB)")

    def keep(self, data: bytes, then: Callable[[], None]) -> None:
        """Keep some bytes, and go on once they are durable."""
        kept = asyncio.get_running_loop().run_in_executor(self._thread, self._keep, data)
        kept.add_done_callback(lambda _: then())

    def _keep(self, data: bytes) -> None:
        self._db.execute("INSERT INTO texts (data) VALUES (?)", (data,))


class Datagrams(asyncio.DatagramProtocol):
    """Answers keepalives; everything else is a text."""

    def __init__(self, on_text: Callable[[bytes], None]) -> None:
        """Hand each text on."""
        self._on_text = on_text

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(b"req:"):
            self._transport.sendto(ANSWER, addr)
        else:
            self._on_text(data)


class Stream(asyncio.Protocol):
    """Cuts a stream where texts end."""

    def __init__(self, on_text: Callable[[bytes], None]) -> None:
        """Hand each text on."""
        self._on_text = on_text
        self._buffer = b""

    @override
    def data_received(self, data: bytes) -> None:
        *texts, self._buffer = (self._buffer + data).split(END_OF_EVENT)
        for text in texts:
            self._on_text(text)


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Open what the entry is about."""
    if entry.data["kind"] == "entities":
        await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
        return True
    shelf = Shelf(Path(hass.config.path(f".storage/bench_bare.{entry.entry_id}.db")))
    await shelf.open()

    def _on_text(data: bytes) -> None:
        shelf.keep(data, lambda: hass.bus.async_fire(EVENT, EVENT_DATA))

    address = ("127.0.0.1", entry.data["port"])
    if entry.data["kind"] == "goip":
        await hass.loop.create_datagram_endpoint(lambda: Datagrams(_on_text), local_addr=address)
    else:
        await hass.loop.create_connection(lambda: Stream(_on_text), *address)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Take the entities away; nothing else is ever unloaded here."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
