"""Its event entities."""

from homeassistant.components.event import EventEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .many import Plain, add


class PlainEvent(Plain, EventEntity):
    """One of them."""

    _attr_event_types = ["received"]  # noqa: RUF012 - never changed


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add them."""
    add(hass, entry, "event", PlainEvent, async_add_entities)
