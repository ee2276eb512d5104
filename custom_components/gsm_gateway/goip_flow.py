"""The forms of a GoIP, which reports to us."""

import asyncio
from typing import Any, override

from homeassistant.components import network
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import BooleanSelector, SelectSelector, SelectSelectorConfig
import voluptuous as vol

from . import async_get_family, async_get_hub
from .aiogsm import FAMILIES, Box, GatewayError, InvalidInput, PortStatus
from .base_flow import PASSWORD_SCHEMA, BaseFlow, listening_schema
from .const import CONF_ALL_LINES, CONF_FAMILY, CONF_LINES, CONF_PASSWORDS, DOMAIN
from .coordinator import GsmGatewayConfigEntry
from .discovery import async_get_discovery, unique_id
from .ear import Ear, listed

GOIP = "goip"

GOIP_SCHEMA = listening_schema(44444)

WAIT_FOR_LINE = 120.0
"""Seconds that the waiting step listens for a first line."""

WAIT_FOR_MORE = 3.0
"""Seconds that it listens for further lines of the same box after the first."""


async def password_errors(hass: HomeAssistant, password: str) -> dict[str, str]:
    """Say what is wrong with the password of a line."""
    family = await async_get_family(hass, GOIP)
    try:
        family.dialect().check_box(Box(key="probe", password=password))
    except InvalidInput:
        return {CONF_PASSWORD: "invalid_credential"}
    return {}


def _ear_for(hass: HomeAssistant, user_input: dict[str, Any]) -> Ear:
    """Give what listens on the port that was typed, for the password that was."""
    return Ear(async_get_hub(hass), FAMILIES[GOIP], user_input[CONF_PORT], user_input[CONF_PASSWORD])


async def _open_errors(hass: HomeAssistant, ear: Ear, password: str) -> dict[str, str]:
    """Begin to listen, or say in which field of the form the reason is that this cannot be."""
    if errors := await password_errors(hass, password):
        return errors
    try:
        await ear.open()
    except GatewayError:
        return {"base": "port_in_use"}
    return {}


