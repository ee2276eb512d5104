"""The table's rows for texts that arrive: whole, in parts, encoded in every way, with anything in them."""

from urllib.parse import quote_plus

from tests.simulators.neogate_span import TG100_M35, TG100_UC15, TG200_EC21, TG400_2013, TG400_2019

from .conftest import ALICE, BOB, STRANGER
from .library.neogate_transcripts import events_of
from .neogate_bench import Port, RowFunction, Table

RECEIVING = Table()
row = RECEIVING.row

LONG = "Очень длинное сообщение " * 4


def texts(port: Port) -> list[str]:
    """Give what was told of texts, in order."""
    return [event["message"] for event in port.events("sms_received")]


def _arrival(port: Port) -> None:
    """Let a short and a long text arrive."""
    port.box.receive_sms(port.line, ALICE, "Hello & 1+1=2")
    port.box.receive_sms(port.line, BOB, LONG)


def _firmware(name: str) -> RowFunction:
    async def run(port: Port) -> None:
        other = port.beside("2")
        _arrival(other)
        await port.until(lambda: len(texts(other)) == 2)
        short, long = other.events("sms_received")
        assert (short["message"], short["sender"], short["contact"]) == ("Hello & 1+1=2", ALICE, "Alice")
        assert (short["parts"], short["complete"], short["delayed"]) == (1, True, False)
        assert (long["message"], long["parts"], long["trusted"]) == (LONG, 2, False)
        assert texts(port) == []
        assert other.attributes("sms", "event")["event_type"] == "received"

    return run


for _name, _variant in (
    ("GsmPort, counting from 1", TG400_2013),
    ("GsmSpan, counting from 1", TG400_2019),
    ("GsmSpan, counting from 0", TG100_M35),
    ("an EC21", TG200_EC21),
    ("a UC15", TG100_UC15),
):
    row(f"texts as the firmware with {_name} tells them", firmware=_variant)(_firmware(_name))


@row("parts in any order, repeated, and from several people at once, counted from 0 or from 1")
async def _(port: Port) -> None:
    def part(sender: str, place: int, base: int) -> None:
        content = f"{sender[-1]}{'abc'[place]}"
        port.box.receive_part("tg1", sender, content, index=place + base, total=3, reference="7")

    for place in (2, 0, 2, 1, 1):
        for base, sender in enumerate((ALICE, BOB)):
            part(sender, place, base)
    await port.until(lambda: len(texts(port)) == 2)
    await port.pass_time(400)
    assert texts(port) == [f"{who[-1]}a{who[-1]}b{who[-1]}c" for who in (ALICE, BOB)]
    assert {event["complete"] for event in port.events("sms_received")} == {True}


@row("what is missing of a text for 5 minutes does not come, and it is told as it is")
async def _(port: Port) -> None:
    port.box.receive_part("tg1", ALICE, "is+the+end", index=3, total=3, reference="9")
    port.box.receive_part("tg1", ALICE, "this+", index=1, total=3, reference="9")
    await port.pass_time(298)
    assert texts(port) == []
    await port.pass_time(4)
    (event,) = port.events("sms_received")
    assert (event["message"], event["parts"], event["complete"]) == ("this is the end", 3, False)


@row("parts that come before and after a reconnect are joined")
async def _(port: Port) -> None:
    port.box.receive_part("tg1", ALICE, "be", index=1, total=2, reference="9")
    await port.pass_time(1)
    await port.box.drop_sessions()
    await port.until(lambda: any(session.logged_in for session in port.box.sessions))
    port.box.receive_part("tg1", ALICE, "fore", index=2, total=2, reference="9")
    await port.until(lambda: texts(port))
    assert texts(port) == ["before"]


CONTENTS = {
    "test message + 100 %": "test message + 100 %",  # not encoded at all
    "a+b%2Bc%0D%0Ad": "a b+c\r\nd",
    "%EF%BB%BF%D0%95%D1%89%D1%91+%D0%BE%D1%82%D0%B2%D0%B5%D1%82+": "Ещё ответ ",
    quote_plus("👨‍👩‍👧 ok"): "👨‍👩‍👧 ok",
    "%ED%A0%BD%ED%B8%80": "😀",  # each half encoded by itself
    "x%ED%A0%BD": "x\ufffd",
    "%FF%E2%82": "\ufffd\ufffd",
    "a%00b%1B%5B31mc%C2%85": "ab[31mc",
    "": "",
}


@row("every way to write a text, and what cannot be read of it")
async def _(port: Port) -> None:
    for number, content in enumerate(CONTENTS):
        port.box.receive_part("tg1", STRANGER, content, index=0, total=1)
        await port.until(lambda number=number: len(texts(port)) > number)
    assert texts(port) == list(CONTENTS.values())


@row("a character that was cut in two between parts is whole")
async def _(port: Port) -> None:
    for index, content in enumerate(("%EF%BB%BFa+%ED%A0%BD", "%EF%BB%BF%ED%B8%80+b")):
        port.box.receive_part("tg1", ALICE, content, index=index, total=2, reference="3")
    await port.until(lambda: texts(port))
    assert texts(port) == ["a 😀 b"]


@row("marks that turn or break what people read reach neither log nor state")
async def _(port: Port) -> None:
    marks = "\u202e\u2066\u200f\u061c\u2028\x07\x1b"
    port.box.receive_part("tg1", f"Ba{marks}nk", quote_plus(f"a{marks}b"), index=0, total=1)
    port.span.operator = f"Net{marks}work"
    await port.until(lambda: texts(port))
    await port.pass_time(310)
    (event,) = port.events("sms_received")
    assert (event["sender"], event["message"]) == ("Bank", "a\u202e\u2066\u200f\u061c\u2028b")
    assert port.shows("operator") == "Network"
    shown = f"{[str(one.as_dict()) for one in port.hass.states.async_all()]} {port.bench.log_lines()}"
    assert [mark for mark in marks if mark in shown or ascii(mark).strip("'") in shown] == []


@row("Recvtime is in the box's own time zone", options={"time_zone": "Asia/Shanghai"})
async def _(port: Port) -> None:
    port.box.receive_sms("tg1", ALICE, "old", received_at="2025-03-06 06:12:09")
    port.box.receive_sms("tg1", ALICE, "from the future", received_at="2999-01-01 00:00:00")
    port.box.receive_sms("tg1", ALICE, "no time", received_at="soon")
    await port.until(lambda: len(texts(port)) == 3)
    told = [(event["stamped_at"], event["delayed"]) for event in port.events("sms_received")]
    assert told == [
        ("2025-03-05T22:12:09+00:00", True),
        ("2998-12-31T16:00:00+00:00", False),
        (None, False),
    ]


@row("the captured events of real boxes")
async def _(port: Port) -> None:
    for name in ("texts_tg100", "long_text_tg100", "texts_tg400"):
        for event in events_of(name):
            port.box.push(event)
    await port.until(lambda: len(texts(port)) == 3)
    assert texts(port) == ["Ещё ответ ", LONG, "Reply Test For TG sms"]
    await port.pass_time(310)
    partial = [event.data for event in port.bench.bus["sms_received"] if event.data["port"] == "5"]
    assert [(event["sender"], event["complete"]) for event in partial] == [("10086", False)]
