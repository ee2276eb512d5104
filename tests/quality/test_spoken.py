"""The watch over words finds what it is there to find."""

from collections.abc import Iterator
from typing import Any

from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.selector import (
    ObjectSelector,
    ObjectSelectorConfig,
    ObjectSelectorField,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
)
import pytest
import voluptuous as vol

from tests.spoken import complaints_of_error, complaints_of_issue, complaints_of_step

LINES = ObjectSelector(
    ObjectSelectorConfig(
        translation_key="line", fields={"name": ObjectSelectorField(selector=TextSelector())}
    )
)
SELECTORS: dict[str, Any] = {
    "host": {"options": {"here": "Here"}},
    "line": {"fields": {"name": {"name": "Name"}}},
}
FIELDS = vol.Schema(
    {
        vol.Required("host"): SelectSelector(SelectSelectorConfig(options=["here"], translation_key="host")),
        vol.Required("more"): section(vol.Schema({vol.Optional("limit"): LINES})),
    }
)
STEP: dict[str, Any] = {
    "title": "Add it",
    "description": "It is at {host}.",
    "data": {"host": "Host"},
    "data_description": {"host": "Where it is."},
    "sections": {
        "more": {"name": "More", "data": {"limit": "Limit"}, "data_description": {"limit": "How many."}}
    },
}
WORDS: dict[str, Any] = {
    "step": {"one": STEP, "menu": {"title": "Which?", "menu_options": {"one": "One"}}},
    "error": {"wrong": "Not {host}."},
    "abort": {"over": "Over."},
    "progress": {"wait": "At {address}."},
    "exceptions": {"failed": {"message": "{where} failed."}},
    "issues": {"full": {"title": "{gateway} is full", "description": "Empty {gateway}."}},
}
FORM: dict[str, Any] = {
    "type": FlowResultType.FORM,
    "step_id": "one",
    "data_schema": FIELDS,
    "errors": {"base": "wrong"},
    "description_placeholders": {"host": "here"},
}
MENU = {"type": FlowResultType.MENU, "step_id": "menu", "menu_options": ["one"]}
PROGRESS = {
    "type": FlowResultType.SHOW_PROGRESS,
    "progress_action": "wait",
    "description_placeholders": {"address": "here"},
}
ABORT = {"type": FlowResultType.ABORT, "reason": "over"}
ISSUE = {"translation_key": "full", "is_fixable": False, "translation_placeholders": {"gateway": "it"}}


def without(words: dict[str, Any], *path: str) -> dict[str, Any]:
    """Give words of which a part is missing."""
    key, *rest = path
    if rest:
        return {**words, key: without(words[key], *rest)}
    return {name: part for name, part in words.items() if name != key}


def list_of(complaints: Iterator[str]) -> list[str]:
    return list(complaints)


@pytest.mark.parametrize("shown", [FORM, MENU, PROGRESS, ABORT])
def test_nothing_is_missing(shown: dict[str, Any]) -> None:
    assert list_of(complaints_of_step(WORDS, shown, SELECTORS)) == []


@pytest.mark.parametrize(
    ("shown", "missing", "complaint"),
    [
        (FORM, ("step", "one", "title"), "no words for the step one: title"),
        (FORM, ("step", "one", "data", "host"), "no words for the name of the field host"),
        (FORM, ("step", "one", "data_description"), "no words for the description of the field host"),
        (FORM, ("step", "one", "sections", "more", "name"), "no words for the section more: name"),
        (
            FORM,
            ("step", "one", "sections", "more", "data_description"),
            "no words for the description of the field limit",
        ),
        (FORM, ("error", "wrong"), "no words for the error wrong"),
        (MENU, ("step", "menu", "menu_options", "one"), "no words for the choice one"),
        (PROGRESS, ("progress",), "no words for the progress wait"),
        (ABORT, ("abort", "over"), "no words for the end over"),
    ],
)
def test_missing_words_are_found(shown: dict[str, Any], missing: tuple[str, ...], complaint: str) -> None:
    assert list_of(complaints_of_step(without(WORDS, *missing), shown, SELECTORS)) == [complaint]


@pytest.mark.parametrize(
    ("missing", "complaint"),
    [
        (("host", "options", "here"), "no words for the host: choice here"),
        (("line",), "no words for the line: part name"),
    ],
)
def test_missing_words_of_choices_are_found(missing: tuple[str, ...], complaint: str) -> None:
    found = list_of(complaints_of_step(WORDS, FORM, without(SELECTORS, *missing)))
    assert found == [complaint]


@pytest.mark.parametrize("shown", [FORM, PROGRESS])
def test_missing_values_are_found(shown: dict[str, Any]) -> None:
    found = list_of(complaints_of_step(WORDS, without(shown, "description_placeholders"), SELECTORS))
    assert found
    assert all(complaint.startswith("no value for {") for complaint in found)


@pytest.mark.parametrize(
    ("err", "complaints"),
    [
        (HomeAssistantError("Oh"), ["an error in words that cannot be translated: HomeAssistantError('Oh')"]),
        (
            HomeAssistantError(translation_domain="gsm_gateway", translation_key="failed"),
            ["no value for {where} in: {where} failed."],
        ),
        (
            HomeAssistantError(translation_domain="gsm_gateway", translation_key="other"),
            ["no words for the error other"],
        ),
        (
            HomeAssistantError(
                translation_domain="gsm_gateway",
                translation_key="failed",
                translation_placeholders={"where": "it"},
            ),
            [],
        ),
        (HomeAssistantError(translation_domain="homeassistant", translation_key="other"), []),
    ],
)
def test_errors_without_words_are_found(err: HomeAssistantError, complaints: list[str]) -> None:
    assert list_of(complaints_of_error(WORDS, err, "gsm_gateway")) == complaints


def test_an_error_of_somebody_else_is_not_ours() -> None:
    assert list_of(complaints_of_error(WORDS, HomeAssistantError("Oh"), "light")) == []


@pytest.mark.parametrize(
    ("issue", "complaints"),
    [
        (ISSUE, []),
        ({**ISSUE, "is_fixable": True}, ["no words for the issue full: fix_flow"]),
        (
            {**ISSUE, "translation_placeholders": None},
            [
                "no value for {gateway} in: {gateway} is full",
                "no value for {gateway} in: Empty {gateway}.",
            ],
        ),
        (
            {**ISSUE, "translation_key": "other"},
            ["no words for the issue other: title", "no words for the issue other: description"],
        ),
    ],
)
def test_issues_without_words_are_found(issue: dict[str, Any], complaints: list[str]) -> None:
    assert list_of(complaints_of_issue(WORDS, issue)) == complaints
