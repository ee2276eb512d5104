"""How much of each attack."""

import os

LONG = "GSM_GATEWAY_ATTACKS_LONG"
"""The environment variable that asks for the long form."""


def amount(short: int, long: int) -> int:
    """Give one of the two."""
    return long if os.environ.get(LONG) else short
