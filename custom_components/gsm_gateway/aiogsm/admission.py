"""Who may queue a text: not a loop that sends the same for ever, and not an automation that ran away.

Pure: the time is passed in, in seconds of the loop's clock.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from .errors import InvalidInput
from .limits import Breaker, Limits, LoopGuard
from .models import Message, MessageError, MessageStatus, Priority

EXPIRES_AFTER = timedelta(hours=1)
"""How long a text waits for a port that can send it, unless told otherwise."""


class Policy(NamedTuple):
    """How a gateway's owner wants its texts treated, where the sender of one says nothing else."""

    limits: Limits = Limits()
    expires_after: timedelta = EXPIRES_AFTER


class Terms(NamedTuple):
    """How the sender of a text wants it treated.

    ``port``: by this one or by none. It departs not before ``not_before`` (with its time zone) and waits
    at most ``expires_after`` from then, or from now. ``force``: though the same went out a moment ago.
    """

    port: str | None = None
    priority: Priority = Priority.NORMAL
    expires_after: timedelta | None = None
    not_before: datetime | None = None
    force: bool = False


class Draft(NamedTuple):
    """A text to somebody, to be queued."""

    recipient: str
    text: str


class Admission:
    """Lets texts of one gateway into the queue, or not."""

    def __init__(self, limits: Limits) -> None:
        """Take the limits; nothing was let in yet."""
        self._breaker = Breaker(limits.per_hour)
        self._loops = LoopGuard()

    @property
    def tripped(self) -> bool:
        """Whether the breaker keeps texts out until it is reset."""
        return self._breaker.tripped

    def restore(self, accepted: Iterable[float], *, tripped: bool) -> None:
        """Go on after a restart, with when texts were let in before."""
        self._breaker.restore(accepted, tripped=tripped)

    def reset(self) -> None:
        """Let texts in again."""
        self._breaker.reset()

    def check(self, drafts: Iterable[Draft], now: float) -> None:
        """Raise InvalidInput where one of these was queued less than 10 seconds ago."""
        if any(self._loops.repeats(*draft, now) for draft in drafts):
            raise InvalidInput("repeated", "the same text to the same number is under way already")

    def admit(self, messages: Sequence[Message], now: float) -> list[Message]:
        """Give texts as they begin: queued, or failed where too many were let in this hour."""
        admitted = []
        for message in messages:
            if self._breaker.admit(message.priority, now):
                self._loops.note(message.recipient, message.text, now)
                admitted.append(message)
            else:
                failed = message._replace(
                    status=MessageStatus.FAILED,
                    error=MessageError.LIMIT_REACHED,
                    settled_at=message.created_at,
                )
                admitted.append(failed)
        return admitted
