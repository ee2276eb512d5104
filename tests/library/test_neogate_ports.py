"""What is told of ports, how often they are asked for, and what their status is made of."""

from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.errors import InvalidInput
from custom_components.gsm_gateway.aiogsm.models import NetworkStatus, PortState, PortStatus
from custom_components.gsm_gateway.aiogsm.neogate import FAMILY
from custom_components.gsm_gateway.aiogsm.neogate.port import port_key, span_of

from .neogate_stage import BOX, DETAILS, NO_SIM, READY, UP, Bench, sms


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def box(bench: Bench) -> Bench:
    """A box that is connected."""
    bench.connect()
    return bench


def test_spans_are_listed_every_30_seconds_and_details_read_every_5_minutes(box: Bench) -> None:
    box.wait(299.9)
    commands = [line for line in box.commands() if line != "Ping"]
    assert commands == ["gsm show spans"] * 9
    box.wait(0.1)
    assert [line for line in box.commands() if line != "Ping"] == ["gsm show spans", "gsm show span 2"]
    assert box.ports() == []


@pytest.mark.parametrize(("interval", "readings"), [(10.0, 59), (60.0, 9), (300.0, 1)])
def test_how_often_the_box_is_asked_can_be_chosen(bench: Bench, interval: float, readings: int) -> None:
    bench.box = replace(BOX, poll_interval=interval)
    bench.connect()
    bench.wait(599.9)
    asked = [line for line in bench.commands() if line != "Ping"]
    assert asked.count("gsm show spans") == readings
    assert asked.count("gsm show span 2") == 1  # every 300 seconds


@pytest.mark.parametrize("interval", [9.9, 300.1, 0.0, float("nan")])
def test_how_often_the_box_is_asked_has_limits(interval: float) -> None:
    with pytest.raises(InvalidInput) as caught:
        FAMILY.dialect().check_box(replace(BOX, poll_interval=interval))
    assert caught.value.reason == "poll_interval"


def test_a_changed_line_has_its_details_read_and_is_told_once(box: Bench) -> None:
    box.spans[2] = NO_SIM
    box.details[2] = "D-channel: 2\n"
    box.wait(30.0)
    assert box.commands()[-2:] == ["gsm show spans", "gsm show span 2"]
    (told,) = box.ports()
    assert (told.port, told.status, told.signal, told.imei) == ("1", PortStatus.NO_SIM, None, None)


def test_a_new_port_is_told(box: Bench) -> None:
    box.spans[3] = NO_SIM
    box.wait(30.0)
    assert [state.port for state in box.ports()] == ["2"]


def test_a_port_that_is_no_longer_listed_is_offline_until_it_is_back(box: Bench) -> None:
    box.spans = {3: NO_SIM}
    box.wait(30.0)
    offline = box.ports()
    assert [(state.port, state.status) for state in offline] == [
        ("1", PortStatus.OFFLINE),
        ("2", PortStatus.NO_SIM),
    ]
    assert (offline[0].signal, offline[0].operator, offline[0].imei) == (None, None, READY.imei)
    box.wait(600.0)
    assert "gsm show span 2" not in box.commands()
    box.spans = {2: UP, 3: NO_SIM}
    box.wait(30.0)
    assert box.ports() == [READY]


def test_a_port_that_is_offline_is_told_so_again_after_a_reconnect(box: Bench) -> None:
    for _ in range(2):
        box.spans = {3: NO_SIM}
        box.lose()
        box.wait(2.0)
        box.commands()
        box.greet()
        assert box.commands() == ["Login", "gsm show spans", "gsm show span 3"]
        assert [state.status for state in box.ports()] == [PortStatus.OFFLINE, PortStatus.NO_SIM]


def test_a_list_that_cannot_be_read_later_changes_nothing(box: Bench) -> None:
    box.spans = {}
    box.wait(60.0)
    assert box.dialog.ignored == {"spans": 2}
    assert box.events == []


def test_texts_come_between_the_questions(box: Bench) -> None:
    box.spans = dict.fromkeys(range(2, 18), UP)
    box.silent = ("gsm show span ", "gsm send")
    box.wait(30.0)
    box.commands()
    box.submit(sms(port="9"))
    box.reply(DETAILS)
    assert box.commands()[0].startswith("gsm send sms 10 ")


