"""What becomes known of a text after it was settled: reports of the network, and results that come late."""

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Policy
from custom_components.gsm_gateway.aiogsm.aftermath import MOST_KNOWN
from custom_components.gsm_gateway.aiogsm.errors import OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.limits import Limits
from custom_components.gsm_gateway.aiogsm.models import LateResult, MessageError, MessageStatus
from custom_components.gsm_gateway.aiogsm.requests import SmsTaken

from .clocks import turns_of_the_loop
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
