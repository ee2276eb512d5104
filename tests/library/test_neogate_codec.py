from collections.abc import Callable, Mapping
from copy import replace
from datetime import UTC, datetime, tzinfo
from itertools import pairwise
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from hypothesis import given, strategies as st
import pytest

from custom_components.gsm_gateway.aiogsm import ami
from custom_components.gsm_gateway.aiogsm.ami import Banner, Event, Message, Response, WireError
from custom_components.gsm_gateway.aiogsm.errors import InvalidInput
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.neogate.messages import (
    Registration,
    SmsResult,
    SpanDetails,
    Token,
    UssdAnswer,
    UssdFault,
)
from custom_components.gsm_gateway.aiogsm.parts import Joiner, Part

from .neogate_transcripts import said

BANNER = b"Asterisk Call Manager/1.1\r\n"
GREETED = Banner("1.1")
FOLLOWS = b"Response: Follows\r\nPrivilege: SMSCommand\r\n"
END = b"--END COMMAND--\r\n\r\n"
ANYTHING = (
    b"ActionID: 6\r\nEvent: ReceivedSMS\nResponse: Success\n\n"
    b"--END SMS EVENT--\r\n\r\n--END COMMAND--\n\r\n\r\n\x1a"
)


type Told = tuple[str, Mapping[str, str]]
"""The name of an event, and its fields."""


def drain(reader: ami.Reader) -> list[Message | str]:
    """Read all there is; a WireError shows as its reason."""
    read: list[Message | str] = []
    while True:
        try:
            message = reader.next()
        except WireError as error:
            read.append(error.reason)
            continue
        if message is None:
            return read
        read.append(message)


def told(messages: list[Message | str]) -> list[Message | Told | str]:
    """Give of events what they tell, in whatever order it was written."""
    return [(one.name, one.fields) if isinstance(one, Event) else one for one in messages]


def event(name: str, **fields: str) -> Told:
    return name, {"privilege": "all,smscommand", **{key.lower(): value for key, value in fields.items()}}


def written(name: str, **fields: str) -> Event:
    return Event(name, "".join(f"{field}: {value}\r\n" for field, value in fields.items()))


def reply(output: str, action_id: str = "") -> Response:
    return Response(status="Follows", action_id=action_id, output=output)


COMMAND_PARTS = ("Privilege: all,smscommand", "ID: 7", "Status: 1", "--END SMS EVENT--")
RESULT = ("\r\n".join(("Event: UpdateSMSSend", *COMMAND_PARTS)) + "\r\n\r\n").encode()

