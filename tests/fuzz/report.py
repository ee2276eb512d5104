"""The table of a long run, and the page that it stands in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from tests.circumstances import taken

from .targets import TARGETS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- fuzzing -->\n", "<!-- end of fuzzing -->\n"

_HEADS = ("Target", "Inputs", "Per second", "Edges", "Features", "Corpus", "Memory", "Findings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What came of one target. ``edges`` and ``features`` are libFuzzer's count of what was reached.

    ``seconds`` are of the process's CPU, ``megabytes`` the most that it held.
    """

    name: str
    inputs: int
    seconds: float
    edges: int
    features: int
    corpus: int
    megabytes: int
    findings: Sequence[str] = field(default=())


def engine() -> str:
    """Name what drove the run."""
    return f"atheris {version('atheris')} (libFuzzer)"


def table(rows: Sequence[Row]) -> str:
    """Give the table as Markdown, one that can be read as it is, too."""
    lines = [_HEADS, *(_cells(row) for row in rows)]
    inputs, seconds = sum(row.inputs for row in rows), sum(row.seconds for row in rows)
    found = sum(len(row.findings) for row in rows)
    lines.append(("**All**", f"{inputs:,}", _speed(inputs, seconds), "", "", "", "", str(found)))
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADS))]
    written = [
        f"| {line[0]:<{widths[0]}} | "
        + " | ".join(f"{cell:>{width}}" for cell, width in zip(line[1:], widths[1:], strict=True))
        + " |"
        for line in lines
    ]
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([written[0], rule, *written[1:], ""])


def _speed(inputs: int, seconds: float) -> str:
    return f"{inputs / seconds:,.0f}" if seconds else ""


def _cells(row: Row) -> tuple[str, ...]:
    return (
        TARGETS[row.name].words,
        f"{row.inputs:,}",
        _speed(row.inputs, row.seconds),
        f"{row.edges:,}",
        f"{row.features:,}",
        f"{row.corpus:,}",
        f"{row.megabytes} MB",
        str(len(row.findings)),
    )


def write(rows: Sequence[Row]) -> None:
    """Put the table into the page, with where and with what it was made."""
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    assert begin, f"{PAGE} has no place for the table"
    after = rest.partition(END)[2]
    when = taken("script/fuzz", {"atheris": "atheris"})
    PAGE.write_text(f"{before}{BEGIN}\n{when}\n\n{table(rows)}\n{END}{after}")
