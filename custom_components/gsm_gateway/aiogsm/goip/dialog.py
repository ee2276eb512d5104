"""The whole conversation with every GoIP that registers at one UDP port.

The boxes speak first: each line sends a keepalive every 30 s and pushes what happens. A packet belongs
to a line by its id and password, a reply to what was asked by its sendid. Strangers get no answer, and
nothing of theirs is kept beyond a small memory that is full soon.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from random import Random, SystemRandom
import time
from types import MappingProxyType
from typing import override

from ..alarms import Alarms
from ..dialog import Box, Dialog, Emit, Keep, Send, Settle, Steps, Ticket
from ..errors import GatewayError, InvalidInput, LinkLost, OutcomeUnknown
from ..models import (
    Call,
    CallChanged,
    ConnectionChanged,
    LineHeard,
    LineRefused,
    PortChanged,
    PortRestarted,
    Trouble,
    TroubleFound,
    UssdArrived,
)
from ..recent import Recent
from ..records import Memory
from ..requests import AwaitResult, CloseUssd, Request, SendSms, SendUssd
from ..sendids import SendIds
from .codec import Malformed, decode, encode_acknowledgement, encode_registration, masked, said_in
from .commands import Order, Queries, order_of
from .messages import (
    Answer,
    CallHungUp,
    Keepalive,
    News,
    Prompt,
    Push,
    Refused,
    Reply,
    Report,
    Settings,
    UssdReceived,
    VoiceChanged,
    Word,
    identity_of,
    is_about_password,
    record_of,
)
from .port import Address, Doubt, Line, Served, check_box
from .sending import Parcel, Texts
from .session import Fate, Lane, Talks
from .ussd import UssdCodes

_WOKEN_AT_ONCE = 4  # so that others have their turn where a whole house of lines falls silent
_MOST_REASONS = 64  # that are counted apart: a box may send any word
_STRANGERS_TOLD = 5.0  # seconds until the same stranger is told of again
_STRANGERS_KEPT = 256


class GoipDialog(Dialog[Address]):
    """Serves all boxes of one UDP port. ``wall_clock`` seeds the sendids of USSD, ``random`` all others."""

    def __init__(self, *, random: Random | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        """Begin with no box."""
        self._ignored: Counter[str] = Counter()
        self._boxes: dict[str, Served] = {}
        self._lines: dict[str, Line] = {}
        self._owners: dict[Address | None, str] = {}
        self._alarms: Alarms[str] = Alarms()
        self._repeating: dict[bytes, Line] = {}
        self._talks = Talks(SendIds(random or SystemRandom(), wall_clock), self._ignored, self._judge)
        self._queries = Queries(self._talks, self._password_of, self._note)
        self._texts = Texts(self._talks)
        self._ussd = UssdCodes(self._talks)
        self._strangers: Recent[tuple[str, str, str]] = Recent(_STRANGERS_TOLD, _STRANGERS_KEPT)

    @override
    @property
    def ignored(self) -> Mapping[str, int]:
        return MappingProxyType(self._ignored)

    @override
    def owner_of(self, peer: Address) -> str | None:
        return self._owners.get(peer)

    @override
    def masked(self, data: bytes, peer: Address) -> bytes:
        boxes = [served.box for served in self._boxes.values()]
        passwords = {word for box in boxes for word in (box.password, *box.passwords.values())}
        for password in sorted(passwords, key=len, reverse=True):  # one may be a part of another
            data = data.replace(password.encode(), b"***")
        return masked(data)

    @override
    def attach(self, box: Box, memory: Memory, now: float) -> Steps[Address]:
        """Begin to serve a box. A line that another box has stays with that one."""
        check_box(box)
        if box.key in self._boxes:
            raise InvalidInput("port", "the gateway is served already")
        served = self._boxes[box.key] = Served(box)
        taken = [line for line in box.lines if line in self._lines]
        for line in box.lines:
            if line not in self._lines:
                self._own(served, line, now)
        self._recall(served, memory, now)
        return [_trouble(box.key, line, Trouble.LINE_TAKEN) for line in taken]

    def _recall(self, served: Served, memory: Memory, now: float) -> None:
        """Know again what a box's lines may repeat, or still tell of an earlier run."""
        self._talks.sendids.note_ussd(memory.last_ussd)
        for push in memory.pushes:
            if (line := served.lines.get(push.port)) is not None:
                line.remember(push.identity, now - push.age)
        for text in memory.unknown:
            if (line := served.lines.get(text.port)) is not None:
                self._texts.recall(line, text.message_id, text.trace, now - text.age)

    @override
    def detach(self, key: str, now: float) -> Steps[Address]:
        if (served := self._boxes.pop(key, None)) is None:
            return []
        steps = self._talks.abandon(served.lines, now)
        self._texts.forget(key)
        for line in served.lines.values():
            line.online = False  # so that what is kept meanwhile does not begin
            del self._lines[line.id]
            self._owners.pop(line.address, None)
            self._alarms.set(line.id, None)
            self._repeating.pop(line.said, None)
        return steps

    @override
    def submit(self, key: str, ticket: Ticket, request: Request[object], now: float) -> Steps[Address]:
        served = self._boxes.get(key)
        if served is None:
            raise InvalidInput("port", "the gateway is not served")
        match request:
            case SendSms():
                return self._send_sms(served, ticket, request, now)
            case AwaitResult():
                line = served.line(request.port)
                self._texts.recall(line, request.message_id, request.trace, now - request.age)
                return [Settle(ticket, OutcomeUnknown("it was leaving when an earlier run ended"))]
            case SendUssd():
                line = served.line(request.port)
                return self._ussd.dial(line, served.password_of(line.id), ticket, request)
            case CloseUssd():
                line = served.line(request.port)
                return self._ussd.close(line, served.password_of(line.id), ticket)
            case _:
                return self._command(served, ticket, order_of(request, served.lines), now)

    @override
    def opened(self, peer: Address, now: float) -> Steps[Address]:
        return []

    @override
    def lost(self, peer: Address, reason: GatewayError, now: float) -> Steps[Address]:
        return []

    @override
    def reflex(self, data: bytes, peer: Address, now: float) -> tuple[str, bytes] | None:
        line = self._repeating.get(said_in(data))
        if line is None or (answer := line.repeats(data, peer, now)) is None:
            return None
        return line.gateway, answer

    @override
    def receive(self, data: bytes, peer: Address, now: float) -> Steps[Address]:
        try:
            message = decode(data)
        except Malformed as err:
            return self._ignore(str(err))
        match message:
            case Keepalive():
                return self._on_keepalive(message, data, peer, now)
            case Push():
                return self._on_push(message, peer, now)
            case _:
                return self._on_reply(message, peer, now)

    @override
    def tick(self, now: float) -> Steps[Address]:
        steps: Steps[Address] = []
        for line in self._alarms.take(now, _WOKEN_AT_ONCE):
            steps += self._wake_line(self._lines[line], now)
        return [*steps, *self._talks.tick(now)]

    @override
    def deadline(self) -> float | None:
        of_lines, of_talks = self._alarms.earliest(), self._talks.deadline()
        if of_lines is None or of_talks is None:
            return of_talks if of_lines is None else of_lines
        return min(of_lines, of_talks)

    def _ignore(self, reason: str) -> Steps[Address]:
        self._ignored[reason] += 1
        return []

    def _count_unread(self, message: Report | Push | Settings) -> None:
        for unread in message.unread:
            reason = f"unknown_{unread}"
            if reason in self._ignored or len(self._ignored) < _MOST_REASONS:
                self._ignored[reason] += 1

    def _own(self, served: Served, line_id: str, now: float) -> Line:
        line = Line(line_id, served.box.key, now)
        self._lines[line_id] = served.lines[line_id] = line
        self._alarms.set(line_id, line.deadline)
        return line

    def _password_of(self, line: Line) -> str:
        return self._boxes[line.gateway].password_of(line.id)

    # What the boxes say by themselves

    def _on_keepalive(self, keepalive: Keepalive, data: bytes, peer: Address, now: float) -> Steps[Address]:
        report = keepalive.report
        line = self._lines.get(report.line)
        if line is None:
            served = next((box for box in self._boxes.values() if box.adopts(report, peer[0])), None)
            if served is None:
                return self._on_stranger(report, peer, now)
            return self._welcome(self._own(served, report.line, now), keepalive, data, peer, now)
        if self._boxes[line.gateway].trusts(line.id, report.password):
            return self._welcome(line, keepalive, data, peer, now)
        return self._refuse(line, keepalive, peer, now)

    def _refuse(self, line: Line, keepalive: Keepalive, peer: Address, now: float) -> Steps[Address]:
        """Tell a line's box that its password is wrong; and everybody, that it or another's is."""
        self._ignore("wrong_password")
        steps: Steps[Address] = []
        if keepalive.report.password:  # it would else be answered by more bytes than it has
            steps.append(Send(encode_registration(keepalive.count, accepted=False), peer))
        if not line.online or line.host == peer[0]:
            return steps + self._doubt(line, Doubt.HEARD)
        if self._strangers.add_if_room((line.id, peer[0], ""), now):
            steps.append(Emit(LineRefused(gateway=line.gateway, port=line.id, host=peer[0])))
        return steps

    def _on_stranger(self, report: Report, peer: Address, now: float) -> Steps[Address]:
        """Tell of a line that nobody owns, but not to itself; a flood of them is told of in part."""
        self._ignore("unknown_line")
        if not self._strangers.add_if_room((report.line, peer[0], report.password), now):
            return []
        return [Emit(LineHeard(line=report.line, host=peer[0], password=report.password))]

    def _welcome(
        self, line: Line, keepalive: Keepalive, data: bytes, peer: Address, now: float
    ) -> Steps[Address]:
        served = self._boxes[line.gateway]
        self._count_unread(keepalive.report)
        before, heard = line.address, line.keepalive(keepalive, peer, now)
        if line.address != before:
            self._owners.pop(before, None)
        self._owners[line.address] = line.gateway
        self._repeating.pop(line.said, None)
        line.note_said(keepalive, data)
        self._repeating[line.said] = line
        line.doubts &= ~Doubt.HEARD
        first = not served.online
        served.online[line.id] = line.host or ""
        steps: Steps[Address] = [Send(encode_registration(keepalive.count, accepted=True), peer)]
        if heard.restarted:
            steps.append(Emit(PortRestarted(gateway=line.gateway, port=line.id)))
        steps += self._tell_line(line, [])
        if first:
            steps.append(Emit(ConnectionChanged(gateway=line.gateway, connected=True)))
        if heard.wandering:
            steps.append(_trouble(line.gateway, line.id, Trouble.TWO_ADDRESSES))
        steps += self._talks.notice(line, heard, now)
        # Ask the line what may be different since it was asked last.
        if heard.fresh or heard.changed:
            steps += self._queries.read(line, None, now)
        if keepalive.report.reporting is False:
            steps += self._queries.have_report(line, now)
        return steps

    def _wake_line(self, line: Line, now: float) -> Steps[Address]:
        if (deadline := line.deadline) is not None and now < deadline:
            self._alarms.set(line.id, deadline)  # a reflex puts off the deadline, and not the alarm
            return []
        steps = self._tell_line(line, line.tick(now))
        online = self._boxes[line.gateway].online
        if not line.online and online.pop(line.id, None) is not None and not online:
            error = LinkLost("no line of the gateway has been heard for a while")
            steps.append(Emit(ConnectionChanged(gateway=line.gateway, connected=False, error=error)))
        return steps

    def _tell_line(self, line: Line, calls: Iterable[Call]) -> Steps[Address]:
        """Tell what has changed, and note when the line is next to be woken."""
        self._alarms.set(line.id, line.deadline)
        steps: Steps[Address] = []
        if line.take_change():
            steps.append(Emit(PortChanged(gateway=line.gateway, state=line.state, host=line.host)))
        steps += [Emit(CallChanged(gateway=line.gateway, call=call)) for call in calls]
        return steps

    def _on_push(self, push: Push, peer: Address, now: float) -> Steps[Address]:
        line = self._lines.get(push.line)
        if line is None:
            return self._ignore("unknown_line")
        if not self._boxes[line.gateway].trusts(line.id, push.password):
            return self._ignore("wrong_password")
        self._count_unread(push)
        acknowledgement = Send(encode_acknowledgement(push), peer)
        identity = identity_of(push)
        if push.news is None:
            return [acknowledgement]
        if line.is_repeat(push, identity, now):
            return [] if line.is_unkept(identity) else [acknowledgement]
        if (record := record_of(self._boxes[line.gateway].box, push, identity)) is None:
            return [acknowledgement, *self._learn(line, push.news, push.recvid, now)]
        line.begin_keeping(identity)
        return [Keep(record, partial(self._kept, line, identity, acknowledgement))]

    def _kept(
        self, line: Line, identity: str, acknowledgement: Send[Address], _durable: bool, _now: float
    ) -> Steps[Address]:
        """Acknowledge a push that is kept; on disk, or in memory where the disk has no room."""
        line.end_keeping(identity)
        return [acknowledgement]

    def _learn(self, line: Line, news: News, recvid: int, now: float) -> Steps[Address]:
        match news:
            case UssdReceived(text):
                return [Emit(UssdArrived(gateway=line.gateway, port=line.id, text=text))]
            case VoiceChanged() | CallHungUp() if line.is_late(recvid):
                return self._tell_line(line, line.learn(news, recvid, now))
            case _:
                steps = self._tell_line(line, line.learn(news, recvid, now))
                return steps + self._talks.notice(line, news, now)

    # What they answer

    def _on_reply(self, reply: Reply, peer: Address, now: float) -> Steps[Address]:
        steps = self._texts.on_reply(reply, peer, now)
        return self._talks.on_reply(reply, peer, now) if steps is None else steps

    def _judge(self, line: Line, reply: Reply) -> Steps[Address]:
        """Tell of a password that a line does not take, once until it took ours again."""
        match reply:
            case Refused(reason=reason) if is_about_password(reason):
                return self._doubt(line, Doubt.ANSWERED)
            case Answer() | Prompt(word=Word.AUTHENTICATED):
                line.doubts &= ~Doubt.ANSWERED
        return []

    def _doubt(self, line: Line, doubt: Doubt) -> Steps[Address]:
        was_told = bool(line.doubts)
        line.doubts |= doubt
        line.calm = False
        return [] if was_told else [_trouble(line.gateway, line.id, Trouble.UNAUTHENTICATED)]

    def _note(self, line: Line, settings: Settings, now: float) -> Steps[Address]:
        self._count_unread(settings)
        line.note(settings, now)
        return self._tell_line(line, [])

    # What is asked of them

    def _send_sms(self, served: Served, ticket: Ticket, request: SendSms, now: float) -> Steps[Address]:
        line, parcel = served.line(request.port), Parcel(ticket, request)
        password = served.password_of(line.id)
        return self._texts.send(line, password, parcel, now, repeat=served.box.repeat_send)

    def _command(self, served: Served, ticket: Ticket, order: Order, now: float) -> Steps[Address]:
        """Carry out an order by its line, or by the line of the box that was heard last."""
        line = served.latest_line() if order.port is None else served.line(order.port)
        if line is None:
            return [Settle(ticket, LinkLost("no line of the gateway is registered"))]
        sendid = self._talks.draw(now)
        conversation = order.begin(sendid, served.password_of(line.id))
        on_fate = partial(self._on_ordered, line, ticket, order)
        return self._talks.begin(conversation, line, on_fate, Lane.COMMAND, now)

    def _on_ordered(self, line: Line, ticket: Ticket, order: Order, fate: Fate, now: float) -> Steps[Address]:
        outcome = order.read(fate.result) if isinstance(fate.result, Answer) else fate.result
        if isinstance(outcome, GatewayError):
            return [Settle(ticket, outcome)]
        steps: Steps[Address] = []
        for port, settings in order.learned.items():
            steps += self._note(self._lines[port], settings, now)
            steps += self._queries.read(self._lines[port], order.getter, now)
        if not order.learned and order.getter is not None:
            steps += self._queries.ask(line, order.getter, now)
        return [*steps, Settle(ticket, outcome)]


def _trouble(gateway: str, port: str, trouble: Trouble) -> Emit:
    return Emit(TroubleFound(gateway=gateway, port=port, trouble=trouble))
