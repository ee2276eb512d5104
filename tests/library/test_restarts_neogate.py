"""A NeoGate and a kill: one test for each row of the table in rules.md, section 6.3."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from custom_components.gsm_gateway.aiogsm.admission import Draft
from custom_components.gsm_gateway.aiogsm.errors import OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.models import HandedOn
from custom_components.gsm_gateway.aiogsm.neogate import FAMILY
from custom_components.gsm_gateway.aiogsm.neogate.commands import RISE_PAUSE
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel
from custom_components.gsm_gateway.aiogsm.neogate.sending import RESULT_TIMEOUT

from .clocks import StoppedClock, settled, start, turns_of_the_loop
from .family_stage import NUMBER, NeogateRun, Runs

PACE = FAMILY.pace
SEND, POWER = "gsm send sms", "gsm power"

type Story = Runs[NeogateRun]


@pytest.fixture
async def story(stopped_clock: StoppedClock) -> AsyncIterator[Story]:
    story = Runs(stopped_clock, NeogateRun)
    yield story
    await story.end()


def sends(story: Story) -> int:
    """How often a text was given to the box, in all runs."""
    return sum(len(run.commands(SEND)) for run in story.runs)


async def is_asked_after(story: Story, said: int) -> NeogateRun:
    """Kill, and see that nothing goes out again; the text is asked after until a minute is over."""
    assert story.disk.statuses()[-1] == "sending"
    run = await story.restart()
    await story.clock.move(RESULT_TIMEOUT - 6)
    assert run.statuses == []
    await story.clock.move(1)
    assert run.statuses == ["unknown"]
    assert story.disk.message().status == "unknown"
    assert sends(story) == said
    return run


# Sending


async def test_accepted_waiting_for_the_pace(story: Story) -> None:
    run = await story.run()
    await run.send(text="first")
    await run.reply()
    await run.result(run.messages[-1].message_id)
    [sending] = await run.send(text="second")
    assert len(run.commands(SEND)) == 1
    run = await story.restart(after=4)
    await story.clock.move(PACE - 4 - 0.1)
    assert run.commands(SEND) == []
    await story.clock.move(0.1)
    assert [sending.message.message_id in command for command in run.commands(SEND)] == [True]


@pytest.mark.parametrize("set_by", [timedelta(days=-3650), timedelta(days=3650), timedelta(seconds=-3)])
async def test_the_pace_is_never_longer_whatever_the_clock_says(story: Story, set_by: timedelta) -> None:
    run = await story.run()
    await run.send(text="first")
    await run.reply()
    await run.result(run.messages[-1].message_id)
    await run.kill()
    story.clock.set_wall(story.clock.wall() + set_by)
    run = await story.run()
    await run.send(text="second")
    await story.clock.move(PACE)
    assert len(run.commands(SEND)) == 1


async def test_accepted_waiting_for_the_connection(story: Story) -> None:
    run = await story.run()
    run.silent = ("connect", *run.silent)
    await run.lose()
    await run.send()
    assert story.disk.statuses() == ["queued"]
    run = await story.restart()
    assert len(run.commands(SEND)) == 1


async def test_mark_committed_before_the_first_byte(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    asking = start(run.gateway.send_sms([Draft(NUMBER, "hello")]))
    await run.settle()
    run.journal.finish(1)
    await settled(asking)
    await run.settle()
    assert run.commands(SEND) == []
    run.journal.finish(1)
    await is_asked_after(story, said=0)


async def test_mark_committed_and_write_never_called(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    asking = start(run.gateway.send_sms([Draft(NUMBER, "hello")]))
    await run.settle()
    run.journal.finish()
    await settled(asking)
    await run.settle()
    run.silent = ("connect", *run.silent)
    await run.lose()  # while the mark is being written
    run.journal.slow = False
    run.journal.finish()
    await run.settle()
    assert story.disk.statuses() == ["queued", "sending", "queued"]
    run = await story.restart()
    assert len(run.commands(SEND)) == 1
    assert sends(story) == 1


async def test_action_written_no_follows_connection_cut(story: Story) -> None:
    run = await story.run()
    [sending] = await run.send()
    await run.lose()
    assert run.said[-1] != "Logoff"
    assert sending.message.status == "sending"
    await run.result(sending.message.message_id)  # on the new connection
    assert story.disk.message().status == "sent"
    assert sends(story) == 1


async def test_action_written_no_follows_connection_cut_and_nothing_comes(story: Story) -> None:
    run = await story.run()
    await run.send()
    await run.lose()
    await story.clock.move(RESULT_TIMEOUT)
    assert story.disk.message().status == "unknown"
    assert sends(story) == 1


async def test_action_written_no_follows_killed(story: Story) -> None:
    run = await story.run()
    await run.send()
    await is_asked_after(story, said=1)


@pytest.mark.parametrize("status", [1, 0])
async def test_action_written_killed_and_its_result_comes(story: Story, status: int) -> None:
    run = await story.run()
    [sending] = await run.send()
    run = await story.restart()
    await run.result(sending.message.message_id, status)
    assert story.disk.message().status == ("sent" if status else "failed")
    assert sends(story) == 1


async def test_follows_with_body_text(story: Story) -> None:
    run = await story.run()
    await run.send()
    await run.reply("No GSM running on span 2\n")
    assert story.disk.statuses() == ["queued", "sending", "failed"]
    run = await story.restart()
    assert sends(story) == 1


async def test_follows_with_body_text_not_committed(story: Story) -> None:
    run = await story.run()
    await run.send()
    run.journal.slow = True
    await run.reply("No GSM running on span 2\n")
    await is_asked_after(story, said=1)


async def test_follows_empty_no_event_yet(story: Story) -> None:
    run = await story.run()
    await run.send()
    await run.reply()
    await is_asked_after(story, said=1)


async def test_follows_empty_no_event_yet_connection_cut(story: Story) -> None:
    run = await story.run()
    [sending] = await run.send()
    await run.reply()
    await run.lose()
    await run.result(sending.message.message_id)
    assert story.disk.message().status == "sent"


@pytest.mark.parametrize("status", [1, 0])
async def test_event_with_our_id(story: Story, status: int) -> None:
    run = await story.run()
    [sending] = await run.send()
    await run.reply()
    await run.result(sending.message.message_id, status)
    end = "sent" if status else "failed"
    assert story.disk.statuses() == ["queued", "sending", end]
    run = await story.restart()
    assert (run.statuses, sends(story)) == ([], 1)


async def test_event_with_our_id_not_committed(story: Story) -> None:
    run = await story.run()
    [sending] = await run.send()
    await run.reply()
    run.journal.slow = True
    await run.result(sending.message.message_id)
    await is_asked_after(story, said=1)


async def test_event_with_a_foreign_id_or_none(story: Story) -> None:
    run = await story.run()
    await run.send()
    await run.reply()
    for message_id in ("(null)", "sms_other"):
        await run.result(message_id)
    assert story.disk.statuses() == ["queued", "sending"]


async def test_a_late_event_raises_a_text_once(story: Story) -> None:
    run = await story.run()
    [sending] = await run.send()
    await story.clock.move(RESULT_TIMEOUT)
    assert story.disk.message().status == "unknown"
    await run.result(sending.message.message_id)
    assert story.disk.message().status == "sent"


async def test_a_mark_that_cannot_be_written_writes_nothing(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    asking = start(run.gateway.send_sms([Draft(NUMBER, "hello")]))
    await run.settle()
    run.journal.finish(1)
    await settled(asking)
    await run.settle()
    story.disk.room = False
    run.journal.slow = False
    run.journal.finish()
    await run.settle()
    assert run.commands(SEND) == []
    assert run.statuses[-1] == "queued"
    story.disk.room = True
    run = await story.restart()
    assert len(run.commands(SEND)) == 1


async def test_a_gateway_that_is_closed_while_a_mark_is_written_writes_nothing(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    asking = start(run.gateway.send_sms([Draft(NUMBER, "hello")]))
    await run.settle()
    run.journal.finish(1)
    await settled(asking)
    await run.settle()
    closing = start(run.gateway.close())
    await turns_of_the_loop()
    run.journal.slow = False
    run.journal.finish()
    await settled(closing)
    assert story.disk.statuses() == ["queued", "sending", "queued"]
    run = await story.run()
    assert sends(story) == 1


# Receiving


async def receive(run: NeogateRun) -> None:
    await run.event(
        "ReceivedSMS",
        ID="",
        GsmSpan="2",
        Sender=NUMBER,
        Recvtime="2026-11-01 12:00:00",
        Index="0",
        Total="1",
        Content="open",
    )


async def test_received_sms_read_not_committed(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    await receive(run)
    run = await story.restart()
    assert run.texts == []  # lost to the API: the box does not repeat it


async def test_received_sms_committed_not_handed_on(story: Story) -> None:
    run = await story.run(hand_on=False)
    await receive(run)
    assert (await story.restart()).texts == ["open"]
    assert (await story.restart()).texts == []


async def test_received_sms_handing_on(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    await receive(run)
    run.journal.finish(1)
    await run.settle()
    run = await story.restart()
    assert (run.texts, run.gateway.doubtful) == ([], 1)
    assert story.disk.handed_on() == [HandedOn.BEGUN, HandedOn.UNKNOWN]


# Everything else


async def test_ussd_running(story: Story) -> None:
    run = await story.run()
    run.silent = (*run.silent, "gsm send ussd")
    dialling = start(run.gateway.send_ussd("1", "*100#"))
    await run.settle()
    assert len(run.commands("gsm send ussd")) == 1
    await run.lose(Channel.USSD)
    with pytest.raises(OutcomeUnknown):
        await settled(dialling)
    run = await story.restart()
    await story.clock.move(30)
    assert run.commands("gsm send ussd") == []


async def is_switched_on(story: Story) -> None:
    """Let the box switch the port on, and the port be seen to be up."""
    await story.now.reply("Power on span 2 sucessed\n")
    for _ in range(2):
        await story.clock.move(RISE_PAUSE)
        await story.now.settle()
    assert story.disk.remembered(story.clock.wall()).off == set()


async def test_power_off_sent_not_yet_on(story: Story) -> None:
    run = await story.run()
    rebooting = start(run.gateway.reboot("1"))
    await run.settle()
    assert run.commands(POWER) == ["gsm power off 2"]
    await run.kill()
    with pytest.raises(OutcomeUnknown):
        await settled(rebooting)
    assert story.disk.remembered(story.clock.wall()).off == {"1"}
    run = await story.run()
    assert run.commands(POWER) == ["gsm power on 2"]
    await is_switched_on(story)
    run = await story.restart()
    assert run.commands(POWER) == []


async def test_power_off_is_on_disk_before_it_is_sent(story: Story) -> None:
    run = await story.run()
    run.journal.slow = True
    rebooting = start(run.gateway.reboot("1"))
    await run.settle()
    assert run.commands(POWER) == []
    run.journal.finish()
    await run.settle()
    assert run.commands(POWER) == ["gsm power off 2"]
    run.journal.slow = False
    await run.reply("Power off span 2 sucessed\n")
    await story.clock.move(5)
    await is_switched_on(story)
    await settled(rebooting)


async def test_a_port_that_has_to_be_switched_on_waits_for_the_connection(story: Story) -> None:
    run = await story.run()
    rebooting = start(run.gateway.reboot("1"))
    await run.settle()
    await run.kill()
    with pytest.raises(OutcomeUnknown):
        await settled(rebooting)
    run = await story.run()
    await run.lose()
    await run.settle()
    assert run.commands(POWER) == ["gsm power on 2"] * 2
    await is_switched_on(story)


async def test_a_port_that_could_not_be_switched_on_yet_is_by_the_next_run(story: Story) -> None:
    run = await story.run()
    rebooting = start(run.gateway.reboot("1"))
    await run.settle()
    await run.kill()
    with pytest.raises(OutcomeUnknown):
        await settled(rebooting)
    run = await story.run()
    await run.end()
    assert story.disk.remembered(story.clock.wall()).off == {"1"}


async def test_poll_ping_login(story: Story) -> None:
    for _ in range(2):
        run = await story.run()
        assert run.said[:3] == ["Login", "gsm show spans", "gsm show span 2"]
        await run.kill()
