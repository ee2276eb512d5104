"""Texts on their way out: a bulk session for each, with one number."""

from collections.abc import Callable
from enum import Enum, auto
from typing import ClassVar, override

from ..dialog import SendSms, SmsTaken
from ..errors import CommandRefused, GatewayTimeout, OutcomeUnknown, PortNotReady
from .codec import (
    Prompt,
    Refused,
    Reply,
    SessionError,
    Taken,
    Waiting,
    Word,
    encode_done,
    encode_number,
    encode_password,
    encode_text,
)
from .session import STEP, Conversation, Pace, PutOff, Result, Turn

PUT_OFF = 30.0
"""Seconds that a text waits where the box has too many sessions open."""

_MOST_PUT_OFFS = 4  # the box frees a session after 90 s: whatever is full for longer stays so
_SUBMIT = Pace(every=5.0, repeats=11, patience=60.0)
_TELID = 1  # one number per session


class _Stage(Enum):
    PUT_OFF = auto()
    TEXT = auto()
    PASSWORD = auto()
    NUMBER = auto()
    DONE = auto()


class BulkSession(Conversation):
    """A text to one number (GoIP SMS Interface, section 3).

    Its result is SmsTaken, CommandRefused (final), PortNotReady or GatewayTimeout (nothing left),
    OutcomeUnknown, or PutOff. The result comes before the session is closed; closing it is repeated,
    too, and then forgotten.
    """

    def __init__(self, sendid: int, sms: SendSms, password: str, *, put_offs: int = 0) -> None:
        """Take what to send; ``put_offs`` counts the tries that found no room."""
        super().__init__(sendid)
        self._sms = sms
        self._password = password
        self._put_offs = put_offs
        self._stage = _Stage.PUT_OFF if put_offs else _Stage.TEXT
        self._doubtful = False

    @override
    @property
    def left(self) -> bool:
        return self._stage is _Stage.NUMBER

    def _again(self, sendid: int) -> BulkSession:
        return BulkSession(sendid, self._sms, self._password, put_offs=self._put_offs + 1)

    @override
    def begin(self, now: float) -> Turn:
        if self._stage is _Stage.PUT_OFF:
            self.due = self._until = now + PUT_OFF
            return Turn()
        return self._open(now)

    def _open(self, now: float) -> Turn:
        self._stage = _Stage.TEXT
        return self._say(encode_text(self.sendid, self._sms.text), STEP, now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        on_reply = self._ON_REPLY.get(self._stage)
        return on_reply(self, reply, now) if on_reply else Turn()

    def _on_text(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Prompt(word=Word.CONFIRMED):
                self._stage = _Stage.PASSWORD
                return self._say(encode_password(self.sendid, self._password), STEP, now)
            case Refused(reason=reason):
                return self._not_begun(reason, now)
        return Turn()

    def _on_password(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Prompt(word=Word.AUTHENTICATED):
                self._stage = _Stage.NUMBER
                packet = encode_number(self.sendid, _TELID, self._sms.recipient)
                return self._say(packet, _SUBMIT, now)
            case Refused(reason=reason):
                return self._not_begun(reason, now)
        return Turn()

    def _on_number(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Waiting(telid=telid) if telid == _TELID:
                self._doubtful = True
                self._wait(now)
            case Taken(telid=telid, sms_no=sms_no) if telid == _TELID:
                return self._close(SmsTaken(sms_no), now)
            case Refused(telid=telid, reason=reason) if telid == _TELID:
                return self._close(CommandRefused(reason), now)
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
        """The box refused before it knew the number: nothing has left."""
        if reason == SessionError.TOO_MANY and self._put_offs < _MOST_PUT_OFFS:
            return self._close(PutOff(self._again), now)
        return self._close(PortNotReady(reason), now)

    def _broken_off(self, reason: str, now: float) -> Turn:
        """The session ended after the number: that undid it only if it was the first thing said to it."""
        undone = reason in (SessionError.NO_SESSION, SessionError.LOGGED_OUT)
        if undone and not self._doubtful and not self._repeats:
            return self._close(PortNotReady(reason), now)
        return self._finish(OutcomeUnknown(f"the session was broken off: {reason}"))

    def _close(self, result: Result, now: float) -> Turn:
        self._stage = _Stage.DONE
        return Turn(self._say(encode_done(self.sendid), STEP, now).packet, result)

    @override
    def _give_up(self, now: float) -> Turn:
        match self._stage:
            case _Stage.PUT_OFF:
                return self._open(now)
            case _Stage.TEXT | _Stage.PASSWORD:
                return self._close(GatewayTimeout("the line did not answer"), now)
            case _Stage.NUMBER:
                # Not closed: the box may still be sending, and frees the session by itself.
                return self._finish(OutcomeUnknown("the line did not say whether the text was sent"))
            case _Stage.DONE:
                self.due = None
        return Turn()
