"""Scripts of dialogs: what comes, what is asked and how time passes, as bytes that a fuzzer can change.

Steps stand one after the other with an 0xFE between, which no UTF-8 has. The first byte of a step says
what it is; what means nothing is passed over, so that every input is a script.
"""

from collections.abc import Callable
from random import Random

from .damage import damaged

BETWEEN = b"\xfe"

MOST_STEPS = 14

type Step = Callable[[Random], bytes]


def steps_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Give the steps of a script: what each is, and what goes with it."""
    return [(step[:1], step[1:]) for step in data.split(BETWEEN)[:MOST_STEPS] if step]


def write(random: Random, step: Step) -> bytes:
    """Write a script."""
    return BETWEEN.join(step(random) for _ in range(random.randrange(1, MOST_STEPS)))


def mutated(random: Random, data: bytes, step: Step) -> bytes:
    """Change a script: put steps in, take some out, put them elsewhere, damage one."""
    steps = data.split(BETWEEN)[:MOST_STEPS]
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(steps) + 1)
        match random.randrange(6):
            case 0 if len(steps) > 1:
                del steps[place - 1]
            case 1 if steps:
                steps.insert(place, random.choice(steps))
            case 2 if steps:
                steps[place - 1] = damaged(random, steps[place - 1])
            case 3 if len(steps) > 1:
                steps.insert(random.randrange(len(steps)), steps.pop(place - 1))
            case _:
                steps.insert(place, step(random))
    return BETWEEN.join(steps)


def seconds(argument: bytes) -> float:
    """Read how long to wait: 0 to 9999 s."""
    digits = argument[:4]
    return float(digits) if digits.isdigit() else 1.0


def wait(random: Random) -> bytes:
    """Write a step in which time passes."""
    return b"~%d" % random.choice((0, 1, 3, 5, 10, 15, 30, 60, 95, 120, 300, 1000))


def ask(random: Random) -> bytes:
    """Write a step in which something is asked for, one of those that the stage has."""
    return b"?%c" % (65 + random.randrange(24))
