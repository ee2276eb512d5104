"""What the logbook says of our events: sentences that go on from the name of a port, without any text.

In English only, as all that integrations write there.
"""

from collections.abc import Mapping
from typing import Any

from .aiogsm import MessageError, MessageStatus

type Data = Mapping[str, Any]
"""The data of an event on the bus. What events got later is not in those that were recorded before."""

_SOMEBODY = "somebody"

_ERRORS = {
    MessageError.NO_SIM: "no SIM",
    MessageError.NOT_REGISTERED: "not registered",
    MessageError.REFUSED: "refused",
    MessageError.INVALID_NUMBER: "invalid number",
    MessageError.NO_RESULT: "no result",
    MessageError.BOX_OFFLINE: "the gateway was away",
    MessageError.EXPIRED: "it waited too long",
    MessageError.TOO_LONG: "too long",
    MessageError.LIMIT_REACHED: "limit reached",
    MessageError.STORE_FAILED: "it could not be kept",
}

_SETTLED = {
    MessageStatus.SENT: "sent a text to {person}",
    MessageStatus.DELIVERED: "delivered a text to {person}",
    MessageStatus.FAILED: "could not send a text to {person}",
    MessageStatus.UNKNOWN: "may have sent a text to {person}",
    MessageStatus.EXPIRED: "did not send a text to {person} in time",
}

_CALLS = {
    ("incoming", "incoming"): "is called by {person}",
    ("incoming", "connected"): "is connected with {person}",
    ("incoming", "ended"): "ended a call from {person}",
    ("outgoing", "outgoing"): "calls {person}",
    ("outgoing", "connected"): "is connected with {person}",
    ("outgoing", "ended"): "ended a call to {person}",
}

_REFUSALS = {
    "too_old": "it is too old",
    "incomplete": "something is missing",
    "locked": "too many wrong PINs before",
    "wrong_pin": "wrong PIN",
}


def _person(data: Data, number: str) -> str:
    return str(data.get("contact") or data[number] or _SOMEBODY)


def received(data: Data) -> str:
    """Say that a text came in."""
    kind = "a text" if data["complete"] else "an incomplete text"
    late = ", delayed" if data["delayed"] else ""
    return f"received {kind} from {_person(data, 'sender')}{late}"


def settled(data: Data) -> str:
    """Say what became of a text that is on its way no more."""
    sentence = _SETTLED[MessageStatus(data["status"])].format(person=_person(data, "recipient"))
    return sentence if data["error"] is None else f"{sentence}: {_ERRORS[MessageError(data['error'])]}"


def call(data: Data) -> str:
    """Say how far a call is."""
    sentence = _CALLS[data["direction"], data["state"]].format(person=_person(data, "number"))
    return sentence if data["duration"] is None else f"{sentence} after {data['duration']} s"


def ussd(_data: Data) -> str:
    """Say that the network sent something unasked."""
    return "received a message of the network"


def command(data: Data) -> str:
    """Say what became of a text that is a command, or may have been one."""
    sentence = f"{data['result']} a command from {data['contact']}"
    return sentence if data["reason"] is None else f"{sentence}: {_REFUSALS[data['reason']]}"
