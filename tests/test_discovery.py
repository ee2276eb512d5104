"""Boxes whose lines report and belong to nobody: who is offered, how often, and what forgers achieve."""

from contextlib import AsyncExitStack
import logging
from typing import Any

from homeassistant.config_entries import (
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
    ConfigFlowResult,
)
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway.aiogsm import FAMILIES, Endpoint, LineHeard, Stranger
from custom_components.gsm_gateway.discovery import MAX_BOXES, MAX_LINES, MAX_OFFERS, async_get_discovery
from tests.simulators.goip import GoIP
from tests.simulators.simulator import LOOPBACK

from .conftest import DOMAIN, goip_data, register, run

SECRET = "barnpass"


@pytest.fixture
async def barn(simulators: AsyncExitStack, goip: GoIP, udp_port: int) -> GoIP:
    """Run another box, which reports to the same UDP port with a password of its own."""
    box = GoIP(lines=3, prefix="barn", password=SECRET, server=(LOOPBACK, udp_port), keepalive_interval=None)
    return await run(simulators, box)


async def hear(hass: HomeAssistant, box: GoIP, *lines: str) -> None:
    """Let lines report that get no answer."""
    for line in lines:
        assert await box.keepalive(line, within=0.05) is None
    await hass.async_block_till_done(wait_background_tasks=True)


def forge(
    hass: HomeAssistant, line: str, *, host: str = "192.0.2.1", port: int = 44444, password: str = SECRET
) -> None:
    """Let a line be heard that may not exist."""
    heard = LineHeard(line=line, host=host, password=password)
    async_get_discovery(hass).on_stranger(Stranger(FAMILIES["goip"], Endpoint(host=None, port=port), heard))


