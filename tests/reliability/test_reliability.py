"""The short form of the fault injection: each fault a few times. `script/reliability` is the long one."""

import pytest

from .rows import ROWS, do


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", ROWS)
async def test_nothing_is_lost_doubled_or_replayed(name: str) -> None:
    [job] = ROWS[name].jobs(long=False)
    figures = await do(job, print)
    assert figures.wrong == []
    assert figures.good
    assert figures.times
    assert figures.went
    assert figures.came
