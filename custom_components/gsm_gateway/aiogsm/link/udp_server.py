"""One bound UDP socket: every gateway that knows its port may speak to it, and is answered from it."""

import asyncio
from errno import EADDRINUSE
import logging
from typing import override

from ..errors import CannotConnect, PortInUse
from . import Link, Listener

_LOGGER = logging.getLogger(__name__)

type Address = tuple[str, int]


class _Endpoint(asyncio.DatagramProtocol):
    """Passes datagrams on until it is closed."""

    def __init__(self, listener: Listener[Address]) -> None:
        self._listener = listener
        self.closed = asyncio.get_running_loop().create_future()

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._listener.on_received(data, addr)

    @override
    def error_received(self, exc: Exception) -> None:
        # An ICMP refusal of something that we sent. Who is gone is noticed by its silence.
        _LOGGER.debug("The UDP socket reports: %s", exc)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(None)


class UdpServer(Link[Address]):
    """Listens on one UDP port of every IPv4 address of this host. Port 0 takes any free one."""

    def __init__(self, port: int, host: str = "0.0.0.0") -> None:
        """Remember where to listen; nothing is bound yet."""
        self._address = (host, port)
        self._transport: asyncio.DatagramTransport | None = None
        self._endpoint: _Endpoint | None = None

    @property
    def port(self) -> int:
        """The UDP port that is listened on."""
        if self._transport is None:
            return self._address[1]
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    @override
    async def start(self, listener: Listener[Address]) -> None:
        loop = asyncio.get_running_loop()
        try:
            self._transport, self._endpoint = await loop.create_datagram_endpoint(
                lambda: _Endpoint(listener), local_addr=self._address
            )
        except OSError as err:
            kind = PortInUse if err.errno == EADDRINUSE else CannotConnect
            raise kind(f"UDP port {self._address[1]}: {err.strerror or err}") from err

    @override
    def open(self, peer: Address) -> None:
        """Do nothing: who has spoken to us can be spoken to."""

    @override
    def send(self, data: bytes, peer: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, peer)

    @override
    def drop(self, peer: Address) -> None:
        """Do nothing: a datagram leaves nothing open."""

    @override
    async def close(self) -> None:
        if self._transport is None or self._endpoint is None:
            return
        self._transport.close()
        self._transport = None
        await self._endpoint.closed
