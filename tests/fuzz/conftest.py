"""Does without Home Assistant: nothing of it is used here."""

import pytest


@pytest.fixture(autouse=True)
def _custom_integrations() -> None:
    """Stand in for the one that has Home Assistant load the integration."""
