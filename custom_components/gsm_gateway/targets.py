"""Which box, and which of its ports, an action is about."""

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr, service
import voluptuous as vol

from .const import DOMAIN
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator


def one_device(value: object) -> str:
    """Accept a device, or a list of one, which is what the editor's target gives."""
    devices: list[str] = vol.All(cv.ensure_list, [cv.string], vol.Length(min=1, max=1))(value)
    return devices[0]


@callback
def target(call: ServiceCall) -> tuple[GsmGatewayCoordinator, str | None]:
    """Find the box that is meant, and its port if one is. Raise ServiceValidationError for anything else."""
    return _find(call.hass, call.data[ATTR_DEVICE_ID])


@callback
def port_target(call: ServiceCall) -> tuple[GsmGatewayCoordinator, str]:
    """Find the port that is meant. Raise ServiceValidationError for anything else."""
    coordinator, port = target(call)
    if port is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="needs_port")
    return coordinator, port


@callback
def box_target(call: ServiceCall) -> GsmGatewayCoordinator:
    """Find the box that is meant. Raise ServiceValidationError for anything else."""
    coordinator, port = target(call)
    if port is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="needs_box")
    return coordinator


@callback
def port_of(hass: HomeAssistant, coordinator: GsmGatewayCoordinator, written: str) -> str:
    """Find a port of a box by its name or its device. Raise ServiceValidationError where it has none such."""
    if written in coordinator.data.ports:
        return written
    owner, port = _find(hass, written)
    if owner is not coordinator or port is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="invalid_port")
    return port


def _find(hass: HomeAssistant, device_id: str) -> tuple[GsmGatewayCoordinator, str | None]:
    entry: GsmGatewayConfigEntry
    device, entry = service.async_get_device_and_config_entry(hass, DOMAIN, device_id)
    coordinator = entry.runtime_data
    if not isinstance(device, dr.ChildDeviceEntry):
        if coordinator.devices.box_identifier not in device.identifiers:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="is_contact")
        return coordinator, None
    for port in coordinator.data.ports:
        if coordinator.devices.port_identifier(port) in device.identifiers:
            return coordinator, port
    raise ServiceValidationError(translation_domain=DOMAIN, translation_key="invalid_port")
