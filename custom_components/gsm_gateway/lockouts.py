"""Locks out who tries PINs: after too many wrong ones in a row a contact commands nothing.

That is over when the owner of the box says so, or gives the contact another PIN.
"""

from hashlib import blake2b
from typing import TypedDict

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .commands import Judgement, Refusal, judge
from .const import DOMAIN
from .contacts import Contact, ContactBook
from .issues import CONTACT_LOCKED, async_end_issue, async_raise_issue

MOST_WRONG = 5
"""Wrong PINs in a row that lock a contact."""

_VERSION = 1


class Tries(TypedDict):
    """How many wrong PINs in a row a contact sent, and which PIN they were compared with."""

    wrong: int
    pin: str


def _store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Tries]]:
    return Store(hass, _VERSION, f"{DOMAIN}.{entry.entry_id}.lockouts", private=True)


async def async_forget_lockouts(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Delete what was kept of a box that is removed."""
    await _store(hass, entry).async_remove()


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
        self._store = _store(hass, entry)
        self._tries: dict[str, Tries] = {}
        self._unsaved = False

    async def async_load(self) -> None:
        """Remember the wrong PINs of before the restart, and tell anew who is locked."""
        self._tries = await self._store.async_load() or {}
        self.look()

    async def async_save(self) -> None:
        """Keep at once what was about to be kept."""
        if self._unsaved:
            await self._store.async_save(self._to_save())

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
            self._save()
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
        self._save()
        if self._is_locked(contact):
            self._tell(contact)

    def _tell(self, contact: Contact) -> None:
        async_raise_issue(self._hass, self._entry, contact.subentry_id, CONTACT_LOCKED, contact=contact.name)

    def _save(self) -> None:
        self._unsaved = True
        self._store.async_delay_save(self._to_save)

    def _to_save(self) -> dict[str, Tries]:
        self._unsaved = False
        return self._tries
