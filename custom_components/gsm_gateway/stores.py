"""The stores of the boxes: where their files are, and which of them are open."""

from pathlib import Path

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import STORAGE_DIR
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .store import BoxStore

_STORES: HassKey[dict[str, BoxStore]] = HassKey(f"{DOMAIN}.stores")


def store_path(hass: HomeAssistant, entry_id: str) -> Path:
    """Give the path of the store of a box, beside Home Assistant's own storage."""
    return Path(hass.config.path(STORAGE_DIR, f"{DOMAIN}.{entry_id}.db"))


@callback
def async_open_stores(hass: HomeAssistant) -> dict[str, BoxStore]:
    """Give the stores that are open, by the ids of their entries, to look at and to change."""
    return hass.data.setdefault(_STORES, {})
