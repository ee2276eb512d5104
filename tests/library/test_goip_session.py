"""GoIP conversations as machines: what is said, how often, and what is made of the answers."""

from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Done, SendSms, SmsTaken
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayTimeout,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.goip.codec import (
    Answer,
    Prompt,
    Refused,
    Reply,
    Taken,
    Waiting,
    Word,
)
from custom_components.gsm_gateway.aiogsm.goip.sending import PUT_OFF, BulkSession
from custom_components.gsm_gateway.aiogsm.goip.session import (
    Conversation,
    Exchange,
    PutOff,
    RebootExchange,
    SendIds,
    Turn,
)
from custom_components.gsm_gateway.aiogsm.goip.ussd import UssdExchange
from custom_components.gsm_gateway.aiogsm.models import UssdReply

SMS = SendSms(port="goip1", recipient="+8613800138000", text="hello", message_id="m")
MSG, PASSWORD, SEND, DONE = (
    b"MSG 11 5 hello\n",
    b"PASSWORD 11 pw\n",
    b"SEND 11 1 +8613800138000\n",
    b"DONE 11\n",
)

CONFIRMED, AUTHENTICATED, ENDED = (
    Prompt(11, word) for word in (Word.CONFIRMED, Word.AUTHENTICATED, Word.ENDED)
)
WAITING, TAKEN = Waiting(11, 1), Taken(11, 1, 160)


@pytest.fixture
def session() -> BulkSession:
    return BulkSession(11, SMS, "pw")


def play(session: Conversation, now: float, *replies: Reply) -> Turn:
    """Begin and hand over replies, all at once; give the last turn."""
    turn = session.begin(now)
    for reply in replies:
        turn = session.answer(reply, now)
    return turn


def run(session: Conversation, until: float) -> list[tuple[float, Turn]]:
    """Wake the conversation whenever it is due, and give what it did and when."""
    turns = []
    while session.due is not None and session.due <= until:
        now = session.due
        assert session.tick(now - 0.01) == Turn()
        turns.append((now, session.tick(now)))
    return turns


def said(turns: list[tuple[float, Turn]], packet: bytes) -> list[float]:
    return [when for when, turn in turns if turn.packet == packet]


def refused_with(turn: Turn, error: type[CommandRefused], reason: str) -> bool:
    return type(turn.result) is error and turn.result.reason == reason


def test_a_whole_session(session: BulkSession) -> None:
    assert session.begin(0) == Turn(MSG)
    assert session.answer(CONFIRMED, 1) == Turn(PASSWORD)
    assert not session.left
    assert session.answer(AUTHENTICATED, 2) == Turn(SEND)
    assert session.left
    assert session.answer(WAITING, 3) == Turn()
    assert session.answer(TAKEN, 6) == Turn(DONE, SmsTaken(160))
    assert not session.left
    assert session.answer(ENDED, 7) == Turn()
    assert session.due is None
    assert session.tick(100) == Turn()


def test_old_firmware_has_no_number_for_reports(session: BulkSession) -> None:
    assert play(session, 0, CONFIRMED, AUTHENTICATED, Taken(11, 1)).result == SmsTaken(None)


@pytest.mark.parametrize(
    ("replies", "packet"), [((), MSG), ((CONFIRMED,), PASSWORD)], ids=["text", "password"]
)
def test_each_step_is_said_three_times_and_given_up(
    session: BulkSession, replies: tuple[Reply, ...], packet: bytes
) -> None:
    play(session, 100, *replies)
    turns = run(session, 115)
    assert said(turns, packet) == [105, 110]
    assert turns[-1][1].packet == DONE
    assert isinstance(turns[-1][1].result, GatewayTimeout)


def test_closing_is_said_three_times_and_forgotten(session: BulkSession) -> None:
    play(session, 100, CONFIRMED, AUTHENTICATED, TAKEN)
    turns = run(session, 1000)
    assert said(turns, DONE) == [105, 110]
    assert turns[-1] == (115, Turn())
    assert session.due is None


def test_closing_a_session_that_is_not_known_any_more(session: BulkSession) -> None:
    play(session, 0, CONFIRMED, AUTHENTICATED, TAKEN)
    assert session.answer(TAKEN, 1) == Turn()
    assert session.due is not None
    assert session.answer(Refused(11, "SENDID"), 1) == Turn()
    assert session.due is None


