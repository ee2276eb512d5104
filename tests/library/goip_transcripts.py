"""Reads what stands in tests/transcripts/goip."""

from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "transcripts" / "goip"


def packets(name: str, direction: str) -> list[bytes]:
    """Give the packets of one direction: "<" came from the box, ">" went to it."""
    lines = (_FOLDER / f"{name}.txt").read_text().splitlines()
    return [line[2:].replace("\\n", "\n").encode() for line in lines if line.startswith(direction + " ")]
