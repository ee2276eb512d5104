"""What a text has become, by how its sending went or why it could not be tried."""

from datetime import datetime

from .errors import CommandRefused, GatewayError, InvalidInput, OutcomeUnknown
from .models import Message, MessageError, MessageStatus, PortStatus
from .requests import Outcome, SmsTaken

# Why a port cannot send, and whether that may pass by itself in a moment.
_CAUSES: dict[PortStatus, tuple[MessageError, bool]] = {
    PortStatus.NO_SIM: (MessageError.NO_SIM, False),
    PortStatus.PIN_ERROR: (MessageError.NO_SIM, False),
    PortStatus.REGISTRATION_DENIED: (MessageError.NOT_REGISTERED, False),
    PortStatus.DISABLED: (MessageError.REFUSED, False),
    PortStatus.NOT_REGISTERED: (MessageError.NOT_REGISTERED, True),
    PortStatus.NO_SIGNAL: (MessageError.NOT_REGISTERED, True),
    PortStatus.POWER_OFF: (MessageError.REFUSED, True),
}


def cause_of(status: PortStatus | None, *, certain: bool) -> tuple[MessageError, str] | None:
    """Give why a port of this status cannot send; ``certain``: it has been so for a while."""
    if status is None or (cause := _CAUSES.get(status)) is None:
        return None
    error, may_pass = cause
    return None if may_pass and not certain else (error, status.value)


def settled(message: Message, outcome: Outcome, at: datetime) -> Message:
    """Give a text as it is after an outcome that is final."""
    status, error, detail = MessageStatus.FAILED, MessageError.REFUSED, None
    match outcome:
        case SmsTaken(reference=reference):
            return message._replace(status=MessageStatus.SENT, reference=reference, settled_at=at)
        case InvalidInput(reason="number"):
            error = MessageError.INVALID_NUMBER
        case InvalidInput(reason="text_too_long"):
            error = MessageError.TOO_LONG
        case CommandRefused(reason=reason):
            detail = reason
        case OutcomeUnknown():
            status, error = MessageStatus.UNKNOWN, MessageError.NO_RESULT
        case GatewayError():
            detail = str(outcome)
    return message._replace(status=status, error=error, error_detail=detail, settled_at=at)
