"""One line of a GoIP: its own UDP socket, its keepalive, and who takes each packet that comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
import re
from typing import TYPE_CHECKING, cast, override

from . import goip_commands
from .faults import Delivery, Exchange
from .goip_push import Push, Pushes, Teller
from .goip_sms import BulkSms
from .goip_state import IDLE, LOGIN, LOGOUT, LineState, keepalive
from .goip_ussd import UssdDialog
from .simulator import LOOPBACK, Timers

if TYPE_CHECKING:
    from .goip import GoIP

type Address = tuple[str, int]

_REGISTERED = re.compile(r"reg:(\d+);status:([^;]*);.*", re.DOTALL)
_REQUEST = re.compile(rb"([A-Za-z_]+[0-9]?) (\d+)(?: (.*)|[\r\n]*)", re.DOTALL)
ACCEPTED = {"200", "0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A packet of the form `VERB <sendid> <rest>`, and where it came from."""

    raw: bytes
    verb: str
    sendid: int
    rest_bytes: bytes
    address: Address

    @property
    def rest(self) -> str:
        """What follows the blank after the sendid, to the end of the packet."""
        return self.rest_bytes.decode(errors="surrogateescape")

    @classmethod
    def parse(cls, raw: bytes, address: Address) -> Request | None:
        """Read a packet, or return None when it has another form."""
        found = _REQUEST.fullmatch(raw)
        if found is None:
            return None
        verb, sendid, rest = found[1].decode(), int(found[2]), found[3] or b""
        return cls(raw=raw, verb=verb, sendid=sendid, rest_bytes=rest, address=address)


