"""The table's rows for ports: how they are found, what is told of them, and how often the box is asked."""

import asyncio

from homeassistant.const import STATE_UNKNOWN

from tests.simulators.neogate_span import (
    NO_SIM,
    TG100_M35,
    TG100_UC15,
    TG200_EC21,
    TG400_2013,
    TG400_2019,
    UNREGISTERED,
    Firmware,
    Span,
)

from .neogate_bench import Port, RowFunction, Table

PORTS = Table()
row = PORTS.row

EVERYWHERE = {
    "signal_strength": "-89",
    "operator": "61301",
    "network_status": "roaming",
    "smsc": "+8613800592500",
    "last_event": "SMS received",
    "channel_state": "READY",
    "status": "ready",
}
CALLS = {"post_dial_delay": "7", "answer_seizure_ratio": "50", "average_call_duration": "31"}
NO_CALLS = dict.fromkeys(CALLS, STATE_UNKNOWN)

FIRMWARE: dict[str, tuple[Firmware, dict[str, str]]] = {
    "a TG400 of 2013 with a SIM900": (
        TG400_2013,
        {
            **NO_CALLS,
            "manufacturer": "SIMCOM_Ltd",
            "model": "SIMCOM_SIM900",
            "revision": "1137B13SIM900M64_ST",
            "band": "EGSM_MODE,ALL_BAND",
            "bit_error_rate": STATE_UNKNOWN,
        },
    ),
    "a TG400 of 2019 with a SIM800": (
        TG400_2019,
        {
            **NO_CALLS,
            "manufacturer": "SIMCOM_Ltd",
            "model": "SIMCOM_SIM800",
            "revision": "1308B08SIM800M32",
            "band": STATE_UNKNOWN,
            "bit_error_rate": STATE_UNKNOWN,
        },
    ),
    "a TG100 with an M35": (
        TG100_M35,
        {
            **CALLS,
            "manufacturer": "Quectel_M35",
            "model": "Quectel_M35",
            "revision": "M35FAR02A01_RSIM",
            "band": STATE_UNKNOWN,
            "bit_error_rate": "3",
        },
    ),
    "a TG200 with an EC21": (
        TG200_EC21,
        {
            **CALLS,
            "manufacturer": "Quectel",
            "model": "EC21",
            "revision": "EC21AFAR05A06M4G_30.002.30.002",
            "band": STATE_UNKNOWN,
            "bit_error_rate": "3",
        },
    ),
    "a TG100 with a UC15": (
        TG100_UC15,
        {
            **CALLS,
            "manufacturer": STATE_UNKNOWN,
            "model": "UC15",
            "revision": "UC15EQAR03A03E1G",
            "band": STATE_UNKNOWN,
            "bit_error_rate": STATE_UNKNOWN,
        },
    ),
}


def prepare(span: Span) -> None:
    """Let a span have something to tell in every field."""
    span.operator, span.network_status = "61301", "Registered (Roaming)"
    span.csq, span.ber = 12, 3
    span.pdd, span.asr, span.acd = 7, 50, 31
    span.last_event = "SMS received"


def _fields(expected: dict[str, str]) -> RowFunction:
    async def run(port: Port) -> None:
        prepare(port.span)
        await port.pass_time(310)
        shown = {**EVERYWHERE, **expected, "imei": port.span.imei, "imsi": port.span.imsi}
        assert {key: port.shows(key) for key in shown} == shown

        # What a module does not know it writes as one of these.
        port.span.csq, port.span.ber, port.span.operator = 99, -1, ""
        port.span.network_status, port.span.smsc, port.span.last_event = "Unknown", "", ""
        await port.pass_time(310)
        unknown = ("signal_strength", "bit_error_rate", "operator", "network_status", "smsc", "last_event")
        assert {port.shows(key) for key in unknown} == {STATE_UNKNOWN}

    return run


for _name, (_firmware, _expected) in FIRMWARE.items():
    row(f"every field of {_name}", firmware=_firmware, ports=1)(_fields(_expected))


def _model(ports: int) -> RowFunction:
    async def run(port: Port) -> None:
        numbers = range(1, ports + 1)
        assert [port.beside(str(number)).shows("status") for number in numbers] == ["ready"] * ports
        read = [command for command in port.box.commands if command.startswith("gsm show span ")]
        assert read == [f"gsm show span {number + 1}" for number in numbers]
        told = await port.beside(str(ports)).text()
        assert (told["status"], told["port"]) == ("sent", str(ports))
        assert port.asked(f"gsm send sms {ports + 1} ") == 1

    return run


for _ports, _name in ((1, "TG100"), (2, "TG200"), (4, "TG400"), (8, "TG800"), (16, "TG1600")):
    row(f"the {_ports} ports of a {_name}", ports=_ports)(_model(_ports))


