"""What somebody types, or has an automation fill in, to make a box do something else as well.

Each character that has ever ended a line, a field or a quotation is put into each field that could reach a
box. Either it is refused, and not a byte is sent for it, or the box reads the one command that it should.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import voluptuous as vol

from tests.conftest import (
    DOMAIN,
    GOIP_ID,
    act,
    box_device,
    entity,
    port_device,
    register,
    set_up,
    subentry_id,
)
from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator, Ussd

from .amounts import amount
from .figures import report
from .meter import Cost, metered

SIGNS = (
    *map(chr, range(0x20)),
    *"\x7f\x85\xa0\u2028\u2029\u202e\ufeff\ud800",
    *"\"'\\`$%;:|&<>{}",
    "%0d%0a",
    "%22",
    "\r\n",
    "\\r\\n",
    "\r\n\r\n",
    '" 2\r\n\r\nAction: smscommand\r\ncommand: gsm power off 2\r\n\r\n',
    '" x\r\nActionID: 1\r\n\r\nAction: Originate\r\n',
    "%22 x%0d%0a%0d%0aAction: smscommand%0d%0acommand: gsm power off 2%0d%0a%0d%0a",
    "\nDONE 1\nSEND 1 1 900",
    " password1\nsvr_reboot_dev 1 password1",
    "1 password1 ok",
    ";id:goip2;pass:password1",
)

ASKED_BY_ITSELF = ("gsm show", "CURCELL", "GSM", "get_", "status_flag", "reg:", "DONE", "PASSWORD")
"""What the integration asks a box by itself, or says to end what was asked."""

type Try = Callable[[HomeAssistant, MockConfigEntry, str], Awaitable[object]]


def hostile(plain: str) -> Iterator[str]:
    """Give a value with each sign in it: in the middle, and for the long form at its ends as well."""
    middle = len(plain) // 2
    for sign in SIGNS:
        for place in ([middle], [0, middle, len(plain)])[amount(0, 1)]:
            yield plain[:place] + sign + plain[place:]


def _on_box(action: str, field: str, **others: object) -> Try:
    async def _try(hass: HomeAssistant, entry: MockConfigEntry, value: str) -> object:
        data = {"device_id": box_device(hass, entry), **others, field: value}
        return await act(hass, action, data)

    return _try


def _on_port(action: str, field: str, **others: object) -> Try:
    async def _try(hass: HomeAssistant, entry: MockConfigEntry, value: str) -> object:
        port = "goip1" if entry.data["family"] == "goip" else "1"
        data = {"device_id": port_device(hass, entry, port), **others, field: value}
        return await act(hass, action, data)

    return _try


async def _notify(hass: HomeAssistant, entry: MockConfigEntry, value: str) -> object:
    alice = entity(hass, "notify", f"{entry.unique_id}_{subentry_id(entry, 'Alice')}")
    return await act(hass, "send_message", {"entity_id": alice, "message": value}, domain="notify")


async def _notify_classic(hass: HomeAssistant, entry: MockConfigEntry, value: str) -> object:
    data = {"message": "Hello", "target": value}
    return await act(hass, entry.data["notify_name"], data, domain="notify")


async def _titled(hass: HomeAssistant, entry: MockConfigEntry, value: str) -> object:
    data = {"message": "Hello", "title": value, "target": "+15550001111"}
    return await act(hass, entry.data["notify_name"], data, domain="notify")


BOTH: dict[str, tuple[Try, str]] = {
    "text": (_on_box("send_sms", "message", recipients="+15550001111", force=True), "Hello"),
    "recipient": (_on_box("send_sms", "recipients", message="Hello", force=True), "+15550002222"),
    "reply_to": (_on_box("send_sms", "reply_to", message="Hello", force=True), "1234"),
    "code": (_on_port("send_ussd", "code"), "*100#"),
    "port": (_on_box("set_ports_enabled", "enabled"), "goip1"),
    "notify entity": (_notify, "Hello there"),
    "notify target": (_notify_classic, "+15550003333"),
    "notify title": (_titled, "Title"),
}

OF_GOIP: dict[str, tuple[Try, str]] = {
    "cell": (_on_port("lock_cell", "cell"), "456"),
    "imei": (_on_port("set_imei", "imei"), "490154203237518"),
    "own number": (_on_port("set_phone_number", "number"), "+15550004444"),
    "forwarding": (_on_port("set_call_forwarding", "number", reason="busy"), "+15550005555"),
    "reason": (_on_port("set_call_forwarding", "reason", number="+15550005555"), "busy"),
    "minutes": (_on_port("set_call_time_limit", "minutes"), "10"),
}


def commands(box: Simulator, since: int) -> list[str]:
    """Give what a box was told to do since then, each line that it read by itself."""
    if isinstance(box, NeoGate):
        said = [action.command or action.name for action in box.actions[since:] if action.name != "ping"]
    else:
        said = [packet.decode(errors="replace") for packet in box.received[since:]]
    return [line for line in said if not line.startswith(ASKED_BY_ITSELF)]


def read_so_far(box: Simulator) -> int:
    """Give how much a box has read."""
    return len(box.actions) if isinstance(box, NeoGate) else len(box.received)


def _assert_unsent(box: Simulator, said: list[str], field: str, value: str) -> None:
    """Nothing was sent; but a cell's name, which only the box knows and which it refuses."""
    if field == "cell" and said:
        assert [line.split(" ")[2] for line in said] == [value]
        box.complaints.clear()
    else:
        assert said == [], (field, value)


