"""What happens to texts and calls on each port, as event entities."""

from typing import Any, override

from homeassistant.components.event import EventEntity, EventEntityDescription, EventExtraStoredData
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import CallEventType, Feature, MessageStatus
from .coordinator import GsmGatewayConfigEntry
from .entity import GsmPortEntity, async_add_port_entities

PARALLEL_UPDATES = 0

SMS = EventEntityDescription(
    key="sms",
    translation_key="sms",
    event_types=["received", *(status.value for status in MessageStatus if status.settled)],
)
CALL = EventEntityDescription(
    key="call", translation_key="call", event_types=[event.value for event in CallEventType]
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the event entities of every port."""
    calls = Feature.CALLS in entry.runtime_data.gateway.family.features
    described = (SMS, CALL) if calls else (SMS,)
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: (PortEvent(coordinator, port, description) for description in described),
    )


class PortEvent(GsmPortEntity, EventEntity):
    """Texts or calls of one port. Stays available while the entry is loaded."""

    _unrecorded_attributes = frozenset({"message"})

    @property
    @override
    def available(self) -> bool:
        return True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.coordinator.announcer.listen(self._port, self.entity_description.key, self._on_event)

    @callback
    @override
    def _leave(self) -> None:
        super()._leave()
        self.coordinator.announcer.leave(self._port, self.entity_description.key)

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        data = await super().async_get_last_event_data()
        if data is not None and data.last_event_attributes is not None:
            data.last_event_attributes = self.coordinator.announcer.still_shown(data.last_event_attributes)
        return data

    @callback
    @override
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """Keep listening: nothing here depends on the entity's id."""

    @callback
    def _on_event(self, event_type: str, data: dict[str, Any]) -> None:
        self._trigger_event(event_type, data)
        self.async_write_ha_state()
