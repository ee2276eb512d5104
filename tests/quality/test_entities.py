"""The entities and devices of two full boxes, one of each family: what all of them have in common."""

from collections import Counter
import logging
from unittest.mock import PropertyMock, patch

from homeassistant.const import EntityCategory, Platform
from homeassistant.core import DOMAIN as HOMEASSISTANT, HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway.aiogsm import FAMILIES
from tests.conftest import DOMAIN, register, set_up
from tests.simulators.goip import GoIP
from tests.source import words

NAMELESS = {Platform.NOTIFY}
"""What bears the name of its device alone: a contact's entity."""

OFF_BY_DEFAULT = {"imei", "imsi", "iccid", "phone_number", "smsc"}
"""Identities, and what few people need: at least these."""


@pytest.fixture
def boxes(neogate_entry: MockConfigEntry, goip_entry: MockConfigEntry) -> dict[str, MockConfigEntry]:
    return {"neogate": neogate_entry, "goip": goip_entry}


@pytest.fixture(params=FAMILIES)
async def entry(
    request: pytest.FixtureRequest, hass: HomeAssistant, goip: GoIP, boxes: dict[str, MockConfigEntry]
) -> MockConfigEntry:
    """Set both boxes up with all their entities enabled, and give one of them."""
    with patch.object(Entity, "entity_registry_enabled_default", PropertyMock(return_value=True)):
        await set_up(hass, boxes[request.param])
        await register(hass, goip)
    return boxes[request.param]


def entities(hass: HomeAssistant, entry: MockConfigEntry) -> list[Entity]:
    """Give the entities of a box as they are, and not only what is registered of them."""
    return [
        entity
        for platform in async_get_platforms(hass, DOMAIN)
        if platform.config_entry is entry
        for entity in platform.entities.values()
    ]


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


async def test_every_entity_has_a_unique_id_of_its_box(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    ids = [(entity.platform.domain, entity.unique_id) for entity in entities(hass, entry)]
    assert len(ids) > 20
    assert len(ids) == len(registered(hass, entry))
    assert [one for one, count in Counter(ids).items() if count > 1] == []
    for platform, unique_id in ids:
        assert str(unique_id).startswith(f"{entry.unique_id}_")
        rest = str(unique_id).removeprefix(f"{entry.unique_id}_").split("_")
        assert {DOMAIN, platform}.isdisjoint(rest)


async def test_every_entity_is_named_by_its_key_and_its_device(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    for entity in entities(hass, entry):
        platform = entity.platform.domain
        assert entity.has_entity_name, entity
        assert entity.device_entry is not None, entity
        if platform in NAMELESS:
            assert entity.name is None
        else:
            named = words("translations/en.json")["entity"][platform][entity.translation_key]
            assert entity.name == named["name"]
            assert str(entity.unique_id).endswith(f"_{entity.translation_key}")


async def test_every_entity_has_an_icon_of_its_class_or_of_ours(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    icons = words("icons.json")["entity"]
    for entity in entities(hass, entry):
        platform = entity.platform.domain
        assert entity.icon is None, entity  # else nobody could choose another in a theme
        has_class = entity.device_class not in (None, "enum")
        if platform not in NAMELESS:
            assert has_class or entity.translation_key in icons[platform], entity.entity_id


async def test_states_that_are_texts_of_ours_have_words(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    named = words("translations/en.json")["entity"]
    for entity in entities(hass, entry):
        options = (entity.capability_attributes or {}).get("options", [])
        if options:
            assert {*options} == named[entity.platform.domain][entity.translation_key]["state"].keys()


async def test_what_is_a_setting_or_a_detail_says_so(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    for entity in entities(hass, entry):
        if entity.platform.domain in {Platform.NUMBER, Platform.SWITCH}:
            assert entity.entity_category is EntityCategory.CONFIG, entity.entity_id
        if entity.translation_key in OFF_BY_DEFAULT:
            assert entity.entity_category is EntityCategory.DIAGNOSTIC, entity.entity_id


@pytest.mark.parametrize("family", FAMILIES)
async def test_details_are_off_by_default(
    hass: HomeAssistant, boxes: dict[str, MockConfigEntry], family: str
) -> None:
    await set_up(hass, boxes[family])
    details = [one for one in registered(hass, boxes[family]) if one.translation_key in OFF_BY_DEFAULT]
    assert details
    assert [one.entity_id for one in details if one.disabled_by is None] == []


async def test_a_box_and_its_ports_are_devices(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    registry, family = dr.async_get(hass), FAMILIES[entry.data["family"]]
    box = registry.async_get_device_by_identifier((DOMAIN, str(entry.unique_id)), entry.entry_id)
    assert box is not None
    assert (box.manufacturer, box.model, box.name) == (family.manufacturer, family.model, entry.title)
    assert box.configuration_url == "http://127.0.0.1"
    children = dr.async_child_entries_for_config_entry(registry, entry.entry_id)
    assert len(children) == 2
    assert {child.parent_device_id for child in children} == {box.id}


async def test_asking_for_an_update_does_no_harm(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await async_setup_component(hass, HOMEASSISTANT, {})
    ids = [entity.entity_id for entity in entities(hass, entry)]
    before = {entity_id: hass.states.get(entity_id) for entity_id in ids}
    await hass.services.async_call(HOMEASSISTANT, "update_entity", {"entity_id": ids}, blocking=True)
    await hass.async_block_till_done()
    assert {entity_id: hass.states.get(entity_id) for entity_id in ids} == before
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_ports_ready(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """What is said of entities above is said of entities that work."""
    (ready,) = [one for one in registered(hass, entry) if one.translation_key == "ports_ready"]
    state = hass.states.get(ready.entity_id)
    assert state is not None
    assert state.state == "2"
