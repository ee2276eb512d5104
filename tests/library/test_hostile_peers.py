"""Peers that mean harm: packets said again, garbage without end, words that are too many."""

import asyncio
from copy import replace

import pytest

from custom_components.gsm_gateway.aiogsm.ami import MAX_REASON, Response
from custom_components.gsm_gateway.aiogsm.dialog import Send
from custom_components.gsm_gateway.aiogsm.errors import LinkLost
from custom_components.gsm_gateway.aiogsm.goip import codec as goip_codec
from custom_components.gsm_gateway.aiogsm.link.tcp_client import PIECE
from custom_components.gsm_gateway.aiogsm.models import (
    PortChanged,
    PortStatus,
    Trouble,
    TroubleFound,
    UssdArrived,
)
from custom_components.gsm_gateway.aiogsm.neogate import codec as neogate_codec
from custom_components.gsm_gateway.aiogsm.neogate.session import MOST_GARBAGE
from custom_components.gsm_gateway.aiogsm.recent import Told
from custom_components.gsm_gateway.aiogsm.requests import Reboot

from . import goip_stage, neogate_stage
from .goip_stage import BOX, MOVED, PEER, keepalive, push, records, sent, state_of, told
from .test_links import MORE_THAN_FITS, Ear, Server, opened, started

HOUR = 3600


@pytest.fixture
def line() -> goip_stage.Bench:
    """Give a line that has long been there."""
    bench = goip_stage.Bench(BOX)
    bench.receive(keepalive(100))
    return bench


@pytest.fixture
def box() -> neogate_stage.Bench:
    """Give a NeoGate that is connected."""
    bench = neogate_stage.Bench()
    bench.connect()
    return bench


