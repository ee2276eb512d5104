"""Its binary sensors."""

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .many import Plain, add


class PlainBinarySensor(Plain, BinarySensorEntity):
    """One of them."""

    _attr_is_on = True


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    add(hass, entry, "binary_sensor", PlainBinarySensor, async_add_entities)
