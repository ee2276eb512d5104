"""The table's rows for the session: two connections, one question at a time, staying alive, coming back."""

import asyncio

from homeassistant.config_entries import SOURCE_REAUTH

from tests.simulators import faults
from tests.simulators.neogate import DEFAULT_PASSWORD
from tests.simulators.simulator import Ussd

from .conftest import ALICE, count_logins
from .neogate_bench import Port, Table

SESSION = Table()
row = SESSION.row


def answering(port: Port) -> int:
    """Count the connections that are logged in."""
    return sum(session.logged_in for session in port.box.sessions)


@row("a connection of its own for USSD, without events, closed when it is idle")
async def _(port: Port) -> None:
    box = port.box
    (main,) = box.sessions
    box.teach_ussd("tg1", "*100#", Ussd(text="5 EUR", delay=8))
    dialling = asyncio.create_task(port.ask("send_ussd", code="*100#"))
    await port.until(lambda: answering(port) == 2)
    assert [session.events_on for session in box.sessions] == [True, False]
    box.receive_sms("tg1", ALICE, "meanwhile")
    await port.until(lambda: port.events("sms_received"), within=1)
    assert not dialling.done()

    assert await dialling == {"text": "5 EUR", "session_open": False}
    assert len(box.sessions) == 2
    await port.pass_time(9)
    assert await port.ask("send_ussd", code="*100#")  # kept for the next one
    assert count_logins(box) == 2
    await port.pass_time(11)
    assert box.sessions == [main]
    assert len(port.events("sms_received")) == 1


@row("an ActionID in everything, and never one twice on a connection")
async def _(port: Port) -> None:
    assert (await port.text())["status"] == "sent"
    await port.pass_time(400)
    ids = [action.headers.get("actionid") for action in port.box.actions]
    assert ids == [str(number) for number in range(1, len(ids) + 1)]
    assert {action.name for action in port.box.actions} == {"login", "smscommand", "ping"}


@row("one command in flight", result_delay=3.0)
async def _(port: Port) -> None:
    with port.box.inject(faults.late_reply(2.0), when=b"gsm "):
        both = [port.text("a"), port.beside("2").text("b")]
        assert [told["status"] for told in await asyncio.gather(*both)] == ["sent", "sent"]
        await port.pass_time(60)
    assert port.box.pipelined == []
    assert count_logins(port.box) == 1


@row("a command that times out closes its connection, and its late reply is nobody's")
async def _(port: Port) -> None:
    box = port.box
    (before,) = box.sessions
    with box.inject(faults.late_reply(12.0), when=b"gsm show spans", times=1):
        await port.until(lambda: box.sessions and before not in box.sessions and port.connected)
    await port.pass_time(30)
    assert port.shows("status") == "ready"
    assert (count_logins(box), port.logged("is lost"), port.logged("is back")) == (2, 1, 1)


@row("a Ping after 25 seconds of silence; unanswered for 10 seconds it ends the connection")
async def _(port: Port) -> None:
    box = port.box

    def pings() -> int:
        return sum(action.name == "ping" for action in box.actions)

    last = port.now
    while pings() == 0:
        asked, last = len(box.actions), port.now
        await port.until(lambda asked=asked: len(box.actions) > asked)
    assert 24.5 <= port.now - last <= 25.5

    (before,) = box.sessions
    with box.inject(faults.mute(), when=b"Action: Ping"):
        sent = pings()
        await port.until(lambda: pings() > sent)
        asked_at = port.now
        await port.until(lambda: before not in box.sessions)
    assert 9.5 <= port.now - asked_at <= 10.5
    await port.until(lambda: port.connected)


@row("reconnecting at once the first time, then ever more slowly, for ever")
async def _(port: Port) -> None:
    box = port.box
    await port.pass_time(61)
    (before,) = box.sessions
    await box.drop_sessions()
    lost_at = port.now
    await port.until(lambda: box.sessions and before not in box.sessions and port.connected)
    assert port.now - lost_at < 1
    assert (port.logged("is lost"), port.logged("is back")) == (1, 1)

    box.stop_listening()
    await box.drop_sessions()
    await port.until(lambda: not port.connected)
    assert {port.shows(key) for key in ("status", "signal_strength", "operator")} == {"unavailable"}
    await port.pass_time(6 * 3600)
    assert (port.logged("is lost"), port.logged("is back")) == (2, 1)
    await box.start()
    await port.until(lambda: port.connected, within=301)
    assert port.shows("status") == "ready"
    assert (port.logged("is lost"), port.logged("is back")) == (2, 2)


@row("the second refused login in a row asks the owner; then one try in 15 minutes")
async def _(port: Port) -> None:
    box = port.box

    def asked() -> list[str]:
        return [flow["context"]["source"] for flow in port.hass.config_entries.flow.async_progress()]

    box.password = "another1"
    await box.drop_sessions()
    await port.pass_time(9)
    assert (count_logins(box), asked()) == (2, [])
    await port.pass_time(6)
    assert (count_logins(box), asked()) == (3, [SOURCE_REAUTH])
    await port.pass_time(4 * 900)
    assert (count_logins(box), asked()) == (7, [SOURCE_REAUTH])

    box.password = DEFAULT_PASSWORD
    await port.until(lambda: port.connected, within=901)
    assert asked() == []


@row("nothing is asked of the box that it may not know")
async def _(port: Port) -> None:
    await port.pass_time(100)
    known = ("gsm show spans", "gsm show span ", "gsm send sms ", "gsm send ussd ", "gsm power o")
    assert [command for command in port.box.commands if not command.startswith(known)] == []
