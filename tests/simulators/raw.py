"""Plain peers of the simulators: they check bytes where no library stands between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast, override

from .goip import GoIP
from .neogate import NeoGate
from .simulator import LOOPBACK

LOGIN = b"Action: Login\r\nUsername: apiuser\r\nSecret: apipass\r\n\r\n"
BANNER = b"Asterisk Call Manager/1.1\r\n"
ACCEPTED = b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"
PATIENCE = 2.0


class Client:
    """A TCP peer that reads whole messages."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take an open connection."""
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes) -> bytes:
        """Write, and return the next message."""
        self.writer.write(data)
        return await self.message()

    async def run(self, command: str) -> bytes:
        """Run a command line, and return the next message."""
        return await self.ask(b"Action: smscommand\r\ncommand: " + command.encode() + b"\r\n\r\n")

    async def message(self) -> bytes:
        """Return the next message, its empty line included."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """Return everything until the box closes the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()


@asynccontextmanager
async def connected(box: NeoGate, *, login: bytes = LOGIN) -> AsyncIterator[Client]:
    """Connect to a box, read its banner, and log in unless `login` is empty."""
    reader, writer = await asyncio.open_connection(LOOPBACK, box.port)
    try:
        client = Client(reader, writer)
        if await reader.readline() != BANNER:
            raise AssertionError("no banner")
        if login and await client.ask(login) != ACCEPTED:
            raise AssertionError("login refused")
        yield client
    finally:
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


class Server(asyncio.DatagramProtocol):
    """A UDP peer that answers keepalives with `status`, unless that is empty, and keeps the rest."""

    def __init__(self) -> None:
        """Start with no packet."""
        self.keepalives: list[bytes] = []
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()
        self.status = "200"
        self.line = (LOOPBACK, 0)
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.DatagramTransport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that the socket is gone."""
        self.gone.set_result(None)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a keepalive, keep another packet, and remember who sent it."""
        self.line = addr
        if not data.startswith(b"req:"):
            self.packets.put_nowait(data)
            return
        self.keepalives.append(data)
        if self.status:
            count = data.split(b";")[0].removeprefix(b"req:").decode()
            self.say(f"reg:{count};status:{self.status};")

    def say(self, text: str) -> None:
        """Send a packet to the line heard last."""
        if self._transport is not None:
            self._transport.sendto(text.encode(), self.line)

    async def ask(self, text: str) -> str:
        """Send a packet, and return the next one that is no keepalive."""
        self.say(text)
        return await self.packet()

    async def packet(self) -> str:
        """Return the next packet that is no keepalive."""
        async with asyncio.timeout(PATIENCE):
            return (await self.packets.get()).decode()


@asynccontextmanager
async def registered(box: GoIP) -> AsyncIterator[Server]:
    """Run a server where the box looks for one, start the box, and let every line register once."""
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(Server, local_addr=(LOOPBACK, 0))
    box.server = transport.get_extra_info("sockname")
    try:
        async with box:
            for line in box.line_names:
                await box.keepalive(line)
            yield server
    finally:
        transport.close()
        await server.gone
