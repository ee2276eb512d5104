"""The simulated NeoGate speaks the bytes of the captures; and what both simulators share."""

import ast
import asyncio
from collections.abc import Callable
from pathlib import Path
import sys
from unittest.mock import patch

import pytest

from tests import simulators
from tests.simulators import faults, neogate_span
from tests.simulators.control import Control, ControlError, Json, ask
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_cli import split_words
from tests.simulators.raw import LOGIN, connected
from tests.simulators.simulator import LOOPBACK, Ussd

pytestmark = pytest.mark.usefixtures("socket_enabled")

REFUSED = b"Response: Error\r\nMessage: Authentication failed\r\n\r\n"
FOLLOWS = b"Response: Follows\r\nPrivilege: SMSCommand\r\n"
END = b"--END COMMAND--\r\n\r\n"
EVENT_END = b"--END SMS EVENT--\r\n\r\n"
GONE = (ConnectionError, asyncio.IncompleteReadError)


# The package


def test_the_simulators_share_no_code_with_the_integration() -> None:
    allowed = set(sys.stdlib_module_names)
    for path in Path(simulators.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            assert {name.partition(".")[0] for name in names} <= allowed, path


# NeoGate: section 10 of its reference


async def test_capture_a_send_and_receive() -> None:
    async with NeoGate(firmware=neogate_span.TG100_M35) as box, connected(box) as client:
        box.span("tg1").smsc = "+79000000000"
        assert await client.run('gsm send sms 2 +79111111111 "Test+message"') == FOLLOWS + END
        assert await client.message() == (
            b"Event: UpdateSMSSend\r\nPrivilege: all,smscommand\r\nID: (null)\r\n"
            b"Smsc: +79000000000\r\nStatus: 1\r\n" + EVENT_END
        )
        box.receive_sms("tg1", "+79111111111", "Ещё ответ ", received_at="2025-03-06 05:01:07")
        assert await client.message() == (
            b"Event: ReceivedSMS\r\nPrivilege: all,smscommand\r\nID: \r\nGsmSpan: 2\r\n"
            b"Sender: +79111111111\r\nRecvtime: 2025-03-06 05:01:07\r\nIndex: 0\r\nTotal: 1\r\n"
            b"Smsc: +79000000000\r\n"
            b"Content: %EF%BB%BF%D0%95%D1%89%D1%91+%D0%BE%D1%82%D0%B2%D0%B5%D1%82+\r\n" + EVENT_END
        )
        assert [(sent.number, sent.text) for sent in box.outbox] == [("+79111111111", "Test message")]


async def test_capture_a_long_text_comes_in_parts_with_a_mark_each() -> None:
    sentence = "Очень длинное сообщение "
    async with NeoGate(firmware=neogate_span.TG100_M35) as box, connected(box) as client:
        box.span("tg1").incomplete = 243
        box.receive_sms("tg1", "+7", sentence * 4)
        first, second = await client.message(), await client.message()
        assert b"ID: 244\r\n" in first
        assert b"Index: 1\r\nTotal: 2\r\n" in first
        assert first.endswith(b"+%D1%81%D0%BE%D0%BE%D0%B1%D1%89\r\n" + EVENT_END)
        assert b"ID: 244\r\n" in second
        assert b"Index: 2\r\nTotal: 2\r\n" in second
        assert b"Content: %EF%BB%BF%D0%B5%D0%BD%D0%B8%D0%B5+%D0%9E%D1%87" in second


async def test_capture_a_span() -> None:
    async with NeoGate(firmware=neogate_span.TG100_M35) as box, connected(box) as client:
        span = box.span("tg1")
        span.operator, span.csq, span.last_event, span.smsc = "MegaFon", 31, "SMS received", "+79"
        span.imei, span.imsi, span.last_send_at = "1", "2", 'AT+CUSD=1,"*100%23"'
        revision = span.module.revision.encode()
        assert await client.run("gsm show span 2") == (
            FOLLOWS + b"D-channel: 2\nStatus: Power on, Up, Active, Standard\nType: CPE\n"
            b"Manufacturer: Quectel_M35\nModel Name: Quectel_M35\nModel IMEI: 1\nRevision: "
            + revision
            + b"\n"
            b"Network Name: MegaFon\nNetwork Status: Registered (Home network)\nSignal Quality (0,31): 31\n"
            b"BER value (0,7): 0\nSIM IMSI: 2\nSIM SMS Center Number: +79\nPDD: 5\nASR: 53\nACD: 16\n"
            b"Last event: SMS received\nState: READY\n"
            b'Last send AT: AT+CUSD=1,"*100%23"\\r\\n' + END
        )


async def test_capture_b_first_firmware() -> None:
    async with NeoGate(without_sim=[2, 3, 4]) as box, connected(box) as client:
        missing = b"Power on, Provisioned, Undetected SIM Card, Active,Standard\n"
        assert await client.run("gsm show spans") == (
            FOLLOWS + b"GSM span 2: Power on, Provisioned, Up, Active,Standard\n"
            b"GSM span 3: " + missing + b"GSM span 4: " + missing + b"GSM span 5: " + missing + END
        )
        span = await client.run("gsm show span 2")
        assert b"Model CBAND:  EGSM_MODE,ALL_BAND\nRevision: 1137B13SIM900M64_ST\n" in span
        assert span.endswith(b"Last send AT: AT+CREG?\\r\\n" + END)
        await client.run('gsm send sms 2 15880207948 "Test For TG sms" 2132ekwedsd')
        assert b"ID: 2132ekwedsd\r\nSmsc: +8613800592500\r\nStatus: 1\r\n" in await client.message()
        box.receive_sms("tg1", "+8615880207948", "Reply Test For TG sms")
        event = await client.message()
        assert b"ID: \r\nGsmPort: 1\r\n" in event
        assert b"Index: 1\r\nTotal: 1\r\n" in event
        assert event.endswith(b"Content: Reply+Test+For+TG+sms\r\n" + EVENT_END)


async def test_ussd_forms() -> None:
    async with NeoGate(ports=1) as box, connected(box) as client:
        box.teach_ussd("tg1", "*1#", Ussd(text="欢迎", coding=72, menu={"1": Ussd(text="two\nlines")}))
        box.teach_ussd("tg1", "*2#", Ussd(text="never", delay=60))
        assert await client.run('gsm send ussd 2 "*1#"') == (
            FOLLOWS + b"1:Received USSD success on span: 2\n\tUSSD Responses: 1\n\tUSSD Code: 72\n"
            b"\tUSSD Len: 8\n\tUSSD Message: 6B228FCE\n" + END
        )
        assert (await client.run("gsm send ussd 2 1 10")).endswith(
            b"\tUSSD Responses: 0\n\tUSSD Code: 15\n\tUSSD Len: 9\n\tUSSD Message: two\nlines\n" + END
        )
        assert await client.run("gsm send ussd 2 1") == FOLLOWS + b"0:Send USSD failed on span 2\n" + END
        assert await client.run("gsm send ussd 2 *2# 0") == FOLLOWS + b"0:Send USSD timeout on span 2\n" + END


async def test_ussd_blocks_its_session_and_its_span_only() -> None:
    async with NeoGate() as box, connected(box) as client, connected(box) as other:
        box.teach_ussd("tg1", "*1#", Ussd(text="late", delay=0.1))
        client.writer.write(b"Action: SMSCommand\r\ncommand: gsm send ussd 2 *1#\r\n\r\n")
        assert await client.reader.readexactly(len(FOLLOWS)) == FOLLOWS
        assert await other.run("gsm send ussd 2 *1#") == FOLLOWS + b"0:Sending USSD now on span 2\n" + END
        box.receive_sms("tg2", "1", "hi")
        assert (await other.message()).startswith(b"Event: ReceivedSMS")
        assert (await client.message()).endswith(b"USSD Message: late\n" + END)
        assert (await client.message()).startswith(b"Event: ReceivedSMS")


REPLIES = [
    (b"Action: Ping\r\nActionID: a b\r\n\r\n", b"Response: Success\r\nActionID: a b\r\nPing: Pong\r\n\r\n"),
    (b"action: ping\n\n", b"Response: Success\r\nPing: Pong\r\n\r\n"),
    (LOGIN, b"Response: Success\r\nMessage: Already authenticated\r\n\r\n"),
    (b"\r\n", b"Response: Error\r\nMessage: Missing action in request\r\n\r\n"),
    (b"Action: Command\r\n\r\n", b"Response: Error\r\nMessage: Permission denied\r\n\r\n"),
    (b"Action: Events\r\nEventMask: off\r\n\r\n", b"Response: Success\r\nEvents: Off\r\n\r\n"),
    (
        b"Action: SMSCommand \r\nActionID: 7\r\nActionID: 8\r\ncommand: gsm show span 9\r\n\r\n",
        FOLLOWS + b"ActionID: 7\r\nNo GSM running on span 9\n" + END,
    ),
    (
        b"Action: smscommand\r\ncommand: gsm show 2\r\n\r\n",
        FOLLOWS + b"No such command 'gsm show 2' "
        b"(type 'core show help gsm show 2' for other possible commands)\n" + END,
    ),
]


@pytest.mark.parametrize(("request_", "reply"), REPLIES)
async def test_neogate_replies(request_: bytes, reply: bytes) -> None:
    async with NeoGate() as box, connected(box) as client:
        assert await client.ask(request_) == reply
        assert box.received == [LOGIN, request_]


async def test_login_and_logoff() -> None:
    async with NeoGate() as box, connected(box, login=b"") as client:
        denied = b"Response: Error\r\nActionID: 1\r\nMessage: Permission denied\r\n\r\n"
        assert await client.ask(b"Action: Ping\r\nActionID: 1\r\n\r\n") == denied
        assert await client.ask(LOGIN.replace(b"apipass", b"wrong")) == REFUSED
        assert await client.rest() == b""
        async with connected(box) as second:
            goodbye = b"Response: Goodbye\r\nMessage: Thanks for all the fish.\r\n\r\n"
            assert await second.ask(b"Action: Logoff\r\n\r\n") + await second.rest() == goodbye
        await box.wait_for(lambda: not box.sessions)


async def test_events_go_to_the_sessions_that_want_them() -> None:
    quiet = LOGIN.replace(b"\r\n\r\n", b"\r\nEvents: off\r\n\r\n")
    async with NeoGate() as box, connected(box) as one, connected(box, login=quiet) as two:
        box.receive_sms("tg1", "1", "first")
        assert await two.ask(b"Action: Events\r\nEventMask: on\r\n\r\n") == (
            b"Response: Success\r\nEvents: On\r\n\r\n"
        )
        box.receive_sms("tg1", "1", "second")
        assert b"first" in await one.message()
        assert b"second" in await one.message()
        assert b"second" in await two.message()


async def test_a_line_over_the_limit_loses_its_head() -> None:
    async with NeoGate() as box, connected(box) as client:
        fits = b"command: gsm show spans".ljust(1022) + b"\r\n"
        assert (await client.ask(b"Action: smscommand\r\n" + fits + b"\r\n")).startswith(
            FOLLOWS + b"GSM span 2"
        )
        reply = await client.ask(b"Action: Ping\r\nNote: " + b"x" * 1018 + b"ActionID: 5\r\n\r\n")
        assert reply == b"Response: Success\r\nActionID: 5\r\nPing: Pong\r\n\r\n"
        assert box.discarded == [b"Note: " + b"x" * 1018]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (' gsm\tshow  "a b"c ', ["gsm", "show", "a bc"]),
        (r'send "say \"hi\" \\ now" \ x', ["send", 'say "hi" \\ now', " x"]),
        ('"" a', ["", "a"]),
        ("w " * 70, ["w"] * 64),
    ],
)
def test_words_are_split_as_asterisk_does(line: str, words: list[str]) -> None:
    assert split_words(line) == words


