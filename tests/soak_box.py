"""A simulated NeoGate for a long time: of what happens it keeps only what is to be checked, day by day."""

import asyncio
from collections import Counter
import re
from typing import override

from tests.simulators.neogate import NeoGate
from tests.simulators.neogate_span import UP, Span
from tests.simulators.simulator import Ussd

PACE = 10.0
"""Seconds between two texts of one port that the vendor asks for."""

CODES: dict[str, Ussd] = {
    "*100#": Ussd(text="Balance: 5", delay=3.0),
    "*101#": Ussd(text="Guthaben: fünf", coding=72, delay=8.0),
    "*102#": Ussd(text="1: more", delay=2.0, menu={"1": Ussd(text="no more", delay=2.0)}),
    "*103#": Ussd(failure="failed", delay=5.0),
    "*104#": Ussd(text="too late", delay=60.0),
}
"""What the network answers, by code."""

_ASKED = re.compile(rb"^(?:Command: (gsm \w+ \w+)(?: (\d+))?|Action: (\w+))", re.MULTILINE | re.IGNORECASE)
_RESULT = re.compile(rb"Event: UpdateSMSSend\r\n.*\r\nID: (\S+)\r\n")
_OF_THE_SIM = ("link", "network_status", "imsi", "operator", "smsc", "csq", "last_event")


class SoakBox(NeoGate):
    """A box of four ports. What it would not forgive it complains of, a broken pace among that."""

    def __init__(self) -> None:
        """Take the times that a real one takes."""
        super().__init__(ports=4, line_by_line=False, result_delay=4.0, boot_time=30.0)
        for span in self.spans.values():
            span.ussd.update(CODES)
        self.asked: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.told: dict[bytes, float] = {}
        self.reported: set[str] = set()
        self.longest_pause = 0.0
        self._listed_at: float | None = None
        self._sent_at: dict[bytes, float] = {}

    def forget(self) -> None:
        """Forget what has been checked."""
        self.taken.clear()
        self.told.clear()
        self.reported.clear()
        self.asked.clear()

    @override
    def note_received(self, data: bytes) -> None:
        """Count what was asked, and look at the time between what must not be too often, or too seldom."""
        self.actions.clear()
        command, span, action = max(_ASKED.findall(data), key=lambda found: bool(found[0]))
        self.asked[(command or action).decode().lower()] += 1
        now = asyncio.get_running_loop().time()
        if action == b"Login":
            self._listed_at = None
        elif command == b"gsm show spans":
            if self._listed_at is not None:
                self.longest_pause = max(self.longest_pause, now - self._listed_at)
            self._listed_at = now
        elif command == b"gsm send sms":
            if now - self._sent_at.get(span, -PACE) < PACE - 0.001:
                self.complain(
                    f"span {span.decode()} was given a text {now - self._sent_at[span]} s after one"
                )
            self._sent_at[span] = now

    @override
    def note_sent(self, data: bytes) -> None:
        """Keep which texts were told, and of which the result: this went to a connection that stood."""
        if data.startswith(b"Event: ReceivedSMS"):
            self.told.setdefault(data, asyncio.get_running_loop().time())
        elif result := _RESULT.match(data):
            self.reported.add(result[1].decode())

    @override
    def put_in_outbox(self, line: str, number: str, text: str, reference: str) -> None:
        """Count the text."""
        self.taken[reference] += 1

    def take_sim(self, span: Span) -> dict[str, object]:
        """Take a SIM out, and give what was on it."""
        sim = {name: getattr(span, name) for name in _OF_THE_SIM}
        span.remove_sim()
        return sim

    def put_sim(self, span: Span, sim: dict[str, object]) -> None:
        """Put a SIM in."""
        assert span.link != UP
        for name, value in sim.items():
            setattr(span, name, value)
