"""The GoIP codec: every command as it is written, and what is read of the answers."""

import pytest

from custom_components.gsm_gateway.aiogsm.goip.codec import (
    forwarding,
    forwarding_query,
    read_forwarding,
    read_settings,
    waiting_is,
)
from custom_components.gsm_gateway.aiogsm.goip.messages import (
    NO_LIMIT,
    OFF,
    ON,
    Answer,
    Command,
    Settings,
)
from custom_components.gsm_gateway.aiogsm.models import CallState
from custom_components.gsm_gateway.aiogsm.requests import Forwarding, ForwardingReason

IMEI = "867495023958030"

COMMANDS = [
    (Command.GET_ALL, "", "GSM 5 pw{0}"),
    (Command.GET_NUMBER, "", "get_gsm_num 5 pw{0}"),
    (Command.SET_NUMBER, "13800138001", "set_gsm_num 5 13800138001 pw{0}"),
    (Command.GET_TIME_LIMIT, "", "get_exp_time 5 pw{0}"),
    (Command.SET_TIME_LIMIT, "-1", "set_exp_time 5 -1 pw{0}"),
    (Command.GET_REMAINING_TIME, "", "get_remain_time 5 pw{0}"),
    (Command.RESET_REMAINING_TIME, "", "reset_remain_time 5 pw{0}"),
    (Command.GET_CALL_STATE, "", "get_gsm_state 5 pw{0}"),
    (Command.HANG_UP, "", "svr_drop_call 5 pw{0}"),
    (Command.REBOOT_MODULE, "", "svr_reboot_module 5 pw{0}"),
    (Command.REBOOT_BOX, "", "svr_reboot_dev 5 pw{0}"),
    (Command.FORWARDING, "0 2  0", "CF 5 pw{0} 0 2  0"),
    (Command.WAITING, ON, "CW 5 pw{0} 1"),
    (Command.GET_IMEI, "", "get_imei 5 pw{0}"),
    (Command.SET_IMEI, IMEI, f"set_imei 5 {IMEI} pw{{0}}"),
    (Command.GET_INTERVAL, "", "get_out_call_interval 5 pw{0}"),
    (Command.SET_INTERVAL, "30", "set_out_call_interval 5 30 pw{0}"),
    (Command.SWITCH, OFF, "module_ctl_i 5 0 pw{0}"),
    (Command.SWITCH_ALL, "10120121", "module_ctl 5 10120121 pw{0}"),
    (Command.LOCK_CELL, "456", "set_base_cell 5 456 pw{0}"),
    (Command.LIST_CELLS, "", "get_cells_list 5 pw{0}"),
    (Command.GET_CELL, "", "CURCELL 5 pw{0}"),
    (Command.REPORT, ON, "status_flag 5 1 pw{0}"),
    (Command.USSD, "*100#", "USSD 5 pw{0} *100#"),
    (Command.USSD_EXIT, "", "USSDEXIT 5 pw{0}"),
]


@pytest.mark.parametrize(("command", "value", "packet"), COMMANDS)
def test_writes_commands_without_a_newline(command: Command, value: str, packet: str) -> None:
    assert command.packet(5, "pw{0}", value) == packet.encode()


def test_every_command_has_its_row() -> None:
    assert [command for command, _, _ in COMMANDS] == list(Command)


@pytest.mark.parametrize("reason", ForwardingReason)
def test_writes_forwarding(reason: ForwardingReason) -> None:
    digit = list(ForwardingReason).index(reason)
    seconds = 25 if reason is ForwardingReason.NO_REPLY else 0
    assert forwarding(reason, "+123", 25) == f"{digit} 3 +123 {seconds}"
    assert forwarding(reason, None, 25) == f"{digit} 4  0"
    assert forwarding_query(reason) == f"{digit} 2  0"


@pytest.mark.parametrize(
    ("verb", "value", "told"),
    [
        ("CFSTATE", "1 13800138000", Forwarding(True, "13800138000")),
        ("CFSTATE", "0 ", Forwarding(False)),
        ("CFSTATE", "0", Forwarding(False)),
        ("CFSTATE", "2 1", None),
        ("CFSTATE", "", None),
        ("CFOK", "", None),
    ],
)
def test_reads_forwarding(verb: str, value: str, told: Forwarding | None) -> None:
    assert read_forwarding(Answer(5, verb, value)) == told


@pytest.mark.parametrize(
    ("verb", "value", "agrees"),
    [("CWOK", "", True), ("CWSTATE", "1 ", True), ("CWSTATE", "0", False)],
)
def test_reads_call_waiting(verb: str, value: str, agrees: bool) -> None:
    assert waiting_is(Answer(5, verb, value), ON) is agrees


SETTINGS = [
    (
        "GSM",
        (
            "get_gsm_num:123;get_exp_time:60;get_remain_time:25;get_gsm_state:INCOMING:5;"
            f"imei:{IMEI};out_call_interval:30;module_down:0"
        ),
        Settings(
            phone_number="123",
            call_time_limit=60,
            remaining=25,
            call_state=CallState.INCOMING,
            imei=IMEI,
            call_interval=30,
            enabled=True,
        ),
    ),
    (
        "GSM",
        "get_gsm_num:(null);get_exp_time:-1;get_remain_time:-1;get_gsm_state:IDLE",
        Settings(call_time_limit=NO_LIMIT, remaining=NO_LIMIT, call_state=CallState.IDLE),
    ),
    ("GSM", "module_down:1", Settings(enabled=False)),
    (
        "GSM",
        "get_exp_time:x;get_remain_time:-7;get_gsm_state:FLYING;out_call_interval:-1;module_down:9",
        Settings(
            unread=(
                "get_exp_time:x",
                "get_gsm_state:FLYING",
                "get_remain_time",
                "module_down",
                "out_call_interval",
            )
        ),
    ),
    ("GSM", "", Settings()),
    ("get_gsm_num", "+123 ", Settings(phone_number="+123")),
    ("get_gsm_num", "", Settings()),
    ("get_exp_time", "60", Settings(call_time_limit=60)),
    ("get_remain_time", "-1", Settings(remaining=NO_LIMIT)),
    ("get_gsm_state", "ACTIVE", Settings(call_state=CallState.CONNECTED)),
    ("get_imei", IMEI, Settings(imei=IMEI)),
    ("get_imei", "000000000000000", Settings()),
    ("get_out_call_interval", "5", Settings(call_interval=5)),
    ("CURCELL", "456", Settings(cell="456")),
    ("what_next", "1", Settings()),
]


@pytest.mark.parametrize(("verb", "value", "settings"), SETTINGS)
def test_reads_what_getters_are_answered_with(verb: str, value: str, settings: Settings) -> None:
    assert read_settings(Answer(5, verb, value)) == settings
