"""Boxes found by their network card: who is offered, who is recognised, and who is followed where."""

from contextlib import AsyncExitStack
from fnmatch import fnmatchcase
import json
import logging
from pathlib import Path
from unittest.mock import patch

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
    EVENT_DATA_ENTRY_FLOW_PROGRESSED,
    FlowResultType,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_socket import socket_allow_hosts

from custom_components import gsm_gateway
from custom_components.gsm_gateway.aiogsm import (
    FAMILIES,
    Endpoint,
    Entry,
    Gateway,
    LineHeard,
    Query,
    Stranger,
)
from custom_components.gsm_gateway.discovery import async_get_discovery
from custom_components.gsm_gateway.whereabouts import VALID_FOR
from tests.simulators.goip import DEFAULT_PASSWORD as GOIP_PASSWORD, GoIP
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate
from tests.simulators.simulator import LOOPBACK

from .conftest import (
    DOMAIN,
    GOIP_ID,
    NEOGATE_IMEI,
    NEOGATE_USER,
    Clock,
    box_device,
    caught_up,
    count_logins,
    goip_data,
    neogate_data,
    register,
    run,
    seen,
    set_up,
    state,
    until,
)

YEASTAR = "f4b549010203"
DBL = "383f10010203"
REBRAND = "0002a4010203"
ELSEWHERE = "127.0.0.9"


def formatted(mac: str) -> str:
    return dr.format_mac(mac)


async def see(hass: HomeAssistant, mac: str, host: str, name: str = "") -> ConfigFlowResult:
    """Let a network card be seen at an address."""
    found = DhcpServiceInfo(ip=host, hostname=name, macaddress=mac)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=found)
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


def reasons(result: ConfigFlowResult) -> tuple[FlowResultType, str | None]:
    return (result["type"], result.get("reason"))


KNOWN = (FlowResultType.ABORT, "already_configured")


def offers(hass: HomeAssistant, source: str = SOURCE_DHCP) -> list[ConfigFlowResult]:
    """Give what is offered."""
    return hass.config_entries.flow.async_progress_by_handler(DOMAIN, match_context={"source": source})


def macs_of(hass: HomeAssistant, entry: MockConfigEntry) -> set[tuple[str, str]]:
    """Give the network cards that the device registry knows of an entry's box."""
    device = dr.async_get(hass).async_get(box_device(hass, entry))
    assert isinstance(device, dr.DeviceEntry)
    return device.connections


def card(mac: str) -> set[tuple[str, str]]:
    return {(dr.CONNECTION_NETWORK_MAC, formatted(mac))}


