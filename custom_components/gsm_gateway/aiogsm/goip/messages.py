"""What a GoIP says, once it is read, as frozen value objects; and the commands that it can be given.

The numbers of sections are those of the vendor's "GoIP SMS Interface".
"""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2s
from typing import NamedTuple

from ..dialog import Box
from ..models import CallState
from ..parts import Part
from ..records import DeliveryReported, SmsArrived
from ..reprs import hiding

NO_LIMIT = -1
"""In place of minutes: outgoing calls are not limited."""


@hiding("password", "phone_number", "imei", "imsi", "iccid")
class Report(NamedTuple):
    """What a line says of itself in a keepalive (section 2); ``None`` where its firmware does not say.

    ``csq`` is the module's 0 to 31, ``remaining`` minutes or ``NO_LIMIT``. ``reporting`` is false where the
    box was told to keep calls to itself. ``unread`` names the fields whose values mean nothing to us, with
    the word that stands there.
    """

    line: str
    password: str
    registered: bool | None = None
    csq: int | None = None
    voip_registered: bool | None = None
    call_state: CallState | None = None
    remaining: int | None = None
    operator: str | None = None
    phone_number: str | None = None
    imei: str | None = None
    imsi: str | None = None
    iccid: str | None = None
    reporting: bool | None = None
    cell: str | None = None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keepalive:
    """A line is there; ``count`` grows by one from the box's start."""

    count: int
    report: Report


class Heard(NamedTuple):
    """What a keepalive brought.

    ``fresh``: the line was offline before, or has ``restarted``. ``gone``: it lost the network, or has
    restarted. ``changed``: it came to the network or lost it, or has another SIM. ``wandering``: it is
    heard from two addresses in turn, told once.
    """

    fresh: bool = False
    restarted: bool = False
    gone: bool = False
    changed: bool = False
    wandering: bool = False


@hiding("sender", "text")
class SmsReceived(NamedTuple):
    """A text came in (section 4); one that the box joined without a part that never came is not complete."""

    sender: str
    text: str
    complete: bool = True


@hiding("number")
class SmsDelivered(NamedTuple):
    """What became of the text that was taken as ``sms_no``; ``None`` while the network still tries."""

    sms_no: int
    delivered: bool | None
    number: str | None = None


@hiding("number")
class VoiceChanged(NamedTuple):
    """The line's voice channel changed (section 5.2.1); ``state`` is ``None`` for a word not known here."""

    state: CallState | None
    number: str | None = None


@hiding("number")
class CallRecorded(NamedTuple):
    """A call is going on (section 5.2.2)."""

    incoming: bool
    number: str | None = None


class CallHungUp(NamedTuple):
    """A call ended, and why."""

    cause: str | None


class MinutesLeft(NamedTuple):
    """The minutes of outgoing calls that are left after one, or ``NO_LIMIT`` (section 5.2.3)."""

    remaining: int | None


@hiding("text")
class UssdReceived(NamedTuple):
    """The network sent a USSD text by itself."""

    text: str


class CellsListed(NamedTuple):
    """The cells that the line hears."""

    cells: tuple[str, ...]


class CellChanged(NamedTuple):
    """The line uses this cell now."""

    cell: str


type News = (
    SmsReceived
    | SmsDelivered
    | VoiceChanged
    | CallRecorded
    | CallHungUp
    | MinutesLeft
    | UssdReceived
    | CellsListed
    | CellChanged
)


@hiding("password")
class Push(NamedTuple):
    """Something happened. The box repeats it until it is acknowledged, also where ``news`` is ``None``.

    ``recvid`` falls by one from each push of a line to the next, and starts anew with the box. ``unread``
    as of a keepalive.
    """

    verb: str
    recvid: int
    line: str
    password: str
    news: News | None = None
    unread: tuple[str, ...] = ()


class SessionError(StrEnum):
    """The refusals of a whole session that mean something of their own."""

    NO_SESSION = "SENDID"
    LOGGED_OUT = "GSM_LOGOUT"
    TOO_MANY = "too_many_sends_in_server"


class Word(StrEnum):
    """The replies that are one word (section 3, steps 2, 4 and 10; section 6)."""

    CONFIRMED = "PASSWORD"
    AUTHENTICATED = "SEND"
    ENDED = "DONE"
    USSD_ENDED = "USSDEXIT"


class Prompt(NamedTuple):
    """The session takes the password, then numbers; or it is over."""

    sendid: int
    word: Word


class Waiting(NamedTuple):
    """A number is being sent to (step 6)."""

    sendid: int
    telid: int


class Taken(NamedTuple):
    """The network took the text. ``sms_no`` names it in a delivery report; old firmware has none."""

    sendid: int
    telid: int
    sms_no: int | None = None


