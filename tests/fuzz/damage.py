"""What may befall bytes on their way, or be done to them by who means ill. Everything hangs on ``random``."""

from collections.abc import Callable
from random import Random

MOST = 8192
"""Bytes that damage lets an input grow to; the sizes above are the business of ``costs``."""

ODD = (
    b"\x00",
    b"\r",
    b"\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\x1b[2J",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\xbd",  # the first half of a surrogate pair
    b"\xed\xb8\x80",  # the second one
    b"\xef\xbb\xbf",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80\xa8",  # U+2028, a line end of Unicode
    b"\xe2\x80\xae",  # U+202E, which turns the writing around
    b"\xc2\xa0",  # a blank that is none for bytes
    b"\xd9\xa1",  # a digit that is none in ASCII
    b";",
    b":",
    b" ",
    b"-1",
    b"99999999999",
    b"%0d%0a",
    b"{{ 1 }}",
)


def _cut(random: Random, data: bytes) -> tuple[int, int]:
    first, second = sorted((random.randrange(len(data) + 1), random.randrange(len(data) + 1)))
    return first, second


def _insert(random: Random, data: bytes) -> bytes:
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(ODD) + data[place:]


def _delete(random: Random, data: bytes) -> bytes:
    first, second = _cut(random, data)
    return data[:first] + data[second:]


def _end(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _flip(random: Random, data: bytes) -> bytes:
    if not data:
        return data
    place = random.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << random.randrange(8))]) + data[place + 1 :]


def _repeat(random: Random, data: bytes) -> bytes:
    first, second = _cut(random, data)
    return data[:second] + data[first:second] * random.choice((1, 2, 40, 400)) + data[second:]


def _swap(random: Random, data: bytes) -> bytes:
    first, second = _cut(random, data)
    return data[second:] + data[first:second] + data[:first]


_KINDS: tuple[Callable[[Random, bytes], bytes], ...] = (_insert, _delete, _end, _flip, _repeat, _swap)


def damaged(random: Random, data: bytes, most: int = 3) -> bytes:
    """Do up to ``most`` things to bytes, often nothing."""
    for _ in range(random.randrange(most + 1)):
        data = random.choice(_KINDS)(random, data)[:MOST]
    return data
