"""Ends issues that are over when the owner of the box says so."""

from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .balance_repair import BalanceUnreadableFlow
from .const import CONF_ENTRY_ID, CONF_LINE, CONF_REPEAT_SEND
from .coordinator import GsmGatewayConfigEntry
from .issues import BALANCE_UNREADABLE, BREAKER_TRIPPED, CONTACT_LOCKED, SENDS_TWICE, STORE_DAMAGED


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Give the dialog that ends an issue."""
    assert data is not None  # given to every issue of ours
    entry = hass.config_entries.async_get_known_entry(str(data[CONF_ENTRY_ID]))
    if issue_id.startswith(BALANCE_UNREADABLE):
        return BalanceUnreadableFlow(entry, str(data[CONF_LINE]))
    if issue_id.startswith(SENDS_TWICE):
        return SendsTwiceFlow(entry)
    if issue_id.startswith(BREAKER_TRIPPED):
        return BreakerFlow(entry)
    if issue_id.startswith(STORE_DAMAGED):
        return ConfirmRepairFlow()
    if issue_id.startswith(CONTACT_LOCKED):
        return ContactLockedFlow(entry, str(data[CONF_LINE]))
    return SimSwappedFlow(entry, str(data[CONF_LINE]))


class SimSwappedFlow(ConfirmRepairFlow):
    """Takes the SIM that is in a port now for the right one."""

    def __init__(self, entry: GsmGatewayConfigEntry, port: str) -> None:
        """Remember which port it is about."""
        self._entry = entry
        self._port = port

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None and self._entry.state is ConfigEntryState.LOADED:
            self._entry.runtime_data.sims.accept(self._port)
        return await super().async_step_confirm(user_input)


class ContactLockedFlow(ConfirmRepairFlow):
    """Lets a contact who sent too many wrong PINs send commands again."""

    def __init__(self, entry: GsmGatewayConfigEntry, subentry_id: str) -> None:
        """Remember which contact it is about."""
        self._entry = entry
        self._subentry_id = subentry_id

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None and self._entry.state is ConfigEntryState.LOADED:
            self._entry.runtime_data.lockouts.end(self._subentry_id)
        return await super().async_step_confirm(user_input)


class SendsTwiceFlow(ConfirmRepairFlow):
    """Has the box never again asked about a text that is on its way."""

    def __init__(self, entry: GsmGatewayConfigEntry) -> None:
        """Remember which box it is about."""
        self._entry = entry

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            options = {**self._entry.options, CONF_REPEAT_SEND: False}
            self.hass.config_entries.async_update_entry(self._entry, options=options)
        return await super().async_step_confirm(user_input)


class BreakerFlow(ConfirmRepairFlow):
    """Has the box take texts again."""

    def __init__(self, entry: GsmGatewayConfigEntry) -> None:
        """Remember which box it is about."""
        self._entry = entry

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None and self._entry.state is ConfigEntryState.LOADED:
            self._entry.runtime_data.gateway.reset_breaker()
        return await super().async_step_confirm(user_input)
