"""The actions on the history: which texts came and went, and forgetting them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .aiogsm import Direction, Entry, HandedOn, Message, Query, ReceivedSms
from .const import DOMAIN, MOST_HISTORY
from .coordinator import GsmGatewayCoordinator
from .store import StoreError
from .targets import one_device, target

ATTR_DIRECTION = "direction"
ATTR_LIMIT = "limit"
ATTR_MESSAGE_IDS = "message_ids"
ATTR_OLDER_THAN = "older_than"

SERVICE_DELETE_MESSAGES = "delete_messages"
SERVICE_GET_MESSAGES = "get_messages"

DEFAULT_LIMIT = 50

GET_MESSAGES_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): one_device,
        vol.Optional(ATTR_DIRECTION): vol.In([direction.value for direction in Direction]),
        vol.Optional(ATTR_LIMIT, default=DEFAULT_LIMIT): vol.All(
            vol.Coerce(int), vol.Range(min=1, max=MOST_HISTORY)
        ),
    }
)
DELETE_MESSAGES_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): one_device,
        vol.Exclusive(ATTR_MESSAGE_IDS, "which"): vol.All(cv.ensure_list, [cv.string]),
        vol.Exclusive(ATTR_OLDER_THAN, "which"): cv.positive_time_period,
    }
)

_HANDED_ON = {HandedOn.NO: "no", HandedOn.BEGUN: "begun", HandedOn.DONE: "yes", HandedOn.UNKNOWN: "unknown"}


@callback
def async_setup_history(hass: HomeAssistant) -> None:
    """Register the actions."""
    hass.services.async_register(
        DOMAIN, SERVICE_GET_MESSAGES, _async_get_messages, GET_MESSAGES_SCHEMA, SupportsResponse.ONLY
    )
    hass.services.async_register(
        DOMAIN,
        SERVICE_DELETE_MESSAGES,
        _async_delete_messages,
        DELETE_MESSAGES_SCHEMA,
        SupportsResponse.OPTIONAL,
    )


async def _async_get_messages(call: ServiceCall) -> ServiceResponse:
    coordinator, port = target(call)
    direction = call.data.get(ATTR_DIRECTION)
    query = Query(
        direction=None if direction is None else Direction(direction), port=port, limit=call.data[ATTR_LIMIT]
    )
    with _store_errors():
        entries = await coordinator.gateway.history(query)
    return {"messages": [_told(coordinator, entry) for entry in entries]}


async def _async_delete_messages(call: ServiceCall) -> ServiceResponse:
    coordinator, port = target(call)
    before = None
    if ATTR_OLDER_THAN in call.data:
        before = dt_util.utcnow() - call.data[ATTR_OLDER_THAN]
    elif ATTR_MESSAGE_IDS not in call.data:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nothing_to_delete")
    with _store_errors():
        deleted = await coordinator.gateway.delete(call.data.get(ATTR_MESSAGE_IDS), before, port)
    return {"deleted": deleted} if call.return_response else None


@contextmanager
def _store_errors() -> Iterator[None]:
    """Turn an error of the store raised inside into Home Assistant's."""
    try:
        yield
    except StoreError as err:
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="store_unusable",
            translation_placeholders={"reason": str(err)},
        ) from err


def _told(coordinator: GsmGatewayCoordinator, entry: Entry) -> dict[str, Any]:
    item = entry.item
    if isinstance(item, Message):
        told, port = _outgoing(item, entry), item.port or item.pinned
    else:
        told, port = _incoming(item), item.port
    known = port is not None and port in coordinator.data.ports
    device = coordinator.devices.id_of(port) if known else None
    contact = coordinator.contacts.by_number(item.recipient if isinstance(item, Message) else item.sender)
    return {
        **told,
        "contact": contact.name if contact else None,
        "message": item.text or None,
        "port": port,
        "device_id": device,
    }


def _outgoing(message: Message, entry: Entry) -> dict[str, Any]:
    return {
        "message_id": message.message_id,
        "direction": Direction.OUT.value,
        "recipient": message.recipient,
        "status": message.status.value,
        "created_at": message.created_at.isoformat(),
        "parts": None,
        "error": message.error and message.error.value,
        "error_detail": message.error_detail,
        "changes": [{"status": one.status.value, "at": one.at.isoformat()} for one in entry.changes],
    }


def _incoming(sms: ReceivedSms) -> dict[str, Any]:
    return {
        "message_id": sms.message_id,
        "direction": Direction.IN.value,
        "sender": sms.sender,
        "status": "received",
        "created_at": sms.received_at.isoformat(),
        "parts": sms.parts,
        "error": None,
        "complete": sms.complete,
        "handed_on": _HANDED_ON[sms.handed_on],
    }
