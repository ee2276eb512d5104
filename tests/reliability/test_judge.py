"""The judge sees what it is there for: nobody else would notice if it did not."""

from collections.abc import AsyncIterator
from pathlib import Path
import sqlite3

import pytest

from tests.simulators.goip import GoIP

from .judge import Figures, Judge
from .plan import STORE, WITNESS, Text
from .wire import GoipWire, Life
from .witness import Witness

OUT, IN = Text("+15551", "a text out"), Text("+15552", "a text in")


class Court:
    """A judge, with a box, notes and a store to be filled with lies."""

    def __init__(self, folder: Path, box: GoIP) -> None:
        self.box = box
        self.wire = GoipWire(box, near=0.0, deaf=1.0)
        self.wire.lives.append(Life(0.0))
        self.judge = Judge("court", folder, self.wire)
        self.witness = Witness(folder / WITNESS)
        self._db = sqlite3.connect(folder / STORE, isolation_level=None)
        self._db.execute("CREATE TABLE texts (direction, text, status, over, message_id)")
        self._db.execute("CREATE TABLE parts (text)")

    def keep(self, way: str, text: Text, status: str, *, over: bool = True) -> None:
        """Let a text stand in the store."""
        self._db.execute(
            "INSERT INTO texts VALUES (?, ?, ?, ?, ?)", (way, text.body, status, over, text.body)
        )

    def sent(self, status: str | None, reached: int) -> Figures:
        """Judge a text that was accepted, stands so in the store, and reached the network so often."""
        self.judge.expect(sends=[OUT])
        self.witness.note("asked", text=OUT.body)
        self.witness.note("accepted", text=OUT.body)
        if status is not None:
            self.keep("out", OUT, status)
        for _ in range(reached):
            self.box.put_in_outbox("goip1", OUT.number, OUT.body, "1")
        return self.judge.verdict()

    def received(self, status: str | None, told: int) -> Figures:
        """Judge a text that was heard, stands so in the store, and was told so often."""
        self.wire.pushed.append(IN)
        self.wire.push(IN, "goip1")
        for _ in range(told):
            self.witness.note("received", text=IN.body, sender=IN.number, complete=True)
        if status is not None:
            self.keep("in", IN, status)
        return self.judge.verdict()

    def close(self) -> None:
        self.witness.close()
        self._db.close()


@pytest.fixture
async def court(socket_enabled: None, tmp_path: Path) -> AsyncIterator[Court]:
    async with GoIP(lines=1, keepalive_interval=None) as box:
        court = Court(tmp_path, box)
        yield court
        court.close()


def columns(figures: Figures) -> tuple[int, int, int, int]:
    return (figures.lost, figures.doubled, figures.replayed, figures.unknown)


@pytest.mark.parametrize(
    ("status", "reached", "expected"),
    [
        ("sent", 1, (0, 0, 0, 0)),
        ("delivered", 1, (0, 0, 0, 0)),
        ("failed", 0, (0, 0, 0, 0)),
        ("expired", 0, (0, 0, 0, 0)),
        ("unknown", 0, (0, 0, 0, 1)),
        ("unknown", 1, (0, 0, 0, 1)),
        ("sent", 0, (1, 0, 0, 0)),
        ("queued", 0, (1, 0, 0, 0)),
        ("sending", 1, (1, 0, 0, 0)),
        (None, 0, (1, 0, 0, 0)),
        ("sent", 2, (0, 1, 0, 0)),
        ("unknown", 3, (0, 2, 0, 1)),
        ("failed", 1, (0, 1, 0, 0)),
    ],
)
async def test_texts_that_were_sent(
    court: Court, status: str | None, reached: int, expected: tuple[int, int, int, int]
) -> None:
    figures = court.sent(status, reached)
    assert (columns(figures), figures.went) == (expected, 1)
    assert len(figures.wrong) == bool(expected[0]) + bool(expected[1])
    assert figures.good is not any(expected[:3])


@pytest.mark.parametrize(
    ("status", "told", "expected"),
    [
        ("done", 1, (0, 0, 0, 0)),
        ("unknown", 1, (0, 0, 0, 1)),
        ("unknown", 0, (0, 0, 0, 1)),
        ("done", 0, (1, 0, 0, 0)),
        ("received", 0, (1, 0, 0, 0)),
        (None, 0, (1, 0, 0, 0)),
        ("done", 2, (0, 0, 1, 0)),
        ("unknown", 3, (0, 0, 2, 1)),
    ],
)
async def test_texts_that_were_received(
    court: Court, status: str | None, told: int, expected: tuple[int, int, int, int]
) -> None:
    figures = court.received(status, told)
    assert (columns(figures), figures.came) == (expected, 1)
    assert figures.good is not any(expected[:3])


async def test_what_nobody_could_hear_is_counted_apart(court: Court) -> None:
    court.wire.lives.clear()
    figures = court.received(None, 0)
    assert (columns(figures), figures.came, figures.missed) == ((0, 0, 0, 0), 0, 1)


async def test_what_was_on_the_disk_at_a_kill_is_owed(court: Court) -> None:
    court.wire.lives.clear()
    court.keep("in", IN, "received", over=False)
    court.wire.pushed.append(IN)
    court.wire.push(IN, "goip1")
    court.judge.killed()
    court._db.execute("DELETE FROM texts")
    figures = court.judge.verdict()
    assert (columns(figures), figures.times) == ((1, 0, 0, 0), 1)


async def test_nobody_is_told_what_is_not_on_the_disk(court: Court) -> None:
    court.keep("out", OUT, "sending", over=False)
    court.witness.note("status", text=OUT.body, status="sending")
    court.judge.killed()
    assert court.judge.verdict().good
    court.witness.note("status", id=OUT.body, status="sent")
    court.judge.killed()
    assert court.judge.verdict().lost == 1


async def test_what_nobody_asked_for_and_what_never_came_is_noticed(court: Court) -> None:
    court.box.put_in_outbox("goip1", OUT.number, "nobody's", "1")
    court.witness.note("received", text="from nowhere", sender=IN.number, complete=True)
    assert columns(court.judge.verdict()) == (0, 1, 1, 0)


async def test_a_text_that_left_though_nobody_was_promised_it_may_be_asked_for_again(court: Court) -> None:
    court.judge.expect(sends=[OUT])
    court.witness.note("asked", text=OUT.body)
    assert columns(court.judge.verdict()) == (0, 0, 0, 0)
    court.box.put_in_outbox("goip1", OUT.number, OUT.body, "1")
    assert columns(court.judge.verdict()) == (0, 1, 0, 0)
