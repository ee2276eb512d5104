"""GoIP datagrams and messages, both ways: the only file here that knows the vendor's words.

One datagram is one message. The box speaks first with ``VERB:<number>;key:value;...`` and answers with
``VERB <number> ...``. ``decode`` returns a message or raises Malformed; whoever calls it goes on.
The numbers of sections are those of the vendor's "GoIP SMS Interface".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
import re

from ..errors import InvalidInput
from ..fields import MAX_VALUE, PADDING, Fields, integer, known, without_line_end
from ..models import CallState
from ..text import check_credential, printable

MAX_DATAGRAM = 4096
"""Bytes. The longest honest message is a text of 3000 bytes with its keys."""

MAX_TEXT = 3000
"""Bytes of UTF-8 that a text may have (section 3)."""

NO_LIMIT = -1
"""In place of minutes: outgoing calls are not limited."""

USSD_FAILED = "USSD send failed!"
"""A network's answer that is none: the box says so in its place."""

USSD_PADDING = "@" + PADDING
"""What the box may put behind a USSD text."""

_MAX_REASON = 160

_FROM_BOX = re.compile(r"([A-Za-z_]{1,32}):(-?[0-9]{1,10});")
_ANSWER = re.compile(r"([A-Za-z_]{1,32}) ([0-9]{1,10})(?:\s(.*))?", re.DOTALL)
_PASSWORDS = re.compile(rb"(pass(?:word)?:)[^;]*")
_CAUSE = re.compile(r"[,;]cause:")

# Fields that run to the end of the datagram, whatever is in them.
_BODIES = {"RECEIVE": "msg", "USSN": "msg", "HANGUP": "num"}

_CSQ = range(32)  # 99, and whatever else comes, stands for a signal that was not measured

_CALL_STATES = {
    "IDLE": CallState.IDLE,
    "INCOMING": CallState.INCOMING,
    "DIALING": CallState.DIALING,
    "ALERTING": CallState.ALERTING,
    "CONNECTED": CallState.CONNECTED,
    "ACTIVE": CallState.CONNECTED,
}


class Malformed(ValueError):
    """Not a message of this protocol. Its text is one of a few words to count by, and nothing that came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive:
    """A line is there (section 2); ``None`` where its firmware does not say.

    ``count`` grows by one from the box's start. ``csq`` is the module's 0 to 31, ``remaining`` minutes
    or ``NO_LIMIT``.
    """

    count: int
    line: str
    password: str = field(repr=False)
    registered: bool | None = None
    csq: int | None = None
    call_state: CallState | None = None
    remaining: int | None = None
    operator: str | None = None
    phone_number: str | None = field(default=None, repr=False)
    imei: str | None = field(default=None, repr=False)
    imsi: str | None = field(default=None, repr=False)
    iccid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SmsReceived:
    """A text came in (section 4)."""

    sender: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VoiceChanged:
    """The line's voice channel changed (section 5.2.1); ``state`` is ``None`` for a word not known here."""

    state: CallState | None
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CallRecorded:
    """A call is going on (section 5.2.2)."""

    incoming: bool
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CallHungUp:
    """A call ended, and why."""

    cause: str | None


@dataclass(frozen=True, slots=True)
class MinutesLeft:
    """The minutes of outgoing calls that are left after one, or ``NO_LIMIT`` (section 5.2.3)."""

    remaining: int | None


@dataclass(frozen=True, slots=True)
class UssdReceived:
    """The network sent a USSD text by itself."""

    text: str = field(repr=False)


type News = SmsReceived | VoiceChanged | CallRecorded | CallHungUp | MinutesLeft | UssdReceived


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Something happened. The box repeats it until it is acknowledged, also where ``news`` is ``None``.

    ``recvid`` falls by one from each push of a line to the next, and starts anew with the box.
    """

    verb: str
    recvid: int
    line: str
    password: str = field(repr=False)
    news: News | None = None


class SessionError(StrEnum):
    """The refusals of a whole session that mean something of their own."""

    NO_SESSION = "SENDID"
    LOGGED_OUT = "GSM_LOGOUT"
    TOO_MANY = "too_many_sends_in_server"


class Word(StrEnum):
    """The replies that are one word (section 3, steps 2, 4 and 10; section 6)."""

    CONFIRMED = "PASSWORD"
    AUTHENTICATED = "SEND"
    ENDED = "DONE"
    USSD_ENDED = "USSDEXIT"


@dataclass(frozen=True, slots=True)
class Prompt:
    """The session takes the password, then numbers; or it is over."""

    sendid: int
    word: Word


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number is being sent to (step 6)."""

    sendid: int
    telid: int


