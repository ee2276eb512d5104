"""The whole conversation with one NeoGate: connecting, and who is told what."""

from collections import Counter
from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import override

from ..ami import Event, WireError
from ..dialog import Box, Dialog, Drop, Emit, Keep, Settle, Steps, Ticket
from ..errors import (
    BoxRebootNotSupported,
    CannotConnect,
    GatewayError,
    InvalidInput,
    LinkLost,
    LoginRefused,
    NotSupported,
)
from ..models import ConnectionChanged
from ..parts import Part
from ..records import Memory, SmsArrived
from ..requests import AwaitResult, Reboot, Request, SendSms, SendUssd, SwitchOn
from . import codec
from .commands import Restarts
from .messages import SmsResult
from .port import Ports, span_of
from .sending import OpenTexts
from .session import NO_LINK, Channel, Retry, Session, check_box
from .ussd import UssdLane

__all__ = ["Channel", "NeogateDialog"]


class _Conversation:
    """All that passes between us and one box, over any number of connections."""

    def __init__(self, box: Box, random: Random, ignored: Counter[str]) -> None:
        self.key = box.key
        self._box = box
        self._ignored = ignored
        self._retry = Retry(random)
        self._reopen_at: float | None = None
        self._main: Session | None = None
        self._connected = False
        self._trouble: tuple[type[Exception], bool] | None = None
        self._texts = OpenTexts(box.key, self._ready)
        self._restarts = Restarts(self._ready)
        self._ussd = UssdLane(box, self._ready, ignored)
        self._ports = Ports(
            box,
            self._ready,
            ignored,
            busy=self._texts.busy,
            watched=self._restarts.rising,
            on_seen=self._restarts.seen,
            on_current=self._on_current,
        )

    def begin(self, memory: Memory, now: float) -> Steps[Channel]:
        """Open the main connection."""
        for text in memory.unknown:
            self._texts.recall(text.message_id, now - text.age)
        self._reopen_at = now
        return self._reopen(now)

    def end(self, now: float) -> Steps[Channel]:
        """Take leave and settle everything."""
        steps = self._ussd.close(now)
        if self._main is not None:
            steps += self._main.leave(now, self._restarts.last_lines())
        return [*steps, *self._texts.close(), *self._restarts.close()]

    def submit(self, ticket: Ticket, request: Request[object], now: float) -> Steps[Channel]:
        """Begin what is asked. Raise InvalidInput or NotSupported."""
        match request:
            case SendSms():
                return self._texts.submit(ticket, request, now)
            case AwaitResult():
                self._texts.resume(ticket, request, now)
                return []
            case SendUssd():
                return self._ussd.submit(ticket, request, now)
            case SwitchOn(port=port):
                return self._restarts.switch_on(ticket, span_of(port), now)
            case Reboot(port=str(port)):
                return self._restarts.submit(ticket, span_of(port), now)
            case Reboot():
                raise BoxRebootNotSupported("the box itself cannot be restarted over its API")
            case _:
                raise NotSupported("its API has no such command")

    def session(self, channel: Channel) -> Session | None:
        """Give the connection of a channel, while there is one."""
        return self._main if channel is Channel.MAIN else self._ussd.session

    def tick(self, now: float) -> Steps[Channel]:
        """Do what is due."""
        steps = self._reopen(now)
        if self._main is not None:
            steps += self._main.tick(now)
        for job in (self._texts, self._restarts, self._ussd, self._ports):
            steps += job.tick(now)
        return steps

    def deadline(self) -> float | None:
        """When ``tick`` is next needed, if ever."""
        jobs = (self._main, self._texts, self._restarts, self._ussd, self._ports)
        deadlines = [self._reopen_at, *(job.deadline() for job in jobs if job is not None)]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _ready(self) -> Session | None:
        """Give the main connection if it takes commands."""
        return self._main if self._main is not None and self._main.ready else None

    def _reopen(self, now: float) -> Steps[Channel]:
        if self._reopen_at is None or now < self._reopen_at:
            return []
        self._reopen_at = None
        self._main = Session(
            Channel.MAIN,
            self._box,
            self._ignored,
            on_ready=self._on_ready,
            on_closed=self._on_closed,
            on_event=self._on_event,
        )
        return self._main.open()

    def _on_ready(self, now: float) -> Steps[Channel]:
        self._retry.ready(now)
        return self._ports.begin(now)

    def _on_current(self, _now: float) -> Steps[Channel]:
        """Note that every port has been told since the connection was made."""
        if self._connected:
            return []
        self._connected = True
        self._trouble = None
        return [Emit(ConnectionChanged(gateway=self.key, connected=True))]

    def _on_closed(self, error: GatewayError, now: float) -> Steps[Channel]:
        self._main = None
        self._reopen_at = now + self._retry.after(error, now)
        return [*self._tell_loss(error), *self._reopen(now)]

    def _tell_loss(self, error: GatewayError) -> Steps[Channel]:
        """Tell a loss once, and again only where there is news: another kind, or a refusal now certain."""
        if not self._connected and isinstance(error, LinkLost):
            error = CannotConnect(str(error))  # what was never there cannot be lost
        if isinstance(error, LoginRefused) and self._retry.refusal_certain:
            error = LoginRefused(str(error), certain=True)
        kind = ConnectionError if isinstance(error, ConnectionError) else type(error)
        trouble = (kind, self._retry.refusal_certain)
        if trouble == self._trouble:
            return []
        self._connected = False
        self._trouble = trouble
        return [Emit(ConnectionChanged(gateway=self.key, connected=False, error=error))]

    def _on_event(self, event: Event, now: float) -> Steps[Channel]:
        try:
            told = codec.read_event(event, self._box.time_zone)
        except WireError as error:
            return self._ignore(error.reason)
        match told:
            case Part():
                return [Keep(SmsArrived(gateway=self.key, part=told), _nothing_follows)]
            case SmsResult():
                steps = self._texts.result(told, now)
                return self._ignore("foreign_result") if steps is None else steps
            case None:
                return self._ignore("other_event")

    def _ignore(self, reason: str) -> Steps[Channel]:
        self._ignored[reason] += 1
        return []


