"""Settings of a port that are numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .aiogsm import Feature, PortRequest, PortState, SetCallInterval, SetCallTimeLimit
from .asking import async_ask
from .coordinator import GsmGatewayConfigEntry
from .entity import GsmPortEntity, async_add_port_entities, supported

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class PortNumberDescription(NumberEntityDescription):
    """A number of a port: how it is read and set, and what the family must be able to do."""

    value: Callable[[PortState], int | None]
    request: Callable[[str, int], PortRequest[Any]]
    needs: Feature


PORT_NUMBERS = (
    PortNumberDescription(
        key="call_time_limit",
        translation_key="call_time_limit",
        device_class=NumberDeviceClass.DURATION,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        mode=NumberMode.BOX,
        native_min_value=0,
        native_max_value=100000,
        native_step=1,
        value=lambda port: port.call_time_limit,
        request=lambda port, minutes: SetCallTimeLimit(port=port, minutes=minutes),
        needs=Feature.REMAINING_TIME,
    ),
    PortNumberDescription(
        key="call_interval",
        translation_key="call_interval",
        device_class=NumberDeviceClass.DURATION,
        entity_category=EntityCategory.CONFIG,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        mode=NumberMode.BOX,
        native_min_value=0,
        native_max_value=86400,
        native_step=1,
        value=lambda port: port.call_interval,
        request=lambda port, seconds: SetCallInterval(port=port, seconds=seconds),
        needs=Feature.CALLS,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the numbers of every port as it appears."""
    described = supported(entry, PORT_NUMBERS)
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: (PortNumber(coordinator, port, one) for one in described),
    )


class PortNumber(GsmPortEntity, NumberEntity):
    """A number that is kept by one port."""

    entity_description: PortNumberDescription

    @property
    @override
    def native_value(self) -> int | None:
        return self.entity_description.value(self.port)

    @override
    async def async_set_native_value(self, value: float) -> None:
        await async_ask(self.coordinator, self.entity_description.request(self._port, int(value)))
