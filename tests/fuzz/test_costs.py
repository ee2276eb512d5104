"""No input costs more steps or more memory than so many for each of its bytes, however long it is."""

from collections.abc import Callable, Iterator
import importlib
from pathlib import Path
import re

import pytest

from custom_components.gsm_gateway import aiogsm
from custom_components.gsm_gateway.aiogsm import ami
from custom_components.gsm_gateway.aiogsm.neogate import codec
from tests.library import goip_stage, neogate_stage

from . import codecs, corpus, steps
from .costs import Buffer, counted, weighed
from .targets import TARGETS

SIZES = (4096, 65_536, 1_048_576)
SEGMENT = 1460

LINES_A_BYTE, LINES = 80, 5000
TOUCHED_A_BYTE, TOUCHED = 60, 50_000
HELD_A_BYTE, HELD = 60, 400_000
"""What is allowed for each byte of an input, and once."""

DATAGRAMS = {
    "semicolons": (b"req:1;id:goip1;pass:pw;", b";"),
    "fields": (b"req:1;id:goip1;pass:pw;", b"a:b;"),
    "colons": (b"req:1;id:goip1;pass:pw;", b":"),
    "one value": (b"req:1;id:goip1;pass:pw;pro:", b"x"),
    "blanks": (b"req:1;id:goip1;pass:pw;pro:", b" "),
    "a text": (b"RECEIVE:1;id:goip1;password:pw;srcnum:1;msg:", b"[SMS1 "),
    "a text of newlines": (b"RECEIVE:2;id:goip1;password:pw;srcnum:1;msg:", b"\r\n"),
    "cells": (b"CELLS:3;id:goip1;password:pw;lists:", b"a,"),
    "causes": (b"HANGUP:4;id:goip1;password:pw;num:", b",cause:"),
    "broken UTF-8": (b"RECEIVE:5;id:goip1;password:pw;srcnum:1;msg:", b"\xed\xa0"),
    "NULs": (b"ERROR 11 ", b"\0"),
    "tokens": (b"OK 11 ", b"1 "),
    "passwords": (b"pass:", b"pass:"),
}

STREAMS = {
    "one line": (b"", b"a"),
    "lines that mean nothing": (b"", b"some words of another protocol\r\n"),
    "an event's headers": (b"Event: x\r\n", b"some: header\r\n"),
    "an event's one header": (b"Event: ReceivedSMS\r\nContent: ", b"%41"),
    "an event's name": (b"Event: ", b" x"),
    "events": (b"", b"Event: UpdateSMSSend\r\nID: x\r\nStatus: 1\r\n\r\n"),
    "texts": (b"", b"Event: ReceivedSMS\r\nGsmSpan: 2\r\nRecvtime: x\r\nContent: Hello\r\n\r\n"),
    "stray responses": (b"", b"Response: Success\r\nActionID: 99\r\n\r\n"),
    "an output": (b"Response: Follows\r\n", b"GSM span 2: Up\n"),
    "an output's PINs": (b"Response: Follows\r\n", b"Pin ("),
    "an output of blanks": (b"Response: Follows\r\n", b" "),
    "an output that nearly ends": (b"Response: Follows\r\n", b"--END COMMAND--\r\n\r"),
    "a first line that nearly says so": (b"Response: ", b" "),
    "halves of pairs": (b"Event: x\r\nContent: ", b"\xed\xa0\xbd"),
}

TINY = {
    "line feeds": (b"", b"\n"),
    "empty lines": (b"", b"\r\n"),
    "garbage": (b"", b"\xff\n"),
}
"""Of so many messages to a byte that counting takes a while."""

OUTPUTS = {
    "spans": b"GSM span 2: Power on, Up\n",
    "commas": b"GSM span 2: " + b"," * 100,
    "details": b"Model IMEI: 490154203237518\n",
    "colons": b":",
    "blanks": b" ",
    "called": b"Last event: " + b" \t" * 40 + b"\n",
    "USSD": b"1: code: 72\nText: 0048",
    "hexadecimal": b"0048",
    "responses": b"responses: ",
    "messages": b"\tUSSD Message: ",
    "quotes": b"'",
    "marks": b"Output: ",
}


def long(beginning: bytes, more: bytes, size: int) -> bytes:
    return (beginning + more * (size // len(more)))[:size]


def assert_linear(data: bytes, run: Callable[[bytes], None]) -> None:
    with counted() as cost:
        run(data)
    assert cost.lines <= LINES_A_BYTE * len(data) + LINES
    assert cost.touched <= TOUCHED_A_BYTE * len(data) + TOUCHED
    with weighed() as weight:
        run(data)
    assert weight.held <= HELD_A_BYTE * len(data) + HELD


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("beginning", "more"), DATAGRAMS.values(), ids=DATAGRAMS)
def test_reading_a_datagram(beginning: bytes, more: bytes, size: int) -> None:
    assert_linear(long(beginning, more, size), codecs.read_goip)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("beginning", "more"), DATAGRAMS.values(), ids=DATAGRAMS)
