"""The GoIP codec: every packet whole, cut and with junk behind it, and what we write."""

from contextlib import suppress
from random import Random

import pytest

from custom_components.gsm_gateway.aiogsm.goip.codec import (
    MAX_DATAGRAM,
    Malformed,
    decode,
    encode_acknowledgement,
    encode_done,
    encode_number,
    encode_password,
    encode_registration,
    encode_text,
    read_minutes,
)
from custom_components.gsm_gateway.aiogsm.goip.messages import (
    NO_LIMIT,
    Answer,
    CallHungUp,
    CallRecorded,
    CellChanged,
    CellsListed,
    Command,
    FromBox,
    Keepalive,
    MinutesLeft,
    News,
    Prompt,
    Push,
    Refused,
    Report,
    SmsDelivered,
    SmsReceived,
    Taken,
    UssdReceived,
    VoiceChanged,
    Waiting,
    Word,
)
from custom_components.gsm_gateway.aiogsm.models import CallState

from .goip_transcripts import packets

IMEI, IMSI, ICCID = "867495023958030", "260060172091324", "89480611000720913242"
SIM = {"imei": IMEI, "imsi": IMSI, "iccid": ICCID}

KEEPALIVES = [
    Keepalive(10, Report(line="goipid1", password="password1")),
    Keepalive(1, Report(line="goip1", password="pw", phone_number="12345")),
    Keepalive(
        10,
        Report(
            line="goipid1",
            password="password1",
            phone_number="12345",
            csq=23,
            registered=True,
            voip_registered=True,
        ),
    ),
    Keepalive(7, Report(line="goip1", password="pw", csq=13, registered=True, voip_registered=False, **SIM)),
    Keepalive(
        3,
        Report(
            line="Go1",
            password="pw",
            registered=False,
            voip_registered=False,
            call_state=CallState.IDLE,
            remaining=NO_LIMIT,
            operator="dna",
        ),
    ),
    Keepalive(
        11,
        Report(
            line="2002",
            password="pw",
            csq=18,
            registered=True,
            voip_registered=True,
            call_state=CallState.IDLE,
            remaining=25,
            operator="CHINA UNICOM GSM",
            imei=IMEI,
            imsi=IMSI,
            iccid="8948061100072091324",
            reporting=True,
        ),
    ),
    Keepalive(
        27,
        Report(
            line="gateway_name",
            password="gateway_password",
            csq=29,
            registered=True,
            voip_registered=False,
            call_state=CallState.IDLE,
            remaining=NO_LIMIT,
            operator="POL",
            reporting=True,
            cell="LAC:7E5,CELL ID:5E5B",
            **SIM,
        ),
    ),
    Keepalive(
        28,
        Report(
            line="goip1",
            password="pw",
            registered=True,
            voip_registered=True,
            call_state=CallState.IDLE,
            remaining=0,
            operator="POL",
            reporting=True,
            **SIM,
        ),
    ),
]


def push(
    verb: str,
    recvid: int,
    news: News | None,
    line: str = "goip1",
    word: str = "pw",
    *,
    unread: str = "",
) -> Push:
    return Push(
        verb=verb, recvid=recvid, line=line, password=word, news=news, unread=(unread,) if unread else ()
    )


HEAD = "id:goip1;password:pw;"

