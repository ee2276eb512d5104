"""Says in the log when a box is lost and when it is back, once each. A restart at our request is no loss."""

from datetime import datetime, timedelta
import logging

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

_LOGGER = logging.getLogger(__name__)

RESTART_TIME = timedelta(minutes=3)
"""How long a box that was restarted may be silent before that is a loss."""


class Presence:
    """Whether one box is there, as far as the log is concerned."""

    def __init__(self, hass: HomeAssistant, name: str) -> None:
        """Begin with a box that has not been there yet."""
        self._hass = hass
        self._name = name
        self._reason: object = None
        self._lost = False
        self._restarting: CALLBACK_TYPE | None = None

    @callback
    def restarts(self, port: str | None) -> None:
        """Take note that the box, or one of its ports, was just told to restart."""
        # A line's id may be its phone number, and has no place in the log.
        _LOGGER.info("%s%s restarts at our request", "" if port is None else "A port of ", self._name)
        self.close()
        self._restarting = async_call_later(self._hass, RESTART_TIME, self._on_restart_over)

    @callback
    def lost(self, reason: object) -> None:
        """Take note that the box was there and is not."""
        self._lost, self._reason = True, reason
        if self._restarting is None:
            _LOGGER.info("%s is lost: %s", self._name, reason)

    @callback
    def back(self) -> None:
        """Take note that the box is there."""
        if not self._lost:
            return
        _LOGGER.info("%s is back", self._name)
        self._lost = False
        self.close()

    @callback
    def close(self) -> None:
        """Stop waiting for a restart to end."""
        if self._restarting is not None:
            self._restarting()
            self._restarting = None

    @callback
    def _on_restart_over(self, _now: datetime) -> None:
        self._restarting = None
        if self._lost:
            self.lost(self._reason)
