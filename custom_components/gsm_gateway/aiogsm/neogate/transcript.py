"""What may be shown of the messages of a wire: names, ids of actions, and values known to be harmless.

The box's bytes come in any pieces, so they are read here as they were when they came. Of what a command
wrote only a list of spans and their details are shown in part, and only if the command is known that asked.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
import re

from ..ami import Banner, Event, Message, Response, WireError
from ..wirelog import MOST_LINES, Piece, Pseudonyms, Way, WireLine, hidden
from . import codec
from .messages import STARTING_STATES, LastEvent, Registration, Token

_VERSION = re.compile(r"[0-9.]{1,8}", re.ASCII)
_SMALL = re.compile(r"-?[0-9]{1,5}", re.ASCII)
_SMALLER = re.compile(r"[0-9]{1,3}", re.ASCII)
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_PRIVILEGE = re.compile(r"(?:all,)?smscommand", re.IGNORECASE)
_STATUS = re.compile(r"Success|Error|Goodbye|Follows")
_SAID = re.compile(
    r"Authentication (?:accepted|failed)|Permission denied|Thanks for all the fish\.|Already authenticated"
    r"|Login Already In Use|Missing action in request|Invalid/unknown command"
)


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words)))


# What a value is shown for, by its key; those of all other known keys are hidden.
_OF_EVENTS: Mapping[str, re.Pattern[str]] = {
    "privilege": _PRIVILEGE,
    "gsmspan": _SMALLER,
    "gsmport": _SMALLER,
    "recvtime": _STAMP,
    "index": _SMALLER,
    "total": _SMALLER,
    "status": _SMALLER,
}
_OF_EVENTS_HIDDEN = frozenset({"id", "sender", "smsc", "content"})
_EVENTS = frozenset({"ReceivedSMS", "UpdateSMSSend", "FullyBooted"})

_OF_SPANS: Mapping[str, re.Pattern[str]] = {
    "d-channel": _SMALLER,
    "type": _any("CPE"),
    "network status": _any(*Registration),
    "signal quality (0,31)": _SMALL,
    "ber value (0,7)": _SMALL,
    "pdd": _SMALL,
    "asr": _SMALL,
    "acd": _SMALL,
    "last event": _any(*LastEvent, "SMS received", "Hangup", "Dialing", "No cause"),
}
_OF_SPANS_HIDDEN = frozenset(
    {
        "manufacturer",
        "model name",
        "model imei",
        "model cband",
        "revision",
        "network name",
        "sim imsi",
        "sim sms center number",
        "send sms center number",
        "last send at",
    }
)
_WORDS = frozenset(word.lower() for word in (*Token, "Power on", "Provisioned", "In Alarm", "Down", "Active"))
_WORDS |= {"standby", "standard", "multiplexer", "block"}
_STARTING = re.compile(rf"READY|{STARTING_STATES.pattern}", re.IGNORECASE)
_REFUSALS = re.compile(
    r"No GSM running on span [0-9]{1,2}|Destination number (?:too? short|too long)\.|Encode pdu error"
    r"|SMS message (?:too? short|too long)\.|Power (?:on|off) span [0-9]{1,2} sucessed"
)

_SPAN_LINE = re.compile(r"GSM span ([0-9]{1,2}): (.*)", re.ASCII)
_COMMAND = re.compile(
    r"(?P<plain>gsm (?:show spans|show span (?P<shown>[0-9]{1,2})|power (?:on|off) (?P<power>[0-9]{1,2})"
    r"|send (?:sms|ussd) (?P<sends>[0-9]{1,2}) ))(?P<secret>.*)",
    re.ASCII | re.DOTALL,
)
_SENT_PLAIN = frozenset({"Action", "ActionID", "Events"})
_SENT_HIDDEN = frozenset({"Username", "Secret"})

type _Said = tuple[str, str | None]
"""What may be shown, and the span that it is about, if it is about one."""


def transcribe(pieces: Sequence[Piece], _names: Pseudonyms) -> list[WireLine]:
    """Make a line of each message: the last ones, the oldest first."""
    channels: dict[Hashable, _Channel] = {}
    lines = [line for piece in pieces for line in channels.setdefault(piece.peer, _Channel()).read(piece)]
    return lines[-MOST_LINES:]


class _Channel:
    """One connection, from the first piece that is kept of it."""

    def __init__(self) -> None:
        """Begin in the middle: nobody knows what came before."""
        self._reader = codec.reader(greeted=True)
        self._asked: dict[str, re.Match[str]] = {}

    def read(self, piece: Piece) -> Iterator[WireLine]:
        """Give what a piece brings to its end, or that it brings nothing to it."""
        match piece.way:
            case Way.OUT:
                said = [self._sent(piece.data.decode("utf-8", "replace"))]
            case Way.IN:
                said = list(dict.fromkeys(self._received(piece)))
                said = said or [(f"<{piece.size} bytes of a message>", None)]
            case _:
                self._reader, self._asked = codec.reader(), {}
                said = [(piece.data.decode(), None)]
        for text, span in said:
            port = None if span is None else str(int(span) - 1)
            yield WireLine(piece.at, piece.way, str(piece.peer), text, port)

    def _sent(self, action: str) -> _Said:
        """Read an action of ours, and remember what it asks."""
        headers = [line.partition(": ")[::2] for line in action.split("\r\n") if line]
        said = dict(headers)
        if asked := _COMMAND.fullmatch(said.get("command", "")):
            self._asked[said.get("ActionID", "")] = asked
        return "; ".join(_header(key, value) for key, value in headers), _span_asked(asked)

    def _received(self, piece: Piece) -> Iterator[_Said]:
        self._reader.feed(piece.data)
        while True:
            try:
                message = self._reader.next()
            except WireError as error:
                yield f"<not understood: {error.reason}>", None
                if error.fatal:
                    break
                continue
            if message is None:
                break
            yield self._message(message)
        if piece.is_cut:
            self._reader = codec.reader(greeted=True)

    def _message(self, message: Message) -> _Said:
        match message:
            case Banner(version):
                return f"Asterisk Call Manager/{_shown(_VERSION, version)}", None
            case Event():
                return _event(message.name, message.fields)
            case Response():
                return self._response(message)

    def _response(self, response: Response) -> _Said:
        told = [f"Response: {_shown(_STATUS, response.status)}"]
        if response.action_id:
            told.append(f"ActionID: {_shown(_SMALL, response.action_id)}")
        if response.message:
            told.append(f"Message: {_shown(_SAID, response.message)}")
        asked = self._asked.pop(response.action_id, None)
        if asked is not None and asked["sends"] is None:
            told += [_output_line(line) for line in response.output.split("\n") if line]
        elif response.output:
            told.append(_shown(_REFUSALS, response.output))
        return "; ".join(told), _span_asked(asked)


def _span_asked(asked: re.Match[str] | None) -> str | None:
    return None if asked is None else asked["shown"] or asked["power"] or asked["sends"]


def _shown(known: re.Pattern[str], value: str) -> str:
    return value if known.fullmatch(value) else hidden(value)


def _header(key: str, value: str) -> str:
    if key in _SENT_PLAIN:
        return f"{key}: {value}"
    if key != "command":
        return f"{key if key in _SENT_HIDDEN else hidden(key)}: {hidden(value)}"
    asked = _COMMAND.fullmatch(value)
    return f"command: {asked['plain'] if asked else ''}{hidden(asked['secret'] if asked else value)}"


def _event(name: str, fields: Mapping[str, str]) -> _Said:
    told = [f"Event: {name if name in _EVENTS else hidden(name)}"]
    for key, value in fields.items():
        if (known := _OF_EVENTS.get(key)) is not None:
            told.append(f"{key}: {_shown(known, value)}")
        else:
            told.append(f"{key if key in _OF_EVENTS_HIDDEN else hidden(key)}: {hidden(value)}")
    return "; ".join(told), _span_of(fields)


def _span_of(fields: Mapping[str, str]) -> str | None:
    try:
        port = codec.read_port(fields.get("gsmport"), fields.get("gsmspan"))
    except WireError:
        return None
    return str(int(port) + 1)


def _output_line(line: str) -> str:
    """Give a line of a list of spans, or of a span's details."""
    if (match := _SPAN_LINE.fullmatch(line)) is not None:
        return f"GSM span {match[1]}: {_status(match[2])}"
    key, colon, value = line.partition(":")
    name, value = key.strip().lower(), value.strip()
    if not colon or name not in _OF_SPANS.keys() | _OF_SPANS_HIDDEN | {"status", "state"}:
        return _shown(_REFUSALS, line)
    if name == "status":
        return f"{name}: {_status(value)}"
    if name == "state":
        return f"{name}: {_shown(_STARTING, value)}"
    return f"{name}: {_shown(_OF_SPANS[name], value) if name in _OF_SPANS else hidden(value)}"


def _status(words: str) -> str:
    told = (word.strip() for word in words.split(","))
    return ", ".join(word if word.lower() in _WORDS else hidden(word) for word in told)