PUSHES: list[tuple[str, Push]] = [
    (
        "RECEIVE:1270197307;id:goipid1;pass:password1;srcnum:+8613513415667;msg:just a test",
        push("RECEIVE", 1270197307, SmsReceived("+8613513415667", "just a test"), "goipid1", "password1"),
    ),
    (
        f"RECEIVE:-7;{HEAD}srcnum:100;smscnum:+49;senttime:2019-01-02 03:04:05;msg:a;b:c;msg:d",
        push("RECEIVE", -7, SmsReceived("100", "a;b:c;msg:d")),
    ),
    (f"RECEIVE:2;{HEAD}srcnum:;msg:", push("RECEIVE", 2, SmsReceived("", ""))),
    (f"RECEIVE:2;{HEAD}srcnum:MyBank;msg:测试\n\n", push("RECEIVE", 2, SmsReceived("MyBank", "测试\n"))),
    (f"RECEIVE:2;{HEAD}srcnum:1;msg: a \r\n\0", push("RECEIVE", 2, SmsReceived("1", " a "))),
    (f"RECEIVE:2;{HEAD}srcnum:1", push("RECEIVE", 2, None)),
    (
        f"RECEIVE:2;{HEAD}srcnum:1;msg:[SMS1 missed] and so on",
        push("RECEIVE", 2, SmsReceived("1", "[SMS1 missed] and so on", complete=False)),
    ),
    (
        "STATE:7568;id:goip1;password:password1;gsm_remain_state:IDLE",
        push("STATE", 7568, VoiceChanged(CallState.IDLE), word="password1"),
    ),
    (
        f"STATE:1;{HEAD}gsm_remain_state:DIALING:999999999\n",
        push("STATE", 1, VoiceChanged(CallState.DIALING, "999999999")),
    ),
    (
        f"STATE:1;{HEAD}gsm_remain_state:incoming:+1555",
        push("STATE", 1, VoiceChanged(CallState.INCOMING, "+1555")),
    ),
    (f"STATE:1;{HEAD}gsm_remain_state:ALERTING:", push("STATE", 1, VoiceChanged(CallState.ALERTING))),
    (f"STATE:1;{HEAD}gsm_remain_state:ACTIVE", push("STATE", 1, VoiceChanged(CallState.CONNECTED))),
    (
        f"STATE:1;{HEAD}gsm_remain_state:CONNECTED:5",
        push("STATE", 1, VoiceChanged(CallState.CONNECTED, "5")),
    ),
    (f"STATE:1;{HEAD}gsm_remain_state:BUSY", push("STATE", 1, VoiceChanged(None))),
    (
        f"STATE:1;{HEAD}gsm_remain_state:FLYING:5",
        push("STATE", 1, VoiceChanged(None), unread="gsm_remain_state:FLYING"),
    ),
    (f"STATE:1;{HEAD}", push("STATE", 1, VoiceChanged(None))),
    (
        "RECORD:7565;id:goip2;password:password2;dir:2;num:10086",
        push("RECORD", 7565, CallRecorded(incoming=False, number="10086"), "goip2", "password2"),
    ),
    (f"RECORD:1;{HEAD}dir:1", push("RECORD", 1, CallRecorded(incoming=True))),
    (f"RECORD:1;{HEAD}dir:3;num:1", push("RECORD", 1, None, unread="dir")),
    (f"REMAIN:1;{HEAD}gsm_remain_time:-1", push("REMAIN", 1, MinutesLeft(NO_LIMIT))),
    (f"REMAIN:1;{HEAD}gsm_remain_time:17 \n", push("REMAIN", 1, MinutesLeft(17))),
    (
        f"REMAIN:1;{HEAD}gsm_remain_time:much",
        push("REMAIN", 1, MinutesLeft(None), unread="gsm_remain_time:much"),
    ),
    (
        f"HANGUP:1;{HEAD}num:,cause:Normal call clearing",
        push("HANGUP", 1, CallHungUp("Normal call clearing")),
    ),
    (f'HANGUP:1;{HEAD}num:5,cause:User busy"', push("HANGUP", 1, CallHungUp("User busy"))),
    (f"HANGUP:1;{HEAD}num:5;cause:User busy", push("HANGUP", 1, CallHungUp("User busy"))),
    (f"HANGUP:1;{HEAD}num:5", push("HANGUP", 1, CallHungUp(None))),
    (f"USSN:1;{HEAD}msg:Your credit; is:\n1 EUR", push("USSN", 1, UssdReceived("Your credit; is:\n1 EUR"))),
    (f"USSN:1;{HEAD}", push("USSN", 1, None)),
    (f"EXPIRY:1;{HEAD}exp:-1", push("EXPIRY", 1, None)),
    (f"DELIVER:1;{HEAD}sms_no:160;state:0;num:10086", push("DELIVER", 1, SmsDelivered(160, True, "10086"))),
    (f"DELIVER:1;{HEAD}sms_no:0;state:31", push("DELIVER", 1, SmsDelivered(0, True))),
    (f"DELIVER:1;{HEAD}sms_no:1;state:32", push("DELIVER", 1, SmsDelivered(1, None))),
    (f"DELIVER:1;{HEAD}sms_no:1;state:63", push("DELIVER", 1, SmsDelivered(1, None))),
    (f"DELIVER:1;{HEAD}sms_no:1;state:64", push("DELIVER", 1, SmsDelivered(1, False))),
    (f"DELIVER:1;{HEAD}sms_no:1;state:127;num:", push("DELIVER", 1, SmsDelivered(1, False))),
    (f"DELIVER:1;{HEAD}sms_no:1;state:128", push("DELIVER", 1, SmsDelivered(1, None), unread="state")),
    (f"DELIVER:1;{HEAD}sms_no:1;state:ok", push("DELIVER", 1, SmsDelivered(1, None), unread="state:ok")),
    (f"DELIVER:1;{HEAD}sms_no:one;state:0", push("DELIVER", 1, None, unread="sms_no:one")),
    (f"DELIVER:1;{HEAD}state:0", push("DELIVER", 1, None)),
    (f"CELLS:1;{HEAD}lists:3,1,2,1,", push("CELLS", 1, CellsListed(("3", "1", "2")))),
    (f"CELLS:1;{HEAD}lists:", push("CELLS", 1, CellsListed(()))),
    (
        f'CELLINFO:1;{HEAD}info:"LAC:7E5,CELL ID:5E5B"',
        push("CELLINFO", 1, CellChanged("LAC:7E5,CELL ID:5E5B")),
    ),
    (f"CELLINFO:1;{HEAD}info:a;b:c", push("CELLINFO", 1, CellChanged("a;b:c"))),
    (f"CELLINFO:1;{HEAD}info:", push("CELLINFO", 1, None)),
    (f"BCCH:1;{HEAD}bcch:1,2,", push("BCCH", 1, None)),
    (f"CGATT:1;{HEAD}cgatt:1", push("CGATT", 1, None)),
    (f"NUMRECORD:1;{HEAD}num:1", push("NUMRECORD", 1, None)),
    (f"NUM_ICCID:1;{HEAD}iccid:1", push("NUM_ICCID", 1, None)),
    (f"need_recharge:1;{HEAD}", push("need_recharge", 1, None)),
    (f"WHATEVER_NEXT:1;{HEAD}", push("WHATEVER_NEXT", 1, None)),
]

