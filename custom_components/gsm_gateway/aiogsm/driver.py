"""Runs a dialog over a link: performs its Steps in order, keeps its time, settles its tickets."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
import logging
from typing import assert_never, cast, override

from .dialog import Box, Dialog, Drop, Emit, Keep, Open, Send, Settle, Step, Steps, Ticket
from .errors import GatewayError, LinkLost
from .link import Link, Listener
from .listeners import Listeners
from .models import DialogEvent
from .records import Memory, Record
from .requests import Outcome, Request
from .wirelog import Way, WireLog

type Keeper = Callable[[Record], Awaitable[bool]]
"""Makes a record of one gateway durable, and tells whether it is."""

_WIRE = logging.getLogger(f"{__package__}.wire")


class Driver[P](Listener[P]):
    """One link and the dialog on it, for every gateway that it serves. ``wire`` is what passed of late."""

    def __init__(self, dialog: Dialog[P], link: Link[P]) -> None:
        """Join the two; nothing is opened yet."""
        self._dialog = dialog
        self._link = link
        self.wire = WireLog()
        self._loop = asyncio.get_running_loop()
        self._steps: deque[Step[P]] = deque()
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._tickets = count(1)
        self._waiting: dict[Ticket, asyncio.Future[Outcome]] = {}
        self._listeners: Listeners[DialogEvent] = Listeners()
        self._attached: set[str] = set()
        self._keepers: dict[str, Keeper] = {}
        self._keeping: dict[asyncio.Task[None], str] = {}

    async def start(self) -> None:
        """Make the link ready. Raise CannotConnect where that is impossible."""
        await self._link.start(self)

    async def close(self) -> None:
        """Close the link and leave no task or timer. Every gateway should be detached by now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._link.close()

    def subscribe(self, listener: Callable[[DialogEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with every event, of all gateways here, until the returned function is called."""
        return self._listeners.add(listener)

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many packets were ignored, by reason."""
        return self._dialog.ignored

    def attach(self, box: Box, memory: Memory, keeper: Keeper) -> None:
        """Begin to serve a gateway. Raise InvalidInput where its settings cannot be used."""
        steps = self._dialog.attach(box, memory, self._loop.time())
        self._keepers[box.key] = keeper
        self._attached.add(box.key)
        self.wire.add(box.key)
        self._perform(steps)

    async def detach(self, key: str) -> None:
        """Take leave of a gateway, if it is served here; what it owes an answer is settled.

        What was being kept is kept before this returns, and acknowledged.
        """
        if key not in self._attached:
            return
        self._attached.remove(key)
        self._perform(self._dialog.detach(key, self._loop.time()))
        while tasks := [task for task, gateway in self._keeping.items() if gateway == key]:
            await asyncio.wait(tasks)
        del self._keepers[key]
        self.wire.remove(key)

    async def submit[O](self, key: str, request: Request[O]) -> O:
        """Ask something of a gateway and wait for its outcome. Raise GatewayError as the request's."""
        if key not in self._attached:
            raise LinkLost("the gateway is not served")
        ticket = next(self._tickets)
        steps = self._dialog.submit(key, ticket, request, self._loop.time())
        waiting: asyncio.Future[Outcome] = self._loop.create_future()
        self._waiting[ticket] = waiting
        self._perform(steps)
        try:
            outcome = await waiting
        finally:
            self._waiting.pop(ticket, None)
        if isinstance(outcome, GatewayError):
            raise outcome
        return cast("O", outcome)  # what a request is settled with is the dialog's promise

    @override
    def on_opened(self, peer: P) -> None:
        now = self._loop.time()
        self.wire.note(self._dialog.owner_of(peer), now, Way.OPENED, peer)
        self._perform(self._dialog.opened(peer, now))

    @override
    def on_received(self, data: bytes, peer: P) -> bool:
        self._log_wire("<", data, peer)
        now = self._loop.time()
        if (reflex := self._dialog.reflex(data, peer, now)) is not None:
            gateway, answer = reflex
            self._link.send(answer, peer)
            self.wire.note_exchange(gateway, now, peer, data, answer)
            self._log_wire(">", answer, peer)
            return True
        steps = self._dialog.receive(data, peer, now)
        self.wire.note(self._dialog.owner_of(peer), now, Way.IN, peer, data)  # known now at the latest
        quiet = not steps
        self._perform(steps)
        return quiet

    @override
    def on_lost(self, peer: P, reason: GatewayError) -> None:
        now = self._loop.time()
        self.wire.note(self._dialog.owner_of(peer), now, Way.LOST, peer, type(reason).__name__.encode())
        self._perform(self._dialog.lost(peer, reason, now))

    def _perform(self, steps: Steps[P]) -> None:
        # A listener may submit while steps are performed; its steps then follow those already there.
        self._steps.extend(steps)
        if self._performing:
            return
        self._performing = True
        try:
            while self._steps:
                self._perform_one(self._steps.popleft())
        finally:
            self._performing = False
        self._set_timer()

    def _perform_one(self, step: Step[P]) -> None:
        match step:
            case Send(data, peer):
                self._log_wire(">", data, peer)
                self.wire.note(self._dialog.owner_of(peer), self._loop.time(), Way.OUT, peer, data)
                self._link.send(data, peer)
            case Emit(event):
                self._listeners.tell(event)
            case Settle(ticket, outcome):
                self._settle(ticket, outcome)
            case Open(peer):
                self._link.open(peer)
            case Drop(peer):
                self._link.drop(peer)
            case Keep(record, then):
                keeping = self._keep(self._keepers[record.gateway](record), then)
                task = self._loop.create_task(keeping, eager_start=True)  # on its way to the disk at once
                self._keeping[task] = record.gateway
                task.add_done_callback(self._keeping.pop)
            case _:
                assert_never(step)

    async def _keep(self, kept: Awaitable[bool], then: Callable[[bool, float], Steps[P]]) -> None:
        durable = await kept
        self._perform(then(durable, self._loop.time()))

    def _settle(self, ticket: Ticket, outcome: Outcome) -> None:
        waiting = self._waiting.get(ticket)
        if waiting is not None and not waiting.done():
            waiting.set_result(outcome)

    def _set_timer(self) -> None:
        """Wake up no later than the dialog's deadline; an earlier wake-up that stands is harmless."""
        deadline = self._dialog.deadline()
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._perform(self._dialog.tick(self._loop.time()))

    def _log_wire(self, direction: str, data: bytes, peer: P) -> None:
        if not _WIRE.isEnabledFor(logging.DEBUG):
            return
        _WIRE.debug("%s %s %r", direction, peer, self._dialog.masked(data, peer))
