"""What a stranger finds: one address everywhere, a minimum version said once, pictures of the right size."""

import json
from pathlib import Path
import re
import shutil
import struct
import subprocess
import tomllib
from urllib.parse import quote

from awesomeversion import AwesomeVersion
import pytest
import yaml

ROOT = Path(__file__).parents[1]
INTEGRATION = ROOT / "custom_components" / "gsm_gateway"
SCRIPT = Path("script", "address")
PAGES = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
WORKFLOWS = sorted(ROOT.glob(".github/workflows/*.yml"))

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["gsm_gateway"]["repository"]
OWNER, NAME = REPOSITORY.split("/")[-2:]
GITHUB = "https://github.com"


def by_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# The address


def run(script: Path, *arguments: str) -> tuple[int, str]:
    result = subprocess.run(  # noqa: S603 - our own script
        [script, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Give a copy of the repository that may be changed."""
    hidden = [path.name for path in ROOT.glob(".*") if path.name not in {".ci", ".github"}]
    ignore = shutil.ignore_patterns("__pycache__", "node_modules", *hidden)
    shutil.copytree(ROOT, tmp_path / "copy", ignore=ignore)
    return tmp_path / "copy"


def move(copy: Path, owner: str, name: str) -> None:
    """Change the address where it is kept, and have it written."""
    kept = copy / "pyproject.toml"
    before = kept.read_text()
    after = re.sub(r'(?m)^repository = ".*"$', f'repository = "{GITHUB}/{owner}/{name}"', before)
    assert after != before
    kept.write_text(after)
    assert run(copy / SCRIPT, "--check")[0] == 1
    assert run(copy / SCRIPT)[0] == 0
    assert run(copy / SCRIPT, "--check") == (0, "")


def traces(copy: Path, *words: str) -> list[str]:
    contents = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    return [
        f"{path.relative_to(copy)}: {word}"
        for path, content in contents.items()
        for word in words
        if word.encode() in content
    ]


def test_the_address_is_the_same_everywhere() -> None:
    assert run(ROOT / SCRIPT, "--check") == (0, "")


def test_the_manifest_has_the_address_and_its_owner() -> None:
    manifest = json.loads((INTEGRATION / "manifest.json").read_text())
    assert manifest["documentation"] == REPOSITORY
    assert manifest["issue_tracker"] == f"{REPOSITORY}/issues"
    assert manifest["codeowners"] == [f"@{OWNER}"]


def test_no_trace_is_left_of_an_old_address(copy: Path) -> None:
    ours = (f"{OWNER}/{NAME}", f"{OWNER}%2F{NAME}", f"owner={OWNER}", f'"@{OWNER}"')
    assert {word for word in ours if traces(copy, word)} >= {ours[0], ours[2], ours[3]}
    blueprint = copy / "blueprints" / "automation" / "gsm_gateway" / "made_up.yaml"
    blueprint.parent.mkdir(parents=True, exist_ok=True)
    place = f"{REPOSITORY}/blob/main/{blueprint.relative_to(copy)}"
    blueprint.write_text(f"blueprint:\n  source_url: {place}\n")
    (copy / "docs" / "made_up.md").write_text(f"?blueprint_url={quote(place, safe='')}\n")

    move(copy, "Some-One", "Else.Where")
    assert traces(copy, *ours) == []
    moved = place.replace(REPOSITORY, f"{GITHUB}/Some-One/Else.Where")
    assert blueprint.read_text() == f"blueprint:\n  source_url: {moved}\n"
    assert (copy / "docs" / "made_up.md").read_text() == f"?blueprint_url={quote(moved, safe='')}\n"

    move(copy, "third-home", "gateways")
    test_itself = f"tests/{Path(__file__).name}: "
    left = [trace for trace in traces(copy, "Some-One", "Else.Where") if not trace.startswith(test_itself)]
    assert left == []


def test_what_is_not_ours_keeps_its_address(copy: Path) -> None:
    page = copy / "docs" / "made_up.md"
    page.write_text(f"{GITHUB}/home-assistant/core/issues and {GITHUB}/a/b.git")
    move(copy, "third-home", "gateways")
    assert page.read_text().split() == [
        f"{GITHUB}/home-assistant/core/issues",
        "and",
        f"{GITHUB}/third-home/gateways.git",
    ]


def test_an_address_that_is_none_is_refused(copy: Path) -> None:
    kept = copy / "pyproject.toml"
    kept.write_text(kept.read_text().replace(REPOSITORY, "https://example.org/gateways"))
    code, output = run(copy / SCRIPT)
    assert code == 1
    assert "https://example.org/gateways is not like https://github.com/<owner>/<name>" in output


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_badge_of_the_repository_is_of_a_kind_that_the_script_knows(page: Path) -> None:
    badges = re.findall(r"https://img\.shields\.io/github/[^)\s]+", page.read_text())
    assert [badge for badge in badges if f"/{OWNER}/{NAME}" not in badge] == []


# What it needs, and how it is called


def test_the_minimum_version_is_said_once_and_repeated_right() -> None:
    least = AwesomeVersion(json.loads((ROOT / "hacs.json").read_text())["homeassistant"])
    short = f"{least.major}.{least.minor}"
    readme = (ROOT / "README.md").read_text()
    assert f"badge/Home%20Assistant-{short}%2B-" in readme
    assert set(re.findall(r"Home Assistant ([\d.]+\d) or newer", readme)) == {short}
    assert f"**Home Assistant {short} or newer.**" in (ROOT / "docs" / "installation.md").read_text()


def test_hacs_and_the_marketplace_find_the_archive_of_a_release() -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs == {
        "name": json.loads((INTEGRATION / "manifest.json").read_text())["name"],
        "homeassistant": "2026.10.0",
        "zip_release": True,
        "filename": "gsm_gateway.zip",
        "hide_default_branch": True,
    }


def test_every_workflow_that_a_badge_shows_exists() -> None:
    shown = re.findall(r"/actions/workflows/(\w+\.yml)", (ROOT / "README.md").read_text())
    assert shown
    assert set(shown) <= {path.name for path in WORKFLOWS}


@pytest.mark.parametrize("path", WORKFLOWS, ids=by_name)
def test_a_workflow_may_do_no_more_than_it_needs_and_runs_once_at_a_time(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert workflow["concurrency"]["group"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"]
        assert job.get("permissions", {}) in ({}, {"contents": "write"})
        for step in job["steps"]:
            assert re.fullmatch(r"[\w./-]+@(v\d+|master|main)", step.get("uses", "a@v1"))


# Pictures

ICON, LOGO = ("icon", "dark_icon"), ("logo", "dark_logo")


def size(path: Path) -> tuple[int, int]:
    """Give the width and height of a PNG."""
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_all_brand_images_are_there() -> None:
    names = {path.name for path in (INTEGRATION / "brand").iterdir()}
    assert names == {f"{name}{scale}.png" for name in (*ICON, *LOGO) for scale in ("", "@2x")}


@pytest.mark.parametrize("name", ICON)
def test_an_icon_is_a_square_of_the_size_that_is_asked_for(name: str) -> None:
    assert size(INTEGRATION / "brand" / f"{name}.png") == (256, 256)
    assert size(INTEGRATION / "brand" / f"{name}@2x.png") == (512, 512)


@pytest.mark.parametrize("name", LOGO)
def test_a_logo_is_within_the_limits_and_twice_as_large_for_fine_screens(name: str) -> None:
    width, height = size(INTEGRATION / "brand" / f"{name}.png")
    assert width > height
    assert 128 <= height <= 256
    assert size(INTEGRATION / "brand" / f"{name}@2x.png") == (2 * width, 2 * height)
