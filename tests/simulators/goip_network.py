"""The verbs with a form of their own: what the network keeps for a SIM, and the summary (section 5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .goip_state import Forward

if TYPE_CHECKING:
    from .goip_line import GoipLine, Request

WRONG_PASSWORD = "PASSWORD"
_ASK = "2"

# What a reason of CF stands for: 4 is all of them, 5 all but the unconditional one.
_REASONS = {"0": "0", "1": "1", "2": "2", "3": "3", "4": "0123", "5": "123"}
_ON, _OFF = {"1", "3"}, {"0", "4"}  # the second of each is the documented one
_NO_REPLY = "2"


def without_line_end(line: GoipLine, request: Request) -> str:
    """Commands carry no line end; a box might take one for a part of the password."""
    rest = request.rest.rstrip("\r\n")
    if rest != request.rest:
        line.complain(f"{request.verb} ends in a line end")
    return rest


def _refuses(line: GoipLine, request: Request, password: str) -> bool:
    return request.verb in line.refusals or not line.password_fits(request, password)


def _forward(line: GoipLine, request: Request) -> None:
    """`CF <sid> <pw> <reason> <mode> <num> <ftime>`: an empty number leaves two blanks."""
    password, *words = without_line_end(line, request).split(" ")
    told = None if _refuses(line, request, password) else _forward_as(line, words)
    if told is None:
        line.reply(request, f"CFERROR {request.sendid}")
    elif told:
        line.reply(request, f"CFSTATE {request.sendid} {told}")
    else:
        line.unconfirmed.add(request.sendid)
        line.happened(f"CF {' '.join(words)}")
        line.reply(request, f"CFOK {request.sendid}")


def _forward_as(line: GoipLine, words: list[str]) -> str | None:
    """Do as four words say. Give what an asker is told, nothing after a change, None for bad words."""
    if len(words) != 4 or words[0] not in _REASONS or not words[3].isdecimal():
        line.complain(f"CF does not take {words}")
        return None
    reason, mode, number, seconds = words
    reasons = _REASONS[reason]
    if seconds != "0" and reason != _NO_REPLY:
        line.complain(f"CF has seconds for reason {reason}")
    if mode == _ASK:
        forward = line.state.forwards.get(reasons[0])
        return f"1 {forward.number}" if forward else "0 "
    return _set_forwards(line, reasons, mode, Forward(number, int(seconds)))


def _set_forwards(line: GoipLine, reasons: str, mode: str, forward: Forward) -> str | None:
    if mode in _ON and forward.number:
        line.state.forwards |= dict.fromkeys(reasons, forward)
    elif mode in _OFF:
        for reason in reasons:
            line.state.forwards.pop(reason, None)
    else:
        line.complain(f"CF does not take the mode {mode} with the number {forward.number!r}")
        return None
    return ""


def _call_waiting(line: GoipLine, request: Request) -> None:
    """`CW <sid> <pw> <mode>`: 0 off, 1 on, 2 asks."""
    password, _, mode = without_line_end(line, request).partition(" ")
    if _refuses(line, request, password) or mode not in {"0", "1", _ASK}:
        line.reply(request, f"CWERROR {request.sendid}")
    elif mode == _ASK:
        line.reply(request, f"CWSTATE {request.sendid} {line.state.call_waiting}")
    else:
        line.state.call_waiting = int(mode)
        line.happened(f"CW {mode}")
        line.reply(request, f"CWOK {request.sendid}")


def _summary(line: GoipLine, request: Request) -> None:
    """`GSM <sid> <pw>`: answered in the colon form; newer firmware appends three fields."""
    if _refuses(line, request, without_line_end(line, request)):
        reason = line.refusals.get(request.verb, WRONG_PASSWORD)
        line.reply(request, f"GSMERROR {request.sendid} {reason}")
        return
    state = line.state
    text = (
        f"GSM:{request.sendid};get_gsm_num:{state.num};get_exp_time:{state.exp_time}"
        f";get_remain_time:{state.remain_time};get_gsm_state:{state.voip_state}"
    )
    if line.generation.tells_more_in_gsm:
        text += f";imei:{state.imei};out_call_interval:{state.out_call_interval}"
        text += f";module_down:{state.module_down}"
    line.reply(request, text)


OWN_FORMS: dict[str, Callable[[GoipLine, Request], None]] = {
    "CF": _forward,
    "CW": _call_waiting,
    "GSM": _summary,
}
