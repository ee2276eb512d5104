"""GoIP datagrams and messages, both ways: only this file and ``messages`` know the vendor's words.

One datagram is one message. The box speaks first with ``VERB:<number>;key:value;...`` and answers with
``VERB <number> ...``. ``decode`` returns a message or raises Malformed; whoever calls it goes on.
The numbers of sections are those of the vendor's "GoIP SMS Interface".
"""

from collections.abc import Callable
from functools import lru_cache
import re

from ..errors import InvalidInput
from ..fields import MAX_VALUE, PADDING, Fields, integer, known, without_line_end
from ..models import CallState
from ..requests import Forwarding, ForwardingReason
from ..text import check_credential, printable
from .messages import (
    NO_LIMIT,
    OFF,
    ON,
    Answer,
    CallHungUp,
    CallRecorded,
    CellChanged,
    CellsListed,
    FromBox,
    Keepalive,
    MinutesLeft,
    News,
    Prompt,
    Push,
    Refused,
    Reply,
    Report,
    Settings,
    SmsDelivered,
    SmsReceived,
    Taken,
    UssdReceived,
    VoiceChanged,
    Waiting,
    Word,
)

MAX_DATAGRAM = 4096
"""Bytes. The longest honest message is a text of 3000 bytes with its keys."""

MAX_TEXT = 3000
"""Bytes of UTF-8 that a text may have (section 3)."""

USSD_FAILED = "USSD send failed!"
"""A network's answer that is none: the box says so in its place."""

USSD_PADDING = "@" + PADDING
"""What the box may put behind a USSD text."""

_MAX_REASON = 160
_REPORTS = 2048  # that are remembered at once: of as many lines, and at most 10 MB of a stranger's making
_LONGEST_REPORT = 1024  # characters of one that is remembered; the usual one has 350

FROM_BOX = re.compile(r"([A-Za-z_]{1,32}):(-?[0-9]{1,10});")
_ANSWER = re.compile(r"([A-Za-z_]{1,32}) ([0-9]{1,10})(?:\s(.*))?", re.DOTALL)
_PASSWORDS = re.compile(rb"(pass(?:word)?:)[^;]*")
_CAUSE = re.compile(r"[,;]cause:")
_MISSED = re.compile(r"\[SMS[0-9]{1,3} missed\]")

# Fields that run to the end of the datagram, whatever is in them.
BODIES = {"RECEIVE": "msg", "USSN": "msg", "HANGUP": "num", "CELLINFO": "info"}

_CSQ, _CSQ_NOT_MEASURED = range(32), 99

# BUSY, and the words of the firmware itself, say nothing of a call.
CALL_STATES = {
    "IDLE": CallState.IDLE,
    "INCOMING": CallState.INCOMING,
    "DIALING": CallState.DIALING,
    "ALERTING": CallState.ALERTING,
    "CONNECTED": CallState.CONNECTED,
    "ACTIVE": CallState.CONNECTED,
    "BUSY": None,
    "DOWN": None,
    "INIT": None,
}

_REGISTERED = {"LOGIN": True, "LOGOUT": False}
_VOIP_REGISTERED = {"LOGIN": True, "UP": True, "LOGOUT": False, "DOWN": False}
_ON_WHEN_ZERO = {"0": True, "1": False}

# 3GPP TS 23.040 §9.2.3.15: done, still trying, given up; the rest is reserved.
_DELIVERED = ((range(32), True), (range(64, 128), False))
_STILL_TRYING = range(32, 64)


class Malformed(ValueError):
    """Not a message of this protocol. Its text is one of a few words to count by, and nothing that came."""


def decode(data: bytes) -> FromBox:
    """Read one datagram. Raise Malformed where it is none of this protocol."""
    if len(data) > MAX_DATAGRAM:
        raise Malformed("oversize")
    text = data.decode("utf-8", "replace")
    if match := FROM_BOX.match(text):
        return _decode_from_box(match[1], int(match[2]), text[match.end() :])
    if match := _ANSWER.fullmatch(text.rstrip("\0")):
        return _decode_answer(match[1], int(match[2]), match[3] or "")
    raise Malformed("unreadable")


def masked(data: bytes) -> bytes:
    """Hide the passwords that a packet names by their key."""
    return _PASSWORDS.sub(rb"\1***", data)


