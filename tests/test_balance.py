"""Balances: asked for by USSD at their times and by hand, read, shown and kept."""

import asyncio
from collections.abc import Iterator
import datetime as dt
import json
import logging
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import get_diagnostics_for_config_entry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.gsm_gateway.balance_check import BalanceCheck, Schedule

from .balance_bench import Bench, add_check, bench_of, goip_bench, move, neogate_bench
from .conftest import (
    DOMAIN,
    assert_translated,
    attributes,
    entity,
    port_device,
    register,
    set_up,
    state,
    until,
)
from .mail_bench import started
from .simulators.goip import GoIP
from .simulators.neogate import NeoGate
from .simulators.simulator import Ussd

ANSWER = "Guthaben: 12,50 €. Gültig bis 31.12.2026"
START = "2026-11-22T12:00:00+00:00"


@pytest.fixture(autouse=True)
def _no_spread() -> Iterator[None]:
    """Have every check made at its first moment."""
    with patch("custom_components.gsm_gateway.balance_timetable.random", return_value=0.0):
        yield


@pytest.fixture(autouse=True)
async def _utc(hass: HomeAssistant) -> None:
    await hass.config.async_set_time_zone("UTC")


@pytest.fixture(params=["neogate", "goip"])
def bench(request: pytest.FixtureRequest, hass: HomeAssistant) -> Bench:
    """Give a port of each family, not set up yet."""
    return bench_of(request, hass)


# By hand.


async def test_a_balance_by_hand(hass: HomeAssistant, bench: Bench) -> None:
    bench.teach(ANSWER)
    bench.add()
    await bench.set_up()
    assert (bench.balance, bench.valid_until, bench.dialled) == ("unknown", "unknown", [])

    await bench.press()
    assert (bench.balance, bench.unit, bench.valid_until) == ("12.50", "EUR", "2026-12-31")
    assert bench.dialled == ["*100#"]
    shown = attributes(hass, "sensor", f"{bench.unique_id}_balance")
    assert (shown["device_class"], shown["state_class"]) == ("monetary", "total")
    assert attributes(hass, "sensor", f"{bench.unique_id}_balance_valid_until")["device_class"] == "date"


async def test_the_entities_are_on_the_device_of_the_port(hass: HomeAssistant, bench: Bench) -> None:
    bench.add()
    await bench.set_up()
    registry = er.async_get(hass)
    for platform, key in (
        ("sensor", "balance"),
        ("sensor", "balance_valid_until"),
        ("button", "check_balance"),
    ):
        found = registry.async_get(entity(hass, platform, f"{bench.unique_id}_{key}"))
        assert found is not None
        assert found.device_id == port_device(hass, bench.entry, bench.port)
        assert found.config_subentry_id is None


async def test_a_menu(bench: Bench) -> None:
    menu = {"2": Ussd(text="1 Main 2 Bonus", coding=72, menu={"1": Ussd(text="Saldo 3,40 zł", coding=72)})}
    bench.teach("1 Offers 2 Balance", menu=menu)
    bench.add(code=["*100#", "2", "1"])
    await bench.set_up()
    await bench.press()

    assert bench.dialled == ["*100#", "2", "1"]
    assert (bench.balance, bench.unit) == ("3.40", "PLN")


@pytest.mark.parametrize("codes", [["*100#"], ["*100#", "1"]])
async def test_no_session_stays_open_on_a_goip(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, codes: list[str]
) -> None:
    bench = goip_bench(hass, goip_entry, goip)
    more = Ussd(text="Balance 5.00 EUR. 1 Top up", menu={"1": Ussd(text="no")})
    bench.teach("Balance 4.00 EUR. 1 Again", menu={"1": more})
    bench.add(code=codes)
    await bench.set_up()
    await bench.press()

    assert bench.balance == ("4.00" if len(codes) == 1 else "5.00")
    assert not goip.line("goip2").ussd.menu_open
    assert [packet.split()[0] for packet in goip.line("goip2").received][-1] == b"USSDEXIT"


