"""What comes to be known of a text after it was settled: delivery reports, and results that come late.

Pure: the time is passed in. It gives the text as it stands then, and the caller keeps and tells that.
"""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from .journal import Remembered
from .models import LateResult, Message, MessageError, MessageStatus
from .outbox import Moment
from .records import DeliveryReported
from .reports import KNOWN_FOR, Reports, same_number

MOST_KNOWN = 2000
"""How many settled texts are remembered, because more may come to be known of them."""


class Settled(NamedTuple):
    """A text as it stands once the ``reports`` that were faster than the news of its sending are counted."""

    message: Message
    reports: tuple[DeliveryReported, ...] = ()


class Reported(NamedTuple):
    """What a report changes: the text that stands differently by it, if one does.

    ``early``: it is about none that is known yet.
    """

    message: Message | None = None
    early: bool = False


class Aftermath:
    """The settled texts of one gateway that more may be told of."""

    def __init__(self) -> None:
        """Begin with none."""
        self._reports = Reports()
        self._known: OrderedDict[str, Message] = OrderedDict()

    def restore(self, remembered: Remembered, now: Moment) -> None:
        """Remember what was settled in earlier runs, and the reports whose texts are not known."""
        for message in remembered.messages:
            if not message.status.settled:
                continue
            self._remember(message)
            if message.reference is not None and message.left_at is not None:
                self._expect(message, now.at - _age(message, now))
        for kept in remembered.reports:
            age = now.age_of(kept.came_at)
            self._reports.keep(kept.report, now.at - age)

    def restarted(self, port: str) -> None:
        """Note that a port numbers its texts anew."""
        self._reports.restarted(port)

    def settled(self, message: Message, now: Moment) -> Settled:
        """Remember a text that was settled just now."""
        self._remember(message)
        if message.reference is not None:
            reports = self._expect(message, now.at)
        elif message.status is MessageStatus.UNKNOWN and message.port is not None:
            left_at = now.at - _age(message, now)
            reports = self._reports.early(message.port, message.recipient, left_at, now.at)
        else:
            reports = []
        return Settled(self._count(message, reports, now), tuple(reports))

    def reported(self, report: DeliveryReported, now: Moment) -> Reported:
        """Learn from the network what became of a text."""
        message_id = self._reports.find(report, now.at)
        message = self._nameless(report, now) if message_id is None else self._known.get(message_id)
        if message is None:
            self._reports.keep(report, now.at)
            return Reported(early=True)
        counted = self._count(message, [report], now)
        return Reported(None if counted == message else counted)

    def learned_late(self, late: LateResult, now: Moment) -> Settled | None:
        """Raise a text whose fate was unknown, once; ``None`` where there is nothing to raise."""
        message = self._known.get(late.message_id)
        if message is None or message.status is not MessageStatus.UNKNOWN:
            return None
        if not late.taken:
            failed = message._replace(status=MessageStatus.FAILED, error=MessageError.REFUSED)
            return Settled(self._remember(failed))
        sent = message._replace(status=MessageStatus.SENT, error=None, reference=late.reference)
        return self.settled(sent, now)

    def _nameless(self, report: DeliveryReported, now: Moment) -> Message | None:
        """Give the newest text of unknown fate that a report may be about: nothing numbered it."""
        if report.number is None:
            return None
        for message in reversed(self._known.values()):
            unnumbered = message.status is MessageStatus.UNKNOWN and _age(message, now) < KNOWN_FOR
            if unnumbered and message.port == report.port and same_number(message.recipient, report.number):
                return message
        return None

    def _expect(self, message: Message, at: float) -> list[DeliveryReported]:
        assert message.port is not None  # the network took it
        assert message.reference is not None
        return self._reports.sent(message.message_id, message.port, message.reference, message.recipient, at)

    def _count(self, message: Message, reports: Iterable[DeliveryReported], now: Moment) -> Message:
        """Give a text as reports leave it: sent, whatever they say; the first word that is final counts."""
        for report in reports:
            if message.status is MessageStatus.UNKNOWN:
                message = message._replace(
                    status=MessageStatus.SENT,
                    error=None,
                    error_detail=None,
                    reference=report.reference,
                )
                self._expect(message, now.at)
            if report.delivered is None or message.status is not MessageStatus.SENT:
                continue
            if report.delivered:
                message = message._replace(status=MessageStatus.DELIVERED)
            else:
                message = message._replace(
                    status=MessageStatus.FAILED,
                    error=MessageError.REFUSED,
                    error_detail="not delivered",
                )
        return self._remember(message)

    def _remember(self, message: Message) -> Message:
        self._known[message.message_id] = message
        if len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
        return message


def _age(message: Message, now: Moment) -> float:
    """Give the seconds since a text left."""
    assert message.left_at is not None  # it has left
    return now.age_of(message.left_at)
