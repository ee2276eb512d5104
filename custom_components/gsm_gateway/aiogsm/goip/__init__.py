"""The family of DBL GoIP: boxes whose lines register with us over UDP, each by itself."""

from ..family import Dialect, Family, Feature


def _dialect() -> Dialect:
    from .dialect import DIALECT

    return DIALECT


FAMILY = Family(
    key="goip",
    name="DBL GoIP",
    manufacturer="DBL Technology",
    model="GoIP",
    features=(
        Feature.CALLS
        | Feature.REMAINING_TIME
        | Feature.PORT_SWITCH
        | Feature.CELLS
        | Feature.USSD_SESSIONS
        | Feature.DELIVERY_REPORTS
        | Feature.REBOOT_BOX
        | Feature.SIM_NUMBERS
        | Feature.PORTS_BY_THEMSELVES
    ),
    pace=0.0,
    batch=10,
    ussd_timeout=120.0,
    dialect=_dialect,
)
