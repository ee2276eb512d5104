"""Recognises a box that we dial by the IMEIs of its modules: its address may change, and any module may."""

from collections.abc import Mapping

from homeassistant.config_entries import SOURCE_IGNORE, ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aiogsm import GatewayState
from .const import CONF_IMEIS, DOMAIN
from .ear import natural_order

type Imeis = dict[str, str]
"""What ports tell of their modules, by port, lowest first."""


def imeis_of(state: GatewayState) -> Imeis:
    """Give the IMEIs that are told; none and all zeros say that a module was not read."""
    told = _told(state)
    return {port: told[port] for port in sorted(told, key=natural_order)}


def _told(state: GatewayState) -> Imeis:
    """Give the same in no order, which is all that it takes to see whether there is news."""
    return {port.port: port.imei for port in state.ports.values() if port.imei and port.imei.strip("0")}


def is_box(entry: ConfigEntry, imeis: Mapping[str, str]) -> bool:
    """Whether the box of an entry has one of these modules."""
    known = {*entry.data.get(CONF_IMEIS, {}).values()} or {entry.unique_id}
    return not known.isdisjoint(imeis.values())


def updated(entry: ConfigEntry, imeis: Mapping[str, str]) -> Imeis:
    """Give the IMEIs of an entry's box: what its ports told before, and what they tell now."""
    return {**entry.data.get(CONF_IMEIS, {}), **imeis}


@callback
def async_find_box(hass: HomeAssistant, imeis: Mapping[str, str]) -> ConfigEntry | None:
    """Find the entry of the box that has one of these modules."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    return next((entry for entry in entries if is_box(entry, imeis)), None)


@callback
def async_free_unique_id(hass: HomeAssistant, imeis: Mapping[str, str]) -> str | None:
    """Give the first of a new box's IMEIs that no other box is called by, which may have had that module."""
    taken = {
        entry.unique_id
        for entry in hass.config_entries.async_entries(DOMAIN)
        if entry.source != SOURCE_IGNORE
    }
    return next((imei for imei in imeis.values() if imei not in taken), None)


@callback
def async_learn_imeis(hass: HomeAssistant, entry: ConfigEntry, state: GatewayState) -> None:
    """Keep what an entry's box tells; another box at its address, all modules different, teaches nothing."""
    told, known = _told(state), entry.data.get(CONF_IMEIS, {})
    if told.items() - known.items() and is_box(entry, told):
        data = {**entry.data, CONF_IMEIS: updated(entry, imeis_of(state))}
        hass.config_entries.async_update_entry(entry, data=data)
