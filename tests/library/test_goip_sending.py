"""GoIP bulk sessions: what is said, how often, to whom; and what is made of the answers."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    LinkLost,
    NotNow,
    OutcomeUnknown,
)
from custom_components.gsm_gateway.aiogsm.goip.messages import (
    Answer,
    Heard,
    Prompt,
    Refused,
    Reply,
    Taken,
    Waiting,
    Word,
)
from custom_components.gsm_gateway.aiogsm.goip.sending import PUT_OFF, BulkSession, Parcel, Terms
from custom_components.gsm_gateway.aiogsm.goip.session import Fate, Result, Sent, Turn
from custom_components.gsm_gateway.aiogsm.requests import SendSms, SmsTaken

from .goip_turns import answer, play, refused_with, result, run, said

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
TERMS = Terms("pw", lambda: True)


def session_of(*numbers: str, terms: Terms = TERMS) -> BulkSession:
    parcels = [
        Parcel(ticket, SendSms(port="goip1", recipient=number, text="hello", message_id=f"m{ticket}"))
        for ticket, number in enumerate(numbers, 1)
    ]
    return BulkSession(11, parcels, terms)


@pytest.fixture
def session() -> BulkSession:
    return BulkSession(11, [Parcel(7, SMS)], TERMS)


def by_ticket(turn: Turn) -> dict[int, Result]:
    return {fate.sent.ticket: fate.result for fate in turn.fates if fate.sent is not None}


def put_off(turn: Turn, reason: str) -> bool:
    given = result(turn)
    return isinstance(given, NotNow) and str(given) == reason


def kinds(turn: Turn) -> dict[int, type[Result]]:
    return {ticket: type(given) for ticket, given in by_ticket(turn).items()}


# One number


def test_a_whole_session(session: BulkSession) -> None:
    assert session.begin(0) == Turn(MSG)
    assert session.answer(CONFIRMED, 1) == Turn(PASSWORD)
    assert session.answer(AUTHENTICATED, 2) == Turn(mark=Sent(11, 1, 7, "m"))
    assert session.marked(Sent(11, 1, 7, "m"), 2.5, durable=True) == Turn(SEND)
    assert session.answer(WAITING, 3) == Turn()
    assert not session.over
    assert session.answer(TAKEN, 6) == Turn(DONE, (Fate(SmsTaken(160), Sent(11, 1, 7, "m")),))
    assert session.over
    assert session.successor(lambda: 12) is None
    assert session.answer(ENDED, 7) == Turn()
    assert session.due is None
    assert session.tick(100) == Turn()


def test_old_firmware_has_no_number_for_reports(session: BulkSession) -> None:
    assert result(play(session, 0, CONFIRMED, AUTHENTICATED, Taken(11, 1))) == SmsTaken(None)


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
    assert isinstance(result(turns[-1][1]), GatewayTimeout)


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
    assert isinstance(result(turn), OutcomeUnknown)
    assert session.due is None


def test_a_number_is_not_repeated_to_a_box_that_would_send_again() -> None:
    session = session_of("123", terms=Terms("pw", lambda: False))
    play(session, 100)
    assert said(run(session, 107), MSG) == [105]
    session.answer(CONFIRMED, 108)
    answer(session, AUTHENTICATED, 110)
    assert session.answer(WAITING, 112) == Turn()
    [(when, none), (end, turn)] = run(session, 1000)
    assert (when, none) == (117, Turn())
    assert end == 170
    assert isinstance(result(turn), OutcomeUnknown)


def test_waiting_puts_the_repeat_off_but_not_the_end(session: BulkSession) -> None:
    play(session, 100, CONFIRMED, AUTHENTICATED)
    for now in range(101, 157, 4):
        assert session.answer(WAITING, now) == Turn()
        assert session.due == min(now + 5, 160)
        assert session.tick(now + 4.9) == Turn()
    assert isinstance(result(session.tick(160)), OutcomeUnknown)


def test_repeated_answers_change_nothing(session: BulkSession) -> None:
    play(session, 0, CONFIRMED)
    assert session.answer(CONFIRMED, 1) == Turn()
    answer(session, AUTHENTICATED, 1)
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
    assert put_off(turn, reason)


def test_a_refused_number_is_final(session: BulkSession) -> None:
    turn = play(session, 0, CONFIRMED, AUTHENTICATED, WAITING, Refused(11, "errorstatus:38", 1))
    assert turn.packet == DONE
    assert refused_with(turn, CommandRefused, "errorstatus:38")


@pytest.mark.parametrize("reason", ["SENDID", "GSM_LOGOUT"])
def test_a_repeated_number_refused_with_the_session_is_unknown(session: BulkSession, reason: str) -> None:
    play(session, 0, CONFIRMED, AUTHENTICATED)
    assert session.tick(5) == Turn(SEND)
    assert isinstance(result(session.answer(Refused(11, reason), 6)), OutcomeUnknown)
    assert session.due is None


@pytest.mark.parametrize(
    "replies",
    [(WAITING, Refused(11, "GSM_LOGOUT")), (Refused(11, "whatever"),)],
    ids=["waited", "other word"],
)
def test_a_session_broken_off_otherwise_is_unknown(session: BulkSession, replies: tuple[Reply, ...]) -> None:
    turn = play(session, 0, CONFIRMED, AUTHENTICATED, *replies)
    assert turn.packet is None
    assert isinstance(result(turn), OutcomeUnknown)


def test_a_session_without_room_is_put_off(session: BulkSession) -> None:
    turn = play(session, 100, Refused(11, "too_many_sends_in_server"))
    assert turn == Turn(DONE)
    assert session.over
    again = session.successor(lambda: 12)
    assert again is not None
    assert session.successor(lambda: 13) is None
    assert again.begin(100) == Turn()
    assert again.due == 100 + PUT_OFF
    assert again.takes("hello", 101)
    assert again.answer(CONFIRMED, 101) == Turn()
    assert again.tick(100 + PUT_OFF) == Turn(b"MSG 12 5 hello\n")
    assert again.answer(Prompt(12, Word.CONFIRMED), 131) == Turn(b"PASSWORD 12 pw\n")


def test_a_session_that_never_finds_room_goes_elsewhere(session: BulkSession) -> None:
    turn = play(session, 0, Refused(11, "too_many_sends_in_server"))
    for number in range(12, 16):
        again = session.successor(lambda number=number: number)  # type: ignore[misc]
        assert again is not None
        session = again
        session.begin(0)
        session.tick(PUT_OFF)
        turn = session.answer(Refused(number, "too_many_sends_in_server"), PUT_OFF)
    assert put_off(turn, "too_many_sends_in_server")
    assert session.successor(lambda: 16) is None


def test_a_keepalive_means_nothing_to_a_session(session: BulkSession) -> None:
    session.begin(0)
    assert session.notice(Heard(gone=True)) == Turn()


# Several numbers


def test_numbers_follow_one_another() -> None:
    session = session_of("123", "456")
    assert session.begin(0).packet == MSG
    session.answer(CONFIRMED, 1)
    assert answer(session, AUTHENTICATED, 2) == Turn(b"SEND 11 1 123\n")
    turn = answer(session, TAKEN, 3)
    assert turn.packet == b"SEND 11 2 456\n"
    assert by_ticket(turn) == {1: SmsTaken(160)}
    assert session.answer(TAKEN, 4) == Turn()
    session.add(Parcel(3, SMS))
    turn = answer(session, Refused(11, "errorstatus:38", 2), 5)
    assert turn.packet == b"SEND 11 3 +8613800138000\n"
    assert kinds(turn) == {2: CommandRefused}
    turn = session.answer(Taken(11, 3, 161), 6)
    assert turn.packet == DONE
    assert by_ticket(turn) == {3: SmsTaken(161)}


def test_a_session_takes_ten_numbers_with_its_text_for_a_minute() -> None:
    session = session_of(*["123"] * 9)
    assert session.takes("hello", 0)
    assert not session.takes("other", 0)
    session.begin(100)
    assert session.takes("hello", 160)
    assert not session.takes("hello", 160.1)
    session.add(Parcel(10, SMS))
    assert not session.takes("hello", 101)


def test_a_closed_session_takes_no_number(session: BulkSession) -> None:
    play(session, 0, CONFIRMED, AUTHENTICATED, TAKEN)
    assert not session.takes("hello", 1)


def test_no_number_is_said_later_than_a_minute_after_the_text() -> None:
    session = session_of("123", "456", "789")
    session.begin(0)
    session.answer(CONFIRMED, 1)
    answer(session, AUTHENTICATED, 2)
    assert answer(session, TAKEN, 60).packet == b"SEND 11 2 456\n"
    turn = session.answer(Taken(11, 2), 61)
    assert turn.packet == DONE
    assert kinds(turn) == {2: SmsTaken}
    rest = session.successor(lambda: 12)
    assert rest is not None
    assert rest.begin(61) == Turn(b"MSG 12 5 hello\n")
    rest.answer(Prompt(12, Word.CONFIRMED), 62)
    assert answer(rest, Prompt(12, Word.AUTHENTICATED), 62).packet == b"SEND 12 1 789\n"


def test_after_a_number_that_nobody_knows_of_the_others_go_out_in_the_next_session() -> None:
    session = session_of("123", "456")
    play(session, 0, CONFIRMED, AUTHENTICATED)
    _, turn = run(session, 60)[-1]
    assert kinds(turn) == {1: OutcomeUnknown}
    rest = session.successor(lambda: 12)
    assert rest is not None
    assert rest.begin(60) == Turn(b"MSG 12 5 hello\n")


@pytest.mark.parametrize("reason", ["PASSWORD", "GSM_LOGOUT"])
def test_a_session_that_is_refused_is_refused_to_all(reason: str) -> None:
    turn = play(session_of("123", "456"), 0, CONFIRMED, Refused(11, reason))
    assert kinds(turn) == {1: NotNow, 2: NotNow}


def test_a_silent_box_is_silent_to_all() -> None:
    session = session_of("123", "456")
    session.begin(0)
    assert kinds(run(session, 15)[-1][1]) == {1: GatewayTimeout, 2: GatewayTimeout}


@pytest.mark.parametrize("reason", ["SENDID", "GSM_LOGOUT"])
def test_a_number_refused_with_the_session_has_not_left_nor_have_the_others(reason: str) -> None:
    session = session_of("123", "456", "789")
    play(session, 0, CONFIRMED, AUTHENTICATED, TAKEN)
    turn = session.answer(Refused(11, reason), 1)
    assert turn.packet == DONE
    assert kinds(turn) == {2: NotNow, 3: NotNow}


def test_with_a_repeated_number_refused_the_others_have_not_left() -> None:
    session = session_of("123", "456", "789")
    play(session, 0, CONFIRMED, AUTHENTICATED, TAKEN)
    session.tick(5)
    turn = session.answer(Refused(11, "SENDID"), 6)
    assert kinds(turn) == {2: OutcomeUnknown, 3: LinkLost}
    assert session.successor(lambda: 12) is None


def test_doubt_about_one_number_is_none_about_the_next() -> None:
    session = session_of("123", "456")
    play(session, 0, CONFIRMED, AUTHENTICATED, WAITING)
    session.tick(5)
    answer(session, TAKEN, 6)
    assert kinds(session.answer(Refused(11, "SENDID"), 7)) == {2: NotNow}


@pytest.mark.parametrize(
    ("replies", "given"),
    [
        ((CONFIRMED,), {1: LinkLost, 2: LinkLost}),
        ((CONFIRMED, AUTHENTICATED), {1: OutcomeUnknown, 2: LinkLost}),
        ((CONFIRMED, AUTHENTICATED, TAKEN), {2: OutcomeUnknown}),
        ((CONFIRMED, AUTHENTICATED, TAKEN, Taken(11, 2)), {}),
    ],
)
def test_what_is_abandoned(replies: tuple[Reply, ...], given: dict[int, type[GatewayError]]) -> None:
    session = session_of("123", "456")
    play(session, 0, *replies)
    assert kinds(session.abandon()) == given
    assert session.due is None
