"""The lines of a GoIP: what keepalives tell, silence, strangers, and what makes trouble."""

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send
from custom_components.gsm_gateway.aiogsm.errors import InvalidInput, LinkLost
from custom_components.gsm_gateway.aiogsm.goip.port import Address
from custom_components.gsm_gateway.aiogsm.models import (
    CallState,
    ConnectionChanged,
    LineHeard,
    LineRefused,
    PortChanged,
    PortRestarted,
    PortState,
    PortStatus,
    Trouble,
    TroubleFound,
)
from custom_components.gsm_gateway.aiogsm.requests import Reboot

from .goip_stage import (
    BOX,
    MOVED,
    PEER,
    PEER2,
    STRANGER,
    Bench,
    keepalive,
    port,
    push,
    sendid,
    sent,
    settled,
    sms,
    state_of,
    told,
    trouble,
)
from .goip_transcripts import packets


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


# Keepalives


def test_a_keepalive_registers_a_line() -> None:
    bench = Bench(BOX)
    steps = bench.receive(keepalive(27))
    assert steps == [
        Send(b"reg:27;status:200;", PEER),
        Emit(
            PortChanged(
                gateway="box",
                state=PortState(port="goip1", status=PortStatus.READY, signal=-73, unlimited=True),
                host="192.0.2.1",
            )
        ),
        Emit(ConnectionChanged(gateway="box", connected=True)),
    ]


def test_an_equal_keepalive_tells_nothing(bench: Bench) -> None:
    assert bench.receive(keepalive(2)) == [Send(b"reg:2;status:200;", PEER)]


def test_reads_all_that_a_keepalive_of_2018_tells() -> None:
    bench = Bench(Box(key="box", password="gateway_password", lines=("gateway_name",)))
    [packet] = [packet for packet in packets("keepalives", "<") if b"gateway_name" in packet]
    assert port(bench.receive(packet)) == PortState(
        port="gateway_name",
        status=PortStatus.READY,
        signal=-55,
        operator="POL",
        unlimited=True,
        call_state=CallState.IDLE,
        voip_registered=False,
        cell="LAC:7E5,CELL ID:5E5B",
        imei="867495023958030",
        imsi="260060172091324",
        iccid="89480611000720913242",
    )


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ("gsm_status:LOGIN;", PortStatus.READY),
        ("gsm_status:LOGOUT;", PortStatus.NOT_REGISTERED),
        ("gsm_status:;", PortStatus.NOT_REGISTERED),
        ("", PortStatus.READY),
    ],
)
def test_the_status_of_a_line(fields: str, status: PortStatus) -> None:
    assert port(Bench(BOX).receive(f"req:1;id:goip1;pass:pw;{fields}")).status is status


def test_a_signal_that_is_not_measured_is_unknown(bench: Bench) -> None:
    assert port(bench.receive("req:2;id:goip1;pass:pw;signal:99;gsm_status:LOGIN;")).signal is None


def test_minutes_that_are_left(bench: Bench) -> None:
    state = port(bench.receive(keepalive(2, rest="remain_time:25;")))
    assert (state.remaining_time, state.unlimited) == (25, False)


def test_a_line_moves_with_its_keepalive(bench: Bench) -> None:
    steps = bench.receive(keepalive(2), MOVED)
    assert sent(steps) == [(b"reg:2;status:200;", MOVED)]
    assert [event.host for event in told(steps, PortChanged)] == [MOVED[0]]
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == MOVED


def test_another_port_of_the_same_host_is_no_news(bench: Bench) -> None:
    assert told(bench.receive(keepalive(2), PEER2), PortChanged) == []
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER2


def test_a_wrong_password_is_refused_and_changes_nothing(bench: Bench) -> None:
    steps = bench.receive(keepalive(2, word="no", status="LOGOUT"), STRANGER)
    refused = LineRefused(gateway="box", port="goip1", host=STRANGER[0])
    assert steps == [Send(b"reg:2;status:404;", STRANGER), Emit(refused)]  # and no trouble: the line is well
    assert bench.dialog.ignored == {"wrong_password": 1}
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER


def test_an_empty_password_gets_no_answer_because_it_would_be_longer(bench: Bench) -> None:
    assert sent(bench.receive("req:1;id:goip1;pass:", STRANGER)) == []
    assert bench.dialog.ignored == {"wrong_password": 1}


