"""The switch of a port's module."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature
from .asking import async_set_enabled
from .coordinator import GsmGatewayConfigEntry
from .entity import GsmPortEntity, async_add_port_entities

PARALLEL_UPDATES = 0

ENABLED = SwitchEntityDescription(
    key="enabled", translation_key="enabled", entity_category=EntityCategory.CONFIG
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the switch of every port as it appears, where ports have one."""
    if Feature.PORT_SWITCH in entry.runtime_data.gateway.family.features:
        async_add_port_entities(
            entry, async_add_entities, lambda coordinator, port: [EnabledSwitch(coordinator, port, ENABLED)]
        )


class EnabledSwitch(GsmPortEntity, SwitchEntity):
    """Whether a port's module is on."""

    @property
    @override
    def is_on(self) -> bool | None:
        return self.port.enabled

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await async_set_enabled(self.coordinator, self._port, True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await async_set_enabled(self.coordinator, self._port, False)
