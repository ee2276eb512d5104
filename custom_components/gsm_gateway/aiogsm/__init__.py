"""aiogsm: speaks to GSM gateways, the boxes that hold SIM cards. Standard library only.

The map, from the wire up:

======================  ================================================================================
``link/``               opens, sends and closes sockets; never reads what it moves
``neogate/``,           a family each: ``messages`` (what is read), ``codec`` (bytes to them and
``goip/``               back), ``session`` (one conversation), ``sending`` (outgoing texts), ``ussd``,
                        ``commands`` (what else can be asked), ``port`` (one SIM slot), ``dialog`` (all
                        of it, without sockets or clocks), ``transcript`` (what may be shown of the
                        wire), ``dialect`` (where they are joined). Twin folders: who knows one finds
                        the way in the other
``dialog.py``           the contract of a dialog: it is told what happened and when, and returns Steps
``driver.py``           runs any dialog over any link
``hub.py``              lends drivers: gateways that register at one UDP port share its socket
``wirelog.py``          the last of what passed over a wire, to be asked for when something is wrong
``ami.py``              the manager interface of an Asterisk, which the NeoGate's API is made of
``fields.py``           lists of ``key:value;``, which GoIP packets are made of
``parts.py``            joins the parts of long texts
``calls.py``            makes calls out of what a line tells of its voice channel
``backoff.py``,         growing waits; deadlines of thousands; what was seen a short while ago; the
``alarms.py``,          numbers that answers are known by
``recent.py``,
``sendids.py``
``listeners.py``        who is told of events
``requests.py``         what can be asked of a port or a box
``gateway.py``          Gateway, all that Home Assistant sees of a box; ``events.py`` is what it tells
``menus.py``            a USSD code and the answers to its menus, in one session
``power.py``            restarts modules, and switches them off and on
``mail.py``             all texts of a gateway, both ways, and the journal that they are kept in
``admission.py``        who may queue a text; ``limits.py`` counts
``outbox.py``           the queue: a lane per port (``lanes.py``), for texts and USSD in turn;
                        ``verdicts.py`` says what a text has become
``sender.py``           runs the outbox, and keeps every step of each text
``aftermath.py``        what comes to be known of a text later; ``reports.py`` finds whose it is
``inbox.py``            received texts: joined, kept, and handed on once
``journal.py``          the contract of what survives a kill; ``records.py`` is what a dialog wants kept
                        before it goes on, and what it is told of earlier runs
``family.py``           what a family tells of itself; ``families.py`` lists them and says how to add one
``models.py``           the words: ports, texts, calls, and the events about them; ``reprs.py`` keeps
                        what is in them out of logs
``errors.py``           everything that can go wrong, on one screen
``text.py``             what may be put into a number, a text, a code or a credential, and what is left of
                        what comes in; ``split.py`` cuts texts that are too long
======================  ================================================================================

Start reading at ``gateway.py`` for what it does, at a family's ``codec.py`` for what the wire looks like.
"""

from .admission import Draft, Policy, Terms
from .dialog import Box
from .errors import (
    BoxRebootNotSupported,
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
    PortBusy,
    PortInUse,
    PortNotReady,
    StillStarting,
    WrongPeer,
)
from .events import BreakerTripped, GatewayEvent, MessageChanged, StateChanged
from .families import FAMILIES
from .family import Endpoint, Family, Feature
from .gateway import Gateway
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
    LineRefused,
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
from .split import split_text
from .text import check_ussd_code
from .wirelog import Pseudonyms, Way, WireLine

__all__ = [
    "FAMILIES",
    "Box",
    "BoxRebootNotSupported",
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
    "Draft",
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
    "LineRefused",
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
    "PortBusy",
    "PortChanged",
    "PortInUse",
    "PortNotReady",
    "PortRequest",
    "PortRestarted",
    "PortState",
    "PortStatus",
    "Priority",
    "Pseudonyms",
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
    "StillStarting",
    "Stranger",
    "Terms",
    "Trouble",
    "TroubleFound",
    "UssdArrived",
    "UssdReply",
    "Way",
    "WireLine",
    "WrongPeer",
    "check_ussd_code",
    "split_text",
]
