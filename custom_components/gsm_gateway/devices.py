"""The devices of one box in Home Assistant's registry: the box, and each of its ports below it."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_MAC
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import AnyDeviceEntry, ChildDeviceEntry, DeviceEntry

from .aiogsm import Gateway
from .const import DOMAIN
from .whereabouts import url_of


class Devices:
    """What the devices of a box are known by, and how they are described."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, gateway: Gateway) -> None:
        """Begin with none made."""
        self._hass = hass
        self._entry = entry
        self._gateway = gateway
        self._unique_id: str = entry.unique_id or entry.entry_id
        self._ids: dict[str | None, str] = {}

    @property
    def box_identifier(self) -> tuple[str, str]:
        """What the device registry knows the box by."""
        return (DOMAIN, self._unique_id)

    def port_identifier(self, port: str) -> tuple[str, str]:
        """What the device registry knows a port by."""
        return (DOMAIN, f"{self._unique_id}_{port}")

    def unique_id(self, port: str, key: str) -> str:
        """What the entity registry knows an entity of a port by."""
        return f"{self._unique_id}_{port}_{key}"

    def id_of(self, port: str | None) -> str:
        """Give the id of the device of a port, or of the box."""
        return self.device_of(port).id

    def device_of(self, port: str | None) -> AnyDeviceEntry:
        """Give the device of a port, or of the box, made when it is first asked for.

        Cheap: every entity and every text asks for it.
        """
        registry = dr.async_get(self._hass)
        known = self._ids.get(port)
        if known is None or (device := registry.async_get(known)) is None:
            device = self.describe_box() if port is None else self._describe_port(port)
            self._ids[port] = device.id
        return device

    def describe_box(self) -> DeviceEntry:
        """Have the box's device say what is known of it now; its ports tell some of that."""
        state, family = self._gateway.state, self._gateway.family
        models = {port.model for port in state.ports.values() if port.model}
        mac = self._entry.data.get(CONF_MAC)
        return dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={self.box_identifier},
            manufacturer=family.manufacturer,
            model=family.model,
            hw_version=models.pop() if len(models) == 1 else None,
            name=self._entry.title,
            configuration_url=url_of(state.host) if state.host else None,
            connections={(dr.CONNECTION_NETWORK_MAC, mac)} if mac else set(),
        )

    def _describe_port(self, port: str) -> ChildDeviceEntry:
        return dr.async_get(self._hass).async_get_or_create_child(
            config_entry_id=self._entry.entry_id,
            identifiers={self.port_identifier(port)},
            parent_device_id=self.id_of(None),
            translation_key="port",
            translation_placeholders={"port": port},
        )
