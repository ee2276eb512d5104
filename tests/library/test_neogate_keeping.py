"""What a NeoGate has to wait for: texts until it is durable that they leave; and texts of earlier runs."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import CommandRefused, LinkLost, NotKept, OutcomeUnknown
from custom_components.gsm_gateway.aiogsm.neogate.sending import RESULT_TIMEOUT
from custom_components.gsm_gateway.aiogsm.neogate.session import IDLE
from custom_components.gsm_gateway.aiogsm.requests import AwaitResult, Reboot, SmsTaken

from .neogate_stage import Bench, arrived, departing, is_a, received, sms

SEND = 'gsm send sms 2 +49151 "Hello" sms_a'


@pytest.fixture
def box() -> Bench:
    """A box that is connected, over a disk that is slow."""
    bench = Bench()
    bench.connect()
    bench.durable = None
    return bench


def test_a_text_is_written_when_its_mark_is_durable(box: Bench) -> None:
    box.submit(sms())
    assert (box.kept, box.commands()) == ([departing()], [])
    box.finish_keeping()
    assert box.commands() == [SEND]


def test_each_text_has_a_mark_of_its_own_in_the_moment_before_it_is_written(box: Bench) -> None:
    box.submit(sms())
    box.submit(sms("sms_b", port="2"))
    assert box.kept == [departing()]
    box.finish_keeping()
    assert box.kept == [departing()]
    box.reply()
    assert box.kept == [departing(), departing("sms_b")]
    box.finish_keeping()
    assert box.commands()[-1].endswith("sms_b")


def test_a_text_that_cannot_be_marked_is_not_written_and_the_next_is_asked_for(box: Bench) -> None:
    first, second = box.submit(sms()), box.submit(sms("sms_b", port="2"))
    box.finish_keeping(durable=False)
    assert is_a(box.settled[first], NotKept)
    assert second not in box.settled
    box.finish_keeping()
    [command] = box.commands()
    assert command.endswith("sms_b")


def test_other_commands_wait_for_their_turn_behind_it(box: Bench) -> None:
    box.submit(sms())
    box.submit(Reboot(port="2"))
    assert box.commands() == []
    box.finish_keeping()
    box.reply()
    assert box.commands() == [SEND, "gsm power off 3"]


def test_a_connection_that_is_lost_meanwhile_writes_nothing(box: Bench) -> None:
    ticket = box.submit(sms())
    box.lose()
    assert is_a(box.settled[ticket], LinkLost)
    box.greet()
    box.commands()
    box.finish_keeping()
    assert not any(command.startswith("gsm send") for command in box.commands())
    again = box.submit(sms())
    box.finish_keeping()
    assert box.commands()[-1] == SEND
    assert again not in box.settled


def test_a_gateway_that_is_let_go_meanwhile_writes_nothing(box: Bench) -> None:
    ticket = box.submit(sms())
    box.detach()
    assert is_a(box.settled[ticket], LinkLost)
    box.commands()
    box.finish_keeping()
    assert box.commands() == []
    assert box.dialog.deadline() is None


def test_the_minute_begins_when_a_text_is_written(box: Bench) -> None:
    ticket = box.submit(sms())
    box.wait(20.0)
    box.finish_keeping()
    box.reply()
    box.wait(RESULT_TIMEOUT - 0.1)
    assert ticket not in box.settled
    box.wait(0.1)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_a_slow_disk_is_no_silence_of_the_box(box: Bench) -> None:
    box.submit(sms())
    box.wait(IDLE + 15)
    assert box.losses() == []
    box.finish_keeping()
    assert box.commands()[-1] == SEND


def test_a_text_that_arrives_is_kept_whatever_else_is_kept(box: Bench) -> None:
    box.submit(sms())
    received(box, "a")
    assert box.kept == [departing(), arrived("a")]
    for _ in range(2):
        box.finish_keeping()


# Texts of earlier runs


def awaiting(age: float, message_id: str = "sms_a") -> AwaitResult:
    return AwaitResult(port="1", message_id=message_id, trace=None, age=age)


@pytest.mark.parametrize(("status", "end"), [("1", SmsTaken), ("0", CommandRefused)])
def test_the_result_of_an_earlier_run_is_waited_for(box: Bench, status: str, end: type) -> None:
    ticket = box.submit(awaiting(20))
    assert (box.commands(), box.kept) == ([], [])
    box.event("UpdateSMSSend", ID="sms_a", Status=status)
    assert is_a(box.settled[ticket], end)


@pytest.mark.parametrize("age", [0, 20, 59])
def test_for_a_minute_in_all(box: Bench, age: float) -> None:
    ticket = box.submit(awaiting(age))
    box.wait(RESULT_TIMEOUT - age - 0.1)
    assert ticket not in box.settled
    box.wait(0.1)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_and_not_at_all_where_that_is_over(box: Bench) -> None:
    ticket = box.submit(awaiting(1e9))
    box.wait(0.0)
    assert is_a(box.settled[ticket], OutcomeUnknown)


def test_it_is_waited_for_before_there_is_a_connection_and_over_a_loss(box: Bench) -> None:
    box.detach()
    bench = Bench()
    bench.attach()
    ticket = bench.submit(awaiting(5))
    bench.greet()
    bench.lose()
    bench.greet()
    bench.event("UpdateSMSSend", ID="sms_a", Status="1")
    assert bench.settled[ticket] == SmsTaken()


def test_a_port_whose_text_is_waited_for_is_left_alone(box: Bench) -> None:
    box.submit(awaiting(5))
    box.wait(50.0)
    assert "gsm show span 2" not in box.commands()


def test_leaving_settles_what_is_waited_for(box: Bench) -> None:
    ticket = box.submit(awaiting(5))
    box.detach()
    assert is_a(box.settled[ticket], OutcomeUnknown)
