"""Sensors of a SIM's balance: how much it is, and until when it is valid."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import callback

from .balance_reader import Reading
from .balance_store import Balance
from .coordinator import GsmGatewayCoordinator
from .entity import GsmPortEntity


@dataclass(frozen=True, kw_only=True)
class BalanceSensorDescription(SensorEntityDescription):
    """A sensor of what was read of an answer, and its attributes."""

    value: Callable[[Reading], Decimal | date | None]
    unit: Callable[[Reading], str | None] = lambda _: None
    attributes: Callable[[Balance], Mapping[str, Any] | None] = lambda _: None


BALANCE_SENSORS = (
    BalanceSensorDescription(
        key="balance",
        translation_key="balance",
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        value=lambda reading: reading.amount,
        unit=lambda reading: reading.unit,
        attributes=lambda balance: {"read_at": balance.read_at},
    ),
    BalanceSensorDescription(
        key="balance_valid_until",
        translation_key="balance_valid_until",
        device_class=SensorDeviceClass.DATE,
        value=lambda reading: reading.valid_until,
    ),
)


class BalanceSensor(GsmPortEntity, SensorEntity):
    """What the last answer that could be read says. It stays while the box is away: so does the money."""

    entity_description: BalanceSensorDescription

    def __init__(
        self, coordinator: GsmGatewayCoordinator, port: str, description: BalanceSensorDescription
    ) -> None:
        """Begin with what is known."""
        super().__init__(coordinator, port, description)
        self._show()

    @property
    @override
    def available(self) -> bool:
        return True

    @callback
    @override
    def async_entity_id_changed(self, old_entity_id: str) -> None:
        """Keep listening: nothing here depends on the entity's id."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.balances.listen(self._on_change))

    @callback
    def _on_change(self) -> None:
        if self._port in self.coordinator.balances.checks:  # else this is about to be removed
            self._show()
            self.async_write_ha_state()

    def _show(self) -> None:
        described, balance = self.entity_description, self.coordinator.balances.of(self._port)
        self._attr_extra_state_attributes = dict(described.attributes(balance) or {})
        if (reading := balance.reading) is not None:
            self._attr_native_value = described.value(reading)
            self._attr_native_unit_of_measurement = described.unit(reading)
