"""What a NeoGate says, once it is read: words that mean something, and what they tell of spans and texts."""

from enum import StrEnum
import re
from typing import NamedTuple

from ..reprs import hiding


class Token(StrEnum):
    """Words of a span's status that say something; the set is open."""

    POWER_OFF = "Power off"
    UP = "Up"
    NO_SIM = "Undetected SIM Card"
    NO_SIGNAL = "No Signal"
    PIN_ERROR = "Pin Error"
    UNREGISTERED = "Unregistered Network"


class Registration(StrEnum):
    """How a ``Network Status`` begins; of those that fit, the first counts."""

    HOME = "Registered (Home network)"
    ROAMING = "Registered (Roaming)"
    REGISTERED = "Registered"
    NOT_REGISTERED = "Not registered"
    SEARCHING = "Searching"
    DENIED = "Registration denied"


class LastEvent(StrEnum):
    """Values of ``Last event`` that tell why a span is down."""

    PIN_REQUIRED = "PIN required"
    PIN_ERROR = "PIN error"
    SIM_MISSING = "SIM not insert"
    SIM_FAILED = "SIM failed"
    NO_SIGNAL = "No signal"


STARTING_STATES = re.compile(
    r"(?:DOWN|INIT|UP|SEND HANGUP|SET|MODEL NAME|MANUFACTURER|VERSION|GSN|IMEI|IMSI|SIM|UIM|MOC|CLIP|BAND"
    r"|RSSI|NET|GET SMSC|AT MODE|SMS SET|CFUN|WAIT READY)\b",
    re.IGNORECASE,
)
"""How a ``State`` begins between power on and ``READY``."""


@hiding("imei", "imsi", "smsc")
class SpanDetails(NamedTuple):
    """What ``gsm show span`` says; None where it says nothing, or that it does not know.

    ``csq`` is 0 to 31 and ``ber`` 0 to 7, as the module counts (3GPP TS 27.007 §8.5). ``pdd`` and ``acd``
    are in seconds, ``asr`` in percent. ``state`` is what the channel does, without the number in the call.
    """

    manufacturer: str | None = None
    model: str | None = None
    revision: str | None = None
    band: str | None = None
    operator: str | None = None
    registration: Registration | None = None
    csq: int | None = None
    ber: int | None = None
    pdd: int | None = None
    asr: int | None = None
    acd: int | None = None
    last_event: str | None = None
    state: str | None = None
    imei: str | None = None
    imsi: str | None = None
    smsc: str | None = None


NOT_TAKEN = "Status: 0"
"""All that the box says of a text that the network did not take."""


class SmsResult(NamedTuple):
    """Whether the network took the text with this id."""

    message_id: str
    taken: bool


@hiding("text")
class UssdAnswer(NamedTuple):
    """The network's answer; ``responses`` is its ``<m>`` of 3GPP TS 27.007 §7.15."""

    text: str
    responses: int | None = None


class UssdFault(StrEnum):
    """Why there is no answer; only the last two mean that nothing was dialled."""

    FAILED = "Send USSD failed"
    TIMEOUT = "Send USSD timeout"
    BUSY = "Sending USSD now"
    REFUSED = ""