REPLIES: list[tuple[str, FromBox]] = [
    ("PASSWORD 11\n", Prompt(11, Word.CONFIRMED)),
    ("SEND 11\n", Prompt(11, Word.AUTHENTICATED)),
    ("WAIT 11 1\n", Waiting(11, 1)),
    ("OK 11 1 160 \n", Taken(11, 1, 160)),
    ("OK 11 2 0 \n", Taken(11, 2, 0)),
    ("OK 11 1\n", Taken(11, 1)),
    ("OK 11 1\0\0", Taken(11, 1)),
    ("DONE 11 \n", Prompt(11, Word.ENDED)),
    ("DONE 11", Prompt(11, Word.ENDED)),
    ("ERROR 11 PASSWORD\n", Refused(11, "PASSWORD")),
    ("ERROR 11 too_many_sends_in_server\n", Refused(11, "too_many_sends_in_server")),
    ("ERROR 11 1 errorstatus:38 \n", Refused(11, "errorstatus:38", 1)),
    ("ERROR 11 x errorstatus:38\n", Refused(11, "errorstatus:38")),
    ("ERROR 879902 13800138001 busy now\n", Refused(879902, "13800138001 busy now")),
    ("ERROR 11\n", Refused(11, "ERROR")),
    ("USSDERROR 5 no network", Refused(5, "no network")),
    ("CFERROR 5", Refused(5, "CFERROR")),
    ("USSDEXIT 5", Prompt(5, Word.USSD_ENDED)),
    ("USSD 5 You have:\n 1 EUR; press 1\n", Answer(5, "USSD", "You have:\n 1 EUR; press 1")),
    ("get_gsm_num 879901 13800138000", Answer(879901, "get_gsm_num", "13800138000")),
    ("get_gsm_num 879901 ", Answer(879901, "get_gsm_num", "")),
    ("get_gsm_num 879901", Answer(879901, "get_gsm_num", "")),
    ("set_gsm_num 879902 13800138001 ok", Answer(879902, "set_gsm_num", "13800138001 ok")),
    ("svr_reboot_dev 5 ok", Answer(5, "svr_reboot_dev", "ok")),
    ("CFOK 5", Answer(5, "CFOK", "")),
    ("CFSTATE 5 1 13800138000", Answer(5, "CFSTATE", "1 13800138000")),
    ("CWERROR 5 \n", Refused(5, "CWERROR")),
    ("GSMERROR 5 PASSWORD", Refused(5, "PASSWORD")),
    (
        "GSM:6;get_gsm_num:1;get_exp_time:2;get_remain_time:3;get_gsm_state:IDLE",
        Answer(6, "GSM", "get_gsm_num:1;get_exp_time:2;get_remain_time:3;get_gsm_state:IDLE"),
    ),
    (
        "AT:6;count:1;id:goip1;password:pw;receive:OK",
        Answer(6, "AT", "count:1;id:goip1;password:pw;receive:OK"),
    ),
]

