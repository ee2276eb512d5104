"""The manager interface of an Asterisk (AMI 1.1), as gateways speak it: bytes to messages and back.

The peer greets with one line, then sends responses and events. Their lines end in CRLF; the output of a
command inside ``Response: Follows`` has bare LF, ends in ``--END COMMAND--`` (which may be glued to its last
line), and may look like anything, headers and events included. So framing goes by bytes and never by what a
line of output says.

The whole contract of ``Reader.next``: it takes a message from what was fed and returns it; or returns None,
which means that more bytes are needed; or raises WireError and has taken what was wrong.
"""

from collections.abc import Callable, Mapping
import re
from typing import NamedTuple

from .reprs import hiding
from .text import decoded, printable

MAX_GREETING = 128
"""Bytes of the first line. The usual one has 27."""

MAX_MESSAGE = 65536
"""Bytes of one message. The longest that is known is a USSD menu, of less than 2000."""

MAX_REASON = 160
"""Characters that are kept of why something was refused, which goes on to a log."""

MAX_LINE = 1000
"""Bytes of one line that we send, its end included; the old interface throws its buffer away at 1024."""


class WireError(ValueError):
    """Something came that no peer of ours sends; after a fatal one nothing more can be read."""

    def __init__(self, reason: str, *, fatal: bool = False) -> None:
        """Keep the reason, a word to count it by; never what came."""
        super().__init__(reason)
        self.reason = reason
        self.fatal = fatal


# What comes.


class Banner(NamedTuple):
    """The greeting."""

    version: str


@hiding("message", "output")
class Response(NamedTuple):
    """The answer to one action. ``output`` is what a command wrote, without its end mark."""

    status: str
    action_id: str = ""
    message: str = ""
    output: str = ""

    @property
    def success(self) -> bool:
        """Whether a plain action was done."""
        return self.status.lower() == "success"

    @property
    def unknown_action(self) -> bool:
        """Whether the peer does not know the action at all."""
        return self.message.lower().startswith("invalid/unknown command")

    @property
    def forbidden(self) -> bool:
        """Whether the account may not do this."""
        return self.message.lower().startswith("permission denied")

    @property
    def body(self) -> str:
        """What there is to read: a command's output, or why there is none."""
        return (self.message or self.status) if self.status.lower() == "error" else self.output


@hiding("headers")
class Event(NamedTuple):
    """Something that the peer tells by itself. ``headers`` are the lines behind its name, as they came."""

    name: str
    headers: str

    @property
    def fields(self) -> Mapping[str, str]:
        """The headers by their names in lower case, read anew each time: few events interest anybody."""
        return _fields(self.headers)


type Message = Banner | Response | Event

_GREETING_BEGINS = "Asterisk Call Manager/"
_EMPTY_LINE = b"\r\n\r\n"
_END_OF_OUTPUT = b"--END COMMAND--\r\n\r\n"
# The first line, and two headers by name, each once: no empty line divides them from the output.
_OUTPUT_BEGINS = re.compile(
    r"[^\n]*\n(?:ActionID:[ ]?([^\r\n]*)\r\nPrivilege:[^\r\n]*\r\n"
    r"|(?:Privilege:[^\r\n]*\r\n)?(?:ActionID:[ ]?([^\r\n]*)\r\n)?)",
    re.IGNORECASE,
)
_OUTPUT_PREFIX = re.compile(r"^Output: ?(.*?)\r?$", re.MULTILINE)


_HEADER = re.compile(r"^([^:\r\n]*):[ ]?(.*)\r\n", re.MULTILINE)


def _fields(frame: str) -> dict[str, str]:
    """Read headers; of two with one name the first counts, and lines without a colon are no headers."""
    fields: dict[str, str] = {}
    for name, value in _HEADER.findall(frame):
        fields.setdefault(name.strip().lower(), value)
    return fields


def _read_greeting(frame: str) -> Banner:
    if not frame.startswith(_GREETING_BEGINS):
        raise WireError("greeting", fatal=True)
    return Banner(frame.removeprefix(_GREETING_BEGINS).strip())


def _read_plain(frame: str) -> Response:
    fields = _fields(frame)
    return Response(
        status=fields["response"],
        action_id=fields.get("actionid", ""),
        message=printable(fields.get("message", ""))[:MAX_REASON],
    )


