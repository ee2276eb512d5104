"""Plays a script with a NeoGate dialog, and judges what it does.

The steps: ``<`` bytes on the main connection, whole, ``,`` the same cut into pieces of seven, ``.`` byte by
byte; ``>`` bytes on the connection for USSD; ``g`` an honest greeting wherever one is due, ``o`` a connection
is open and says nothing; ``x`` and ``y`` the main one and the other one is lost; ``l`` the main one is made
anew, and the box is not heard on the login; ``a`` and ``u`` the honest answer to the oldest action on either;
``r`` the honest result of the text that was written last; ``q`` the box answers all, some or none by itself;
``~`` time passes; ``?`` something is asked for; ``d`` the disk is slow, full, or well again, ``k`` it is done
with the oldest.
"""

from collections import Counter
from collections.abc import Callable
from copy import replace
from random import Random
from typing import ClassVar, override

from custom_components.gsm_gateway.aiogsm.dialog import Drop, Emit, Open, Send, Settle, Steps
from custom_components.gsm_gateway.aiogsm.errors import GatewayError, InvalidInput, LinkLost, NotSupported
from custom_components.gsm_gateway.aiogsm.models import ConnectionChanged
from custom_components.gsm_gateway.aiogsm.neogate import POLL_INTERVALS
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel
from custom_components.gsm_gateway.aiogsm.records import SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import (
    AwaitResult,
    HangUp,
    Reboot,
    Request,
    SendSms,
    SmsTaken,
    SwitchOn,
)
from tests.library.neogate_stage import MAIN, USSD, Bench, sms, ussd

from . import neogate_grammar, script

SETTLED_WITHIN = 4000.0
"""Seconds in which everything that was asked has come to an end, whatever the box says or does not say."""

_BANNER = b"Asterisk Call Manager/1.1\r\n"

REQUESTS: tuple[Request, ...] = (
    sms(),
    sms(text="another €"),
    sms(port="2"),
    ussd(),
    ussd(code="1", timeout=5.0),
    ussd(port="9"),
    Reboot(port="1"),
    Reboot(port="2"),
    SwitchOn(port="1"),
    Reboot(),
    HangUp(port="1"),
    AwaitResult(port="1", message_id="earlier", trace=None, age=10.0),
)

_SILENCES: tuple[tuple[str, ...], ...] = (("",), (), ("gsm send", "gsm power", "Logoff"), ("gsm show",))
_MOST_WAKES = 20_000
_MOST_ANSWERS = 400


class _Bench(Bench):
    """A stage that lasts: it is greeted where it should be, and answers in no more depth than it must."""

    def __init__(self) -> None:
        super().__init__()
        self.box = replace(self.box, poll_interval=POLL_INTERVALS[1])
        self.greeted: set[Channel] = set()
        self.texts: Counter[str] = Counter()
        self._serving = False

    @override
    def do(self, steps: Steps[Channel]) -> None:
        for step in steps:
            match step:
                case Open(peer) | Drop(peer):
                    self.greeted.discard(peer)
                    self.pending[peer].clear()
                case Send(data, _) if b"\r\ncommand: gsm send sms " in data:
                    self.texts[data.split()[-1].decode()] += 1
        super().do(steps)

    @override
    def _serve(self) -> None:
        if self._serving:
            return
        self._serving = True
        for _ in range(_MOST_ANSWERS):
            channel = next(
                (
                    at
                    for at, open_ in self.pending.items()
                    if open_ and not str(open_[0]).startswith(self.silent)
                ),
                None,
            )
            if channel is None:
                break
            self.answer(channel)
        self._serving = False

    @override
    def answer(self, channel: Channel) -> None:
        if str(self.pending[channel][0]).startswith(("gsm send", "gsm power", "Logoff")):
            self.reply("", channel)
        else:
            super().answer(channel)

    @override
    def lose(self, channel: Channel = MAIN, reason: GatewayError | None = None) -> None:
        self.greeted.discard(channel)
        super().lose(channel, reason)

    @override
    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        for _ in range(_MOST_WAKES):
            deadline = self.dialog.deadline()
            if deadline is None or deadline > until:
                break
            self.now = max(self.now, deadline)
            self.do(self.dialog.tick(self.now))
        else:
            raise AssertionError("the dialog wakes up without end")
        self.now = until

    def open_all(self, greeting: bytes = _BANNER) -> None:
        """Open what is to be opened, and greet."""
        while (channel := next((one for one in self.open if one not in self.greeted), None)) is not None:
            self.greeted.add(channel)
            self.do(self.dialog.opened(channel, self.now))
            self.say(greeting, channel)