def _nothing_follows(_durable: bool, _now: float) -> Steps[Channel]:
    """The box does not wait for an acknowledgement."""
    return []


class NeogateDialog(Dialog[Channel]):
    """The conversation with one box; a second one needs a dialog of its own."""

    def __init__(self, random: Random | None = None) -> None:
        """Take the source of the jitter between tries to connect."""
        self._random = random or Random()
        self._ignored: Counter[str] = Counter()
        self._conversation: _Conversation | None = None
        self._masks = {channel: codec.Mask() for channel in Channel}

    @property
    @override
    def ignored(self) -> Mapping[str, int]:
        return MappingProxyType(self._ignored)

    @override
    def owner_of(self, peer: Channel) -> str | None:
        return None if self._conversation is None else self._conversation.key

    @override
    def masked(self, data: bytes, peer: Channel) -> bytes:
        return self._masks[peer].hide(data)

    @override
    def attach(self, box: Box, memory: Memory, now: float) -> Steps[Channel]:
        check_box(box)
        if self._conversation is not None:
            raise InvalidInput("taken", "this connection serves a gateway already")
        self._conversation = _Conversation(box, self._random, self._ignored)
        return self._conversation.begin(memory, now)

    @override
    def detach(self, key: str, now: float) -> Steps[Channel]:
        conversation = self._conversation
        if conversation is None or conversation.key != key:
            return []
        self._conversation = None
        return conversation.end(now)

    @override
    def submit(self, key: str, ticket: Ticket, request: Request[object], now: float) -> Steps[Channel]:
        conversation = self._conversation
        if conversation is None or conversation.key != key:
            return [Settle(ticket, LinkLost(NO_LINK))]
        return conversation.submit(ticket, request, now)

    @override
    def opened(self, peer: Channel, now: float) -> Steps[Channel]:
        session = self._session(peer)
        if session is None:
            return [Drop(peer)]
        session.opened(now)
        return []

    @override
    def lost(self, peer: Channel, reason: GatewayError, now: float) -> Steps[Channel]:
        session = self._session(peer)
        return [] if session is None else session.lost(reason, now)

    @override
    def receive(self, data: bytes, peer: Channel, now: float) -> Steps[Channel]:
        session = self._session(peer)
        return [] if session is None else session.receive(data, now)

    @override
    def tick(self, now: float) -> Steps[Channel]:
        return [] if self._conversation is None else self._conversation.tick(now)

    @override
    def deadline(self) -> float | None:
        return None if self._conversation is None else self._conversation.deadline()

    def _session(self, channel: Channel) -> Session | None:
        return None if self._conversation is None else self._conversation.session(channel)
