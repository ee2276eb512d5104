"""Adding boxes in the UI, and mending how they are reached."""

import asyncio
from collections.abc import Mapping
from typing import Any, override

from homeassistant.components import network
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentryFlow,
)
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import slugify
import voluptuous as vol

from . import async_get_hub, async_make_gateway
from .aiogsm import (
    FAMILIES,
    Box,
    GatewayError,
    GatewayState,
    InvalidInput,
    LoginRefused,
    PortStatus,
    WrongPeer,
)
from .const import (
    CONF_ALL_LINES,
    CONF_FAMILY,
    CONF_IMEIS,
    CONF_LINE,
    CONF_LINES,
    CONF_NOTIFY_NAME,
    CONF_PASSWORDS,
    DOMAIN,
    SUBENTRY_CONTACT,
)
from .contact_flow import ContactFlow
from .coordinator import GsmGatewayConfigEntry
from .discovery import FOUND, FoundBox, async_get_discovery, unique_id
from .ear import Ear, listed, natural_order
from .imeis import Imeis, async_find_box, async_free_unique_id, imeis_of, is_box, updated
from .options_flow import GsmGatewayOptionsFlow

NEOGATE = "neogate"
GOIP = "goip"

WAIT_FOR_LINE = 120.0
"""Seconds that the waiting step listens for a first line."""

WAIT_FOR_MORE = 3.0
"""Seconds that it listens for further lines of the same box after the first."""

_PORT = vol.All(
    NumberSelector(NumberSelectorConfig(min=1, max=65535, step=1, mode=NumberSelectorMode.BOX)),
    vol.Coerce(int),
)
_PASSWORD = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))

NEOGATE_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_HOST): TextSelector(),
        vol.Required(CONF_PORT, default=5038): _PORT,
        vol.Required(CONF_USERNAME): TextSelector(),
        vol.Required(CONF_PASSWORD): _PASSWORD,
    }
)
GOIP_SCHEMA = vol.Schema(
    {vol.Required(CONF_PORT, default=44444): _PORT, vol.Required(CONF_PASSWORD): _PASSWORD}
)
REAUTH_SCHEMA = vol.Schema(
    {vol.Required(CONF_USERNAME): TextSelector(), vol.Required(CONF_PASSWORD): _PASSWORD}
)
PASSWORD_SCHEMA = vol.Schema({vol.Required(CONF_PASSWORD): _PASSWORD})

# The NeoGate TG's models are named by their number of ports.
_NEOGATE_MODELS = {1: "TG100", 2: "TG200", 4: "TG400", 8: "TG800", 16: "TG1600"}


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


def _form_errors(err: GatewayError) -> dict[str, str]:
    """Say what to show in a form, and where."""
    match err:
        case InvalidInput():
            return {CONF_PASSWORD: "invalid_credential"}
        case LoginRefused():
            return {"base": "invalid_auth"}
        case WrongPeer():
            return {"base": "not_a_neogate"}
        case _:
            return {"base": "cannot_connect"}


def _password_errors(password: str) -> dict[str, str]:
    """Say what is wrong with the password of a line."""
    try:
        FAMILIES[GOIP].check_box(Box(key="probe", password=password))
    except InvalidInput as err:
        return _form_errors(err)
    return {}


def _ear_for(hass: HomeAssistant, user_input: dict[str, Any]) -> Ear:
    """Give what listens on the port that was typed, for the password that was."""
    return Ear(async_get_hub(hass), FAMILIES[GOIP], user_input[CONF_PORT], user_input[CONF_PASSWORD])


async def _open_errors(ear: Ear, password: str) -> dict[str, str]:
    """Begin to listen, or say in which field of the form the reason is that this cannot be."""
    if errors := _password_errors(password):
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


async def _probe(hass: HomeAssistant, data: dict[str, Any]) -> GatewayState:
    """Open a box that we dial, look at it and leave it. Raise GatewayError."""
    gateway = await async_make_gateway(hass, "probe", data)
    await gateway.open()
    await gateway.close()
    return gateway.state


class GsmGatewayConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds a NeoGate, which we dial, or a GoIP, which we wait for."""

    VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing typed and nothing heard."""
        self._input: dict[str, Any] = {}
        self._errors: dict[str, str] = {}
        self._ear: Ear | None = None
        self._waiting: asyncio.Task[None] | None = None
        self._found: FoundBox | None = None
        self._line: str | None = None

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
        return {SUBENTRY_CONTACT: ContactFlow}

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which family it is."""
        return self.async_show_menu(step_id="user", menu_options=[NEOGATE, GOIP])

    async def async_step_neogate(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Log in to a NeoGate and learn what it is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {CONF_FAMILY: NEOGATE, **user_input, CONF_HOST: user_input[CONF_HOST].strip()}
            try:
                state = await _probe(self.hass, data)
            except GatewayError as err:
                errors = _form_errors(err)
            else:
                if imeis := imeis_of(state):
                    return await self._create_neogate(data, imeis, len(state.ports))
                errors = {"base": "no_imei"}
        schema = self.add_suggested_values_to_schema(NEOGATE_SCHEMA, user_input)
        return self.async_show_form(step_id=NEOGATE, data_schema=schema, errors=errors)

    async def _create_neogate(self, data: dict[str, Any], imeis: Imeis, ports: int) -> ConfigFlowResult:
        """Add a box, or follow one that is added already to where it was found now."""
        if (entry := async_find_box(self.hass, imeis)) is not None:
            updates = {key: data[key] for key in (CONF_HOST, CONF_PORT, CONF_USERNAME, CONF_PASSWORD)}
            return self._renew(entry, {**updates, CONF_IMEIS: updated(entry, imeis)}, "already_configured")
        if (unique_id := async_free_unique_id(self.hass, imeis)) is None:
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(unique_id)
        title = f"NeoGate {_NEOGATE_MODELS.get(ports, 'TG')}"
        return self._create(title, {**data, CONF_IMEIS: imeis})

    def _create(self, title: str, data: dict[str, Any]) -> ConfigFlowResult:
        return self.async_create_entry(
            title=title, data={**data, CONF_NOTIFY_NAME: _free_notify_name(self.hass, title)}
        )

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
        result = self.async_update_and_abort(entry, data_updates=updates, options=options, reason=reason)
        # A loaded entry's update listener reloads it; one that failed to set up has none.
        if entry.state is not ConfigEntryState.LOADED:
            self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return result

    async def async_step_goip(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask where to listen and for which password, then listen."""
        if user_input is not None:
            self._input = user_input
            ear = _ear_for(self.hass, user_input)
            if not (errors := await _open_errors(ear, user_input[CONF_PASSWORD])):
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
            return await self._create_goip(hosts[user_input.get(CONF_HOST, next(iter(hosts)))])
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

    @override
    async def async_step_integration_discovery(self, discovery_info: dict[str, Any]) -> ConfigFlowResult:
        """Offer a box whose lines report to us and belong to nobody."""
        self._found = found = discovery_info[FOUND]
        await self.async_set_unique_id(found.unique_id)
        self._abort_if_unique_id_configured()
        self.context["title_placeholders"] = {"name": f"{FAMILIES[found.family].name} ({found.host})"}
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password of the box, as anybody could report to us."""
        assert self._found is not None  # set by the step before
        errors: dict[str, str] = {}
        if user_input is not None:
            self._input = {CONF_PORT: self._found.port, **user_input}
            if not (errors := _password_errors(user_input[CONF_PASSWORD])):
                if lines := self._found.with_password(user_input[CONF_PASSWORD]):
                    return await self._create_goip(lines)
                errors = {"base": "wrong_password"}
        return self.async_show_form(
            step_id="discovery_confirm",
            data_schema=PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={
                "host": self._found.host,
                "port": str(self._found.port),
                "lines": listed(sorted(self._found.lines, key=natural_order)),
            },
        )

    @override
    async def async_step_ignore(self, user_input: dict[str, Any]) -> ConfigFlowResult:
        """Keep which lines an ignored box has: another of them may be the first that is heard next time."""
        ignored = user_input["unique_id"]
        await self.async_set_unique_id(ignored, raise_on_progress=False)
        return self.async_create_entry(
            title=user_input["title"], data=async_get_discovery(self.hass).lines_of(ignored)
        )

    async def _create_goip(self, lines: list[str]) -> ConfigFlowResult:
        port = self._input[CONF_PORT]
        # The same box may be offered at the same time; that offer ends with this flow.
        await self.async_set_unique_id(unique_id(port, lines[0]), raise_on_progress=False)
        self._abort_if_unique_id_configured()
        for entry in self.hass.config_entries.async_entries(DOMAIN, include_ignore=False):
            if entry.data[CONF_PORT] == port and {*lines} & {*entry.data.get(CONF_LINES, ())}:
                return self.async_abort(reason="already_configured")
        async_get_discovery(self.hass).forget(port, lines, by=self.flow_id)
        return self._create("GoIP", {CONF_FAMILY: GOIP, **self._input, CONF_LINES: lines})

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Ask again for what the box refused, or what one of its lines does not know."""
        self._line = entry_data.get(CONF_LINE)
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Try a user name and a password on the same box, or take a line's password."""
        entry: GsmGatewayConfigEntry = self._get_reauth_entry()
        if entry.data[CONF_FAMILY] == GOIP:
            return self._reauth_goip(entry, user_input)
        return await self._log_in("reauth_confirm", REAUTH_SCHEMA, entry, user_input)

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Change how a box is reached."""
        entry: GsmGatewayConfigEntry = self._get_reconfigure_entry()
        if entry.data[CONF_FAMILY] == GOIP:
            return await self._listen_elsewhere(entry, user_input)
        return await self._log_in("reconfigure", NEOGATE_SCHEMA, entry, user_input)

    async def _log_in(
        self,
        step_id: str,
        schema: vol.Schema,
        entry: GsmGatewayConfigEntry,
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Log in to the same NeoGate with other settings."""
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                state = await _probe(self.hass, {**entry.data, **user_input})
            except GatewayError as err:
                errors = _form_errors(err)
            else:
                imeis = imeis_of(state)
                if imeis and not is_box(entry, imeis):
                    return self.async_abort(reason="unique_id_mismatch")
                done = "reauth_successful" if step_id == "reauth_confirm" else "reconfigure_successful"
                return self._renew(entry, {**user_input, CONF_IMEIS: updated(entry, imeis)}, done)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, user_input or entry.data),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    def _reauth_goip(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Take the password of a line, or of all of them."""
        line = self._line
        errors: dict[str, str] = {}
        if user_input is not None:
            password, done = user_input[CONF_PASSWORD], "reauth_successful"
            if not (errors := _password_errors(password)):
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

    async def _listen_elsewhere(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Listen on another port for the lines of a GoIP, or take another password."""
        errors: dict[str, str] = {}
        if user_input is not None:
            ear = _ear_for(self.hass, user_input)
            if not (errors := await _open_errors(ear, user_input[CONF_PASSWORD])):
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
