"""A month of a NeoGate's life, over real TCP and with a real store, in simulated time.

What happens is in `soak_lives`, what must hold every midnight in `soak_checks`. It is the same each time for
a seed. The list of spans is read every 5 minutes here, the longest that the options allow, so that a month
takes half a minute; days, seed, and seconds between two readings may be others (a year takes 6 minutes):

    GSM_SOAK_DAYS=365 GSM_SOAK_SEED=7 GSM_SOAK_POLL=30 script/test tests/test_soak.py --log-cli-level=INFO
"""

import asyncio
from collections.abc import AsyncIterator
import logging
import os
from pathlib import Path

import pytest

from custom_components.gsm_gateway.aiogsm import aftermath, parts
from tests.simulators import fast_time

from . import soak_census
from .soak_bench import DAY, EVENING, Bench
from .soak_checks import check_day, check_store
from .soak_lives import live

_LOGGER = logging.getLogger(__name__)

SETTLED_IN = 3
"""The day from which on nothing may grow."""

DAYS = max(int(os.environ.get("GSM_SOAK_DAYS", "30")), SETTLED_IN + 1)
SEED = int(os.environ.get("GSM_SOAK_SEED", "1"))
POLL_INTERVAL = float(os.environ.get("GSM_SOAK_POLL", "300"))

EXPECTED = (
    *("cuts", "half-open links", "hangs", "one-way links", "reboots", "refusals", "slow networks"),
    *("texts sent", "texts failed", "texts unknown", "unknown, then sent", "bursts"),
    *("texts received", "texts received without a part"),
    *("codes", "restarts", "SIMs out", "results of others"),
)
"""What a month without would not be one; those who ask for fewer days leave it out."""


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Need no Home Assistant here."""


@pytest.fixture
async def bench(
    tmp_path: Path,
    socket_enabled: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> AsyncIterator[Bench]:
    """Run a box and its gateway. What remembers a fixed number of things is full after the first days."""
    monkeypatch.setattr(aftermath, "MOST_KNOWN", 40)
    monkeypatch.setattr(parts, "MAX_REMEMBERED", 40)
    caplog.set_level(logging.INFO, "custom_components")  # a month on the wire is much to write down
    loop = asyncio.get_running_loop()
    loop.set_debug(False)  # to note where each timer was made would take longer than all else
    clock = fast_time.let_it_fly(loop, grace=0.0)
    bench = Bench(clock, tmp_path, seed=SEED, poll_interval=POLL_INTERVAL)
    yield bench
    await bench.close()
    clock.land()


async def test_a_month(bench: Bench) -> None:
    before = soak_census.handles()
    await bench.open()
    began = bench.clock.time()
    strangers = [bench, bench.box, bench.clock]
    for day in range(1, DAYS + 1):
        bench.evening = began + (day - 1) * DAY + EVENING
        await live(bench, day)
        await asyncio.sleep(began + day * DAY - bench.clock.time())
        check_day(bench)
        if day == SETTLED_IN:
            settled_in = await soak_census.take(bench.gateway, strangers)
    assert soak_census.growth(settled_in, await soak_census.take(bench.gateway, strangers)) == {}
    _LOGGER.info("%d days with the seed %d: %s", DAYS, SEED, dict(sorted(bench.tally.items())))
    if DAYS >= 30:
        await check_store(bench)
        assert [what for what in EXPECTED if not bench.tally[what]] == []
    await bench.close()
    assert soak_census.handles() == before