async def test_planned_outcomes_and_power() -> None:
    async with NeoGate(firmware=neogate_span.TG200_EC21) as box, connected(box) as client:
        refusal = neogate_span.SendOutcome(body="Encode pdu error\n")
        box.plan_send("tg1", refusal, neogate_span.FAILED, neogate_span.NO_RESULT)
        assert await client.run("gsm send sms 2 1 a") == FOLLOWS + b"Encode pdu error\n" + END
        assert await client.run("gsm send sms 2 1 a x1") == FOLLOWS + END
        assert b"ID: x1\r\nSmsc: +8613800592500\r\nStatus: 0\r\n" in await client.message()
        assert await client.run("gsm send sms 2 1 a") == FOLLOWS + END
        assert await client.run("gsm power off 2") == FOLLOWS + b"Power off span 2 sucessed\n" + END
        off = FOLLOWS + b"D-channel: 2\nStatus: Power off, Down, Active, Standard\n" + END
        assert await client.run("gsm show span 2") == off
        await client.run("gsm power on 2")
        assert b"Status: Power on, Up, Active, Standard\n" in await client.run("gsm show span 2")
        assert not box.outbox
        assert box.commands[-1] == "gsm show span 2"


async def test_neogate_reboot_cuts_and_listens_again_on_its_port() -> None:
    async with NeoGate(reboot_time=0.01) as box:
        async with connected(box) as client:
            box.reboot()
            await box.wait_for(lambda: not box.sessions)
            with pytest.raises(GONE):
                await client.message()
        for _ in range(100):
            try:
                async with connected(box):
                    break
            except ConnectionError:
                await asyncio.sleep(0.01)
        else:
            pytest.fail("the box did not come back")


