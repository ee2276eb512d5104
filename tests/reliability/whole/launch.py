"""Starts Home Assistant as `python -m homeassistant` does, without a frontend: the tests have none to serve.

The first argument is the pace of a NeoGate's ports, in seconds; all others are Home Assistant's own.
"""

from copy import replace
from pathlib import Path
import sys

from homeassistant import bootstrap
from homeassistant.__main__ import main

WANTED = {"network", "logger"}


def _set_pace(config: Path, pace: float) -> None:
    """Let the integration in the configuration's folder, which nobody has loaded yet, send faster."""
    sys.path.insert(0, str(config))  # as Home Assistant itself will
    from custom_components.gsm_gateway.aiogsm import FAMILIES  # noqa: PLC0415 - not before

    FAMILIES["neogate"] = replace(FAMILIES["neogate"], pace=pace)


if __name__ == "__main__":
    _set_pace(Path(sys.argv[sys.argv.index("-c") + 1]), float(sys.argv.pop(1)))
    bootstrap.DEFAULT_INTEGRATIONS.intersection_update(WANTED)
    bootstrap.CRITICAL_INTEGRATIONS.clear()
    sys.exit(main())
