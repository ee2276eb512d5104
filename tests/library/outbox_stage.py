"""What the tests of the outbox play with: texts, ports, and a time that is passed in."""

from collections.abc import Iterable
from copy import replace
from datetime import UTC, datetime, timedelta

from custom_components.gsm_gateway.aiogsm.limits import Limits
from custom_components.gsm_gateway.aiogsm.models import Message, PortState, PortStatus
from custom_components.gsm_gateway.aiogsm.outbox import Departure, Moment, Outbox, Turn

NOW = 1000.0
WALL = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
HOUR = 3600.0
PACE = 10.0
NUMBER = "+15551234567"


def at(seconds: float = 0.0, *, wall: datetime | None = None) -> Moment:
    """Give the moment so many seconds after the beginning; ``wall`` is for a clock that goes wrong."""
    now = WALL + timedelta(seconds=seconds)
    return Moment(NOW + seconds, wall or now, (wall or now).date())


def text(message_id: str, pinned: str | None = None, **fields: object) -> Message:
    """Give a text that waits for an hour at most."""
    message = Message(
        message_id=message_id,
        recipient=NUMBER,
        text="hello",
        created_at=WALL,
        expires_at=WALL + timedelta(hours=1),
        pinned=pinned,
    )
    return replace(message, **fields)  # type: ignore[arg-type]


def ports(ready: Iterable[str], *others: PortState) -> dict[str, PortState]:
    states = [PortState(port=port, status=PortStatus.READY) for port in ready]
    return {state.port: state for state in (*states, *others)}


def port(name: str, status: PortStatus | None) -> PortState:
    return PortState(port=name, status=status)


def outbox_with(*messages: Message, pace: float = 0.0, batch: int = 1, **limits: int) -> Outbox:
    """Give an outbox in which these were queued at the beginning."""
    outbox = Outbox(pace=pace, batch=batch, limits=Limits(**limits))
    for message in messages:
        outbox.add(message, at())
    return outbox


def names(departures: Iterable[Departure]) -> list[str]:
    """Write departures as ``what@port``, in order."""
    return [
        f"{departure.turn_id if isinstance(departure, Turn) else departure.message_id}@{departure.port}"
        for departure in departures
    ]
