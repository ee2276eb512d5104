"""What a line of the simulated GoIP keeps, tells by itself, and does otherwise with other firmware."""

from typing import Any

import pytest

from tests.simulators.goip import GoIP, in_pieces
from tests.simulators.goip_line import GoipLine
from tests.simulators.goip_push import Push
from tests.simulators.goip_state import LOGIN, LOGOUT, NULL, Forward, Generation, Quirks
from tests.simulators.raw import Server, registered
from tests.simulators.simulator import Ussd

pytestmark = pytest.mark.usefixtures("socket_enabled")


def one_line(**options: Any) -> GoIP:  # noqa: ANN401 (the box's own options, whatever they are)
    """Return a box of one line whose keepalives are left to the test."""
    return GoIP(**{"lines": 1, "keepalive_interval": None, **options})


def ends_of(line: GoipLine) -> list[str]:
    """Give what comes after the password in all that a line has pushed."""
    return [push.data.decode().partition(":password1;")[2] for push in line.pushes.all]


async def acknowledge(server: Server, box: GoIP) -> None:
    """Say OK to all that waits for it."""
    for push in box.unacknowledged:
        server.say(f"{push.verb} {push.recvid} OK")
    await box.wait_for(lambda: not box.unacknowledged)


# What is kept


async def test_settings_are_kept_and_told() -> None:
    box = one_line()
    async with registered(box) as server:
        state = box.lines[0].state
        await server.ask("set_gsm_num 1 +491701234567 password1")
        await server.ask("set_exp_time 2 90 password1")
        assert state.remain_time == -1
        await server.ask("reset_remain_time 3 password1")
        await server.ask("set_out_call_interval 4 30 password1")
        await server.ask("set_imei 5 867495023958048 password1")
        await server.ask("set_base_cell 6 456 password1")
        assert await server.ask("GSM 7 password1") == (
            "GSM:7;get_gsm_num:+491701234567;get_exp_time:90;get_remain_time:90;get_gsm_state:IDLE"
            ";imei:867495023958048;out_call_interval:30;module_down:0"
        )
        assert await server.ask("CURCELL 8 password1") == "CURCELL 8 456"
        await box.keepalive("goip1")
        assert b";num:+491701234567;" in server.keepalives[-1]
        assert b";remain_time:90;imei:867495023958048;" in server.keepalives[-1]


async def test_a_module_that_is_off() -> None:
    box = one_line()
    async with registered(box) as server:
        assert await server.ask("module_ctl_i 1 0 password1") == "module_ctl_i 1 ok"
        assert (await server.ask("GSM 2 password1")).endswith(";module_down:1")
        await box.keepalive("goip1")
        assert b";signal:;gsm_status:LOGOUT;" in server.keepalives[-1]
        assert await server.ask("USSD 3 password1 *100#") == "USSDERROR 3 GSM_LOGOUT"
        assert await server.ask("module_ctl_i 4 1 password1") == "module_ctl_i 4 ok"
        assert (await server.ask("GSM 5 password1")).endswith(";module_down:0")
        assert box.lines[0].state.gsm_status == LOGIN


async def test_one_digit_for_every_channel() -> None:
    box = GoIP(lines=4, keepalive_interval=None)
    async with registered(box) as server:
        assert await server.ask("module_ctl 1 0202 password1") == "module_ctl 1 ok"
        assert [line.state.module_down for line in box.lines] == [1, 0, 1, 0]
        assert await server.ask("module_ctl 2 1120 password1") == "module_ctl 2 ok"
        assert [line.state.module_down for line in box.lines] == [0, 0, 1, 1]
        assert await server.ask("module_ctl 3 11 password1") == "ERROR 3 wrong value"