@pytest.mark.parametrize(
    "packet", ["req:1;id:goip1;pass:pw", "req:1;id:goip1;pass:no", "X:1;id:goip1;pass:pw"]
)
def test_no_answer_to_the_shortest_packet_is_longer(packet: str) -> None:
    [(answer, _), *_] = sent(Bench(BOX).receive(packet))
    assert len(answer) <= len(packet)


# Silence


def test_a_silent_line_goes_offline(bench: Bench) -> None:
    assert bench.after(94.9) == []
    steps = bench.after(0.1)
    state = port(steps)
    assert (state.status, state.signal, state.call_state) == (PortStatus.OFFLINE, None, None)
    [event] = told(steps, ConnectionChanged)
    assert not event.connected
    assert isinstance(event.error, LinkLost)
    assert bench.dialog.deadline() is None
    assert bench.dialog.tick(bench.now) == []


def test_each_keepalive_puts_silence_off(bench: Bench) -> None:
    for count in range(2, 20):
        assert bench.after(60) == []
        bench.receive(keepalive(count))
    assert bench.after(94.9) == []
    assert bench.after(0.1) != []


def test_a_line_comes_back(bench: Bench) -> None:
    bench.after(100)
    steps = bench.receive(keepalive(5))
    assert port(steps).status is PortStatus.READY
    assert [event.connected for event in told(steps, ConnectionChanged)] == [True]


def test_the_connection_lasts_as_long_as_any_line() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2")))
    assert len(told(bench.receive(keepalive()), ConnectionChanged)) == 1
    bench.after(60)
    assert told(bench.receive(keepalive(line="goip2"), PEER2), ConnectionChanged) == []
    steps = bench.after(60)
    assert port(steps).port == "goip1"
    assert told(steps, ConnectionChanged) == []
    assert [event.connected for event in told(bench.after(60), ConnectionChanged)] == [False]


def test_a_line_never_heard_is_told_offline() -> None:
    bench = Bench(BOX)
    assert bench.after(94.9) == []
    assert bench.after(1) == [
        Emit(PortChanged(gateway="box", state=PortState(port="goip1", status=PortStatus.OFFLINE)))
    ]


# Lines that nobody owns


def test_a_new_line_of_a_box_is_adopted(bench: Bench) -> None:
    steps = bench.receive(keepalive(line="goip2"), PEER2)
    assert sent(steps) == [(b"reg:1;status:200;", PEER2)]
    [event] = told(steps, PortChanged)
    assert (event.gateway, event.state.port) == ("box", "goip2")
    assert settled(bench.submit(Reboot(port="goip2"))) == []


@pytest.mark.parametrize(("peer", "word"), [(STRANGER, "pw"), (PEER, "other")], ids=["host", "password"])
def test_a_stranger_is_told_of_but_not_answered(bench: Bench, peer: Address, word: str) -> None:
    packet = keepalive(line="new", word=word)
    heard = Emit(LineHeard(line="new", host=peer[0], password=word))
    assert bench.receive(packet, peer) == [heard]
    bench.after(4.9)
    assert bench.receive(packet, peer) == []
    bench.after(0.1)
    assert bench.receive(packet, peer) == [heard]
    assert bench.dialog.ignored == {"unknown_line": 3}


def test_nobody_adopts_from_a_box_that_is_away(bench: Bench) -> None:
    bench.after(100)
    assert told(bench.receive(keepalive(line="goip2")), LineHeard)


def test_a_flood_of_strangers_is_told_of_in_part_and_forgotten(bench: Bench) -> None:
    heard = sum(len(bench.receive(keepalive(line=f"x{n}"), STRANGER)) for n in range(5000))
    assert heard == 256
    bench.after(5)
    assert told(bench.receive(keepalive(line="new"), STRANGER), LineHeard)


def test_a_box_adopts_only_so_many_lines(bench: Bench) -> None:
    adopted = [bool(sent(bench.receive(keepalive(line=f"x{n}")))) for n in range(1100)]
    assert sum(adopted) == 1023


