"""Triggers for the automation editor: a text or a command came in, a call changed, a text failed.

They listen inside Home Assistant and not on the bus: of a private box the bus has neither texts nor numbers,
and what is handed over here stands nowhere but in the automation's own trace.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, override

from homeassistant.const import ATTR_DEVICE_ID, CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.util.signal_type import SignalType
import voluptuous as vol

from .aiogsm import CallEventType
from .commands import split_command
from .const import CONF_NUMBER, CONF_TRUSTED
from .filters import (
    COMMAND,
    CONTACT,
    DEVICE,
    NUMBER,
    RECIPIENT,
    REGEX,
    SENDER,
    TEXT,
    TRUSTED,
    Filter,
    one_of,
)
from .notices import SIGNAL_CALL, SIGNAL_COMMAND, SIGNAL_SMS_FAILED, SIGNAL_SMS_RECEIVED, Notice

ATTR_ARGUMENT = "argument"
ATTR_COMMAND = "command"
ATTR_CONTACT = "contact"
ATTR_DIRECTION = "direction"
ATTR_RECIPIENT = "recipient"
ATTR_REGEX = "regex"
ATTR_SENDER = "sender"
ATTR_STATE = "state"
ATTR_TEXT = "text"

DIRECTIONS = ("incoming", "outgoing")
STATES = tuple(event.value for event in CallEventType)

_SOMEBODY = "somebody"


class NoticeTrigger(Trigger):
    """Hands over every notice that fits all that is chosen."""

    signal: ClassVar[SignalType[Notice]]
    filters: ClassVar[Mapping[str, Filter]]
    """By the names of the fields, in the order in which they are tried."""

    @classmethod
    @override
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        def bound(one: Filter) -> Callable[[object], Any]:
            return lambda value: one.choose(hass, value)

        fields = {vol.Optional(name): bound(one) for name, one in cls.filters.items()}
        validated: ConfigType = vol.Schema({vol.Optional(CONF_OPTIONS, default=dict): fields})(config)
        return validated

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take what was chosen."""
        super().__init__(hass, config)
        self._chosen = config.options or {}

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        # Nothing is reported of what does not fit: it would be a trace for every text, with the text in it.
        @callback
        def on_notice(notice: Notice) -> None:
            if self._fits(notice):
                run_action(self._handed_over(notice), self.describe(notice))

        return async_dispatcher_connect(self._hass, self.signal, on_notice)

    def _fits(self, notice: Notice) -> bool:
        return all(
            one.fits(self._hass, self._chosen[name], notice)
            for name, one in self.filters.items()
            if name in self._chosen
        )

    def _handed_over(self, notice: Notice) -> dict[str, Any]:
        return dict(notice.data)

    @staticmethod
    @abstractmethod
    def describe(notice: Notice) -> str:
        """Say what happened, as the logbook has it behind "triggered by"."""


class SmsReceivedTrigger(NoticeTrigger):
    """A text came in."""

    signal = SIGNAL_SMS_RECEIVED
    filters: ClassVar[Mapping[str, Filter]] = {
        ATTR_DEVICE_ID: DEVICE,
        ATTR_SENDER: SENDER,
        ATTR_CONTACT: CONTACT,
        CONF_TRUSTED: TRUSTED,
        ATTR_TEXT: TEXT,
        ATTR_REGEX: REGEX,  # the last: where the sender is chosen, no stranger can make it work
    }

    @staticmethod
    @override
    def describe(notice: Notice) -> str:
        return f"text from {notice.person or _SOMEBODY}"


class SmsCommandTrigger(NoticeTrigger):
    """A text came in that is a command: from a trusted contact, in time, whole, and with the right PIN."""

    signal = SIGNAL_COMMAND
    filters: ClassVar[Mapping[str, Filter]] = {
        ATTR_DEVICE_ID: DEVICE,
        ATTR_CONTACT: CONTACT,
        ATTR_COMMAND: COMMAND,
    }

    @override
    def _handed_over(self, notice: Notice) -> dict[str, Any]:
        command, argument = split_command(notice.command, self._chosen.get(ATTR_COMMAND, []))
        return {**notice.data, ATTR_COMMAND: command, ATTR_ARGUMENT: argument}

    @staticmethod
    @override
    def describe(notice: Notice) -> str:
        return f"command from {notice.person}"


class CallTrigger(NoticeTrigger):
    """A call came, went out, was taken or ended."""

    signal = SIGNAL_CALL
    filters: ClassVar[Mapping[str, Filter]] = {
        ATTR_DEVICE_ID: DEVICE,
        ATTR_STATE: one_of(ATTR_STATE, *STATES),
        ATTR_DIRECTION: one_of(ATTR_DIRECTION, *DIRECTIONS),
        CONF_NUMBER: NUMBER,
    }

    @staticmethod
    @override
    def describe(notice: Notice) -> str:
        way = "from" if notice.data["direction"] == "incoming" else "to"
        return f"call {way} {notice.person or _SOMEBODY} ({notice.data['state']})"


class SmsFailedTrigger(NoticeTrigger):
    """A text failed, expired, or may be lost."""

    signal = SIGNAL_SMS_FAILED
    filters: ClassVar[Mapping[str, Filter]] = {
        ATTR_DEVICE_ID: DEVICE,
        ATTR_RECIPIENT: RECIPIENT,
    }

    @staticmethod
    @override
    def describe(notice: Notice) -> str:
        return f"text to {notice.person or _SOMEBODY} ({notice.data['status']})"


TRIGGERS: dict[str, type[NoticeTrigger]] = {
    "call": CallTrigger,
    "sms_command": SmsCommandTrigger,
    "sms_failed": SmsFailedTrigger,
    "sms_received": SmsReceivedTrigger,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Give the triggers by what comes after the domain in their names."""
    return dict(TRIGGERS)
