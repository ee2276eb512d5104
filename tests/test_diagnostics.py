"""Diagnostics: enough to help with, and nothing that is nobody's business."""

from contextlib import AsyncExitStack, suppress
from datetime import timedelta
import json
from random import Random
from string import ascii_letters, digits
from unittest.mock import patch
from urllib.parse import quote, quote_plus

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway.issues import LINE_TAKEN, async_raise_issue
from custom_components.gsm_gateway.store import BoxStore, StoreUnusable

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    STRANGER,
    act,
    box_device,
    contact_device,
    goip_data,
    port_device,
    register,
    run,
    set_up,
    until,
)
from .mail_bench import Bus, send
from .simulators.goip import DEFAULT_PASSWORD, GoIP
from .simulators.neogate import NeoGate
from .simulators.simulator import LOOPBACK

SECRET = "the code is 4711"


async def test_goip(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert told["connected"] is True
    assert [port["status"] for port in told["ports"]] == ["ready"] * len(told["ports"])
    assert told["ignored"] == {}
    assert told["data"]["port"] == loaded_goip.data["port"]
    state = goip.line("goip1").state
    for secret in (state.password, state.imei, state.imsi, state.iccid, "goip1"):
        assert f'"{secret}"' not in json.dumps(told)


async def test_neogate(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
) -> None:
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_neogate)
    assert told["ports"][0]["signal"] is not None
    assert told["ports"][0]["words"] == ["Power on", "Provisioned", "Up", "Active", "Standard"]
    span = neogate.span("tg1")
    for secret in (neogate.user, neogate.password, span.imei, span.imsi, span.smsc):
        assert f'"{secret}"' not in json.dumps(told)


async def test_texts_are_counted_and_not_told(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    goip_entry: MockConfigEntry,
    bus: Bus,
) -> None:
    hass.config_entries.async_update_entry(goip_entry, options={"limit_hour": 3, "private": False})
    await set_up(hass, goip_entry)
    await register(hass, goip)
    goip.receive_sms("goip1", STRANGER, SECRET)
    await until(hass, lambda: bus["sms_received"])
    goip.fail_next_send("goip2")
    port = port_device(hass, goip_entry, "goip2")
    await send(hass, port, recipients=["Alice", "Bob", STRANGER, "80808"], message=SECRET)

    told = await get_diagnostics_for_config_entry(hass, hass_client, goip_entry)
    assert told["store"] == {"doubtful": 0, "texts": {"received": 1, "sent": 2, "failed": 1}}
    assert (told["queue"], told["tripped"]) == (0, True)
    assert [port["sent"] for port in told["ports"]] == [
        {"today": 0, "this_month": 0},
        {"today": 2, "this_month": 2},
    ]
    assert told["options"]["limit_hour"] == 3
    for secret in (SECRET, ALICE, BOB, STRANGER, "80808"):
        assert secret not in json.dumps(told)


async def test_what_passed_over_the_wire_of_a_goip(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    bus: Bus,
) -> None:
    goip.receive_sms("goip2", STRANGER, SECRET)
    await until(hass, lambda: bus["sms_received"])
    driver = loaded_goip.runtime_data.gateway._driver
    driver.on_received(b"req:1;id:+4930123456;pass:guessed1;", ("192.0.2.7", 1))
    before = dt_util.now()
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)

    assert [port["port"] for port in told["ports"]] == ["<line 1>", "<line 2>"]
    (received,) = [line for line in told["wire"] if line["text"].startswith("RECEIVE:")]
    assert (received["way"], received["port"]) == ("in", "<line 2>")
    assert "srcnum:<13 characters>;msg:<16 characters>;" in received["text"]
    at = dt_util.parse_datetime(received["at"], raise_on_error=True)
    assert timedelta() <= before - at < timedelta(minutes=1)
    assert told["heard_at"] >= received["at"]
    assert len(told["wire"]) <= 50
    (stranger,) = told["wire_of_nobody"]
    assert stranger["port"] == "<line 3>"
    assert stranger["text"] == "req:1;id:<line 3>;pass:<8 characters>;"
    assert told["ignored"] == {"unknown_line": 1}
    state = goip.line("goip2").state
    for secret in (SECRET, STRANGER, state.password, state.imei, state.imsi, state.iccid, "goip2", "192.0.2"):
        assert secret not in json.dumps(told), secret


