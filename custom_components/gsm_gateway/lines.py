"""The lines of the logbook: which port or box they are of, and the entity that leads to it."""

from homeassistant.const import ATTR_DEVICE_ID, ATTR_DOMAIN, ATTR_ENTITY_ID, ATTR_NAME, EVENT_LOGBOOK_ENTRY
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .const import DOMAIN
from .sentences import Data, settled

ATTR_MESSAGE = "message"
"""What the logbook calls the sentence."""

CALL, QUEUE, SMS = "call", "queue", "sms"
"""The entities that lines lead to, by their translation keys."""


@callback
def async_line(hass: HomeAssistant, data: Data, key: str, message: str) -> dict[str, str]:
    """Give the line for an event: its subject, the sentence, and an entity of the event's device, if any."""
    line = {ATTR_NAME: _subject(hass, data), ATTR_MESSAGE: message}
    for entity in er.async_entries_for_device(er.async_get(hass), data[ATTR_DEVICE_ID]):
        if (entity.platform, entity.translation_key) == (DOMAIN, key):
            line[ATTR_ENTITY_ID] = entity.entity_id
    return line


@callback
def async_log_settled(hass: HomeAssistant, data: Data) -> None:
    """Write a line about a text that is on its way no more.

    The event on the bus cannot be described for that: there is one for each step, and each would be a line.
    """
    line = async_line(hass, data, QUEUE if data["port"] is None else SMS, settled(data))
    hass.bus.async_fire(EVENT_LOGBOOK_ENTRY, {**line, ATTR_DOMAIN: DOMAIN})


def _subject(hass: HomeAssistant, data: Data) -> str:
    """Name the port as its owner does, behind its box."""
    device = dr.async_get(hass).async_get(data[ATTR_DEVICE_ID])
    if device is None or data["port"] is None:
        return str(data["gateway"])
    return f"{data['gateway']} · {device.name_by_user or device.name}"
