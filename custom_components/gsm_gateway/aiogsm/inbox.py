"""Received texts: joined from their parts, kept, and handed on to those who act on them, each once.

A text that comes is made durable before it is acknowledged. That it is being handed on is durable before
anybody hears of it: who was told and then killed is never told again.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
import logging
import uuid

from .journal import Change, DropParts, Journal, PutPart, PutPush, PutReceived, Remembered
from .models import HandedOn, ReceivedSms
from .parts import Joined, Joiner, Part, PieceJoiner, whole
from .records import SmsArrived

_LOGGER = logging.getLogger(__name__)

RETRY_PAUSE = 30.0
"""Seconds after which a text is tried again that could not be marked as being handed on."""


class Inbox:
    """The received texts of one gateway."""

    def __init__(
        self, journal: Journal, clock: Callable[[], datetime], tell: Callable[[ReceivedSms], None]
    ) -> None:
        """Write to ``journal``; ``tell`` hands a text on. ``clock`` is the wall's."""
        self._journal = journal
        self._clock = clock
        self._tell = tell
        self._parts = Joiner()
        self._pieces = PieceJoiner()
        self._waiting: list[ReceivedSms] | None = []
        self._turns: dict[str, ReceivedSms | None] = {}  # in order of arrival; None: not to be told yet
        self._writes: set[asyncio.Future[bool]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._retries: set[asyncio.TimerHandle] = set()
        self.doubtful = 0

    def restore(self, remembered: Remembered) -> None:
        """Go on where an earlier run ended. What it may have handed on is not handed on again."""
        assert self._waiting is not None  # nothing is handed on before this
        for sms in remembered.received:
            if sms.handed_on is HandedOn.NO:
                self._turns[sms.message_id] = None
                self._waiting.append(sms._replace(held_over=True))
                continue
            self.doubtful += 1
            self._journal.write(PutReceived(sms._replace(handed_on=HandedOn.UNKNOWN)))
        if self.doubtful:
            _LOGGER.warning(
                "%d received texts may have been acted on when Home Assistant was ended; they are in the"
                " history and are not handed on again",
                self.doubtful,
            )
        now = asyncio.get_running_loop().time()
        for kept in remembered.parts:
            age = max((self._clock() - kept.arrived_at).total_seconds(), 0.0)
            pushed_out, _ = self._take(kept.part, now - age)
            for joined in pushed_out:
                self._keep(joined)
        self._set_timer()

    def begin(self) -> None:
        """Hand on what waits and, from now on, what comes: those who act on it are there."""
        waiting, self._waiting = self._waiting, None
        for sms in waiting or ():
            self._hand_on(sms)

    def keep_anew(self) -> None:
        """Write the texts that wait to be handed on to a journal that has lost them."""
        self._journal.write(*(PutReceived(sms) for sms in self._waiting or ()))

    async def arrived(self, record: SmsArrived) -> bool:
        """Take a text or a part of one; on return it may be acknowledged. Give whether it is durable."""
        now, at = asyncio.get_running_loop().time(), self._clock()
        joined, waits = self._take(record.part, now)
        changes: list[Change] = []
        if record.push is not None:
            changes.append(PutPush(record.part.port, record.push, at))
        texts = [(one, self._received(one, at)) for one in joined]
        for one, sms in texts:
            changes += _whole(one, sms)
        if waits:
            changes.append(PutPart(record.part, at))
        durable = await self._journal.write(*changes)
        for one, sms in texts:
            self._kept(one, sms, durable=durable)
        self._set_timer()
        return durable

    async def close(self) -> None:
        """Finish what is being handed on; everything else is left to the next run."""
        while self._writes:
            await asyncio.wait(self._writes)
        for timer in (self._timer, *self._retries):
            if timer is not None:
                timer.cancel()
        self._timer = None
        self._retries.clear()

    def _take(self, part: Part, now: float) -> tuple[list[Joined], bool]:
        """Join a part; tell also whether it waits for others."""
        if part.loose:
            return self._pieces.add(part, now)
        return self._parts.add(part, now) if part.total > 1 else ([whole(part)], False)

    def _received(self, joined: Joined, at: datetime) -> ReceivedSms:
        """Give a whole text its place in the order in which texts are told."""
        sms = ReceivedSms(
            message_id=f"sms_{uuid.uuid7().hex}",
            port=joined.port,
            sender=joined.sender,
            text=joined.text,
            received_at=at,
            stamped_at=joined.stamped_at,
            parts=joined.parts,
            complete=joined.complete,
            handed_on=HandedOn.NO if self._waiting is not None else HandedOn.BEGUN,
        )
        self._turns[sms.message_id] = None
        return sms

    def _kept(self, joined: Joined, sms: ReceivedSms, *, durable: bool) -> None:
        """Go on with a text that is in the journal; or is not, because that could not be."""
        if not durable and joined.waited:  # its parts are there, and would come again
            self._pass_over(sms)
            self._later(lambda: self._keep(joined))
        elif self._waiting is not None:
            self._waiting.append(sms)
        elif durable and sms.handed_on is HandedOn.NO:
            self._hand_on(sms)
        else:
            self._give(sms)

    def _keep(self, joined: Joined) -> None:
        sms = self._received(joined, self._clock())
        self._write(_whole(joined, sms), lambda durable: self._kept(joined, sms, durable=durable))

    def _hand_on(self, sms: ReceivedSms) -> None:
        """Hand on a text once the journal says that this was begun; never before."""
        begun = sms._replace(handed_on=HandedOn.BEGUN)

        def _on_written(durable: bool) -> None:
            if durable:
                self._give(begun)
            else:
                self._pass_over(sms)
                self._later(_again)

        def _again() -> None:
            self._turns[sms.message_id] = None
            self._hand_on(sms)

        self._write([PutReceived(begun)], _on_written)

    def _give(self, sms: ReceivedSms) -> None:
        """Tell of a text when all that came before it were told."""
        self._turns[sms.message_id] = sms
        self._tell_in_turn()

    def _pass_over(self, sms: ReceivedSms) -> None:
        """Let no other text wait for this one, which cannot be told for a while."""
        del self._turns[sms.message_id]
        self._tell_in_turn()

    def _tell_in_turn(self) -> None:
        while self._turns and (sms := next(iter(self._turns.values()))) is not None:
            del self._turns[sms.message_id]
            self._tell(sms)
            self._write([PutReceived(sms._replace(handed_on=HandedOn.DONE))], lambda _: None)

    def _write(self, changes: list[Change], then: Callable[[bool], None]) -> None:
        written = self._journal.write(*changes)
        self._writes.add(written)

        def _go_on(_: asyncio.Future[bool]) -> None:
            self._writes.discard(written)
            then(written.result())

        written.add_done_callback(_go_on)

    def _later(self, again: Callable[[], None]) -> None:
        def _run() -> None:
            self._retries.discard(timer)
            again()

        timer = asyncio.get_running_loop().call_later(RETRY_PAUSE, _run)
        self._retries.add(timer)

    def _on_timer(self) -> None:
        """Give up on parts that do not come."""
        self._timer = None
        now = asyncio.get_running_loop().time()
        for joined in [*self._parts.expire(now), *self._pieces.expire(now)]:
            self._keep(joined)
        self._set_timer()

    def _set_timer(self) -> None:
        dues = [due for due in (self._parts.deadline(), self._pieces.deadline()) if due is not None]
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_at(min(dues), self._on_timer) if dues else None


def _whole(joined: Joined, sms: ReceivedSms) -> list[Change]:
    """Give what changes as a text becomes whole: it takes the place of its parts."""
    changes: list[Change] = [PutReceived(sms)]
    if joined.waited:
        changes.append(DropParts(joined.port, joined.sender, joined.reference))
    return changes