CASES: dict[str, tuple[bytes, list[Message | Told | str]]] = {
    "greeting": (b"", []),
    "login": (
        b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n",
        [Response(status="Success", action_id="1", message="Authentication accepted")],
    ),
    "login refused, an action at a time": (
        b"Response: Error\r\nMessage: Authentication failed\r\n\r\nResponse: Goodbye\r\n\r\n",
        [Response(status="Error", message="Authentication failed"), Response(status="Goodbye")],
    ),
    "pong": (
        b"Response: Success\r\nActionID: 4\r\nPing: Pong\r\nTimestamp: 1.5\r\n\r\n",
        [Response(status="Success", action_id="4")],
    ),
    "empty output": (FOLLOWS + END, [reply("")]),
    "output with an id": (
        FOLLOWS + b"ActionID: 12\r\nGSM span 2: Up\n" + END,
        [reply("GSM span 2: Up", "12")],
    ),
    "id before privilege, names in any case": (
        b"response: follows\r\nactionid: 3\r\nprivilege: SMSCommand\r\nx\n" + END,
        [reply("x", "3")],
    ),
    "end mark glued to the last line": (
        FOLLOWS + b"a\nLast send AT: AT\\r\\n" + END,
        [reply("a\nLast send AT: AT\\r\\n")],
    ),
    "output that looks like anything": (
        FOLLOWS + b"ActionID: 5\r\n" + ANYTHING + END,
        [reply(ANYTHING.decode(), "5")],
    ),
    "marked lines": (FOLLOWS + b"Output: a\r\nOutput: b: c\r\nOutput: \r\n" + END, [reply("a\nb: c\n")]),
    "a PIN": (
        FOLLOWS + b"GSM span 2: Power on, Pin (1234) Error, Active\n" + END,
        [reply("GSM span 2: Power on, Pin Error, Active")],
    ),
    "a PIN behind what may have become one": (
        FOLLOWS + b"Pin (Pin (1234) Error\n" + END,
        [reply("Pin (Pin Error")],
    ),
    "halves of a pair, not encoded": (
        b"Event: ReceivedSMS\r\nContent: \xed\xa0\xbd\xed\xb8\x80\r\n\r\n",
        [("ReceivedSMS", {"content": "\ud83d\ude00"})],
    ),
    "broken bytes": (FOLLOWS + b"a\xffb\n" + END, [reply("a\ufffdb")]),
    "event": (RESULT, [event("UpdateSMSSend", ID="7", Status="1")]),
    "event without an end mark": (
        b"Event: FullyBooted\r\nStatus: x\r\n\r\n",
        [("FullyBooted", {"status": "x"})],
    ),
    "the first of two fields counts": (b"Event: E\r\nA: 1\r\nA: 2\r\n\r\n", [("E", {"a": "1"})]),
    "event between command and output": (
        RESULT + FOLLOWS + END + RESULT,
        [event("UpdateSMSSend", ID="7", Status="1"), reply(""), event("UpdateSMSSend", ID="7", Status="1")],
    ),
    "stray empty lines": (
        b"\r\n\r\n" + RESULT + b"\r\n" + FOLLOWS + END,
        [event("UpdateSMSSend", ID="7", Status="1"), reply("")],
    ),
    "headers that begin with a bare line feed": (
        b"Event: E\nA: 1\r\n\r\nResponse: Success\nActionID: 1\r\n\r\n" + RESULT,
        [*["no_message"] * 4, event("UpdateSMSSend", ID="7", Status="1")],
    ),
    "garbage before a message": (
        b"\x00\x01\xff\nHTTP/1.1 200 OK\r\n" + RESULT,
        ["no_message", "no_message", event("UpdateSMSSend", ID="7", Status="1")],
    ),
}


@pytest.mark.parametrize(("data", "messages"), CASES.values(), ids=CASES)
def test_reading_whole(data: bytes, messages: list[Message | Told | str]) -> None:
    reader = codec.reader()
    reader.feed(BANNER + data)
    assert told(drain(reader)) == [GREETED, *messages]


@pytest.mark.parametrize(("data", "messages"), CASES.values(), ids=CASES)
def test_reading_byte_by_byte(data: bytes, messages: list[Message | Told | str]) -> None:
    reader = codec.reader()
    read: list[Message | str] = []
    for byte in BANNER + data:
        reader.feed(bytes((byte,)))
        read += drain(reader)
    assert told(read) == [GREETED, *messages]


@pytest.mark.parametrize(("data", "messages"), CASES.values(), ids=CASES)
def test_reading_with_a_tail(data: bytes, messages: list[Message | Told | str]) -> None:
    reader = codec.reader()
    reader.feed(BANNER + data + FOLLOWS + b"Event: half")
    assert told(drain(reader)) == [GREETED, *messages]
    reader.feed(b" a line\n" + END)
    assert drain(reader) == [reply("Event: half a line")]


@pytest.mark.parametrize(("data", "messages"), CASES.values(), ids=CASES)
def test_reading_after_junk(data: bytes, messages: list[Message | Told | str]) -> None:
    reader = codec.reader()
    reader.feed(BANNER + b"Message: of nobody\r\n\xfe\xff\r\n" + data)
    assert told(drain(reader)) == [GREETED, "no_message", "no_message", *messages]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "greeting"),
        (b"\r\nAsterisk Call Manager/1.1\r\n", "greeting"),
        (b"x" * ami.MAX_GREETING, "too_long"),
        (BANNER + b"x" * ami.MAX_MESSAGE, "too_long"),
        (BANNER + FOLLOWS + b"x\n" * ami.MAX_MESSAGE, "too_long"),
        (BANNER + b"Event: x\r\n" + b"a: b\r\n" * ami.MAX_MESSAGE, "too_long"),
        (BANNER + FOLLOWS + b"x\n" * ami.MAX_MESSAGE + END, "too_long"),
    ],
)
def test_what_cannot_go_on_is_a_fatal_error(data: bytes, reason: str) -> None:
    reader = codec.reader()
    reader.feed(data)
    if data.startswith(BANNER):
        assert reader.next() == GREETED
    with pytest.raises(WireError, match=reason) as caught:
        reader.next()
    assert caught.value.fatal


