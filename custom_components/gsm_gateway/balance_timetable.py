"""When the balances of one box are asked for: in their turn, again after a failure, and what was missed."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
import logging
from random import random

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from .aiogsm import GatewayError
from .balance_check import BalanceCheck

_LOGGER = logging.getLogger(__name__)

SPREAD = timedelta(minutes=15)
"""The checks of one time of the day are made within this time after it."""

MADE_UP_AFTER = timedelta(seconds=30)
"""How long after the start the checks that were missed are made at the earliest: the ports report first."""

MADE_UP_WITHIN = timedelta(minutes=5)
"""How long after that the last of them is made."""

RETRY_AFTER = timedelta(hours=1)
"""How long after a failure a check is made again, once."""


class Timetable:
    """The times of the checks of one box. Asks through ``ask``, which raises GatewayError."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, ask: Callable[[str], Awaitable[object]]
    ) -> None:
        """Begin with no check."""
        self._hass = hass
        self._entry = entry
        self._ask = ask
        self._checks: dict[str, BalanceCheck] = {}
        self._timers: dict[str, CALLBACK_TYPE] = {}
        self._failing: set[str] = set()

    @callback
    def make_up(self, check: BalanceCheck, last: datetime | None) -> None:
        """Plan a check after the start, or the next one if it was not missed."""
        self._plan(check, last, MADE_UP_AFTER, MADE_UP_WITHIN)

    @callback
    def plan(self, check: BalanceCheck, last: datetime | None) -> None:
        """Plan a check that was just set up or answered; one that is overdue is made at once."""
        self._plan(check, last, timedelta(), timedelta())

    @callback
    def answered(self, check: BalanceCheck, at: datetime) -> None:
        """Take note of an answer, whoever asked."""
        self._failing.discard(check.port)
        self.plan(check, at)

    @callback
    def drop(self, port: str) -> None:
        """Forget a check."""
        self._checks.pop(port, None)
        self._failing.discard(port)
        self._cancel(port)

    @callback
    def close(self) -> None:
        """Cancel all that is planned."""
        for port in list(self._checks):
            self.drop(port)

    def _plan(self, check: BalanceCheck, last: datetime | None, after: timedelta, within: timedelta) -> None:
        self._cancel(check.port)
        self._checks[check.port] = check
        now = dt_util.now()
        if (due := check.due(last, now)) is None:
            return
        wait = SPREAD * random() if due > now else after + within * random()
        self._arm(check, due + wait, again=False)

    def _arm(self, check: BalanceCheck, when: datetime, *, again: bool) -> None:
        self._cancel(check.port)
        job = HassJob(partial(self._on_due, check, again), cancel_on_shutdown=True)
        self._timers[check.port] = async_track_point_in_utc_time(self._hass, job, when)

    def _cancel(self, port: str) -> None:
        if cancel := self._timers.pop(port, None):
            cancel()

    @callback
    def _on_due(self, check: BalanceCheck, again: bool, _now: datetime) -> None:
        del self._timers[check.port]
        self._entry.async_create_background_task(
            self._hass, self._make(check, again=again), "gsm_gateway balance check"
        )

    async def _make(self, check: BalanceCheck, *, again: bool) -> None:
        try:
            await self._ask(check.port)
        except GatewayError as err:
            if self._checks.get(check.port) is check:
                self._on_failure(check, err, again=again)

    def _on_failure(self, check: BalanceCheck, err: GatewayError, *, again: bool) -> None:
        # A line's id may be its phone number, and what the network says is nobody's business.
        if check.port not in self._failing:
            self._failing.add(check.port)
            _LOGGER.warning(
                "The balance of a port of %s was not told (%s); it is asked for again later",
                self._entry.title,
                type(err).__name__,
            )
        now = dt_util.now()
        if again:
            self.plan(check, now)
        else:
            self._arm(check, now + RETRY_AFTER + SPREAD * random(), again=True)
