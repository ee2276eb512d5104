"""GoIP conversations of one packet as machines, and the sendids that they are known by."""

from collections.abc import Callable
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayTimeout,
    LinkLost,
    OutcomeUnknown,
)
from custom_components.gsm_gateway.aiogsm.goip.commands import (
    NETWORK,
    Act,
    CellsExchange,
    Exchange,
    HangUpAct,
)
from custom_components.gsm_gateway.aiogsm.goip.messages import (
    Answer,
    CallHungUp,
    CellsListed,
    Heard,
    MinutesLeft,
    Prompt,
    Refused,
    Reply,
    VoiceChanged,
    Waiting,
    Word,
)
from custom_components.gsm_gateway.aiogsm.goip.session import (
    Conversation,
    Fate,
    Notice,
    SendIds,
    Turn,
    UssdClosed,
)
from custom_components.gsm_gateway.aiogsm.goip.ussd import UssdExchange, UssdExit
from custom_components.gsm_gateway.aiogsm.models import CallState, UssdReply
from custom_components.gsm_gateway.aiogsm.requests import Cells, Done, Outcome

from .goip_turns import play, refused_with, result, run, said

WAITING = Waiting(7, 1)
ENDED = Prompt(7, Word.ENDED)
OK = Answer(7, "ask", "ok")
GONE = Heard(gone=True)


def gave(outcome: Outcome | Answer) -> Turn:
    return Turn(fates=(Fate(outcome),))


def test_an_exchange() -> None:
    exchange = Exchange(7, b"ask")
    assert exchange.begin(0) == Turn(b"ask")
    assert exchange.answer(ENDED, 1) == Turn()
    assert exchange.notice(GONE) == Turn()
    assert exchange.answer(OK, 1) == gave(OK)
    assert exchange.due is None
    assert exchange.over
    assert exchange.successor(lambda: 8) is None


def test_an_exchange_is_repeated_twice() -> None:
    exchange = Exchange(7, b"ask")
    exchange.begin(0)
    turns = run(exchange, 100)
    assert said(turns, b"ask") == [5, 10]
    assert turns[-1][0] == 15
    assert isinstance(result(turns[-1][1]), GatewayTimeout)


def test_an_exchange_with_the_network_has_more_time() -> None:
    exchange = Exchange(7, b"ask", pace=NETWORK)
    exchange.begin(0)
    turns = run(exchange, 100)
    assert said(turns, b"ask") == [5, 10]
    assert turns[-1][0] == 30


def test_an_exchange_may_be_followed_by_an_end() -> None:
    assert play(Exchange(7, b"ask", closing=True), 0, OK).packet == b"DONE 7\n"
    assert play(Exchange(7, b"ask", closing=True), 0, Refused(7, "no")).packet is None


@pytest.mark.parametrize(
    ("value", "words", "reason"),
    [
        ("", "no", "no"),
        ("", "12 no", "12 no"),
        ("12", "12 no", "no"),
        ("12", "12", ""),
        ("1", "12 no", "12 no"),
        ("12", "no", "no"),
    ],
)
def test_an_exchange_can_be_refused(value: str, words: str, reason: str) -> None:
    assert refused_with(play(Exchange(7, b"ask", value), 0, Refused(7, words)), CommandRefused, reason)


def test_a_list_of_cells_comes_after_the_answer() -> None:
    exchange = CellsExchange(7, b"list")
    exchange.begin(0)
    assert not exchange.over
    assert exchange.answer(OK, 7) == Turn()
    assert exchange.over
    assert exchange.due == 60
    assert exchange.notice(MinutesLeft(1)) == Turn()
    assert exchange.notice(CellsListed(("1", "2"))) == gave(Cells(("1", "2")))
    assert exchange.due is None


def test_a_list_of_cells_may_come_before_the_answer() -> None:
    exchange = CellsExchange(7, b"list")
    exchange.begin(0)
    assert exchange.notice(CellsListed(())) == gave(Cells(()))


