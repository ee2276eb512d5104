"""The sender: what becomes known of a text after it was settled."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from custom_components.gsm_gateway.aiogsm.errors import OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.models import (
    DeliveryReported,
    LateResult,
    Message,
    MessageError,
    MessageStatus,
)
from custom_components.gsm_gateway.aiogsm.outbox import Outbox
from custom_components.gsm_gateway.aiogsm.requests import Outcome, SendSms, SmsTaken
from custom_components.gsm_gateway.aiogsm.sender import MOST_REPORTABLE, Sender

from .test_outbox import ports, text

type Answer = Callable[[SendSms], Outcome]


class Told:
    """What a sender tells, and what the network answers it."""

    def __init__(self) -> None:
        self.changes: list[Message] = []
        self.queue: list[int] = []
        self.answers: Answer = lambda _: SmsTaken(reference=7)

    async def submit(self, request: SendSms) -> SmsTaken:
        outcome = self.answers(request)
        if isinstance(outcome, Exception):
            raise outcome
        assert isinstance(outcome, SmsTaken)
        return outcome

    @property
    def steps(self) -> list[MessageStatus]:
        return [message.status for message in self.changes]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def sender(told: Told) -> AsyncIterator[Sender]:
    sender = Sender(
        Outbox(pace=0.0),
        submit=told.submit,
        ports=lambda: ports(["1"]),
        on_change=told.changes.append,
        on_queue=told.queue.append,
    )
    sender.start()
    yield sender
    sender.stop()
    await sender.finish()


def report(delivered: bool | None, reference: int = 7) -> DeliveryReported:
    return DeliveryReported(gateway="box", port="1", reference=reference, delivered=delivered)


async def send(sender: Sender, message_id: str = "a") -> Message:
    async with asyncio.timeout(1):
        return await sender.send(text(message_id)).wait()


@pytest.mark.parametrize(
    ("delivered", "status", "detail"),
    [(True, MessageStatus.DELIVERED, None), (False, MessageStatus.FAILED, "not delivered")],
)
async def test_a_report_tells_what_became_of_a_text(
    sender: Sender, told: Told, delivered: bool, status: MessageStatus, detail: str | None
) -> None:
    await send(sender)
    sender.reported(report(delivered))
    assert (told.changes[-1].status, told.changes[-1].error_detail) == (status, detail)


async def test_while_the_network_tries_a_text_is_sent(sender: Sender, told: Told) -> None:
    await send(sender)
    sender.reported(report(None))
    assert told.steps[-1] is MessageStatus.SENT


async def test_the_first_final_word_counts(sender: Sender, told: Told) -> None:
    await send(sender)
    sender.reported(report(True))
    sender.reported(report(False))
    assert told.steps[-1] is MessageStatus.DELIVERED


async def test_a_report_may_come_before_the_box_told_its_number(sender: Sender, told: Told) -> None:
    sender.reported(report(True))
    await send(sender)
    assert told.steps[-2:] == [MessageStatus.SENT, MessageStatus.DELIVERED]


async def test_a_report_about_nothing_changes_nothing(sender: Sender, told: Told) -> None:
    await send(sender)
    sender.reported(report(True, reference=8))
    assert told.steps[-1] is MessageStatus.SENT


async def test_a_box_without_numbers_gets_no_reports(sender: Sender, told: Told) -> None:
    told.answers = lambda _: SmsTaken()
    await send(sender)
    sender.reported(report(True))
    assert told.steps[-1] is MessageStatus.SENT


async def test_after_a_restart_numbers_mean_nothing(sender: Sender, told: Told) -> None:
    await send(sender)
    sender.restarted("1")
    sender.reported(report(True))
    assert told.steps[-1] is MessageStatus.SENT


@pytest.mark.parametrize(
    ("taken", "status", "error"),
    [(True, MessageStatus.SENT, None), (False, MessageStatus.FAILED, MessageError.REFUSED)],
)
async def test_a_late_result_raises_an_unknown_text_once(
    sender: Sender, told: Told, taken: bool, status: MessageStatus, error: MessageError | None
) -> None:
    told.answers = lambda _: OutcomeUnknown("silence")
    await send(sender)
    assert told.steps[-1] is MessageStatus.UNKNOWN
    sender.learned_late(LateResult(gateway="box", message_id="a", taken=taken))
    sender.learned_late(LateResult(gateway="box", message_id="a", taken=not taken))
    assert (told.changes[-1].status, told.changes[-1].error) == (status, error)


async def test_a_late_result_brings_the_number_for_reports(sender: Sender, told: Told) -> None:
    told.answers = lambda _: OutcomeUnknown("silence")
    await send(sender)
    sender.learned_late(LateResult(gateway="box", message_id="a", taken=True, reference=7))
    sender.reported(report(True))
    assert told.steps[-2:] == [MessageStatus.SENT, MessageStatus.DELIVERED]


async def test_a_late_result_about_a_settled_or_unknown_text_changes_nothing(
    sender: Sender, told: Told
) -> None:
    await send(sender)
    before = list(told.changes)
    sender.learned_late(LateResult(gateway="box", message_id="a", taken=False))
    sender.learned_late(LateResult(gateway="box", message_id="nobody", taken=True))
    assert told.changes == before


async def test_what_is_remembered_is_bounded(sender: Sender, told: Told) -> None:
    await send(sender, "first")
    for number in range(MOST_REPORTABLE):
        await send(sender, f"m{number}")
    before = list(told.changes)
    sender.learned_late(LateResult(gateway="box", message_id="first", taken=False))
    assert told.changes == before


async def test_the_queue_is_told_as_it_grows_and_shrinks(sender: Sender, told: Told) -> None:
    await send(sender)
    assert told.queue[-1] == 0
    assert max(told.queue) == 1
