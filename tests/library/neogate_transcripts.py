"""Reads what stands in tests/transcripts/neogate."""

import ast
from pathlib import Path

_FOLDER = Path(__file__).parent.parent / "transcripts" / "neogate"
_END_OF_EVENT = b"--END SMS EVENT--\r\n\r\n"

NAMES = sorted(path.stem for path in _FOLDER.glob("*.txt"))


def said(name: str) -> bytes:
    """Give all that the box wrote."""
    lines = (_FOLDER / f"{name}.txt").read_text().splitlines()
    return b"".join(ast.literal_eval(f"b{line[3:]}") for line in lines if line.startswith("<<"))


def events_of(name: str) -> list[bytes]:
    """Give the events that the box wrote, each by itself."""
    pieces = said(name).split(_END_OF_EVENT)[:-1]
    return [piece[piece.index(b"Event: ") :] + _END_OF_EVENT for piece in pieces]
