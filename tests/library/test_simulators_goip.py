"""The simulated GoIP speaks the bytes of the official samples: raw sockets only."""

import asyncio
from typing import Any

import pytest

from tests.simulators import faults, goip_sms
from tests.simulators.goip import GoIP
from tests.simulators.goip_state import LOGOUT, Generation
from tests.simulators.raw import Server, registered
from tests.simulators.simulator import Ussd

pytestmark = pytest.mark.usefixtures("socket_enabled")


def one_line(**options: Any) -> GoIP:  # noqa: ANN401 (the box's own options, whatever they are)
    """Return a box of one line whose keepalives are left to the test."""
    return GoIP(**{"lines": 1, "keepalive_interval": None, **options})


async def test_keepalive_of_the_capture() -> None:
    box = one_line(password="gateway_password", prefix="gateway_name")
    box.lines[0].state.name = "gateway_name"
    async with registered(box) as server:
        line = box.lines[0]
        line.count, line.state.sms_login = 26, "N"
        assert await box.keepalive("gateway_name") == "200"
        assert server.keepalives[-1] == (
            b"req:27;id:gateway_name;pass:gateway_password;num:;signal:29;gsm_status:LOGIN;voip_status:LOGOUT"
            b";voip_state:IDLE;remain_time:-1;imei:867495023958030;imsi:260060172091324"
            b";iccid:89480611000720913242;pro:POL;idle:11;disable_status:0;SMS_LOGIN:N;SMB_LOGIN:"
            b";CELLINFO:LAC:7E5,CELL ID:5E5B;CGATT:Y;"
        )
        assert line.accepted


@pytest.mark.parametrize(
    ("generation", "end"),
    [
        (Generation.OLDEST, b"req:10;id:goip1;pass:password1;"),
        (Generation.WITH_NUMBER, b"pass:password1;num:12345;"),
        (Generation.ABOUT_2012, b"num:12345;signal:23;gsm_status:LOGIN;voip_status:LOGIN;"),
        (Generation.DOCS_2014, b"voip_status:LOGIN;imei:1;imsi:2;iccid:3;"),
        (Generation.ABOUT_2015, b"voip_state:IDLE;remain_time:-1;imei:1;imsi:2;iccid:3;pro:POL;"),
        (Generation.ABOUT_2017, b"pro:POL;idle:11;disable_status:0;"),
        (Generation.CUSTOM_2017, b"idle:11;disable_status:0;s_l_id:1;"),
        (Generation.ABOUT_2018, b"SMS_LOGIN:Y;SMB_LOGIN:;CELLINFO:LAC:7E5,CELL ID:5E5B;CGATT:Y;"),
    ],
)
async def test_keepalive_of_each_generation(generation: Generation, end: bytes) -> None:
    box = one_line(generation=generation)
    async with registered(box) as server:
        state = box.lines[0].state
        state.num, state.csq, state.voip_status = "12345", 23, "LOGIN"
        state.imei, state.imsi, state.iccid = "1", "2", "3"
        box.lines[0].count = 9
        await box.keepalive("goip1")
        assert server.keepalives[-1].startswith(b"req:10;id:goip1;pass:password1;")
        assert server.keepalives[-1].endswith(end)


async def test_the_line_knows_whether_it_is_accepted() -> None:
    box = one_line()
    async with registered(box) as server:
        line = box.lines[0]
        for status, accepted in (("404", False), ("0", True), ("", True)):
            server.status = status
            assert (await box.keepalive("goip1", within=0.05) or "") == status
            assert line.accepted is accepted
        server.say("req:1;status:404;")
        server.say("reg:99;status:404;")
        await box.wait_for(lambda: len(box.complaints) == 2)
        assert line.accepted


async def test_keepalives_go_on_by_themselves_and_faster_until_accepted() -> None:
    box = one_line(keepalive_interval=60.0, searching_interval=0.01)
    async with registered(box) as server:
        server.status = ""
        box.reboot()
        await box.wait_for(lambda: len(server.keepalives) > 5)
        server.status = "200"
        await box.wait_for(lambda: box.lines[0].accepted)
        heard = len(server.keepalives)
        await asyncio.sleep(0.05)
        assert len(server.keepalives) == heard


