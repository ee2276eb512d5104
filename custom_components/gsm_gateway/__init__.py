"""GSM Gateway: boxes that hold SIM cards, in Home Assistant."""

from typing import Any

from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
    EVENT_HOMEASSISTANT_STOP,
    Platform,
)
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.hass_dict import HassKey

from .aiogsm import FAMILIES, Box, Endpoint, Gateway, GatewayError, Hub, InvalidInput, LoginRefused
from .const import CONF_FAMILY, CONF_LINES, DOMAIN
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.EVENT, Platform.NOTIFY, Platform.SENSOR]

_HUB: HassKey[Hub] = HassKey(DOMAIN)


def async_get_hub(hass: HomeAssistant) -> Hub:
    """Give the hub that lends drivers to all boxes and flows."""
    return hass.data.setdefault(_HUB, Hub())


def make_gateway(hass: HomeAssistant, key: str, data: dict[str, Any]) -> Gateway:
    """Make a gateway from an entry's data, or from a flow's. Raise InvalidInput."""
    return Gateway(
        FAMILIES[data[CONF_FAMILY]],
        async_get_hub(hass),
        Endpoint(host=data.get(CONF_HOST), port=data[CONF_PORT]),
        Box(
            key=key,
            username=data.get(CONF_USERNAME, ""),
            password=data[CONF_PASSWORD],
            lines=tuple(data.get(CONF_LINES, ())),
        ),
    )


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> bool:
    """Open a box and set up its entities."""
    try:
        coordinator = GsmGatewayCoordinator(hass, entry, make_gateway(hass, entry.entry_id, dict(entry.data)))
        await coordinator.async_open()
    except LoginRefused as err:
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth") from err
    except InvalidInput as err:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="invalid_settings") from err
    except GatewayError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"reason": str(err)},
        ) from err
    entry.runtime_data = coordinator
    entry.async_on_unload(coordinator.async_close)

    async def _on_stop(_event: Event) -> None:
        await coordinator.async_close()

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, _on_stop))
    coordinator.box_device_id()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    entry.async_on_unload(entry.add_update_listener(_async_on_update))
    return True


async def _async_on_update(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> None:
    """Open the box anew only when its settings changed: a contact or a new line must not drop it."""
    coordinator = entry.runtime_data
    if coordinator.settings_changed():
        hass.config_entries.async_schedule_reload(entry.entry_id)
    else:
        await coordinator.async_contacts_changed()


async def async_unload_entry(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> bool:
    """Take the entities away; the box is closed after them."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