async def test_a_menu_that_ends_early_is_not_dialled_on(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    bench = neogate_bench(hass, neogate_entry, neogate)
    bench.teach("Top up 10 EUR first")
    bench.add(code=["*100#", "1"])
    await bench.set_up()
    with pytest.raises(HomeAssistantError):
        await bench.press()

    assert bench.dialled == ["*100#"]
    assert bench.balance == "unknown"


async def test_how_the_owner_has_it_read(bench: Bench) -> None:
    bench.teach("Main 1.00 EUR, bonus 2.00 EUR till 01.02.2027")
    bench.add(pattern=r"bonus (?P<amount>[\d.]+)", unit="CHF")
    await bench.set_up()
    await bench.press()

    assert (bench.balance, bench.unit, bench.valid_until) == ("2.00", "CHF", "2027-02-01")


async def test_a_sign_is_that_of_home(hass: HomeAssistant, bench: Bench) -> None:
    await hass.config.async_update(currency="CAD", country="US")
    bench.teach("Balance $5.00, expires 03/04/2027")
    bench.add()
    await bench.set_up()
    await bench.press()

    assert (bench.balance, bench.unit, bench.valid_until) == ("5.00", "CAD", "2027-03-04")


async def test_a_network_that_fails_is_an_error_of_the_button(hass: HomeAssistant, bench: Bench) -> None:
    bench.teach(ANSWER)
    bench.add()
    await bench.set_up()
    await bench.press()
    bench.refuse()
    with pytest.raises(HomeAssistantError) as caught:
        await bench.press()

    assert_translated(caught.value, "command_refused")
    assert (bench.balance, bench.valid_until) == ("12.50", "2026-12-31")


async def test_an_answer_that_cannot_be_read_is_an_error_of_the_button(
    hass: HomeAssistant, bench: Bench
) -> None:
    bench.teach("Please wait for a text.")
    bench.add()
    await bench.set_up()
    with pytest.raises(HomeAssistantError) as caught:
        await bench.press()
    assert_translated(caught.value, "balance_unreadable")
    assert bench.balance == "unknown"


# Coming and going.


async def test_checks_come_and_go_without_dropping_the_connection(hass: HomeAssistant, bench: Bench) -> None:
    bench.teach(ANSWER)
    await bench.set_up()
    gateway = bench.entry.runtime_data.gateway
    subentry = bench.add()
    await hass.async_block_till_done()
    await bench.press()
    assert bench.balance == "12.50"

    hass.config_entries.async_remove_subentry(bench.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    registry = er.async_get(hass)
    for platform, key in (
        ("sensor", "balance"),
        ("sensor", "balance_valid_until"),
        ("button", "check_balance"),
    ):
        assert registry.async_get_entity_id(platform, DOMAIN, f"{bench.unique_id}_{key}") is None
    assert port_device(hass, bench.entry, bench.port)

    bench.add()
    await hass.async_block_till_done()
    assert bench.balance == "unknown"
    assert bench.entry.runtime_data.gateway is gateway
    assert bench.entry.runtime_data.data.connected


async def test_a_check_that_is_removed_while_the_box_is_not_loaded(
    hass: HomeAssistant, bench: Bench, hass_storage: dict[str, Any]
) -> None:
    bench.teach(ANSWER)
    subentry = bench.add()
    await bench.set_up()
    await bench.press()
    await hass.config_entries.async_unload(bench.entry.entry_id)
    hass.config_entries.async_remove_subentry(bench.entry, subentry.subentry_id)
    await bench.set_up()

    assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{bench.unique_id}_balance") is None
    await hass.config_entries.async_unload(bench.entry.entry_id)
    (kept,) = [stored["data"] for key, stored in hass_storage.items() if key.endswith(".balances")]
    assert kept == {}


async def test_a_check_goes_with_its_port(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    bench = goip_bench(hass, goip_entry, goip)
    bench.add()
    await set_up(hass, goip_entry)
    await register(hass, goip, "goip1")
    goip_entry.runtime_data.async_forget_port("goip2")
    await hass.async_block_till_done()

    assert goip_entry.get_subentries_of_type("balance_check") == []
    assert er.async_get(hass).async_get_entity_id("sensor", DOMAIN, f"{bench.unique_id}_balance") is None


async def test_a_check_moves_to_another_port(hass: HomeAssistant, bench: Bench) -> None:
    subentry = bench.add()
    await bench.set_up()
    other = {"2": "1", "goip2": "goip1"}[bench.port]
    hass.config_entries.async_update_subentry(
        bench.entry, subentry, data={**subentry.data, "port": other}, unique_id=other
    )
    await hass.async_block_till_done()

    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{bench.unique_id}_balance") is None
    assert registry.async_get_entity_id("sensor", DOMAIN, f"{bench.entry.unique_id}_{other}_balance")


# What is kept.


async def test_a_balance_survives_a_restart_and_the_loss_of_the_box(
    hass: HomeAssistant, bench: Bench
) -> None:
    bench.teach(ANSWER)
    bench.add()
    await bench.set_up()
    await bench.press()
    assert await hass.config_entries.async_unload(bench.entry.entry_id)
    if isinstance(bench.box, GoIP):
        await set_up(hass, bench.entry)  # no line reports
        assert state(hass, "sensor", f"{bench.unique_id}_status") == "unavailable"
    else:
        await bench.set_up()

    assert (bench.balance, bench.unit, bench.valid_until) == ("12.50", "EUR", "2026-12-31")
    assert attributes(hass, "sensor", f"{bench.unique_id}_balance")["read_at"]
    assert bench.dialled == ["*100#"]


@pytest.mark.parametrize("private", [False, True])
async def test_answers_are_kept_where_texts_may_be(
    hass: HomeAssistant, bench: Bench, hass_storage: dict[str, Any], *, private: bool
) -> None:
    bench.teach(ANSWER)
    bench.add()
    hass.config_entries.async_update_entry(bench.entry, options={"private": private})
    await bench.set_up()
    await bench.press()
    await hass.config_entries.async_unload(bench.entry.entry_id)
    (kept,) = [stored["data"] for key, stored in hass_storage.items() if key.endswith(".balances")]
    assert kept[bench.port]["answer"] == (None if private else ANSWER)

    await bench.set_up()
    assert bench.balance == "12.50"
    await hass.config_entries.async_remove(bench.entry.entry_id)
    assert [key for key in hass_storage if key.endswith(".balances")] == []


async def test_the_last_answer_is_read_anew_when_the_check_changes(hass: HomeAssistant, bench: Bench) -> None:
    bench.teach("Main 1.00 EUR, bonus 2.00 EUR")
    subentry = bench.add()
    await bench.set_up()
    await bench.press()
    assert bench.balance == "1.00"
    bench.change(subentry, pattern=r"bonus (?P<amount>[\d.]+)", unit="USD")
    await hass.async_block_till_done()

    assert (bench.balance, bench.unit) == ("2.00", "USD")
    assert bench.dialled == ["*100#"]


async def test_an_answer_to_other_codes_is_not_read_anew(hass: HomeAssistant, bench: Bench) -> None:
    bench.teach("Main 1.00 EUR, bonus 2.00 EUR")
    subentry = bench.add()
    await bench.set_up()
    await bench.press()
    bench.change(subentry, code=["*101#"], pattern=r"bonus (?P<amount>[\d.]+)")
    await hass.async_block_till_done()

    assert bench.balance == "1.00"  # the last that is known
    bench.teach("bonus 7.00 EUR", code="*101#")
    await bench.press()
    assert bench.balance == "7.00"


async def test_an_answer_that_comes_after_the_codes_were_changed_is_let_go(
    hass: HomeAssistant, bench: Bench
) -> None:
    bench.box.teach_ussd(bench.line, "*100#", Ussd(text="1.00 EUR", delay=0.2))
    subentry = bench.add()
    await bench.set_up()
    pressing = asyncio.create_task(bench.press())
    await bench.box.wait_for(lambda: bench.dialled)
    bench.change(subentry, code=["*101#"])
    await pressing

    assert bench.balance == "unknown"


# At its times.


async def test_a_new_check_is_made_at_once_and_then_daily(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    bench.add(schedule="daily")
    await until(hass, lambda: bench.dialled == ["*100#"] and bench.balance == "1.00")

    bench.teach("2.00 EUR")
    move(hass, freezer, "2026-11-23T09:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await until(hass, lambda: bench.balance == "2.00")
    move(hass, freezer, "2026-11-24T09:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 2
    bench.teach("3.00 EUR")
    move(hass, freezer, "2026-11-24T10:00:01+00:00")
    await until(hass, lambda: bench.balance == "3.00")


@pytest.mark.parametrize(("schedule", "day"), [("weekly", "2026-11-29"), ("monthly", "2026-12-22")])
async def test_longer_intervals(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory, schedule: str, day: str
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    bench.add(schedule=schedule)
    await until(hass, lambda: bench.dialled and bench.balance == "1.00")
    bench.teach("2.00 EUR")
    move(hass, freezer, f"{day}T09:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1
    move(hass, freezer, f"{day}T10:00:01+00:00")
    await until(hass, lambda: bench.balance == "2.00")


ZONE = ZoneInfo("Europe/Berlin")
TIMES: list[tuple[str, str, str | None, str, str | None]] = [
    # schedule, time of the day, last time, now, when it is due
    ("daily", "10:00", None, "2026-03-10 09:00", "2026-03-10 09:00"),
    ("daily", "10:00", "2026-03-09 10:07", "2026-03-09 10:07", "2026-03-10 10:00"),
    ("daily", "10:00", "2026-03-09 15:00", "2026-03-09 15:00", "2026-03-10 10:00"),
    ("daily", "10:00", "2026-03-09 09:00", "2026-03-09 09:00", "2026-03-10 10:00"),
    ("daily", "10:00", "2026-03-09 23:50", "2026-03-09 23:50", "2026-03-10 10:00"),  # made up for
    ("daily", "23:50", "2026-03-10 00:04", "2026-03-10 00:04", "2026-03-10 23:50"),  # the day before was late
    ("daily", "10:00", "2026-03-08 10:00", "2026-03-10 12:00", "2026-03-10 12:00"),
    ("daily", "10:00", "2026-03-28 10:00", "2026-03-28 10:00", "2026-03-29 10:00"),  # summer time begins
    ("weekly", "10:00", "2026-03-09 11:00", "2026-03-09 11:00", "2026-03-16 10:00"),
    ("monthly", "10:00", "2026-03-01 10:01", "2026-03-01 10:01", "2026-03-31 10:00"),
    ("manual", "10:00", None, "2026-03-10 09:00", None),
    ("manual", "10:00", "2026-01-01 10:00", "2026-03-10 09:00", None),
]


@pytest.mark.parametrize(("schedule", "at", "last", "now", "due"), TIMES)
def test_when_a_check_is_due(schedule: str, at: str, last: str | None, now: str, due: str | None) -> None:
    check = BalanceCheck(
        port="1",
        codes=("*100#",),
        pattern=None,
        unit=None,
        schedule=Schedule(schedule),
        at=dt.time.fromisoformat(at),
    )
    before = None if last is None else moment(last).astimezone(dt.UTC)
    assert check.due(before, moment(now)) == (None if due is None else moment(due))


def moment(written: str) -> dt.datetime:
    """Give a time of the test's zone."""
    return dt.datetime.fromisoformat(written).replace(tzinfo=ZONE)


async def test_not_all_ports_ask_at_once(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    with patch("custom_components.gsm_gateway.balance_timetable.random", return_value=0.9):
        bench.add(schedule="daily")
        await until(hass, lambda: bench.dialled and bench.balance == "1.00")
    bench.teach("2.00 EUR")
    move(hass, freezer, "2026-11-23T10:13:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1
    move(hass, freezer, "2026-11-23T10:14:00+00:00")
    await until(hass, lambda: bench.balance == "2.00")


async def test_by_hand_means_never_by_itself(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.add(schedule="manual")
    await bench.set_up()
    move(hass, freezer, "2027-11-23T10:00:00+00:00")
    await quiet(hass)
    assert bench.dialled == []


async def test_what_was_missed_is_made_up_for_once_after_the_start(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    bench.add(schedule="daily")
    await bench.set_up()
    await bench.press()
    await hass.config_entries.async_unload(bench.entry.entry_id)

    freezer.move_to("2026-11-25T18:00:00+00:00")
    bench.teach("2.00 EUR")
    hass.set_state(CoreState.starting)
    await bench.set_up()
    move(hass, freezer, "2026-11-25T18:00:31+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1  # Home Assistant has not started yet
    await started(hass)
    assert len(bench.dialled) == 1
    move(hass, freezer, "2026-11-25T18:01:02+00:00")
    await until(hass, lambda: bench.balance == "2.00")
    move(hass, freezer, "2026-11-26T09:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 2


async def test_a_check_that_is_added_during_the_start_waits_for_its_end(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    hass.set_state(CoreState.starting)
    await bench.set_up()
    bench.add(schedule="daily")
    move(hass, freezer, "2026-11-22T12:10:00+00:00")
    await quiet(hass)
    assert bench.dialled == []
    await started(hass)
    move(hass, freezer, "2026-11-22T12:11:00+00:00")
    await until(hass, lambda: bench.balance == "1.00")


async def test_what_was_not_missed_is_not_made_up_for(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    bench.add(schedule="daily")
    await bench.set_up()
    await bench.press()
    await hass.config_entries.async_unload(bench.entry.entry_id)
    freezer.move_to("2026-11-23T09:00:00+00:00")
    await bench.set_up()
    move(hass, freezer, "2026-11-23T09:10:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1
    bench.teach("2.00 EUR")
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await until(hass, lambda: bench.balance == "2.00")


async def test_a_change_of_the_time_counts_at_once(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    subentry = bench.add(schedule="daily")
    await until(hass, lambda: bench.dialled and bench.balance == "1.00")
    bench.change(subentry, time="08:00:00")
    await hass.async_block_till_done()
    assert len(bench.dialled) == 1
    bench.teach("2.00 EUR")
    move(hass, freezer, "2026-11-23T08:00:01+00:00")
    await until(hass, lambda: bench.balance == "2.00")


async def test_a_change_to_by_hand_counts_at_once(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    subentry = bench.add(schedule="daily")
    await until(hass, lambda: bench.dialled and bench.balance == "1.00")
    bench.change(subentry, schedule="manual")
    await hass.async_block_till_done()
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1


async def test_nothing_is_asked_after_the_check_or_the_box_is_gone(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.teach("1.00 EUR")
    await bench.set_up()
    subentry = bench.add(schedule="daily")
    await until(hass, lambda: bench.dialled and bench.balance == "1.00")
    hass.config_entries.async_remove_subentry(bench.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await quiet(hass)
    bench.add(schedule="daily")
    await until(hass, lambda: len(bench.dialled) == 2 and bench.balance == "1.00")
    await hass.config_entries.async_unload(bench.entry.entry_id)
    move(hass, freezer, "2026-11-24T10:00:01+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 2


async def test_a_failure_is_retried_once_that_day_and_logged_once(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    freezer.move_to(START)
    bench.refuse()
    await bench.set_up()
    bench.add(schedule="daily")
    await until_quiet(hass, bench, 1)
    move(hass, freezer, "2026-11-22T12:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 1
    move(hass, freezer, "2026-11-22T13:00:01+00:00")
    await until_quiet(hass, bench, 2)
    move(hass, freezer, "2026-11-23T09:59:00+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 2
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await until_quiet(hass, bench, 3)
    assert logged(caplog) == 1

    bench.teach("1.00 EUR")
    move(hass, freezer, "2026-11-23T11:00:02+00:00")
    await until(hass, lambda: bench.balance == "1.00")
    bench.refuse()
    move(hass, freezer, "2026-11-24T10:00:01+00:00")
    await until_quiet(hass, bench, 5)
    assert logged(caplog) == 2
    assert bench.balance == "1.00"


async def test_an_answer_by_hand_spares_the_retry(
    hass: HomeAssistant, bench: Bench, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(START)
    bench.refuse()
    await bench.set_up()
    bench.add(schedule="daily")
    await until_quiet(hass, bench, 1)
    bench.teach("1.00 EUR")
    await bench.press()
    move(hass, freezer, "2026-11-22T13:00:01+00:00")
    await quiet(hass)
    assert len(bench.dialled) == 2
    move(hass, freezer, "2026-11-23T10:00:01+00:00")
    await until_quiet(hass, bench, 3)


async def quiet(hass: HomeAssistant) -> None:
    """Wait until no check is being made."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def until_quiet(hass: HomeAssistant, bench: Bench, dialled: int) -> None:
    """Wait until so many codes were dialled and nobody waits for an answer."""
    await bench.box.wait_for(lambda: len(bench.dialled) == dialled)
    await quiet(hass)


def logged(caplog: pytest.LogCaptureFixture) -> int:
    """Count the warnings about balances."""
    return sum("balance" in one.message for one in caplog.records if one.levelno >= logging.WARNING)


# What stays private.


async def test_no_answer_is_logged_or_told_in_diagnostics(
    hass: HomeAssistant, bench: Bench, hass_client: ClientSessionGenerator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "custom_components.gsm_gateway")
    bench.teach("Hello +15551230000, no money")
    bench.add()
    add_check(hass, bench.entry, {"2": "1", "goip2": "goip1"}[bench.port])
    await bench.set_up()
    with pytest.raises(HomeAssistantError):
        await bench.press()

    told = await get_diagnostics_for_config_entry(hass, hass_client, bench.entry)
    assert told["balances"] == {"checks": 2, "unreadable": 1}
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("custom_components")]
    for secret in ("5551230000", "no money", "*100#"):
        assert secret not in json.dumps(told)
        assert not any(secret in line for line in ours)
