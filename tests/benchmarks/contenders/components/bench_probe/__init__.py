"""In Home Assistant: tells when events come, and answers what a benchmark asks about the process."""

import asyncio
import ctypes
import gc
import json
from socket import AF_INET, SOCK_DGRAM, socket
import time
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, EventStateChangedData, EventStateReportedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, restore_state
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from tests.benchmarks.left_behind import census

DOMAIN = "bench_probe"


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Listen from now on; speak up as soon as Home Assistant has started."""
    settings = config[DOMAIN]
    if settings["event"]:
        _tell(hass, settings["event"], settings["tell"])
    probe = _Probe(hass)

    @callback
    def _on_started(_hass: HomeAssistant) -> None:
        hass.async_create_background_task(probe.serve(settings["control"]), "probe")

    async_at_started(hass, _on_started)
    return True


def _tell(hass: HomeAssistant, event_type: str, port: int) -> None:
    """Send the time of each event to a port."""
    out = socket(AF_INET, SOCK_DGRAM)
    out.connect(("127.0.0.1", port))

    @callback
    def _on_event(_event: Event) -> None:
        out.send(time.monotonic_ns().to_bytes(8))

    hass.bus.async_listen(event_type, _on_event)


class _Probe:
    """Answers questions, one a line."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._writes = 0
        self._counting = False

    async def serve(self, port: int) -> None:
        """Answer until nobody asks any more."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while line := await reader.readline():
            asked: dict[str, Any] = json.loads(line)
            try:
                answer = {"answer": await getattr(self, f"_{asked.pop('what')}")(**asked)}
            except Exception as err:  # noqa: BLE001 - whoever asked is told
                answer = {"error": repr(err)}
            writer.write(json.dumps(answer).encode() + b"\n")

    async def _tidy(self) -> None:
        """Let go of what is garbage."""
        await self._hass.async_block_till_done()
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)

    async def _settle(self) -> None:
        """Let happen what does within a quarter of an hour: what is restored after a restart is written."""
        await restore_state.async_get(self._hass).async_dump_states()
        await self._tidy()

    async def _entities(self, domain: str) -> dict[str, list[int]]:
        """Count the entities of an integration by platform: those that are on, and those that are off."""
        counts: dict[str, list[int]] = {}
        for entry in er.async_get(self._hass).entities.values():
            if entry.platform == domain:
                counts.setdefault(entry.domain, [0, 0])[entry.disabled] += 1
        return counts

    async def _writes_of(self, domain: str) -> int:
        """Give how often states of an integration's entities were written since this was asked first."""
        if not self._counting:
            self._counting = True
            registry = er.async_get(self._hass).entities

            @callback
            def _is_theirs(data: EventStateChangedData | EventStateReportedData) -> bool:
                entry = registry.get(data["entity_id"])
                return entry is not None and entry.platform == domain

            @callback
            def _on_state(_event: Event[EventStateChangedData] | Event[EventStateReportedData]) -> None:
                self._writes += 1

            self._hass.bus.async_listen(EVENT_STATE_CHANGED, _on_state, event_filter=_is_theirs)
            self._hass.bus.async_listen(EVENT_STATE_REPORTED, _on_state, event_filter=_is_theirs)
        return self._writes

    async def _set_up(self, entry_id: str) -> float:
        """Unload an entry and set it up again; give the seconds of a processor for the second."""
        entries = self._hass.config_entries
        assert await entries.async_unload(entry_id)
        await self._hass.async_block_till_done()
        gc.collect()
        gc.disable()
        begin = time.process_time()
        assert await entries.async_setup(entry_id)
        await self._hass.async_block_till_done()
        took = time.process_time() - begin
        gc.enable()
        return took

    async def _reload(self, entry_id: str, times: int) -> None:
        """Reload an entry."""
        for _ in range(times):
            assert await self._hass.config_entries.async_reload(entry_id)
            await self._hass.async_block_till_done()

    async def _census(self) -> dict[str, int]:
        """Count what there is of each kind."""
        await self._hass.async_block_till_done()
        await asyncio.sleep(0.2)
        return census(self._hass)
