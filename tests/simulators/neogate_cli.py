"""The box's command line behind `smscommand`: words as Asterisk splits them, and a table of commands.

To add a command, write a function and give it a row in `COMMANDS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from .neogate_span import FAILED, SENT, Span, show_span, status
from .simulator import Ussd

if TYPE_CHECKING:
    from .neogate import NeoGate

MAX_WORDS = 64
MAX_TEXT = 1024  # bytes before encoding, by the vendor's article
DEFAULT_USSD_TIMEOUT = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A command's output: the body, and how long the session is blocked before it is written."""

    body: str = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A row of the table: leading words, how many arguments may follow, and what it does."""

    words: tuple[str, ...]
    arguments: tuple[int, int]
    usage: str
    run: Callable[[NeoGate, list[str]], Result]


class _Splitter:
    """Asterisk's `parse_args`: blanks divide, quotes join, a backslash makes the next character plain."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._between = True
        self._quoted = False
        self._escaped = False

    def take(self, letter: str) -> None:
        if self._escaped:
            self._escaped = False
            self._add(letter)
        elif letter == "\\":
            self._escaped = True
        elif letter == '"':
            self._quoted = not self._quoted
            if self._quoted:
                self._add("")
        elif letter in " \t" and not self._quoted:
            self._between = True
        else:
            self._add(letter)

    def _add(self, letter: str) -> None:
        if self._between:
            self.words.append("")
            self._between = False
        self.words[-1] += letter


def split_words(line: str) -> list[str]:
    """Split a command line as Asterisk does; words beyond the 64th are cut."""
    splitter = _Splitter()
    for letter in line:
        splitter.take(letter)
    return splitter.words[:MAX_WORDS]


def run(box: NeoGate, line: str) -> Result:
    """Run one command line."""
    words = split_words(line)
    for command in COMMANDS:
        if tuple(words[: len(command.words)]) == command.words:
            arguments = words[len(command.words) :]
            least, most = command.arguments
            if not least <= len(arguments) <= most:
                return _usage(command)
            return command.run(box, arguments)
    box.complain(f"no such command: {line}")
    return Result(
        body=f"No such command '{line}' (type 'core show help {line}' for other possible commands)\n"
    )


def _usage(command: Command) -> Result:
    return Result(body=f"Usage: {' '.join(command.words)} {command.usage}\n")


def _on_span(box: NeoGate, number: str, act: Callable[[Span], Result]) -> Result:
    """Act on a span, or say that there is none; a span that is no number reads as 0, as by C's atoi."""
    span = box.spans.get(int(number) if number.isdecimal() else 0)
    return act(span) if span is not None else Result(body=f"No GSM running on span {number}\n")


def _show_spans(box: NeoGate, _: list[str]) -> Result:
    lines = (f"GSM span {span.number}: {status(span, box.firmware)}\n" for span in box.spans.values())
    return Result(body="".join(lines))


def _show_span(box: NeoGate, arguments: list[str]) -> Result:
    return _on_span(box, arguments[0], lambda span: Result(body=show_span(span, box.firmware)))


def _refusal(number: str, text: str) -> str:
    if not number:
        return "Destination number to short.\n"
    if not text:
        return "SMS message to short.\n"
    return "SMS message too long.\n" if len(text.encode(errors="surrogateescape")) > MAX_TEXT else ""


def _send_sms(box: NeoGate, arguments: list[str]) -> Result:
    """4.2: an empty body means queued; the result comes as an event, its ID (null) when none was given."""
    span_number, number, encoded, *rest = arguments
    text = unquote_plus(encoded, errors="surrogateescape")
    reference = rest[0] if rest else "(null)"

    def act(span: Span) -> Result:
        refusal = _refusal(number, text)
        if refusal:
            return Result(body=refusal)
        outcome = span.outcomes.popleft() if span.outcomes else (SENT if span.can_send else FAILED)
        if outcome.body:
            return Result(body=outcome.body)
        span.state = "SMS SENDING"
        box.timers.after(
            box.result_delay, partial(box.finish_send, span, number, text, reference, outcome.statuses)
        )
        return Result()

    return _on_span(box, span_number, act)


