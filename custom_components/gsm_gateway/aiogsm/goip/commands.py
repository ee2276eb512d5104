"""What can be asked of a line beside texts and USSD: how each is said, and what its answer means."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple, override

from ..dialog import Steps
from ..errors import (
    CommandRefused,
    GatewayTimeout,
    InvalidInput,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
)
from ..models import CallState
from ..reprs import hiding
from ..requests import (
    Cells,
    Done,
    ForwardingReason,
    GetCallForwarding,
    HangUp,
    LockCell,
    Outcome,
    Reboot,
    RefreshCells,
    Request,
    ResetRemainingTime,
    SetAllEnabled,
    SetCallForwarding,
    SetCallInterval,
    SetCallTimeLimit,
    SetCallWaiting,
    SetEnabled,
    SetImei,
    SetPhoneNumber,
)
from ..text import check_cell, check_imei, check_minutes, check_number, check_ringing, check_seconds
from .codec import (
    encode_done,
    forwarding,
    forwarding_query,
    read_forwarding,
    read_settings,
    waiting_is,
)
from .messages import (
    NO_LIMIT,
    OFF,
    ON,
    UNCHANGED,
    Answer,
    CallHungUp,
    CellsListed,
    Command,
    Heard,
    Refused,
    Reply,
    Settings,
    VoiceChanged,
    is_about_password,
)
from .port import Address, Line
from .session import STEP, Conversation, Fate, Notice, OnFate, Pace, Single, Talks, Turn

CELLS_TIMEOUT = 60.0
"""Seconds that a line may take to list the cells that it hears."""

NETWORK = Pace(every=5.0, repeats=2, patience=30.0)
"""For what the line has to ask its network."""

_ONCE = Pace(every=30.0, repeats=0, patience=30.0)


class Exchange(Single):
    """What may be said twice. Its result is the Answer, CommandRefused or GatewayTimeout."""

    def __init__(
        self, sendid: int, packet: bytes, value: str = "", *, pace: Pace = STEP, closing: bool = False
    ) -> None:
        """Take what is to be said, and the value in it; with ``closing`` an answer is followed by an end."""
        super().__init__(sendid, packet, pace)
        self._value = value
        self._closing = closing

    @override
    def answer(self, reply: Reply, now: float) -> Turn:
        return super().answer(self._bare(reply) if isinstance(reply, Refused) else reply, now)

    def _bare(self, refused: Refused) -> Refused:
        """Take away the value, which some settings are refused with before the reason."""
        first, _, rest = refused.reason.partition(" ")
        return refused._replace(reason=rest) if self._value and first == self._value else refused

    @override
    def _answered(self, answer: Answer) -> Turn:
        return self._finish(answer, encode_done(self.sendid) if self._closing else None)


class CellsExchange(Single):
    """A list of cells, which comes by itself some time after the answer.

    Its result is Cells, CommandRefused or GatewayTimeout.
    """

    _from = 0.0

    @override
    def begin(self, now: float) -> Turn:
        self._from = now
        return super().begin(now)

    @override
    def _answered(self, answer: Answer) -> Turn:
        self.over = True
        self.due = self._until = self._from + CELLS_TIMEOUT
        return Turn()

    @override
    def notice(self, notice: Notice) -> Turn:
        return self._finish(Cells(notice.cells)) if isinstance(notice, CellsListed) else Turn()


class Act(Single):
    """What is done once and never said twice. Its result is Done, CommandRefused or OutcomeUnknown.

    The reply may be lost, so that the line's logging out tells the same.
    """

    def __init__(self, sendid: int, packet: bytes) -> None:
        """Take the command as it is to be sent."""
        super().__init__(sendid, packet, _ONCE)

    @override
    def _answered(self, answer: Answer) -> Turn:
        return self._finish(Done())

    @override
    def notice(self, notice: Notice) -> Turn:
        return self._finish(Done()) if isinstance(notice, Heard) and notice.gone else Turn()

    @override
    def _give_up(self, now: float) -> Turn:
        return self._finish(OutcomeUnknown("the line did not say whether it was done"))


class HangUpAct(Act):
    """The end of a call: the box's news of it tells that it is done, too."""

    @override
    def notice(self, notice: Notice) -> Turn:
        match notice:
            case CallHungUp() | VoiceChanged(state=CallState.IDLE):
                return self._finish(Done())
        return super().notice(notice)


def _done(_answer: Answer) -> Outcome:
    return Done()


