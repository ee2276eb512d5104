"""The one place where the library's errors become Home Assistant's, in words that can be translated."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .aiogsm import (
    BoxRebootNotSupported,
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    NotSupported,
    OutcomeUnknown,
    PortBusy,
    PortNotReady,
    StillStarting,
)
from .const import DOMAIN

# From the most special to the most general: the first that fits is taken.
_FAILURES: tuple[tuple[type[GatewayError], str], ...] = (
    (PortBusy, "port_busy"),
    (PortNotReady, "port_not_ready"),
    (CommandRefused, "command_refused"),
    (GatewayTimeout, "gateway_timeout"),
    (OutcomeUnknown, "outcome_unknown"),
    (LinkLost, "link_lost"),
    (StillStarting, "still_starting"),
)
_REFUSALS: tuple[tuple[type[NotSupported], str], ...] = (
    (BoxRebootNotSupported, "box_reboot_not_supported"),
    (NotSupported, "not_supported"),
)


@contextmanager
def translated_errors(gateway: str, port: str | None = None) -> Iterator[None]:
    """Turn a library error raised inside into Home Assistant's, naming the box and its port."""
    try:
        yield
    except GatewayError as err:
        raise translated(err, gateway, port) from err


def translated(err: GatewayError, gateway: str, port: str | None = None) -> HomeAssistantError:
    """Give the Home Assistant error for a library error: wrong input, or a failure."""
    if isinstance(err, InvalidInput):
        return ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key=f"invalid_{err.reason}",
            translation_placeholders={"excess": str(err.excess)},
        )
    if isinstance(err, NotSupported):
        key = next(key for kind, key in _REFUSALS if isinstance(err, kind))
        return ServiceValidationError(translation_domain=DOMAIN, translation_key=key)
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=next((key for kind, key in _FAILURES if isinstance(err, kind)), "gateway_error"),
        translation_placeholders={
            "where": gateway if port is None else f"{gateway} ({port})",
            "gateway": gateway,
            "port": port or "",
            "reason": err.reason if isinstance(err, CommandRefused) else str(err),
        },
    )