def test_an_endless_line_is_given_up_within_bounds() -> None:
    reader = codec.reader()
    reader.feed(BANNER)
    assert reader.next() == GREETED
    with pytest.raises(WireError, match="too_long"):  # noqa: PT012 - some feed or other
        for _ in range(ami.MAX_MESSAGE // 1024 + 1):
            reader.feed(b"x" * 1024)
            reader.next()


@pytest.mark.parametrize("chunk", [1, 7, 100000])
def test_transcript_texts_tg100(chunk: int) -> None:
    data = said("texts_tg100")
    reader = codec.reader()
    read: list[Message | str] = []
    for start in range(0, len(data), chunk):
        reader.feed(data[start : start + chunk])
        read += drain(reader)
    banner, login, sent, result, received = read
    assert banner == GREETED
    assert isinstance(login, Response)
    assert login.success
    assert sent == reply("")
    assert isinstance(result, Event)
    assert codec.read_event(result) == SmsResult(message_id="(null)", taken=True)
    assert isinstance(received, Event)
    assert codec.read_event(received) == Part(
        port="1",
        sender="+79xxxxxxxxx",
        reference="",
        stamp="2025-03-06 05:01:07",
        stamped_at=datetime(2025, 3, 6, 5, 1, 7, tzinfo=UTC),
        place=0,
        total=1,
        text="Ещё ответ ",
    )


def read_all(name: str) -> list[Message | str]:
    reader = codec.reader()
    reader.feed(said(name))
    return drain(reader)[1:]


def test_transcript_long_text() -> None:
    joiner = Joiner()
    texts = []
    for message in read_all("long_text_tg100"):
        assert isinstance(message, Event)
        part = codec.read_event(message)
        assert isinstance(part, Part)
        texts += [joined.text for joined in joiner.add(part, 0.0)[0]]
    assert texts == ["Очень длинное сообщение " * 4]


def test_transcript_texts_tg400() -> None:
    result, single, second = (
        codec.read_event(message) for message in read_all("texts_tg400") if isinstance(message, Event)
    )
    assert result == SmsResult(message_id="2132ekwedsd", taken=True)
    assert isinstance(single, Part)
    assert (single.port, single.text, single.place, single.total) == ("1", "Reply Test For TG sms", 1, 1)
    assert isinstance(second, Part)
    assert (second.port, second.sender, second.reference, second.place, second.total) == (
        "5",
        "10086",
        "E9510086",
        2,
        2,
    )
    assert second.text.startswith("过短信、语音、网站自助交费")
    assert second.text.endswith("中国移动")


def test_transcript_spans() -> None:
    (message,) = read_all("spans_tg400")
    assert isinstance(message, Response)
    spans = codec.read_spans(message.body)
    assert spans[2] == ("Power on", "Provisioned", "Up", "Active", "Standard")
    assert [span for span, words in spans.items() if Token.NO_SIM in words] == [3, 4, 5]


@pytest.mark.parametrize(
    ("name", "details"),
    [
        (
            "details_m35",
            SpanDetails(
                manufacturer="Quectel_M35",
                model="Quectel_M35",
                revision="xxxxxxxx",
                operator="MegaFon",
                registration=Registration.HOME,
                csq=31,
                ber=0,
                pdd=5,
                asr=53,
                acd=16,
                last_event="SMS received",
                state="READY",
                imei="x" * 15,
                imsi="x" * 15,
                smsc="+79xxxxxxxxx",
            ),
        ),
        (
            "details_sim900",
            SpanDetails(
                manufacturer="SIMCOM_Ltd",
                model="SIMCOM_SIM900",
                revision="1137B13SIM900M64_ST",
                band="EGSM_MODE,ALL_BAND",
                operator="CHINA MOBILE",
                registration=Registration.HOME,
                csq=30,
                last_event="Hangup",
                state="READY",
                imei="x" * 15,
                imsi="x" * 15,
                smsc="+86xxxxxxxxxxx",
            ),
        ),
    ],
)
def test_transcript_details(name: str, details: SpanDetails) -> None:
    (message,) = read_all(name)
    assert isinstance(message, Response)
    assert codec.read_details(message.body) == details


def test_transcript_ussd() -> None:
    (message,) = read_all("ussd_ucs2")
    assert isinstance(message, Response)
    answer = codec.read_ussd(message.body)
    assert isinstance(answer, UssdAnswer)
    assert answer.responses == 1
    lines = answer.text.split("\n")
    assert len(answer.text) == 69
    assert (len(lines), lines[0], lines[-1]) == (10, "欢迎使用掌上服务厅", "---")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "Power on, Provisioned, Up, Active,Standard",
            ("Power on", "Provisioned", "Up", "Active", "Standard"),
        ),
        ("Power on, Up, Active, Standard", ("Power on", "Up", "Active", "Standard")),
        ("Power on, Down, Active, Standard", ("Power on", "Down", "Active", "Standard")),
        ("Up,Blocked by moon ,, Power on", ("Up", "Blocked by moon", "Power on")),
        ("Power on, Pin Error", ("Power on", "Pin Error")),
        ("", ()),
    ],
)
def test_status_words_in_any_order(status: str, words: tuple[str, ...]) -> None:
    assert codec.read_spans(f"noise\nGSM span 17: {status}\r\nGSM span x: Up") == {17: words}


