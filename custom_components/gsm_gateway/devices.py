"""The devices of one box in Home Assistant's registry: the box, and each of its ports below it."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_MAC
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import ChildDeviceInfo

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
        self._ports: dict[str, ChildDeviceInfo] = {}
        self._ids: dict[str | None, str] = {}

    @property
    def box_identifier(self) -> tuple[str, str]:
        """What the device registry knows the box by."""
        return (DOMAIN, self._unique_id)

    def port_identifier(self, port: str) -> tuple[str, str]:
        """What the device registry knows a port by."""
        return (DOMAIN, f"{self._unique_id}_{port}")

    def box_id(self) -> str:
        """Give the box's device as it is described now, made when it is first asked for."""
        state, family = self._gateway.state, self._gateway.family
        models = {port.model for port in state.ports.values() if port.model}
        mac = self._entry.data.get(CONF_MAC)
        device = dr.async_get(self._hass).async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={self.box_identifier},
            manufacturer=family.manufacturer,
            model=family.model,
            hw_version=models.pop() if len(models) == 1 else None,
            name=self._entry.title,
            configuration_url=url_of(state.host) if state.host else None,
            connections={(dr.CONNECTION_NETWORK_MAC, mac)} if mac else set(),
        )
        return device.id

    def port_info(self, port: str) -> ChildDeviceInfo:
        """Describe a port's device, once for all of its entities."""
        if (info := self._ports.get(port)) is None:
            info = self._ports[port] = ChildDeviceInfo(
                identifiers={self.port_identifier(port)},
                parent_device_id=self.box_id(),
                translation_key="port",
                translation_placeholders={"port": port},
            )
        return info

    def id_of(self, port: str | None) -> str:
        """Give the device of a port, or of the box. Cheap: every text asks for it."""
        known = self._ids.get(port)
        if known is None or dr.async_get(self._hass).async_get(known) is None:
            known = self._ids[port] = self.box_id() if port is None else self._port_id(port)
        return known

    def _port_id(self, port: str) -> str:
        registry, entry_id = dr.async_get(self._hass), self._entry.entry_id
        return registry.async_get_or_create_child(config_entry_id=entry_id, **self.port_info(port)).id
