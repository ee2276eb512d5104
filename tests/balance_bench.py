"""A port with a balance check, of either family."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from unittest.mock import patch

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.event import _TrackPointUTCTime
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from .conftest import GOIP_ID, NEOGATE_IMEI, act, attributes, entity, register, set_up, state
from .simulators.goip import GoIP
from .simulators.neogate import NeoGate
from .simulators.simulator import Ussd


@dataclass(frozen=True, slots=True)
class Bench:
    """One port of a box, as Home Assistant and its network see it."""

    hass: HomeAssistant
    entry: MockConfigEntry
    box: NeoGate | GoIP
    unique_id: str
    port: str
    line: str

    async def set_up(self) -> None:
        """Set the box up; its lines report."""
        await set_up(self.hass, self.entry)
        if isinstance(self.box, GoIP):
            await register(self.hass, self.box)

    def teach(self, text: str, code: str = "*100#", menu: Mapping[str, Ussd] | None = None) -> None:
        """Set what the network answers."""
        self.box.teach_ussd(self.line, code, Ussd(text=text, coding=72, menu=menu or {}))

    def refuse(self, failure: str = "failed") -> None:
        """Have the network refuse the code."""
        self.box.teach_ussd(self.line, "*100#", Ussd(failure=failure))

    @property
    def dialled(self) -> list[str]:
        """The codes that the port dialled."""
        if isinstance(self.box, GoIP):
            return self.box.line(self.line).ussd.dialled
        number = self.box.span(self.line).number
        words = [one.split() for one in self.box.commands if one.startswith(f"gsm send ussd {number} ")]
        return [command[4].strip('"') for command in words]

    async def press(self) -> None:
        """Press the button."""
        button = entity(self.hass, "button", f"{self.unique_id}_check_balance")
        await act(self.hass, "press", {"entity_id": button}, domain="button")
        await self.hass.async_block_till_done()

    @property
    def balance(self) -> str:
        """The state of the balance."""
        return state(self.hass, "sensor", f"{self.unique_id}_balance")

    @property
    def unit(self) -> str | None:
        """The currency of the balance."""
        unit: str | None = attributes(self.hass, "sensor", f"{self.unique_id}_balance").get(
            "unit_of_measurement"
        )
        return unit

    @property
    def valid_until(self) -> str:
        """The state of the date."""
        return state(self.hass, "sensor", f"{self.unique_id}_balance_valid_until")

    def add(self, **changes: object) -> ConfigSubentry:
        """Add a check as the UI does."""
        return add_check(self.hass, self.entry, self.port, **changes)

    def change(self, subentry: ConfigSubentry, **changes: object) -> None:
        """Change a check as the UI does."""
        data = {**subentry.data, **changes}
        self.hass.config_entries.async_update_subentry(self.entry, subentry, data=data)


def add_check(hass: HomeAssistant, entry: MockConfigEntry, port: str, **changes: object) -> ConfigSubentry:
    """Add a check to an entry, by hand unless told otherwise."""
    data = {"port": port, "code": ["*100#"], "schedule": "manual", "time": "10:00:00", **changes}
    subentry = ConfigSubentry(
        data=MappingProxyType(data), subentry_type="balance_check", title=f"Port {port}", unique_id=port
    )
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry


def neogate_bench(hass: HomeAssistant, entry: MockConfigEntry, box: NeoGate) -> Bench:
    """Give the second port of a NeoGate."""
    return Bench(hass, entry, box, f"{NEOGATE_IMEI}_2", "2", "tg2")


def goip_bench(hass: HomeAssistant, entry: MockConfigEntry, box: GoIP) -> Bench:
    """Give the second line of a GoIP."""
    return Bench(hass, entry, box, f"{GOIP_ID}_goip2", "goip2", "goip2")


def bench_of(request: pytest.FixtureRequest, hass: HomeAssistant) -> Bench:
    """Give a port of the family that a fixture asks for by its parameter, not set up yet."""
    make = {"neogate": neogate_bench, "goip": goip_bench}[request.param]
    box = request.getfixturevalue(request.param)
    entry: MockConfigEntry = request.getfixturevalue(f"{request.param}_entry")
    return make(hass, entry, box)


def move(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str) -> None:
    """Let it be some time, and have begin what Home Assistant was to do by then.

    The clock of the event loop stands still, and with it all waits on the wire. So each timer for a point in
    time runs, and the ones that are too early find that out.
    """
    freezer.move_to(moment)
    with patch(f"{async_fire_time_changed.__module__}.get_scheduled_timer_handles", _for_points_in_time):
        async_fire_time_changed(hass, datetime.fromisoformat(moment), fire_all=True)


def _for_points_in_time(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    handles = get_scheduled_timer_handles(loop)
    return [one for one in handles if isinstance(getattr(one, "_callback", None), _TrackPointUTCTime)]