async def configure(hass: HomeAssistant, flow: ConfigFlowResult, **values: object) -> ConfigFlowResult:
    """Send a form, or look at the step again."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], values or None)
    await hass.async_block_till_done()
    return result


def neogate_form(box: NeoGate, host: str = LOOPBACK) -> dict[str, object]:
    return {"host": host, "port": box.port, "username": NEOGATE_USER, "password": NEOGATE_PASSWORD}


# What is found.


@pytest.mark.parametrize(
    ("mac", "name", "step", "family"),
    [
        (YEASTAR, "", "neogate", "Yeastar NeoGate TG"),
        (REBRAND, "neogate-tg400", "neogate", "Yeastar NeoGate TG"),
        (REBRAND, "yeastar", "neogate", "Yeastar NeoGate TG"),
        (DBL, "", "goip", "DBL GoIP"),
        (REBRAND, "goip-8", "goip", "DBL GoIP"),
    ],
)
async def test_a_box_is_offered(hass: HomeAssistant, mac: str, name: str, step: str, family: str) -> None:
    manifest = json.loads(Path(gsm_gateway.__file__).with_name("manifest.json").read_text())
    matchers = [matcher for matcher in manifest["dhcp"] if "registered_devices" not in matcher]
    assert any(
        fnmatchcase(mac.upper(), matcher.get("macaddress", "*"))
        and fnmatchcase(name, matcher.get("hostname", "*"))
        for matcher in matchers
    )

    form = await see(hass, mac, "192.0.2.1", name)

    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, step)
    context = offers(hass)[0]["context"]
    assert context["unique_id"] == formatted(mac)
    assert context["title_placeholders"] == {"name": f"{family} (192.0.2.1)"}
    assert context["configuration_url"] == "http://192.0.2.1"


async def test_a_neogate_that_was_found_is_added(hass: HomeAssistant, neogate: NeoGate) -> None:
    form = await see(hass, YEASTAR, LOOPBACK)
    schema = form["data_schema"]
    assert schema is not None
    filled = {str(key): (key.description or {}).get("suggested_value") for key in schema.schema}
    assert filled == {"host": LOOPBACK, "port": None, "username": None, "password": None}

    result = await configure(hass, form, **neogate_form(neogate))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == NEOGATE_IMEI
    assert result["data"] == neogate_data(neogate, mac=formatted(YEASTAR))
    assert result["result"].state is ConfigEntryState.LOADED
    assert macs_of(hass, result["result"]) == card(YEASTAR)
    assert offers(hass) == []


async def test_what_is_typed_at_another_address_is_another_box(hass: HomeAssistant, neogate: NeoGate) -> None:
    form = await see(hass, YEASTAR, "192.0.2.1")
    result = await configure(hass, form, **neogate_form(neogate))

    assert result["data"] == neogate_data(neogate)
    assert macs_of(hass, result["result"]) == set()


async def test_a_goip_that_was_found_is_added(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock
) -> None:
    waiting = await wait_for(hass, await see(hass, DBL, LOOPBACK), udp_port)
    refreshed = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED)
    for line in goip.lines:
        line.send_keepalive()
    await seen(hass, lambda: len(refreshed) == len(goip.lines))
    clock.skip(3)
    await hass.async_block_till_done()
    form = await configure(hass, waiting)
    assert form["step_id"] == "goip_confirm"
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == goip_data(udp_port, "goip1", "goip2", mac=formatted(DBL))
    assert macs_of(hass, result["result"]) == card(DBL)
    await register(hass, goip)
    assert offers(hass) == []


async def wait_for(hass: HomeAssistant, form: ConfigFlowResult, udp_port: int) -> ConfigFlowResult:
    """Send the form of a GoIP, and return once it is being waited."""
    begun = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    values = {"port": udp_port, "password": GOIP_PASSWORD}
    waiting = await hass.config_entries.flow.async_configure(form["flow_id"], values)
    assert waiting["type"] is FlowResultType.SHOW_PROGRESS
    await seen(hass, lambda: begun)
    return waiting


# Who is ignored, or offered already.


async def test_an_ignored_box_stays_ignored(hass: HomeAssistant) -> None:
    (await see(hass, YEASTAR, "192.0.2.1"))
    (flow,) = offers(hass)
    context = flow["context"]
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": context["unique_id"], "title": "PBX"},
    )
    await hass.async_block_till_done()
    assert offers(hass) == []

    assert reasons(await see(hass, YEASTAR, "192.0.2.2")) == KNOWN


async def test_a_box_is_offered_once(hass: HomeAssistant) -> None:
    await see(hass, YEASTAR, "192.0.2.1")
    again = await see(hass, YEASTAR, "192.0.2.2")

    assert reasons(again) == (FlowResultType.ABORT, "already_in_progress")
    assert len(offers(hass)) == 1


def report(hass: HomeAssistant, host: str, line: str = "barn1", port: int = 44444) -> None:
    """Let a line report that nobody owns."""
    said = LineHeard(line=line, host=host, password="secret")
    async_get_discovery(hass).on_stranger(Stranger(FAMILIES["goip"], Endpoint(host=None, port=port), said))


async def test_what_reports_already_is_offered_for_that(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    report(hass, "192.0.2.1")
    await hass.async_block_till_done(wait_background_tasks=True)
    (before,) = offers(hass, SOURCE_INTEGRATION_DISCOVERY)

    assert reasons(await see(hass, DBL, "192.0.2.1")) == (FlowResultType.ABORT, "already_in_progress")
    assert offers(hass, SOURCE_INTEGRATION_DISCOVERY) == [before]


async def test_what_reports_later_is_offered_for_that_instead(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    await see(hass, DBL, "192.0.2.1")
    other = (await see(hass, "383f10040506", "192.0.2.2"))["flow_id"]
    report(hass, "192.0.2.1")
    await hass.async_block_till_done(wait_background_tasks=True)

    assert [flow["flow_id"] for flow in offers(hass)] == [other]
    (flow,) = offers(hass, SOURCE_INTEGRATION_DISCOVERY)
    result = await configure(hass, flow, password="secret")
    assert result["data"] == goip_data(
        44444, "barn1", password="secret", notify_name="goip_2", mac=formatted(DBL)
    )


async def test_a_dialog_that_somebody_uses_is_not_closed(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    waiting = await wait_for(hass, await see(hass, DBL, "192.0.2.1"), udp_port)
    report(hass, "192.0.2.1")
    report(hass, "192.0.2.3", "shed1")
    await seen(hass, lambda: offers(hass, SOURCE_INTEGRATION_DISCOVERY))

    assert [flow["flow_id"] for flow in offers(hass)] == [waiting["flow_id"]]
    (flow,) = offers(hass, SOURCE_INTEGRATION_DISCOVERY)  # others are offered all the same
    assert flow["context"]["unique_id"] == "44444_shed1"
    hass.config_entries.flow.async_abort(waiting["flow_id"])


async def test_a_box_that_was_ignored_for_what_it_reports_stays_ignored(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    data = {"port": 44444, "lines": ["barn1"]}
    MockConfigEntry(domain=DOMAIN, unique_id="44444_barn1", source=SOURCE_IGNORE, data=data).add_to_hass(hass)
    report(hass, "192.0.2.1")
    await hass.async_block_till_done(wait_background_tasks=True)

    assert reasons(await see(hass, DBL, "192.0.2.1")) == KNOWN


# Who is recognised.


async def test_a_connected_box_is_recognised_and_its_card_learnt(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    sessions = list(neogate.sessions)
    assert reasons(await see(hass, YEASTAR, LOOPBACK)) == KNOWN

    assert loaded_neogate.data["mac"] == formatted(YEASTAR)
    assert macs_of(hass, loaded_neogate) == card(YEASTAR)
    assert neogate.sessions == sessions  # to learn it drops no connection
    assert offers(hass) == []


async def test_a_reporting_goip_is_recognised_and_its_card_learnt(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    assert reasons(await see(hass, DBL, LOOPBACK)) == KNOWN
    assert macs_of(hass, loaded_goip) == card(DBL)
    await register(hass, goip)

    # It is known wherever it is from then on; where it reports from, it tells itself.
    assert reasons(await see(hass, DBL, "192.0.2.7")) == KNOWN
    assert "host" not in loaded_goip.data


async def test_a_card_is_not_learnt_where_nobody_answers(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    hass.config_entries.async_update_entry(neogate_entry, data={**neogate_entry.data, "port": 1})
    await set_up(hass, neogate_entry)
    assert neogate_entry.state is ConfigEntryState.SETUP_RETRY

    assert reasons(await see(hass, YEASTAR, LOOPBACK)) == KNOWN  # it is in set-up
    assert "mac" not in neogate_entry.data


async def test_a_goip_that_is_not_loaded_is_recognised_where_it_was_last(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    assert reasons(await see(hass, DBL, LOOPBACK)) == KNOWN
    assert "mac" not in loaded_goip.data


async def test_a_box_of_the_other_family_at_that_address_is_another(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry
) -> None:
    assert (await see(hass, DBL, LOOPBACK))["type"] is FlowResultType.FORM
    assert "mac" not in loaded_neogate.data


async def test_another_card_at_that_address_is_another_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    await see(hass, YEASTAR, LOOPBACK)
    other = "f4b549040506"
    form = await see(hass, other, LOOPBACK)
    assert form["type"] is FlowResultType.FORM
    assert loaded_neogate.data["mac"] == formatted(YEASTAR)

    # The box says that it is the same, so it has another card now.
    result = await configure(hass, form, **neogate_form(neogate))
    assert reasons(result) == KNOWN
    assert loaded_neogate.data["mac"] == formatted(other)


async def test_a_box_that_was_added_by_hand_is_offered_no_more(hass: HomeAssistant, neogate: NeoGate) -> None:
    await see(hass, YEASTAR, LOOPBACK)
    assert len(offers(hass)) == 1
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "neogate"})
    result = await configure(hass, form, **neogate_form(neogate))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert offers(hass) == []
    assert result["result"].data["mac"] == formatted(YEASTAR)
    assert macs_of(hass, result["result"]) == card(YEASTAR)


async def test_a_goip_that_reports_from_where_a_card_was_found_is_offered_no_more(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await set_up(hass, goip_entry)
    await see(hass, DBL, LOOPBACK)  # it moved: nothing says yet whose it is
    assert len(offers(hass)) == 1
    await register(hass, goip)

    assert offers(hass) == []
    assert goip_entry.unique_id == GOIP_ID
    assert macs_of(hass, goip_entry) == card(DBL)


async def test_a_goip_that_reports_while_it_is_being_set_up(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    await see(hass, DBL, LOOPBACK)
    history = Gateway.history

    async def _report_first(gateway: Gateway, query: Query) -> list[Entry]:
        assert await goip.keepalive("goip1") == "200"
        return await history(gateway, query)

    with patch.object(Gateway, "history", _report_first):
        await set_up(hass, goip_entry)

    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert goip_entry.state is ConfigEntryState.LOADED
    assert offers(hass) == []
    assert macs_of(hass, goip_entry) == card(DBL)


# Who is followed.


@pytest.fixture
async def moved(simulators: AsyncExitStack, neogate: NeoGate) -> NeoGate:
    """Run the same box at another address, on the same port."""
    socket_allow_hosts([LOOPBACK, ELSEWHERE])
    with patch("tests.simulators.neogate.LOOPBACK", ELSEWHERE):
        return await run(simulators, NeoGate(ports=2, port=neogate.port))


@pytest.fixture
def known_neogate(hass: HomeAssistant, neogate_entry: MockConfigEntry) -> MockConfigEntry:
    """Add a NeoGate whose network card is known."""
    data = {**neogate_entry.data, "mac": formatted(YEASTAR)}
    hass.config_entries.async_update_entry(neogate_entry, data=data)
    return neogate_entry


async def test_a_box_that_is_not_connected_is_followed(
    hass: HomeAssistant, neogate: NeoGate, moved: NeoGate, known_neogate: MockConfigEntry
) -> None:
    neogate.stop_listening()
    await set_up(hass, known_neogate)
    assert known_neogate.state is ConfigEntryState.SETUP_RETRY

    assert reasons(await see(hass, YEASTAR, ELSEWHERE)) == KNOWN
    await hass.async_block_till_done()

    assert known_neogate.data["host"] == ELSEWHERE
    assert known_neogate.state is ConfigEntryState.LOADED
    await moved.wait_for(lambda: len(moved.sessions) == 1)


async def test_a_connected_box_is_left_where_it_is_and_followed_when_it_is_lost(
    hass: HomeAssistant, neogate: NeoGate, moved: NeoGate, known_neogate: MockConfigEntry
) -> None:
    await set_up(hass, known_neogate)
    sessions = list(neogate.sessions)
    assert reasons(await see(hass, YEASTAR, "192.0.2.9")) == KNOWN
    assert reasons(await see(hass, YEASTAR, ELSEWHERE)) == KNOWN
    assert known_neogate.data["host"] == LOOPBACK
    assert neogate.sessions == sessions

    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: known_neogate.data["host"] == ELSEWHERE)

    assert known_neogate.state is ConfigEntryState.LOADED
    await moved.wait_for(lambda: len(moved.sessions) == 1)
    assert count_logins(moved) == 1  # it is opened anew once


async def test_a_box_that_was_seen_elsewhere_long_ago_stays(
    hass: HomeAssistant, neogate: NeoGate, known_neogate: MockConfigEntry, clock: Clock
) -> None:
    await set_up(hass, known_neogate)
    await see(hass, YEASTAR, ELSEWHERE)
    clock.skip(VALID_FOR.total_seconds())
    await caught_up(hass, neogate)
    neogate.stop_listening()
    await neogate.drop_sessions()
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "off")

    assert known_neogate.data["host"] == LOOPBACK


async def test_a_box_that_is_dialled_by_name_is_not_followed(
    hass: HomeAssistant, known_neogate: MockConfigEntry
) -> None:
    data = {**known_neogate.data, "host": "gateway.lan"}
    hass.config_entries.async_update_entry(known_neogate, data=data)
    assert reasons(await see(hass, YEASTAR, ELSEWHERE)) == KNOWN
    assert known_neogate.data["host"] == "gateway.lan"


async def test_a_box_that_is_where_it_was_changes_nothing(
    hass: HomeAssistant, known_neogate: MockConfigEntry
) -> None:
    with patch.object(hass.config_entries, "async_schedule_reload") as reload:
        assert reasons(await see(hass, YEASTAR, LOOPBACK)) == KNOWN
    assert known_neogate.data["host"] == LOOPBACK
    reload.assert_not_called()
