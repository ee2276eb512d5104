"""The table's rows for texts on their way out: what reaches the network, when, and what is told of it."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.simulators.neogate_span import FAILED, NO_RESULT, SendOutcome

from .conftest import ALICE
from .neogate_bench import Port, Table

SENDING = Table()
row = SENDING.row

NO_SUCH_SPAN = SendOutcome(body="No GSM running on span 2\n")

TEXTS = (
    "plain",
    'say "no" \\ and \\" and \\\\',
    "100 % of %41 + %2B",
    "line\r\nAction: Logoff\r\n\r\nline\tand tab",
    "--END COMMAND-- ; `rm` $(x) 'y'",
    "Grüße, Ещё, 过短信, 👨‍👩‍👧 and 🇩🇪",
    " blanks around ",
    "#" * 290,
)


def ids(port: Port) -> list[str]:
    """Give the ids of all texts that the box was given, in order."""
    return [command.split()[-1] for command in port.box.commands if command.startswith("gsm send sms")]


def fates(port: Port) -> list[Mapping[str, Any]]:
    """Give what was told of the port's texts once they were settled, in order."""
    on_their_way = ("queued", "sending")
    return [event for event in port.events("sms_status") if event["status"] not in on_their_way]


@row("any text arrives as it was written")
async def _(port: Port) -> None:
    for text in TEXTS:
        assert (await port.text(text))["status"] == "sent"
    assert port.texts() == list(TEXTS)
    assert all(command.isascii() for command in port.box.commands)


@row("one text in 10 seconds for each port, also over a reconnect")
async def _(port: Port) -> None:
    box = port.box
    sending = [asyncio.create_task(port.text(f"{number}")) for number in range(4)]
    beside = asyncio.create_task(port.beside("2").text("beside"))
    await port.until(lambda: len(port.texts()) == 2)
    await box.drop_sessions()
    assert [told["status"] for told in await asyncio.gather(*sending, beside)] == ["sent"] * 5
    times = [sms.at for sms in box.outbox if sms.line == port.line]
    assert [later - earlier >= 10.0 for earlier, later in pairwise(times)] == [True] * 3
    assert times[-1] - times[0] <= 35.0
    (aside,) = [sms.at for sms in box.outbox if sms.line == "tg2"]
    assert aside - times[0] < 1.0  # a port does not wait for another


@row("accepted, then taken by the network", result_delay=5.0)
async def _(port: Port) -> None:
    told = await port.text(wait=False)
    assert told["status"] in ("queued", "sending")
    await port.until(lambda: fates(port), within=6)
    (event,) = fates(port)
    assert (event["status"], event["error"], event["message_id"]) == ("sent", None, told["message_id"])
    assert event["recipient"] == ALICE
    assert port.attributes("sms", "event")["event_type"] == "sent"


@row("results of others are ignored")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", NO_RESULT)
    sending = asyncio.create_task(port.text())
    await port.until(lambda: ids(port))
    (own,) = ids(port)
    for stranger in ("(null)", "", "2132ekwedsd", f"{own}x", own.upper()):
        for status in (0, 1):
            port.box.push_event("UpdateSMSSend", f"ID: {stranger}", "Smsc: ", f"Status: {status}")
    await port.pass_time(20)
    assert not sending.done()
    port.box.push_event("UpdateSMSSend", f"ID: {own}", "Smsc: ", "Status: 1")
    assert (await sending)["status"] == "sent"


@row("a result may come over a new connection")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", NO_RESULT)
    sending = asyncio.create_task(port.text())
    await port.until(lambda: ids(port))
    await port.box.drop_sessions()
    await port.until(lambda: any(session.logged_in for session in port.box.sessions))
    port.box.push_event("UpdateSMSSend", f"ID: {ids(port)[0]}", "Smsc: ", "Status: 1")
    assert (await sending)["status"] == "sent"
    assert len(ids(port)) == 1


@row("any body text is a refusal with that text as its reason")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", NO_SUCH_SPAN)
    told = await port.text()
    assert (told["status"], told["error"]) == ("failed", "refused")
    (event,) = fates(port)
    assert event["error_detail"] == "No GSM running on span 2"
    assert len(ids(port)) == 1


@row("what one port refuses leaves by another")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", NO_SUCH_SPAN)
    told = await asyncio.gather(*(port.text(text, port.box_device) for text in ("one", "two")))
    assert [(one["status"], one["port"]) for one in told] == [("sent", "2")] * 2
    assert sorted(port.beside("2").texts()) == ["one", "two"]
    assert (len(ids(port)), port.asked("gsm send sms 2 ")) == (3, 1)


@row("what the network does not take has failed for good")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", FAILED)
    port.box.plan_send("tg2", FAILED)
    told = await port.text("once", port.box_device)
    assert (told["status"], told["error"]) == ("failed", "refused")
    assert len(ids(port)) == 1  # a part of it may be out


@row("without a result for 60 seconds its fate is unknown; a late result raises it, once")
async def _(port: Port) -> None:
    port.box.plan_send("tg1", NO_RESULT)
    begin = port.now
    told = await port.text()
    assert (told["status"], told["error"]) == ("unknown", "no_result")
    assert 60.0 <= port.now - begin <= 61.0
    await port.pass_time(600)
    for _ in range(2):
        port.box.push_event("UpdateSMSSend", f"ID: {told['message_id']}", "Smsc: ", "Status: 1")
        await port.pass_time(1)
    assert [event["status"] for event in fates(port)] == ["unknown", "sent"]
    assert len(ids(port)) == 1


@row("what is too long is refused with the number of bytes over, or split")
async def _(port: Port) -> None:
    text = "Ещё один длинный ответ. " * 12
    data = {"device_id": port.device, "recipients": "Alice", "message": text}
    placeholders = await port.refusal(
        port.hass.services.async_call("gsm_gateway", "send_sms", data, blocking=True), "invalid_text_too_long"
    )
    assert int(placeholders["excess"]) > 100
    assert ids(port) == []

    response = await port.ask("send_sms", recipients="Alice", message=text, split=True, wait_timeout=120)
    assert [message["status"] for message in response["messages"]] == ["sent", "sent"]
    assert [told[:4] for told in port.texts()] == ["1/2 ", "2/2 "]
    assert " ".join(told[4:] for told in port.texts()) == text.strip()


@row("numbers, codes and texts that would be more than they seem are refused before a byte")
async def _(port: Port) -> None:
    before = len(port.box.received)
    call = port.hass.services.async_call
    for number in ("+49\r\nAction: Logoff", '1"2', "٣٣٣", "1"):
        data = {"device_id": port.device, "recipients": [number], "message": "x"}
        await port.refusal(call("gsm_gateway", "send_sms", data, blocking=True), "unknown_recipient")
    for text, key in (("", "invalid_text_empty"), ("a\x00b", "invalid_text_control")):
        data = {"device_id": port.device, "recipients": ["Alice"], "message": text}
        await port.refusal(call("gsm_gateway", "send_sms", data, blocking=True), key)
    for code in ('*100#" 30', "*100#\r\nAction: Logoff", "%2A100%23"):
        data = {"device_id": port.device, "code": code}
        await port.refusal(call("gsm_gateway", "send_ussd", data, blocking=True), "invalid_ussd_code")
    assert len(port.box.received) == before
