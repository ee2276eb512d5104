"""A person at the browser: looks, clicks and types; what they do is counted, and what they see is judged."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import re
import time
from typing import Any

from demo import INTEGRATION
from playwright.async_api import ConsoleMessage, Locator, Page

from .stage import PATIENCE

OURS = "gsm_gateway"

READ_PAGE = Path(__file__).with_name("read_page.js").read_text()
"""Gives all that is written on the page, through all shadow roots."""

UNTRANSLATED = re.compile(
    r"(?<![\w./])(?:component|ui|state|config|options|entity|services|triggers)(?:\.[a-z_]+){2,}"  # a key
    r"|(?<![\w./:])[a-z]+(?:_[a-z]+)+(?![\w.])"  # its end
    r"|(?<!\{)\{[a-z_]+\}(?!\})"  # a placeholder that nobody filled
    r"|Translation error"
)


def _names(texts: dict[str, Any]) -> set[str]:
    """Give all keys of a translation, which the frontend shows as they are where it finds no text for one."""
    return {*texts}.union(*(_names(one) for one in texts.values() if isinstance(one, dict)))


OUR_KEYS = _names(json.loads((INTEGRATION / "translations" / "en.json").read_text()))


class Fault(Exception):
    """Something is not as it has to be."""


@dataclass(frozen=True)
class Effort:
    """What a way took."""

    clicks: int
    keys: int
    seconds: float


class Visitor:
    """Somebody with a mouse and a keyboard. Every click is counted, typing apart."""

    def __init__(self, page: Page, url: str, folder: Path) -> None:
        """Look at a page of this Home Assistant, and keep what is seen as pictures in this folder."""
        self.page = page
        self._url = url
        self._folder = folder
        self._clicks = self._keys = self._pictures = 0
        self.complaints: list[str] = []
        """What the browser's console said of us."""

        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._complain(str(error.stack or error)))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"{message.text} {message.location['url']}")

    def _complain(self, text: str) -> None:
        """Keep what is about us; the frontend has complaints of its own, such as about a closed network."""
        if OURS in text:
            self.complaints.append(text)

    @contextlib.asynccontextmanager
    async def measured(self) -> AsyncIterator[list[Effort]]:
        """Count what is done inside; the list has it at the end."""
        clicks, keys, begin = self._clicks, self._keys, time.monotonic()
        efforts: list[Effort] = []
        yield efforts
        efforts.append(Effort(self._clicks - clicks, self._keys - keys, time.monotonic() - begin))

    async def go(self, path: str) -> None:
        """Type an address, or follow a link of README."""
        await self.page.goto(f"{self._url}{path}")

    async def click(self, what: Locator) -> None:
        """Click something as soon as it is there."""
        await what.click()
        self._clicks += 1

    async def press_button(self, name: str) -> None:
        """Click a button by what is written on it."""
        await self.click(self.page.get_by_role("button", name=name).first)

    async def type(self, text: str) -> None:
        """Type into what has the focus."""
        await self.page.keyboard.type(text)
        self._keys += len(text)

    async def paste(self, text: str) -> None:
        """Put a text in at once, where the editor would take the focus away amid typing; two keys, Ctrl+V."""
        await self.page.keyboard.insert_text(text)
        self._keys += 2

    async def press(self, key: str) -> None:
        """Press a single key."""
        await self.page.keyboard.press(key)
        self._keys += 1

    async def tab_to(self, field: Locator) -> None:
        """Press Tab until a field has the focus."""
        await field.wait_for()
        async with asyncio.timeout(PATIENCE):
            while not await field.evaluate("field => field.getRootNode().activeElement === field"):
                await self.press("Tab")

    async def see(self, text: str, *, exact: bool = False) -> Locator:
        """Wait until a text is on the page."""
        found = self.page.get_by_text(text, exact=exact).locator("visible=true").first
        await found.wait_for()
        return found

    async def read(self) -> str:
        """Give all that is written on the page."""
        return str(await self.page.evaluate(READ_PAGE))

    async def settle(self) -> None:
        """Wait until nothing is fetched any more, nor turns."""
        await self.page.wait_for_load_state("networkidle")
        await self.page.locator("ha-spinner").locator("visible=true").first.wait_for(state="hidden")

    async def keep(self, name: str) -> None:
        """Keep a picture of the page, and find fault with what is written there."""
        await self.settle()
        self._pictures += 1
        path = self._folder / f"{self._pictures:02}-{name}.png"
        await self.page.screenshot(path=path, animations="disabled")
        text = await self.read()
        lines = {line.rstrip("*") for line in text.splitlines()}
        if found := {*UNTRANSLATED.findall(text), *(lines & OUR_KEYS)}:
            raise Fault(f"{path.name} shows raw keys: {', '.join(sorted(found))}")
