"""Fuzzing in short: inputs written and changed at random, the same in every run, and all that were kept.

The long run, guided by coverage, is ``script/fuzz``.
"""

from random import Random

from hypothesis import HealthCheck, Phase, given, settings, strategies as st
import pytest

from . import corpus
from .targets import TARGETS, Target

QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    report_multiple_bugs=False,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,  # none of them is used
    ],
)
EXAMPLES = {"goip-codec": 3000, "neogate-codec": 1500, "goip-dialog": 800, "neogate-dialog": 800}
MOST_CHANGES = 3

each = pytest.mark.parametrize("name", TARGETS)


@st.composite
def inputs(draw: st.DrawFn, target: Target, kept: list[bytes]) -> bytes:
    """Give an input that is written anew, or a kept one that is changed."""
    random = draw(st.randoms(use_true_random=False))
    if not kept or draw(st.booleans()):
        return target.make(random)
    data = random.choice(kept)
    for _ in range(draw(st.integers(1, MOST_CHANGES))):
        data = target.mutate(random, data)
    return data[: target.longest]


@each
def test_nothing_that_comes_does_harm(name: str) -> None:
    target = TARGETS[name]

    @settings(QUICK, max_examples=EXAMPLES[name])
    @given(data=inputs(target, corpus.read(name)))
    def _run(data: bytes) -> None:
        target.run(data)

    _run()


@each
def test_what_was_kept_does_no_harm(name: str) -> None:
    kept = corpus.read(name)
    assert kept
    for data in kept:
        TARGETS[name].run(data)


@each
def test_what_is_kept_is_short_and_can_be_read_again(name: str) -> None:
    kept = corpus.read(name)
    assert len(kept) <= corpus.MOST_KEPT
    assert max(map(len, kept)) <= corpus.LONGEST_KEPT
    assert [corpus.unescaped(corpus.escaped(data)) for data in kept] == kept


@each
def test_inputs_hang_on_chance_alone(name: str) -> None:
    target = TARGETS[name]
    assert target.make(Random(7)) == target.make(Random(7))
    assert target.mutate(Random(7), b"a;b") == target.mutate(Random(7), b"a;b")
