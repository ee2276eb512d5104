"""Whether the box answers, and what its ports say yes or no to."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature, PortState
from .coordinator import GsmGatewayConfigEntry
from .entity import EVERY_FAMILY, GsmBoxEntity, GsmPortEntity, async_add_port_entities, supported

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PortBinarySensorDescription(BinarySensorEntityDescription):
    """A yes or no of a port, and what the family must be able to do."""

    value: Callable[[PortState], bool | None]
    needs: Feature = EVERY_FAMILY


CONNECTION = BinarySensorEntityDescription(
    key="connection",
    translation_key="connection",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)
PORT_BINARY_SENSORS = (
    PortBinarySensorDescription(
        key="voip_registered",
        translation_key="voip_registered",
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda port: port.voip_registered,
        needs=Feature.CALLS,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the connection sensor, and those of every port as it appears."""
    described = supported(entry, PORT_BINARY_SENSORS)
    async_add_entities([ConnectionSensor(entry.runtime_data, CONNECTION)])
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: (PortBinarySensor(coordinator, port, one) for one in described),
    )


class ConnectionSensor(GsmBoxEntity, BinarySensorEntity):
    """On while the box is logged in to (NeoGate), or one of its lines is registered (GoIP)."""

    @property
    @override
    def is_on(self) -> bool:
        return self.coordinator.data.connected


class PortBinarySensor(GsmPortEntity, BinarySensorEntity):
    """A yes or no of one port."""

    entity_description: PortBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value(self.port)
