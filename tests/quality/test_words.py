"""The words of translations/en.json, as hassfest wants them, and that none of them is left over."""

import ast
from collections.abc import Iterator
import re
import sys
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import get_system_health_info

from custom_components import gsm_gateway
from custom_components.gsm_gateway.const import DOMAIN
from tests.source import HOME_ASSISTANT_FILES, INTEGRATION, all_flows, called, nodes, words
from tests.spoken import blanks

WORDS: dict[str, Any] = words("translations/en.json")
FLOWS = all_flows()

PARTS = {
    "common", "conditions", "config", "config_subentries", "device", "entity", "exceptions", "issues",
    "options", "selector", "services", "system_health", "title", "triggers",
}  # fmt: skip
"""What Home Assistant looks up in the words of an integration."""

ISSUE_BLANKS = {"gateway", "port"}
"""What every issue is told."""


def parts(named: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give every text with its path."""
    for key, value in named.items():
        if isinstance(value, dict):
            yield from parts(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def test_the_parts_are_those_that_are_looked_up() -> None:
    assert WORDS.keys() <= PARTS


@pytest.mark.parametrize(
    "wrong",
    [r"<[a-z/]", r"https?://", r"^\s|\s$", r"'\{\w+\}'", r"\[%key:", r"  ", r"^$"],
    ids=["HTML", "an address", "blanks around", "quoted blanks", "references", "two blanks", "nothing"],
)
def test_no_text_has(wrong: str) -> None:
    assert [path for path, text in parts(WORDS) if re.search(wrong, text)] == []


def test_keys_are_plain() -> None:
    names = {name for path, _ in parts(WORDS) for name in path.split(".")}
    assert [name for name in names if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name)] == []


def strings_of(flow: type) -> set[str]:
    """Give all texts and all constants that a dialog's files know by name or write out."""
    modules = {one.__module__ for one in flow.__mro__ if one.__module__.startswith(gsm_gateway.__name__)}
    known: set[str] = set()
    for name in modules:
        module = sys.modules[name]
        known |= {value for value in vars(module).values() if isinstance(value, str)}
        known |= {node.value for node in nodes_of(name) if isinstance(node.value, str)}
    return known


def nodes_of(module: str) -> Iterator[ast.Constant]:
    *_, name = module.split(".")
    return nodes(INTEGRATION / f"{name}.py", ast.Constant)


@pytest.mark.parametrize("name", FLOWS)
def test_no_field_of_a_form_is_left_over(name: str) -> None:
    """That none is missing is seen when the form is shown, in any test: see tests/spoken.py."""
    flow, path = FLOWS[name]
    named = WORDS
    for key in path:
        named = named[key]
    fields = {
        field
        for step in named["step"].values()
        for part in (step, *step.get("sections", {}).values())
        for field in part.get("data", {})
    }
    assert fields - strings_of(flow) == set()


@pytest.mark.parametrize("kind", WORDS["config_subentries"])
def test_a_subentry_says_what_it_is_and_how_one_is_added(kind: str) -> None:
    named = WORDS["config_subentries"][kind]
    assert kind in FLOWS
    assert named["entry_type"]
    assert named["initiate_flow"].keys() == {"user", "reconfigure"} & named["step"].keys()


def test_issues_have_only_blanks_that_are_filled() -> None:
    told = {
        str(one.arg)
        for path in HOME_ASSISTANT_FILES
        for call in nodes(path, ast.Call)
        if called(call) == "async_raise_issue"
        for one in call.keywords
    }
    # An issue about a box that is not set up tells what the error did.
    told |= {
        str(ast.literal_eval(name))
        for path in HOME_ASSISTANT_FILES
        for one in nodes(path, ast.keyword)
        if one.arg == "translation_placeholders" and isinstance(one.value, ast.Dict)
        for name in one.value.keys
        if isinstance(name, ast.Constant)
    }
    for key, issue in WORDS["issues"].items():
        shown = [issue["title"], issue.get("description", "")]
        used = {blank for text in shown for blank in blanks(text)}
        assert used <= told | ISSUE_BLANKS, key
        assert "gateway" in blanks(issue["title"]), key


def test_an_issue_that_can_be_ended_says_so_in_a_dialog_with_a_title() -> None:
    for key, issue in WORDS["issues"].items():
        for step in issue.get("fix_flow", {}).get("step", {}).values():
            assert {"title", "description"} <= step.keys(), key


async def test_system_health_has_words_and_none_are_left_over(hass: HomeAssistant) -> None:
    named = WORDS.get("system_health", {}).get("info", {})
    assert bool(named) == (INTEGRATION / "system_health.py").exists()
    if not named:
        return
    assert await async_setup_component(hass, "system_health", {})
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    info = await get_system_health_info(hass, DOMAIN)
    assert info.keys() <= named.keys()
    source = (INTEGRATION / "system_health.py").read_text()
    assert {key for key in named if f'"{key}":' not in source} == set()
