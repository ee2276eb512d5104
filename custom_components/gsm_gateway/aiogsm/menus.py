"""USSD menus: a code and the answers to the menus that it opens, one after the other in one session."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from .errors import GatewayError, OutcomeUnknown
from .family import Family, Feature
from .models import UssdReply
from .requests import CloseUssd, Request, SendUssd


class Submit(Protocol):
    """What asks something of a gateway and waits for its outcome. Raise GatewayError."""

    async def __call__[O](self, request: Request[O], /) -> O:
        """Ask it."""


async def walk_menus(submit: Submit, family: Family, port: str, codes: Sequence[str]) -> list[UssdReply]:
    """Dial the codes one after the other, and give what the network said to each.

    They are fewer than the codes where it ended the session before the last: the next would open another
    one and might mean something else there. A session that is open then, or may be, is ended where the
    family can do that. Raise GatewayError as SendUssd does; that a session cannot be ended is no error, for
    the network ends it by itself in a while.
    """
    replies: list[UssdReply] = []
    try:
        for code in codes:
            replies.append(await submit(SendUssd(port=port, code=code, timeout=family.ussd_timeout)))
            if replies[-1].session_open is False:
                return replies
    except OutcomeUnknown:
        await _end(submit, family, port)
        raise
    await _end(submit, family, port)
    return replies


async def _end(submit: Submit, family: Family, port: str) -> None:
    if Feature.USSD_SESSIONS in family.features:
        with suppress(GatewayError):
            await submit(CloseUssd(port=port))
