"""The table's rows for section 5 of the GoIP's wire reference: what can be asked of a line."""

from collections.abc import Awaitable, Callable
from copy import replace

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.simulators.goip_state import Forward, LineState, Quirks

from .goip_bench import Port, Row, Table

REQUESTS = Table()
row = REQUESTS.row


@row("GSM")
async def _gsm(port: Port) -> None:
    state = port.line.state
    state.exp_time, state.remain_time, state.out_call_interval = 77, 66, 33
    await port.restart()
    await port.until(lambda: port.shows("call_time_limit", "number") == "77")
    await port.until(lambda: port.shows("call_interval", "number") == "33")
    await port.until(lambda: port.shows("remaining_time") == "66")
    assert port.shows("enabled", "switch") == "on"
    assert port.shows("call_state") == "idle"
    await port.until(lambda: port.asked("GSM"))
    assert set(port.asked("GSM")) == {f"GSM # {state.password}"}
    state.exp_time = state.remain_time = -1
    await port.restart()
    await port.until(lambda: port.shows("call_time_limit", "number") == "unknown")
    await port.until(lambda: port.attributes("remaining_time")["unlimited"])


SINGLE_GETTERS = (
    "get_gsm_num",
    "get_exp_time",
    "get_remain_time",
    "get_out_call_interval",
    "get_gsm_state",
    "get_imei",
)


@row(f"{', '.join(SINGLE_GETTERS)}: no answer to GSM")
async def _getters_after_silence(port: Port) -> None:
    await _getters(port, Quirks(unknown_verbs=frozenset({"GSM"})), 40)


@row(f"{', '.join(SINGLE_GETTERS)}: GSM is an unknown verb")
async def _getters_after_error(port: Port) -> None:
    await _getters(port, Quirks(unknown_verbs=frozenset({"GSM"}), unknown_answer="unknown command"), 50)


@row(f"GSMERROR, {', '.join(SINGLE_GETTERS)}")
async def _getters_after_gsmerror(port: Port) -> None:
    port.line.refusals["GSM"] = "not now"
    await _getters(port, Quirks(), 70)
    await port.settle()
    del port.line.refusals["GSM"]


async def _getters(port: Port, quirks: Quirks, minutes: int) -> None:
    usual, port.line.quirks = port.line.quirks, quirks
    state = port.line.state
    state.num, state.exp_time, state.remain_time = port.number, minutes, minutes - 1
    state.out_call_interval = minutes + 1
    await port.restart()
    await port.until(lambda: port.shows("call_time_limit", "number") == str(minutes))
    await port.until(lambda: port.shows("call_interval", "number") == str(minutes + 1))
    await port.until(lambda: port.shows("remaining_time") == str(minutes - 1))
    assert port.shows("phone_number") == port.number
    for verb in SINGLE_GETTERS:
        await port.until(lambda verb=verb: set(port.asked(verb)) == {f"{verb} # {state.password}"})
    port.line.quirks = usual


@row("set_gsm_num")
async def _set_gsm_num(port: Port) -> None:
    await port.act("set_phone_number", number=port.number)
    assert port.line.state.num == port.number
    await port.until(lambda: port.shows("phone_number") == port.number)
    assert port.asked("set_gsm_num") == [f"set_gsm_num # {port.number} {port.line.state.password}"]


@row("set_gsm_num: an ok in other letters")
async def _ok(port: Port) -> None:
    usual, port.line.quirks = port.line.quirks, Quirks(ok="$OK")
    await port.act("set_phone_number", number="+4917012345")
    assert port.line.state.num == "+4917012345"
    port.line.quirks = usual


@row("set_exp_time")
async def _set_exp_time(port: Port) -> None:
    await port.set_number("call_time_limit", 90)
    assert port.line.state.exp_time == 90
    await port.until(lambda: port.shows("call_time_limit", "number") == "90")
    assert port.asked("set_exp_time") == [f"set_exp_time # 90 {port.line.state.password}"]


@row("set_exp_time: without limit")
async def _no_limit(port: Port) -> None:
    port.line.state.exp_time = 90
    await port.act("set_call_time_limit", unlimited=True)
    assert port.line.state.exp_time == -1
    await port.until(lambda: port.shows("call_time_limit", "number") == "unknown")
    assert port.asked("set_exp_time") == [f"set_exp_time # -1 {port.line.state.password}"]


