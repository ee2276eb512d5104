"""Adding and editing the people whom a box texts, in the UI."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import ConfigSubentry, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_NAME, CONF_PIN
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import slugify
import voluptuous as vol

from .commands import is_pin
from .const import CONF_NUMBER, CONF_TRUSTED, SUBENTRY_CONTACT
from .contacts import is_number, normalise_number

CONTACT_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_NAME): TextSelector(),
        vol.Required(CONF_NUMBER): TextSelector(TextSelectorConfig(type=TextSelectorType.TEL)),
        vol.Required(CONF_TRUSTED, default=False): BooleanSelector(),
        vol.Optional(CONF_PIN): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="new-password")
        ),
    }
)


class ContactFlow(ConfigSubentryFlow):
    """Adds and edits somebody to text."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add a contact."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = _tidy(user_input)
            if not (errors := self._errors(data, None)):
                return self.async_create_entry(title=data[CONF_NAME], data=data, unique_id=data[CONF_NUMBER])
        return self._form("user", user_input, errors)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Edit a contact."""
        errors: dict[str, str] = {}
        subentry = self._get_reconfigure_subentry()
        if user_input is not None:
            data = _tidy(user_input)
            if not (errors := self._errors(data, subentry.subentry_id)):
                return self.async_update_and_abort(
                    self._get_entry(),
                    subentry,
                    title=data[CONF_NAME],
                    data=data,
                    unique_id=data[CONF_NUMBER],
                )
        return self._form("reconfigure", user_input or subentry.data, errors)

    def _form(
        self, step_id: str, values: Mapping[str, Any] | None, errors: dict[str, str]
    ) -> SubentryFlowResult:
        schema = self.add_suggested_values_to_schema(CONTACT_SCHEMA, values)
        return self.async_show_form(step_id=step_id, data_schema=schema, errors=errors)

    def _errors(self, data: dict[str, Any], own_id: str | None) -> dict[str, str]:
        """Say what is wrong with a contact, beside all others of its box."""
        name, number = data[CONF_NAME], data[CONF_NUMBER]
        others = [
            sub
            for sub in self._get_entry().get_subentries_of_type(SUBENTRY_CONTACT)
            if sub.subentry_id != own_id
        ]
        errors = {}
        if "," in name or slugify(name) in ("", "unknown"):
            errors[CONF_NAME] = "invalid_name"
        elif _is_taken(name, others):
            errors[CONF_NAME] = "name_in_use"
        if not is_number(number):
            errors[CONF_NUMBER] = "invalid_number"
        elif any(sub.unique_id == number for sub in others):
            errors[CONF_NUMBER] = "number_in_use"
        if CONF_PIN in data and not is_pin(data[CONF_PIN]):
            errors[CONF_PIN] = "invalid_pin"
        return errors


def _is_taken(name: str, others: list[ConfigSubentry]) -> bool:
    """Whether a name means somebody else, or is read as a number wherever a recipient is asked for."""
    if name.isdecimal() or is_number(normalise_number(name)):
        return True
    # Two names of one slug would share one classic action, and one of no slug would take the box's.
    return any(slugify(sub.title) == slugify(name) for sub in others)


def _tidy(user_input: dict[str, Any]) -> dict[str, Any]:
    """Give a contact's data as it is kept: trimmed, no separators in the number, no empty PIN."""
    pin = user_input.get(CONF_PIN, "").strip()
    return {
        CONF_NAME: user_input[CONF_NAME].strip(),
        CONF_NUMBER: normalise_number(user_input[CONF_NUMBER]),
        CONF_TRUSTED: user_input[CONF_TRUSTED],
        **({CONF_PIN: pin} if pin else {}),
    }