def _other_lines_report(entry: GsmGatewayConfigEntry, line: str) -> bool:
    """Whether lines beside this one report now, and so know the password."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    ports = entry.runtime_data.data.ports.values()
    return any(port.status is not PortStatus.OFFLINE for port in ports if port.port != line)


class GoipFlow(BaseFlow):
    """Waits for a GoIP and adds it, and changes how it is listened to."""

    def __init__(self) -> None:
        """Begin with nothing typed and nothing heard."""
        super().__init__()
        self._input: dict[str, Any] = {}
        self._errors: dict[str, str] = {}
        self._ear: Ear | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._line: str | None = None

    async def async_step_goip(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where to listen and for which password, then listen."""
        if user_input is not None:
            self._input = user_input
            ear = _ear_for(self.hass, user_input)
            if not (errors := await _open_errors(self.hass, ear, user_input[CONF_PASSWORD])):
                self._ear = ear
                return await self.async_step_goip_wait()
            self._errors = errors
        schema = self.add_suggested_values_to_schema(GOIP_SCHEMA, self._input)
        return self.async_show_form(step_id=GOIP, data_schema=schema, errors=self._errors)

    async def async_step_goip_wait(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what to type on the box, and what is heard of it."""
        assert self._ear is not None  # opened by the step before
        if self._waiting is None:
            self._waiting = self.hass.async_create_task(self._listen(self._ear), eager_start=False)
        if not self._waiting.done():
            return self.async_show_progress(
                step_id="goip_wait",
                progress_action="goip_wait",
                progress_task=self._waiting,
                description_placeholders={
                    "address": await network.async_get_source_ip(self.hass),
                    "port": str(self._input[CONF_PORT]),
                    "password": self._input[CONF_PASSWORD],
                    "heard": self._ear.describe(),
                },
            )
        self._waiting = None
        await self._ear.close()
        if self._ear.lines:
            return self.async_show_progress_done(next_step_id="goip_confirm")
        self._errors = {"base": "wrong_password" if self._ear.strangers else "no_gateway_heard"}
        return self.async_show_progress_done(next_step_id=GOIP)

    async def _listen(self, ear: Ear) -> None:
        """Listen until no more lines are to be expected, refreshing the step with what is heard."""
        loop = asyncio.get_running_loop()
        begin = loop.time()
        end = begin + WAIT_FOR_LINE
        while (now := loop.time()) < end:
            self.async_update_progress(min((now - begin) / WAIT_FOR_LINE, 1.0))
            try:
                async with asyncio.timeout(min(end - now, 1.0)):
                    await ear.changed.wait()
            except TimeoutError:
                continue
            ear.changed.clear()
            if ear.lines:
                end = min(end, loop.time() + WAIT_FOR_MORE)
            self.hass.async_create_task(self.hass.config_entries.flow.async_configure(self.flow_id))

    async def async_step_goip_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show whom we heard, and add it."""
        assert self._ear is not None  # opened by a step before
        hosts = self._ear.lines
        if user_input is not None:
            host = user_input.get(CONF_HOST, next(iter(hosts)))
            return await self._create_goip(host, hosts[host])
        schema = {}
        if len(hosts) > 1:
            options = SelectSelectorConfig(options=list(hosts))
            schema = {vol.Required(CONF_HOST, default=next(iter(hosts))): SelectSelector(options)}
        return self.async_show_form(
            step_id="goip_confirm",
            data_schema=vol.Schema(schema),
            description_placeholders={
                "heard": "\n\n".join(f"{host}: {listed(lines)}" for host, lines in hosts.items())
            },
        )

    async def _create_goip(self, host: str, lines: list[str]) -> ConfigFlowResult:
        """Add the box that was heard from ``host``."""
        port = self._input[CONF_PORT]
        # The same box may be offered at the same time; that offer ends with this flow.
        await self.async_set_unique_id(unique_id(port, lines[0]), raise_on_progress=False)
        self._abort_if_unique_id_configured()
        for entry in self.hass.config_entries.async_entries(DOMAIN, include_ignore=False):
            if entry.data[CONF_PORT] == port and {*lines} & {*entry.data.get(CONF_LINES, ())}:
                return self.async_abort(reason="already_configured")
        async_get_discovery(self.hass).forget(port, lines, by=self.flow_id)
        return self._create("GoIP", host, {CONF_FAMILY: GOIP, **self._input, CONF_LINES: lines})

    async def _reauth_goip(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Take the password of a line, or of all of them."""
        line = self._line
        errors: dict[str, str] = {}
        if user_input is not None:
            password, done = user_input[CONF_PASSWORD], "reauth_successful"
            if not (errors := await password_errors(self.hass, password)):
                if line is None or user_input[CONF_ALL_LINES]:
                    return self._renew(entry, {CONF_PASSWORD: password}, done, passwords={})
                passwords = {**entry.options.get(CONF_PASSWORDS, {}), line: password}
                return self._renew(entry, {}, done, passwords=passwords)
        schema = PASSWORD_SCHEMA
        if line is not None:
            default = not _other_lines_report(entry, line)
            schema = schema.extend({vol.Required(CONF_ALL_LINES, default=default): BooleanSelector()})
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={"name": entry.title if line is None else f"{entry.title} ({line})"},
        )

    async def _reconfigure_goip(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Listen on another port for the lines of a GoIP, or take another password."""
        errors: dict[str, str] = {}
        if user_input is not None:
            ear = _ear_for(self.hass, user_input)
            if not (errors := await _open_errors(self.hass, ear, user_input[CONF_PASSWORD])):
                await ear.close()
                return self._renew(entry, user_input, "reconfigure_successful")
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self.add_suggested_values_to_schema(GOIP_SCHEMA, user_input or entry.data),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    @override
    @callback
    def async_remove(self) -> None:
        """Let go of the UDP port when the dialog is closed."""
        if self._ear is not None:
            self.hass.async_create_task(self._ear.close())
