"""What is done at the press of a button: restarting a port or the box, hanging up, asking for a balance."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonDeviceClass, ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature, HangUp, ResetRemainingTime
from .asking import async_ask, async_check_balance, async_reboot
from .balance_entity import async_add_balance_entities
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .entity import EVERY_FAMILY, GsmBoxEntity, GsmPortEntity, async_add_port_entities, supported

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PortButtonDescription(ButtonEntityDescription):
    """A button of a port, and what the family must be able to do."""

    press: Callable[[GsmGatewayCoordinator, str], Awaitable[object]]
    needs: Feature = EVERY_FAMILY


REBOOT = PortButtonDescription(
    key="reboot",
    translation_key="reboot",
    device_class=ButtonDeviceClass.RESTART,
    entity_category=EntityCategory.CONFIG,
    press=async_reboot,
)
PORT_BUTTONS = (
    REBOOT,
    PortButtonDescription(
        key="reset_remaining_time",
        translation_key="reset_remaining_time",
        entity_category=EntityCategory.CONFIG,
        press=lambda coordinator, port: async_ask(coordinator, ResetRemainingTime(port=port)),
        needs=Feature.REMAINING_TIME,
    ),
    PortButtonDescription(
        key="hang_up",
        translation_key="hang_up",
        press=lambda coordinator, port: async_ask(coordinator, HangUp(port=port)),
        needs=Feature.CALLS,
    ),
)
CHECK_BALANCE = PortButtonDescription(
    key="check_balance",
    translation_key="check_balance",
    press=async_check_balance,
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of every port, and one to the box where it can be restarted."""
    coordinator = entry.runtime_data
    if Feature.REBOOT_BOX in coordinator.gateway.family.features:
        async_add_entities([BoxRebootButton(coordinator, REBOOT)])
    described = supported(entry, PORT_BUTTONS)
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: (PortButton(coordinator, port, one) for one in described),
    )
    async_add_balance_entities(
        hass,
        entry,
        async_add_entities,
        Platform.BUTTON,
        lambda coordinator, port: [PortButton(coordinator, port, CHECK_BALANCE)],
    )


class BoxRebootButton(GsmBoxEntity, ButtonEntity):
    """Restarts the whole box."""

    @override
    async def async_press(self) -> None:
        await async_reboot(self.coordinator, None)


class PortButton(GsmPortEntity, ButtonEntity):
    """Has one thing done by one port."""

    entity_description: PortButtonDescription

    @override
    async def async_press(self) -> None:
        await self.entity_description.press(self.coordinator, self._port)
