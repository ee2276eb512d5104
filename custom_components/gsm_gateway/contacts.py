"""The people that a box knows: contacts kept as subentries, and who wrote to us.

Turns what a caller wrote as a recipient into a number that can be dialled.
"""

from collections import OrderedDict
from collections.abc import Iterable
import re
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_NAME, CONF_PIN
from homeassistant.exceptions import ServiceValidationError

from .aiogsm import ReceivedSms
from .aiogsm.reprs import hiding
from .const import CONF_NOTIFY_CONTACTS, CONF_NUMBER, CONF_TRUSTED, DOMAIN, SUBENTRY_CONTACT

_SEPARATORS = re.compile(r"[\s().\-/]")
_NUMBER = re.compile(r"\+?[0-9]{2,20}", re.ASCII)

SHORT_CODE_DIGITS = 6
"""A number that lost its type is still a short code up to this many digits."""

KNOWN_MESSAGES = 1000
"""How many received texts are remembered, for ``reply_to`` and the lost plus."""


def normalise_number(number: str) -> str:
    """Give a number without ``tel:`` and the separators that people write; it may still be no number."""
    return _SEPARATORS.sub("", number.strip().removeprefix("tel:"))


def is_number(number: str) -> bool:
    """Whether a normalised number can be dialled."""
    return _NUMBER.fullmatch(number) is not None


def comparable(number: str) -> str:
    """Give what numbers, and the names of senders that have none, are compared by: no plus, no separators."""
    normalised = normalise_number(number)
    return normalised.removeprefix("+") if is_number(normalised) else number.strip().casefold()


@hiding("number", "pin")
class Contact(NamedTuple):
    """Somebody to text, and whether they may send commands, with a ``pin`` before each if there is one."""

    subentry_id: str
    name: str
    number: str
    trusted: bool
    pin: str | None = None

    @classmethod
    def of(cls, subentry: ConfigSubentry) -> Contact:
        """Read a contact from its subentry."""
        return cls(
            subentry_id=subentry.subentry_id,
            name=subentry.data[CONF_NAME],
            number=subentry.data[CONF_NUMBER],
            trusted=subentry.data[CONF_TRUSTED],
            pin=subentry.data.get(CONF_PIN),
        )


@hiding("number", "written")
class Recipient(NamedTuple):
    """Where a text goes: the number, and what the caller had written."""

    number: str
    written: str


class ContactBook:
    """Looks people up among one box's contacts and among those who wrote to it."""

    def __init__(self, entry: ConfigEntry) -> None:
        """Read the contacts from ``entry`` whenever asked, so that edits count at once."""
        self._entry = entry
        self._received: OrderedDict[str, ReceivedSms] = OrderedDict()

    @property
    def contacts(self) -> list[Contact]:
        """All contacts."""
        return [Contact.of(sub) for sub in self._entry.get_subentries_of_type(SUBENTRY_CONTACT)]

    @property
    def chosen(self) -> list[Recipient]:
        """Those whom the box's options name for texts that name nobody."""
        chosen = self._entry.options.get(CONF_NOTIFY_CONTACTS, ())
        return [Recipient(one.number, one.name) for one in self.contacts if one.subentry_id in chosen]

    def remember(self, sms: ReceivedSms) -> None:
        """Keep a received text, so that it can be answered."""
        self._received[sms.message_id] = sms
        if len(self._received) > KNOWN_MESSAGES:
            self._received.popitem(last=False)

    def answering(self, message_id: str) -> tuple[Recipient, str]:
        """Give whom a reply to a received text goes to, and by which port. Raise ServiceValidationError."""
        sms = self._received.get(message_id)
        if sms is None:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="unknown_message")
        if not is_number(sms.sender):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="cannot_reply",
                translation_placeholders={"sender": sms.sender},
            )
        return Recipient(sms.sender, sms.sender), sms.port

    def by_number(self, number: str) -> Contact | None:
        """Find the contact with this number; a missing plus is not held against it."""
        digits = number.removeprefix("+")
        if not digits.isdecimal():
            return None
        return next((one for one in self.contacts if one.number.removeprefix("+") == digits), None)

    def by_name(self, name: str) -> Contact | None:
        """Find the contact with this name, in any case of letters."""
        folded = name.strip().casefold()
        return next((one for one in self.contacts if one.name.casefold() == folded), None)

    def resolve(self, written: Iterable[str | int]) -> list[Recipient]:
        """Find the number of every recipient, each once. Raise ServiceValidationError naming who has none."""
        recipients = [self._resolve_one(one) for one in written]
        return list({recipient.number: recipient for recipient in recipients}.values())

    def _resolve_one(self, written: str | int) -> Recipient:
        if isinstance(written, int):
            return Recipient(self._restore_plus(written), str(written))
        if contact := self.by_name(written):
            return Recipient(contact.number, written)
        number = normalise_number(written)
        if not is_number(number):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="unknown_recipient",
                translation_placeholders={"recipient": written},
            )
        return Recipient(self._known(number) or number, written)

    def _known(self, digits: str) -> str | None:
        """Find a contact or a sender whose number differs from these digits by a plus only."""
        if contact := self.by_number(digits):
            return contact.number
        known = f"+{digits}"
        return known if any(sms.sender == known for sms in self._received.values()) else None

    def _restore_plus(self, written: int) -> str:
        digits = str(written)
        if number := self._known(digits):
            return number
        if not is_number(digits) or len(digits) > SHORT_CODE_DIGITS:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="plus_sign_lost",
                translation_placeholders={"recipient": digits},
            )
        return digits
