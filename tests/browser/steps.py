"""What a person does in the frontend, one function a thing."""

import re
import socket

from .stage import BOX_PASSWORD, BOX_USER, Stage
from .visitor import Fault, Visitor

ADD_INTEGRATION = "/_my_redirect/config_flow_start?domain=gsm_gateway"
"""Where README's button leads, by way of my.home-assistant.io."""

AUTOMATIONS = "/_my_redirect/automations"
NEW_AUTOMATION = "/config/automation/edit/new"
INTEGRATION = "/config/integrations/integration/gsm_gateway"
DASHBOARD = "/gsm-demo"


async def add_neogate(visitor: Visitor, stage: Stage) -> None:
    """Add the NeoGate: 4 fields."""
    await _begin_to_add(visitor)
    await visitor.see("Which gateway is it?")
    await visitor.keep("families")
    await visitor.click(await visitor.see("Yeastar NeoGate TG"))
    await visitor.see("Add a NeoGate TG")
    await visitor.tab_to(visitor.page.locator("input[name=host]"))
    await visitor.type("127.0.0.1")
    await visitor.press("Tab")
    await visitor.type(str(stage.neogate.port))
    await visitor.press("Tab")
    await visitor.type(BOX_USER)
    await visitor.press("Tab")
    await visitor.type(BOX_PASSWORD)
    await visitor.keep("neogate-form")
    await visitor.press("Enter")
    await _finish(visitor, "NeoGate TG400")


async def _begin_to_add(visitor: Visitor) -> None:
    await visitor.go(ADD_INTEGRATION)
    await visitor.see("Do you want to set up GSM Gateway?")
    await visitor.tab_to(visitor.page.get_by_role("button", name="OK"))  # it has the focus by itself
    await visitor.press("Enter")


async def wait_for_goip(visitor: Visitor, port: int, password: str) -> None:
    """Go to where the form waits for a GoIP: 2 fields."""
    await _begin_to_add(visitor)
    await visitor.click(await visitor.see("DBL GoIP"))
    await visitor.see("Add a GoIP")
    await visitor.tab_to(visitor.page.locator("ha-selector-number input"))
    await visitor.type(str(port))
    await visitor.press("Tab")
    await visitor.type(password)
    await visitor.keep("goip-form")
    await visitor.press("Enter")
    await visitor.page.locator("step-flow-progress", has_text="…").wait_for()


async def add_goip(visitor: Visitor, stage: Stage) -> None:
    """Add the GoIP, which is set while the form waits and says what it hears."""
    port = stage.goip.server[1]
    await wait_for_goip(visitor, port, BOX_PASSWORD)
    await visitor.keep("goip-waits")
    _check_what_to_set(await visitor.read(), port)
    await _set_the_box(visitor, stage)
    await visitor.see("Heard with the right password")
    await visitor.see("127.0.0.1: goip1, goip2, goip3, goip4")
    await visitor.keep("goip-heard")
    await visitor.press_button("Submit")
    await _finish(visitor, "GoIP")


def _check_what_to_set(shown: str, port: int) -> None:
    """Find this host's address and the port among what is to be typed on the box."""
    address = re.search(r"\d+\.\d+\.\d+\.\d+", shown)
    if address is None:
        raise Fault("no address is shown")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind((address[0], 0))
        except OSError as err:
            raise Fault(f"the address {address[0]} is not one of this host: {err}") from err
    if str(port) not in shown or BOX_PASSWORD not in shown:
        raise Fault("port or password are not shown")


async def _set_the_box(visitor: Visitor, stage: Stage) -> None:
    """Type what the step shows into the box: with a typing error first, which the step tells."""
    await stage.mistyped.start()
    await visitor.see("✗ 127.0.0.1: goip1")
    await visitor.keep("goip-mistyped")
    await stage.mistyped.stop()
    await stage.goip.start()


async def _finish(visitor: Visitor, device: str) -> None:
    """Leave the names of the devices as they are."""
    await visitor.see("Name and assign")
    await visitor.page.locator("step-flow-create-entry input").first.wait_for()
    await visitor.keep(f"added-{_short(device)}")
    await visitor.press_button("Skip and finish")
    await visitor.page.locator("step-flow-create-entry").wait_for(state="detached")


