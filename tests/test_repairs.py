"""What the owner of a box is told of as a repair issue, and when that is over."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
import json
from pathlib import Path
import socket
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway import issues as our_issues
from custom_components.gsm_gateway.aiogsm import Trouble, TroubleFound
from custom_components.gsm_gateway.issues import MOST_IMPOSTORS
from tests.simulators.goip import DEFAULT_PASSWORD, GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .conftest import DOMAIN, Clock, free_udp_port, goip_data, register, run, set_up, until

MANIFEST = json.loads(Path(our_issues.__file__).with_name("manifest.json").read_text())
OTHER_IMSI = "262011234567890"


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Give our active issues, by what they say and the port."""
    found = [one for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN and one.active]
    return {f"{one.translation_key} {(one.translation_placeholders or {})['port']}": one for one in found}


async def fix(hass: HomeAssistant, client: ClientSessionGenerator, issue: ir.IssueEntry) -> dict[str, Any]:
    """Open an issue and submit, and give what was shown."""
    assert await async_setup_component(hass, REPAIRS, {})
    http = await client()
    answer = await http.post("/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue.issue_id})
    form: dict[str, Any] = await answer.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    answer = await http.post(f"/api/repairs/issues/fix/{form['flow_id']}", json={})
    assert (await answer.json())["type"] == "create_entry"
    await hass.async_block_till_done()
    return form


def tell(entry: MockConfigEntry, trouble: Trouble, port: str = "goip2") -> None:
    """Let the box's dialog find trouble."""
    gateway = entry.runtime_data.gateway
    gateway._on_dialog_event(TroubleFound(gateway=entry.entry_id, port=port, trouble=trouble))


# Another SIM.


@pytest.mark.parametrize("identity", ["imsi", "iccid"])
async def test_a_swapped_sim(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    identity: str,
) -> None:
    assert issues(hass) == {}
    setattr(goip.line("goip2").state, identity, OTHER_IMSI)
    await register(hass, goip)
    issue = issues(hass)["sim_swapped goip2"]
    assert issue.is_fixable
    assert issue.translation_placeholders == {"gateway": "GoIP", "port": "goip2"}
    assert list(issues(hass)) == ["sim_swapped goip2"]

    form = await fix(hass, hass_client, issue)
    assert form["description_placeholders"] == {"gateway": "GoIP", "port": "goip2"}
    assert issues(hass) == {}
    await register(hass, goip)
    await hass.config_entries.async_reload(loaded_goip.entry_id)
    await register(hass, goip)
    assert issues(hass) == {}


async def test_a_sim_that_is_put_back(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    line = goip.line("goip1").state
    old, line.imsi = line.imsi, OTHER_IMSI
    await register(hass, goip)
    assert list(issues(hass)) == ["sim_swapped goip1"]
    line.imsi = old
    await register(hass, goip)
    assert issues(hass) == {}


@pytest.mark.parametrize("nothing", ["", "000000000000000"])
async def test_no_value_is_no_other_sim(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, nothing: str
) -> None:
    line = goip.line("goip1").state
    old = line.imsi
    for line.imsi in (nothing, old, nothing):
        await register(hass, goip)
        assert issues(hass) == {}
    line.imsi = OTHER_IMSI
    await register(hass, goip)
    assert list(issues(hass)) == ["sim_swapped goip1"]


async def test_a_sim_that_is_swapped_while_home_assistant_is_away(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    (kept,) = [stored["data"] for key, stored in hass_storage.items() if key.endswith(".sims")]
    first = goip.line("goip1").state
    assert kept["goip1"] == {"imsi": first.imsi, "iccid": first.iccid}
    first.iccid = "89490200001234567890"
    await set_up(hass, loaded_goip)
    await register(hass, goip)

    assert list(issues(hass)) == ["sim_swapped goip1"]


async def test_a_swap_that_is_confirmed_while_the_box_is_not_loaded_comes_back(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    goip.line("goip1").state.imsi = OTHER_IMSI
    await register(hass, goip)
    assert await hass.config_entries.async_unload(loaded_goip.entry_id)
    await fix(hass, hass_client, issues(hass)["sim_swapped goip1"])
    await set_up(hass, loaded_goip)
    await register(hass, goip)

    assert list(issues(hass)) == ["sim_swapped goip1"]


# Trouble that the box tells of.


@pytest.mark.parametrize(
    ("trouble", "stays"),
    [(Trouble.TWO_ADDRESSES, False), (Trouble.LINE_TAKEN, False), (Trouble.SENDS_TWICE, True)],
)
async def test_trouble_is_told(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, trouble: Trouble, *, stays: bool
) -> None:
    tell(loaded_goip, trouble)
    tell(loaded_goip, trouble)
    told = f"{trouble.value} goip2"
    assert list(issues(hass)) == [told]
    assert issues(hass)[told].is_fixable == (trouble is Trouble.SENDS_TWICE)

    await hass.config_entries.async_reload(loaded_goip.entry_id)
    assert (told in issues(hass)) == stays  # the others are told again if they are not over


async def test_a_line_that_keeps_to_one_address_again(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    now = dt_util.utcnow()
    tell(loaded_goip, Trouble.TWO_ADDRESSES)
    async_fire_time_changed(hass, now + timedelta(minutes=9))
    assert list(issues(hass)) == ["two_addresses goip2"]
    async_fire_time_changed(hass, now + timedelta(minutes=11))
    assert issues(hass) == {}


async def test_a_line_of_two_boxes_with_one_id(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    simulators: AsyncExitStack,
    udp_port: int,
) -> None:
    other = GoIP(lines=1, server=(LOOPBACK, udp_port), keepalive_interval=None)
    with patch("tests.simulators.goip_line.LOOPBACK", "127.0.0.2"):
        await run(simulators, other)
    for _ in range(3):
        await register(hass, other)
        await register(hass, goip, "goip1")
    assert list(issues(hass)) == ["two_addresses goip1"]


async def test_a_line_that_is_ours_again(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    await set_up(hass, goip_entry)
    tell(goip_entry, Trouble.LINE_TAKEN, "goip1")
    tell(goip_entry, Trouble.LINE_TAKEN, "goip2")
    await register(hass, goip, "goip2")
    assert list(issues(hass)) == ["line_taken goip1"]


async def test_a_line_of_two_boxes(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, title="Other", unique_id="other", data=goip_data(udp_port, "goip2", "goip3")
    )
    entry.add_to_hass(hass)
    await set_up(hass, entry)
    (issue,) = issues(hass).values()
    assert issue.translation_key == "line_taken"
    assert issue.translation_placeholders == {"gateway": "Other", "port": "goip2"}


async def test_a_box_that_sends_twice_is_asked_no_more(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    tell(loaded_goip, Trouble.SENDS_TWICE)
    await fix(hass, hass_client, issues(hass)["sends_twice goip2"])

    assert loaded_goip.options == {"repeat_send": False}
    assert loaded_goip.runtime_data.gateway._box.repeat_send is False
    assert issues(hass) == {}


async def test_an_issue_says_where_there_is_more_to_read(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    tell(loaded_goip, Trouble.LINE_TAKEN)
    [issue] = issues(hass).values()
    assert (
        issue.learn_more_url == f"{MANIFEST['documentation']}/blob/HEAD/docs/troubleshooting.md#repair-issues"
    )
    assert issue.severity is ir.IssueSeverity.WARNING


async def test_what_an_issue_is_known_by_does_not_tell_the_line(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    tell(loaded_goip, Trouble.LINE_TAKEN, "+4917012345678")
    assert "4917012345678" not in "".join(issue_id for _, issue_id in ir.async_get(hass).issues)


# A UDP port that another program has.


@contextmanager
def taken(udp_port: int) -> Iterator[None]:
    """Let another program listen on a UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((LOOPBACK, udp_port))
        yield


async def try_again(hass: HomeAssistant) -> None:
    """Let the time pass after which an entry is set up again."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=5))
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_udp_port_in_use(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, udp_port: int
) -> None:
    with taken(udp_port):
        await set_up(hass, goip_entry)
        assert goip_entry.state is ConfigEntryState.SETUP_RETRY
        assert goip_entry.reason == f"Another program on this host listens on UDP port {udp_port}"
        (issue,) = issues(hass).values()
        assert (issue.translation_key, issue.is_fixable) == ("udp_port_in_use", False)
        assert issue.severity is ir.IssueSeverity.ERROR
        placeholders = {"gateway": "GoIP", "port": "box", "udp_port": str(udp_port)}
        assert issue.translation_placeholders == placeholders
        await try_again(hass)
        assert list(issues(hass)) == ["udp_port_in_use box"]
    await try_again(hass)

    assert goip_entry.state is ConfigEntryState.LOADED
    assert issues(hass) == {}


async def test_a_udp_port_in_use_until_another_is_chosen(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, udp_port: int
) -> None:
    with taken(udp_port):
        await set_up(hass, goip_entry)
        assert len(issues(hass)) == 1
        data = {**goip_entry.data, "port": free_udp_port()}
        hass.config_entries.async_update_entry(goip_entry, data=data)
        await hass.config_entries.async_reload(goip_entry.entry_id)
        assert goip_entry.state is ConfigEntryState.LOADED
        assert issues(hass) == {}


@pytest.mark.parametrize("end", ["remove", "disable"])
async def test_a_udp_port_in_use_is_over_with_its_box(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry, udp_port: int, end: str
) -> None:
    with taken(udp_port):
        await set_up(hass, goip_entry)
        assert len(issues(hass)) == 1
        if end == "remove":
            await hass.config_entries.async_remove(goip_entry.entry_id)
        else:
            await hass.config_entries.async_set_disabled_by(goip_entry.entry_id, ConfigEntryDisabler.USER)
        await hass.async_block_till_done()
        assert issues(hass) == {}


async def test_a_box_that_cannot_be_dialled_has_no_port_in_use(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    await neogate.stop()
    await set_up(hass, neogate_entry)
    assert neogate_entry.state is ConfigEntryState.SETUP_RETRY
    assert issues(hass) == {}


# A SIM that asks for its PIN.


async def look(hass: HomeAssistant, clock: Clock, entry: MockConfigEntry, status: str) -> None:
    """Let the time pass until the box is asked for its spans, and wait for what is told of port 1."""
    clock.skip(31.0)
    await until(hass, lambda: entry.runtime_data.data.ports["1"].status == status)


async def test_a_sim_that_asks_for_its_pin(
    hass: HomeAssistant, clock: Clock, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    assert issues(hass) == {}
    span = neogate.span("tg1")
    before, span.link = span.link, "Pin (1234) Error"
    await look(hass, clock, loaded_neogate, "pin_error")
    (issue,) = issues(hass).values()
    assert (issue.translation_key, issue.is_fixable) == ("pin_needed", False)
    assert issue.translation_placeholders == {"gateway": "NeoGate TG200", "port": "1"}

    await hass.config_entries.async_reload(loaded_neogate.entry_id)
    assert list(issues(hass)) == ["pin_needed 1"]
    span.link = before
    await look(hass, clock, loaded_neogate, "ready")
    assert issues(hass) == {}


async def test_a_sim_that_asks_for_its_pin_in_a_box_that_is_disabled(
    hass: HomeAssistant, clock: Clock, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.span("tg1").link = "Pin (1234) Error"
    await look(hass, clock, loaded_neogate, "pin_error")
    entry_id = loaded_neogate.entry_id
    await hass.config_entries.async_set_disabled_by(entry_id, ConfigEntryDisabler.USER)
    assert issues(hass) == {}


# Somebody else who reports as one of our lines.

ELSEWHERE = ("127.0.0.9", 10991)


def report(entry: MockConfigEntry, line: str, password: str, host: str = ELSEWHERE[0]) -> None:
    """Let somebody report as a line."""
    packet = f"req:9;id:{line};pass:{password};num:;signal:20;gsm_status:LOGIN;"
    entry.runtime_data.gateway._driver.on_received(packet.encode(), (host, ELSEWHERE[1]))


async def test_a_gateway_with_a_wrong_password(
    hass: HomeAssistant, clock: Clock, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    now = dt_util.utcnow()
    for _ in range(3):
        report(loaded_goip, "goip1", "guessed1")
        clock.skip(6.0)
    (issue,) = issues(hass).values()
    assert (issue.translation_key, issue.is_fixable) == ("wrong_password", False)
    assert issue.translation_placeholders == {"gateway": "GoIP", "port": "goip1", "host": ELSEWHERE[0]}
    assert loaded_goip.runtime_data.data.ports["goip1"].status == "ready"
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == []

    async_fire_time_changed(hass, now + timedelta(minutes=9))
    assert list(issues(hass)) == ["wrong_password goip1"]
    async_fire_time_changed(hass, now + timedelta(minutes=11))
    assert issues(hass) == {}
    report(loaded_goip, "goip1", "guessed1")
    assert list(issues(hass)) == ["wrong_password goip1"]


async def test_a_gateway_with_a_wrong_password_that_is_still_heard(
    hass: HomeAssistant, clock: Clock, loaded_goip: MockConfigEntry
) -> None:
    report(loaded_goip, "goip1", "guessed1")
    for _ in range(3):
        clock.skip(480.0)
        async_fire_time_changed(hass)
        assert list(issues(hass)) == ["wrong_password goip1"]
        loaded_goip.runtime_data._impostors.heard("goip1", ELSEWHERE[0])
    clock.skip(660.0)
    async_fire_time_changed(hass)
    assert issues(hass) == {}


async def test_an_issue_keeps_to_the_host_that_was_heard_first_and_there_are_few(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    impostors = loaded_goip.runtime_data._impostors
    for line in range(10):
        for host in range(10):
            impostors.heard(f"line{line}", f"192.0.2.{host}")
    told = [issue.translation_placeholders or {} for issue in issues(hass).values()]
    assert [(one["port"], one["host"]) for one in told] == [
        (f"line{line}", "192.0.2.0") for line in range(MOST_IMPOSTORS)
    ]


async def test_a_gateway_with_a_wrong_password_that_is_set_right(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    report(loaded_goip, "goip1", "guessed1")
    assert len(issues(hass)) == 1
    report(loaded_goip, "goip1", DEFAULT_PASSWORD)
    await hass.async_block_till_done()
    assert issues(hass) == {}


async def test_a_line_of_ours_with_a_wrong_password_asks_for_it_and_is_no_issue_beside(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    goip.line("goip1").state.password = "changed1"
    assert await goip.keepalive("goip1") == "404"
    await hass.async_block_till_done()
    assert issues(hass) == {}
    assert len(hass.config_entries.flow.async_progress()) == 1


async def test_nothing_is_said_of_a_gateway_with_a_wrong_password_once_its_line_is_forgotten(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    report(loaded_goip, "goip1", "guessed1")
    tell(loaded_goip, Trouble.SENDS_TWICE, "goip1")
    loaded_goip.runtime_data.async_forget_port("goip1")
    assert issues(hass) == {}
    await hass.async_block_till_done()


async def test_nothing_stays_of_a_box_that_is_removed(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    goip.line("goip1").state.imsi = OTHER_IMSI
    await register(hass, goip)
    tell(loaded_goip, Trouble.TWO_ADDRESSES)
    report(loaded_goip, "goip2", "guessed1")
    assert len(issues(hass)) == 3
    await hass.config_entries.async_remove(loaded_goip.entry_id)
    await hass.async_block_till_done()

    assert issues(hass) == {}
    assert [key for key in hass_storage if key.endswith(".sims")] == []
