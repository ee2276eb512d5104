"""Keeps the drivers in use, so that gateways which register at one UDP port share its socket."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from .driver import Driver
from .family import Endpoint, Family, Feature
from .listeners import Listeners
from .models import DialogEvent, LineHeard


class Stranger(NamedTuple):
    """A line that no gateway owns, and where it was heard."""

    family: Family
    endpoint: Endpoint
    heard: LineHeard


class _Shared:
    """A driver that listens, and how many use it."""

    def __init__(self, driver: Driver[Any]) -> None:
        self.driver = driver
        self.users = 0


class Hub:
    """Lends drivers. One that listens is shared by all who name its port, one that dials by nobody."""

    def __init__(self) -> None:
        """Begin with none."""
        self._shared: dict[tuple[str, Endpoint], _Shared] = {}
        self._lock = asyncio.Lock()
        self._listeners: Listeners[Stranger] = Listeners()

    @property
    def listening(self) -> list[Endpoint]:
        """Where it is listened for gateways that register by themselves."""
        return [endpoint for _, endpoint in self._shared]

    def subscribe(self, listener: Callable[[Stranger], None]) -> Callable[[], None]:
        """Call ``listener`` with every line that no gateway owns, until the returned function is called."""
        return self._listeners.add(listener)

    async def acquire(self, family: Family, endpoint: Endpoint) -> Driver[Any]:
        """Lend a started driver. Raise CannotConnect where its link cannot be made ready."""
        if Feature.PORTS_BY_THEMSELVES not in family.features:
            return await _started(family, endpoint)
        async with self._lock:
            shared = self._shared.get((family.key, endpoint))
            if shared is None:
                shared = _Shared(await _started(family, endpoint))
                shared.driver.subscribe(partial(self._on_event, family, endpoint))
                self._shared[family.key, endpoint] = shared
            shared.users += 1
            return shared.driver

    async def release(self, driver: Driver[Any]) -> None:
        """Take a driver back; the last to give it back has it closed."""
        async with self._lock:
            for key, shared in self._shared.items():
                if shared.driver is driver:
                    shared.users -= 1
                    if not shared.users:
                        del self._shared[key]
                        await driver.close()  # under the lock, so that its port is free for the next
                    return
        await driver.close()

    def _on_event(self, family: Family, endpoint: Endpoint, event: DialogEvent) -> None:
        if isinstance(event, LineHeard):
            self._listeners.tell(Stranger(family, endpoint, event))


async def _started(family: Family, endpoint: Endpoint) -> Driver[Any]:
    dialect = family.dialect()
    driver = Driver(dialect.make_dialog(), dialect.make_link(endpoint))
    await driver.start()
    return driver
