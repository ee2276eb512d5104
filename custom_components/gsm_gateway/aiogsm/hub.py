"""Keeps the drivers in use, so that gateways which register at one UDP port share its socket."""

import asyncio
from dataclasses import dataclass
from typing import Any

from .driver import Driver
from .family import Endpoint, Family, Feature


@dataclass(slots=True)
class _Shared:
    driver: Driver[Any]
    users: int = 0


class Hub:
    """Lends drivers. One that listens is shared by all who name its port, one that dials by nobody."""

    def __init__(self) -> None:
        """Begin with none."""
        self._shared: dict[tuple[str, Endpoint], _Shared] = {}
        self._lock = asyncio.Lock()

    async def acquire(self, family: Family, endpoint: Endpoint) -> Driver[Any]:
        """Lend a started driver. Raise CannotConnect where its link cannot be made ready."""
        if Feature.PORTS_BY_THEMSELVES not in family.features:
            return await _started(family, endpoint)
        async with self._lock:
            shared = self._shared.get((family.key, endpoint))
            if shared is None:
                shared = _Shared(await _started(family, endpoint))
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


async def _started(family: Family, endpoint: Endpoint) -> Driver[Any]:
    driver = Driver(family.make_dialog(), family.make_link(endpoint))
    await driver.start()
    return driver
