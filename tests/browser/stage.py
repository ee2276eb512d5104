"""An empty Home Assistant, the simulated boxes and a Chromium, all of them on loopback."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import tempfile
import time
from typing import Any

from demo import CONFIGURATION, DASHBOARD, INTEGRATION, PASSWORD, USER, Ports, free_ports
from home_assistant import HomeAssistant, log_tail
from playwright.async_api import Browser, BrowserContext, async_playwright

from ..simulators.goip import GoIP
from ..simulators.neogate import NeoGate

BOX_USER, BOX_PASSWORD = "apiuser", "apipass"
TYPO = "apipas"

PATIENCE = 60.0
"""Seconds that something may take on a slow machine."""

POLL = 0.2
"""Seconds between two looks at what Home Assistant's API tells."""

WIDTH, HEIGHT = 1280, 900

# Neither does a closed network make Chromium wait, nor does it ask for what no page here needs.
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True)
class Stage:
    """What a walk happens on."""

    home: HomeAssistant
    tokens: dict[str, Any]
    neogate: NeoGate
    goip: GoIP
    """Set to report to Home Assistant, but not started: that is a step of the walk."""

    mistyped: GoIP
    """The same box before, with a typing error in its password."""

    browser: Browser

    @property
    def log(self) -> str:
        """What Home Assistant printed."""
        return log_tail(self.home.config, 100_000)

    async def last_run(self, automation: str) -> str | None:
        """Give when an automation ran."""
        states = [state["attributes"] for state in await self.home.get("/api/states")]
        runs = [one.get("last_triggered") for one in states if one.get("friendly_name") == automation]
        return runs[0] if runs else None

    async def wait_for_run(self, automation: str, before: str | None = None) -> None:
        """Wait until an automation ran, after a run of before. Raise TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while await self.last_run(automation) in (None, before):
                await asyncio.sleep(POLL)


async def device_id(home: HomeAssistant, tokens: dict[str, Any], name: str) -> str:
    """Give the id of a device."""
    async with home.websocket(tokens["access_token"]) as websocket:
        devices = await websocket.ask("config/device_registry/list")
    return next(str(device["id"]) for device in devices if device["name"] == name)


def _neogate() -> NeoGate:
    return NeoGate(user=BOX_USER, password=BOX_PASSWORD, without_sim=[4], result_delay=1.0)


def _goip(ports: Ports, password: str, lines: int) -> GoIP:
    return GoIP(
        lines=lines,
        server=("127.0.0.1", ports.goip),
        password=password,
        keepalive_interval=10.0,
        searching_interval=1.0,
        send_time=1.0,
    )


@contextlib.asynccontextmanager
async def chromium(program: str) -> AsyncIterator[Browser]:
    """Start a browser with nothing in it."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM_OPTIONS)
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def set_up(program: str) -> AsyncIterator[Stage]:
    """Start all of it, with no box added, and end all of it."""
    ports = free_ports()
    with tempfile.TemporaryDirectory(prefix="gsm-gateway-browser-") as folder:
        home = HomeAssistant(Path(folder), ports.home_assistant)
        files = {
            "configuration.yaml": CONFIGURATION,
            "automations.yaml": "[]\n",
            "dashboard.yaml": DASHBOARD.read_text(),
        }
        home.prepare(files, INTEGRATION)
        await home.add_user(USER, PASSWORD)
        try:
            await home.start()
            tokens = await home.log_in(USER, PASSWORD)
            await home.wait_until_running()
            mistyped, goip = _goip(ports, TYPO, 1), _goip(ports, BOX_PASSWORD, 4)
            async with _neogate() as neogate, chromium(program) as browser:
                try:
                    yield Stage(home, tokens, neogate, goip, mistyped, browser)
                finally:
                    await mistyped.stop()
                    await goip.stop()
        finally:
            await home.stop()


async def logged_in(browser: Browser, tokens: dict[str, Any]) -> BrowserContext:
    """Give a fresh browser window whose user is logged in, as after "Keep me logged in"."""
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": HEIGHT}, locale="en-US", reduced_motion="reduce"
    )
    expires = (time.time() + tokens["expires_in"]) * 1000
    stored = json.dumps(json.dumps({**tokens, "expires": expires}))
    await context.add_init_script(f"localStorage.hassTokens = {stored}")
    return context
