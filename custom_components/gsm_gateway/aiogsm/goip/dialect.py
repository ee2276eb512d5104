"""How to speak with GoIPs; imported with the first of them."""

from ..family import Dialect
from ..link.udp_server import UdpServer
from .dialog import GoipDialog
from .port import check_box
from .sending import check_sms
from .transcript import transcribe

DIALECT = Dialect(
    check_box=check_box,
    check_sms=check_sms,
    make_dialog=GoipDialog,
    make_link=lambda endpoint: UdpServer(endpoint.port),
    transcribe=transcribe,
)