def test_of_two_boxes_with_a_line_the_first_keeps_it() -> None:
    other = Box(key="other", password="secret", lines=("goip1", "goip9"))
    bench = Bench(BOX, other)
    assert bench.attached == [trouble(Trouble.LINE_TAKEN, gateway="other")]
    assert [event.gateway for event in told(bench.receive(keepalive()), PortChanged)] == ["box"]
    assert sent(bench.receive(keepalive(word="secret"))) == [(b"reg:1;status:404;", PEER)]
    with pytest.raises(InvalidInput):
        bench.submit(Reboot(port="goip1"), key="other")
    bench.detach()
    steps = bench.receive(keepalive(word="secret"))
    assert [event.gateway for event in told(steps, PortChanged)] == ["other"]


def test_two_boxes_behind_one_address_are_told_apart_by_password() -> None:
    bench = Bench(BOX, Box(key="other", password="secret", lines=("goip9",)))
    bench.receive(keepalive())
    bench.receive(keepalive(line="goip9", word="secret"))
    steps = bench.receive(keepalive(line="goip2", word="secret"))
    assert [event.gateway for event in told(steps, PortChanged)] == ["other"]


# What a keepalive tells beside


def test_a_keepalive_that_was_overtaken_only_shows_that_the_line_is_there(bench: Bench) -> None:
    bench.receive(keepalive(7))
    bench.after(10)
    assert bench.receive(keepalive(5, status="LOGOUT"), MOVED) == [Send(b"reg:5;status:200;", MOVED)]
    assert bench.after(94.9) == []
    assert sent(bench.submit(Reboot(port="goip1")))[0][1] == PEER


def test_a_keepalive_that_would_be_very_late_is_believed(bench: Bench) -> None:
    bench.receive(keepalive(7))
    bench.after(15)
    assert port(bench.receive(keepalive(5, status="LOGOUT"))).status is PortStatus.NOT_REGISTERED


@pytest.mark.parametrize(("count", "restarted"), [(101, False), (99, False), (3, True), (40, True)])
def test_a_restart_is_told(bench: Bench, count: int, restarted: bool) -> None:
    bench.receive(keepalive(100))
    told_of = told(bench.receive(keepalive(count)), PortRestarted)
    assert told_of == ([PortRestarted(gateway="box", port="goip1")] if restarted else [])


def test_what_a_line_is_silent_about_stays_as_it_was_told_last(bench: Bench) -> None:
    state = state_of(bench, "req:2;id:goip1;pass:pw;num:123;imei:867495023958030;CELLINFO:a;remain_time:5;")
    assert (state.phone_number, state.imei, state.cell) == ("123", "867495023958030", "a")
    state = state_of(bench, "req:3;id:goip1;pass:pw;num:;imei:000000000000000;CELLINFO:;signal:7;")
    assert (state.phone_number, state.imei, state.cell) == ("123", "867495023958030", "a")
    assert state.remaining_time == 5


@pytest.mark.parametrize(("word", "registered"), [("LOGIN", True), ("DOWN", False), ("", None)])
def test_whether_voip_is_registered(bench: Bench, word: str, registered: bool | None) -> None:
    assert state_of(bench, keepalive(2, rest=f"voip_status:{word};pro:x;")).voip_registered is registered


def test_a_silent_line_is_not_registered_with_voip_as_far_as_we_know(bench: Bench) -> None:
    bench.receive(keepalive(2, rest="voip_status:LOGIN;"))
    assert port(bench.after(100)).voip_registered is None


@pytest.mark.parametrize("cell", ["CELLINFO:LAC:2,CELL ID:3;", 'CELLINFO:"LAC:2,CELL ID:3";'])
def test_the_cell_in_a_keepalive(bench: Bench, cell: str) -> None:
    assert state_of(bench, keepalive(2, rest=cell)).cell == "LAC:2,CELL ID:3"


def test_the_cell_that_is_told_by_itself(bench: Bench) -> None:
    assert port(bench.receive(push("CELLINFO", 5, 'info:"LAC:2,CELL ID:3"'))).cell == "LAC:2,CELL ID:3"
    assert bench.receive(keepalive(2, rest="remain_time:-1;CELLINFO:LAC:2,CELL ID:3;")) == [
        Send(b"reg:2;status:200;", PEER)
    ]


