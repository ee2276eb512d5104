"""The table's rows for sections 3, 4 and 7 of the GoIP's wire reference: texts both ways, and USSD."""

import asyncio

from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.simulators.goip_sms import SendOutcome
from tests.simulators.goip_state import Generation, Quirks
from tests.simulators.simulator import Ussd

from .goip_bench import BAD_LUCK, Port, Row, Table

TEXTS = Table()
row = TEXTS.row


# Texts that go out


def numbers(port: Port, count: int) -> list[str]:
    """Give so many numbers, which no other port texts."""
    return [f"{port.number}{index:02}" for index in range(count)]


@row("MSG, PASSWORD, SEND, WAIT, OK, DONE")
async def _bulk(port: Port) -> None:
    to, text = numbers(port, 12), f"Grüße; an\nalle: von {port.name}"
    port.line.generation = Generation.ABOUT_2012  # whose OK has no sms_no
    await send(port, to, text)
    assert port.texts() == [(number, text) for number in to]
    if port.good:
        assert len(port.asked("MSG")) <= 3  # ten numbers each; the first may have left alone
        assert len(port.asked("SEND")) == 12
    port.line.generation = port.box.generation


async def send(port: Port, to: list[str], text: str) -> list[dict[str, str]]:
    """Text, and give what became of each."""
    response = await port.ask("send_sms", recipients=to, message=text, wait_timeout={"minutes": 30})
    messages: list[dict[str, str]] = response["messages"]
    assert [message["recipient"] for message in messages] == to
    assert {message["status"] for message in messages} == {"sent"}
    assert {message["port"] for message in messages} == {port.name}
    return messages


@row("ERROR <sendid> <telid> errorstatus:<n>")
async def _errorstatus(port: Port) -> None:
    port.box.plan_send(port.name, SendOutcome(errorstatus=38))
    bad, good = numbers(port, 2)
    response = await port.ask("send_sms", recipients=[bad, good], message="One of two")
    assert [message["status"] for message in response["messages"]] == ["failed", "sent"]
    assert port.texts() == [(good, "One of two")]


def _report(quirks: Quirks, after: float, generation: Generation) -> Row:
    async def run(port: Port) -> None:
        port.line.quirks, port.line.deliver_after, port.line.generation = quirks, after, generation
        [number] = numbers(port, 1)
        response = await port.ask("send_sms", recipients=[number], message="Reported")
        [message] = response["messages"]
        await port.until(lambda: "delivered" in statuses(port), within=after + 300)
        await port.heard_out()
        assert statuses(port) in (["sent", "delivered"], ["delivered"])
        assert {event["message_id"] for event in port.events("sms_status")} == {message["message_id"]}
        assert port.texts() == [(number, "Reported")]
        assert message["status"] in {"sent", "delivered"}
        port.line.quirks, port.line.deliver_after = port.box.quirks, None
        port.line.generation = port.box.generation

    return run


def statuses(port: Port) -> list[str]:
    """Give what was told of texts, in order."""
    told = (event["status"] for event in port.events("sms_status"))
    return [status for status in told if status not in ("queued", "sending")]


row("DELIVER: minutes after OK")(_report(Quirks(), 300.0, Generation.ABOUT_2018))
row("DELIVER: right after OK")(_report(Quirks(), 0.0, Generation.ABOUT_2018))
row("DELIVER: before OK")(_report(Quirks(deliver_first=True), 0.0, Generation.ABOUT_2018))
row("DELIVER: without num")(_report(Quirks(deliver_number=False), 60.0, Generation.ABOUT_2015))


@row("DELIVER: not delivered")
async def _not_delivered(port: Port) -> None:
    [number] = numbers(port, 1)
    await send(port, [number], "Returned")
    sms_no = max(int(sms.reference) for sms in port.box.outbox if sms.line == port.name)
    port.line.push_delivery(sms_no, state=32, num=number)
    await port.heard_out()
    assert statuses(port) == ["sent"]
    port.line.push_delivery(sms_no, state=64, num=number)
    await port.until(lambda: len(statuses(port)) == 2)
    await port.heard_out()
    assert statuses(port) == ["sent", "failed"]


@row("DELIVER: of nothing that is known")
async def _stray_report(port: Port) -> None:
    port.line.push_delivery(9999, num="+4900000000")
    await port.heard_out()
    assert statuses(port) == []


# Texts that come in