@hiding("reason")
class Refused(NamedTuple):
    """The box said no: to one number if ``telid`` is given, else to all that ``sendid`` names."""

    sendid: int
    reason: str
    telid: int | None = None


def is_about_password(reason: str) -> bool:
    """Whether a refusal's reason is the password."""
    return "password" in reason.lower()


@hiding("value")
class Answer(NamedTuple):
    """What was asked for, under the verb that asked; ``value`` may be empty."""

    sendid: int
    verb: str
    value: str


type Reply = Prompt | Waiting | Taken | Refused | Answer
type FromBox = Keepalive | Push | Reply


@hiding("phone_number", "imei")
class Settings(NamedTuple):
    """What a line says of itself when it is asked; ``None`` where it does not, ``unread`` as of a keepalive.

    ``call_time_limit`` and ``remaining`` are minutes or ``NO_LIMIT``, ``call_interval`` is in seconds.
    """

    phone_number: str | None = None
    call_time_limit: int | None = None
    remaining: int | None = None
    call_state: CallState | None = None
    imei: str | None = None
    call_interval: int | None = None
    enabled: bool | None = None
    cell: str | None = None
    unread: tuple[str, ...] = ()


class Command(StrEnum):
    """What can be asked of a line: one row each, in the vendor's order of arguments, which differs.

    Getters have the password second, setters last. None ends in a newline: it would be dialled.
    """

    GET_ALL = "GSM {sendid} {password}"
    GET_NUMBER = "get_gsm_num {sendid} {password}"
    SET_NUMBER = "set_gsm_num {sendid} {value} {password}"
    GET_TIME_LIMIT = "get_exp_time {sendid} {password}"
    SET_TIME_LIMIT = "set_exp_time {sendid} {value} {password}"
    GET_REMAINING_TIME = "get_remain_time {sendid} {password}"
    RESET_REMAINING_TIME = "reset_remain_time {sendid} {password}"
    GET_CALL_STATE = "get_gsm_state {sendid} {password}"
    HANG_UP = "svr_drop_call {sendid} {password}"
    REBOOT_MODULE = "svr_reboot_module {sendid} {password}"
    REBOOT_BOX = "svr_reboot_dev {sendid} {password}"
    FORWARDING = "CF {sendid} {password} {value}"
    WAITING = "CW {sendid} {password} {value}"
    GET_IMEI = "get_imei {sendid} {password}"
    SET_IMEI = "set_imei {sendid} {value} {password}"
    GET_INTERVAL = "get_out_call_interval {sendid} {password}"
    SET_INTERVAL = "set_out_call_interval {sendid} {value} {password}"
    SWITCH = "module_ctl_i {sendid} {value} {password}"
    SWITCH_ALL = "module_ctl {sendid} {value} {password}"
    LOCK_CELL = "set_base_cell {sendid} {value} {password}"
    LIST_CELLS = "get_cells_list {sendid} {password}"
    GET_CELL = "CURCELL {sendid} {password}"
    REPORT = "status_flag {sendid} {value} {password}"
    USSD = "USSD {sendid} {password} {value}"
    USSD_EXIT = "USSDEXIT {sendid} {password}"

    def packet(self, sendid: int, password: str, value: str = "") -> bytes:
        """Write the command; ``value`` is what its row has a place for."""
        return self.format(sendid=sendid, password=password, value=value).encode()


ON, OFF, UNCHANGED = "1", "0", "2"
"""Values of ``SWITCH``, ``SWITCH_ALL`` (a digit for each channel), ``WAITING`` and ``REPORT``."""


def identity_of(push: Push) -> str:
    """Name a push of a line, so that it is known when it comes again. A text in it cannot be told by that."""
    identity = f"{push.verb}:{push.recvid}"
    if not isinstance(push.news, SmsReceived):
        return identity
    told = f"{push.news.sender}\0{push.news.text}"
    return f"{identity}:{blake2s(told.encode(errors='surrogatepass')).hexdigest()}"


def record_of(box: Box, push: Push, identity: str) -> SmsArrived | DeliveryReported | None:
    """Give what has to be kept of a push to a box before it is acknowledged, if anything."""
    match push.news:
        case SmsReceived(sender=sender, text=text, complete=complete):
            part = Part(port=push.line, sender=sender, text=text, loose=box.join_texts, complete=complete)
            return SmsArrived(gateway=box.key, part=part, push=identity)
        case SmsDelivered(sms_no, delivered, number):
            return DeliveryReported(
                gateway=box.key,
                port=push.line,
                reference=sms_no,
                delivered=delivered,
                number=number,
                push=identity,
            )
    return None