@dataclass(frozen=True, slots=True)
class Taken:
    """The network took the text. ``sms_no`` names it in a delivery report; old firmware has none."""

    sendid: int
    telid: int
    sms_no: int | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The box said no: to one number if ``telid`` is given, else to all that ``sendid`` names."""

    sendid: int
    reason: str = field(repr=False)
    telid: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked for, under the verb that asked; ``value`` may be empty."""

    sendid: int
    verb: str
    value: str = field(repr=False)


type Reply = Prompt | Waiting | Taken | Refused | Answer
type FromBox = Keepalive | Push | Reply


def decode(data: bytes) -> FromBox:
    """Read one datagram. Raise Malformed where it is none of this protocol."""
    if len(data) > MAX_DATAGRAM:
        raise Malformed("oversize")
    text = data.decode("utf-8", "replace")
    if match := _FROM_BOX.match(text):
        return _decode_from_box(match[1], int(match[2]), text[match.end() :])
    if match := _ANSWER.fullmatch(text.rstrip("\0")):
        return _decode_answer(match[1], int(match[2]), match[3] or "")
    raise Malformed("unreadable")


def masked(data: bytes) -> bytes:
    """Hide the passwords that a packet names by their key."""
    return _PASSWORDS.sub(rb"\1***", data)


def read_minutes(value: str) -> int | None:
    """Give minutes of outgoing calls or ``NO_LIMIT``; ``None`` where ``value`` is neither."""
    minutes = integer(value.strip(PADDING))
    return minutes if minutes is not None and minutes >= NO_LIMIT else None


def _decode_from_box(verb: str, number: int, rest: str) -> FromBox:
    if verb in _COLON_ANSWERS:
        return Answer(number, verb, without_line_end(rest))
    fields = Fields.read(rest, _BODIES.get(verb))
    if verb == "req":
        return _read_keepalive(number, fields)
    read = _NEWS.get(verb)
    return Push(
        verb=verb,
        recvid=number,
        line=_line(fields),
        password=_password(fields),
        news=read(fields) if read else None,
    )


# Answers with a colon, which no acknowledgement is due for. They are named by sendid alone.
_COLON_ANSWERS = frozenset({"GSM", "AT"})


def _line(fields: Fields) -> str:
    line = fields.raw("id") or ""
    try:
        check_credential(line)
    except InvalidInput as err:
        raise Malformed("incomplete") from err
    return line


def _password(fields: Fields) -> str:
    """Read the password, whose key is ``pass`` in keepalives and ``password`` elsewhere, mostly."""
    password = fields.raw("password", "pass") or ""
    if len(password) > MAX_VALUE:
        raise Malformed("incomplete")
    return password


def _read_keepalive(count: int, fields: Fields) -> Keepalive:
    csq, status, state = fields.integer("signal"), fields.raw("gsm_status"), fields.text("voip_state")
    return Keepalive(
        count=count,
        line=_line(fields),
        password=_password(fields),
        registered=None if status is None else status == "LOGIN",
        csq=csq if csq in _CSQ else None,
        call_state=_read_voice(state).state if state else None,
        remaining=read_minutes(fields.raw("remain_time") or ""),
        operator=fields.text("pro"),
        phone_number=fields.text("num"),
        imei=fields.identity("imei"),
        imsi=fields.identity("imsi"),
        iccid=fields.identity("iccid"),
    )


def _read_voice(value: str) -> VoiceChanged:
    """Read ``WORD`` or ``WORD:number``."""
    word, _, number = value.partition(":")
    return VoiceChanged(_CALL_STATES.get(word.upper()), known(number))


def _read_sms(fields: Fields) -> SmsReceived | None:
    text = fields.raw("msg")
    return None if text is None else SmsReceived(fields.text("srcnum") or "", text)


def _read_record(fields: Fields) -> CallRecorded | None:
    incoming = {1: True, 2: False}.get(fields.integer("dir") or 0)
    return None if incoming is None else CallRecorded(incoming, fields.text("num"))


