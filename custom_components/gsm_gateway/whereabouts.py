"""Where boxes are on the network: recognises them by their network card and follows those that we dial.

Whoever can send a packet can say that a card is at an address. So a box that is connected is left where it
is, and what was told of it is used only if it is lost soon after.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from homeassistant.config_entries import SOURCE_DHCP, ConfigEntry, ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.event import async_call_later
from homeassistant.util.network import is_ip_address

from .const import CONF_FAMILY, DOMAIN

VALID_FOR = timedelta(minutes=5)
"""How long a connected box may take to be found lost after it was seen elsewhere. Later it never moved."""


class Sighting(NamedTuple):
    """A network card was seen: its address, as ``format_mac`` writes it, and where it is."""

    mac: str
    host: str


def url_of(host: str) -> str:
    """Give the address of a box's own web page."""
    return f"http://{host}"


@callback
def async_offers_at(hass: HomeAssistant, host: str, source: str) -> list[ConfigFlowResult]:
    """Give the boxes at ``host`` that are offered because of ``source``."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN, match_context={"source": source})
    return [flow for flow in flows if flow["context"].get("configuration_url") == url_of(host)]


@callback
def async_withdraw(hass: HomeAssistant, host: str, *, but: str | None = None) -> str | None:
    """Offer the box at ``host`` no more that was found by its network card. Give the card's address, if so.

    ``but`` is the unique id of a dialog that is about to end by itself.
    """
    mac = None
    for flow in async_offers_at(hass, host, SOURCE_DHCP):
        if (unique_id := flow["context"]["unique_id"]) != but:
            mac = unique_id
            hass.config_entries.flow.async_abort(flow["flow_id"])
    return mac


@callback
def async_arrived(hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
    """Take note that the box of an entry speaks from ``host``: it is not offered as another one any more."""
    if (mac := async_withdraw(hass, host, but=entry.unique_id)) is not None and CONF_MAC not in entry.data:
        _keep_mac(hass, entry, mac)


@callback
def async_recognise(hass: HomeAssistant, family: str, seen: Sighting) -> bool:
    """Whether what was seen belongs to an entry; if so, follow it, or learn its network card."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    if known := [entry for entry in entries if entry.data.get(CONF_MAC) == seen.mac]:
        for entry in known:
            _follow(hass, entry, seen.host)
        return True
    here = [
        entry
        for entry in entries
        if entry.data[CONF_FAMILY] == family and CONF_MAC not in entry.data and _is_at(hass, entry, seen.host)
    ]
    for entry in here:
        if _is_connected(entry):  # else another box may have its address by now
            _keep_mac(hass, entry, seen.mac)
            entry.runtime_data.devices.describe_box()
    return bool(here)


def _is_connected(entry: ConfigEntry) -> bool:
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.data.connected


def _is_at(hass: HomeAssistant, entry: ConfigEntry, host: str) -> bool:
    """Whether a box is dialled at ``host``, or was heard from there last."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, entry.unique_id or entry.entry_id), entry.entry_id
    )
    url = None if device is None else device.configuration_url
    return entry.data.get(CONF_HOST) == host or url == url_of(host)


def _keep_mac(hass: HomeAssistant, entry: ConfigEntry, mac: str) -> None:
    """Keep the network card of a box, so that it is recognised wherever it is seen next."""
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_MAC: mac})


def _follow(hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
    """Dial a box at ``host`` from now on. Whoever resolves names follows one that is dialled by name."""
    before = entry.data.get(CONF_HOST)
    if before is None or not is_ip_address(before):
        return
    if _is_connected(entry):
        entry.runtime_data.trail.seen(host)
    elif before != host:
        _move(hass, entry, host)


def _move(hass: HomeAssistant, entry: ConfigEntry, host: str) -> None:
    is_loaded = entry.state is ConfigEntryState.LOADED
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_HOST: host})
    # A loaded entry's update listener reloads it; one that failed to set up has none.
    if not is_loaded:
        hass.config_entries.async_schedule_reload(entry.entry_id)


class Trail:
    """Where a box that is connected was seen, and will be dialled if it turns out to be lost."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with a box that was seen nowhere else."""
        self._hass = hass
        self._entry = entry
        self._host: str | None = None
        self._fading: CALLBACK_TYPE | None = None

    @callback
    def seen(self, host: str) -> None:
        """Take note that the box may be at ``host``."""
        self.close()
        self._host = host
        self._fading = async_call_later(self._hass, VALID_FOR, self._on_faded)

    @callback
    def lost(self) -> None:
        """Look for the box, which is lost, where it was seen."""
        host = self._host
        self.close()
        if host is not None:
            _move(self._hass, self._entry, host)

    @callback
    def close(self) -> None:
        """Forget what was seen."""
        self._host = None
        if self._fading is not None:
            self._fading()
            self._fading = None

    @callback
    def _on_faded(self, _now: datetime) -> None:
        self._host = self._fading = None
