"""The archive of a release: all of the integration, nothing else, and Home Assistant loads it."""

import json
from pathlib import Path
import subprocess
import sys
from zipfile import ZipFile

from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "script" / "release"
FOLDER = "custom_components/gsm_gateway"

LOADABLE = [
    AwesomeVersionStrategy.CALVER,
    AwesomeVersionStrategy.SEMVER,
    AwesomeVersionStrategy.SIMPLEVER,
    AwesomeVersionStrategy.BUILDVER,
    AwesomeVersionStrategy.PEP440,
]
"""The forms of a version that Home Assistant takes from a custom integration."""

LOAD = """
import asyncio, importlib, pkgutil, sys
from pathlib import Path

config = Path(sys.argv[1])
assert not any(Path(folder).joinpath("custom_components", "gsm_gateway").exists() for folder in sys.path)

from homeassistant import loader
from homeassistant.config_entries import SOURCE_USER
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

async def main():
    sys.path.insert(0, str(config))
    sys.modules.pop("custom_components", None)
    async with async_test_home_assistant(config_dir=str(config)) as hass:
        hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
        integration = await loader.async_get_integration(hass, "gsm_gateway")
        assert integration.file_path.is_relative_to(config), integration.file_path
        assert await async_setup_component(hass, "gsm_gateway", {})
        package = sys.modules["custom_components.gsm_gateway"]
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            found = importlib.import_module(module.name)
            assert Path(found.__file__).is_relative_to(config), found
        flow = await hass.config_entries.flow.async_init("gsm_gateway", context={"source": SOURCE_USER})
        assert flow["type"] == "menu", flow
        actions = sorted(hass.services.async_services()["gsm_gateway"])
        print(integration.version, integration.has_branding, actions)
        await hass.async_stop(force=True)

asyncio.run(main())
"""


def release(tag: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own script
        [SCRIPT, tag, "--to", folder], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the archive of a version that no checkout has."""
    result = release("v98.7.6", tmp_path_factory.mktemp("release"))
    assert result.returncode == 0, result.stderr
    return Path(result.stdout.strip())


def kept_files() -> set[str]:
    """Give the files of the integration that belong to the repository, or are about to."""
    git = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "--", FOLDER]
    result = subprocess.run(git, capture_output=True, text=True, check=False)  # noqa: S603
    if result.returncode:
        pytest.skip(f"this is no checkout: {result.stderr.strip()}")
    return {name.removeprefix(f"{FOLDER}/") for name in result.stdout.splitlines() if (ROOT / name).exists()}


def test_it_has_the_name_that_is_downloaded(archive: Path) -> None:
    assert archive.name == json.loads((ROOT / "hacs.json").read_text())["filename"]


def test_it_has_all_files_of_the_integration_and_nothing_else(archive: Path) -> None:
    names = ZipFile(archive).namelist()
    assert len(names) == len(set(names))
    assert set(names) == kept_files()
    assert {"manifest.json", "brand/icon.png", "aiogsm/py.typed", "store/schema.py"} < set(names)
    assert {"translations/en.json", "services.yaml", "triggers.yaml", "icons.json"} < set(names)


def test_only_the_version_of_the_manifest_differs(archive: Path) -> None:
    with ZipFile(archive) as packed:
        contents = {name: packed.read(name) for name in packed.namelist()}
    changed = {name for name, content in contents.items() if content != (ROOT / FOLDER / name).read_bytes()}
    assert changed == {"manifest.json"}
    kept = json.loads((ROOT / FOLDER / "manifest.json").read_text())
    assert json.loads(contents["manifest.json"]) == {**kept, "version": "98.7.6"}


def test_the_same_content_gives_the_same_archive(archive: Path, tmp_path: Path) -> None:
    assert release("98.7.6", tmp_path).returncode == 0
    assert (tmp_path / archive.name).read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("tag", ["v1.2.3", "0.1.0", "v2.0.0b1", "v10.20.30rc2", "1.0.0a3"])
def test_a_version_that_home_assistant_takes_is_taken(tag: str, tmp_path: Path) -> None:
    assert release(tag, tmp_path).returncode == 0
    with ZipFile(tmp_path / "gsm_gateway.zip") as packed:
        version = json.loads(packed.read("manifest.json"))["version"]
    assert version == tag.removeprefix("v")
    assert AwesomeVersion(version, ensure_strategy=LOADABLE).valid


@pytest.mark.parametrize("tag", ["latest", "v1.2", "v1.2.3-beta", "1.02.3", "v1.2.3 ", '1.2.3"', ""])
def test_what_is_no_version_is_refused_and_nothing_is_made(tag: str, tmp_path: Path) -> None:
    result = release(tag, tmp_path)
    assert result.returncode == 2
    assert f"{tag} is not like v1.2.3 or v1.2.3b1" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_home_assistant_loads_it_where_it_is_unpacked(archive: Path, tmp_path: Path) -> None:
    config = tmp_path / "config"
    with ZipFile(archive) as packed:
        packed.extractall(config / FOLDER)
    loaded = subprocess.run(  # noqa: S603 - our own code, run by this very interpreter
        [sys.executable, "-c", LOAD, str(config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
    )
    assert loaded.returncode == 0, loaded.stderr
    version, branding, actions = loaded.stdout.strip().split(" ", 2)
    assert (version, branding) == ("98.7.6", "True")
    assert "'send_sms'" in actions
