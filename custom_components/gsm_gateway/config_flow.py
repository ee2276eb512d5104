"""Adding boxes in the UI, and mending how they are reached: where every dialog begins."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, ConfigSubentryFlow
from homeassistant.core import callback

from .balance_flow import BalanceFlow
from .const import CONF_FAMILY, CONF_LINE, DOMAIN, SUBENTRY_BALANCE_CHECK, SUBENTRY_CONTACT
from .contact_flow import ContactFlow
from .coordinator import GsmGatewayConfigEntry
from .discovery import async_get_discovery
from .found_flow import FoundFlow
from .goip_flow import GOIP
from .neogate_flow import NEOGATE
from .options_flow import GsmGatewayOptionsFlow


class GsmGatewayConfigFlow(FoundFlow, domain=DOMAIN):
    """Adds a NeoGate, which we dial, or a GoIP, which we wait for."""

    VERSION = 1

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> GsmGatewayOptionsFlow:
        return GsmGatewayOptionsFlow()

    @classmethod
    @callback
    @override
    def async_get_supported_subentry_types(
        cls, config_entry: ConfigEntry
    ) -> dict[str, type[ConfigSubentryFlow]]:
        return {SUBENTRY_CONTACT: ContactFlow, SUBENTRY_BALANCE_CHECK: BalanceFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which family it is."""
        return self.async_show_menu(step_id="user", menu_options=[NEOGATE, GOIP])

    @override
    async def async_step_ignore(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Keep which lines an ignored box has: another of them may be the first that is heard next time."""
        ignored = user_input["unique_id"]
        await self.async_set_unique_id(ignored, raise_on_progress=False)
        return self.async_create_entry(
            title=user_input["title"], data=async_get_discovery(self.hass).lines_of(ignored)
        )

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask again for what the box refused, or what one of its lines does not know."""
        self._line = entry_data.get(CONF_LINE)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Try a user name and a password on the same box, or take a line's password."""
        entry: GsmGatewayConfigEntry = self._get_reauth_entry()
        ask = self._reauth_goip if entry.data[CONF_FAMILY] == GOIP else self._reauth_neogate
        return await ask(entry, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change how a box is reached."""
        entry: GsmGatewayConfigEntry = self._get_reconfigure_entry()
        ask = self._reconfigure_goip if entry.data[CONF_FAMILY] == GOIP else self._reconfigure_neogate
        return await ask(entry, user_input)
