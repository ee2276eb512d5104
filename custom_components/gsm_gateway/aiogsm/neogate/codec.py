"""The NeoGate's words on the manager interface: commands to send, and what comes back in answer.

The framing beneath is ``ami``'s. Names are spelled as the vendor spells them, and known only to this file
and to ``messages``, which has what is read.
Readers raise WireError for what no box writes; writers raise InvalidInput for what no box would take.
"""

from binascii import a2b_qp
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
import math
import re
from urllib.parse import quote, unquote_to_bytes

from ..ami import MAX_LINE, Event, Reader, WireError, action
from ..errors import InvalidInput
from ..parts import Part
from ..text import check_number, check_text, check_ussd_code, decoded, printable, readable
from .messages import Registration, SmsResult, SpanDetails, Token, UssdAnswer, UssdFault

MAX_TEXT = 1024
"""Bytes of a text in UTF-8 (Yeastar TG SMS API §5)."""

MAX_ID = 64
"""Characters of a text's id."""

_PIN = re.compile(r"Pin \([^()\n]*\) Error", re.IGNORECASE | re.ASCII)
_NEAR_A_PIN = "pin ("


def reader(*, greeted: bool = False) -> Reader:
    """Give a reader for one connection. No PIN gets past it: a span that refuses its PIN shows it.

    ``greeted``: begin after the greeting, perhaps in the middle of a message.
    """
    return Reader(_without_pin, greeted=greeted)


_SECRETS = re.compile(rb"Pin \(([^)\r\n]*)|Secret: ?([^\r\n]*)", re.IGNORECASE)
# Where the beginning of the line is not known, a PIN shows by its end.
_REST_OF_A_PIN = re.compile(rb"([^()\r\n]*)\) Error", re.IGNORECASE)
_MOST_OF_A_LINE = 256


def _without_pin(message: str) -> str:
    return _PIN.sub(Token.PIN_ERROR, message) if _NEAR_A_PIN in message.lower() else message


class Mask:
    """Hides in one connection's bytes the password of a login, and the PIN of a span that refuses it.

    Bytes come in any pieces, so that what stands before in the same line is remembered.
    """

    def __init__(self) -> None:
        """Begin in the middle of a line that nobody saw begin."""
        self._line: bytes | None = None

    def hide(self, data: bytes) -> bytes:
        """Give the next piece as it may be logged."""
        before = self._line or b""
        whole = before + data
        spans = [match.span(match.lastindex or 0) for match in _SECRETS.finditer(whole)]
        if self._line is None and (rest := _REST_OF_A_PIN.match(whole)):
            spans.insert(0, rest.span(1))
        shown, position = b"", len(before)
        for start, end in spans:
            if end > position or start >= position:
                shown += whole[position : max(start, position)] + b"***"
                position = max(end, position)
        line = whole[whole.rfind(b"\n") + 1 :]
        self._line = line[-_MOST_OF_A_LINE:]
        return shown + whole[position:]


# What we send: the lines of commands, and the action that runs one.


def command(action_id: str, line: str) -> bytes:
    """Write the action that runs a command's line."""
    return action("smscommand", action_id, f"command: {line}")


def show_spans() -> str:
    """Ask for the list of spans."""
    return "gsm show spans"


def show_span(span: int) -> str:
    """Ask for one span's details (the vendor's article leaves out the word ``span``; its pictures do not)."""
    return f"gsm show span {span}"


def power(span: int, *, on: bool) -> str:
    """Switch a span's module on or off."""
    return f"gsm power {'on' if on else 'off'} {span}"


_ID = re.compile(rf"[A-Za-z0-9._#-]{{1,{MAX_ID}}}", re.ASCII)
_LONGEST_ID = "i" * MAX_ID
_LONGEST_SPAN = 99


def _sms(span: int, number: str, text: str, message_id: str) -> str:
    # Percent-encoded, a text holds no quote, backslash, blank or line end that the box could act upon.
    return f'gsm send sms {span} {number} "{quote(text, safe="", errors="replace")}" {message_id}'


