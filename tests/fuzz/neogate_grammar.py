"""What a NeoGate writes on its manager interface, and nearly so: a stream of lines.

In the scripts of dialogs some words are filled in when they are played: ``$I`` the id of the action that
waits for its answer, ``$M`` the id of the text that was sent last. Alone they are words like any other.
"""

from random import Random

from .damage import damaged

_BANNERS = ("Asterisk Call Manager/1.1\r\n",) * 6 + (
    "Asterisk Call Manager/1.1\n",
    "Asterisk Call Manager/\r\n",
    "SSH-2.0-OpenSSH\r\n",
    "A" * 200,
)
_IDS = ("$I", "$I", "$I", "$I", "1", "2", "99", "", "$M")
_STATUS = ("Power on", "Up", "Provisioned", "Active", "Standard", "Power off", "Undetected SIM Card")
_MORE_STATUS = (
    *_STATUS,
    "Pin (1234) Error",
    "Pin (",
    "No Signal",
    "Unregistered Network",
    "x" * 200,
    "\x1b[31m",
)
_NUMBERS = ("0", "1", "2", "3", "-1", "99", "100", "31", "7", "999999", "9999999999", "", "x", "٣")
_CONTENT = (
    "Hello",
    "Hello+world%21",
    "%ED%A0%BD",
    "%EF%BB%BFabc",
    "%",
    "%0d%0aEvent:+x",
    "é blank",
    "%00%ff",
    "\u202eabc",
    "x" * 160,
    "{{+1+}}",
)
_STAMPS = (
    "2026-11-25 12:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "x",
    "",
    "2026-02-30 25:61:61",
)
_DETAILS: dict[str, tuple[str, ...]] = {
    "Model Name": ("SIMCOM_SIM900", "M35", "x" * 300),
    "Model IMEI": ("490154203237518", "", "\x00"),
    "Network Name": ("CHINA MOBILE", "\u2028"),
    "Network Status": ("Registered (Home network)", "Searching", "Registration denied", "Registered", "?"),
    "Signal Quality (0,31)": ("30", "99", "-1", "31", "x"),
    "BER value (0,7)": ("0", "7", "99"),
    "PDD": ("5", "999999"),
    "ASR": ("100", "101"),
    "SIM IMSI": ("001010123456789",),
    "Last event": ("Hangup", "SIM not insert", "PIN error", "Called +4915112345", "   Called  "),
    "State": ("READY", "INIT", "UP", "BUSY 4915112345"),
    "Send SMS Center Number": ("Undefined", "+491760000443"),
}
_USSD = (
    "1:USSD RECEIVE Success!\r\nUSSD Responses: 0\r\nUSSD Code: 15\r\nUSSD Message: Your balance\r\n",
    "1: RECEIVE\nresponses: 1, code: 72\nText: 00480065\n",
    "1: code: 72\nText: \u00a00048\n",
    "1: code: 72\nText: D83D\n",
    "0:Send USSD failed\n",
    "Send USSD timeout\n",
    "",
    "2:Sending USSD now 'gsm send ussd'\n",
    "-1",
)
_WORDS = (
    "",
    "No GSM running on span 9\n",
    "Usage: gsm send sms <span> 'unclosed\n",
    "unable",
    "Event: ReceivedSMS\r\n\r\n",
    "Output: one\nOutput: two\n",
)
_ENDS = ("--END COMMAND--\r\n\r\n",) * 5 + (
    "\n--END COMMAND--\r\n\r\n",
    "--END COMMAND--\n\n",
    "--END COM",
    "",
)


def _one(random: Random, words: tuple[str, ...]) -> str:
    return random.choice(words)


def banner(random: Random) -> str:
    """Write a greeting."""
    return _one(random, _BANNERS)


def _plain(random: Random) -> str:
    status = _one(random, ("Success", "Success", "Error", "Goodbye", "Follows", ""))
    words = ("Authentication accepted", "Permission denied", "Invalid/unknown command", "Pong", "\x00")
    return f"Response: {status}\r\nActionID: {_one(random, _IDS)}\r\nMessage: {_one(random, words)}\r\n\r\n"


def _spans(random: Random) -> str:
    spans = random.sample(range(100), random.choice((1, 2, 3, 4, 50)))
    numbered = [2, *spans] if random.random() < 0.7 else spans
    return "".join(f"GSM span {span}: {', '.join(random.sample(_MORE_STATUS, 3))}\n" for span in numbered)


def _details(random: Random) -> str:
    return "".join(
        f"{key}: {_one(random, values)}\n" for key, values in _DETAILS.items() if random.random() < 0.7
    )


def _output(random: Random) -> str:
    return random.choice(
        (_spans, _details, lambda random: _one(random, _USSD), lambda random: _one(random, _WORDS))
    )(random)


def _follows(random: Random) -> str:
    head = f"Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: {_one(random, _IDS)}\r\n"
    return head + _output(random) + _one(random, _ENDS)


def _received(random: Random) -> str:
    return (
        f"Event: ReceivedSMS\r\nPrivilege: all,smscommand\r\nID: {_one(random, _NUMBERS)}\r\n"
        f"GsmSpan: {_one(random, ('2', '2', '2', *_NUMBERS))}\r\nSender: +15550100001\r\n"
        f"Recvtime: {_one(random, _STAMPS)}\r\nIndex: {_one(random, _NUMBERS)}\r\n"
        f"Total: {_one(random, _NUMBERS)}\r\n"
        f"Smsc: +491760000443\r\nContent: {_one(random, _CONTENT)}\r\n--END SMS EVENT--\r\n\r\n"
    )


def _result(random: Random) -> str:
    return (
        "Event: UpdateSMSSend\r\nPrivilege: all,smscommand\r\n"
        f"ID: {_one(random, ('$M', '$M', '(null)', ''))}\r\n"
        f"Smsc: +49\r\nStatus: {_one(random, ('1', '1', '0', '2', '', 'x'))}\r\n--END SMS EVENT--\r\n\r\n"
    )


def _other(random: Random) -> str:
    return _one(
        random,
        ("Event: FullyBooted\r\n\r\n", "garbage\r\n", "\r\n\r\n", ": x\r\n\r\n", "Event:\r\n\r\n", "\n"),
    )


def message(random: Random) -> bytes:
    """Write one thing that a NeoGate says, often damaged."""
    written = random.choice((_plain, _follows, _follows, _received, _received, _result, _other))(random)
    if random.random() < 0.1:
        written = written.replace("\r\n", "\n")
    data = written.encode()
    return damaged(random, data) if random.random() < 0.3 else data


def stream(random: Random) -> bytes:
    """Write all that comes over one connection."""
    data = banner(random).encode()
    for _ in range(random.randrange(5)):
        data += message(random)
    return damaged(random, data) if random.random() < 0.2 else data
