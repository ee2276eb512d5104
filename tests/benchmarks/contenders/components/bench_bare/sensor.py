"""Its sensors."""

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .many import Plain, add


class PlainSensor(Plain, SensorEntity):
    """One of them."""

    _attr_native_value = "same"


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    add(hass, entry, "sensor", PlainSensor, async_add_entities)