async def test_the_wire_of_a_box_is_its_own(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    simulators: AsyncExitStack,
) -> None:
    udp_port = loaded_goip.data["port"]
    other = GoIP(lines=1, server=(LOOPBACK, udp_port), keepalive_interval=None, prefix="door")
    await run(simulators, other)
    entry = MockConfigEntry(
        domain=DOMAIN, title="Other", unique_id="other", data=goip_data(udp_port, other.line_names[0])
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    await register(hass, other)
    ours = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    theirs = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert {line["port"] for line in ours["wire"]} == {"<line 1>", "<line 2>"}
    assert {line["port"] for line in theirs["wire"]} == {"<line 1>"}
    assert len(theirs["wire"]) < len(ours["wire"])
    assert ours["wire_of_nobody"] == theirs["wire_of_nobody"] == []


async def test_what_passed_over_the_wire_of_a_neogate(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: Bus,
) -> None:
    neogate.receive_sms("tg2", STRANGER, SECRET)
    await until(hass, lambda: bus["sms_received"])
    told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_neogate)

    assert [port["port"] for port in told["ports"]] == ["1", "2"]
    texts = [line["text"] for line in told["wire"]]
    assert texts[:2] == ["", "Asterisk Call Manager/1.1"]
    assert texts[2].startswith("Action: Login; ActionID: 1; Username: <7 characters>; Secret: <")
    assert told["wire"][-1]["port"] == "2"
    assert texts[-1].startswith("Event: ReceivedSMS; ")
    assert told["wire_of_nobody"] == []
    span = neogate.span("tg2")
    for secret in (SECRET, STRANGER, neogate.user, neogate.password, span.imei, span.imsi, span.smsc):
        for form in (secret, quote(secret), quote_plus(secret)):
            assert form not in json.dumps(told)


async def test_a_box_that_could_not_be_set_up(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    await neogate.stop()
    await set_up(hass, neogate_entry)
    told = await get_diagnostics_for_config_entry(hass, hass_client, neogate_entry)
    assert (told["state"], told["reason"]) == ("setup_retry", "cannot_connect")
    assert told["data"]["password"] == told["data"]["host"] == "**REDACTED**"
    assert "ports" not in told


async def test_no_issue_in_it_tells_a_line(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    async_raise_issue(hass, loaded_goip, "+4930123456", LINE_TAKEN)
    assert await async_setup_component(hass, "diagnostics", {})
    client = await hass_client()
    answer = await client.get(f"/api/diagnostics/config_entry/{loaded_goip.entry_id}")
    whole = await answer.text()
    assert "line_taken" in whole
    assert "4930123456" not in whole


# Nothing of anybody, wherever it stands

# Minutes are told as they come; everything else that may hold figures is here.
DIGITS = """
    num signal gsm_status voip_status voip_state imei imsi iccid idle disable_status SMS_LOGIN
    SMB_LOGIN CELLINFO CGATT srcnum smscnum senttime sms_no state gsm_remain_state dir exp
    bcch lists info
"""
VERBS = "req RECEIVE DELIVER STATE RECORD HANGUP REMAIN EXPIRY USSN CELLS CELLINFO BCCH CGATT"


@pytest.mark.parametrize("seed", range(5))
async def test_no_field_of_a_goip_tells_anything(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry, seed: int
) -> None:
    random = Random(seed)
    driver = loaded_goip.runtime_data.gateway._driver
    hosts = [("127.0.0.1", 1), ("192.0.2.1", 2)]
    secrets: set[str] = set()

    def secret(signs: str, length: int) -> str:
        secrets.add(made := "".join(random.choices(signs, k=length)))
        return made

    for verb in VERBS.split():
        for password in (DEFAULT_PASSWORD, secret(ascii_letters + digits, 12)):
            fields = "".join(f"{key}:{secret(digits, 9)};" for key in DIGITS.split())
            text = f"msg:{secret(ascii_letters + 'äß🎉', 20)} {secret(digits, 6)}"
            count = random.randrange(1, 9)
            packet = f"{verb}:{count};id:goip1;password:{password};{fields}{text}".encode()
            driver.on_received(packet, random.choice(hosts))
            driver.on_received(packet[: random.randrange(40, len(packet))], random.choice(hosts))
    await hass.async_block_till_done()
    whole = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip))
    assert whole.count("RECEIVE:") > 1
    assert [one for one in {*secrets, DEFAULT_PASSWORD, "192.0.2.1"} if one in whole] == []


