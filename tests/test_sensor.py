"""What each port reports, and how the box stands."""

from collections.abc import Callable
from contextlib import AsyncExitStack
import logging
from unittest.mock import PropertyMock, patch

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED, Platform
from homeassistant.core import EventStateChangedData, EventStateReportedData, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.gsm_gateway.sensor import PortSensor
from tests.simulators.goip import GoIP
from tests.simulators.goip_state import LOGOUT, Generation
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_span import (
    DOWN,
    NO_SIGNAL,
    NO_SIM,
    NOT_REGISTERED,
    TG200_EC21,
    UNREGISTERED,
    Span,
)

from .conftest import (
    ALICE,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    Clock,
    act,
    assert_platform,
    attributes,
    box_device,
    entity,
    neogate_data,
    port_device,
    register,
    run,
    set_up,
    state,
    until,
)


async def test_neogate(
    hass: HomeAssistant, neogate_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, neogate_entry, Platform.SENSOR, snapshot)


async def test_goip(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    goip.line("goip1").state.num = "+15550001111"
    goip.line("goip2").state.remain_time = 120
    await assert_platform(hass, goip_entry, Platform.SENSOR, snapshot, goip)


async def test_neogate_devices(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    registry = dr.async_get(hass)
    box = registry.async_get(box_device(hass, loaded_neogate))
    port = registry.async_get(port_device(hass, loaded_neogate, "1"))
    assert box is not None
    assert isinstance(port, dr.ChildDeviceEntry)
    assert port.parent_device_id == box.id
    assert port.name == "Port 1"
    assert box == snapshot(name="box")
    assert port == snapshot(name="port")


async def test_goip_devices(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    registry = dr.async_get(hass)
    box = registry.async_get(box_device(hass, loaded_goip))
    port = registry.async_get(port_device(hass, loaded_goip, "goip2"))
    assert isinstance(port, dr.ChildDeviceEntry)
    assert port.name == "Port goip2"
    assert box is not None
    assert box.configuration_url == "http://127.0.0.1"  # told by where its lines speak from
    assert box == snapshot(name="box")
    assert port == snapshot(name="port")


MODULE = {
    "manufacturer": "Quectel",
    "model": "EC21",
    "revision": "EC21AFAR05A06M4G_30.002.30.002",
    "band": "unknown",
    "network_status": "roaming",
    "bit_error_rate": "unknown",
    "smsc": "+8613800592500",
    "post_dial_delay": "5",
    "answer_seizure_ratio": "53",
    "average_call_duration": "16",
    "last_event": "Ring",
    "channel_state": "RINGING",
}


async def test_neogate_module(hass: HomeAssistant, simulators: AsyncExitStack, socket_enabled: None) -> None:
    box = await run(simulators, NeoGate(ports=1, firmware=TG200_EC21))
    box.ring("tg1", ALICE)
    span = box.span("tg1")
    span.network_status, span.ber = "Registered (Roaming)", -1
    entry = MockConfigEntry(domain=DOMAIN, unique_id=NEOGATE_IMEI, data=neogate_data(box))
    entry.add_to_hass(hass)
    enabled = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    with patch(enabled, PropertyMock(return_value=True)):
        await set_up(hass, entry)

    assert {key: state(hass, "sensor", f"{NEOGATE_IMEI}_1_{key}") for key in MODULE} == MODULE
    assert ALICE not in str([one.as_dict() for one in hass.states.async_all()])


async def test_goip_tells_of_no_module(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    registry = er.async_get(hass)
    for key in MODULE:
        assert registry.async_get_entity_id("sensor", DOMAIN, f"{GOIP_ID}_goip1_{key}") is None


@pytest.mark.parametrize("key", ["imei", "imsi", *MODULE])
async def test_neogate_identities_and_details_are_off(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, key: str
) -> None:
    assert_off(hass, f"{NEOGATE_IMEI}_1_{key}")


@pytest.mark.parametrize("key", ["imei", "imsi", "iccid", "phone_number"])
async def test_goip_identities_are_off(hass: HomeAssistant, loaded_goip: MockConfigEntry, key: str) -> None:
    assert_off(hass, f"{GOIP_ID}_goip1_{key}")


def assert_off(hass: HomeAssistant, unique_id: str) -> None:
    """An entity is there, but off by default."""
    found = er.async_get(hass).async_get(entity(hass, "sensor", unique_id))
    assert found is not None
    assert found.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    assert found.entity_category is not None


def in_state(**values: object) -> Callable[[Span], None]:
    """Give a change of a span."""

    def change(span: Span) -> None:
        for name, value in values.items():
            setattr(span, name, value)

    change.__name__ = "-".join(map(str, values.values()))
    return change


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (Span.remove_sim, "no_sim"),
        (in_state(link=NO_SIM), "no_sim"),
        (in_state(powered=False), "power_off"),
        (in_state(link=NO_SIGNAL), "no_signal"),
        (in_state(link="Pin (1234) Error"), "pin_error"),
        (in_state(link=UNREGISTERED, network_status=NOT_REGISTERED), "not_registered"),
        (in_state(link=UNREGISTERED, network_status="Registration denied"), "registration_denied"),
        (in_state(link=DOWN, network_status=NOT_REGISTERED, last_event="PIN required"), "pin_error"),
    ],
)
async def test_neogate_status(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    change: Callable[[Span], None],
    expected: str,
) -> None:
    change(neogate.span("tg1"))
    await set_up(hass, neogate_entry)

    assert state(hass, "sensor", f"{NEOGATE_IMEI}_1_status") == expected
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_2_status") == "ready"
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_ports_ready") == "1"
    options = attributes(hass, "sensor", f"{NEOGATE_IMEI}_1_status")["options"]
    assert expected in options


async def test_status_options(hass: HomeAssistant, loaded_neogate: MockConfigEntry) -> None:
    assert set(attributes(hass, "sensor", f"{NEOGATE_IMEI}_1_status")["options"]) == {
        "ready",
        "not_registered",
        "registration_denied",
        "no_sim",
        "pin_error",
        "no_signal",
        "power_off",
        "disabled",
        "offline",
    }


async def test_neogate_readings_follow_the_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    signal = f"{NEOGATE_IMEI}_1_signal_strength"
    assert state(hass, "sensor", signal) == "-53"  # CSQ 30
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_1_operator") == "CHINA MOBILE"

    neogate.set_signal("tg1", 10)
    clock.skip(301)
    await until(hass, lambda: state(hass, "sensor", signal) == "-93")

    neogate.set_signal("tg1", 99)
    clock.skip(301)
    await until(hass, lambda: state(hass, "sensor", signal) == "unknown")


async def test_goip_readings_follow_the_line(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    line = f"{GOIP_ID}_goip1"
    assert state(hass, "sensor", f"{line}_signal_strength") == "-55"  # CSQ 29
    assert state(hass, "sensor", f"{line}_operator") == "POL"

    goip.set_signal("goip1", 99)
    await register(hass, goip, "goip1")
    assert state(hass, "sensor", f"{line}_signal_strength") == "unknown"

    goip.line("goip1").state.gsm_status = LOGOUT
    await register(hass, goip, "goip1")
    assert state(hass, "sensor", f"{line}_status") == "not_registered"
    assert state(hass, "sensor", f"{GOIP_ID}_ports_ready") == "1"


async def test_remaining_time(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    remaining = f"{GOIP_ID}_goip1_remaining_time"
    assert state(hass, "sensor", remaining) == "unknown"
    assert attributes(hass, "sensor", remaining)["unlimited"] is True

    goip.line("goip1").state.remain_time = 42
    await register(hass, goip, "goip1")
    assert state(hass, "sensor", remaining) == "42"
    assert attributes(hass, "sensor", remaining)["unlimited"] is False
    assert attributes(hass, "sensor", remaining)["unit_of_measurement"] == "min"

    goip.line("goip1").push("REMAIN", "gsm_remain_time:0")
    await until(hass, lambda: state(hass, "sensor", remaining) == "0")


async def test_remaining_time_is_asked_for_where_the_keepalive_does_not_tell(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    line = goip.line("goip1")
    line.generation, line.state.remain_time = Generation.OLDEST, 7
    await set_up(hass, goip_entry)
    await register(hass, goip, "goip1")
    await until(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_goip1_remaining_time") == "7")

    assert state(hass, "sensor", f"{GOIP_ID}_goip1_signal_strength") == "unknown"
    assert state(hass, "sensor", f"{GOIP_ID}_goip1_call_state") == "idle"
    assert state(hass, "sensor", f"{GOIP_ID}_goip1_status") == "ready"


async def test_call_state(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    voice = f"{GOIP_ID}_goip1_call_state"
    assert state(hass, "sensor", voice) == "idle"
    assert attributes(hass, "sensor", voice)["options"] == [
        "idle",
        "incoming",
        "dialing",
        "alerting",
        "connected",
    ]

    goip.ring("goip1", ALICE)
    await until(hass, lambda: state(hass, "sensor", voice) == "incoming")
    goip.answer("goip1")
    await until(hass, lambda: state(hass, "sensor", voice) == "connected")
    goip.hang_up("goip1")
    await until(hass, lambda: state(hass, "sensor", voice) == "idle")

    for told, shown in (("DIALING", "dialing"), ("ALERTING", "alerting"), ("IDLE", "idle")):
        goip.line("goip1").push_state(told)
        await until(hass, lambda shown=shown: state(hass, "sensor", voice) == shown)


async def test_queue(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    neogate.result_delay = 0.05
    queue = f"{NEOGATE_IMEI}_queue"
    data = {
        "device_id": box_device(hass, loaded_neogate),
        "recipients": [ALICE, "+15550000001", "+15550000002"],
        "message": "Hello",
        "wait": False,
    }
    await act(hass, "send_sms", data)
    assert state(hass, "sensor", queue) == "3"

    # Two ports take one each; the third has to wait for one of them.
    await until(hass, lambda: state(hass, "sensor", queue) == "1")
    assert len(neogate.outbox) == 2


async def test_line_that_has_not_reported(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await set_up(hass, goip_entry)
    await register(hass, goip, "goip1")

    assert state(hass, "sensor", f"{GOIP_ID}_goip2_status") == "offline"
    assert state(hass, "sensor", f"{GOIP_ID}_ports_ready") == "1"


async def test_a_change_of_one_port_is_no_news_of_the_others(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, goip: GoIP
) -> None:
    written: set[str] = set()

    @callback
    def _is_news(data: EventStateChangedData | EventStateReportedData) -> bool:
        written.add(data["entity_id"])
        return False

    for event_type in (EVENT_STATE_CHANGED, EVENT_STATE_REPORTED):
        hass.bus.async_listen(event_type, lambda _: None, event_filter=_is_news)
    await register(hass, goip)
    assert written == set()

    goip.set_signal("goip1", 12)
    await register(hass, goip)
    assert entity(hass, "sensor", f"{GOIP_ID}_goip1_signal_strength") in written
    assert not [one for one in written if "goip2" in one]


async def test_a_sensor_that_could_not_be_added_is_told_of_nothing(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(PortSensor, "available", PropertyMock(side_effect=RuntimeError)):
        await set_up(hass, goip_entry)
    assert hass.states.get(entity(hass, "sensor", f"{GOIP_ID}_goip1_signal_strength")) is None
    caplog.clear()

    await register(hass, goip)
    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "on"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
