"""The options of a box, in sections: of each only what the box's family can do."""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_PASSWORD, UnitOfTime
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectOptionDict,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from . import async_get_family
from .aiogsm import FAMILIES, Box, Feature, InvalidInput
from .const import (
    CONF_ALLOW_SET_IMEI,
    CONF_CHANNEL,
    CONF_CHANNELS,
    CONF_EXPIRES_AFTER,
    CONF_FAMILY,
    CONF_HISTORY,
    CONF_JOIN_TEXTS,
    CONF_LIMIT_DAY,
    CONF_LIMIT_HOUR,
    CONF_LIMIT_MONTH,
    CONF_LINE,
    CONF_LINES,
    CONF_NOTIFY_CONTACTS,
    CONF_PASSWORDS,
    CONF_POLL_INTERVAL,
    CONF_PRIVATE,
    CONF_REPEAT_SEND,
    CONF_TEXTS_IN_STATES,
    CONF_TIME_ZONE,
    DEFAULT_POLL_INTERVAL,
    MOST_HISTORY,
    SUBENTRY_CONTACT,
)
from .ear import natural_order
from .options import EXPIRES_AFTER, HISTORY, LIMIT_HOUR

SECTION_MESSAGES = "messages"
SECTION_GATEWAY = "gateway"
SECTION_LIMITS = "limits"
SECTION_LINES = "lines"
SECTION_PRIVACY = "privacy"
SECTION_SAFETY = "safety"

CLEARED = {CONF_TIME_ZONE}
"""Options that may be left out of the form, and are gone then."""


