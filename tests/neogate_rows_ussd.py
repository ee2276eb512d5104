"""The table's rows for USSD, power, logging in again, and a box that moved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import replace
from functools import partial

from homeassistant.config_entries import SOURCE_USER

from tests.simulators.chopper import Chopper
from tests.simulators.neogate import DEFAULT_PASSWORD, NeoGate
from tests.simulators.neogate_span import USSD_NOW, USSD_OLD, USSD_OPENVOX
from tests.simulators.simulator import LOOPBACK, Ussd

from .conftest import NEOGATE_IMEI, NEOGATE_USER
from .neogate_bench import Port, RowFunction, Table

USSD = Table()
row = USSD.row

TRICKY = "--END COMMAND--\n\tUSSD Message: x\nEvent: y\nText: z --END"
ANSWERS = (
    (Ussd(text="Balance: 5,00"), "Balance: 5,00", False),
    (Ussd(text="Ваш баланс\n5 ₽", coding=72), "Ваш баланс\n5 ₽", False),
    (Ussd(text="1 more\r2 less\n\n3 none", responses=1), "1 more\r2 less\n\n3 none", True),
    (Ussd(text="Bye", responses=2), "Bye", False),
    (Ussd(text="?", responses=4), "?", None),
    (Ussd(text=TRICKY), TRICKY, False),
)


def _form(form: str) -> RowFunction:
    async def run(port: Port) -> None:
        port.box.firmware = replace(port.box.firmware, ussd_form=form)
        for answer, text, session_open in ANSWERS:
            port.box.teach_ussd("tg1", "*100#", answer)
            assert await port.ask("send_ussd", code="*100#") == {"text": text, "session_open": session_open}

    return run


for _name, _text in (("today's", USSD_NOW), ("the old typo's", USSD_OLD), ("OpenVox's", USSD_OPENVOX)):
    row(f"USSD answers in {_name} form")(_form(_text))


@row("failure, timeout and busy are different errors")
async def _(port: Port) -> None:
    def dial() -> asyncio.Task[dict[str, object]]:
        return asyncio.create_task(port.ask("send_ussd", code="*100#", timeout=20))

    port.box.teach_ussd("tg1", "*100#", Ussd(failure="failed"))
    told = await port.refusal(dial(), "command_refused")
    assert told["reason"] == "0:Send USSD failed on span 2"
    port.box.teach_ussd("tg1", "*100#", Ussd(text="too late", delay=100))
    begin = port.now
    await port.refusal(dial(), "gateway_timeout")
    assert 20 <= port.now - begin <= 21
    port.span.ussd_running = True
    await port.refusal(dial(), "port_busy")
    port.box.spans.pop(2)
    await port.refusal(dial(), "port_not_ready")


@row("a code is dialled once, though its connection is lost")
async def _(port: Port) -> None:
    port.box.teach_ussd("tg1", "*100#", Ussd(text="5 EUR", delay=8))
    dialling = asyncio.create_task(port.ask("send_ussd", code="*100#"))
    await port.until(lambda: port.asked("gsm send ussd") == 1)
    await port.box.drop_sessions()
    await port.refusal(dialling, "outcome_unknown")
    await port.until(lambda: port.connected)
    await port.pass_time(60)
    assert port.asked("gsm send ussd") == 1


@row("a code goes as it is, its time in whole seconds")
async def _(port: Port) -> None:
    port.box.teach_ussd("tg1", "*#+0123456789#", Ussd(text="x"))
    await port.ask("send_ussd", code="*#+0123456789#", timeout={"seconds": 20})
    await port.ask("send_ussd", code="*#+0123456789#")
    dialled = [command for command in port.box.commands if "ussd" in command]
    assert dialled == ['gsm send ussd 2 "*#+0123456789#" 20', 'gsm send ussd 2 "*#+0123456789#" 30']


# Power


@row("restarting a port: off, 5 seconds, on, and up again", boot_time=30.0)
async def _(port: Port) -> None:
    for restart in (partial(port.press, "reboot"), port.restart):
        before = len(port.box.commands)
        begin = port.now
        restarting = asyncio.create_task(restart())
        await port.until(lambda before=before: "gsm power on 2" in port.box.commands[before:])
        assert 5.0 <= port.now - begin <= 5.5
        text = asyncio.create_task(port.text())
        beside = await port.beside("2").text("beside")
        assert beside["status"] == "sent"
        assert not restarting.done()
        await restarting
        assert 35.0 <= port.now - begin <= 41.0
        assert port.span.state == "READY"
        power = [command for command in port.box.commands[before:] if "power" in command]
        assert power == ["gsm power off 2", "gsm power on 2"]
        assert (await text)["status"] == "sent"  # which had waited
        assert port.shows("status") == "ready"
        await port.pass_time(15)


@row("a port that is not up again after 2 minutes", boot_time=500.0)
async def _(port: Port) -> None:
    begin = port.now
    await port.refusal(asyncio.create_task(port.press("reboot")), "still_starting")
    assert 125.0 <= port.now - begin <= 126.0
    assert port.shows("status") != "ready"
    await port.until(lambda: port.shows("status") == "ready", within=500)


@row("a port is switched on again though the connection is lost meanwhile", boot_time=10.0)
async def _(port: Port) -> None:
    restarting = asyncio.create_task(port.restart())
    await port.until(lambda: not port.span.powered)
    await port.box.drop_sessions()
    await restarting
    assert port.span.powered
    assert port.asked("gsm power on 2") == 1


@row("the box itself cannot be restarted, and says so")
async def _(port: Port) -> None:
    await port.refusal(port.restart(port.box_device), "box_reboot_not_supported")
    await port.pass_time(60)
    assert port.asked("gsm power") == 0


# Logging in again, and a box that moved


async def answer_form(port: Port, flow_id: str, values: dict[str, object]) -> str:
    """Send a form, and give the reason with which it ends."""
    result = await port.hass.config_entries.flow.async_configure(flow_id, values)
    await port.hass.async_block_till_done()
    return str(result.get("reason"))


@row("re-authentication with another account")
async def _(port: Port) -> None:
    port.box.user, port.box.password = "newuser", "newpass"
    await port.box.drop_sessions()
    await port.pass_time(30)
    (flow,) = port.hass.config_entries.flow.async_progress()
    account = {"username": "newuser", "password": "newpass"}
    assert await answer_form(port, flow["flow_id"], account) == "reauth_successful"
    await port.until(lambda: port.connected)
    assert (await port.text())["status"] == "sent"


@asynccontextmanager
async def moved_to(port: Port) -> AsyncIterator[int]:
    """Let the same box, its lowest module exchanged, be found at another port."""
    async with NeoGate(ports=2) as box, Chopper(box.port, size=port.bench.size or 1000) as path:
        box.span("tg1").imei = "490154203237518"
        yield path.port
        await box.wait_for(lambda: len(box.sessions) == 1)
        await port.hass.config_entries.async_unload(port.entry.entry_id)
        await box.wait_for(lambda: not box.sessions)


@row("a box that moved is followed when it is reconfigured")
async def _(port: Port) -> None:
    async with moved_to(port) as there:
        form = await port.entry.start_reconfigure_flow(port.hass)
        typed = {"host": LOOPBACK, "port": there, "username": NEOGATE_USER, "password": DEFAULT_PASSWORD}
        assert await answer_form(port, form["flow_id"], typed) == "reconfigure_successful"
        await port.until(lambda: port.connected)
        assert (port.entry.data["port"], port.entry.unique_id) == (there, NEOGATE_IMEI)
        assert not port.box.sessions


@row("a box that moved is followed when it is added again")
async def _(port: Port) -> None:
    async with moved_to(port) as there:
        flows = port.hass.config_entries.flow
        menu = await flows.async_init("gsm_gateway", context={"source": SOURCE_USER})
        form = await flows.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
        typed = {"host": LOOPBACK, "port": there, "username": NEOGATE_USER, "password": DEFAULT_PASSWORD}
        assert await answer_form(port, form["flow_id"], typed) == "already_configured"
        await port.until(lambda: port.connected)
        assert (port.entry.data["port"], port.entry.unique_id) == (there, NEOGATE_IMEI)
