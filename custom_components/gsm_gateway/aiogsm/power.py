"""Restarts modules, and switches them off and on: only while nothing is being sent, and never half."""

import asyncio
from collections.abc import Callable, Collection, Coroutine
import logging
from typing import Any

from .errors import GatewayError, LinkLost, OutcomeUnknown, StillStarting
from .family import Family, Feature
from .journal import PutPower
from .mail import Mail
from .requests import Done, Reboot, Request, SetAllEnabled, SetEnabled, SwitchOn

_LOGGER = logging.getLogger(__name__)

type Submit = Callable[[Request[Done]], Coroutine[Any, Any, Done]]
"""Asks something of the gateway. Raises GatewayError, LinkLost where it is closed."""


class Power:
    """The modules of one gateway. Methods raise GatewayError."""

    def __init__(self, family: Family, mail: Mail, submit: Submit) -> None:
        """Begin with nothing to do. ``mail`` says what is being sent, and keeps what is left in the dark."""
        self._family = family
        self._mail = mail
        self._submit = submit
        self._jobs: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Wait until nothing is being switched any more; whatever was is settled by now."""
        await asyncio.gather(*self._jobs, return_exceptions=True)

    def switch_on(self, ports: Collection[str]) -> None:
        """Begin to switch ports on that an earlier run left in the dark."""
        for port in ports:
            self._start_job(self._switch_on(port))

    async def reboot(self, port: str | None, ports: Collection[str]) -> None:
        """Restart a port, or with None the whole box, which has these ``ports``.

        Being cancelled does not break it off.
        """
        await asyncio.shield(self._start_job(self._reboot(port, ports if port is None else [port])))

    async def set_enabled(self, request: SetEnabled) -> None:
        """Switch one port's module on, or off once what it sends is settled."""
        async with self._mail.sender.at_rest([] if request.enabled else [request.port]):
            await self._submit(request)

    async def set_all_enabled(self, request: SetAllEnabled) -> None:
        """Switch modules with one command of the box, as ``set_enabled`` does."""
        async with self._mail.sender.at_rest(request.disabled):
            await self._submit(request)

    async def _reboot(self, port: str | None, ports: Collection[str]) -> None:
        async with self._mail.sender.at_rest(ports):
            if port is None or Feature.POWER_CYCLES not in self._family.features:
                await self._submit(Reboot(port=port))
                return
            # After any other end it may be off: the next run switches it on, which does no harm.
            await self._mail.journal.write(PutPower(port, on=False))
            await self._power_on(Reboot(port=port), port)

    async def _switch_on(self, port: str) -> None:
        try:
            await self._power_on(SwitchOn(port=port), port)
        except LinkLost, OutcomeUnknown:
            return  # the gateway was closed; the next run does it
        except GatewayError as err:
            _LOGGER.warning("Port %s was left switched off and is not up again: %s", port, err)

    async def _power_on(self, request: Request[Done], port: str) -> None:
        """Have a port's module switched on in the end, and note that it was."""
        try:
            await self._submit(request)
        except StillStarting:
            self._mail.journal.write(PutPower(port, on=True))
            raise
        self._mail.journal.write(PutPower(port, on=True))

    def _start_job(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run what must not be broken off by whoever waits for it."""
        job = asyncio.get_running_loop().create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        return job