def offers(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Give what is offered."""
    source = {"source": SOURCE_INTEGRATION_DISCOVERY}
    return hass.config_entries.flow.async_progress_by_handler(DOMAIN, match_context=source)


async def submit(hass: HomeAssistant, flow: ConfigFlowResult, password: str) -> ConfigFlowResult:
    """Type the password of what is offered."""
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {"password": password})
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def ignore(hass: HomeAssistant, flow: ConfigFlowResult) -> MockConfigEntry:
    """Ignore what is offered, as the UI does."""
    context: dict[str, Any] = dict(flow["context"])
    await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": SOURCE_IGNORE},
        data={"unique_id": context["unique_id"], "title": "The barn"},
    )
    (entry,) = [one for one in hass.config_entries.async_entries(DOMAIN) if one.source == SOURCE_IGNORE]
    return entry


async def test_a_box_is_offered_and_added(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP, udp_port: int
) -> None:
    await hear(hass, barn, "barn2")
    (flow,) = offers(hass)
    assert flow["step_id"] == "discovery_confirm"
    assert flow["context"]["unique_id"] == f"{udp_port}_barn2"
    assert flow["context"]["title_placeholders"] == {"name": f"DBL GoIP ({LOOPBACK})"}

    await hear(hass, barn, "barn1", "barn2")
    assert [one["flow_id"] for one in offers(hass)] == [flow["flow_id"]]
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert form["description_placeholders"] == {
        "host": LOOPBACK,
        "port": str(udp_port),
        "lines": "barn1, barn2",
    }

    form = await submit(hass, form, "guess")
    assert form["errors"] == {"base": "wrong_password"}
    form = await submit(hass, form, "with a blank")
    assert form["errors"] == {"password": "invalid_credential"}
    result = await submit(hass, form, SECRET)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == f"{udp_port}_barn1"
    assert result["data"] == goip_data(udp_port, "barn1", "barn2", password=SECRET, notify_name="goip_2")
    await register(hass, barn)
    assert result["result"].data["lines"] == ["barn1", "barn2", "barn3"]
    assert offers(hass) == []


async def test_only_lines_that_know_the_password_are_added(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP
) -> None:
    barn.line("barn1").state.password = "another1"
    await hear(hass, barn, "barn1", "barn2")
    (flow,) = offers(hass)
    result = await submit(hass, flow, SECRET)

    assert result["data"]["lines"] == ["barn2"]


async def test_an_owned_password_at_another_address_is_offered(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    forge(hass, "goip7", port=udp_port, password=str(loaded_goip.data["password"]))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(offers(hass)) == 1


async def test_a_line_of_an_entry_that_is_not_loaded_is_nobody_elses(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP, udp_port: int
) -> None:
    data = goip_data(udp_port, "barn1", password=SECRET)
    entry = MockConfigEntry(domain=DOMAIN, unique_id=f"{udp_port}_barn1", data=data)
    entry.add_to_hass(hass)
    await hear(hass, barn, "barn1")
    assert offers(hass) == []


async def test_nothing_is_offered_while_somebody_adds_a_box(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP
) -> None:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    await hear(hass, barn, "barn1")
    assert offers(hass) == []

    hass.config_entries.flow.async_abort(menu["flow_id"])
    forge(hass, "barn1")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(offers(hass)) == 1


async def test_nothing_is_offered_before_home_assistant_has_started(
    hass: HomeAssistant, loaded_goip: MockConfigEntry
) -> None:
    hass.set_state(CoreState.starting)
    forge(hass, "barn1")
    await hass.async_block_till_done(wait_background_tasks=True)
    hass.set_state(CoreState.running)
    assert offers(hass) == []


async def test_an_ignored_box_stays_ignored(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP, udp_port: int
) -> None:
    await hear(hass, barn, "barn2", "barn3")
    (flow,) = offers(hass)
    entry = await ignore(hass, flow)
    assert (entry.unique_id, entry.data) == (
        f"{udp_port}_barn2",
        {"port": udp_port, "lines": ["barn2", "barn3"]},
    )
    await hear(hass, barn, "barn1", "barn2", "barn3")
    assert offers(hass) == []


@pytest.mark.parametrize("data", [{"port": 44444, "lines": ["barn2", "barn3"]}, {}])
async def test_an_ignored_box_stays_ignored_over_restarts(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, data: dict[str, Any]
) -> None:
    MockConfigEntry(domain=DOMAIN, unique_id="44444_barn2", source=SOURCE_IGNORE, data=data).add_to_hass(hass)
    for line in ("barn1", "barn3", "barn2", "barn1"):
        forge(hass, line)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert offers(hass) == []

    # Another box at the same port is another matter.
    forge(hass, "shed1", host="192.0.2.2")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert [flow["context"]["unique_id"] for flow in offers(hass)] == ["44444_shed1"]


async def test_what_is_ignored_and_was_never_heard(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    context = {"context": {"unique_id": "013227009596009"}}
    entry = await ignore(hass, context)  # type: ignore[arg-type]
    assert entry.data == {}


async def test_a_box_that_is_added_by_hand_is_offered_no_more(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, barn: GoIP, udp_port: int
) -> None:
    await hear(hass, barn, "barn2")
    assert len(offers(hass)) == 1
    form = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(form["flow_id"], {"next_step_id": "goip"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("custom_components.gsm_gateway.goip_flow.WAIT_FOR_MORE", 0.2)
        await hass.config_entries.flow.async_configure(
            form["flow_id"], {"port": udp_port, "password": SECRET}
        )
        for line in ("barn1", "barn2"):
            await barn.keepalive(line, within=0.05)
        await hass.async_block_till_done(wait_background_tasks=True)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    await hass.async_block_till_done(wait_background_tasks=True)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert offers(hass) == []


@pytest.mark.parametrize(
    "host",
    [lambda number: "192.0.2.1", lambda number: f"192.0.{number // 250}.{number % 250}"],
    ids=["one address", "any address"],
)
async def test_a_flood(
    hass: HomeAssistant,
    loaded_goip: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    host: Any,  # noqa: ANN401
) -> None:
    caplog.set_level(logging.INFO)
    for number in range(10_000):
        forge(hass, f"line{number}", host=host(number), password=f"{number}")
        if number % 1000 == 0:
            await hass.async_block_till_done(wait_background_tasks=True)
    await hass.async_block_till_done(wait_background_tasks=True)
    boxes = async_get_discovery(hass)._boxes

    assert 1 <= len(offers(hass)) <= MAX_OFFERS
    assert len(boxes) <= MAX_BOXES
    assert all(len(box.lines) <= MAX_LINES for box in boxes.values())
    assert [record for record in caplog.records if "gsm_gateway" in record.name] == []


async def test_a_flood_on_the_wire(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, barn: GoIP
) -> None:
    line = barn.line("barn1")
    for number in range(500):
        line.state.name = f"line{number}"
        line.send_keepalive()
        if number % 50 == 0:
            await hear(hass, barn, "barn2")  # so that no packet is lost in the socket
    await register(hass, goip)
    await hass.async_block_till_done(wait_background_tasks=True)

    assert len(offers(hass)) == 1
    assert loaded_goip.data["lines"] == ["goip1", "goip2"]
