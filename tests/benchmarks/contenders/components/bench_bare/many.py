"""As many entities as an entry asks for, on a box and its ports, all with what is always the same."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import ChildDeviceInfo, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback


class Plain(Entity):
    """Any entity, without anything of its own."""

    _attr_has_entity_name = True
    _attr_should_poll = False


def add(
    hass: HomeAssistant,
    entry: ConfigEntry,
    platform: str,
    kind: type[Plain],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of one platform: ``entities`` has those of the box, and then those of each port."""
    box = (entry.domain, entry.entry_id)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={box}, name=entry.title, manufacturer="Bench"
    )
    of_box, of_port = entry.data["entities"].get(platform, ((0, 0), (0, 0)))
    entities = _made(kind, of_box, f"{entry.entry_id}_{platform}", DeviceInfo(identifiers={box}))
    for port in entry.data["ports"]:
        info = ChildDeviceInfo(
            identifiers={(entry.domain, f"{entry.entry_id}_{port}")},
            parent_device_id=device.id,
            name=f"Port {port}",
        )
        entities += _made(kind, of_port, f"{entry.entry_id}_{port}_{platform}", info)
    async_add_entities(entities)


def _made(
    kind: type[Plain], counts: tuple[int, int], prefix: str, info: DeviceInfo | ChildDeviceInfo
) -> list[Plain]:
    """Make entities that are on, and some that are off."""
    made = []
    for number in range(sum(counts)):
        one = kind()
        one._attr_unique_id = f"{prefix}_{number}"
        one._attr_name = f"Reading {number}"
        one._attr_device_info = info
        one._attr_entity_registry_enabled_default = number < counts[0]
        made.append(one)
    return made