async def make_automation(visitor: Visitor, name: str, message: str) -> None:
    """Make an automation in the visual editor: any text received is shown as a notification."""
    await visitor.go(AUTOMATIONS)
    await visitor.press_button("Create automation")
    await visitor.click(await visitor.see("Create new automation"))
    await visitor.press_button("Add trigger")
    await _search(visitor, "SMS")
    await visitor.keep("trigger-search")
    await visitor.click(await visitor.see("SMS received"))
    await _search_closed(visitor)
    await visitor.see("Trusted contacts only")
    await visitor.keep("trigger")
    await visitor.press_button("Add action")
    await _search(visitor, "persistent notification")
    await visitor.click(await visitor.see("Send a persistent notification"))
    await _search_closed(visitor)
    await visitor.click(visitor.page.locator("ha-automation-sidebar ha-selector-text input").first)
    await visitor.paste(message)
    # From a template on, the field is an editor of its own.
    await visitor.page.locator("ha-automation-sidebar ha-code-editor", has_text=message).wait_for()
    await visitor.keep("action")
    await visitor.press_button("Save")
    await visitor.page.locator("ha-dialog-automation-save ha-input input").first.wait_for()
    await visitor.type(name)
    await visitor.keep("save")
    dialog = visitor.page.locator("ha-dialog-automation-save")
    await visitor.click(dialog.get_by_role("button", name="Save"))
    await dialog.locator("ha-input").wait_for(state="detached")


async def _search(visitor: Visitor, words: str) -> None:
    """Type into the search of the dialog, which has the focus by itself."""
    field = visitor.page.locator("add-automation-element-dialog ha-input-search input")
    await visitor.tab_to(field)
    await visitor.type(words)


async def _search_closed(visitor: Visitor) -> None:
    """Wait until the dialog is gone: it takes the focus once more when it goes."""
    await visitor.page.locator("add-automation-element-dialog ha-input-search").wait_for(state="detached")


async def see_notification(visitor: Visitor, text: str) -> None:
    """Find a text among Home Assistant's notifications."""
    await visitor.click(await visitor.see("Notifications"))
    await visitor.see(text)
    await visitor.keep("notification")


async def choose_device(visitor: Visitor, automation: str, device: str) -> None:
    """Have an automation of before listen to one box only."""
    await visitor.go(AUTOMATIONS)
    await visitor.click(await visitor.see(automation))
    await visitor.click(await visitor.see("SMS received"))
    sidebar = visitor.page.locator("ha-automation-sidebar")
    await visitor.click(sidebar.locator("ha-checkbox").first)
    await visitor.click(sidebar.locator("ha-device-picker").first)
    await visitor.keep("devices")
    await visitor.click(visitor.page.locator("ha-picker-combo-box").get_by_text(device, exact=True).first)
    await visitor.keep("device-chosen")
    async with visitor.page.expect_response(re.compile("/api/config/automation/config/")):
        await visitor.press_button("Save")


async def look_at_action(visitor: Visitor) -> None:
    """Open the form of the action that sends a text, and leave it."""
    await visitor.go(NEW_AUTOMATION)
    await visitor.press_button("Add action")
    await _search(visitor, "SMS")
    await visitor.click(await visitor.see("GSM Gateway: Send SMS"))
    await _search_closed(visitor)
    await visitor.see("Recipients")
    await visitor.keep("send-sms")


async def add_contact(visitor: Visitor, box: str, name: str, number: str) -> None:
    """Add a contact to a box, on the integration's page."""
    await visitor.go(INTEGRATION)
    await visitor.see(box)
    await visitor.keep("integration")
    await visitor.press_button("Add contact")
    await visitor.click(visitor.page.locator("dialog-pick-config-entry").get_by_text(box))
    await visitor.tab_to(visitor.page.locator("input[name=name]"))
    await visitor.type(name)
    await visitor.press("Tab")
    await visitor.type(number)
    await visitor.keep("contact-form")
    await visitor.press_button("Submit")
    await visitor.press_button("Finish")
    await visitor.see(name, exact=True)
    await visitor.keep("contact")


async def look_at_options(visitor: Visitor, box: str) -> None:
    """Open a box's options, and leave them."""
    await visitor.go(INTEGRATION)
    entry = visitor.page.locator("ha-config-entry-row", has_text=box)
    await visitor.click(entry.get_by_role("button", name="Configure").first)
    await visitor.see("Options")
    await visitor.keep(f"options-{_short(box)}")


async def look_at_device(visitor: Visitor, device_id: str, name: str) -> None:
    """Open the page of a device."""
    await visitor.go(f"/config/devices/device/{device_id}")
    await visitor.page.locator("ha-device-info-card").wait_for()
    await visitor.see(name)
    await visitor.keep(f"device-{_short(name)}")


async def look_at_dashboard(visitor: Visitor, *shown: str) -> None:
    """Open the dashboard that docs/ has, and find something there."""
    await visitor.go(DASHBOARD)
    for text in shown:
        await visitor.see(text)
    await visitor.page.locator("hui-history-graph-card canvas").first.wait_for()
    await visitor.keep("dashboard")


def _short(name: str) -> str:
    return name.lower().replace(" ", "-")
