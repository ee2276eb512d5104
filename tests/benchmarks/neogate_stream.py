"""NeoGate stream: three events to one answer, in segments as TCP has them, decoded to typed objects."""

from collections.abc import Callable
from time import process_time

from panoramisk.ami_protocol import AMIProtocol

from .figure import OURS, Figure, Goal, Round, Sense
from .library import load

PANORAMISK = "panoramisk 1.4"
GOALS = (Goal(sense=Sense.AT_LEAST, value=3, against=PANORAMISK),)

SEGMENT = 1460
TURNS = 2000
"""How often three events and an answer come."""

SIGNAL_CHANGES_EVERY = 10
"""Answers of a span between two changes of its signal: at one in 30 s, five minutes' worth."""

_MICRO = 1e6

_RECEIVED = (
    "Event: ReceivedSMS\r\nPrivilege: all,smscommand\r\nID: {turn}\r\nGsmSpan: 2\r\n"
    "Sender: +15550100{turn:04}\r\nRecvtime: 2026-11-24 06:12:09\r\n"
    "Index: 1\r\nTotal: 1\r\nSmsc: +15550199999\r\n"
    "Content: %EF%BB%BFThe+door+of+the+shed+is+open%2C+no+{turn}%21+{letters}\r\n--END SMS EVENT--\r\n\r\n"
)
_LETTERS = ("", "%D0%9E%D1%87%D0%B5%D0%BD%D1%8C+%D0%B4%D0%BB%D0%B8%D0%BD%D0%BD%D0%BE")
_RESULT = (
    "Event: UpdateSMSSend\r\nPrivilege: all,smscommand\r\nID: m{turn}\r\nSmsc: +15550199999\r\nStatus: 1\r\n"
    "--END SMS EVENT--\r\n\r\n"
)
_DETAILS = (
    "Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: {turn}\r\nD-channel: 2\n"
    "Status: Power on, Provisioned, Up, Active,Standard\nType: CPE\nManufacturer: SIMCOM_Ltd\n"
    "Model Name: SIMCOM_SIM900\nModel IMEI: 867000000000000\nModel CBAND:  EGSM_MODE,ALL_BAND\n"
    "Revision: 1137B13SIM900M64_ST\nNetwork Name: NETWORK\nNetwork Status: Registered (Home network)\n"
    "Signal Quality (0,31): {signal}\nBER value (0,7): 0\nSIM IMSI: 460000000000000\n"
    "SIM SMS Center Number: +15550199999\nSend SMS Center Number: Undefined\nLast event: SMS received\n"
    "State: READY\nLast send AT: AT+CREG?\\r\\n--END COMMAND--\r\n\r\n"
)


def stream() -> list[bytes]:
    """Write what a busy box says, cut as it arrives."""
    turns = (
        (
            *(_RECEIVED.format(turn=turn, letters=letters) for letters in _LETTERS),
            _RESULT.format(turn=turn),
            _DETAILS.format(turn=turn, signal=20 + turn // SIGNAL_CHANGES_EVERY % 5),
        )
        for turn in range(TURNS)
    )
    said = ("Asterisk Call Manager/1.1\r\n" + "".join("".join(turn) for turn in turns)).encode()
    return [said[begin : begin + SEGMENT] for begin in range(0, len(said), SEGMENT)]


def _ours(segments: list[bytes]) -> int:
    """Read every message to the object that it ends as, and count them."""
    from aiogsm import ami
    from aiogsm.neogate import codec

    reader, read = codec.reader(), 0
    for segment in segments:
        reader.feed(segment)
        while (message := reader.next()) is not None:
            match message:
                case ami.Event():
                    read += codec.read_event(message) is not None
                case ami.Response():
                    read += codec.read_details(message.output).csq is not None
    return read


class _Counting(AMIProtocol):  # type: ignore[misc]  # untyped
    """Counts the messages that panoramisk has split."""

    read = 0

    def handle_message(self, message: object) -> None:
        self.read += 1


def _panoramisk(segments: list[bytes]) -> int:
    protocol = _Counting()
    protocol.connection_made(None)
    for segment in segments:
        protocol.data_received(segment)
    return protocol.read


def _timed(read: Callable[[list[bytes]], int], segments: list[bytes]) -> float:
    """Give the microseconds of a processor for a message."""
    begin = process_time()
    messages = read(segments)
    took = process_time() - begin
    if messages != 4 * TURNS:
        raise RuntimeError(f"read {messages} messages of {4 * TURNS}")
    return took / messages * _MICRO


async def measure(repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Have both read the same stream in turn."""
    load()
    segments = stream()
    contenders = {OURS: _ours, PANORAMISK: _panoramisk}
    rounds: list[Round] = []
    for number in range(repeats):
        say(f"round {number + 1} of {repeats}")
        rounds.append({name: _timed(read, segments) for name, read in contenders.items()})
    unit = "µs of CPU per message"
    return [Figure(name="NeoGate stream", unit=unit, goals=GOALS, rounds=tuple(rounds))]
