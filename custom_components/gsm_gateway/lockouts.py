"""Locks out who tries PINs: after too many wrong ones in a row a contact commands nothing.

That is over when the owner of the box says so, or gives the contact another PIN.
"""

from hashlib import blake2b
from typing import TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .commands import Judgement, Refusal, judge
from .contacts import Contact, ContactBook
from .issues import CONTACT_LOCKED, async_end_issue, async_raise_issue
from .keeping import LOCKOUTS, Keeping

MOST_WRONG = 5
"""Wrong PINs in a row that lock a contact."""


class Tries(TypedDict):
    """How many wrong PINs in a row a contact sent, and which PIN they were compared with."""

    wrong: int
    pin: str


def _mark(contact: Contact) -> str:
    """Give what shows later that a PIN was changed, without keeping it in a second place."""
    pin = (contact.pin or "").encode()
    return blake2b(pin, key=contact.subentry_id.encode()[: blake2b.MAX_KEY_SIZE], digest_size=8).hexdigest()


class Lockouts:
    """The wrong PINs of one box's contacts, kept over restarts, by the ids of the contacts."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, contacts: ContactBook) -> None:
        """Begin with none."""
        self._hass = hass
        self._entry = entry
        self._contacts = contacts
        self._tries: dict[str, Tries] = {}
        self._keeping = Keeping(hass, entry, LOCKOUTS, lambda: self._tries)

    async def async_load(self) -> None:
        """Remember the wrong PINs of before the restart, and tell anew who is locked."""
        self._tries = await self._keeping.async_load()
        self.look()

    async def async_save(self) -> None:
        """Keep at once what was about to be kept."""
        await self._keeping.async_save()

    @callback
    def look(self) -> None:
        """Forget the tries of contacts who are gone or have another PIN; the others may have new names."""
        known = {one.subentry_id: one for one in self._contacts.contacts}
        for subentry_id, tries in list(self._tries.items()):
            contact = known.get(subentry_id)
            if contact is None or _mark(contact) != tries["pin"]:
                self.end(subentry_id)
            elif self._is_locked(contact):
                self._tell(contact)

    @callback
    def end(self, subentry_id: str) -> None:
        """Let a contact begin anew."""
        if self._tries.pop(subentry_id, None):
            self._keeping.save_later()
        async_end_issue(self._hass, self._entry, subentry_id, CONTACT_LOCKED)

    @callback
    def judge(self, contact: Contact, text: str, *, delayed: bool, complete: bool) -> Judgement | None:
        """Judge a text of a contact, and count a wrong PIN. ``None``: it is no command at all."""
        locked = self._is_locked(contact)
        judgement = judge(contact, text, delayed=delayed, complete=complete, locked=locked)
        if judgement is not None and judgement.refusal is Refusal.WRONG_PIN:
            self._count(contact)
        elif judgement is not None and judgement.refusal is None and contact.subentry_id in self._tries:
            self.end(contact.subentry_id)
        return judgement

    def _is_locked(self, contact: Contact) -> bool:
        tries = self._tries.get(contact.subentry_id)
        return tries is not None and tries["wrong"] >= MOST_WRONG

    def _count(self, contact: Contact) -> None:
        before = self._tries.get(contact.subentry_id)
        self._tries[contact.subentry_id] = Tries(
            wrong=(before["wrong"] if before else 0) + 1, pin=_mark(contact)
        )
        self._keeping.save_later()
        if self._is_locked(contact):
            self._tell(contact)

    def _tell(self, contact: Contact) -> None:
        async_raise_issue(self._hass, self._entry, contact.subentry_id, CONTACT_LOCKED, contact=contact.name)
