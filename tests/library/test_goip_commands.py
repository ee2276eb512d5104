"""Everything that can be asked of a GoIP, and everything that it tells: one row each of sections 5 and 6.

A row has the bytes of both directions; each is played through the dialog.
"""

from dataclasses import dataclass, field

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Emit, Send
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    NotSupported,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import (
    CallChanged,
    CallState,
    DialogEvent,
    PortChanged,
    PortState,
    PortStatus,
    UssdArrived,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.records import DeliveryReported, Record, SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import (
    CloseUssd,
    Done,
    Forwarding,
    ForwardingReason,
    GetCallForwarding,
    HangUp,
    LockCell,
    Outcome,
    Reboot,
    RefreshCells,
    Request,
    ResetRemainingTime,
    SendSms,
    SendUssd,
    SetAllEnabled,
    SetCallForwarding,
    SetCallInterval,
    SetCallTimeLimit,
    SetCallWaiting,
    SetEnabled,
    SetImei,
    SetPhoneNumber,
    SmsTaken,
)

from .goip_stage import (
    BOX,
    LINE,
    NUMBER,
    PEER,
    PEER2,
    Bench,
    Kept,
    events,
    keepalive,
    outcome,
    push,
    records,
    sendid,
    sent,
    settled,
    told,
)

IMEI = "490154203237518"
IDLE = CallState.IDLE


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


@dataclass(frozen=True, kw_only=True)
class Row:
    """A request: what is written, what is answered, and what comes of it. ``{}`` is the sendid."""

    request: Request[object]
    packet: str
    reply: str
    outcome: Outcome = field(default_factory=Done)
    error: str = "ERROR {} no way"
    reason: str = "no way"
    learned: dict[str, object] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    """What is written afterwards, but for the question for all that the line knows."""
    read_back: bool = False
    times: int = 3
    """How often it is said to a line that does not answer."""


def forward(reason: ForwardingReason, number: str | None, timeout: int = 20) -> SetCallForwarding:
    return SetCallForwarding(port=LINE, reason=reason, number=number, timeout=timeout)


ROWS = {
    "set_gsm_num": Row(
        request=SetPhoneNumber(port=LINE, number=NUMBER),
        packet=f"set_gsm_num {{}} {NUMBER} pw",
        reply=f"set_gsm_num {{}} {NUMBER} ok",
        error=f"ERROR {{}} {NUMBER} no way",
        learned={"phone_number": NUMBER},
        read_back=True,
    ),
    "set_exp_time": Row(
        request=SetCallTimeLimit(port=LINE, minutes=60),
        packet="set_exp_time {} 60 pw",
        reply="set_exp_time {} 60 ok",
        error="ERROR {} 60 no way",
        learned={"call_time_limit": 60},
        read_back=True,
    ),
    "set_exp_time 0": Row(
        request=SetCallTimeLimit(port=LINE, minutes=0),
        packet="set_exp_time {} 0 pw",
        reply="set_exp_time {} 0 OK\n",
        learned={"call_time_limit": 0},
        read_back=True,
    ),
    "set_exp_time -1": Row(
        request=SetCallTimeLimit(port=LINE, minutes=None),
        packet="set_exp_time {} -1 pw",
        reply="set_exp_time {} -1 ok",
        read_back=True,
    ),
    "reset_remain_time": Row(
        request=ResetRemainingTime(port=LINE),
        packet="reset_remain_time {} pw",
        reply="reset_remain_time {} ok",
        read_back=True,
    ),
    "set_out_call_interval": Row(
        request=SetCallInterval(port=LINE, seconds=30),
        packet="set_out_call_interval {} 30 pw",
        reply="set_out_call_interval {} 30 ok",
        learned={"call_interval": 30},
        read_back=True,
    ),
    "set_imei": Row(
        request=SetImei(port=LINE, imei=IMEI),
        packet=f"set_imei {{}} {IMEI} pw",
        reply=f"set_imei {{}} {IMEI} ok",
        learned={"imei": IMEI},
        read_back=True,
    ),
    "module_ctl_i 0": Row(
        request=SetEnabled(port=LINE, enabled=False),
        packet="module_ctl_i {} 0 pw",
        reply="module_ctl_i {} ok",
        learned={"enabled": False, "status": PortStatus.DISABLED},
        read_back=True,
    ),
    "module_ctl_i 1": Row(
        request=SetEnabled(port=LINE, enabled=True),
        packet="module_ctl_i {} 1 pw",
        reply="module_ctl_i {} ok",
        learned={"enabled": True},
        read_back=True,
    ),
    "module_ctl": Row(
        request=SetAllEnabled(channels=(LINE,), enabled=frozenset({LINE}), disabled=frozenset()),
        packet="module_ctl {} 1 pw",
        reply="module_ctl {} ok",
        learned={"enabled": True},
        read_back=True,
    ),
    "svr_drop_call": Row(
        request=HangUp(port=LINE),
        packet="svr_drop_call {} pw",
        reply="svr_drop_call {} $OK",
        times=1,
    ),
    "svr_reboot_module": Row(
        request=Reboot(port=LINE),
        packet="svr_reboot_module {} pw",
        reply="svr_reboot_module {} ok",
        times=1,
    ),
    "svr_reboot_dev": Row(
        request=Reboot(),
        packet="svr_reboot_dev {} pw",
        reply="svr_reboot_dev {} ok",
        times=1,
    ),
    "CF on": Row(
        request=forward(ForwardingReason.UNCONDITIONAL, NUMBER, 25),
        packet=f"CF {{}} pw 0 3 {NUMBER} 0",
        reply="CFOK {}",
        error="CFERROR {}",
        reason="CFERROR",
        then=("DONE {}\n",),
    ),
    "CF on without reply": Row(
        request=forward(ForwardingReason.NO_REPLY, NUMBER, 25),
        packet=f"CF {{}} pw 2 3 {NUMBER} 25",
        reply="CFOK {}",
        then=("DONE {}\n",),
    ),
    "CF off": Row(
        request=forward(ForwardingReason.ALL, None),
        packet="CF {} pw 4 4  0",
        reply="CFOK {}",
        error="CFERROR {} no way",
        then=("DONE {}\n",),
    ),
    "CF asked": Row(
        request=GetCallForwarding(port=LINE, reason=ForwardingReason.BUSY),
        packet="CF {} pw 1 2  0",
        reply=f"CFSTATE {{}} 1 {NUMBER}",
        outcome=Forwarding(True, NUMBER),
        then=("DONE {}\n",),
    ),
    "CF asked of nothing": Row(
        request=GetCallForwarding(port=LINE, reason=ForwardingReason.UNREACHABLE),
        packet="CF {} pw 3 2  0",
        reply="CFSTATE {} 0 ",
        outcome=Forwarding(False),
        then=("DONE {}\n",),
    ),
    "CW on": Row(
        request=SetCallWaiting(port=LINE, enabled=True),
        packet="CW {} pw 1",
        reply="CWOK {}",
        error="CWERROR {}",
        reason="CWERROR",
    ),
    "CW off": Row(
        request=SetCallWaiting(port=LINE, enabled=False),
        packet="CW {} pw 0",
        reply="CWSTATE {} 0",
    ),
    "set_base_cell": Row(
        request=LockCell(port=LINE, cell="456"),
        packet="set_base_cell {} 456 pw",
        reply="set_base_cell {} 456 ok",
        error="ERROR {} 456 no way",
        then=("CURCELL {} pw",),
    ),
    "USSDEXIT": Row(
        request=CloseUssd(port=LINE),
        packet="USSDEXIT {} pw",
        reply="USSDEXIT {}",
        error="USSDERROR {} no way",
    ),
    "USSD": Row(
        request=SendUssd(port=LINE, code="*100#", timeout=30),
        packet="USSD {} pw *100#",
        reply="USSD {} 1 EUR",
        outcome=UssdReply(text="1 EUR"),
        error="USSDERROR {} no way",
        times=1,
    ),
}


def by_name(name: str) -> Row:
    return ROWS[name]


each_row = pytest.mark.parametrize("name", ROWS)


def open_row(bench: Bench, row: Row) -> int:
    """Ask what a row asks, check what is written, and give its sendid."""
    steps = bench.submit(row.request)
    sid = sendid(steps)
    assert [step for step in steps if not isinstance(step, Kept)] == [
        Send(row.packet.format(sid).encode(), PEER)
    ]
    return sid


@each_row
def test_a_request_is_carried_out(name: str) -> None:
    row, bench = by_name(name), Bench(BOX, tells=None)
    [*_, (question, _)] = sent(bench.receive(keepalive()))
    bench.receive(f"GSM:{question.split()[1].decode()};")
    sid = open_row(bench, row)
    steps = bench.receive(row.reply.format(sid))
    assert outcome(steps) == row.outcome
    written = [data.decode() for data, _ in sent(steps)]
    asked = [packet for packet in written if packet.startswith("GSM ")]
    assert len(asked) == row.read_back
    others = [packet for packet in written if packet not in asked]
    assert [packet.split()[0] for packet in others] == [packet.split()[0] for packet in row.then]
    assert all(packet == row.then[0].format(packet.split()[1]) for packet in others)
    states = [event.state for event in told(steps, PortChanged)]
    for key, value in row.learned.items():
        assert getattr(states[-1], key) == value
    assert bool(states) is bool(row.learned)
    assert bench.dialog.ignored == {}


@each_row
def test_a_request_may_be_refused(bench: Bench, name: str) -> None:
    row = by_name(name)
    steps = bench.receive(row.error.format(open_row(bench, row)))
    refused = outcome(steps)
    assert type(refused) is CommandRefused
    assert refused.reason == row.reason
    assert [step for step in steps if not hasattr(step, "ticket")] == []


@each_row
def test_a_request_may_get_no_answer(bench: Bench, name: str) -> None:
    row = by_name(name)
    sid = open_row(bench, row)
    bench.receive(keepalive(2))
    steps = bench.after(30)
    assert [data.decode() for data, _ in sent(steps)] == [row.packet.format(sid)] * (row.times - 1)
    assert isinstance(outcome(steps), GatewayTimeout if row.times > 1 else OutcomeUnknown)


@each_row
def test_nothing_is_asked_of_a_line_that_is_away(bench: Bench, name: str) -> None:
    bench.after(100)
    given = outcome(bench.submit(by_name(name).request))
    assert isinstance(
        given, LinkLost if getattr(by_name(name).request, "port", None) is None else PortNotReady
    )


@each_row
def test_no_request_shows_a_number_or_code(bench: Bench, name: str) -> None:
    shown = repr([by_name(name).request, bench.submit(by_name(name).request)])
    for secret in (NUMBER, IMEI, "*100#"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (SetPhoneNumber(port=LINE, number="1 2"), "number"),
        (SetPhoneNumber(port=LINE, number=""), "number"),
        (SetCallTimeLimit(port=LINE, minutes=-1), "minutes"),
        (SetCallTimeLimit(port=LINE, minutes=100_001), "minutes"),
        (SetCallInterval(port=LINE, seconds=-1), "seconds"),
        (SetCallInterval(port=LINE, seconds=86_401), "seconds"),
        (forward(ForwardingReason.ALL, "12;3"), "number"),
        (forward(ForwardingReason.NO_REPLY, NUMBER, 4), "ringing"),
        (forward(ForwardingReason.NO_REPLY, NUMBER, 31), "ringing"),
        (SetImei(port=LINE, imei="490154203237517"), "imei"),
        (SetImei(port=LINE, imei="49015420323751"), "imei"),
        (LockCell(port=LINE, cell=""), "cell"),
        (LockCell(port=LINE, cell="4 5"), "cell"),
        (SetAllEnabled(channels=("x",), enabled=frozenset(), disabled=frozenset()), "port"),
        (SetAllEnabled(channels=(LINE,), enabled=frozenset({"x"}), disabled=frozenset()), "port"),
        (SetAllEnabled(channels=(LINE,), enabled=frozenset({LINE}), disabled=frozenset({LINE})), "ports"),
        (SetAllEnabled(channels=(LINE, LINE), enabled=frozenset(), disabled=frozenset()), "ports"),
        *(
            (request, "port")
            for request in (
                SetPhoneNumber(port="x", number=NUMBER),
                SetEnabled(port="x", enabled=True),
                HangUp(port="x"),
                GetCallForwarding(port="x", reason=ForwardingReason.ALL),
                RefreshCells(port="x"),
                LockCell(port="x", cell="1"),
                CloseUssd(port="x"),
                Reboot(port="x"),
            )
        ),
    ],
)
def test_what_cannot_be_carried_is_refused(bench: Bench, request_: Request[object], reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        bench.submit(request_)
    assert refused.value.reason == reason


def test_what_a_goip_has_no_command_for_is_refused(bench: Bench) -> None:
    with pytest.raises(NotSupported):
        bench.submit(Request())


# What is read back


SINGLE = {
    "set_gsm_num": "get_gsm_num",
    "set_exp_time": "get_exp_time",
    "reset_remain_time": "get_remain_time",
    "set_out_call_interval": "get_out_call_interval",
    "set_imei": "get_imei",
    "module_ctl_i 0": None,
    "module_ctl": None,
}


@pytest.mark.parametrize(("name", "getter"), SINGLE.items())
def test_a_line_that_cannot_tell_all_is_asked_for_what_was_set(name: str, getter: str | None) -> None:
    row, bench = by_name(name), Bench(BOX, tells=None)
    packets = sent(bench.receive(keepalive(rest="")))[1:]
    while packets:
        [(question, _)] = packets
        verb, sid, *_ = question.decode().split()
        packets = sent(bench.receive(f"ERROR {sid} {verb} is not known"))
    written = sent(bench.receive(row.reply.format(open_row(bench, row))))
    assert [data.split()[0].decode() for data, _ in written] == ([getter] if getter else [])


def test_what_the_box_says_counts_more_than_what_was_set() -> None:
    bench = Bench(BOX, tells="get_exp_time:99;get_gsm_num:")
    bench.receive(keepalive())
    sid = open_row(bench, ROWS["set_exp_time"])
    states = [event.state for event in told(bench.receive(f"set_exp_time {sid} 60 ok"), PortChanged)]
    assert [state.call_time_limit for state in states] == [60, 99]


def test_no_limit_is_no_number_of_minutes(bench: Bench) -> None:
    bench.receive(f"set_exp_time {open_row(bench, ROWS['set_exp_time'])} 60 ok")
    steps = bench.receive(f"set_exp_time {open_row(bench, ROWS['set_exp_time -1'])} -1 ok")
    assert [event.state.call_time_limit for event in told(steps, PortChanged)] == [None]


# Forwarding and waiting


@pytest.mark.parametrize(
    ("reply", "reason"), [("CFOK {}", "CFOK"), (f"CFSTATE {{}} maybe {NUMBER}", "CFSTATE maybe")]
)
def test_a_state_that_is_not_told_is_an_error(bench: Bench, reply: str, reason: str) -> None:
    sid = open_row(bench, ROWS["CF asked"])
    refused = outcome(bench.receive(reply.format(sid)))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == reason


def test_a_state_that_is_not_what_was_asked_for_is_an_error(bench: Bench) -> None:
    sid = open_row(bench, ROWS["CW on"])
    refused = outcome(bench.receive(f"CWSTATE {sid} 0"))
    assert isinstance(refused, CommandRefused)
    assert refused.reason == "CWSTATE 0"


def test_the_network_has_half_a_minute(bench: Bench) -> None:
    sid = open_row(bench, ROWS["CF asked"])
    assert settled(bench.after(29)) == []
    assert outcome(bench.receive(f"CFSTATE {sid} 0")) == Forwarding(False)


# Calls


@pytest.mark.parametrize(
    "words",
    [
        push("HANGUP", 5, "num:,cause:Normal call clearing"),
        push("STATE", 5, "gsm_remain_state:IDLE"),
        keepalive(2, status="LOGOUT"),
        keepalive(1),
    ],
)
def test_a_call_whose_end_is_seen_has_been_ended(words: str) -> None:
    bench = Bench(BOX)
    bench.receive(keepalive(100 if words == keepalive(1) else 1))
    open_row(bench, ROWS["svr_drop_call"])
    assert outcome(bench.receive(words)) == Done()


def test_an_older_state_is_no_end_of_a_call(bench: Bench) -> None:
    bench.receive(push("STATE", 5, f"gsm_remain_state:CONNECTED:{NUMBER}"))
    open_row(bench, ROWS["svr_drop_call"])
    assert settled(bench.receive(push("STATE", 6, "gsm_remain_state:IDLE"))) == []


# Switching all


def box_of_three() -> Bench:
    bench = Bench(Box(key="box", password="pw", lines=("goip1", "goip2", "goip3")), tells=None)
    for line, peer in (("goip1", PEER), ("goip2", PEER2)):
        [_, (question, _)] = sent(bench.receive(keepalive(line=line), peer))
        bench.receive(f"GSM:{question.split()[1].decode()};", peer)
    return bench


def test_ports_are_switched_by_the_line_that_was_heard_last() -> None:
    bench = box_of_three()
    request = SetAllEnabled(
        channels=("goip3", "goip2", "goip1"), enabled=frozenset({"goip1"}), disabled=frozenset({"goip3"})
    )
    steps = bench.submit(request)
    sid = sendid(steps)
    assert sent(steps) == [(f"module_ctl {sid} 021 pw".encode(), PEER2)]
    steps = bench.receive(f"module_ctl {sid} ok", PEER2)
    assert outcome(steps) == Done()
    assert {event.state.port: event.state.enabled for event in told(steps, PortChanged)} == {
        "goip1": True,
        "goip3": False,
    }
    assert [(data.split()[0], peer) for data, peer in sent(steps)] == [(b"GSM", PEER)]  # goip3 is away


def test_a_box_without_a_line_cannot_be_asked() -> None:
    bench = Bench(BOX)
    assert isinstance(outcome(bench.submit(Reboot())), LinkLost)


# Bulk sessions, which have a table of their own


def test_a_text(bench: Bench) -> None:
    request = SendSms(port=LINE, recipient=NUMBER, text="hi", message_id="m")
    sid = sendid(bench.submit(request))
    bench.receive(f"PASSWORD {sid}\n")
    bench.receive(f"SEND {sid}\n")
    bench.receive(f"WAIT {sid} 1\n")
    assert outcome(bench.receive(f"OK {sid} 1 160 \n")) == SmsTaken(160)


# What boxes tell by themselves

STATE = PortState(port=LINE, status=PortStatus.READY, signal=-73, unlimited=True)

PUSHES: list[tuple[str, str, list[type[DialogEvent | Record]], dict[str, object]]] = [
    ("RECEIVE", f"srcnum:{NUMBER};msg:text", [SmsArrived], {}),
    ("DELIVER", f"sms_no:1;state:0;num:{NUMBER}", [DeliveryReported], {}),
    (
        "STATE",
        f"gsm_remain_state:INCOMING:{NUMBER}",
        [PortChanged, CallChanged],
        {"call_state": CallState.INCOMING},
    ),
    ("RECORD", f"dir:2;num:{NUMBER}", [PortChanged, CallChanged], {"call_state": CallState.DIALING}),
    ("REMAIN", "gsm_remain_time:7", [PortChanged], {"remaining_time": 7, "unlimited": False}),
    ("EXPIRY", "exp:3", [], {}),
    ("HANGUP", "num:,cause:User busy", [PortChanged], {"call_state": IDLE}),
    ("CELLS", "lists:1,2,", [], {}),
    ("CELLINFO", 'info:"LAC:7E5,CELL ID:5E5B"', [PortChanged], {"cell": "LAC:7E5,CELL ID:5E5B"}),
    ("BCCH", "bcch:1,2,", [], {}),
    ("CGATT", "cgatt:1", [], {}),
    ("USSN", "msg:text", [UssdArrived], {}),
    ("NUMRECORD", "num:1", [], {}),
    ("NUM_ICCID", "iccid:1", [], {}),
    ("need_recharge", "", [], {}),
    ("recharge_ok", "", [], {}),
]


@pytest.mark.parametrize(("verb", "fields", "kinds", "learned"), PUSHES, ids=[row[0] for row in PUSHES])
def test_a_push_is_acknowledged_and_told_of_or_kept_once(
    bench: Bench, verb: str, fields: str, kinds: list[type[DialogEvent | Record]], learned: dict[str, object]
) -> None:
    packet, acknowledgement = push(verb, -5, fields), Send(f"{verb} -5 OK".encode(), PEER)
    steps = bench.receive(packet)
    assert next(step for step in steps if not isinstance(step, Kept)) == acknowledgement
    assert [type(told_or_kept) for told_or_kept in (*records(steps), *events(steps))] == kinds
    for event in told(steps, PortChanged):
        assert {key: getattr(event.state, key) for key in learned} == learned
    assert bench.receive(packet) == [acknowledgement]
    assert not any(isinstance(step, Emit) for step in bench.receive(packet))
