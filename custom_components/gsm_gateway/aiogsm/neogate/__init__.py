"""Yeastar NeoGate TG: a box that we dial, with the manager interface of an Asterisk.

What speaks to it is imported when it is first needed: who has no NeoGate never waits for it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..dialog import Box, Dialog
from ..errors import InvalidInput
from ..family import Endpoint, Family, Feature
from ..link import Link
from ..wirelog import Piece, Pseudonyms, WireLine

if TYPE_CHECKING:
    from .session import Channel

POLL_INTERVALS = (10.0, 300.0)
"""The least and the most seconds between two readings of the list of spans."""


def _load() -> None:
    from ..link import tcp_client  # noqa: F401
    from . import dialog, transcript  # noqa: F401


def _check_box(box: Box) -> None:
    from .session import check_box

    check_box(box)


def _check_sms(number: str, text: str) -> None:
    from .codec import check_sms

    check_sms(number, text)


def _make_dialog() -> Dialog[Channel]:
    from .dialog import NeogateDialog

    return NeogateDialog()


def _make_link(endpoint: Endpoint) -> Link[Channel]:
    from ..link.tcp_client import TcpClient

    if endpoint.host is None:
        raise InvalidInput("host", "a NeoGate is dialled, so its host must be known")
    return TcpClient(endpoint.host, endpoint.port)


def _transcribe(pieces: Sequence[Piece], names: Pseudonyms) -> list[WireLine]:
    from .transcript import transcribe

    return transcribe(pieces, names)


FAMILY = Family(
    key="neogate",
    name="Yeastar NeoGate TG",
    manufacturer="Yeastar",
    model="NeoGate TG",
    features=Feature.MODULE_DETAILS | Feature.TIME_STAMPS | Feature.POWER_CYCLES,
    pace=10.0,
    ussd_timeout=30.0,
    poll_intervals=POLL_INTERVALS,
    load=_load,
    check_box=_check_box,
    check_sms=_check_sms,
    make_dialog=_make_dialog,
    make_link=_make_link,
    transcribe=_transcribe,
)
