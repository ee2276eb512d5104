"""What the documentation has to name: every action, trigger and option, and how to begin and to end."""

from functools import cache
import re
from typing import Any

import pytest

from tests.source import ROOT, actions, triggers, words


@cache
def documentation() -> str:
    """Give the README and all pages beside it."""
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return "\n".join(page.read_text() for page in pages)


def headings() -> list[str]:
    return re.findall(r"^#+ (.+)$", documentation(), re.MULTILINE)


def fields_of(described: dict[str, Any]) -> set[str]:
    """Give the fields of an action or a trigger, those in sections among them."""
    found = set()
    for name, field in described.get("fields", {}).items():
        found |= fields_of(field) if "fields" in field else {name}
    return found


@pytest.mark.parametrize("kind", ["Install", "Add a", "Triggers", "Actions", "Options", "Limits", "Remove"])
def test_there_is_a_section(kind: str) -> None:
    assert any(heading.startswith(kind) for heading in headings())


def test_every_action_is_described_with_its_fields() -> None:
    for action, described in actions().items():
        assert re.search(rf"`(gsm_gateway\.)?{action}`", documentation()), action
        for field in fields_of(described):
            assert re.search(rf"`{field}[`:]", documentation()), f"{action}: {field}"


def test_every_trigger_is_described_with_its_fields() -> None:
    for trigger, described in triggers().items():
        assert f"`gsm_gateway.{trigger}`" in documentation(), trigger
        for field in fields_of(described):
            assert f"`{field}`" in documentation(), f"{trigger}: {field}"


def test_every_option_is_described() -> None:
    """In a row of a table that has all words of its name: a row may be about two of a kind."""
    rows = [line.casefold() for line in documentation().splitlines() if line.startswith("|")]
    sections = words("translations/en.json")["options"]["step"]["init"]["sections"]
    for section in sections.values():
        for name in section["data"].values():
            parts = [re.compile(rf"\b{re.escape(part)}\b") for part in name.casefold().split()]
            assert any(all(part.search(row) for part in parts) for row in rows), name
