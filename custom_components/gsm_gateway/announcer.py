"""Tells Home Assistant of texts and calls: on the bus, to each port's event entities, and to our triggers."""

from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util import dt as dt_util

from .aiogsm import Call, Message, MessageStatus, ReceivedSms
from .commands import masked_pin
from .const import (
    DELAYED_AFTER,
    EVENT_CALL,
    EVENT_COMMAND,
    EVENT_SMS_RECEIVED,
    EVENT_SMS_STATUS,
    EVENT_USSD_RECEIVED,
)
from .contacts import Contact, ContactBook
from .lines import async_log_settled
from .lockouts import Lockouts
from .notices import SIGNAL_CALL, SIGNAL_COMMAND, SIGNAL_SMS_FAILED, SIGNAL_SMS_RECEIVED, Notice
from .options import is_private, shows_texts

_MASK = "…"
_SHOWN_OF_MASKED = 3

_NUMBERS = ("sender", "recipient", "number")
"""What the other side is called in the data of an event."""

_FAILED = (MessageStatus.FAILED, MessageStatus.UNKNOWN, MessageStatus.EXPIRED)

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
        lockouts: Lockouts,
        device_id: Callable[[str | None], str],
    ) -> None:
        """Begin with nobody who listens to a port; what becomes of texts waits for ``begin``."""
        self._hass = hass
        self._entry = entry
        self._contacts = contacts
        self._lockouts = lockouts
        self._device_id = device_id
        self._listeners: dict[tuple[str, str], PortEventListener] = {}
        self._waiting: list[Message] | None = []

    def begin(self) -> None:
        """Tell how far texts have come from now on, what has waited first: who acts on it is there."""
        waiting, self._waiting = self._waiting, None
        for message in waiting or ():
            self.changed(message)

    def listen(self, port: str, kind: str, listener: PortEventListener) -> None:
        """Call ``listener`` alone with the type and data of every event of a kind (sms, call) on a port."""
        self._listeners[port, kind] = listener

    def leave(self, port: str, kind: str) -> None:
        """Call the listener of a kind on a port no more."""
        del self._listeners[port, kind]

    def still_shown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give what may be shown now of what was told a port's listeners earlier, under other options."""
        shown = {**data}
        if not shows_texts(self._entry.options):
            shown.pop("message", None)
        if is_private(self._entry.options):
            shown |= {key: masked(shown[key]) for key in ("sender", "recipient") if key in shown}
        return shown

    def received(self, sms: ReceivedSms) -> None:
        """Tell of a text that came in, without the PIN in it, and then what becomes of it as a command."""
        contact = self._contacts.by_number(sms.sender)
        text = masked_pin(sms.text, contact.pin if contact else None)
        about = {
            "message_id": sms.message_id,
            "sender": sms.sender,
            "contact": contact.name if contact else None,
        }
        self._tell_port(sms.port, "sms", "received", {**about, **self._shown(text)})
        told = {
            **about,
            "trusted": contact is not None and contact.trusted,
            "message": text,
            "received_at": sms.received_at.isoformat(),
            "stamped_at": sms.stamped_at and sms.stamped_at.isoformat(),
            "parts": sms.parts,
            "complete": sms.complete,
            "delayed": sms.held_over or dt_util.utcnow() - sms.dated > DELAYED_AFTER,
        }
        notice = self._fire(EVENT_SMS_RECEIVED, sms.port, told, contact)
        async_dispatcher_send(self._hass, SIGNAL_SMS_RECEIVED, notice)
        if contact is not None:
            self._commanded(sms, contact, notice)

    def _commanded(self, sms: ReceivedSms, contact: Contact, notice: Notice) -> None:
        """Tell of a text that is a command, or was refused as one."""
        judgement = self._lockouts.judge(
            contact, sms.text, delayed=notice.data["delayed"], complete=sms.complete
        )
        if judgement is None:
            return
        told = {
            "message_id": sms.message_id,
            "contact": contact.name,
            "result": "accepted" if judgement.refusal is None else "refused",
            "reason": judgement.refusal and judgement.refusal.value,
        }
        self._fire(EVENT_COMMAND, sms.port, told, contact)
        if judgement.refusal is None:
            async_dispatcher_send(self._hass, SIGNAL_COMMAND, notice._replace(command=judgement.command))

    def changed(self, message: Message) -> None:
        """Tell how far a text has come on its way out."""
        if self._waiting is not None:
            self._waiting.append(message)
            return
        contact = self._contacts.by_number(message.recipient)
        about = {
            "message_id": message.message_id,
            "recipient": message.recipient,
            "contact": contact.name if contact else None,
        }
        port = message.port or message.pinned
        if port is not None and message.status.settled:
            self._tell_port(port, "sms", message.status.value, {**about, **self._shown(message.text)})
        told = {
            **about,
            "status": message.status.value,
            "error": message.error and message.error.value,
            "error_detail": message.error_detail,
        }
        notice = self._fire(EVENT_SMS_STATUS, port, told, contact)
        if message.status.settled:
            async_log_settled(self._hass, self._recordable(notice.data))
        if message.status in _FAILED:
            async_dispatcher_send(self._hass, SIGNAL_SMS_FAILED, notice)

    def call(self, call: Call) -> None:
        """Tell of a call."""
        told = {
            "direction": "incoming" if call.incoming else "outgoing",
            "number": call.number,
            "cause": call.cause,
            "duration": call.duration,
        }
        self._tell_port(call.port, "call", call.event.value, told)
        contact = self._contacts.by_number(call.number or "")
        about = {"state": call.event.value, "contact": contact.name if contact else None}
        notice = self._fire(EVENT_CALL, call.port, {**about, **told}, contact)
        async_dispatcher_send(self._hass, SIGNAL_CALL, notice)

    def ussd(self, port: str, text: str) -> None:
        """Tell of what the network sent unasked."""
        self._fire(EVENT_USSD_RECEIVED, port, {"text": text})

    def _shown(self, text: str) -> dict[str, str]:
        """Give the text where the owner wants the event entities to carry it."""
        return {"message": text} if shows_texts(self._entry.options) else {}

    def _recordable(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Give what is left of data where it may be recorded: of a private box neither texts nor numbers."""
        if not is_private(self._entry.options):
            return dict(data)
        hidden = {key: masked(data[key]) for key in _NUMBERS if data.get(key)}
        return {**data, **hidden, **({"message": None} if "message" in data else {})}

    def _tell_port(self, port: str, kind: str, event_type: str, data: Mapping[str, Any]) -> None:
        if (listener := self._listeners.get((port, kind))) is not None:
            listener(event_type, self._recordable(data))

    def _fire(
        self, event_type: str, port: str | None, told: Mapping[str, Any], contact: Contact | None = None
    ) -> Notice:
        """Fire an event on the bus, and give the same in full."""
        data = {
            "config_entry_id": self._entry.entry_id,
            "device_id": self._device_id(port),
            "gateway": self._entry.title,
            "port": port,
            **told,
        }
        recordable = self._recordable(data)
        self._hass.bus.async_fire(event_type, recordable)
        numbers = (recordable[key] for key in _NUMBERS if recordable.get(key))
        return Notice(
            devices=frozenset({data["device_id"], self._device_id(None)}),
            contact=contact,
            person=contact.name if contact else next(numbers, ""),
            data=data,
        )
