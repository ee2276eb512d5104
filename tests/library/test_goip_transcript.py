"""What is shown of a GoIP's packets: enough to see what went wrong, and nothing of anybody."""

from collections.abc import Callable

from hypothesis import given, strategies as st
import pytest

from custom_components.gsm_gateway.aiogsm.goip.codec import (
    encode_done,
    encode_number,
    encode_password,
    encode_text,
)
from custom_components.gsm_gateway.aiogsm.goip.messages import Command
from custom_components.gsm_gateway.aiogsm.goip.transcript import transcribe
from custom_components.gsm_gateway.aiogsm.wirelog import MOST_BYTES, MOST_LINES, Piece, Pseudonyms, Way

from .goip_stage import PEER, PEER2
from .goip_transcripts import packets


def piece(data: str | bytes, way: Way = Way.IN, peer: object = PEER) -> Piece:
    packet = data if isinstance(data, bytes) else data.encode()
    return Piece(1.0, way, peer, packet[:MOST_BYTES], len(packet))


def shown(data: str | bytes, way: Way = Way.IN) -> str:
    [line] = transcribe([piece(data, way)], Pseudonyms())
    return line.text


KEEPALIVE = (
    "req:7;id:+4917012345678;pass:geheim;num:+49170;signal:17;gsm_status:LOGIN;voip_status:LOGOUT;"
    "voip_state:IDLE;remain_time:-1;imei:861234567890123;imsi:;iccid:89490f;pro:dna;idle:12;"
    "disable_status:0;SMS_LOGIN:Y;SMB_LOGIN:;CELLINFO:LAC:7E5,CELL ID:5E5B;CGATT:N;"
)
KEEPALIVE_SHOWN = (
    "req:7;id:<line 1>;pass:<6 characters>;num:<6 characters>;signal:17;gsm_status:LOGIN;voip_status:LOGOUT;"
    "voip_state:IDLE;remain_time:-1;imei:<15 digits>;imsi:;iccid:<6 characters>;pro:<3 characters>;idle:12;"
    "disable_status:0;SMS_LOGIN:Y;SMB_LOGIN:;CELLINFO:<20 characters>;CGATT:N;"
)


def test_a_keepalive() -> None:
    assert shown(KEEPALIVE) == KEEPALIVE_SHOWN


@pytest.mark.parametrize(
    ("verb", "fields", "text"),
    [
        ("RECEIVE", "srcnum:+49170;msg:gate;status:200;", "srcnum:<6 characters>;msg:<16 characters>;"),
        ("RECEIVE", "signal:4711;newkey:4711;", "signal:<4 digits>;<6 characters>:<4 digits>;"),
        ("STATE", "gsm_remain_state:INCOMING:+49170", "gsm_remain_state:INCOMING:<6 characters>;"),
        ("STATE", "gsm_remain_state:FOO:1", "gsm_remain_state:<3 characters>:<1 digits>;"),
        ("DELIVER", "sms_no:3;state:0;num:49170", "sms_no:3;state:0;num:<5 digits>;"),
        ("HANGUP", "num:49170,cause:User busy", "num:<21 characters>;"),
        ("GSM", "get_gsm_num:49170;get_remain_time:-1", "get_gsm_num:<5 digits>;get_remain_time:-1;"),
        ("GSM", "get_gsm_state:IDLE;module_down:0", "get_gsm_state:IDLE;module_down:0;"),
    ],
)
def test_a_push(verb: str, fields: str, text: str) -> None:
    told = shown(f"{verb}:-3;id:a;password:b;{fields}")
    assert told == f"{verb}:-3;id:<line 1>;password:<1 characters>;{text}"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("OK 5 1 160 \n", "OK 5 1 160"),
        ("WAIT 5 1\n", "WAIT 5 1"),
        ("PASSWORD 5\n", "PASSWORD 5"),
        ("ERROR 5 1 errorstatus:38\n", "ERROR 5 <1 digits> errorstatus:38"),
        ("ERROR 5 49170 no", "ERROR 5 <5 digits> <2 characters>"),
        ("ERROR 5 GSM_LOGOUT", "ERROR 5 GSM_LOGOUT"),
        ("get_remain_time 5 -1", "get_remain_time 5 -1"),
        ("get_gsm_num 5 49170", "get_gsm_num 5 <5 digits>"),
        ("set_gsm_num 5 49170 ok", "set_gsm_num 5 <5 digits> ok"),
        ("USSD 5 OK PASSWORD 12", "USSD 5 <14 characters>"),
        ("no message at all", "<17 bytes>"),
        ("WHAT:5;id:a;", "<12 bytes>"),
        (b"\xff\xfe", "<2 bytes>"),
        ("", "<0 bytes>"),
    ],
)
def test_an_answer(data: str | bytes, text: str) -> None:
    assert shown(data) == text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"reg:7;status:404;", "reg:7;status:404;"),
        (b"RECEIVE -3 OK", "RECEIVE -3 OK"),
        (b"RECEIVE 3 OK", "RECEIVE 3 OK"),
        (encode_text(5, "gate 4711"), "MSG 5 <11 characters>"),
        (encode_password(5, "geheim"), "PASSWORD 5 <6 characters>"),
        (encode_number(5, 1, "+49170"), "SEND 5 <8 characters>"),
        (encode_done(5), "DONE 5"),
        (Command.GET_REMAINING_TIME.packet(5, "12345"), "get_remain_time 5 <5 digits>"),
        (Command.SET_TIME_LIMIT.packet(5, "ok", "12"), "set_exp_time 5 <5 characters>"),
    ],
)
def test_what_is_sent(data: bytes, text: str) -> None:
    assert shown(data, Way.OUT) == text