async def test_the_official_bulk_session() -> None:
    box = one_line()
    async with registered(box) as server:
        assert await server.ask("MSG 11 5 hello\n") == "PASSWORD 11\n"
        assert await server.ask("PASSWORD 11 password1\n") == "SEND 11\n"
        assert await server.ask("SEND 11 1 +8613800138000\n") == "WAIT 11 1\n"
        assert await server.packet() == "OK 11 1 160 \n"
        assert await server.ask("SEND 11 2 +8613800138001\n") == "WAIT 11 2\n"
        assert await server.packet() == "OK 11 2 161 \n"
        assert await server.ask("DONE 11\n") == "DONE 11 \n"
        assert await server.ask("DONE 11\n") == "DONE 11 \n"
        assert await server.ask("SEND 11 3 +86") == "ERROR 11 SENDID\n"
        assert [(sent.number, sent.text) for sent in box.outbox] == [
            ("+8613800138000", "hello"),
            ("+8613800138001", "hello"),
        ]
        assert box.complaints == []


async def open_session(server: Server, sendid: int, text: str) -> None:
    length = len(text.encode())
    assert await server.ask(f"MSG {sendid} {length} {text}\n") == f"PASSWORD {sendid}\n"
    assert await server.ask(f"PASSWORD {sendid} password1\n") == f"SEND {sendid}\n"


async def test_a_known_telid_is_a_question_and_ten_are_known() -> None:
    box = one_line(generation=Generation.ABOUT_2012)
    async with registered(box) as server:
        await open_session(server, 1, "x")
        for telid in range(1, 12):
            assert await server.ask(f"SEND 1 {telid} 123\n") == f"WAIT 1 {telid}\n"
            assert await server.packet() == f"OK 1 {telid}\n"
        assert await server.ask("SEND 1 2 123\n") == "OK 1 2\n"
        assert len(box.outbox) == 11
        assert await server.ask("SEND 1 1 123\n") == "WAIT 1 1\n"
        await server.packet()
        assert len(box.outbox) == 12


async def test_lengths_count_bytes() -> None:
    box = one_line()
    text = "é\nü;msg: x"
    async with registered(box) as server:
        await open_session(server, 1, text)
        await server.ask("SEND 1 1 123\n")
        assert box.outbox[0].text == text
        assert await server.packet() == "OK 1 1 160 \n"
        for wrong in ("3 é", "3 ééé", "3001 " + "x" * 3001, "x y"):
            assert await server.ask(f"MSG 2 {wrong}") == "ERROR 2 LENGTH\n"
        assert await server.ask("MSG 2 2 éstray") == "PASSWORD 2\n"


async def test_session_errors() -> None:
    box = one_line(session_timeout=0.2)
    async with registered(box) as server:
        await open_session(server, 1, "x")
        for sendid in range(2, 6):
            assert await server.ask(f"MSG {sendid} 1 x\n") == f"PASSWORD {sendid}\n"
        assert await server.ask("MSG 6 1 x\n") == "ERROR 6 too_many_sends_in_server\n"
        assert await server.ask("MSG 5 1 x\n") == "PASSWORD 5\n"
        assert await server.ask("PASSWORD 5 wrong\n") == "ERROR 5 PASSWORD\n"
        box.lines[0].state.gsm_status = LOGOUT
        assert await server.ask("PASSWORD 5 password1\n") == "ERROR 5 GSM_LOGOUT\n"
        assert await server.ask("SEND 1 1 123\n") == "ERROR 1 GSM_LOGOUT\n"
        await box.wait_for(lambda: not box.lines[0].sms.sessions)
        assert await server.ask("PASSWORD 5 password1\n") == "ERROR 5 SENDID\n"


