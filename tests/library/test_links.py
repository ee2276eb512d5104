import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import logging
import socket
import struct
from typing import override

import pytest

from custom_components.gsm_gateway.aiogsm.errors import CannotConnect, GatewayError, LinkLost, PortInUse
from custom_components.gsm_gateway.aiogsm.link import Listener, tcp_client
from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient
from custom_components.gsm_gateway.aiogsm.link.udp_server import Address, UdpServer

pytestmark = pytest.mark.usefixtures("socket_enabled")

LOOPBACK = "127.0.0.1"
PATIENCE = 3.0
MORE_THAN_FITS = b"x" * 20_000_000
LINGER_NOT = struct.pack("ii", 1, 0)


class Ear[P](Listener[P]):
    """Notes what a link tells, to be asked for one by one."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()
        self.reasons: list[GatewayError] = []
        self.has_time = True
        self.on_lost_do: Callable[[P], None] = lambda _: None
        self.on_opened_do: Callable[[P], None] = lambda _: None

    @override
    def on_opened(self, peer: P) -> None:
        self.told.put_nowait(("opened", peer))
        self.on_opened_do(peer)

    @override
    def on_received(self, data: bytes, peer: P) -> bool:
        self.told.put_nowait(("received", data, peer))
        return self.has_time

    @override
    def on_lost(self, peer: P, reason: GatewayError) -> None:
        self.reasons.append(reason)
        self.told.put_nowait(("lost", peer, type(reason)))
        self.on_lost_do(peer)

    async def next(self) -> tuple[object, ...]:
        async with asyncio.timeout(PATIENCE):
            return await self.told.get()

    async def received(self, peer: P, size: int) -> bytes:
        """Give ``size`` bytes from ``peer``, in as many pieces as they come."""
        data = b""
        while len(data) < size:
            what, piece, sender = await self.next()
            assert (what, sender) == ("received", peer)
            assert isinstance(piece, bytes)
            data += piece
        return data


class Server:
    """A TCP server on loopback that hands out the connections it accepted, in order."""

    def __init__(self) -> None:
        self._accepted: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._accepted.put_nowait((reader, writer))

    async def accept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        async with asyncio.timeout(PATIENCE):
            return await self._accepted.get()

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()


async def until_the_end(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def turns_of_the_loop(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def assert_no_task_is_left() -> None:
    assert asyncio.all_tasks() - {asyncio.current_task()} == set()


@pytest.fixture(autouse=True)
def _short_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait long for servers that never hang up by themselves, as those here do not."""
    monkeypatch.setattr(tcp_client, "GOODBYE_TIMEOUT", 0.01)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def ear() -> Ear[str]:
    return Ear()


@asynccontextmanager
async def started(ear: Ear[str], port: int, host: str = LOOPBACK) -> AsyncIterator[TcpClient[str]]:
    link: TcpClient[str] = TcpClient(host, port)
    await link.start(ear)
    try:
        yield link
    finally:
        await link.close()


@pytest.fixture
async def link(ear: Ear[str], server: Server) -> AsyncIterator[TcpClient[str]]:
    async with started(ear, server.port) as link:
        yield link


