"""What real boxes wrote, read whole, byte by byte, in odd pieces and with junk between: always the same."""

from collections.abc import Callable, Iterator

import pytest

from custom_components.gsm_gateway.aiogsm.ami import Banner, Event, Message, Reader, Response, WireError
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.neogate.messages import (
    SmsResult,
    SpanDetails,
    UssdAnswer,
    UssdFault,
)
from custom_components.gsm_gateway.aiogsm.parts import Part

from .neogate_transcripts import NAMES, said

JUNK = b"\xff\xfe\x00 nobody: knows\r\n"
STRAY = b"\r\n\r\n"
OTHER = b"Event: FullyBooted\r\nStatus: Fully Booted\r\n\r\n"

UP = ("Power on", "Provisioned", "Up", "Active", "Standard")
NO_SIM = ("Power on", "Provisioned", "Undetected SIM Card", "Active", "Standard")


def drain(reader: Reader) -> Iterator[Message | str]:
    """Read all there is; a WireError shows as its reason."""
    while True:
        try:
            message = reader.next()
        except WireError as error:
            yield error.reason
            continue
        if message is None:
            return
        yield message


def read(data: bytes, size: int) -> list[Message | str]:
    """Read data in pieces of a size."""
    reader = codec.reader()
    found: list[Message | str] = []
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
        found += drain(reader)
    return found


def messages_of(data: bytes) -> list[bytes]:
    """Cut data where messages end."""
    reader = codec.reader()
    pieces, begin = [], 0
    for end, byte in enumerate(data, start=1):
        reader.feed(bytes((byte,)))
        if list(drain(reader)):
            pieces.append(data[begin:end])
            begin = end
    assert begin == len(data)  # a transcript ends with a message
    return pieces


@pytest.mark.parametrize("name", NAMES)
def test_however_it_comes_it_is_the_same(name: str) -> None:
    data = said(name)
    whole = read(data, len(data))
    assert whole[0] == Banner("1.1")
    assert [message for message in whole if isinstance(message, str)] == []
    for size in (1, 2, 3, 7, 64, 1024):
        assert read(data, size) == whole


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("junk", [JUNK, STRAY, OTHER, JUNK + STRAY + OTHER])
def test_junk_between_messages_changes_none_of_them(name: str, size: int, junk: bytes) -> None:
    data = said(name)
    whole = read(data, len(data))
    found = read(b"".join(message + junk for message in messages_of(data)), size)
    assert [message for message in found if message in whole] == whole
    others = [message for message in found if message not in whole]
    assert others == ["no_message"] * found.count("no_message") or junk.endswith(OTHER)
    assert found.count("no_message") == junk.count(JUNK) * len(whole)


READERS: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("GSM span", codec.read_spans),
    ("D-channel", codec.read_details),
    ("0:", codec.read_ussd),
    ("1:", codec.read_ussd),
    ("", str),
)


def meaning(message: Message | str) -> object:
    """Give what a message tells, as its kind is read."""
    match message:
        case Event():
            return codec.read_event(message)
        case Response(status="Follows", output=output):
            return next(read(output) for begin, read in READERS if output.startswith(begin))
        case Response():
            return (message.success, message.message)
    return None


ACCEPTED = (True, "Authentication accepted")
MEANINGS: dict[str, list[object]] = {
    "login_refused": [(False, "Authentication failed")],
    "session_2g": [ACCEPTED, {2: UP, 3: NO_SIM}, (False, "Thanks for all the fish.")],
    "spans_ec21": [
        {2: ("Power on", "Up", "Active", "Standard"), 3: ("Power on", "Down", "Active", "Standard")},
        SpanDetails(),
    ],
    "spans_unregistered": [{2: ("Power on", "Provisioned", "Unregistered Network", "Active", "Standard")}],
    "no_such_span": ["No GSM running on span 3"] * 2,
    "send_between": ["", SmsResult(message_id="jxhs9isynj#30ezhlzpwkj#jzil5996", taken=False), ""],
    "ussd_old": [UssdAnswer(text="Balance 5.00\r\nUSD, OK", responses=0)],
    "ussd_text": [
        UssdAnswer(text="Balance 5.00", responses=0),
        SmsResult(message_id="(null)", taken=True),
    ],
    "ussd_failed": [UssdFault.FAILED, UssdFault.TIMEOUT],
}


@pytest.mark.parametrize("name", MEANINGS)
def test_what_it_means(name: str) -> None:
    data = said(name)
    assert [meaning(message) for message in read(data, len(data))[1:]] == MEANINGS[name]


@pytest.mark.parametrize("name", NAMES)
def test_all_of_it_means_something(name: str) -> None:
    for message in read(said(name), 100_000)[1:]:
        told = meaning(message)
        assert told is not None
        assert not isinstance(told, Part) or told.text
