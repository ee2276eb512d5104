"""Runs a dialog over a link: steps, requests, time, gateways and listeners."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
import logging

import pytest

from custom_components.gsm_gateway.aiogsm.dialog import (
    Drop,
    Emit,
    Open,
    Send,
    Settle,
    Steps,
    Ticket,
)
from custom_components.gsm_gateway.aiogsm.driver import Driver
from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    CommandRefused,
    GatewayError,
    GatewayTimeout,
    InvalidInput,
    LinkLost,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.models import ConnectionChanged, DialogEvent, UssdReply
from custom_components.gsm_gateway.aiogsm.requests import Done, Outcome, SmsTaken

from .clocks import StoppedClock, turns_of_the_loop
from .driver_stage import (
    DOWN,
    NOW,
    OTHER,
    REQUEST,
    UP,
    WIRE,
    Bench,
    Script,
    Wire,
    driving,
)


@pytest.fixture
async def bench(stopped_clock: StoppedClock) -> AsyncIterator[Bench]:
    async with driving(stopped_clock) as bench:
        yield bench


@pytest.fixture
def tickets(bench: Bench) -> list[Ticket]:
    """Collect the tickets of what is submitted; nothing settles them but the test."""
    tickets: list[Ticket] = []

    def on_submit(ticket: Ticket) -> Steps[str]:
        tickets.append(ticket)
        return []

    bench.script.on_submit = on_submit
    return tickets


@pytest.fixture
def _debug_off() -> Iterator[None]:
    logger = logging.getLogger(WIRE)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(level)


# Steps


def test_steps_are_performed_in_order(bench: Bench) -> None:
    bench.driver.subscribe(bench.log.append)
    steps = [Open("a"), Send(b"1", "a"), Emit(UP), Send(b"2", "a"), Drop("a"), Emit(DOWN), Open("b")]
    bench.perform(*steps)
    assert bench.log == [Open("a"), Send(b"1", "a"), UP, Send(b"2", "a"), Drop("a"), DOWN, Open("b")]


def test_what_the_link_tells_is_handed_to_the_dialog_with_the_time(bench: Bench) -> None:
    reason = LinkLost("cut")
    assert bench.wire.listener is bench.driver
    bench.driver.on_opened("a")
    bench.driver.on_received(b"bytes", "a")
    bench.driver.on_lost("a", reason)
    assert bench.log == [("opened", "a", NOW), ("receive", b"bytes", "a", NOW), ("lost", "a", reason, NOW)]


@pytest.mark.parametrize("what", ["opened", "receive", "lost"])
def test_the_dialogs_answer_to_the_link_is_performed(bench: Bench, what: str) -> None:
    bench.script.steps[what] = [Send(b"answer", "a")]
    bench.driver.on_opened("a")
    bench.driver.on_received(b"", "a")
    bench.driver.on_lost("a", LinkLost("cut"))
    assert bench.log.count(Send(b"answer", "a")) == 1


async def test_what_a_listener_asks_for_follows_the_steps_already_there(bench: Bench) -> None:
    tasks: list[asyncio.Task[Outcome]] = []
    bench.driver.subscribe(lambda _: tasks.append(bench.submit()))
    bench.script.on_submit = lambda ticket: [Send(b"of the listener", "a"), Settle(ticket, Done())]
    bench.perform(Emit(UP), Send(b"already there", "a"))
    assert bench.log[1:] == [Send(b"already there", "a"), Send(b"of the listener", "a")]
    assert [await task for task in tasks] == [Done()]


def test_events_a_listener_causes_are_told_after_those_already_there(bench: Bench) -> None:
    heard: list[DialogEvent] = []
    third = ConnectionChanged(gateway="other", connected=True)
    bench.script.steps["attach"] = [Emit(third)]

    def attach_once(_: DialogEvent) -> None:
        leave()
        bench.attach(OTHER)

    leave = bench.driver.subscribe(attach_once)
    bench.driver.subscribe(heard.append)
    bench.perform(Emit(UP), Emit(DOWN))
    assert heard == [UP, DOWN, third]


# Requests


@pytest.mark.parametrize("outcome", [Done(), SmsTaken(reference=5), UssdReply(text="Balance")])
async def test_a_request_returns_what_it_is_settled_with(
    bench: Bench, tickets: list[Ticket], outcome: Outcome
) -> None:
    task = bench.submit()
    assert bench.log == [("submit", "box", REQUEST, NOW)]
    bench.perform(Settle(tickets[0], outcome))
    assert await task == outcome


@pytest.mark.parametrize(
    "error",
    [
        *[LinkLost("cut"), GatewayTimeout("silence"), CommandRefused("no"), PortNotReady("busy")],
        OutcomeUnknown("silence"),
    ],
)
async def test_a_request_raises_the_error_it_is_settled_with(
    bench: Bench, tickets: list[Ticket], error: GatewayError
) -> None:
    task = bench.submit()
    bench.perform(Settle(tickets[0], error))
    with pytest.raises(type(error)) as caught:
        await task
    assert caught.value is error


async def test_a_request_may_be_settled_at_once(bench: Bench) -> None:
    bench.script.on_submit = lambda ticket: [Settle(ticket, Done())]
    assert await bench.driver.submit("box", REQUEST) == Done()


async def test_a_request_that_the_dialog_refuses_raises_at_once(bench: Bench) -> None:
    bench.script.refuses = InvalidInput("port", "no such port")
    with pytest.raises(InvalidInput):
        await bench.driver.submit("box", REQUEST)
    assert bench.log == []


async def test_requests_are_settled_in_any_order_each_by_its_ticket(
    bench: Bench, tickets: list[Ticket]
) -> None:
    one, other = bench.submit(), bench.submit()
    assert len(set(tickets)) == 2
    bench.perform(Settle(tickets[1], SmsTaken(2)), Settle(tickets[0], SmsTaken(1)))
    assert (await one, await other) == (SmsTaken(1), SmsTaken(2))


async def test_settling_what_nobody_waits_for_is_harmless(bench: Bench, tickets: list[Ticket]) -> None:
    task = bench.submit()
    bench.perform(Settle(tickets[0], SmsTaken(1)), Settle(tickets[0], LinkLost("late")), Settle(99, Done()))
    assert await task == SmsTaken(1)


async def test_a_cancelled_request_is_forgotten(bench: Bench, tickets: list[Ticket]) -> None:
    task = bench.submit()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    bench.perform(Settle(tickets[0], LinkLost("late")), Send(b"goes on", "a"))
    assert bench.log[-1] == Send(b"goes on", "a")


async def test_a_request_cancelled_in_the_moment_it_is_settled_is_forgotten(
    bench: Bench, tickets: list[Ticket]
) -> None:
    task = bench.submit()
    bench.perform(Settle(tickets[0], LinkLost("cut")))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# Time


async def test_the_dialog_is_woken_at_its_deadline_and_not_before(bench: Bench) -> None:
    bench.script.due = NOW + 10
    bench.perform()
    await bench.clock.move(9.9)
    assert bench.ticks() == []
    bench.script.due = None
    await bench.clock.move(0.1)
    assert bench.ticks() == [NOW + 10]
    await bench.clock.move(100)
    assert bench.ticks() == [NOW + 10]


async def test_a_deadline_that_moves_nearer_wakes_earlier(bench: Bench) -> None:
    bench.script.due = NOW + 10
    bench.perform()
    bench.script.due = NOW + 3
    bench.perform()
    bench.script.due = None
    await bench.clock.move(3)
    assert bench.ticks() == [NOW + 3]
    await bench.clock.move(10)
    assert bench.ticks() == [NOW + 3]


async def test_a_deadline_that_moves_away_is_still_kept(bench: Bench) -> None:
    bench.script.due = NOW + 3
    bench.perform()
    bench.script.due = NOW + 10
    bench.perform()
    await bench.clock.move(3)  # woken early, which is harmless
    assert bench.ticks() in ([], [NOW + 3])
    before = len(bench.ticks())
    await bench.clock.move(6.9)
    assert len(bench.ticks()) == before
    bench.script.due = None
    await bench.clock.move(0.1)
    assert bench.ticks()[before:] == [NOW + 10]


async def test_a_deadline_already_over_wakes_at_once(bench: Bench) -> None:
    bench.script.due = NOW - 1
    bench.perform()
    bench.script.due = None
    await turns_of_the_loop()
    assert bench.ticks() == [NOW]


async def test_what_a_tick_asks_for_is_performed_and_the_next_deadline_kept(bench: Bench) -> None:
    bench.script.due = NOW + 1
    bench.script.steps["tick"] = [Send(b"ping", "a")]
    bench.perform()
    bench.script.due = NOW + 2
    await bench.clock.move(1)
    assert bench.log[-1] == Send(b"ping", "a")
    bench.script.due = None
    await bench.clock.move(1)
    assert bench.ticks() == [NOW + 1, NOW + 2]


@pytest.mark.parametrize(
    "ask",
    [
        lambda bench: bench.attach(OTHER),
        lambda bench: bench.driver.on_opened("a"),
        lambda bench: bench.driver.on_received(b"", "a"),
        lambda bench: bench.driver.on_lost("a", LinkLost("cut")),
    ],
)
async def test_whatever_the_dialog_was_asked_its_deadline_is_kept(
    bench: Bench, ask: Callable[[Bench], None]
) -> None:
    bench.script.due = NOW + 1
    ask(bench)
    bench.script.due = None
    await bench.clock.move(1)
    assert bench.ticks() == [NOW + 1]


async def test_the_deadline_of_a_request_is_kept(bench: Bench, tickets: list[Ticket]) -> None:
    bench.script.due = NOW + 1
    task = bench.submit()
    bench.script.due = None
    bench.script.steps["tick"] = [Settle(tickets[0], GatewayTimeout("silence"))]
    await bench.clock.move(1)
    with pytest.raises(GatewayTimeout):
        await task


async def test_closing_leaves_no_timer_and_closes_the_link(bench: Bench) -> None:
    bench.script.due = NOW + 1
    bench.perform()
    await bench.driver.close()
    await bench.clock.move(5)
    assert bench.log == ["closed"]


# Starting


async def test_a_link_that_cannot_be_made_ready_is_told_to_the_caller() -> None:
    wire = Wire([])
    wire.fails = CannotConnect("port in use")
    with pytest.raises(CannotConnect, match="port in use"):
        await Driver(Script([]), wire).start()


# Gateways


async def test_a_gateway_is_served_from_attach_to_detach(bench: Bench) -> None:
    bench.attach(OTHER)
    await bench.driver.detach("other")
    assert bench.log == [("attach", "other", NOW), ("detach", "other", NOW)]


async def test_detaching_who_is_not_served_does_nothing(bench: Bench) -> None:
    bench.attach(OTHER)
    await bench.driver.detach("other")
    await bench.driver.detach("other")
    await bench.driver.detach("another")
    assert bench.log == [("attach", "other", NOW), ("detach", "other", NOW)]


async def test_a_gateway_that_is_refused_is_not_served(bench: Bench) -> None:
    bench.script.refuses = InvalidInput("credential", "unusable")
    with pytest.raises(InvalidInput):
        bench.attach(OTHER)
    await bench.driver.detach("other")
    assert bench.log == []


# Listeners


def test_every_listener_hears_every_event_until_it_leaves(bench: Bench) -> None:
    one: list[DialogEvent] = []
    other: list[DialogEvent] = []
    leave = bench.driver.subscribe(one.append)
    bench.driver.subscribe(other.append)
    bench.perform(Emit(UP))
    leave()
    leave()
    bench.perform(Emit(DOWN))
    assert (one, other) == ([UP], [UP, DOWN])


def test_a_listener_that_another_one_sent_away_hears_nothing_more(bench: Bench) -> None:
    heard: list[DialogEvent] = []
    leave: list[Callable[[], None]] = []
    bench.driver.subscribe(lambda _: leave[0]())
    leave.append(bench.driver.subscribe(heard.append))
    bench.perform(Emit(UP))
    assert heard == []


def test_one_and_the_same_listener_may_listen_twice(bench: Bench) -> None:
    heard: list[DialogEvent] = []
    leave = bench.driver.subscribe(heard.append)
    bench.driver.subscribe(heard.append)
    leave()
    bench.perform(Emit(UP))
    assert heard == [UP]


@pytest.mark.no_fail_on_log_exception
def test_a_failing_listener_is_logged_and_the_others_still_hear(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: DialogEvent) -> None:
        raise RuntimeError("broken listener")

    heard: list[DialogEvent] = []
    bench.driver.subscribe(fail)
    bench.driver.subscribe(heard.append)
    bench.perform(Emit(UP), Send(b"goes on", "a"))
    assert heard == [UP]
    assert bench.log == [Send(b"goes on", "a")]
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "ConnectionChanged" in record.message


# The log of the wire


def wire_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == WIRE]


def test_at_debug_the_wire_is_logged_both_ways_as_the_dialog_masks_it(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, WIRE)
    bench.script.steps["receive"] = [Send(b"login secret\xff", "b")]
    bench.driver.on_received(b"pass=secret;x", "a")
    assert wire_lines(caplog) == ["< a b'pass=***;x'", "> b b'login ***\\xff'"]


def test_what_is_sent_is_not_changed_by_the_mask(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, WIRE)
    bench.attach(OTHER)
    bench.perform(Send(b"login secret", "a"))
    assert bench.log[-1] == Send(b"login secret", "a")


@pytest.mark.parametrize("what", ["attach", "detach"])
async def test_the_first_and_the_last_packet_are_masked_too(
    bench: Bench, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    caplog.set_level(logging.DEBUG, WIRE)
    bench.script.steps[what] = [Send(b"secret", "a")]
    bench.attach(OTHER)
    await bench.driver.detach("other")
    assert wire_lines(caplog) == ["> a b'***'"]


@pytest.mark.usefixtures("_debug_off")
def test_above_debug_the_wire_is_silent(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.attach(OTHER)
    bench.driver.on_received(b"secret", "a")
    bench.perform(Send(b"secret", "a"))
    bench.driver.on_lost("a", LinkLost("cut"))
    assert caplog.records == []
