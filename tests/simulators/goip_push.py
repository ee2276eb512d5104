"""What a line sends by itself: numbered downwards, and resent until acknowledged (sections 4 and 6)."""

from __future__ import annotations

from abc import ABC, abstractmethod
import asyncio
from dataclasses import dataclass, field
from functools import partial
import re
import time
from typing import TYPE_CHECKING

from .goip_state import LineState, Quirks

if TYPE_CHECKING:
    from .goip_line import GoipLine

_ACKNOWLEDGEMENT = re.compile(r"([A-Za-z_]+) (-?\d+) (.+)", re.DOTALL)
STOPPED_BY_DISABLE = {"STATE", "RECORD", "REMAIN", "EXPIRY", "HANGUP", "CELLINFO"}


@dataclass(slots=True, kw_only=True, eq=False)
class Push:
    """One pushed packet: `answer` is what the server said after the number, `times` counts the sendings."""

    verb: str
    recvid: int
    data: bytes
    times: int = 0
    answer: str | None = None
    given_up: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def acknowledged(self) -> bool:
        """Whether the server said OK."""
        return self.answer == "OK"

    @property
    def settled(self) -> bool:
        """Whether it is not sent again."""
        return self.given_up or self.answer is not None


class Pushes:
    """A line's pushes: the counter that all kinds share, and who waits for an answer."""

    def __init__(self, line: GoipLine, first_recvid: int | None) -> None:
        """Begin counting at `first_recvid`, or at the clock as a box whose time is set."""
        self._line = line
        self._first = first_recvid
        self._next = 0
        self.all: list[Push] = []
        self.restart()

    def restart(self) -> None:
        """Drop what waits and begin to count anew, as at power-up."""
        for push in self.all:
            if not push.settled:
                self._end(push)
        self._next = int(time.time()) if self._first is None else self._first

    def send(self, verb: str, fields: str, *, recvid: int | None = None) -> Push:
        """Send `VERB:<recvid>;id:..;password:..;<fields>` and again until answered.

        A given `recvid` is used as it is and does not move the counter: to repeat a packet, or out of order.
        """
        state = self._line.state
        if recvid is None:
            recvid, self._next = self._next, self._next - 1
        key = self._line.quirks.push_password
        text = f"{verb}:{recvid};id:{state.name};{key}:{state.password};{fields}"
        push = Push(verb=verb, recvid=recvid, data=text.encode(errors="surrogateescape"))
        self.all.append(push)
        if state.disable_status and verb in STOPPED_BY_DISABLE:
            push.given_up = True
        else:
            self._transmit(push)
        return push

    def take_answer(self, text: str) -> bool:
        """Take an acknowledgement; return whether it was one."""
        found = _ACKNOWLEDGEMENT.fullmatch(text)
        if found is None:
            return False
        verb, recvid, answer = found[1], int(found[2]), found[3]
        # A number comes back after a reboot, so the newest push that bears it is meant.
        push = next((push for push in reversed(self.all) if (push.verb, push.recvid) == (verb, recvid)), None)
        if push is None:
            return False
        push.answer = answer
        self._end(push)
        if answer == "DISABLE":
            self._line.state.disable_status = 1
        return True

    def _transmit(self, push: Push) -> None:
        """Send once more: at most `resends` times after the first, `resend_interval` apart."""
        if push.times > self._line.box.resends:
            self._end(push)
            self._line.happened(f"{push.verb} was never acknowledged")
            return
        push.timer = self._line.timers.after(self._line.box.resend_interval, partial(self._transmit, push))
        if self._line.up:  # while the line restarts, the network holds the text back
            push.times += 1
            self._line.transmit(push.data, self._line.box.server)

    def _end(self, push: Push) -> None:
        self._line.timers.cancel(push.timer)
        push.timer = None
        push.given_up = push.answer is None


class Teller(ABC):
    """What a line can tell by itself: a method for each verb of sections 4 and 6, in its own words."""

    state: LineState
    quirks: Quirks

    @abstractmethod
    def push(self, verb: str, fields: str, *, recvid: int | None = None) -> Push:
        """Send any pushed packet, known to servers or not, until it is acknowledged."""

    def push_sms(self, sender: str, text: str, *, smscnum: str = "", senttime: str = "") -> Push:
        """RECEIVE: a text; the optional fields came with later firmware (4.1)."""
        optional = (f"smscnum:{smscnum};" if smscnum else "") + (f"senttime:{senttime};" if senttime else "")
        return self.push("RECEIVE", f"srcnum:{sender};{optional}msg:{text}")

    def push_delivery(self, sms_no: int, *, state: int = 0, num: str | None = None) -> Push:
        """DELIVER: what became of a text; older firmware tells no number (4.2)."""
        tail = "" if num is None else f";num:{num}"
        return self.push("DELIVER", f"sms_no:{sms_no};state:{state}{tail}")

    def push_state(self, state: str) -> Push:
        """STATE: change it and tell it: `IDLE`, `INCOMING:<num>`, `CONNECTED:<num>`, ..."""
        self.state.voip_state = state
        return self.push("STATE", f"gsm_remain_state:{state}")

    def push_record(self, number: str, *, outgoing: bool = False) -> Push:
        """RECORD: a call is going on; the document's own format has no number."""
        tail = f";num:{number}" if self.quirks.record_number else ""
        return self.push("RECORD", f"dir:{2 if outgoing else 1}{tail}")

    def push_remain(self) -> Push:
        """REMAIN: the minutes that are left."""
        return self.push("REMAIN", f"gsm_remain_time:{self.state.remain_time}")

    def push_expiry(self, duration: int) -> Push:
        """EXPIRY: how long a call took, in a unit that nobody documents; -1 while it goes on."""
        return self.push("EXPIRY", f"exp:{duration}")

    def push_hangup(self, cause: str, num: str = "") -> Push:
        """HANGUP: a call's end; a comma divides the two fields (quirk 2)."""
        return self.push("HANGUP", f"num:{num},cause:{cause}")

    def push_cells(self) -> Push:
        """CELLS: what get_cells_list found, with a comma at the end, too."""
        return self.push("CELLS", "lists:" + "".join(f"{cell}," for cell in self.state.cells))

    def push_cell_info(self, info: str) -> Push:
        """CELLINFO: the cell now used, which keepalives tell from now on; quoted by some firmware."""
        self.state.cell_info = info
        return self.push("CELLINFO", f'info:"{info}"' if self.quirks.quotes_cell_info else f"info:{info}")

    def push_neighbours(self) -> Push:
        """BCCH: the cells around, every few minutes while idle."""
        return self.push("BCCH", "bcch:" + "".join(f"{cell}," for cell in self.state.neighbours))

    def push_attached(self, *, attached: bool) -> Push:
        """CGATT: whether packet data is attached; keepalives say Y and N instead."""
        self.state.cgatt = "Y" if attached else "N"
        return self.push("CGATT", f"cgatt:{int(attached)}")

    def push_ussd(self, text: str) -> Push:
        """USSN: a USSD text of the network's own accord."""
        return self.push("USSN", f"msg:{text}")
