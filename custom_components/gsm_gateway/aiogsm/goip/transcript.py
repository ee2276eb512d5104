"""What may be shown of the packets of a wire: verbs, numbers of packets, and values known to be harmless.

A value is shown only where its key, or its place behind its verb, is known to hold a word of the firmware or
a small figure, and it is such a one. A line's id stands under another name, for it may be a phone number.
"""

from collections.abc import Mapping, Sequence
import re

from ..fields import PADDING
from ..wirelog import MOST_LINES, Piece, Pseudonyms, Way, WireLine, hidden
from .codec import BODIES, CALL_STATES, FROM_BOX, NEWS
from .messages import Command, Word

# As the codec's, and with the sign that the number of an acknowledged push may have.
_ANSWER = re.compile(r"([A-Za-z_]{1,32}) (-?[0-9]{1,10})(?:\s(.*))?", re.DOTALL)
_SMALL = re.compile(r"-?[0-9]{1,5}")
_SMALLER = re.compile(r"[0-9]{1,3}")
_FLAG = re.compile(r"[01YN]")
_REGISTERED = re.compile(r"LOGIN|LOGOUT|UP|DOWN")
_VOICE = re.compile("|".join(CALL_STATES), re.IGNORECASE)

# What a value is shown for, by its key; values of all other known keys are hidden.
_SHOWN: Mapping[str, re.Pattern[str]] = {
    "signal": _SMALLER,
    "status": _SMALLER,
    "gsm_status": _REGISTERED,
    "voip_status": _REGISTERED,
    "voip_state": _VOICE,
    "gsm_remain_state": _VOICE,
    "get_gsm_state": _VOICE,
    "remain_time": _SMALL,
    "gsm_remain_time": _SMALL,
    "get_exp_time": _SMALL,
    "get_remain_time": _SMALL,
    "get_out_call_interval": _SMALL,
    "out_call_interval": _SMALL,
    "idle": _SMALL,
    "exp": _SMALL,
    "sms_no": _SMALL,
    "state": _SMALLER,
    "dir": _FLAG,
    "disable_status": _FLAG,
    "module_down": _FLAG,
    "cgatt": _FLAG,
    "CGATT": _FLAG,
    "SMS_LOGIN": _FLAG,
    "SMB_LOGIN": _FLAG,
}
_WITH_A_NUMBER = frozenset({"voip_state", "gsm_remain_state", "get_gsm_state"})
_HIDDEN = frozenset(
    {"bcch", "CELLINFO", "CURCELL", "get_gsm_num", "iccid", "imei", "imsi", "info", "lists", "msg"}
)
_HIDDEN |= {"num", "pass", "password", "pro", "senttime", "smscnum", "srcnum"}
_ID = "id"

_ASKED = frozenset(command.partition(" ")[0] for command in Command)
_VERBS = _ASKED | NEWS.keys() | {*Word, "req", "reg", "MSG", "OK", "WAIT", "ERROR"}
_VERBS |= {"EXPIRY", "BCCH", "CGATT", "NUMRECORD", "AT", "GSMERROR", "USSDERROR"}
_VERBS |= {"CFOK", "CFERROR", "CFSTATE", "CWOK", "CWERROR", "CWSTATE"}

# Answers of which all tokens are words of the firmware or count something.
_COUNTING = frozenset({"OK", "WAIT", "get_exp_time", "get_remain_time", "get_out_call_interval"})
_NOTHING_BUT_TEXT = frozenset({"MSG", "USSD"})
_WORD = re.compile(
    r"ok|OK|ERROR|PASSWORD|SENDID|GSM_LOGOUT|too_many_sends_in_server|errorstatus:[0-9]{1,3}", re.ASCII
)


def transcribe(pieces: Sequence[Piece], names: Pseudonyms) -> list[WireLine]:
    """Make a line of each packet: the last ones, the oldest first. A far end is known by what it sent."""
    read = [(piece, _read(piece, names)) for piece in pieces]
    lines = {piece.peer: line for piece, (_, line) in read if line is not None}
    return [
        WireLine(piece.at, piece.way, names.name("address", piece.peer), text, lines.get(piece.peer))
        for piece, (text, _) in read[-MOST_LINES:]
    ]


def _read(piece: Piece, names: Pseudonyms) -> tuple[str, str | None]:
    """Give a packet as it may be shown, and the id of the line that it says to be of."""
    text = piece.data.decode("utf-8", "replace")
    if (match := FROM_BOX.match(text)) and match[1] in _VERBS:
        fields = list(_fields(text[match.end() :], BODIES.get(match[1])))
        line = next((value for key, value in fields if key == _ID), None)
        shown = "".join(f"{_field(key, value, names)};" for key, value in fields)
        return f"{match[1]}:{match[2]};{shown}", line
    if (match := _ANSWER.fullmatch(text)) and match[1] in _VERBS:
        return f"{match[1]} {match[2]} {_rest(piece.way, match[1], match[3] or '')}".rstrip(), None
    return f"<{piece.size} bytes>", None


def _fields(rest: str, body: str | None) -> list[tuple[str, str]]:
    """Take a list apart as ``Fields`` does, and keep the order."""
    found = []
    while rest := rest.lstrip(";"):
        segment, _, after = rest.partition(";")
        key, _, value = segment.partition(":")
        if key == body:
            found.append((key, rest.partition(":")[2]))
            break
        found.append((key, value.strip(PADDING)))
        rest = after
    return found


def _field(key: str, value: str, names: Pseudonyms) -> str:
    if key == _ID:
        return f"{key}:{names.name('line', value)}"
    if (shown := _SHOWN.get(key)) is None:
        return f"{key if key in _HIDDEN else hidden(key)}:{hidden(value)}"
    word, colon, number = value.partition(":") if key in _WITH_A_NUMBER else (value, "", "")
    return f"{key}:{word if shown.fullmatch(word) else hidden(word)}{colon}{hidden(number)}"


def _rest(way: Way, verb: str, rest: str) -> str:
    """Give what stands behind verb and number. Of what we ask it holds a password, and is hidden whole."""
    if verb in _NOTHING_BUT_TEXT or (way is Way.OUT and verb in _ASKED | {*Word}):
        return hidden(rest.strip(PADDING))
    counts = verb in _COUNTING
    return " ".join(
        token if _WORD.fullmatch(token) or (counts and _SMALL.fullmatch(token)) else hidden(token)
        for token in rest.split()
    )