def _send_ussd(box: NeoGate, arguments: list[str]) -> Result:
    span_number, code, *rest = arguments
    limit = float(rest[0]) if rest and rest[0].isdecimal() else float(DEFAULT_USSD_TIMEOUT)

    def act(span: Span) -> Result:
        if span.ussd_running:
            return Result(body=f"0:Sending USSD now on span {span.number}\n")
        box.happened(f"{span.name}: USSD {code}")
        span.last_send_at = f'AT+CUSD=1,"{code}"'
        answer = span.menu.get(code) or span.ussd.get(code) or Ussd(failure="failed")
        if not span.can_send:
            answer = Ussd(failure="failed")
        if answer.delay > limit:
            answer = Ussd(failure="timeout", delay=limit)
        span.menu = answer.menu
        span.ussd_running = True
        box.timers.after(answer.delay, partial(box.finish_ussd, span, failed=bool(answer.failure)))
        return Result(body=_ussd_body(box, span, answer), delay=answer.delay)

    return _on_span(box, span_number, act)


def _ussd_body(box: NeoGate, span: Span, answer: Ussd) -> str:
    """Section 6: one line of verdict, then the answer's parts."""
    if answer.failure:
        return f"0:Send USSD {answer.failure} on span {span.number}\n"
    text = answer.text
    if answer.coding == 72:
        text = text.encode("utf-16-be").hex().upper()
    return box.firmware.ussd_form.format(
        span=span.number,
        responses=int(bool(answer.menu)) if answer.responses is None else answer.responses,
        code=answer.coding,
        length=len(text),
        text=text,
    )


def _power_off(box: NeoGate, arguments: list[str]) -> Result:
    def act(span: Span) -> Result:
        box.power(span, on=False)
        return Result(body=f"Power off span {span.number} sucessed\n")

    return _on_span(box, arguments[0], act)


def _power_on(box: NeoGate, arguments: list[str]) -> Result:
    def act(span: Span) -> Result:
        box.power(span, on=True)
        return Result(body=f"Power on span {span.number} sucessed\n")

    return _on_span(box, arguments[0], act)


def _power_reset(box: NeoGate, arguments: list[str]) -> Result:
    def act(span: Span) -> Result:
        box.power(span, on=False)
        box.power(span, on=True)
        return Result(body=f"Reset power on span {span.number} success\n")

    return _on_span(box, arguments[0], act)


def _send_at(box: NeoGate, arguments: list[str]) -> Result:
    def act(span: Span) -> Result:
        span.last_send_at = " ".join(arguments[1:])
        return Result()

    return _on_span(box, arguments[0], act)


COMMANDS = (
    Command(words=("gsm", "show", "spans"), arguments=(0, 0), usage="", run=_show_spans),
    Command(words=("gsm", "show", "span"), arguments=(1, 1), usage="<span>", run=_show_span),
    Command(
        words=("gsm", "send", "sms"),
        arguments=(3, 4),
        usage="<span> <destination> <message> [id]",
        run=_send_sms,
    ),
    Command(
        words=("gsm", "send", "ussd"), arguments=(2, 3), usage="<span> <message> [timeout]", run=_send_ussd
    ),
    Command(words=("gsm", "power", "off"), arguments=(1, 1), usage="<span>", run=_power_off),
    Command(words=("gsm", "power", "on"), arguments=(1, 1), usage="<span>", run=_power_on),
    Command(words=("gsm", "power", "reset"), arguments=(1, 1), usage="<span>", run=_power_reset),
    Command(words=("gsm", "send", "at"), arguments=(2, MAX_WORDS), usage="<span> <command>", run=_send_at),
)
