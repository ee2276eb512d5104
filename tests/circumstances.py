"""When, where and with what a table in the docs was taken."""

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
import os
from pathlib import Path
import platform

HOME_ASSISTANT = {"Home Assistant": "homeassistant"}
"""What most of them were taken with: its name, and that of the package."""


def today() -> str:
    """Give the day, as ISO 8601 has it."""
    return datetime.now(UTC).date().isoformat()


def machine() -> str:
    """Give the class of this machine: how many of which processors, and the system on it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return f"{os.cpu_count()} cores of {next(models, platform.machine())}, {platform.system()}"


def taken(script: str, packages: Mapping[str, str] = HOME_ASSISTANT) -> str:
    """Say it in a sentence; ``packages`` are those whose versions matter, by their names."""
    versions = [f"{name} {version(package)}" for name, package in packages.items()]
    what = ", ".join([machine(), f"Python {platform.python_version()}", *versions])
    return f"Taken on {today()} in one run of `{script}`: {what}."
