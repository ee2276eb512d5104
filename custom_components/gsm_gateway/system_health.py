"""What the system information of Home Assistant tells of us."""

from typing import Any

from homeassistant.components import system_health
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_PORT
from homeassistant.core import HomeAssistant, callback

from . import async_get_hub
from .aiogsm import Feature, PortStatus
from .const import DOMAIN
from .coordinator import GsmGatewayConfigEntry


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register what tells it."""
    register.async_register_info(_info, f"/config/integrations/integration/{DOMAIN}")


async def _info(hass: HomeAssistant) -> dict[str, Any]:
    """Give how many gateways there are and can be reached, where we listen, and when one was heard last."""
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
    loaded = [entry for entry in entries if entry.state is ConfigEntryState.LOADED]
    states = [entry.runtime_data.data for entry in loaded]
    heard = [at for entry in loaded if (at := entry.runtime_data.gateway.heard_at) is not None]
    listeners = _listeners(hass, loaded)
    return {
        "gateways": len(entries),
        "gateways_reachable": sum(state.connected for state in states),
        "ports_ready": sum(state.ports_ready for state in states),
        **({"udp_listeners": listeners} if listeners else {}),
        **({"last_contact": max(heard)} if heard else {}),
    }


def _listeners(hass: HomeAssistant, loaded: list[GsmGatewayConfigEntry]) -> str:
    """Give each UDP port with how many lines are heard there, such as ``44444 (8)``."""
    heard = {endpoint.port: 0 for endpoint in async_get_hub(hass).listening}
    for entry in loaded:
        coordinator = entry.runtime_data
        if Feature.PORTS_BY_THEMSELVES in coordinator.gateway.family.features:
            ports = coordinator.data.ports.values()
            heard[entry.data[CONF_PORT]] += sum(one.status is not PortStatus.OFFLINE for one in ports)
    return ", ".join(f"{port} ({lines})" for port, lines in sorted(heard.items()))
