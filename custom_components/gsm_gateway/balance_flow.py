"""Setting up, in the UI, that the balance of a port's SIM is asked for."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntryState, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_CODE, CONF_PORT
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TimeSelector,
)
import voluptuous as vol

from .balance_check import MOST_CODES, Schedule, finds_amount, is_code, is_pattern
from .const import (
    CONF_IMEIS,
    CONF_LINES,
    CONF_PATTERN,
    CONF_SCHEDULE,
    CONF_TIME,
    CONF_UNIT,
    DOMAIN,
    SUBENTRY_BALANCE_CHECK,
)
from .currencies import currency, meanings
from .ear import natural_order

SCHEDULES = SelectSelectorConfig(
    options=[schedule.value for schedule in Schedule], translation_key="balance_schedule"
)
DEFAULT_TIME = "10:00:00"
"""When people are awake to top up, and networks are not at work on themselves."""

EXAMPLE_PATTERN = "(?P<amount>[0-9.,]+) left"
"""Shown in the forms; translations may hold nothing like a tag."""


class BalanceFlow(ConfigSubentryFlow):
    """Adds and edits a balance check. Nothing is asked of the network meanwhile."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add the check of a port that has none."""
        if not (ports := self._free_ports(None)):
            return self.async_abort(reason="no_port_left")
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _tidy(user_input, self.hass.config.currency)
            if not (errors := self._errors(data, ports)):
                port = data[CONF_PORT]
                return self.async_create_entry(title=self._label(port), data=data, unique_id=port)
        return self._form("user", ports, user_input, errors)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Edit a check."""
        errors: dict[str, str] = {}
        subentry = self._get_reconfigure_subentry()
        ports = self._free_ports(subentry.unique_id)
        if user_input is not None:
            data = _tidy(user_input, self.hass.config.currency)
            if not (errors := self._errors(data, ports)):
                port = data[CONF_PORT]
                return self.async_update_and_abort(
                    self._get_entry(), subentry, title=self._label(port), data=data, unique_id=port
                )
        return self._form("reconfigure", ports, user_input or subentry.data, errors)

    def _form(
        self,
        step_id: str,
        ports: Iterable[str],
        values: Mapping[str, Any] | None,
        errors: dict[str, str],
    ) -> SubentryFlowResult:
        schema = self.add_suggested_values_to_schema(self._schema(ports), values)
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors=errors,
            description_placeholders={"example": EXAMPLE_PATTERN},
        )

    def _schema(self, ports: Iterable[str]) -> vol.Schema:
        choices = [SelectOptionDict(value=port, label=self._label(port)) for port in ports]
        return vol.Schema(
            {
                vol.Required(CONF_PORT): SelectSelector(SelectSelectorConfig(options=choices)),
                vol.Required(CONF_CODE): TextSelector(TextSelectorConfig(multiple=True)),
                vol.Optional(CONF_PATTERN): TextSelector(),
                vol.Optional(CONF_UNIT): TextSelector(),
                vol.Required(CONF_SCHEDULE, default=Schedule.DAILY.value): SelectSelector(SCHEDULES),
                vol.Required(CONF_TIME, default=DEFAULT_TIME): TimeSelector(),
            }
        )

    def _free_ports(self, own: str | None) -> list[str]:
        """Give the ports of the box that have no check, and the check's own; in order."""
        entry = self._get_entry()
        ports = {*entry.data.get(CONF_LINES, ()), *entry.data.get(CONF_IMEIS, ())}
        if entry.state is ConfigEntryState.LOADED:
            ports |= entry.runtime_data.data.ports.keys()
        taken = {sub.unique_id for sub in entry.get_subentries_of_type(SUBENTRY_BALANCE_CHECK)}
        free = ports - taken
        return sorted(free if own is None else free | {own}, key=natural_order)

    def _errors(self, data: Mapping[str, Any], ports: Collection[str]) -> dict[str, str]:
        """Say what is wrong with a check; its port was free when the form was shown."""
        errors = reading_errors(data)
        codes = data[CONF_CODE]
        if data[CONF_PORT] not in ports:
            errors[CONF_PORT] = "port_in_use"
        if not codes or not all(map(is_code, codes)):
            errors[CONF_CODE] = "invalid_code"
        elif len(codes) > MOST_CODES:
            errors[CONF_CODE] = "too_many_codes"
        return errors

    def _label(self, port: str) -> str:
        """Give what the owner calls a port."""
        entry = self._get_entry()
        device = dr.async_get(self.hass).async_get_child_device_by_identifier(
            (DOMAIN, f"{entry.unique_id or entry.entry_id}_{port}"), entry.entry_id
        )
        return (device and (device.name_by_user or device.name)) or port


def _tidy(user_input: dict[str, Any], home: str) -> dict[str, Any]:
    """Give a check's data as it is kept: codes without blanks around, and no empty fields."""
    codes = [code.strip() for code in user_input[CONF_CODE]]
    return {**tidy_reading(user_input, home), CONF_CODE: codes}


def tidy_reading(user_input: dict[str, Any], home: str) -> dict[str, Any]:
    """Give how answers are to be read as it is kept: the unit as a code, and no empty fields."""
    data = dict(user_input)
    if not data.get(CONF_PATTERN, "").strip():
        data.pop(CONF_PATTERN, None)
    if unit := data.pop(CONF_UNIT, "").strip():
        data[CONF_UNIT] = currency(unit, home) or unit
    return data


def reading_errors(data: Mapping[str, Any]) -> dict[str, str]:
    """Say what is wrong with how answers are to be read."""
    errors: dict[str, str] = {}
    if CONF_PATTERN in data:
        if not is_pattern(data[CONF_PATTERN]):
            errors[CONF_PATTERN] = "invalid_pattern"
        elif not finds_amount(data[CONF_PATTERN]):
            errors[CONF_PATTERN] = "pattern_without_amount"
    if CONF_UNIT in data and not meanings(data[CONF_UNIT]):
        errors[CONF_UNIT] = "invalid_unit"
    return errors
