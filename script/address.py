"""Writes the repository's public address, which pyproject.toml has, wherever it stands; or checks it.

Every link to GitHub in the repository is taken for one to itself, but for those to the owners in ELSEWHERE.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
import os
from pathlib import Path
import re
import sys
import tomllib
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = Path("custom_components", "gsm_gateway", "manifest.json")

ELSEWHERE = {"home-assistant", "hacs", "sponsors"}
"""Owners, in small letters, of what is linked to and is not ours."""

HIDDEN_BUT_OURS = {".ci", ".github"}

_OWNER, _NAME = r"(?P<owner>[A-Za-z0-9-]+)", r"(?P<name>[A-Za-z0-9_-]+(?:\.(?!git\b)[A-Za-z0-9_-]+)*)"
_ADDRESS = re.compile(rf"https://github\.com/{_OWNER}/{_NAME}/?")
_HOSTS = r"(?:github\.com|api\.github\.com/repos|raw\.githubusercontent\.com)"
_BADGES = r"img\.shields\.io/github/(?:[a-z-]+/)*?(?:release|license|status|issues|stars|downloads)"
_LINKS = (
    re.compile(rf"(?P<before>{_HOSTS}/){_OWNER}(?P<between>/){_NAME}"),
    re.compile(rf"(?P<before>github\.com%2F){_OWNER}(?P<between>%2F){_NAME}"),
    re.compile(rf"(?P<before>{_BADGES}/){_OWNER}(?P<between>/){_NAME}"),
    re.compile(rf"(?P<before>\bowner=){_OWNER}(?P<between>&(?:amp;)?repository=){_NAME}"),
)
_CODEOWNERS = re.compile(r'("codeowners": )\[[^\]]*\]')


@dataclass(frozen=True, slots=True)
class Address:
    """Where the repository is: ``https://github.com/<owner>/<name>``."""

    owner: str
    name: str

    @classmethod
    def read(cls, root: Path) -> Self:
        """Read it from pyproject.toml. Raise ValueError where it is none of GitHub."""
        written = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["gsm_gateway"]["repository"]
        if (match := _ADDRESS.fullmatch(written)) is None:
            raise ValueError(f"{written} is not like https://github.com/<owner>/<name>")
        return cls(match["owner"], match["name"])

    def written_into(self, text: str) -> str:
        """Give a text with this address instead of whatever it has."""
        for link in _LINKS:
            text = link.sub(self._link, text)
        return text

    def owning(self, manifest: str) -> str:
        """Give a manifest with the owner as the code owner."""
        return _CODEOWNERS.sub(rf'\1["@{self.owner}"]', manifest)

    def _link(self, match: re.Match[str]) -> str:
        if match["owner"].lower() in ELSEWHERE:
            return match[0]
        return f"{match['before']}{self.owner}{match['between']}{self.name}"


def texts(root: Path) -> Iterator[tuple[Path, str]]:
    """Give every file that is a text, but for pyproject.toml and what tools leave behind."""
    for folder, folders, names in os.walk(root):
        folders[:] = [one for one in folders if _is_ours(one)]
        for path in (Path(folder, name) for name in names):
            if path == root / "pyproject.toml" or path.is_symlink():
                continue
            try:
                yield path, path.read_bytes().decode()
            except UnicodeDecodeError:
                continue  # a picture


def _is_ours(folder: str) -> bool:
    return folder in HIDDEN_BUT_OURS or not (folder.startswith(".") or folder == "__pycache__")


def differing(root: Path) -> dict[Path, str]:
    """Give what has another address than pyproject.toml, as it has to be."""
    address = Address.read(root)
    changed = {}
    for path, text in texts(root):
        right = address.written_into(text)
        if path == root / MANIFEST:
            right = address.owning(right)
        if right != text:
            changed[path] = right
    return changed


def main() -> int:
    """Write the address, or say where it differs. Give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where something differs")
    check = parser.parse_args().check
    changed = differing(ROOT)
    for path, text in sorted(changed.items()):
        print(f"{'differs' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_bytes(text.encode())
    return int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main())
