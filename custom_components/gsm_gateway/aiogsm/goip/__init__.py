"""The family of DBL GoIP: boxes whose lines register with us over UDP, each by itself.

What speaks to them is imported when it is first needed: who has no GoIP never waits for it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..dialog import Box, Dialog
from ..family import Endpoint, Family, Feature
from ..link import Link
from ..wirelog import Piece, Pseudonyms, WireLine

if TYPE_CHECKING:
    from .port import Address


def _load() -> None:
    from ..link import udp_server  # noqa: F401
    from . import dialog, transcript  # noqa: F401


def _check_box(box: Box) -> None:
    from .port import check_box

    check_box(box)


def _check_sms(number: str, text: str) -> None:
    from .sending import check_sms

    check_sms(number, text)


def _make_dialog() -> Dialog[Address]:
    from .dialog import GoipDialog

    return GoipDialog()


def _make_link(endpoint: Endpoint) -> Link[Address]:
    from ..link.udp_server import UdpServer

    return UdpServer(endpoint.port)


def _transcribe(pieces: Sequence[Piece], names: Pseudonyms) -> list[WireLine]:
    from .transcript import transcribe

    return transcribe(pieces, names)


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
    load=_load,
    check_box=_check_box,
    check_sms=_check_sms,
    make_dialog=_make_dialog,
    make_link=_make_link,
    transcribe=_transcribe,
)
