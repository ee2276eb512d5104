"""Having a box or a port do something, with errors that name it."""

from homeassistant.exceptions import HomeAssistantError

from .aiogsm import Feature, PortRequest, SetAllEnabled
from .const import DOMAIN
from .coordinator import GsmGatewayCoordinator
from .exceptions import translated_errors


async def async_ask[O](coordinator: GsmGatewayCoordinator, request: PortRequest[O]) -> O:
    """Ask something of one port. Raise HomeAssistantError."""
    with translated_errors(coordinator.config_entry.title, request.port):
        return await coordinator.gateway.ask(request)


async def async_set_enabled(coordinator: GsmGatewayCoordinator, port: str, enabled: bool) -> None:
    """Switch one port's module on or off. Raise HomeAssistantError."""
    with translated_errors(coordinator.config_entry.title, port):
        await coordinator.gateway.set_enabled(port, enabled=enabled)


async def async_set_all_enabled(coordinator: GsmGatewayCoordinator, request: SetAllEnabled) -> None:
    """Switch modules with one command of the box. Raise HomeAssistantError."""
    with translated_errors(coordinator.config_entry.title):
        await coordinator.gateway.set_all_enabled(request)


async def async_check_balance(coordinator: GsmGatewayCoordinator, port: str) -> None:
    """Ask for the balance of a port's SIM. Raise HomeAssistantError, also where the answer cannot be read."""
    title = coordinator.config_entry.title
    with translated_errors(title, port):
        readable = await coordinator.balances.async_check(port)
    if not readable:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="balance_unreadable",
            translation_placeholders={"where": f"{title} ({port})"},
        )


async def async_reboot(coordinator: GsmGatewayCoordinator, port: str | None) -> None:
    """Restart one port, or the whole box. Raise HomeAssistantError.

    The silence that follows is no surprise; one that we dial stays connected while a port restarts.
    """
    with translated_errors(coordinator.config_entry.title, port):
        await coordinator.gateway.reboot(port)
    if Feature.PORTS_BY_THEMSELVES in coordinator.gateway.family.features:
        coordinator.presence.restarts(port)