def test_the_number_is_repeated_for_a_minute_and_then_nobody_knows(session: BulkSession) -> None:
    play(session, 100, CONFIRMED, AUTHENTICATED)
    turns = run(session, 1000)
    assert said(turns, SEND) == [105 + 5 * n for n in range(11)]
    when, turn = turns[-1]
    assert when == 160
    assert turn.packet is None
    assert isinstance(turn.result, OutcomeUnknown)
    assert session.due is None


def test_waiting_puts_the_repeat_off_but_not_the_end(session: BulkSession) -> None:
    play(session, 100, CONFIRMED, AUTHENTICATED)
    for now in range(101, 157, 4):
        assert session.answer(WAITING, now) == Turn()
        assert session.due == min(now + 5, 160)
        assert session.tick(now + 4.9) == Turn()
    assert isinstance(session.tick(160).result, OutcomeUnknown)


def test_repeated_answers_change_nothing(session: BulkSession) -> None:
    play(session, 0, CONFIRMED)
    assert session.answer(CONFIRMED, 1) == Turn()
    session.answer(AUTHENTICATED, 1)
    assert session.answer(AUTHENTICATED, 2) == Turn()
    assert session.answer(CONFIRMED, 2) == Turn()


@pytest.mark.parametrize(
    "replies",
    [
        (AUTHENTICATED,),
        (TAKEN,),
        (WAITING,),
        (ENDED,),
        (CONFIRMED, TAKEN),
        (CONFIRMED, AUTHENTICATED, Taken(11, 2)),
        (CONFIRMED, AUTHENTICATED, Waiting(11, 2)),
        (CONFIRMED, AUTHENTICATED, Refused(11, "errorstatus:1", 2)),
        (CONFIRMED, AUTHENTICATED, ENDED),
        (CONFIRMED, AUTHENTICATED, Answer(11, "USSD", "")),
    ],
)
def test_what_is_not_expected_is_passed_over(session: BulkSession, replies: tuple[Reply, ...]) -> None:
    assert play(session, 0, *replies) == Turn()
    assert session.due == 5


@pytest.mark.parametrize("replies", [(), (CONFIRMED,)], ids=["text", "password"])
@pytest.mark.parametrize("reason", ["PASSWORD", "GSM_LOGOUT", "SENDID", "whatever"])
def test_refused_before_the_number_nothing_has_left(
    session: BulkSession, replies: tuple[Reply, ...], reason: str
) -> None:
    turn = play(session, 0, *replies, Refused(11, reason))
    assert turn.packet == DONE
    assert refused_with(turn, PortNotReady, reason)


def test_a_refused_number_is_final(session: BulkSession) -> None:
    turn = play(session, 0, CONFIRMED, AUTHENTICATED, WAITING, Refused(11, "errorstatus:38", 1))
    assert turn.packet == DONE
    assert refused_with(turn, CommandRefused, "errorstatus:38")


@pytest.mark.parametrize("reason", ["SENDID", "GSM_LOGOUT"])
def test_the_first_number_refused_with_the_session_has_not_left(session: BulkSession, reason: str) -> None:
    turn = play(session, 0, CONFIRMED, AUTHENTICATED, Refused(11, reason))
    assert turn.packet == DONE
    assert refused_with(turn, PortNotReady, reason)


@pytest.mark.parametrize("reason", ["SENDID", "GSM_LOGOUT"])
def test_a_repeated_number_refused_with_the_session_is_unknown(session: BulkSession, reason: str) -> None:
    play(session, 0, CONFIRMED, AUTHENTICATED)
    assert session.tick(5) == Turn(SEND)
    assert isinstance(session.answer(Refused(11, reason), 6).result, OutcomeUnknown)
    assert session.due is None


@pytest.mark.parametrize(
    "replies",
    [(WAITING, Refused(11, "GSM_LOGOUT")), (Refused(11, "whatever"),)],
    ids=["waited", "other word"],
)
def test_a_session_broken_off_otherwise_is_unknown(session: BulkSession, replies: tuple[Reply, ...]) -> None:
    turn = play(session, 0, CONFIRMED, AUTHENTICATED, *replies)
    assert turn.packet is None
    assert isinstance(turn.result, OutcomeUnknown)


