"""One line of a simulated GoIP, seen from both ends: what Home Assistant shows, and what the line took.

Time flies here (`fast_time`), so that a network that loses packets costs none, and `until` may wait minutes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
import re
from typing import Any

from homeassistant.core import Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.goip import GoIP
from tests.simulators.goip_line import GoipLine
from tests.simulators.goip_push import Push

from .conftest import BUS_EVENTS, act, attributes, box_device, entity, port_device, state

pytest.register_assert_rewrite(
    *(f"tests.goip_rows_{part}" for part in ("requests", "pushes", "texts", "box"))
)

BAD_LUCK = 6
"""How often a person presses a button whose command the network may have lost."""

LONG_LIFE = 100
"""Keepalives after which a count that begins anew can be nothing but a restart."""

A_WHILE = 15.0
"""Seconds after which whatever was repeated has arrived."""

_SENDID = re.compile(r"^([A-Za-z_]+[0-9]?) \d+")

type Bus = dict[str, list[Event[Any]]]
type Row = Callable[[Port], Awaitable[None]]


class Table(dict[str, Row]):
    """Rows by the words of the protocol. Each leaves the line as usable as it found it."""

    def row(self, words: str) -> Callable[[Row], Row]:
        """Put a row into the table."""

        def add(run: Row) -> Row:
            assert words not in self
            self[words] = run
            return run

        return add


class Port:
    """A port and its line. `good` says that the network is: then everything succeeds at the first try."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, box: GoIP, name: str, bus: Bus, *, good: bool
    ) -> None:
        """Begin to look at what happens from now on."""
        self.hass, self.entry, self.box, self.name = hass, entry, box, name
        self.good = good
        self.line: GoipLine = box.line(name)
        self.number = f"+49151{entry.data['port']}{name[-1]}"
        self._bus = bus
        self._asked_before = 0
        self._happened_before = dict.fromkeys(BUS_EVENTS, 0)
        self._sent_before = 0
        self._pushed_before = 0

    def beside(self, name: str) -> Port:
        """Look at another line of the box, at all that ever happened there."""
        return Port(self.hass, self.entry, self.box, name, self._bus, good=self.good)

    def begin(self) -> None:
        """Forget what has happened before, as a row of the table does."""
        self._asked_before = len(self.line.received)
        self._happened_before = {kind: len(self._all_events(kind)) for kind in self._bus}
        self._sent_before = len(self._all_texts())
        self._pushed_before = len(self.line.pushes.all)

    # Home Assistant's end

    @property
    def device(self) -> str:
        """The port's device."""
        return port_device(self.hass, self.entry, self.name)

    @property
    def box_device(self) -> str:
        """The box's device."""
        return box_device(self.hass, self.entry)

    async def act(self, action: str, **data: Any) -> None:  # noqa: ANN401 (what actions take)
        """Run an action on the port."""
        await act(self.hass, action, {"device_id": self.device, **data})

    async def ask(self, action: str, **data: Any) -> dict[str, Any]:  # noqa: ANN401 (what actions take)
        """Run an action on the port, and give its response."""
        response: dict[str, Any] = await act(
            self.hass, action, {"device_id": self.device, **data}, response=True
        )
        return response

    async def press(self, key: str) -> None:
        """Press one of the port's buttons."""
        await self._turn("button", key, "press")

    async def set_number(self, key: str, value: int) -> None:
        """Set one of the port's numbers."""
        await self._turn("number", key, "set_value", value=value)

    async def switch(self, *, on: bool) -> None:
        """Switch the port on or off."""
        await self._turn("switch", "enabled", "turn_on" if on else "turn_off")

    async def _turn(self, platform: str, key: str, action: str, **data: Any) -> None:  # noqa: ANN401
        data["entity_id"] = entity(self.hass, platform, self._unique_id(key))
        await act(self.hass, action, data, domain=platform)

    def shows(self, key: str, platform: str = "sensor") -> str:
        """Give the state of one of the port's entities."""
        return state(self.hass, platform, self._unique_id(key))

    def attributes(self, key: str, platform: str = "sensor") -> Mapping[str, Any]:
        """Give the attributes of one of the port's entities."""
        return attributes(self.hass, platform, self._unique_id(key))

    def _unique_id(self, key: str) -> str:
        return f"{self.entry.unique_id}_{self.name}_{key}"

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        """Give the data of the port's events of a kind (call, sms_received, ...) on the bus."""
        return self._all_events(kind)[self._happened_before[kind] :]

    def _all_events(self, kind: str) -> list[Mapping[str, Any]]:
        return [event.data for event in self._bus[kind] if event.data["port"] == self.name]

    def calls(self) -> list[str]:
        """Give the states of the port's calls, in order."""
        return [call["state"] for call in self.events("call")]

    def cause(self, expected: str) -> bool:
        """Whether the last call ended for this cause: it is waited for so briefly that a loss is its end."""
        causes = {expected} if self.good else {expected, None}
        return self.events("call")[-1]["cause"] in causes

    # The line's end

    def asked(self, *verbs: str) -> list[str]:
        """Give what the line was asked for by these verbs in order, repeats once; `#` is the sendid."""
        packets = dict.fromkeys(self.line.received[self._asked_before :])
        texts = [packet.decode() for packet in packets]
        return [_SENDID.sub(r"\1 #", text) for text in texts if text.partition(" ")[0] in verbs]

    def texts(self) -> list[tuple[str, str]]:
        """Give number and text of all that the line gave to the network."""
        return self._all_texts()[self._sent_before :]

    def _all_texts(self) -> list[tuple[str, str]]:
        return [(sms.number, sms.text) for sms in self.box.outbox if sms.line == self.name]

    def pushed(self) -> list[Push]:
        """Give what the line has pushed."""
        return self.line.pushes.all[self._pushed_before :]

    async def heard_out(self) -> None:
        """Wait until the line need not repeat anything, and what came late has come."""
        await self.until(lambda: all(push.settled for push in self.pushed()))
        assert [push for push in self.pushed() if not push.acknowledged] == []
        await self.a_while()

    async def settle(self) -> None:
        """Let all that is on its way arrive, so that nothing late undoes what is asked next."""
        await self.until(lambda: all(push.settled for push in self.line.pushes.all))
        await asyncio.sleep(1)

    async def restart(self) -> None:
        """Let the line start anew, as after a cut of its power in a long life, and be heard."""
        if self.line.count < LONG_LIFE:
            self.line.count = LONG_LIFE
            await self.told()
        self.line.reboot()
        await self.until(lambda: self.line.up and self.line.accepted)

    async def told(self) -> None:
        """Let the line tell its state by keepalives that get through."""
        heard = len(self.line.replies_to_keepalives)
        while len(self.line.replies_to_keepalives) < heard + 2:
            self.line.send_keepalive()
            await asyncio.sleep(1)

    # Both

    async def until(self, condition: Callable[[], object], within: float = 300.0) -> None:
        """Return when a condition holds at either end."""
        async with asyncio.timeout(within):
            while not condition():  # noqa: ASYNC110 - there is no one event for both ends
                await asyncio.sleep(0.5)

    async def a_while(self) -> None:
        """Wait for what should not come."""
        await asyncio.sleep(A_WHILE)

    async def insist(self, press: Callable[[], Awaitable[None]], done: Callable[[], object]) -> None:
        """Do what the integration must never repeat by itself, again if it says that it does not know."""
        for _ in range(BAD_LUCK):
            try:
                await press()
            except HomeAssistantError as err:
                if self.good or err.translation_key != "outcome_unknown":
                    raise
            if done():
                return
            assert not self.good
        raise AssertionError("bad luck")
