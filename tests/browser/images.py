"""The pictures in README, taken from the demo: nothing in them is drawn or retouched."""

import asyncio
from io import BytesIO
from pathlib import Path
import tempfile
from typing import Any

from demo import DASHBOARD, DEMO_PORTS, Simulators, free_ports, running
from PIL import Image

from . import steps
from .stage import BOX_PASSWORD, chromium, device_id, logged_in
from .visitor import Visitor

COLOURS = 128

# Two minutes of signal instead of a day, as the demo has only just begun to run.
HOURS, FEW_HOURS = "hours_to_show: 24", "hours_to_show: 0.03"

SIGNALS = {
    "goip1": (26, 25, 27, 26, 24, 26),
    "goip2": (18, 19, 17, 18, 20, 19),
    "goip3": (11, 12, 13, 12, 10, 12),
    "goip4": (22, 23, 21, 22, 24, 22),
}
PAUSE = 15.0
"""Seconds between two changes: some more than a GoIP takes to report one."""

TEXTS = (
    ("tg1", "+15550100001", "Is the garage closed?"),
    ("goip2", "+15550100004", "Your parcel arrives today between 2 and 4 pm"),
    ("goip1", "+15550100002", "temperature"),
)


async def take(program: str, folder: Path) -> int:
    """Take all of them with this Chromium. Give the exit status."""
    dashboard = DASHBOARD.read_text().replace(HOURS, FEW_HOURS)
    with tempfile.TemporaryDirectory(prefix="gsm-gateway-images-") as scratch:
        async with (
            running(Path(scratch), free_ports(), dashboard) as (home, simulators, tokens),
            chromium(program) as browser,
        ):
            await _live_a_little(simulators)
            page = await (await logged_in(browser, tokens)).new_page()
            visitor = Visitor(page, home.url, Path(scratch))
            await _take_dashboard(visitor, folder)
            await _take_device(visitor, folder, await device_id(home, tokens, "Port goip1"))
            await _take_trigger(visitor, folder)
            await steps.wait_for_goip(visitor, DEMO_PORTS.goip, BOX_PASSWORD)
            await _keep(visitor, folder / "waiting.png")
    return 0


async def _take_dashboard(visitor: Visitor, folder: Path) -> None:
    await visitor.go(steps.DASHBOARD)
    await visitor.see("Port goip4")
    await visitor.page.locator("hui-history-graph-card canvas").nth(1).wait_for()
    await _keep(visitor, folder / "dashboard.png")


async def _take_device(visitor: Visitor, folder: Path, device: str) -> None:
    await visitor.go(f"/config/devices/device/{device}")
    await visitor.page.locator("ha-device-info-card").wait_for()
    await _keep(visitor, folder / "device.png")


async def _take_trigger(visitor: Visitor, folder: Path) -> None:
    await visitor.go(steps.AUTOMATIONS)
    await visitor.click(await visitor.see("Answer every text"))
    await visitor.click(await visitor.see("SMS received"))
    await visitor.see("Trusted contacts only")
    await _keep(visitor, folder / "trigger.png")


async def _live_a_little(simulators: Simulators) -> None:
    """Let texts arrive, which the demo answers, and the signal of the GoIP change."""
    for line, sender, text in TEXTS:
        await simulators.tell("sms", **{"line": line, "from": sender, "text": text})
    for signals in zip(*SIGNALS.values(), strict=True):
        for line, csq in zip(SIGNALS, signals, strict=True):
            await simulators.tell("signal", line=line, csq=csq)
        await asyncio.sleep(PAUSE)


async def _keep(visitor: Visitor, path: Path) -> None:
    """Keep the page with few colours: a third of the bytes, and no difference to be seen."""
    await visitor.page.mouse.move(0, 0)  # so that nothing is marked
    await visitor.settle()
    picture: Any = Image.open(BytesIO(await visitor.page.screenshot(animations="disabled")))
    picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
