"""The rows of the table, how a test reports its own, and the page that the table stands in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
import json
import os
from pathlib import Path

from .meter import Cost

REPORTS = "GSM_GATEWAY_ATTACKS_REPORTS"
"""The environment variable that names the file to report to; without it they are asserted only."""

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- table of attacks -->\n", "<!-- end of the table of attacks -->\n"

ROWS = {
    "forged-keepalives": "keepalives and pushes with a right id and a wrong password",
    "forged-replies": "replies under guessed numbers, and under the right one from elsewhere",
    "replayed": "recorded traffic said again, seconds and hours later, in any order",
    "flood-password": "flood: known id, wrong password",
    "flood-unknown": "flood: ids that nobody knows, each another",
    "flood-oversized": "flood: packets longer than any honest one",
    "flood-garbage": "flood: random bytes",
    "injection-goip": "commands smuggled in by what a user types, GoIP",
    "injection-neogate": "commands smuggled in by what a user types, NeoGate",
    "texts-goip": "texts made to harm whoever shows them, GoIP",
    "texts-neogate": "texts made to harm whoever shows them, NeoGate",
    "rogue-flow": "a server that is no NeoGate, typed into the dialog",
    "rogue-box": "a NeoGate's place taken by such a server",
    "storm": "all boxes lost and back at once",
    "route": "host unknown, unreachable or refusing for an hour",
    "half-open": "the other side vanishes without a word",
}

_HEADS = ("Attack", "Times", "Got through", "Longest turn", "Memory", "Log lines", "Seen")


@dataclass(frozen=True, slots=True)
class Figures:
    """A row: how often it was tried, how often it got through, what it cost, and what else was seen."""

    row: str
    times: int
    through: int
    lag: float
    memory: int
    logged: int
    seen: str = ""


def report(row: str, times: int, through: int, cost: Cost, *, seen: str = "") -> None:
    """Report a row's figures, where somebody wants them."""
    assert row in ROWS
    if path := os.environ.get(REPORTS):
        figures = Figures(row, times, through, cost.lag, cost.memory, cost.logged, seen)
        with Path(path).open("a") as file:
            file.write(json.dumps(asdict(figures)) + "\n")


def reported(path: Path) -> dict[str, Figures]:
    """Give what was reported, by row."""
    lines = path.read_text().splitlines() if path.exists() else []
    return {figures.row: figures for figures in (Figures(**json.loads(line)) for line in lines)}


def table(figures: Mapping[str, Figures]) -> str:
    """Give the table as Markdown, one that can be read as it is, too."""
    rows = [_HEADS, *(_cells(figures[row]) for row in ROWS if row in figures)]
    widths = [max(len(row[nr]) for row in rows) for nr in range(len(_HEADS))]
    rule = "|".join(
        ["", *("-" * (width + 1) + (":" if 0 < nr < 6 else "-") for nr, width in enumerate(widths)), ""]
    )
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], rule, *lines[1:], ""])


def _cells(row: Figures) -> tuple[str, ...]:
    return (
        ROWS[row.row],
        f"{row.times:,}",
        f"{row.through:,}",
        f"{1000 * row.lag:.0f} ms",
        f"{row.memory / 1e6:.1f} MB",
        f"{row.logged:,}",
        row.seen,
    )


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    cells = (
        f"{cell:>{width}}" if 0 < nr < 6 else f"{cell:<{width}}"
        for nr, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "| " + " | ".join(cells) + " |"


def write(figures: Mapping[str, Figures], taken: str) -> None:
    """Put the table into the page, with the sentence that says when and where it was made."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{BEGIN}\n{taken}\n\n{table(figures)}\n{END}{after}")