def check_sms(number: str, text: str) -> None:
    """Raise InvalidInput where no span could take this text for this number.

    ``excess`` counts bytes as encoded: one for an unreserved character, three for each byte of any other.
    """
    check_number(number)
    line = f"command: {_sms(_LONGEST_SPAN, number, text, _LONGEST_ID)}\r\n"
    excess = len(line) - MAX_LINE + 1
    if excess > 0:
        raise InvalidInput("text_too_long", f"the text is {excess} encoded bytes too long", excess=excess)
    check_text(text, MAX_TEXT)


def send_sms(span: int, number: str, text: str, message_id: str) -> str:
    """Send a text; its result comes as an event with ``message_id``. Raise InvalidInput."""
    check_sms(number, text)
    if not _ID.fullmatch(message_id):
        raise InvalidInput("message_id", f"an id is 1 to {MAX_ID} letters, digits, dots, dashes, _ and #")
    return _sms(span, number, text, message_id)


def send_ussd(span: int, code: str, timeout: float) -> str:
    """Dial a code and wait up to ``timeout`` seconds. Raise InvalidInput.

    The code is not encoded: a ``%23`` would reach the module as it stands.
    """
    check_ussd_code(code)
    return f'gsm send ussd {span} "{code}" {math.ceil(timeout)}'


# What the fields and the output of commands mean.

_SPAN_LINE = re.compile(r"^GSM span (\d{1,2}): (.*)$", re.MULTILINE | re.ASCII)
_WHOLE_NUMBER = re.compile(r"\s*(-?\d{1,6})\s*", re.ASCII)
_STAMP = "%Y-%m-%d %H:%M:%S"
_USUAL_STAMP = re.compile(r"\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):\d\d:\d\d", re.ASCII)
_BYTE_ORDER_MARK = "\ufeff"
_BEST_CSQ, _WORST_BER, _MOST_PERCENT, _MOST_SECONDS = 31, 7, 100, 86_400
_MAX_VALUE = 100
_NO_NUMBER_SET = "Undefined"
# In a call a state goes on with whom it is with; nothing else in it has as many digits as a number.
_WITH_WHOM = re.compile(r"\sCalled\s|\+?\d{3}", re.IGNORECASE | re.ASCII)


def _whole_number(value: str | None) -> int | None:
    found = _WHOLE_NUMBER.fullmatch(value) if value else None
    return int(found[1]) if found else None


def read_spans(output: str) -> dict[int, tuple[str, ...]]:
    """Give every span's status, word by word, whatever their order and blanks. Raise WireError for none."""
    spans = {int(span): _words(status) for span, status in _SPAN_LINE.findall(output)}
    if not spans:
        raise WireError("spans")
    return spans


def _words(status: str) -> tuple[str, ...]:
    return tuple(word for raw in printable(status).split(",") if (word := raw.strip()[:_MAX_VALUE]))


def _in_range(value: str | None, most: int) -> int | None:
    """Read a figure; boxes write -1, 99 or nothing at all for what they do not know."""
    number = _whole_number(value)
    return number if number is not None and 0 <= number <= most else None


def _deed(value: str | None) -> str | None:
    """Give what a port does or did, without whom it did it with."""
    return _WITH_WHOM.split(value, maxsplit=1)[0].strip() or None if value else None