async def test_neogate_connections_that_are_half_open() -> None:
    async with NeoGate() as box, connected(box) as client:
        box.fall_silent()
        sent = len(box.sent)
        client.writer.write(b"Action: Ping\r\n\r\n")
        box.receive_sms("tg1", "1", "hi")
        box.silent = True
        reader, writer = await asyncio.open_connection(LOOPBACK, box.port)
        await box.wait_for(lambda: len(box.sessions) == 2)
        box.silent = False
        async with connected(box) as other:
            assert await other.ask(b"Action: Ping\r\n\r\n") == b"Response: Success\r\nPing: Pong\r\n\r\n"
            assert [session.silent for session in box.sessions] == [True, True, False]
            assert len(box.sent) == sent + 3
            box.forget_silent()
            await box.wait_for(lambda: len(box.sessions) == 1)
        with pytest.raises(GONE):
            await client.message()
        with pytest.raises(GONE):
            await reader.readuntil(b"\n")
        writer.close()


@pytest.mark.parametrize(("line_by_line", "pieces"), [(True, 3), (False, 1)])
async def test_neogate_writes_lines_or_messages(line_by_line: bool, pieces: int) -> None:
    async with NeoGate(line_by_line=line_by_line) as box, connected(box) as client:
        [session] = box.sessions
        with patch.object(session, "_transport", wraps=session._transport) as transport:
            transport.is_closing.return_value = False
            await client.ask(b"Action: Ping\r\n\r\n")
        assert transport.write.call_count == pieces


