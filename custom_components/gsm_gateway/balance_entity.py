"""Adds what a balance check brings to the device of its port, and takes it away with the check."""

from collections.abc import Callable, Iterable

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator

_KEYS = {"balance", "balance_valid_until", "check_balance"}


@callback
def async_add_balance_entities(
    hass: HomeAssistant,
    entry: GsmGatewayConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    platform: Platform,
    make: Callable[[GsmGatewayCoordinator, str], Iterable[Entity]],
) -> None:
    """Add the entities that ``make`` gives for every port with a check, now and as checks come and go.

    They belong to no subentry, as their device does not: Home Assistant would not remove them by itself.
    """
    coordinator = entry.runtime_data
    added: set[str] = set()

    @callback
    def _follow() -> None:
        ports = coordinator.balances.checks.keys()
        _remove_others(hass, coordinator, platform)
        new = ports - added
        added.clear()
        added.update(ports)
        async_add_entities(entity for port in new for entity in make(coordinator, port))

    async def _on_changed() -> None:
        _follow()

    _follow()
    entry.async_on_unload(coordinator.async_listen_contacts(_on_changed))


def _remove_others(hass: HomeAssistant, coordinator: GsmGatewayCoordinator, platform: Platform) -> None:
    """Remove the entities of checks that are gone, perhaps since before the start."""
    registry = er.async_get(hass)
    identifiers = [coordinator.devices.port_identifier(port)[1] for port in coordinator.balances.checks]
    wanted = {f"{identifier}_{key}" for identifier in identifiers for key in _KEYS}
    for entity in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
        ours = entity.domain == platform and entity.translation_key in _KEYS
        if ours and entity.unique_id not in wanted:
            registry.async_remove(entity.entity_id)
