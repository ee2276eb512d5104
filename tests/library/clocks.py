"""Time that stands still until it is moved: the loop's, by which all waits go, and the wall's."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

WALL = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


class StoppedClock:
    """Stands in for the loop's clock, and for the one on the wall, which may also be set."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.zone = UTC
        self._wall = WALL

    def __call__(self) -> float:
        return self.now

    def wall(self) -> datetime:
        """Give the local time."""
        return self._wall.astimezone(self.zone)

    @property
    def day(self) -> date:
        return self.wall().date()

    @staticmethod
    def soon(act: Callable[[], None]) -> None:
        """Do something in the loop's next turn: what answers a call must not come within it."""
        asyncio.get_running_loop().call_soon(act)

    async def move(self, seconds: float) -> None:
        """Let time pass, and let everything happen that is due by then."""
        self.now += seconds
        self._wall += timedelta(seconds=seconds)
        await turns_of_the_loop()

    def set_wall(self, wall: datetime) -> None:
        """Set the clock on the wall, as somebody does who finds it wrong."""
        self._wall = wall


async def turns_of_the_loop(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def start[T](coroutine: asyncio.coroutines.Coroutine[None, None, T]) -> asyncio.Task[T]:
    """Begin something, as far as it gets before it waits."""
    return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)


async def settled[T](task: asyncio.Task[T]) -> T:
    """Give the result of what must be over by now."""
    await turns_of_the_loop()
    over = task.done()
    task.cancel()
    assert over, "it is still waiting"
    return await task
