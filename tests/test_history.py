"""The history: what came and went, over restarts, as much of it as the owner wants, and forgetting it."""

from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate

from .conftest import (
    ALICE,
    BOB,
    GOIP_ID,
    STRANGER,
    Clock,
    act,
    assert_translated,
    box_device,
    caught_up,
    port_device,
    register,
    set_up,
    state,
    until,
)
from .mail_bench import Bus, close, delete, history, is_on_disk, restart, send, sql

SECRET = "the code is 4711"


async def receive(hass: HomeAssistant, goip: GoIP, bus: Bus, *texts: str, line: str = "goip1") -> list[str]:
    """Let texts arrive, and give their ids."""
    before = len(bus["sms_received"])
    for text in texts:
        goip.receive_sms(line, STRANGER, text)
    await until(hass, lambda: len(bus["sms_received"]) == before + len(texts))
    return [event.data["message_id"] for event in bus["sms_received"][before:]]


async def leave_alone(hass: HomeAssistant, clock: Clock) -> None:
    """Let the lines of the GoIP fall silent."""
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{GOIP_ID}_connection") == "off")


# What is shown.


async def test_what_was_sent(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-22 12:00:00+00:00")
    (message,) = await send(hass, box_device(hass, loaded_goip), message="Grüße 🙂")

    now = "2026-11-22T12:00:00+00:00"
    assert await history(hass, box_device(hass, loaded_goip)) == [
        {
            "message_id": message["message_id"],
            "direction": "out",
            "recipient": ALICE,
            "contact": "Alice",
            "message": "Grüße 🙂",
            "status": "sent",
            "port": "goip1",
            "device_id": port_device(hass, loaded_goip, "goip1"),
            "created_at": now,
            "parts": None,
            "error": None,
            "error_detail": None,
            "changes": [{"status": status, "at": now} for status in ("queued", "sending", "sent")],
        }
    ]


async def test_what_came(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-11-22 12:00:00+00:00")
    text = "0123456789" * 40
    neogate.receive_sms("tg2", STRANGER, text)
    await until(hass, lambda: bus["sms_received"])

    assert await history(hass, box_device(hass, loaded_neogate)) == [
        {
            "message_id": bus["sms_received"][0].data["message_id"],
            "direction": "in",
            "sender": STRANGER,
            "contact": None,
            "message": text,
            "status": "received",
            "port": "2",
            "device_id": port_device(hass, loaded_neogate, "2"),
            "created_at": "2026-11-22T12:00:00+00:00",
            "parts": 3,
            "error": None,
            "complete": True,
            "handed_on": "yes",
        }
    ]


async def test_both_ways_and_the_newest_first(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    box = box_device(hass, loaded_goip)
    await send(hass, port_device(hass, loaded_goip, "goip2"), message="first")
    await receive(hass, goip, bus, "second")
    await send(hass, box, message="third", recipients="Bob")

    async def shown(device_id: str = box, **fields: object) -> list[str]:
        return [one["message"] for one in await history(hass, device_id, **fields)]

    assert await shown() == ["third", "second", "first"]
    assert await shown(direction="in") == ["second"]
    assert await shown(direction="out") == ["third", "first"]
    assert await shown(limit=2) == ["third", "second"]
    assert await shown(direction="out", limit=1) == ["third"]
    assert await shown(port_device(hass, loaded_goip, "goip1")) == ["third", "second"]
    assert await shown(port_device(hass, loaded_goip, "goip2")) == ["first"]
    assert await shown(port_device(hass, loaded_goip, "goip2"), direction="in") == []


@pytest.mark.parametrize("fields", [{"limit": 0}, {"limit": 5001}, {"direction": "both"}, {"limit": "many"}])
async def test_questions_that_make_no_sense(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, fields: dict[str, object]
) -> None:
    with pytest.raises(vol.Invalid):
        await history(hass, box_device(hass, loaded_goip), **fields)


async def test_failures_and_reports(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    box = box_device(hass, loaded_goip)
    goip.fail_next_send("goip1")
    await send(hass, port_device(hass, loaded_goip, "goip1"))
    await send(hass, port_device(hass, loaded_goip, "goip2"), recipients="Bob")
    push = goip.line("goip2").push_delivery(160, num=BOB)
    await goip.wait_for(lambda: push.acknowledged)

    delivered, failed = await history(hass, box)
    assert [one["status"] for one in delivered["changes"]] == ["queued", "sending", "sent", "delivered"]
    assert (delivered["status"], delivered["error"]) == ("delivered", None)
    assert [one["status"] for one in failed["changes"]] == ["queued", "sending", "failed"]
    assert (failed["status"], failed["error"], failed["error_detail"]) == (
        "failed",
        "refused",
        "errorstatus:1",
    )


async def test_what_waits_and_what_expires(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    await leave_alone(hass, clock)
    box, port = box_device(hass, loaded_goip), port_device(hass, loaded_goip, "goip2")
    await send(hass, port, wait=False)
    await send(hass, box, recipients="Bob", wait=False)
    by_any, by_one = await history(hass, box)
    assert [by_any["status"], by_one["status"]] == ["queued", "queued"]
    assert (by_any["port"], by_any["device_id"]) == (None, None)
    assert (by_one["port"], by_one["device_id"]) == ("goip2", port)  # it leaves by this one or not at all

    clock.skip(3600)
    await until(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_queue") == "0")
    assert [one["status"] for one in await history(hass, box)] == ["expired", "expired"]
    (expired,) = await history(hass, port)
    assert (expired["recipient"], expired["error"], expired["port"]) == (ALICE, "box_offline", "goip2")


async def test_it_outlives_a_reload_and_a_restart(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    box = box_device(hass, loaded_goip)
    await send(hass, box)
    await receive(hass, goip, bus, "Are you there?")
    before = await history(hass, box)
    assert len(before) == 2
    await hass.config_entries.async_reload(loaded_goip.entry_id)
    await hass.async_block_till_done()
    assert await history(hass, box) == before
    await restart(hass, loaded_goip)
    assert await history(hass, box) == before


async def test_boxes_have_one_each(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    loaded_goip: MockConfigEntry,
) -> None:
    await send(hass, box_device(hass, loaded_neogate), message="by NeoGate")
    await send(hass, box_device(hass, loaded_goip), message="by GoIP")
    for entry, text in ((loaded_neogate, "by NeoGate"), (loaded_goip, "by GoIP")):
        assert [one["message"] for one in await history(hass, box_device(hass, entry))] == [text]


# How much is kept.


@pytest.mark.parametrize(("most", "kept"), [(0, []), (2, ["damson", "cherry"])])
async def test_a_history_that_is_small_or_off(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus, *, most: int, kept: list[str]
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"history": most})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await receive(hass, goip, bus, "apple", "banana")
    await send(hass, box_device(hass, goip_entry), message="cherry")
    await receive(hass, goip, bus, "damson")

    assert [one["message"] for one in await history(hass, box_device(hass, goip_entry))] == kept
    if not most:  # of more than that, words stay in the log for a while
        assert not is_on_disk(hass, goip_entry, "damson")
    await restart(hass, goip_entry)
    assert [one["message"] for one in await history(hass, box_device(hass, goip_entry))] == kept
    for text in {"apple", "banana", "cherry", "damson"} - {*kept}:
        assert not is_on_disk(hass, goip_entry, text)


async def test_what_waits_is_not_counted(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, clock: Clock
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"history": 0})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    await leave_alone(hass, clock)
    box = box_device(hass, goip_entry)
    await send(hass, box, wait=False)
    assert [one["status"] for one in await history(hass, box)] == ["queued"]
    await restart(hass, goip_entry)
    await register(hass, goip)
    await goip.wait_for(lambda: len(goip.outbox) == 1)
    await until(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_queue") == "0")
    assert await history(hass, box) == []


async def test_a_history_that_is_made_smaller(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    await receive(hass, goip, bus, SECRET, "two", "three")
    assert is_on_disk(hass, loaded_goip, SECRET)
    hass.config_entries.async_update_entry(loaded_goip, options={"history": 2})
    await hass.async_block_till_done()

    assert [one["message"] for one in await history(hass, box_device(hass, loaded_goip))] == ["three", "two"]
    assert not is_on_disk(hass, loaded_goip, SECRET)


# Texts that nobody wants kept.


async def test_private_texts_are_gone_once_they_have_gone(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus, clock: Clock
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"private": True})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    box = box_device(hass, goip_entry)
    await leave_alone(hass, clock)
    await send(hass, box, message=SECRET, wait=False)
    assert is_on_disk(hass, goip_entry, SECRET)  # it is still to be sent
    await register(hass, goip)
    await until(hass, lambda: [one.data["status"] for one in bus["sms_status"]][-1:] == ["sent"])
    assert [one.text for one in goip.outbox] == [SECRET]
    assert not is_on_disk(hass, goip_entry, SECRET)

    await receive(hass, goip, bus, f"{SECRET} again")
    shown = await history(hass, box)
    assert [(one["direction"], one["message"], one["status"]) for one in shown] == [
        ("in", None, "received"),
        ("out", None, "sent"),
    ]
    assert not is_on_disk(hass, goip_entry, SECRET)
    await close(hass, goip_entry)
    assert not is_on_disk(hass, goip_entry, SECRET)


async def test_texts_are_gone_when_the_owner_wants_them_private(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    await receive(hass, goip, bus, SECRET)
    await send(hass, box_device(hass, loaded_goip), message=f"{SECRET} too")
    assert is_on_disk(hass, loaded_goip, SECRET)
    hass.config_entries.async_update_entry(loaded_goip, options={"private": True})
    await hass.async_block_till_done()

    assert [one["message"] for one in await history(hass, box_device(hass, loaded_goip))] == [None, None]
    assert not is_on_disk(hass, loaded_goip, SECRET)


# Forgetting.


async def test_by_id(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    box = box_device(hass, loaded_goip)
    first, _, _ = await receive(hass, goip, bus, SECRET, "two", "three")
    (sent,) = await send(hass, box)
    assert await delete(hass, box, message_ids=[first, sent["message_id"], "sms_unknown"]) == 2

    assert [one["message"] for one in await history(hass, box)] == ["three", "two"]
    assert not is_on_disk(hass, loaded_goip, SECRET)
    assert await delete(hass, box, message_ids=first) == 0
    await restart(hass, loaded_goip)
    assert [one["message"] for one in await history(hass, box)] == ["three", "two"]


async def test_by_age(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
    freezer: FrozenDateTimeFactory,
) -> None:
    box = box_device(hass, loaded_goip)
    await receive(hass, goip, bus, SECRET)
    freezer.tick(timedelta(days=20))
    await receive(hass, goip, bus, "newer")
    freezer.tick(timedelta(days=10, seconds=1))

    assert await delete(hass, box, older_than={"days": 31}) == 0
    assert await delete(hass, box, older_than={"days": 30}) == 1
    assert [one["message"] for one in await history(hass, box)] == ["newer"]
    assert not is_on_disk(hass, loaded_goip, SECRET)
    assert await delete(hass, box, older_than="00:00:00") == 1
    assert await history(hass, box) == []


async def test_of_one_port(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus) -> None:
    box, port = box_device(hass, loaded_goip), port_device(hass, loaded_goip, "goip2")
    (kept,) = await receive(hass, goip, bus, "kept")
    (gone,) = await receive(hass, goip, bus, "gone", line="goip2")
    assert await delete(hass, port, message_ids=[kept]) == 0
    assert await delete(hass, port, message_ids=[kept, gone]) == 1
    await receive(hass, goip, bus, "gone too", line="goip2")
    assert await delete(hass, port, older_than={"seconds": 0}) == 1
    assert [one["message"] for one in await history(hass, box)] == ["kept"]


async def test_what_is_on_its_way_stays(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock
) -> None:
    await leave_alone(hass, clock)
    box = box_device(hass, loaded_goip)
    (message,) = await send(hass, box, wait=False)
    assert await delete(hass, box, message_ids=[message["message_id"]]) == 0
    assert await delete(hass, box, older_than={"seconds": 0}) == 0
    await register(hass, goip)
    await goip.wait_for(lambda: len(goip.outbox) == 1)


async def test_a_report_about_a_text_that_was_deleted(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    box = box_device(hass, loaded_goip)
    (message,) = await send(hass, box, message=SECRET)
    assert await delete(hass, box, message_ids=[message["message_id"]]) == 1
    goip.line("goip1").push_delivery(160, num=ALICE)
    await until(hass, lambda: bus["sms_status"][-1].data["status"] == "delivered")

    assert await history(hass, box) == []
    assert not is_on_disk(hass, loaded_goip, SECRET)
    await close(hass, loaded_goip)
    assert sql(hass, loaded_goip, "SELECT text FROM texts WHERE text <> ''") == []


async def test_nothing_is_deleted_unless_it_is_said_what(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    box = box_device(hass, loaded_goip)
    await receive(hass, goip, bus, "kept")
    with pytest.raises(ServiceValidationError) as caught:
        await delete(hass, box)
    assert_translated(caught.value, "nothing_to_delete")
    for fields in ({"message_ids": ["sms_1"], "older_than": {"days": 1}}, {"older_than": {"days": -1}}):
        with pytest.raises(vol.Invalid):
            await delete(hass, box, **fields)
    assert await delete(hass, box, message_ids=[]) == 0
    assert len(await history(hass, box)) == 1


async def test_without_asking_how_many(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus
) -> None:
    box = box_device(hass, loaded_goip)
    (message_id,) = await receive(hass, goip, bus, "gone")
    await act(hass, "delete_messages", {"device_id": box, "message_ids": message_id})
    assert await history(hass, box) == []


async def test_the_time_of_a_text_is_utc(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    await caught_up(hass, neogate)
    (one,) = await history(hass, box_device(hass, loaded_neogate))
    created_at = dt_util.parse_datetime(one["created_at"])
    assert created_at is not None
    assert created_at.utcoffset() == timedelta(0)
