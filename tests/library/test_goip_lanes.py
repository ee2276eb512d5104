"""GoIP cells, which come by themselves; and commands that wait for one another, and for nobody else."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import (
    PortChanged,
)
from custom_components.gsm_gateway.aiogsm.requests import (
    Cells,
    Done,
    HangUp,
    LockCell,
    RefreshCells,
    SendUssd,
    SetCallInterval,
    SetCallWaiting,
)

from .goip_stage import (
    BOX,
    LINE,
    PEER,
    Bench,
    keepalive,
    outcome,
    push,
    sendid,
    sent,
    settled,
    sms,
    told,
)


@pytest.fixture
def bench() -> Bench:
    """Give a dialog with a box whose line has registered."""
    bench = Bench(BOX)
    bench.receive(keepalive())
    return bench


# Cells


def test_cells_are_listed_and_the_present_one_is_asked_for(bench: Bench) -> None:
    steps = bench.submit(RefreshCells(port=LINE))
    sid = sendid(steps)
    assert sent(steps) == [(f"get_cells_list {sid} pw".encode(), PEER)]
    assert bench.receive(f"get_cells_list {sid} ok") == []
    bench.after(50)
    steps = bench.receive(push("CELLS", 5, "lists:123,456,789,"))
    assert outcome(steps) == Cells(("123", "456", "789"))
    [acknowledgement, (question, _)] = sent(steps)
    assert acknowledgement == (b"CELLS 5 OK", PEER)
    [event] = told(bench.receive(f"CURCELL {question.split()[1].decode()} 456"), PortChanged)
    assert event.state.cell == "456"


def test_cells_that_do_not_come(bench: Bench) -> None:
    sid = sendid(bench.submit(RefreshCells(port=LINE)))
    bench.receive(f"get_cells_list {sid} ok")
    assert settled(bench.after(59.9)) == []
    assert isinstance(outcome(bench.after(0.1)), GatewayTimeout)


def test_other_commands_do_not_wait_for_cells(bench: Bench) -> None:
    sid = sendid(bench.submit(RefreshCells(port=LINE)))
    bench.receive(f"get_cells_list {sid} ok")
    assert sent(bench.submit(HangUp(port=LINE), ticket=2)) != []
    assert sent(bench.submit(RefreshCells(port=LINE), ticket=3)) == []
    assert dict(settled(bench.receive(push("CELLS", 5, "lists:1,")))) == {1: Cells(("1",))}


def test_two_may_wait_for_the_same_cells(bench: Bench) -> None:
    for ticket in (1, 2):
        sid = sendid(bench.submit(RefreshCells(port=LINE), ticket))
        bench.receive(f"get_cells_list {sid} ok")
    assert dict(settled(bench.receive(push("CELLS", 5, "lists:1,")))) == {1: Cells(("1",)), 2: Cells(("1",))}


@pytest.mark.parametrize(("cell", "fits"), [("123", True), ("789", True), ("7", True), ("9", False)])
def test_only_a_cell_that_is_heard_can_be_locked(bench: Bench, cell: str, fits: bool) -> None:
    bench.receive(push("CELLS", 5, "lists:123,789,"))
    bench.receive(push("CELLINFO", 4, "info:7"))
    if fits:
        assert sent(bench.submit(LockCell(port=LINE, cell=cell))) != []
        return
    with pytest.raises(InvalidInput) as refused:
        bench.submit(LockCell(port=LINE, cell=cell))
    assert refused.value.reason == "cell"


def test_cells_are_forgotten_when_the_box_restarts(bench: Bench) -> None:
    bench.receive(keepalive(100))
    bench.receive(push("CELLS", 5, "lists:123,"))
    bench.receive(keepalive(1))
    assert sent(bench.submit(LockCell(port=LINE, cell="9"))) != []


# Lanes


def test_commands_go_one_at_a_time_and_in_order(bench: Bench) -> None:
    requests = [SetCallInterval(port=LINE, seconds=seconds) for seconds in (1, 2, 3)]
    steps = bench.submit(requests[0], ticket=1)
    for ticket, request in enumerate(requests[1:], 2):
        assert bench.submit(request, ticket) == []
    for seconds in (1, 2, 3):
        assert sent(steps) == [(f"set_out_call_interval {sendid(steps)} {seconds} pw".encode(), PEER)]
        steps = bench.receive(f"set_out_call_interval {sendid(steps)} {seconds} ok")
        assert settled(steps) == [(seconds, Done())]
    assert sent(steps) == []


def test_commands_go_beside_texts_and_codes(bench: Bench) -> None:
    bench.submit(SendUssd(port=LINE, code="*100#", timeout=120))
    assert sent(bench.submit(HangUp(port=LINE), ticket=2)) != []
    assert sent(bench.submit(sms(), ticket=3)) == []


def test_what_is_asked_for_goes_before_our_own_questions() -> None:
    bench = Bench(BOX, tells=None)
    [_, (question, _)] = sent(bench.receive(keepalive(rest="")))
    assert bench.submit(HangUp(port=LINE)) == []
    steps = bench.receive(f"GSMERROR {question.split()[1].decode()} what")
    assert [data.split()[0] for data, _ in sent(steps)] == [b"svr_drop_call"]
    assert [data.split()[0] for data, _ in sent(bench.receive(f"svr_drop_call {sendid(steps)} ok"))] == [
        b"get_gsm_num"
    ]


def test_what_waits_for_a_line_that_goes_away_is_given_back(bench: Bench) -> None:
    bench.after(85)
    bench.submit(SetCallWaiting(port=LINE, enabled=True))
    assert bench.submit(HangUp(port=LINE), ticket=2) == []
    outcomes = dict(settled(bench.after(40)))
    assert isinstance(outcomes[1], GatewayTimeout)
    assert isinstance(outcomes[2], PortNotReady)


def test_what_is_asked_of_a_gateway_that_is_let_go_is_settled(bench: Bench) -> None:
    bench.submit(SetCallWaiting(port=LINE, enabled=True))
    bench.submit(HangUp(port=LINE), ticket=2)
    outcomes = dict(settled(bench.detach()))
    assert {ticket: type(given) for ticket, given in outcomes.items()} == {1: OutcomeUnknown, 2: LinkLost}
    assert bench.dialog.deadline() is None
