"""Its numbers."""

from homeassistant.components.number import NumberEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .many import Plain, add


class PlainNumber(Plain, NumberEntity):
    """One of them."""

    _attr_native_value = 0.0


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    add(hass, entry, "number", PlainNumber, async_add_entities)
