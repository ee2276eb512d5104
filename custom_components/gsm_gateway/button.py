"""Restarting a stuck port, or the box."""

from typing import override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature
from .coordinator import GsmGatewayConfigEntry
from .entity import GsmBoxEntity, GsmPortEntity, async_add_port_entities
from .exceptions import translated_errors

PARALLEL_UPDATES = 0

REBOOT = ButtonEntityDescription(
    key="reboot",
    translation_key="reboot",
    device_class=ButtonDeviceClass.RESTART,
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a button to every port, and to the box where it can be restarted."""
    coordinator = entry.runtime_data
    if Feature.REBOOT_BOX in coordinator.gateway.family.features:
        async_add_entities([BoxRebootButton(coordinator, REBOOT)])
    async_add_port_entities(
        entry, async_add_entities, lambda coordinator, port: [PortRebootButton(coordinator, port, REBOOT)]
    )


class BoxRebootButton(GsmBoxEntity, ButtonEntity):
    """Restarts the whole box."""

    @override
    async def async_press(self) -> None:
        with translated_errors():
            await self.coordinator.gateway.reboot()


class PortRebootButton(GsmPortEntity, ButtonEntity):
    """Restarts one port's module."""

    @override
    async def async_press(self) -> None:
        with translated_errors():
            await self.coordinator.gateway.reboot(self._port)