# A span says the same in most of its answers, so that what was read of one once is remembered.
@lru_cache(maxsize=_LONGEST_SPAN)
def read_details(output: str) -> SpanDetails:
    """Give what is said of a span; a span that is down may say next to nothing.

    What was last said to the module is left out: it may hold a code, or a number.
    """
    values: dict[str, str] = {}
    for line in output.split("\n"):
        key, colon, value = line.partition(":")
        if colon and (told := printable(value).strip()[:_MAX_VALUE]):
            values.setdefault(key.strip().lower(), told)
    set_smsc = values.get("send sms center number", _NO_NUMBER_SET)
    return SpanDetails(
        manufacturer=values.get("manufacturer"),
        model=values.get("model name"),
        revision=values.get("revision"),
        band=values.get("model cband"),
        operator=values.get("network name"),
        registration=_registration(values.get("network status", "")),
        csq=_in_range(values.get("signal quality (0,31)"), _BEST_CSQ),
        ber=_in_range(values.get("ber value (0,7)"), _WORST_BER),
        pdd=_in_range(values.get("pdd"), _MOST_SECONDS),
        asr=_in_range(values.get("asr"), _MOST_PERCENT),
        acd=_in_range(values.get("acd"), _MOST_SECONDS),
        last_event=_deed(values.get("last event")),
        state=_deed(values.get("state")),
        imei=values.get("model imei"),
        imsi=values.get("sim imsi"),
        smsc=values.get("sim sms center number") if set_smsc == _NO_NUMBER_SET else set_smsc,
    )


def _registration(value: str) -> Registration | None:
    return next((known for known in Registration if value.lower().startswith(known.lower())), None)


def read_event(event: Event, zone: tzinfo = UTC) -> SmsResult | Part | None:
    """Give what an event tells of a text, or None where it is about something else. Raise WireError.

    ``zone`` is what the box's clock shows.
    """
    match event.name.lower():
        case "receivedsms":
            return _read_received(event, zone)
        case "updatesmssend":
            return _read_result(event)
    return None


def _values(event: Event, usual: re.Pattern[str]) -> Sequence[str | None]:
    """Take from an event the values that ``usual`` names; at once, where it is written as every box does."""
    if found := usual.fullmatch(event.headers):
        return found.groups()
    fields = event.fields
    return [fields.get(name) for name in usual.groupindex]


_RESULT = re.compile(
    r"Privilege: .*\r\nID: (?P<id>.*)\r\nSmsc: .*\r\nStatus: (?P<status>.*)\r\n--END SMS EVENT--\r\n\r\n"
)


def _read_result(event: Event) -> SmsResult:
    message_id, said = _values(event, _RESULT)
    status = _whole_number(said)
    if status not in (0, 1):
        raise WireError("result")
    return SmsResult(message_id=(message_id or "").strip(), taken=status == 1)


_RECEIVED = re.compile(
    r"Privilege: .*\r\nID: (?P<id>.*)\r\n(?:GsmPort: (?P<gsmport>.*)|GsmSpan: (?P<gsmspan>.*))\r\n"
    r"Sender: (?P<sender>.*)\r\nRecvtime: (?P<recvtime>.*)\r\n"
    r"Index: (?P<index>.*)\r\nTotal: (?P<total>.*)\r\n"
    r"Smsc: .*\r\nContent: (?P<content>.*)\r\n--END SMS EVENT--\r\n\r\n"
)


def _read_received(event: Event, zone: tzinfo) -> Part:
    reference, port, span, sender, recvtime, index, of, content = _values(event, _RECEIVED)
    place, total, stamp = _whole_number(index), _whole_number(of), (recvtime or "").strip()
    return Part(
        port=read_port(port, span),
        sender=printable(sender or "").strip(),
        reference=(reference or "").strip(),
        stamp=stamp,
        stamped_at=read_stamp(stamp, zone),
        place=place or 0,
        # With unreadable counts it is a text of its own: better in pieces than lost.
        total=total if place is not None and total is not None else 1,
        text=read_content(content or ""),
    )


def read_stamp(stamp: str, zone: tzinfo) -> datetime | None:
    """Give a text's time, which has no zone of its own; None for what is no time.

    Of an hour that comes twice the first is meant, as good as the second; a time that the clocks skip counts
    from before the jump.
    """
    try:
        if _USUAL_STAMP.fullmatch(stamp):  # both ways read it the same, and this one is much quicker
            local = datetime.fromisoformat(stamp).replace(tzinfo=zone)
        else:
            local = datetime.strptime(stamp, _STAMP).replace(tzinfo=zone)
        return local.astimezone(UTC)
    except ValueError, OverflowError:
        return None


