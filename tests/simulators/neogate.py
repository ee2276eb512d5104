"""A NeoGate TG: an AMI-like text protocol on TCP."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import override
from urllib.parse import quote_plus

from .neogate_session import Action, Session
from .neogate_span import (
    FAILED,
    INIT,
    TG400_2013,
    UNKNOWN_SIGNAL,
    Firmware,
    SendOutcome,
    Span,
    status,
)
from .simulator import LOOPBACK, Simulator, Ussd

DEFAULT_PASSWORD = "apipass"
EVENT_END = "--END SMS EVENT--"
BYTE_ORDER_MARK = "\ufeff"
SINGLE_SEGMENT = {True: 160, False: 70}  # characters in one text, by whether it is plain ASCII
JOINED_SEGMENT = {True: 153, False: 67}


class NeoGate(Simulator):
    """A TG box. `spans` is keyed by span number (physical port + 1); lines are named tg1, tg2, ...

    `port` 0 takes a free one, to be read back after `start`. All delays are 0 unless a test asks for some:
    `login_delay` before a refused login is answered, `result_delay` before the result of a send, `boot_time`
    before a span that was powered on is up again, `reboot_time` while a rebooting box does not listen.
    `time_zone` is what its clock shows. While `silent` is set it hangs: connections that are made stay half
    open. `line_by_line` false is for those who count seconds: each message is written at once.
    """

    family = "neogate"

    def __init__(
        self,
        *,
        ports: int = 4,
        port: int = 0,
        user: str = "apiuser",
        password: str = DEFAULT_PASSWORD,
        firmware: Firmware = TG400_2013,
        time_zone: tzinfo = UTC,
        without_sim: Iterable[int] = (),
        login_delay: float = 0.0,
        result_delay: float = 0.0,
        boot_time: float = 0.0,
        reboot_time: float = 0.0,
        line_by_line: bool = True,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """Take the model's number of ports, and the physical ports that hold no SIM."""
        super().__init__(on_event=on_event)
        self.port = port
        self.user = user
        self.password = password
        self.firmware = firmware
        self.time_zone = time_zone
        self.login_delay = login_delay
        self.result_delay = result_delay
        self.boot_time = boot_time
        self.reboot_time = reboot_time
        self.line_by_line = line_by_line
        self.silent = False
        self.spans = {number: Span(number=number, module=firmware.module) for number in range(2, ports + 2)}
        for span in self.spans.values():
            span.imei = f"{13227009596000 + span.port:015d}"
            span.imsi = f"{460021059661000 + span.port:015d}"
        for physical in without_sim:
            self.spans[physical + 1].remove_sim()
        self.sessions: list[Session] = []
        self.actions: list[Action] = []
        self.pipelined: list[Action] = []  # those that did not wait for the answer to the one before
        self.discarded: list[bytes] = []
        self._server: asyncio.Server | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def commands(self) -> list[str]:
        """The command lines that were run, in order."""
        return [action.command for action in self.actions if action.name == "smscommand"]

    @property
    @override
    def line_names(self) -> tuple[str, ...]:
        """tg1, tg2, ..."""
        return tuple(span.name for span in self.spans.values())

    @property
    def listening(self) -> bool:
        """Whether the box takes connections."""
        return self._server is not None

    def span(self, line: str) -> Span:
        """Return a line's span; raises KeyError when there is no such line."""
        return {span.name: span for span in self.spans.values()}[line]

    @override
    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Session(self), LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    @override
    async def stop(self) -> None:
        """Close every connection and the listener."""
        self.timers.cancel_all()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        server = self.stop_listening()
        await self.drop_sessions()
        if server is not None:
            await server.wait_closed()

    def stop_listening(self) -> asyncio.Server | None:
        """Refuse new connections, as a box does whose API is switched off; `start` listens again."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        return server

    async def drop_sessions(self) -> None:
        """Cut every connection and wait until all are gone."""
        sessions = tuple(self.sessions)
        for session in sessions:
            session.abort()
        await asyncio.gather(*(session.closed for session in sessions))

    def fall_silent(self) -> None:
        """Leave every connection half open, as a box without power or a network that lost its way does."""
        for session in self.sessions:
            session.fall_silent()

    def forget_silent(self) -> None:
        """End the connections that are half open, as a box does after a while; nobody is there to see it."""
        for session in tuple(self.sessions):
            if session.silent:
                session.abort()

    @override
    def reboot(self, line: str | None = None) -> None:
        """Restart one span, or the box: connections are cut, and nothing listens for `reboot_time`."""
        if line is not None:
            span = self.span(line)
            self.power(span, on=False)
            self.power(span, on=True)
            return
        self.happened("neogate: reboot")
        self.stop_listening()
        for session in tuple(self.sessions):
            session.abort()
        self.timers.cancel_all()
        for span in self.spans.values():
            span.ussd_running, span.menu, span.state = False, {}, "READY"
        self.timers.after(self.reboot_time, self._listen_again)

    def _listen_again(self) -> None:
        self._listening = asyncio.get_running_loop().create_task(self.start())

    def push(self, data: bytes) -> None:
        """Send raw bytes to every session that wants events, as the box sends an event."""
        for session in tuple(self.sessions):
            session.push_event(data)

    def push_event(self, name: str, *lines: str) -> bytes:
        """Send an event to every session that wants events, and return its bytes."""
        text = [f"Event: {name}", "Privilege: all,smscommand", *lines, EVENT_END, "", ""]
        data = "\r\n".join(text).encode(errors="surrogateescape")
        self.push(data)
        return data

    def receive_part(
        self,
        line: str,
        sender: str,
        content: str,
        *,
        index: int,
        total: int,
        reference: str = "",
        received_at: str | None = None,
    ) -> bytes:
        """Push one `ReceivedSMS` event with this content, already encoded; return its bytes (section 5)."""
        span = self.span(line)
        span.last_event = "SMS received"
        field = self.firmware.port_field
        return self.push_event(
            "ReceivedSMS",
            f"ID: {reference}",
            f"{field}: {span.port if field == 'GsmPort' else span.number}",
            f"Sender: {sender}",
            f"Recvtime: {received_at or datetime.now(tz=self.time_zone).strftime('%Y-%m-%d %H:%M:%S')}",
            f"Index: {index}",
            f"Total: {total}",
            f"Smsc: {span.smsc}",
            f"Content: {content}",
        )

    @override
    def receive_sms(self, line: str, sender: str, text: str, *, received_at: str | None = None) -> None:
        """Let a text arrive, cut into as many parts as its length needs."""
        self.happened(f"{line}: SMS from {sender}: {text}")
        plain = text.isascii()
        if len(text) <= SINGLE_SEGMENT[plain]:
            index = self.firmware.single_index
            self.receive_part(
                line, sender, encode_content(text), index=index, total=1, received_at=received_at
            )
            return
        size = JOINED_SEGMENT[plain]
        parts = [text[start : start + size] for start in range(0, len(text), size)]
        span = self.span(line)
        span.incomplete = span.incomplete % 255 + 1
        for index, part in enumerate(parts, start=1):
            self.receive_part(
                line,
                sender,
                encode_content(part),
                index=index,
                total=len(parts),
                reference=str(span.incomplete),
                received_at=received_at,
            )

    def finish_send(
        self, span: Span, number: str, text: str, reference: str, statuses: tuple[str, ...]
    ) -> None:
        """Report what became of a text (4.3), and put a sent one in the outbox."""
        sent = "1" in statuses
        span.state = "SMS SENT" if sent else "READY"
        span.last_event = "SMS send OK" if sent else "SMS send failed"
        span.last_send_at = "\x1a"  # the text's end mark is the last thing that the module was sent
        if sent:
            self.put_in_outbox(span.name, number, text, reference)
        else:
            self.happened(f"{span.name}: SMS to {number} not sent: {text}")
        for value in statuses:
            self.push_event("UpdateSMSSend", f"ID: {reference}", f"Smsc: {span.smsc}", f"Status: {value}")

    def finish_ussd(self, span: Span, *, failed: bool) -> None:
        """Free the module after a USSD code."""
        span.ussd_running = False
        span.last_event = "USSD send failed" if failed else "USSD received"
        self.changed()

    def power(self, span: Span, *, on: bool) -> None:
        """Switch a module off, or on: it is up again after `boot_time`."""
        self.happened(f"{span.name}: power {'on' if on else 'off'}")
        span.powered = on
        span.menu = {}
        span.state = INIT if on else "DOWN"
        span.last_event = "Detect module OK" if on else "D-channel Down"
        if on:
            self.timers.after(self.boot_time, partial(self._up, span))

    def _up(self, span: Span) -> None:
        if span.powered:
            span.state, span.last_event = "READY", "D-Channel Up"
            self.changed()

    @override
    def describe(self, line: str) -> dict[str, object]:
        """Return a span's state."""
        span = self.span(line)
        return {
            "line": line,
            "status": status(span, self.firmware),
            "state": span.state,
            "signal": span.csq,
            "sent": sum(entry.line == line for entry in self.outbox),
        }

    @override
    def ring(self, line: str, number: str) -> None:
        """Show the call in the span's state: the API has no call event."""
        self.happened(f"{line}: call from {number}")
        span = self.span(line)
        span.state, span.last_event = f"RINGING Called from {number} 00:00:00", "Ring"

    @override
    def answer(self, line: str) -> None:
        """Show the call as active."""
        self.happened(f"{line}: call answered")
        span = self.span(line)
        span.state = span.state.replace("RINGING", "CALL ACTIVE")
        span.last_event = "Answer"

    @override
    def hang_up(self, line: str) -> None:
        """Show the span ready again."""
        self.happened(f"{line}: call ended")
        span = self.span(line)
        span.state, span.last_event = "READY", "Hangup"

    @override
    def set_signal(self, line: str, csq: int) -> None:
        """Change the signal; unknown is written as -1."""
        self.span(line).csq = csq if 0 <= csq <= 31 else UNKNOWN_SIGNAL
        self.happened(f"{line}: signal {csq}")

    @override
    def fail_next_send(self, line: str) -> None:
        """Let the next text end in `Status: 0`."""
        self.span(line).outcomes.append(FAILED)

    def plan_send(self, line: str, *outcomes: SendOutcome) -> None:
        """Set what becomes of the line's next texts, one outcome each."""
        self.span(line).outcomes.extend(outcomes)

    @override
    def teach_ussd(self, line: str, code: str, answer: Ussd) -> None:
        """Set what the network answers to a code."""
        self.span(line).ussd[code] = answer


def encode_content(text: str) -> str:
    """Write a text as `Content`: form encoding, with a byte order mark in front unless it is plain ASCII."""
    return quote_plus(text if text.isascii() else BYTE_ORDER_MARK + text)
