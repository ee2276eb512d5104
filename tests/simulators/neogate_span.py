"""One GSM port of a TG: its state, the firmware variants, and how the two make a status.

Section numbers are those of the vendor-neutral wire reference for the TG's SMS API: 3.2 status, 3.3 fields.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .simulator import Ussd

UP = "Up"
NO_SIM = "Undetected SIM Card"
NO_SIGNAL = "No Signal"
UNREGISTERED = "Unregistered Network"
DOWN = "Down"
INIT = "INIT"  # the span's state from power on until the module is up
HOME_NETWORK = "Registered (Home network)"
NOT_REGISTERED = "Not registered"
UNKNOWN_SIGNAL = 99

# The verdict and the parts of a USSD answer (section 6), by firmware.
USSD_NOW = (
    "1:Received USSD success on span: {span}\n\tUSSD Responses: {responses}\n\tUSSD Code: {code}\n"
    "\tUSSD Len: {length}\n\tUSSD Message: {text}\n"
)
USSD_OLD = (
    "1:Recive USSD sucess on span {span}\n\tUSSD Responses:{responses}\n\tUSSD Code:{code}\n"
    "\tUSSD Len: {length}\n\tUSSD Message: {text}\n"
)
USSD_OPENVOX = "1:Recive USSD on span {span},responses:{responses},code:{code}\nText:{text}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A radio module: its constants, and which fields a box with it prints, in order (3.3)."""

    manufacturer: str
    name: str
    revision: str
    fields: tuple[str, ...]
    band: str = ""


_HEAD = ("D-channel", "Status", "Type", "Manufacturer", "Model Name", "Model IMEI")
_NETWORK = ("Revision", "Network Name", "Network Status", "Signal Quality (0,31)")
_SIM = ("SIM IMSI", "SIM SMS Center Number")
_TAIL = ("Last event", "State", "Last send AT")
_FIELDS_2G = (*_HEAD, "Model CBAND", *_NETWORK, *_SIM, "Send SMS Center Number", *_TAIL)
_CALLS = ("PDD", "ASR", "ACD")
_FIELDS_LATER = (*_HEAD, *_NETWORK, "BER value (0,7)", *_SIM, *_CALLS, *_TAIL)
_FIELDS_3G = (*_HEAD, "Model CBAND", *_NETWORK, *_SIM, *_CALLS, *_TAIL, "Last receive AT")

SIM900 = Module(
    manufacturer="SIMCOM_Ltd",
    name="SIMCOM_SIM900",
    revision="1137B13SIM900M64_ST",
    fields=_FIELDS_2G,
    band=" EGSM_MODE,ALL_BAND",
)
SIM800 = Module(
    manufacturer="SIMCOM_Ltd", name="SIMCOM_SIM800", revision="1308B08SIM800M32", fields=_FIELDS_2G
)
M35 = Module(
    manufacturer="Quectel_M35", name="Quectel_M35", revision="M35FAR02A01_RSIM", fields=_FIELDS_LATER
)
EC21 = Module(
    manufacturer="Quectel", name="EC21", revision="EC21AFAR05A06M4G_30.002.30.002", fields=_FIELDS_LATER
)
UC15 = Module(manufacturer="", name="UC15", revision="UC15EQAR03A03E1G", fields=_FIELDS_3G)


@dataclass(frozen=True, slots=True, kw_only=True)
class Firmware:
    """What differs from one firmware to the next; quirk 6 of the reference."""

    module: Module
    port_field: str = "GsmSpan"  # "GsmPort" counts physical ports, from 1; "GsmSpan" counts spans, from 2
    single_index: int = 0  # Index of a text that is not split: 0/1 or 1/1
    provisioned: bool = False
    spaced: bool = True  # ", Standard" or ",Standard"
    short_when_down: bool = False  # a Down span prints D-channel and Status only
    ussd_form: str = USSD_NOW
    line_limit: int = 1024  # bytes of one input line, its end included
    ping_timestamp: bool = False


TG400_2013 = Firmware(module=SIM900, port_field="GsmPort", single_index=1, provisioned=True, spaced=False)
TG400_2019 = Firmware(module=SIM800, single_index=1, provisioned=True, spaced=False, ussd_form=USSD_OLD)
TG100_M35 = Firmware(module=M35)
TG200_EC21 = Firmware(module=EC21, short_when_down=True)
TG100_UC15 = Firmware(module=UC15)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """What becomes of one `gsm send sms`: a body text refuses it, each status makes one result event."""

    body: str = ""
    statuses: tuple[str, ...] = ("1",)


