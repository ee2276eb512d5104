"""Texting people: an entity for each contact, and the classic actions beside them."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from tests.simulators.goip import GoIP
from tests.simulators.simulator import LOOPBACK, Simulator

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    GOIP_ID,
    STRANGER,
    Clock,
    act,
    add_contact,
    assert_platform,
    assert_translated,
    box_device,
    contact_device,
    entity,
    goip_data,
    register,
    run,
    seen,
    set_up,
    state,
    subentry_id,
)


def numbers(box: Simulator) -> list[str]:
    """Give whom the network was told to text."""
    return [sms.number for sms in box.outbox]


async def tell(hass: HomeAssistant, entity_id: str, message: str = "Hello") -> None:
    """Text somebody by their entity."""
    await act(hass, "send_message", {"entity_id": entity_id, "message": message}, domain="notify")


async def notify(hass: HomeAssistant, name: str, message: str = "Hello", **fields: object) -> None:
    """Run a classic notify action."""
    await act(hass, name, {"message": message, **fields}, domain="notify")


def edit(hass: HomeAssistant, entry: MockConfigEntry, who: str, **changes: object) -> None:
    """Change a contact as the UI does."""
    subentry = entry.subentries[subentry_id(entry, who)]
    data: dict[str, Any] = {**subentry.data, **changes}
    hass.config_entries.async_update_subentry(
        entry, subentry, data=data, title=data["name"], unique_id=data["number"]
    )


# Entities.


async def test_entities(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    await assert_platform(hass, goip_entry, Platform.NOTIFY, snapshot, goip)


async def test_contact_has_an_entity_on_a_device_of_its_own(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    alice = entity(hass, "notify", f"{GOIP_ID}_{subentry_id(loaded_goip, 'Alice')}")
    assert alice == "notify.alice"
    device = contact_device(hass, loaded_goip, "Alice")
    assert device.name == "Alice"
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert device.via_device_id == box_device(hass, loaded_goip)

    await tell(hass, alice, "Grüße")

    assert [(sms.number, sms.text) for sms in goip.outbox] == [(ALICE, "Grüße")]
    found = hass.states.get(alice)
    assert found is not None
    assert found.state not in ("unknown", "unavailable")


async def test_several_at_once(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    data = {"entity_id": ["notify.alice", "notify.bob"], "message": "Hello"}
    await act(hass, "send_message", data, domain="notify")

    assert sorted(numbers(goip)) == sorted([ALICE, BOB])


async def test_failure_raises(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    goip.fail_next_send("goip1")
    with pytest.raises(HomeAssistantError) as caught:
        await tell(hass, "notify.alice", "the secret")

    assert_translated(caught.value, "send_failed")
    placeholders = caught.value.translation_placeholders or {}
    assert placeholders["recipients"] == "Alice"
    assert ALICE not in str(placeholders)
    assert "the secret" not in str(placeholders)


async def test_wrong_input_raises(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    received = len(goip.received)
    with pytest.raises(ServiceValidationError) as caught:
        await tell(hass, "notify.alice", "x" * 3001)

    assert_translated(caught.value, "invalid_text_too_long")
    assert len(goip.received) == received


async def test_renamed_contact(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    edit(hass, loaded_goip, "Alice", name="Alicia", number=STRANGER)
    await hass.async_block_till_done()

    assert contact_device(hass, loaded_goip, "Alicia").name == "Alicia"
    await tell(hass, "notify.alice")  # automations go on: the entity keeps its id
    assert numbers(goip) == [STRANGER]


async def test_contact_that_only_gets_another_number(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    edit(hass, loaded_goip, "Alice", number=STRANGER)
    await hass.async_block_till_done()
    await tell(hass, "notify.alice")
    await notify(hass, "goip_alice", "Hello again")
    await notify(hass, "goip", "And again", target="Alice")

    assert numbers(goip) == [STRANGER] * 3


async def test_renamed_contact_whose_device_is_gone(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    dr.async_get(hass).async_remove_device(contact_device(hass, loaded_goip, "Alice").id)
    edit(hass, loaded_goip, "Alice", name="Alicia")
    await hass.async_block_till_done()
    await notify(hass, "goip_alicia")

    assert numbers(goip) == [ALICE]


async def test_contact_comes_and_goes(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    added = add_contact(hass, loaded_goip, "Carol", STRANGER)
    await hass.async_block_till_done()
    await tell(hass, "notify.carol")
    await notify(hass, "goip_carol", "Hello again")
    assert numbers(goip) == [STRANGER, STRANGER]

    assert hass.config_entries.async_remove_subentry(loaded_goip, added)
    await hass.async_block_till_done()

    assert hass.states.get("notify.carol") is None
    assert er.async_get(hass).async_get("notify.carol") is None
    assert not hass.services.has_service("notify", "goip_carol")
    assert hass.services.has_service("notify", "goip_alice")
    await tell(hass, "notify.alice")


# Classic actions.


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (ALICE, [ALICE]),
        ([ALICE, STRANGER], [ALICE, STRANGER]),
        (f"{ALICE}, Bob", [ALICE, BOB]),
        (["alice", f"tel:{ALICE}"], [ALICE]),
        (15551234567, [ALICE]),
        ("80808", ["80808"]),
    ],
)
async def test_classic(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, target: object, expected: list[str]
) -> None:
    await notify(hass, "goip", target=target, title="ignored", data={"ignored": True})

    assert sorted(numbers(goip)) == sorted(expected)
    assert {sms.text for sms in goip.outbox} == {"Hello"}


@pytest.mark.parametrize("fields", [{}, {"target": []}, {"target": " , "}])
async def test_classic_without_target(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, fields: dict[str, object]
) -> None:
    received = len(goip.received)
    with pytest.raises(ServiceValidationError) as caught:
        await notify(hass, "goip", **fields)  # type: ignore[arg-type]

    assert_translated(caught.value, "no_target")
    assert len(goip.received) == received


async def test_classic_to_nobody_we_know(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    received = len(goip.received)
    with pytest.raises(ServiceValidationError) as caught:
        await notify(hass, "goip", target=["Alice", "Carol"])

    assert_translated(caught.value, "unknown_recipient")
    assert (caught.value.translation_placeholders or {})["recipient"] == "Carol"
    assert len(goip.received) == received


async def test_classic_for_a_contact(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    await notify(hass, "goip_bob")

    assert numbers(goip) == [BOB]


async def test_classic_failure_names_who_was_asked_for(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.fail_next_send("goip1")
    goip.fail_next_send("goip2")
    with pytest.raises(HomeAssistantError) as caught:
        await notify(hass, "goip", target=["Bob", ALICE])
    assert_translated(caught.value, "send_failed")
    assert (caught.value.translation_placeholders or {})["recipients"] == f"Bob, {ALICE}"


async def test_classic_failure_of_a_contact_names_no_number(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.fail_next_send("goip1")
    with pytest.raises(HomeAssistantError) as caught:
        await notify(hass, "goip_alice")
    assert_translated(caught.value, "send_failed")
    assert (caught.value.translation_placeholders or {})["recipients"] == "Alice"


async def test_classic_actions_follow_a_renamed_contact(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    edit(hass, loaded_goip, "Alice", name="Alicia")
    await hass.async_block_till_done()

    assert not hass.services.has_service("notify", "goip_alice")
    await notify(hass, "goip_alicia")
    assert numbers(goip) == [ALICE]


async def test_classic_actions_go_with_the_entry(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    names = ("goip", "goip_alice", "goip_bob")
    assert all(hass.services.has_service("notify", name) for name in names)

    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    await hass.async_block_till_done()
    assert not any(hass.services.has_service("notify", name) for name in names)

    await set_up(hass, loaded_goip)
    assert all(hass.services.has_service("notify", name) for name in names)


async def test_two_boxes_of_one_title(
    hass: HomeAssistant, simulators: AsyncExitStack, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    box = GoIP(
        lines=1, prefix="barn", password="another", server=(LOOPBACK, udp_port), keepalive_interval=None
    )
    other = await run(simulators, box)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="GoIP",
        unique_id="44444_barn1",
        data=goip_data(udp_port, "barn1", password="another", notify_name="goip_2"),
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await register(hass, other)
    assert entry.state is ConfigEntryState.LOADED

    await notify(hass, "goip_2", target=ALICE)
    assert (numbers(goip), numbers(other)) == ([], [ALICE])
    await notify(hass, "goip", target=BOB)
    assert (numbers(goip), numbers(other)) == ([BOB], [ALICE])

    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not hass.services.has_service("notify", "goip_2")
    await notify(hass, "goip", "Hello again", target=BOB)
    assert numbers(goip) == [BOB, BOB]


async def test_text_that_waits_for_the_box(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, clock: Clock
) -> None:
    await set_up(hass, goip_entry)
    telling = asyncio.create_task(tell(hass, "notify.alice"))
    await seen(hass, lambda: state(hass, "sensor", f"{GOIP_ID}_queue") == "1")
    clock.skip(60)
    await telling  # it has waited long enough, and raises nothing
    assert goip.outbox == []

    await register(hass, goip)
    await goip.wait_for(lambda: numbers(goip) == [ALICE])
