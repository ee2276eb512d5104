"""What has to be durable before a dialog may go on, and what it is told of earlier runs.

A dialog asks for the first with ``Keep``; the second is given to it with the gateway that it is to serve.
"""

from collections.abc import Sequence
from typing import NamedTuple

from .models import Trace
from .parts import Part
from .reprs import hiding


class Departing(NamedTuple):
    """A text is about to leave. Nothing of it has left, and nothing may before this is durable."""

    gateway: str
    message_id: str
    trace: Trace | None = None


class SmsArrived(NamedTuple):
    """A text, or a part of one, arrived; it is acknowledged after this. ``push`` names what brought it."""

    gateway: str
    part: Part
    push: str | None = None


@hiding("number")
class DeliveryReported(NamedTuple):
    """The network tells what became of a text that had been taken, named as ``SmsTaken`` named it.

    ``delivered`` is ``None`` while it still tries. ``number`` is missing on older firmware. ``push`` names
    what brought it.
    """

    gateway: str
    port: str
    reference: int
    delivered: bool | None
    number: str | None = None
    push: str | None = None


class UssdDialled(NamedTuple):
    """A USSD code is about to be dialled under this number, which must never be used again."""

    gateway: str
    sendid: int


type Record = Departing | SmsArrived | DeliveryReported | UssdDialled


class SeenPush(NamedTuple):
    """Something that a port pushed ``age`` seconds ago, and that it may push again."""

    port: str
    identity: str
    age: float


class UnknownText(NamedTuple):
    """A text that left ``age`` seconds ago and whose fate is unknown: its result may still come."""

    message_id: str
    port: str
    trace: Trace | None
    age: float


class Memory(NamedTuple):
    """What a dialog has to know of earlier runs. ``last_ussd``: the greatest number dialled under."""

    last_ussd: int = 0
    pushes: Sequence[SeenPush] = ()
    unknown: Sequence[UnknownText] = ()
