"""Sensors: what each port reports, and how the box as a whole stands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    EntityCategory,
    Platform,
    UnitOfRatio,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType

from .aiogsm import CallState, Feature, GatewayState, NetworkStatus, PortState, PortStatus
from .balance_entity import async_add_balance_entities
from .balance_sensor import BALANCE_SENSORS, BalanceSensor
from .coordinator import GsmGatewayConfigEntry
from .entity import EVERY_FAMILY, GsmBoxEntity, GsmPortEntity, async_add_port_entities, supported

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class GsmSensorDescription[T](SensorEntityDescription):
    """A sensor of a ``T``: its value, its attributes, and what the family must be able to do."""

    value: Callable[[T], StateType]
    attributes: Callable[[T], Mapping[str, Any] | None] = lambda _: None
    needs: Feature = EVERY_FAMILY


class Sent(NamedTuple):
    """How many texts a port has sent."""

    today: int
    this_month: int


_detail = partial(
    GsmSensorDescription[PortState],
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)
"""A sensor that few people need: there, but off by default."""

_of_module = partial(_detail, needs=Feature.MODULE_DETAILS)
"""A sensor of what a port tells of its module."""

MODULE_SENSORS = (
    _of_module(
        key="manufacturer",
        translation_key="manufacturer",
        value=lambda port: port.manufacturer,
    ),
    _of_module(
        key="model",
        translation_key="model",
        value=lambda port: port.model,
    ),
    _of_module(
        key="revision",
        translation_key="revision",
        value=lambda port: port.revision,
    ),
    _of_module(
        key="band",
        translation_key="band",
        value=lambda port: port.band,
    ),
    _of_module(
        key="network_status",
        translation_key="network_status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in NetworkStatus],
        value=lambda port: port.network_status,
    ),
    _of_module(
        key="bit_error_rate",
        translation_key="bit_error_rate",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda port: port.bit_error_rate,
    ),
    _of_module(
        key="smsc",
        translation_key="smsc",
        value=lambda port: port.smsc,
    ),
    _of_module(
        key="post_dial_delay",
        translation_key="post_dial_delay",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda port: port.post_dial_delay,
    ),
    _of_module(
        key="answer_seizure_ratio",
        translation_key="answer_seizure_ratio",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda port: port.answer_seizure_ratio,
    ),
    _of_module(
        key="average_call_duration",
        translation_key="average_call_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda port: port.average_call_duration,
    ),
    _of_module(
        key="last_event",
        translation_key="last_event",
        value=lambda port: port.last_event,
    ),
    _of_module(
        key="channel_state",
        translation_key="channel_state",
        value=lambda port: port.channel_state,
    ),
)

PORT_SENSORS = (
    GsmSensorDescription[PortState](
        key="signal_strength",
        translation_key="signal_strength",
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        value=lambda port: port.signal,
    ),
    GsmSensorDescription[PortState](
        key="status",
        translation_key="status",
        device_class=SensorDeviceClass.ENUM,
        options=[status.value for status in PortStatus],
        value=lambda port: port.status,
    ),
    GsmSensorDescription[PortState](
        key="remaining_time",
        translation_key="remaining_time",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        value=lambda port: port.remaining_time,
        attributes=lambda port: {"unlimited": port.unlimited},
        needs=Feature.REMAINING_TIME,
    ),
    GsmSensorDescription[PortState](
        key="operator", translation_key="operator", value=lambda port: port.operator
    ),
    GsmSensorDescription[PortState](
        key="call_state",
        translation_key="call_state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CallState],
        value=lambda port: port.call_state,
        needs=Feature.CALLS,
    ),
    GsmSensorDescription[PortState](
        key="cell",
        translation_key="cell",
        entity_category=EntityCategory.DIAGNOSTIC,
        value=lambda port: port.cell,
        needs=Feature.CELLS,
    ),
    _detail(key="imei", translation_key="imei", value=lambda port: port.imei),
    _detail(key="imsi", translation_key="imsi", value=lambda port: port.imsi),
    _detail(key="iccid", translation_key="iccid", value=lambda port: port.iccid, needs=Feature.SIM_NUMBERS),
    _detail(
        key="phone_number",
        translation_key="phone_number",
        value=lambda port: port.phone_number,
        needs=Feature.SIM_NUMBERS,
    ),
    *MODULE_SENSORS,
)

TEXTS = "SMS"
"""The unit of texts: a word that is the same for one and for many, and in all languages."""

SENT_SENSORS = (
    GsmSensorDescription[Sent](
        key="sent_today",
        translation_key="sent_today",
        native_unit_of_measurement=TEXTS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda sent: sent.today,
    ),
    GsmSensorDescription[Sent](
        key="sent_this_month",
        translation_key="sent_this_month",
        native_unit_of_measurement=TEXTS,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value=lambda sent: sent.this_month,
    ),
)

BOX_SENSORS = (
    GsmSensorDescription[GatewayState](
        key="ports_ready",
        translation_key="ports_ready",
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda state: state.ports_ready if state.connected else 0,
    ),
    GsmSensorDescription[GatewayState](
        key="queue",
        translation_key="queue",
        native_unit_of_measurement=TEXTS,
        state_class=SensorStateClass.MEASUREMENT,
        value=lambda state: state.queue,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the box's sensors, and those of every port as it appears."""
    coordinator = entry.runtime_data
    described = supported(entry, PORT_SENSORS)
    async_add_entities(BoxSensor(coordinator, description) for description in BOX_SENSORS)
    async_add_port_entities(
        entry,
        async_add_entities,
        lambda coordinator, port: [
            *(PortSensor(coordinator, port, description) for description in described),
            *(SentSensor(coordinator, port, description) for description in SENT_SENSORS),
        ],
    )
    async_add_balance_entities(
        hass,
        entry,
        async_add_entities,
        Platform.SENSOR,
        lambda coordinator, port: (BalanceSensor(coordinator, port, one) for one in BALANCE_SENSORS),
    )


class BoxSensor(GsmBoxEntity, SensorEntity):
    """A figure about the whole box."""

    entity_description: GsmSensorDescription[GatewayState]

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value(self.coordinator.data)


class PortSensor(GsmPortEntity, SensorEntity):
    """A reading of one port."""

    entity_description: GsmSensorDescription[PortState]

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value(self.port)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        return self.entity_description.attributes(self.port)


class SentSensor(GsmPortEntity, SensorEntity):
    """How many texts a port has sent."""

    entity_description: GsmSensorDescription[Sent]

    @property
    @override
    def native_value(self) -> StateType:
        return self.entity_description.value(Sent(*self.coordinator.gateway.sent_by(self._port)))
