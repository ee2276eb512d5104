"""The logbook: a sentence for all that happens, in the activity of the device that it happens to."""

from contextlib import AsyncExitStack
from typing import Any

from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, mock_component
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.gsm_gateway import sentences
from custom_components.gsm_gateway.aiogsm import MessageError, MessageStatus
from custom_components.gsm_gateway.commands import Refusal
from custom_components.gsm_gateway.trigger import DIRECTIONS
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate

from .conftest import (
    ALICE,
    BOB,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    box_device,
    entity,
    port_device,
    register,
    set_up,
    settled,
    state,
    until,
)
from .mail_bench import Bus

SECRET = "the safe opens with 4711"


@pytest.fixture(autouse=True)
def _custom_integrations(
    recorder_mock: Recorder, simulators: AsyncExitStack, enable_custom_integrations: None
) -> None:
    """Have a recorder, which has to be there before everything else."""


@pytest.fixture(autouse=True)
async def _logbook(_custom_integrations: None, hass: HomeAssistant) -> None:
    """Have the logbook, without the frontend that shows it."""
    mock_component(hass, "frontend")
    assert await async_setup_component(hass, "logbook", {})


async def lines(
    hass: HomeAssistant, client: WebSocketGenerator, **whose: list[str]
) -> list[tuple[str, str, str | None]]:
    """Give our lines of the logbook: subject, sentence and entity; as the activity of something, if given."""
    await hass.async_block_till_done()
    await async_wait_recording_done(hass)
    connection = await client()
    since = (dt_util.utcnow().replace(year=2000)).isoformat()
    await connection.send_json_auto_id({"type": "logbook/get_events", "start_time": since, **whose})
    answer = await connection.receive_json()
    ours: list[dict[str, Any]] = [one for one in answer["result"] if one.get("domain") == "gsm_gateway"]
    assert SECRET not in str(answer)
    return [(one["name"], one["message"], one.get("entity_id")) for one in ours]


async def send(hass: HomeAssistant, bus: Bus, device_id: str, recipient: str = ALICE) -> None:
    """Send a text, and see what becomes of it."""
    before = len(settled(bus))
    data = {"device_id": device_id, "recipients": recipient, "message": SECRET, "wait": False}
    await act(hass, "send_sms", data)
    await until(hass, lambda: len(settled(bus)) > before)


async def test_texts_of_a_goip(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    hass_ws_client: WebSocketGenerator,
) -> None:
    first, second = (port_device(hass, loaded_goip, line) for line in ("goip1", "goip2"))
    dr.async_get(hass).async_update_child_device(first, name_by_user="Home SIM")
    goip.receive_sms("goip1", ALICE, SECRET)
    await until(hass, lambda: bus["command"])
    goip.receive_sms("goip2", STRANGER, SECRET)
    await until(hass, lambda: len(bus["sms_received"]) == 2)
    await send(hass, bus, first)
    goip.fail_next_send("goip1")
    await send(hass, bus, first, STRANGER)

    sms = entity(hass, "event", f"{GOIP_ID}_goip1_sms")
    of_first = [
        ("GoIP · Home SIM", "received a text from Alice", sms),
        ("GoIP · Home SIM", "accepted a command from Alice", sms),
        ("GoIP · Home SIM", "sent a text to Alice", sms),
        ("GoIP · Home SIM", f"could not send a text to {STRANGER}: refused", sms),
    ]
    of_second = [
        (
            "GoIP · Port goip2",
            f"received a text from {STRANGER}",
            entity(hass, "event", f"{GOIP_ID}_goip2_sms"),
        )
    ]
    everything = await lines(hass, hass_ws_client)
    assert everything == [*of_first[:2], *of_second, *of_first[2:]]
    assert await lines(hass, hass_ws_client, device_ids=[first], entity_ids=[sms]) == of_first
    assert await lines(hass, hass_ws_client, device_ids=[second]) == of_second


async def test_texts_of_a_neogate(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    hass_ws_client: WebSocketGenerator,
) -> None:
    neogate.receive_sms("tg2", BOB, SECRET, received_at="2025-11-22 04:00:00")
    await until(hass, lambda: bus["sms_received"])
    await send(hass, bus, port_device(hass, loaded_neogate, "2"), BOB)

    sms = entity(hass, "event", f"{NEOGATE_IMEI}_2_sms")
    assert await lines(hass, hass_ws_client) == [
        ("NeoGate TG200 · Port 2", "received a text from Bob, delayed", sms),
        ("NeoGate TG200 · Port 2", "sent a text to Bob", sms),
    ]


