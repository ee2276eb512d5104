"""Reads bytes with the codecs of both families, down to the last field, and judges what they do with them."""

from collections.abc import Iterable
from datetime import UTC
from random import Random

from custom_components.gsm_gateway.aiogsm.ami import Banner, Event, Message, Response, WireError
from custom_components.gsm_gateway.aiogsm.dialog import Box
from custom_components.gsm_gateway.aiogsm.goip import codec as goip
from custom_components.gsm_gateway.aiogsm.goip.messages import (
    Answer,
    Keepalive,
    Push,
    Refused,
    identity_of,
    is_about_password,
    record_of,
)
from custom_components.gsm_gateway.aiogsm.neogate import codec as neogate
from custom_components.gsm_gateway.aiogsm.neogate.port import Port
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.text import check_credential, readable

from . import goip_grammar, neogate_grammar
from .damage import damaged

_BOX = Box(key="box", password="pw")
_MOST_DIGITS = 10  # of a keepalive's count
_WHOLE_UP_TO = 2048
"""Bytes of a stream that is also read in pieces."""


def read_goip(data: bytes) -> None:
    """Read a datagram as a dialog does. Whatever is no message is Malformed."""
    goip.masked(data)
    try:
        message = goip.decode(data)
    except goip.Malformed:
        return
    repr(message)
    match message:
        case Keepalive(count=count, report=report):
            check_credential(report.line)
            following = goip.beginning(count + 1) + goip.said_in(data)
            if len(str(count + 1)) <= _MOST_DIGITS and len(following) <= goip.MAX_DATAGRAM:
                assert goip.decode(following) == Keepalive(count + 1, report)
        case Push():
            check_credential(message.line)
            assert len(goip.encode_acknowledgement(message)) <= len(data)
            identity = identity_of(message)
            repr(record_of(_BOX, message, identity))
            _read_text(getattr(message.news, "text", ""))
        case Answer():
            goip.read_settings(message)
            goip.read_forwarding(message)
            goip.waiting_is(message, "1")
        case Refused(reason=reason):
            is_about_password(reason)


def _read_text(text: str) -> None:
    """A text is kept in UTF-8, and in JSON."""
    readable(text).encode()


def make_datagram(random: Random) -> bytes:
    """Write a datagram."""
    return goip_grammar.datagram(random)


def mutate_datagram(random: Random, data: bytes) -> bytes:
    """Change a datagram: damage it, or put some of another one's fields into it."""
    if random.random() < 0.5:
        return damaged(random, data) or make_datagram(random)
    fields, others = data.split(b";"), make_datagram(random).split(b";")
    place = random.randrange(len(fields))
    return b";".join([*fields[:place], random.choice(others), *fields[place + random.randrange(2) :]])


def read_neogate(data: bytes) -> None:
    """Read a stream as a dialog does: whole, and in pieces, which must come to the same."""
    neogate.Mask().hide(data)
    messages, error = _drained([data])
    if len(data) <= _WHOLE_UP_TO:
        size = 1 + len(data) % 61
        pieces = [data[start : start + size] for start in range(0, len(data), size)]
        assert _drained(pieces) == (messages, error), "it matters how a stream is cut"
    for message in messages:
        _read_message(message)


def _drained(pieces: Iterable[bytes]) -> tuple[list[Message], list[str]]:
    """Give the messages of a stream and what was wrong with it, up to the error that is fatal."""
    reader, messages, errors = neogate.reader(), [], []
    for piece in pieces:
        reader.feed(piece)
        while True:
            try:
                message = reader.next()
            except WireError as err:
                errors.append(err.reason)
                if err.fatal:
                    return messages, errors
                continue
            if message is None:
                break
            messages.append(message)
    return messages, errors


def _read_message(message: Message) -> None:
    match message:
        case Response():
            _read_output(message.body)
        case Event():
            _read_event(message)
        case Banner():
            repr(message)


def _read_output(output: str) -> None:
    port = Port(2)
    try:
        for words in neogate.read_spans(output).values():
            port.note_line(words, 0.0)
    except WireError:
        port.note_absence()
    port.note_details(neogate.read_details(output), 0.0)
    repr(port.state).encode()
    neogate.power_refused(output)
    assert len(neogate.reason(output)) <= 200
    _read_text(getattr(neogate.read_ussd(output), "text", ""))


def _read_event(event: Event) -> None:
    try:
        told = neogate.read_event(event)
    except WireError:
        return
    if isinstance(told, Part):
        neogate.read_stamp(told.stamp, UTC)
        _read_text(told.text)
        assert int(told.port) > 0


def make_stream(random: Random) -> bytes:
    """Write a stream."""
    return neogate_grammar.stream(random)


def mutate_stream(random: Random, data: bytes) -> bytes:
    """Change a stream: damage it, or put a message into it."""
    if random.random() < 0.5:
        return damaged(random, data) or make_stream(random)
    lines = data.split(b"\n")
    place = random.randrange(1, len(lines) + 1)
    rest = lines[place + random.randrange(2) :]
    return b"\n".join([*lines[:place], neogate_grammar.message(random).removesuffix(b"\n"), *rest])
