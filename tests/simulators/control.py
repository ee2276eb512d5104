"""The control plane of running simulators: one JSON object per line in, one per line out, on loopback TCP.

    {"command": "sms", "line": "goip1", "from": "+491701234567", "text": "hello"}
    {"ok": true}

An answer has `ok`, and `error` when that is false. To add a command, write a function and give it a row in
`COMMANDS`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
import json
from typing import cast, override

from .simulator import LOOPBACK, Simulator, Ussd

MAX_LINE = 65536
RECENT = 10
RING_SECONDS = 3.0
TALK_SECONDS = 5.0

type Json = dict[str, object]


class ControlError(Exception):
    """A command that cannot be carried out."""


class Control:
    """Listens for commands and lets them happen in the boxes."""

    def __init__(self, *boxes: Simulator, port: int = 0) -> None:
        """Take the boxes; `port` 0 takes a free one, to be read back after `start`."""
        self.boxes = boxes
        self.port = port
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and every connection."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            connections = tuple(self.connections)
            for connection in connections:
                connection.abort()
            await asyncio.gather(*(connection.closed for connection in connections))
            await server.wait_closed()

    def box_of(self, line: str) -> Simulator:
        """Return the box that has this line."""
        for box in self.boxes:
            if line in box.line_names:
                return box
        known = ", ".join(name for box in self.boxes for name in box.line_names)
        raise ControlError(f"no line {line!r}; there are {known}")

    def run(self, request: Json) -> Json:
        """Carry out one command and return its answer."""
        command = COMMANDS.get(str(request.get("command")))
        if command is None:
            return {"ok": False, "error": f"no such command; there are {', '.join(COMMANDS)}"}
        try:
            return {"ok": True, **command(self, request)}
        except ControlError as error:
            return {"ok": False, "error": str(error)}


class _Connection(asyncio.Protocol):
    def __init__(self, control: Control) -> None:
        self._control = control
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._control.connections.add(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._control.connections.discard(self)
        self.closed.set_result(None)

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        for line in lines:
            self._answer(self._control.run(request) if (request := _read(line)) else _NOT_JSON)
        if len(rest) > MAX_LINE:
            self.abort()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, answer: Json) -> None:
        if self._transport is not None:
            self._transport.write(json.dumps(answer).encode() + b"\n")


_NOT_JSON: Json = {"ok": False, "error": "not a JSON object"}


def _read(line: bytes) -> Json | None:
    try:
        request = json.loads(line)
    except ValueError:
        return None
    return request if isinstance(request, dict) else None


async def ask(port: int, request: Json) -> Json:
    """Send one command to running simulators and return the answer.

    Raises ControlError when they refuse it, OSError when nothing listens.
    """
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=MAX_LINE * 64)
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        answer = _read(await reader.readline())
    finally:
        writer.close()
        await writer.wait_closed()
    if answer is None:
        raise ControlError("the simulators gave no answer")
    if not answer.pop("ok", False):
        raise ControlError(str(answer.get("error")))
    return answer


def _text(request: Json, name: str) -> str:
    value = request.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name!r} is missing")
    return value


def _number(request: Json, name: str, default: float | None = None) -> float:
    value = request.get(name, default)
    if not isinstance(value, int | float):
        raise ControlError(f"{name!r} must be a number")
    return value


def _list(control: Control, _: Json) -> Json:
    """Return each box's lines, and the last of what it received and sent."""
    return {
        "boxes": [
            {
                "box": box.family,
                "lines": [box.describe(line) for line in box.line_names],
                "received": [data.decode(errors="replace") for data in box.received[-RECENT:]],
                "sent": [data.decode(errors="replace") for data in box.sent[-RECENT:]],
                "complaints": box.complaints[-RECENT:],
            }
            for box in control.boxes
        ]
    }


def _sms(control: Control, request: Json) -> Json:
    line = _text(request, "line")
    control.box_of(line).receive_sms(line, _text(request, "from"), _text(request, "text"))
    return {}


def _call(control: Control, request: Json) -> Json:
    """Ring, answer after `ring` seconds unless `answer` is false, and end `talk` seconds later."""
    line = _text(request, "line")
    box = control.box_of(line)
    ring, talk = _number(request, "ring", RING_SECONDS), _number(request, "talk", TALK_SECONDS)
    box.ring(line, _text(request, "from"))
    if request.get("answer", True):
        box.timers.after(ring, partial(box.answer, line))
        ring += talk
    box.timers.after(ring, partial(box.hang_up, line))
    return {}


def _signal(control: Control, request: Json) -> Json:
    line = _text(request, "line")
    control.box_of(line).set_signal(line, int(_number(request, "csq")))
    return {}


def _fail(control: Control, request: Json) -> Json:
    line = _text(request, "line")
    control.box_of(line).fail_next_send(line)
    return {}


def _ussd(control: Control, request: Json) -> Json:
    line = _text(request, "line")
    answer = Ussd(text=_text(request, "answer"), coding=int(_number(request, "coding", 15)))
    control.box_of(line).teach_ussd(line, _text(request, "code"), answer)
    return {}


def _reboot(control: Control, request: Json) -> Json:
    """Restart a line, or a whole box by its family's name."""
    target = _text(request, "line")
    for box in control.boxes:
        if box.family == target:
            box.reboot()
            return {}
    control.box_of(target).reboot(target)
    return {}


def _outbox(control: Control, _: Json) -> Json:
    return {"outbox": [asdict(entry) for box in control.boxes for entry in box.outbox]}


COMMANDS: Mapping[str, Callable[[Control, Json], Json]] = {
    "list": _list,
    "sms": _sms,
    "call": _call,
    "signal": _signal,
    "fail": _fail,
    "ussd": _ussd,
    "reboot": _reboot,
    "outbox": _outbox,
}