@pytest.fixture
def dead_port() -> int:
    """Give a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        port: int = taken.getsockname()[1]
        return port


async def opened(
    link: TcpClient[str], ear: Ear[str], server: Server, peer: str = "main"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    link.open(peer)
    assert await ear.next() == ("opened", peer)
    return await server.accept()


# Connections, opening


async def test_a_connection_carries_bytes_both_ways(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    reader, writer = await opened(link, ear, server)
    link.send(b"ping", "main")
    assert await reader.readexactly(4) == b"ping"
    writer.write(b"pong")
    assert await ear.received("main", 4) == b"pong"


async def test_starting_opens_nothing(link: TcpClient[str], ear: Ear[str]) -> None:
    await turns_of_the_loop()
    assert ear.told.empty()
    assert_no_task_is_left()


async def test_a_refused_connection_is_told(ear: Ear[str], dead_port: int) -> None:
    async with started(ear, dead_port) as link:
        link.open("main")
        assert await ear.next() == ("lost", "main", CannotConnect)
    assert str(ear.reasons[0])


async def test_nobody_home_is_told_when_the_time_is_over(
    ear: Ear[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_client, "CONNECT_TIMEOUT", 0.0)
    async with started(ear, server.port) as link:
        link.open("main")
        assert await ear.next() == ("lost", "main", CannotConnect)


@pytest.mark.parametrize(
    "error",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        OSError("several addresses, all refused"),
        UnicodeEncodeError("idna", "192.168..5", 8, 9, "label empty"),
        ValueError("embedded null character"),
    ],
)
async def test_a_host_that_cannot_be_looked_up_is_told(
    ear: Ear[str], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", fail)
    async with started(ear, 5038, host="192.168..5") as link:
        link.open("main")
        assert await ear.next() == ("lost", "main", CannotConnect)


async def test_after_a_failure_the_same_far_end_can_be_opened(
    ear: Ear[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(ear, server.port) as link:
        with monkeypatch.context() as patch:
            patch.setattr(tcp_client, "CONNECT_TIMEOUT", 0.0)
            link.open("main")
            assert await ear.next() == ("lost", "main", CannotConnect)
        link.open("main")
        assert await ear.next() == ("opened", "main")


# Connections, more than one


async def test_every_far_end_has_a_connection_of_its_own(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    main_reader, main_writer = await opened(link, ear, server, "main")
    ussd_reader, _ = await opened(link, ear, server, "ussd")
    link.send(b"for main", "main")
    link.send(b"for ussd", "ussd")
    assert await main_reader.readexactly(8) == b"for main"
    assert await ussd_reader.readexactly(8) == b"for ussd"
    main_writer.close()
    assert await ear.next() == ("lost", "main", LinkLost)
    link.send(b" again", "ussd")
    assert await ussd_reader.readexactly(6) == b" again"


# Connections, losing


async def test_a_connection_that_the_other_side_closes_is_lost(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    _, writer = await opened(link, ear, server)
    writer.write(b"last words")
    writer.close()
    assert await ear.received("main", 10) == b"last words"
    assert await ear.next() == ("lost", "main", LinkLost)
    link.send(b"too late", "main")
    await turns_of_the_loop()
    assert ear.told.empty()


async def test_a_connection_that_is_reset_is_lost(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    _, writer = await opened(link, ear, server)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
    writer.transport.abort()
    assert await ear.next() == ("lost", "main", LinkLost)


async def test_a_lost_connection_can_be_opened_again_in_the_same_breath(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    ear.on_lost_do = link.open
    _, writer = await opened(link, ear, server)
    writer.close()
    assert await ear.next() == ("lost", "main", LinkLost)
    assert await ear.next() == ("opened", "main")
    reader, _ = await server.accept()
    link.send(b"back", "main")
    assert await reader.readexactly(4) == b"back"


# Connections, dropping


async def test_what_was_written_leaves_before_a_dropped_connection_closes(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    reader, _ = await opened(link, ear, server)
    link.send(b"goodbye", "main")
    link.drop("main")
    assert await until_the_end(reader) == b"goodbye"
    await turns_of_the_loop()
    assert ear.told.empty()


async def test_a_peer_may_answer_what_was_written_before_a_drop(
    link: TcpClient[str], ear: Ear[str], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_client, "GOODBYE_TIMEOUT", PATIENCE)
    reader, writer = await opened(link, ear, server)
    link.send(b"two commands and a goodbye", "main")
    link.drop("main")
    await until_the_end(reader)
    for answer in (b"first", b"second", b"goodbye"):
        writer.write(answer)
        await writer.drain()  # would raise, and an Asterisk would leave undone what else it has read
    writer.close()
    await link.close()
    assert_no_link_is_left(link)
    assert ear.told.empty()


async def test_nothing_that_comes_after_a_drop_is_told(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    reader, writer = await opened(link, ear, server)
    writer.write(b"crossing")
    link.drop("main")
    with suppress(ConnectionResetError):  # as its bytes were not taken
        await until_the_end(reader)
    await turns_of_the_loop()
    assert ear.told.empty()


async def test_a_connection_may_be_dropped_as_soon_as_it_is_there(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    ear.on_opened_do = link.drop
    reader, _ = await opened(link, ear, server)
    assert await until_the_end(reader) == b""
    await turns_of_the_loop()
    assert ear.told.empty()


@pytest.mark.parametrize("turns", range(8))
async def test_a_connection_may_be_dropped_at_any_moment_of_its_making(
    link: TcpClient[str], ear: Ear[str], server: Server, turns: int
) -> None:
    link.open("main")
    await turns_of_the_loop(turns)
    link.drop("main")
    told_before = ear.told.qsize()
    reader, _ = await opened_after(link, ear, server, told_before)
    link.send(b"works", "second")
    assert await reader.readexactly(5) == b"works"
    assert ear.told.empty()


async def opened_after(
    link: TcpClient[str], ear: Ear[str], server: Server, told_before: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a second far end and find its connection beside those of a first that was let go of."""
    for _ in range(told_before):
        assert await ear.next() == ("opened", "main")
    link.open("second")
    assert await ear.next() == ("opened", "second")
    link.send(b"?", "second")
    while True:
        reader, writer = await server.accept()
        async with asyncio.timeout(PATIENCE):
            if await reader.read(1) == b"?":
                return reader, writer