def _read_output(frame: str) -> Response:
    head = _OUTPUT_BEGINS.match(frame)
    assert head is not None  # the first line is known
    output = frame[head.end() : -len(_END_OF_OUTPUT)]
    if output.startswith("Output:"):  # as newer Asterisks mark each line
        output = _OUTPUT_PREFIX.sub(r"\1", output)
    return Response(status="Follows", action_id=head[1] or head[2] or "", output=output.removesuffix("\n"))


def _read_event(frame: str) -> Event:
    first, _, headers = frame.partition("\r\n")
    return Event(first.partition(":")[2].strip(), headers)


class _Kind(NamedTuple):
    """A kind of message: the bytes that end it, how many it may have, and its reader."""

    end: bytes
    limit: int
    read: Callable[[str], Message]


_GREETING = _Kind(b"\n", MAX_GREETING, _read_greeting)

# A message by its first line, in the order of the groups. That of headers ends as they do, or it is none.
_FIRST_LINE = re.compile(rb"(Event:.*\r\n)|(Response:[ ]*Follows[ ]*\r?\n)|(Response:.*\r\n)", re.IGNORECASE)
_KINDS = (
    _Kind(_EMPTY_LINE, MAX_MESSAGE, _read_event),
    _Kind(_END_OF_OUTPUT, MAX_MESSAGE, _read_output),
    _Kind(_EMPTY_LINE, MAX_MESSAGE, _read_plain),
)


class Reader:
    """Cuts one connection's bytes into messages. The only code that sees half of one.

    ``_kind`` is what has begun to come, ``_searched`` how many bytes are known not to hold its end: however
    small the pieces, none is looked through twice.
    """

    def __init__(self, clean: Callable[[str], str] = str, *, greeted: bool = False) -> None:
        """Begin before the greeting, unless it was read before.

        ``clean`` takes out of every message what nobody may see.
        """
        self._clean = clean
        self._buffer = bytearray()
        self._kind: _Kind | None = None if greeted else _GREETING
        self._searched = 0

    def feed(self, data: bytes) -> None:
        """Take what came, any piece of the stream."""
        self._buffer += data

    def next(self) -> Message | None:
        """Give the next message, or None where it is not all there. Raise WireError; see the module."""
        kind = self._kind = self._kind or self._begun()
        if kind is None or (length := self._length(kind.end, kind.limit)) is None:
            return None
        message = kind.read(self._take(length))
        self._kind = None
        return message

    def _begun(self) -> _Kind | None:
        """Give what begins, by its first line. Raise WireError for one that nothing begins with."""
        while self._buffer.startswith(b"\r\n"):
            self._take(2)
        if (length := self._length(b"\n", MAX_MESSAGE)) is None:
            return None
        if (first := _FIRST_LINE.match(self._buffer)) is None or first.lastindex is None:
            self._take(length)
            raise WireError("no_message")
        self._searched = 0
        return _KINDS[first.lastindex - 1]

    def _length(self, end: bytes, limit: int) -> int | None:
        """Count the bytes up to and with ``end``, if it is there. Raise WireError for too many without."""
        start = self._buffer.find(end, self._searched, limit)
        if start >= 0:
            return start + len(end)
        if len(self._buffer) >= limit:
            self._buffer.clear()
            self._searched = 0
            raise WireError("too_long", fatal=True)
        self._searched = max(0, len(self._buffer) - len(end) + 1)
        return None

    def _take(self, length: int) -> str:
        frame = self._buffer[:length]
        del self._buffer[:length]
        self._searched = 0
        return self._clean(decoded(frame))


# What we send: whole actions, named by ``action_id`` so that their responses are known.


def action(name: str, action_id: str, *headers: str) -> bytes:
    """Write an action. No header may hold a line end; whoever makes one has checked that."""
    lines = (f"Action: {name}", f"ActionID: {action_id}", *headers, "", "")
    return "\r\n".join(lines).encode()


def login(action_id: str, username: str, password: str, *, events: bool) -> bytes:
    """Write a login; both credentials have been checked. ``events`` is whether to be told of any."""
    mask = f"Events: {'on' if events else 'off'}"
    return action("Login", action_id, f"Username: {username}", f"Secret: {password}", mask)


def ping(action_id: str) -> bytes:
    """Write what any living peer answers."""
    return action("Ping", action_id)


def logoff(action_id: str) -> bytes:
    """Write a goodbye."""
    return action("Logoff", action_id)
