"""A path between a TCP client and a box that cuts everything into small segments, in both directions.

    async with NeoGate() as box, Chopper(box.port, size=1) as path:
        ...  # a client of path.port speaks to the box

What arrives is passed on `size` bytes at a time, each piece only when the loop has had the time to hand the
one before to whoever reads it, so that none are put together again on the way. No time passes by that.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Self, cast, override

from .simulator import LOOPBACK

_TURNS_OF_THE_LOOP = 2  # in the first after a write the far end is seen to be readable, and reads


class _End(asyncio.Protocol):
    """One end of a connection. What it receives goes out at the other, piece by piece."""

    def __init__(self, path: Chopper) -> None:
        self._path = path
        self._transport: asyncio.Transport | None = None
        self._outgoing: deque[bytes] = deque()
        self._writing = False
        self._ending = False
        self.other: _End | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._path.ends.add(self)
        if self.other is None:
            self._path.dial(self)
        else:
            self._begin()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._path.ends.discard(self)
        self.closed.set_result(None)
        if self.other is not None:
            self.other.end()

    @override
    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.write(data)

    def join(self, other: _End) -> None:
        """Make this and another end two ends of one connection, and pass on what has come already."""
        self.other, other.other = other, self

    def write(self, data: bytes) -> None:
        """Send data in pieces, after what waits already."""
        size = self._path.size
        self._outgoing += (data[start : start + size] for start in range(0, len(data), size))
        self._begin()

    def end(self) -> None:
        """Close after what waits."""
        self._ending = True
        self._begin()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()

    def _begin(self) -> None:
        if not self._writing and self._transport is not None:
            self._writing = True
            self._write_piece(self._transport)

    def _write_piece(self, transport: asyncio.Transport, turns: int = 0) -> None:
        loop = asyncio.get_running_loop()
        if turns:
            loop.call_soon(self._write_piece, transport, turns - 1)
        elif self._outgoing:
            transport.write(self._outgoing.popleft())
            self._path.pieces += 1
            loop.call_soon(self._write_piece, transport, _TURNS_OF_THE_LOOP - 1)
        else:
            self._writing = False
            if self._ending:
                transport.close()


class Chopper:
    """Listens on a port of its own, and dials the box once for each client. `pieces` counts what was sent."""

    def __init__(self, box_port: int, *, size: int) -> None:
        """Take where the box listens."""
        self.size = size
        self.pieces = 0
        self.port = 0
        self.ends: set[_End] = set()
        self._box_port = box_port
        self._server: asyncio.Server | None = None
        self._dialling: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _End(self), LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and the listener."""
        for task in self._dialling:
            task.cancel()
        await asyncio.gather(*self._dialling, return_exceptions=True)
        if self._server is not None:
            self._server.close()
        ends = tuple(self.ends)
        for end in ends:
            end.abort()
        await asyncio.gather(*(end.closed for end in ends))

    def dial(self, client: _End) -> None:
        """Connect a client to the box, or cut it off where the box does not answer."""
        task = asyncio.get_running_loop().create_task(self._dial(client))
        self._dialling.add(task)
        task.add_done_callback(self._dialling.discard)

    async def _dial(self, client: _End) -> None:
        box = _End(self)
        client.join(box)
        try:
            await asyncio.get_running_loop().create_connection(lambda: box, LOOPBACK, self._box_port)
        except OSError:
            client.abort()