async def test_a_text_without_a_port(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    hass_ws_client: WebSocketGenerator,
) -> None:
    clock.skip(100)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    data = {"device_id": box_device(hass, loaded_goip), "recipients": BOB, "message": SECRET, "wait": False}
    await act(hass, "send_sms", data)
    clock.skip(3600)
    await until(hass, lambda: settled(bus))

    queue = entity(hass, "sensor", f"{GOIP_ID}_queue")
    assert await lines(hass, hass_ws_client) == [
        ("GoIP", "did not send a text to Bob in time: the gateway was away", queue)
    ]


async def test_calls_and_ussd(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    hass_ws_client: WebSocketGenerator,
) -> None:
    goip.ring("goip1", ALICE)
    goip.answer("goip1")
    await until(hass, lambda: len(bus["call"]) == 2)
    clock.skip(12)
    goip.hang_up("goip1")
    await until(hass, lambda: len(bus["call"]) == 3)
    goip.line("goip1").push_state(f"DIALING:{STRANGER}")
    await until(hass, lambda: len(bus["call"]) == 4)
    goip.line("goip1").push("USSN", f"msg:{SECRET}")
    await until(hass, lambda: bus["ussd_received"])

    call, sms = (entity(hass, "event", f"{GOIP_ID}_goip1_{kind}") for kind in ("call", "sms"))
    told = await lines(hass, hass_ws_client, device_ids=[port_device(hass, loaded_goip, "goip1")])
    assert told == [
        ("GoIP · Port goip1", "is called by Alice", call),
        ("GoIP · Port goip1", "is connected with Alice", call),
        ("GoIP · Port goip1", "ended a call from Alice after 12 s", call),
        ("GoIP · Port goip1", f"calls {STRANGER}", call),
        ("GoIP · Port goip1", "received a message of the network", sms),
    ]


async def test_a_private_box_shows_no_numbers(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
    hass_ws_client: WebSocketGenerator,
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"private": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    goip.receive_sms("goip1", STRANGER, SECRET)
    await until(hass, lambda: bus["sms_received"])
    for recipient in (STRANGER, ALICE):
        await send(hass, bus, port_device(hass, goip_entry, "goip1"), recipient)

    assert [sentence for _, sentence, _ in await lines(hass, hass_ws_client)] == [
        f"received a text from …{STRANGER[-3:]}",
        f"sent a text to …{STRANGER[-3:]}",
        "sent a text to Alice",
    ]


async def test_lines_outlive_their_devices(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    hass_ws_client: WebSocketGenerator,
) -> None:
    goip.receive_sms("goip1", BOB, SECRET)
    await until(hass, lambda: bus["sms_received"])
    await hass.config_entries.async_remove(loaded_goip.entry_id)

    assert await lines(hass, hass_ws_client) == [("GoIP", "received a text from Bob", None)]


# The sentences

TEXT = {"sender": "", "delayed": False, "complete": True}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (TEXT, "received a text from somebody"),
        ({**TEXT, "sender": "Vodafone", "complete": False}, "received an incomplete text from Vodafone"),
        (
            {**TEXT, "contact": "Alice", "complete": False, "delayed": True},
            "received an incomplete text from Alice, delayed",
        ),
    ],
)
def test_received(data: dict[str, Any], told: str) -> None:
    assert sentences.received(data) == told


@pytest.mark.parametrize("status", [status for status in MessageStatus if status.settled])
@pytest.mark.parametrize("error", [None, *MessageError])
def test_settled(status: MessageStatus, error: MessageError | None) -> None:
    told = sentences.settled({"recipient": BOB, "status": status.value, "error": error and error.value})
    assert f"a text to {BOB}" in told
    assert (": " in told) == (error is not None)


@pytest.mark.parametrize(
    ("direction", "state"), [(one, state) for one in DIRECTIONS for state in (one, "connected", "ended")]
)
def test_calls(direction: str, state: str) -> None:
    told = sentences.call({"number": None, "direction": direction, "state": state, "duration": None})
    assert told.endswith("somebody")


@pytest.mark.parametrize("refusal", Refusal)
def test_refused_commands(refusal: Refusal) -> None:
    told = sentences.command({"result": "refused", "contact": "Alice", "reason": refusal.value})
    assert told.startswith("refused a command from Alice: ")
