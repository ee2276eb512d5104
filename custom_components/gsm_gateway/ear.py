"""Listens on a UDP port for lines that nobody owns yet, while somebody sets up their gateway."""

import asyncio
from collections.abc import Callable, Iterable
import re
from typing import Any

from .aiogsm import Endpoint, Family, Hub, LineHeard
from .aiogsm.driver import Driver
from .aiogsm.models import DialogEvent
from .aiogsm.text import printable

MAX_LINES = 200
"""How many different lines are remembered; strangers may send any number."""


_ACTS_IN_MARKDOWN = re.compile(r"[\\`*_{}\[\]()<>#+.!|~&:@]")


def listed(lines: Iterable[str]) -> str:
    """Give the names of lines for a dialog, which shows Markdown: strangers choose them."""
    return ", ".join(_ACTS_IN_MARKDOWN.sub(r"\\\g<0>", printable(line)) for line in lines)


def natural_order(line: str) -> list[tuple[int, int, str]]:
    """Sort key that puts goip2 before goip10."""
    return [
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in re.split(r"([0-9]+)", line)
        if part
    ]


class Ear:
    """What is heard on one port: lines that know the password, by host, and those that do not."""

    def __init__(self, hub: Hub, family: Family, port: int, password: str) -> None:
        """Remember where to listen and for what."""
        self._hub = hub
        self._family = family
        self._endpoint = Endpoint(host=None, port=port)
        self._password = password
        self._driver: Driver[Any] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self.changed = asyncio.Event()
        self.lines: dict[str, list[str]] = {}
        self.strangers: dict[str, list[str]] = {}

    async def open(self) -> None:
        """Begin to listen. Raise CannotConnect where the port is in use."""
        self._driver = await self._hub.acquire(self._family, self._endpoint)
        self._unsubscribe = self._driver.subscribe(self._on_event)

    async def close(self) -> None:
        """Stop listening; the port is free again unless a gateway uses it."""
        if self._driver is None or self._unsubscribe is None:
            return
        driver, self._driver = self._driver, None
        self._unsubscribe()
        await self._hub.release(driver)

    def _on_event(self, event: DialogEvent) -> None:
        if not isinstance(event, LineHeard):
            return
        heard = self.lines if event.password == self._password else self.strangers
        lines = heard.get(event.host, [])
        if event.line not in lines and sum(map(len, heard.values())) < MAX_LINES:
            heard[event.host] = lines
            lines.append(event.line)
            lines.sort(key=natural_order)
            self.changed.set()

    def describe(self) -> str:
        """Give what was heard so far in signs that need no translation."""
        heard = [f"✓ {host}: {listed(lines)}" for host, lines in self.lines.items()]
        wrong = [f"✗ {host}: {listed(lines)}" for host, lines in self.strangers.items()]
        return "\n\n".join([*heard, *wrong]) or "…"
