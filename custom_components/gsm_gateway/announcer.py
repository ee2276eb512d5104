"""Tells Home Assistant of texts and calls: on the bus, and to the event entities of each port."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant
from homeassistant.util import dt as dt_util

from .aiogsm import Call, Message, ReceivedSms
from .const import (
    DELAYED_AFTER,
    EVENT_CALL,
    EVENT_SMS_RECEIVED,
    EVENT_SMS_STATUS,
    EVENT_USSD_RECEIVED,
)
from .contacts import ContactBook
from .options import is_private, shows_texts

_MASK = "…"
_SHOWN_OF_MASKED = 3

type PortEventListener = Callable[[str, dict[str, Any]], None]


def masked(number: str) -> str:
    """Give what is left of a number where nobody is to be told it: enough to tell two people apart."""
    if number.startswith(_MASK):
        return number
    return f"{_MASK}{number[-_SHOWN_OF_MASKED:]}" if len(number) > 2 * _SHOWN_OF_MASKED else _MASK


class Announcer:
    """What one box tells. ``device_id`` gives the device of a port, or of the box."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        contacts: ContactBook,
        device_id: Callable[[str | None], str],
    ) -> None:
        """Begin with nobody who listens to a port; what becomes of texts waits for ``begin``."""
        self._hass = hass
        self._entry = entry
        self._contacts = contacts
        self._device_id = device_id
        self._listeners: dict[tuple[str, str], list[PortEventListener]] = {}
        self._waiting: list[Message] | None = []

    def begin(self) -> None:
        """Tell how far texts have come from now on, what has waited first: who acts on it is there."""
        waiting, self._waiting = self._waiting, None
        for message in waiting or ():
            self.changed(message)

    def listen(self, port: str, kind: str, listener: PortEventListener) -> CALLBACK_TYPE:
        """Call ``listener`` with the type and data of every event of a kind (sms, call) on a port."""
        listeners = self._listeners.setdefault((port, kind), [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    def still_shown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give what may be shown now of what was told a port's listeners earlier, under other options."""
        shown = {**data}
        if not shows_texts(self._entry.options):
            shown.pop("message", None)
        if is_private(self._entry.options):
            shown |= {key: masked(shown[key]) for key in ("sender", "recipient") if key in shown}
        return shown

    def received(self, sms: ReceivedSms) -> None:
        """Tell of a text that came in."""
        contact = self._contacts.by_number(sms.sender)
        private = is_private(self._entry.options)
        about = {
            "message_id": sms.message_id,
            "sender": masked(sms.sender) if private else sms.sender,
            "contact": contact.name if contact else None,
        }
        self._tell_port(sms.port, "sms", "received", {**about, **self._shown(sms.text)})
        self._fire(
            EVENT_SMS_RECEIVED,
            sms.port,
            {
                **about,
                "trusted": contact is not None and contact.trusted,
                "message": None if private else sms.text,
                "received_at": sms.received_at.isoformat(),
                "stamped_at": sms.stamped_at and sms.stamped_at.isoformat(),
                "parts": sms.parts,
                "complete": sms.complete,
                "delayed": sms.held_over or dt_util.utcnow() - sms.dated > DELAYED_AFTER,
            },
        )

    def changed(self, message: Message) -> None:
        """Tell how far a text has come on its way out."""
        if self._waiting is not None:
            self._waiting.append(message)
            return
        contact = self._contacts.by_number(message.recipient)
        private = is_private(self._entry.options)
        about = {
            "message_id": message.message_id,
            "recipient": masked(message.recipient) if private else message.recipient,
        }
        port = message.port or message.pinned
        if port is not None and message.status.settled:
            told = {**about, "contact": contact.name if contact else None, **self._shown(message.text)}
            self._tell_port(port, "sms", message.status.value, told)
        self._fire(
            EVENT_SMS_STATUS,
            port,
            {
                **about,
                "status": message.status.value,
                "error": message.error and message.error.value,
                "error_detail": message.error_detail,
            },
        )

    def call(self, call: Call) -> None:
        """Tell of a call."""
        data = {
            "direction": "incoming" if call.incoming else "outgoing",
            "number": call.number,
            "cause": call.cause,
            "duration": call.duration,
        }
        self._tell_port(call.port, "call", call.event.value, data)
        self._fire(EVENT_CALL, call.port, {"state": call.event.value, **data})

    def ussd(self, port: str, text: str) -> None:
        """Tell of what the network sent unasked."""
        self._fire(EVENT_USSD_RECEIVED, port, {"text": text})

    def _shown(self, text: str) -> dict[str, str]:
        """Give the text where the owner wants the event entities to carry it."""
        return {"message": text} if shows_texts(self._entry.options) else {}

    def _tell_port(self, port: str, kind: str, event_type: str, data: Mapping[str, Any]) -> None:
        for listener in list(self._listeners.get((port, kind), ())):
            listener(event_type, dict(data))

    def _fire(self, event_type: str, port: str | None, data: Mapping[str, Any]) -> None:
        self._hass.bus.async_fire(
            event_type,
            {
                "config_entry_id": self._entry.entry_id,
                "device_id": self._device_id(port),
                "gateway": self._entry.title,
                "port": port,
                **data,
            },
        )