def test_a_session_without_room_is_put_off(session: BulkSession) -> None:
    turn = play(session, 100, Refused(11, "too_many_sends_in_server"))
    assert turn.packet == DONE
    assert isinstance(turn.result, PutOff)
    again = turn.result.again(12)
    assert again.begin(100) == Turn()
    assert again.due == 100 + PUT_OFF
    assert not again.left
    assert again.answer(CONFIRMED, 101) == Turn()
    assert again.tick(100 + PUT_OFF) == Turn(b"MSG 12 5 hello\n")
    assert again.answer(CONFIRMED, 131) == Turn(b"PASSWORD 12 pw\n")


def test_a_session_that_never_finds_room_goes_elsewhere(session: BulkSession) -> None:
    turn = play(session, 0, Refused(11, "too_many_sends_in_server"))
    for sendid in range(12, 16):
        assert isinstance(turn.result, PutOff)
        again = turn.result.again(sendid)
        again.begin(0)
        again.tick(PUT_OFF)
        turn = again.answer(Refused(sendid, "too_many_sends_in_server"), PUT_OFF)
    assert refused_with(turn, PortNotReady, "too_many_sends_in_server")


def test_a_keepalive_means_nothing_to_a_session(session: BulkSession) -> None:
    session.begin(0)
    assert session.heard(gone=True) == Turn()


def test_an_exchange() -> None:
    exchange = Exchange(7, b"ask")
    assert exchange.begin(0) == Turn(b"ask")
    assert not exchange.left
    assert exchange.answer(ENDED, 1) == Turn()
    assert exchange.answer(Answer(7, "ask", "5"), 1) == Turn(result=Answer(7, "ask", "5"))
    assert exchange.due is None


def test_an_exchange_is_repeated_twice() -> None:
    exchange = Exchange(7, b"ask")
    exchange.begin(0)
    turns = run(exchange, 100)
    assert said(turns, b"ask") == [5, 10]
    assert turns[-1][0] == 15
    assert isinstance(turns[-1][1].result, GatewayTimeout)


def test_an_exchange_can_be_refused() -> None:
    assert refused_with(play(Exchange(7, b"ask"), 0, Refused(7, "no")), CommandRefused, "no")


def test_a_reboot_is_done_when_answered() -> None:
    exchange = RebootExchange(7, b"reboot")
    assert exchange.begin(0) == Turn(b"reboot")
    assert exchange.left
    assert exchange.answer(WAITING, 1) == Turn()
    assert exchange.answer(Answer(7, "reboot", "ok"), 1) == Turn(result=Done())


def test_a_reboot_can_be_refused() -> None:
    assert refused_with(play(RebootExchange(7, b"reboot"), 0, Refused(7, "no")), CommandRefused, "no")


def test_a_reboot_is_done_when_the_line_goes_away() -> None:
    exchange = RebootExchange(7, b"reboot")
    exchange.begin(0)
    assert exchange.heard(gone=False) == Turn()
    assert exchange.heard(gone=True) == Turn(result=Done())


@pytest.mark.parametrize("alive", [True, False])
def test_a_reboot_is_never_repeated_and_silence_is_success(alive: bool) -> None:
    exchange = RebootExchange(7, b"reboot")
    exchange.begin(0)
    if alive:
        exchange.heard(gone=False)
    [(when, turn)] = run(exchange, 100)
    assert when == 30
    assert isinstance(turn.result, OutcomeUnknown if alive else Done)


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Answer(7, "USSD", "You have 1 EUR@@@"), UssdReply(text="You have 1 EUR")),
        (Answer(7, "USSD", "a@b\nc@@ \n"), UssdReply(text="a@b\nc")),
        (Answer(7, "USSD", ""), UssdReply(text="")),
        (Prompt(7, Word.USSD_ENDED), UssdReply(text="", session_open=False)),
    ],
)
def test_a_ussd_code_is_answered(reply: Reply, result: UssdReply) -> None:
    exchange = UssdExchange(7, b"USSD", timeout=120)
    assert play(exchange, 0, WAITING, reply) == Turn(result=result)
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
    assert exchange.left
    turns = run(exchange, 1000)
    assert said(turns, b"USSD") == repeats
    assert turns[-1][0] == timeout
    assert isinstance(turns[-1][1].result, OutcomeUnknown)


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
