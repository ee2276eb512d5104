"""Any number of GoIP lines that keep alive evenly, one in 30 s each, on the loop of the benchmark."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
import re
from typing import cast, override

from .goip_load import ANSWERS, keepalive

EVERY = 30.0
"""Seconds between two keepalives of a line."""

_SETTLING = 1.0
_ANSWER_WITHIN = 2.0
_ANSWERED = 0.99
_ASKED = re.compile(rb"[a-z_A-Z]+ (\d+)")


class Pulse(asyncio.DatagramProtocol):
    """So many lines behind one address. Whatever else the box is asked, it does not know."""

    def __init__(self, lines: int) -> None:
        """Begin with none that has been heard."""
        self._lines = lines
        self._counts = [0] * lines
        self._next = 0
        self._heard = asyncio.Event()
        self.sent = self.answered = 0

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(ANSWERS):
            self.answered += 1
            self._heard.set()
        elif asked := _ASKED.match(data):
            self._transport.sendto(b"ERROR %s unknown" % asked[1])

    async def begin(self) -> None:
        """Let every line be heard, one after the other, and the other side learn of them."""
        for line in range(self._lines):
            self._heard.clear()
            while not self._heard.is_set():  # a datagram may be lost in a full buffer
                self._beat(line)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ANSWER_WITHIN):
                        await self._heard.wait()
        await asyncio.sleep(_SETTLING)

    async def keep_alive(self, seconds: float) -> None:
        """Let all lines in turn keep alive for a while. Raise RuntimeError where answers are missing."""
        loop = asyncio.get_running_loop()
        begin, sent, answered = loop.time(), self.sent, self.answered
        for number in range(round(seconds * self._lines / EVERY)):
            await asyncio.sleep(begin + number * EVERY / self._lines - loop.time())
            self._beat(self._next)
            self._next = (self._next + 1) % self._lines
        await asyncio.sleep(begin + seconds - loop.time())
        if self.answered - answered < _ANSWERED * (self.sent - sent):
            raise RuntimeError(f"{self.sent - sent} keepalives, {self.answered - answered} answers")

    async def keep_alive_for_ever(self) -> None:
        """Let all lines in turn keep alive until cancelled."""
        while True:
            await self.keep_alive(EVERY)

    def _beat(self, line: int) -> None:
        self._counts[line] += 1
        self.sent += 1
        self._transport.sendto(keepalive(self._counts[line], line))


@asynccontextmanager
async def pulse(lines: int, port: int) -> AsyncIterator[Pulse]:
    """Give lines that register at a port of 127.0.0.1."""
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: Pulse(lines), remote_addr=("127.0.0.1", port)
    )
    try:
        yield protocol
    finally:
        transport.close()
