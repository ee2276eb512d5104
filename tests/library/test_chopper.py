"""The path that cuts everything into small segments does so in both directions, and loses nothing."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.simulators.chopper import Chopper
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_session import Session
from tests.simulators.raw import ACCEPTED, BANNER, LOGIN, PATIENCE
from tests.simulators.simulator import LOOPBACK

pytestmark = pytest.mark.usefixtures("socket_enabled")


@contextmanager
def watched_reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Collect how much the box reads at a time."""
    sizes: list[int] = []
    receive = Session.data_received

    def data_received(session: Session, data: bytes) -> None:
        sizes.append(len(data))
        receive(session, data)

    with monkeypatch.context() as patch:
        patch.setattr(Session, "data_received", data_received)
        yield sizes


@pytest.mark.parametrize("size", [1, 7])
async def test_no_segment_is_longer_in_either_direction(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    with watched_reads(monkeypatch) as sizes:
        async with NeoGate() as box, Chopper(box.port, size=size) as path:
            reader, writer = await asyncio.open_connection(LOOPBACK, path.port)
            transport = writer.transport
            heard: list[bytes] = []
            feed = reader.feed_data
            monkeypatch.setattr(reader, "feed_data", lambda data: (heard.append(data), feed(data)))
            writer.write(LOGIN)
            assert await reader.readuntil(b"accepted\r\n\r\n") == BANNER + ACCEPTED
            transport.close()
            await box.wait_for(lambda: not box.sessions)
    assert sum(sizes) == len(LOGIN)
    assert max(sizes) == max(map(len, heard)) == size


async def test_who_leaves_is_gone_at_the_other_end() -> None:
    async with NeoGate() as box, Chopper(box.port, size=7) as path:
        reader, writer = await asyncio.open_connection(LOOPBACK, path.port)
        await box.wait_for(lambda: len(box.sessions) == 1)
        await box.drop_sessions()
        async with asyncio.timeout(PATIENCE):
            assert BANNER.startswith(await reader.read())
        writer.close()

        _, writer = await asyncio.open_connection(LOOPBACK, path.port)
        await box.wait_for(lambda: len(box.sessions) == 1)
        writer.close()
        await box.wait_for(lambda: not box.sessions)


async def test_a_box_that_does_not_answer_cuts_off_who_calls() -> None:
    async with NeoGate() as box, Chopper(box.port, size=7) as path:
        box.stop_listening()
        reader, writer = await asyncio.open_connection(LOOPBACK, path.port)
        async with asyncio.timeout(PATIENCE):
            assert await reader.read() == b""
        writer.close()