class GoipLine(Teller, asyncio.DatagramProtocol):
    """A line. `state` may be changed at any time; `pushes`, `sms` and `ussd` hold what has gone on.

    `generation`, `quirks` and `deliver_after` are the box's until a test gives the line its own. `refusals`
    are what verbs are refused with, by the verb, as long as they stand there.

    `call` is the other party's number while there is a call; `unconfirmed` has the sendids of each CF that
    the server has not confirmed by its DONE.
    """

    def __init__(self, box: GoIP, state: LineState) -> None:
        """Belong to a box."""
        self.box = box
        self.state = state
        self.generation = box.generation
        self.quirks = box.quirks
        self.deliver_after = box.deliver_after
        self.refusals: dict[str, str] = {}
        self.timers = Timers()
        self.received: list[bytes] = []
        self.sent: list[bytes] = []
        self.count = 0
        self.replies_to_keepalives: dict[int, str] = {}
        self.up = False
        self.reboots = 0
        self.pushes = Pushes(self, box.first_recvid)
        self.sms = BulkSms(self)
        self.ussd = UssdDialog(self)
        self.call: str | None = None
        self.call_is_outgoing = False
        self.unconfirmed: set[int] = set()
        self._keepalive_timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._closed: asyncio.Future[None] | None = None
        self._takers: Mapping[str, Callable[[Request], None]] = {
            **self.sms.verbs,
            "USSD": self.ussd.request,
            "USSDEXIT": self.ussd.exit,
        }

    @property
    def name(self) -> str:
        """The line's id."""
        return self.state.name

    @property
    def port(self) -> int:
        """The UDP port that the line now sends from."""
        if self._transport is None:
            raise RuntimeError("the line has no socket before start()")
        return cast("Address", self._transport.get_extra_info("sockname"))[1]

    @property
    def accepted(self) -> bool:
        """Whether the server accepted the line, by the line's own opinion. Silence does not change it."""
        return self.state.sms_login == "Y"

    async def start(self) -> None:
        """Open the socket and boot."""
        await self.open()
        self.boot()

    async def open(self) -> None:
        """Open a socket on a free port."""
        loop = asyncio.get_running_loop()
        self._closed = loop.create_future()
        await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, 0))

    async def close(self) -> None:
        """Close the socket."""
        transport, self._transport = self._transport, None
        if transport is not None and self._closed is not None:
            transport.close()
            await self._closed

    async def stop(self) -> None:
        """Go silent, leaving no timer."""
        self.up = False
        self.timers.cancel_all()
        await self.close()

    def boot(self) -> None:
        """Begin anew: the count starts at 1, and nothing is known of the server."""
        self.up = True
        self.count = 0
        self.replies_to_keepalives.clear()
        self.state.sms_login = "N"
        if self.box.keepalive_interval is not None:
            self.send_keepalive()

    def reboot(self) -> None:
        """Lose every session, timer and memory, be silent for the box's `reboot_time`, then boot."""
        self.happened("reboot")
        self.up = False
        self.pushes.restart()
        self.timers.cancel_all()
        self._lose_module()
        self.timers.after(self.box.reboot_time, self.boot)

    def restart_module(self) -> None:
        """Leave the network for the box's `reboot_time`: the line itself goes on, and so does its count."""
        self.happened("module restarts")
        self._lose_module()
        self.state.gsm_status = LOGOUT
        self.timers.after(self.box.reboot_time, self._log_in)

    def _lose_module(self) -> None:
        self.reboots += 1
        self.sms.forget()
        self.ussd.forget()
        self.unconfirmed.clear()
        self.call, self.state.voip_state = None, IDLE

    def _log_in(self) -> None:
        if not self.state.module_down:
            self.state.gsm_status = LOGIN
        self.changed()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """Tell `close` that the socket is gone."""
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)

    @override
    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Take a packet, once it has come all the way."""
        self.box.carry(f"{self.name}<", data, partial(self._take_packet, data, addr))

    def _take_packet(self, data: bytes, addr: Address) -> None:
        """Take a packet, unless the line is restarting."""
        if not self.up:
            return
        self.received.append(data)
        self.box.note_received(data)
        if not self.box.faults.hears(data):
            return
        text = data.decode(errors="surrogateescape")
        if text.startswith("reg:"):
            self._registered(text)
        elif not self.pushes.take_answer(text.rstrip("\r\n")):
            self._take(data, addr)
        self.changed()

    def _take(self, data: bytes, address: Address) -> None:
        request = Request.parse(data, address)
        if request is None:
            self.complain(f"not understood: {data!r}")
        elif request.verb in self.quirks.unknown_verbs:
            if self.quirks.unknown_answer:
                self.reply(request, f"ERROR {request.sendid} {self.quirks.unknown_answer}")
        elif request.verb in self._takers:
            self._takers[request.verb](request)
        elif not goip_commands.take(self, request):
            self.complain(f"unknown verb: {data!r}")

    def _registered(self, text: str) -> None:
        found = _REGISTERED.fullmatch(text)
        if found is None or not 0 < int(found[1]) <= self.count:
            self.complain(f"answers no keepalive: {text!r}")
            return
        count, code = int(found[1]), found[2]
        self.replies_to_keepalives[count] = code
        was, self.state.sms_login = self.accepted, "Y" if code in ACCEPTED else "N"
        if self.accepted is not was:
            self.happened("accepted by the server" if self.accepted else f"refused by the server: {code}")
            if self._keepalive_timer is not None:
                self._schedule_keepalive()

    def send_keepalive(self) -> int:
        """Send a keepalive now, schedule the next one, and return this one's count."""
        self.count += 1
        self._schedule_keepalive()
        text = keepalive(self.count, self.state, self.generation, self.quirks)
        self.transmit(text.encode(errors="surrogateescape"), self.box.server)
        return self.count

    def _schedule_keepalive(self) -> None:
        self.timers.cancel(self._keepalive_timer)
        interval = self.box.keepalive_interval
        if interval is None:
            return
        if not self.accepted and self.box.searching_interval is not None:
            interval = self.box.searching_interval
        self._keepalive_timer = self.timers.after(interval, self._keepalive_again)

    def _keepalive_again(self) -> None:
        self.send_keepalive()

    def reply(self, request: Request, text: str) -> None:
        """Answer a request to where it came from."""
        self.transmit(text.encode(errors="surrogateescape"), request.address, request=request.raw)

    def transmit(self, data: bytes, address: Address, *, request: bytes = b"") -> None:
        """Send a packet, as far as the faults at work let it be."""
        exchange = Exchange(request=request, deliveries=(Delivery(data=data),))
        for delivery in self.box.faults.apply(exchange):
            self.timers.after(delivery.delay, partial(self._deliver, delivery, address))

    def _deliver(self, delivery: Delivery, address: Address) -> None:
        if self.up and self._transport is not None and delivery.data:
            self.sent.append(delivery.data)
            self.box.note_sent(delivery.data)
            self.box.carry(f"{self.name}>", delivery.data, partial(self._put_out, delivery.data, address))
        if delivery.reboot:
            self.box.reboot()

    def _put_out(self, data: bytes, address: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, address)

    def password_fits(self, request: Request, password: str) -> bool:
        """Whether the password is the line's."""
        fits = password == self.state.password and not self.box.faults.refuses(request.raw)
        if not fits:
            self.happened("wrong password")
        return fits

    @override
    def push(self, verb: str, fields: str, *, recvid: int | None = None) -> Push:
        return self.pushes.send(verb, fields, recvid=recvid)

    def network_took(self, number: str, text: str, sms_no: int) -> None:
        """Put a text in the box's outbox."""
        self.box.put_in_outbox(self.name, number, text, str(sms_no))

    def report_later(self, sms_no: int, number: str) -> None:
        """Push a delivery report when the line is set to do so."""
        if self.deliver_after is not None:
            num = number if self.quirks.deliver_number else None
            self.timers.after(self.deliver_after, lambda: _ignore(self.push_delivery(sms_no, num=num)))

    def changed(self) -> None:
        """Let those who wait at the box look again."""
        self.box.changed()

    def happened(self, text: str) -> None:
        """Tell the box's listener."""
        self.box.happened(f"{self.name}: {text}")

    def complain(self, text: str) -> None:
        """Note what the server should not have done."""
        self.box.complain(f"{self.name}: {text}")


def _ignore(_: Push) -> None:
    """Drop a value where a callback may return none."""
