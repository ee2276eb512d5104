"""What a figure is: rounds that were measured side by side, the goals they are held to, and the verdict."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from statistics import median

OURS = "ours"
"""The name under which every figure has what this project's code took."""

type Round = Mapping[str, float]
"""What each contender took in one round, by its name."""


class Sense(Enum):
    """Which way round a goal is meant."""

    AT_MOST = "≤"
    AT_LEAST = "≥"
    UNDER = "<"


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What a figure is to reach.

    With ``against`` the value is how often the contender's figure goes into ours (AT_MOST), or ours into the
    contender's (AT_LEAST), or with ``above`` how much ours is above it; without, it is our figure itself, in
    ``unit``.
    """

    sense: Sense
    value: float
    against: str | None = None
    above: bool = False
    unit: str = "×"

    def reached(self, rounds: tuple[Round, ...]) -> float:
        """Give the median over all rounds of what the goal is about. A ratio is taken within its round."""
        return median(self._of(one) for one in rounds)

    def met(self, rounds: tuple[Round, ...]) -> bool:
        """Whether the median reaches the goal."""
        reached = self.reached(rounds)
        match self.sense:
            case Sense.AT_MOST:
                return reached <= self.value
            case Sense.UNDER:
                return reached < self.value
            case Sense.AT_LEAST:
                return reached >= self.value

    def _of(self, one: Round) -> float:
        if self.against is None:
            return one[OURS]
        if self.above:
            return one[OURS] - one[self.against]
        if self.sense is Sense.AT_LEAST:
            return one[self.against] / one[OURS]
        return one[OURS] / one[self.against]

    @property
    def words(self) -> str:
        """Say it as the table has it."""
        against = f"{' above' if self.above else ''} {self.against}" if self.against else ""
        return f"{self.sense.value} {self.value:g} {self.unit}{against}"

    def limit(self, medians: Round) -> float:
        """Give what our figure has to be to reach the goal, where the others' is what it was."""
        if self.against is None:
            return self.value
        other = medians[self.against]
        if self.above:
            return other + self.value
        return other / self.value if self.sense is Sense.AT_LEAST else other * self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure as it was measured. ``unit`` is of what the contenders took in the rounds."""

    name: str
    unit: str
    goals: tuple[Goal, ...]
    rounds: tuple[Round, ...]
    note: str = ""

    @property
    def medians(self) -> dict[str, float]:
        """What each contender took, in the middle of all rounds."""
        return {name: median(one[name] for one in self.rounds) for name in self.rounds[0]}

    @property
    def met(self) -> bool:
        """Whether every goal is reached."""
        return all(goal.met(self.rounds) for goal in self.goals)


type Measure = Callable[[int, Callable[[str], None]], Awaitable[list[Figure]]]
"""Measures figures in so many rounds, and says how far it is."""