def _decode_from_box(verb: str, number: int, rest: str) -> FromBox:
    if verb == "req":
        usual = len(rest) <= _LONGEST_REPORT
        return Keepalive(number, _read_report(rest) if usual else _read_report.__wrapped__(rest))
    if verb in _COLON_ANSWERS:
        return Answer(number, verb, without_line_end(rest))
    fields = Fields.read(rest, BODIES.get(verb))
    read = NEWS.get(verb)
    return Push(
        verb=verb,
        recvid=number,
        line=_line(fields),
        password=_password(fields),
        news=read(fields) if read else None,
        unread=fields.unread,
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


# A line says the same in nearly all of its keepalives, so that what was read of it once is remembered.
@lru_cache(maxsize=_REPORTS)
def _read_report(rest: str) -> Report:
    fields = Fields.read(rest)
    voice = fields.read_as("voip_state", _read_voice)
    registered = fields.read_as("gsm_status", _REGISTERED.get)
    return Report(
        line=_line(fields),
        password=_password(fields),
        registered=registered or (None if fields.raw("gsm_status") is None else False),
        csq=_read_csq(fields),
        voip_registered=fields.read_as("voip_status", _VOIP_REGISTERED.get),
        call_state=voice.state if voice else None,
        remaining=fields.read_as("remain_time", read_minutes),
        operator=fields.text("pro"),
        phone_number=fields.text("num"),
        imei=fields.identity("imei"),
        imsi=fields.identity("imsi"),
        iccid=fields.identity("iccid"),
        reporting=fields.read_as("disable_status", _ON_WHEN_ZERO.get),
        cell=_read_cell_name(fields.raw("CELLINFO")),
        unread=fields.unread,
    )


def _read_csq(fields: Fields) -> int | None:
    if fields.integer("signal") == _CSQ_NOT_MEASURED:
        return None
    return fields.read_as("signal", lambda value: csq if (csq := integer(value)) in _CSQ else None)


def read_minutes(value: str) -> int | None:
    """Give minutes of outgoing calls or ``NO_LIMIT``; ``None`` where ``value`` is neither."""
    minutes = integer(value.strip(PADDING))
    return minutes if minutes is not None and minutes >= NO_LIMIT else None


def _read_seconds(value: str) -> int | None:
    seconds = integer(value.strip(PADDING))
    return seconds if seconds is not None and seconds >= 0 else None


def _read_voice(value: str) -> VoiceChanged | None:
    """Read ``WORD`` or ``WORD:number``; ``None`` for a word that is not known."""
    word, _, number = value.strip(PADDING).partition(":")
    if word.upper() not in CALL_STATES:
        return None
    return VoiceChanged(CALL_STATES[word.upper()], known(number))


def _read_sms(fields: Fields) -> SmsReceived | None:
    text = fields.raw("msg")
    if text is None:
        return None
    return SmsReceived(fields.text("srcnum") or "", text, complete=not _MISSED.search(text))


def _read_delivery(fields: Fields) -> SmsDelivered | None:
    sms_no, status = fields.read_as("sms_no", integer), fields.read_as("state", _read_delivery_status)
    if sms_no is None:
        return None
    delivered = next((told for statuses, told in _DELIVERED if status in statuses), None)
    return SmsDelivered(sms_no, delivered, fields.text("num"))


def _read_delivery_status(value: str) -> int | None:
    status = integer(value)
    told = (_STILL_TRYING, *(statuses for statuses, _ in _DELIVERED))
    return status if any(status in statuses for statuses in told) else None


def _read_record(fields: Fields) -> CallRecorded | None:
    incoming = fields.read_as("dir", {"1": True, "2": False}.get)
    return None if incoming is None else CallRecorded(incoming, fields.text("num"))


def _read_hangup(fields: Fields) -> CallHungUp:
    """Read ``num:<number>,cause:<text>``: a comma, not a semicolon, and once seen with a stray quote."""
    _, *cause = _CAUSE.split(fields.raw("num") or "", maxsplit=1)
    return CallHungUp(known(cause[0].strip(PADDING + '"')) if cause else None)


def _read_ussn(fields: Fields) -> UssdReceived | None:
    text = fields.raw("msg")
    return None if text is None else UssdReceived(text)


def _read_cells(fields: Fields) -> CellsListed:
    cells = (known(cell) for cell in (fields.raw("lists") or "").split(","))
    return CellsListed(tuple(dict.fromkeys(cell for cell in cells if cell)))


def _read_cell(fields: Fields) -> CellChanged | None:
    cell = _read_cell_name(fields.raw("info"))
    return None if cell is None else CellChanged(cell)


def _read_cell_name(value: str | None) -> str | None:
    return known((value or "").strip(PADDING + '"'))


NEWS: dict[str, Callable[[Fields], News | None]] = {
    "RECEIVE": _read_sms,
    "DELIVER": _read_delivery,
    "STATE": lambda fields: fields.read_as("gsm_remain_state", _read_voice) or VoiceChanged(None),
    "RECORD": _read_record,
    "HANGUP": _read_hangup,
    "REMAIN": lambda fields: MinutesLeft(fields.read_as("gsm_remain_time", read_minutes)),
    "USSN": _read_ussn,
    "CELLS": _read_cells,
    "CELLINFO": _read_cell,
}
"""Pushes with news for us; every other is acknowledged and no more."""


def _decode_answer(verb: str, sendid: int, rest: str) -> Reply:
    if verb.endswith("ERROR"):
        return _read_refusal(verb, sendid, rest)
    if verb in Word:
        return Prompt(sendid, Word(verb))
    read = _REPLIES.get(verb)
    return read(sendid, rest) if read else Answer(sendid, verb, without_line_end(rest))


def _read_refusal(verb: str, sendid: int, rest: str) -> Refused:
    """Tell one number's refusal from the session's by its tokens: ``<telid> errorstatus:<n>``."""
    reason = printable(rest).strip()[:_MAX_REASON] or verb
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


_FORWARDING_REASONS = {
    ForwardingReason.UNCONDITIONAL: 0,
    ForwardingReason.BUSY: 1,
    ForwardingReason.NO_REPLY: 2,
    ForwardingReason.UNREACHABLE: 3,
    ForwardingReason.ALL: 4,
    ForwardingReason.ALL_CONDITIONAL: 5,
}
_FORWARDING_QUERY = 2
_FORWARDING_ON, _FORWARDING_OFF = 3, 4


def forwarding_query(reason: ForwardingReason) -> str:
    """Write the value of ``FORWARDING`` that asks; the empty number leaves two blanks."""
    return f"{_FORWARDING_REASONS[reason]} {_FORWARDING_QUERY}  0"


def forwarding(reason: ForwardingReason, number: str | None, seconds: int) -> str:
    """Write the value of ``FORWARDING`` that sets; ``seconds`` count where nobody replies."""
    mode = _FORWARDING_OFF if number is None else _FORWARDING_ON
    ringing = seconds if number is not None and reason is ForwardingReason.NO_REPLY else 0
    return f"{_FORWARDING_REASONS[reason]} {mode} {number or ''} {ringing}"


def read_forwarding(answer: Answer) -> Forwarding | None:
    """Read ``CFSTATE <0 or 1> <number>``; ``None`` where the answer is another."""
    flag, _, number = answer.value.strip(PADDING).partition(" ")
    if answer.verb != "CFSTATE" or flag not in (ON, OFF):
        return None
    return Forwarding(flag == ON, known(number))


def waiting_is(answer: Answer, value: str) -> bool:
    """Whether ``CWOK`` or ``CWSTATE <0 or 1>`` says that calls knock, or do not, as ``value`` asked."""
    return answer.verb != "CWSTATE" or answer.value.strip(PADDING) == value


# The keys of the answer to ``GET_ALL``. A single getter's verb is its key, but for these.
_KEYS_OF_GETTERS = {"get_imei": "imei", "get_out_call_interval": "out_call_interval"}


def read_settings(answer: Answer) -> Settings:
    """Read what any getter was answered with."""
    if answer.verb in _COLON_ANSWERS:
        fields = Fields.read(answer.value)
    else:
        fields = Fields({_KEYS_OF_GETTERS.get(answer.verb, answer.verb): answer.value.strip(PADDING)})
    voice = fields.read_as("get_gsm_state", _read_voice)
    return Settings(
        phone_number=fields.text("get_gsm_num"),
        call_time_limit=fields.read_as("get_exp_time", read_minutes),
        remaining=fields.read_as("get_remain_time", read_minutes),
        call_state=voice.state if voice else None,
        imei=fields.identity("imei"),
        call_interval=fields.read_as("out_call_interval", _read_seconds),
        enabled=fields.read_as("module_down", _ON_WHEN_ZERO.get),
        cell=fields.text("CURCELL"),
        unread=fields.unread,
    )


def encode_registration(count: int, *, accepted: bool) -> bytes:
    """Answer a keepalive (section 2, step 2)."""
    return b"reg:%d;status:%d;" % (count, 200 if accepted else 404)


def beginning(count: int) -> bytes:
    """Give how a keepalive of this count begins (section 2, step 1)."""
    return b"req:%d;" % count


def said_in(data: bytes) -> bytes:
    """Give all that a keepalive says behind its count; of anything else, whatever is there."""
    return data.partition(b";")[2]


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