@pytest.mark.parametrize("output", ["", "No such command 'gsm show spans'", "GSM span : Up"])
def test_no_list_of_spans(output: str) -> None:
    with pytest.raises(WireError, match="spans"):
        codec.read_spans(output)


@pytest.mark.parametrize(
    ("output", "details"),
    [
        ("", SpanDetails()),
        ("No GSM running on span 9", SpanDetails()),
        ("D-channel: 2\nStatus: Power on, Down, Active, Standard", SpanDetails()),
        ("Model CBAND: \nManufacturer: \nNetwork Name: \nModel Name:", SpanDetails()),
        (
            "Manufacturer: Quectel\nModel CBAND:  DCS_MODE",
            SpanDetails(manufacturer="Quectel", band="DCS_MODE"),
        ),
        ("Network Name: AT&T\nBER value (0,7): -1", SpanDetails(operator="AT&T")),
        ("Network Name: " + "x" * 300, SpanDetails(operator="x" * 100)),
        *((f"BER value (0,7): {value}", SpanDetails(ber=value)) for value in (0, 7)),
        *((f"BER value (0,7): {value}", SpanDetails()) for value in ("8", "99", "", "-2", "0.5")),
        ("PDD: 5\nASR: 100\nACD:0", SpanDetails(pdd=5, asr=100, acd=0)),
        ("PDD: -1\nASR: 101\nACD: long", SpanDetails()),
        ("SIM SMS Center Number: +861\nSend SMS Center Number: Undefined", SpanDetails(smsc="+861")),
        ("SIM SMS Center Number: +861\nSend SMS Center Number: +862", SpanDetails(smsc="+862")),
        ("SIM SMS Center Number: \nSend SMS Center Number: ", SpanDetails()),
        ("Network Name: 61301", SpanDetails(operator="61301")),
        ("Model Name: EC21\r\nRevision: a:b", SpanDetails(model="EC21", revision="a:b")),
        ("Network Name: one\nNetwork Name: two\x07", SpanDetails(operator="one")),
        ("Signal Quality (0,31): 0", SpanDetails(csq=0)),
        *((f"Signal Quality (0,31): {value}", SpanDetails()) for value in ("-1", "99", "32", "", "full")),
        ("Network Status: Registered (Home network)", SpanDetails(registration=Registration.HOME)),
        ("Network Status: Registered (Roaming)", SpanDetails(registration=Registration.ROAMING)),
        ("Network Status: registered (on the moon)", SpanDetails(registration=Registration.REGISTERED)),
        ("Network Status: Registered", SpanDetails(registration=Registration.REGISTERED)),
        ("Network Status: Not registered", SpanDetails(registration=Registration.NOT_REGISTERED)),
        ("Network Status: Searching", SpanDetails(registration=Registration.SEARCHING)),
        ("Network Status: Registration denied", SpanDetails(registration=Registration.DENIED)),
        ("Network Status: Unknown Network Status", SpanDetails()),
        ("Network Status: Unknown", SpanDetails()),
        ("Last event: PIN required", SpanDetails(last_event="PIN required")),
        ("Last event: something new", SpanDetails(last_event="something new")),
        ("State: INIT 5", SpanDetails(state="INIT 5")),
        ("State: CALL ACTIVE Called from +4915112345678 00:01:02", SpanDetails(state="CALL ACTIVE")),
        ("State: CALL MADE Called to 10086 00:00:00", SpanDetails(state="CALL MADE")),
        ("State: RINGING called from  00:00:00", SpanDetails(state="RINGING")),
        ("State: Speaks to 4915112345678", SpanDetails(state="Speaks to")),
        ("State: +4915112345678", SpanDetails()),
        ("Last event: Call from +4915112345678", SpanDetails(last_event="Call from")),
        ('Last send AT: AT+CUSD=1,"*100#"\nLast receive AT: +CLIP: "+49151"', SpanDetails()),
    ],
)
def test_details(output: str, details: SpanDetails) -> None:
    assert codec.read_details(output) == details


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("a+b%2Bc%0Ad", "a b+c\nd"),
        ("%EF%BB%BF%D0%96%21", "Ж!"),
        ("plain+", "plain "),
        ("raw text 1+1 100%25", "raw text 1+1 100%25"),
        ("raw ", "raw "),
        ("%FFbroken%E2%82", "\ufffdbroken\ufffd"),
        ("100%zz", "100%zz"),
        ("raw+ünicode%41", "raw+ünicode%41"),
        ("%EF%BB%BF%ED%A0%BD%ED%B8%80+%F0%9F%98%80", "\ud83d\ude00 😀"),
        ("%ED%B8%80x%ED%A0%BD", "\ude00x\ud83d"),
        ("%00%07%E2%80%AE", "\x00\x07\u202e"),
        ("", ""),
    ],
)
def test_content(content: str, text: str) -> None:
    assert codec.read_content(content) == text


