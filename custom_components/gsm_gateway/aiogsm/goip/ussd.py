"""USSD codes: dialled once, answered by the network in its own time."""

from typing import override

from ..errors import CommandRefused, OutcomeUnknown
from ..models import UssdReply
from .codec import USSD_FAILED, USSD_PADDING, Answer, Prompt, Refused, Reply, Word
from .session import Conversation, Pace, Turn


class UssdExchange(Conversation):
    """A USSD code. Its result is UssdReply, CommandRefused or OutcomeUnknown.

    Said again once, and late: a box that hears it early breaks the network's session off.
    """

    def __init__(self, sendid: int, packet: bytes, timeout: float) -> None:
        """Take the command as it is to be sent and the seconds that its answer is waited for."""
        super().__init__(sendid)
        self._command = packet
        self._timeout = timeout

    @override
    def begin(self, now: float) -> Turn:
        return self._say(self._command, Pace(every=60.0, repeats=1, patience=self._timeout), now)

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        match reply:
            case Answer(value=value):
                text = value.rstrip(USSD_PADDING)
                return self._finish(CommandRefused(text) if text == USSD_FAILED else UssdReply(text=text))
            case Prompt(word=Word.USSD_ENDED):
                return self._finish(UssdReply(text="", session_open=False))
            case Refused(reason=reason):
                return self._finish(CommandRefused(reason))
        return Turn()

    @override
    def _give_up(self, now: float) -> Turn:
        return self._finish(OutcomeUnknown("the network's answer did not come in time"))
