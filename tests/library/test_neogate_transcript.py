"""What is shown of a NeoGate's messages: enough to see what went wrong, and nothing of anybody."""

from itertools import pairwise
from urllib.parse import quote, quote_plus

from hypothesis import given, strategies as st
import pytest

from custom_components.gsm_gateway.aiogsm import ami
from custom_components.gsm_gateway.aiogsm.neogate import codec
from custom_components.gsm_gateway.aiogsm.neogate.dialog import Channel
from custom_components.gsm_gateway.aiogsm.neogate.transcript import transcribe
from custom_components.gsm_gateway.aiogsm.wirelog import (
    MOST_BYTES,
    MOST_LINES,
    Piece,
    Pseudonyms,
    Way,
    WireLine,
)

from .neogate_transcripts import said

END = b"--END COMMAND--\r\n\r\n"
BANNER = b"Asterisk Call Manager/1.1\r\n"


def piece(data: bytes, way: Way = Way.IN, peer: Channel = Channel.MAIN) -> Piece:
    return Piece(1.0, way, peer, data[:MOST_BYTES], len(data))


def read(*pieces: Piece, opened: bool = True) -> list[WireLine]:
    start = [piece(b"", Way.OPENED), piece(BANNER)] if opened else []
    return transcribe([*start, *pieces], Pseudonyms())[len(start) :]


def shown(*pieces: Piece, opened: bool = True) -> list[str]:
    return [line.text for line in read(*pieces, opened=opened)]


def asks(line: str, action_id: str = "5") -> Piece:
    return piece(codec.command(action_id, line), Way.OUT)


def follows(output: bytes, action_id: bytes = b"5") -> Piece:
    head = b"Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: " + action_id + b"\r\n"
    return piece(head + output + END)