@pytest.mark.parametrize(("answered", "until"), [(True, 60), (False, 15)])
def test_a_list_of_cells_may_not_come(answered: bool, until: float) -> None:
    exchange = CellsExchange(7, b"list")
    play(exchange, 0, *[OK] * answered)
    turns = run(exchange, 100)
    assert turns[-1][0] == until
    assert isinstance(result(turns[-1][1]), GatewayTimeout)
    assert said(turns, b"list") == ([] if answered else [5, 10])


def test_a_list_of_cells_can_be_refused() -> None:
    assert refused_with(play(CellsExchange(7, b"list"), 0, Refused(7, "no")), CommandRefused, "no")


ACTS = [Act, HangUpAct]


@pytest.mark.parametrize("kind", ACTS)
def test_an_act_is_done_when_answered(kind: type[Act]) -> None:
    act = kind(7, b"act")
    assert act.begin(0) == Turn(b"act")
    assert act.answer(WAITING, 1) == Turn()
    assert act.answer(Answer(7, "act", "$OK"), 1) == gave(Done())


@pytest.mark.parametrize("kind", ACTS)
def test_an_act_can_be_refused(kind: type[Act]) -> None:
    assert refused_with(play(kind(7, b"act"), 0, Refused(7, "no")), CommandRefused, "no")


@pytest.mark.parametrize("kind", ACTS)
def test_an_act_is_done_when_the_line_goes_away(kind: type[Act]) -> None:
    act = kind(7, b"act")
    act.begin(0)
    assert act.notice(Heard()) == Turn()
    assert act.notice(MinutesLeft(1)) == Turn()
    assert act.notice(GONE) == gave(Done())


@pytest.mark.parametrize(
    ("kind", "heard"),
    [
        (Act, ()),
        (Act, (MinutesLeft(1),)),
        (Act, (Heard(),)),
        (HangUpAct, ()),
        (HangUpAct, (Heard(),)),
    ],
)
def test_an_act_is_never_said_twice_and_silence_does_not_prove_it(
    kind: type[Act], heard: tuple[Notice, ...]
) -> None:
    act = kind(7, b"act")
    act.begin(0)
    for notice in heard:
        act.notice(notice)
    [(when, turn)] = run(act, 100)
    assert when == 30
    assert isinstance(result(turn), OutcomeUnknown)


@pytest.mark.parametrize("notice", [CallHungUp(None), VoiceChanged(CallState.IDLE)])
def test_a_call_has_been_ended_when_the_box_says_so(notice: Notice) -> None:
    act = HangUpAct(7, b"act")
    act.begin(0)
    assert act.notice(VoiceChanged(CallState.CONNECTED)) == Turn()
    assert act.notice(notice) == gave(Done())


@pytest.mark.parametrize(
    ("reply", "reply_read"),
    [
        (Answer(7, "USSD", "You have 1 EUR@@@"), UssdReply(text="You have 1 EUR")),
        (Answer(7, "USSD", "a@b\nc@@ \n"), UssdReply(text="a@b\nc")),
        (Answer(7, "USSD", ""), UssdReply(text="")),
        (Prompt(7, Word.USSD_ENDED), UssdReply(text="", session_open=False)),
    ],
)
def test_a_ussd_code_is_answered(reply: Reply, reply_read: UssdReply) -> None:
    exchange = UssdExchange(7, b"USSD", timeout=120)
    assert play(exchange, 0, WAITING, reply) == gave(reply_read)
    assert exchange.due is None


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Answer(7, "USSD", "USSD send failed!"), "USSD send failed!"),
        (Answer(7, "USSD", "USSD send failed!@@\n"), "USSD send failed!"),
        (Refused(7, "no network"), "no network"),
    ],
)
def test_a_ussd_code_is_refused(reply: Reply, reason: str) -> None:
    assert refused_with(play(UssdExchange(7, b"USSD", timeout=120), 0, reply), CommandRefused, reason)


