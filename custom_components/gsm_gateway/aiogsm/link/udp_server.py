"""One bound UDP socket: every gateway that knows its port may speak to it, and is answered from it.

It reads its socket itself, into one buffer. asyncio's own transport makes room for 256 KiB before each
datagram. Depending on where in the memory of the process that falls, the room is had from the kernel and
given back every time, which takes longer than everything else that is done for a keepalive.
"""

import asyncio
from errno import EADDRINUSE
import logging
import socket
from typing import override

from ..errors import CannotConnect, PortInUse
from . import Link, Listener

_LOGGER = logging.getLogger(__name__)

LARGEST = 65536
"""Bytes of room, of which no datagram has as many."""

_MOST_AT_ONCE = 16

type Address = tuple[str, int]


class UdpServer(Link[Address]):
    """Listens on one UDP port of every IPv4 address of this host. Port 0 takes any free one."""

    def __init__(self, port: int, host: str = "0.0.0.0") -> None:
        """Remember where to listen; nothing is bound yet."""
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._room = memoryview(bytearray(LARGEST))

    @property
    def port(self) -> int:
        """The UDP port that is listened on."""
        if self._socket is None:
            return self._address[1]
        port: int = self._socket.getsockname()[1]
        return port

    @override
    async def start(self, listener: Listener[Address]) -> None:
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.bind(self._address)
        except OSError as err:
            bound.close()
            kind = PortInUse if err.errno == EADDRINUSE else CannotConnect
            raise kind(f"UDP port {self._address[1]}: {err.strerror or err}") from err
        self._socket = bound
        asyncio.get_running_loop().add_reader(bound, self._read, bound, listener)

    def _read(self, bound: socket.socket, listener: Listener[Address]) -> None:
        """Hand over what has come; where something comes of it, or it is much, others have a turn first."""
        for _ in range(_MOST_AT_ONCE):
            try:
                size, sender = bound.recvfrom_into(self._room)
            except BlockingIOError:
                return
            except OSError as err:
                _tell(err)
                return
            if not listener.on_received(self._room[:size].tobytes(), sender):
                return

    @override
    def open(self, peer: Address) -> None:
        """Do nothing: who has spoken to us can be spoken to."""

    @override
    def send(self, data: bytes, peer: Address) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(data, peer)
        except OSError as err:
            _tell(err)

    @override
    def drop(self, peer: Address) -> None:
        """Do nothing: a datagram leaves nothing open."""

    @override
    async def close(self) -> None:
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._socket = None


def _tell(err: OSError) -> None:
    # As if it were lost on the way: whoever asks asks again, and who is gone is noticed by their silence.
    _LOGGER.debug("The UDP socket reports: %s", err)