def test_lines_and_addresses_have_names_that_last() -> None:
    names = Pseudonyms()
    lines = transcribe(
        [
            piece(b"DONE 4\n", Way.OUT),
            piece("req:1;id:first;pass:b;"),
            piece("req:1;id:other;pass:b;", peer=PEER2),
            piece(b"DONE 5\n", Way.OUT),
            piece(b"DONE 6\n", Way.OUT, peer=("192.0.2.9", 1)),
        ],
        names,
    )
    assert [(line.link, line.port) for line in lines] == [
        ("<address 1>", "first"),
        ("<address 1>", "first"),
        ("<address 2>", "other"),
        ("<address 1>", "first"),
        ("<address 3>", None),
    ]
    assert names.name("line", "other") == "<line 2>"
    assert "first" not in repr(lines)


def test_the_last_lines_are_shown() -> None:
    lines = transcribe([piece(f"req:{count};id:a;pass:b;") for count in range(60)], Pseudonyms())
    assert len(lines) == MOST_LINES
    assert lines[-1].text.startswith("req:59;")


def test_a_cut_packet_shows_no_more_than_a_whole_one() -> None:
    assert shown(f"RECEIVE:1;id:a;password:b;srcnum:1;msg:{'x' * 5000}").startswith(
        "RECEIVE:1;id:<line 1>;password:<1 characters>;srcnum:<1 digits>;msg:<"
    )


def test_all_that_was_ever_seen_can_be_read() -> None:
    for name in ("official", "keepalives"):
        for direction, way in (("<", Way.IN), (">", Way.OUT)):
            for packet in packets(name, direction):
                assert "bytes>" not in shown(packet, way), packet


# Nothing of anybody

WRITABLE = st.characters(min_codepoint=0x21, exclude_characters=";:<> ", codec="utf-8")
SECRETS = st.one_of(
    st.from_regex(r"\+?[0-9]{6,20}", fullmatch=True),
    st.text(WRITABLE, min_size=6, max_size=39).map("{}§".format),  # and so no word of the wire
    st.text(st.sampled_from("aäß €4711+🎉"), min_size=9, max_size=40).filter(lambda text: len({*text}) > 3),
)
KEYS = """
    id pass password num srcnum smscnum senttime msg signal status gsm_status voip_status voip_state state
    gsm_remain_state get_gsm_state remain_time gsm_remain_time get_exp_time get_remain_time get_gsm_num
    out_call_interval idle exp sms_no dir disable_status module_down cgatt CGATT SMS_LOGIN SMB_LOGIN imei
    imsi iccid pro bcch info lists CELLINFO CURCELL unheard
"""
PUSHES = "req RECEIVE DELIVER STATE RECORD HANGUP REMAIN USSN CELLS CELLINFO BCCH CGATT EXPIRY GSM AT"
REPLIES = "OK WAIT ERROR SEND PASSWORD DONE MSG GSMERROR USSDERROR CFOK CFSTATE CWSTATE RECEIVE"
COMMANDS = [command.partition(" ")[0] for command in Command]

keys = st.lists(st.sampled_from(KEYS.split()), min_size=1, max_size=5)
pushes = st.sampled_from(PUSHES.split())
answers = st.sampled_from([*REPLIES.split(), *COMMANDS])


def assert_hidden(secret: str, data: bytes, way: Way) -> None:
    for end in (len(data), len(data) * 2 // 3, len(data) // 2):
        assert secret not in shown(data[:end], way)
        assert secret[-6:] not in shown(data[:end], way)


@given(secret=SECRETS, verb=pushes, keys=keys)
def test_no_field_shows_what_somebody_wrote(secret: str, verb: str, keys: list[str]) -> None:
    packet = f"{verb}:5;" + "".join(f"{key}:{secret};" for key in keys)
    assert_hidden(secret, packet.encode(), Way.IN)


@given(secret=SECRETS, key=SECRETS, verb=pushes)
def test_no_key_is_shown_that_is_not_the_firmware_s(secret: str, key: str, verb: str) -> None:
    packet = f"{verb}:5;id:a;{key}:{secret};x:IDLE:{secret};{secret}"
    assert_hidden(secret, packet.encode(), Way.IN)
    assert key not in shown(packet)


@given(secret=SECRETS, verb=answers, way=st.sampled_from([Way.IN, Way.OUT]))
def test_no_answer_and_no_command_shows_what_is_in_it(secret: str, verb: str, way: Way) -> None:
    for rest in (secret, f"ok {secret}", f"1 {secret} errorstatus:1", f"{secret}\n{secret}"):
        assert_hidden(secret, f"{verb} 5 {rest}".encode(), way)


@given(secret=SECRETS, command=st.sampled_from(Command))
def test_no_command_of_ours_shows_password_or_value(secret: str, command: Command) -> None:
    assert_hidden(secret, command.packet(5, secret, "1"), Way.OUT)
    assert_hidden(secret, command.packet(5, "pw", secret), Way.OUT)


@pytest.mark.parametrize(
    "encode", [lambda s: encode_text(5, s), lambda s: encode_password(5, s), lambda s: encode_number(5, 1, s)]
)
@given(secret=SECRETS)
def test_no_step_of_a_session_shows_what_it_says(encode: Callable[[str], bytes], secret: str) -> None:
    assert_hidden(secret, encode(secret), Way.OUT)


@given(data=st.binary(max_size=80))
def test_anything_at_all_can_be_transcribed(data: bytes) -> None:
    assert shown(data)
