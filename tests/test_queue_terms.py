"""How texts wait and when they leave: by priority, time, port, and over restarts."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_span import NOT_REGISTERED, UNREGISTERED, Span

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    assert_translated,
    attributes,
    box_device,
    caught_up,
    neogate_data,
    port_device,
    register,
    run,
    set_up,
    settled,
    state,
    until,
)
from .mail_bench import Bus, close, history, restart, send, statuses

PEOPLE = [f"+1555000000{digit}" for digit in range(8)]


def texts(box: GoIP | NeoGate) -> list[str]:
    """Give the texts that reached the network."""
    return [sms.text for sms in box.outbox]


async def leave_alone(hass: HomeAssistant, clock: Clock) -> None:
    """Let the lines of the GoIP fall silent."""
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")


def pass_time(clock: Clock, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass by all clocks."""
    freezer.tick(seconds)
    clock.skip(seconds)


# Priority.


async def test_high_priority_overtakes(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    port = port_device(hass, loaded_neogate, "1")
    await send(hass, port, message="first")
    await send(hass, port, message="normal", wait=False)
    await send(hass, port, message="urgent", priority="high", wait=False)
    for count in (2, 3):
        clock.skip(10)
        await until(hass, lambda count=count: len(settled(bus)) == count)
    assert texts(neogate) == ["first", "urgent", "normal"]


async def test_priorities_that_do_not_exist(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    for fields in ({"priority": "urgent"}, {"expires_after": {"minutes": -1}}, {"not_before": "tomorrow"}):
        with pytest.raises(vol.Invalid):
            await send(hass, box_device(hass, loaded_goip), **fields)


# Expiry.


async def test_a_text_waits_as_long_as_it_may(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    await leave_alone(hass, clock)
    await send(hass, box_device(hass, loaded_goip), message="a minute", expires_after=60, wait=False)
    await send(hass, box_device(hass, loaded_goip), message="an hour", wait=False)
    clock.skip(50)
    await hass.async_block_till_done()
    assert settled(bus) == []
    clock.skip(10)
    await until(hass, lambda: settled(bus))
    await register(hass, goip)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert [event.data["status"] for event in settled(bus)] == ["expired", "sent"]
    assert texts(goip) == ["an hour"]


async def test_the_box_says_how_long_texts_wait(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"expires_after": 5})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await leave_alone(hass, clock)
    await send(hass, box_device(hass, goip_entry), wait=False)
    clock.skip(301)
    await until(hass, lambda: settled(bus))
    assert settled(bus)[0].data["status"] == "expired"


async def test_an_action_that_waits_learns_that_its_text_has_expired(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    await leave_alone(hass, clock)
    data = {"device_id": box_device(hass, loaded_goip), "recipients": "Alice", "message": "Hello"}
    sending = asyncio.create_task(act(hass, "send_sms", {**data, "expires_after": 30}))
    await until(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_queue") == "1")
    clock.skip(31)
    with pytest.raises(HomeAssistantError) as caught:
        await sending
    assert_translated(caught.value, "send_failed")
    assert (caught.value.translation_placeholders or {})["reason"] == "box_offline"


async def test_a_text_that_expires_while_home_assistant_is_away(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    await leave_alone(hass, clock)
    port = port_device(hass, loaded_goip, "goip2")
    await send(hass, port, expires_after={"minutes": 10}, wait=False)
    await close(hass, loaded_goip)
    freezer.tick(601)
    await set_up(hass, loaded_goip)
    await register(hass, goip)
    await until(hass, lambda: settled(bus))

    assert statuses(bus) == ["queued", "expired"]
    assert attributes(hass, "event", f"{GOIP_ID}_goip2_sms")["event_type"] == "expired"
    assert goip.outbox == []
    assert [one["status"] for one in await history(hass, port)] == ["expired"]


# Not before.


@pytest.mark.parametrize(
    "not_before",
    ["2026-11-22 08:00:00", "2026-11-22T16:00:00+00:00", "2026-11-22T17:00:00+01:00"],
)
async def test_a_text_does_not_leave_before_its_time(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
    not_before: str,
) -> None:
    """Home Assistant is in US/Pacific here, 8 hours behind."""
    freezer.move_to("2026-11-22 13:00:00+00:00")
    await set_up(hass, neogate_entry)
    box = box_device(hass, neogate_entry)
    await send(hass, box, message="later", not_before=not_before, wait=False)
    await send(hass, box, message="now")
    await restart(hass, neogate_entry)
    pass_time(clock, freezer, 3 * 3600 - 1)
    await caught_up(hass, neogate)
    assert texts(neogate) == ["now"]
    pass_time(clock, freezer, 1)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert texts(neogate) == ["now", "later"]


async def test_it_expires_an_hour_after_its_time(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-22 13:00:00+00:00")
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    await send(hass, box, not_before="2026-11-22 13:00:00+00:00", message="now", wait=False)
    await send(hass, box, not_before="2026-11-22 15:00:00+00:00", message="later", wait=False)
    for seconds, expired in ((3600, 1), (2 * 3600 - 60, 1), (60, 2)):
        pass_time(clock, freezer, seconds)
        if expired > len(settled(bus)):
            await until(hass, lambda expired=expired: len(settled(bus)) == expired)
        await hass.async_block_till_done()
        assert len(settled(bus)) == expired


async def test_a_port_that_cannot_send_yet_is_no_error_before_that_time(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-22 13:00:00+00:00")
    span = neogate.span("tg2")
    sim = (span.link, span.network_status)
    _not_registered(span)
    hass.config_entries.async_update_entry(neogate_entry, options={"poll_interval": 10})
    await set_up(hass, neogate_entry)
    port = port_device(hass, neogate_entry, "2")
    await send(hass, port, not_before="2026-11-22 14:00:00+00:00", wait=False)
    pass_time(clock, freezer, 3599)
    await caught_up(hass, neogate)
    pass_time(clock, freezer, 1)
    await caught_up(hass, neogate)
    assert statuses(bus) == ["queued"]
    span.link, span.network_status = sim
    pass_time(clock, freezer, 20)
    await neogate.wait_for(lambda: neogate.outbox)
    assert texts(neogate) == ["Hello"]


# The same text twice.


async def test_a_loop_is_refused(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    box = box_device(hass, loaded_goip)
    await send(hass, box)
    with pytest.raises(ServiceValidationError) as caught:
        await send(hass, box, recipients=[BOB, ALICE])
    assert_translated(caught.value, "invalid_repeated")
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "goip", {"message": "Hello", "target": "Alice"}, domain="notify")
    assert_translated(caught.value, "invalid_repeated")
    assert len(goip.outbox) == 1  # Bob was not texted either

    await send(hass, box, message="Hello again")
    await send(hass, box, recipients=BOB)
    await send(hass, box, force=True)
    assert [(sms.number, sms.text) for sms in goip.outbox[1:]] == [
        (ALICE, "Hello again"),
        (BOB, "Hello"),
        (ALICE, "Hello"),
    ]
    clock.skip(10)
    await send(hass, box)
    assert len(goip.outbox) == 5


# A port that is asked for.


def _no_sim(span: Span) -> None:
    span.remove_sim()


def _denied(span: Span) -> None:
    span.network_status = "Registration denied"


def _not_registered(span: Span) -> None:
    span.link, span.network_status = UNREGISTERED, NOT_REGISTERED


def _off(span: Span) -> None:
    span.powered = False


@pytest.mark.parametrize(
    ("trouble", "patience", "error", "reason"),
    [
        (_no_sim, 0, "no_sim", "no_sim"),
        (_denied, 0, "not_registered", "not_registered (registration_denied)"),
        (_not_registered, 30, "not_registered", "not_registered"),
        (_off, 30, "refused", "refused (power_off)"),
    ],
)
async def test_a_port_that_cannot_send_is_an_error(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    clock: Clock,
    *,
    trouble: Callable[[Span], None],
    patience: float,
    error: str,
    reason: str,
) -> None:
    trouble(neogate.span("tg2"))
    await set_up(hass, neogate_entry)
    data = {"device_id": port_device(hass, neogate_entry, "2"), "recipients": ["Alice"], "message": "Hello"}
    sending = asyncio.create_task(act(hass, "send_sms", data))
    if patience:
        await until(hass, lambda: state(hass, "sensor", f"{NEOGATE_IMEI}_queue") == "1")
        clock.skip(patience)
    with pytest.raises(HomeAssistantError) as caught:
        await sending
    assert_translated(caught.value, "send_failed")
    told = {"recipients": "Alice", "reason": reason, "where": "NeoGate TG200 (2)"}
    assert caught.value.translation_placeholders == told
    (one,) = await history(hass, data["device_id"])
    assert (one["status"], one["error"]) == ("failed", error)
    assert neogate.outbox == []


async def test_a_port_that_is_switched_off_is_an_error(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    switch = hass.states.async_entity_ids("switch")[0]
    await act(hass, "turn_off", {"entity_id": switch}, domain="switch")
    await until(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_goip1_status") == "disabled")
    (message,) = await send(hass, port_device(hass, loaded_goip, "goip1"))
    assert (message["status"], message["error"]) == ("failed", "refused")
    (message,) = await send(hass, box_device(hass, loaded_goip), force=True)
    assert (message["status"], message["port"]) == ("sent", "goip2")


async def test_a_port_that_is_back_in_time(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    goip.line("goip1").state.gsm_status = "LOGOUT"
    await register(hass, goip)
    await send(hass, port_device(hass, loaded_goip, "goip1"), wait=False)
    clock.skip(20)
    goip.line("goip1").state.gsm_status = "LOGIN"
    await register(hass, goip)
    await until(hass, lambda: settled(bus))
    assert [(sms.line, sms.number) for sms in goip.outbox] == [("goip1", ALICE)]


# All ports.


@pytest.fixture
async def large(hass: HomeAssistant, simulators: AsyncExitStack, socket_enabled: None) -> NeoGate:
    """Run a NeoGate with four ports, and set it up."""
    box = await run(simulators, NeoGate(ports=4))
    entry = MockConfigEntry(domain=DOMAIN, title="Large", unique_id="large", data=neogate_data(box))
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    return box


async def test_four_ports_send_four_times_as_fast(
    hass: HomeAssistant, large: NeoGate, clock: Clock, bus: Bus
) -> None:
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await send(hass, box_device(hass, entry), recipients=PEOPLE, wait=False)
    await until(hass, lambda: len(settled(bus)) == 4)
    assert sorted(sms.line for sms in large.outbox) == ["tg1", "tg2", "tg3", "tg4"]
    clock.skip(10)
    await until(hass, lambda: len(settled(bus)) == 8)
    assert sorted(sms.line for sms in large.outbox[4:]) == ["tg1", "tg2", "tg3", "tg4"]
    assert sorted(sms.number for sms in large.outbox) == PEOPLE


async def test_who_knows_a_port_waits_for_it_but_not_for_long(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    box, port = box_device(hass, loaded_neogate), port_device(hass, loaded_neogate, "1")
    await send(hass, port)
    await send(hass, box, message="Again", wait=False)  # for Alice knows port 1
    await caught_up(hass, neogate)
    assert len(neogate.outbox) == 1
    clock.skip(10)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert [sms.line for sms in neogate.outbox] == ["tg1", "tg1"]

    await send(hass, port, recipients=PEOPLE[:4], wait=False)
    (message,) = await send(hass, box, message="At last")
    assert (message["status"], message["port"]) == ("sent", "2")


# What waits, over a restart.


async def test_what_waits_leaves_once_after_restarts(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    await send(hass, box, recipients=[ALICE, BOB], wait=False)
    await send(hass, port_device(hass, loaded_goip, "goip2"), recipients=STRANGER, wait=False)
    for _ in range(3):
        await restart(hass, loaded_goip)
    assert state(hass, "sensor", f"{GOIP_ID}_queue") == "3"
    assert statuses(bus) == ["queued"] * 3
    await register(hass, goip)
    await until(hass, lambda: len(settled(bus)) == 3)
    await restart(hass, loaded_goip)
    await register(hass, goip)

    assert sorted(sms.number for sms in goip.outbox) == sorted([ALICE, BOB, STRANGER])
    assert [sms.line for sms in goip.outbox if sms.number == STRANGER] == ["goip2"]
    assert [one["status"] for one in await history(hass, box)] == ["sent"] * 3


async def test_high_priority_still_overtakes_after_a_restart(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock, bus: Bus
) -> None:
    await leave_alone(hass, clock)
    port: dict[str, Any] = {"device_id": port_device(hass, loaded_goip, "goip1"), "wait": False}
    await send(hass, **port, message="normal")
    await send(hass, **port, message="urgent", priority="high")
    await restart(hass, loaded_goip)
    await register(hass, goip)
    await until(hass, lambda: len(settled(bus)) == 2)
    assert texts(goip) == ["urgent", "normal"]
