"""How our own triggers are told what happens: in full, and by a way that nothing records."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from homeassistant.util.signal_type import SignalType

from .aiogsm.reprs import hiding
from .const import EVENT_CALL, EVENT_COMMAND, EVENT_SMS_RECEIVED, EVENT_SMS_STATUS
from .contacts import Contact


@hiding("person", "data", "command")
class Notice(NamedTuple):
    """Something that happened, with the same ``data`` as the event on the bus, but nothing masked but PINs.

    The dispatcher logs it when a listener fails, so no ``repr`` shows the data. What triggered an automation
    stands in the logbook: ``person`` is what may stand there of the other side, empty if unknown.
    """

    devices: frozenset[str]
    """The device of the port, if there is one, and of its box: whoever chose either is meant."""
    contact: Contact | None
    person: str
    data: Mapping[str, Any]
    command: str = ""
    """Of a text that is a command: what follows the PIN."""


# Of the whole domain: those who listen need not care whether a box is loaded, reloaded or yet to come.
SIGNAL_SMS_RECEIVED: SignalType[Notice] = SignalType(EVENT_SMS_RECEIVED)
SIGNAL_SMS_FAILED: SignalType[Notice] = SignalType(EVENT_SMS_STATUS)
SIGNAL_COMMAND: SignalType[Notice] = SignalType(EVENT_COMMAND)
SIGNAL_CALL: SignalType[Notice] = SignalType(EVENT_CALL)
