"""An entry's life: set up, lost and back, changed, unloaded, and Home Assistant's start and stop."""

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
import logging
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED, STATE_UNAVAILABLE
from homeassistant.core import CoreState, Event, HomeAssistant
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators import fast_time, faults
from tests.simulators.goip import GoIP
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate, encode_content
from tests.simulators.simulator import LOOPBACK, Ussd

from .conftest import (
    ALICE,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    box_device,
    caught_up,
    count_logins,
    entity,
    goip_data,
    is_free,
    port_device,
    refused,
    register,
    run,
    seen,
    set_up,
    settled,
    state,
    until,
)

LOGGERS = f"custom_components.{DOMAIN}"


def lines_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Give what our own code has logged at INFO or above; Home Assistant writes to our logger, too."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith(LOGGERS) and "custom_components" in record.pathname
        if record.levelno >= logging.INFO
    ]


async def test_neogate_life(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    assert loaded_neogate.state is ConfigEntryState.LOADED
    assert state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on"
    assert [session.logged_in for session in neogate.sessions] == [True]

    assert await hass.config_entries.async_unload(loaded_neogate.entry_id)

    assert loaded_neogate.state is ConfigEntryState.NOT_LOADED
    assert state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == STATE_UNAVAILABLE
    await neogate.wait_for(lambda: not neogate.sessions)
    assert neogate.actions[-1].name == "logoff"

    await set_up(hass, loaded_neogate)

    assert loaded_neogate.state is ConfigEntryState.LOADED
    assert len(neogate.sessions) == 1


async def test_goip_life(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    assert loaded_goip.state is ConfigEntryState.LOADED
    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "on"
    assert not is_free(udp_port)

    assert await hass.config_entries.async_unload(loaded_goip.entry_id)

    assert loaded_goip.state is ConfigEntryState.NOT_LOADED
    assert is_free(udp_port)

    await set_up(hass, loaded_goip)
    await register(hass, goip)

    assert state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "on"


async def test_nothing_is_logged_when_all_is_well(
    hass: HomeAssistant,
    neogate_entry: MockConfigEntry,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await set_up(hass, neogate_entry)  # both: the integration is set up with its first entry
    await register(hass, goip)
    assert goip_entry.state is ConfigEntryState.LOADED
    assert await hass.config_entries.async_unload(neogate_entry.entry_id)
    assert await hass.config_entries.async_unload(goip_entry.entry_id)

    assert lines_logged(caplog) == []


async def test_reload(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    assert await hass.config_entries.async_reload(loaded_neogate.entry_id)

    await neogate.wait_for(lambda: len(neogate.sessions) == 1)
    assert count_logins(neogate) == 2
    assert state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on"


async def test_goip_reload(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    assert await hass.config_entries.async_reload(loaded_goip.entry_id)
    await register(hass, goip)

    assert loaded_goip.state is ConfigEntryState.LOADED
    assert state(hass, "sensor", f"{GOIP_ID}_goip1_status") == "ready"


async def test_stop_of_home_assistant(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    loaded_goip: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Entries are not unloaded then; the sockets are closed all the same.
    await hass.async_stop(force=True)

    assert loaded_neogate.state is ConfigEntryState.LOADED
    assert loaded_goip.state is ConfigEntryState.LOADED
    await neogate.wait_for(lambda: not neogate.sessions)
    assert neogate.actions[-1].name == "logoff"
    assert is_free(loaded_goip.data["port"])
    assert lines_logged(caplog) == []


async def test_what_has_not_left_is_sent_when_the_box_is_back(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: dict[str, list[Event[Any]]]
) -> None:
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")
    await act(
        hass,
        "send_sms",
        {
            "device_id": box_device(hass, loaded_neogate),
            "recipients": ALICE,
            "message": "Goodbye",
            "wait": False,
        },
    )
    assert await hass.config_entries.async_unload(loaded_neogate.entry_id)
    await hass.async_block_till_done()
    assert [event.data["status"] for event in bus["sms_status"]] == ["queued"]
    assert neogate.outbox == []

    await neogate.start()
    await set_up(hass, loaded_neogate)
    await until(hass, lambda: settled(bus))
    assert [event.data["status"] for event in bus["sms_status"]] == ["queued", "sending", "sent"]
    assert [(sms.number, sms.text) for sms in neogate.outbox] == [(ALICE, "Goodbye")]


async def test_a_long_text_is_joined_over_a_reload(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, bus: dict[str, list[Event[Any]]]
) -> None:
    neogate.receive_part("tg1", STRANGER, encode_content("begin"), index=1, total=2, reference="9")
    await caught_up(hass, neogate)
    assert await hass.config_entries.async_reload(loaded_neogate.entry_id)
    await hass.async_block_till_done()
    neogate.receive_part("tg1", STRANGER, encode_content("ning"), index=2, total=2, reference="9")
    await until(hass, lambda: len(bus["sms_received"]) == 2)

    told = bus["sms_received"][-1].data
    assert (told["message"], told["parts"], told["complete"]) == ("beginning", 2, True)


async def test_unload_tells_who_waits(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")
    data = {"device_id": box_device(hass, loaded_goip), "recipients": ALICE, "message": "Hello"}
    sending = asyncio.create_task(act(hass, "send_sms", data, response=True))
    await seen(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_queue") == "1")
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    response = await sending

    assert [(message["status"], message["error"]) for message in response["messages"]] == [("queued", None)]


async def test_box_that_is_down(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    neogate.stop_listening()
    await set_up(hass, neogate_entry)

    assert neogate_entry.state is ConfigEntryState.SETUP_RETRY
    assert neogate_entry.error_reason_translation_key == "cannot_connect"

    for _ in range(3):
        await hass.config_entries.async_reload(neogate_entry.entry_id)
    # Home Assistant itself says that it tries again, once. What was never there is not lost.
    assert lines_logged(caplog) == []

    await neogate.start()
    await hass.config_entries.async_reload(neogate_entry.entry_id)

    assert neogate_entry.state is ConfigEntryState.LOADED
    assert len(neogate.sessions) == 1


async def test_box_that_does_not_answer(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, clock: Clock
) -> None:
    with neogate.inject(faults.mute()):
        setting_up = asyncio.create_task(set_up(hass, neogate_entry))
        await neogate.wait_for(lambda: count_logins(neogate) == 1)
        clock.skip(10)
        await setting_up

    assert neogate_entry.state is ConfigEntryState.SETUP_RETRY
    await neogate.wait_for(lambda: not neogate.sessions)


async def test_udp_port_in_use(hass: HomeAssistant, goip_entry: MockConfigEntry, udp_port: int) -> None:
    transport, _ = await hass.loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=(LOOPBACK, udp_port)
    )
    await set_up(hass, goip_entry)

    assert goip_entry.state is ConfigEntryState.SETUP_RETRY
    assert goip_entry.error_reason_translation_key == "udp_port_in_use"

    transport.close()
    await hass.async_block_till_done()
    await hass.config_entries.async_reload(goip_entry.entry_id)

    assert goip_entry.state is ConfigEntryState.LOADED


async def test_refused_login(hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry) -> None:
    fast = fast_time.let_it_fly(hass.loop)
    right, neogate.password = neogate.password, "another"
    before = hass.loop.time()
    await set_up(hass, neogate_entry)

    assert 10 <= hass.loop.time() - before <= 15
    assert count_logins(neogate) == 2
    assert neogate_entry.state is ConfigEntryState.SETUP_ERROR
    assert neogate_entry.error_reason_translation_key == "invalid_auth"
    flows = hass.config_entries.flow.async_progress()
    assert [(flow["context"]["source"], flow["step_id"]) for flow in flows] == [
        (SOURCE_REAUTH, "reauth_confirm")
    ]
    await neogate.wait_for(lambda: not neogate.sessions)

    # It is left alone for a while, and then it may have been mended.
    await asyncio.sleep(890)
    assert count_logins(neogate) == 2
    neogate.password = right
    await asyncio.sleep(30)
    assert neogate_entry.state is ConfigEntryState.LOADED
    assert hass.config_entries.flow.async_progress() == []
    fast.land()


async def test_box_that_refuses_everybody_while_it_starts(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    fast = fast_time.let_it_fly(hass.loop)
    with neogate.inject(faults.refuses_login(), times=1):
        await set_up(hass, neogate_entry)
    assert neogate_entry.state is ConfigEntryState.LOADED
    assert hass.config_entries.flow.async_progress() == []
    fast.land()


async def test_login_refused_later(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    neogate.password = "another"
    await neogate.drop_sessions()
    await refused(hass, neogate, 2)
    assert hass.config_entries.flow.async_progress() == []  # it may be a box that is just starting

    clock.skip(60)
    await refused(hass, neogate, 3)

    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    assert loaded_neogate.state is ConfigEntryState.LOADED

    clock.skip(600)  # and it does not go on asking, lest the box lock the account
    with pytest.raises(TimeoutError):
        await neogate.wait_for(lambda: count_logins(neogate) > 3, within=0.1)

    neogate.password = NEOGATE_PASSWORD  # mended on the box
    clock.skip(400)
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")
    assert hass.config_entries.flow.async_progress() == []


async def test_settings_that_no_packet_can_carry(hass: HomeAssistant, neogate_entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(
        neogate_entry, data={**neogate_entry.data, "password": "with a blank"}
    )
    await set_up(hass, neogate_entry)

    assert neogate_entry.state is ConfigEntryState.SETUP_ERROR
    assert neogate_entry.error_reason_translation_key == "invalid_settings"


@pytest.mark.parametrize(
    ("part", "setting"),
    [
        ("data", {"something": "new"}),
        ("options", {"limit_day": 5}),
        ("options", {"expires_after": 5}),
        ("options", {"history": 5}),
        ("options", {"private": True}),
    ],
)
async def test_changed_settings_open_the_box_anew(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    part: str,
    setting: dict[str, Any],
) -> None:
    session = neogate.sessions[0]
    changed = {part: {**getattr(loaded_neogate, part), **setting}}
    hass.config_entries.async_update_entry(loaded_neogate, **changed)
    await hass.async_block_till_done()

    assert loaded_neogate.state is ConfigEntryState.LOADED
    await neogate.wait_for(lambda: len(neogate.sessions) == 1)
    assert neogate.sessions[0] is not session


async def test_new_title_does_not(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    session = neogate.sessions[0]
    hass.config_entries.async_update_entry(loaded_neogate, title="In the attic")
    await hass.async_block_till_done()

    assert neogate.sessions == [session]


async def test_two_gateways_share_one_udp_port(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int, simulators: AsyncExitStack
) -> None:
    other = await run(
        simulators,
        GoIP(
            lines=1,
            prefix="barn",
            password="another",
            server=(LOOPBACK, udp_port),
            keepalive_interval=None,
        ),
    )
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Barn",
        unique_id=f"{udp_port}_barn1",
        data=goip_data(udp_port, "barn1", password="another", notify_name="barn"),
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await register(hass, other)

    assert state(hass, "sensor", f"{udp_port}_barn1_barn1_status") == "ready"
    for device, box in ((port_device(hass, entry, "barn1"), other), (box_device(hass, loaded_goip), goip)):
        await act(hass, "send_sms", {"device_id": device, "recipients": ALICE, "message": "Hello"})
        assert [sms.number for sms in box.outbox] == [ALICE]

    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    await register(hass, other)
    assert not is_free(udp_port)

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert is_free(udp_port)


async def test_line_registers_later(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(goip_entry, data={**goip_entry.data, "lines": ["goip1"]})
    await set_up(hass, goip_entry)
    coordinator = goip_entry.runtime_data
    await register(hass, goip, "goip1")
    children = dr.async_child_entries_for_config_entry(dr.async_get(hass), goip_entry.entry_id)
    assert len(children) == 1

    await register(hass, goip, "goip2")

    assert state(hass, "sensor", f"{GOIP_ID}_goip2_status") == "ready"
    assert entity(hass, "event", f"{GOIP_ID}_goip2_sms")
    assert entity(hass, "button", f"{GOIP_ID}_goip2_reboot")
    assert state(hass, "sensor", f"{GOIP_ID}_ports_ready") == "2"
    assert goip_entry.data["lines"] == ["goip1", "goip2"]
    assert goip_entry.runtime_data is coordinator  # it was not opened anew


async def test_neogate_lost_and_back(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")

    for platform, key in (
        ("sensor", "signal_strength"),
        ("sensor", "status"),
        ("sensor", "operator"),
        ("button", "reboot"),
    ):
        assert state(hass, platform, f"{NEOGATE_IMEI}_1_{key}") == STATE_UNAVAILABLE
    assert state(hass, "event", f"{NEOGATE_IMEI}_1_sms") != STATE_UNAVAILABLE
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_ports_ready") == "0"
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_queue") == "0"
    notify = [found.state for found in hass.states.async_all("notify")]
    assert len(notify) == 2
    assert STATE_UNAVAILABLE not in notify

    gateway = loaded_neogate.runtime_data.gateway
    for _ in range(5):  # it tries again and again, and says nothing new
        clock.skip(300)
        await hass.async_block_till_done()
    await neogate.start()
    clock.skip(300)
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")

    assert loaded_neogate.runtime_data.gateway is gateway
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_1_status") == "ready"
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_ports_ready") == "2"
    lost, back = lines_logged(caplog)
    assert "lost" in lost
    assert "back" in back


async def test_goip_falls_silent_and_comes_back(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    box, first, second = GOIP_ID, f"{GOIP_ID}_goip1", f"{GOIP_ID}_goip2"
    clock.skip(94)
    await register(hass, goip, "goip1")
    clock.skip(2)
    await until(hass, lambda: state(hass, "sensor", f"{second}_status") == "offline")

    assert state(hass, "sensor", f"{second}_signal_strength") == "unknown"
    assert state(hass, "sensor", f"{first}_status") == "ready"
    assert state(hass, "binary_sensor", f"{box}_connection") == "on"
    assert state(hass, "sensor", f"{box}_ports_ready") == "1"

    clock.skip(95)
    await until(hass, lambda: state(hass, "binary_sensor", f"{box}_connection") == "off")

    assert state(hass, "sensor", f"{first}_status") == STATE_UNAVAILABLE
    assert state(hass, "sensor", f"{first}_call_state") == STATE_UNAVAILABLE
    assert state(hass, "event", f"{first}_sms") != STATE_UNAVAILABLE
    assert state(hass, "event", f"{first}_call") != STATE_UNAVAILABLE
    assert state(hass, "button", f"{box}_reboot") != STATE_UNAVAILABLE
    assert state(hass, "sensor", f"{box}_ports_ready") == "0"

    await register(hass, goip)

    assert state(hass, "binary_sensor", f"{box}_connection") == "on"
    assert state(hass, "sensor", f"{first}_status") == "ready"
    lost, back = lines_logged(caplog)
    assert "lost" in lost
    assert "back" in back


async def test_port_that_the_box_stops_reporting(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    del neogate.spans[3]
    clock.skip(31)
    await until(hass, lambda: state(hass, "sensor", f"{NEOGATE_IMEI}_2_status") == "offline")

    assert state(hass, "sensor", f"{NEOGATE_IMEI}_2_signal_strength") == "unknown"
    assert state(hass, "sensor", f"{NEOGATE_IMEI}_1_status") == "ready"


async def test_texts_that_come_before_home_assistant_has_started(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    bus: dict[str, list[Event[Any]]],
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.set_state(CoreState.starting)
    await set_up(hass, neogate_entry)
    before = neogate_entry.runtime_data
    neogate.receive_sms("tg1", STRANGER, "first")
    neogate.receive_sms("tg2", ALICE, "second")
    # What comes after them by the same wire tells that they have come.
    neogate.teach_ussd("tg1", "*100#", Ussd(text="Balance"))
    await act(hass, "send_ussd", {"device_id": port_device(hass, neogate_entry, "1"), "code": "*100#"})
    assert bus["sms_received"] == []

    freezer.tick(timedelta(minutes=6))
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()
    neogate.receive_sms("tg1", STRANGER, "third")
    await until(hass, lambda: len(bus["sms_received"]) == 3)

    assert [(event.data["message"], event.data["delayed"]) for event in bus["sms_received"]] == [
        ("first", True),
        ("second", True),
        ("third", False),
    ]
    assert neogate_entry.runtime_data is before
