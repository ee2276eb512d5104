"""What can be switched on and off at a port."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature, PortState
from .asking import async_set_enabled
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .entity import GsmPortEntity, async_add_port_entities, supported

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PortSwitchDescription(SwitchEntityDescription):
    """A switch of a port: how it is read and set, and what the family must be able to do."""

    value: Callable[[PortState], bool | None]
    switch: Callable[[GsmGatewayCoordinator, str, bool], Awaitable[None]]
    needs: Feature


PORT_SWITCHES = (
    PortSwitchDescription(
        key="enabled",
        translation_key="enabled",
        entity_category=EntityCategory.CONFIG,
        value=lambda port: port.enabled,
        switch=async_set_enabled,
        needs=Feature.PORT_SWITCH,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switches of every port as it appears."""
    described = supported(entry, PORT_SWITCHES)
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: (PortSwitch(coordinator, port, one) for one in described),
    )


class PortSwitch(GsmPortEntity, SwitchEntity):
    """Something at one port that is on or off."""

    entity_description: PortSwitchDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.entity_description.value(self.port)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.entity_description.switch(self.coordinator, self._port, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.entity_description.switch(self.coordinator, self._port, False)
