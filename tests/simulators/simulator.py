"""What both boxes promise to tests, to the control plane and to the demo."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Self

from .faults import Fault, FaultList, Injection

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSms:
    """A text that a box has given to the network."""

    line: str
    number: str
    text: str
    reference: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ussd:
    """The network's answer to a USSD code.

    `coding` is NeoGate's `USSD Code`: 15 sends the text plain, 72 as UCS-2 in hex. A `menu` keeps the network
    session open and says what its keys answer. `failure` replaces the answer by the box's own error.
    `responses` is NeoGate's `USSD Responses`, unless it is to follow from whether there is a menu.
    """

    text: str = ""
    coding: int = 15
    menu: Mapping[str, Ussd] = field(default_factory=dict)
    delay: float = 0.0
    failure: str = ""
    responses: int | None = None


class Timers:
    """Loop timers that end with their owner, so that a test leaves none behind."""

    def __init__(self) -> None:
        """Start with none."""
        self._handles: set[asyncio.TimerHandle] = set()

    def after(self, delay: float, callback: Callable[[], None]) -> asyncio.TimerHandle | None:
        """Call back after `delay` seconds: at once, and without a handle, when it is 0."""
        if delay <= 0:
            callback()
            return None

        def run() -> None:
            self._handles.discard(handle)
            callback()

        handle = asyncio.get_running_loop().call_later(delay, run)
        self._handles.add(handle)
        return handle

    def cancel(self, handle: asyncio.TimerHandle | None) -> None:
        """Cancel one timer; harmless when it has run or never was."""
        if handle is not None:
            handle.cancel()
            self._handles.discard(handle)

    def cancel_all(self) -> None:
        """Cancel every timer that has not run."""
        for handle in self._handles:
            handle.cancel()
        self._handles.clear()


class Simulator(ABC):
    """One box. A line is named `tg1`, `goip3`: the family's prefix and the physical port.

    `received` and `sent` hold raw bytes in order of time, `outbox` what reached the network, and `complaints`
    what the other side did that a real box might not forgive.
    """

    family: ClassVar[str]

    def __init__(self, *, on_event: Callable[[str], None] | None = None) -> None:
        """Take a function that is told, in one line of text, of each thing that happens."""
        self.received: list[bytes] = []
        self.sent: list[bytes] = []
        self.outbox: list[SentSms] = []
        self.complaints: list[str] = []
        self.faults = FaultList()
        self.timers = Timers()
        self._on_event = on_event
        self._waiters: list[asyncio.Future[None]] = []

    @abstractmethod
    async def start(self) -> None:
        """Open the sockets."""

    @abstractmethod
    async def stop(self) -> None:
        """Close the sockets and leave no timer or task."""

    @property
    @abstractmethod
    def line_names(self) -> tuple[str, ...]:
        """The names of the lines, in order of their ports."""

    @abstractmethod
    def describe(self, line: str) -> dict[str, object]:
        """Return a line's state for people to read."""

    @abstractmethod
    def receive_sms(self, line: str, sender: str, text: str) -> None:
        """Let a text from the network arrive at a line."""

    @abstractmethod
    def ring(self, line: str, number: str) -> None:
        """Let a call from the network arrive at a line."""

    @abstractmethod
    def answer(self, line: str) -> None:
        """Connect the call that rings."""

    @abstractmethod
    def hang_up(self, line: str) -> None:
        """End the call."""

    @abstractmethod
    def set_signal(self, line: str, csq: int) -> None:
        """Change the signal: 0-31, 99 for unknown."""

    @abstractmethod
    def fail_next_send(self, line: str) -> None:
        """Let the network refuse the line's next text."""

    @abstractmethod
    def teach_ussd(self, line: str, code: str, answer: Ussd) -> None:
        """Set what the network answers to a code."""

    @abstractmethod
    def reboot(self, line: str | None = None) -> None:
        """Restart the box, or one line's module."""

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        await self.stop()

    def inject(self, *faults: Fault, when: bytes = b"", times: int | None = None) -> Injection:
        """Put faults to work; see `faults`."""
        return self.faults.inject(*faults, when=when, times=times)

    async def wait_for(self, predicate: Callable[[], bool], within: float = 5.0) -> None:
        """Return as soon as the predicate holds; it is asked again whenever something happens here.

        Raises TimeoutError when it does not hold in time.
        """
        async with asyncio.timeout(within):
            while not predicate():
                waiter = asyncio.get_running_loop().create_future()
                self._waiters.append(waiter)
                await waiter

    def changed(self) -> None:
        """Let those who wait look again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def happened(self, text: str) -> None:
        """Tell the listener of one thing that happened."""
        if self._on_event is not None:
            self._on_event(text)
        self.changed()

    def complain(self, text: str) -> None:
        """Note something that the other side should not have done."""
        self.complaints.append(text)
        self.happened(f"complaint: {text}")

    def note_received(self, data: bytes) -> None:
        """Keep what came in."""
        self.received.append(data)
        self.changed()

    def note_sent(self, data: bytes) -> None:
        """Keep what went out."""
        self.sent.append(data)
        self.changed()

    def put_in_outbox(self, line: str, number: str, text: str, reference: str) -> None:
        """Keep a text that the network took."""
        now = asyncio.get_running_loop().time()
        self.outbox.append(SentSms(line=line, number=number, text=text, reference=reference, at=now))
        self.happened(f"{line}: SMS to {number}: {text}")
