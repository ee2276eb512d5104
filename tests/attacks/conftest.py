"""What the attacks share."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from homeassistant.core import Event, HomeAssistant
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.goip import GoIP

from .wire import Tap


@dataclass(frozen=True, slots=True)
class Target:
    """A Home Assistant with a GoIP, a look at what reaches its port, and the events that it fires."""

    hass: HomeAssistant
    box: GoIP
    entry: MockConfigEntry
    tap: Tap
    bus: dict[str, list[Event[Any]]]

    def shown(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """Give all that is shown, without the times."""
        return {one.entity_id: (one.state, dict(one.attributes)) for one in self.hass.states.async_all()}

    def told(self) -> dict[str, int]:
        """Give how many events there were of each kind."""
        return {name: len(events) for name, events in self.bus.items()}


@pytest.fixture
def target(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: dict[str, list[Event[Any]]]
) -> Iterator[Target]:
    """Give what is to be attacked."""
    tap = Tap(loaded_goip)
    yield Target(hass, goip, loaded_goip, tap, bus)
    tap.close()
