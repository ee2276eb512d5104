"""Our end of a manager's connection: bare, or with a session on it that lives in the test's own time."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import override

from custom_components.gsm_gateway.aiogsm import ami
from custom_components.gsm_gateway.aiogsm.ami import Banner, Event, Message, Response
from custom_components.gsm_gateway.aiogsm.dialog import Box, Drop, Open, Send, Steps
from custom_components.gsm_gateway.aiogsm.errors import GatewayError
from custom_components.gsm_gateway.aiogsm.link import Listener
from custom_components.gsm_gateway.aiogsm.link.tcp_client import TcpClient
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.neogate.session import Channel, Session
from tests.simulators.simulator import LOOPBACK

from .asterisk import SECRET

PATIENCE = 5.0
_ENOUGH = 4096


class Wire:
    """Reads with our reader, and keeps what came, byte for byte and message by message."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take an open connection."""
        self._incoming, self._outgoing = reader, writer
        self._reader = codec.reader()
        self._ids = count(1)
        self.raw = b""
        self.messages: list[Message] = []

    async def next(self) -> Message:
        """Give the next message."""
        while (message := self._reader.next()) is None:
            async with asyncio.timeout(PATIENCE):
                data = await self._incoming.read(_ENOUGH)
            assert data, "the connection was closed"
            self.raw += data
            self._reader.feed(data)
        self.messages.append(message)
        return message

    async def greeted(self) -> Banner:
        """Read the greeting."""
        banner = await self.next()
        assert isinstance(banner, Banner)
        return banner

    async def ask(self, name: str, *headers: str) -> Response:
        """Run an action and give its response, whatever comes before it."""
        return await self.answer(lambda action_id: ami.action(name, action_id, *headers))

    async def log_in(self, username: str, password: str = SECRET, *, events: bool = True) -> Response:
        """Log in as the client does, and give the response."""
        return await self.answer(lambda action_id: ami.login(action_id, username, password, events=events))

    async def answer(self, encode: Callable[[str], bytes]) -> Response:
        """Write an action under an id of its own and give the response that repeats it."""
        action_id = f"test.{next(self._ids)}"
        self._outgoing.write(encode(action_id))
        while True:
            message = await self.next()
            if isinstance(message, Response) and message.action_id == action_id:
                return message

    async def event(self, name: str) -> Event:
        """Give the next event of a name."""
        while True:
            message = await self.next()
            if isinstance(message, Event) and message.name == name:
                return message

    async def ended(self) -> bool:
        """Whether nothing more comes, because the peer closed the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self._incoming.read() == b""


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """Open a connection, closed at the end."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


class Talk(Listener[Channel]):
    """A session over a link of ours. Time is ``now`` and passes when the test says so."""

    def __init__(self, link: TcpClient[Channel], username: str) -> None:
        """Take a link that is not started, and who to be."""
        self.now = 1000.0
        self.ignored: Counter[str] = Counter()
        self.events: list[str] = []
        self.written: list[bytes] = []
        self.end: GatewayError | None = None
        self.session = Session(
            Channel.MAIN,
            Box(key="box", username=username, password=SECRET),
            self.ignored,
            on_ready=lambda _now: [],
            on_closed=self._on_closed,
            on_event=self._on_event,
        )
        self._link = link
        self._stirred = asyncio.Event()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until what comes makes something hold."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._stirred.clear()
                await self._stirred.wait()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.do(self.session.tick(self.now))

    def do(self, steps: Steps[Channel]) -> None:
        """Perform what the session wants."""
        for step in steps:
            match step:
                case Open(peer):
                    self._link.open(peer)
                case Send(data, peer):
                    self.written.append(data)
                    self._link.send(data, peer)
                case Drop(peer):
                    self._link.drop(peer)
        self._stirred.set()

    @override
    def on_opened(self, peer: Channel) -> None:
        self.session.opened(self.now)

    @override
    def on_received(self, data: bytes, peer: Channel) -> bool:
        self.do(self.session.receive(data, self.now))
        return False

    @override
    def on_lost(self, peer: Channel, reason: GatewayError) -> None:
        self.do(self.session.lost(reason, self.now))

    def _on_closed(self, error: GatewayError, _now: float) -> Steps[Channel]:
        self.end = error
        return []

    def _on_event(self, event: Event, _now: float) -> Steps[Channel]:
        self.events.append(event.name)
        return []


@asynccontextmanager
async def talking(port: int, username: str) -> AsyncIterator[Talk]:
    """Begin a session, and close its link at the end."""
    link: TcpClient[Channel] = TcpClient(LOOPBACK, port)
    talk = Talk(link, username)
    await link.start(talk)
    talk.do(talk.session.open())
    try:
        await talk.until(lambda: talk.session.ready or talk.end)
        yield talk
    finally:
        await link.close()
