"""The dialog that mends how the balance of a SIM is read, with the answer that could not be."""

from typing import Any

from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.helpers.selector import TextSelector
import voluptuous as vol

from .balance_flow import EXAMPLE_PATTERN, reading_errors, tidy_reading
from .const import CONF_PATTERN, CONF_UNIT, SUBENTRY_BALANCE_CHECK
from .coordinator import GsmGatewayConfigEntry

READING_SCHEMA = vol.Schema(
    {vol.Optional(CONF_PATTERN): TextSelector(), vol.Optional(CONF_UNIT): TextSelector()}
)


class BalanceUnreadableFlow(RepairsFlow):
    """Takes a pattern once it reads the answer."""

    def __init__(self, entry: GsmGatewayConfigEntry, port: str) -> None:
        """Remember which check it is about."""
        self._entry = entry
        self._port = port

    async def async_step_init(self, _issue: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Begin; nothing has been typed yet."""
        return await self.async_step_reading()

    async def async_step_reading(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Show the answer, try a pattern on it, and keep that."""
        placeholders = {"gateway": self._entry.title, "port": self._port}
        if (
            self._entry.state is not ConfigEntryState.LOADED
            or self._port not in self._entry.runtime_data.balances.checks
        ):
            return self.async_abort(reason="not_loaded", description_placeholders=placeholders)
        balances = self._entry.runtime_data.balances
        balance, check = balances.of(self._port), balances.checks[self._port]
        placeholders |= {"answer": balance.shown, "example": EXAMPLE_PATTERN}
        if not balance.complete:
            return self.async_abort(reason="menu_ended", description_placeholders=placeholders)
        errors: dict[str, str] = {}
        if user_input is not None:
            reading = tidy_reading(user_input, self.hass.config.currency)
            if not (errors := reading_errors(reading)):
                if balances.trial(self._port, reading.get(CONF_PATTERN), reading.get(CONF_UNIT)):
                    self._keep(reading)
                    return self.async_create_entry(data={})
                errors = {CONF_PATTERN: "no_amount_found"}
        current = {CONF_PATTERN: check.pattern, CONF_UNIT: check.unit}
        return self.async_show_form(
            step_id="reading",
            data_schema=self.add_suggested_values_to_schema(READING_SCHEMA, user_input or current),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _keep(self, reading: dict[str, Any]) -> None:
        """Change the check; the last answer is read anew by that, which ends the issue."""
        for subentry in self._entry.get_subentries_of_type(SUBENTRY_BALANCE_CHECK):
            if subentry.unique_id == self._port:
                kept = {key: subentry.data[key] for key in subentry.data.keys() - {CONF_PATTERN, CONF_UNIT}}
                self.hass.config_entries.async_update_subentry(
                    self._entry, subentry, data={**kept, **reading}
                )