@hiding("value")
class Order(NamedTuple):
    """How to carry out a request.

    ``port`` is ``None`` where any line of the box will do. ``learned`` is what holds of which lines once it
    is done, until they are read anew. ``getter`` is what to ask then: in place of all that a line in
    ``learned`` knows where that cannot be asked in one, else of ``port``.
    """

    command: Command
    port: str | None
    value: str = ""
    conversation: Callable[[int, bytes], Conversation] | None = None
    read: Callable[[Answer], Outcome] = _done
    learned: Mapping[str, Settings] = MappingProxyType({})
    getter: Command | None = None

    def begin(self, sendid: int, password: str) -> Conversation:
        """Give the conversation that carries it out."""
        packet = self.command.packet(sendid, password, self.value)
        if self.conversation is None:
            return Exchange(sendid, packet, self.value)
        return self.conversation(sendid, packet)


def order_of(request: Request[object], lines: Mapping[str, Line]) -> Order:
    """Give how a request is carried out. Raise InvalidInput or NotSupported."""
    match request:
        case Reboot() | HangUp():
            return _act(request)
        case SetPhoneNumber() | SetCallTimeLimit() | ResetRemainingTime() | SetCallInterval() | SetImei():
            return _setting(request)
        case SetCallForwarding() | GetCallForwarding() | SetCallWaiting():
            return _of_network(request)
        case SetEnabled() | SetAllEnabled():
            return _switch(request, lines)
        case RefreshCells() | LockCell():
            return _of_cells(request, lines)
    raise NotSupported("a GoIP has no such command")


def _act(request: Reboot | HangUp) -> Order:
    if isinstance(request, HangUp):
        return Order(command=Command.HANG_UP, port=request.port, conversation=HangUpAct)
    command = Command.REBOOT_BOX if request.port is None else Command.REBOOT_MODULE
    return Order(command=command, port=request.port, conversation=Act)


type _Setting = SetPhoneNumber | SetCallTimeLimit | ResetRemainingTime | SetCallInterval | SetImei


def _setting(request: _Setting) -> Order:
    """Give the order that sets a value, which holds from then on."""
    match request:
        case SetPhoneNumber(number=number):
            check_number(number)
            settings = Settings(phone_number=number)
            command, getter, value = Command.SET_NUMBER, Command.GET_NUMBER, number
        case SetCallTimeLimit(minutes=minutes):
            check_minutes(minutes or 0)
            limit = NO_LIMIT if minutes is None else minutes
            settings = Settings(call_time_limit=limit)
            command, getter, value = Command.SET_TIME_LIMIT, Command.GET_TIME_LIMIT, str(limit)
        case ResetRemainingTime():
            settings = Settings()
            command, getter, value = Command.RESET_REMAINING_TIME, Command.GET_REMAINING_TIME, ""
        case SetCallInterval(seconds=seconds):
            check_seconds(seconds)
            settings = Settings(call_interval=seconds)
            command, getter, value = Command.SET_INTERVAL, Command.GET_INTERVAL, str(seconds)
        case SetImei(imei=imei):
            check_imei(imei)
            settings = Settings(imei=imei)
            command, getter, value = Command.SET_IMEI, Command.GET_IMEI, imei
    return Order(
        command=command, value=value, port=request.port, learned={request.port: settings}, getter=getter
    )


def _of_network(request: SetCallForwarding | GetCallForwarding | SetCallWaiting) -> Order:
    """Give the order for what the network keeps, and is asked about."""
    command, closing = Command.FORWARDING, True
    read: Callable[[Answer], Outcome] = _done
    match request:
        case SetCallForwarding(reason=reason, number=number, timeout=timeout):
            if number is not None:
                check_number(number)
            if number is not None and reason is ForwardingReason.NO_REPLY:
                check_ringing(timeout)
            value = forwarding(reason, number, timeout)
        case GetCallForwarding(reason=reason):
            value, read = forwarding_query(reason), _forwarding
        case SetCallWaiting(enabled=enabled):
            value = _flag(on=enabled)
            command, closing, read = Command.WAITING, False, partial(_waiting, value)
    conversation = partial(Exchange, pace=NETWORK, closing=closing)
    return Order(command=command, value=value, port=request.port, conversation=conversation, read=read)


