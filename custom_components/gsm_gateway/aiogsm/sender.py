"""Runs the outbox of one gateway: lets texts and USSD depart, and learns what became of each text."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
import uuid

from .errors import GatewayError, LinkLost
from .models import DeliveryReported, LateResult, Message, MessageError, MessageStatus, PortState
from .outbox import Outbox, Turn
from .reports import Reports
from .requests import Outcome, SendSms, SmsTaken

REST_TIMEOUT = 30.0
"""Seconds that what is being sent has to be settled before its port is switched off or restarted."""

MOST_REPORTABLE = 2000
"""How many settled texts are remembered, because more may come to be known of them."""


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


class Sender:
    """The texts of one gateway, and the turns of its USSD, over the lanes of its ports."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        submit: Callable[[SendSms], Awaitable[SmsTaken]],
        ports: Callable[[], Mapping[str, PortState]],
        on_change: Callable[[Message], None],
        on_queue: Callable[[int], None],
    ) -> None:
        """Send by ``submit``. ``ports`` gives those that could send now, if any.

        ``on_change`` is told of every step of a text, ``on_queue`` how many are not settled.
        """
        self._outbox = outbox
        self._submit = submit
        self._ports = ports
        self._on_change = on_change
        self._on_queue = on_queue
        self._closed = True
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: dict[str, Sending] = {}
        self._turns: dict[str, asyncio.Future[None]] = {}
        self._came_back = asyncio.Event()
        self._reports = Reports()
        self._reportable: OrderedDict[str, Message] = OrderedDict()

    def start(self) -> None:
        """Let things depart from now on."""
        self._closed = False

    def send(self, message: Message) -> Sending:
        """Queue a text."""
        self._sending[message.message_id] = sending = Sending(message)
        self._outbox.add(message, asyncio.get_running_loop().time())
        self._on_change(message)
        self.pump()
        return sending

    @asynccontextmanager
    async def turn(self, port: str) -> AsyncIterator[None]:
        """Wait for a turn in a port's lane, and keep it. Raise LinkLost when the gateway is closed."""
        turn = Turn(uuid.uuid7().hex, port)
        self._turns[turn.turn_id] = waiting = asyncio.get_running_loop().create_future()
        self._outbox.add_turn(turn)
        self.pump()
        try:
            await waiting
        except asyncio.CancelledError:
            if waiting.cancelled():
                self._outbox.drop_turn(turn)
                self.pump()
            else:  # the turn came in the same moment
                self._give_back(port)
            raise
        finally:
            del self._turns[turn.turn_id]
        try:
            yield
        finally:
            self._give_back(port)

    @asynccontextmanager
    async def at_rest(self, ports: Iterable[str]) -> AsyncIterator[None]:
        """Let nothing depart by these ports, after a while in which what is out may come back."""
        held = list(ports)
        for port in held:
            self._outbox.hold(port)
        try:
            await self._come_back(held)
            yield
        finally:
            for port in held:
                self._outbox.resume(port)
            self.pump()

    async def _come_back(self, ports: Iterable[str]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_TIMEOUT):
                while any(self._outbox.is_out(port) for port in ports):
                    self._came_back.clear()
                    await self._came_back.wait()

    def pump(self) -> None:
        """Let depart what may depart now, and wake up when that may change."""
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        for message in self._outbox.expire(now):
            self._changed(message)
        for departure in self._outbox.take(self._ports(), now):
            if isinstance(departure, Turn):
                self._grant(departure)
                continue
            self._changed(departure)
            task = loop.create_task(self._send(departure))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._on_queue(len(self._outbox))
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._outbox.deadline(now)
        self._timer = None if deadline is None else loop.call_at(deadline, self.pump)

    def stop(self) -> None:
        """Let nothing more depart, and give up what has not left."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for waiting in self._turns.values():
            if not waiting.done():
                waiting.set_exception(LinkLost("the gateway was closed"))
        self._abandon()

    async def finish(self) -> None:
        """Wait until all that had departed is settled, and give up what came back."""
        await asyncio.gather(*self._tasks)
        self._abandon()

    def restarted(self, port: str) -> None:
        """Note that a port numbers its texts anew."""
        self._reports.restarted(port)

    def reported(self, report: DeliveryReported) -> None:
        """Learn from the network what became of a text that was taken."""
        message_id = self._reports.find(report, asyncio.get_running_loop().time())
        if message_id is not None:
            self._deliver(message_id, report)

    def learned_late(self, late: LateResult) -> None:
        """Raise a text whose fate was unknown, once."""
        message = self._reportable.get(late.message_id)
        if message is None or message.status is not MessageStatus.UNKNOWN:
            return
        if not late.taken:
            self._changed(replace(message, status=MessageStatus.FAILED, error=MessageError.REFUSED))
            return
        self._changed(replace(message, status=MessageStatus.SENT, error=None))
        self._expect_reports(message, late.reference)

    def _abandon(self) -> None:
        for message in self._outbox.abandon():
            self._changed(message)
        self._on_queue(len(self._outbox))

    def _grant(self, turn: Turn) -> None:
        waiting = self._turns.get(turn.turn_id)
        if waiting is None or waiting.done():  # whoever asked was cancelled and is about to notice
            self._outbox.release(turn.port)
        else:
            waiting.set_result(None)

    def _give_back(self, port: str) -> None:
        self._outbox.release(port)
        self._came_back.set()
        self.pump()

    async def _send(self, message: Message) -> None:
        assert message.port is not None  # a departure has its port
        request = SendSms(
            port=message.port, recipient=message.recipient, text=message.text, message_id=message.message_id
        )
        try:
            outcome: Outcome = await self._submit(request)
        except GatewayError as err:
            outcome = err
        now = asyncio.get_running_loop().time()
        self._changed(self._outbox.settle(message.message_id, outcome, self._ports(), now))
        if isinstance(outcome, SmsTaken):
            self._expect_reports(message, outcome.reference)
        self._came_back.set()
        self.pump()

    def _expect_reports(self, message: Message, reference: int | None) -> None:
        """Remember a text that was taken, and note the reports that were faster than that news."""
        if message.port is None or reference is None:
            return
        now = asyncio.get_running_loop().time()
        for report in self._reports.sent(message.message_id, message.port, reference, message.recipient, now):
            self._deliver(message.message_id, report)

    def _deliver(self, message_id: str, report: DeliveryReported) -> None:
        """Note what became of a text that had been taken; the first word that is final counts."""
        message = self._reportable.get(message_id)
        if message is None or report.delivered is None:
            return
        if message.status not in (MessageStatus.SENT, MessageStatus.UNKNOWN):
            return
        if report.delivered:
            self._changed(replace(message, status=MessageStatus.DELIVERED, error=None))
            return
        failed = replace(message, status=MessageStatus.FAILED, error=MessageError.REFUSED)
        self._changed(replace(failed, error_detail="not delivered"))

    def _changed(self, message: Message) -> None:
        if (sending := self._sending.get(message.message_id)) is not None:
            sending.change(message)
        if message.status.settled:
            self._sending.pop(message.message_id, None)
            self._reportable[message.message_id] = message
            if len(self._reportable) > MOST_REPORTABLE:
                self._reportable.popitem(last=False)
        self._on_change(message)