@row("reset_remain_time")
async def _reset_remain_time(port: Port) -> None:
    port.line.state.exp_time, port.line.state.remain_time = 60, 5
    await port.told()
    assert port.shows("remaining_time") == "5"
    await port.press("reset_remaining_time")
    assert port.line.state.remain_time == 60
    await port.until(lambda: port.shows("remaining_time") == "60")
    assert port.asked("reset_remain_time") == [f"reset_remain_time # {port.line.state.password}"]


@row("set_out_call_interval")
async def _set_out_call_interval(port: Port) -> None:
    await port.set_number("call_interval", 25)
    assert port.line.state.out_call_interval == 25
    await port.until(lambda: port.shows("call_interval", "number") == "25")
    assert port.asked("set_out_call_interval") == [f"set_out_call_interval # 25 {port.line.state.password}"]


@row("svr_drop_call, HANGUP")
async def _svr_drop_call(port: Port) -> None:
    port.box.ring(port.name, port.number)
    await port.until(lambda: port.calls() == ["incoming"])
    await port.heard_out()
    await port.insist(lambda: port.press("hang_up"), lambda: port.line.call is None)
    await port.until(lambda: port.calls() == ["incoming", "ended"])
    await port.heard_out()
    assert port.calls() == ["incoming", "ended"]
    assert port.cause("Normal call clearing")
    assert port.shows("call_state") == "idle"
    if port.good:
        assert port.asked("svr_drop_call") == [f"svr_drop_call # {port.line.state.password}"]


@row("svr_reboot_module: button")
async def _reboot_button(port: Port) -> None:
    await _reboot(port, lambda: port.press("reboot"))


@row("svr_reboot_module: action")
async def _reboot_action(port: Port) -> None:
    await _reboot(port, lambda: port.act("reboot"))


async def _reboot(port: Port, press: Callable[[], Awaitable[None]]) -> None:
    before = port.line.reboots
    await port.insist(press, lambda: port.line.reboots > before)
    await port.until(lambda: port.line.state.logged_in)
    await port.told()
    await port.until(lambda: port.shows("status") == "ready")
    password = port.line.state.password
    assert set(port.asked("svr_reboot_module")) == {f"svr_reboot_module # {password}"}
    assert port.asked("svr_reboot_dev") == []
    if port.good:
        assert (port.line.reboots - before, len(port.asked("svr_reboot_module"))) == (1, 1)


REASONS = ("unconditional", "busy", "no_reply", "unreachable")
COVERED = {
    **{reason: str(index) for index, reason in enumerate(REASONS)},
    "all": "0123",
    "all_conditional": "123",
}
CODES = {reason: str(index) for index, reason in enumerate(COVERED)}


def _forwarding(reason: str) -> Row:
    async def run(port: Port) -> None:
        code, password = CODES[reason], port.line.state.password
        seconds = 15 if reason == "no_reply" else 0
        timeout = {"timeout": seconds} if seconds else {}
        forwards = port.line.state.forwards
        await port.act("set_call_forwarding", reason=reason, number=port.number, **timeout)
        assert forwards == dict.fromkeys(COVERED[reason], Forward(port.number, seconds))
        await port.settle()
        answer = await port.ask("get_call_forwarding", reason=reason)
        assert answer == {"enabled": True, "number": port.number}
        await port.settle()
        await port.act("set_call_forwarding", reason=reason, enabled=False)
        assert forwards == {}
        answer = await port.ask("get_call_forwarding", reason=reason)
        assert answer == {"enabled": False, "number": None}
        assert port.asked("CF") == [
            f"CF # {password} {code} 3 {port.number} {seconds}",
            f"CF # {password} {code} 2  0",
            f"CF # {password} {code} 4  0",
            f"CF # {password} {code} 2  0",
        ]
        await port.a_while()
        if port.good:
            assert port.line.unconfirmed == set()

    return run


for _reason in CODES:
    row(f"CF: {_reason}, DONE")(_forwarding(_reason))


@row("CW")
async def _cw(port: Port) -> None:
    await port.act("set_call_waiting", enabled=True)
    assert port.line.state.call_waiting == 1
    await port.settle()
    await port.act("set_call_waiting", enabled=False)
    assert port.line.state.call_waiting == 0
    password = port.line.state.password
    assert port.asked("CW") == [f"CW # {password} 1", f"CW # {password} 0"]


@row("get_imei, set_imei")
async def _set_imei(port: Port) -> None:
    imei = "490154203237518" if port.line.state.imei != "490154203237518" else "356938035643809"
    await port.act("set_imei", imei=imei)
    assert port.line.state.imei == imei
    await port.told()
    assert port.shows("imei") == imei
    assert port.asked("set_imei") == [f"set_imei # {imei} {port.line.state.password}"]


