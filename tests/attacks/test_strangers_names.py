"""Names that strangers give their lines, which dialogs show: as they are, and without an effect."""

from typing import Any

from homeassistant.config_entries import SOURCE_INTEGRATION_DISCOVERY
from homeassistant.core import HomeAssistant
import pytest

from custom_components.gsm_gateway.aiogsm import FAMILIES, Hub, LineHeard
from custom_components.gsm_gateway.ear import MAX_LINES, Ear, listed
from tests.conftest import DOMAIN

from .conftest import Target
from .wire import fire

NAMES = {
    "[log](http://192.0.2.1)": r"\[log\]\(http\://192\.0\.2\.1\)",
    "![](//192.0.2.1/x.png)": r"\!\[\]\(//192\.0\.2\.1/x\.png\)",
    "<img/src=//192.0.2.1>": r"\<img/src=//192\.0\.2\.1\>",
    "www.example.com": r"www\.example\.com",
    "a@example.com": r"a\@example\.com",
    "**_~~`x`~~_**": r"\*\*\_\~\~\`x\`\~\~\_\*\*",
    "\u202etxet\u200f": "txet",
    "goip-1": "goip-1",
}


@pytest.mark.parametrize(("name", "shown"), NAMES.items())
def test_names_as_a_dialog_shows_them(name: str, shown: str) -> None:
    assert listed([name, "goip2"]) == f"{shown}, goip2"


async def test_an_offer_shows_a_name_that_does_nothing(hass: HomeAssistant, target: Target) -> None:
    packets = [f"req:1;id:{name};pass:x;".encode() for name in NAMES]
    await fire(target.tap, packets, target.box.server[1])
    await hass.async_block_till_done(wait_background_tasks=True)
    source = {"source": SOURCE_INTEGRATION_DISCOVERY}
    [offer] = hass.config_entries.flow.async_progress_by_handler(DOMAIN, match_context=source)
    form: Any = await hass.config_entries.flow.async_configure(offer["flow_id"])
    assert set(form["description_placeholders"]["lines"].split(", ")) <= {*NAMES.values()}


async def test_no_more_hosts_are_remembered_than_lines(hass: HomeAssistant) -> None:
    ear = Ear(Hub(), FAMILIES["goip"], 44444, "password1")
    for number in range(MAX_LINES + 50):
        ear._on_event(LineHeard(line="goip1", host=f"192.0.2.{number}", password="x"))
    assert len(ear.strangers) == MAX_LINES
