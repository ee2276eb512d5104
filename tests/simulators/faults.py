"""Named faults for either simulator: what boxes and networks do wrong, one small function each.

    with box.inject(faults.mute(), when=b"Ping"):              # while the block runs
    box.inject(faults.late_reply(0.2), faults.duplicate(), times=1)  # composed, in this order, once

`when` is a piece of the request or of what the box is about to send, so a fault can be aimed at a command
(`b"gsm send sms"`), at an event (`b"UpdateSMSSend"`) or at a packet (`b"RECEIVE:"`). Without it everything
that the box sends is concerned, keepalives included.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
import re
from types import TracebackType
from typing import Self

NONSENSE = b"\x00\xff\xfe;;:%s\x80 \xc3(\r\n\r\n"
_ID = re.compile(rb"(?m)^((?:Action)?ID: )[^\r\n]*")
_NUMBER = re.compile(rb"^([A-Za-z_]+[ :])(-?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Bytes to send after a delay, and what happens to the box then.

    `close` ends a TCP session; UDP has nothing to close. `reboot` restarts the box.
    """

    data: bytes
    delay: float = 0.0
    close: bool = False
    reboot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What the box is about to send, and the request that made it do so (empty for events and pushes)."""

    request: bytes = b""
    deliveries: tuple[Delivery, ...]

    def mentions(self, piece: bytes) -> bool:
        """Whether the request or the answer holds this piece."""
        return piece in self.request or any(piece in delivery.data for delivery in self.deliveries)


type Change = Callable[[tuple[Delivery, ...]], tuple[Delivery, ...]]


def _unchanged(deliveries: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    return deliveries


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing going wrong: with the answer, with the hearing, or with the password check."""

    name: str
    change: Change = _unchanged
    hears: bool = True
    refuses: bool = False


def mute() -> Fault:
    """Act on the request, but send nothing: the answer is lost on the way."""
    return Fault(name="mute", change=lambda _: ())


def deaf() -> Fault:
    """Never hear the request: it is lost on the way, and the box does not act on it."""
    return Fault(name="deaf", hears=False)


def gibberish(data: bytes = NONSENSE) -> Fault:
    """Send nonsense in place of the answer."""
    return Fault(
        name="gibberish", change=lambda sent: tuple(replace(delivery, data=data) for delivery in sent[:1])
    )


def half_a_line() -> Fault:
    """Send the first half of the answer and never the rest; a connection stays open."""
    return Fault(name="half_a_line", change=_halved)


def closes_mid_reply() -> Fault:
    """Send the first half of the answer, then close the connection."""
    return Fault(
        name="closes_mid_reply",
        change=lambda sent: tuple(replace(delivery, close=True) for delivery in _halved(sent)),
    )


def wrong_id() -> Fault:
    """Answer under an identifier that nobody asked with (ActionID, ID, sendid or recvid)."""
    return Fault(
        name="wrong_id",
        change=lambda sent: tuple(replace(delivery, data=_misnumbered(delivery.data)) for delivery in sent),
    )


def late_reply(seconds: float) -> Fault:
    """Answer, but this much later."""
    return Fault(
        name="late_reply",
        change=lambda sent: tuple(replace(delivery, delay=delivery.delay + seconds) for delivery in sent),
    )


def duplicate() -> Fault:
    """Send everything twice."""
    return Fault(name="duplicate", change=lambda sent: sent * 2)


def chopped(size: int = 1, gap: float = 0.001) -> Fault:
    """Send the answer in pieces of `size` bytes, `gap` seconds apart, as a slow TCP path does."""

    def change(sent: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        pieces: list[Delivery] = []
        for delivery in sent:
            last = max(len(delivery.data) - 1, 0) // size * size
            pieces += (
                Delivery(data=delivery.data[start : start + size], delay=delivery.delay)
                for start in range(0, last, size)
            )
            pieces.append(replace(delivery, data=delivery.data[last:]))
        return tuple(replace(piece, delay=piece.delay + gap * index) for index, piece in enumerate(pieces))

    return Fault(name="chopped", change=change)


def refuses_login() -> Fault:
    """Take every password for a wrong one."""
    return Fault(name="refuses_login", refuses=True)


def reboots(*, after_reply: bool = False) -> Fault:
    """Reboot in place of answering, or right after the answer."""

    def change(sent: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
        if not after_reply or not sent:
            return (Delivery(data=b"", reboot=True),)
        return (*sent[:-1], replace(sent[-1], reboot=True))

    return Fault(name="reboots", change=change)


def _halved(sent: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    whole = b"".join(delivery.data for delivery in sent)
    return (Delivery(data=whole[: len(whole) // 2], delay=max((item.delay for item in sent), default=0.0)),)


def _misnumbered(data: bytes) -> bytes:
    data = _ID.sub(rb"\1somebody-else", data)
    return _NUMBER.sub(lambda found: found[1] + b"%d" % (int(found[2]) + 1), data)


@dataclass(slots=True, kw_only=True, eq=False)
class Injection:
    """Faults at work in one box until the `with` block or `remove()` ends them. `hits` counts their use."""

    owner: FaultList
    faults: tuple[Fault, ...]
    when: bytes
    times: int | None
    hits: int = 0

    def __enter__(self) -> Self:
        """Do nothing: the faults have been at work since they were injected."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the faults."""
        self.remove()

    def remove(self) -> None:
        """End the faults; harmless when they have ended already."""
        if self in self.owner.injections:
            self.owner.injections.remove(self)

    def hit(self) -> None:
        """Count one use, and end after the last one."""
        self.hits += 1
        if self.times is not None and self.hits >= self.times:
            self.remove()


@dataclass(slots=True)
class FaultList:
    """The faults now at work in one box."""

    injections: list[Injection] = field(default_factory=list)

    def inject(self, *faults: Fault, when: bytes = b"", times: int | None = None) -> Injection:
        """Put faults to work, composed in the order given, `times` times or until removed."""
        injection = Injection(owner=self, faults=faults, when=when, times=times)
        self.injections.append(injection)
        return injection

    def hears(self, request: bytes) -> bool:
        """Whether this request reaches the box."""
        return not self._meets(request, lambda fault: not fault.hears)

    def refuses(self, request: bytes) -> bool:
        """Whether the box takes this request's password for a wrong one."""
        return self._meets(request, lambda fault: fault.refuses)

    def apply(self, exchange: Exchange) -> tuple[Delivery, ...]:
        """Return what is sent after every fault has had its way."""
        for injection in tuple(self.injections):
            if not exchange.mentions(injection.when):
                continue
            deliveries = exchange.deliveries
            for fault in injection.faults:
                deliveries = fault.change(deliveries)
            if deliveries != exchange.deliveries:
                injection.hit()
                exchange = replace(exchange, deliveries=deliveries)
        return exchange.deliveries

    def _meets(self, request: bytes, test: Callable[[Fault], bool]) -> bool:
        for injection in tuple(self.injections):
            if injection.when in request and any(map(test, injection.faults)):
                injection.hit()
                return True
        return False
