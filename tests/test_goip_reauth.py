"""A line that uses another password: the form that asks for it, and changing how a box is reached."""

import socket
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.simulators.goip import DEFAULT_PASSWORD, GoIP
from tests.simulators.neogate import NeoGate
from tests.simulators.simulator import LOOPBACK

from .conftest import GOIP_ID, NEOGATE_IMEI, Clock, free_udp_port, register, set_up, state, until


def asked(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Give the forms that ask for a password."""
    flows = hass.config_entries.flow.async_progress()
    return [flow for flow in flows if flow["context"]["source"] == SOURCE_REAUTH]


async def wrong(hass: HomeAssistant, box: GoIP, line: str, password: str) -> ConfigFlowResult:
    """Let a line report with another password, and open the form that this brings."""
    box.line(line).state.password = password
    assert await box.keepalive(line) == "404"
    await hass.async_block_till_done()
    (flow,) = asked(hass)
    return await hass.config_entries.flow.async_configure(flow["flow_id"])


async def submit(hass: HomeAssistant, form: ConfigFlowResult, **values: Any) -> ConfigFlowResult:  # noqa: ANN401
    """Send the form, and let what follows happen."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], values)
    await hass.async_block_till_done()
    return result


def default(form: ConfigFlowResult, field: str) -> object:
    """Give what a field is set to."""
    assert form["data_schema"] is not None
    return form["data_schema"]({"password": "x"})[field]


async def test_one_line(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    form = await wrong(hass, goip, "goip2", "another2")
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "reauth_confirm")
    assert form["description_placeholders"] == {"name": "GoIP (goip2)"}
    assert default(form, "all_lines") is False  # the other still knows the password

    form = await submit(hass, form, password="with a blank")
    assert form["errors"] == {"password": "invalid_credential"}
    result = await submit(hass, form, password="another2")

    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert loaded_goip.data["password"] == DEFAULT_PASSWORD
    assert loaded_goip.options["passwords"] == {"goip2": "another2"}
    await register(hass, goip)
    assert state(hass, "sensor", f"{GOIP_ID}_goip2_status") == "ready"
    assert asked(hass) == []


async def test_all_lines(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, clock: Clock) -> None:
    hass.config_entries.async_update_entry(loaded_goip, options={"passwords": {"goip1": DEFAULT_PASSWORD}})
    await hass.async_block_till_done()
    form = await wrong(hass, goip, "goip1", "changed1")
    assert default(form, "all_lines") is True  # nobody knows the password
    result = await submit(hass, form, password="changed1", all_lines=True)

    assert result["reason"] == "reauth_successful"
    assert loaded_goip.data["password"] == "changed1"
    assert loaded_goip.options["passwords"] == {}
    goip.line("goip2").state.password = "changed1"
    await register(hass, goip)


async def test_the_lines_are_asked_for_one_after_the_other(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    form = await wrong(hass, goip, "goip1", "another1")
    goip.line("goip2").state.password = "another2"
    assert await goip.keepalive("goip2") == "404"
    await hass.async_block_till_done()
    assert len(asked(hass)) == 1
    await submit(hass, form, password="another1", all_lines=False)
    await register(hass, goip, "goip1")

    form = await wrong(hass, goip, "goip2", "another2")
    assert form["description_placeholders"] == {"name": "GoIP (goip2)"}
    await submit(hass, form, password="another2", all_lines=False)
    assert loaded_goip.options["passwords"] == {"goip1": "another1", "goip2": "another2"}
    await register(hass, goip)


async def test_a_box_that_is_not_loaded(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry) -> None:
    goip_entry.async_start_reauth(hass, data={"line": "goip1"})
    await hass.async_block_till_done()
    (flow,) = asked(hass)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert default(form, "all_lines") is True
    await submit(hass, form, password="changed1", all_lines=True)

    assert goip_entry.state is ConfigEntryState.LOADED
    assert goip_entry.data["password"] == "changed1"


async def test_a_box_without_a_line(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    form = await loaded_goip.start_reauth_flow(hass)
    assert form["description_placeholders"] == {"name": "GoIP"}
    result = await submit(hass, form, password="changed1")

    assert result["reason"] == "reauth_successful"
    assert loaded_goip.data["password"] == "changed1"


# Changing how a box is reached.


async def test_reconfigure_goip(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    form = await loaded_goip.start_reconfigure_flow(hass)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "reconfigure")
    form = await submit(hass, form, port=udp_port, password="with a blank")
    assert form["errors"] == {"password": "invalid_credential"}

    port = free_udp_port()
    result = await submit(hass, form, port=port, password="changed1")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert (loaded_goip.data["port"], loaded_goip.data["password"]) == (port, "changed1")
    assert loaded_goip.unique_id == GOIP_ID
    goip.server = (LOOPBACK, port)
    for line in goip.lines:
        line.state.password = "changed1"
    await register(hass, goip)


async def test_reconfigure_goip_to_a_port_in_use(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, udp_port: int
) -> None:
    form = await loaded_goip.start_reconfigure_flow(hass)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((LOOPBACK, 0))
        form = await submit(hass, form, port=taken.getsockname()[1], password=DEFAULT_PASSWORD)
    assert form["errors"] == {"base": "port_in_use"}
    result = await submit(hass, form, port=udp_port, password=DEFAULT_PASSWORD)
    assert result["reason"] == "reconfigure_successful"


async def test_reconfigure_neogate(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    neogate.password = "changed1"
    form = await loaded_neogate.start_reconfigure_flow(hass)
    values = {**loaded_neogate.data, "password": "guess"}
    values = {key: values[key] for key in ("host", "port", "username", "password")}
    form = await submit(hass, form, **values)
    assert form["errors"] == {"base": "invalid_auth"}
    result = await submit(hass, form, **{**values, "password": "changed1"})

    assert result["reason"] == "reconfigure_successful"
    assert loaded_neogate.data["password"] == "changed1"
    await until(hass, lambda: state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on")


async def test_reconfigure_neogate_to_another_box(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    await set_up(hass, neogate_entry)
    for span in neogate.spans.values():
        span.imei = f"9{span.imei[1:]}"
    form = await neogate_entry.start_reconfigure_flow(hass)
    values = {key: neogate_entry.data[key] for key in ("host", "port", "username", "password")}
    result = await submit(hass, form, **values)
    assert result["reason"] == "unique_id_mismatch"
