"""The whole conversation with every GoIP that registers at one UDP port.

The boxes speak first: each line sends a keepalive every 30 s and pushes what happens. A packet belongs
to a line by its id and password, a reply to what was asked by its sendid. Strangers get no answer, and
nothing of theirs is kept beyond a small memory that is full soon.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from random import Random, SystemRandom
import time
from types import MappingProxyType
from typing import override

from ..alarms import Alarms
from ..dialog import (
    Box,
    Dialog,
    Emit,
    Reboot,
    Request,
    Send,
    SendSms,
    SendUssd,
    Settle,
    Steps,
    Ticket,
)
from ..errors import GatewayError, InvalidInput, LinkLost
from ..models import (
    Call,
    CallChanged,
    ConnectionChanged,
    LineHeard,
    PortChanged,
    SmsArrived,
    UssdArrived,
)
from ..recent import Recent
from ..text import check_credential, check_number, check_text, check_ussd_code
from .codec import (
    MAX_TEXT,
    Command,
    Keepalive,
    Malformed,
    News,
    Push,
    SmsReceived,
    UssdReceived,
    decode,
    encode_acknowledgement,
    encode_registration,
    masked,
    read_minutes,
)
from .port import Address, Line
from .sending import BulkSession
from .session import Exchange, Lane, RebootExchange, SendIds, Talks
from .ussd import UssdExchange

_MOST_LINES = 1024  # of one box, adopted ones among them

_STRANGERS_TOLD = 5.0  # seconds until the same stranger is told of again
_STRANGERS_KEPT = 256


def check_box(box: Box) -> None:
    """Refuse a password or a line id that no packet can carry."""
    for credential in (box.password, *box.lines):
        check_credential(credential)


def check_sms(number: str, text: str) -> None:
    """Refuse what cannot be a number, and a text over 3000 bytes of UTF-8."""
    check_number(number)
    check_text(text, MAX_TEXT)


@dataclass(slots=True)
class _Served:
    """A box, its lines, and the hosts of those that are online, in the order they were heard in last."""

    box: Box
    lines: dict[str, Line] = field(default_factory=dict)
    online: dict[str, str] = field(default_factory=dict)

    def trusts(self, password: str) -> bool:
        return compare_digest(self.box.password.encode(), password.encode())


class GoipDialog(Dialog[Address]):
    """Serves all boxes of one UDP port. ``wall_clock`` seeds the sendids of USSD, ``random`` all others."""

    def __init__(self, *, random: Random | None = None, wall_clock: Callable[[], float] = time.time) -> None:
        """Begin with no box."""
        self._ignored: Counter[str] = Counter()
        self._boxes: dict[str, _Served] = {}
        self._lines: dict[str, Line] = {}
        self._alarms: Alarms[str] = Alarms()
        self._talks = Talks(SendIds(random or SystemRandom(), wall_clock), self._ignored)
        self._strangers: Recent[tuple[str, str, str]] = Recent(_STRANGERS_TOLD, _STRANGERS_KEPT)

    @override
    @property
    def ignored(self) -> Mapping[str, int]:
        return MappingProxyType(self._ignored)

    @override
    def masked(self, data: bytes) -> bytes:
        for served in self._boxes.values():
            data = data.replace(served.box.password.encode(), b"***")
        return masked(data)

    @override
    def attach(self, box: Box, now: float) -> Steps[Address]:
        """Begin to serve a box. A line that another box has stays with that one."""
        check_box(box)
        if box.key in self._boxes:
            raise InvalidInput("port", "the gateway is served already")
        served = self._boxes[box.key] = _Served(box)
        for line in box.lines:
            if line not in self._lines:
                self._own(served, line, now)
        return []

    @override
    def detach(self, key: str, now: float) -> Steps[Address]:
        if (served := self._boxes.pop(key, None)) is None:
            return []
        steps = self._talks.abandon(key)
        for line in served.lines:
            del self._lines[line]
            self._alarms.set(line, None)
        return steps

    @override
    def submit(self, key: str, ticket: Ticket, request: Request, now: float) -> Steps[Address]:
        served = self._boxes.get(key)
        if served is None:
            raise InvalidInput("port", "the gateway is not served")
        match request:
            case SendSms():
                return self._send_sms(served, ticket, request, now)
            case SendUssd():
                return self._send_ussd(served, ticket, request, now)
            case Reboot():
                return self._reboot(served, ticket, request, now)

    @override
    def opened(self, peer: Address, now: float) -> Steps[Address]:
        return []

    @override
    def lost(self, peer: Address, reason: GatewayError, now: float) -> Steps[Address]:
        return []

    @override
    def receive(self, data: bytes, peer: Address, now: float) -> Steps[Address]:
        try:
            message = decode(data)
        except Malformed as err:
            return self._ignore(str(err))
        match message:
            case Keepalive():
                return self._on_keepalive(message, peer, now)
            case Push():
                return self._on_push(message, peer, now)
            case _:
                return self._talks.on_reply(message, peer, now)

    @override
    def tick(self, now: float) -> Steps[Address]:
        steps: Steps[Address] = []
        for line in self._alarms.take(now):
            steps += self._wake_line(self._lines[line], now)
        return steps + self._talks.tick(now)

    @override
    def deadline(self) -> float | None:
        firsts = (self._alarms.first(), self._talks.deadline())
        return min((when for when in firsts if when is not None), default=None)

    def _ignore(self, reason: str) -> Steps[Address]:
        self._ignored[reason] += 1
        return []

    def _own(self, served: _Served, line_id: str, now: float) -> Line:
        line = Line(line_id, served.box.key, now)
        self._lines[line_id] = served.lines[line_id] = line
        self._alarms.set(line_id, line.deadline)
        return line

    def _on_keepalive(self, keepalive: Keepalive, peer: Address, now: float) -> Steps[Address]:
        line = self._lines.get(keepalive.line)
        if line is None:
            served = self._adopter(keepalive, peer)
            if served is None:
                return self._on_stranger(keepalive, peer, now)
            return self._welcome(self._own(served, keepalive.line, now), keepalive, peer, now)
        if self._boxes[line.gateway].trusts(keepalive.password):
            return self._welcome(line, keepalive, peer, now)
        self._ignore("wrong_password")
        if not keepalive.password:
            return []  # it would be answered by more bytes than it has
        return [Send(encode_registration(keepalive.count, accepted=False), peer)]

    def _adopter(self, keepalive: Keepalive, peer: Address) -> _Served | None:
        """Give the box that a line nobody has belongs to, by its password, and by its id or its host."""
        for served in self._boxes.values():
            at_home = keepalive.line in served.box.lines or peer[0] in served.online.values()
            if at_home and len(served.lines) < _MOST_LINES and served.trusts(keepalive.password):
                return served
        return None

    def _on_stranger(self, keepalive: Keepalive, peer: Address, now: float) -> Steps[Address]:
        """Tell of a line that nobody owns, but not to itself; a flood of them is told of in part."""
        self._ignore("unknown_line")
        stranger = (keepalive.line, peer[0], keepalive.password)
        if self._strangers.full(now) or not self._strangers.add(stranger, now):
            return []
        return [Emit(LineHeard(line=keepalive.line, host=peer[0], password=keepalive.password))]

    def _welcome(self, line: Line, keepalive: Keepalive, peer: Address, now: float) -> Steps[Address]:
        served = self._boxes[line.gateway]
        heard = line.keepalive(keepalive, peer, now)
        first = not served.online
        served.online.pop(line.id, None)  # so that who was heard last stands last
        served.online[line.id] = peer[0]
        steps: Steps[Address] = [Send(encode_registration(keepalive.count, accepted=True), peer)]
        steps += self._tell_line(line, [])
        if first:
            steps.append(Emit(ConnectionChanged(gateway=line.gateway, connected=True)))
        steps += self._talks.heard(line, now, gone=heard.gone)
        if heard.fresh and keepalive.remaining is None:
            steps += self._ask_remaining(line, now)
        return steps

    def _wake_line(self, line: Line, now: float) -> Steps[Address]:
        steps = self._tell_line(line, line.tick(now))
        online = self._boxes[line.gateway].online
        if not line.online and online.pop(line.id, None) is not None and not online:
            error = LinkLost("no line of the gateway has been heard for a while")
            steps.append(Emit(ConnectionChanged(gateway=line.gateway, connected=False, error=error)))
        return steps

    def _tell_line(self, line: Line, calls: list[Call]) -> Steps[Address]:
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
        if not self._boxes[line.gateway].trusts(push.password):
            return self._ignore("wrong_password")
        steps: Steps[Address] = [Send(encode_acknowledgement(push), peer)]
        if push.news is not None and not line.is_repeat(push, now):
            steps += self._hand_on(line, push.news, push.recvid, now)
        return steps

    def _hand_on(self, line: Line, news: News, recvid: int, now: float) -> Steps[Address]:
        match news:
            case SmsReceived(sender, text):
                return [Emit(SmsArrived(gateway=line.gateway, port=line.id, sender=sender, text=text))]
            case UssdReceived(text):
                return [Emit(UssdArrived(gateway=line.gateway, port=line.id, text=text))]
            case _:
                return self._tell_line(line, line.learn(news, recvid, now))

    def _send_sms(self, served: _Served, ticket: Ticket, request: SendSms, now: float) -> Steps[Address]:
        check_sms(request.recipient, request.text)
        line = _line_of(served, request.port)
        session = BulkSession(self._talks.draw(now), request, served.box.password)
        return self._talks.begin(session, line, ticket, Lane.SIM, now)

    def _send_ussd(self, served: _Served, ticket: Ticket, request: SendUssd, now: float) -> Steps[Address]:
        check_ussd_code(request.code)
        line = _line_of(served, request.port)
        sendid = self._talks.sendids.next_ussd()
        packet = Command.USSD.packet(sendid, served.box.password, request.code)
        return self._talks.begin(UssdExchange(sendid, packet, request.timeout), line, ticket, Lane.SIM, now)

    def _reboot(self, served: _Served, ticket: Ticket, request: Reboot, now: float) -> Steps[Address]:
        if request.port is not None:
            command, line = Command.REBOOT_MODULE, _line_of(served, request.port)
        elif served.online:
            command, line = Command.REBOOT_BOX, self._lines[next(reversed(served.online))]
        else:
            return [Settle(ticket, LinkLost("no line of the gateway is registered"))]
        sendid = self._talks.draw(now)
        exchange = RebootExchange(sendid, command.packet(sendid, served.box.password))
        return self._talks.begin(exchange, line, ticket, Lane.COMMAND, now)

    def _ask_remaining(self, line: Line, now: float) -> Steps[Address]:
        sendid = self._talks.draw(now)
        packet = Command.GET_REMAIN_TIME.packet(sendid, self._boxes[line.gateway].box.password)

        def on_answer(value: str) -> Steps[Address]:
            line.set_remaining(read_minutes(value))
            return self._tell_line(line, [])

        return self._talks.ask(Exchange(sendid, packet), line, on_answer, now)


def _line_of(served: _Served, port: str) -> Line:
    if (line := served.lines.get(port)) is None:
        raise InvalidInput("port", "the gateway has no such port")
    return line
