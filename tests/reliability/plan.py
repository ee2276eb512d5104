"""What is sent and received in a run, and how the box is reached. Standard library only."""

from dataclasses import asdict, dataclass
import json
from pathlib import Path
from random import Random
from typing import Self

WITNESS = "witness.jsonl"
STORE = "gsm_gateway.box.db"
PLAN = "plan.json"

_LONG = " and what else there is to say of it" * 9  # 315 characters: three parts for the network
_PEOPLE = 7


@dataclass(frozen=True, slots=True)
class Text:
    """A text to or from somebody. No two bodies are the same, so that each can be recognised."""

    number: str
    body: str


def texts(way: str, count: int, random: Random, *, long: int = 2) -> list[Text]:
    """Give texts, `long` of them with several parts, some with other letters than ASCII."""
    run = random.randrange(1_000_000)
    made = []
    for nr in range(count):
        body = f"{way} {nr} of {run}"
        if nr % 5 == 3:
            body = f"Grüße {body}"
        elif nr < long:
            body += _LONG
        made.append(Text(f"+1555{random.randrange(_PEOPLE):07}", body))
    random.shuffle(made)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One box and what is to be sent by it. Times are in seconds.

    ``gap`` passes between two texts that are asked for. ``pace`` takes the place of the family's, where that
    would take too long.
    """

    family: str
    host: str | None = None
    port: int
    username: str = ""
    password: str
    lines: tuple[str, ...] = ()
    sends: tuple[Text, ...] = ()
    gap: float = 0.0
    pace: float | None = None

    def save(self, folder: Path) -> None:
        """Write it where a process looks for it, perhaps just now."""
        fresh = folder / f"{PLAN}.new"
        fresh.write_text(json.dumps(asdict(self)))
        fresh.rename(folder / PLAN)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it."""
        kept = json.loads((folder / PLAN).read_text())
        kept["sends"] = tuple(Text(**one) for one in kept["sends"])
        kept["lines"] = tuple(kept["lines"])
        return cls(**kept)