@pytest.mark.parametrize(("timeout", "repeats"), [(30, []), (60, []), (120, [60]), (180, [60])])
def test_a_ussd_code_is_repeated_once_and_late(timeout: float, repeats: list[float]) -> None:
    exchange = UssdExchange(7, b"USSD", timeout=timeout)
    exchange.begin(0)
    turns = run(exchange, 1000)
    assert said(turns, b"USSD") == repeats
    assert turns[-1][0] == timeout
    assert isinstance(result(turns[-1][1]), OutcomeUnknown)


def test_a_ussd_code_is_over_when_its_session_is_closed() -> None:
    exchange = UssdExchange(7, b"USSD", timeout=120)
    exchange.begin(0)
    assert exchange.notice(GONE) == Turn()
    assert refused_with(exchange.notice(UssdClosed()), CommandRefused, "closed")


@pytest.mark.parametrize(
    "reply", [Prompt(7, Word.USSD_ENDED), Prompt(5, Word.USSD_ENDED), Answer(7, "X", "ok")]
)
def test_a_ussd_session_is_closed(reply: Reply) -> None:
    closing = UssdExit(7, b"exit", 5)
    assert closing.claims == 5
    assert play(closing, 0, WAITING, reply) == gave(Done())


def test_a_ussd_session_may_not_be_there_to_be_closed() -> None:
    assert refused_with(play(UssdExit(7, b"exit", None), 0, Refused(7, "no")), CommandRefused, "no")


def test_the_closing_of_a_ussd_session_is_repeated_twice() -> None:
    closing = UssdExit(7, b"exit", None)
    closing.begin(0)
    assert said(run(closing, 100), b"exit") == [5, 10]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Exchange(7, b"ask"),
        lambda: Act(7, b"ask"),
        lambda: UssdExchange(7, b"ask", timeout=30),
        lambda: UssdExit(7, b"ask", 5),
        lambda: CellsExchange(7, b"ask"),
    ],
)
def test_what_was_said_and_is_abandoned_may_have_happened(make: Callable[[], Conversation]) -> None:
    waiting, begun = make(), make()
    begun.begin(0)
    assert isinstance(result(waiting.abandon()), LinkLost)
    assert isinstance(result(begun.abandon()), OutcomeUnknown)


class _Drawn(Random):
    """Draws from a list, and then at random."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(1)
        self._numbers = list(numbers)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        return self._numbers.pop(0) if self._numbers else super().randrange(start, stop, step)


def test_sendids_are_random_and_in_their_range() -> None:
    sendids = SendIds(Random(1), lambda: 0.0)
    drawn = [sendids.draw(0, ()) for _ in range(1000)]
    assert len(set(drawn)) == 1000
    assert all(1 <= sendid < 2**30 for sendid in drawn)
    assert drawn != sorted(drawn)


def test_a_sendid_is_not_used_again_for_ten_minutes() -> None:
    sendids = SendIds(_Drawn(5, 5, 6, 5), lambda: 0.0)
    assert sendids.draw(0, ()) == 5
    assert sendids.draw(599, ()) == 6
    assert sendids.draw(600, ()) == 5


def test_a_sendid_in_flight_is_not_used() -> None:
    assert SendIds(_Drawn(5, 6), lambda: 0.0).draw(0, {5}) == 6


def test_ussd_sendids_come_from_the_clock_and_grow() -> None:
    clock = [1_800_000_000.7]
    sendids = SendIds(Random(1), lambda: clock[0])
    assert sendids.next_ussd() == 1_800_000_000
    assert sendids.next_ussd() == 1_800_000_001
    clock[0] -= 86400
    assert sendids.next_ussd() == 1_800_000_002
    clock[0] = 1_800_000_100
    assert sendids.next_ussd() == 1_800_000_100


def test_ussd_sendids_never_meet_the_others() -> None:
    assert SendIds(Random(1), lambda: 0.0).next_ussd() > 2**30