@pytest.mark.parametrize(
    ("fields", "number"),
    [
        ("imsi:260060172091324;", "123"),
        ("imsi:;", "123"),
        ("imsi:000000000000000;", "123"),
        ("imsi:260060172091325;", None),
        ("imsi:260060172091325;num:456;", "456"),
        ("iccid:89480611000720913242;", "123"),
    ],
)
def test_a_number_belongs_to_its_sim(bench: Bench, fields: str, number: str | None) -> None:
    bench.receive("req:2;id:goip1;pass:pw;num:123;imsi:260060172091324;")
    bench.receive("req:3;id:goip1;pass:pw;imsi:;")
    assert state_of(bench, f"req:4;id:goip1;pass:pw;signal:1;{fields}").phone_number == number


def test_values_that_cannot_be_read_are_counted(bench: Bench) -> None:
    bench.receive(keepalive(2, rest="voip_state:FLYING;voip_status:?;"))
    bench.receive(keepalive(3, rest="voip_state:FLYING;"))
    bench.receive(push("STATE", 5, "gsm_remain_state:FLYING"))
    assert bench.dialog.ignored == {
        "unknown_voip_state:FLYING": 2,
        "unknown_voip_status": 1,
        "unknown_gsm_remain_state:FLYING": 1,
    }


# Passwords


def own_passwords() -> Bench:
    return Bench(
        Box(key="box", password="pw", lines=("goip1", "goip2"), passwords={"goip2": "pw2", "goip3": "x"})
    )


def test_lines_may_have_passwords_of_their_own() -> None:
    bench = own_passwords()
    assert sent(bench.receive(keepalive(line="goip1"))) == [(b"reg:1;status:200;", PEER)]
    assert sent(bench.receive(keepalive(line="goip2"), PEER2)) == [(b"reg:1;status:404;", PEER2)]
    assert sent(bench.receive(keepalive(line="goip2", word="pw2"), PEER2)) == [(b"reg:1;status:200;", PEER2)]
    assert told(bench.receive(keepalive(line="goip3")), LineHeard)
    assert told(bench.receive(keepalive(line="goip3", word="x")), PortChanged)
    steps = bench.submit(Reboot(port="goip2"))
    assert sent(steps) == [(f"svr_reboot_module {sendid(steps)} pw2".encode(), PEER2)]
    sid = sendid(bench.submit(sms(to="goip2"), ticket=2))
    assert sent(bench.receive(f"PASSWORD {sid}")) == [(f"PASSWORD {sid} pw2\n".encode(), PEER2)]
    assert bench.receive(push("RECEIVE", 1, "srcnum:1;msg:a", line="goip2")) == []
    assert sent(bench.receive(push("RECEIVE", 1, "srcnum:1;msg:a", line="goip2", word="pw2"))) != []


def test_no_password_is_shown() -> None:
    bench = own_passwords()
    assert bench.dialog.masked(b"PASSWORD 5 pw2\n", PEER) == b"PASSWORD 5 ***\n"
    assert bench.dialog.masked(b"USSD 5 pw 1", PEER) == b"USSD 5 *** 1"
    assert bench.dialog.masked(b"req:1;id:a;pass:other;", PEER) == b"req:1;id:a;pass:***;"


