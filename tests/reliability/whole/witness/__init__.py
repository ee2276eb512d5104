"""In Home Assistant: asks for the texts of the plans, and notes on disk what the bus tells to automations."""

import asyncio
from contextlib import suppress
from pathlib import Path

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.typing import ConfigType

from tests.reliability.plan import WITNESS, Plan
from tests.reliability.skip import RELOAD, Leaps
from tests.reliability.witness import Witness, lines

DOMAIN = "witness"
GATEWAY = "gsm_gateway"
LOOK = 0.1
"""Seconds between two looks at what there is to do."""


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Serve the entries whose ids and folders the configuration names."""
    Leaps().obey(hass.loop)

    @callback
    def _reload() -> None:
        for entry_id in config[DOMAIN]:
            hass.config_entries.async_schedule_reload(entry_id)

    hass.loop.add_signal_handler(RELOAD, _reload)
    for entry_id, folder in config[DOMAIN].items():
        _Customer(hass, entry_id, Path(folder)).begin()
    return True


class _Customer:
    """Who sends and receives texts by one box."""

    def __init__(self, hass: HomeAssistant, entry_id: str, folder: Path) -> None:
        self._hass = hass
        self._entry_id = entry_id
        self._folder = folder
        self._witness = Witness(folder / WITNESS)

    def begin(self) -> None:
        """Listen from now on; send as soon as Home Assistant has started."""
        self._hass.bus.async_listen(f"{GATEWAY}_sms_received", self._on_received)
        self._hass.bus.async_listen(f"{GATEWAY}_sms_status", self._on_status)
        async_at_started(self._hass, self._on_started)

    @callback
    def _on_received(self, event: Event) -> None:
        data = event.data
        if data["config_entry_id"] == self._entry_id:
            text, sender, complete = data["message"], data["sender"], data["complete"]
            self._witness.note("received", text=text, sender=sender, complete=complete)

    @callback
    def _on_status(self, event: Event) -> None:
        if event.data["config_entry_id"] == self._entry_id:
            self._witness.note("status", id=event.data["message_id"], status=event.data["status"])

    @callback
    def _on_started(self, hass: HomeAssistant) -> None:
        hass.async_create_background_task(self._send_all(), "texts of the plan")

    async def _send_all(self) -> None:
        await self._device_id()
        self._witness.note("ready")
        asked = {line["text"] for line in lines(self._folder / WITNESS, "asked")}
        while True:
            plan = await self._hass.async_add_executor_job(Plan.load, self._folder)
            for text in plan.sends:
                if text.body not in asked:
                    asked.add(text.body)
                    await self._send(await self._device_id(), text.number, text.body)
                    await asyncio.sleep(plan.gap)
            await asyncio.sleep(LOOK)

    async def _device_id(self) -> str:
        """Give the box's device, once the entry is loaded."""
        while True:
            entry = self._hass.config_entries.async_get_entry(self._entry_id)
            if entry is not None and entry.state is ConfigEntryState.LOADED:
                identifier = (GATEWAY, str(entry.unique_id))
                device = dr.async_get(self._hass).async_get_device_by_identifier(identifier, entry.entry_id)
                assert device is not None
                return device.id
            await asyncio.sleep(LOOK)

    async def _send(self, device_id: str, number: str, body: str) -> None:
        self._witness.note("asked", text=body)
        data = {"device_id": device_id, "recipients": [number], "message": body, "wait": False}
        call = self._hass.services.async_call(GATEWAY, "send_sms", data, blocking=True, return_response=True)
        with suppress(HomeAssistantError):  # it may be closed just now: then nothing may leave
            await call
            self._witness.note("accepted", text=body)