def test_taking_a_datagram(beginning: bytes, more: bytes, size: int) -> None:
    bench = goip_stage.Bench(goip_stage.BOX)
    bench.receive(goip_stage.keepalive())
    assert_linear(long(beginning, more, size), lambda data: bench.receive(data) and None)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("beginning", "more"), STREAMS.values(), ids=STREAMS)
def test_reading_a_stream(beginning: bytes, more: bytes, size: int) -> None:
    assert_linear(long(beginning, more, size), in_segments)


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize(("beginning", "more"), TINY.values(), ids=TINY)
def test_reading_a_stream_of_tiny_lines(beginning: bytes, more: bytes, size: int) -> None:
    assert_linear(long(beginning, more, size), in_segments)


def in_segments(data: bytes) -> None:
    bench = neogate_stage.Bench()
    bench.connect()
    bench.silent = ("",)
    for start in range(0, len(data), SEGMENT):
        bench.dialog.receive(data[start : start + SEGMENT], neogate_stage.MAIN, bench.now)


@pytest.mark.parametrize("size", SIZES[:2])
@pytest.mark.parametrize("more", OUTPUTS.values(), ids=OUTPUTS)
def test_reading_an_output(more: bytes, size: int) -> None:
    head, end = b"Asterisk Call Manager/1.1\r\nResponse: Follows\r\n", b"--END COMMAND--\r\n\r\n"
    data = long(head, more, size - len(end)) + end
    assert_linear(data, codecs.read_neogate)


@pytest.mark.parametrize(("beginning", "more"), [*STREAMS.values(), *TINY.values()], ids=[*STREAMS, *TINY])
def test_a_slow_drip_is_looked_through_once(beginning: bytes, more: bytes) -> None:
    data = long(beginning, more, SIZES[1])
    reader = codec.reader()
    reader.feed(b"Asterisk Call Manager/1.1\r\n")
    reader.next()
    buffer = reader._buffer = Buffer()
    with counted() as cost:
        for place in range(len(data)):
            reader.feed(data[place : place + 1])
            assert exhausted(reader)
    assert buffer.looked_at <= TOUCHED_A_BYTE * len(data)
    assert cost.touched <= TOUCHED_A_BYTE * len(data)
    assert cost.lines <= LINES_A_BYTE * len(data)


def exhausted(reader: ami.Reader) -> bool:
    """Read until there is nothing more, whatever it is; whether the buffer is bounded then."""
    while True:
        try:
            if reader.next() is None:
                return len(reader._buffer) < SIZES[1]
        except ami.WireError as err:
            if err.fatal:
                return True


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_kept_costs_no_more(name: str) -> None:
    if name.endswith("codec"):
        for data in corpus.read(name):
            assert_linear(data, TARGETS[name].run)


type Pattern = re.Pattern[str] | re.Pattern[bytes]

ANYWHERE = re.compile(r"(_[A-Z_0-9]+)\.(?:search|sub|split|findall|finditer)\(")


def patterns() -> Iterator[tuple[str, tuple[Pattern, bool]]]:
    """Give all regular expressions of the library, and whether they are looked for anywhere in a text."""
    folder = Path(aiogsm.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts)
        module = importlib.import_module(f"{aiogsm.__name__}.{name}")
        anywhere = ANYWHERE.findall(path.read_text())
        for word, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{name}.{word}", (value, word in anywhere)


PATTERNS = dict(patterns())
FEW, MANY = 150, 600


@pytest.mark.parametrize(("pattern", "anywhere"), PATTERNS.values(), ids=PATTERNS)
def test_no_regular_expression_is_slow(pattern: Pattern, anywhere: bool) -> None:
    slow = []
    for example in steps.examples(pattern):
        for before in ("", *{example[:1], example[:-1]}):
            few, many = (
                steps.count(pattern, before + example * (size // len(example)), anywhere=anywhere)
                for size in (FEW, MANY)
            )
            if many > 6 * few + 100:  # of a text four times as long: sixteen times where it grows by squares
                slow.append((before, example, few, many))
    assert not slow


def test_a_slow_one_would_be_found() -> None:
    pattern = re.compile(r"Pin \([^)\n]*\) Error")
    few, many = (steps.count(pattern, "Pin (" * (size // 5), anywhere=True) for size in (FEW, MANY))
    assert many > 12 * few
