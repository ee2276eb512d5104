"""A GoIP: one UDP socket per line, registering at a server by keepalives."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import override

from .goip_line import Address, GoipLine
from .goip_push import Push
from .goip_sms import FAILED, SendOutcome
from .goip_state import IDLE, Generation, LineState, Quirks
from .simulator import LOOPBACK, Simulator, Ussd

DEFAULT_PASSWORD = "password1"
DEFAULT_SERVER_PORT = 44444
PIECE, PIECE_OF_ANY = 153, 67  # letters of one part of a long text, in GSM-7 and in UCS-2

type Carry = Callable[[str, bytes, Callable[[], None]], None]
"""Takes a way (a line's id and `>` to the server or `<` to the line), a packet, and what delivers it."""


def carry_at_once(_way: str, _data: bytes, deliver: Callable[[], None]) -> None:
    """Deliver every packet as it comes."""
    deliver()


def in_pieces(text: str) -> list[str]:
    """Cut a text as the network does."""
    size = PIECE if text.isascii() else PIECE_OF_ANY
    return [text[start : start + size] for start in range(0, len(text), size)]


def _push_sms(line: GoipLine, sender: str, text: str) -> None:
    line.push_sms(sender, text)


class GoIP(Simulator):
    """A box. `lines` holds its lines in order of their ports; their ids are goip1, goip2, ...

    `keepalive_interval` None leaves keepalives to the test; `searching_interval` is used, if given, until the
    server accepts a line. `send_time` passes before the module has sent a text, `deliver_after` before the
    delivery report of one (None: no report), `cells_time` before the cells that were asked for are told,
    `reboot_time` while a rebooting line is silent. `first_recvid` None takes the clock, as a box whose time
    is set. `passwords` are those of lines that do not share the common one.

    `carry` brings each packet over the network: at once, unless `lossy` takes its place.
    """

    family = "goip"

    def __init__(
        self,
        *,
        lines: int = 4,
        server: Address = (LOOPBACK, DEFAULT_SERVER_PORT),
        prefix: str = "goip",
        password: str = DEFAULT_PASSWORD,
        generation: Generation = Generation.ABOUT_2018,
        keepalive_interval: float | None = 30.0,
        searching_interval: float | None = None,
        resend_interval: float = 3.0,
        resends: int = 3,
        send_time: float = 0.0,
        session_timeout: float = 90.0,
        reboot_time: float = 0.0,
        deliver_after: float | None = None,
        cells_time: float = 0.0,
        first_recvid: int | None = None,
        passwords: Mapping[str, str] | None = None,
        quirks: Quirks | None = None,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """Take the model's number of lines and the server's address; see above for the rest."""
        super().__init__(on_event=on_event)
        self.server = server
        self.generation = generation
        self.keepalive_interval = keepalive_interval
        self.searching_interval = searching_interval
        self.resend_interval = resend_interval
        self.resends = resends
        self.send_time = send_time
        self.session_timeout = session_timeout
        self.reboot_time = reboot_time
        self.deliver_after = deliver_after
        self.cells_time = cells_time
        self.first_recvid = first_recvid
        self.quirks = quirks or Quirks()
        self.carry: Carry = carry_at_once
        self.lines = [
            GoipLine(
                self,
                LineState(
                    name=f"{prefix}{number}",
                    password=(passwords or {}).get(f"{prefix}{number}", password),
                    imei=f"{867495023958029 + number}",
                    imsi=f"{260060172091323 + number}",
                    iccid=f"{89480611000720913241 + number}",
                ),
            )
            for number in range(1, lines + 1)
        ]

    def line(self, name: str) -> GoipLine:
        """Return a line by its id; raises KeyError when there is none."""
        return {line.name: line for line in self.lines}[name]

    @property
    @override
    def line_names(self) -> tuple[str, ...]:
        """goip1, goip2, ..."""
        return tuple(line.name for line in self.lines)

    @override
    async def start(self) -> None:
        """Open every line's socket, and send the first keepalives unless they are left to the test."""
        for line in self.lines:
            await line.start()

    @override
    async def stop(self) -> None:
        """Close every line's socket."""
        self.timers.cancel_all()
        await asyncio.gather(*(line.stop() for line in self.lines))

    async def keepalive(self, line: str, *, within: float = 2.0) -> str | None:
        """Send one keepalive now; return the server's status code, or None when it stays silent."""
        here = self.line(line)
        count = here.send_keepalive()
        try:
            await self.wait_for(lambda: count in here.replies_to_keepalives, within)
        except TimeoutError:
            return None
        return here.replies_to_keepalives[count]

    async def rebind(self, line: str) -> None:
        """Give a line another port, as a router's address table or a reboot does."""
        here = self.line(line)
        await here.close()
        await here.open()

    @override
    def reboot(self, line: str | None = None) -> None:
        """Restart the box, or one line's module."""
        if line is not None:
            self.line(line).restart_module()
            return
        for here in self.lines:
            here.reboot()

    @override
    def receive_sms(self, line: str, sender: str, text: str) -> None:
        """Let a text arrive, in pieces where the firmware does not join them."""
        self.happened(f"{line}: SMS from {sender}: {text}")
        here = self.line(line)
        pieces = [text] if here.quirks.joins_pieces else in_pieces(text)
        for index, piece in enumerate(pieces):
            here.timers.after(index * here.quirks.piece_gap, partial(_push_sms, here, sender, piece))

    @override
    def ring(self, line: str, number: str) -> None:
        """Push an incoming call's STATE and RECORD (section 6)."""
        self.happened(f"{line}: call from {number}")
        here = self.line(line)
        here.call, here.call_is_outgoing = number, False
        here.push_state(f"INCOMING:{number}")
        here.push_record(number)

    def dial(self, line: str, number: str) -> None:
        """Push an outgoing call's STATE and RECORD, and that it rings there."""
        self.happened(f"{line}: call to {number}")
        here = self.line(line)
        here.call, here.call_is_outgoing = number, True
        here.push_state(f"DIALING:{number}")
        here.push_record(number, outgoing=True)
        here.push_state(f"ALERTING:{number}")

    @override
    def answer(self, line: str) -> None:
        """Push that the call is connected; a restart may have ended it."""
        here = self.line(line)
        if here.call is not None:
            self.happened(f"{line}: call answered")
            here.push_state(f"CONNECTED:{here.call}")

    @override
    def hang_up(self, line: str, cause: str = "Normal call clearing", *, minutes: int = 1) -> None:
        """Push the end of the call, if there still is one; an outgoing one has cost minutes."""
        here = self.line(line)
        number, here.call = here.call, None
        if number is None:
            return
        self.happened(f"{line}: call ended")
        if here.call_is_outgoing and here.state.remain_time > 0:
            here.state.remain_time = max(here.state.remain_time - minutes, 0)
        here.push_state(IDLE)
        here.push_hangup(cause, number)
        here.push_expiry(minutes)
        here.push_remain()

    @override
    def set_signal(self, line: str, csq: int) -> None:
        """Change the signal: the next keepalive tells it."""
        self.line(line).state.csq = csq
        self.happened(f"{line}: signal {csq}")

    @override
    def fail_next_send(self, line: str) -> None:
        """Let the next number end in `errorstatus:1`."""
        self.plan_send(line, FAILED)

    def plan_send(self, line: str, *outcomes: SendOutcome) -> None:
        """Set what becomes of the line's next numbers, one outcome each."""
        self.line(line).sms.outcomes.extend(outcomes)

    @override
    def teach_ussd(self, line: str, code: str, answer: Ussd) -> None:
        """Set what the network answers to a code."""
        self.line(line).ussd.answers[code] = answer

    @override
    def describe(self, line: str) -> dict[str, object]:
        """Return a line's state."""
        here = self.line(line)
        return {
            "line": line,
            "accepted": here.accepted,
            "keepalives": here.count,
            "state": here.state.voip_state,
            "signal": here.state.csq,
            "waiting": sum(not push.settled for push in here.pushes.all),
            "sent": sum(entry.line == line for entry in self.outbox),
        }

    @property
    def unacknowledged(self) -> list[Push]:
        """Every push that still waits for an answer."""
        return [push for line in self.lines for push in line.pushes.all if not push.settled]
