"""Sending, as actions and notify entities do it: check all, queue all, wait, and say what failed."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from homeassistant.exceptions import HomeAssistantError

from .aiogsm import Draft, Family, Message, MessageStatus, Sending, Terms, split_text
from .const import DOMAIN, WAIT_TIMEOUT
from .contacts import Recipient
from .coordinator import GsmGatewayCoordinator
from .exceptions import translated_errors


class Sent(NamedTuple):
    """A message, and whom it was meant for."""

    recipient: Recipient
    message: Message


_FAILED = (MessageStatus.FAILED, MessageStatus.EXPIRED)


async def async_send(
    coordinator: GsmGatewayCoordinator,
    recipients: Sequence[Recipient],
    text: str,
    *,
    terms: Terms | None = None,
    wait: timedelta | None = WAIT_TIMEOUT,
    split: bool = False,
) -> list[Sent]:
    """Send a text to everybody and give the messages as they stand when settled or ``wait`` is over.

    ``split``: one that is too long becomes several messages. Wrong input raises ServiceValidationError
    before anything is queued. Being cancelled, or not waiting any longer, leaves the texts in the queue.
    """
    gateway, terms = coordinator.gateway, terms or Terms()
    with translated_errors(coordinator.config_entry.title, terms.port):
        pieces = [
            (recipient, piece)
            for recipient in recipients
            for piece in _pieces(gateway.family, recipient.number, text, split=split)
        ]
        drafts = [Draft(recipient.number, piece) for recipient, piece in pieces]
        queued = await gateway.send_sms(drafts, terms)
    sendings = [(recipient, one) for (recipient, _), one in zip(pieces, queued, strict=True)]
    if wait is not None:
        await _wait([sending for _, sending in sendings], wait)
    return [Sent(recipient, sending.message) for recipient, sending in sendings]


def _pieces(family: Family, number: str, text: str, *, split: bool) -> list[str]:
    """Give a text as the messages that it is sent as. Raise InvalidInput."""
    if split:
        return split_text(text, partial(family.fits, number))
    family.dialect().check_sms(number, text)
    return [text]


async def _wait(sendings: Sequence[Sending], timeout: timedelta) -> None:
    waiting = [asyncio.ensure_future(sending.wait()) for sending in sendings]
    try:
        await asyncio.wait(waiting, timeout=timeout.total_seconds())
    finally:
        for task in waiting:
            task.cancel()


def raise_for_failures(coordinator: GsmGatewayCoordinator, sent: Sequence[Sent]) -> None:
    """Raise HomeAssistantError where a text failed or its fate is unknown, naming recipients and ports."""
    for key, statuses in (("send_failed", _FAILED), ("send_unknown", (MessageStatus.UNKNOWN,))):
        concerned = [one for one in sent if one.message.status in statuses]
        if concerned:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=key,
                translation_placeholders={
                    "recipients": ", ".join(dict.fromkeys(one.recipient.written for one in concerned)),
                    "where": _where(coordinator.config_entry.title, [one.message for one in concerned]),
                    "reason": ", ".join(dict.fromkeys(_reason(one.message) for one in concerned)),
                },
            )


def _where(gateway: str, messages: Sequence[Message]) -> str:
    ports = dict.fromkeys(port for one in messages if (port := one.port or one.pinned) is not None)
    return f"{gateway} ({', '.join(ports)})" if ports else gateway


def _reason(message: Message) -> str:
    error = message.error.value if message.error else message.status.value
    detail = message.error_detail
    return error if detail in (None, error) else f"{error} ({detail})"
