"""What the owner of a box is told of as a repair issue, and when that is over."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.gsm_gateway.aiogsm import Trouble, TroubleFound
from tests.simulators.goip import GoIP
from tests.simulators.simulator import LOOPBACK

from .conftest import DOMAIN, goip_data, register, run, set_up

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


async def test_nothing_stays_of_a_box_that_is_removed(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    goip.line("goip1").state.imsi = OTHER_IMSI
    await register(hass, goip)
    tell(loaded_goip, Trouble.TWO_ADDRESSES)
    assert len(issues(hass)) == 2
    await hass.config_entries.async_remove(loaded_goip.entry_id)
    await hass.async_block_till_done()

    assert issues(hass) == {}
    assert [key for key in hass_storage if key.endswith(".sims")] == []