class GsmGatewayOptionsFlow(OptionsFlow):
    """Changes the options of one box."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show all options, and keep them."""
        errors: dict[str, str] = {}
        if user_input is not None:
            options = {key: value for part in user_input.values() for key, value in part.items()}
            lines = options.pop(CONF_LINES, [])
            if not (errors := await self._errors(lines)):
                before = self.config_entry.options
                kept = {key: before[key] for key in before.keys() - CLEARED}
                return self.async_create_entry(data={**kept, **options, **_by_line(lines)})
        schema = self.add_suggested_values_to_schema(await self._schema(), user_input or self._current())
        return self.async_show_form(step_id="init", data_schema=schema, errors=errors)

    async def _schema(self) -> vol.Schema:
        family = FAMILIES[self.config_entry.data[CONF_FAMILY]]
        features = family.features
        sections: dict[str, dict[vol.Marker, Selector[Any]]] = {
            SECTION_MESSAGES: {
                vol.Optional(CONF_NOTIFY_CONTACTS, default=[]): self._contacts(),
                vol.Required(CONF_EXPIRES_AFTER, default=EXPIRES_AFTER): _number(
                    1, 10080, UnitOfTime.MINUTES
                ),
            },
            SECTION_LIMITS: {
                vol.Required(CONF_LIMIT_HOUR, default=LIMIT_HOUR): _number(0, 10000),
                vol.Required(CONF_LIMIT_DAY, default=0): _number(0, 100000),
                vol.Required(CONF_LIMIT_MONTH, default=0): _number(0, 1000000),
            },
            SECTION_PRIVACY: {
                vol.Required(CONF_PRIVATE, default=False): BooleanSelector(),
                vol.Required(CONF_TEXTS_IN_STATES, default=False): BooleanSelector(),
                vol.Required(CONF_HISTORY, default=HISTORY): _number(0, MOST_HISTORY),
            },
        }
        if family.poll_intervals is not None:
            sections[SECTION_GATEWAY] = {
                vol.Required(CONF_POLL_INTERVAL, default=DEFAULT_POLL_INTERVAL): _number(
                    *family.poll_intervals, UnitOfTime.SECONDS
                )
            }
        if Feature.TIME_STAMPS in features:
            zones = await self.hass.async_add_executor_job(available_timezones)
            about_it = sections.setdefault(SECTION_GATEWAY, {})
            about_it[vol.Optional(CONF_TIME_ZONE)] = _choice(zones)
        if Feature.PORTS_BY_THEMSELVES in features:
            sections[SECTION_MESSAGES] |= {
                vol.Required(CONF_JOIN_TEXTS, default=False): BooleanSelector(),
                vol.Required(CONF_REPEAT_SEND, default=True): BooleanSelector(),
            }
            sections[SECTION_LINES] = {vol.Optional(CONF_LINES): self._lines()}
        if Feature.PORT_SWITCH in features:
            sections[SECTION_SAFETY] = {vol.Required(CONF_ALLOW_SET_IMEI, default=False): BooleanSelector()}
        return vol.Schema(
            {
                vol.Required(name): section(vol.Schema(fields), {"collapsed": name != SECTION_MESSAGES})
                for name, fields in sections.items()
            }
        )

    def _contacts(self) -> SelectSelector:
        contacts = [
            SelectOptionDict(value=one.subentry_id, label=one.title)
            for one in self.config_entry.get_subentries_of_type(SUBENTRY_CONTACT)
        ]
        return SelectSelector(SelectSelectorConfig(options=contacts, multiple=True))

    def _lines(self) -> ObjectSelector:
        lines = SelectSelectorConfig(options=sorted(self.config_entry.data[CONF_LINES], key=natural_order))
        password = TextSelectorConfig(type=TextSelectorType.PASSWORD)
        channel = NumberSelectorConfig(min=1, max=64, step=1, mode=NumberSelectorMode.BOX)
        return ObjectSelector(
            ObjectSelectorConfig(
                multiple=True,
                label_field=CONF_LINE,
                translation_key="line",
                fields={
                    CONF_LINE: ObjectSelectorField(required=True, selector=SelectSelector(lines)),
                    CONF_PASSWORD: ObjectSelectorField(selector=TextSelector(password)),
                    CONF_CHANNEL: ObjectSelectorField(selector=NumberSelector(channel)),
                },
            )
        )

    def _current(self) -> dict[str, dict[str, Any]]:
        """Give the options as the form has them."""
        options = self.config_entry.options
        contacts = {one.subentry_id for one in self.config_entry.get_subentries_of_type(SUBENTRY_CONTACT)}
        chosen = [one for one in options.get(CONF_NOTIFY_CONTACTS, []) if one in contacts]
        return {
            SECTION_MESSAGES: {**options, CONF_NOTIFY_CONTACTS: chosen},
            SECTION_GATEWAY: {**options},
            SECTION_LIMITS: {**options},
            SECTION_PRIVACY: {**options},
            SECTION_LINES: {CONF_LINES: _as_list(options)},
            SECTION_SAFETY: {**options},
        }

    async def _errors(self, lines: list[dict[str, Any]]) -> dict[str, str]:
        """Say what is wrong with what was typed about the lines."""
        names = [line[CONF_LINE] for line in lines]
        channels = [line[CONF_CHANNEL] for line in lines if CONF_CHANNEL in line]
        if len(names) != len({*names}):
            return {"base": "line_twice"}
        if len(channels) != len({*channels}):
            return {"base": "channel_twice"}
        family = await async_get_family(self.hass, self.config_entry.data[CONF_FAMILY])
        try:
            for line in lines:
                if password := line.get(CONF_PASSWORD):
                    family.dialect().check_box(Box(key="probe", password=password))
        except InvalidInput:
            return {"base": "invalid_credential"}
        return {}


def _choice(options: Iterable[str]) -> SelectSelector:
    return SelectSelector(SelectSelectorConfig(options=sorted(options), mode=SelectSelectorMode.DROPDOWN))


def _number(least: float, most: float, unit: str | None = None) -> NumberSelector:
    config = NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    return NumberSelector(config)


def _as_list(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give what is kept by line as the form has it: a list of lines."""
    passwords, channels = options.get(CONF_PASSWORDS, {}), options.get(CONF_CHANNELS, {})
    rows = []
    for line in {**passwords, **channels}:
        told = {CONF_PASSWORD: passwords.get(line), CONF_CHANNEL: channels.get(line)}
        rows.append({CONF_LINE: line, **{key: value for key, value in told.items() if value is not None}})
    return rows


def _by_line(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Give a list of lines as it is kept: the passwords and the channels, by line."""
    return {
        CONF_PASSWORDS: {line[CONF_LINE]: line[CONF_PASSWORD] for line in lines if line.get(CONF_PASSWORD)},
        CONF_CHANNELS: {line[CONF_LINE]: int(line[CONF_CHANNEL]) for line in lines if CONF_CHANNEL in line},
    }
