"""Restarting a port: off, on, and up again."""

import pytest

from custom_components.gsm_gateway.aiogsm.errors import (
    CannotConnect,
    CommandRefused,
    LinkLost,
    NotSupported,
    PortNotReady,
)
from custom_components.gsm_gateway.aiogsm.requests import Done, Reboot

from .neogate_stage import Bench, is_a, sms


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_two_ports_restart_beside_each_other(box: Bench) -> None:
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
    assert box.settled == dict.fromkeys(tickets, Done())


def test_a_restart_is_off_five_seconds_on(box: Bench) -> None:
    ticket = box.submit(Reboot(port="1"))
    assert box.commands() == ["gsm power off 2"]
    box.reply("Power off span 2 sucessed\n")
    box.wait(4.9)
    assert box.commands() == []
    box.wait(0.1)
    assert box.commands() == ["gsm power on 2"]
    box.reply("Power on span 2 sucessed\n")
    assert box.settled == {ticket: Done()}


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
    assert box.settled == {ticket: Done()}


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
    assert is_a(box.settled[box.submit(Reboot(port="1"))], PortNotReady)


def test_the_box_itself_cannot_be_restarted(box: Bench) -> None:
    with pytest.raises(NotSupported):
        box.submit(Reboot())
