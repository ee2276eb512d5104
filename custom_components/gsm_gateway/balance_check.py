"""What the owner of a SIM has set about its balance: how it is asked for and read, and how often."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_CODE, CONF_PORT
from homeassistant.core import HomeAssistant, callback
import voluptuous as vol

from .aiogsm import InvalidInput, check_ussd_code
from .aiogsm.reprs import hiding
from .balance_reader import AMOUNT, Manner
from .const import CONF_PATTERN, CONF_SCHEDULE, CONF_TIME, CONF_UNIT, SUBENTRY_BALANCE_CHECK
from .patterns import named_groups, pattern

MOST_CODES = 6
"""How many codes a check can have: the first, and the answers to the menus."""


class Schedule(StrEnum):
    """How often a balance is asked for."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    MANUAL = "manual"


_DAYS = {Schedule.DAILY: 1, Schedule.WEEKLY: 7, Schedule.MONTHLY: 30}

LEEWAY = timedelta(hours=18)
"""How much earlier than a whole interval after the last time a check may be made, to be in time again."""


@hiding("codes")
class BalanceCheck(NamedTuple):
    """The balance check of one port."""

    port: str
    codes: tuple[str, ...]
    pattern: str | None
    unit: str | None
    schedule: Schedule
    at: time

    @classmethod
    def of(cls, subentry: ConfigSubentry) -> BalanceCheck:
        """Read a check from its subentry."""
        data = subentry.data
        return cls(
            port=data[CONF_PORT],
            codes=tuple(data[CONF_CODE]),
            pattern=data.get(CONF_PATTERN),
            unit=data.get(CONF_UNIT),
            schedule=Schedule(data[CONF_SCHEDULE]),
            at=time.fromisoformat(data[CONF_TIME]),
        )

    def due(self, last: datetime | None, now: datetime) -> datetime | None:
        """Give when to ask, having done so ``last``: now where that is overdue, never where it is by hand.

        Days are those of the time zone of ``now``.
        """
        if self.schedule is Schedule.MANUAL:
            return None
        if last is None:
            return now
        earliest = last.astimezone(now.tzinfo) + timedelta(days=_DAYS[self.schedule]) - LEEWAY
        due = datetime.combine(earliest.date(), self.at, now.tzinfo)
        if due < earliest:
            due = datetime.combine(earliest.date() + timedelta(days=1), self.at, now.tzinfo)
        return max(now, due)


def checks_of(entry: ConfigEntry) -> dict[str, BalanceCheck]:
    """Give all checks of a box, by their ports."""
    checks = map(BalanceCheck.of, entry.get_subentries_of_type(SUBENTRY_BALANCE_CHECK))
    return {check.port: check for check in checks}


@callback
def async_remove_check(hass: HomeAssistant, entry: ConfigEntry, port: str) -> None:
    """Remove the check of a port that is gone."""
    for subentry in entry.get_subentries_of_type(SUBENTRY_BALANCE_CHECK):
        if subentry.unique_id == port:
            hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)


def manner(hass: HomeAssistant, written_pattern: str | None, unit: str | None) -> Manner:
    """Give how answers are read where this Home Assistant is."""
    return Manner(
        pattern=written_pattern,
        unit=unit,
        home=hass.config.currency,
        month_first=hass.config.country == "US",
    )


def is_code(code: str) -> bool:
    """Whether a code can be dialled."""
    try:
        check_ussd_code(code)
    except InvalidInput:
        return False
    return True


def is_pattern(written: str) -> bool:
    """Whether answers can be searched by a pattern."""
    try:
        pattern(written)
    except vol.Invalid:
        return False
    return True


def finds_amount(written: str) -> bool:
    """Whether a pattern that was accepted says where the amount is."""
    return AMOUNT in named_groups(written)