@pytest.mark.parametrize(
    ("fields", "port", "index", "total"),
    [
        ({"GsmSpan": "2", "Index": "0", "Total": "1"}, "1", 0, 1),
        ({"GsmPort": "2", "Index": "1", "Total": "3"}, "2", 1, 3),
        ({"GsmPort": "2", "GsmSpan": "9", "Index": "1", "Total": "3"}, "2", 1, 3),
        ({"GsmSpan": "17", "Index": "", "Total": "3"}, "16", 0, 1),
        ({"GsmSpan": "17", "Index": "2", "Total": "many"}, "16", 2, 1),
        ({"GsmSpan": "17"}, "16", 0, 1),
    ],
)
def test_received(fields: dict[str, str], port: str, index: int, total: int) -> None:
    part = codec.read_event(written("receivedsms", Sender=" Mega\x07Fon ", Content="a", **fields))
    assert part == Part(
        port=port, sender="MegaFon", reference="", stamp="", place=index, total=total, text="a"
    )


_OCTETS = st.text(st.sampled_from("0Ff%%=+.-_~aZ\r\x1f"), max_size=24)


@given(st.one_of(_OCTETS, st.text(max_size=24).map(quote)))
def test_any_content_is_decoded_as_percent_encoding_is(content: str) -> None:
    assert codec.read_content(content) == unquote(content.replace("+", " ")).removeprefix("\ufeff")


_VALUE = st.one_of(st.sampled_from(["", "1", "2", " 7", "-1"]), st.text("19 :;%+-\tx", max_size=6))


@given(st.lists(_VALUE, min_size=8, max_size=8), st.sampled_from(["GsmPort", "GsmSpan"]))
def test_a_text_says_the_same_in_whatever_order_it_is_written(values: list[str], port: str) -> None:
    names = ("ID", port, "Sender", "Recvtime", "Index", "Total", "Smsc", "Content")
    fields = dict(zip(names, values, strict=True))
    usual = written("ReceivedSMS", Privilege="all,smscommand", **fields)
    usual = replace(usual, headers=f"{usual.headers}--END SMS EVENT--\r\n\r\n")
    unusual = written("ReceivedSMS", **dict(reversed(fields.items())))
    assert outcome(usual) == outcome(unusual)


@given(_VALUE, _VALUE)
def test_a_result_says_the_same_in_whatever_order_it_is_written(message_id: str, status: str) -> None:
    fields = {"ID": message_id, "Smsc": "", "Status": status}
    usual = written("UpdateSMSSend", Privilege="all,smscommand", **fields)
    usual = replace(usual, headers=f"{usual.headers}--END SMS EVENT--\r\n\r\n")
    assert outcome(usual) == outcome(written("UpdateSMSSend", **dict(reversed(fields.items()))))


def outcome(event: Event) -> object:
    """Give what an event tells, or why it tells nothing."""
    try:
        return codec.read_event(event)
    except WireError as error:
        return error.reason