def test_a_connection() -> None:
    lines = transcribe(
        [
            piece(b"", Way.OPENED),
            piece(BANNER),
            piece(ami.login("1", "apiuser", "geheim", events=True), Way.OUT),
            piece(b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"),
            piece(ami.ping("2"), Way.OUT),
            piece(b"Response: Error\r\nActionID: 2\r\nMessage: 4711\r\n\r\n"),
            piece(b"LinkLost", Way.LOST),
        ],
        Pseudonyms(),
    )
    assert {line.link for line in lines} == {"main"}
    assert [(line.way, line.text) for line in lines] == [
        (Way.OPENED, ""),
        (Way.IN, "Asterisk Call Manager/1.1"),
        (
            Way.OUT,
            "Action: Login; ActionID: 1; Username: <7 characters>; Secret: <6 characters>; Events: on",
        ),
        (Way.IN, "Response: Success; ActionID: 1; Message: Authentication accepted"),
        (Way.OUT, "Action: Ping; ActionID: 2"),
        (Way.IN, "Response: Error; ActionID: 2; Message: <4 digits>"),
        (Way.LOST, "LinkLost"),
    ]


def test_the_list_of_spans() -> None:
    assert shown(
        asks(codec.show_spans()),
        follows(
            b"GSM span 2: Power on, Provisioned, Up, Active,Standard\n"
            b"GSM span 3: Power on, Pin (1234) Error, geheim\nnobody knows\n"
        ),
    ) == [
        "Action: smscommand; ActionID: 5; command: gsm show spans",
        (
            "Response: Follows; ActionID: 5; GSM span 2: Power on, Provisioned, Up, Active, Standard; "
            "GSM span 3: Power on, Pin Error, <6 characters>; <12 characters>"
        ),
    ]


def test_the_details_of_a_span() -> None:
    asked, told = read(
        asks(codec.show_span(2)),
        follows(
            b"D-channel: 2\nStatus: Power on, Up\nModel IMEI: 861234567890123\nNetwork Name: dna\n"
            b"Network Status: Registered (Home network)\nSignal Quality (0,31): 31\nBER value (0,7): -1\n"
            b"SIM IMSI: 250021234567890\nLast event: SMS received\nState: CALLING Called 4711\n"
            b"Last send AT: AT+CUSD=1,4711"
        ),
    )
    assert (asked.port, told.port) == ("1", "1")
    assert told.text == (
        "Response: Follows; ActionID: 5; d-channel: 2; status: Power on, Up; model imei: <15 digits>; "
        "network name: <3 characters>; network status: Registered (Home network); "
        "signal quality (0,31): 31; ber value (0,7): -1; sim imsi: <15 digits>; last event: SMS received; "
        "state: <19 characters>; last send at: <14 characters>"
    )


def test_a_text_that_is_sent() -> None:
    asked, refused = read(
        asks(codec.send_sms(3, "+49170", "gate 4711", "abc")), follows(b"No GSM running on span 3\n")
    )
    assert (asked.port, refused.port) == ("2", "2")
    assert asked.text == "Action: smscommand; ActionID: 5; command: gsm send sms 3 <24 characters>"
    assert refused.text == "Response: Follows; ActionID: 5; No GSM running on span 3"


def test_a_code_that_is_dialled() -> None:
    assert shown(
        asks(codec.send_ussd(2, "*100#", 30.0)), follows(b"1:Recive USSD sucess on span 2\nText: 4711\n")
    ) == [
        "Action: smscommand; ActionID: 5; command: gsm send ussd 2 <10 characters>",
        "Response: Follows; ActionID: 5; <41 characters>",
    ]


def test_an_output_that_nobody_knows_who_asked_for_is_hidden() -> None:
    assert shown(follows(b"Status: Power on\n", b"9")) == [
        "Response: Follows; ActionID: 9; <16 characters>",
    ]


def test_a_text_that_comes() -> None:
    [line] = read(
        piece(
            b"Event: ReceivedSMS\r\nPrivilege: all,smscommand\r\nID: 244\r\nGsmSpan: 2\r\nSender: +49170\r\n"
            b"Recvtime: 2025-03-06 06:12:09\r\nIndex: 1\r\nTotal: 2\r\nSmsc: +49171\r\nContent: geheim\r\n"
            b"4711: 4711\r\n--END SMS EVENT--\r\n\r\n"
        )
    )
    assert line.port == "1"
    assert line.text == (
        "Event: ReceivedSMS; privilege: all,smscommand; id: <3 digits>; gsmspan: 2; sender: <6 characters>; "
        "recvtime: 2025-03-06 06:12:09; index: 1; total: 2; smsc: <6 characters>; content: <6 characters>; "
        "<4 digits>: <4 digits>"
    )


def test_what_belongs_to_no_message() -> None:
    assert shown(piece(b"Event: Rece"), piece(b"ivedSMS\r\n"), opened=False) == [
        "<11 bytes of a message>",
        "<9 bytes of a message>",
    ]
    assert shown(piece(b"geheim\r\n4711\r\n"), opened=False) == ["<not understood: no_message>"]
    assert shown(piece(b"", Way.OPENED), piece(b"SSH-2.0\r\n"), opened=False) == [
        "",
        "<not understood: greeting>",
    ]


def test_it_goes_on_after_the_beginning_was_forgotten() -> None:
    assert shown(
        piece(b"ingdom\r\nContent: 4711\r\n\r\nResponse: Goodbye\r\n\r\n"), opened=False
    ) == ["<not understood: no_message>", "Response: Goodbye"]  # fmt: skip


def test_it_goes_on_after_a_piece_that_was_cut() -> None:
    long = b"Event: ReceivedSMS\r\nContent: " + b"x" * MOST_BYTES
    assert shown(piece(long), piece(b"4711\r\n\r\nEvent: UpdateSMSSend\r\nStatus: 1\r\n\r\n")) == [
        f"<{len(long)} bytes of a message>",
        "<not understood: no_message>",
        "Event: UpdateSMSSend; status: 1",
    ]


def test_the_connections_are_read_apart() -> None:
    half, rest = b"Response: Succ", b"ess\r\n\r\n"
    pieces = [piece(half), piece(b"Response: Goodbye\r\n\r\n", peer=Channel.USSD), piece(rest)]
    assert [(line.link, line.text) for line in read(*pieces, opened=False)] == [
        ("main", "<14 bytes of a message>"),
        ("ussd", "Response: Goodbye"),
        ("main", "Response: Success"),
    ]


def test_the_last_lines_are_shown() -> None:
    lines = transcribe([piece(ami.ping(str(number)), Way.OUT) for number in range(60)], Pseudonyms())
    assert len(lines) == MOST_LINES
    assert lines[-1].text == "Action: Ping; ActionID: 59"


# Nothing of anybody

WRITABLE = st.characters(min_codepoint=0x21, exclude_characters="<>", codec="utf-8")
SECRETS = st.one_of(
    st.from_regex(r"\+?[0-9]{6,20}", fullmatch=True),
    st.text(WRITABLE, min_size=6, max_size=39).map("{}§".format),  # and so no word of the wire
    st.text(st.sampled_from("aäß €4711+🎉"), min_size=9, max_size=40).filter(lambda text: len({*text}) > 3),
)
KEYS = """
    ID GsmSpan GsmPort Sender Recvtime Index Total Smsc Content Status Privilege Unheard ActionID Message
"""
DETAILS = [
    "D-channel", "Status", "Type", "Manufacturer", "Model Name", "Model IMEI", "Model CBAND", "Revision",
    "Network Name", "Network Status", "Signal Quality (0,31)", "BER value (0,7)", "SIM IMSI",
    "SIM SMS Center Number", "Send SMS Center Number", "PDD", "ASR", "ACD", "Last event", "State",
    "Last send AT", "Unheard",
]  # fmt: skip
FORMS = (str, quote, quote_plus, lambda text: text.encode("utf-16-be").hex().upper())


def assert_hidden(secret: str, *pieces: Piece, opened: bool = True) -> None:
    told = "\n".join(shown(*pieces, opened=opened))
    for form in FORMS:
        assert form(secret) not in told
        assert form(secret[-6:]) not in told


def in_pieces(data: bytes, places: set[int]) -> list[Piece]:
    """Cut bytes at these places, as far as they are that long."""
    cuts = [0, *sorted(place for place in places if place < len(data)), len(data)]
    return [piece(data[begin:end]) for begin, end in pairwise(cuts)]


@given(
    secret=SECRETS,
    form=st.sampled_from(FORMS),
    event=st.sampled_from(["ReceivedSMS", "UpdateSMSSend", "Other"]),
    keys=st.lists(st.sampled_from(KEYS.split()), min_size=1, max_size=4),
    places=st.sets(st.integers(1, 150), max_size=4),
)
@pytest.mark.parametrize("opened", [True, False])
def test_no_event_shows_what_somebody_wrote(
    *, opened: bool, secret: str, form: type[str], event: str, keys: list[str], places: set[int]
) -> None:
    fields = "".join(f"{key}: {form(secret)}\r\n" for key in keys)
    data = f"Event: {event}\r\n{fields}{secret}: {secret}\r\n\r\n".encode()
    for skipped in (0, 3, 25):
        assert_hidden(secret, *in_pieces(data[skipped:], places), opened=opened)


@given(
    secret=SECRETS,
    form=st.sampled_from(FORMS),
    asked=st.sampled_from(
        ["gsm show spans", "gsm show span 2", "gsm power on 2", 'gsm send ussd 2 "*1#" 3', ""]
    ),
    keys=st.lists(st.sampled_from(DETAILS), min_size=1, max_size=4),
    places=st.sets(st.integers(1, 200), max_size=4),
)
def test_no_output_shows_what_somebody_wrote(
    secret: str, form: type[str], asked: str, keys: list[str], places: set[int]
) -> None:
    lines = "".join(f"{key}: {form(secret)}\n" for key in keys)
    output = f"GSM span 2: Up, {form(secret)}\n{lines}{secret}\n1:USSD Message: {secret}\n".encode()
    data = b"Response: Follows\r\nPrivilege: SMSCommand\r\nActionID: 5\r\n" + output + END
    for skipped in (0, 3, 70):
        assert_hidden(secret, asks(asked), *in_pieces(data[skipped:], places))


@given(secret=SECRETS, places=st.sets(st.integers(1, 100), max_size=4))
def test_no_response_shows_what_is_in_it(secret: str, places: set[int]) -> None:
    data = f"Response: {secret}\r\nActionID: {secret}\r\nMessage: {secret}\r\n\r\n".encode()
    assert_hidden(secret, *in_pieces(data, places))
    assert_hidden(secret, *in_pieces(f"Asterisk Call Manager/{secret}\r\n".encode(), places), opened=False)


@given(secret=SECRETS)
def test_no_action_shows_what_is_in_it(secret: str) -> None:
    told = [
        ami.login("1", secret, secret, events=True),
        codec.command("2", f'gsm send sms 2 {secret} "{quote(secret, safe="")}" id'),
        codec.command("3", f'gsm send ussd 2 "{secret}" 30'),
        codec.command("4", secret),
        ami.action("Other", "5", f"{secret}: {secret}"),
    ]
    assert_hidden(secret, *(piece(data, Way.OUT) for data in told))


def test_all_that_was_ever_seen_can_be_read() -> None:
    for name in ("texts_tg400", "texts_tg100", "spans_tg400", "session_2g", "details_m35", "ussd_ucs2"):
        assert shown(piece(said(name)), opened=False)


@given(data=st.binary(max_size=80), opened=st.booleans())
def test_anything_at_all_can_be_transcribed(data: bytes, *, opened: bool) -> None:
    assert shown(piece(data), opened=opened)
