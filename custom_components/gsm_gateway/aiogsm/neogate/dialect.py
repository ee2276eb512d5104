"""How to speak with NeoGates; imported with the first of them."""

from ..errors import InvalidInput
from ..family import Dialect, Endpoint
from ..link import Link
from ..link.tcp_client import TcpClient
from .codec import check_sms
from .dialog import NeogateDialog
from .session import Channel, check_box
from .transcript import transcribe


def _make_link(endpoint: Endpoint) -> Link[Channel]:
    if endpoint.host is None:
        raise InvalidInput("host", "a NeoGate is dialled, so its host must be known")
    return TcpClient(endpoint.host, endpoint.port)


DIALECT = Dialect(
    check_box=check_box,
    check_sms=check_sms,
    make_dialog=NeogateDialog,
    make_link=_make_link,
    transcribe=transcribe,
)