@pytest.mark.parametrize(
    "fields", [{}, {"GsmSpan": "one"}, {"GsmSpan": "1"}, {"GsmPort": "0"}, {"GsmSpan": "٢"}]
)
def test_received_by_no_port(fields: dict[str, str]) -> None:
    with pytest.raises(WireError, match="received"):
        codec.read_event(written("ReceivedSMS", Content="a", **fields))


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("stamp", "zone", "time"),
    [
        ("2025-03-06 05:01:07", UTC, "2025-03-06 05:01:07"),
        ("2025-03-06 05:01:07", BERLIN, "2025-03-06 04:01:07"),
        ("2025-3-6 5:01:07", BERLIN, "2025-03-06 04:01:07"),
        ("2025-07-06 05:01:07", BERLIN, "2025-07-06 03:01:07"),
        ("2025-03-30 02:30:00", BERLIN, "2025-03-30 01:30:00"),  # no clock shows that
        ("2025-10-26 02:30:00", BERLIN, "2025-10-26 00:30:00"),  # clocks show that twice
    ],
)
def test_stamps(stamp: str, zone: tzinfo, time: str) -> None:
    assert codec.read_stamp(stamp, zone) == datetime.fromisoformat(f"{time}+00:00")


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "2025-03-06",
        "2025-03-06T05:01:07",
        "2025-W10-4 05:01:07",
        "2025-03-06 24:00:00",
        "2025-13-06 05:01:07",
        "2025-02-30 05:01:07",
        "0001-01-01 00:00:00",
        "today",
    ],
)
def test_what_is_no_stamp(stamp: str) -> None:
    assert codec.read_stamp(stamp, BERLIN) is None


@pytest.mark.parametrize(("status", "taken"), [("1", True), ("0", False), (" 1 ", True)])
def test_result(status: str, taken: bool) -> None:
    assert codec.read_event(written("UpdateSMSSend", ID="a#b", Status=status)) == SmsResult(
        message_id="a#b", taken=taken
    )


@pytest.mark.parametrize("fields", [{}, {"Status": "2"}, {"Status": ""}, {"Status": "yes"}])
def test_result_of_no_known_kind(fields: dict[str, str]) -> None:
    with pytest.raises(WireError, match="result"):
        codec.read_event(written("UpdateSMSSend", ID="a", **fields))


def test_other_events() -> None:
    assert codec.read_event(written("FullyBooted")) is None


NEW = (
    "1:Received USSD success on span: 3\n"
    "\tUSSD Responses: {0}\n\tUSSD Code: {1}\n\tUSSD Len: 9\n\tUSSD Message: {2}\n"
)
OLD = (
    "1:Recive USSD sucess on span 3\n"
    "\tUSSD Responses:{0}\n\tUSSD Code:{1}\n\tUSSD Len: 9\n\tUSSD Message:{2}\n"
)
OPENVOX = "1:Recive USSD on span 3,responses:{0},code:{1}\nText:{2}"


