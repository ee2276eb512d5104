"""A GoIP text and a kill: one test for each row of the table in rules.md, section 6.1.

Each row is played to its step over the real dialog, the process is killed there, and the next run finds the
disk. A number that was said, or may have been, is never said again.
"""

from collections.abc import AsyncIterator

import pytest

from custom_components.gsm_gateway.aiogsm.goip.sending import PUT_OFF

from .clocks import StoppedClock, start, turns_of_the_loop
from .family_stage import NUMBER, GoipRun, Runs

OTHER = "+15550000002"


type Story = Runs[GoipRun]


@pytest.fixture
async def story(stopped_clock: StoppedClock) -> AsyncIterator[Story]:
    story = Runs(stopped_clock, GoipRun)
    yield story
    await story.end()


async def restart(story: Story) -> GoipRun:
    """Kill the run; the next finds a box that is obliging."""
    return await story.restart(**GoipRun.OBLIGING)


def sends(story: Story, number: str = NUMBER) -> int:
    """How often a number was said, in all runs."""
    return sum(len(run.sends(number)) for run in story.runs)


def to_step(*answered: str) -> dict[str, str]:
    """Answer these words as an obliging box does, and no others."""
    return {word: GoipRun.OBLIGING[word] for word in answered}


async def goes_out(story: Story, statuses: list[str]) -> None:
    """Kill, and see the text go out with the next run, under a new sendid."""
    assert story.disk.statuses() == statuses
    before = [one.split()[1] for one in story.runs[-1].said]
    run = await restart(story)
    assert run.words == ["MSG", "PASSWORD", "SEND", "DONE"]
    assert run.said[0].split()[1] not in before
    assert story.disk.message().status == "sent"
    assert sends(story) == 1


async def is_unknown(story: Story, said: int) -> GoipRun:
    """Kill, and see that nothing of the text goes out again."""
    assert story.disk.statuses()[-1] == "sending"
    run = await restart(story)
    assert run.words == []
    assert story.disk.message().status == "unknown"
    assert run.statuses == ["unknown"]
    assert sends(story) == said
    return run


async def test_accepted_by_the_action(story: Story) -> None:
    run = await story.run(registered=False)
    await run.send()
    assert run.said == []
    await goes_out(story, ["queued"])


async def test_msg_sent(story: Story) -> None:
    run = await story.run()
    await run.send()
    assert run.words == ["MSG"]
    await story.clock.move(5)
    assert run.words == ["MSG", "MSG"]
    assert run.said[0] == run.said[1]
    await goes_out(story, ["queued"])


async def test_password_sent(story: Story) -> None:
    run = await story.run(**to_step("MSG"))
    await run.send()
    assert run.words == ["MSG", "PASSWORD"]
    await story.clock.move(5)
    assert run.words == ["MSG", "PASSWORD", "PASSWORD"]
    await goes_out(story, ["queued"])


@pytest.mark.parametrize("reason", ["PASSWORD", "GSM_LOGOUT", "too_many_sends_in_server"])
async def test_refused_before_send(story: Story, reason: str) -> None:
    run = await story.run(**{**to_step("MSG"), "PASSWORD": f"ERROR {{0}} {reason}"})
    await run.send()
    assert run.words == ["MSG", "PASSWORD", "DONE"]
    assert run.statuses[-1] == "queued"
    await story.clock.move(PUT_OFF)
    assert run.words[3] == "MSG"  # later, where there is no other line
    await goes_out(story, story.disk.statuses())


async def test_mark_committed_send_not_yet_written(story: Story) -> None:
    run = await story.run(**to_step("MSG"))
    await run.send()
    run.journal.slow = True
    await run.reply("SEND {0}")
    assert run.sends() == []
    run.journal.finish(1)
    await is_unknown(story, said=0)


