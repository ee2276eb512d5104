"""Finds the text that a delivery report is about. Pure: the time is passed in, in seconds.

A box numbers the texts that it sent with a small number that it uses again, so that a report counts for the
newest text of its port with that number, that recipient, and not too long ago. A report may come before
the box has told the number at all.
"""

from collections import deque
from typing import NamedTuple

from .records import DeliveryReported
from .reprs import hiding

KNOWN_FOR = 72 * 3600.0
"""Seconds after its sending that a report about a text is believed, if it names the recipient."""

KNOWN_FOR_NAMELESS = 3600.0
"""The same for a report without the recipient, which must also be of the box's same run."""

EARLY_FOR = 600.0
"""Seconds that a report waits for the text that it is about."""

_MOST = 4096
_TELLING_DIGITS = 7  # a number may come with a country code, or without


@hiding("number")
class _Sent(NamedTuple):
    """A text that the network took, ``at`` a time of the loop's clock, in a ``run`` of its port."""

    message_id: str
    port: str
    reference: int
    number: str
    at: float
    run: int


class _Early(NamedTuple):
    report: DeliveryReported
    at: float
    run: int


class Reports:
    """The texts of one gateway that reports may come for, and the reports that came too early."""

    def __init__(self) -> None:
        """Begin with none."""
        self._sent: deque[_Sent] = deque(maxlen=_MOST)
        self._early: deque[_Early] = deque(maxlen=_MOST)
        self._runs: dict[str, int] = {}

    def restarted(self, port: str) -> None:
        """Note that a port numbers its texts anew."""
        self._runs[port] = self._run(port) + 1

    def sent(
        self, message_id: str, port: str, reference: int, number: str, now: float
    ) -> list[DeliveryReported]:
        """Note a text that was taken, and give the reports about it that are there already, in order."""
        sent = _Sent(message_id, port, reference, number, now, self._run(port))
        self._sent.append(sent)
        early = [one for one in self._early if now - one.at < EARLY_FOR]
        mine = [one for one in early if one.run == sent.run and _is_about(one.report, sent)]
        self._early = deque((one for one in early if one not in mine), maxlen=_MOST)
        return [one.report for one in mine]

    def early(self, port: str, number: str, since: float, now: float) -> list[DeliveryReported]:
        """Give the reports about texts to a number that came since then and whose text is not known."""
        waiting = [one for one in self._early if now - one.at < EARLY_FOR]
        mine = [one for one in waiting if one.at >= since and _is_to(one.report, port, number)]
        self._early = deque((one for one in waiting if one not in mine), maxlen=_MOST)
        return [one.report for one in mine]

    def find(self, report: DeliveryReported, now: float) -> str | None:
        """Give the id of the text that a report is about, if that is known."""
        run = self._run(report.port)
        for sent in reversed(self._sent):
            if _is_about(report, sent) and _is_recent(report, sent, run, now):
                return sent.message_id
        return None

    def keep(self, report: DeliveryReported, now: float) -> None:
        """Keep a report for a while, whose text is not known yet."""
        self._early.append(_Early(report, now, self._run(report.port)))

    def _run(self, port: str) -> int:
        return self._runs.get(port, 0)


def _is_about(report: DeliveryReported, sent: _Sent) -> bool:
    if (report.port, report.reference) != (sent.port, sent.reference):
        return False
    return report.number is None or same_number(report.number, sent.number)


def _is_to(report: DeliveryReported, port: str, number: str) -> bool:
    return report.port == port and report.number is not None and same_number(report.number, number)


def _is_recent(report: DeliveryReported, sent: _Sent, run: int, now: float) -> bool:
    if report.number is None:
        return now - sent.at < KNOWN_FOR_NAMELESS and sent.run == run
    return now - sent.at < KNOWN_FOR


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are the same, save perhaps a country code."""
    return one[-_TELLING_DIGITS:] == other[-_TELLING_DIGITS:]
