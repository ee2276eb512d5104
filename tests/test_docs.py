"""The pages say all that there is to say, and nothing that is not so."""

from datetime import UTC, datetime
from functools import cache
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
import yaml

from custom_components.gsm_gateway.aiogsm import (
    Call,
    CallEventType,
    Message,
    MessageError,
    MessageStatus,
    ReceivedSms,
)
from custom_components.gsm_gateway.announcer import Announcer
from custom_components.gsm_gateway.contacts import ContactBook
from custom_components.gsm_gateway.lockouts import Lockouts

from .conftest import ALICE, BUS_EVENTS, DOMAIN, TRANSLATIONS
from .pages import (
    PAGES,
    README,
    ROOT,
    anchors,
    code,
    examples,
    first_cells,
    links,
    name_of,
    prose,
    sections,
    tables,
    words_of_code,
)

INTEGRATION = ROOT / "custom_components" / DOMAIN
DOCS = ROOT / "docs"

SERVICES: dict[str, Any] = TRANSLATIONS["services"]
TRIGGERS: dict[str, Any] = TRANSLATIONS["triggers"]

MOST_SECTIONS = 8
"""Of the README: what is more belongs on a page of its own."""

RULES = {
    "docs-actions": "docs/actions.md",
    "docs-triggers": "docs/triggers.md#triggers",
    "docs-high-level-description": "README.md",
    "docs-installation-instructions": "docs/installation.md#install",
    "docs-removal-instructions": "docs/installation.md#remove",
    "docs-configuration-parameters": "docs/options.md",
    "docs-installation-parameters (NeoGate)": "docs/neogate.md#add-a-neogate-tg",
    "docs-installation-parameters (GoIP)": "docs/goip.md#add-a-goip",
    "docs-data-update": "docs/entities.md#how-it-is-kept-up-to-date",
    "docs-examples": "docs/examples.md",
    "docs-known-limitations": "docs/limits.md#known-limitations",
    "docs-supported-devices": "README.md",
    "docs-supported-functions": "docs/entities.md",
    "docs-troubleshooting": "docs/troubleshooting.md",
    "docs-use-cases": "docs/examples.md",
}
"""Where the rules of the Integration Quality Scale about documentation are kept."""

every_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@cache
def written() -> str:
    """Give all pages, without their examples."""
    return "\n".join(prose(page) for page in PAGES)


def is_there(target: str, beside: Path) -> bool:
    """Whether a relative link leads to a file, and to a heading if it names one."""
    file, _, anchor = target.partition("#")
    path = beside.parent / file if file else beside
    return path.exists() and (not anchor or anchor in anchors(path))


# The pages


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    relative = [link for link in links(page) if not link.startswith(("https://", "http://"))]
    assert [link for link in relative if not is_there(link, page)] == []


@every_page
def test_a_page_begins_with_what_it_is_for(page: Path) -> None:
    title, _, rest = page.read_text().partition("\n\n")
    assert re.fullmatch(r"# .+", title)
    assert page == README or re.match(r"[A-Z][^|>#\n]", rest)
    assert len(re.findall(r"(?m)^# ", prose(page))) == 1


def test_every_page_is_in_the_table_of_the_readme() -> None:
    assert {f"docs/{page.name}" for page in PAGES if page != README} <= set(links(README))


@pytest.mark.parametrize("target", RULES.values(), ids=RULES)
def test_a_rule_of_the_quality_scale_is_answered(target: str) -> None:
    assert is_there(target, README)


# Examples

EXAMPLES = [
    pytest.param(yaml.safe_load(example), id=f"{name_of(page)}-{number}")
    for page in PAGES
    for number, example in enumerate(examples(page, "yaml"), 1)
]


