"""Texts on their way out: bulk sessions, each of one text to some numbers, and what became of the numbers."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import ClassVar, NamedTuple, override

from ..dialog import Emit, Steps, Ticket
from ..errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    LinkLost,
    NotKept,
    NotNow,
    OutcomeUnknown,
)
from ..models import LateResult, Trace, Trouble, TroubleFound
from ..reprs import hiding
from ..requests import Outcome, SendSms, SmsTaken
from ..text import check_number, check_text
from .codec import MAX_TEXT, encode_done, encode_number, encode_password, encode_text
from .messages import Prompt, Refused, Reply, SessionError, Taken, Waiting, Word
from .port import Address, Line
from .session import STEP, Conversation, Fate, Lane, Pace, Sent, Talks, Turn, settled

PUT_OFF = 30.0
"""Seconds that a text waits where the box has too many sessions open."""

MOST_NUMBERS = 10
"""Of one session: the box remembers what became of so many (section 3)."""

NEW_NUMBERS_FOR = 60.0
"""Seconds from its text in which a session takes another number: the box frees one after 90."""

REMEMBERED_FOR = 24 * 3600.0
"""Seconds in which a result that comes late is still known to be whose."""

MARK_TIMEOUT = 30.0
"""Seconds that the disk has to note that a number is about to be said."""

_MOST_REMEMBERED = 4096
_MOST_PUT_OFFS = 4  # the box frees a session after 90 s: whatever is full for longer stays so
_SUBMIT = Pace(every=5.0, repeats=11, patience=60.0)


def check_sms(number: str, text: str) -> None:
    """Refuse what cannot be a number, and a text over 3000 bytes of UTF-8."""
    check_number(number)
    check_text(text, MAX_TEXT)


class Parcel(NamedTuple):
    """A text to a number, and who asked for it."""

    ticket: Ticket
    sms: SendSms


class _Stage(Enum):
    PUT_OFF = auto()
    TEXT = auto()
    PASSWORD = auto()
    MARK = auto()
    NUMBER = auto()
    DONE = auto()


@hiding("password")
class Terms(NamedTuple):
    """How to speak to a box: with what password, and whether a number may be said again to it just now."""

    password: str
    may_repeat: Callable[[], bool]


class BulkSession(Conversation):
    """One text to some numbers, one after the other (GoIP SMS Interface, section 3).

    Before each number is said, it is made durable that it is about to be. The fate of each is SmsTaken,
    CommandRefused (final), NotNow, GatewayTimeout, NotKept or LinkLost (nothing left), or
    OutcomeUnknown. Those that found no room have theirs from the ``successor``. A fate comes
    before the session is closed; closing it is repeated, too, and then forgotten.
    """

    def __init__(self, sendid: int, parcels: Iterable[Parcel], terms: Terms, *, put_offs: int = 0) -> None:
        """Take what to send; ``put_offs`` counts the tries that found no room."""
        super().__init__(sendid)
        self._parcels = dict(enumerate(parcels, 1))
        self._open = list(self._parcels)  # the telids without a fate; the first is said, or next
        self._text = self._parcels[1].sms.text
        self._terms = terms
        self._put_offs = put_offs
        self._stage = _Stage.PUT_OFF if put_offs else _Stage.TEXT
        self._takes_until: float | None = None
        self._doubtful = False
        self._has_no_room = False

    def takes(self, text: str, now: float) -> bool:
        """Whether another number can join for this text."""
        if self.over or text != self._text or len(self._parcels) >= MOST_NUMBERS:
            return False
        return self._takes_numbers(now)

    def _takes_numbers(self, now: float) -> bool:
        return self._takes_until is None or now <= self._takes_until

    def add(self, parcel: Parcel) -> None:
        """Let a number join."""
        telid = len(self._parcels) + 1
        self._parcels[telid] = parcel
        self._open.append(telid)

    @override
    def successor(self, draw: Callable[[], int]) -> BulkSession | None:
        rest, self._open = [self._parcels[telid] for telid in self._open], []
        put_offs = self._put_offs + 1 if self._has_no_room else 0
        return BulkSession(draw(), rest, self._terms, put_offs=put_offs) if rest else None

    @override
    def begin(self, now: float) -> Turn:
        if self._stage is _Stage.PUT_OFF:
            self.due = self._until = now + PUT_OFF
            return Turn()
        return self._begin_text(now)

    def _begin_text(self, now: float) -> Turn:
        self._stage, self._takes_until = _Stage.TEXT, now + NEW_NUMBERS_FOR
        return self._say(encode_text(self.sendid, self._text), STEP, now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        on_reply = self._ON_REPLY.get(self._stage)
        return on_reply(self, reply, now) if on_reply else Turn()

    def _on_text(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Prompt(word=Word.CONFIRMED):
                self._stage = _Stage.PASSWORD
                return self._say(encode_password(self.sendid, self._terms.password), STEP, now)
            case Refused(reason=reason):
                return self._not_begun(reason, now)
        return Turn()

    def _on_password(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Prompt(word=Word.AUTHENTICATED):
                return self._next_number((), now)
            case Refused(reason=reason):
                return self._not_begun(reason, now)
        return Turn()

    def _next_number(self, fates: tuple[Fate, ...], now: float) -> Turn:
        """Have the next number marked, if there is one and the box still has the session."""
        if not self._open or not self._takes_numbers(now):
            return self._close(fates, now)
        self._stage, self._doubtful = _Stage.MARK, False
        self.due = self._until = now + MARK_TIMEOUT
        return Turn(fates=fates, mark=self._sent(self._open[0]))

    @override
    def marked(self, sent: Sent, now: float, *, durable: bool) -> Turn:
        if self.over or self._stage is not _Stage.MARK or self._sent(self._open[0]) != sent:
            return Turn()
        if not durable:
            return self._close(self._settle_rest(NotKept("it could not be noted that it leaves")), now)
        if not self._takes_numbers(now):  # the disk took so long that the box frees the session
            return self._close((), now)
        self._stage = _Stage.NUMBER
        packet = encode_number(self.sendid, sent.telid, self._parcels[sent.telid].sms.recipient)
        return self._say(packet, _SUBMIT, now)

    def _on_number(self, reply: Reply, now: float) -> Turn:
        current = self._open[0]
        match reply:
            case Waiting(telid=telid) if telid == current:
                self._doubtful = True
                self._wait(now)
            case Taken(telid=telid, sms_no=sms_no) if telid == current:
                return self._next_number((self._settle(SmsTaken(sms_no)),), now)
            case Refused(telid=telid, reason=reason) if telid == current:
                return self._next_number((self._settle(CommandRefused(reason)),), now)
            case Refused(telid=None, reason=reason):
                return self._broken_off(reason, now)
        return Turn()

    def _on_done(self, reply: Reply, now: float) -> Turn:
        if reply == Prompt(self.sendid, Word.ENDED) or isinstance(reply, Refused):
            self.due = None
        return Turn()

    _ON_REPLY: ClassVar[dict[_Stage, Callable[[BulkSession, Reply, float], Turn]]] = {
        _Stage.TEXT: _on_text,
        _Stage.PASSWORD: _on_password,
        _Stage.NUMBER: _on_number,
        _Stage.DONE: _on_done,
    }

    def _not_begun(self, reason: str, now: float) -> Turn:
        """The box refused before it knew any number: nothing has left."""
        if reason == SessionError.TOO_MANY and self._put_offs < _MOST_PUT_OFFS:
            self._has_no_room = True
            return self._close((), now)
        return self._close(self._settle_rest(NotNow(reason)), now)

    def _broken_off(self, reason: str, now: float) -> Turn:
        """The session ended after a number: that undid it only if it was the first thing said to it."""
        undone = reason in (SessionError.NO_SESSION, SessionError.LOGGED_OUT)
        if undone and not self._doubtful and not self._repeats:
            return self._close(self._settle_rest(NotNow(reason)), now)
        why = f"the session was broken off: {reason}"
        return self._leave((self._settle(OutcomeUnknown(why)), *self._settle_rest(LinkLost(why))))

    def _settle(self, outcome: Outcome) -> Fate:
        """Give the fate of the number that is said."""
        return Fate(outcome, self._sent(self._open.pop(0)))

    def _sent(self, telid: int) -> Sent:
        parcel = self._parcels[telid]
        return Sent(self.sendid, telid, parcel.ticket, parcel.sms.message_id)

    def _settle_rest(self, outcome: Outcome) -> tuple[Fate, ...]:
        return tuple(self._settle(outcome) for _ in list(self._open))

    def _close(self, fates: tuple[Fate, ...], now: float) -> Turn:
        self._stage, self.over = _Stage.DONE, True
        return Turn(self._say(encode_done(self.sendid), STEP, now).packet, fates)

    def _leave(self, fates: tuple[Fate, ...]) -> Turn:
        """End without a word: the box may still be sending, and frees the session by itself."""
        self.due, self.over = None, True
        return Turn(fates=fates)

    @override
    def _may_repeat(self) -> bool:
        return self._stage is not _Stage.NUMBER or self._terms.may_repeat()

    @override
    def give_back(self, error: GatewayError) -> Turn:
        return self._leave(self._settle_rest(LinkLost(f"{error}; it waits for the line")))

    @override
    def abandon(self) -> Turn:
        said = self._stage is _Stage.NUMBER
        unknown = OutcomeUnknown("the gateway was let go before the result came")
        fates = (self._settle(unknown),) if said else ()
        return self._leave((*fates, *self._settle_rest(LinkLost("the gateway was let go"))))

    @override
    def _give_up(self, now: float) -> Turn:
        match self._stage:
            case _Stage.PUT_OFF:
                return self._begin_text(now)
            case _Stage.TEXT | _Stage.PASSWORD:
                return self._close(self._settle_rest(GatewayTimeout("the line did not answer")), now)
            case _Stage.MARK:
                return self._close(self._settle_rest(NotKept("the disk did not answer")), now)
            case _Stage.NUMBER:
                why = OutcomeUnknown("the line did not say whether the text was sent")
                return self._leave((self._settle(why),))
            case _Stage.DONE:
                self.due = None
        return Turn()


@dataclass(slots=True)
class _Known:
    """A number whose fate was told, and when."""

    line: Line
    sent: Sent
    outcome: Outcome
    at: float


class SentTwice(NamedTuple):
    """The box took one number twice, and so sent a text again that it was only asked about."""

    sent: Sent


class Fates:
    """The fates of numbers, remembered for a day, and only so many: the oldest are forgotten first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._known: dict[tuple[int, int | None], _Known] = {}

    def note(self, line: Line, sent: Sent, outcome: Outcome, now: float) -> None:
        """Remember the fate of a number that was said."""
        self._forget_old(now)
        if len(self._known) >= _MOST_REMEMBERED:
            del self._known[next(iter(self._known))]
        if isinstance(outcome, OutcomeUnknown):  # once raised, it holds on to all that it was raised through
            outcome = OutcomeUnknown(str(outcome))
        self._known[sent.sendid, sent.telid] = _Known(line, sent, outcome, now)

    def line_of(self, reply: Reply, now: float) -> Line | None:
        """Give the line of the number that a reply is about, if the fate of that is known."""
        self._forget_old(now)
        known = self._known.get((reply.sendid, reply.telid)) if isinstance(reply, Taken | Refused) else None
        return None if known is None else known.line

    def hear(self, reply: Taken | Refused) -> Fate | SentTwice | None:
        """Take what the box says of such a number: the fate of one that had been unknown, or nothing new."""
        known = self._known[reply.sendid, reply.telid]
        said = SmsTaken(reply.sms_no) if isinstance(reply, Taken) else CommandRefused(reply.reason)
        if isinstance(known.outcome, OutcomeUnknown):
            known.outcome = said
            return Fate(said, known.sent)
        taken = {one.reference for one in (known.outcome, said) if isinstance(one, SmsTaken)}
        return SentTwice(known.sent) if len(taken - {None}) > 1 else None

    def forget(self, gateway: str) -> None:
        """Forget what was sent by a gateway's lines."""
        self._known = {key: known for key, known in self._known.items() if known.line.gateway != gateway}

    def _forget_old(self, now: float) -> None:
        while self._known:
            oldest = next(iter(self._known))
            if now - self._known[oldest].at < REMEMBERED_FOR:
                return
            del self._known[oldest]


