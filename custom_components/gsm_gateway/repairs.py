"""Ends issues that are over when the owner of the box says so."""

from collections.abc import Callable
from typing import override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from .balance_repair import BalanceUnreadableFlow
from .const import CONF_ENTRY_ID, CONF_LINE, CONF_REPEAT_SEND
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .issues import BALANCE_UNREADABLE, BREAKER_TRIPPED, CONTACT_LOCKED, SENDS_TWICE, STORE_DAMAGED


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Give the dialog that ends an issue."""
    assert data is not None  # given to every issue of ours
    entry = hass.config_entries.async_get_known_entry(str(data[CONF_ENTRY_ID]))
    about = str(data.get(CONF_LINE))
    if issue_id.startswith(BALANCE_UNREADABLE):
        return BalanceUnreadableFlow(entry, about)
    if issue_id.startswith(STORE_DAMAGED):
        return ConfirmRepairFlow()
    if issue_id.startswith(SENDS_TWICE):
        return WhenConfirmed(lambda: _never_ask_again(hass, entry))
    if issue_id.startswith(BREAKER_TRIPPED):
        return WhenConfirmed(_of_loaded(entry, lambda box: box.gateway.reset_breaker()))
    if issue_id.startswith(CONTACT_LOCKED):
        return WhenConfirmed(_of_loaded(entry, lambda box: box.lockouts.end(about)))
    return WhenConfirmed(_of_loaded(entry, lambda box: box.sims.accept(about)))


class WhenConfirmed(ConfirmRepairFlow):
    """Does what is to be done once the owner has said so."""

    def __init__(self, deed: Callable[[], None]) -> None:
        """Remember what that is."""
        self._deed = deed

    @override
    async def async_step_confirm(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        if user_input is not None:
            self._deed()
        return await super().async_step_confirm(user_input)


def _of_loaded(
    entry: GsmGatewayConfigEntry, deed: Callable[[GsmGatewayCoordinator], None]
) -> Callable[[], None]:
    """Give what does a deed to a box, unless that is not loaded when the owner has said so."""
    return lambda: deed(entry.runtime_data) if entry.state is ConfigEntryState.LOADED else None


def _never_ask_again(hass: HomeAssistant, entry: GsmGatewayConfigEntry) -> None:
    """Have the box never again be asked about a text that is on its way."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, CONF_REPEAT_SEND: False})
