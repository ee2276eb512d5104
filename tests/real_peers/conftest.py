"""What real peers need: that they are there, and leave to be spoken to."""

from collections.abc import Iterator
import os
from pathlib import Path

import pytest

from .asterisk import running


@pytest.fixture(scope="package")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Run one Asterisk for all tests, and give its manager's port."""
    installed = os.environ.get("GSM_ASTERISK")
    if not installed:
        why = os.environ.get(
            "GSM_NO_ASTERISK", "GSM_ASTERISK is not set to what `script/setup asterisk` prints"
        )
        pytest.skip(f"no Asterisk: {why}")
    with running(Path(installed), tmp_path_factory.mktemp("asterisk")) as port:
        yield port