PONG = b"Response: Success\r\nActionID: 1\r\nPing: Pong\r\n\r\n"
FAULTS: list[tuple[Callable[[], faults.Fault], bytes]] = [
    (faults.mute, b""),
    (faults.deaf, b""),
    (faults.gibberish, faults.NONSENSE),
    (faults.half_a_line, PONG[: len(PONG) // 2]),
    (faults.wrong_id, PONG.replace(b"ActionID: 1", b"ActionID: somebody-else")),
    (faults.duplicate, PONG * 2),
    (lambda: faults.chopped(3, 0), PONG),
    (lambda: faults.late_reply(0.01), PONG),
]


@pytest.mark.parametrize(("fault", "sent"), FAULTS)
async def test_faults_on_tcp(fault: Callable[[], faults.Fault], sent: bytes) -> None:
    ping = b"Action: Ping\r\nActionID: 1\r\n\r\n"
    async with NeoGate() as box, connected(box) as client:
        with box.inject(fault(), when=b"Ping") as injection:
            client.writer.write(ping)
            await box.wait_for(lambda: injection.hits == 1)
            assert await client.reader.readexactly(len(sent)) == sent
        assert await client.ask(ping) == PONG


async def test_faults_that_close_refuse_or_reboot() -> None:
    async with NeoGate() as box:
        async with connected(box) as client:
            box.inject(faults.duplicate(), faults.closes_mid_reply(), times=1)
            client.writer.write(b"Action: Ping\r\nActionID: 1\r\n\r\n")
            assert await client.rest() == PONG
        box.inject(faults.refuses_login(), times=1)
        async with connected(box, login=b"") as client:
            assert await client.ask(LOGIN) == REFUSED
        async with connected(box) as client:
            box.inject(faults.reboots(), times=1)
            with pytest.raises(GONE):
                await client.ask(b"Action: Ping\r\n\r\n")


# The control plane


async def test_the_control_plane_makes_things_happen() -> None:
    async with NeoGate() as neogate, GoIP(keepalive_interval=None) as goip:
        control = Control(neogate, goip)
        await control.start()
        try:
            await ask(control.port, {"command": "sms", "line": "tg1", "from": "+1", "text": "hi"})
            await ask(control.port, {"command": "sms", "line": "goip2", "from": "+1", "text": "hi"})
            assert goip.line("goip2").pushes.all[0].verb == "RECEIVE"
            call: Json = {"command": "call", "line": "goip1", "from": "+2", "ring": 0, "talk": 0}
            await ask(control.port, call)
            verbs = [push.verb for push in goip.line("goip1").pushes.all]
            assert verbs == ["STATE", "RECORD", "STATE", "STATE", "HANGUP", "EXPIRY", "REMAIN"]
            await ask(control.port, {"command": "signal", "line": "tg1", "csq": 7})
            assert neogate.span("tg1").csq == 7
            await ask(control.port, {"command": "fail", "line": "tg1"})
            assert neogate.span("tg1").outcomes[0] == neogate_span.FAILED
            await ask(control.port, {"command": "ussd", "line": "goip1", "code": "*1#", "answer": "x"})
            assert goip.line("goip1").ussd.answers["*1#"].text == "x"
            await ask(control.port, {"command": "reboot", "line": "goip"})
            assert [line.reboots for line in goip.lines] == [1, 1, 1, 1]
            neogate.put_in_outbox("tg1", "+3", "out", "id")
            outbox = (await ask(control.port, {"command": "outbox"}))["outbox"]
            assert isinstance(outbox, list)
            assert outbox[0] | {"at": 0} == {
                "line": "tg1", "number": "+3", "text": "out", "reference": "id", "at": 0,
            }  # fmt: skip
            boxes = (await ask(control.port, {"command": "list"}))["boxes"]
            assert isinstance(boxes, list)
            assert [box["box"] for box in boxes] == ["neogate", "goip"]
        finally:
            await control.stop()


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"command": "nonsense"}, "no such command"),
        ({"command": "sms", "line": "tg9", "from": "1", "text": "x"}, "no line 'tg9'"),
        ({"command": "sms", "line": "tg1"}, "'from' is missing"),
        ({"command": "signal", "line": "tg1", "csq": "x"}, "'csq' must be a number"),
        ({}, "not a JSON object"),
    ],
)
async def test_the_control_plane_says_what_is_wrong(request_: Json, error: str) -> None:
    async with NeoGate() as neogate:
        control = Control(neogate)
        await control.start()
        try:
            with pytest.raises(ControlError, match=error):
                await ask(control.port, request_)
        finally:
            await control.stop()


async def test_the_program_stops_by_itself() -> None:
    arguments = ("run", "--for", "0.1", "--neogate-port", "0", "--control-port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tests.simulators", *arguments, "--goip-server", "127.0.0.1:9"),
        cwd=Path(simulators.__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    assert output.decode().splitlines()[-1] == "time is up"
