"""What is kept over restarts of the balances of one box: the last answers, and what was read of them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant

from .aiogsm.reprs import hiding
from .balance_reader import Reading
from .keeping import BALANCES, Keeping
from .options import is_private

_SAVE_DELAY = 5.0


@hiding("codes", "answer")
class Balance(NamedTuple):
    """What is known of one SIM's balance.

    ``codes`` are those that led to the ``answer``, which came at ``answered_at``; it is ``complete`` if the
    network took all of them. ``reading`` is of the last answer that could be read, which came at ``read_at``.
    """

    codes: tuple[str, ...]
    answer: str | None = None
    complete: bool = True
    answered_at: datetime | None = None
    unreadable: bool = False
    reading: Reading | None = None
    read_at: datetime | None = None

    @property
    def shown(self) -> str:
        """The answer as it can stand in a block of code."""
        return (self.answer or "").replace("`", "'")


class BalanceStore:
    """Keeps the balances of one box on disk. Answers are kept there only if texts may be."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with none."""
        self._keep_answers = not is_private(entry.options)
        self._keeping = Keeping(hass, entry, BALANCES, self._give, _SAVE_DELAY)
        self.balances: dict[str, Balance] = {}

    async def async_load(self) -> None:
        """Remember the balances of before the restart."""
        kept = await self._keeping.async_load()
        self.balances = {port: _from_json(balance) for port, balance in kept.items()}

    async def async_save(self) -> None:
        """Keep at once what would be kept in a while."""
        await self._keeping.async_save()

    def put(self, port: str, balance: Balance) -> None:
        """Keep what is known of a port's balance now."""
        if self.balances.get(port) != balance:
            self.balances[port] = balance
            self._keeping.save_later()

    def drop(self, port: str) -> None:
        """Keep nothing more of a port."""
        if self.balances.pop(port, None) is not None:
            self._keeping.save_later()

    def _give(self) -> dict[str, dict[str, Any]]:
        kept = self.balances
        if not self._keep_answers:
            kept = {port: balance._replace(answer=None) for port, balance in kept.items()}
        return {port: _to_json(balance) for port, balance in kept.items()}


def _to_json(balance: Balance) -> dict[str, Any]:
    reading = balance.reading
    return {
        "codes": list(balance.codes),
        "answer": balance.answer,
        "complete": balance.complete,
        "unreadable": balance.unreadable,
        "answered_at": balance.answered_at and balance.answered_at.isoformat(),
        "read_at": balance.read_at and balance.read_at.isoformat(),
        "reading": reading
        and {
            "amount": str(reading.amount),
            "unit": reading.unit,
            "valid_until": reading.valid_until and reading.valid_until.isoformat(),
        },
    }


def _from_json(kept: Mapping[str, Any]) -> Balance:
    reading = kept["reading"]
    return Balance(
        codes=tuple(kept["codes"]),
        answer=kept["answer"],
        complete=kept["complete"],
        unreadable=kept["unreadable"],
        answered_at=_moment(kept["answered_at"]),
        read_at=_moment(kept["read_at"]),
        reading=reading
        and Reading(
            amount=Decimal(reading["amount"]),
            unit=reading["unit"],
            valid_until=reading["valid_until"] and date.fromisoformat(reading["valid_until"]),
        ),
    )


def _moment(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(kept)