@pytest.mark.parametrize("seed", range(5))
async def test_no_text_and_no_code_of_a_neogate_tells_anything(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    seed: int,
) -> None:
    random = Random(seed)
    numbers = [f"+{random.randrange(10**9, 10**11)}" for _ in range(2)]
    texts = ["".join(random.choices(ascii_letters + " +äß🎉" + digits, k=40)) for _ in range(2)]
    code = f"*{random.randrange(10**5, 10**6)}#"
    incoming = async_capture_events(hass, f"{DOMAIN}_sms_received")
    neogate.receive_sms("tg1", numbers[0], texts[0])
    await until(hass, lambda: incoming)
    port = port_device(hass, loaded_neogate, "1")
    await send(hass, port, recipients=[numbers[1]], message=texts[1])
    with suppress(HomeAssistantError):  # the network may know no such code
        await act(hass, "send_ussd", {"device_id": port, "code": code}, response=True)

    whole = json.dumps(await get_diagnostics_for_config_entry(hass, hass_client, loaded_neogate))
    assert "Event: ReceivedSMS" in whole
    assert "gsm send sms 2 <" in whole
    assert "gsm send ussd 2 <" in whole
    forms = (str, quote, quote_plus, lambda told: told.encode("utf-16-be").hex(), lambda told: told[10:20])
    secrets = [form(one) for one in (*numbers, *texts) for form in forms if len(form(one)) > 4]
    assert [one for one in [*secrets, code, code[1:-1]] if one in whole] == []


# Of one device


async def test_a_port(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    device = dr.async_get(hass).async_get(port_device(hass, loaded_goip, "goip2"))
    assert device is not None
    told = await get_diagnostics_for_device(hass, hass_client, loaded_goip, device)
    assert told.keys() == {"connected", "port", "wire"}
    assert (told["port"]["port"], told["port"]["status"]) == ("<line 2>", "ready")
    assert told["port"]["imei"] == "**REDACTED**"
    assert {line["port"] for line in told["wire"]} == {"<line 2>"}
    assert goip.line("goip2").state.password not in json.dumps(told)


async def test_a_port_of_a_neogate(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_neogate: MockConfigEntry
) -> None:
    device = dr.async_get(hass).async_get(port_device(hass, loaded_neogate, "2"))
    assert device is not None
    told = await get_diagnostics_for_device(hass, hass_client, loaded_neogate, device)
    assert told["port"]["port"] == "2"
    assert [line["text"].partition(";")[0] for line in told["wire"]] == [
        "Action: smscommand",
        "Response: Follows",
    ]


async def test_a_box(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    device = dr.async_get(hass).async_get(box_device(hass, loaded_goip))
    assert device is not None
    told = await get_diagnostics_for_device(hass, hass_client, loaded_goip, device)
    assert told.keys() == (await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)).keys()


async def test_a_contact(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    for name, trusted in (("Alice", True), ("Bob", False)):
        device = contact_device(hass, loaded_goip, name)
        told = await get_diagnostics_for_device(hass, hass_client, loaded_goip, device)
        assert told == {"contact": {"trusted": trusted}}


async def test_a_device_of_a_box_that_is_not_loaded(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    device = dr.async_get(hass).async_get(port_device(hass, loaded_goip, "goip2"))
    assert device is not None
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    told = await get_diagnostics_for_device(hass, hass_client, loaded_goip, device)
    assert told["state"] == "not_loaded"


async def test_a_store_that_cannot_be_read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded_goip: MockConfigEntry
) -> None:
    with patch.object(BoxStore, "history", side_effect=StoreUnusable("SQLITE_IOERR")):
        told = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert told["store"] == {"doubtful": 0, "error": "SQLITE_IOERR"}
    assert told["connected"] is True


@pytest.mark.parametrize("stranger", ["req:1;id:nobody;pass:wrong;", "no message at all"])
async def test_what_was_ignored_is_counted(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    stranger: str,
) -> None:
    before = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    loaded_goip.runtime_data.gateway._driver.on_received(stranger.encode(), ("127.0.0.9", 1))
    after = await get_diagnostics_for_config_entry(hass, hass_client, loaded_goip)
    assert sum(after["ignored"].values()) == sum(before["ignored"].values()) + 1
