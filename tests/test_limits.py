"""How much may be sent: per port in a day and a month, per box in an hour; and the sensors that count."""

from datetime import datetime

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.simulators.goip import GoIP
from tests.simulators.goip_sms import FAILED, STUCK
from tests.simulators.neogate import NeoGate

from .conftest import (
    DOMAIN,
    GOIP_ID,
    Clock,
    act,
    assert_translated,
    attributes,
    box_device,
    port_device,
    register,
    set_up,
    settled,
    state,
    until,
)
from .mail_bench import Bus, restart, send, statuses
from .test_repairs import fix, issues

MORNING = "2026-11-30 08:00:00+01:00"
"""In Berlin, where Home Assistant is in these tests; UTC is an hour behind."""


@pytest.fixture(autouse=True)
async def _in_berlin(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Be in the morning of the last day of a month."""
    await hass.config.async_set_time_zone("Europe/Berlin")
    freezer.move_to(MORNING)


async def open_goip(hass: HomeAssistant, goip: GoIP, entry: MockConfigEntry, **options: int) -> None:
    """Set the GoIP up with these limits."""
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    await register(hass, goip)


async def try_to_send(hass: HomeAssistant, device_id: str, number: int = 0, **fields: object) -> str:
    """Send a text to somebody, and give its status or error."""
    to = f"+1555000{number:04}"
    (message,) = await send(hass, device_id, recipients=to, force=True, **fields)
    return str(message["error"] or message["status"])


async def become(hass: HomeAssistant, freezer: FrozenDateTimeFactory, time: str) -> None:
    """Let it be that time, and let Home Assistant notice."""
    freezer.move_to(time)
    async_fire_time_changed(hass, datetime.fromisoformat(time), fire_all=True)
    await hass.async_block_till_done()


def counts(hass: HomeAssistant, line: str = "goip1") -> tuple[str, str]:
    """Give what the sensors of a line show."""
    today, month = (
        state(hass, "sensor", f"{GOIP_ID}_{line}_sent_{span}") for span in ("today", "this_month")
    )
    return today, month


# Days and months.


async def test_texts_of_a_day(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await open_goip(hass, goip, goip_entry, limit_day=2)
    box, port = box_device(hass, goip_entry), port_device(hass, goip_entry, "goip1")
    told = [await try_to_send(hass, port) for _ in range(3)]
    assert told == ["sent", "sent", "limit_reached"]
    told = [await try_to_send(hass, box, number) for number in range(3)]
    assert told == ["sent", "sent", "limit_reached"]  # the other port has its own
    assert [sms.line for sms in goip.outbox] == ["goip1", "goip1", "goip2", "goip2"]
    await restart(hass, goip_entry)
    await register(hass, goip)
    assert await try_to_send(hass, port) == "limit_reached"
    freezer.move_to("2026-11-30 23:59:59+01:00")
    assert await try_to_send(hass, port) == "limit_reached"
    freezer.move_to("2026-12-01 00:00:00+01:00")  # it is still yesterday in UTC
    assert await try_to_send(hass, port) == "sent"


async def test_texts_of_a_month(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-29 12:00:00+01:00")
    await open_goip(hass, goip, goip_entry, limit_month=2)
    port = port_device(hass, goip_entry, "goip1")
    assert await try_to_send(hass, port) == "sent"
    freezer.move_to(MORNING)
    assert [await try_to_send(hass, port) for _ in range(2)] == ["sent", "limit_reached"]
    await restart(hass, goip_entry)
    await register(hass, goip)
    freezer.move_to("2026-11-30 23:59:59+01:00")
    assert await try_to_send(hass, port) == "limit_reached"
    freezer.move_to("2026-12-01 00:00:00+01:00")
    assert await try_to_send(hass, port) == "sent"


async def test_a_limit_of_today_is_none_of_tomorrow(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"limit_day": 1})
    await set_up(hass, neogate_entry)
    port = port_device(hass, neogate_entry, "1")
    assert await try_to_send(hass, port) == "sent"
    assert await try_to_send(hass, port, not_before="2026-12-01 06:00:00", wait=False) == "queued"
    await restart(hass, neogate_entry)
    freezer.tick(22 * 3600)
    clock.skip(22 * 3600)
    await neogate.wait_for(lambda: len(neogate.outbox) == 2)


async def test_a_limit_is_an_error_of_the_action(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    await open_goip(hass, goip, goip_entry, limit_day=1)
    port = port_device(hass, goip_entry, "goip1")
    data = {"device_id": port, "recipients": ["Alice", "Bob"], "message": "Hello"}
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "send_sms", data)
    assert_translated(caught.value, "send_failed")
    told = {"recipients": "Bob", "where": "GoIP (goip1)", "reason": "limit_reached"}
    assert caught.value.translation_placeholders == told
    assert {event.data["error"] for event in settled(bus)} == {None, "limit_reached"}
    assert len(goip.outbox) == 1


# Sensors.


async def test_what_is_counted(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
    *,
    clock: Clock,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-29 12:00:00+01:00")
    await open_goip(hass, goip, goip_entry)
    port = port_device(hass, goip_entry, "goip1")
    assert counts(hass) == ("0", "0")
    assert await try_to_send(hass, port) == "sent"
    assert counts(hass) == ("1", "1")
    await become(hass, freezer, MORNING)
    assert counts(hass) == ("0", "1")
    goip.plan_send("goip1", FAILED)
    assert await try_to_send(hass, port) == "refused"
    assert counts(hass) == ("0", "1")
    goip.plan_send("goip1", STUCK)
    assert await try_to_send(hass, port, wait=False) == "queued"
    await goip.wait_for(lambda: len(goip.outbox) == 2)
    clock.skip(60)
    await until(hass, lambda: statuses(bus)[-1] == "unknown")
    assert counts(hass) == ("1", "2")  # it may have been sent
    assert counts(hass, "goip2") == ("0", "0")

    await restart(hass, goip_entry)
    await register(hass, goip)
    assert counts(hass) == ("1", "2")
    shown = attributes(hass, "sensor", f"{GOIP_ID}_goip1_sent_today")
    assert shown["state_class"] == "total_increasing"


async def test_they_begin_anew_at_midnight_without_any_text(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-29 12:00:00+01:00")
    await open_goip(hass, goip, goip_entry)
    assert await try_to_send(hass, port_device(hass, goip_entry, "goip1")) == "sent"
    await become(hass, freezer, "2026-11-29 23:59:59+01:00")
    assert counts(hass) == ("1", "1")
    await become(hass, freezer, "2026-11-30 00:00:01+01:00")
    assert counts(hass) == ("0", "1")
    await become(hass, freezer, "2026-12-01 00:00:01+01:00")
    assert counts(hass) == ("0", "0")


# The breaker.


async def test_the_hundred_and_first_text_of_an_hour(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    await open_goip(hass, goip, goip_entry)
    box = box_device(hass, goip_entry)
    people = [f"+1555000{number:04}" for number in range(100)]
    messages = await send(hass, box, recipients=people)
    assert {message["status"] for message in messages} == {"sent"}
    assert issues(hass) == {}
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "send_sms", {"device_id": box, "recipients": "Alice", "message": "Hello"})
    assert_translated(caught.value, "send_failed")
    told = {"recipients": "Alice", "where": "GoIP", "reason": "limit_reached"}
    assert caught.value.translation_placeholders == told
    assert (statuses(bus)[-1], bus["sms_status"][-1].data["error"]) == ("failed", "limit_reached")
    (issue,) = issues(hass).values()
    assert (issue.translation_key, issue.is_fixable) == ("breaker_tripped", True)
    assert (issue.translation_placeholders or {})["gateway"] == "GoIP"
    assert len(goip.outbox) == 100


async def test_urgent_texts_still_pass_for_a_while(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await open_goip(hass, goip, goip_entry, limit_hour=1)
    box = box_device(hass, goip_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "limit_reached"]
    told = [await try_to_send(hass, box, number, priority="high") for number in range(11)]
    assert told == ["sent"] * 10 + ["limit_reached"]


async def test_the_owner_lets_texts_be_sent_again(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
) -> None:
    await open_goip(hass, goip, goip_entry, limit_hour=2)
    box = box_device(hass, goip_entry)
    told = [await try_to_send(hass, box, number) for number in range(3)]
    assert told == ["sent", "sent", "limit_reached"]

    form = await fix(hass, hass_client, issues(hass)["breaker_tripped box"])
    assert form["description_placeholders"]["gateway"] == "GoIP"
    assert issues(hass) == {}
    freezer.tick(1)
    assert await try_to_send(hass, box) == "sent"
    await restart(hass, goip_entry)
    await register(hass, goip)
    assert issues(hass) == {}
    assert [await try_to_send(hass, box) for _ in range(2)] == ["sent", "limit_reached"]
    assert list(issues(hass)) == ["breaker_tripped box"]


async def test_it_stays_so_over_a_restart(
    hass: HomeAssistant,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    await open_goip(hass, goip, goip_entry, limit_hour=1)
    box = box_device(hass, goip_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "limit_reached"]
    (issue,) = issues(hass).values()
    assert await hass.config_entries.async_unload(goip_entry.entry_id)
    ir.async_delete_issue(hass, DOMAIN, issue.issue_id)  # as Home Assistant does not keep it
    freezer.tick(2 * 3600)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    assert list(issues(hass)) == ["breaker_tripped box"]
    assert await try_to_send(hass, box) == "limit_reached"


async def test_it_stays_so_when_nobody_was_there_to_reset_it(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    await open_goip(hass, goip, goip_entry, limit_hour=1)
    box = box_device(hass, goip_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "limit_reached"]
    assert await hass.config_entries.async_unload(goip_entry.entry_id)
    await fix(hass, hass_client, issues(hass)["breaker_tripped box"])
    assert issues(hass) == {}
    await set_up(hass, goip_entry)
    assert list(issues(hass)) == ["breaker_tripped box"]


async def test_it_is_over_when_the_owner_wants_no_limit(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await open_goip(hass, goip, goip_entry, limit_hour=1)
    box = box_device(hass, goip_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "limit_reached"]
    for limit in (0, 5):
        hass.config_entries.async_update_entry(goip_entry, options={"limit_hour": limit})
        await hass.async_block_till_done()
        await register(hass, goip)
        assert issues(hass) == {}
        assert await try_to_send(hass, box) == "sent"


@pytest.mark.usefixtures("unpaced")
async def test_the_hour_goes_on_over_a_restart(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"limit_hour": 3})
    await set_up(hass, neogate_entry)
    box = box_device(hass, neogate_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "sent"]
    freezer.tick(600)
    await restart(hass, neogate_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "limit_reached"]


@pytest.mark.usefixtures("unpaced")
async def test_what_was_sent_an_hour_ago_counts_no_more(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"limit_hour": 2})
    await set_up(hass, neogate_entry)
    box = box_device(hass, neogate_entry)
    assert [await try_to_send(hass, box, number) for number in range(2)] == ["sent", "sent"]
    freezer.tick(3601)
    await restart(hass, neogate_entry)
    told = [await try_to_send(hass, box, number) for number in range(3)]
    assert told == ["sent", "sent", "limit_reached"]
