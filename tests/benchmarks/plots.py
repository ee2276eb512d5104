"""A picture of each figure: ours beside its floor and its peers, and where the goals are."""

from pathlib import Path
import re

import matplotlib as mpl

from .figure import OURS, Figure

mpl.use("svg")
from matplotlib import pyplot as plt  # the backend is chosen first

_COLOURS = {OURS: "#03a9f4"}
_OTHERS, _GOAL = "#b0bec5", "#e53935"


def plot(figure: Figure, folder: Path) -> Path:
    """Draw a figure into a file of the folder, and give that."""
    mpl.rcParams["svg.hashsalt"] = figure.name  # so that the same figures make the same file
    medians = figure.medians
    fig, axes = plt.subplots(figsize=(7, 0.9 + 0.45 * len(medians)))
    names = list(reversed(medians))
    bars = axes.barh(
        names, [medians[name] for name in names], color=[_COLOURS.get(name, _OTHERS) for name in names]
    )
    axes.bar_label(bars, fmt="{:,.4g}", padding=3, fontsize=8)
    for number, goal in enumerate(figure.goals):
        limit = goal.limit(medians)
        axes.axvline(limit, color=_GOAL, linestyle="--", linewidth=1)
        above = (limit, len(names) - 0.45 + 0.3 * number)  # one over the other, where they are close
        axes.annotate(goal.words, above, color=_GOAL, fontsize=8, ha="center", annotation_clip=False)
    limits = [goal.limit(medians) for goal in figure.goals]
    axes.set_xlim(0, 1.12 * max(*medians.values(), *limits) or 1)  # a goal may be that there are none
    axes.set_xlabel(figure.unit)
    axes.set_title(figure.name, loc="left", pad=8 + 14 * len(figure.goals))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path = folder / (re.sub(r"[^a-z0-9]+", "-", figure.name.lower()).strip("-") + ".svg")
    fig.savefig(path, bbox_inches="tight", metadata={"Date": None})
    plt.close(fig)
    return path
