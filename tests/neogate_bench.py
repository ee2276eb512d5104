"""A simulated NeoGate, seen from both ends: what Home Assistant shows, and what the box was asked.

Time flies here (`fast_time`), so that minutes of waiting take none. Between the two may be a path that cuts
all that is written, in both directions, into small segments.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators import fast_time
from tests.simulators.chopper import Chopper
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_span import Span

from .conftest import (
    DOMAIN,
    NEOGATE_IMEI,
    act,
    assert_translated,
    attributes,
    box_device,
    contacts,
    entity,
    neogate_data,
    port_device,
    run,
    set_up,
    state,
)

pytest.register_assert_rewrite(
    *(f"tests.neogate_rows_{part}" for part in ("session", "ports", "sending", "receiving", "ussd"))
)

type Bus = dict[str, list[Event[Any]]]
type RowFunction = Callable[[Port], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One point of what is promised, and the box and the options that it is shown with."""

    run: RowFunction
    box: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Table(dict[str, Row]):
    """Rows by what they show."""

    def row(
        self,
        words: str,
        *,
        options: Mapping[str, Any] | None = None,
        **box: Any,  # noqa: ANN401 (what boxes take)
    ) -> Callable[[RowFunction], RowFunction]:
        """Put a row into the table."""

        def add(run: RowFunction) -> RowFunction:
            assert words not in self
            self[words] = Row(run=run, box=box, options=options or {})
            return run

        return add


class Port:
    """A port, seen from both ends."""

    def __init__(self, bench: Bench, name: str) -> None:
        """Look at a port, by its name in Home Assistant."""
        self.hass, self.entry, self.box = bench.hass, bench.entry, bench.box
        self.bench, self.name = bench, name
        self.line = f"tg{name}"

    def beside(self, name: str) -> Port:
        """Look at another port of the box."""
        return Port(self.bench, name)

    # Home Assistant's end

    @property
    def device(self) -> str:
        """The port's device."""
        return port_device(self.hass, self.entry, self.name)

    @property
    def box_device(self) -> str:
        """The box's device."""
        return box_device(self.hass, self.entry)

    async def ask(self, action: str, device: str | None = None, **data: Any) -> dict[str, Any]:  # noqa: ANN401
        """Run an action on the port, or on another device, and give its response."""
        response: dict[str, Any] = await act(
            self.hass, action, {"device_id": device or self.device, **data}, response=True
        )
        return response

    async def text(self, message: str = "Hello", device: str | None = None, **data: Any) -> dict[str, Any]:  # noqa: ANN401
        """Text Alice, and give what the action says of it."""
        data = {"recipients": "Alice", "wait_timeout": 120, "message": message, **data}
        response = await self.ask("send_sms", device, **data)
        (told,) = response["messages"]
        return dict(told)

    async def refusal(self, doing: Awaitable[object], key: str) -> Mapping[str, str]:
        """Check that something is refused with this error, and give what stands in its sentence."""
        with pytest.raises(HomeAssistantError) as caught:
            await doing
        assert_translated(caught.value, key)
        return caught.value.translation_placeholders or {}

    async def press(self, key: str) -> None:
        """Press one of the port's buttons."""
        button = entity(self.hass, "button", f"{NEOGATE_IMEI}_{self.name}_{key}")
        await act(self.hass, "press", {"entity_id": button}, domain="button")

    async def restart(self, device: str | None = None) -> None:
        """Restart the port, or another device, by the action."""
        await act(self.hass, "reboot", {"device_id": device or self.device})

    def shows(self, key: str, platform: str = "sensor") -> str:
        """Give the state of one of the port's entities."""
        return state(self.hass, platform, f"{NEOGATE_IMEI}_{self.name}_{key}")

    def attributes(self, key: str, platform: str = "sensor") -> Mapping[str, Any]:
        """Give the attributes of one of the port's entities."""
        return attributes(self.hass, platform, f"{NEOGATE_IMEI}_{self.name}_{key}")

    @property
    def connected(self) -> bool:
        """Whether Home Assistant shows the box as connected."""
        return state(self.hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on"

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        """Give the data of the port's events of a kind (sms_received, ...) on the bus."""
        return [event.data for event in self.bench.bus[kind] if event.data["port"] == self.name]

    def logged(self, words: str) -> int:
        """Count the lines of our log, above debug, that hold these words."""
        return sum(words in line for line in self.bench.log_lines())

    # The box's end

    @property
    def span(self) -> Span:
        """The port's span."""
        return self.box.span(self.line)

    def texts(self) -> list[str]:
        """Give the texts that the port gave to the network."""
        return [sms.text for sms in self.box.outbox if sms.line == self.line]

    def asked(self, words: str) -> int:
        """Count the commands to the box that begin so."""
        return sum(command.startswith(words) for command in self.box.commands)

    # Both

    @property
    def now(self) -> float:
        """The time, which both ends share."""
        return asyncio.get_running_loop().time()

    async def until(self, condition: Callable[[], object], within: float = 300.0) -> None:
        """Return when a condition holds at either end."""
        step = 0.25 if within <= 300 else 2.0
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - there is no one event for both ends
                await asyncio.sleep(step)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)


class Bench:
    """A NeoGate and Home Assistant with its entry."""

    def __init__(
        self, hass: HomeAssistant, bus: Bus, stack: AsyncExitStack, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Let time fly; nothing runs yet."""
        self.clock = fast_time.let_it_fly(asyncio.get_running_loop())
        self.hass, self.bus = hass, bus
        self._stack, self._caplog = stack, caplog
        self.size: int | None = None

    async def start(self, row: Row, size: int | None) -> Port:
        """Run the row's box, add it, and give its first port; `size` cuts what is written."""
        self.box = await run(self._stack, NeoGate(**{"ports": 2, **row.box}))
        data, self.size = neogate_data(self.box), size
        if size is not None:
            path = await self._stack.enter_async_context(Chopper(self.box.port, size=size))
            data["port"] = path.port
        self.entry = MockConfigEntry(
            domain=DOMAIN,
            title="NeoGate",
            unique_id=NEOGATE_IMEI,
            data=data,
            options=row.options,
            subentries_data=contacts(),
        )
        self.entry.add_to_hass(self.hass)
        await set_up(self.hass, self.entry)
        assert self.entry.state is ConfigEntryState.LOADED
        return Port(self, "1")

    def log_lines(self) -> list[str]:
        """Give what our loggers wrote above debug."""
        return [
            record.getMessage()
            for record in self._caplog.records
            if record.name.startswith(f"custom_components.{DOMAIN}") and record.levelname != "DEBUG"
        ]
