"""Every rule of the Integration Quality Scale is answered, and what the answers rest on is so.

What can be looked up in a file or two is looked up here; the rest is in ``tests/quality``, by what it reads.
"""

import ast
from functools import cache
from pathlib import Path
import tomllib
from typing import Any

import homeassistant.components
import pytest
import yaml

from custom_components import gsm_gateway
from custom_components.gsm_gateway import diagnostics, repairs
from custom_components.gsm_gateway.config_flow import GsmGatewayConfigFlow
from custom_components.gsm_gateway.coordinator import GsmGatewayCoordinator

from .source import INTEGRATION, LIBRARY, ROOT, called, nodes, words

PYTHON_FILES = sorted(INTEGRATION.rglob("*.py"))

CORE = Path(next(iter(homeassistant.components.__path__)))
EXAMPLE = CORE / "nobo_hub" / "quality_scale.yaml"
"""The answers of a platinum integration, for the names of the rules."""

HTTP_CLIENTS = {"aiohttp", "httpx", "httpx2", "requests", "urllib3", "http"}


@cache
def rules() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text())["rules"]
    return loaded


def status(rule: str) -> str:
    answer = rules()[rule]
    return str(answer if isinstance(answer, str) else answer["status"])


def imported() -> set[str]:
    """Give the first names of all that is imported."""
    names = {alias.name for path in PYTHON_FILES for node in nodes(path, ast.Import) for alias in node.names}
    names |= {
        f"{node.module}" for path in PYTHON_FILES for node in nodes(path, ast.ImportFrom) if not node.level
    }
    return {name.partition(".")[0] for name in names}


def test_all_rules_are_answered_in_the_order_that_core_has_them() -> None:
    known = list(yaml.safe_load(EXAMPLE.read_text())["rules"])
    assert len(known) == 54
    assert list(rules()) == known


@pytest.mark.parametrize("rule", rules())
def test_a_rule_is_done_or_exempt_with_a_reason(rule: str) -> None:
    answer = rules()[rule]
    if answer == "done":
        return
    assert answer.keys() == {"status", "comment"}
    assert answer["status"] in {"done", "exempt"}
    comment = answer["comment"].strip()
    assert len(comment) >= 40, "no reason that would convince anybody"
    assert comment.endswith(".")


def test_what_is_exempt_is_not_there() -> None:
    exempt = {rule for rule in rules() if status(rule) == "exempt"}
    missing = {
        "dependency-transparency": words("manifest.json")["requirements"] == [],
        "docs-conditions": not (INTEGRATION / "condition.py").exists(),
        "inject-websession": imported().isdisjoint(HTTP_CLIENTS),
        "integration-owner": words("manifest.json")["codeowners"] == [],
    }
    assert exempt == {rule for rule, is_so in missing.items() if is_so}


def test_action_setup() -> None:
    """Actions are registered once, by functions that async_setup calls."""
    setup = next(
        node
        for node in nodes(INTEGRATION / "__init__.py", ast.AsyncFunctionDef)
        if node.name == "async_setup"
    )
    by_setup = {called(call) for call in ast.walk(setup) if isinstance(call, ast.Call)}
    for path in PYTHON_FILES:
        calls = [call for call in nodes(path, ast.Call) if called(call) == "async_register"]
        makers = [one for one in nodes(path, ast.FunctionDef) if one.name in by_setup]
        allowed = {id(node) for maker in makers for node in ast.walk(maker)}
        outside = [call.lineno for call in calls if id(call) not in allowed]
        assert path.name == "system_health.py" or outside == [], path


def test_common_modules() -> None:
    assert GsmGatewayCoordinator.__module__.endswith(".coordinator")
    bases = {node.name for node in nodes(INTEGRATION / "entity.py", ast.ClassDef)}
    assert {"GsmBoxEntity", "GsmPortEntity"} <= bases


def test_runtime_data() -> None:
    """What belongs to an entry is in its runtime_data, and what is shared has a typed key."""
    for path in PYTHON_FILES:
        for node in nodes(path, ast.Subscript):
            if isinstance(node.value, ast.Attribute) and node.value.attr == "data":
                owner = ast.unparse(node.value.value)
                typed = f"{ast.unparse(node.slice)}: HassKey[" in path.read_text()
                assert typed or not owner.endswith("hass"), f"{path.name}: {ast.unparse(node)}"


@pytest.mark.parametrize("step", ["user", "dhcp", "integration_discovery", "reauth", "reconfigure"])
def test_flows(step: str) -> None:
    """config-flow, discovery, reauthentication-flow, reconfiguration-flow."""
    assert f"async_step_{step}" in {name for one in GsmGatewayConfigFlow.__mro__ for name in vars(one)}
    assert words("manifest.json")["config_flow"] is True


@pytest.mark.parametrize(
    "function",
    ["async_setup", "async_unload_entry", "async_remove_entry", "async_remove_config_entry_device"],
)
def test_entries_come_and_go(function: str) -> None:
    """config-entry-unloading and stale-devices."""
    assert callable(getattr(gsm_gateway, function))


def test_diagnostics_and_repairs() -> None:
    assert callable(diagnostics.async_get_config_entry_diagnostics)
    assert diagnostics.TO_REDACT
    assert callable(repairs.async_create_fix_flow)


def test_coverage_is_demanded() -> None:
    """test-coverage and config-flow-test-coverage."""
    script = (ROOT / "script" / "test").read_text()
    assert "--cov --cov-fail-under=95" in script
    assert "--include='*_flow.py' --fail-under=100" in script
    assert "script/test" in (ROOT / ".ci" / "run").read_text()


def test_strict_typing() -> None:
    """Mypy is strict, also about what overrides; it runs before every test of all; the library is typed."""
    assert (LIBRARY / "py.typed").exists()
    assert "script/lint" in (ROOT / "script" / "test").read_text()
    assert "/mypy" in (ROOT / "script" / "lint").read_text()
    mypy = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert mypy["strict"] is True
    assert "explicit-override" in mypy["enable_error_code"]
    assert mypy.get("disable_error_code", []) == []
    assert "custom_components.gsm_gateway" in mypy["packages"]
    relaxed = {key for one in mypy["overrides"] for key in one} - {"module"}
    assert relaxed == {"implicit_reexport"}
    for path in PYTHON_FILES:
        assert "# mypy:" not in path.read_text(), path
