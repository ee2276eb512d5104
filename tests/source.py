"""What the rules about our own files read them by."""

import ast
from collections.abc import Iterator
from functools import cache
import json
from pathlib import Path
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components import gsm_gateway
from custom_components.gsm_gateway.aiogsm import FAMILIES
from custom_components.gsm_gateway.config_flow import GsmGatewayConfigFlow

TESTS = Path(__file__).parent
INTEGRATION = Path(gsm_gateway.__file__).parent
LIBRARY = INTEGRATION / "aiogsm"
ROOT = TESTS.parent

LIBRARY_FILES = sorted(LIBRARY.rglob("*.py"))
HOME_ASSISTANT_FILES = sorted(INTEGRATION.glob("*.py"))


def name_of(path: Path) -> str:
    root = INTEGRATION if path.is_relative_to(INTEGRATION) else TESTS
    return path.relative_to(root).as_posix()


def each(files: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", files, ids=name_of)


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def nodes[T: ast.AST](path: Path, *kinds: type[T]) -> Iterator[T]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, kinds))


@cache
def words(file: str) -> Any:  # noqa: ANN401 - JSON
    return json.loads((INTEGRATION / file).read_text())


def strings_in(*parts: ast.AST | None) -> set[str]:
    return {
        node.value
        for part in parts
        if part is not None
        for node in ast.walk(part)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def called(call: ast.Call) -> str:
    """Give the last name of what is called."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def keyword(call: ast.Call, name: str) -> set[str]:
    """Give the string that a call gives as ``name``, if it does."""
    given = [one.value for one in call.keywords if one.arg == name]
    return {node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@cache
def actions() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((INTEGRATION / "services.yaml").read_text())
    return loaded


@cache
def triggers() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((INTEGRATION / "triggers.yaml").read_text())
    return {key: described for key, described in loaded.items() if not key.startswith(".")}


def _entry_of(family: str) -> MockConfigEntry:
    """Give an entry that says of which family its box is, and no more."""
    return MockConfigEntry(domain=gsm_gateway.DOMAIN, data={"family": family})


def all_flows() -> dict[str, tuple[type, list[str]]]:
    """Give the class of every dialog, and where its words are."""
    found: dict[str, tuple[type, list[str]]] = {"config": (GsmGatewayConfigFlow, ["config"])}
    for entry in (_entry_of(family) for family in FAMILIES):
        found["options"] = (type(GsmGatewayConfigFlow.async_get_options_flow(entry)), ["options"])
        for kind, flow in GsmGatewayConfigFlow.async_get_supported_subentry_types(entry).items():
            found[kind] = (flow, ["config_subentries", kind])
    return found
