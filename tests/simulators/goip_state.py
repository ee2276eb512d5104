"""What a line of a GoIP knows of itself, and which of it each firmware generation tells in its keepalive.

Section 2 of the SMS interface's wire reference: servers parse by key, so the order here is the captures'.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LOGIN = "LOGIN"
LOGOUT = "LOGOUT"
IDLE = "IDLE"
NULL = "(null)"


@dataclass(frozen=True, slots=True)
class Forward:
    """Where calls of one kind go, and after how many seconds without a reply."""

    number: str
    seconds: int = 0


@dataclass(slots=True, kw_only=True)
class Quirks:
    """Habits in which firmwares differ beyond their keepalive. Everything may be changed while the box runs.

    `ok` closes the answers to setters; the documents print `$ok` once. The password's key is `pass` in
    keepalives and `password` in pushes, but not everywhere. An unknown verb is met with silence, or with an
    ERROR of `unknown_answer`. `deliver_number`: reports name their number; `deliver_first`: they overtake the
    OK. A firmware that does not join long texts hands the pieces on, `piece_gap` seconds apart.
    `record_number` and `quotes_cell_info` are forms of RECORD and CELLINFO. `exits_under_dialled`: USSDEXIT
    is answered under the sendid of the code that it ended.
    """

    ok: str = "ok"
    keepalive_password: str = "pass"
    push_password: str = "password"
    unknown_verbs: frozenset[str] = frozenset()
    unknown_answer: str = ""
    deliver_number: bool = True
    deliver_first: bool = False
    joins_pieces: bool = True
    piece_gap: float = 0.0
    record_number: bool = True
    quotes_cell_info: bool = True
    exits_under_dialled: bool = False


@dataclass(slots=True, kw_only=True)
class LineState:
    """A line's settings, SIM, module and counters. Everything may be changed while the box runs."""

    name: str
    password: str
    num: str = ""
    csq: int = 29
    gsm_status: str = LOGIN
    voip_status: str = LOGOUT
    voip_state: str = IDLE
    remain_time: int = -1
    exp_time: int = -1
    imei: str = "867495023958030"
    imsi: str = "260060172091324"
    iccid: str = "89480611000720913242"
    operator: str = "POL"
    idle: int = 11
    disable_status: int = 0
    sms_login: str = "N"
    smb_login: str = ""
    cell_info: str = "LAC:7E5,CELL ID:5E5B"
    cgatt: str = "Y"
    out_call_interval: int = 0
    module_down: int = 0
    cells: list[int] = field(default_factory=lambda: [123, 456, 789])
    cell: str = "123"
    neighbours: list[int] = field(default_factory=lambda: [41, 42])
    call_waiting: int = 0
    forwards: dict[str, Forward] = field(default_factory=dict)
    s_l_id: str = "1"

    @property
    def logged_in(self) -> bool:
        """Whether the SIM is on its network."""
        return self.gsm_status == LOGIN


# One row per keepalive field. `signal` is empty while the line is not on a network (quirk 7).
_VALUES: Mapping[str, Callable[[LineState], object]] = {
    "id": lambda state: state.name,
    "pass": lambda state: state.password,
    "num": lambda state: state.num,
    "signal": lambda state: state.csq if state.logged_in else "",
    "gsm_status": lambda state: state.gsm_status,
    "voip_status": lambda state: state.voip_status,
    "voip_state": lambda state: state.voip_state,
    "remain_time": lambda state: state.remain_time,
    "imei": lambda state: state.imei,
    "imsi": lambda state: state.imsi,
    "iccid": lambda state: state.iccid,
    "pro": lambda state: state.operator,
    "idle": lambda state: state.idle,
    "disable_status": lambda state: state.disable_status,
    "SMS_LOGIN": lambda state: state.sms_login,
    "SMB_LOGIN": lambda state: state.smb_login,
    "CELLINFO": lambda state: state.cell_info,
    "CGATT": lambda state: state.cgatt,
    "s_l_id": lambda state: state.s_l_id,
}


class Generation(StrEnum):
    """Firmware generations, by the fields of their keepalive."""

    OLDEST = "id;pass"
    WITH_NUMBER = "id;pass;num"
    ABOUT_2012 = "id;pass;num;signal;gsm_status;voip_status"
    DOCS_2014 = "id;pass;num;signal;gsm_status;voip_status;imei;imsi;iccid"
    ABOUT_2015 = "id;pass;num;signal;gsm_status;voip_status;voip_state;remain_time;imei;imsi;iccid;pro"
    ABOUT_2017 = (
        "id;pass;num;signal;gsm_status;voip_status;voip_state;remain_time;imei;imsi;iccid;pro"
        ";idle;disable_status"
    )
    CUSTOM_2017 = (
        "id;pass;num;signal;gsm_status;voip_status;voip_state;remain_time;imei;imsi;iccid;pro"
        ";idle;disable_status;s_l_id"
    )
    ABOUT_2018 = (
        "id;pass;num;signal;gsm_status;voip_status;voip_state;remain_time;imei;imsi;iccid;pro"
        ";idle;disable_status;SMS_LOGIN;SMB_LOGIN;CELLINFO;CGATT"
    )

    @property
    def tells_sms_no(self) -> bool:
        """Whether an OK carries the number by which delivery reports are told (3.1)."""
        return self not in {Generation.OLDEST, Generation.WITH_NUMBER, Generation.ABOUT_2012}

    @property
    def tells_more_in_gsm(self) -> bool:
        """Whether the answer to GSM has imei, interval and module state (section 5)."""
        return self in {Generation.ABOUT_2017, Generation.CUSTOM_2017, Generation.ABOUT_2018}


def keepalive(count: int, state: LineState, generation: Generation, quirks: Quirks) -> str:
    """Write a keepalive packet."""
    names = {"pass": quirks.keepalive_password}
    fields = (f"{names.get(key, key)}:{_VALUES[key](state)};" for key in generation.split(";"))
    return f"req:{count};" + "".join(fields)