@pytest.mark.parametrize("passwords", [{"a b": "pw"}, {"goip1": ""}])
def test_refuses_passwords_that_no_packet_can_carry(passwords: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        Bench(Box(key="x", password="pw", passwords=passwords))


def test_a_line_with_a_wrong_password_is_told_of_once() -> None:
    bench = Bench(BOX)
    wrong, right = keepalive(word="no"), keepalive()
    assert bench.receive(wrong) == [Send(b"reg:1;status:404;", PEER), trouble(Trouble.UNAUTHENTICATED)]
    assert told(bench.receive(wrong), TroubleFound) == []
    bench.receive(right)
    assert told(bench.receive(wrong), TroubleFound) != []


def test_who_reports_as_a_line_that_is_well_elsewhere_is_told_of_now_and_then(bench: Bench) -> None:
    wrong, told_at = keepalive(word="no"), []
    for _ in range(12):
        if told(bench.receive(wrong, STRANGER), LineRefused):
            told_at.append(bench.now)
        bench.after(1.0)
    assert len(told_at) == 3  # every 5 seconds
    assert told(bench.receive(keepalive(word="worse"), STRANGER), LineRefused) == []


def test_a_flood_of_those_who_report_as_a_line_is_told_of_in_part(bench: Bench) -> None:
    wrong = keepalive(word="no")
    heard = [bench.receive(wrong, (f"10.0.{count // 250}.{count % 250}", 1)) for count in range(600)]
    assert sum(bool(told(steps, LineRefused)) for steps in heard) == 256


@pytest.mark.parametrize(
    "reply", ["ERROR {} PASSWORD", "ERROR {} wrong password", "GSMERROR {} PASSWORD"], ids=str.split
)
def test_a_line_that_refuses_the_password_is_told_of_once(bench: Bench, reply: str) -> None:
    steps = bench.receive(reply.format(sendid(bench.submit(Reboot(port="goip1")))))
    assert trouble(Trouble.UNAUTHENTICATED) in steps
    assert settled(steps) != []
    bench.receive(keepalive(2))
    sid = sendid(bench.submit(sms()))
    bench.receive(f"PASSWORD {sid}")
    steps = bench.receive(f"ERROR {sid} PASSWORD")
    assert told(steps, TroubleFound) == []
    assert settled(steps) != []
    bench.receive(f"DONE {sid}")
    bench.receive(f"svr_reboot_module {sendid(bench.submit(Reboot(port='goip1')))} ok")
    steps = bench.receive(reply.format(sendid(bench.submit(Reboot(port="goip1")))))
    assert trouble(Trouble.UNAUTHENTICATED) in steps


def test_a_password_that_a_session_takes_is_right_again(bench: Bench) -> None:
    wrong = "ERROR {} PASSWORD"
    bench.receive(wrong.format(sendid(bench.submit(Reboot(port="goip1")))))
    sid = sendid(bench.submit(sms()))
    bench.receive(f"PASSWORD {sid}")
    bench.receive(f"SEND {sid}")
    assert told(bench.receive(wrong.format(sendid(bench.submit(Reboot(port="goip1"))))), TroubleFound)


# Addresses


def test_a_line_that_is_heard_from_two_addresses_in_turn_is_told_of_once(bench: Bench) -> None:
    found = []
    for count in range(2, 9):
        bench.after(60)
        found.append(told(bench.receive(keepalive(count), (PEER, MOVED)[count % 2 == 0]), TroubleFound))
    expected = [TroubleFound(gateway="box", port="goip1", trouble=Trouble.TWO_ADDRESSES)]
    assert found == [[], [], expected, [], [], [], []]


def test_it_is_told_again_after_it_was_over(bench: Bench) -> None:
    count = 1
    for _ in range(2):
        for peer in (MOVED, PEER, MOVED):
            count += 1
            steps = bench.receive(keepalive(count), peer)
        assert told(steps, TroubleFound)
        for _ in range(5):
            count += 1
            bench.after(61)
            bench.receive(keepalive(count), MOVED)
        count += 1
        bench.receive(keepalive(count), PEER)
        bench.after(61)
        for _ in range(5):
            count += 1
            bench.after(61)
            bench.receive(keepalive(count), PEER)


def test_a_line_that_moves_now_and_then_is_no_trouble(bench: Bench) -> None:
    for count in range(2, 40):
        bench.after(90)
        assert told(bench.receive(keepalive(count), (PEER, MOVED)[count // 2 % 2]), TroubleFound) == []


# Whose an address is


def test_a_far_end_is_of_the_box_whose_line_was_welcomed_there_last() -> None:
    bench = Bench(BOX, Box(key="other", password="pw", lines=("goip9",)))
    owner_of = bench.dialog.owner_of
    assert owner_of(PEER) is None
    bench.receive(keepalive(word="no"))
    assert owner_of(PEER) is None
    bench.receive(keepalive())
    bench.receive(keepalive(line="goip9"), PEER2)
    assert (owner_of(PEER), owner_of(PEER2), owner_of(STRANGER)) == ("box", "other", None)
    bench.receive(keepalive(2), MOVED)
    assert (owner_of(PEER), owner_of(MOVED)) == (None, "box")
    bench.detach()
    assert (owner_of(MOVED), owner_of(PEER2)) == (None, "other")


def test_lines_that_share_an_address_share_it_again_after_one_has_moved() -> None:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2")))
    bench.receive(keepalive())
    bench.receive(keepalive(line="goip2"))
    bench.receive(keepalive(2), MOVED)
    bench.receive(keepalive(2, line="goip2"))
    assert bench.dialog.owner_of(PEER) == "box"
