"""What a family of gateways tells of itself, so that nobody else has to name it."""

from collections.abc import Callable, Sequence
from enum import Flag, auto
from typing import Any, NamedTuple

from .dialog import Box, Dialog
from .errors import InvalidInput
from .link import Link
from .wirelog import Piece, Pseudonyms, WireLine


class Feature(Flag):
    """What a gateway of a family can do beyond texts and USSD."""

    CALLS = auto()
    """Calls are told of, can be hung up, forwarded and knocked on."""

    REMAINING_TIME = auto()
    """Minutes of outgoing calls are counted and limited."""

    PORT_SWITCH = auto()
    """Ports can be switched on and off."""

    CELLS = auto()
    """Radio cells are told of and can be locked to."""

    USSD_SESSIONS = auto()
    """A USSD session can be ended."""

    DELIVERY_REPORTS = auto()
    REBOOT_BOX = auto()
    POWER_CYCLES = auto()
    """A port is restarted by switching it off and on again; who is interrupted in that leaves it off."""
    SIM_NUMBERS = auto()
    """The SIM's card number and, where it is set, its phone number are told."""
    PORTS_BY_THEMSELVES = auto()
    """Ports dial us: they appear when they register, and the gateway is open before any is heard."""

    MODULE_DETAILS = auto()
    """Ports tell of their module, its network, and what it did last."""

    TIME_STAMPS = auto()
    """Texts bear a time, in the time zone of the gateway's clock."""


class Endpoint(NamedTuple):
    """Where the link goes: the host to dial (``None``: we listen) and the TCP or UDP port."""

    host: str | None
    port: int


class Dialect(NamedTuple):
    """How to speak with the gateways of a family. The checks raise InvalidInput.

    ``make_dialog`` and ``make_link`` belong together: both speak of far ends in the same type, which is
    nobody else's business. ``transcribe`` gives what passed over the wire as anybody may see it.
    """

    check_box: Callable[[Box], None]
    check_sms: Callable[[str, str], None]
    make_dialog: Callable[[], Dialog[Any]]
    make_link: Callable[[Endpoint], Link[Any]]
    transcribe: Callable[[Sequence[Piece], Pseudonyms], list[WireLine]]


class Family(NamedTuple):
    """One family of gateways. Times are in seconds.

    ``pace`` is the least time between two texts of one port; ``batch`` is how many recipients of one text
    a port takes at a time. ``ussd_timeout`` is how long a network's answer is waited for by default.
    ``poll_intervals`` are the shortest and the longest time between two readings of a gateway's state, where
    it has to be asked for it. ``dialect`` imports what it gives when it is first called, which takes some
    10 ms of a processor: who has no gateway of a family never waits for it.
    """

    key: str
    name: str
    manufacturer: str
    model: str
    features: Feature
    pace: float
    ussd_timeout: float
    dialect: Callable[[], Dialect]
    batch: int = 1
    poll_intervals: tuple[float, float] | None = None

    def fits(self, number: str, text: str) -> bool:
        """Whether a text is short enough to be sent as it is. Raise InvalidInput for what else is wrong."""
        try:
            self.dialect().check_sms(number, text)
        except InvalidInput as error:
            if error.reason != "text_too_long":
                raise
            return False
        return True
