"""Watches which SIM is in which port, so that one that was swapped is not taken for the one before."""

from collections.abc import Mapping

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from .aiogsm import PortState
from .issues import SIM_SWAPPED, async_end_issue, async_raise_issue
from .keeping import SIMS, Keeping

_SAVE_DELAY = 5.0

type Identity = dict[str, str]
"""What is known of a SIM: its ``imsi``, its ``iccid``, or both."""


def _identity(port: PortState) -> Identity:
    """Give what a port tells of its SIM; empty and all-zero values say that it was not read."""
    told = {"imsi": port.imsi, "iccid": port.iccid}
    return {key: value for key, value in told.items() if value and value.strip("0")}


class SimWatch:
    """The SIMs of one box as their owner knows them, kept over restarts."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with none known."""
        self._hass = hass
        self._entry = entry
        self._known: dict[str, Identity] = {}
        self._keeping = Keeping(hass, entry, SIMS, lambda: self._known, _SAVE_DELAY)
        self._found: dict[str, Identity] = {}
        self._swapped: set[str] = set()

    async def async_load(self) -> None:
        """Remember the SIMs of before the restart."""
        self._known = await self._keeping.async_load()

    async def async_save(self) -> None:
        """Keep at once what would be kept in a while."""
        await self._keeping.async_save()

    @callback
    def look(self, ports: Mapping[str, PortState]) -> None:
        """Compare the SIMs that are there with those that are known."""
        for name, port in ports.items():
            found = _identity(port)
            if found and found != self._found.get(name):
                self._found[name] = found
                self._compare(name, found)

    @callback
    def accept(self, port: str) -> None:
        """Take the SIM that is in a port now for the right one."""
        self._swapped.discard(port)
        if port in self._found:
            self._known[port] = self._found[port]
            self._keeping.save_later()

    @callback
    def forget(self, port: str) -> None:
        """Forget a port that is gone."""
        self._found.pop(port, None)
        if self._known.pop(port, None):
            self._keeping.save_later()
        async_end_issue(self._hass, self._entry, port, SIM_SWAPPED)

    def _compare(self, port: str, found: Identity) -> None:
        known = self._known.get(port, {})
        if any(known.get(key, value) != value for key, value in found.items()):
            self._swapped.add(port)
            async_raise_issue(self._hass, self._entry, port, SIM_SWAPPED)
            return
        if port in self._swapped:
            self._swapped.remove(port)
            async_end_issue(self._hass, self._entry, port, SIM_SWAPPED)
        if found.items() - known.items():
            self._known[port] = {**known, **found}
            self._keeping.save_later()
