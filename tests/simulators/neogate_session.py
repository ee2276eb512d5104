"""One TCP connection to the box: lines, actions, login, and which bytes leave in which order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast, override

from . import neogate_cli
from .faults import Delivery, Exchange

if TYPE_CHECKING:
    from .neogate import NeoGate

BANNER = b"Asterisk Call Manager/1.1\r\n"
END_COMMAND = b"--END COMMAND--\r\n\r\n"
MAX_HEADERS = 128
_KNOWN_BUT_FORBIDDEN = {"command", "originate", "reload", "getvar", "setvar", "userevent", "hangup", "status"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a client asked: the raw bytes with their empty line, and the first header of each name."""

    raw: bytes
    headers: Mapping[str, str]

    @property
    def name(self) -> str:
        """The action's name in lower case, empty when missing."""
        return self.headers.get("action", "").lower()

    @property
    def command(self) -> str:
        """The command line of an `smscommand`."""
        return self.headers.get("command", "")

    @classmethod
    def parse(cls, raw: bytes) -> Action:
        """Read the lines of one action; header names are case-insensitive, CRLF and LF both end a line."""
        headers: dict[str, str] = {}
        for line in raw.split(b"\n")[:MAX_HEADERS]:
            name, colon, value = line.rstrip(b"\r").decode(errors="surrogateescape").partition(":")
            if colon:
                headers.setdefault(name.lower(), value.strip())
        return cls(raw=raw, headers=headers)


