"""A keepalive that says nothing new is known by its bytes: it must do all that one does that is read."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.gsm_gateway.aiogsm.dialog import Box, Send
from custom_components.gsm_gateway.aiogsm.goip import dialog as goip_dialog
from custom_components.gsm_gateway.aiogsm.goip.dialog import GoipDialog
from custom_components.gsm_gateway.aiogsm.goip.port import Address

from .goip_stage import MOVED, PEER, STRANGER, Bench, Shown, keepalive, push

BOXES = (
    Box(key="box", password="pw", lines=("goip1", "goip2")),
    Box(key="other", password="pw", lines=("goip3",)),
)


class _Reading(Bench):
    """A dialog that reads every keepalive."""

    def receive(self, packet: str | bytes, peer: Address = PEER) -> Shown:
        data = packet if isinstance(packet, bytes) else packet.encode()
        return self._play(self.dialog.receive(data, peer, self.now))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Give what the dialog has read."""
    read: list[bytes] = []
    decode = goip_dialog.decode
    monkeypatch.setattr(goip_dialog, "decode", lambda data: read.append(data) or decode(data))
    return read


def test_reads_a_keepalive_once_and_knows_those_that_follow(reads: list[bytes]) -> None:
    bench = Bench(*BOXES, tells=None)
    for count in range(1, 9):
        assert Send(f"reg:{count};status:200;".encode(), PEER) in bench.receive(keepalive(count))
        bench.after(30)
    assert reads == [keepalive(1).encode()]


@pytest.mark.parametrize("word", ["pw2", ""])
def test_another_password_is_never_answered_by_reflex(word: str) -> None:
    bench = Bench(*BOXES)
    bench.receive(keepalive(1))
    assert Send(b"reg:2;status:200;", PEER) not in bench.receive(keepalive(2, word=word))


# What comes first is drawn most: two lines of a box that are well.
_LINES = st.sampled_from(["goip1"] * 5 + ["goip2", "goip3", "goip4"])
_PEERS = st.sampled_from([PEER] * 6 + [MOVED, STRANGER])
_STEPS = st.sampled_from([1] * 9 + [0, 2, -1, -2, -50])
_STATUSES = st.sampled_from(["LOGIN"] * 6 + ["LOGOUT", "?"])
_RESTS = st.sampled_from(
    [
        "remain_time:-1;voip_state:IDLE;",
        "remain_time:-1;voip_state:IDLE;",
        "remain_time:7;voip_state:IDLE;",
        "remain_time:7;",
        "voip_state:CONNECTED:123;",
        "disable_status:1;",
        "IMSI:260060172091324;",
        "IMSI:260060172091325;",
    ]
)
_WORDS = st.sampled_from(["pw"] * 6 + ["wrong"])
_PUSHES = st.sampled_from(
    [
        ("STATE", "gsm_remain_state:INCOMING:123"),
        ("STATE", "gsm_remain_state:IDLE"),
        ("REMAIN", "gsm_remain_time:3"),
        ("RECORD", "dir:1;num:123"),
        ("HANGUP", "num:123,cause:x"),
        ("CELLINFO", "info:LAC:1,CELL:2"),
    ]
)
_ACTS = st.one_of(
    st.tuples(st.just("keepalive"), _LINES, _STEPS, _WORDS, _STATUSES, _RESTS, _PEERS),
    st.tuples(st.just("again"), _LINES, st.integers(1, 4)),
    st.tuples(st.just("push"), _LINES, _PUSHES, st.integers(1, 40)),
    st.tuples(st.just("wait"), st.sampled_from([1.0, 30.0, 30.0, 96.0])),
)


_MOMENT = 0.001  # seconds


class _Play:
    """Plays the same with a dialog, whichever it is."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.counts = dict.fromkeys(["goip1", "goip2", "goip3", "goip4"], 60)
        self.latest: dict[str, tuple[str, str, str, tuple[str, int]]] = {}

    def do(self, act: tuple[object, ...]) -> list[Shown]:
        match act:
            case (
                "keepalive",
                str(line),
                int(step),
                str(word),
                str(status),
                str(rest),
                (str(), int()) as peer,
            ):
                self.counts[line] = max(1, self.counts[line] + step)
                self.latest[line] = (word, status, rest, peer)
                return [self._keepalive(line)]
            case ("again", str(line), int(times)) if line in self.latest:
                return [self._next(line) for _ in range(times)]
            case ("push", str(line), (str(verb), str(fields)), int(recvid)):
                return [self._receive(push(verb, recvid, fields, line))]
            case ("wait", float(seconds)):
                return [self.bench.after(seconds)]
        return []

    def _next(self, line: str) -> Shown:
        self.counts[line] += 1
        return self.bench.after(30) + self._keepalive(line)

    def _keepalive(self, line: str) -> Shown:
        word, status, rest, peer = self.latest[line]
        return self._receive(keepalive(self.counts[line], line, word, status, rest), peer)

    def _receive(self, packet: str, peer: Address = PEER) -> Shown:
        # No two lines are due at once: which of them is told of first would be left open.
        return self.bench.after(_MOMENT) + self.bench.receive(packet, peer)


def _known(dialog: GoipDialog) -> object:
    return [
        (line.id, line.state, line.address, line.online, line.heard_at, line.deadline)
        for line in dialog._lines.values()
    ], dialog.ignored


@settings(max_examples=500)
@given(st.lists(_ACTS, min_size=5, max_size=60))
def test_does_the_same_as_if_every_keepalive_were_read(acts: list[tuple[object, ...]]) -> None:
    quick, reading = _Play(Bench(*BOXES)), _Play(_Reading(*BOXES))
    for act in acts:
        assert repr(quick.do(act)) == repr(reading.do(act))  # of two equal errors none is the other
        assert _known(quick.bench.dialog) == _known(reading.bench.dialog)
