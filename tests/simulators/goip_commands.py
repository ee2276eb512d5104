"""Every verb that is neither text nor USSD: one row each (section 5).

The order of arguments is the trap of this protocol: getters have the password second, setters have the value
first and the password last, CF and CW have the password right after the sendid. Error texts are documented
nowhere; those here are inventions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .goip_state import LOGIN, LOGOUT

if TYPE_CHECKING:
    from .goip_line import GoipLine, Request

WRONG_PASSWORD = "PASSWORD"


def _nothing(_line: GoipLine, _request: Request, _value: str) -> None:
    """Follow the reply by nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A row: what the verb takes, what it says after verb and sendid, and what it does once it has replied.

    `run` raises ValueError for a value that the line does not take.
    """

    run: Callable[[GoipLine, str], str]
    takes_value: bool = False
    error_tells_value: bool = False
    then: Callable[[GoipLine, Request, str], None] = _nothing


def take(line: GoipLine, request: Request) -> bool:
    """Answer a request of this table; return whether it was one."""
    if request.verb in _OWN_FORM:
        _OWN_FORM[request.verb](line, request)
    elif request.verb in VERBS:
        _take(line, request, VERBS[request.verb])
    else:
        return False
    return True


def _take(line: GoipLine, request: Request, verb: Verb) -> None:
    rest = _without_line_end(line, request)
    value, _, password = rest.rpartition(" ") if verb.takes_value else ("", "", rest)
    told = f"{request.sendid} {value}" if verb.error_tells_value else str(request.sendid)
    if not line.password_fits(request, password):
        line.reply(request, f"ERROR {told} {WRONG_PASSWORD}")
        return
    try:
        answer = verb.run(line, value)
    except ValueError:
        line.complain(f"{request.verb} does not take {value!r}")
        line.reply(request, f"ERROR {told} wrong value")
        return
    line.happened(f"{request.verb} {value}".rstrip())
    line.reply(request, f"{request.verb} {request.sendid} {answer}")
    verb.then(line, request, value)


def _without_line_end(line: GoipLine, request: Request) -> str:
    """Commands carry no line end; a box might take one for a part of the password."""
    rest = request.rest.rstrip("\r\n")
    if rest != request.rest:
        line.complain(f"{request.verb} ends in a line end")
    return rest


def _getter(attribute: str) -> Verb:
    return Verb(run=lambda line, _: str(getattr(line.state, attribute)))


def _setter(attribute: str, kind: type[int | str], *, error_tells_value: bool = False) -> Verb:
    def run(line: GoipLine, value: str) -> str:
        setattr(line.state, attribute, kind(value))
        return f"{value} ok"

    return Verb(run=run, takes_value=True, error_tells_value=error_tells_value)


def _done(then: Callable[[GoipLine, Request, str], None] = _nothing, *, ok: str = "ok") -> Verb:
    return Verb(run=lambda _line, _value: ok, then=then)


def _reset_remain_time(line: GoipLine, _: str) -> str:
    line.state.remain_time = line.state.exp_time
    return "ok"


def _switch(line: GoipLine, value: str) -> None:
    """0 off and 1 on; the English document's 2 for off is a slip."""
    down = {"0": 1, "1": 0}.get(value)
    if down is None:
        raise ValueError(value)
    line.state.module_down = down
    line.state.gsm_status = LOGOUT if down else LOGIN


def _module_ctl_i(line: GoipLine, value: str) -> str:
    _switch(line, value)
    return "ok"


def _module_ctl(line: GoipLine, value: str) -> str:
    """One digit for each channel of the box; 2 leaves a channel as it is."""
    lines = line.box.lines
    if len(value) != len(lines) or not set(value) <= set("012"):
        raise ValueError(value)
    for each, digit in zip(lines, value, strict=True):
        if digit != "2":
            _switch(each, digit)
    return "ok"


def _status_flag(line: GoipLine, value: str) -> str:
    """0 stops the reporting of calls and states, 1 resumes it."""
    line.state.disable_status = 1 - int(value)
    return "ok"


def _any_value(_line: GoipLine, _value: str) -> str:
    return "ok"


def _at_command(_line: GoipLine, value: str) -> str:
    if not value.upper().startswith("AT"):
        raise ValueError(value)
    return "OK"


def _at_monitor(line: GoipLine, request: Request, value: str) -> None:
    """Show the monitor what was sent to the module; this form is never acknowledged (section 6)."""
    state = line.state
    text = f"AT:{request.sendid};count:1;id:{state.name};password:{state.password};receive:write:{value}"
    line.transmit(text.encode(errors="surrogateescape"), line.box.server)


