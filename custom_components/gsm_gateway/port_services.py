"""The actions beside texts and USSD: one for each command of the protocols."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from .aiogsm import (
    Cells,
    CloseUssd,
    Forwarding,
    ForwardingReason,
    GetCallForwarding,
    LockCell,
    PortRequest,
    RefreshCells,
    SetAllEnabled,
    SetCallForwarding,
    SetCallTimeLimit,
    SetCallWaiting,
    SetImei,
    SetPhoneNumber,
)
from .asking import async_ask, async_set_all_enabled, async_set_enabled
from .const import CONF_ALLOW_SET_IMEI, CONF_CHANNELS, DOMAIN
from .coordinator import GsmGatewayCoordinator
from .recipients import recipients
from .targets import box_target, one_device, port_of, port_target

ATTR_CELL = "cell"
ATTR_DISABLED = "disabled"
ATTR_ENABLED = "enabled"
ATTR_IMEI = "imei"
ATTR_MINUTES = "minutes"
ATTR_NUMBER = "number"
ATTR_REASON = "reason"
ATTR_TIMEOUT = "timeout"
ATTR_UNLIMITED = "unlimited"

SERVICE_CLOSE_USSD = "close_ussd"
SERVICE_GET_CALL_FORWARDING = "get_call_forwarding"
SERVICE_LOCK_CELL = "lock_cell"
SERVICE_REFRESH_CELLS = "refresh_cells"
SERVICE_SET_CALL_FORWARDING = "set_call_forwarding"
SERVICE_SET_CALL_TIME_LIMIT = "set_call_time_limit"
SERVICE_SET_CALL_WAITING = "set_call_waiting"
SERVICE_SET_IMEI = "set_imei"
SERVICE_SET_PHONE_NUMBER = "set_phone_number"
SERVICE_SET_PORTS_ENABLED = "set_ports_enabled"

_DEVICE = {vol.Required(ATTR_DEVICE_ID): one_device}
_REASON = {vol.Required(ATTR_REASON): vol.Coerce(ForwardingReason)}
_NUMBER = vol.All(recipients, vol.Length(max=1))
_PORTS = vol.All(cv.ensure_list, [cv.string])

CLOSE_USSD_SCHEMA = vol.Schema(_DEVICE)
GET_CALL_FORWARDING_SCHEMA = vol.Schema({**_DEVICE, **_REASON})
LOCK_CELL_SCHEMA = vol.Schema({**_DEVICE, vol.Required(ATTR_CELL): cv.string})
REFRESH_CELLS_SCHEMA = vol.Schema(_DEVICE)
SET_CALL_FORWARDING_SCHEMA = vol.Schema(
    {
        **_DEVICE,
        **_REASON,
        vol.Optional(ATTR_NUMBER): _NUMBER,
        vol.Optional(ATTR_TIMEOUT, default=timedelta(seconds=20)): cv.positive_time_period,
        vol.Optional(ATTR_ENABLED, default=True): cv.boolean,
    }
)
SET_CALL_TIME_LIMIT_SCHEMA = vol.Schema(
    {
        **_DEVICE,
        vol.Optional(ATTR_MINUTES): vol.All(vol.Coerce(int), vol.Range(0, 100000)),
        vol.Optional(ATTR_UNLIMITED, default=False): cv.boolean,
    }
)
SET_CALL_WAITING_SCHEMA = vol.Schema({**_DEVICE, vol.Required(ATTR_ENABLED): cv.boolean})
SET_IMEI_SCHEMA = vol.Schema({**_DEVICE, vol.Required(ATTR_IMEI): cv.string})
SET_PHONE_NUMBER_SCHEMA = vol.Schema({**_DEVICE, vol.Required(ATTR_NUMBER): _NUMBER})
SET_PORTS_ENABLED_SCHEMA = vol.Schema(
    {
        **_DEVICE,
        vol.Optional(ATTR_ENABLED, default=[]): _PORTS,
        vol.Optional(ATTR_DISABLED, default=[]): _PORTS,
    }
)


class _PortAction(NamedTuple):
    """An action on one port: what is asked of the port, and the response made out of the outcome."""

    name: str
    schema: vol.Schema
    request: Callable[[GsmGatewayCoordinator, str, dict[str, Any]], PortRequest[Any]]
    respond: Callable[[Any], dict[str, Any]] | None = None
    responds: SupportsResponse = SupportsResponse.NONE

    async def run(self, call: ServiceCall) -> ServiceResponse:
        """Ask the port that is meant."""
        coordinator, port = port_target(call)
        outcome = await async_ask(coordinator, self.request(coordinator, port, call.data))
        return None if self.respond is None else self.respond(outcome)


def _number(coordinator: GsmGatewayCoordinator, data: dict[str, Any]) -> str:
    """Give the number that is meant; one that arrives as a number may have lost its plus."""
    [recipient] = coordinator.contacts.resolve(data[ATTR_NUMBER])
    return recipient.number


def _forward(coordinator: GsmGatewayCoordinator, port: str, data: dict[str, Any]) -> SetCallForwarding:
    timeout: timedelta = data[ATTR_TIMEOUT]
    number = None
    if data[ATTR_ENABLED]:
        if ATTR_NUMBER not in data:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="needs_number")
        number = _number(coordinator, data)
    return SetCallForwarding(
        port=port, reason=data[ATTR_REASON], number=number, timeout=int(timeout.total_seconds())
    )


def _limit(_: GsmGatewayCoordinator, port: str, data: dict[str, Any]) -> SetCallTimeLimit:
    if data[ATTR_UNLIMITED] == (ATTR_MINUTES in data):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="needs_limit")
    return SetCallTimeLimit(port=port, minutes=data.get(ATTR_MINUTES))


def _imei(coordinator: GsmGatewayCoordinator, port: str, data: dict[str, Any]) -> SetImei:
    if not coordinator.config_entry.options.get(CONF_ALLOW_SET_IMEI, False):
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="set_imei_not_allowed")
    return SetImei(port=port, imei=data[ATTR_IMEI])


def _forwarding(outcome: Forwarding) -> dict[str, Any]:
    return {"enabled": outcome.enabled, "number": outcome.number}


def _cells(outcome: Cells) -> dict[str, Any]:
    return {"cells": list(outcome.cells)}


_ACTIONS = (
    _PortAction(SERVICE_CLOSE_USSD, CLOSE_USSD_SCHEMA, lambda _, port, __: CloseUssd(port=port)),
    _PortAction(
        SERVICE_GET_CALL_FORWARDING,
        GET_CALL_FORWARDING_SCHEMA,
        lambda _, port, data: GetCallForwarding(port=port, reason=data[ATTR_REASON]),
        _forwarding,
        SupportsResponse.ONLY,
    ),
    _PortAction(
        SERVICE_LOCK_CELL,
        LOCK_CELL_SCHEMA,
        lambda _, port, data: LockCell(port=port, cell=data[ATTR_CELL]),
    ),
    _PortAction(
        SERVICE_REFRESH_CELLS,
        REFRESH_CELLS_SCHEMA,
        lambda _, port, __: RefreshCells(port=port),
        _cells,
        SupportsResponse.OPTIONAL,
    ),
    _PortAction(SERVICE_SET_CALL_FORWARDING, SET_CALL_FORWARDING_SCHEMA, _forward),
    _PortAction(SERVICE_SET_CALL_TIME_LIMIT, SET_CALL_TIME_LIMIT_SCHEMA, _limit),
    _PortAction(
        SERVICE_SET_CALL_WAITING,
        SET_CALL_WAITING_SCHEMA,
        lambda _, port, data: SetCallWaiting(port=port, enabled=data[ATTR_ENABLED]),
    ),
    _PortAction(SERVICE_SET_IMEI, SET_IMEI_SCHEMA, _imei),
    _PortAction(
        SERVICE_SET_PHONE_NUMBER,
        SET_PHONE_NUMBER_SCHEMA,
        lambda coordinator, port, data: SetPhoneNumber(port=port, number=_number(coordinator, data)),
    ),
)


@callback
def async_setup_port_services(hass: HomeAssistant) -> None:
    """Register every action of the table, and the one that is about several ports."""
    for action in _ACTIONS:
        hass.services.async_register(DOMAIN, action.name, action.run, action.schema, action.responds)
    hass.services.async_register(
        DOMAIN, SERVICE_SET_PORTS_ENABLED, _async_set_ports_enabled, SET_PORTS_ENABLED_SCHEMA
    )


async def _async_set_ports_enabled(call: ServiceCall) -> None:
    """Switch several ports: by one command where the owner numbered all channels, else one by one."""
    coordinator = box_target(call)
    on, off = (
        frozenset(port_of(call.hass, coordinator, written) for written in call.data[key])
        for key in (ATTR_ENABLED, ATTR_DISABLED)
    )
    if not on and not off:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="needs_ports")
    if on & off:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="port_on_and_off")
    if channels := _channels(coordinator):
        await async_set_all_enabled(coordinator, SetAllEnabled(channels=channels, enabled=on, disabled=off))
        return
    switching = (async_set_enabled(coordinator, port, port in on) for port in sorted(on | off))
    failures = [one for one in await asyncio.gather(*switching, return_exceptions=True) if one is not None]
    if failures:
        raise failures[0]


def _channels(coordinator: GsmGatewayCoordinator) -> tuple[str, ...]:
    """Give all ports of the box in the order of their channels, or nothing unless each has its number."""
    numbers: dict[str, int] = coordinator.config_entry.options.get(CONF_CHANNELS, {})
    if numbers.keys() != coordinator.data.ports.keys():
        return ()
    if sorted(numbers.values()) != [*range(1, len(numbers) + 1)]:
        return ()
    return tuple(sorted(numbers, key=numbers.__getitem__))
