"""The attacker's end of the wire: sockets in threads, so that they cost the event loop nothing."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
import os
import socket
import threading
import time
from typing import Any, Self

from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway.aiogsm.driver import Driver
from tests.simulators.simulator import LOOPBACK

ELSEWHERE = "127.0.0.2"
"""A host that no box has."""

IN_FLIGHT = 100
"""Datagrams that a socket's buffer holds at once, with room left for honest ones."""

PATIENCE = 0.5
"""Seconds after which those that were not taken in are known to be lost: the buffer had no room."""


class Tap:
    """Sees every datagram that reaches the port of an entry's GoIP, before anything is done about it."""

    def __init__(self, entry: MockConfigEntry) -> None:
        """Begin to count, and to keep what comes while ``recorded`` is a list."""
        self._driver: Driver[Any] = entry.runtime_data.gateway._driver
        self._on_received = self._driver.on_received
        self._driver.on_received = self._take
        self.count = 0
        self.recorded: list[bytes] | None = None

    def _take(self, data: bytes, peer: tuple[str, int]) -> None:
        self._on_received(data, peer)
        self.count += 1
        if self.recorded is not None:
            self.recorded.append(data)

    @property
    def ignored(self) -> Mapping[str, int]:
        """What was ignored, by reason."""
        return self._driver.ignored

    def close(self) -> None:
        """Let go of it."""
        del self._driver.on_received


@contextmanager
def socket_of(host: str) -> Iterator[socket.socket]:
    """Give a UDP socket of a host, which never waits for an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((host, 0))
        udp.setblocking(False)
        yield udp


@dataclass(slots=True)
class Answers:
    """What an attacker got: bytes in all, and whatever is no refusal of a keepalive."""

    size: int = 0
    others: list[bytes] = field(default_factory=list)

    def take(self, udp: socket.socket) -> None:
        """Take what has come to a socket."""
        with suppress(BlockingIOError):
            while True:
                answer = udp.recv(65536)
                self.size += len(answer)
                if not (answer.startswith(b"reg:") and answer.endswith(b";status:404;")):
                    self.others.append(answer)


async def fire(
    tap: Tap, packets: Iterable[bytes], port: int, *, host: str = ELSEWHERE, in_flight: int = IN_FLIGHT
) -> Answers:
    """Send datagrams from a host as fast as they are taken in, and give the answers."""
    with socket_of(host) as udp:
        return await asyncio.to_thread(_fire, udp, tap, packets, port, in_flight)


def _fire(udp: socket.socket, tap: Tap, packets: Iterable[bytes], port: int, in_flight: int) -> Answers:
    due, got = tap.count, Answers()
    for number, packet in enumerate(packets):
        due = _caught_up(tap, due, in_flight)
        udp.sendto(packet, (LOOPBACK, port))
        due += 1
        if not number % in_flight:
            got.take(udp)
    _caught_up(tap, due, 0)
    got.take(udp)
    return got


def _caught_up(tap: Tap, due: int, in_flight: int) -> int:
    """Wait until all but so many were taken in, and give how many are due now: less, where some were lost."""
    end = time.monotonic() + PATIENCE
    while tap.count < due - in_flight:
        if time.monotonic() > end:
            return tap.count
        time.sleep(0.0002)
    return due


# A server that is no gateway


BANNER = b"Asterisk Call Manager/1.1\r\n"

type Play = Callable[[socket.socket], None]
"""What a server does with a connection; an OSError ends it."""


def _heard(connection: socket.socket) -> bytes:
    """Give the next action's id."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        got = connection.recv(4096)
        if not got:
            raise ConnectionResetError
        data += got
    return data.partition(b"ActionID: ")[2].partition(b"\r\n")[0]


def _log_in(connection: socket.socket) -> None:
    connection.sendall(BANNER)
    connection.sendall(b"Response: Success\r\nActionID: %b\r\n\r\n" % _heard(connection))


def _endless(connection: socket.socket, make: Callable[[], bytes]) -> None:
    while True:
        connection.sendall(make())


def _always(data: bytes) -> Callable[[], bytes]:
    piece = data * (16384 // len(data) + 1)
    return lambda: piece


def silence(_connection: socket.socket) -> None:
    """Say nothing."""


def banner_only(connection: socket.socket) -> None:
    """Greet, and say no more."""
    connection.sendall(BANNER)


def drip(connection: socket.socket) -> None:
    """Greet byte by byte, for ever."""
    while True:
        connection.sendall(b"A")
        time.sleep(0.02)


def endless_line(connection: socket.socket) -> None:
    """Greet without end."""
    _endless(connection, _always(b"x"))


def endless_line_later(connection: socket.socket) -> None:
    """Take the login, then say a line without end."""
    _log_in(connection)
    _endless(connection, _always(b"x"))


def endless_lines(connection: socket.socket) -> None:
    """Take the login, then say lines that are none of a message."""
    _log_in(connection)
    _endless(connection, _always(b"\n"))


def endless_blank(connection: socket.socket) -> None:
    """Take the login, then say empty lines."""
    _log_in(connection)
    _endless(connection, _always(b"\r\n"))


def endless_body(connection: socket.socket) -> None:
    """Answer the first command without end."""
    _log_in(connection)
    connection.sendall(b"Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: %b\r\n" % _heard(connection))
    _endless(connection, _always(b"GSM span 2: Power on, Provisioned, Up, Active,Standard\n"))


def endless_header(connection: socket.socket) -> None:
    """Take the login, then tell one event without end."""
    _log_in(connection)
    connection.sendall(b"Event: ReceivedSMS\r\n")
    _endless(connection, _always(b"Content: x\r\n"))


def endless_events(connection: socket.socket) -> None:
    """Take the login, then tell events without end, and answer nothing."""
    _log_in(connection)
    _endless(connection, _always(b"Event: a\r\n\r\n"))


def endless_answers(connection: socket.socket) -> None:
    """Take the login, then answer what nobody asked."""
    _log_in(connection)
    _endless(connection, _always(b"Response: a\r\n\r\n"))


def garbage(connection: socket.socket) -> None:
    """Say anything."""
    _endless(connection, lambda: os.urandom(16384))


def garbage_later(connection: socket.socket) -> None:
    """Take the login, then say anything."""
    _log_in(connection)
    _endless(connection, lambda: os.urandom(16384))


def long_refusal(connection: socket.socket) -> None:
    """Refuse the login in very many words."""
    connection.sendall(BANNER)
    words = b"no " * 20000
    connection.sendall(
        b"Response: Error\r\nActionID: %b\r\nMessage: %b\r\n\r\n" % (_heard(connection), words)
    )


PLAYS: tuple[Play, ...] = (
    silence,
    banner_only,
    drip,
    endless_line,
    endless_line_later,
    endless_lines,
    endless_blank,
    endless_body,
    endless_header,
    endless_events,
    endless_answers,
    garbage,
    garbage_later,
    long_refusal,
)


class Rogue:
    """A TCP server on this host that plays with whoever connects, in threads of its own."""

    def __init__(self, play: Play, port: int = 0) -> None:
        """Take what to do, and the port, which may be any."""
        self._play = play
        self._listener = socket.create_server((LOOPBACK, port))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.accepted = 0

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        """Cut all connections, and leave no thread."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                self._connections.append(connection)
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            self._play(connection)
            while connection.recv(4096):
                pass
