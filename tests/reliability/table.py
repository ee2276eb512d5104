"""The table, and the page that it stands in."""

from collections.abc import Mapping
from pathlib import Path

from tests.circumstances import taken

from .judge import Figures
from .rows import ROWS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of the table -->\n"

_HEADS = (
    "Fault",
    "Times",
    "In",
    "Out",
    "Lost",
    "Doubled",
    "Replayed",
    "Unknown",
    "Not seen by us",
)


def table(figures: Mapping[str, Figures]) -> str:
    """Give the table as Markdown, one that can be read as it is, too."""
    rows = [_HEADS, *(_cells(ROWS[name].words, figures[name]) for name in ROWS if name in figures)]
    rows.append(_cells("**All**", sum(figures.values(), Figures())))
    widths = [max(len(row[nr]) for row in rows) for nr in range(len(_HEADS))]
    lines = [_line(row, widths) for row in rows]
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([lines[0], rule, *lines[1:], ""])


def _cells(words: str, row: Figures) -> tuple[str, ...]:
    counts = (row.times, row.came, row.went, row.lost, row.doubled, row.replayed, row.unknown, row.missed)
    return (words, *(f"{count:,}" for count in counts))


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    first, *rest = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
    return "| " + " | ".join([f"{row[0]:<{widths[0]}}", *rest]) + " |" if first else ""


def write(figures: Mapping[str, Figures]) -> None:
    """Put the table into the page, with where and with what it was made."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{taken('script/reliability')}\n\n{table(figures)}\n{END}{after}")
