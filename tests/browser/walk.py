"""The whole way, and what must be true of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Error

from ..simulators.simulator import Simulator
from . import steps
from .stage import Stage, device_id, logged_in, set_up
from .visitor import OURS, Effort, Fault, Visitor

MOST_CLICKS = 12
MOST_SECONDS = 180.0
"""From an empty Home Assistant to the first text received by an automation, for each family."""

ALICE, SENDER = "+15550100001", "+15550100002"


@dataclass(frozen=True)
class Family:
    """What differs from one family of gateways to the next."""

    name: str
    add: Callable[[Visitor, Stage], Awaitable[None]]
    box: Simulator
    line: str


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"browser: {text}", flush=True)


async def walk(program: str, folder: Path) -> int:
    """Go the whole way with this Chromium; keep pictures in the folder. Give the exit status."""
    say("starting an empty Home Assistant and a Chromium")
    async with set_up(program) as stage:
        visitor = await _visit(stage, folder)
        try:
            await _families(visitor, stage)
            await _choose_a_device(visitor, stage)
            await _look_around(visitor, stage)
            _judge_what_was_said(visitor, stage)
        except (Fault, Error, TimeoutError) as err:
            await visitor.page.screenshot(path=folder / "failed.png")
            say(f"FAILED: {err or type(err).__name__}; see {folder / 'failed.png'}")
            return 1
    say(f"all of it works; the pictures are in {folder}")
    return 0


async def _visit(stage: Stage, folder: Path) -> Visitor:
    context = await logged_in(stage.browser, stage.tokens)
    return Visitor(await context.new_page(), stage.home.url, folder)


async def _families(visitor: Visitor, stage: Stage) -> None:
    """From nothing to the first text, with each family."""
    neogate = Family("NeoGate", steps.add_neogate, stage.neogate, "tg1")
    goip = Family("GoIP", steps.add_goip, stage.goip, "goip1")
    efforts = {family.name: await _first_text(visitor, stage, family) for family in (neogate, goip)}
    for family, effort in efforts.items():
        say(f"{family}: {effort.clicks} clicks, {effort.keys} keys, {effort.seconds:.0f} s to the first text")
    if max(effort.clicks for effort in efforts.values()) > MOST_CLICKS:
        raise Fault(f"that are more than {MOST_CLICKS} clicks")
    if max(effort.seconds for effort in efforts.values()) > MOST_SECONDS:
        raise Fault(f"that takes longer than {MOST_SECONDS:.0f} s")


async def _first_text(visitor: Visitor, stage: Stage, family: Family) -> Effort:
    """Add a box, make an automation, and have it receive a text."""
    name = f"Texts of the {family.name}"
    async with visitor.measured() as efforts:
        await family.add(visitor, stage)
        await steps.make_automation(visitor, name, f"{family.name} got: {{{{ trigger.message }}}}")
        family.box.receive_sms(family.line, SENDER, f"Hello {family.name}")
        await stage.wait_for_run(name)
    await steps.see_notification(visitor, f"{family.name} got: Hello {family.name}")
    return efforts[0]


async def _choose_a_device(visitor: Visitor, stage: Stage) -> None:
    """What chooses the NeoGate runs for its texts, and no longer for those of the GoIP."""
    mine, other = "Texts of the NeoGate", "Texts of the GoIP"
    await steps.choose_device(visitor, mine, "NeoGate TG400")
    before, before_other = await stage.last_run(mine), await stage.last_run(other)
    stage.goip.receive_sms("goip2", SENDER, "Not for the NeoGate")
    await stage.wait_for_run(other, before_other)
    if await stage.last_run(mine) != before:
        raise Fault("an automation of the NeoGate ran for a text to the GoIP")
    stage.neogate.receive_sms("tg2", SENDER, "For the NeoGate")
    await stage.wait_for_run(mine, before)


async def _look_around(visitor: Visitor, stage: Stage) -> None:
    """Add a contact, have a text from them, and look at what there is now."""
    await steps.add_contact(visitor, "NeoGate TG400", "Alice", ALICE)
    stage.neogate.receive_sms("tg3", ALICE, "Hello from Alice")
    await steps.look_at_action(visitor)
    for box in ("NeoGate TG400", "GoIP"):
        await steps.look_at_options(visitor, box)
    for device in ("NeoGate TG400", "Port 1", "GoIP", "Port goip1", "Alice"):
        await steps.look_at_device(visitor, await device_id(stage.home, stage.tokens, device), device)
    await steps.look_at_dashboard(visitor, "Port goip4", "Alice")


def _judge_what_was_said(visitor: Visitor, stage: Stage) -> None:
    """No complaint of ours in the browser's console, none in Home Assistant's log."""
    logged = [
        line for line in stage.log.splitlines() if OURS in line and (" ERROR " in line or "Traceback" in line)
    ]
    if said := [*visitor.complaints, *logged]:
        raise Fault("\n".join(["complaints:", *said]))
