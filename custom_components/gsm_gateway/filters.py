"""What can be chosen in a trigger: what is accepted there, and what fits it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr, entity_registry as er
from homeassistant.helpers.device_registry import DeviceEntryType
import voluptuous as vol

from .commands import begins_with
from .const import DOMAIN
from .contacts import comparable, is_number
from .notices import Notice
from .patterns import found, pattern


class Filter(NamedTuple):
    """One field of a trigger: what may be chosen, and which notices fit what is chosen."""

    choose: Callable[[HomeAssistant, Any], Any]
    fits: Callable[[HomeAssistant, Any, Notice], bool]


def _several[T](one: Callable[[HomeAssistant, object], T]) -> Callable[[HomeAssistant, object], list[T]]:
    """Accept one or a list. None at all is refused: it would be taken for anybody, or for nobody."""

    def choose(hass: HomeAssistant, value: object) -> list[T]:
        if not (chosen := cv.ensure_list(value)):
            raise vol.Invalid("is empty: leave it out if any will do")
        return [one(hass, each) for each in chosen]

    return choose


def _words(value: object) -> str:
    """Accept a text; a number is what YAML makes of digits, and of a number that begins with a plus."""
    if isinstance(value, bool | float):
        raise vol.Invalid("has to be in quotes: YAML takes it for something else than a text")
    if not (words := cv.string(value)).strip():
        raise vol.Invalid("is empty: leave it out if any will do")
    return words


def _party(_hass: HomeAssistant, value: object) -> str:
    return comparable(_words(value))


def _number(hass: HomeAssistant, value: object) -> str:
    if not is_number(number := _party(hass, value)):
        raise vol.Invalid("is no number: an optional plus and 2 to 20 digits")
    return number


def _device(hass: HomeAssistant, value: object) -> str:
    device_id = cv.string(value)
    device, entry = dr.async_get_device_and_config_entry_for_domain(hass, device_id, domain=DOMAIN)
    if device is None or entry is None:
        raise vol.Invalid(f"device {device_id} is neither a gateway nor a port of one")
    if isinstance(device, dr.DeviceEntry) and device.entry_type is DeviceEntryType.SERVICE:
        raise vol.Invalid(f"device {device_id} is a contact: choose a gateway or a port of one")
    return device_id


def _contact(hass: HomeAssistant, value: object) -> str:
    entity_id = cv.entity_id_or_uuid(cv.string(value))
    entity = er.async_get(hass).async_get(entity_id)
    if entity is None or (entity.domain, entity.platform) != ("notify", DOMAIN):
        raise vol.Invalid(f"{entity_id} is not the notify entity of a contact")
    return entity_id


def _is_contact(hass: HomeAssistant, chosen: list[str], notice: Notice) -> bool:
    """Whether it is about one of the contacts; an entity that is gone stands for nobody."""
    if notice.contact is None:
        return False
    contact = (notice.data["config_entry_id"], notice.contact.subentry_id)
    entities = [er.async_get(hass).async_get(entity_id) for entity_id in chosen]
    return contact in {(one.config_entry_id, one.config_subentry_id) for one in entities if one is not None}


def _is_recipient(_hass: HomeAssistant, chosen: list[str], notice: Notice) -> bool:
    names = [notice.contact.name] if notice.contact else []
    return any(comparable(one) in chosen for one in (notice.data["recipient"], *names))


def one_of(key: str, *choices: str) -> Filter:
    """Some of the values that the data have under a key."""
    valid = vol.In(choices)
    return Filter(
        _several(lambda _hass, value: str(valid(value))),
        lambda _hass, chosen, notice: notice.data[key] in chosen,
    )


DEVICE = Filter(_several(_device), lambda _hass, chosen, notice: not notice.devices.isdisjoint(chosen))
CONTACT = Filter(_several(_contact), _is_contact)
SENDER = Filter(_several(_party), lambda _hass, chosen, notice: comparable(notice.data["sender"]) in chosen)
RECIPIENT = Filter(_several(_party), _is_recipient)
NUMBER = Filter(
    _several(_number), lambda _hass, chosen, notice: comparable(notice.data["number"] or "") in chosen
)
TRUSTED = Filter(
    lambda _hass, value: cv.boolean(value), lambda _hass, only, notice: notice.data["trusted"] or not only
)
TEXT = Filter(
    lambda _hass, value: _words(value),
    lambda _hass, words, notice: words.casefold() in notice.data["message"].casefold(),
)
COMMAND = Filter(
    _several(lambda _hass, value: _words(value)),
    lambda _hass, chosen, notice: any(begins_with(notice.command, words) for words in chosen),
)
REGEX = Filter(
    lambda _hass, value: pattern(value),
    lambda _hass, searched, notice: found(searched, notice.data["message"]),
)
