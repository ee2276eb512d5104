"""Gateway: all that Home Assistant sees of a box, the same for every family."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
import uuid

from .dialog import Box
from .driver import Driver
from .errors import BoxRebootNotSupported, GatewayError, InvalidInput, LinkLost, LoginRefused
from .family import Endpoint, Family, Feature
from .hub import Hub
from .listeners import Listeners
from .models import (
    CallChanged,
    ConnectionChanged,
    DeliveryReported,
    DialogEvent,
    GatewayState,
    LateResult,
    LineHeard,
    Message,
    PortChanged,
    PortRestarted,
    PortState,
    PortStatus,
    ReceivedSms,
    SmsArrived,
    TroubleFound,
    UssdArrived,
    UssdReply,
)
from .outbox import Outbox
from .requests import PortRequest, Reboot, SendUssd, SetAllEnabled, SetEnabled
from .sender import Sender, Sending
from .text import check_ussd_code

FIRST_REPORT = 35.0
"""Seconds after the opening in which a port that reports by itself is waited for: it does every 30."""

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


type GatewayEvent = (
    StateChanged
    | MessageChanged
    | ReceivedSms
    | CallChanged
    | UssdArrived
    | ConnectionChanged
    | PortRestarted
    | TroubleFound
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
        self._listeners: Listeners[GatewayEvent] = Listeners()
        self._driver: Driver[Any] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._attached = False
        self._certain = False
        self._opened_at = 0.0
        self._unheard: set[str] = set()
        self._stirred = asyncio.Event()
        self._first: asyncio.Future[None] | None = None
        self._sender = Sender(
            Outbox(pace=family.pace if pace is None else pace, batch=family.batch),
            submit=lambda request: self._opened().submit(box.key, request),
            ports=lambda: self._state.ports if self._state.connected else {},
            on_change=lambda message: self._listeners.tell(MessageChanged(message)),
            on_queue=lambda queue: self._update(replace(self._state, queue=queue)),
        )

    @property
    def state(self) -> GatewayState:
        """What is known of the gateway now."""
        return self._state

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many packets and values were not understood or not believed, by reason, since it was opened."""
        return {} if self._driver is None else self._driver.ignored

    def subscribe(self, listener: Callable[[GatewayEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with every event until the returned function is called."""
        return self._listeners.add(listener)

    async def open(self, *, certain: bool = False) -> None:
        """Begin to serve the gateway; one that we dial has answered, and told its ports, on return.

        Raise CannotConnect, LoginRefused or WrongPeer; the gateway is closed again then. ``certain``: a login
        that is refused is tried once more before, as a box that is just starting refuses everybody.
        """
        self._certain = certain
        self._driver = await self._hub.acquire(self.family, self._endpoint)
        self._unsubscribe = self._driver.subscribe(self._on_dialog_event)
        self._sender.start()
        self._opened_at = asyncio.get_running_loop().time()
        self._unheard = set(self._box.lines)
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
        if self._first is not None and not self._first.done():
            self._first.set_exception(LinkLost("the gateway was closed"))
        try:
            self._sender.stop()
            self._driver = None
            self._stirred.set()
            if self._attached:
                driver.detach(self._box.key)
            await self._sender.finish()
        finally:
            if self._unsubscribe is not None:
                self._unsubscribe()
            await self._hub.release(driver)

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
        return self._sender.send(message)

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
        await self._first_heard(port)
        driver = self._opened()
        async with self._sender.turn(port):
            return await driver.submit(self._box.key, SendUssd(port=port, code=code, timeout=timeout))

    async def reboot(self, port: str | None = None) -> None:
        """Restart one port, or the whole box where the family can. Raise NotSupported or GatewayError.

        What is being sent has 30 seconds to be settled before; nothing new departs meanwhile. Where the
        family waits for a port to be up again, StillStarting says that it was not in time.
        """
        if port is not None:
            self._check_port(port)
        elif Feature.REBOOT_BOX not in self.family.features:
            raise BoxRebootNotSupported("the box itself cannot be restarted over its API")
        async with self._sender.at_rest([*self._state.ports] if port is None else [port]):
            await self._opened().submit(self._box.key, Reboot(port=port))

    async def set_enabled(self, port: str, *, enabled: bool) -> None:
        """Switch one port's module on, or off once what it sends is settled. Raise GatewayError."""
        async with self._sender.at_rest([] if enabled else [port]):
            await self.ask(SetEnabled(port=port, enabled=enabled))

    async def set_all_enabled(self, request: SetAllEnabled) -> None:
        """Switch modules with one command of the box, as ``set_enabled`` does. Raise GatewayError."""
        async with self._sender.at_rest(request.disabled):
            await self._opened().submit(self._box.key, request)

    async def ask[O](self, request: PortRequest[O]) -> O:
        """Ask something of one port, at once and beside its texts. Raise NotSupported or GatewayError."""
        self._check_port(request.port)
        await self._first_heard(request.port)
        return await self._opened().submit(self._box.key, request)

    async def _first_heard(self, port: str) -> None:
        """Wait for a port that reports by itself and had no time for that since the opening."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(self._opened_at + FIRST_REPORT):
                while port in self._unheard and self._driver is not None:
                    self._stirred.clear()
                    await self._stirred.wait()

    def _opened(self) -> Driver[Any]:
        if self._driver is None:
            raise LinkLost("the gateway is closed")
        return self._driver

    def _check_port(self, port: str) -> None:
        if port not in self._state.ports:
            raise InvalidInput("port", "the gateway has no such port")

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
                if port.status is not PortStatus.OFFLINE:
                    self._unheard.discard(port.port)
                    self._stirred.set()
            case SmsArrived():
                self._on_sms(event)
            case DeliveryReported():
                self._sender.reported(event)
            case LateResult():
                self._sender.learned_late(event)
            case PortRestarted(port=name):
                self._sender.restarted(name)
                self._listeners.tell(event)
            case CallChanged() | UssdArrived() | TroubleFound():
                self._listeners.tell(event)
        self._sender.pump()

    def _on_connection(self, event: ConnectionChanged) -> None:
        if self._first is not None and not self._first.done():
            if event.error is not None and not self._may_pass(event.error):
                self._first.set_exception(event.error)
            elif event.connected:
                self._first.set_result(None)
        self._listeners.tell(event)

    def _may_pass(self, error: GatewayError) -> bool:
        """Whether an error of the opening is waited for to show that it lasts."""
        return self._certain and isinstance(error, LoginRefused) and not error.certain

    def _on_sms(self, event: SmsArrived) -> None:
        self._listeners.tell(
            ReceivedSms(
                message_id=f"sms_{uuid.uuid7().hex}",
                port=event.port,
                sender=event.sender,
                text=event.text,
                received_at=self._clock(),
                stamped_at=event.stamped_at,
                parts=event.parts,
                complete=event.complete,
            )
        )

    def _update(self, state: GatewayState) -> None:
        if state != self._state:
            self._state = state
            self._listeners.tell(StateChanged(state))
