"""The texts in every language: as complete as the English ones, and fit for where they are shown."""

from collections import defaultdict
from functools import cache
from itertools import combinations
import json
from pathlib import Path
import re
from string import Formatter
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.generated.languages import LANGUAGES as LANGUAGES_OF_HOME_ASSISTANT
from homeassistant.helpers.translation import async_get_translations, recursive_flatten
import pytest

from custom_components import gsm_gateway

from .conftest import DOMAIN

FOLDER = Path(gsm_gateway.__file__).with_name("translations")
ENGLISH = "en"
LANGUAGES = {ENGLISH, "de", "es", "fr", "pl", "pt-BR", "ru", "uk", "zh-Hans"}

FOUND = sorted(path.stem for path in FOLDER.glob("*.json"))
TRANSLATED = [language for language in FOUND if language != ENGLISH]

NAMES = (
    "API",
    "DBL",
    "GSM Gateway",
    "GoIP",
    "Home Assistant",
    "ICCID",
    "IMEI",
    "IMSI",
    "NeoGate TG",
    "PIN",
    "SIM",
    "UDP",
    "USSD",
    "VoIP",
    "Yeastar",
)
"""What is called the same everywhere."""

SAME = {
    "de": {
        "Code",
        "Gateway",
        "Gateways",
        "Host",
        "Limits",
        "Name",
        "Normal",
        "Offline",
        "Port",
        "Roaming",
        "SMS",
        "Status",
    },
    "es": {"Host", "Normal", "SMS"},
    "fr": {
        "Code",
        "Contact",
        "Contacts",
        "Message",
        "Messages",
        "Minutes",
        "Options",
        "Port",
        "SMS",
    },
    "pl": {"Host", "Limit", "Operator", "Port", "SMS"},
    "pt-BR": {"Gateway", "Gateways", "Host", "Normal", "Offline", "SMS", "Status"},
    "ru": {"SMS"},
    "uk": {"SMS"},
}
"""Texts, without names and placeholders, for which a language has the same word as English."""

REFERENCES = (
    "selector.forwarding_reason.options.no_reply",
    "services.get_messages.name",
    "services.refresh_cells.name",
)
"""Texts that other texts speak of."""

FAULTS = {
    "nothing": re.compile(r"\A\Z"),
    "a blank at its begin or end": re.compile(r"\A\s|\s\Z"),
    "a tag": re.compile(r"[<>]"),
    "an address of the web": re.compile(r"\w://|\bwww\."),
    # In a message format, which the frontend takes them for, it would quote the brace.
    "an apostrophe at a brace": re.compile(r"'[{}]|[{}]'"),
    "a brace that is of no placeholder": re.compile(r"\A(?:[^{}]|\{\w+\})*+[{}]"),
}

SENTENCE = 40
"""Characters that no two languages write alike."""


@cache
def words(language: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text())
    return loaded


@cache
def texts(language: str) -> dict[str, str]:
    """Give the texts of a language by where they stand."""
    return recursive_flatten("", words(language))


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def without_names(text: str) -> str:
    """Give what is left to be translated of a text."""
    names = "|".join(re.escape(name) for name in NAMES)
    return re.sub(rf"\{{\w+\}}|\b(?:{names})\b", "", text).strip()


def group_of(where: str) -> str | None:
    """Give what a text is to be told apart in, if it is one of several to choose or to read side by side."""
    match where.split("."):
        case [*group, _, "name"]:
            return ".".join([*group, "*", "name"])
        case [*group, ("state" | "options" | "data" | "menu_options") as kind, _]:
            return ".".join([*group, kind])
    return None


each_language = pytest.mark.parametrize("language", FOUND)
each_translation = pytest.mark.parametrize("language", TRANSLATED)


def test_all_languages_are_there_and_home_assistant_knows_them() -> None:
    assert set(FOUND) == LANGUAGES
    assert LANGUAGES <= LANGUAGES_OF_HOME_ASSISTANT


@each_language
def test_a_file_is_written_as_the_english_one(language: str) -> None:
    """Two of the same key in one place do not come through this."""
    written = json.dumps(words(language), ensure_ascii=False, indent=2)
    assert (FOLDER / f"{language}.json").read_text() == f"{written}\n"


@each_language
def test_a_language_has_all_texts_in_the_same_order_and_none_are_left_over(language: str) -> None:
    assert list(texts(language)) == list(texts(ENGLISH))
    assert all(isinstance(text, str) for text in texts(language).values())


@each_translation
def test_a_text_has_the_placeholders_of_the_english_one(language: str) -> None:
    english = {where: placeholders(text) for where, text in texts(ENGLISH).items()}
    assert {where: placeholders(text) for where, text in texts(language).items()} == english


@each_language
@pytest.mark.parametrize("fault", FAULTS)
def test_no_text_holds(language: str, fault: str) -> None:
    assert not {where: text for where, text in texts(language).items() if FAULTS[fault].search(text)}


@each_translation
def test_a_text_is_as_in_english_only_where_the_words_are(language: str) -> None:
    english = texts(ENGLISH)
    same = {without_names(text) for where, text in texts(language).items() if text == english[where]}
    assert {text for text in same if re.search(r"[^\W\d_]", text)} == SAME.get(language, set())


@pytest.mark.parametrize("languages", combinations(FOUND, 2), ids="-".join)
def test_no_two_languages_share_a_sentence(languages: tuple[str, str]) -> None:
    one, other = ({text for text in texts(each).values() if len(text) >= SENTENCE} for each in languages)
    assert not one & other


@each_translation
def test_a_text_keeps_the_names_of_the_english_one(language: str) -> None:
    lost = {
        where: name
        for where, english in texts(ENGLISH).items()
        for name in NAMES
        if re.search(rf"\b{name}\b", english) and name not in texts(language)[where]
    }
    assert not lost


@each_translation
@pytest.mark.parametrize("named", REFERENCES)
def test_a_text_that_speaks_of_another_calls_it_by_its_name(language: str, named: str) -> None:
    english, name = texts(ENGLISH), texts(language)[named]
    speakers = [
        where
        for where, text in english.items()
        if english[named].casefold() in text.casefold() and text != english[named]
    ]
    assert speakers
    assert not {where for where in speakers if name not in texts(language)[where]}


@each_language
def test_what_stands_side_by_side_is_told_apart(language: str) -> None:
    """Entities of a platform, states of an entity, choices of a select, fields of a form or an action."""
    groups = defaultdict(list)
    for where, text in texts(language).items():
        groups[group_of(where)].append(text.casefold())
    del groups[None]
    assert not {group: found for group, found in groups.items() if len(found) != len({*found})}


@each_language
async def test_home_assistant_shows_every_text(hass: HomeAssistant, language: str) -> None:
    """It takes the English one for what is missing, or has other placeholders."""
    for category in words(ENGLISH):
        shown = await async_get_translations(hass, language, category, [DOMAIN])
        assert shown == recursive_flatten(f"component.{DOMAIN}.{category}.", words(language)[category])