async def test_planned_outcomes() -> None:
    box = one_line(deliver_after=0.0)
    async with registered(box) as server:
        box.plan_send("goip1", goip_sms.SendOutcome(errorstatus=38), goip_sms.STUCK)
        await open_session(server, 1, "x")
        assert await server.ask("SEND 1 1 12\n") == "WAIT 1 1\n"
        assert await server.packet() == "ERROR 1 1 errorstatus:38\n"
        assert await server.ask("SEND 1 2 12\n") == "WAIT 1 2\n"
        assert await server.ask("SEND 1 2 12\n") == "WAIT 1 2\n"
        assert await server.ask("SMS 7 1 password1 +34 two words\n") == "WAIT 7 1\n"
        assert await server.packet() == "OK 7 1 161 \n"
        report = await server.packet()
        assert report.endswith(";id:goip1;password:password1;sms_no:161;state:0;num:+34")
        assert [sent.text for sent in box.outbox] == ["x", "two words\n"]


async def test_pushes_are_resent_until_acknowledged() -> None:
    box = one_line(resend_interval=0.02, first_recvid=1270197307)
    async with registered(box) as server:
        box.receive_sms("goip1", "+8613513415667", "just a test")
        text = "RECEIVE:1270197307;id:goip1;password:password1;srcnum:+8613513415667;msg:just a test"
        assert [await server.packet() for _ in range(4)] == [text] * 4
        line = box.lines[0]
        await box.wait_for(lambda: line.pushes.all[0].given_up)
        state = line.push_state("IDLE")
        assert await server.packet() == ("STATE:1270197306;id:goip1;password:password1;gsm_remain_state:IDLE")
        server.say("STATE 1270197306 OK\n")
        await box.wait_for(lambda: state.acknowledged)
        new = line.push("BRANDNEW", "x:1")
        server.say(f"BRANDNEW {new.recvid} ERROR no")
        await box.wait_for(lambda: new.answer == "ERROR no")
        record = line.push("RECORD", "dir:2;num:10086")
        server.say(f"RECORD {record.recvid} DISABLE")
        await box.wait_for(lambda: line.state.disable_status == 1)
        assert line.push_state("BUSY").times == 0
        assert box.unacknowledged == []


