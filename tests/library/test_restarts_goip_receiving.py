"""What a GoIP tells and is asked, and a kill: one test for each row of the table in rules.md, section 6.2."""

from collections.abc import AsyncIterator

import pytest

from custom_components.gsm_gateway.aiogsm.errors import LinkLost, OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.models import HandedOn
from custom_components.gsm_gateway.aiogsm.parts import JOIN_TIMEOUT, LEAST_PIECE, PIECE_TIMEOUT
from custom_components.gsm_gateway.aiogsm.requests import (
    HangUp,
    PortRequest,
    SetCallInterval,
    SetPhoneNumber,
)

from .clocks import StoppedClock, settled, start
from .family_stage import NUMBER, GoipRun, Runs
from .goip_stage import push

ACK = "RECEIVE 5 OK"
TEXT = push("RECEIVE", 5, f"srcnum:{NUMBER};msg:open")


@pytest.fixture
async def story(stopped_clock: StoppedClock) -> AsyncIterator[Runs[GoipRun]]:
    story = Runs(stopped_clock, GoipRun)
    yield story
    await story.end()


async def test_receive_heard_not_committed(story: Runs[GoipRun]) -> None:
    run = await story.run()
    run.journal.slow = True
    await run.receive(TEXT)
    assert ACK not in run.said
    run = await story.restart()
    assert run.texts == []
    await run.receive(TEXT)  # the box was not answered, and repeats it
    assert run.said == [ACK]
    assert run.texts == ["open"]


async def test_receive_committed_not_acknowledged(story: Runs[GoipRun]) -> None:
    run = await story.run(hand_on=False)
    run.journal.slow = True
    await run.receive(TEXT)
    run.journal.finish()
    run = await story.restart(after=6)
    assert run.texts == ["open"]
    await run.receive(TEXT)
    assert run.said == [ACK]
    assert run.texts == ["open"]


async def test_receive_acknowledged_home_assistant_not_started(story: Runs[GoipRun]) -> None:
    run = await story.run(hand_on=False)
    await run.receive(TEXT)
    assert run.said == [ACK]
    await run.receive(TEXT)
    assert run.said == [ACK, ACK]
    run = await story.restart(hand_on=False)
    assert run.texts == []
    run.gateway.begin_handing_on()
    await run.settle()
    assert run.texts == ["open"]
    assert (await story.restart()).texts == []


async def test_handing_on_committed_event_perhaps_fired(story: Runs[GoipRun]) -> None:
    run = await story.run()
    run.journal.slow = True
    await run.receive(TEXT)
    run.journal.finish(1)
    await run.settle()
    assert run.texts == ["open"]
    run = await story.restart()
    assert run.texts == []
    assert run.gateway.doubtful == 1
    assert story.disk.handed_on() == [HandedOn.BEGUN, HandedOn.UNKNOWN]


async def test_handed_on_mark_committed(story: Runs[GoipRun]) -> None:
    run = await story.run()
    await run.receive(TEXT)
    run = await story.restart()
    await run.receive(TEXT)
    assert (run.texts, run.said, run.gateway.doubtful) == ([], [ACK], 0)


async def test_one_part_of_several(story: Runs[GoipRun]) -> None:
    run = await story.run(join_texts=True)
    piece = push("RECEIVE", 9, f"srcnum:{NUMBER};msg:{'x' * LEAST_PIECE}")
    await run.receive(piece)
    assert run.said == ["RECEIVE 9 OK"]
    run = await story.restart(after=PIECE_TIMEOUT - 10, join_texts=True)
    await run.receive(piece)
    assert run.said == ["RECEIVE 9 OK"]
    await story.clock.move(9)
    assert run.texts == []
    await story.clock.move(1)
    assert run.texts == ["x" * LEAST_PIECE]
    await story.clock.move(JOIN_TIMEOUT)
    assert len(run.texts) == 1


