"""Restarting a port: off, on, and up again."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    BoxRebootNotSupported,
    CannotConnect,
    CommandRefused,
    LinkLost,
    OutcomeUnknown,
    PortBusy,
    StillStarting,
)
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.requests import Done, Reboot

from .neogate_stage import DETAILS, MAIN, READY, UP, Bench, is_a, sms


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


DOWN = "Power on, Provisioned, Down, Active,Standard"
STARTING = DETAILS.replace("READY", "SIM READY REQ")


def power_cycle(box: Bench, port: str = "1") -> int:
    """Restart a port until its module is switched on again."""
    ticket = box.submit(Reboot(port=port))
    box.reply()
    box.wait(5.0)
    box.commands()
    box.reply()
    return ticket


def test_a_restart_is_off_five_seconds_on_and_up_again(box: Bench) -> None:
    ticket = box.submit(Reboot(port="1"))
    assert box.commands() == ["gsm power off 2"]
    box.reply("Power off span 2 sucessed\n")
    box.wait(4.9)
    assert box.commands() == []
    box.wait(0.1)
    assert box.commands() == ["gsm power on 2"]
    box.reply("Power on span 2 sucessed\n")
    box.wait(4.9)
    assert (box.settled, box.commands()) == ({}, [])
    box.wait(0.1)
    assert box.commands() == ["gsm show spans", "gsm show span 2"]
    assert box.settled == {ticket: Done()}
    box.wait(14.9)
    assert box.commands() == []  # what it is asked goes on as before


def test_the_port_is_looked_at_every_five_seconds_until_it_is_up(box: Bench) -> None:
    box.spans[2], box.details[2] = DOWN, STARTING
    ticket = power_cycle(box)
    box.wait(17.0)
    assert [line for line in box.commands() if line == "gsm show spans"] == ["gsm show spans"] * 3
    box.spans[2] = UP
    box.wait(5.0)
    assert box.settled == {}  # the list says that it is up, its details that it is still starting
    box.details[2] = DETAILS
    box.wait(5.0)
    assert box.settled == {ticket: Done()}
    assert box.ports()[-1] == READY


@pytest.mark.parametrize(
    "state", ["", "State: \n", "State: UNKNOWN\n", "State: SMS RECEIVED\n", "State: Dancing\n"]
)
def test_a_port_that_does_not_tell_what_it_does_is_up_when_it_is_listed_so(box: Bench, state: str) -> None:
    box.details[2] = f"D-channel: 2\n{state}"
    ticket = power_cycle(box)
    box.wait(5.0)
    assert box.settled == {ticket: Done()}


@pytest.mark.parametrize(
    "state", ["DOWN", "INIT", "INIT 5", "SIM PIN REQ", "NET NAME REQ", "SMS SET CHARSET", "UP"]
)
def test_a_port_that_never_comes_up_is_given_up_after_two_minutes(box: Bench, state: str) -> None:
    box.details[2] = DETAILS.replace("READY", state)
    ticket = power_cycle(box)
    box.wait(119.9)
    assert box.settled == {}
    box.wait(0.1)
    assert is_a(box.settled[ticket], StillStarting)
    box.commands()
    box.wait(15.0)
    assert box.commands() == []  # it is no longer looked at all the while


def test_a_port_that_is_not_listed_is_not_up(box: Bench) -> None:
    ticket = power_cycle(box, "7")
    box.wait(120.0)
    assert is_a(box.settled[ticket], StillStarting)


def test_a_port_is_looked_at_though_a_text_of_before_is_open(box: Bench) -> None:
    box.submit(sms())
    box.reply()
    ticket = power_cycle(box)
    box.wait(5.0)
    assert box.settled == {ticket: Done()}


def test_two_ports_restart_beside_each_other(box: Bench) -> None:
    box.spans[3] = UP
    tickets = [box.submit(Reboot(port="1"))]
    box.reply()
    box.wait(3.0)
    tickets.append(box.submit(Reboot(port="2")))
    box.reply()
    for commands in (["gsm power on 2"], ["gsm power on 3"]):
        box.commands()
        box.wait(3.0)
        assert box.commands() == commands
        box.reply()
    box.wait(10.0)
    assert box.settled == dict.fromkeys(tickets, Done())


@pytest.mark.parametrize("where", ["off", "pause", "on"])
def test_a_port_is_switched_on_after_a_reconnect(box: Bench, where: str) -> None:
    ticket = box.submit(Reboot(port="1"))
    if where != "off":
        box.reply()
    if where == "on":
        box.wait(5.0)
    box.lose()
    box.lose(reason=CannotConnect("refused"))
    box.wait(20.0)
    assert box.settled == {}
    box.commands()
    box.greet()
    box.wait(0.0)
    assert box.commands()[-1] == "gsm power on 2"
    box.reply()
    box.wait(5.0)
    assert box.settled == {ticket: Done()}


def test_a_port_is_waited_for_over_a_reconnect(box: Bench) -> None:
    box.spans[2] = DOWN
    ticket = power_cycle(box)
    box.wait(10.0)
    box.lose()
    box.spans[2] = UP
    box.greet()
    assert box.settled == {ticket: Done()}
    assert "gsm power on 2" not in box.commands()


def test_a_port_that_nobody_can_look_at_is_given_up_in_time(box: Bench) -> None:
    ticket = power_cycle(box)
    box.lose()
    box.lose(reason=CannotConnect("refused"))
    box.wait(120.0)
    assert is_a(box.settled[ticket], StillStarting)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_box_that_does_not_switch_says_so(box: Bench, steps: int) -> None:
    ticket = box.submit(Reboot(port="1"))
    if steps > 1:
        box.reply()
        box.wait(5.0)
    box.reply("Unable to power on/off span 2\n")
    assert is_a(box.settled[ticket], CommandRefused)
    box.wait(20.0)
    assert "gsm power on 2" not in box.commands()[steps:]


def test_a_restart_that_was_not_written_has_not_begun(box: Bench) -> None:
    box.submit(sms())
    waiting = box.submit(Reboot(port="1"))
    box.lose()
    assert is_a(box.settled[waiting], LinkLost)
    assert is_a(box.settled[box.submit(Reboot(port="1"))], LinkLost)


def test_a_port_is_not_restarted_twice_at_a_time(box: Bench) -> None:
    box.submit(Reboot(port="1"))
    assert is_a(box.settled[box.submit(Reboot(port="1"))], PortBusy)


def test_the_box_itself_cannot_be_restarted(box: Bench) -> None:
    with pytest.raises(BoxRebootNotSupported):
        box.submit(Reboot())


@pytest.mark.parametrize("on", [True, False])
def test_a_module_is_switched_and_nothing_else(on: bool) -> None:
    # `gsm power stat` can hang a span for good (OpenVox 2.0.8), and no other use is known of `reset`.
    assert codec.power(2, on=on) in {"gsm power on 2", "gsm power off 2"}


def test_leaving_while_a_port_starts_does_not_switch_it_again(box: Bench) -> None:
    ticket = power_cycle(box)
    box.written.clear()
    box.detach()
    assert box.written == [(MAIN, "Logoff")]
    assert is_a(box.settled[ticket], OutcomeUnknown)
