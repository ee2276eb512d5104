"""Plays a script with a GoIP dialog, and judges what it does.

Whoever does not have the line's password gets nothing: that is judged by playing the script a second time
without what strangers send in it. But for what is told of them, all that comes of it must be the same.

The steps: ``<`` and ``[`` a packet from the line, from either of its ports; ``!`` one from a stranger's host;
``^`` one from the line's own host by somebody who knows neither password nor sendid; ``h`` the line's honest
keepalive, ``a`` its honest answer to what we sent last, ``A`` five of them in turn; ``~`` time passes; ``?``
something is asked for; ``d`` the disk is slow, full, or well again, ``k`` it is done with the oldest; ``t``
the line is mute when it is asked for all that it knows, or not.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import ClassVar, override

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send, Settle
from custom_components.gsm_gateway.aiogsm.errors import InvalidInput, NotSupported
from custom_components.gsm_gateway.aiogsm.models import (
    ConnectionChanged,
    LineHeard,
    LineRefused,
    PortChanged,
    PortStatus,
    Trace,
    Trouble,
    TroubleFound,
)
from custom_components.gsm_gateway.aiogsm.requests import (
    AwaitResult,
    CloseUssd,
    ForwardingReason,
    GetCallForwarding,
    HangUp,
    LockCell,
    Reboot,
    RefreshCells,
    Request,
    ResetRemainingTime,
    SendUssd,
    SetAllEnabled,
    SetCallForwarding,
    SetCallInterval,
    SetCallTimeLimit,
    SetCallWaiting,
    SetEnabled,
    SetImei,
    SetPhoneNumber,
    SmsTaken,
)
from tests.library.goip_stage import (
    LINE,
    PEER,
    PEER2,
    STRANGER,
    Bench,
    Shown,
    keepalive,
    records,
    sent,
    settled,
    sms,
    told,
)

from . import goip_grammar, script

PASSWORD = "s3cret-0f-the-box"  # nothing that is changed at random comes to be this
NUMBER = "+15550100001"
SETTLED_WITHIN = 4000.0
"""Seconds in which everything that was asked has come to an end, whatever the box says or does not say."""

_MOST_WAKES = 20_000

REQUESTS: tuple[Request, ...] = (
    sms("hello"),
    sms("hello", number="+15550100002", message_id="n"),
    sms("another €", message_id="o"),
    SendUssd(port=LINE, code="*100#", timeout=120.0),
    CloseUssd(port=LINE),
    SetPhoneNumber(port=LINE, number="13800138001"),
    SetCallTimeLimit(port=LINE, minutes=None),
    ResetRemainingTime(port=LINE),
    SetCallInterval(port=LINE, seconds=5),
    SetImei(port=LINE, imei="490154203237518"),
    HangUp(port=LINE),
    Reboot(port=LINE),
    Reboot(),
    GetCallForwarding(port=LINE, reason=ForwardingReason.BUSY),
    SetCallForwarding(port=LINE, reason=ForwardingReason.NO_REPLY, number=NUMBER),
    SetCallWaiting(port=LINE, enabled=True),
    SetEnabled(port=LINE, enabled=False),
    SetEnabled(port=LINE, enabled=True),
    SetAllEnabled(channels=(LINE,), enabled=frozenset({LINE}), disabled=frozenset()),
    RefreshCells(port=LINE),
    LockCell(port=LINE, cell="AE09"),
    AwaitResult(port=LINE, message_id="p", trace=Trace(sendid=11, telid=1), age=10.0),
)

_ANSWERS = {
    b"MSG": b"PASSWORD %s\n",
    b"PASSWORD": b"SEND %s\n",
    b"SEND": b"OK %s 1 160\n",
    b"DONE": b"DONE %s\n",
    b"USSDEXIT": b"USSDEXIT %s",
    b"CF": b"CFSTATE %s 1 +15550100003",
    b"CW": b"CWOK %s",
}
"""What a line answers to a verb; to any other by the same verb and a word."""


class _Bench(Bench):
    """A stage whose time comes to an end."""

    @override
    def at(self, now: float) -> Shown:
        steps: Shown = []
        for _ in range(_MOST_WAKES):
            deadline = self.dialog.deadline()
            if deadline is None or deadline > now:
                break
            self.now = max(self.now, deadline)
            steps += self._play(self.dialog.tick(self.now))
        else:
            raise AssertionError("the dialog wakes up without end")
        self.now = now
        return steps


class _Play:
    """One playing of a script. ``shown`` has what came of each step, in words that can be compared."""

    def __init__(self, *, strangers: bool) -> None:
        self.bench = _Bench(Box(key="box", password=PASSWORD, lines=(LINE,)))
        self.shown: list[tuple[object, ...]] = []
        self.met_strangers = False
        self._strangers = strangers
        self._packets: list[bytes] = [b"MSG 11 0 "]
        self._count = 1
        self._tickets = 0
        self._settled: set[int] = set()
        self._hear(keepalive(self._count, word=PASSWORD).encode())

    def play(self, data: bytes) -> None:
        for kind, argument in script.steps_of(data):
            self._step(kind, argument)

    def end(self) -> None:
        """See that the dialog works as ever, owes nobody an answer, and lets go of all that it had."""
        bench = self.bench
        bench.tells, bench.durable = "", True
        while bench.keeping:
            self._take(bench.kept())
        self._take(bench.after(SETTLED_WITHIN))
        assert self._settled == set(range(1, self._tickets + 1)), "somebody waits in vain"
        heard = self._hear(keepalive(5, word=PASSWORD).encode())
        assert (b"reg:5;status:200;", PEER) in sent(heard), "a keepalive was not answered"
        assert told(heard, PortChanged)[-1].state.status in (PortStatus.READY, PortStatus.DISABLED)
        self._send_honestly()
        text = f"RECEIVE:4711;id:{LINE};password:{PASSWORD};srcnum:1;msg:{self._tickets} honest"
        came = self._hear(text.encode())
        assert len(records(came)) == 1, "a text was not kept"
        assert (b"RECEIVE 4711 OK", PEER) in sent(came), "a text was not acknowledged"
        self._take(bench.detach())
        assert bench.dialog.deadline() is None, "something is to be done for nobody"

    def _send_honestly(self) -> None:
        # With nothing else under way the answers come one by one, and the last one settles it.
        steps = self.bench.submit(sms("the end", message_id="end"), ticket=0)
        for _ in range(4):
            if not sent(steps) or settled(steps):
                break
            packet, _ = sent(steps)[-1]
            steps = self.bench.receive(self._answer_to(packet), PEER)
        assert [found for _, found in settled(steps)] == [SmsTaken(160)], "a text could not be sent"

    def _step(self, kind: bytes, argument: bytes) -> None:
        if (step := self._STEPS.get(kind)) is not None:
            step(self, argument)

    def _say(self, argument: bytes) -> None:
        self._hear(self._filled(argument, PASSWORD))

    def _say_from_elsewhere(self, argument: bytes) -> None:
        self._hear(self._filled(argument, PASSWORD), PEER2)

    def _say_abroad(self, argument: bytes) -> None:
        self._hear_stranger(self._filled(argument, "wrong"), STRANGER)

    def _say_unknowing(self, argument: bytes) -> None:
        self._hear_stranger(argument.replace(b"$L", LINE.encode()), PEER)

    def _keep_alive(self, _argument: bytes) -> None:
        self._count += 1
        self._hear(keepalive(self._count, word=PASSWORD).encode())

    def _answer(self, _argument: bytes) -> None:
        self._hear(self._answer_to(self._packets[-1]))

    def _answer_all(self, argument: bytes) -> None:
        for _ in range(5):
            self._answer(argument)

    def _wait(self, argument: bytes) -> None:
        self._take(self.bench.after(script.seconds(argument)))

    def _change_disk(self, argument: bytes) -> None:
        self.bench.durable = {b"s": None, b"f": False}.get(argument[:1], True)

    def _finish_keeping(self, argument: bytes) -> None:
        if self.bench.keeping:
            self._take(self.bench.kept(durable=argument[:1] != b"f"))

    def _fall_mute(self, _argument: bytes) -> None:
        self.bench.tells = None if self.bench.tells is not None else ""

    def _filled(self, packet: bytes, password: str) -> bytes:
        for word, value in (
            (b"$P", password.encode()),
            (b"$L", LINE.encode()),
            (b"$S", self._sendid(self._packets[-1])),
            (b"$T", self._sendid(self._packets[-2:][0])),
        ):
            packet = packet.replace(word, value)
        return packet

    @staticmethod
    def _sendid(packet: bytes) -> bytes:
        return packet.split()[1]

    def _answer_to(self, packet: bytes) -> bytes:
        verb, sendid, *_ = packet.split()
        form = _ANSWERS.get(verb, verb + b" %s ok")
        return form.replace(b"%s", sendid)

    def _hear(self, packet: bytes, peer: tuple[str, int] = PEER) -> Shown:
        shown = self.bench.receive(packet, peer)
        self._take(shown)
        return shown

    def _hear_stranger(self, packet: bytes, peer: tuple[str, int]) -> None:
        if PASSWORD.encode() in packet or (peer is PEER and any(id_ in packet for id_ in self._open_ids())):
            return
        self.met_strangers = True
        if not self._strangers:
            return
        for step in self.bench.receive(packet, peer):
            assert _is_of_strangers(step), f"a stranger brought about {type(step).__name__}"
            if isinstance(step, Send):
                assert step.peer == peer
                assert len(step.data) <= len(packet), "a stranger's packet is answered by a longer one"

    def _open_ids(self) -> Iterator[bytes]:
        """Give the numbers that an answer from the line's own address is believed by, late ones too."""
        talks, fates = self.bench.dialog._talks, self.bench.dialog._texts._fates
        sendids = (*talks._open, *talks._claims, *(sendid for sendid, _ in fates._known))
        return (str(sendid).encode() for sendid in sendids)

    def _ask(self, argument: bytes) -> None:
        request = REQUESTS[argument[0] % len(REQUESTS)] if argument else REQUESTS[0]
        self._tickets += 1
        try:
            shown = self.bench.submit(request, self._tickets)
        except InvalidInput, NotSupported:
            self._tickets -= 1
            return
        self._take(shown)

    _STEPS: ClassVar[dict[bytes, Callable[[_Play, bytes], None]]] = {
        b"<": _say,
        b"[": _say_from_elsewhere,
        b"!": _say_abroad,
        b"^": _say_unknowing,
        b"h": _keep_alive,
        b"a": _answer,
        b"A": _answer_all,
        b"~": _wait,
        b"?": _ask,
        b"d": _change_disk,
        b"k": _finish_keeping,
        b"t": _fall_mute,
    }

    def _take(self, shown: Shown) -> None:
        self.shown.append(tuple(words for step in shown for words in _words(step)))
        self._packets += [
            data for data, _ in sent(shown) if not data.startswith(b"reg") and b" OK" not in data
        ]
        for ticket, _ in settled(shown):
            assert ticket not in self._settled, "a ticket was settled twice"
            assert ticket <= self._tickets
            self._settled.add(ticket)


