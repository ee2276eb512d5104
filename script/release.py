"""Packs the integration for a release: what is in its folder at the root of the archive, and nothing else."""

import argparse
from collections.abc import Iterator
import json
from pathlib import Path
import re
import sys
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = ROOT / "custom_components" / "gsm_gateway"
MANIFEST = "manifest.json"

_TAG = re.compile(r"v?(?P<version>(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*)){2}(?:(?:a|b|rc)(?:0|[1-9]\d*))?)")
_VERSION = re.compile(r'("version": )"[^"]*"')
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The time of every file, so that the same content gives the same archive."""


def version_of(tag: str) -> str:
    """Give the version that a tag stands for: 1.2.3, or 1.2.3b1 before it. Raise ValueError."""
    if (match := _TAG.fullmatch(tag)) is None:
        raise ValueError(f"{tag} is not like v1.2.3 or v1.2.3b1")
    return match["version"]


def files() -> Iterator[Path]:
    """Give every file of the integration, but what tools leave behind."""
    for path in sorted(INTEGRATION.rglob("*")):
        parts = path.relative_to(INTEGRATION).parts
        if path.is_file() and "__pycache__" not in parts and not any(part.startswith(".") for part in parts):
            yield path


def manifest_of(version: str) -> bytes:
    """Give the manifest with a version. Raise ValueError where it has no place for one."""
    text, count = _VERSION.subn(rf'\1"{version}"', (INTEGRATION / MANIFEST).read_text())
    if count != 1 or json.loads(text)["version"] != version:
        raise ValueError(f"{MANIFEST} has no version that could be set")
    return text.encode()


def pack(version: str, target: Path) -> None:
    """Write the archive of a version."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for path in files():
            info = ZipInfo(path.relative_to(INTEGRATION).as_posix(), _LONG_AGO)
            info.external_attr = 0o644 << 16
            info.compress_type = ZIP_DEFLATED
            content = manifest_of(version) if info.filename == MANIFEST else path.read_bytes()
            archive.writestr(info, content)


def main() -> None:
    """Pack what a tag stands for, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tag", help="the tag of the release, such as v1.2.3")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", metavar="FOLDER")
    arguments = parser.parse_args()
    try:
        version = version_of(arguments.tag)
    except ValueError as err:
        parser.error(str(err))
    target = arguments.to / json.loads((ROOT / "hacs.json").read_text())["filename"]
    pack(version, target)
    print(target)


if __name__ == "__main__":
    sys.exit(main())