async def test_deliver_heard_and_its_ok_comes_later(story: Runs[GoipRun]) -> None:
    run = await story.run(MSG="PASSWORD {0}", PASSWORD="SEND {0}")
    await run.send()
    sendid = run.last.split()[1]
    run.journal.slow = True
    report = push("DELIVER", 4, f"sms_no:160;state:0;num:{NUMBER}")
    await run.receive(report)
    assert "DELIVER 4 OK" not in run.said
    run.journal.slow = False
    run.journal.finish()
    await run.settle()
    assert run.last == "DELIVER 4 OK"
    await run.receive(report)
    assert run.said[-2:] == ["DELIVER 4 OK"] * 2
    await run.receive(f"OK {sendid} 1 160")
    assert story.disk.message().status == "delivered"


async def test_deliver_heard_and_the_run_is_killed_before_its_ok(story: Runs[GoipRun]) -> None:
    run = await story.run(MSG="PASSWORD {0}", PASSWORD="SEND {0}")
    await run.send()
    await run.receive(push("DELIVER", 4, f"sms_no:160;state:0;num:{NUMBER}"))
    run = await story.restart()
    assert run.statuses == ["delivered"]
    assert story.disk.message().status == "delivered"
    assert story.disk.remembered(story.clock.wall()).reports == []


async def test_deliver_heard_for_a_text_of_the_run_before(story: Runs[GoipRun]) -> None:
    run = await story.run(**GoipRun.OBLIGING)
    await run.send()
    run = await story.restart()
    await run.receive(push("DELIVER", 4, f"sms_no:160;state:0;num:{NUMBER}"))
    assert run.statuses == ["delivered"]


async def test_ussd_sent(story: Runs[GoipRun]) -> None:
    run = await story.run()
    dialling = start(run.gateway.send_ussd("goip1", "*100#"))
    await run.settle()
    [first] = [one.split()[1] for one in run.said if one.startswith("USSD ")]
    assert int(story.disk.remembered(story.clock.wall()).facts["last_ussd"]) == int(first)
    await run.kill()
    with pytest.raises((OutcomeUnknown, LinkLost)):
        await settled(dialling)
    story.clock.set_wall(story.clock.wall().replace(year=2020))  # it starts behind, as without a network
    run = await story.run()
    assert run.said == []
    dialling = start(run.gateway.send_ussd("goip1", "*100#"))
    await run.settle()
    assert [int(one.split()[1]) for one in run.said] == [int(first) + 1]
    await run.receive(f"USSD {int(first) + 1} 5 EUR")
    assert (await settled(dialling)).text == "5 EUR"


async def test_ussd_is_not_dialled_before_its_number_is_durable(story: Runs[GoipRun]) -> None:
    run = await story.run()
    run.journal.slow = True
    dialling = start(run.gateway.send_ussd("goip1", "*100#"))
    await run.settle()
    assert run.said == []
    run.journal.finish()
    await run.settle()
    assert run.last.startswith("USSD ")
    await run.receive(f"{' '.join(run.last.split()[:2])} 5 EUR")
    await settled(dialling)


async def test_getter(story: Runs[GoipRun]) -> None:
    """All that is known of a line is asked anew when it is heard: the stage answers it."""
    for _ in range(2):
        run = await story.run()
        assert len(run.asked) == 1
        await run.kill()


@pytest.mark.parametrize(
    "request_",
    [
        SetPhoneNumber(port="goip1", number="+15550000009"),
        SetCallInterval(port="goip1", seconds=7),
        HangUp(port="goip1"),
    ],
    ids=["number", "interval", "drop call"],
)
async def test_a_setter_and_a_dropped_call_are_not_repeated(
    story: Runs[GoipRun], request_: PortRequest[object]
) -> None:
    run = await story.run()
    asking = start(run.gateway.ask(request_))
    await run.settle()
    assert len(run.said) == 1
    await run.kill()
    with pytest.raises(OutcomeUnknown):
        await settled(asking)
    run = await story.run()
    await story.clock.move(30)
    assert run.said == []


@pytest.mark.parametrize("port", ["goip1", None])
async def test_a_restart_is_not_repeated(story: Runs[GoipRun], port: str | None) -> None:
    run = await story.run()
    asking = start(run.gateway.reboot(port))
    await run.settle()
    assert [one.split()[0] for one in run.said] == ["svr_reboot_module" if port else "svr_reboot_dev"]
    await run.kill()
    with pytest.raises(OutcomeUnknown):
        await settled(asking)
    run = await story.run()
    await story.clock.move(30)
    assert run.said == []
    assert story.disk.remembered(story.clock.wall()).off == set()
