"""Drives the real frontend of a real Home Assistant in a real Chromium, as a stranger would."""

import argparse
import asyncio
from pathlib import Path
import sys

from .walk import walk

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="script/browser", description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=ROOT / ".browser",
        help="where the pictures go, one a step (%(default)s)",
    )
    parser.add_argument("--chromium", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for picture in arguments.folder.glob("*.png"):
        picture.unlink()
    return asyncio.run(walk(arguments.chromium, arguments.folder))


if __name__ == "__main__":
    sys.exit(main())
