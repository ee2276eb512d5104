"""GSM Gateway: boxes that hold SIM cards, in Home Assistant."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import (
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
    EVENT_CORE_CONFIG_UPDATE,
    EVENT_HOMEASSISTANT_STOP,
    Platform,
)
from homeassistant.core import Event, HassJob, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .aiogsm import (
    FAMILIES,
    Box,
    Endpoint,
    Family,
    Gateway,
    GatewayError,
    Hub,
    InvalidInput,
    Journal,
    LoginRefused,
    PortInUse,
    PortStatus,
)
from .const import CONF_FAMILY, CONF_LINES, CONF_TIME_ZONE, DOMAIN, REFUSED_PAUSE
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator, box_options
from .discovery import async_get_discovery
from .history import async_setup_history
from .issues import CONDITIONS, FIXABLE, TROUBLES, async_end_issues, async_setup_issues
from .keeping import async_forget_kept
from .options import policy_of
from .port_services import async_setup_port_services
from .services import async_setup_services
from .store import StoreError, StoreTooNew
from .stores import EntryStore, async_remove_store

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)
PLATFORMS = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.EVENT,
    Platform.NOTIFY,
    Platform.NUMBER,
    Platform.SENSOR,
    Platform.SWITCH,
]

_HUB: HassKey[Hub] = HassKey(DOMAIN)


def async_get_hub(hass: HomeAssistant) -> Hub:
    """Give the hub that lends drivers to all boxes and flows."""
    return hass.data.setdefault(_HUB, Hub())


async def async_get_family(hass: HomeAssistant, key: str) -> Family:
    """Give a family, and all that speaks to its boxes, which takes too long to import for the event loop."""
    family = FAMILIES[key]
    await hass.async_add_import_executor_job(family.dialect)
    return family


async def async_make_gateway(
    hass: HomeAssistant,
    key: str,
    data: Mapping[str, Any],
    options: Mapping[str, Any] = MappingProxyType({}),
    journal: Journal | None = None,
) -> Gateway:
    """Make a gateway from an entry's data and options, or from a flow's data. Raise InvalidInput."""
    settings = box_options(options)
    time_zone = await dt_util.async_get_time_zone(settings.pop(CONF_TIME_ZONE))
    return Gateway(
        await async_get_family(hass, data[CONF_FAMILY]),
        async_get_hub(hass),
        Endpoint(host=data.get(CONF_HOST), port=data[CONF_PORT]),
        Box(
            key=key,
            username=data.get(CONF_USERNAME, ""),
            password=data[CONF_PASSWORD],
            lines=tuple(data.get(CONF_LINES, ())),
            time_zone=time_zone or dt_util.get_default_time_zone(),
            **settings,
        ),
        journal=journal,
        policy=policy_of(options),
        clock=dt_util.now,
    )


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions, and listen for lines that nobody owns."""
    await async_setup_issues(hass)
    async_setup_services(hass)
    async_setup_port_services(hass)
    async_setup_history(hass)
    async_get_hub(hass).subscribe(async_get_discovery(hass).on_stranger)
    return True


@contextmanager
def _setup_errors(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> Iterator[None]:
    """Turn what keeps a box from being opened into Home Assistant's errors."""
    try:
        yield
    except StoreTooNew as err:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="store_too_new") from err
    except StoreError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="store_unusable",
            translation_placeholders={"reason": str(err)},
        ) from err
    except LoginRefused as err:
        _async_try_again(hass, entry)
        raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="invalid_auth") from err
    except InvalidInput as err:
        raise ConfigEntryError(translation_domain=DOMAIN, translation_key="invalid_settings") from err
    except PortInUse as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="udp_port_in_use",
            translation_placeholders={"udp_port": str(entry.data[CONF_PORT])},
        ) from err
    except GatewayError as err:
        raise ConfigEntryNotReady(
            translation_domain=DOMAIN,
            translation_key="cannot_connect",
            translation_placeholders={"reason": str(err)},
        ) from err


async def async_setup_entry(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> bool:
    """Open a box and set up its entities."""
    with _setup_errors(hass, entry):
        store = EntryStore(hass, entry)
        gateway = await async_make_gateway(hass, entry.entry_id, entry.data, entry.options, store)
        coordinator = GsmGatewayCoordinator(hass, entry, gateway)
        await coordinator.async_open()
    entry.runtime_data = coordinator
    entry.async_on_unload(coordinator.async_close)

    async def _on_stop(_event: Event) -> None:
        await coordinator.async_close()

    @callback
    def _on_core_config(_event: Event) -> None:
        """Follow the time zone of Home Assistant, if the box is taken to be in it."""
        if coordinator.settings_changed():
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, _on_stop))
    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, _on_core_config))
    coordinator.async_arrived()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.async_begin()
    entry.async_on_unload(entry.add_update_listener(_async_on_update))
    return True


@callback
def _async_try_again(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> None:
    """Try a refused login again in a while, unless somebody acts before: it may be mended on the box."""

    @callback
    def _again(_now: datetime) -> None:
        if entry.state is ConfigEntryState.SETUP_ERROR:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    async_call_later(hass, REFUSED_PAUSE, HassJob(_again, cancel_on_shutdown=True))


async def _async_on_update(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> None:
    """Open the box anew only when its settings changed: a contact, a check or a new line must not drop it."""
    coordinator = entry.runtime_data
    if coordinator.settings_changed():
        hass.config_entries.async_schedule_reload(entry.entry_id)
    else:
        await coordinator.async_contacts_changed()


async def async_unload_entry(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> bool:
    """Take the entities away; the box is closed after them."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> None:
    """Leave nothing behind of a box that is removed."""
    async_end_issues(hass, entry, *FIXABLE, *TROUBLES, *CONDITIONS)
    await async_forget_kept(hass, entry)
    await async_remove_store(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, device: dr.DeviceEntry | dr.ChildDeviceEntry
) -> bool:
    """Let a port be deleted that is gone; it comes back by itself if it was not."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    coordinator = entry.runtime_data
    for name, port in coordinator.data.ports.items():
        if coordinator.devices.port_identifier(name) in device.identifiers:
            if port.status is not PortStatus.OFFLINE:
                return False
            coordinator.async_forget_port(name)
            return True
    return False
