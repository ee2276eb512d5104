"""What the forms of all families share: their fields, and how an entry is made or changed."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import slugify
import voluptuous as vol

from .const import CONF_NOTIFY_NAME, CONF_PASSWORDS, DOMAIN
from .whereabouts import Sighting

_PORT = vol.All(
    NumberSelector(NumberSelectorConfig(min=1, max=65535, step=1, mode=NumberSelectorMode.BOX)),
    vol.Coerce(int),
)
_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))

PASSWORD_SCHEMA = vol.Schema({vol.Required(CONF_PASSWORD): _PASSWORD})
LOGIN_SCHEMA = vol.Schema(
    {vol.Required(CONF_USERNAME): TextSelector(), vol.Required(CONF_PASSWORD): _PASSWORD}
)


def listening_schema(port: int) -> vol.Schema:
    """Give the form of a family whose boxes report to us; ``port`` is the usual one."""
    return vol.Schema({vol.Required(CONF_PORT, default=port): _PORT, vol.Required(CONF_PASSWORD): _PASSWORD})


def dialling_schema(port: int) -> vol.Schema:
    """Give the form of a family whose boxes we dial; ``port`` is the usual one."""
    reached = {vol.Required(CONF_HOST): TextSelector(), vol.Required(CONF_PORT, default=port): _PORT}
    return vol.Schema({**reached, **LOGIN_SCHEMA.schema})


def _free_notify_name(hass: HomeAssistant, title: str) -> str:
    """Find a name for ``notify.<name>`` that no other action and no other box has."""
    taken = {*hass.services.async_services_for_domain("notify")}
    boxes = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    taken |= {entry.data[CONF_NOTIFY_NAME] for entry in boxes}
    name, number = slugify(title), 1
    while name in taken:
        number += 1
        name = f"{slugify(title)}_{number}"
    return name


class BaseFlow(ConfigFlow):
    """Makes and changes entries."""

    def __init__(self) -> None:
        """Begin with no box that was seen on the network."""
        self._seen: Sighting | None = None

    def _create(self, title: str, host: str, data: dict[str, Any]) -> ConfigFlowResult:
        """Add the box at ``host``."""
        data |= {**self._mac_at(host), CONF_NOTIFY_NAME: _free_notify_name(self.hass, title)}
        return self.async_create_entry(title=title, data=data)

    def _mac_at(self, host: str) -> dict[str, str]:
        """Give the address that the network card at ``host`` was seen to have."""
        return {CONF_MAC: self._seen.mac} if self._seen is not None and self._seen.host == host else {}

    def _renew(
        self,
        entry: ConfigEntry,
        updates: dict[str, Any],
        reason: str,
        *,
        passwords: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Give an entry other settings and have it set up with them."""
        options = entry.options if passwords is None else {**entry.options, CONF_PASSWORDS: passwords}
        is_loaded = entry.state is ConfigEntryState.LOADED
        result = self.async_update_and_abort(entry, data_updates=updates, options=options, reason=reason)
        # A loaded entry's update listener reloads it; one that failed to set up has none.
        if not is_loaded:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result
