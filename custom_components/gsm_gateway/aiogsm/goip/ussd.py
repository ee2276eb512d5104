"""USSD: codes, dialled once and answered by the network in its own time, and the end of a session."""

from functools import partial
from typing import override

from ..dialog import Keep, Steps, Ticket
from ..errors import CommandRefused, OutcomeUnknown
from ..models import UssdReply
from ..records import UssdDialled
from ..requests import Done, SendUssd
from ..text import check_ussd_code
from .codec import USSD_FAILED, USSD_PADDING
from .messages import Answer, Command, Prompt, Reply, Word
from .port import Address, Line
from .session import Fate, Lane, Notice, OnFate, Pace, Single, Talks, Turn, UssdClosed, settled


class UssdExchange(Single):
    """A USSD code. Its result is UssdReply, CommandRefused or OutcomeUnknown.

    Said again once, and late: a box that hears it early breaks the network's session off.
    """

    def __init__(self, sendid: int, packet: bytes, timeout: float) -> None:
        """Take the command as it is to be sent and the seconds that its answer is waited for."""
        super().__init__(sendid, packet, Pace(every=60.0, repeats=1, patience=timeout))

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        if _is_end(reply):
            return self._finish(UssdReply(text="", session_open=False))
        return super().answer(reply, now)

    @override
    def _answered(self, answer: Answer) -> Turn:
        text = answer.value.rstrip(USSD_PADDING)
        return self._finish(CommandRefused(text) if text == USSD_FAILED else UssdReply(text=text))

    @override
    def notice(self, notice: Notice) -> Turn:
        return self._finish(CommandRefused("closed")) if isinstance(notice, UssdClosed) else Turn()

    @override
    def _give_up(self, now: float) -> Turn:
        return self._finish(OutcomeUnknown("the network's answer did not come in time"))


class UssdExit(Single):
    """The end of a USSD session. Its result is Done, CommandRefused or GatewayTimeout.

    A box may answer it under its own sendid or under that of the code which the session began with.
    """

    def __init__(self, sendid: int, packet: bytes, code_sendid: int | None) -> None:
        """Take the command as it is to be sent, and the sendid of the line's latest code."""
        super().__init__(sendid, packet)
        self.claims = code_sendid

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        return self._finish(Done()) if _is_end(reply) else super().answer(reply, now)

    @override
    def _answered(self, answer: Answer) -> Turn:
        return self._finish(Done())


def _is_end(reply: Reply) -> bool:
    return isinstance(reply, Prompt) and reply.word is Word.USSD_ENDED


class UssdCodes:
    """The USSD codes of all lines, one at a time for each."""

    def __init__(self, talks: Talks) -> None:
        """Begin with none."""
        self._talks = talks

    def dial(self, line: Line, password: str, ticket: Ticket, request: SendUssd) -> Steps[Address]:
        """Dial a code, or answer the menu that is open. Raise InvalidInput."""
        check_ussd_code(request.code)
        line.ussd = sendid = self._talks.sendids.next_ussd()
        packet = Command.USSD.packet(sendid, password, request.code)
        exchange = UssdExchange(sendid, packet, request.timeout)
        return [self._begin(exchange, line, partial(settled, ticket), Lane.SIM)]

    def close(self, line: Line, password: str, ticket: Ticket) -> Steps[Address]:
        """End the line's session, and settle whoever waits on it."""
        sendid = self._talks.sendids.next_ussd()
        exchange = UssdExit(sendid, Command.USSD_EXIT.packet(sendid, password), line.ussd)
        on_fate = partial(self._on_closed, line, ticket)
        return [self._begin(exchange, line, on_fate, Lane.COMMAND)]

    def _begin(self, exchange: Single, line: Line, on_fate: OnFate, lane: Lane) -> Keep[Address]:
        """Say a code once its number is durable: under one used before, the box would give an old answer.

        A disk that cannot note it is no reason to leave the code undialled: the clock gives a greater one.
        """
        record = UssdDialled(gateway=line.gateway, sendid=exchange.sendid)
        return Keep(record, lambda _, now: self._talks.begin(exchange, line, on_fate, lane, now))

    def _on_closed(self, line: Line, ticket: Ticket, fate: Fate, now: float) -> Steps[Address]:
        steps = settled(ticket, fate, now)
        return steps + self._talks.notice(line, UssdClosed(), now) if fate.result == Done() else steps