@pytest.mark.parametrize("spelling", [NEW, OLD, OPENVOX])
@pytest.mark.parametrize(
    ("responses", "code", "message", "text"),
    [
        (0, 15, "Balance: 5.00", "Balance: 5.00"),
        (1, 15, "1 yes\n2 no\r\n\n3 code: 72", "1 yes\n2 no\r\n\n3 code: 72"),
        (2, 15, "1234", "1234"),
        (0, 15, "a\rb\r\nc", "a\rb\r\nc"),
        (0, 15, "a\n--END COMMAND--\nb --END", "a\n--END COMMAND--\nb --END"),
        (0, 15, "a\n\tUSSD Message: b\nText: c", "a\n\tUSSD Message: b\nText: c"),
        (0, 15, "0:Send USSD failed on span 3", "0:Send USSD failed on span 3"),
        (0, 15, "Event: x\nResponse: Success\n\n", "Event: x\nResponse: Success"),
        (0, 72, "00480069", "Hi"),
        (0, 72, "0048006", "0048006"),
        (0, 72, "Hi", "Hi"),
        (0, 72, "\xa00048\u2003", "H"),
        (0, 72, "D83D", "\ufffd"),
        (0, 72, "D83DDE00FEFF", "😀\ufeff"),
        (0, 72, "FEFF0048", "H"),
        (0, 15, "a\x00\x1bb\x9f", "ab"),
        (0, 72, "", ""),
    ],
)
def test_ussd_answers(spelling: str, responses: int, code: int, message: str, text: str) -> None:
    answer = codec.read_ussd(spelling.format(responses, code, message))
    assert answer == UssdAnswer(text=text, responses=responses)


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        ("1:Received USSD success on span: 3\n\tUSSD Message: Hi", UssdAnswer(text="Hi")),
        ("1:Received USSD success on span: 3", UssdAnswer(text="")),
        ("0:Send USSD failed on span 6", UssdFault.FAILED),
        ("0:Send USSD timeout on span 6", UssdFault.TIMEOUT),
        ("0:Send USSD timeout on span 6 (110)", UssdFault.TIMEOUT),
        ("0:Sending USSD now on span 6", UssdFault.BUSY),
        ("0:Something new", UssdFault.FAILED),
        ("", UssdFault.FAILED),
        ("No GSM running on span 6", UssdFault.REFUSED),
        ("Usage: gsm send ussd <span> <message>", UssdFault.REFUSED),
    ],
)
def test_ussd_without_an_answer(output: str, answer: UssdAnswer | UssdFault) -> None:
    assert codec.read_ussd(output) == answer


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("No GSM running on span 9", "No GSM running on span 9"),
        ("\nCommand 'gsm send sms 2 +79 \"x\" a' failed.\nmore", "Command '…' failed."),
        (
            "No such command 'gsm a' (type 'core show help gsm a' for other)",
            "No such command '…' (type '…' for other)",
        ),
        ("a\x07" + "b" * 200, "a" + "b" * 119),
        ("", ""),
    ],
)
def test_reasons_quote_no_command(output: str, reason: str) -> None:
    assert codec.reason(output) == reason


@pytest.mark.parametrize(
    ("output", "refused"),
    [
        ("Power on span 2 sucessed", False),
        ("Power off span 2 sucessed", False),
        ("", False),
        ("Something new", False),
        ("Unable to power off span 2", True),
        ("No GSM running on span 2", True),
        ("No such command 'gsm power off 2'", True),
        ("Command 'gsm power off 2' failed.", True),
        ("Usage: gsm power off <span>", True),
    ],
)
def test_power_replies(output: str, refused: bool) -> None:
    assert codec.power_refused(output) is refused


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"Secret: pass\r\nEvents: on", b"Secret: ***\r\nEvents: on"),
        (b"GSM span 2: Pin (1234) Error, Up", b"GSM span 2: Pin (***) Error, Up"),
        (b"GSM span 2: Pin (12", b"GSM span 2: Pin (***"),
        (b"34) Error, Active", b"***) Error, Active"),
        (b"Last event: (x) Error", b"Last event: (x) Error"),
        (b"GSM span 2: Up\n", b"GSM span 2: Up\n"),
    ],
)
def test_what_is_logged_of_the_wire(data: bytes, shown: bytes) -> None:
    assert codec.Mask().hide(data) == shown


PIN_AND_PASSWORD = b"GSM span 2: Pin (1234) Error, Up\nGSM span 3: Pin (987) Error\r\nSecret: pa)ss4711\r\n"


@given(cuts=st.sets(st.integers(0, len(PIN_AND_PASSWORD))))
def test_nothing_secret_is_logged_in_whatever_pieces_it_comes(cuts: set[int]) -> None:
    mask, places = codec.Mask(), [0, *sorted(cuts), len(PIN_AND_PASSWORD)]
    pieces = [PIN_AND_PASSWORD[begin:end] for begin, end in pairwise(places)]
    shown = b"".join(mask.hide(piece) for piece in pieces)
    assert not {*b"1489"} & {*shown}  # digits of the secrets, and of nothing else
    assert shown.translate(None, b"* ") == (b"GSMspan2:Pin()Error,Up\nGSMspan3:Pin()Error\r\nSecret:\r\n")