@pytest.mark.parametrize(
    ("line", "details", "status"),
    [
        (UP, "Network Status: Registered (Home network)", PortStatus.READY),
        (UP, "Network Status: Registered (Roaming)", PortStatus.READY),
        ("Standard,Active , Up,Power on", "Network Status: Registered", PortStatus.READY),
        (UP, "Network Status: Not registered", PortStatus.NOT_REGISTERED),
        (UP, "Network Status: Searching", PortStatus.NOT_REGISTERED),
        (UP, "Network Status: Registration denied", PortStatus.REGISTRATION_DENIED),
        (UP, "Network Status: Unknown", None),
        (UP, "Last event: PIN required", None),
        ("Power off, Down, Active, Standard", "Network Status: Registered", PortStatus.POWER_OFF),
        (NO_SIM, "Network Status: Registered", PortStatus.NO_SIM),
        ("Power on, Pin (1234) Error, Active", "", PortStatus.PIN_ERROR),
        ("Power on, Pin (undefined) Error, Active", "", PortStatus.PIN_ERROR),
        ("Power on, No Signal, Active", "", PortStatus.NO_SIGNAL),
        ("Power on, Unregistered Network, Active", "", PortStatus.NOT_REGISTERED),
        (
            "Power on, Unregistered Network",
            "Network Status: Registration denied",
            PortStatus.REGISTRATION_DENIED,
        ),
        ("Power on, Unregistered Network", "Network Status: Registered", PortStatus.NOT_REGISTERED),
        ("Power on, Down, Active, Standard", "", None),
        ("Power on, Down", "Network Status: Registered", None),
        ("Power on, Down", "Network Status: Not registered", PortStatus.NOT_REGISTERED),
        ("Power on, Down", "Last event: PIN required", PortStatus.PIN_ERROR),
        ("Power on, Down", "Last event: PIN error", PortStatus.PIN_ERROR),
        ("Power on, Down", "Last event: SIM not insert", PortStatus.NO_SIM),
        ("Power on, Down", "Last event: SIM failed", PortStatus.NO_SIM),
        ("Power on, Down", "Last event: No signal", PortStatus.NO_SIGNAL),
        ("Power on, Block", "", None),
    ],
)
def test_what_a_port_status_is_made_of(
    bench: Bench, line: str, details: str, status: PortStatus | None
) -> None:
    bench.spans = {2: line}
    bench.details = {2: f"{details}\n"}
    bench.attach()
    bench.greet()
    assert [port.status for port in bench.ports()] == [status]


@pytest.mark.parametrize(("csq", "signal"), [("0", -113), ("31", -51), ("-1", None), ("99", None)])
def test_signal(bench: Bench, csq: str, signal: int | None) -> None:
    bench.details = {2: f"Signal Quality (0,31): {csq}\n"}
    bench.attach()
    bench.greet()
    assert bench.ports()[0].signal == signal


MODULE = """Manufacturer: Quectel
Model Name: EC21
Model CBAND:  EGSM_MODE,ALL_BAND
Revision: EC21AFAR05A06M4G_30.002.30.002
Network Name: 61301
Network Status: Registered (Roaming)
Signal Quality (0,31): 12
BER value (0,7): 3
SIM SMS Center Number: +15550001
PDD: 5
ASR: 53
ACD: 16
Last event: D-Channel Up
State: CALL ACTIVE Called from +4915112345678 00:01:02
"""


def test_every_detail_is_told(bench: Bench) -> None:
    bench.spans = {2: "Standard, Power on,Up , In Alarm,Dancing"}
    bench.details = {2: MODULE}
    bench.attach()
    bench.greet()
    assert bench.ports() == [
        PortState(
            port="1",
            status=PortStatus.READY,
            signal=-89,
            operator="61301",
            manufacturer="Quectel",
            model="EC21",
            revision="EC21AFAR05A06M4G_30.002.30.002",
            band="EGSM_MODE,ALL_BAND",
            network_status=NetworkStatus.ROAMING,
            bit_error_rate=3,
            smsc="+15550001",
            post_dial_delay=5,
            answer_seizure_ratio=53,
            average_call_duration=16,
            last_event="D-Channel Up",
            channel_state="CALL ACTIVE",
            words=("Standard", "Power on", "Up", "In Alarm", "Dancing"),
        )
    ]


def test_what_lasts_of_a_port_that_is_gone(bench: Bench) -> None:
    bench.spans = {2: UP, 3: NO_SIM}
    bench.details = {2: MODULE}
    bench.connect()
    bench.spans = {3: NO_SIM}
    bench.wait(30.0)
    assert bench.ports() == [
        PortState(
            port="1",
            status=PortStatus.OFFLINE,
            manufacturer="Quectel",
            model="EC21",
            revision="EC21AFAR05A06M4G_30.002.30.002",
            band="EGSM_MODE,ALL_BAND",
            smsc="+15550001",
        )
    ]


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("Registered (Home network)", NetworkStatus.HOME),
        ("Registered (Roaming)", NetworkStatus.ROAMING),
        ("Registered", NetworkStatus.REGISTERED),
        ("Not registered", NetworkStatus.NOT_REGISTERED),
        ("Searching", NetworkStatus.SEARCHING),
        ("Registration denied", NetworkStatus.DENIED),
        ("Unknown", None),
        ("Unknown Network Status", None),
        ("", None),
    ],
)
def test_network_status(bench: Bench, value: str, status: NetworkStatus | None) -> None:
    bench.details = {2: f"Network Status: {value}\n"}
    bench.attach()
    bench.greet()
    assert [port.network_status for port in bench.ports()] == [status]


def test_spans_and_ports() -> None:
    assert (port_key(2), span_of("1"), span_of("98")) == ("1", 2, 99)
