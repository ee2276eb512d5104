"""The table, bench.json, and the page of the docs with its pictures."""

from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
import json
import platform

from tests.circumstances import machine, taken, today

from .contender import ROOT
from .figure import OURS, Figure, Goal
from .plots import plot

KEPT = ROOT / "bench.json"
PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "images" / "performance"
BEGIN, END = "<!-- table -->\n", "<!-- end of the table -->\n"

_HEADS = ("Figure", "Ours", "Others", "Goal", "Reached", "Verdict")
_VERDICTS = {True: "met", False: "**missed**"}


def table(figures: Sequence[Figure]) -> str:
    """Give the table as Markdown, one that can be read as it is, too."""
    rows = [_HEADS, *(_cells(figure, goal) for figure in figures for goal in figure.goals)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = [" | ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
    rule = "|".join("-" * (width + 2) for width in widths)
    return "\n".join([f"| {lines[0]} |", f"|{rule}|", *(f"| {line} |" for line in lines[1:]), ""])


def _cells(figure: Figure, goal: Goal) -> tuple[str, ...]:
    medians = figure.medians
    others = "; ".join(f"{name} {_number(took)}" for name, took in medians.items() if name != OURS)
    return (
        figure.name,
        f"{_number(medians[OURS])} {figure.unit}",
        others or "–",
        goal.words,
        f"{_number(goal.reached(figure.rounds))} {goal.unit}",
        _VERDICTS[goal.met(figure.rounds)],
    )


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"


def summary(figures: Sequence[Figure]) -> str:
    """Say in a few words what came out."""
    verdicts = (
        f"{figure.name} {_number(goal.reached(figure.rounds))} {goal.unit} ({goal.words})"
        for figure in figures
        for goal in figure.goals
    )
    return "; ".join(verdicts)


def _circumstances() -> dict[str, str]:
    """Say where and with what it was measured."""
    return {
        "date": today(),
        "machine": machine(),
        "python": platform.python_version(),
        "homeassistant": version("homeassistant"),
    }


def write(figures: Sequence[Figure], *, pages: bool) -> None:
    """Keep the figures in bench.json; with ``pages`` in the docs, too."""
    circumstances = _circumstances()
    kept = {
        **circumstances,
        "figures": [
            {
                "name": figure.name,
                "unit": figure.unit,
                "medians": figure.medians,
                "rounds": [dict(one) for one in figure.rounds],
                "goals": [
                    {
                        **{key: value for key, value in asdict(goal).items() if key != "sense"},
                        "sense": goal.sense.value,
                        "reached": goal.reached(figure.rounds),
                        "met": goal.met(figure.rounds),
                    }
                    for goal in figure.goals
                ],
                "note": figure.note,
            }
            for figure in figures
        ],
    }
    KEPT.write_text(json.dumps(kept, indent=2) + "\n")
    if not pages:
        return
    PICTURES.mkdir(parents=True, exist_ok=True)
    pictures = [f"![{figure.name}](images/performance/{plot(figure, PICTURES).name})" for figure in figures]
    notes = [f"- **{figure.name}:** {figure.note}" for figure in figures if figure.note]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    parts = [taken("script/bench"), table(figures).rstrip(), "\n".join(notes), "\n\n".join(pictures)]
    PAGE.write_text(f"{before}{BEGIN}\n" + "\n\n".join(part for part in parts if part) + f"\n\n{END}{after}")
