"""Plays GoIP conversations alone: replies go in, turns come out, and the time is passed in."""

from custom_components.gsm_gateway.aiogsm.errors import CommandRefused
from custom_components.gsm_gateway.aiogsm.goip.messages import Reply
from custom_components.gsm_gateway.aiogsm.goip.session import Conversation, Result, Turn


def kept(conversation: Conversation, turn: Turn, now: float, *, durable: bool = True) -> Turn:
    """Make durable at once what a turn asks for, and give what is done by then."""
    if turn.mark is None:
        return turn
    following = conversation.marked(turn.mark, now, durable=durable)
    return Turn(following.packet, turn.fates + following.fates, following.mark)


def answer(conversation: Conversation, reply: Reply, now: float) -> Turn:
    """Hand over a reply, and make durable what that asks for."""
    return kept(conversation, conversation.answer(reply, now), now)


def play(conversation: Conversation, now: float, *replies: Reply) -> Turn:
    """Begin and hand over replies, all at once; give the last turn."""
    turn = conversation.begin(now)
    for reply in replies:
        turn = answer(conversation, reply, now)
    return turn


def run(conversation: Conversation, until: float) -> list[tuple[float, Turn]]:
    """Wake the conversation whenever it is due, and give what it did and when."""
    turns = []
    while conversation.due is not None and conversation.due <= until:
        now = conversation.due
        assert conversation.tick(now - 0.01) == Turn()
        turns.append((now, conversation.tick(now)))
    return turns


def said(turns: list[tuple[float, Turn]], packet: bytes) -> list[float]:
    return [when for when, turn in turns if turn.packet == packet]


def result(turn: Turn) -> Result:
    """Give the one result of a turn."""
    [fate] = turn.fates
    return fate.result


def refused_with(turn: Turn, error: type[CommandRefused], reason: str) -> bool:
    given = result(turn)
    return type(given) is error and given.reason == reason
