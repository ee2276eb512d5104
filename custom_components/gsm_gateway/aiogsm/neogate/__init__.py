"""Yeastar NeoGate TG: a box that we dial, with the manager interface of an Asterisk."""

from ..errors import InvalidInput
from ..family import Endpoint, Family, Feature
from ..link.tcp_client import TcpClient
from .codec import check_sms
from .dialog import Channel, NeogateDialog
from .session import POLL_INTERVALS, check_box
from .transcript import transcribe


def _make_link(endpoint: Endpoint) -> TcpClient[Channel]:
    if endpoint.host is None:
        raise InvalidInput("host", "a NeoGate is dialled, so its host must be known")
    return TcpClient(endpoint.host, endpoint.port)


FAMILY = Family(
    key="neogate",
    name="Yeastar NeoGate TG",
    manufacturer="Yeastar",
    model="NeoGate TG",
    features=Feature.MODULE_DETAILS | Feature.TIME_STAMPS | Feature.POWER_CYCLES,
    pace=10.0,
    ussd_timeout=30.0,
    poll_intervals=POLL_INTERVALS,
    check_box=check_box,
    check_sms=check_sms,
    make_dialog=NeogateDialog,
    make_link=_make_link,
    transcribe=transcribe,
)