def go_on(line: goip_stage.Bench, hours: int = 1) -> None:
    """Let a line be there, with nothing new to tell."""
    count = 100
    for _ in range(hours * HOUR // 60):
        count += 2
        line.after(60)
        line.receive(keepalive(count))


# Keepalives, recorded


@pytest.mark.parametrize("peer", [PEER, MOVED])
@pytest.mark.parametrize("count", [97, 80, 50])
def test_an_old_keepalive_tells_nothing_and_moves_nothing(
    line: goip_stage.Bench, count: int, peer: tuple[str, int]
) -> None:
    answer = Send(f"reg:{count};status:200;".encode(), peer)
    assert line.receive(keepalive(count, status="LOGOUT"), peer) == [answer]
    assert sent(line.submit(Reboot(port="goip1")))[0][1] == PEER


def test_an_old_keepalive_does_not_show_that_a_line_is_there(line: goip_stage.Bench) -> None:
    line.after(60)
    line.receive(keepalive(80))
    line.after(35)
    assert not line.dialog._lines["goip1"].online


def test_the_last_keepalive_from_elsewhere_moves_nothing(line: goip_stage.Bench) -> None:
    line.after(20)
    line.receive(keepalive(100), MOVED)
    assert sent(line.submit(Reboot(port="goip1")))[0][1] == PEER


def test_the_last_keepalive_doubled_takes_nothing_back(line: goip_stage.Bench) -> None:
    assert state_of(line, push("REMAIN", 9, "gsm_remain_time:5")).remaining_time == 5
    line.after(1)
    assert line.receive(keepalive(100)) == [Send(b"reg:100;status:200;", PEER)]


def test_old_keepalives_from_elsewhere_are_told_of(line: goip_stage.Bench) -> None:
    found = [told(line.receive(keepalive(80), MOVED), TroubleFound) for _ in range(4)]
    expected = [TroubleFound(gateway="box", port="goip1", trouble=Trouble.TWO_ADDRESSES)]
    assert found == [[], [], expected, []]


@pytest.mark.parametrize("count", [1, 3, 49])
def test_a_line_that_starts_anew_is_believed(line: goip_stage.Bench, count: int) -> None:
    assert state_of(line, keepalive(count, status="LOGOUT")).status is PortStatus.NOT_REGISTERED


def test_an_old_count_is_believed_of_a_line_that_was_away(line: goip_stage.Bench) -> None:
    line.after(95)
    assert state_of(line, keepalive(80)).status is PortStatus.READY


# Pushes, recorded

TEXT = push("RECEIVE", 500, "srcnum:1;msg:open")


def test_a_recorded_text_is_acknowledged_and_dropped(line: goip_stage.Bench) -> None:
    line.receive(TEXT)
    line.receive(push("RECEIVE", 499, "srcnum:1;msg:shut"))
    go_on(line, hours=3)
    assert line.receive(TEXT, MOVED) == [Send(b"RECEIVE 500 OK", MOVED)]


def test_a_recorded_text_is_known_though_an_old_keepalive_looks_like_a_start(line: goip_stage.Bench) -> None:
    line.receive(TEXT)
    line.receive(push("RECEIVE", 499, "srcnum:1;msg:shut"))
    go_on(line, hours=3)
    line.receive(keepalive(100))
    assert records(line.receive(TEXT)) == []


def test_a_line_that_starts_anew_may_say_the_same_under_the_same_number(line: goip_stage.Bench) -> None:
    line.receive(TEXT)
    line.receive(push("RECEIVE", 499, "srcnum:1;msg:shut"))
    line.receive(keepalive(1))
    assert len(records(line.receive(TEXT))) == 1


@pytest.mark.parametrize(
    "news",
    [
        push("REMAIN", 500, "gsm_remain_time:5"),
        push("CELLINFO", 500, "info:LAC:1"),
        push("CELLS", 500, "lists:1,2,"),
        push("USSN", 500, "msg:hello"),
    ],
)
def test_other_recorded_news_are_dropped(line: goip_stage.Bench, news: str) -> None:
    line.receive(news)
    line.receive(push("RECEIVE", 499, "srcnum:1;msg:shut"))
    go_on(line)
    assert len(sent(line.receive(news))) == 1
    assert told(line.receive(news), UssdArrived) == []


def test_where_numbers_stand_still_the_same_is_news_after_a_while() -> None:
    told_before = Told(span=120, limit=8)
    assert told_before.add("text", None, 7, 0)
    assert not told_before.add("text", None, 7, 119)
    assert told_before.add("text", None, 7, 240)


def test_what_says_something_else_under_the_same_number_is_news() -> None:
    told_before = Told(span=120, limit=8)
    assert told_before.add("REMAIN:7", 5, 7, 0)
    assert told_before.add("REMAIN:6", 4, 6, 0)
    assert told_before.add("REMAIN:7", 3, 7, 240)
    assert not told_before.add("REMAIN:7", 5, 7, 480)


# Silence of many


def test_a_house_of_lines_that_falls_silent_is_told_of_bit_by_bit() -> None:
    lines = tuple(f"goip{number}" for number in range(10))
    house = goip_stage.Bench(replace(BOX, lines=lines))
    for name in lines:
        house.receive(keepalive(line=name))
    silent = house.now + 95
    assert [len(told(house.dialog.tick(silent), PortChanged)) for _ in range(4)] == [4, 4, 2, 0]


# Memory


def test_only_keepalives_of_a_usual_length_are_remembered() -> None:
    goip_codec._read_report.cache_clear()
    for number in range(9):
        goip_codec.decode(f"req:1;id:line{number};pass:x;\N{GRINNING FACE}{'x' * 2000}".encode())
    assert goip_codec._read_report.cache_info().currsize == 0
    goip_codec.decode(keepalive().encode())
    assert goip_codec._read_report.cache_info().currsize == 1


# Streams without end


@pytest.mark.usefixtures("socket_enabled")
async def test_what_comes_in_a_flood_is_taken_piece_by_piece() -> None:
    ear: Ear[str] = Ear()
    server = Server()
    await server.start()
    async with started(ear, server.port) as link:
        _, writer = await opened(link, ear, server)
        writer.write(MORE_THAN_FITS)
        await asyncio.sleep(0.05)
        pieces = [ear.told.get_nowait() for _ in range(ear.told.qsize())]
    await server.stop()
    assert pieces
    assert max(len(piece) for _, piece, _ in pieces if isinstance(piece, bytes)) == PIECE


def test_lines_that_are_no_message_are_borne_only_so_long(box: neogate_stage.Bench) -> None:
    box.say(b"\n" * (MOST_GARBAGE - 1))
    assert box.losses() == []
    box.say(b"\n")
    assert box.losses() == [LinkLost]
    assert box.dialog.ignored["no_message"] == MOST_GARBAGE


def test_lines_that_are_no_message_are_borne_between_messages(box: neogate_stage.Bench) -> None:
    for _ in range(5):
        box.say(b"\n" * (MOST_GARBAGE - 1))
        box.event("Other")
    assert box.losses() == []


def test_why_a_login_is_refused_is_kept_short() -> None:
    reader = neogate_codec.reader()
    reader.feed(b"Asterisk Call Manager/1.1\r\nResponse: Error\r\nMessage: " + b"no " * 20_000 + b"\r\n\r\n")
    reader.next()
    refusal = reader.next()
    assert isinstance(refusal, Response)
    assert len(refusal.message) == MAX_REASON
