"""The manifest, the folder of brand images and hacs.json, as hassfest, HACS and the Marketplace want them."""

import ast
import json
from pathlib import Path
import re
import struct
from typing import Any

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
import pytest

from custom_components.gsm_gateway.const import DOMAIN
from tests.source import INTEGRATION, ROOT, nodes, words

REQUIRED = {"codeowners", "documentation", "domain", "issue_tracker", "name", "version"}
"""What HACS asks for."""

ALLOWED = REQUIRED | {
    "after_dependencies",
    "config_flow",
    "dependencies",
    "dhcp",
    "integration_type",
    "iot_class",
    "loggers",
    "requirements",
}
"""What hassfest knows, and ours can need. Newer keys are errors to an older hassfest."""

ALWAYS_THERE = {platform.value for platform in Platform} | {"homeassistant", "persistent_notification"}
"""What hassfest lets anybody import."""

HACS_KEYS = {
    "name",
    "homeassistant",
    "hacs",
    "filename",
    "hide_default_branch",
    "zip_release",
    "render_readme",
}

MANIFEST: dict[str, Any] = words("manifest.json")


def test_the_keys_of_the_manifest() -> None:
    assert REQUIRED <= MANIFEST.keys() <= ALLOWED


def test_the_order_of_the_manifest() -> None:
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(keys[2:])]


def test_what_the_manifest_says() -> None:
    assert MANIFEST["domain"] == DOMAIN == INTEGRATION.name
    assert MANIFEST["integration_type"] == "hub"
    assert MANIFEST["iot_class"] == "local_push"
    version = AwesomeVersion(MANIFEST["version"])
    assert version.strategy in {AwesomeVersionStrategy.SEMVER, AwesomeVersionStrategy.CALVER}
    for key in ("documentation", "issue_tracker"):
        assert MANIFEST[key].startswith("https://")
    assert "home-assistant.io" not in MANIFEST["documentation"]
    assert all(re.fullmatch(r"@[\w-]+", owner) for owner in MANIFEST["codeowners"])


def components_of(path: Path) -> set[str]:
    """Give the components that a file imports, as hassfest counts them: not the one it is named after."""
    found = set()
    for node in nodes(path, ast.ImportFrom):
        match f"{node.module}".split("."):
            case ["homeassistant", "components"]:
                found |= {alias.name for alias in node.names}
            case ["homeassistant", "components", component, *_]:
                found.add(component)
    return found - {path.stem}


def test_components_that_are_imported_are_declared() -> None:
    used = set().union(*(components_of(path) for path in INTEGRATION.rglob("*.py")))
    declared = {*MANIFEST.get("dependencies", []), *MANIFEST.get("after_dependencies", [])}
    assert used - ALWAYS_THERE <= declared


def test_the_matchers_of_dhcp() -> None:
    matchers = MANIFEST["dhcp"]
    assert {"registered_devices": True} in matchers
    for matcher in matchers:
        assert matcher.keys() <= {"hostname", "macaddress", "registered_devices"}
        assert re.fullmatch(r"[0-9A-F]{6,}\*", matcher.get("macaddress", "F4B549*"))
        assert re.fullmatch(r"[0-9a-z_-]+\*?", matcher.get("hostname", "goip*"))


def size_of(image: Path) -> tuple[int, int]:
    """Read the size of a PNG image."""
    begin = image.read_bytes()[:24]
    assert begin[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", begin[16:])
    return width, height


@pytest.mark.parametrize("name", ["icon", "dark_icon"])
def test_icons_are_square(name: str) -> None:
    assert size_of(INTEGRATION / "brand" / f"{name}.png") == (256, 256)
    assert size_of(INTEGRATION / "brand" / f"{name}@2x.png") == (512, 512)


@pytest.mark.parametrize("name", ["logo", "dark_logo"])
def test_logos_have_the_height_that_is_asked_for(name: str) -> None:
    width, height = size_of(INTEGRATION / "brand" / f"{name}.png")
    assert 128 <= min(width, height) <= 256
    assert size_of(INTEGRATION / "brand" / f"{name}@2x.png") == (2 * width, 2 * height)


def test_hacs() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs.keys() <= HACS_KEYS
    assert hacs["name"] == MANIFEST["name"]
    assert AwesomeVersion(hacs["homeassistant"]) >= AwesomeVersion("2026.10.0")
    if hacs.get("zip_release"):
        assert hacs["filename"].endswith(".zip")
