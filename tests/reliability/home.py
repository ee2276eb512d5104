"""The library as the integration uses it: a gateway, its real store, and an automation that takes notes."""

import asyncio
from collections.abc import Callable, Sequence
from copy import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, override

from custom_components.gsm_gateway.aiogsm import (
    FAMILIES,
    Box,
    CannotConnect,
    Draft,
    Endpoint,
    Family,
    Gateway,
    GatewayEvent,
    Hub,
    Limits,
    MessageChanged,
    Policy,
    ReceivedSms,
)
from custom_components.gsm_gateway.aiogsm.journal import Change
from custom_components.gsm_gateway.aiogsm.link import Link
from custom_components.gsm_gateway.store import BoxStore
from tests import patience  # noqa: F401 - time that flies waits for the store's thread

from .knife import Knife, is_about_a_text
from .plan import STORE, WITNESS, Plan, Text
from .witness import Witness, lines

AGAIN = 0.2
"""Seconds until a box that could not be reached is tried again, as Home Assistant does, if not so soon."""

PATIENCE = timedelta(days=1)
"""How long texts wait: where a thousand go over a bad network, longer than an hour."""


class Store(BoxStore):
    """The real store, with a knife beside it."""

    def __init__(self, folder: Path, clock: Callable[[], datetime], knife: Knife) -> None:
        """Keep everything in a folder, and all of it."""
        self.damaged: list[Path] = []
        self.full = False
        super().__init__(
            folder / STORE,
            clock=clock,
            on_damaged=self.damaged.append,
            on_full=self._on_full_disk,
            history=5000,
        )
        self._knife = knife
        keep = self._disk.write

        def _keep(changes: Sequence[Change], now: datetime) -> bool:
            kept = keep(changes, now)
            knife.at("kept")
            return kept

        self._disk.write = _keep  # type: ignore[method-assign]

    @override
    def write(self, *changes: Change) -> asyncio.Future[bool]:
        self._knife.at("write")
        return super().write(*changes)

    def _on_full_disk(self, full: bool) -> None:
        self.full = full


def _family(plan: Plan, knife: Knife) -> Family:
    """Give the plan's family, with its pace and with a knife at its sockets."""
    family = FAMILIES[plan.family]
    dialect = family.dialect()

    def _make_link(endpoint: Endpoint) -> Link[Any]:
        link = dialect.make_link(endpoint)
        send = link.send

        def _send(data: bytes, peer: object) -> None:
            if not is_about_a_text(data):
                send(data, peer)
                return
            knife.at("packet")
            send(data, peer)
            knife.at("left")

        link.send = _send  # type: ignore[method-assign]
        return link

    pace = family.pace if plan.pace is None else plan.pace
    return replace(family, pace=pace, dialect=lambda: replace(dialect, make_link=_make_link))


class Home:
    """One run after another on the same folder. ``wall`` gives the time of the wall clock."""

    def __init__(
        self,
        plan: Plan,
        folder: Path,
        wall: Callable[[], datetime],
        knife: Knife | None = None,
        *,
        durable: bool = True,
    ) -> None:
        """Begin with nothing open; `durable`: the notes are to outlive a kill."""
        self._plan = plan
        self._folder = folder
        self._wall = wall
        self._knife = knife or Knife()
        self.witness = Witness(folder / WITNESS, durable=durable)
        self.store: Store
        self.gateway: Gateway

    async def open(self) -> None:
        """Begin a run, as soon as the box can be reached."""
        while True:
            self.store = Store(self._folder, self._wall, self._knife)
            self.gateway = Gateway(
                _family(self._plan, self._knife),
                Hub(),
                Endpoint(host=self._plan.host, port=self._plan.port),
                Box(
                    key="box",
                    username=self._plan.username,
                    password=self._plan.password,
                    lines=self._plan.lines,
                ),
                journal=self.store,
                policy=Policy(limits=Limits(per_hour=0), expires_after=PATIENCE),
                clock=self._wall,
            )
            self.gateway.subscribe(self._on_event)
            try:
                await self.gateway.open()
                break
            except CannotConnect:
                await asyncio.sleep(AGAIN)
        self.gateway.begin_handing_on()
        self.witness.note("ready")

    async def send_all(self) -> None:
        """Ask for all texts of the plan that no run has asked for yet."""
        asked = {line["text"] for line in lines(self._folder / WITNESS, "asked")}
        for text in self._plan.sends:
            if text.body not in asked:
                await self.send(text)
                await asyncio.sleep(self._plan.gap)

    async def send(self, text: Text) -> None:
        """Ask for a text to be sent."""
        self.witness.note("asked", text=text.body)
        await self.gateway.send_sms([Draft(text.number, text.body)])
        self.witness.note("accepted", text=text.body)

    async def close(self) -> None:
        """End a run in good order."""
        await self.gateway.close()

    def _on_event(self, event: GatewayEvent) -> None:
        match event:
            case MessageChanged(message):
                self.witness.note("status", text=message.text, status=message.status.value)
            case ReceivedSms(sender=sender, text=text, complete=complete):
                self.witness.note("received", text=text, sender=sender, complete=complete)
                self._knife.at("told")


def local_time(ahead: float = 0.0) -> datetime:
    """Give the wall clock's time, if it goes so many seconds ahead."""
    return datetime.now().astimezone() + timedelta(seconds=ahead)