REQUESTS = [
    ("get_gsm_num 879901 password1", "get_gsm_num 879901 13800138000"),
    ("set_gsm_num 879902 13800138001 password1", "set_gsm_num 879902 13800138001 ok"),
    ("set_gsm_num 1 5 wrong", "ERROR 1 5 PASSWORD"),
    ("get_gsm_num 1 wrong", "ERROR 1 PASSWORD"),
    ("set_exp_time 1 90 password1", "set_exp_time 1 90 ok"),
    ("set_exp_time 1 x password1", "ERROR 1 x wrong value"),
    ("set_exp_time 1 -1 password1", "set_exp_time 1 -1 ok"),
    ("get_exp_time 1 password1", "get_exp_time 1 -1"),
    ("get_remain_time 1 password1", "get_remain_time 1 -1"),
    ("reset_remain_time 1 password1", "reset_remain_time 1 ok"),
    ("get_gsm_state 1 password1", "get_gsm_state 1 IDLE"),
    ("svr_drop_call 1 password1", "svr_drop_call 1 ok"),
    ("svr_reboot_module 1 password1", "svr_reboot_module 1 ok"),
    ("svr_reboot_dev 1 password1", "svr_reboot_dev 1 ok"),
    ("get_imei 1 password1", "get_imei 1 867495023958030"),
    ("set_imei 1 867495023958048 password1", "set_imei 1 867495023958048 ok"),
    ("set_imei 1 86749502395804 password1", "ERROR 1 wrong value"),
    ("get_out_call_interval 1 password1", "get_out_call_interval 1 0"),
    ("set_out_call_interval 1 30 password1", "set_out_call_interval 1 30 ok"),
    ("set_out_call_interval 1 -1 password1", "ERROR 1 wrong value"),
    ("module_ctl_i 1 1 password1", "module_ctl_i 1 ok"),
    ("module_ctl_i 1 0 password1", "module_ctl_i 1 ok"),
    ("module_ctl_i 1 2 password1", "ERROR 1 wrong value"),
    ("module_ctl 1 0 password1", "module_ctl 1 ok"),
    ("module_ctl 1 3 password1", "ERROR 1 wrong value"),
    ("module_ctl 1 10 password1", "ERROR 1 wrong value"),
    ("set_base_cell 1 456 password1", "set_base_cell 1 456 ok"),
    ("set_base_cell 1 5 password1", "ERROR 1 wrong value"),
    ("get_cells_list 1 password1", "get_cells_list 1 ok"),
    ("CURCELL 1 password1", "CURCELL 1 123"),
    ("ATCMD 1 AT+CSQ ? password1", "ATCMD 1 OK"),
    ("ATCMD 1 reboot password1", "ERROR 1 wrong value"),
    ("ATSTART 1 password1", "ATSTART 1 OK"),
    ("ATALIVE 1 password1", "ATALIVE 1 OK"),
    ("ATSTOP 1 wrong", "ERROR 1 PASSWORD"),
    ("status_flag 1 0 password1", "status_flag 1 ok"),
    ("status_flag 1 2 password1", "ERROR 1 wrong value"),
    ("set_num 1 +49 password1", "set_num 1 +49 ok"),
    ("reset_num 1 password1", "reset_num 1 ok"),
    ("callout_ctl 1 1 password1", "callout_ctl 1 ok"),
    ("disable_sim 1 password1", "disable_sim 1 ok"),
    ("disable_sim2 1 3 password1", "disable_sim2 1 ok"),
    ("CF 1 password1 0 3 +49 0", "CFOK 1"),
    ("CF 1 password1 2 3 +49 15", "CFOK 1"),
    ("CF 1 password1 5 4  0", "CFOK 1"),
    ("CF 1 password1 0 2  0", "CFSTATE 1 0 "),
    ("CF 1 password1 0 2 0", "CFERROR 1"),
    ("CF 1 password1 0 3  0", "CFERROR 1"),
    ("CF 1 password1 6 3 +49 0", "CFERROR 1"),
    ("CF 1 wrong 0 2  0", "CFERROR 1"),
    ("CW 1 password1 1", "CWOK 1"),
    ("CW 1 password1 0", "CWOK 1"),
    ("CW 1 password1 2", "CWSTATE 1 0"),
    ("CW 1 password1 3", "CWERROR 1"),
    (
        "GSM 1 password1",
        (
            "GSM:1;get_gsm_num:13800138000;get_exp_time:-1;get_remain_time:-1;get_gsm_state:IDLE"
            ";imei:867495023958030;out_call_interval:0;module_down:0"
        ),
    ),
    ("GSM 1 wrong", "GSMERROR 1 PASSWORD"),
    ("USSDEXIT 1 password1", "USSDEXIT 1"),
]


@pytest.mark.parametrize(("request_", "reply"), REQUESTS)
async def test_commands(request_: str, reply: str) -> None:
    box = one_line()
    async with registered(box) as server:
        box.lines[0].state.num = "13800138000"
        assert await server.ask(request_) == reply


async def test_cells_call_drop_and_unknown_verbs() -> None:
    box = one_line()
    async with registered(box) as server:
        assert await server.ask("get_cells_list 1 password1") == "get_cells_list 1 ok"
        assert (await server.packet()).endswith(";password:password1;lists:123,456,789,")
        box.ring("goip1", "+49")
        assert (await server.packet()).endswith(";gsm_remain_state:INCOMING:+49")
        assert (await server.packet()).endswith(";dir:1;num:+49")
        await server.ask("svr_drop_call 2 password1")
        assert (await server.packet()).endswith(";gsm_remain_state:IDLE")
        assert (await server.packet()).endswith(";num:+49,cause:Normal call clearing")
        server.say("make_coffee 3 password1")
        server.say("get_imei 4 password1\n")
        await box.wait_for(lambda: len(box.complaints) == 2)


