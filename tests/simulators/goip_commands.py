"""Every verb that is neither text nor USSD: one row each (section 5).

The order of arguments is the trap of this protocol: getters have the password second, setters have the value
first and the password last. Error texts are documented nowhere; those here are inventions.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from .goip_network import OWN_FORMS, WRONG_PASSWORD, without_line_end
from .goip_state import LOGIN, LOGOUT

if TYPE_CHECKING:
    from .goip_line import GoipLine, Request

UNLIMITED = -1
MOST = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A row: what the verb takes and does, what it says after verb and sendid, and what follows.

    `run` gives the answer, or None where it is the line's `ok`; it raises ValueError for a value that the
    line does not take. `then` is done after the reply has been sent. Setters tell their value before the
    `ok`, some of them before an error's text, too.
    """

    run: Callable[[GoipLine, str], str | None] = lambda _line, _value: None
    then: Callable[[GoipLine, Request, str], None] = lambda _line, _request, _value: None
    takes_value: bool = False
    tells_value: bool = False
    error_tells_value: bool = False


def take(line: GoipLine, request: Request) -> bool:
    """Answer a request of this table; return whether it was one."""
    if request.verb in OWN_FORMS:
        OWN_FORMS[request.verb](line, request)
    elif request.verb in VERBS:
        _take(line, request, VERBS[request.verb])
    else:
        return False
    return True


def _take(line: GoipLine, request: Request, verb: Verb) -> None:
    rest = without_line_end(line, request)
    value, _, password = rest.rpartition(" ") if verb.takes_value else ("", "", rest)
    answer = _run(line, request, verb, value, password)
    if answer is None:
        return
    line.happened(f"{request.verb} {value}".rstrip())
    line.reply(request, f"{request.verb} {request.sendid} {answer}")
    verb.then(line, request, value)


def _run(line: GoipLine, request: Request, verb: Verb, value: str, password: str) -> str | None:
    """Do it and give what to say, or refuse and give None."""
    told = f"{request.sendid} {value}" if verb.error_tells_value else str(request.sendid)
    refusal = line.refusals.get(request.verb)
    if not line.password_fits(request, password):
        refusal = WRONG_PASSWORD
    if refusal is None:
        try:
            answer = verb.run(line, value)
        except ValueError:
            line.complain(f"{request.verb} does not take {value!r}")
            refusal = "wrong value"
        else:
            ok = f"{value} {line.quirks.ok}" if verb.tells_value else line.quirks.ok
            return ok if answer is None else answer
    line.reply(request, f"ERROR {told} {refusal}")
    return None


def _getter(attribute: str) -> Verb:
    return Verb(run=lambda line, _: str(getattr(line.state, attribute)))


def _minutes(value: str) -> int:
    return _among(range(UNLIMITED, MOST), value)


def _seconds(value: str) -> int:
    return _among(range(MOST), value)


def _among(numbers: Container[int], value: str) -> int:
    if int(value) not in numbers:
        raise ValueError(value)
    return int(value)


def _word(value: str) -> str:
    if not value or " " in value:
        raise ValueError(value)
    return value


def _fifteen_digits(value: str) -> str:
    if len(value) != 15 or not value.isdecimal():
        raise ValueError(value)
    return value


def _setter(attribute: str, read: Callable[[str], int | str], *, error_tells_value: bool = False) -> Verb:
    def run(line: GoipLine, value: str) -> None:
        setattr(line.state, attribute, read(value))

    return Verb(run=run, takes_value=True, tells_value=True, error_tells_value=error_tells_value)


def _lock_cell(line: GoipLine, value: str) -> None:
    """Take one of those that were listed."""
    if value not in map(str, line.state.cells):
        raise ValueError(value)
    line.state.cell = value


def _reset_remain_time(line: GoipLine, _: str) -> None:
    line.state.remain_time = line.state.exp_time


def _switch(line: GoipLine, value: str) -> None:
    """0 off and 1 on; the English document's 2 for off is a slip."""
    down = {"0": 1, "1": 0}.get(value)
    if down is None:
        raise ValueError(value)
    line.state.module_down = down
    line.state.gsm_status = LOGOUT if down else LOGIN


def _switch_all(line: GoipLine, value: str) -> None:
    """One digit for each channel of the box; 2 leaves a channel as it is."""
    lines = line.box.lines
    if len(value) != len(lines) or not set(value) <= set("012"):
        raise ValueError(value)
    for each, digit in zip(lines, value, strict=True):
        if digit != "2":
            _switch(each, digit)


def _set_reporting(line: GoipLine, value: str) -> None:
    """0 stops the reporting of calls and states, 1 resumes it."""
    line.state.disable_status = 1 - _among(range(2), value)


def _drop_call(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.hang_up(line.name)


def _tell_cells(line: GoipLine, _request: Request, _value: str) -> None:
    line.timers.after(line.box.cells_time, partial(_push_cells, line))


def _push_cells(line: GoipLine) -> None:
    line.push_cells()


def _restart_module(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.reboot(line.name)


def _restart_box(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.reboot()


def _at_command(_line: GoipLine, value: str) -> str:
    if not value.upper().startswith("AT"):
        raise ValueError(value)
    return "OK"


def _tell_monitor(line: GoipLine, request: Request, value: str) -> None:
    """Show the monitor what was sent to the module; this form is never acknowledged (section 6)."""
    state = line.state
    text = f"AT:{request.sendid};count:1;id:{state.name};password:{state.password};receive:write:{value}"
    line.transmit(text.encode(errors="surrogateescape"), line.box.server)


_AT_MONITOR = Verb(run=lambda _line, _value: "OK")

VERBS = {
    "get_gsm_num": _getter("num"),
    "set_gsm_num": _setter("num", _word, error_tells_value=True),
    "get_exp_time": _getter("exp_time"),
    "set_exp_time": _setter("exp_time", _minutes, error_tells_value=True),
    "get_remain_time": _getter("remain_time"),
    "reset_remain_time": Verb(run=_reset_remain_time),
    "get_gsm_state": _getter("voip_state"),
    "svr_drop_call": Verb(then=_drop_call),
    "svr_reboot_module": Verb(then=_restart_module),
    "svr_reboot_dev": Verb(then=_restart_box),
    "get_imei": _getter("imei"),
    "set_imei": _setter("imei", _fifteen_digits),
    "get_out_call_interval": _getter("out_call_interval"),
    "set_out_call_interval": _setter("out_call_interval", _seconds),
    "module_ctl_i": Verb(run=_switch, takes_value=True),
    "module_ctl": Verb(run=_switch_all, takes_value=True),
    "set_base_cell": Verb(run=_lock_cell, takes_value=True, tells_value=True),
    "get_cells_list": Verb(then=_tell_cells),
    "CURCELL": _getter("cell"),
    "ATSTART": _AT_MONITOR,
    "ATSTOP": _AT_MONITOR,
    "ATALIVE": _AT_MONITOR,
    "ATCMD": Verb(run=_at_command, takes_value=True, then=_tell_monitor),
    "status_flag": Verb(run=_set_reporting, takes_value=True),
    "set_num": _setter("num", _word),
    "reset_num": Verb(),
    "callout_ctl": Verb(takes_value=True),
    "disable_sim": Verb(),
    "disable_sim2": Verb(takes_value=True),
}