WRITTEN: list[tuple[bytes, str]] = [
    (
        ami.login("1", "apiuser", "apipass", events=True),
        "Action: Login|ActionID: 1|Username: apiuser|Secret: apipass|Events: on",
    ),
    (
        ami.login("1", "ü", "p", events=False),
        "Action: Login|ActionID: 1|Username: ü|Secret: p|Events: off",
    ),
    (ami.ping("2"), "Action: Ping|ActionID: 2"),
    (ami.logoff("3"), "Action: Logoff|ActionID: 3"),
    (codec.command("4", codec.show_spans()), "Action: smscommand|ActionID: 4|command: gsm show spans"),
    (codec.command("5", codec.show_span(2)), "Action: smscommand|ActionID: 5|command: gsm show span 2"),
    (codec.command("6", codec.power(2, on=True)), "Action: smscommand|ActionID: 6|command: gsm power on 2"),
    (codec.command("7", codec.power(2, on=False)), "Action: smscommand|ActionID: 7|command: gsm power off 2"),
    (
        codec.command("8", codec.send_ussd(2, "*100#", 30.0)),
        'Action: smscommand|ActionID: 8|command: gsm send ussd 2 "*100#" 30',
    ),
    (
        codec.command("9", codec.send_sms(2, "+7900", 'a "b" \\ +%\r\nя~', "id_1-#.x")),
        (
            "Action: smscommand|ActionID: 9|"
            'command: gsm send sms 2 +7900 "a%20%22b%22%20%5C%20%2B%25%0D%0A%D1%8F~" id_1-#.x'
        ),
    ),
]


@pytest.mark.parametrize(("data", "lines"), WRITTEN)
def test_writing(data: bytes, lines: str) -> None:
    assert data.decode() == lines.replace("|", "\r\n") + "\r\n\r\n"


def test_a_ussd_timeout_is_in_whole_seconds_and_never_cut() -> None:
    assert codec.send_ussd(2, "*1#", 5.2).endswith(" 6")


@pytest.mark.parametrize("text", ["a" * 1100, "я" * 400, "😀" * 100], ids=["ascii", "cyrillic", "emoji"])
def test_the_longest_text_makes_a_line_that_fits(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        codec.check_sms("+" + "1" * 20, text)
    assert caught.value.reason == "text_too_long"
    excess = caught.value.excess
    size = 1 if text[0] == "a" else 3 * len(text[0].encode())
    shorter = text[: len(text) - (excess + size - 1) // size]
    line = codec.send_sms(99, "+" + "1" * 20, shorter, "i" * codec.MAX_ID)
    written = codec.command("1", line).splitlines(keepends=True)[2]
    assert ami.MAX_LINE - size <= len(written) < ami.MAX_LINE
    assert unquote(line.split('"')[1]) == shorter


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda: codec.check_sms("12\r\n34", "a"), "number"),
        (lambda: codec.check_sms("1 2", "a"), "number"),
        (lambda: codec.check_sms("٣٣٣", "a"), "number"),
        (lambda: codec.check_sms("123", ""), "text_empty"),
        (lambda: codec.check_sms("123", "a\x00"), "text_control"),
        (lambda: codec.check_sms("123", "\ud83d"), "text_control"),
        (lambda: codec.send_sms(2, "123", "a", "a b"), "message_id"),
        (lambda: codec.send_sms(2, "123", "a", "a\r\n"), "message_id"),
        (lambda: codec.send_sms(2, "123", "a", ""), "message_id"),
        (lambda: codec.send_sms(2, "123", "a", "i" * 65), "message_id"),
        (lambda: codec.send_ussd(2, '*100#" 5', 30.0), "ussd_code"),
        (lambda: codec.send_ussd(2, "*100#\r\nAction: x", 30.0), "ussd_code"),
        (lambda: codec.send_ussd(2, "", 30.0), "ussd_code"),
    ],
)
def test_refused_before_a_byte(ask: Callable[[], object], reason: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        ask()
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("response", "unknown", "forbidden", "body"),
    [
        (
            Response(status="Error", message="Invalid/unknown command: x."),
            True,
            False,
            "Invalid/unknown command: x.",
        ),
        (Response(status="Error", message="Permission denied"), False, True, "Permission denied"),
        (Response(status="Error"), False, False, "Error"),
        (Response(status="Follows", output="x"), False, False, "x"),
        (Response(status="Success", message="done"), False, False, ""),
    ],
)
def test_what_a_response_means(response: Response, unknown: bool, forbidden: bool, body: str) -> None:
    assert (response.unknown_action, response.forbidden, response.body) == (unknown, forbidden, body)


def test_no_repr_shows_what_it_must_not() -> None:
    values = (
        Response(status="Follows", message="secret", output="secret"),
        written("ReceivedSMS", Content="secret"),
        UssdAnswer(text="secret"),
        SpanDetails(imei="secret", imsi="secret", smsc="secret"),
        WireError("too_long"),
    )
    assert "secret" not in repr(values)
