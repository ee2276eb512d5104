"""TCP connections to one host and port, a far end each, opened when asked for."""

import asyncio
from collections.abc import Hashable
import logging
from typing import override

from ..errors import CannotConnect, GatewayError, LinkLost
from . import Link, Listener

_LOGGER = logging.getLogger(__name__)

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for a connection; a box in the same building answers in milliseconds."""

PIECE = 4096
"""Bytes that are read at once, so that whoever sends without end has others wait for a few milliseconds."""

GOODBYE_TIMEOUT = 1.0
"""Seconds in which a far end that was dropped takes what was written last, and closes its side."""


class _Connection[P: Hashable](asyncio.BufferedProtocol):
    """One connection; tells the link what happens to it until the link lets go of it."""

    def __init__(self, link: TcpClient[P], peer: P) -> None:
        self._link = link
        self.peer = peer
        self.task: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()
        self._piece = bytearray(PIECE)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # what create_connection promises
        self.transport = transport
        self._link.connected(self)

    @override
    def get_buffer(self, sizehint: int) -> bytearray:
        return self._piece

    @override
    def buffer_updated(self, nbytes: int) -> None:
        self._link.received(self, bytes(self._piece[:nbytes]))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        self._link.disconnected(self, exc)


class TcpClient[P: Hashable](Link[P]):
    """Dials one host and port, once for each far end that the dialog names."""

    def __init__(self, host: str, port: int) -> None:
        """Remember where to dial; nothing is opened yet."""
        self._host = host
        self._port = port
        self._listener: Listener[P] | None = None
        self._opening: dict[P, _Connection[P]] = {}
        self._open: dict[P, _Connection[P]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: dict[_Connection[P], asyncio.TimerHandle] = {}

    @override
    async def start(self, listener: Listener[P]) -> None:
        self._listener = listener

    @override
    def open(self, peer: P) -> None:
        self.drop(peer)
        self._opening[peer] = connection = _Connection(self, peer)
        connection.task = asyncio.get_running_loop().create_task(self._connect(connection))
        self._tasks.add(connection.task)
        connection.task.add_done_callback(self._tasks.discard)

    async def _connect(self, connection: _Connection[P]) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await loop.create_connection(lambda: connection, self._host, self._port)
        except (OSError, ValueError) as err:  # a TimeoutError is one; a host that is no name gives the other
            if self._opening.get(connection.peer) is connection:
                del self._opening[connection.peer]
                reason = getattr(err, "strerror", None) or str(err) or "no answer"
                self._tell_lost(connection.peer, CannotConnect(reason))

    def connected(self, connection: _Connection[P]) -> None:
        """Take a new connection into use, or close it when it is no longer wanted."""
        if self._opening.get(connection.peer) is not connection or self._listener is None:
            self._let_go(connection)
            return
        del self._opening[connection.peer]
        self._open[connection.peer] = connection
        self._listener.on_opened(connection.peer)

    def received(self, connection: _Connection[P], data: bytes) -> None:
        """Pass on what came, unless the connection was let go of."""
        if self._open.get(connection.peer) is connection and self._listener is not None:
            self._listener.on_received(data, connection.peer)

    def disconnected(self, connection: _Connection[P], exc: Exception | None) -> None:
        """Tell of a connection that closed by itself."""
        if timer := self._closing.pop(connection, None):
            timer.cancel()
        if self._open.get(connection.peer) is connection:
            del self._open[connection.peer]
            reason = str(exc) if exc else "the gateway closed the connection"
            self._tell_lost(connection.peer, LinkLost(reason))

    def _tell_lost(self, peer: P, reason: GatewayError) -> None:
        if self._listener is not None:
            self._listener.on_lost(peer, reason)

    @override
    def send(self, data: bytes, peer: P) -> None:
        if connection := self._open.get(peer):
            assert connection.transport is not None  # set before it came into _open
            connection.transport.write(data)

    @override
    def drop(self, peer: P) -> None:
        if (connecting := self._opening.pop(peer, None)) and connecting.task:
            connecting.task.cancel()
        if connection := self._open.pop(peer, None):
            self._let_go(connection)

    def _let_go(self, connection: _Connection[P]) -> None:
        """Close our side only. A peer whose answers find nobody leaves undone what else it has read."""
        assert connection.transport is not None  # connected before anybody knows it
        loop = asyncio.get_running_loop()
        self._closing[connection] = loop.call_later(GOODBYE_TIMEOUT, self._give_up, connection.transport)
        try:
            connection.transport.write_eof()
        except OSError:  # it was reset, and the loop has yet to notice
            connection.transport.abort()

    def _give_up(self, transport: asyncio.Transport) -> None:
        _LOGGER.debug("Closing without a goodbye, which the gateway did not take in time")
        transport.abort()

    @override
    async def close(self) -> None:
        self._listener = None
        for peer in [*self._opening, *self._open]:
            self.drop(peer)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(connection.closed for connection in self._closing))
