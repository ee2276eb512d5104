"""What a user can send with a report: all that is known of a box, without secrets, numbers and identities."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .aiogsm import Feature, Gateway, Message, Pseudonyms, Query, WireLine
from .const import CONF_IMEIS, CONF_LINE, CONF_LINES, CONF_NUMBER, CONF_PASSWORDS, MOST_HISTORY
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .store import StoreError

TO_REDACT = {
    CONF_HOST,
    CONF_IMEIS,
    CONF_LINE,
    CONF_LINES,
    CONF_MAC,
    CONF_NAME,
    CONF_NUMBER,
    CONF_PASSWORD,
    CONF_PASSWORDS,
    CONF_USERNAME,
    "cell",
    "iccid",
    "imei",
    "imsi",
    "phone_number",
    "smsc",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry
) -> dict[str, Any]:
    """Give the settings, the ports, what was ignored and what passed over the wire of a box.

    A GoIP's lines are numbered and not named: a line's id is often its phone number.
    """
    settings = {
        "data": async_redact_data(dict(entry.data), TO_REDACT),
        "options": {"passwords": len(entry.options.get(CONF_PASSWORDS, {})), **_plain(entry.options)},
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key,
    }
    if entry.state is not ConfigEntryState.LOADED:
        return settings
    report = _Report(entry.runtime_data)
    return {**settings, **await report.box()}


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, device: dr.DeviceEntry | dr.ChildDeviceEntry
) -> dict[str, Any]:
    """Give what is known of a port; of a contact nothing but whether it is trusted; else all of the box."""
    if entry.state is ConfigEntryState.LOADED:
        coordinator = entry.runtime_data
        for contact in coordinator.contacts.contacts:
            if coordinator.devices.port_identifier(contact.subentry_id) in device.identifiers:
                return {"contact": {"trusted": contact.trusted}}
        for name in coordinator.data.ports:
            if coordinator.devices.port_identifier(name) in device.identifiers:
                return _Report(coordinator).port(name)
    return await async_get_config_entry_diagnostics(hass, entry)


class _Report:
    """What one report tells. All that must not be told has the same name throughout."""

    def __init__(self, coordinator: GsmGatewayCoordinator) -> None:
        """Name the ports in their order."""
        self._coordinator = coordinator
        self._gateway = coordinator.gateway
        self._names = Pseudonyms()
        for port in coordinator.data.ports:
            self._name(port)

    async def box(self) -> dict[str, Any]:
        """Give all of a box."""
        coordinator, gateway = self._coordinator, self._gateway
        return {
            "contacts": len(coordinator.contacts.contacts),
            "balances": coordinator.balances.figures,
            "connected": coordinator.data.connected,
            "heard_at": gateway.heard_at and gateway.heard_at.isoformat(),
            "queue": coordinator.data.queue,
            "tripped": gateway.tripped,
            "store": await _kept(gateway),
            "ports": [self._port(name) for name in coordinator.data.ports],
            "ignored": dict(gateway.ignored),
            "wire": self._wire(gateway.transcript(self._names)),
            "wire_of_nobody": self._wire(gateway.transcript(self._names, of_strangers=True)),
        }

    def port(self, name: str) -> dict[str, Any]:
        """Give what there is of one port."""
        lines = [line for line in self._gateway.transcript(self._names) if line.port == name]
        return {
            "connected": self._coordinator.data.connected,
            "port": self._port(name),
            "wire": self._wire(lines),
        }

    def _port(self, name: str) -> dict[str, Any]:
        state = self._coordinator.data.ports[name]._asdict()
        sent = zip(("today", "this_month"), self._gateway.sent_by(name), strict=True)
        return {**async_redact_data(state, TO_REDACT), "port": self._name(name), "sent": dict(sent)}

    def _name(self, port: str) -> str:
        """Give the number of a port; one that names itself is given another name."""
        if Feature.PORTS_BY_THEMSELVES not in self._gateway.family.features:
            return port
        return self._names.name("line", port)

    def _wire(self, lines: list[WireLine]) -> list[dict[str, str | None]]:
        return [
            {
                "at": self._gateway.moment(line.at).isoformat(timespec="milliseconds"),
                "way": line.way.value,
                "link": line.link,
                "port": None if line.port is None else self._name(line.port),
                "text": line.text,
            }
            for line in lines
        ]


async def _kept(gateway: Gateway) -> dict[str, Any]:
    """Give how many texts there are of each status, and of how many nobody knows whether they were told."""
    try:
        entries = await gateway.history(Query(limit=MOST_HISTORY))
    except StoreError as err:
        return {"doubtful": gateway.doubtful, "error": str(err)}
    items = (entry.item for entry in entries)
    texts = Counter(item.status.value if isinstance(item, Message) else "received" for item in items)
    return {"doubtful": gateway.doubtful, "texts": dict(texts)}


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options that are switches or figures, and so name nobody."""
    return {key: value for key, value in options.items() if isinstance(value, bool | int | float)}
