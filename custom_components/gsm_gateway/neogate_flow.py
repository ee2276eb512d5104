"""The forms of a NeoGate, which we dial."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.const import CONF_HOST, CONF_PASSWORD, CONF_PORT, CONF_USERNAME
from homeassistant.core import HomeAssistant
import voluptuous as vol

from . import async_make_gateway
from .aiogsm import GatewayError, GatewayState, InvalidInput, LoginRefused, WrongPeer
from .base_flow import LOGIN_SCHEMA, BaseFlow, dialling_schema
from .const import CONF_FAMILY, CONF_IMEIS
from .coordinator import GsmGatewayConfigEntry
from .imeis import Imeis, async_find_box, async_free_unique_id, imeis_of, is_box, updated

NEOGATE = "neogate"

NEOGATE_SCHEMA = dialling_schema(5038)

# The NeoGate TG's models are named by their number of ports.
_NEOGATE_MODELS = {1: "TG100", 2: "TG200", 4: "TG400", 8: "TG800", 16: "TG1600"}


def _login_errors(err: GatewayError) -> dict[str, str]:
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


async def _probe(hass: HomeAssistant, data: dict[str, Any]) -> GatewayState:
    """Open a box that we dial, look at it and leave it. Raise GatewayError."""
    gateway = await async_make_gateway(hass, "probe", data)
    await gateway.open()
    await gateway.close()
    return gateway.state


class NeogateFlow(BaseFlow):
    """Adds a NeoGate, and changes how it is logged in to."""

    async def async_step_neogate(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Log in to a NeoGate and learn what it is."""
        errors: dict[str, str] = {}
        if user_input is not None:
            data = {CONF_FAMILY: NEOGATE, **user_input, CONF_HOST: user_input[CONF_HOST].strip()}
            try:
                state = await _probe(self.hass, data)
            except GatewayError as err:
                errors = _login_errors(err)
            else:
                if imeis := imeis_of(state):
                    return await self._create_neogate(data, imeis, len(state.ports))
                errors = {"base": "no_imei"}
        filled = user_input or ({CONF_HOST: self._seen.host} if self._seen is not None else None)
        schema = self.add_suggested_values_to_schema(NEOGATE_SCHEMA, filled)
        return self.async_show_form(step_id=NEOGATE, data_schema=schema, errors=errors)

    async def _create_neogate(self, data: dict[str, Any], imeis: Imeis, ports: int) -> ConfigFlowResult:
        """Add a box, or follow one that is added already to where it was found now."""
        host = data[CONF_HOST]
        if (entry := async_find_box(self.hass, imeis)) is not None:
            updates = {key: data[key] for key in (CONF_HOST, CONF_PORT, CONF_USERNAME, CONF_PASSWORD)}
            updates |= {CONF_IMEIS: updated(entry, imeis), **self._mac_at(host)}
            return self._renew(entry, updates, "already_configured")
        if (unique_id := async_free_unique_id(self.hass, imeis)) is None:
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(unique_id)
        title = f"NeoGate {_NEOGATE_MODELS.get(ports, 'TG')}"
        return self._create(title, host, {**data, CONF_IMEIS: imeis})

    async def _reauth_neogate(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Try another user name and password."""
        return await self._log_in("reauth_confirm", LOGIN_SCHEMA, entry, user_input)

    async def _reconfigure_neogate(
        self, entry: GsmGatewayConfigEntry, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Try another address."""
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
                errors = _login_errors(err)
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
