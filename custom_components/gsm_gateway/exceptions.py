"""The one place where the library's errors become Home Assistant's, in words that can be translated."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .aiogsm import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
)
from .const import DOMAIN

# From the most special to the most general: the first that fits is taken.
_FAILURES: tuple[tuple[type[GatewayError], str], ...] = (
    (PortNotReady, "port_not_ready"),
    (CommandRefused, "command_refused"),
    (GatewayTimeout, "gateway_timeout"),
    (OutcomeUnknown, "outcome_unknown"),
    (LinkLost, "link_lost"),
)


def translated(err: GatewayError) -> HomeAssistantError:
    """Give the Home Assistant error for a library error: wrong input, or a failure."""
    if isinstance(err, InvalidInput):
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=f"invalid_{err.reason}",
            translation_placeholders={"excess": str(err.excess)},
        )
    if isinstance(err, NotSupported):
        return ServiceValidationError(translation_domain=DOMAIN, translation_key="not_supported")
    key = next((key for kind, key in _FAILURES if isinstance(err, kind)), "gateway_error")
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"reason": err.reason if isinstance(err, CommandRefused) else str(err)},
    )


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a library error raised inside into Home Assistant's."""
    try:
        yield
    except GatewayError as err:
        raise translated(err) from err
