"""The steps that begin with a box found on the network: by its network card, or by what it reports to us."""

from typing import Any, override

from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY, ConfigFlowResult
from homeassistant.const import CONF_PASSWORD, CONF_PORT
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from .aiogsm import FAMILIES
from .base_flow import PASSWORD_SCHEMA
from .discovery import FOUND, FoundBox, async_get_discovery
from .ear import listed, natural_order
from .goip_flow import GOIP, GoipFlow, password_errors
from .neogate_flow import NEOGATE, NeogateFlow
from .whereabouts import Sighting, async_offers_at, async_recognise, async_withdraw, url_of

_YEASTAR = "f4:b5:49"
"""How the addresses of network cards begin that were assigned to Yeastar."""

_YEASTAR_NAMES = ("neogate", "yeastar")
"""How a NeoGate's host names begin. All else that the manifest's matchers let through is a GoIP."""


def _family_of(seen: DhcpServiceInfo) -> str:
    is_yeastar = format_mac(seen.macaddress).startswith(_YEASTAR) or seen.hostname.startswith(_YEASTAR_NAMES)
    return NEOGATE if is_yeastar else GOIP


class FoundFlow(NeogateFlow, GoipFlow):
    """Offers boxes that were found."""

    def __init__(self) -> None:
        """Begin with nothing found."""
        super().__init__()
        self._found: FoundBox | None = None

    def _name_offer(self, family: str, host: str) -> None:
        """Say in the list of what was found what it is, and where to look at it."""
        self.context["title_placeholders"] = {"name": f"{FAMILIES[family].name} ({host})"}
        self.context["configuration_url"] = url_of(host)

    @override
    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Follow a box that we know to its address, and offer one that we do not.

        It is known by its network card until it is told apart for good: by IMEI, or by UDP port and line.
        """
        seen = Sighting(mac=format_mac(discovery_info.macaddress), host=discovery_info.ip)
        family = _family_of(discovery_info)
        if async_recognise(self.hass, family, seen) or async_get_discovery(self.hass).ignores(seen.host):
            return self.async_abort(reason="already_configured")
        await self.async_set_unique_id(seen.mac)
        self._abort_if_unique_id_configured()
        if async_offers_at(self.hass, seen.host, SOURCE_INTEGRATION_DISCOVERY):
            return self.async_abort(reason="already_in_progress")
        self._seen = seen
        self._name_offer(family, seen.host)
        return await (self.async_step_neogate() if family == NEOGATE else self.async_step_goip())

    @override
    async def async_step_integration_discovery(self, discovery_info: dict[str, Any]) -> ConfigFlowResult:
        """Offer a box whose lines report to us and belong to nobody."""
        self._found = found = discovery_info[FOUND]
        await self.async_set_unique_id(found.unique_id)
        self._abort_if_unique_id_configured()
        # That it reports says more than that its network card is there.
        if (mac := async_withdraw(self.hass, found.host)) is not None:
            self._seen = Sighting(mac=mac, host=found.host)
        self._name_offer(found.family, found.host)
        return await self.async_step_discovery_confirm()

    async def async_step_discovery_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the password of the box, as anybody could report to us."""
        assert self._found is not None  # set by the step before
        errors: dict[str, str] = {}
        if user_input is not None:
            self._input = {CONF_PORT: self._found.port, **user_input}
            if not (errors := await password_errors(self.hass, user_input[CONF_PASSWORD])):
                if lines := self._found.with_password(user_input[CONF_PASSWORD]):
                    return await self._create_goip(self._found.host, lines)
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
