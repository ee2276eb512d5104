"""Whether the box answers, and whether its lines can make calls."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature
from .coordinator import GsmGatewayConfigEntry
from .entity import GsmBoxEntity, GsmPortEntity, async_add_port_entities

PARALLEL_UPDATES = 0


CONNECTION = BinarySensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
VOIP_REGISTERED = BinarySensorEntityDescription(
    key="voip_registered",
    translation_key="voip_registered",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the connection sensor, and those of every port as it appears, where ports make calls."""
    async_add_entities([ConnectionSensor(entry.runtime_data, CONNECTION)])
    if Feature.CALLS in entry.runtime_data.gateway.family.features:
        async_add_port_entities(
            entry,
            async_add_entities,
            lambda coordinator, port: [VoipSensor(coordinator, port, VOIP_REGISTERED)],
        )


class ConnectionSensor(GsmBoxEntity, BinarySensorEntity):
    """On while the box is logged in to (NeoGate), or one of its lines is registered (GoIP)."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.connected


class VoipSensor(GsmPortEntity, BinarySensorEntity):
    """On while the line is registered for calls over the network."""

    @property
    @override
    def is_on(self) -> bool | None:
        return self.port.voip_registered