MALFORMED: list[tuple[bytes, str]] = [
    (b"", "unreadable"),
    (b"\0\xff\xfe", "unreadable"),
    (b"hello", "unreadable"),
    (b"req:;id:a;pass:b;", "unreadable"),
    (b"req:99999999999;id:a;pass:b;", "unreadable"),
    ("req:\u0661;id:a;pass:b;".encode(), "unreadable"),
    (b"SEND 11x", "unreadable"),
    (b"SEND -11", "unreadable"),
    (b"CRON", "unreadable"),
    (b"A" * 33 + b":1;id:a;pass:b", "unreadable"),
    (b"req:1;pass:b;", "incomplete"),
    (b"req:1;id:;pass:b;", "incomplete"),
    (b"req:1;id:a b;pass:b;", "incomplete"),
    (b"req:1;id:" + b"a" * 65 + b";pass:b;", "incomplete"),
    (b"req:1;id:a;pass:" + b"b" * 65 + b";", "incomplete"),
    (b"STATE:1;password:b;gsm_remain_state:IDLE", "incomplete"),
    (b"OK 11", "incomplete"),
    (b"WAIT 11 one", "incomplete"),
    (b"req:1;id:a;pass:b;" + b"x" * MAX_DATAGRAM, "oversize"),
]

WHOLE = [
    *zip(packets("keepalives", "<"), KEEPALIVES, strict=True),
    *((packet.encode(), message) for packet, message in [*PUSHES, *REPLIES]),
]


def kinds(message: FromBox) -> list[type]:
    """Give what kind a message is of, and each value in it."""
    return [type(message), *(type(value) for value in (message if isinstance(message, tuple) else ()))]


@pytest.mark.parametrize(("packet", "message"), WHOLE)
def test_decodes_a_whole_packet(packet: bytes, message: FromBox) -> None:
    decoded = decode(packet)
    assert decoded == message
    assert kinds(decoded) == kinds(message)  # two of different kinds are equal where their values are


@pytest.mark.parametrize("packet", [packet for packet, _ in WHOLE])
def test_a_cut_packet_is_read_or_malformed_and_nothing_else(packet: bytes) -> None:
    for length in range(len(packet)):
        _decode_anything(packet[:length])


@pytest.mark.parametrize(("packet", "message"), WHOLE)
def test_padding_changes_nothing_but_bodies(packet: bytes, message: FromBox) -> None:
    assert decode(packet + b"\0\0") == message
    if packet.strip(b" \n\0") == packet and b"msg:" not in packet:
        assert decode(packet + b"\r\n\0") == message


def test_junk_is_read_or_malformed_and_nothing_else() -> None:
    random = Random(1)
    for packet, _ in WHOLE:
        for _ in range(20):
            spoiled = bytearray(packet)
            for _ in range(random.randrange(1, 6)):
                spoiled[random.randrange(len(spoiled))] = random.randrange(256)
            _decode_anything(bytes(spoiled) + random.randbytes(random.randrange(20)))


@pytest.mark.parametrize(("packet", "reason"), MALFORMED)
def test_says_why_a_packet_is_malformed(packet: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=f"^{reason}$"):
        decode(packet)


@pytest.mark.parametrize("packet", packets("official", "<"))
def test_every_official_sample_is_read(packet: bytes) -> None:
    decode(packet)


def test_reads_the_password_under_either_key() -> None:
    for key in ("pass", "password"):
        message = decode(f"STATE:1;id:goip1;{key}:secret;gsm_remain_state:IDLE".encode())
        assert isinstance(message, Push)
        assert message.password == "secret"


def test_the_first_of_two_equal_keys_counts() -> None:
    message = decode(b"req:1;id:goip1;pass:pw;id:goip2;pass:other;;;signal:1;")
    assert message == Keepalive(1, Report(line="goip1", password="pw", csq=1))


def test_null_words_are_unknown() -> None:
    message = decode(b"req:1;id:goip1;pass:pw;num:<NULL>;pro:(null);imei:000;gsm_status:;voip_state:;")
    assert message == Keepalive(1, Report(line="goip1", password="pw", registered=False))


@pytest.mark.parametrize("state", ["DOWN", "INIT", "BUSY"])
def test_an_unknown_state_word_is_no_state(state: str) -> None:
    message = decode(f"req:1;id:goip1;pass:pw;voip_state:{state};".encode())
    assert message == Keepalive(1, Report(line="goip1", password="pw"))