async def test_forwards() -> None:
    box = one_line()
    async with registered(box) as server:
        line = box.lines[0]
        assert await server.ask("CF 1 password1 2 3 +49170 15") == "CFOK 1"
        assert line.unconfirmed == {1}
        server.say("DONE 1")
        await box.wait_for(lambda: not line.unconfirmed)
        assert line.state.forwards == {"2": Forward("+49170", 15)}
        assert await server.ask("CF 2 password1 2 2  0") == "CFSTATE 2 1 +49170"
        assert await server.ask("CF 3 password1 0 2  0") == "CFSTATE 3 0 "
        assert await server.ask("CF 4 password1 4 3 +1 0") == "CFOK 4"
        assert line.state.forwards == dict.fromkeys("0123", Forward("+1"))
        assert await server.ask("CF 5 password1 5 4  0") == "CFOK 5"
        assert line.state.forwards == {"0": Forward("+1")}
        assert await server.ask("CF 6 password1 4 0  0") == "CFOK 6"
        assert line.state.forwards == {}
        assert box.complaints == []
        assert await server.ask("CF 7 password1 0 3 +49170 15") == "CFOK 7"
        assert len(box.complaints) == 1


async def test_refusals() -> None:
    box = one_line()
    async with registered(box) as server:
        verbs = ("get_imei", "set_gsm_num", "set_imei", "CF", "CW", "GSM", "USSD")
        box.lines[0].refusals = dict.fromkeys(verbs, "not now")
        assert await server.ask("get_imei 1 password1") == "ERROR 1 not now"
        assert await server.ask("set_gsm_num 2 +49 password1") == "ERROR 2 +49 not now"
        assert await server.ask("set_imei 3 867495023958048 password1") == "ERROR 3 not now"
        assert await server.ask("CF 4 password1 0 2  0") == "CFERROR 4"
        assert await server.ask("CW 5 password1 1") == "CWERROR 5"
        assert await server.ask("GSM 6 password1") == "GSMERROR 6 not now"
        assert await server.ask("USSD 7 password1 *1#") == "USSDERROR 7 not now"
        assert await server.ask("get_exp_time 8 password1") == "get_exp_time 8 -1"
        assert box.lines[0].state.num == ""
        assert box.lines[0].ussd.dialled == []


async def test_a_module_restarts_and_the_line_goes_on() -> None:
    box = one_line(reboot_time=0.05, send_time=0.01)
    async with registered(box) as server:
        line = box.lines[0]
        assert await server.ask("MSG 1 1 x\n") == "PASSWORD 1\n"
        assert await server.ask("PASSWORD 1 password1\n") == "SEND 1\n"
        assert await server.ask("SEND 1 1 123\n") == "WAIT 1 1\n"
        assert await server.ask("svr_reboot_module 2 password1") == "svr_reboot_module 2 ok"
        assert (line.up, line.reboots, line.state.gsm_status) == (True, 1, LOGOUT)
        assert await server.ask("SEND 1 1 123\n") == "ERROR 1 SENDID\n"
        await box.wait_for(lambda: line.state.logged_in)
        assert await box.keepalive("goip1") == "200"
        assert line.count == 2
        assert box.outbox == []


# What is told


async def test_every_push() -> None:
    box = one_line(first_recvid=-1)
    async with registered(box) as server:
        line = box.lines[0]
        line.push_sms("+49", "a;b:c\nd", smscnum="+4917", senttime="2024-01-02 03:04:05")
        line.push_delivery(160, num="+49")
        line.push_delivery(0, state=64)
        line.push_expiry(-1)
        line.push_hangup('User busy"')
        line.push_cells()
        line.push_cell_info("LAC:7E5,CELL ID:5E5B")
        line.push_neighbours()
        line.push_attached(attached=False)
        line.push_ussd("Hello;there\n2 lines")
        line.push("NUMRECORD", "x:1")
        assert ends_of(line) == [
            "srcnum:+49;smscnum:+4917;senttime:2024-01-02 03:04:05;msg:a;b:c\nd",
            "sms_no:160;state:0;num:+49",
            "sms_no:0;state:64",
            "exp:-1",
            'num:,cause:User busy"',
            "lists:123,456,789,",
            'info:"LAC:7E5,CELL ID:5E5B"',
            "bcch:41,42,",
            "cgatt:0",
            "msg:Hello;there\n2 lines",
            "x:1",
        ]
        assert [push.recvid for push in line.pushes.all] == list(range(-1, -12, -1))
        await acknowledge(server, box)


