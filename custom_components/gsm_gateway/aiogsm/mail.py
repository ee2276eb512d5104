"""All texts of one gateway, both ways: who may send, what waits, what came, and where all that is kept."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
import uuid

from .admission import Admission, Draft, Policy, Terms
from .errors import InvalidInput
from .family import Family
from .inbox import Inbox
from .journal import DropPushes, Fact, Journal, PutFact, Remembered
from .models import LateResult, Message, MessageStatus, PortState, ReceivedSms
from .outbox import Moment, Outbox
from .records import (
    DeliveryReported,
    Departing,
    Memory,
    Record,
    SeenPush,
    SmsArrived,
    UnknownText,
    UssdDialled,
)
from .requests import AwaitResult, SendSms, SmsTaken
from .sender import Sender, Sending


class Mail:
    """The texts of one gateway. Not for use before ``restore`` and after ``close``."""

    def __init__(
        self,
        family: Family,
        policy: Policy,
        journal: Journal,
        *,
        submit: Callable[[SendSms | AwaitResult], Awaitable[SmsTaken]],
        ports: Callable[[], Mapping[str, PortState]],
        clock: Callable[[], datetime],
        on_received: Callable[[ReceivedSms], None],
        on_change: Callable[[Message], None],
        on_queue: Callable[[int], None],
        on_tripped: Callable[[], None],
    ) -> None:
        """Send by ``submit`` over those of ``ports`` that are ready. ``clock`` gives the local time."""
        self._family = family
        self._policy = policy
        self.journal = journal
        self._clock = clock
        self._on_tripped = on_tripped
        self._admission = Admission(policy.limits)
        self._inbox = Inbox(journal, lambda: clock().astimezone(UTC), on_received)
        self._remembered = Remembered()
        self.sender = Sender(
            Outbox(pace=family.pace, batch=family.batch, limits=policy.limits),
            journal,
            submit=submit,
            ports=ports,
            now=self.now,
            on_change=on_change,
            on_queue=on_queue,
        )

    @property
    def tripped(self) -> bool:
        """Whether too many texts were queued in an hour, and none is taken until somebody looks at it."""
        return self._admission.tripped

    @property
    def doubtful(self) -> int:
        """How many received texts may have been acted on when the run before was ended."""
        return self._inbox.doubtful

    def now(self) -> Moment:
        """Give the time, as all clocks have it."""
        local = self._clock()
        return Moment(asyncio.get_running_loop().time(), local.astimezone(UTC), local.date())

    async def restore(self) -> Remembered:
        """Open the journal, and go on where an earlier run ended; nothing departs yet."""
        self._remembered = remembered = await self.journal.open()
        self.journal.on_loss = self._keep_anew
        self._restore_admission(remembered)
        self._inbox.restore(remembered)
        self.sender.restore(remembered)
        return remembered

    def _restore_admission(self, remembered: Remembered) -> None:
        now, tripped = self.now(), Fact.TRIPPED in remembered.facts
        reset_at = remembered.facts.get(Fact.RESET_AT)
        since = None if reset_at is None else datetime.fromisoformat(reset_at)
        counted = [at for at in remembered.accepted if since is None or at > since]
        self._admission.restore([now.at - now.age_of(at) for at in counted], tripped=tripped)
        if tripped and not self.tripped:  # there is no limit any more
            self.journal.write(PutFact(Fact.TRIPPED, None))

    def memory(self) -> Memory:
        """Give what the dialog has to know of earlier runs."""
        remembered, now = self._remembered, self.now()
        unknown = (one for one in remembered.messages if one.status is MessageStatus.UNKNOWN)
        return Memory(
            last_ussd=int(remembered.facts.get(Fact.LAST_USSD, "0")),
            pushes=[
                SeenPush(port=one.port, identity=one.identity, age=now.age_of(one.seen_at))
                for one in remembered.pushes
            ],
            unknown=[
                UnknownText(
                    message_id=one.message_id, port=one.port, trace=one.trace, age=now.age_of(one.left_at)
                )
                for one in unknown
                if one.port is not None and one.left_at is not None
            ],
        )

    def start(self) -> None:
        """Let texts depart, and ask what became of those that were leaving when an earlier run ended."""
        left = [one for one in self._remembered.messages if one.status is MessageStatus.SENDING]
        self._remembered = Remembered()
        self.sender.start(left)

    def begin_handing_on(self) -> None:
        """Hand on what has come and what comes: those who act on it are there."""
        self._inbox.begin()

    async def send(self, drafts: Sequence[Draft], terms: Terms) -> list[Sending]:
        """Queue texts. Raise InvalidInput before any is."""
        now = self.now()
        check_sms = self._family.dialect().check_sms
        for draft in drafts:
            check_sms(*draft)
        if not terms.force:
            self._admission.check(drafts, now.at)
        messages = [self._message(draft, terms, now.wall) for draft in drafts]
        was_tripped = self.tripped
        admitted = self._admission.admit(messages, now.at)
        if self.tripped and not was_tripped:
            self.journal.write(PutFact(Fact.TRIPPED, "1"))
            self._on_tripped()
        return await self.sender.send(admitted)

    def reset_breaker(self) -> None:
        """Take texts again after too many were queued in an hour."""
        self._admission.reset()
        reset_at = self.now().wall.isoformat()
        self.journal.write(PutFact(Fact.TRIPPED, None), PutFact(Fact.RESET_AT, reset_at))

    async def keep(self, record: Record) -> bool:
        """Make a record of the dialog durable; give whether it is, and what rests on it may go on."""
        match record:
            case Departing():
                return await self.sender.leaving(record)
            case SmsArrived(part=part):
                self.sender.met(part.sender, part.port)
                return await self._inbox.arrived(record)
            case DeliveryReported():
                return await self.sender.reported(record)
            case UssdDialled(sendid=sendid):
                return await self.journal.write(PutFact(Fact.LAST_USSD, str(sendid)))

    def learned_late(self, late: LateResult) -> None:
        """Raise a text whose fate was unknown, once."""
        self.sender.learned_late(late)

    def restarted(self, port: str) -> None:
        """Note that a port numbers its texts anew, and repeats nothing of what it pushed before."""
        self.sender.restarted(port)
        self.journal.write(DropPushes(port))

    async def close(self) -> None:
        """Finish what is under way; everything else is left to the next run."""
        await self.sender.finish()
        await self._inbox.close()
        await self.journal.close()
        self.sender.leave()

    def _keep_anew(self) -> None:
        self.sender.keep_anew()
        self._inbox.keep_anew()

    def _message(self, draft: Draft, terms: Terms, wall: datetime) -> Message:
        """Give a text as it is queued."""
        not_before = terms.not_before
        if not_before is not None:
            if not_before.tzinfo is None:
                raise InvalidInput("not_before", "a time needs its zone")
            not_before = not_before.astimezone(UTC)
        patience = self._policy.expires_after if terms.expires_after is None else terms.expires_after
        return Message(
            message_id=f"sms_{uuid.uuid7().hex}",
            recipient=draft.recipient,
            text=draft.text,
            created_at=wall,
            expires_at=max(wall, not_before or wall) + patience,
            not_before=not_before,
            priority=terms.priority,
            pinned=terms.port,
        )
