"""What the tests of texts share: sending, the history, restarts, and a look at the file of a box."""

from pathlib import Path
import sqlite3
from typing import Any

from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, Event, HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway.stores import store_path

from .conftest import act, set_up

type Bus = dict[str, list[Event[Any]]]


async def send(hass: HomeAssistant, device_id: str, **fields: object) -> list[dict[str, Any]]:
    """Send a text, to Alice unless somebody else is named, and give what is answered of each message."""
    to = {} if "reply_to" in fields else {"recipients": "Alice"}
    data = {"device_id": device_id, "message": "Hello", **to, **fields}
    response = await act(hass, "send_sms", data, response=True)
    messages: list[dict[str, Any]] = response["messages"]
    return messages


async def history(hass: HomeAssistant, device_id: str, **fields: object) -> list[dict[str, Any]]:
    """Give the history as the action does."""
    response = await act(hass, "get_messages", {"device_id": device_id, **fields}, response=True)
    messages: list[dict[str, Any]] = response["messages"]
    return messages


async def delete(hass: HomeAssistant, device_id: str, **fields: object) -> int:
    """Delete from the history, and give how many texts that were."""
    response = await act(hass, "delete_messages", {"device_id": device_id, **fields}, response=True)
    deleted: int = response["deleted"]
    return deleted


async def close(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Take a box out of Home Assistant, as its stop does."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Take a box out of Home Assistant and set it up again."""
    await close(hass, entry)
    await set_up(hass, entry)


async def started(hass: HomeAssistant) -> None:
    """Let Home Assistant's start be over."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()


def files(hass: HomeAssistant, entry: MockConfigEntry) -> list[Path]:
    """Give all files that are kept of a box."""
    path = store_path(hass, entry.entry_id)
    return sorted(path.parent.glob(f"{path.name}*"))


def is_on_disk(hass: HomeAssistant, entry: MockConfigEntry, words: str) -> bool:
    """Whether words are anywhere in the files of a box."""
    return any(words.encode() in file.read_bytes() for file in files(hass, entry))


def sql(hass: HomeAssistant, entry: MockConfigEntry, statement: str) -> list[tuple[Any, ...]]:
    """Look at the file of a box that is not set up, or change it."""
    db = sqlite3.connect(store_path(hass, entry.entry_id), isolation_level=None)
    try:
        return db.execute(statement).fetchall()
    finally:
        db.close()


def told(bus: Bus) -> list[tuple[str, str]]:
    """Give all that was told on the bus of texts: what came, and to which status what went."""
    came = [(event.data["message_id"], "received") for event in bus["sms_received"]]
    return [*came, *((event.data["message_id"], event.data["status"]) for event in bus["sms_status"])]


def statuses(bus: Bus) -> list[str]:
    """Give the statuses that outgoing texts came to, in order."""
    return [event.data["status"] for event in bus["sms_status"]]
