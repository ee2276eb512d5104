"""USSD on one line, with the memory that makes a sendid which does not grow return stale text (section 7)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from .simulator import Ussd

if TYPE_CHECKING:
    from .goip_line import GoipLine, Request

CODE_LETTERS = frozenset("0123456789*#+")
FAILED_TEXT = "USSD send failed!"


class UssdDialog:
    """The newest sendid and its answer, the menu that the network keeps open, and the code being dialled."""

    def __init__(self, line: GoipLine) -> None:
        """Belong to a line; `answers` is what its network knows."""
        self._line = line
        self.answers: dict[str, Ussd] = {}
        self.dialled: list[str] = []
        self._memory: tuple[int, str, str] | None = None
        self._menu: Mapping[str, Ussd] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._running: int | None = None

    def forget(self) -> None:
        """Lose everything, as at a reboot."""
        self._stop()
        self._memory = None

    @property
    def menu_open(self) -> bool:
        """Whether the network waits for a reply."""
        return bool(self._menu)

    def request(self, request: Request) -> None:
        """Take `USSD <sendid> <password> <code>`; everything after the password's blank is the code."""
        password, _, code = request.rest.partition(" ")
        if not self._line.password_fits(request, password):
            self._line.reply(request, f"USSDERROR {request.sendid} PASSWORD")
        elif refusal := self._line.refusals.get("USSD"):
            self._line.reply(request, f"USSDERROR {request.sendid} {refusal}")
        elif self._running is not None:
            self._while_dialling(request)
        elif self._memory is not None and request.sendid <= self._memory[0]:
            if request.sendid < self._memory[0]:
                self._line.complain(f"USSD sendid {request.sendid} did not grow")
            _, verb, answer = self._memory
            self._line.reply(request, f"{verb} {request.sendid} {answer}".rstrip(" "))
        elif not code or not CODE_LETTERS.issuperset(code):
            self._line.complain(f"USSD code {code!r} cannot be dialled")
            self._line.reply(request, f"USSDERROR {request.sendid} wrong code")
        else:
            self._dial(request, code)

    def exit(self, request: Request) -> None:
        """Take `USSDEXIT <sendid> <password>`: end the network's session, and any code being dialled."""
        if not self._line.password_fits(request, request.rest):
            self._line.reply(request, f"USSDERROR {request.sendid} PASSWORD")
            return
        if self._running is not None:
            self._memory = (self._running, "USSDEXIT", "")
        self._stop()
        sendid = request.sendid
        if self._memory is not None and self._line.quirks.exits_under_dialled:
            sendid = self._memory[0]
        self._line.reply(request, f"USSDEXIT {sendid}")

    def network_exit(self) -> None:
        """Let the network end the session: the box says so under the newest sendid."""
        if self._memory is not None:
            self._stop()
            self._line.transmit(f"USSDEXIT {self._memory[0]}".encode(), self._line.box.server)

    def _while_dialling(self, request: Request) -> None:
        """One code at a time; a repeat of the one being dialled waits for the same answer."""
        if request.sendid == self._running:
            self._line.complain("USSD repeated while it was being dialled")
        else:
            self._line.complain("USSD while another was being dialled")
            self._line.reply(request, f"USSDERROR {request.sendid} busy")

    def _dial(self, request: Request, code: str) -> None:
        self._line.happened(f"USSD {code}")
        self.dialled.append(code)
        self._running = request.sendid
        answer = self._menu.get(code) or self.answers.get(code) or Ussd(text=FAILED_TEXT)
        if not self._line.state.logged_in:
            answer = Ussd(failure="GSM_LOGOUT")
        self._timer = self._line.timers.after(answer.delay, partial(self._answered, request, answer))

    def _answered(self, request: Request, answer: Ussd) -> None:
        self._running, self._timer = None, None
        self._menu = answer.menu
        verb, text = ("USSDERROR", answer.failure) if answer.failure else ("USSD", answer.text)
        self._memory = (request.sendid, verb, text)
        self._line.reply(request, f"{verb} {request.sendid} {text}")

    def _stop(self) -> None:
        self._line.timers.cancel(self._timer)
        self._running, self._timer, self._menu = None, None, {}
