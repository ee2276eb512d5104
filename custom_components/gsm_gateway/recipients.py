"""Reads what callers write where recipients are asked for: a list, a comma text, or a number by mistake."""

from homeassistant.helpers import config_validation as cv
import voluptuous as vol


def split_recipients(value: object) -> list[str | int]:
    """Give the recipients one by one. Numbers stay numbers, because they lost their plus on the way.

    Raise vol.Invalid for what is neither.
    """
    return [recipient for item in cv.ensure_list(value) for recipient in _split_item(item)]


def _split_item(item: object) -> list[str | int]:
    if isinstance(item, float):
        if not item.is_integer():
            raise vol.Invalid("a recipient is a number in quotes, or a name")
        item = int(item)
    if isinstance(item, int) and not isinstance(item, bool):
        return [item]
    return [part.strip() for part in cv.string(item).split(",") if part.strip()]


def recipients(value: object) -> list[str | int]:
    """Validate a field of recipients: at least one."""
    if not (split := split_recipients(value)):
        raise vol.Invalid("at least one recipient is needed")
    return split