def assert_one_text(box: Simulator, said: list[str], texts: int, value: str, field: str) -> None:
    """A text was sent: to one number, and with what was typed in it and nothing else."""
    sent = box.outbox[texts:]
    assert len(sent) <= 1
    for sms in sent:
        assert sms.number.removeprefix("+").isdecimal()
        if field in ("text", "notify entity"):
            assert sms.text == value
    verbs = [line.split()[0] for line in said]
    assert verbs in ([], ["MSG", "SEND"], ["gsm"]) or len(verbs) == 1, said


async def _attack(
    hass: HomeAssistant, box: Simulator, entry: MockConfigEntry, fields: dict[str, tuple[Try, str]]
) -> tuple[int, int, Cost]:
    """Try it all; give how often that was, how much of it was refused, and what it cost."""
    times = refused = 0
    with metered(hass) as cost:
        for field, (attempt, plain) in fields.items():
            for value in hostile(plain):
                times += 1
                await asyncio.sleep(0)  # what is refused at once would else be one turn with the next
                read, texts = read_so_far(box), len(box.outbox)
                try:
                    await attempt(hass, entry, value)
                except HomeAssistantError, vol.Invalid:
                    refused += 1
                    _assert_unsent(box, commands(box, read), field, value)
                assert_one_text(box, commands(box, read), texts, value, field)
                assert box.complaints == [], (field, value)
    return times, refused, cost


async def test_goip(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry) -> None:
    options = {"limit_hour": 0, "allow_set_imei": True}
    hass.config_entries.async_update_entry(goip_entry, options=options)
    await set_up(hass, goip_entry)
    await register(hass, goip)
    goip.teach_ussd("goip1", "*100#", Ussd(text="Balance"))
    times, refused, cost = await _attack(hass, goip, goip_entry, BOTH | OF_GOIP)

    cost.assert_bounded()
    seen = f"{refused} refused unsent, {times - refused} read as the one command meant"
    report("injection-goip", times, 0, cost, seen=seen)


@pytest.mark.usefixtures("unpaced")
async def test_neogate(hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"limit_hour": 0})
    await set_up(hass, neogate_entry)
    for line in neogate.line_names:
        neogate.teach_ussd(line, "*100#", Ussd(text="Balance"))
    times, refused, cost = await _attack(hass, neogate, neogate_entry, BOTH)
    tried, turned_away = await _try_credentials(hass, neogate)

    cost.assert_bounded()
    refused += turned_away
    seen = f"{refused} refused unsent, {times + tried - refused} read as the one command meant"
    report("injection-neogate", times + tried, 0, cost, seen=seen)


async def _try_credentials(hass: HomeAssistant, neogate: NeoGate) -> tuple[int, int]:
    """Type credentials and hosts into the dialog; give how many, and how many were refused unsent."""
    form = {"host": LOOPBACK, "port": neogate.port, "username": "apiuser", "password": "apipass"}
    times = refused = 0
    nowhere = OSError("no such host")
    for field in ("username", "password", "host"):
        for value in hostile(str(form[field])):
            if field == "host" and value.strip() == LOOPBACK:
                continue  # blanks around it are no part of it
            times += 1
            await asyncio.sleep(0)
            read = len(neogate.actions)
            with (
                patch.object(hass.loop, "getaddrinfo", side_effect=nowhere)
                if field == "host"
                else _as_it_is()
            ):
                errors = await _log_in(hass, {**form, field: value})
            said = neogate.actions[read:]
            if errors in ({"base": "cannot_connect"}, {"password": "invalid_credential"}):
                refused += 1
                assert said == []
            else:
                assert errors == {"base": "invalid_auth"}, (field, value)
                assert [action.name for action in said] == ["login"]
                given = {"username": "username", "password": "secret"}[field]
                assert said[0].headers[given] == value
    return times, refused


def _as_it_is() -> Any:  # noqa: ANN401 - a patch that changes nothing
    return patch.dict({})


async def _log_in(hass: HomeAssistant, form: dict[str, Any]) -> dict[str, str]:
    """Fill in the dialog, give its errors, and close it."""
    flows = hass.config_entries.flow
    menu = await flows.async_init(DOMAIN, context={"source": SOURCE_USER})
    await flows.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
    result = await flows.async_configure(menu["flow_id"], form)
    flows.async_abort(menu["flow_id"])
    return result["errors"] or {}


LEGAL = "a\"b\\c'%0d%0a`$&"
"""A password that any box can have, and that would act on whoever does not keep it as it is."""


async def test_a_password_that_looks_like_an_attack_is_carried_as_it_is(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    for line in goip.lines:
        line.state.password = LEGAL
    hass.config_entries.async_update_entry(goip_entry, data={**goip_entry.data, "password": LEGAL})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    data = {"device_id": box_device(hass, goip_entry), "recipients": "+15550001111", "message": "Hello"}
    await act(hass, "send_sms", data)
    assert [sms.text for sms in goip.outbox] == ["Hello"]
    assert goip_entry.unique_id == GOIP_ID
