"""The stores of the boxes: where their files are, and which of them are open."""

from functools import partial
from pathlib import Path
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aiogsm.journal import Remembered
from .const import DOMAIN
from .issues import BOX, STORE_DAMAGED, STORE_FULL, async_end_issue, async_raise_issue
from .options import history_of, is_private
from .store import BoxStore, remove_store

_STORES: HassKey[dict[str, BoxStore]] = HassKey(f"{DOMAIN}.stores")


def store_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Give the path of the store of a box, beside Home Assistant's own storage."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.db"))


@callback
def async_open_stores(hass: HomeAssistant) -> dict[str, BoxStore]:
    """Give the stores that are open, by the ids of their entries, to look at and to change."""
    return hass.data.setdefault(_STORES, {})


async def async_remove_store(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete all that was kept of a box that is removed."""
    await hass.async_add_executor_job(remove_store, store_path(hass, entry.entry_id))


class EntryStore(BoxStore):
    """The store of one box: known to backups while it is open, and telling the owner of trouble."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Keep what the box's options say."""
        super().__init__(
            store_path(hass, entry.entry_id),
            clock=dt_util.now,
            on_damaged=self._on_damaged,
            on_full=self._on_full_disk,
            history=history_of(entry.options),
            keep_texts=not is_private(entry.options),
        )
        self._hass = hass
        self._entry = entry

    @override
    async def open(self) -> Remembered:
        async_end_issue(self._hass, self._entry, BOX, STORE_FULL)
        folder = Path(self._hass.config.path(STORAGE_DIR))
        await self._hass.async_add_executor_job(partial(folder.mkdir, parents=True, exist_ok=True))
        remembered = await super().open()
        async_open_stores(self._hass)[self._entry.entry_id] = self
        return remembered

    @override
    async def close(self) -> None:
        async_open_stores(self._hass).pop(self._entry.entry_id, None)
        await super().close()

    def _on_damaged(self, kept_as: Path) -> None:
        async_raise_issue(self._hass, self._entry, BOX, STORE_DAMAGED, path=str(kept_as))

    def _on_full_disk(self, full: bool) -> None:
        if full:
            async_raise_issue(self._hass, self._entry, BOX, STORE_FULL)
        else:
            async_end_issue(self._hass, self._entry, BOX, STORE_FULL)
