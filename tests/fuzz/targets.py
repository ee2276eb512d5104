"""What is fuzzed: by name, what plays an input, what writes one, and what changes one."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from . import codecs, goip_play, neogate_play


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that takes bytes. ``run`` raises where it does what it must not.

    ``share`` is its part of the inputs of a long run, in percent: a conversation takes a hundred times as
    long as a datagram. ``longest`` is in bytes.
    """

    words: str
    run: Callable[[bytes], None]
    make: Callable[[Random], bytes]
    mutate: Callable[[Random, bytes], bytes]
    share: float
    longest: int


TARGETS = {
    "goip-codec": Target(
        words="GoIP datagrams, read",
        run=codecs.read_goip,
        make=codecs.make_datagram,
        mutate=codecs.mutate_datagram,
        share=89.0,
        longest=4200,
    ),
    "neogate-codec": Target(
        words="NeoGate streams, read",
        run=codecs.read_neogate,
        make=codecs.make_stream,
        mutate=codecs.mutate_stream,
        share=6.0,
        longest=2000,
    ),
    "goip-dialog": Target(
        words="conversations with GoIPs",
        run=goip_play.run,
        make=goip_play.make,
        mutate=goip_play.mutate,
        share=2.5,
        longest=1200,
    ),
    "neogate-dialog": Target(
        words="conversations with a NeoGate",
        run=neogate_play.run,
        make=neogate_play.make,
        mutate=neogate_play.mutate,
        share=2.5,
        longest=1200,
    ),
}
