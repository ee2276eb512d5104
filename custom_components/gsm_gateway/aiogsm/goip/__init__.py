"""The family of DBL GoIP: boxes whose lines register with us over UDP, each by itself."""

from ..family import Endpoint, Family, Feature
from ..link.udp_server import UdpServer
from .dialog import GoipDialog
from .port import check_box
from .sending import check_sms
from .transcript import transcribe


def _make_link(endpoint: Endpoint) -> UdpServer:
    return UdpServer(endpoint.port)


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
    check_box=check_box,
    check_sms=check_sms,
    make_dialog=GoipDialog,
    make_link=_make_link,
    transcribe=transcribe,
)
