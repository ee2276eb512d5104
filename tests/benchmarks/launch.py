"""Starts Home Assistant as `python -m homeassistant` does, without a frontend: a benchmark looks at none."""

import sys

from homeassistant import bootstrap
from homeassistant.__main__ import main

WANTED = {"network", "logger"}

if __name__ == "__main__":
    bootstrap.DEFAULT_INTEGRATIONS.intersection_update(WANTED)
    bootstrap.CRITICAL_INTEGRATIONS.clear()
    sys.exit(main())