def of_ours(steps: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    return [step for step in steps if str(step.get(key, "")).startswith(f"{DOMAIN}.")]


@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_is_valid(hass: HomeAssistant, example: dict[str, Any]) -> None:
    cv.TRIGGER_SCHEMA(example.get("triggers", []))
    cv.CONDITIONS_SCHEMA(example.get("conditions", []))
    cv.SCRIPT_SCHEMA(example.get("actions", []))
    for trigger in of_ours(example.get("triggers", []), "trigger"):
        fields = TRIGGERS[trigger["trigger"].removeprefix(f"{DOMAIN}.")]["fields"]
        assert trigger.get("options", {}).keys() <= fields.keys()
    described = yaml.safe_load((INTEGRATION / "services.yaml").read_text())
    for step in of_ours(example.get("actions", []), "action"):
        action = step["action"].removeprefix(f"{DOMAIN}.")
        assert step["data"].keys() <= SERVICES[action]["fields"].keys()
        required = {name for name, field in described[action]["fields"].items() if field.get("required")}
        assert required <= step["data"].keys()


# Actions and triggers


def about_action(action: str) -> str:
    """Give what the page of the actions says of one: in a section of its own, or in a row of a table."""
    parts = sections(DOCS / "actions.md")
    own = [part.text for part in parts if f"`{DOMAIN}.{action}`" in part.heading]
    return "\n".join(
        own
        or [
            " ".join([*table.head, *row])
            for part in parts
            for table in tables(part.text)
            for row in table.rows
            if row[0] == f"`{action}`"
        ]
    )


@pytest.mark.parametrize("action", SERVICES)
def test_every_field_of_every_action_is_explained(action: str) -> None:
    assert set(SERVICES[action]["fields"]) <= words_of_code(about_action(action))


def test_every_field_in_a_table_of_actions_exists() -> None:
    for part in sections(DOCS / "actions.md"):
        actions = re.findall(rf"`{DOMAIN}\.(\w+)`", part.heading)
        known = {field for action in actions for field in SERVICES[action]["fields"]}
        rows = [row for table in tables(part.text) if table.head[0] == "Field" for row in table.rows]
        assert {name for row in rows for name in code(row[0])} <= known


def test_the_table_of_triggers_has_every_trigger_with_its_fields() -> None:
    described = yaml.safe_load((INTEGRATION / "triggers.yaml").read_text())
    rows = [
        row
        for table in tables(prose(DOCS / "triggers.md"))
        if table.head[0] == "Trigger"
        for row in table.rows
    ]
    told = {code(row[0])[0].removeprefix(f"{DOMAIN}."): set(code(row[2])) for row in rows}
    choices = {
        name: {
            choice
            for field in described[name]["fields"].values()
            for choice in field["selector"].get("select", {}).get("options", ())
        }
        for name in told
    }
    assert told == {name: {*trigger["fields"], *choices[name]} for name, trigger in TRIGGERS.items()}
    names = [trigger["name"] for trigger in TRIGGERS.values()]
    assert [name for name in names if f"*{name}*" not in prose(DOCS / "triggers.md")] == []


# Events

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
RECEIVED = ReceivedSms(
    message_id="sms_1", port="1", sender=ALICE, text="a text", received_at=datetime.now(UTC)
)
SENT = Message(message_id="sms_2", recipient=ALICE, text="a text", created_at=NOW, expires_at=NOW, port="1")
CALL = Call(port="1", event=CallEventType.INCOMING, incoming=True, number=ALICE)


TRUSTED = ConfigSubentryData(
    data={"name": "Alice", "number": ALICE, "trusted": True},
    subentry_type="contact",
    title="Alice",
    unique_id=ALICE,
)

TOLD_HERE = 5
"""How many kinds of events the test of their data fires."""


def keys_of_data(cell: str) -> list[str]:
    """Give the keys in a cell; what stands in brackets, or behind a semicolon, is about them."""
    return code(re.sub(r"\([^)]*\)", "", cell).partition(";")[0])


async def test_the_table_of_events_has_all_their_data(hass: HomeAssistant) -> None:
    entry = MockConfigEntry(domain=DOMAIN, subentries_data=[TRUSTED])
    fired = {kind: async_capture_events(hass, kind) for kind in BUS_EVENTS}
    contacts = ContactBook(entry)
    lockouts = Lockouts(hass, entry, contacts)
    announcer = Announcer(hass, entry, contacts, lockouts, lambda port: f"device of {port}")
    announcer.begin()
    announcer.received(RECEIVED)
    announcer.changed(SENT)
    announcer.call(CALL)
    announcer.ussd("1", "a text")
    await hass.async_block_till_done()

    [page] = [part.text for part in sections(DOCS / "triggers.md") if part.heading == "Events"]
    [table] = tables(page)
    common = set(code(page.partition("|")[0]))
    told = {code(row[0])[0]: {*keys_of_data(row[1]), *common} for row in table.rows}
    assert told.keys() == fired.keys()
    known = {kind: set(events[0].data) for kind, events in fired.items() if events}
    assert len(known) == TOLD_HERE
    assert {kind: told[kind] for kind in known} == known


def test_every_status_and_every_error_is_explained() -> None:
    assert {code(name)[0] for name in first_cells("`status`")} == {status.value for status in MessageStatus}
    assert {code(name)[0] for name in first_cells("`error`")} == {error.value for error in MessageError}


# Entities, options, forms and issues


def test_the_tables_of_entities_have_all_of_them_by_their_names() -> None:
    named = {entity["name"] for platform in TRANSLATIONS["entity"].values() for entity in platform.values()}
    assert first_cells("Entity") | first_cells("Per port") | first_cells("Per box") == named


def test_every_state_of_an_entity_is_named() -> None:
    entities = [entity for platform in TRANSLATIONS["entity"].values() for entity in platform.values()]
    states = {state for entity in entities for state in entity.get("state", {}).values()}
    text = written().casefold()
    assert [state for state in states if state.casefold() not in text] == []


def test_the_tables_of_options_have_all_of_them_by_their_names() -> None:
    parts = TRANSLATIONS["options"]["step"]["init"]["sections"].values()
    assert first_cells("Option") == {name for part in parts for name in part["data"].values()}
    lines = TRANSLATIONS["selector"]["line"]["fields"].values()
    assert [field["name"] for field in lines if field["name"] not in prose(DOCS / "options.md")] == []


def test_every_field_of_the_forms_is_explained() -> None:
    flows = [TRANSLATIONS["config"], *TRANSLATIONS["config_subentries"].values()]
    steps = [step for flow in flows for step in flow["step"].values()]
    names = {name for step in steps for name in step.get("data", {}).values()}
    explained = first_cells("Field")
    assert [name for name in names if name not in explained and f"*{name}*" not in written()] == []


def pattern(title: str) -> re.Pattern[str]:
    """Give what a page writes for a title: an ellipsis where it names something."""
    return re.compile(r"\*" + "…".join(map(re.escape, re.split(r"\{\w+\}", title))) + r"\*")


def test_the_tables_of_repair_issues_have_all_of_them_by_their_titles() -> None:
    patterns = [pattern(issue["title"]) for issue in TRANSLATIONS["issues"].values()]
    told = first_cells("Issue")
    assert [one.pattern for one in patterns if not any(one.fullmatch(title) for title in told)] == []
    assert [title for title in told if not any(one.fullmatch(title) for one in patterns)] == []


def test_every_error_of_the_forms_is_in_a_table_of_what_may_be_seen() -> None:
    page = prose(DOCS / "troubleshooting.md")
    seen = [row[0] for table in tables(page) if table.head[0] == "What you see" for row in table.rows]
    begun = [cell.strip("*") for cell in seen if re.fullmatch(r"\*[^*]+\*", cell)]
    errors = TRANSLATIONS["config"]["error"].values()
    assert [error for error in errors if not any(error.startswith(words) for words in begun)] == []
    texts = [*errors, *TRANSLATIONS["config"]["abort"].values()]
    assert [words for words in begun if not any(text.startswith(words) for text in texts)] == []


# Names


@cache
def source() -> set[str]:
    """Give every word of the integration and of what it is published and tested with."""
    files = [path for path in INTEGRATION.rglob("*") if path.suffix in {".py", ".json", ".yaml"}]
    files += [ROOT / "hacs.json", ROOT / "pyproject.toml"]
    return {word for path in files for word in re.findall(r"\w+", path.read_text())}


@every_page
def test_every_name_of_ours_on_a_page_exists(page: Path) -> None:
    text = page.read_text().replace("gsm_gateway.zip", "")
    events = "|".join(kind.removeprefix(f"{DOMAIN}_") for kind in BUS_EVENTS)
    assert set(re.findall(rf"\b{DOMAIN}_(\w+)", text)) <= set(events.split("|"))
    named = set(re.findall(rf"(?<!custom_components\.)(?<!/)\b{DOMAIN}\.([a-z]\w+)", text))
    assert named <= {*SERVICES, *TRIGGERS}


@every_page
def test_every_name_that_is_written_as_code_exists(page: Path) -> None:
    names = {one for one in code(prose(page)) if re.fullmatch(r"[a-z]+(_[a-z]+)+", one)}
    assert names - source() - set(BUS_EVENTS) == set()


@every_page
def test_every_script_on_a_page_exists(page: Path) -> None:
    scripts = set(re.findall(r"(?<![\w/])script/\w+", page.read_text()))
    assert [script for script in scripts if not (ROOT / script).exists()] == []


def test_the_readme_stays_what_a_stranger_needs() -> None:
    assert len(sections(README)) <= MOST_SECTIONS


def test_the_readme_says_how_to_test_and_to_try() -> None:
    assert {"script/test", "script/demo"} <= set(code(prose(README)))
    assert json.loads((INTEGRATION / "manifest.json").read_text())["name"] in README.read_text()
