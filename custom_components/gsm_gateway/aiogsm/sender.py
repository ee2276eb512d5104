"""Runs the outbox of one gateway: lets texts and USSD depart, and keeps what becomes of each text.

Every step of a text is in the journal before anybody is told of it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
import uuid

from .aftermath import Aftermath
from .errors import CommandRefused, GatewayError, LinkLost, OutcomeUnknown
from .journal import Change, DropReport, Journal, PutMessage, PutPush, PutReport, PutUsage, Remembered
from .models import LateResult, Message, MessageError, MessageStatus, PortState
from .outbox import COUNTED, Moment, Outbox, Turn
from .records import DeliveryReported, Departing
from .requests import AwaitResult, Outcome, SendSms, SmsTaken

REST_TIMEOUT = 30.0
"""Seconds that what is being sent has to be settled before its port is switched off or restarted."""


class Sending:
    """A text on its way: how it stands now, and its end."""

    def __init__(self, message: Message) -> None:
        """Begin with a queued text."""
        self.message = message
        self._over = asyncio.get_running_loop().create_future()

    async def wait(self) -> Message:
        """Wait until the text is settled, or left to the next run. Being cancelled does not cancel it."""
        await asyncio.shield(self._over)
        return self.message

    def change(self, message: Message) -> None:
        """Note how the text stands now."""
        self.message = message
        if message.status.settled:
            self.leave()

    def leave(self) -> None:
        """Let nobody wait any longer."""
        if not self._over.done():
            self._over.set_result(None)


class Sender:
    """The texts of one gateway, and the turns of its USSD, over the lanes of its ports."""

    def __init__(
        self,
        outbox: Outbox,
        journal: Journal,
        *,
        submit: Callable[[SendSms | AwaitResult], Awaitable[SmsTaken]],
        ports: Callable[[], Mapping[str, PortState]],
        now: Callable[[], Moment],
        on_change: Callable[[Message], None],
        on_queue: Callable[[int], None],
    ) -> None:
        """Send by ``submit``. ``ports`` gives those that could send now, if any; ``now`` the time.

        ``on_change`` is told of every step of a text, ``on_queue`` how many are not settled.
        """
        self._outbox = outbox
        self._journal = journal
        self._submit = submit
        self._ports = ports
        self._now = now
        self._on_change = on_change
        self._on_queue = on_queue
        self._told: int | None = None
        self._closed = True
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending: dict[str, Sending] = {}
        self._unkept: set[str] = set()
        self._owed: dict[str, Message] = {}
        self._turns: dict[str, asyncio.Future[None]] = {}
        self._came_back = asyncio.Event()
        self._aftermath = Aftermath()

    def restore(self, remembered: Remembered) -> None:
        """Go on where an earlier run ended: what waited waits, what was leaving is asked after."""
        now = self._now()
        for recipient, port in remembered.met:
            self._outbox.met(recipient, port)
        self._outbox.usage.restore(remembered.usage)
        self._aftermath.restore(remembered, now)
        for message in remembered.messages:
            if message.left_at is not None and message.port is not None:
                age = now.age_of(message.left_at)
                self._outbox.rest_after(message.port, age, now)
            if message.status is MessageStatus.QUEUED:
                self._outbox.add(message._replace(port=None), now)
            elif message.status is MessageStatus.SENDING:
                self._outbox.resume(message, now)

    def start(self, left: Iterable[Message] = ()) -> None:
        """Let things depart from now on; learn of those that ``left`` in an earlier run."""
        self._closed = False
        for message in left:
            self._run(self._ask_after(message))
        self.pump()

    async def send(self, messages: Sequence[Message]) -> list[Sending]:
        """Queue texts together; on return they are in the journal, or in memory if that has no room.

        Those that are settled already are told of, and leave no trace.
        """
        sendings = [Sending(message) for message in messages]
        for sending in sendings:
            self._sending[sending.message.message_id] = sending
        await asyncio.shield(self._run(self._accept(messages)))
        return sendings

    async def _accept(self, messages: Sequence[Message]) -> None:
        queued = [message for message in messages if not message.status.settled]
        durable = await self._journal.write(*(PutMessage(message) for message in queued))
        now = self._now()
        for message in queued:
            if not durable:
                self._unkept.add(message.message_id)
            self._outbox.add(message, now)
        for message in messages:
            self._tell(message)
        self.pump()

    def met(self, person: str, port: str) -> None:
        """Note that somebody wrote to a port, and so knows its number."""
        self._outbox.met(person, port)

    def sent_by(self, port: str) -> tuple[int, int]:
        """Give how many texts a port has sent today and this month."""
        day, usage = self._now().day, self._outbox.usage
        return usage.of_day(port, day), usage.of_month(port, day)

    async def leaving(self, record: Departing) -> bool:
        """Make it durable that a text is about to leave; give whether it may."""
        if not self._outbox.has_departed(record.message_id):
            return False
        message = self._outbox.leaving(record.message_id, record.trace, self._now())
        durable = await self._write(message)
        # What the journal never had cannot be sent again by the next run.
        if not durable and record.message_id not in self._unkept:
            return False
        self._outbox.left(record.message_id, self._now())
        return True

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
                self._outbox.unhold(port)
            self.pump()

    async def _come_back(self, ports: Iterable[str]) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(REST_TIMEOUT):
                while not self._closed and any(self._outbox.is_out(port) for port in ports):
                    self._came_back.clear()
                    await self._came_back.wait()

    def pump(self) -> None:
        """Let depart what may depart now, and wake up when that may change."""
        if self._closed:
            return
        self._wake_at(self._depart(self._ports(), self._now()) if self._outbox.waits else None)
        if (queue := len(self._outbox)) != self._told:
            self._told = queue
            self._on_queue(queue)

    def _wake_at(self, deadline: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if deadline is None else loop.call_at(deadline, self.pump)

    def _depart(self, ports: Mapping[str, PortState], now: Moment) -> float | None:
        for message in self._outbox.give_up(ports, now):
            self._changed(message, now)
        for departure in self._outbox.take(ports, now):
            if isinstance(departure, Turn):
                self._grant(departure)
            else:
                self._run(self._send(departure))
        return self._outbox.deadline(ports, now)

    def stop(self) -> None:
        """Let nothing more depart; what has not left is left to the next run."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._came_back.set()
        for waiting in self._turns.values():
            if not waiting.done():
                waiting.set_exception(LinkLost("the gateway was closed"))

    async def finish(self) -> None:
        """Wait until all that had departed is settled, and keep what the journal does not have yet."""
        await asyncio.gather(*self._tasks)
        self._write_owed()
        for message in self._outbox.queued():
            if message.message_id in self._unkept and not await self._journal.write(PutMessage(message)):
                failed = message._replace(
                    status=MessageStatus.FAILED,
                    error=MessageError.STORE_FAILED,
                    settled_at=self._now().wall,
                )
                self._tell(failed)

    def keep_anew(self) -> None:
        """Write all that is not settled to a journal that has lost it."""
        messages = [*self._outbox.queued(), *self._outbox.departed()]
        self._unkept.update(message.message_id for message in messages)
        for message in messages:
            self._journal.write(PutMessage(message)).add_done_callback(partial(self._noted, message))

    def leave(self) -> None:
        """Let nobody wait any longer for what is left to the next run."""
        for sending in self._sending.values():
            sending.leave()

    async def reported(self, report: DeliveryReported) -> bool:
        """Learn from the network what became of a text that was taken; give whether that is durable."""
        now = self._now()
        found = self._aftermath.reported(report, now)
        changes: list[Change] = [PutReport(report, now.wall)] if found.early else []
        if report.push is not None:
            changes.append(PutPush(report.port, report.push, now.wall))
        if found.message is None:
            return await self._journal.write(*changes)
        return await self._write(found.message, *changes)

    def restarted(self, port: str) -> None:
        """Note that a port numbers its texts anew."""
        self._aftermath.restarted(port)

    def learned_late(self, late: LateResult) -> None:
        """Raise a text whose fate was unknown, once."""
        if (settled := self._aftermath.learned_late(late, self._now())) is not None:
            self._write(settled.message, *(DropReport(report) for report in settled.reports))

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
        self._settle(message.message_id, await self._outcome(request))

    async def _ask_after(self, message: Message) -> None:
        assert message.port is not None  # it has left
        assert message.left_at is not None
        age = self._now().age_of(message.left_at)
        outcome = await self._outcome(
            AwaitResult(port=message.port, message_id=message.message_id, trace=message.trace, age=age)
        )
        if not isinstance(outcome, SmsTaken) and type(outcome) is not CommandRefused:
            outcome = OutcomeUnknown(str(outcome))  # whatever kept its result from us, it may have left
        self._settle(message.message_id, outcome)

    async def _outcome(self, request: SendSms | AwaitResult) -> Outcome:
        try:
            return await self._submit(request)
        except GatewayError as err:
            return err

    def _settle(self, message_id: str, outcome: Outcome) -> None:
        if self._closed and isinstance(outcome, OutcomeUnknown) and message_id not in self._unkept:
            return  # the next run asks what became of it
        now = self._now()
        self._changed(self._outbox.settle(message_id, outcome, self._ports(), now), now)
        self._came_back.set()
        self.pump()

    def _changed(self, message: Message, now: Moment) -> None:
        """Keep how a text stands now."""
        if not message.status.settled:
            self._write(message)
            return
        settled = self._aftermath.settled(message, now)
        changes: list[Change] = [DropReport(report) for report in settled.reports]
        if message.port is not None and message.status in COUNTED:
            sent = self._outbox.usage.of_day(message.port, now.day)
            changes.append(PutUsage(message.port, now.day, sent))
        self._write(settled.message, *changes)

    def _write(self, message: Message, *changes: Change) -> asyncio.Future[bool]:
        """Write to the journal, and tell everybody once that is done."""
        written = self._journal.write(PutMessage(message), *changes)
        written.add_done_callback(partial(self._written, message))
        return written

    def _written(self, message: Message, written: asyncio.Future[bool]) -> None:
        self._noted(message, written)
        self._tell(message)

    def _noted(self, message: Message, written: asyncio.Future[bool]) -> None:
        """Note whether the journal has a text: what it never had goes from memory.

        An end that it had no room for is written again as soon as it takes something.
        """
        durable = written.result()
        if durable or message.status.settled:
            self._unkept.discard(message.message_id)
        if durable:
            self._owed.pop(message.message_id, None)
            self._write_owed()
        elif message.status.settled:
            self._owed[message.message_id] = message

    def _write_owed(self) -> None:
        owed, self._owed = self._owed, {}
        for message in owed.values():
            self._journal.write(PutMessage(message)).add_done_callback(partial(self._noted, message))

    def _tell(self, message: Message) -> None:
        if (sending := self._sending.get(message.message_id)) is not None:
            sending.change(message)
            if message.status.settled:
                del self._sending[message.message_id]
        self._on_change(message)

    def _run(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