async def test_send_sent_no_answer(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    await story.clock.move(5)
    assert len(run.sends()) == 2
    assert len(set(run.sends())) == 1
    await is_unknown(story, said=2)


async def test_wait_seen(story: Story) -> None:
    run = await story.run(**{**to_step("MSG", "PASSWORD"), "SEND": "WAIT {0} {1}"})
    await run.send()
    await is_unknown(story, said=1)


@pytest.mark.parametrize("reason", ["SENDID", "GSM_LOGOUT"])
async def test_send_answered_that_there_is_no_session_committed(story: Story, reason: str) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    await run.reply(f"ERROR {{0}} {reason}")
    assert story.disk.statuses() == ["queued", "sending", "queued"]
    following = await restart(story)
    assert following.words == ["MSG", "PASSWORD", "SEND", "DONE"]
    assert story.disk.message().status == "sent"


async def test_send_answered_that_there_is_no_session_goes_out_in_a_new_one(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    await run.reply("ERROR {0} SENDID")
    run.answers = GoipRun.OBLIGING
    await story.clock.move(PUT_OFF)
    await run.settle()
    assert story.disk.statuses() == ["queued", "sending", "queued", "sending", "sent"]


async def test_send_answered_that_there_is_no_session_not_committed(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    run.journal.slow = True
    await run.reply("ERROR {0} SENDID")
    await is_unknown(story, said=1)


@pytest.mark.parametrize("result", ["OK {0} {1} 160", "ERROR {0} {1} errorstatus:38"])
async def test_result_seen_not_committed(story: Story, result: str) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    run.journal.slow = True
    await run.reply(result)
    await is_unknown(story, said=1)


async def test_result_seen_not_committed_and_a_later_report_raises_it(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    run.journal.slow = True
    await run.reply("OK {0} {1} 160")
    run = await is_unknown(story, said=1)
    await run.receive(f"DELIVER:5;id:goip1;password:pw;sms_no:160;state:0;num:{NUMBER}")
    assert run.statuses == ["unknown", "delivered"]
    assert story.disk.message().status == "delivered"


@pytest.mark.parametrize(
    ("result", "status"), [("OK {0} {1} 160", "sent"), ("ERROR {0} {1} errorstatus:38", "failed")]
)
async def test_result_committed_done_lost(story: Story, result: str, status: str) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    await run.reply(result)
    assert run.words[-1] == "DONE"
    for _ in range(3):
        await story.clock.move(5)
    assert run.words[-3:] == ["DONE"] * 3
    following = await restart(story)
    assert following.words == []
    assert story.disk.message().status == status


async def test_late_ok_after_the_timeout(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    sendid = run.last.split()[1]
    for _ in range(3):
        await story.clock.move(20)
        await run.register()
    assert story.disk.message().status == "unknown"
    following = await restart(story)
    await following.receive(f"OK {sendid} 1 160")
    await following.receive(f"OK {sendid} 1 160")
    assert following.words == []
    assert following.statuses == ["sent"]
    assert (story.disk.message().status, story.disk.message().reference) == ("sent", 160)


async def test_late_ok_for_a_text_that_was_leaving_when_the_run_was_killed(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send()
    sendid = run.last.split()[1]
    following = await is_unknown(story, said=1)
    await following.receive(f"OK {sendid} 1 160")
    assert following.statuses == ["unknown", "sent"]
    await following.receive("DELIVER:5;id:goip1;password:pw;sms_no:160;state:0")
    assert following.statuses == ["unknown", "sent", "delivered"]


async def test_other_numbers_of_the_same_session(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send(NUMBER, OTHER)
    assert [len(run.sends(number)) for number in (NUMBER, OTHER)] == [1, 0]
    following = await restart(story)
    assert [len(following.sends(number)) for number in (NUMBER, OTHER)] == [0, 1]
    assert following.statuses == ["unknown", "sending", "sent"]


async def test_each_number_has_a_mark_of_its_own_before_its_own_send(story: Story) -> None:
    run = await story.run(**to_step("MSG", "PASSWORD"))
    await run.send(NUMBER, OTHER)
    run.journal.slow = True
    await run.reply("OK {0} {1} 160")
    assert run.sends(OTHER) == []
    assert [len(write) for write in run.journal.pending] in ([2, 1], [1, 2])  # the result, and the mark
    run.journal.finish()
    await run.settle()
    assert len(run.sends(OTHER)) == 1


# The steps between a mark and its packet


async def test_a_mark_that_cannot_be_written_says_nothing(story: Story) -> None:
    run = await story.run(**to_step("MSG"))
    await run.send()
    story.disk.room = False
    await run.reply("SEND {0}")
    assert run.words == ["MSG", "PASSWORD", "DONE"]
    assert run.statuses[-1] == "queued"
    story.disk.room = True
    await goes_out(story, ["queued"])


async def test_a_gateway_that_is_closed_while_a_mark_is_written_says_nothing(story: Story) -> None:
    run = await story.run(**to_step("MSG"))
    await run.send()
    run.journal.slow = True
    await run.reply("SEND {0}")
    closing = start(run.gateway.close())
    await turns_of_the_loop()
    assert not closing.done()
    run.journal.slow = False
    run.journal.finish()
    await closing
    assert run.sends() == []
    assert story.disk.statuses() == ["queued", "sending", "queued"]
    following = await story.run(**GoipRun.OBLIGING)
    assert len(following.sends()) == 1
    assert story.disk.message().status == "sent"