async def test_calls_in_and_out() -> None:
    box = one_line()
    async with registered(box) as server:
        line = box.lines[0]
        box.ring("goip1", "+49")
        box.answer("goip1")
        box.hang_up("goip1", "User busy")
        assert ends_of(line) == [
            "gsm_remain_state:INCOMING:+49",
            "dir:1;num:+49",
            "gsm_remain_state:CONNECTED:+49",
            "gsm_remain_state:IDLE",
            "num:+49,cause:User busy",
            "exp:1",
            "gsm_remain_time:-1",
        ]
        line.pushes.all.clear()
        line.state.remain_time = 5
        box.dial("goip1", "+1")
        box.answer("goip1")
        box.hang_up("goip1", minutes=2)
        assert ends_of(line) == [
            "gsm_remain_state:DIALING:+1",
            "dir:2;num:+1",
            "gsm_remain_state:ALERTING:+1",
            "gsm_remain_state:CONNECTED:+1",
            "gsm_remain_state:IDLE",
            "num:+1,cause:Normal call clearing",
            "exp:2",
            "gsm_remain_time:3",
        ]
        await acknowledge(server, box)


async def test_cells_come_later() -> None:
    box = one_line(cells_time=0.02)
    async with registered(box) as server:
        assert await server.ask("get_cells_list 1 password1") == "get_cells_list 1 ok"
        assert box.lines[0].pushes.all == []
        assert (await server.packet()).endswith(";lists:123,456,789,")
        await acknowledge(server, box)


async def test_reporting_switched_off_and_on() -> None:
    box = one_line()
    async with registered(box) as server:
        line = box.lines[0]
        await server.ask("status_flag 1 0 password1")
        await box.keepalive("goip1")
        assert b";disable_status:1;" in server.keepalives[-1]
        assert [times(line.push_state("BUSY")), times(line.push_sms("1", "x"))] == [0, 1]
        await acknowledge(server, box)
        assert await server.packet() == line.pushes.all[-1].data.decode()
        assert await server.ask("status_flag 2 1 password1") == "status_flag 2 ok"
        assert times(line.push_state("BUSY")) == 1
        await acknowledge(server, box)


def times(push: Push) -> int:
    """Give how often a packet was sent so far."""
    return push.times


# How firmwares differ


async def test_passwords_of_their_own_and_under_other_keys() -> None:
    quirks = Quirks(keepalive_password="password", push_password="pass")
    box = GoIP(lines=2, passwords={"goip2": "other"}, keepalive_interval=None, quirks=quirks)
    async with registered(box) as server:
        assert server.keepalives[-1].startswith(b"req:1;id:goip2;password:other;num:;")
        assert await server.ask("get_imei 1 password1") == "ERROR 1 PASSWORD"
        assert await server.ask("get_imei 1 other") == "get_imei 1 867495023958031"
        box.lines[0].push_sms("1", "x")
        assert ";id:goip1;pass:password1;srcnum:1;msg:x" in await server.packet()


async def test_values_that_are_none() -> None:
    box = one_line()
    async with registered(box) as server:
        state = box.lines[0].state
        state.num, state.iccid = NULL, "8948061100072091324f"
        await box.keepalive("goip1")
        assert b";num:(null);" in server.keepalives[-1]
        assert b";iccid:8948061100072091324f;" in server.keepalives[-1]
        assert await server.ask("get_gsm_num 1 password1") == "get_gsm_num 1 (null)"
        assert (await server.ask("GSM 2 password1")).startswith("GSM:2;get_gsm_num:(null);get_exp_time:-1;")
        state.num = ""
        assert await server.ask("get_gsm_num 3 password1") == "get_gsm_num 3 "


