"""The entries of boxes: ours, and the bare integration's."""

from collections.abc import Iterable, Mapping, Sequence
import socket

from .home import BARE_DOMAIN, OURS_DOMAIN, Entry, Home

LINES_OF_A_BOX = 32
"""The largest GoIP has so many."""


def goip_boxes(lines: int, port: int) -> list[Entry]:
    """Give so many lines on as few boxes as it takes, all of which register at one UDP port."""
    names = [f"goip{line}" for line in range(lines)]
    boxes = (names[begin : begin + LINES_OF_A_BOX] for begin in range(0, lines, LINES_OF_A_BOX))
    return [goip_box(f"goip_{number}", box, port) for number, box in enumerate(boxes)]


def goip_box(entry_id: str, lines: Sequence[str], port: int) -> Entry:
    """Give a GoIP whose lines register at a UDP port."""
    data = {"family": "goip", "port": port, "password": "secret", "lines": lines, "notify_name": entry_id}
    return Entry(domain=OURS_DOMAIN, entry_id=entry_id, data=data)


def neogate_box(entry_id: str, port: int, user: str, password: str) -> Entry:
    """Give a NeoGate that listens at a port of 127.0.0.1."""
    data = {
        "family": "neogate",
        "host": "127.0.0.1",
        "port": port,
        "username": user,
        "password": password,
        "notify_name": entry_id,
    }
    return Entry(domain=OURS_DOMAIN, entry_id=entry_id, data=data)


def bare(kind: str, port: int) -> Entry:
    """Give the bare integration of a family."""
    return Entry(domain=BARE_DOMAIN, entry_id=f"bare_{kind}", data={"kind": kind, "port": port})


type Counts = Mapping[str, tuple[tuple[int, int], tuple[int, int]]]
"""Entities by platform: of a box and of each port, those that are on and those that are off."""

ENTITIES: Mapping[str, Counts] = {
    "goip": {
        "binary_sensor": ((1, 0), (1, 0)),
        "button": ((1, 0), (3, 0)),
        "event": ((0, 0), (2, 0)),
        "number": ((0, 0), (2, 0)),
        "sensor": ((2, 0), (8, 4)),
        "switch": ((0, 0), (1, 0)),
    },
    "neogate": {
        "binary_sensor": ((1, 0), (0, 0)),
        "button": ((0, 0), (1, 0)),
        "event": ((0, 0), (1, 0)),
        "sensor": ((2, 0), (5, 14)),
    },
}
"""What ours have, by family."""


def bare_entities(entry_id: str, ports: Iterable[str], family: str) -> Entry:
    """Give an entry with as many entities as a box of ours has, and nothing else."""
    data = {"kind": "entities", "ports": list(ports), "entities": ENTITIES[family]}
    return Entry(domain=BARE_DOMAIN, entry_id=entry_id, data=data)


async def check_as_many(ours: Home, bare: Home) -> None:
    """Raise RuntimeError unless both have as many entities of each platform."""
    counts = [await ours.ask("entities", domain=OURS_DOMAIN), await bare.ask("entities", domain=BARE_DOMAIN)]
    if counts[0] != counts[1]:
        raise RuntimeError(f"ours and the others' entities: {counts}")


def free_port(kind: socket.SocketKind) -> int:
    """Find a port that nobody has."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
