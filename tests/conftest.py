"""What all tests share: our integration in a real Home Assistant, and simulated gateways on real sockets."""

import pytest

import custom_components.gsm_gateway  # noqa: F401  # so that Home Assistant finds it here


@pytest.fixture(autouse=True)
def _custom_integrations(enable_custom_integrations: None) -> None:
    """Let Home Assistant load it."""