def _is_of_strangers(step: object) -> bool:
    match step:
        case Send(data=data):
            return data.startswith(b"reg:") and data.endswith(b";status:404;")
        case Emit(event=LineHeard(line=line)):
            return line != LINE
        case Emit(event=TroubleFound(trouble=Trouble.UNAUTHENTICATED) | LineRefused()):
            return True
    return False


def _words(step: object) -> Iterator[object]:
    """Give a step as it can be compared; what is told of strangers, and of passwords, is left out."""
    match step:
        case Emit(event=LineHeard() | LineRefused() | TroubleFound(trouble=Trouble.UNAUTHENTICATED)):
            return
        case Settle(ticket=ticket, outcome=Exception() as error):
            yield ticket, type(error), str(error)
        case Emit(event=ConnectionChanged(connected=connected)):
            yield connected
        case _:
            yield step


def run(data: bytes) -> None:
    """Play a script. Raise AssertionError, or anything, where the dialog does what it must not."""
    play = _Play(strangers=True)
    play.play(data)
    play.end()
    if play.met_strangers:
        alone = _Play(strangers=False)
        alone.play(data)
        alone.end()
        assert play.shown == alone.shown, "a stranger has changed something"


def _step(random: Random) -> bytes:
    match random.randrange(11):
        case 0 | 1 | 2:
            return random.choice((b"<", b"<", b"[")) + goip_grammar.datagram(random)
        case 3 | 10:
            return random.choice((b"!", b"^")) + goip_grammar.datagram(random)
        case 4 | 5:
            return random.choice((b"a", b"a", b"A"))
        case 6:
            return random.choice((b"h", b"h", b"ds", b"df", b"d", b"k", b"kf", b"t"))
        case 7:
            return script.wait(random)
    return script.ask(random)


def make(random: Random) -> bytes:
    """Write a script."""
    return script.write(random, _step)


def mutate(random: Random, data: bytes) -> bytes:
    """Change a script."""
    return script.mutated(random, data, _step)