class _Play:
    """One playing of a script."""

    def __init__(self) -> None:
        self.bench = bench = _Bench()
        bench.attach()
        bench.open_all()
        self._message_id = "none"

    def play(self, data: bytes) -> None:
        for kind, argument in script.steps_of(data):
            self._step(kind, argument)

    def end(self) -> None:
        """See that the dialog works as ever, owes nobody an answer, and lets go of all that it had."""
        bench = self.bench
        bench.durable, bench.silent = True, ("gsm send",)
        while bench.keeping:
            bench.finish_keeping()
        for channel in list(bench.open):
            if channel in bench.open:
                bench.lose(channel)
        until = bench.now + SETTLED_WITHIN
        while bench.now < until and not (self._connected() and len(bench.settled) == bench.tickets):
            bench.open_all()
            bench.wait(50.0)
        assert set(bench.settled) == set(range(1, bench.tickets + 1)), "somebody waits in vain"
        assert self._connected(), "it does not connect again"
        self._send_honestly()
        kept = len(bench.kept)
        bench.event("ReceivedSMS", GsmSpan="2", Sender="1", Recvtime="x", Index="1", Total="1", Content="hi")
        assert isinstance(bench.kept[-1], SmsArrived), "a text was not kept"
        assert len(bench.kept) == kept + 1
        bench.detach()
        assert bench.dialog.deadline() is None, "something is to be done for nobody"
        assert bench.open == [], "a connection was left open"
        assert all(times == 1 for times in bench.texts.values()), "a text was written twice"

    def _connected(self) -> bool:
        told = [event for event in self.bench.events if isinstance(event, ConnectionChanged)]
        return bool(told) and told[-1].connected

    def _send_honestly(self) -> None:
        bench = self.bench
        bench.wait(20.0)
        ticket = bench.submit(sms("the_end"))
        bench.reply()
        bench.event("UpdateSMSSend", ID="the_end", Status="1")
        assert bench.settled[ticket] == SmsTaken(), "a text could not be sent"

    def _step(self, kind: bytes, argument: bytes) -> None:
        if (step := self._STEPS.get(kind)) is not None:
            step(self, argument)

    def _say_whole(self, argument: bytes) -> None:
        self._hear(MAIN, [argument])

    def _say_in_pieces(self, argument: bytes) -> None:
        self._hear(MAIN, [argument[start : start + 7] for start in range(0, len(argument), 7)])

    def _say_bytes(self, argument: bytes) -> None:
        self._hear(MAIN, [argument[place : place + 1] for place in range(min(len(argument), 120))])

    def _say_beside(self, argument: bytes) -> None:
        self._hear(USSD, [argument])

    def _lose(self, channel: Channel, _argument: bytes) -> None:
        if channel in self.bench.open:
            self.bench.lose(channel)

    def _await_login(self, _argument: bytes) -> None:
        self.bench.silent = ("",)
        self._lose(MAIN, b"")
        self.bench.wait(1.0)
        self.bench.open_all()

    def _answer(self, channel: Channel, _argument: bytes) -> None:
        if self.bench.pending[channel]:
            self.bench.answer(channel)

    def _tell_result(self, argument: bytes) -> None:
        if MAIN in self.bench.greeted:
            self.bench.event("UpdateSMSSend", ID=self._message_id, Status=argument[:1].decode("latin-1"))

    def _be_silent(self, argument: bytes) -> None:
        self.bench.silent = _SILENCES[argument[0] % len(_SILENCES)] if argument else ()

    def _change_disk(self, argument: bytes) -> None:
        self.bench.durable = {b"s": None, b"f": False}.get(argument[:1], True)

    def _finish_keeping(self, argument: bytes) -> None:
        if self.bench.keeping:
            self.bench.finish_keeping(durable=argument[:1] != b"f")

    def _ask(self, argument: bytes) -> None:
        request = REQUESTS[argument[0] % len(REQUESTS)] if argument else REQUESTS[0]
        bench = self.bench
        if isinstance(request, SendSms):
            self._message_id = f"sms_{bench.tickets}"
            request = replace(request, message_id=self._message_id)
        elif isinstance(request, AwaitResult):
            request = replace(request, message_id=f"earlier_{bench.tickets}")
        try:
            bench.submit(request)
        except InvalidInput, NotSupported:
            bench.tickets -= 1

    _STEPS: ClassVar[dict[bytes, Callable[[_Play, bytes], None]]] = {
        b"<": _say_whole,
        b",": _say_in_pieces,
        b".": _say_bytes,
        b">": _say_beside,
        b"g": lambda play, _: play.bench.open_all(),
        b"o": lambda play, _: play.bench.open_all(b""),
        b"x": lambda play, argument: play._lose(MAIN, argument),
        b"y": lambda play, argument: play._lose(USSD, argument),
        b"l": _await_login,
        b"a": lambda play, argument: play._answer(MAIN, argument),
        b"u": lambda play, argument: play._answer(USSD, argument),
        b"r": _tell_result,
        b"q": _be_silent,
        b"~": lambda play, argument: play.bench.wait(script.seconds(argument)),
        b"?": _ask,
        b"d": _change_disk,
        b"k": _finish_keeping,
    }

    def _hear(self, channel: Channel, pieces: list[bytes]) -> None:
        bench = self.bench
        for piece in pieces:
            if channel not in bench.greeted:
                return
            pending = bench.pending[channel]
            action_id = pending[0].fields["ActionID"] if pending else "0"
            data = piece.replace(b"$I", action_id.encode()).replace(b"$M", self._message_id.encode())
            was_ready = self._ready(channel)
            steps = bench.dialog.receive(data, channel, bench.now)
            if not was_ready and not self._ready(channel):
                assert all(_is_of_strangers(step, channel) for step in steps), (
                    "it was told things before the login"
                )
            bench.do(steps)

    def _ready(self, channel: Channel) -> bool:
        session = self.bench.dialog._session(channel)
        return session is not None and session.ready


