"""Says what was lost, doubled or replayed, from what nobody can talk it out of: the boxes and the disk."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
import shutil
import sqlite3
import tempfile

from .plan import STORE, WITNESS, Text
from .wire import Wire
from .witness import lines

OPEN, GONE, FAILED = ("queued", "sending"), ("sent", "delivered"), ("failed", "expired")
_RANK = {"queued": 0, "sending": 1}
SETTLED = 2


@dataclass(slots=True, kw_only=True)
class Figures:
    """A row of the table; ``wrong`` says each thing that should not be, in words."""

    times: int = 0
    came: int = 0
    went: int = 0
    lost: int = 0
    doubled: int = 0
    replayed: int = 0
    unknown: int = 0
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    def __add__(self, other: Figures) -> Figures:
        """Add two runs up."""
        return Figures(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )

    @property
    def good(self) -> bool:
        """Whether nothing was lost, doubled or replayed."""
        return not (self.lost or self.doubled or self.replayed)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on the disk: texts by their words with how they stand, and parts that wait for others."""

    outgoing: dict[str, str]
    incoming: dict[str, str]
    parts: tuple[str, ...]
    ids: dict[str, str]
    open: int

    def has(self, body: str) -> bool:
        """Whether a received text is there, whole."""
        return body in self.incoming or sum(len(part) for part in self.parts if part in body) >= len(body)


_IN_BETWEEN = Kept({}, {}, (), {}, 1)
"""What cannot be read just now; it says that something is under way, so that it is looked at again."""


def kept(store: Path) -> Kept:
    """Look at a copy of the store, as a start after a kill finds it; somebody may be writing to it."""
    with tempfile.TemporaryDirectory() as copy:
        try:
            for file in (store, store.with_name(f"{store.name}-wal")):
                if file.exists():
                    shutil.copy(file, copy)
        except FileNotFoundError:  # the log has just gone, because the store is being closed
            return _IN_BETWEEN
        db = sqlite3.connect(Path(copy) / store.name)
        try:
            rows = db.execute("SELECT direction, text, status, over, message_id FROM texts").fetchall()
            parts = tuple(bytes(text).decode() for (text,) in db.execute("SELECT text FROM parts"))
        except sqlite3.Error:  # it is not made yet, or was caught in the middle of a checkpoint
            return _IN_BETWEEN
        finally:
            db.close()
    return Kept(
        {text: status for way, text, status, _, _ in rows if way == "out"},
        {text: status for way, text, status, _, _ in rows if way == "in"},
        parts,
        {message_id: text for _, text, _, _, message_id in rows},
        sum(not over for _, _, _, over, _ in rows),
    )


class Judge:
    """Judges what one box and whoever is at its other end do, over any number of kills."""

    def __init__(self, name: str, folder: Path, wire: Wire, store: Path | None = None) -> None:
        """Take where the notes of the other side are, and its store; `name` helps to repeat the run."""
        self.store = store or folder / STORE
        self._name = name
        self._notes = folder / WITNESS
        self._wire = wire
        self._sends: list[Text] = []
        self._pushes = 0
        self._owed: set[str] = set()
        self._figures = Figures()

    def expect(self, *, sends: Sequence[Text] = (), pushes: int = 0) -> None:
        """Expect some more to be asked for, and some more to be pushed."""
        self._sends += sends
        self._pushes += pushes

    def _complain(self, column: str, words: str, count: int = 1) -> None:
        setattr(self._figures, column, getattr(self._figures, column) + count)
        self._figures.wrong.append(f"{self._name}: {column}: {words}")

    def _told(self, now: Kept) -> dict[str, str]:
        """Give what the senders were told last, by the texts."""
        told = lines(self._notes, "status")
        return {line.get("text") or now.ids.get(line["id"], line["id"]): line["status"] for line in told}

    def killed(self) -> None:
        """Look at what is on the disk right after a kill: it must be made good from now on."""
        now = kept(self.store)
        self._figures.times += 1
        self._owed |= {text.body for text in self._wire.pushed if now.has(text.body)}
        for body, status in self._told(now).items():
            stands = now.outgoing.get(body)
            if stands is None or _rank(status) > _rank(stands):
                self._complain("lost", f"{body!r} was told {status} and is {stands} on the disk")

    def is_over(self) -> bool:
        """Whether nothing more can be waited for."""
        asked = sum(1 for _ in lines(self._notes, "asked"))
        return self.all_has_come() and asked == len(self._sends) and not kept(self.store).open

    def all_has_come(self) -> bool:
        """Whether all was pushed, and each text was told, is on the disk, or was missed."""
        if len(self._wire.pushed) < self._pushes or not self._wire.quiet:
            return False
        told = {line["text"] for line in lines(self._notes, "received")}
        now = kept(self.store)
        return all(
            text.body in told or now.has(text.body) or self._wire.missed(text) for text in self._wire.pushed
        )

    def verdict(self) -> Figures:
        """Count, at the end of a run that was stopped in good order."""
        now = kept(self.store)
        told = self._told(now)
        accepted = {line["text"] for line in lines(self._notes, "accepted")}
        asked = {line["text"] for line in lines(self._notes, "asked")}
        assert asked >= {text.body for text in self._sends}, f"{self._name}: not all texts were asked for"
        reached = Counter(sms.text for sms in self._wire.box.outbox)
        for text in self._sends:
            status = now.outgoing.get(text.body, told.get(text.body))
            if status is None and text.body not in accepted:
                self._count_refused(text.body, reached[text.body])
            else:
                self._count_sent(text.body, status, reached[text.body])
        for body in reached.keys() - {text.body for text in self._sends}:
            self._complain("doubled", f"{body!r} was never asked for")
        self._count_received(now)
        return self._figures

    def _count_refused(self, body: str, reached: int) -> None:
        """Count a text that nobody was promised: the kill came before the action ended."""
        if reached:
            self._complain("doubled", f"{body!r} left and is not in the history: it may be asked for again")

    def _count_sent(self, body: str, status: str | None, reached: int) -> None:
        self._figures.went += 1
        self._figures.unknown += status == "unknown"
        if status is None or status in OPEN or (status in GONE and not reached):
            self._complain("lost", f"{body!r} is {status}, and reached the network {reached} times")
        if reached > 1:
            self._complain("doubled", f"{body!r} reached the network {reached} times", reached - 1)
        elif reached and status in FAILED:
            self._complain(
                "doubled", f"{body!r} is {status} and reached the network: it may be asked for again"
            )

    def _count_received(self, now: Kept) -> None:
        heard = list(lines(self._notes, "received"))
        told = Counter(line["text"] for line in heard)
        for text in self._wire.pushed:
            times, status = told.pop(text.body, 0), now.incoming.get(text.body)
            if times > 1:
                self._complain("replayed", f"{text.body!r} was handed on {times} times", times - 1)
            if times or status == "unknown":
                self._figures.came += 1
                self._figures.unknown += status == "unknown"
            elif text.body not in self._owed and status is None and self._wire.missed(text):
                self._figures.missed += 1
            else:
                self._figures.came += 1
                self._complain("lost", f"{text.body!r} is {status} and was not handed on")
        halves = {line["text"] for line in heard if not line["complete"]}
        for body in told:
            if body not in halves or not any(body in text.body for text in self._wire.pushed):
                self._complain("replayed", f"{body!r} was handed on and never came")


def _rank(status: str) -> int:
    return _RANK.get(status, SETTLED)
