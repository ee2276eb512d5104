"""Texts that are private, and texts that are shown in states: what each option tells whom."""

from typing import Any

from homeassistant.components.recorder import Recorder, history as recorded
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done

from custom_components.gsm_gateway.event import PortEvent
from tests.simulators.goip import GoIP

from .conftest import (
    ALICE,
    GOIP_ID,
    STRANGER,
    attributes,
    box_device,
    entity,
    register,
    set_up,
    settled,
    until,
)
from .mail_bench import Bus, history, restart, send

SECRET = "the code is 4711"
SMS = f"{GOIP_ID}_goip1_sms"
PRIVATE = {"private": True}
SHOWN = {"texts_in_states": True}


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Let a recorder be there, which has to be made ready before Home Assistant."""


@pytest.fixture
async def box(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, request: pytest.FixtureRequest
) -> MockConfigEntry:
    """Set the GoIP up with the options that the test names."""
    hass.config_entries.async_update_entry(goip_entry, options=request.param)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    return goip_entry


def with_options(options: dict[str, Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("box", [options], indirect=True)


async def receive(hass: HomeAssistant, goip: GoIP, bus: Bus, sender: str = ALICE) -> dict[str, Any]:
    """Let a secret text arrive, and give what the bus tells of it."""
    before = len(bus["sms_received"])
    goip.receive_sms("goip1", sender, SECRET)
    await until(hass, lambda: len(bus["sms_received"]) > before)
    return dict(bus["sms_received"][-1].data)


def in_states(hass: HomeAssistant, words: str) -> bool:
    """Whether words are anywhere in the states."""
    return any(words in str(state.as_dict()) for state in hass.states.async_all())


# Private.


@with_options(PRIVATE)
@pytest.mark.parametrize(
    ("sender", "masked", "contact"),
    [
        (ALICE, "…567", "Alice"),
        (STRANGER, "…123", None),
        ("Vodafone", "…one", None),
        ("80808", "…", None),
        ("", "", None),
    ],
)
async def test_who_wrote_and_what_is_not_told(
    hass: HomeAssistant,
    goip: GoIP,
    box: MockConfigEntry,
    bus: Bus,
    *,
    sender: str,
    masked: str,
    contact: str | None,
) -> None:
    told = await receive(hass, goip, bus, sender)
    assert (told["sender"], told["message"], told["contact"]) == (masked, None, contact)
    assert told["trusted"] is (contact == "Alice")
    shown = attributes(hass, "event", SMS)
    assert (shown["sender"], shown["contact"], shown["message_id"]) == (masked, contact, told["message_id"])
    assert "message" not in shown
    assert not in_states(hass, SECRET)
    assert not in_states(hass, ALICE)
    assert SECRET not in str(told)


@with_options(PRIVATE)
async def test_who_was_texted_is_not_told(
    hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus
) -> None:
    (message,) = await send(hass, box_device(hass, box), message=SECRET)
    goip.line("goip1").push_delivery(160, num=ALICE)
    await until(hass, lambda: len(settled(bus)) == 2)

    assert {event.data["recipient"] for event in bus["sms_status"]} == {"…567"}
    assert message["recipient"] == ALICE  # who sends it knows it
    shown = attributes(hass, "event", SMS)
    assert (shown["recipient"], shown["contact"], shown["event_type"]) == ("…567", "Alice", "delivered")
    assert not in_states(hass, SECRET)
    assert not in_states(hass, ALICE)
    assert all(SECRET not in str(event.data) for event in bus["sms_status"])


@with_options(PRIVATE)
async def test_private_texts_can_be_answered(
    hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus
) -> None:
    told = await receive(hass, goip, bus, STRANGER)
    await send(hass, box_device(hass, box), reply_to=told["message_id"])
    await restart(hass, box)
    await register(hass, goip)
    await send(hass, box_device(hass, box), reply_to=told["message_id"], message="Again")
    assert [(sms.line, sms.number) for sms in goip.outbox] == [("goip1", STRANGER)] * 2


async def test_what_was_shown_before_they_were_private_is_not_shown_any_more(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, bus: Bus
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options=SHOWN)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    told = await receive(hass, goip, bus)
    assert attributes(hass, "event", SMS)["message"] == SECRET
    hass.config_entries.async_update_entry(goip_entry, options={})
    await hass.async_block_till_done()
    assert attributes(hass, "event", SMS)["sender"] == ALICE
    assert not in_states(hass, SECRET)

    hass.config_entries.async_update_entry(goip_entry, options=PRIVATE)
    await hass.async_block_till_done()
    shown = attributes(hass, "event", SMS)
    assert (shown["event_type"], shown["message_id"]) == ("received", told["message_id"])
    assert shown["sender"] == "…567"
    assert not in_states(hass, ALICE)
    await restart(hass, goip_entry)
    assert attributes(hass, "event", SMS)["sender"] == "…567"


@with_options(PRIVATE)
async def test_the_history_has_who_and_when_and_not_what(
    hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus
) -> None:
    await receive(hass, goip, bus)
    (one,) = await history(hass, box_device(hass, box))
    assert (one["sender"], one["message"]) == (ALICE, None)


# Shown.


@with_options(SHOWN)
async def test_texts_in_states(hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus) -> None:
    told = await receive(hass, goip, bus)
    shown = attributes(hass, "event", SMS)
    assert (shown["message"], shown["sender"]) == (SECRET, ALICE)
    assert told["message"] == SECRET
    await send(hass, box_device(hass, box), message="Answer")
    assert attributes(hass, "event", SMS)["message"] == "Answer"
    await restart(hass, box)
    assert attributes(hass, "event", SMS)["message"] == "Answer"


@with_options({})
async def test_texts_are_in_no_state_unless_somebody_asks_for_that(
    hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus
) -> None:
    told = await receive(hass, goip, bus)
    assert told["message"] == SECRET
    assert "message" not in attributes(hass, "event", SMS)
    assert not in_states(hass, SECRET)


@with_options({**PRIVATE, **SHOWN})
async def test_private_wins(hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus) -> None:
    await receive(hass, goip, bus)
    assert "message" not in attributes(hass, "event", SMS)


@with_options(SHOWN)
async def test_texts_in_states_are_never_recorded(
    recorder_mock: Recorder, hass: HomeAssistant, goip: GoIP, box: MockConfigEntry, bus: Bus
) -> None:
    assert "message" in PortEvent._unrecorded_attributes
    before = dt_util.utcnow()
    await receive(hass, goip, bus)
    found = entity(hass, "event", SMS)
    assert attributes(hass, "event", SMS)["message"] == SECRET
    await async_wait_recording_done(hass)

    def _states() -> list[Any]:
        states = recorded.get_significant_states(
            hass, before, None, [found], include_start_time_state=False, significant_changes_only=False
        )
        return states[found]

    states = await recorder_mock.async_add_executor_job(_states)
    shown = states[-1].attributes
    assert (shown["event_type"], shown["sender"], shown["contact"]) == ("received", ALICE, "Alice")
    assert "message" not in shown