class Session(asyncio.Protocol):
    """A client's connection. It runs one action at a time; events wait until the action is done (1.5)."""

    def __init__(self, box: NeoGate) -> None:
        """Belong to a box."""
        self.box = box
        self.logged_in = False
        self.events_on = True
        self.silent = False
        self._buffer = bytearray()
        self._lines: list[bytes] = []
        self._actions: deque[Action] = deque()
        self._events: deque[bytes] = deque()
        self._busy = False
        self._transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Speak first: one line, no empty line after it."""
        self._transport = cast("asyncio.Transport", transport)
        self.box.sessions.append(self)
        if not self.box.listening:  # accepted in the moment in which the box went away
            self.abort()
            return
        self.box.happened("neogate: connected")
        if self.box.silent:
            self.fall_silent()
        self._deliver(Delivery(data=BANNER))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the session."""
        self._transport = None
        self.box.sessions.remove(self)
        self.closed.set_result(None)
        self.box.happened("neogate: disconnected")

    @override
    def data_received(self, data: bytes) -> None:
        """Cut lines, and actions at empty lines."""
        self._buffer += data
        limit = self.box.firmware.line_limit
        while True:
            end = self._buffer.find(b"\n", 0, limit)
            if end >= 0:
                self._take_line(bytes(self._buffer[: end + 1]))
                del self._buffer[: end + 1]
            elif len(self._buffer) >= limit:
                # AMI 1.1: a full buffer without a line end is thrown away, the rest begins a new line (1.2).
                self.box.complain(f"neogate: line over {limit} bytes")
                self.box.discarded.append(bytes(self._buffer[:limit]))
                del self._buffer[:limit]
            else:
                break
        self._pump()

    def _take_line(self, line: bytes) -> None:
        self._lines.append(line)
        if line.rstrip(b"\r\n"):
            return
        action = Action.parse(b"".join(self._lines))
        self._lines.clear()
        self.box.note_received(action.raw)
        if self.box.faults.hears(action.raw):
            if self._busy or self._actions:
                self.box.pipelined.append(action)
            self._actions.append(action)

    def push_event(self, data: bytes) -> None:
        """Send an event, after the action that now runs."""
        if self.logged_in and self.events_on and not self.silent:
            self._events.append(data)
            if not self._busy:
                self._flush()

    def write(self, data: bytes) -> None:
        """Write raw bytes, at once, whatever they are."""
        self._deliver(Delivery(data=data))

    def close(self) -> None:
        """Close the connection after what has been written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def fall_silent(self) -> None:
        """Be half open from now on: nothing is read or sent, and nothing tells the client until `abort`."""
        self.silent = True
        if self._transport is not None:
            self._transport.pause_reading()

    @property
    def _is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing() and not self.silent

    def _pump(self) -> None:
        while self._actions and not self._busy and self._is_open:
            self._busy = True
            action = self._actions.popleft()
            self.box.actions.append(action)
            self._act(action)

    def _act(self, action: Action) -> None:
        if not action.name:
            self._answer(action, "Error", "Message: Missing action in request")
        elif not self.logged_in and action.name not in _OPEN_TO_ALL:
            self._answer(action, "Error", "Message: Permission denied")
        elif action.name in _ACTIONS:
            _ACTIONS[action.name](self, action)
        elif action.name in _KNOWN_BUT_FORBIDDEN:
            self._answer(action, "Error", "Message: Permission denied")
        else:
            name = action.headers["action"]
            hint = "Use Action: ListCommands to show available commands."
            self._answer(action, "Error", f"Message: Invalid/unknown command: {name}. {hint}")

    def _answer(
        self, action: Action, response: str, *lines: str, delay: float = 0.0, close: bool = False
    ) -> None:
        """Send a plain response: Response, ActionID, the rest, an empty line."""
        text = "\r\n".join([f"Response: {response}", *_action_id(action), *lines, "", ""])
        self._send(action, Delivery(data=text.encode(errors="surrogateescape"), delay=delay, close=close))

    def _send(self, action: Action, *deliveries: Delivery) -> None:
        """Send an answer, and stay busy until its last byte."""
        changed = self.box.faults.apply(Exchange(request=action.raw, deliveries=deliveries))
        for delivery in changed:
            self.box.timers.after(delivery.delay, partial(self._deliver, delivery))
        last = max(delivery.delay for delivery in (*deliveries, *changed))
        self.box.timers.after(last, self._free)

    def _free(self) -> None:
        self._busy = False
        self._flush()
        self._pump()

    def _flush(self) -> None:
        while self._events:
            event = Delivery(data=self._events.popleft())
            for delivery in self.box.faults.apply(Exchange(deliveries=(event,))):
                self.box.timers.after(delivery.delay, partial(self._deliver, delivery))

    def _deliver(self, delivery: Delivery) -> None:
        transport = self._transport
        if transport is not None and self._is_open:
            # A box writes line by line, so a message arrives in several small pieces (1.1).
            lines = delivery.data.splitlines(keepends=True) if self.box.line_by_line else (delivery.data,)
            for line in lines:
                transport.write(line)
            self.box.note_sent(delivery.data)
            if delivery.close:
                transport.close()
        if delivery.reboot:
            self.box.reboot()

    def login(self, action: Action) -> None:
        """Check the account; a wrong one is answered late, and the connection closed."""
        if self.logged_in:
            self._answer(action, "Success", "Message: Already authenticated")
            return
        given = (action.headers.get("username"), action.headers.get("secret"))
        if given != (self.box.user, self.box.password) or self.box.faults.refuses(action.raw):
            self.box.happened("neogate: login refused")
            message = "Message: Authentication failed"
            self._answer(action, "Error", message, delay=self.box.login_delay, close=True)
            return
        self.logged_in = True
        self.events_on = action.headers.get("events", "on").lower() != "off"
        self.box.happened("neogate: logged in")
        self._answer(action, "Success", "Message: Authentication accepted")

    def set_events(self, action: Action) -> None:
        """Turn events on or off for this session."""
        self.events_on = action.headers.get("eventmask", "on").lower() not in {"off", "false", "0"}
        self._answer(action, "Success", f"Events: {'On' if self.events_on else 'Off'}")

    def ping(self, action: Action) -> None:
        """Answer with a Pong."""
        stamp = ("Timestamp: 1700000000.000000",) if self.box.firmware.ping_timestamp else ()
        self._answer(action, "Success", "Ping: Pong", *stamp)

    def logoff(self, action: Action) -> None:
        """Say goodbye and close."""
        self._answer(action, "Goodbye", "Message: Thanks for all the fish.", close=True)

    def smscommand(self, action: Action) -> None:
        """Run a command line: headers at once, the body when it ends (1.1)."""
        result = neogate_cli.run(self.box, action.command)
        head = "\r\n".join(["Response: Follows", "Privilege: SMSCommand", *_action_id(action), ""])
        body = result.body.encode(errors="surrogateescape") + END_COMMAND
        head_bytes = head.encode(errors="surrogateescape")
        if result.delay <= 0:
            self._send(action, Delivery(data=head_bytes + body))
        else:
            self._send(action, Delivery(data=head_bytes), Delivery(data=body, delay=result.delay))


def _action_id(action: Action) -> tuple[str, ...]:
    """Echo the ActionID, right after the header lines that the box itself writes."""
    return (f"ActionID: {action.headers['actionid']}",) if "actionid" in action.headers else ()


_OPEN_TO_ALL = {"login", "logoff"}
_ACTIONS: Mapping[str, Callable[[Session, Action], None]] = {
    "login": Session.login,
    "logoff": Session.logoff,
    "ping": Session.ping,
    "events": Session.set_events,
    "smscommand": Session.smscommand,
}