def test_names_are_shown_without_control_characters_and_not_too_long() -> None:
    message = decode(b"req:1;id:goip1;pass:pw;pro:\x1b[31m" + b"x" * 100)
    assert isinstance(message, Keepalive)
    assert message.report.operator == "[31m" + "x" * 60


def test_replaces_broken_utf8() -> None:
    message = decode(f"RECEIVE:2;{HEAD}srcnum:1;msg:caf".encode() + b"\xc3")
    assert isinstance(message, Push)
    assert message.news == SmsReceived("1", "caf\ufffd")


@pytest.mark.parametrize(
    ("value", "minutes"),
    [("25", 25), ("0", 0), ("-1", NO_LIMIT), ("-2", None), ("", None), ("x", None), (" 5\n", 5)],
)
def test_reads_minutes(value: str, minutes: int | None) -> None:
    assert read_minutes(value) == minutes


def test_writes_the_official_samples() -> None:
    received, state, record = (
        push(verb, recvid, None)
        for verb, recvid in (("RECEIVE", 1270197307), ("STATE", 7568), ("RECORD", 7565))
    )
    assert [
        encode_registration(10, accepted=True),
        encode_text(11, "hello"),
        encode_password(11, "password1"),
        encode_number(11, 1, "+8613800138000"),
        encode_number(11, 2, "+8613800138001"),
        encode_done(11),
        encode_acknowledgement(received),
        encode_acknowledgement(state),
        encode_acknowledgement(record),
        Command.USSD.packet(111, "password1", "557*0112220248*10#"),
    ] == [packet for packet in packets("official", ">") if b"gsm_num" not in packet]


def test_refuses_a_registration() -> None:
    assert encode_registration(7, accepted=False) == b"reg:7;status:404;"


def test_counts_the_bytes_of_a_text() -> None:
    assert encode_text(1, "zażółć\n{gęś}") == "MSG 1 18 zażółć\n{gęś}\n".encode()


@pytest.mark.parametrize(
    ("word", "registered"), [("LOGIN", True), ("UP", True), ("LOGOUT", False), ("DOWN", False)]
)
def test_reads_whether_voip_is_registered(word: str, registered: bool) -> None:
    message = decode(f"req:1;id:goip1;pass:pw;voip_status:{word};".encode())
    assert message == Keepalive(1, Report(line="goip1", password="pw", voip_registered=registered))


@pytest.mark.parametrize(
    ("key", "value", "unread"),
    [
        ("signal", "32", "signal"),
        ("signal", "good", "signal:good"),
        ("gsm_status", "login", "gsm_status:login"),
        ("voip_status", "?", "voip_status"),
        ("voip_state", "FLYING:+15550100001", "voip_state:FLYING"),
        ("remain_time", "-2", "remain_time"),
        ("disable_status", "2", "disable_status"),
    ],
)
def test_names_the_fields_whose_values_it_cannot_read(key: str, value: str, unread: str) -> None:
    message = decode(f"req:1;id:goip1;pass:pw;{key}:{value};".encode())
    assert isinstance(message, Keepalive)
    assert message.report.unread == (unread,)


@pytest.mark.parametrize("value", ["", "(null)", " "])
def test_nothing_is_no_value_that_cannot_be_read(value: str) -> None:
    fields = "".join(f"{key}:{value};" for key in ("signal", "voip_status", "voip_state", "remain_time"))
    assert decode(f"req:1;id:goip1;pass:pw;{fields}".encode()) == Keepalive(
        1, Report(line="goip1", password="pw")
    )


@pytest.mark.parametrize(("flag", "reporting"), [("0", True), ("1", False)])
def test_reads_whether_a_box_keeps_calls_to_itself(flag: str, reporting: bool) -> None:
    message = decode(f"req:1;id:goip1;pass:pw;disable_status:{flag};".encode())
    assert isinstance(message, Keepalive)
    assert message.report.reporting is reporting


@pytest.mark.parametrize("message", [message for _, message in WHOLE])
def test_no_repr_shows_secrets_numbers_or_texts(message: FromBox) -> None:
    shown = repr(message)
    for secret in (
        "pw'",
        "password1",
        "+8613513415667",
        "just a test",
        "10086",
        "13800138000",
        IMEI,
        IMSI,
        "1 EUR",
    ):
        assert secret not in shown


def _decode_anything(packet: bytes) -> None:
    with suppress(Malformed):
        decode(packet)
