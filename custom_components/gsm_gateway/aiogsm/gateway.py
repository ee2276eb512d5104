"""Gateway: all that Home Assistant sees of a box, the same for every family."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from functools import partial
import logging
from types import MappingProxyType
from typing import Any

from .admission import Draft, Policy, Terms
from .dialog import Box
from .driver import Driver
from .errors import (
    BoxRebootNotSupported,
    GatewayError,
    InvalidInput,
    LinkLost,
    LoginRefused,
)
from .events import BreakerTripped, GatewayEvent, MessageChanged, StateChanged
from .family import Endpoint, Family, Feature
from .hub import Hub
from .journal import Entry, Journal, NoJournal, Query
from .listeners import Listeners
from .mail import Mail
from .menus import walk_menus
from .models import (
    CallChanged,
    ConnectionChanged,
    DialogEvent,
    GatewayState,
    LateResult,
    LineHeard,
    LineRefused,
    PortChanged,
    PortRestarted,
    PortState,
    PortStatus,
    TroubleFound,
    UssdArrived,
    UssdReply,
)
from .power import Power
from .requests import PortRequest, SendUssd, SetAllEnabled, SetEnabled
from .sender import Sending
from .text import check_ussd_code
from .wirelog import Pseudonyms, WireLine

_LOGGER = logging.getLogger(__name__)

FIRST_REPORT = 35.0
"""Seconds after the opening in which a port that reports by itself is waited for: it does every 30."""

USSD_TIMEOUTS = (5.0, 180.0)
"""The shortest and the longest time, in seconds, that a USSD answer can be waited for."""


type Clock = Callable[[], datetime]


def _local_now() -> datetime:
    return datetime.now().astimezone()


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
        journal: Journal | None = None,
        policy: Policy | None = None,
        clock: Clock = _local_now,
    ) -> None:
        """Check the settings (InvalidInput); nothing is opened yet. ``clock`` gives the local time.

        Without a ``journal`` nothing outlives the gateway.
        """
        family.dialect().check_box(box)
        self.family = family
        self._hub = hub
        self._endpoint = endpoint
        self._box = box
        lines = {line: PortState(port=line, status=PortStatus.OFFLINE) for line in box.lines}
        self._state = GatewayState(host=endpoint.host, ports=MappingProxyType(lines))
        self._listeners: Listeners[GatewayEvent] = Listeners()
        self._driver: Driver[Any] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._attached = False
        self._is_open = False
        self._certain = False
        self._opened_at = 0.0
        self._unheard: set[str] = set()
        self._stirred = asyncio.Event()
        self._first: asyncio.Future[None] | None = None
        self._closing = asyncio.Lock()
        self._policy = policy or Policy()
        self._journal = journal or NoJournal()
        self._clock = clock
        self._mail = self._new_mail()
        self._power = self._new_power()

    def _new_mail(self) -> Mail:
        """Give what begins with each opening: all that is known of texts is in the journal."""
        return Mail(
            self.family,
            self._policy,
            self._journal,
            submit=lambda request: self._opened().submit(self._box.key, request),
            ports=lambda: self._state.ports if self._state.connected else {},
            clock=self._clock,
            on_received=self._listeners.tell,
            on_change=lambda message: self._listeners.tell(MessageChanged(message)),
            on_queue=lambda queue: self._update(self._state._replace(queue=queue)),
            on_tripped=lambda: self._listeners.tell(BreakerTripped()),
        )

    def _new_power(self) -> Power:
        return Power(self.family, self._mail, lambda request: self._opened().submit(self._box.key, request))

    @property
    def state(self) -> GatewayState:
        """What is known of the gateway now."""
        return self._state

    @property
    def ignored(self) -> Mapping[str, int]:
        """How many packets and values were not understood or not believed, by reason, since it was opened."""
        return {} if self._driver is None else self._driver.ignored

    @property
    def heard_at(self) -> datetime | None:
        """When something came from the gateway last, since it was opened."""
        at = None if self._driver is None else self._driver.wire.heard_at(self._box.key)
        return None if at is None else self.moment(at)

    def transcript(self, names: Pseudonyms, *, of_strangers: bool = False) -> list[WireLine]:
        """Give the last of what passed over the wire, masked: the gateway's, or what is nobody's."""
        if self._driver is None:
            return []
        pieces = self._driver.wire.pieces(None if of_strangers else self._box.key)
        return self.family.dialect().transcribe(pieces, names)

    def moment(self, at: float) -> datetime:
        """Give the local time that was when the event loop's clock showed ``at``."""
        return self._clock() - timedelta(seconds=asyncio.get_running_loop().time() - at)

    def subscribe(self, listener: Callable[[GatewayEvent], None]) -> Callable[[], None]:
        """Call ``listener`` with every event until the returned function is called."""
        return self._listeners.add(listener)

    @property
    def tripped(self) -> bool:
        """Whether too many texts were queued in an hour, and none is taken until ``reset_breaker``."""
        return self._mail.tripped

    @property
    def doubtful(self) -> int:
        """How many received texts may have been acted on when the run before was ended."""
        return self._mail.doubtful

    def sent_by(self, port: str) -> tuple[int, int]:
        """Give how many texts a port has sent today and this month; those of unknown fate count."""
        return self._mail.sender.sent_by(port)

    async def open(self, *, certain: bool = False) -> None:
        """Begin to serve the gateway; one that we dial has answered, and told its ports, on return.

        Raise CannotConnect, LoginRefused or WrongPeer; the gateway is closed again then. ``certain``: a login
        that is refused is tried once more before, as a box that is just starting refuses everybody.
        """
        self._certain = certain
        self._mail = self._new_mail()
        self._power = self._new_power()
        remembered = await self._mail.restore()
        self._is_open = True
        try:
            self._driver = await self._hub.acquire(self.family, self._endpoint)
            self._unsubscribe = self._driver.subscribe(self._on_dialog_event)
            self._opened_at = asyncio.get_running_loop().time()
            self._unheard = set(self._box.lines)
            if Feature.PORTS_BY_THEMSELVES not in self.family.features:
                self._first = asyncio.get_running_loop().create_future()
            self._driver.attach(self._box, self._mail.memory(), self._mail.keep)
            self._attached = True
            self._mail.start()
            self._power.switch_on(remembered.off)
            if self._first is not None:
                await self._first
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Take leave: sockets are closed, no task or timer remains, and what has not left is kept."""
        async with self._closing:
            if self._is_open:
                self._is_open = False
                await self._close()

    async def _close(self) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_exception(LinkLost("the gateway was closed"))
        driver, self._driver = self._driver, None
        self._stirred.set()
        self._mail.sender.stop()
        async with AsyncExitStack() as last:
            if driver is not None:
                last.push_async_callback(self._hub.release, driver)
            if self._unsubscribe is not None:
                last.callback(self._unsubscribe)
            last.push_async_callback(self._mail.close)
            if driver is not None and self._attached:
                self._attached = False
                await driver.detach(self._box.key)
            await self._power.close()

    def begin_handing_on(self) -> None:
        """Tell of received texts from now on, those that wait first: those who act on them are there."""
        self._mail.begin_handing_on()

    async def send_sms(self, drafts: Sequence[Draft], terms: Terms | None = None) -> list[Sending]:
        """Queue texts, to leave by whichever port is free unless ``terms`` name one.

        On return it survives a kill. Raise InvalidInput, and queue none then. The way of each is told by
        MessageChanged, too.
        """
        terms = terms or Terms()
        if terms.port is not None:
            self._check_port(terms.port)
        self._opened()
        return await self._mail.send(drafts, terms)

    def reset_breaker(self) -> None:
        """Take texts again after too many were queued in an hour."""
        self._mail.reset_breaker()

    async def history(self, query: Query) -> list[Entry]:
        """Give texts of both directions, the newest first."""
        return await self._mail.journal.history(query)

    async def delete(
        self,
        message_ids: Collection[str] | None = None,
        before: datetime | None = None,
        port: str | None = None,
    ) -> int:
        """Delete settled texts from the history, by id or by age, of one port or all; give how many."""
        return await self._mail.journal.delete(message_ids, before, port)

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
        async with self._mail.sender.turn(port):
            return await driver.submit(self._box.key, SendUssd(port=port, code=code, timeout=timeout))

    async def walk_ussd(self, port: str, codes: Sequence[str]) -> list[UssdReply]:
        """Dial a code and answer the menus that it opens with the others, nothing else in between.

        Give the network's answers, fewer than codes where it ended the session early. No session is left
        open where the family can end one. Raise as ``send_ussd`` does.
        """
        for code in codes:
            check_ussd_code(code)
        self._check_port(port)
        await self._first_heard(port)
        submit = partial(self._opened().submit, self._box.key)
        async with self._mail.sender.turn(port):
            return await walk_menus(submit, self.family, port, codes)

    async def reboot(self, port: str | None = None) -> None:
        """Restart one port, or the whole box where the family can. Raise NotSupported or GatewayError.

        What is being sent has 30 seconds to be settled before; nothing new departs meanwhile. Being
        cancelled does not break it off. Where the family waits for a port to be up again, StillStarting says
        that it was not in time.
        """
        if port is not None:
            self._check_port(port)
        elif Feature.REBOOT_BOX not in self.family.features:
            raise BoxRebootNotSupported("the box itself cannot be restarted over its API")
        await self._power.reboot(port, [*self._state.ports])

    async def set_enabled(self, port: str, *, enabled: bool) -> None:
        """Switch one port's module on, or off once what it sends is settled. Raise GatewayError."""
        self._check_port(port)
        await self._first_heard(port)
        await self._power.set_enabled(SetEnabled(port=port, enabled=enabled))

    async def set_all_enabled(self, request: SetAllEnabled) -> None:
        """Switch modules with one command of the box, as ``set_enabled`` does. Raise GatewayError."""
        await self._power.set_all_enabled(request)

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
                self._update(self._state._replace(connected=connected))
            case PortChanged(state=port, host=host):
                ports = MappingProxyType({**self._state.ports, port.port: port})
                self._update(self._state._replace(ports=ports, host=host or self._state.host))
                if port.status is not PortStatus.OFFLINE:
                    self._unheard.discard(port.port)
                    self._stirred.set()
            case LateResult():
                self._mail.learned_late(event)
            case PortRestarted(port=name):
                self._mail.restarted(name)
                self._listeners.tell(event)
            case CallChanged() | UssdArrived() | TroubleFound() | LineRefused():
                self._listeners.tell(event)
        self._mail.sender.pump()

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

    def _update(self, state: GatewayState) -> None:
        if state != self._state:
            self._state = state
            self._listeners.tell(StateChanged(state))