def _switch(request: SetEnabled | SetAllEnabled, lines: Mapping[str, Line]) -> Order:
    """Give the order that switches one module, or several by any line of the box."""
    if isinstance(request, SetEnabled):
        learned = {request.port: Settings(enabled=request.enabled)}
        value = _flag(on=request.enabled)
        return Order(command=Command.SWITCH, value=value, port=request.port, learned=learned)
    named = request.enabled | request.disabled
    if not named <= set(request.channels) <= lines.keys():
        raise InvalidInput("port", "the gateway has no such port")
    if request.enabled & request.disabled or len(set(request.channels)) < len(request.channels):
        raise InvalidInput("ports", "a port is switched on or off, and has one channel")
    digits = {**dict.fromkeys(request.enabled, ON), **dict.fromkeys(request.disabled, OFF)}
    return Order(
        command=Command.SWITCH_ALL,
        value="".join(digits.get(channel, UNCHANGED) for channel in request.channels),
        port=None,
        learned={port: Settings(enabled=digits[port] == ON) for port in request.channels if port in named},
    )


def _of_cells(request: RefreshCells | LockCell, lines: Mapping[str, Line]) -> Order:
    """Give the order that lists cells, or locks to one: listed or in use, if the line has listed any."""
    port, getter = request.port, Command.GET_CELL
    if isinstance(request, RefreshCells):
        return Order(command=Command.LIST_CELLS, port=port, conversation=CellsExchange, getter=getter)
    check_cell(request.cell)
    line = lines.get(port)
    if line is not None and line.cells and request.cell not in (*line.cells, line.state.cell):
        raise InvalidInput("cell", "the port does not hear this cell")
    return Order(command=Command.LOCK_CELL, value=request.cell, port=port, getter=getter)


def _flag(*, on: bool) -> str:
    return ON if on else OFF


def _forwarding(answer: Answer) -> Outcome:
    return read_forwarding(answer) or _in_other_words(answer)


def _waiting(value: str, answer: Answer) -> Outcome:
    return Done() if waiting_is(answer, value) else _in_other_words(answer)


def _in_other_words(answer: Answer) -> CommandRefused:
    """Give an answer that is none, without what may be a number in it."""
    word, *_ = [*answer.value.split(), ""]
    return CommandRefused(f"{answer.verb} {word}".strip())


_SINGLE_GETTERS = (
    Command.GET_NUMBER,
    Command.GET_TIME_LIMIT,
    Command.GET_REMAINING_TIME,
    Command.GET_INTERVAL,
    Command.GET_IMEI,
    Command.GET_CALL_STATE,
)


class Queries:
    """What we ask lines for ourselves. Nobody learns of it where no answer comes."""

    def __init__(
        self,
        talks: Talks,
        password_of: Callable[[Line], str],
        note: Callable[[Line, Settings, float], Steps[Address]],
    ) -> None:
        """Hand what was answered to ``note``."""
        self._talks = talks
        self._password_of = password_of
        self._note = note

    def read(self, line: Line, getter: Command | None, now: float) -> Steps[Address]:
        """Ask for all that a line knows, or, where it cannot tell that in one, for what ``getter`` gets.

        A line that is found not to know how is asked for everything one by one, once in a boot.
        """
        if line.boot.tells_all:
            return self._say(Command.GET_ALL, "", line, partial(self._on_all, line), now)
        return [] if getter is None else self.ask(line, getter, now)

    def ask(self, line: Line, getter: Command, now: float) -> Steps[Address]:
        """Ask for one thing."""
        return self._say(getter, "", line, partial(self._on_answer, line), now)

    def have_report(self, line: Line, now: float) -> Steps[Address]:
        """Have a line tell of calls again that was told not to, once in a boot."""
        if line.boot.told_to_report:
            return []
        line.boot.told_to_report = True
        return self._say(Command.REPORT, ON, line, lambda _fate, _now: [], now)

    def _say(self, command: Command, value: str, line: Line, on_fate: OnFate, now: float) -> Steps[Address]:
        sendid = self._talks.draw(now)
        packet = command.packet(sendid, self._password_of(line), value)
        return self._talks.ask(Exchange(sendid, packet), line, on_fate, now)

    def _on_answer(self, line: Line, fate: Fate, now: float) -> Steps[Address]:
        if not isinstance(fate.result, Answer):
            return []
        return self._note(line, read_settings(fate.result), now)

    def _on_all(self, line: Line, fate: Fate, now: float) -> Steps[Address]:
        match fate.result:
            case PortNotReady():
                return []
            case CommandRefused(reason=reason) if is_about_password(reason):
                return []
            case CommandRefused() | GatewayTimeout() if line.online:
                return self._ask_singly(line, now)
        return self._on_answer(line, fate, now)

    def _ask_singly(self, line: Line, now: float) -> Steps[Address]:
        line.boot.tells_all = False
        if line.boot.asked_singly:
            return []
        line.boot.asked_singly = True
        return [step for getter in _SINGLE_GETTERS for step in self.ask(line, getter, now)]