def _drop_call(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.hang_up(line.name)


def _push_cells(line: GoipLine, _request: Request, _value: str) -> None:
    line.push("CELLS", "lists:" + "".join(f"{cell}," for cell in line.state.cells))


def _reboot_module(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.reboot(line.name)


def _reboot_box(line: GoipLine, _request: Request, _value: str) -> None:
    line.box.reboot()


VERBS = {
    "get_gsm_num": _getter("num"),
    "set_gsm_num": _setter("num", str, error_tells_value=True),
    "get_exp_time": _getter("exp_time"),
    "set_exp_time": _setter("exp_time", int, error_tells_value=True),
    "get_remain_time": _getter("remain_time"),
    "reset_remain_time": Verb(run=_reset_remain_time),
    "get_gsm_state": _getter("voip_state"),
    "svr_drop_call": _done(_drop_call),
    "svr_reboot_module": _done(_reboot_module),
    "svr_reboot_dev": _done(_reboot_box),
    "get_imei": _getter("imei"),
    "set_imei": _setter("imei", str),
    "get_out_call_interval": _getter("out_call_interval"),
    "set_out_call_interval": _setter("out_call_interval", int),
    "module_ctl_i": Verb(run=_module_ctl_i, takes_value=True),
    "module_ctl": Verb(run=_module_ctl, takes_value=True),
    "set_base_cell": _setter("cell", str),
    "get_cells_list": _done(_push_cells),
    "CURCELL": _getter("cell"),
    "ATSTART": _done(ok="OK"),
    "ATSTOP": _done(ok="OK"),
    "ATALIVE": _done(ok="OK"),
    "ATCMD": Verb(run=_at_command, takes_value=True, then=_at_monitor),
    "status_flag": Verb(run=_status_flag, takes_value=True),
    "set_num": _setter("num", str),
    "reset_num": _done(),
    "callout_ctl": Verb(run=_any_value, takes_value=True),
    "disable_sim": _done(),
    "disable_sim2": Verb(run=_any_value, takes_value=True),
}


def _call_forward(line: GoipLine, request: Request) -> None:
    """`CF <sid> <pw> <reason> <mode> <num> <ftime>`: an empty number leaves two blanks."""
    words = _without_line_end(line, request).split(" ")
    reason, mode, number = words[1:4] if len(words) == 5 else ("", "", "")
    if not line.password_fits(request, words[0]) or reason not in set("012345") or mode not in set("01234"):
        line.reply(request, f"CFERROR {request.sendid}")
    elif mode == "2":
        forward = line.state.forwards.get(reason)
        flag = 0 if forward is None else 1
        line.reply(request, f"CFSTATE {request.sendid} {flag} {forward or ''}")
    else:
        if mode in {"1", "3"}:
            line.state.forwards[reason] = number
        else:
            line.state.forwards.pop(reason, None)
        line.happened(f"CF {reason} {mode} {number}")
        line.reply(request, f"CFOK {request.sendid}")


def _call_waiting(line: GoipLine, request: Request) -> None:
    """`CW <sid> <pw> <mode>`: 0 off, 1 on, 2 asks."""
    password, _, mode = _without_line_end(line, request).partition(" ")
    if not line.password_fits(request, password) or mode not in set("012"):
        line.reply(request, f"CWERROR {request.sendid}")
    elif mode == "2":
        line.reply(request, f"CWSTATE {request.sendid} {line.state.call_waiting}")
    else:
        line.state.call_waiting = int(mode)
        line.reply(request, f"CWOK {request.sendid}")


def _gsm(line: GoipLine, request: Request) -> None:
    """Answer in the colon form; newer firmware appends three fields."""
    if not line.password_fits(request, _without_line_end(line, request)):
        line.reply(request, f"GSMERROR {request.sendid} {WRONG_PASSWORD}")
        return
    state = line.state
    text = (
        f"GSM:{request.sendid};get_gsm_num:{state.num};get_exp_time:{state.exp_time}"
        f";get_remain_time:{state.remain_time};get_gsm_state:{state.voip_state}"
    )
    if line.box.generation.tells_more_in_gsm:
        text += f";imei:{state.imei};out_call_interval:{state.out_call_interval}"
        text += f";module_down:{state.module_down}"
    line.reply(request, text)


_OWN_FORM: dict[str, Callable[[GoipLine, Request], None]] = {
    "CF": _call_forward,
    "CW": _call_waiting,
    "GSM": _gsm,
}
