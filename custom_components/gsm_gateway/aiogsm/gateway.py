"""Gateway: all that Home Assistant sees of a box, the same for every family."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
import uuid

from .dialog import Box, Reboot, SendSms, SendUssd
from .driver import Driver
from .errors import GatewayError, InvalidInput, LinkLost, NotSupported
from .family import Endpoint, Family, Feature
from .hub import Hub
from .listeners import Listeners
from .models import (
    CallChanged,
    ConnectionChanged,
    DialogEvent,
    GatewayState,
    LineHeard,
    Message,
    PortChanged,
    PortState,
    PortStatus,
    ReceivedSms,
    SmsArrived,
    UssdArrived,
    UssdReply,
)
from .outbox import Outbox, Turn
from .text import check_ussd_code

USSD_TIMEOUTS = (5.0, 180.0)
"""The shortest and the longest time, in seconds, that a USSD answer can be waited for."""


@dataclass(frozen=True, slots=True)
class MessageChanged:
    """A text came one step further, or is settled."""

    message: Message


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The gateway's state differs from what was told last."""

    state: GatewayState


class Sending:
    """A text on its way: how it stands now, and its end."""

    def __init__(self, message: Message) -> None:
        """Begin with a queued text."""
        self.message = message
        self._over = asyncio.get_running_loop().create_future()

    async def wait(self) -> Message:
        """Wait until the text is settled. Being cancelled does not cancel the text."""
        await asyncio.shield(self._over)
        return self.message

    def change(self, message: Message) -> None:
        """Note how the text stands now."""
        self.message = message
        if message.status.settled:
            self._over.set_result(None)