async def test_ussd_memory() -> None:
    box = one_line()
    async with registered(box) as server:
        ussd = box.lines[0].ussd
        menu = {"1": Ussd(text="done")}
        box.teach_ussd("goip1", "557*0112220248*10#", Ussd(text="Press 1\nto confirm", menu=menu))
        assert await server.ask("USSD 111 password1 557*0112220248*10#") == "USSD 111 Press 1\nto confirm"
        assert await server.ask("USSD 110 password1 *9#") == "USSD 110 Press 1\nto confirm"
        assert await server.ask("USSD 112 password1 1") == "USSD 112 done"
        assert await server.ask("USSD 112 password1 1") == "USSD 112 done"
        assert await server.ask("USSD 113 password1 1") == "USSD 113 USSD send failed!"
        assert await server.ask("USSD 114 password1 *1#\n") == "USSDERROR 114 wrong code"
        assert await server.ask("USSD 115 wrong *1#") == "USSDERROR 115 PASSWORD"
        assert ussd.dialled == ["557*0112220248*10#", "1", "1"]
        box.teach_ussd("goip1", "*3#", Ussd(failure="not allowed"))
        for _ in range(2):
            assert await server.ask("USSD 114 password1 *3#") == "USSDERROR 114 not allowed"
        assert ussd.dialled[3:] == ["*3#"]
        box.teach_ussd("goip1", "*2#", Ussd(text="late", delay=60))
        server.say("USSD 116 password1 *2#")
        assert await server.ask("USSD 117 password1 *2#") == "USSDERROR 117 busy"
        assert await server.ask("USSDEXIT 118 password1") == "USSDEXIT 118"
        ussd.network_exit()
        assert await server.packet() == "USSDEXIT 116"


async def test_a_reboot_silences_and_forgets() -> None:
    box = one_line(reboot_time=0.05, keepalive_interval=60.0)
    async with registered(box) as server:
        line = box.lines[0]
        await open_session(server, 1, "x")
        line.push_state("BUSY")
        assert (await server.packet()).startswith("STATE:")
        assert await server.ask("USSD 9 password1 *1#") == "USSD 9 USSD send failed!"
        assert await server.ask("svr_reboot_dev 2 password1") == "svr_reboot_dev 2 ok"
        server.say("get_imei 3 password1")
        held_back = line.push_sms("1", "while away")
        await box.wait_for(lambda: line.up)
        assert line.count == 1
        assert not line.sms.sessions
        assert line.pushes.all[0].given_up
        assert not held_back.settled
        assert await server.ask("USSD 1 password1 *1#") == "USSD 1 USSD send failed!"
        assert len(line.ussd.dialled) == 2
        assert server.packets.empty()


async def test_a_line_may_move_to_another_port() -> None:
    box = one_line()
    async with registered(box) as server:
        before = box.lines[0].port
        await box.rebind("goip1")
        await box.keepalive("goip1")
        assert server.line[1] == box.lines[0].port != before


async def test_faults_on_udp() -> None:
    box = one_line()
    async with registered(box) as server:
        box.inject(faults.deaf(), when=b"MSG", times=1)
        server.say("MSG 1 1 x\n")
        await box.wait_for(lambda: not box.faults.injections)
        assert not box.lines[0].sms.sessions
        box.inject(faults.mute(), when=b"MSG", times=1)
        server.say("MSG 1 1 x\n")
        await box.wait_for(lambda: 1 in box.lines[0].sms.sessions)
        box.inject(faults.refuses_login(), when=b"PASSWORD", times=1)
        assert await server.ask("PASSWORD 1 password1\n") == "ERROR 1 PASSWORD\n"
        box.inject(faults.wrong_id(), times=1)
        assert await server.ask("PASSWORD 1 password1\n") == "SEND 2\n"
        box.inject(faults.late_reply(0.02), faults.duplicate(), times=1)
        assert [await server.ask("get_exp_time 5 password1"), await server.packet()] == [
            "get_exp_time 5 -1"
        ] * 2
        box.inject(faults.reboots(), when=b"get_exp_time", times=1)
        server.say("get_exp_time 6 password1")
        await box.wait_for(lambda: box.lines[0].reboots == 1)
        assert server.packets.empty()