def _read_hangup(fields: Fields) -> CallHungUp:
    """Read ``num:<number>,cause:<text>``: a comma, not a semicolon, and once seen with a stray quote."""
    _, *cause = _CAUSE.split(fields.raw("num") or "", maxsplit=1)
    return CallHungUp(known(cause[0].strip(PADDING + '"')) if cause else None)


def _read_ussn(fields: Fields) -> UssdReceived | None:
    text = fields.raw("msg")
    return None if text is None else UssdReceived(text)


_NEWS: dict[str, Callable[[Fields], News | None]] = {
    "RECEIVE": _read_sms,
    "STATE": lambda fields: _read_voice(fields.raw("gsm_remain_state") or ""),
    "RECORD": _read_record,
    "HANGUP": _read_hangup,
    "REMAIN": lambda fields: MinutesLeft(read_minutes(fields.raw("gsm_remain_time") or "")),
    "USSN": _read_ussn,
}
"""Pushes with news for us; every other is acknowledged and no more."""


def _decode_answer(verb: str, sendid: int, rest: str) -> Reply:
    if verb.endswith("ERROR"):
        return _read_refusal(sendid, rest)
    if verb in Word:
        return Prompt(sendid, Word(verb))
    read = _REPLIES.get(verb)
    return read(sendid, rest) if read else Answer(sendid, verb, without_line_end(rest))


def _read_refusal(sendid: int, rest: str) -> Refused:
    """Tell one number's refusal from the session's by its tokens: ``<telid> errorstatus:<n>``."""
    reason = printable(rest).strip()[:_MAX_REASON]
    telid, _, status = reason.partition(" ")
    if status.startswith("errorstatus:"):
        return Refused(sendid, status, integer(telid))
    return Refused(sendid, reason)


def _telid(rest: str) -> tuple[int, int | None]:
    """Read ``<telid>`` and, where there is one, ``<sms_no>``."""
    telid, sms_no, *_ = [integer(token) for token in rest.split()] + [None, None]
    if telid is None:
        raise Malformed("incomplete")
    return telid, sms_no


_REPLIES: dict[str, Callable[[int, str], Reply]] = {
    "WAIT": lambda sendid, rest: Waiting(sendid, _telid(rest)[0]),
    "OK": lambda sendid, rest: Taken(sendid, *_telid(rest)),
}
"""Replies with numbers; every other is an Answer under its verb."""


class Command(StrEnum):
    """What can be asked of a line: one row each, in the vendor's order of arguments, which differs.

    Getters have the password second, setters last. None ends in a newline: it would be dialled.
    """

    GET_REMAIN_TIME = "get_remain_time {sendid} {password}"
    REBOOT_MODULE = "svr_reboot_module {sendid} {password}"
    REBOOT_BOX = "svr_reboot_dev {sendid} {password}"
    USSD = "USSD {sendid} {password} {value}"
    USSD_EXIT = "USSDEXIT {sendid} {password}"

    def packet(self, sendid: int, password: str, value: str = "") -> bytes:
        """Write the command; ``value`` is what its row has a place for."""
        return self.format(sendid=sendid, password=password, value=value).encode()


def encode_registration(count: int, *, accepted: bool) -> bytes:
    """Answer a keepalive (section 2, step 2)."""
    return f"reg:{count};status:{200 if accepted else 404};".encode()


def encode_acknowledgement(push: Push) -> bytes:
    """Tell the box that it need not repeat a push."""
    return f"{push.verb} {push.recvid} OK".encode()


def encode_text(sendid: int, text: str) -> bytes:
    """Open a session with its text (section 3, step 1); the length counts bytes of UTF-8."""
    return f"MSG {sendid} {len(text.encode())} {text}\n".encode()


def encode_password(sendid: int, password: str) -> bytes:
    """Answer ``Word.CONFIRMED`` (step 3)."""
    return f"PASSWORD {sendid} {password}\n".encode()


def encode_number(sendid: int, telid: int, number: str) -> bytes:
    """Have the text sent to a number, or ask how far that is if ``telid`` is known already (step 5)."""
    return f"SEND {sendid} {telid} {number}\n".encode()


def encode_done(sendid: int) -> bytes:
    """End a session (step 9)."""
    return f"DONE {sendid}\n".encode()