def read_port(said: str | None, said_of_span: str | None) -> str:
    """Read the port: itself in ``GsmPort`` on firmware of 2013, its span in ``GsmSpan`` since.

    Raise WireError where there is none.
    """
    port, span = _whole_number(said), _whole_number(said_of_span)
    if port is None and span is not None:
        port = span - 1
    if port is None or port < 1:
        raise WireError("received")
    return str(port)


def read_content(content: str) -> str:
    """Decode a text: plus is a blank and ``%2B`` a plus. One with blanks or letters like é was never encoded.

    Every part has a byte order mark of its own, where there is one at all. It may begin or end with half of
    a surrogate pair.
    """
    if content.isascii() and " " not in content.strip():
        content = decoded(_unquoted(content.replace("+", " ")))
    return content.removeprefix(_BYTE_ORDER_MARK)


def _unquoted(content: str) -> bytes:
    """Undo percent-encoding, as quoted-printable where that is the same but for its sign: it is quicker."""
    if content.isprintable():  # there is no line end that would be taken for a soft one
        octets = a2b_qp(content.replace("=", "=3D").replace("%", "="))
        if len(octets) == len(content) - 2 * content.count("%"):  # no sign stood for itself
            return octets
    return unquote_to_bytes(content)


_USSD_TEXT = re.compile(r"^[\t ]*(?:USSD Message|Text):[ ]?", re.MULTILINE)
_USSD_RESPONSES = re.compile(r"responses: ?(\d)", re.IGNORECASE | re.ASCII)
_USSD_CODE = re.compile(r"code: ?(\d{1,3})", re.IGNORECASE | re.ASCII)
_UCS2_MASK, _UCS2_CODE = 0b1100_1100, 0b0100_1000  # general data coding, alphabet UCS-2: 72 and its like
_UCS2 = re.compile(r"(?:[0-9A-Fa-f]{4})+", re.ASCII)


def read_ussd(output: str) -> UssdAnswer | UssdFault:
    """Read the answer to ``gsm send ussd``, in all its spellings (Yeastar TG SMS API §6)."""
    verdict, _, rest = output.partition(":")
    if verdict.strip() != "1":
        return _ussd_fault(verdict.strip(), rest)
    head, *text = _USSD_TEXT.split(output, maxsplit=1)
    responses, code = _USSD_RESPONSES.search(head), _USSD_CODE.search(head)
    return UssdAnswer(
        text=_ussd_text("".join(text).rstrip("\r\n"), int(code[1]) if code else 0),
        responses=int(responses[1]) if responses else None,
    )


def _ussd_fault(verdict: str, words: str) -> UssdFault:
    known = (fault for fault in UssdFault if fault and words.startswith(fault))
    # Silence, and a failure in other words, may come after the code was dialled.
    return next(known, UssdFault.FAILED if verdict in ("", "0") else UssdFault.REFUSED)


def _ussd_text(text: str, code: int) -> str:
    """Decode hex digits where they are such and the data coding scheme says UCS-2 (3GPP TS 23.038 §5)."""
    if code & _UCS2_MASK == _UCS2_CODE and _UCS2.fullmatch(digits := text.strip()):
        text = bytes.fromhex(digits).decode("utf-16-be", errors="surrogatepass")
    return readable(text.removeprefix(_BYTE_ORDER_MARK))


_QUOTED = re.compile(r"'[^']*'")
_POWER_REFUSED = re.compile(r"unable|fail|no gsm|no such|usage|invalid|permission", re.IGNORECASE)
_MAX_REASON = 120


def reason(output: str) -> str:
    """Give the box's words for a refusal, short and without the command that they may quote."""
    first = next(iter(output.strip().splitlines()), "")
    return printable(_QUOTED.sub("'…'", first))[:_MAX_REASON]


def power_refused(output: str) -> bool:
    """Whether the box would not switch a module. What cannot be understood is taken as done."""
    return bool(_POWER_REFUSED.search(output))
