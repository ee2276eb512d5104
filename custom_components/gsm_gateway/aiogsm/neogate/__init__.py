"""Yeastar NeoGate TG: a box that we dial, with the manager interface of an Asterisk."""

from ..family import Dialect, Family, Feature

POLL_INTERVALS = (10.0, 300.0)
"""The least and the most seconds between two readings of the list of spans."""


def _dialect() -> Dialect:
    from .dialect import DIALECT

    return DIALECT


FAMILY = Family(
    key="neogate",
    name="Yeastar NeoGate TG",
    manufacturer="Yeastar",
    model="NeoGate TG",
    features=Feature.MODULE_DETAILS | Feature.TIME_STAMPS | Feature.POWER_CYCLES,
    pace=10.0,
    ussd_timeout=30.0,
    poll_intervals=POLL_INTERVALS,
    dialect=_dialect,
)