SENT = SendOutcome()
FAILED = SendOutcome(statuses=("0",))
NO_RESULT = SendOutcome(statuses=())


@dataclass(slots=True, kw_only=True)
class Span:
    """A GSM port. Everything may be changed while the box runs."""

    number: int
    module: Module
    powered: bool = True
    link: str = UP
    status_line: str = ""  # what is told in place of all that the rest would make of it
    alarm: bool = False
    active: bool = True
    imei: str = "013227009596135"
    imsi: str = "460021059661838"
    operator: str = "CHINA MOBILE"
    network_status: str = HOME_NETWORK
    csq: int = 30
    ber: int = 0
    smsc: str = "+8613800592500"
    send_smsc: str = "Undefined"
    pdd: int = 5
    asr: int = 53
    acd: int = 16
    last_event: str = "D-Channel Up"
    state: str = "READY"
    last_send_at: str = "AT+CREG?"
    last_receive_at: str = "OK"
    ussd: dict[str, Ussd] = field(default_factory=dict)
    menu: Mapping[str, Ussd] = field(default_factory=dict)
    ussd_running: bool = False
    outcomes: deque[SendOutcome] = field(default_factory=deque)
    incomplete: int = 0

    @property
    def port(self) -> int:
        """The physical port: span numbers are one higher (3.1)."""
        return self.number - 1

    @property
    def name(self) -> str:
        """The line's name."""
        return f"tg{self.port}"

    @property
    def can_send(self) -> bool:
        """Whether a text would reach the network."""
        return self.powered and self.link == UP and self.state != INIT

    def remove_sim(self) -> None:
        """Take the SIM out."""
        self.link, self.network_status = NO_SIM, NOT_REGISTERED
        self.imsi = self.operator = self.smsc = ""
        self.csq = UNKNOWN_SIGNAL
        self.last_event = "Unknown Event"


def status(span: Span, firmware: Firmware) -> str:
    """Write the status list in the order in which the driver builds it (3.2)."""
    if span.status_line:
        return span.status_line
    tokens = ["Power on" if span.powered else "Power off"]
    if firmware.provisioned:
        tokens.append("Provisioned")
    if span.alarm:
        tokens.append("In Alarm")
    tokens.append(span.link if span.powered and span.state != INIT else DOWN)
    tokens.append("Active" if span.active else "Standby")
    return ", ".join(tokens) + (", " if firmware.spaced else ",") + "Standard"


# One row per field of 3.3. A module chooses which of them its box prints.
_VALUES: Mapping[str, Callable[[Span, Firmware], object]] = {
    "D-channel": lambda span, _: 2 * span.port,
    "Status": status,
    "Type": lambda _, __: "CPE",
    "Manufacturer": lambda span, _: span.module.manufacturer,
    "Model Name": lambda span, _: span.module.name,
    "Model IMEI": lambda span, _: span.imei,
    "Model CBAND": lambda span, _: span.module.band,
    "Revision": lambda span, _: span.module.revision,
    "Network Name": lambda span, _: span.operator,
    "Network Status": lambda span, _: span.network_status,
    "Signal Quality (0,31)": lambda span, _: -1 if span.csq in {0, UNKNOWN_SIGNAL} else span.csq,
    "BER value (0,7)": lambda span, _: span.ber,
    "SIM IMSI": lambda span, _: span.imsi,
    "SIM SMS Center Number": lambda span, _: span.smsc,
    "Send SMS Center Number": lambda span, _: span.send_smsc,
    "PDD": lambda span, _: span.pdd,
    "ASR": lambda span, _: span.asr,
    "ACD": lambda span, _: span.acd,
    "Last event": lambda span, _: span.last_event,
    "State": lambda span, _: span.state,
    "Last send AT": lambda span, _: span.last_send_at,
    "Last receive AT": lambda span, _: span.last_receive_at,
}


def show_span(span: Span, firmware: Firmware) -> str:
    r"""Write the body of `gsm show span N`.

    The last line ends in the four characters backslash r backslash n and no line end, so that the terminator
    is glued to it (1.4).
    """
    down = not span.powered or span.link == DOWN
    if down and firmware.short_when_down:
        return "".join(f"{name}: {_VALUES[name](span, firmware)}\n" for name in _HEAD[:2])
    lines = [f"{name}: {_VALUES[name](span, firmware)}" for name in span.module.fields]
    return "\n".join(lines) + "\\r\\n"
