"""What is kept of a box in Home Assistant's storage, beside its texts: small things, written in a while."""

from collections.abc import Callable

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from .const import DOMAIN

SIMS, BALANCES, LOCKOUTS = KINDS = ("sims", "balances", "lockouts")
"""What there is to keep, as its files are called."""

_VERSION = 1


def _store[T](hass: HomeAssistant, entry: ConfigEntry, kind: str) -> Store[dict[str, T]]:
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.{kind}", private=True)


async def async_forget_kept(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all that was kept of a box that is removed."""
    for kind in KINDS:
        await _store(hass, entry, kind).async_remove()


class Keeping[T]:
    """One kind of it. ``give`` tells what there is to keep, ``delay`` how many seconds that may wait."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        kind: str,
        give: Callable[[], dict[str, T]],
        delay: float = 0,
    ) -> None:
        """Begin with nothing to write."""
        self._store: Store[dict[str, T]] = _store(hass, entry, kind)
        self._give = give
        self._delay = delay
        self._unsaved = False

    async def async_load(self) -> dict[str, T]:
        """Give what was kept before the restart."""
        return await self._store.async_load() or {}

    async def async_save(self) -> None:
        """Write at once what would be written in a while."""
        if self._unsaved:
            await self._store.async_save(self._to_save())

    def save_later(self) -> None:
        """Have it written in a while."""
        self._unsaved = True
        self._store.async_delay_save(self._to_save, self._delay)

    def _to_save(self) -> dict[str, T]:
        self._unsaved = False
        return self._give()
