"""What a user can send with a report: all that is known of a box, without secrets, numbers and identities."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_HOST, CONF_MAC, CONF_NAME, CONF_PASSWORD, CONF_USERNAME
from homeassistant.core import HomeAssistant

from .aiogsm import Gateway, Message, Query
from .const import CONF_IMEIS, CONF_LINE, CONF_LINES, CONF_NUMBER, CONF_PASSWORDS, MOST_HISTORY
from .coordinator import GsmGatewayConfigEntry
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
    "port",
    "smsc",
}


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry
) -> dict[str, Any]:
    """Give the settings, the ports and what was ignored of a box.

    A GoIP's lines are counted and not named: a line's id is often its phone number.
    """
    coordinator = entry.runtime_data
    state = coordinator.data
    return {
        "data": async_redact_data(dict(entry.data), TO_REDACT),
        "options": {"passwords": len(entry.options.get(CONF_PASSWORDS, {})), **_plain(entry.options)},
        "contacts": len(coordinator.contacts.contacts),
        "connected": state.connected,
        "queue": state.queue,
        "tripped": coordinator.gateway.tripped,
        "store": await _kept(coordinator.gateway),
        "ports": [
            {
                **async_redact_data(asdict(port), TO_REDACT),
                "sent": dict(zip(("today", "this_month"), coordinator.gateway.sent_by(name), strict=True)),
            }
            for name, port in state.ports.items()
        ],
        "ignored": dict(coordinator.gateway.ignored),
    }


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
