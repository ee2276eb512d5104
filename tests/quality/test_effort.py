"""How much there is to type until a box is added."""

from homeassistant.config_entries import SOURCE_DHCP, SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
import pytest
import voluptuous as vol

from custom_components.gsm_gateway.const import DOMAIN


async def choose(hass: HomeAssistant, family: str) -> ConfigFlowResult:
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    return await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": family})


async def find(hass: HomeAssistant, mac: str) -> ConfigFlowResult:
    found = DhcpServiceInfo(ip="192.0.2.1", hostname="", macaddress=mac)
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_DHCP}, data=found)


def fields(form: ConfigFlowResult) -> list[str]:
    """Give the fields of a form."""
    schema = form["data_schema"]
    assert schema is not None
    return [str(marker) for marker in schema.schema]


def empty(form: ConfigFlowResult) -> list[str]:
    """Give those that are not filled in already."""
    schema = form["data_schema"]
    assert schema is not None
    return [
        str(marker)
        for marker in schema.schema
        if isinstance(marker.default, vol.Undefined) and not (marker.description or {}).get("suggested_value")
    ]


@pytest.mark.parametrize(
    ("family", "shown", "typed"),
    [
        ("neogate", ["host", "port", "username", "password"], ["host", "username", "password"]),
        ("goip", ["port", "password"], ["password"]),
    ],
)
async def test_adding_a_box(hass: HomeAssistant, family: str, shown: list[str], typed: list[str]) -> None:
    """What follows a GoIP's form has no field, unless several boxes are heard."""
    form = await choose(hass, family)
    assert form["type"] is FlowResultType.FORM
    assert fields(form) == shown
    assert empty(form) == typed


@pytest.mark.parametrize(
    ("mac", "typed"), [("f4b549010203", ["username", "password"]), ("383f10010203", ["password"])]
)
async def test_adding_a_box_that_was_found(hass: HomeAssistant, mac: str, typed: list[str]) -> None:
    assert empty(await find(hass, mac)) == typed
