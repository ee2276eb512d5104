"""What becomes known of a text after it was settled: reports of the network, and results that come late."""

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Policy
from custom_components.gsm_gateway.aiogsm.aftermath import MOST_KNOWN
from custom_components.gsm_gateway.aiogsm.errors import (
    CommandRefused,
    InvalidInput,
    LinkLost,
    NotNow,
    OutcomeUnknown,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.limits import Limits
from custom_components.gsm_gateway.aiogsm.models import LateResult, MessageError, MessageStatus
from custom_components.gsm_gateway.aiogsm.reports import EARLY_FOR, KNOWN_FOR, KNOWN_FOR_NAMELESS
from custom_components.gsm_gateway.aiogsm.requests import AwaitResult, Outcome, SmsTaken

from .clocks import WALL, StoppedClock, turns_of_the_loop
from .mail_stage import Box, Run

DELIVERED, SENT, UNKNOWN = MessageStatus.DELIVERED, MessageStatus.SENT, MessageStatus.UNKNOWN


@pytest.fixture(autouse=True)
def _numbers(box: Box) -> None:
    """Let the box number the texts that it takes."""
    box.network.answer = lambda _: SmsTaken(reference=7)


@pytest.fixture
def _silence(box: Box) -> None:
    box.network.answer = lambda _: OutcomeUnknown("silence")


async def learn(
    run: Run, *, taken: bool, message_id: str | None = None, reference: int | None = None
) -> None:
    """Let the result of the text that was sent last come late."""
    message_id = message_id or run.last.message_id
    run.mail.learned_late(LateResult(gateway="box", message_id=message_id, taken=taken, reference=reference))
    await turns_of_the_loop()


@pytest.mark.parametrize(
    ("delivered", "status", "detail"),
    [(True, DELIVERED, None), (False, MessageStatus.FAILED, "not delivered")],
)
@pytest.mark.parametrize("number", ["+15551234567", None])
async def test_a_report_tells_what_became_of_a_text(
    run: Run, delivered: bool, status: MessageStatus, detail: str | None, number: str | None
) -> None:
    await run.send()
    await run.report(delivered, number=number)
    assert (run.last.status, run.last.error_detail) == (status, detail)
    assert run.disk.message() == run.last


async def test_while_the_network_tries_a_text_is_sent(run: Run) -> None:
    await run.send()
    await run.report(None)
    assert run.statuses == ["queued", "sending", "sent"]


async def test_the_first_final_word_counts_and_is_told_once(run: Run) -> None:
    await run.send()
    await run.report(True)
    await run.report(False)
    await run.report(True)
    assert run.statuses == ["queued", "sending", "sent", "delivered"]


async def test_a_report_about_nothing_changes_nothing(run: Run) -> None:
    await run.send()
    await run.report(True, reference=8)
    assert run.last.status is SENT


async def test_a_box_without_numbers_gets_no_reports(box: Box, run: Run) -> None:
    box.network.answer = lambda _: SmsTaken()
    await run.send()
    await run.report(True)
    assert run.last.status is SENT


async def test_after_a_restart_numbers_mean_nothing(run: Run) -> None:
    await run.send()
    run.mail.restarted("1")
    await run.report(True, number=None)
    assert run.last.status is SENT


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize(
    ("taken", "status", "error"),
    [(True, SENT, None), (False, MessageStatus.FAILED, MessageError.REFUSED)],
)
async def test_a_late_result_raises_an_unknown_text_once(
    run: Run, taken: bool, status: MessageStatus, error: MessageError | None
) -> None:
    await run.send()
    assert run.last.status is UNKNOWN
    await learn(run, taken=taken)
    await learn(run, taken=not taken)
    assert run.statuses == ["queued", "sending", "unknown", status.value]
    assert run.last.error is error
    assert run.disk.message() == run.last


@pytest.mark.usefixtures("_silence")
async def test_a_late_result_brings_the_number_for_reports(run: Run) -> None:
    await run.send()
    await learn(run, taken=True, reference=7)
    await run.report(True)
    assert run.statuses[-2:] == ["sent", "delivered"]


async def test_a_late_result_about_a_settled_or_unknown_text_changes_nothing(run: Run) -> None:
    await run.send()
    before = list(run.changes)
    await learn(run, taken=False)
    await learn(run, taken=True, message_id="nobody")
    assert run.changes == before


async def test_what_is_remembered_is_bounded(box: Box) -> None:
    box.policy = Policy(limits=Limits(per_hour=0))
    run = await box.run()
    [first] = await run.send()
    await run.send(*["hello"] * MOST_KNOWN)
    before = list(run.changes)
    await learn(run, taken=False, message_id=first.message.message_id)
    assert run.changes == before


async def test_the_queue_is_told_as_it_grows_and_shrinks(run: Run) -> None:
    await run.send()
    assert run.queue[-1] == 0
    assert max(run.queue) == 1


# Texts of unknown fate, which nothing has numbered


@pytest.mark.usefixtures("_silence")
@pytest.mark.parametrize(
    ("delivered", "statuses"),
    [(True, ["delivered"]), (False, ["failed"]), (None, ["sent"])],
)
async def test_a_report_raises_a_text_of_unknown_fate_by_its_number(
    run: Run, delivered: bool | None, statuses: list[str]
) -> None:
    await run.send()
    await run.report(delivered, reference=9)
    assert run.statuses == ["queued", "sending", "unknown", *statuses]
    assert run.last.reference == 9


@pytest.mark.usefixtures("_silence")
async def test_once_the_network_tries_its_last_word_is_known_by_the_reference(run: Run) -> None:
    await run.send()
    await run.report(None, reference=9)
    await run.report(True, reference=9, number=None)
    assert run.statuses[-2:] == ["sent", "delivered"]


@pytest.mark.usefixtures("_silence")
async def test_a_report_about_somebody_else_or_nobody_raises_nothing(run: Run) -> None:
    await run.send()
    await run.report(True, number="+15550000009")
    await run.report(True, number=None)
    assert run.last.status is UNKNOWN


@pytest.mark.usefixtures("_silence")
async def test_of_two_texts_of_unknown_fate_the_newer_is_raised(run: Run) -> None:
    await run.send("a", "b")
    await run.report(True)
    assert [(one.text, one.status) for one in run.changes[-1:]] == [("b", DELIVERED)]


@pytest.mark.usefixtures("_silence")
async def test_a_text_of_unknown_fate_is_not_raised_days_later(run: Run, stopped_clock: StoppedClock) -> None:
    await run.send()
    await stopped_clock.move(KNOWN_FOR)
    await run.report(True)
    assert run.last.status is UNKNOWN


async def test_a_report_that_was_faster_than_the_silence_counts(box: Box, run: Run) -> None:
    """The box sent it, and its answer got lost: the report comes while we still ask."""
    box.network.answer = lambda _: None
    await run.send()
    await run.report(True, reference=9)
    assert run.statuses == ["queued", "sending"]
    await run.settle(OutcomeUnknown("silence"))
    assert run.statuses == ["queued", "sending", "delivered"]
    assert run.disk.remembered(WALL).reports == []


@pytest.mark.usefixtures("_silence")
async def test_a_report_from_before_a_text_left_is_not_about_it(
    run: Run, stopped_clock: StoppedClock
) -> None:
    await run.report(True, reference=9)
    await stopped_clock.move(1)
    await run.send()
    assert run.last.status is UNKNOWN


# Over a restart


async def test_a_report_about_a_text_of_an_earlier_run(box: Box, run: Run) -> None:
    await run.send()
    following = await box.restart(after=3600)
    await following.report(True)
    assert following.statuses == ["delivered"]


@pytest.mark.parametrize("number", ["+15551234567", None])
async def test_and_how_long_it_is_believed(box: Box, run: Run, number: str | None) -> None:
    await run.send()
    following = await box.restart(after=KNOWN_FOR if number else KNOWN_FOR_NAMELESS)
    await following.report(True, number=number)
    assert following.statuses == []


async def test_an_early_report_of_an_earlier_run(box: Box, run: Run) -> None:
    await run.report(True)
    following = await box.restart()
    await following.send()
    assert following.statuses == ["queued", "sending", "delivered"]
    assert (await box.restart()).disk.remembered(WALL).reports == []


async def test_an_early_report_that_is_too_old(box: Box, run: Run) -> None:
    await run.report(True)
    following = await box.restart(after=EARLY_FOR)
    await following.send()
    assert following.statuses[-1] == "sent"


@pytest.mark.usefixtures("_silence")
async def test_a_late_result_for_a_text_of_an_earlier_run(box: Box, run: Run) -> None:
    await run.send()
    message_id = run.last.message_id
    following = await box.restart()
    await learn(following, taken=True, message_id=message_id, reference=7)
    await learn(following, taken=False, message_id=message_id)
    assert following.statuses == ["sent"]


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (SmsTaken(7), SENT),
        (CommandRefused("Status: 0"), MessageStatus.FAILED),
        (OutcomeUnknown("silence"), UNKNOWN),
        (LinkLost("cut"), UNKNOWN),
        (PortNotReady("offline"), UNKNOWN),
        (NotNow("busy"), UNKNOWN),
        (InvalidInput("port", "the gateway has no such port"), UNKNOWN),
    ],
)
async def test_a_text_that_was_leaving_is_never_sent_again_whatever_comes_of_asking(
    box: Box, run: Run, outcome: Outcome, status: MessageStatus
) -> None:
    box.network.answer = lambda _: None
    await run.send()
    following = await box.restart()
    assert [type(request) for request in following.asked] == [AwaitResult]
    await following.settle(outcome)
    assert following.last.status is status
    assert len(box.network.left) == 1
    assert box.disk.message().status is status


async def test_a_text_that_was_leaving_is_asked_after_with_its_age_and_trace(box: Box, run: Run) -> None:
    box.network.answer = lambda _: None
    await run.send()
    mark = box.disk.message()
    following = await box.restart(after=40)
    assert following.asked == [AwaitResult(port="1", message_id=mark.message_id, trace=mark.trace, age=40)]


async def test_a_run_that_is_closed_before_it_could_ask_leaves_that_to_the_next(box: Box, run: Run) -> None:
    box.network.answer = lambda _: None
    await run.send()
    following = await box.restart()
    await following.end()
    assert box.disk.message().status is MessageStatus.SENDING