@pytest.mark.parametrize("turns", range(8))
async def test_opening_anew_at_any_moment_ends_in_one_connection_that_works(
    link: TcpClient[str], ear: Ear[str], server: Server, turns: int
) -> None:
    link.open("main")
    await turns_of_the_loop(turns)
    told_before = ear.told.qsize()
    link.open("main")
    for _ in range(told_before + 1):
        assert await ear.next() == ("opened", "main")
    link.send(b"works", "main")
    while await (await server.accept())[0].read(5) != b"works":
        """The connection before it, which was let go of."""
    await turns_of_the_loop()
    assert ear.told.empty()


async def test_a_connection_that_was_reset_may_be_dropped_before_that_is_known(ear: Ear[str]) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        async with started(ear, listener.getsockname()[1]) as link:
            link.open("main")
            assert await ear.next() == ("opened", "main")
            accepted, _ = listener.accept()
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
            accepted.close()
            link.drop("main")
    assert_no_link_is_left(link)
    assert ear.told.empty()


def test_dropping_what_is_not_there_is_harmless(ear: Ear[str]) -> None:
    TcpClient[str](LOOPBACK, 5038).drop("main")


# Connections, sending


async def test_what_has_no_open_far_end_is_not_sent(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    link.send(b"nobody", "other")
    link.open("main")
    link.send(b"too early", "main")
    assert await ear.next() == ("opened", "main")
    reader, _ = await server.accept()
    link.drop("main")
    link.send(b"too late", "main")
    assert await until_the_end(reader) == b""


async def test_a_first_word_may_be_sent_as_soon_as_the_connection_is_there(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    ear.on_opened_do = lambda peer: link.send(b"hello", peer)
    reader, _ = await opened(link, ear, server)
    assert await reader.readexactly(5) == b"hello"


# Connections, closing


async def test_closing_lets_what_was_written_leave_and_tells_nothing(
    link: TcpClient[str], ear: Ear[str], server: Server
) -> None:
    main, _ = await opened(link, ear, server, "main")
    ussd, _ = await opened(link, ear, server, "ussd")
    link.send(b"goodbye", "main")
    link.send(b"farewell", "ussd")
    await link.close()
    assert_no_link_is_left(link)
    assert [await until_the_end(main), await until_the_end(ussd)] == [b"goodbye", b"farewell"]
    assert ear.told.empty()


def assert_no_link_is_left(link: TcpClient[str]) -> None:
    assert (link._opening, link._open, link._closing) == ({}, {}, {})


@pytest.mark.parametrize("dropped", [[], ["main"]])
async def test_closing_does_not_wait_for_a_far_end_that_takes_nothing(
    link: TcpClient[str], ear: Ear[str], server: Server, caplog: pytest.LogCaptureFixture, dropped: list[str]
) -> None:
    caplog.set_level(logging.DEBUG, tcp_client.__name__)
    await opened(link, ear, server)
    link.send(MORE_THAN_FITS, "main")
    for peer in dropped:
        link.drop(peer)
    async with asyncio.timeout(PATIENCE):
        await link.close()
    assert_no_link_is_left(link)
    assert ear.told.empty()
    assert "without a goodbye" in caplog.text


@pytest.mark.parametrize("turns", range(8))
async def test_closing_at_any_moment_of_opening_leaves_nothing(
    link: TcpClient[str], ear: Ear[str], turns: int
) -> None:
    link.open("main")
    await turns_of_the_loop(turns)
    told_before = ear.told.qsize()
    await link.close()
    assert_no_task_of_the_link_is_left()
    assert_no_link_is_left(link)
    await turns_of_the_loop()
    assert ear.told.qsize() == told_before


def assert_no_task_of_the_link_is_left() -> None:
    assert [task for task in asyncio.all_tasks() if "TcpClient" in repr(task.get_coro())] == []


@pytest.mark.parametrize("turns", range(8))
async def test_closing_right_after_a_drop_leaves_nothing(
    link: TcpClient[str], ear: Ear[str], turns: int
) -> None:
    link.open("main")
    await turns_of_the_loop(turns)
    link.drop("main")
    await link.close()
    assert_no_task_of_the_link_is_left()
    assert_no_link_is_left(link)


async def test_closing_twice_is_harmless(link: TcpClient[str], ear: Ear[str], server: Server) -> None:
    await opened(link, ear, server)
    await asyncio.gather(link.close(), link.close())
    await link.close()
    assert_no_link_is_left(link)


async def test_a_link_that_never_opened_anything_closes() -> None:
    await TcpClient[str](LOOPBACK, 5038).close()


# Datagrams


@pytest.fixture
def udp_ear() -> Ear[Address]:
    return Ear()


@asynccontextmanager
async def listening(ear: Ear[Address], port: int = 0) -> AsyncIterator[UdpServer]:
    link = UdpServer(port, host=LOOPBACK)
    await link.start(ear)
    try:
        yield link
    finally:
        await link.close()


async def test_datagrams_go_both_ways_and_stay_whole(udp_ear: Ear[Address]) -> None:
    other_ear: Ear[Address] = Ear()
    async with listening(udp_ear) as one, listening(other_ear) as other:
        here, there = (LOOPBACK, one.port), (LOOPBACK, other.port)
        other.send(b"first", here)
        other.send(b"second", here)
        assert await udp_ear.next() == ("received", b"first", there)
        assert await udp_ear.next() == ("received", b"second", there)
        one.send(b"answer", there)
        assert await other_ear.next() == ("received", b"answer", here)


@pytest.mark.parametrize(("has_time", "at_once"), [(True, 3), (False, 1)])
async def test_what_has_come_is_read_at_once_while_nothing_comes_of_it(
    udp_ear: Ear[Address], has_time: bool, at_once: int
) -> None:
    udp_ear.has_time = has_time
    async with listening(udp_ear) as link:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as box:
            for number in range(3):
                box.sendto(b"%d" % number, (LOOPBACK, link.port))
        await udp_ear.next()
        assert udp_ear.told.qsize() == at_once - 1
        for _ in range(2):
            await udp_ear.next()


async def test_any_free_port_is_taken_and_told(udp_ear: Ear[Address]) -> None:
    assert UdpServer(44444).port == 44444
    async with listening(udp_ear) as link:
        assert link.port > 0


async def test_a_port_in_use_is_told_and_leaves_nothing(udp_ear: Ear[Address]) -> None:
    async with listening(udp_ear) as first:
        second = UdpServer(first.port, host=LOOPBACK)
        with pytest.raises(PortInUse, match=str(first.port)):
            await second.start(Ear())
        await second.close()


async def test_a_port_is_free_once_it_is_closed(udp_ear: Ear[Address]) -> None:
    async with listening(udp_ear) as first:
        port = first.port
    async with listening(udp_ear, port) as second:
        assert second.port == port


async def test_opening_and_dropping_mean_nothing_to_datagrams(udp_ear: Ear[Address]) -> None:
    other_ear: Ear[Address] = Ear()
    async with listening(udp_ear) as one, listening(other_ear) as other:
        there = (LOOPBACK, other.port)
        one.open(there)
        one.drop(there)
        one.send(b"still", there)
        assert await other_ear.next() == ("received", b"still", (LOOPBACK, one.port))
    assert udp_ear.told.empty()


async def test_who_does_not_listen_harms_nobody(udp_ear: Ear[Address], dead_port: int) -> None:
    async with listening(udp_ear) as link:
        for _ in range(3):
            link.send(b"anybody?", (LOOPBACK, dead_port))
            await turns_of_the_loop()
        link.send(b"", (LOOPBACK, link.port))
        link.send(b"x" * 70_000, (LOOPBACK, link.port))
        link.send(b"to myself", (LOOPBACK, link.port))
        assert await udp_ear.next() == ("received", b"", (LOOPBACK, link.port))
        assert await udp_ear.next() == ("received", b"to myself", (LOOPBACK, link.port))


async def test_a_refusal_from_afar_is_logged_at_debug_only(
    udp_ear: Ear[Address], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "custom_components.gsm_gateway.aiogsm.link")
    async with listening(udp_ear) as link:
        link.send(b"x" * 70_000, (LOOPBACK, link.port))
    assert [record.levelno for record in caplog.records if "UDP socket" in record.message] == [logging.DEBUG]


async def test_what_is_sent_without_a_socket_is_dropped(udp_ear: Ear[Address]) -> None:
    link = UdpServer(0, host=LOOPBACK)
    link.send(b"too early", (LOOPBACK, 9))
    await link.start(udp_ear)
    await link.close()
    link.send(b"too late", (LOOPBACK, 9))


async def test_nothing_is_told_after_the_close(udp_ear: Ear[Address]) -> None:
    async with listening(udp_ear) as link, listening(Ear()) as other:
        other.send(b"crossing", (LOOPBACK, link.port))
        await link.close()
        await turns_of_the_loop()
    assert udp_ear.told.empty()


async def test_a_socket_may_be_closed_twice_and_before_it_is_there(udp_ear: Ear[Address]) -> None:
    link = UdpServer(0, host=LOOPBACK)
    await link.close()
    await link.start(udp_ear)
    await asyncio.gather(link.close(), link.close())
    await link.close()