class Texts:
    """The texts of all lines: one session at a time for each, and what is heard of them afterwards."""

    def __init__(self, talks: Talks) -> None:
        """Begin with none."""
        self._talks = talks
        self._fates = Fates()
        self._send_twice: set[str] = set()

    def send(self, line: Line, password: str, parcel: Parcel, now: float, *, repeat: bool) -> Steps[Address]:
        """Send a text: with others to be sent with it, or in a session of its own. Raise InvalidInput.

        ``repeat``: the box may be asked again about a text that is on its way.
        """
        check_sms(parcel.sms.recipient, parcel.sms.text)
        for session in self._talks.in_lane(line, Lane.SIM):
            if isinstance(session, BulkSession) and session.takes(parcel.sms.text, now):
                session.add(parcel)
                return []
        terms = Terms(password, lambda: repeat and line.gateway not in self._send_twice)
        session = BulkSession(self._talks.draw(now), [parcel], terms)
        return self._talks.begin(session, line, partial(self._on_fate, line), Lane.SIM, now)

    def on_reply(self, reply: Reply, peer: Address, now: float) -> Steps[Address] | None:
        """Take a reply about a number whose fate was told before; ``None`` where it is about another."""
        line = self._fates.line_of(reply, now)
        if line is None or peer[0] != line.host or not isinstance(reply, Taken | Refused):
            return None
        match self._fates.hear(reply):
            case Fate(result=SmsTaken(reference), sent=Sent(message_id=message_id)):
                late = LateResult(
                    gateway=line.gateway, message_id=message_id, taken=True, reference=reference
                )
                return [Emit(late)]
            case Fate(sent=Sent(message_id=message_id)):
                return [Emit(LateResult(gateway=line.gateway, message_id=message_id, taken=False))]
            case SentTwice() if line.gateway not in self._send_twice:
                self._send_twice.add(line.gateway)
                trouble = TroubleFound(gateway=line.gateway, port=line.id, trouble=Trouble.SENDS_TWICE)
                return [Emit(trouble)]
        return []

    def recall(self, line: Line, message_id: str, trace: Trace | None, left_at: float) -> None:
        """Know again a text of unknown fate that left in an earlier run: its result may still come."""
        if trace is not None:
            sent = Sent(trace.sendid, trace.telid, 0, message_id)
            self._fates.note(line, sent, OutcomeUnknown("it left in an earlier run"), left_at)

    def forget(self, gateway: str) -> None:
        """Forget what was sent by a gateway, though not how it is to be spoken to."""
        self._fates.forget(gateway)

    def _on_fate(self, line: Line, fate: Fate, now: float) -> Steps[Address]:
        assert fate.sent is not None  # a session has numbers
        if isinstance(fate.result, SmsTaken | OutcomeUnknown):
            self._fates.note(line, fate.sent, fate.result, now)
        return settled(fate.sent.ticket, fate, now)