type GatewayEvent = (
    StateChanged | MessageChanged | ReceivedSms | CallChanged | UssdArrived | ConnectionChanged
)
type Clock = Callable[[], datetime]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Gateway:
    """One box: its state, its queue of texts, and what can be asked of it.

    Methods raise GatewayError; InvalidInput means that nothing was sent. Not for use from other threads.
    """

    def __init__(
        self,
        family: Family,
        hub: Hub,
        endpoint: Endpoint,
        box: Box,
        *,
        pace: float | None = None,
        clock: Clock = _utc_now,
    ) -> None:
        """Check the settings (InvalidInput); nothing is opened yet. ``pace`` is the family's unless given."""
        family.check_box(box)
        self.family = family
        self._hub = hub
        self._endpoint = endpoint
        self._box = box
        self._clock = clock
        lines = {line: PortState(port=line, status=PortStatus.OFFLINE) for line in box.lines}
        self._state = GatewayState(host=endpoint.host, ports=MappingProxyType(lines))
        self._outbox = Outbox(pace=family.pace if pace is None else pace)
        self._listeners: Listeners[GatewayEvent] = Listeners()
        self._driver: Driver[Any] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._attached = False
        self._first: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: dict[str, Sending] = {}
        self._turns: dict[str, asyncio.Future[None]] = {}

    @property
    def state(self) -> GatewayState:
        """What is known of the gateway now."""
        return self._state

    def subscribe(self, listener: Callable[[GatewayEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with every event until the returned function is called."""
        return self._listeners.add(listener)

    async def open(self) -> None:
        """Begin to serve the gateway; one that we dial has answered, and told its ports, on return.

        Raise CannotConnect, LoginRefused or WrongPeer; the gateway is closed again then.
        """
        self._driver = await self._hub.acquire(self.family, self._endpoint)
        self._unsubscribe = self._driver.subscribe(self._on_dialog_event)
        try:
            if Feature.PORTS_BY_THEMSELVES not in self.family.features:
                self._first = asyncio.get_running_loop().create_future()
            self._driver.attach(self._box)
            self._attached = True
            if self._first is not None:
                await self._first
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Take leave: what has not left is given up, sockets are closed, no task or timer remains."""
        if (driver := self._driver) is None:
            return
        self._driver = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        closed = LinkLost("the gateway was closed")
        for waiting in (self._first, *self._turns.values()):
            if waiting is not None and not waiting.done():
                waiting.set_exception(closed)
        try:
            self._abandon()
            if self._attached:
                driver.detach(self._box.key)
            await asyncio.gather(*self._tasks)
            self._abandon()  # what the wire gave back
        finally:
            if self._unsubscribe is not None:
                self._unsubscribe()
            await self._hub.release(driver)

    def _abandon(self) -> None:
        for message in self._outbox.abandon():
            self._changed(message)
        self._update(replace(self._state, queue=len(self._outbox)))

    def send_sms(self, recipient: str, text: str, *, port: str | None = None) -> Sending:
        """Queue a text, to leave by ``port`` only or by whichever is free. Raise InvalidInput.

        Its way is told by MessageChanged, too.
        """
        self.family.check_sms(recipient, text)
        if port is not None:
            self._check_port(port)
        message = Message(
            message_id=f"sms_{uuid.uuid7().hex}",
            recipient=recipient,
            text=text,
            created_at=self._clock(),
            pinned=port,
        )
        self._opened()
        self._sending[message.message_id] = sending = Sending(message)
        self._outbox.add(message, asyncio.get_running_loop().time())
        self._listeners.tell(MessageChanged(message))
        self._pump()
        return sending

    async def send_ussd(self, port: str, code: str, timeout: float | None = None) -> UssdReply:
        """Dial a USSD code and return the network's answer, waiting ``timeout`` seconds (5 to 180).

        Raise InvalidInput, PortNotReady, CommandRefused, GatewayTimeout, LinkLost, or OutcomeUnknown
        where the code was dialled and its answer was lost.
        """
        check_ussd_code(code)
        self._check_port(port)
        timeout = self.family.ussd_timeout if timeout is None else timeout
        if not USSD_TIMEOUTS[0] <= timeout <= USSD_TIMEOUTS[1]:
            raise InvalidInput("ussd_timeout", "a USSD answer can be waited for 5 to 180 seconds")
        driver = self._opened()
        await self._take_turn(port)
        try:
            reply = await driver.submit(self._box.key, SendUssd(port=port, code=code, timeout=timeout))
        finally:
            self._give_back(port)
        assert isinstance(reply, UssdReply)  # what the request is settled with
        return reply

    async def reboot(self, port: str | None = None) -> None:
        """Restart one port, or the whole box where the family can. Raise NotSupported or GatewayError."""
        if port is not None:
            self._check_port(port)
        elif Feature.REBOOT_BOX not in self.family.features:
            raise NotSupported("the box itself cannot be restarted this way")
        await self._opened().submit(self._box.key, Reboot(port=port))

    def _opened(self) -> Driver[Any]:
        if self._driver is None:
            raise LinkLost("the gateway is closed")
        return self._driver

    def _check_port(self, port: str) -> None:
        if port not in self._state.ports:
            raise InvalidInput("port", "the gateway has no such port")

    async def _take_turn(self, port: str) -> None:
        turn = Turn(uuid.uuid7().hex, port)
        self._turns[turn.turn_id] = waiting = asyncio.get_running_loop().create_future()
        self._outbox.add_turn(turn)
        self._pump()
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.cancelled():
                self._outbox.drop_turn(turn)
                self._pump()
            else:  # the turn came in the same moment
                self._give_back(port)
            raise
        finally:
            del self._turns[turn.turn_id]

    def _give_back(self, port: str) -> None:
        self._outbox.release(port)
        self._pump()

    def _pump(self) -> None:
        """Let leave what may leave now, and wake up when that may change."""
        if self._driver is None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for message in self._outbox.expire(now):
            self._changed(message)
        for departure in self._outbox.take(self._state.ports if self._state.connected else {}, now):
            if isinstance(departure, Turn):
                self._grant(departure)
                continue
            self._changed(departure)
            task = loop.create_task(self._send(self._driver, departure))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._update(replace(self._state, queue=len(self._outbox)))
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._outbox.deadline(now)
        self._timer = None if deadline is None else loop.call_at(deadline, self._pump)

    def _grant(self, turn: Turn) -> None:
        waiting = self._turns.get(turn.turn_id)
        if waiting is None or waiting.done():  # whoever asked was cancelled and is about to notice
            self._outbox.release(turn.port)
        else:
            waiting.set_result(None)

    async def _send(self, driver: Driver[Any], message: Message) -> None:
        assert message.port is not None  # a departure has its port
        request = SendSms(
            port=message.port, recipient=message.recipient, text=message.text, message_id=message.message_id
        )
        try:
            outcome = await driver.submit(self._box.key, request)
        except GatewayError as err:
            outcome = err
        now = asyncio.get_running_loop().time()
        self._changed(self._outbox.settle(message.message_id, outcome, self._state.ports, now))
        self._pump()

    def _changed(self, message: Message) -> None:
        self._sending[message.message_id].change(message)
        if message.status.settled:
            del self._sending[message.message_id]
        self._listeners.tell(MessageChanged(message))

    def _on_dialog_event(self, event: DialogEvent) -> None:
        if isinstance(event, LineHeard) or event.gateway != self._box.key:
            return
        match event:
            case ConnectionChanged(connected=connected):
                self._on_connection(event)
                self._update(replace(self._state, connected=connected))
            case PortChanged(state=port, host=host):
                ports = MappingProxyType({**self._state.ports, port.port: port})
                self._update(replace(self._state, ports=ports, host=host or self._state.host))
            case SmsArrived():
                self._on_sms(event)
            case CallChanged() | UssdArrived():
                self._listeners.tell(event)
        self._pump()

    def _on_connection(self, event: ConnectionChanged) -> None:
        if self._first is not None and not self._first.done():
            if event.error is not None:
                self._first.set_exception(event.error)
            elif event.connected:
                self._first.set_result(None)
        self._listeners.tell(event)

    def _on_sms(self, event: SmsArrived) -> None:
        self._listeners.tell(
            ReceivedSms(
                message_id=f"sms_{uuid.uuid7().hex}",
                port=event.port,
                sender=event.sender,
                text=event.text,
                received_at=self._clock(),
                parts=event.parts,
                complete=event.complete,
            )
        )

    def _update(self, state: GatewayState) -> None:
        if state != self._state:
            self._state = state
            self._listeners.tell(StateChanged(state))