@row("RECEIVE")
async def _receive(port: Port) -> None:
    texts = ["", "a;msg:b\nc", f"[SMS1 missed] {port.name}", "Grüße 😀", "x" * 1500]
    for text in texts:
        port.line.push_sms(port.number, text, smscnum="+491710760000", senttime="2024-01-02 03:04:05")
    port.line.push_sms("", "from nobody")
    await port.until(lambda: len(port.events("sms_received")) == 6)
    await port.heard_out()
    received = sorted((event["sender"], event["message"]) for event in port.events("sms_received"))
    assert received == sorted([*((port.number, text) for text in texts), ("", "from nobody")])


@row("RECEIVE: numbers that are negative, and come back after a restart")
async def _recvids(port: Port) -> None:
    port.line.push("RECEIVE", f"srcnum:{port.number};msg:one", recvid=-7)
    await port.heard_out()
    await port.restart()
    await port.told()
    port.line.push("RECEIVE", f"srcnum:{port.number};msg:one", recvid=-7)
    await port.until(lambda: len(port.events("sms_received")) == 2)
    await port.heard_out()
    assert [event["message"] for event in port.events("sms_received")] == ["one", "one"]


# USSD


@row("USSD: once")
async def _ussd(port: Port) -> None:
    port.box.teach_ussd(port.name, "*100#", Ussd(text=f"You are\n{port.number}@@@", delay=4))
    answer = await dial(port, "*100#")
    assert answer["text"] == f"You are\n{port.number}"
    await port.a_while()
    assert set(port.asked("USSD")) == {f"USSD # {port.line.state.password} *100#"}


async def dial(port: Port, code: str) -> dict[str, str | None]:
    """Dial, and again where the bad network lost the code and then the answer to its one repetition."""
    [answer] = await converse(port, code)
    return answer


async def converse(port: Port, *codes: str) -> list[dict[str, str | None]]:
    """Dial a code and answer its menus, all over again where the network lost one too much."""
    for _ in range(BAD_LUCK):
        try:
            return [await port.ask("send_ussd", code=code) for code in codes]
        except HomeAssistantError as err:
            if port.good or err.translation_key != "outcome_unknown":
                raise
        await port.act("close_ussd")
        await port.settle()
    raise AssertionError("bad luck")


@row("USSD: a menu, USSDEXIT at our request")
async def _ussd_menu(port: Port) -> None:
    inner = Ussd(text="Sure?", menu={"1": Ussd(text="Done"), "2": Ussd(text="Not done")})
    port.box.teach_ussd(port.name, "*5#", Ussd(text="Press 1", menu={"1": inner}))
    answers = await converse(port, "*5#", "1", "2")
    assert [answer["text"] for answer in answers] == ["Press 1", "Sure?", "Not done"]
    await port.settle()
    assert (await dial(port, "*5#"))["text"] == "Press 1"
    await port.act("close_ussd")
    assert not port.line.ussd.menu_open
    assert set(port.asked("USSDEXIT")) == {f"USSDEXIT # {port.line.state.password}"}
    if port.good:
        assert len(port.asked("USSDEXIT")) == 1


def _closing(quirks: Quirks) -> Row:
    async def run(port: Port) -> None:
        port.line.quirks = quirks
        port.box.teach_ussd(port.name, "*6#", Ussd(text="too late", delay=100))
        dialling = asyncio.create_task(port.ask("send_ussd", code="*6#"))
        await port.until(lambda: "*6#" in port.line.ussd.dialled)
        await port.act("close_ussd")
        with pytest.raises(HomeAssistantError):
            await dialling
        await port.a_while()
        assert port.line.ussd.dialled.count("*6#") == 1
        port.line.ussd.dialled.clear()
        port.line.quirks = port.box.quirks

    return run


row("USSDEXIT: while a code is dialled")(_closing(Quirks()))
row("USSDEXIT: answered under the sendid of the code")(_closing(Quirks(exits_under_dialled=True)))


@row("USSDEXIT: by the network")
async def _network_exit(port: Port) -> None:
    port.box.teach_ussd(port.name, "*7#", Ussd(text="Press 1", menu={"1": Ussd(text="x")}))
    await dial(port, "*7#")
    port.line.ussd.network_exit()
    await port.a_while()
    assert not port.line.ussd.menu_open


@row("USSD: USSD send failed!")
async def _ussd_failed(port: Port) -> None:
    with pytest.raises(HomeAssistantError) as caught:
        await dial(port, "*404#")
    assert (caught.value.translation_placeholders or {})["reason"] == "USSD send failed!"


@row("USSDERROR")
async def _ussd_error(port: Port) -> None:
    port.box.teach_ussd(port.name, "*8#", Ussd(failure="not allowed"))
    port.line.state.gsm_status = "LOGIN"
    with pytest.raises(HomeAssistantError) as caught:
        await dial(port, "*8#")
    assert port.name in (caught.value.translation_placeholders or {})["where"]
