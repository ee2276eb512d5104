"""The actions: texts, USSD and restarts."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .aiogsm import Message, Priority, Terms
from .asking import async_reboot
from .const import DOMAIN, WAIT_TIMEOUT
from .contacts import Recipient
from .coordinator import GsmGatewayCoordinator
from .exceptions import translated_errors
from .messages import async_send, raise_for_failures
from .recipients import recipients
from .targets import one_device, port_target, target

ATTR_CODE = "code"
ATTR_EXPIRES_AFTER = "expires_after"
ATTR_FORCE = "force"
ATTR_MESSAGE = "message"
ATTR_NOT_BEFORE = "not_before"
ATTR_PRIORITY = "priority"
ATTR_RECIPIENTS = "recipients"
ATTR_REPLY_TO = "reply_to"
ATTR_SPLIT = "split"
ATTR_TIMEOUT = "timeout"
ATTR_WAIT = "wait"
ATTR_WAIT_TIMEOUT = "wait_timeout"

SERVICE_REBOOT = "reboot"
SERVICE_SEND_SMS = "send_sms"
SERVICE_SEND_USSD = "send_ussd"


SEND_SMS_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): one_device,
        vol.Exclusive(ATTR_RECIPIENTS, "to"): recipients,
        vol.Exclusive(ATTR_REPLY_TO, "to"): cv.string,
        vol.Required(ATTR_MESSAGE): cv.string,
        vol.Optional(ATTR_SPLIT, default=False): cv.boolean,
        vol.Optional(ATTR_WAIT, default=True): cv.boolean,
        vol.Optional(ATTR_WAIT_TIMEOUT, default=WAIT_TIMEOUT): cv.positive_time_period,
        vol.Optional(ATTR_PRIORITY, default=Priority.NORMAL): vol.Coerce(Priority),
        vol.Optional(ATTR_EXPIRES_AFTER): cv.positive_time_period,
        vol.Optional(ATTR_NOT_BEFORE): cv.datetime,
        vol.Optional(ATTR_FORCE, default=False): cv.boolean,
    }
)
SEND_USSD_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): one_device,
        vol.Required(ATTR_CODE): cv.string,
        vol.Optional(ATTR_TIMEOUT): cv.positive_time_period,
    }
)
REBOOT_SCHEMA = vol.Schema({vol.Required(ATTR_DEVICE_ID): one_device})


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action."""
    hass.services.async_register(
        DOMAIN, SERVICE_SEND_SMS, _async_send_sms, SEND_SMS_SCHEMA, SupportsResponse.OPTIONAL
    )
    hass.services.async_register(
        DOMAIN, SERVICE_SEND_USSD, _async_send_ussd, SEND_USSD_SCHEMA, SupportsResponse.OPTIONAL
    )
    hass.services.async_register(DOMAIN, SERVICE_REBOOT, _async_reboot, REBOOT_SCHEMA)


async def _async_send_sms(call: ServiceCall) -> ServiceResponse:
    coordinator, port = target(call)
    to, port = _addressees(call, coordinator, port)
    wait: timedelta | None = call.data[ATTR_WAIT_TIMEOUT] if call.data[ATTR_WAIT] else None
    sent = await async_send(
        coordinator,
        to,
        call.data[ATTR_MESSAGE],
        terms=_terms(call, port),
        wait=wait,
        split=call.data[ATTR_SPLIT],
    )
    if call.return_response:
        return {"messages": [_response(one.message) for one in sent]}
    raise_for_failures(coordinator, sent)
    return None


def _terms(call: ServiceCall, port: str | None) -> Terms:
    """Give how the caller wants the texts treated; a time without a zone is Home Assistant's."""
    not_before: datetime | None = call.data.get(ATTR_NOT_BEFORE)
    if not_before is not None and not_before.tzinfo is None:
        not_before = not_before.replace(tzinfo=dt_util.get_default_time_zone())
    return Terms(
        port=port,
        priority=call.data[ATTR_PRIORITY],
        expires_after=call.data.get(ATTR_EXPIRES_AFTER),
        not_before=not_before,
        force=call.data[ATTR_FORCE],
    )


def _addressees(
    call: ServiceCall, coordinator: GsmGatewayCoordinator, port: str | None
) -> tuple[list[Recipient], str | None]:
    """Give who is to be texted, and by which port: an answer goes back where its text came in."""
    if ATTR_RECIPIENTS in call.data:
        return coordinator.contacts.resolve(call.data[ATTR_RECIPIENTS]), port
    if ATTR_REPLY_TO not in call.data:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="nobody_to_text")
    sender, port = coordinator.contacts.answering(call.data[ATTR_REPLY_TO])
    return [sender], port


def _response(message: Message) -> dict[str, Any]:
    return {
        "recipient": message.recipient,
        "message_id": message.message_id,
        "status": message.status.value,
        "port": message.port,
        "error": message.error and message.error.value,
    }


async def _async_send_ussd(call: ServiceCall) -> ServiceResponse:
    coordinator, port = port_target(call)
    timeout: timedelta | None = call.data.get(ATTR_TIMEOUT)
    with translated_errors(coordinator.config_entry.title, port):
        reply = await coordinator.gateway.send_ussd(
            port, call.data[ATTR_CODE], None if timeout is None else timeout.total_seconds()
        )
    return {"text": reply.text, "session_open": reply.session_open}


async def _async_reboot(call: ServiceCall) -> None:
    await async_reboot(*target(call))
