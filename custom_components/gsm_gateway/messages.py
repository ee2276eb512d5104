"""Sending, as actions and notify entities do it: check all, queue all, wait, and say what failed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from homeassistant.exceptions import HomeAssistantError

from .aiogsm import Message, MessageStatus, Sending, Terms
from .const import DOMAIN, WAIT_TIMEOUT
from .contacts import Recipient
from .coordinator import GsmGatewayCoordinator
from .exceptions import translated_errors

_FAILED = (MessageStatus.FAILED, MessageStatus.EXPIRED)


async def async_send(
    coordinator: GsmGatewayCoordinator,
    recipients: Sequence[Recipient],
    text: str,
    *,
    terms: Terms | None = None,
    wait: timedelta | None = WAIT_TIMEOUT,
) -> list[Message]:
    """Send a text to everybody and give the messages as they stand when settled or ``wait`` is over.

    Wrong input raises ServiceValidationError before anything is queued. Being cancelled, or not
    waiting any longer, leaves the texts in the queue.
    """
    terms = terms or Terms()
    with translated_errors(coordinator.config_entry.title, terms.port):
        numbers = [recipient.number for recipient in recipients]
        sendings = await coordinator.gateway.send_sms(numbers, text, terms)
    if wait is not None:
        await _wait(sendings, wait)
    return [sending.message for sending in sendings]


async def _wait(sendings: Sequence[Sending], timeout: timedelta) -> None:
    waiting = [asyncio.ensure_future(sending.wait()) for sending in sendings]
    try:
        await asyncio.wait(waiting, timeout=timeout.total_seconds())
    finally:
        for task in waiting:
            task.cancel()


def raise_for_failures(recipients: Sequence[Recipient], messages: Sequence[Message]) -> None:
    """Raise HomeAssistantError naming the recipients whose text failed, or whose text's fate is unknown."""
    for key, statuses in (("send_failed", _FAILED), ("send_unknown", (MessageStatus.UNKNOWN,))):
        concerned = [
            (recipient, message)
            for recipient, message in zip(recipients, messages, strict=True)
            if message.status in statuses
        ]
        if concerned:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=key,
                translation_placeholders={
                    "recipients": ", ".join(recipient.written for recipient, _ in concerned),
                    "reason": ", ".join(dict.fromkeys(_reason(message) for _, message in concerned)),
                },
            )


def _reason(message: Message) -> str:
    error = message.error.value if message.error else message.status.value
    return f"{error} ({message.error_detail})" if message.error_detail else error
