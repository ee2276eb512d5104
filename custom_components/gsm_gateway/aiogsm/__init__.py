"""aiogsm: speaks to GSM gateways, the boxes that hold SIM cards. Standard library only.

The map, from the wire up:

======================  ================================================================================
``link/``               opens, sends and closes sockets; never reads what it moves
``neogate/``,           a family each: ``messages`` (what is read), ``codec`` (bytes to them and
``goip/``               back), ``session`` (one conversation), ``sending`` (outgoing texts), ``ussd``,
                        ``commands`` (what else can be asked), ``port`` (one SIM slot), ``dialog`` (all
                        of it, without sockets or clocks). Twin folders: who knows one finds the way in
                        the other
``dialog.py``           the contract of a dialog: it is told what happened and when, and returns Steps
``driver.py``           runs any dialog over any link
``hub.py``              lends drivers: gateways that register at one UDP port share its socket
``ami.py``              the manager interface of an Asterisk, which the NeoGate's API is made of
``fields.py``           lists of ``key:value;``, which GoIP packets are made of
``parts.py``            joins the parts of long texts
``calls.py``            makes calls out of what a line tells of its voice channel
``backoff.py``,         growing waits; deadlines of thousands; what was seen a short while ago
``alarms.py``,
``recent.py``
``listeners.py``        who is told of events
``requests.py``         what can be asked of a port or a box
``reports.py``          finds the text that a delivery report is about
``outbox.py``           the queue: a lane per port, for texts and USSD in turn
``sender.py``           runs the outbox, and learns what became of each text
``gateway.py``          Gateway, all that Home Assistant sees of a box
``family.py``           what a family tells of itself; ``families.py`` lists them and says how to add one
``models.py``           the words: ports, texts, calls, and the events about them
``errors.py``           everything that can go wrong, on one screen
``text.py``             what may be put into a number, a text, a code or a credential
======================  ================================================================================

Start reading at ``gateway.py`` for what it does, at a family's ``codec.py`` for what the wire looks like.
"""

from .admission import Policy, Terms
from .dialog import Box
from .errors import (
    CannotConnect,
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    LoginRefused,
    NotKept,
    NotNow,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
    WrongPeer,
)
from .families import FAMILIES
from .family import Endpoint, Family, Feature
from .gateway import BreakerTripped, Gateway, GatewayEvent, MessageChanged, StateChanged
from .hub import Hub, Stranger
from .journal import Direction, Entry, Journal, Query, StatusChange
from .limits import Limits
from .models import (
    Call,
    CallChanged,
    CallEventType,
    CallState,
    ConnectionChanged,
    GatewayState,
    HandedOn,
    LineHeard,
    Message,
    MessageError,
    MessageStatus,
    NetworkStatus,
    PortChanged,
    PortRestarted,
    PortState,
    PortStatus,
    Priority,
    ReceivedSms,
    Trouble,
    TroubleFound,
    UssdArrived,
    UssdReply,
)
from .requests import (
    Cells,
    CloseUssd,
    Forwarding,
    ForwardingReason,
    GetCallForwarding,
    HangUp,
    LockCell,
    PortRequest,
    RefreshCells,
    ResetRemainingTime,
    SetAllEnabled,
    SetCallForwarding,
    SetCallInterval,
    SetCallTimeLimit,
    SetCallWaiting,
    SetEnabled,
    SetImei,
    SetPhoneNumber,
)
from .sender import Sending

__all__ = [
    "FAMILIES",
    "Box",
    "BreakerTripped",
    "Call",
    "CallChanged",
    "CallEventType",
    "CallState",
    "CannotConnect",
    "Cells",
    "CloseUssd",
    "CommandRefused",
    "ConnectionChanged",
    "Direction",
    "Endpoint",
    "Entry",
    "Family",
    "Feature",
    "Forwarding",
    "ForwardingReason",
    "Gateway",
    "GatewayError",
    "GatewayEvent",
    "GatewayState",
    "GatewayTimeout",
    "GetCallForwarding",
    "HandedOn",
    "HangUp",
    "Hub",
    "InvalidInput",
    "Journal",
    "Limits",
    "LineHeard",
    "LinkLost",
    "LockCell",
    "LoginRefused",
    "Message",
    "MessageChanged",
    "MessageError",
    "MessageStatus",
    "NetworkStatus",
    "NotKept",
    "NotNow",
    "NotSupported",
    "OutcomeUnknown",
    "Policy",
    "PortChanged",
    "PortNotReady",
    "PortRequest",
    "PortRestarted",
    "PortState",
    "PortStatus",
    "Priority",
    "Query",
    "ReceivedSms",
    "RefreshCells",
    "ResetRemainingTime",
    "Sending",
    "SetAllEnabled",
    "SetCallForwarding",
    "SetCallInterval",
    "SetCallTimeLimit",
    "SetCallWaiting",
    "SetEnabled",
    "SetImei",
    "SetPhoneNumber",
    "StateChanged",
    "StatusChange",
    "Stranger",
    "Terms",
    "Trouble",
    "TroubleFound",
    "UssdArrived",
    "UssdReply",
    "WrongPeer",
]
