"""Has the logbook describe our events on the bus, but those about texts on their way out: see ``lines``."""

from collections.abc import Callable

from homeassistant.components.logbook.models import LazyEventPartialState
from homeassistant.core import HomeAssistant, callback

from . import sentences
from .const import DOMAIN, EVENT_CALL, EVENT_COMMAND, EVENT_SMS_RECEIVED, EVENT_USSD_RECEIVED
from .lines import CALL, SMS, async_line

type Describe = Callable[[LazyEventPartialState], dict[str, str]]

_DESCRIBED: dict[str, tuple[str, Callable[[sentences.Data], str]]] = {
    EVENT_CALL: (CALL, sentences.call),
    EVENT_COMMAND: (SMS, sentences.command),
    EVENT_SMS_RECEIVED: (SMS, sentences.received),
    EVENT_USSD_RECEIVED: (SMS, sentences.ussd),
}


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describe], None]
) -> None:
    """Say how each event is described."""
    for event_type, (key, sentence) in _DESCRIBED.items():
        async_describe_event(DOMAIN, event_type, _describing(hass, key, sentence))


def _describing(hass: HomeAssistant, key: str, sentence: Callable[[sentences.Data], str]) -> Describe:
    @callback
    def describe(event: LazyEventPartialState) -> dict[str, str]:
        return async_line(hass, event.data, key, sentence(event.data))

    return describe
