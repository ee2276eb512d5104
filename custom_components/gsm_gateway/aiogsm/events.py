"""What a gateway tells those who listen to it."""

from dataclasses import dataclass
from typing import NamedTuple

from .models import (
    CallChanged,
    ConnectionChanged,
    GatewayState,
    LineRefused,
    Message,
    PortRestarted,
    ReceivedSms,
    TroubleFound,
    UssdArrived,
)


class MessageChanged(NamedTuple):
    """A text came one step further, or is settled."""

    message: Message


class StateChanged(NamedTuple):
    """The gateway's state differs from what was told last."""

    state: GatewayState


@dataclass(frozen=True, slots=True)
class BreakerTripped:
    """Too many texts were queued in an hour; none is taken until ``reset_breaker``."""


type GatewayEvent = (
    StateChanged
    | MessageChanged
    | BreakerTripped
    | ReceivedSms
    | CallChanged
    | UssdArrived
    | ConnectionChanged
    | PortRestarted
    | TroubleFound
    | LineRefused
)
