"""Starts the bare process without Home Assistant: its package is entered past its first file."""

from pathlib import Path
import sys
from types import ModuleType

INTEGRATION = Path(__file__).resolve().parents[2] / "custom_components" / "gsm_gateway"


def without_home_assistant() -> None:
    """Have the library and the store found, and nothing run that belongs to Home Assistant."""
    package = ModuleType("custom_components.gsm_gateway")
    package.__path__ = [str(INTEGRATION)]
    sys.modules[package.__name__] = package


if __name__ == "__main__":
    without_home_assistant()
    from tests.reliability.bare import main

    sys.exit(main(sys.argv[1:]))