async def test_older_firmware() -> None:
    quirks = Quirks(record_number=False, quotes_cell_info=False, ok="$OK", unknown_verbs=frozenset({"CW"}))
    box = one_line(generation=Generation.ABOUT_2015, quirks=quirks)
    async with registered(box) as server:
        line = box.lines[0]
        assert await server.ask("GSM 1 password1") == (
            "GSM:1;get_gsm_num:;get_exp_time:-1;get_remain_time:-1;get_gsm_state:IDLE"
        )
        line.push_record("+49", outgoing=True)
        line.push_cell_info("LAC:1")
        assert ends_of(line) == ["dir:2", "info:LAC:1"]
        for _ in line.pushes.all:
            await server.packet()
        assert await server.ask("set_gsm_num 2 +1 password1") == "set_gsm_num 2 +1 $OK"
        server.say("CW 3 password1 1")
        assert await server.ask("svr_drop_call 4 password1") == "svr_drop_call 4 $OK"
        quirks.unknown_answer = "unknown command"
        assert await server.ask("CW 5 password1 1") == "ERROR 5 unknown command"
        assert box.complaints == []
        await acknowledge(server, box)


async def deliver(server: Server) -> list[str]:
    """Send a text in one go and give the three packets that follow."""
    server.say("SMS 7 1 password1 +34 hi")
    packets = [await server.packet() for _ in range(3)]
    return [packet.partition(";password:password1;")[2] or packet for packet in packets]


@pytest.mark.parametrize("number", [True, False])
@pytest.mark.parametrize("first", [True, False])
async def test_delivery_reports(*, number: bool, first: bool) -> None:
    box = one_line(deliver_after=0.0, quirks=Quirks(deliver_first=first, deliver_number=number))
    async with registered(box) as server:
        report = "sms_no:160;state:0" + (";num:+34" if number else "")
        ok = ["OK 7 1 160 \n"]
        assert await deliver(server) == ["WAIT 7 1\n", *([report, *ok] if first else [*ok, report])]


async def test_a_long_text_in_pieces() -> None:
    text, other = "0123456789" * 20, "é" * 150
    box = one_line(quirks=Quirks(joins_pieces=False, piece_gap=0.01), first_recvid=9)
    async with registered(box) as server:
        line = box.lines[0]
        box.receive_sms("goip1", "+49", text)
        await box.wait_for(lambda: len(line.pushes.all) == 2)
        assert ends_of(line) == [f"srcnum:+49;msg:{text[:153]}", f"srcnum:+49;msg:{text[153:]}"]
        assert [len(piece) for piece in in_pieces(other)] == [67, 67, 16]
        await acknowledge(server, box)


async def test_ussd_is_ended_under_the_sendid_of_its_code() -> None:
    box = one_line(quirks=Quirks(exits_under_dialled=True))
    async with registered(box) as server:
        box.teach_ussd("goip1", "*1#", Ussd(text="menu@@", menu={"1": Ussd(text="done")}))
        box.teach_ussd("goip1", "*2#", Ussd(text="late", delay=60))
        assert await server.ask("USSD 5 password1 *1#") == "USSD 5 menu@@"
        assert await server.ask("USSDEXIT 1 password1") == "USSDEXIT 5"
        server.say("USSD 6 password1 *2#")
        assert await server.ask("USSDEXIT 2 password1") == "USSDEXIT 6"
        assert await server.ask("USSDEXIT 2 password1") == "USSDEXIT 6"
        assert await server.ask("USSD 6 password1 *2#") == "USSDEXIT 6"
        assert box.lines[0].ussd.dialled == ["*1#", "*2#"]
        assert not box.lines[0].ussd.menu_open