@row("module_ctl_i")
async def _module_ctl_i(port: Port) -> None:
    state = port.line.state
    await port.switch(on=False)
    assert (state.module_down, state.logged_in) == (1, False)
    await port.until(lambda: port.shows("enabled", "switch") == "off")
    await port.until(lambda: port.shows("status") == "disabled")
    await port.settle()
    await port.switch(on=True)
    assert (state.module_down, state.logged_in) == (0, True)
    await port.until(lambda: port.shows("enabled", "switch") == "on")
    await port.told()
    await port.until(lambda: port.shows("status") == "ready")
    password = state.password
    assert port.asked("module_ctl_i") == [f"module_ctl_i # 0 {password}", f"module_ctl_i # 1 {password}"]


@row("get_cells_list, CELLS, set_base_cell, CURCELL")
async def _cells(port: Port) -> None:
    state = port.line.state
    assert await port.ask("refresh_cells") == {"cells": ["123", "456", "789"]}
    cell = "456" if state.cell != "456" else "789"
    await port.act("lock_cell", cell=cell)
    assert state.cell == cell
    password = state.password
    assert port.asked("get_cells_list") == [f"get_cells_list # {password}"]
    assert port.asked("set_base_cell") == [f"set_base_cell # {cell} {password}"]
    await port.until(lambda: port.shows("cell") == cell)
    assert f"CURCELL # {password}" in port.asked("CURCELL")
    await port.heard_out()
    with pytest.raises(HomeAssistantError):
        await port.act("lock_cell", cell="999")
    assert state.cell == cell


@row("status_flag")
async def _status_flag(port: Port) -> None:
    port.line.state.disable_status = 1
    await port.told()
    await port.until(lambda: port.line.state.disable_status == 0)
    await port.a_while()
    assert port.asked("status_flag") == [f"status_flag # 1 {port.line.state.password}"]


REFUSED: dict[str, Callable[[Port], Awaitable[object]]] = {
    "set_gsm_num": lambda port: port.act("set_phone_number", number="+4915199"),
    "set_exp_time": lambda port: port.set_number("call_time_limit", 1),
    "reset_remain_time": lambda port: port.press("reset_remaining_time"),
    "set_out_call_interval": lambda port: port.set_number("call_interval", 1),
    "svr_drop_call": lambda port: port.press("hang_up"),
    "svr_reboot_module": lambda port: port.press("reboot"),
    "CF": lambda port: port.ask("get_call_forwarding", reason="busy"),
    "CW": lambda port: port.act("set_call_waiting", enabled=True),
    "set_imei": lambda port: port.act("set_imei", imei="490154203237518"),
    "module_ctl_i": lambda port: port.switch(on=False),
    "set_base_cell": lambda port: port.act("lock_cell", cell="123"),
    "get_cells_list": lambda port: port.ask("refresh_cells"),
    "USSD": lambda port: port.ask("send_ussd", code="*100#"),
}

WORDLESS = {"CF", "CW"}  # their error form has no text
MAY_BE_LOST = {
    ("svr_drop_call", "outcome_unknown"),
    ("svr_reboot_module", "outcome_unknown"),
    ("USSD", "outcome_unknown"),
}
"""What is told of what is never said twice, or only once more, where the refusal did not get through."""
CELL_FIRST = {"set_base_cell"}


async def failure(asking: Awaitable[object]) -> HomeAssistantError | None:
    """Give the error that something ends with, if it does."""
    try:
        await asking
    except HomeAssistantError as err:
        return err
    return None


def settings(port: Port) -> LineState:
    """Give a copy of what the line knows, but for what hangs on the moment."""
    return replace(port.line.state, sms_login="")


def _refusal(verb: str) -> Row:
    async def run(port: Port) -> None:
        if verb in CELL_FIRST:
            await port.ask("refresh_cells")
        port.line.refusals[verb] = "not now"
        before = settings(port)
        error = await failure(REFUSED[verb](port))
        await port.settle()  # a copy that came late would not be refused any more
        del port.line.refusals[verb]
        assert settings(port) == before
        if not port.good and (verb, error and error.translation_key) in MAY_BE_LOST:
            return
        assert error is not None
        assert error.translation_key == "command_refused"
        told = error.translation_placeholders or {}
        assert port.name in told["where"]
        assert verb in WORDLESS or "not now" in told["reason"]

    return run


for _verb in REFUSED:
    row(f"ERROR: {_verb}")(_refusal(_verb))