STATUSES = (
    ("Power on, Provisioned, Up, Active,Standard", "ready"),
    ("Power on, Up, Active, Standard", "ready"),
    ("Standard,Multiplexer , Up,In Alarm,Dancing, Power on", "ready"),
    ("Power on, Provisioned, Undetected SIM Card, Active,Standard", "no_sim"),
    ("Power on, No Signal, Standby, Standard", "no_signal"),
    ("Power off, Down, Active, Standard", "power_off"),
    ("Power on, Provisioned, Unregistered Network, Active,Standard", "not_registered"),
    ("Power on, Pin (undefined) Error, Active, Standard", "pin_error"),
    ("Power on, Block, Active, Standard", STATE_UNKNOWN),
    ("", STATE_UNKNOWN),
)


@row("status words of every firmware, in any order, and words that nobody knows")
async def _(port: Port) -> None:
    for line, status in STATUSES:
        port.span.status_line = line or " "
        await port.pass_time(31)
        assert (line, port.shows("status")) == (line, status)
        words = {word.strip() for word in line.replace(" (undefined)", "").split(",")} - {""}
        (told,) = [one for name, one in port.entry.runtime_data.data.ports.items() if name == port.name]
        assert {*told.words} == words


@row("a network that denies, searches, or is not told", ports=1)
async def _(port: Port) -> None:
    for network, shown, status in (
        ("Registered (Home network)", "home", "ready"),
        ("Registered", "registered", "ready"),
        ("Not registered", "not_registered", "not_registered"),
        ("Searching", "searching", "not_registered"),
        ("Registration denied", "denied", "registration_denied"),
        ("Unknown Network Status", STATE_UNKNOWN, STATE_UNKNOWN),
    ):
        port.span.network_status = network
        await port.pass_time(310)
        assert (port.shows("network_status"), port.shows("status")) == (shown, status)


@row("a wrong PIN is seen by nobody", ports=1)
async def _(port: Port) -> None:
    port.span.link, port.span.last_event = "Pin (73915) Error", "PIN error"
    await port.pass_time(31)
    assert port.shows("status") == "pin_error"
    told = [one.as_dict() for one in port.hass.states.async_all()]
    assert "73915" not in f"{told} {port.bench.log_lines()} {port.entry.runtime_data.data!r}"


@row("a number in a call is shown nowhere", ports=1)
async def _(port: Port) -> None:
    for state in (
        "RINGING Called from +4915112345678 00:00:03",
        "CALL ACTIVE Called to 4915112345678 01:02:03",
    ):
        port.span.state = state
        await port.pass_time(310)
        assert port.shows("channel_state") == state.partition(" Called")[0]
    assert "15112345678" not in f"{[one.as_dict() for one in port.hass.states.async_all()]}"


@row("the spans every 30 seconds, details when a line changed and every 5 minutes")
async def _(port: Port) -> None:
    spans, details = port.asked("gsm show spans"), port.asked("gsm show span 2")
    await port.pass_time(595)
    assert port.asked("gsm show spans") - spans == 19
    assert port.asked("gsm show span 2") - details == 1
    port.span.link = UNREGISTERED
    await port.until(lambda: port.shows("status") == "not_registered", within=31)
    assert port.asked("gsm show span 2") - details == 2


@row("how often is an option", options={"poll_interval": 10})
async def _(port: Port) -> None:
    spans, details = port.asked("gsm show spans"), port.asked("gsm show span 2")
    await port.pass_time(595)
    assert port.asked("gsm show spans") - spans == 59
    assert port.asked("gsm show span 2") - details == 1


@row("details are never read while the port sends", result_delay=50.0)
async def _(port: Port) -> None:
    sending = asyncio.create_task(port.text())
    await port.until(lambda: port.asked("gsm send sms 2 ") == 1)
    details = port.asked("gsm show span 2")
    port.span.link = NO_SIM
    await port.until(lambda: port.shows("status") == "no_sim", within=31)  # the list is read all the same
    await port.pass_time(10)
    assert port.asked("gsm show span 2") == details
    assert (await sending)["status"] == "sent"
    await port.pass_time(1)
    assert port.asked("gsm show span 2") == details + 1


@row("a port that the box does not list any more is offline until it is back")
async def _(port: Port) -> None:
    span = port.box.spans.pop(2)
    await port.until(lambda: port.shows("status") == "offline", within=31)
    assert (port.shows("signal_strength"), port.shows("imei")) == (STATE_UNKNOWN, span.imei)
    port.box.spans[2] = span
    await port.until(lambda: port.shows("status") == "ready", within=31)
