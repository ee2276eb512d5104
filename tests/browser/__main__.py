"""Drives the real frontend of a real Home Assistant in a real Chromium, as a stranger would."""

import argparse
import asyncio
from pathlib import Path
import sys

from .images import take
from .walk import walk

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="script/browser", description=__doc__)
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        help="where the pictures go; the default is .browser, and docs/images with --images",
    )
    parser.add_argument("--images", action="store_true", help="take those in README, and nothing else")
    parser.add_argument("--chromium", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder = arguments.folder or ROOT / ("docs/images" if arguments.images else ".browser")
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.images:
        return asyncio.run(take(arguments.chromium, folder))
    for picture in (*folder.glob("[0-9][0-9]-*.png"), *folder.glob("failed.png")):
        picture.unlink()
    return asyncio.run(walk(arguments.chromium, folder))


if __name__ == "__main__":
    sys.exit(main())
