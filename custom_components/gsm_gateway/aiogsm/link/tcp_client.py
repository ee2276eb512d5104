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

FLUSH_TIMEOUT = 1.0
"""Seconds that a goodbye may take to leave when everything is closed."""


class _Connection[P: Hashable](asyncio.Protocol):
    """One connection; tells the link what happens to it until the link lets go of it."""

    def __init__(self, link: TcpClient[P], peer: P) -> None:
        self._link = link
        self._peer = peer
        self.transport: asyncio.Transport | None = None
        self.closed = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # what create_connection promises
        self.transport = transport
        self._link.connected(self._peer, self)

    @override
    def data_received(self, data: bytes) -> None:
        self._link.received(self._peer, self, data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        self._link.disconnected(self._peer, self, exc)


class TcpClient[P: Hashable](Link[P]):
    """Dials one host and port, once for each far end that the dialog names."""

    def __init__(self, host: str, port: int) -> None:
        """Remember where to dial; nothing is opened yet."""
        self._host = host
        self._port = port
        self._listener: Listener[P] | None = None
        self._opening: dict[P, asyncio.Task[None]] = {}
        self._open: dict[P, _Connection[P]] = {}
        self._closing: set[_Connection[P]] = set()

    @override
    async def start(self, listener: Listener[P]) -> None:
        self._listener = listener

    @override
    def open(self, peer: P) -> None:
        self.drop(peer)
        self._opening[peer] = asyncio.get_running_loop().create_task(self._connect(peer))

    async def _connect(self, peer: P) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await loop.create_connection(lambda: _Connection(self, peer), self._host, self._port)
        except OSError as err:  # asyncio's TimeoutError is one too
            self._opening.pop(peer, None)
            self._tell_lost(peer, CannotConnect(err.strerror or "no answer"))

    def connected(self, peer: P, connection: _Connection[P]) -> None:
        """Take a new connection into use, or close it when it is no longer wanted."""
        if self._opening.pop(peer, None) is None or self._listener is None:
            self._let_go(connection)
            return
        self._open[peer] = connection
        self._listener.on_opened(peer)

    def received(self, peer: P, connection: _Connection[P], data: bytes) -> None:
        """Pass on what came, unless the connection was let go of."""
        if self._open.get(peer) is connection and self._listener is not None:
            self._listener.on_received(data, peer)

    def disconnected(self, peer: P, connection: _Connection[P], exc: Exception | None) -> None:
        """Tell of a connection that closed by itself."""
        self._closing.discard(connection)
        if self._open.get(peer) is connection:
            del self._open[peer]
            self._tell_lost(peer, LinkLost(str(exc) if exc else "the gateway closed the connection"))

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
        if task := self._opening.pop(peer, None):
            task.cancel()
        if connection := self._open.pop(peer, None):
            self._let_go(connection)

    def _let_go(self, connection: _Connection[P]) -> None:
        assert connection.transport is not None  # connected before anybody knows it
        self._closing.add(connection)
        connection.transport.close()

    @override
    async def close(self) -> None:
        self._listener = None
        opening = list(self._opening.values())
        for peer in [*self._opening, *self._open]:
            self.drop(peer)
        await asyncio.gather(*opening, return_exceptions=True)
        closing = list(self._closing)
        if not closing:
            return
        _, late = await asyncio.wait([connection.closed for connection in closing], timeout=FLUSH_TIMEOUT)
        for connection in closing:
            if connection.closed in late and connection.transport is not None:
                _LOGGER.debug("Closing without a goodbye, which the gateway did not take in time")
                connection.transport.abort()
        await asyncio.gather(*late)
