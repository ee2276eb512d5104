"""What all entities of a box or of one of its ports share."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .aiogsm import Feature, PortState
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator

EVERY_FAMILY = Feature(0)
"""What an entity needs that every family of gateways has."""


class Needing(Protocol):
    """A description that says what the family must be able to do."""

    @property
    def needs(self) -> Feature:
        """All that is needed."""


def supported[D: Needing](entry: GsmGatewayConfigEntry, descriptions: Iterable[D]) -> list[D]:
    """Give those of the descriptions that this box's family can serve."""
    features = entry.runtime_data.gateway.family.features
    return [description for description in descriptions if description.needs in features]


@callback
def async_add_port_entities(
    entry: GsmGatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: Callable[[GsmGatewayCoordinator, str], Iterable[Entity]],
) -> None:
    """Add the entities that ``make`` gives for every port, now and when a new one appears."""
    coordinator = entry.runtime_data
    added: set[str] = set()

    @callback
    def _add_new() -> None:
        if coordinator.data.ports.keys() <= added:
            return
        new = [port for port in coordinator.data.ports if port not in added]
        added.update(new)
        coordinator.devices.describe_box()  # they may tell more of it
        async_add_entities(entity for port in new for entity in make(coordinator, port))

    _add_new()
    entry.async_on_unload(coordinator.async_add_listener(_add_new))


class GsmBoxEntity(CoordinatorEntity[GsmGatewayCoordinator]):
    """An entity of the box itself: there as long as the entry is loaded."""

    _attr_has_entity_name = True

    def __init__(self, coordinator: GsmGatewayCoordinator, description: EntityDescription) -> None:
        """Join the box's device."""
        super().__init__(coordinator)
        self.entity_description = description
        _, identifier = coordinator.devices.box_identifier
        self._attr_unique_id = f"{identifier}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={coordinator.devices.box_identifier})

    @property
    @override
    def available(self) -> bool:
        return True


class GsmPortEntity(Entity):
    """An entity of one port. Readings go with the connection to the box.

    A box has hundreds of these. What Home Assistant would keep in each of them once it was asked for, though
    it is the same for all or can be told at any time, is a property of its own here.
    """

    _attr_translation_placeholders: Mapping[str, str] = {}

    def __init__(self, coordinator: GsmGatewayCoordinator, port: str, description: EntityDescription) -> None:
        """Join the port's device."""
        self.coordinator = coordinator
        self.entity_description = description
        self._port = port
        self.device_entry = coordinator.devices.device_of(port)

    @property
    def port(self) -> PortState:
        """The port's state now."""
        return self.coordinator.data.ports[self._port]

    @property
    @override
    def available(self) -> bool:
        return self.coordinator.data.connected

    @property
    @override
    def unique_id(self) -> str:
        return self.coordinator.devices.unique_id(self._port, self.entity_description.key)

    @property
    @override
    def has_entity_name(self) -> bool:
        return True

    @property
    @override
    def should_poll(self) -> bool:
        return False

    @property
    @override
    def force_update(self) -> bool:
        return False

    @property
    @override
    def assumed_state(self) -> bool:
        return False

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.coordinator.async_join(self._port, self)
        self.async_on_remove(self._leave)

    @callback
    def _leave(self) -> None:
        self.coordinator.async_leave(self._port, self)

    @callback
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """Keep listening: nothing here depends on the entity's id."""