def _is_of_strangers(step: object, channel: Channel) -> bool:
    """Whether a step can come of what a peer says on a channel, where it has not taken our login.

    One that refuses the second login is told on the first connection what was to be said on that.
    """
    match step:
        case Open() | Drop():
            return True
        case Send(data=data, peer=peer):
            return peer is not channel or data.startswith(b"Action: Login\r\n")
        case Emit(event=ConnectionChanged(connected=connected)):
            return not connected
        case Settle(outcome=outcome):
            return isinstance(outcome, LinkLost)
    return False


def run(data: bytes) -> None:
    """Play a script. Raise AssertionError, or anything, where the dialog does what it must not."""
    play = _Play()
    play.play(data)
    play.end()


_DONE_TO_IT = {
    4: (b"a", b"a", b"u", b"r1", b"r0"),
    5: (b"a", b"a", b"u", b"r1", b"r0"),
    6: (b"g", b"g", b"g", b"o", b"x", b"y", b"l", b"l"),
    7: (b"ds", b"df", b"d", b"k", b"kf", b"q0", b"q1", b"q2", b"q3"),
}


def _step(random: Random) -> bytes:
    kind = random.randrange(12)
    if kind in _DONE_TO_IT:
        return random.choice(_DONE_TO_IT[kind])
    match kind:
        case 0 | 1 | 2 | 3:
            return random.choice((b"<", b"<", b",", b".", b">")) + neogate_grammar.message(random)
        case 8:
            return b"<" + neogate_grammar.banner(random).encode()
        case 9:
            return script.wait(random)
    return script.ask(random)


def make(random: Random) -> bytes:
    """Write a script."""
    return script.write(random, _step)


def mutate(random: Random, data: bytes) -> bytes:
    """Change a script."""
    return script.mutated(random, data, _step)
