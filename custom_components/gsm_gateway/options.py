"""What a box's options say, with the defaults for what they do not say."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .aiogsm import Limits, Policy
from .const import (
    CONF_EXPIRES_AFTER,
    CONF_HISTORY,
    CONF_LIMIT_DAY,
    CONF_LIMIT_HOUR,
    CONF_LIMIT_MONTH,
    CONF_PRIVATE,
    CONF_TEXTS_IN_STATES,
)

EXPIRES_AFTER = 60
"""Minutes that a text waits for a port."""

HISTORY = 500
"""How many texts the history keeps."""

LIMIT_HOUR = 100
"""How many texts a box takes in an hour."""


def policy_of(options: Mapping[str, Any]) -> Policy:
    """Give how a box's texts are treated."""
    return Policy(
        limits=Limits(
            per_day=int(options.get(CONF_LIMIT_DAY, 0)),
            per_month=int(options.get(CONF_LIMIT_MONTH, 0)),
            per_hour=int(options.get(CONF_LIMIT_HOUR, LIMIT_HOUR)),
        ),
        expires_after=timedelta(minutes=options.get(CONF_EXPIRES_AFTER, EXPIRES_AFTER)),
    )


def history_of(options: Mapping[str, Any]) -> int:
    """Give how many texts the history of a box keeps."""
    return int(options.get(CONF_HISTORY, HISTORY))


def is_private(options: Mapping[str, Any]) -> bool:
    """Whether texts and numbers stay out of the history, of states and of the bus."""
    return bool(options.get(CONF_PRIVATE, False))


def shows_texts(options: Mapping[str, Any]) -> bool:
    """Whether the event entities carry the texts."""
    return bool(options.get(CONF_TEXTS_IN_STATES, False)) and not is_private(options)
