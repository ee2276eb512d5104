"""Outgoing texts of one line: bulk sessions, step by step as the vendor numbers them (section 3)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .goip_line import GoipLine, Request

MAX_SESSIONS = 5
MAX_REMEMBERED = 10
MAX_TEXT = 3000
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """What becomes of one number: sent, refused with an `errorstatus`, or never told (`stuck`)."""

    errorstatus: int | None = None
    stuck: bool = False


SENT = SendOutcome()
FAILED = SendOutcome(errorstatus=1)
STUCK = SendOutcome(stuck=True)


@dataclass(slots=True, kw_only=True, eq=False)
class SmsSession:
    """A bulk session: one text, and the last ten numbers with what is known of each."""

    sendid: int
    text: str
    authenticated: bool = False
    numbers: dict[int, str] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """A number that waits for the module."""

    session: SmsSession
    request: Request
    telid: int
    number: str


class BulkSms:
    """The sessions of one line, and its module, which sends one text at a time."""

    def __init__(self, line: GoipLine) -> None:
        """Belong to a line."""
        self._line = line
        self.sessions: dict[int, SmsSession] = {}
        self.outcomes: deque[SendOutcome] = deque()
        self.next_sms_no = 160
        self._closed: set[int] = set()
        self._queue: deque[_Job] = deque()
        self._sending = False
        self._timer: asyncio.TimerHandle | None = None
        self.verbs: Mapping[str, Callable[[Request], None]] = {
            "MSG": self._message,
            "PASSWORD": self._password,
            "SEND": self._send,
            "DONE": self._done,
            "SMS": self._one_shot,
        }

    def forget(self) -> None:
        """Lose every session, as at a reboot."""
        for session in tuple(self.sessions.values()):
            self._free(session)
        self._line.timers.cancel(self._timer)
        self._queue.clear()
        self._closed.clear()
        self._sending = False

    def _message(self, request: Request) -> None:
        """Step 1: `MSG <sendid> <len> <text>`; the length counts UTF-8 bytes, what follows is not sent."""
        session = self.sessions.get(request.sendid)
        if session is not None:
            self._touch(session)
            step = "SEND" if session.authenticated else "PASSWORD"
            self._line.reply(request, f"{step} {request.sendid}\n")
            return
        length, _, rest = request.rest_bytes.partition(b" ")
        text = self._counted(length, rest)
        if text is None:
            self._line.reply(request, f"ERROR {request.sendid} LENGTH\n")
        elif len(self.sessions) >= MAX_SESSIONS:
            self._line.reply(request, f"ERROR {request.sendid} too_many_sends_in_server\n")
        else:
            self._open(request.sendid, text)
            self._line.reply(request, f"PASSWORD {request.sendid}\n")

    def _counted(self, length: bytes, rest: bytes) -> str | None:
        """Cut the text to its length; a length that the bytes do not bear out is no text."""
        if not length.isdigit() or not 0 < int(length) <= min(MAX_TEXT, len(rest)):
            self._line.complain(f"MSG says {length.decode(errors='replace')} bytes, has {len(rest)}")
            return None
        if rest[int(length) :].rstrip(b"\r\n"):
            self._line.complain("MSG has more bytes than it says")
        try:
            return rest[: int(length)].decode()
        except UnicodeDecodeError:
            self._line.complain("MSG counts to the middle of a character, or is not UTF-8")
            return None

    def _open(self, sendid: int, text: str) -> SmsSession:
        session = self.sessions[sendid] = SmsSession(sendid=sendid, text=text)
        self._touch(session)
        return session

    def _password(self, request: Request) -> None:
        """Step 3. A wrong password leaves the session waiting for another one, or for DONE."""
        session = self._find(request)
        if session is None:
            return
        if not self._line.password_fits(request, request.rest.strip()):
            self._line.reply(request, f"ERROR {request.sendid} PASSWORD\n")
        elif not self._line.state.logged_in:
            self._line.reply(request, f"ERROR {request.sendid} GSM_LOGOUT\n")
        else:
            session.authenticated = True
            self._line.reply(request, f"SEND {request.sendid}\n")

    def _send(self, request: Request) -> None:
        """Step 5. A telid that is known is a question: its status is told again, and nothing is sent."""
        session = self._find(request)
        if session is None:
            return
        telid_text, _, number = request.rest.strip().partition(" ")
        telid = int(telid_text) if telid_text.isdecimal() else -1
        if not session.authenticated:
            self._line.complain("SEND before the password")
            self._line.reply(request, f"ERROR {request.sendid} PASSWORD\n")
        elif telid in session.numbers:
            self._line.reply(request, session.numbers[telid])
        elif not self._line.state.logged_in:
            self._line.reply(request, f"ERROR {request.sendid} GSM_LOGOUT\n")
        elif telid < 0 or not _NUMBER.fullmatch(number):
            self._line.complain(f"SEND to {number!r}")
            self._settle(session, request, telid, "ERROR", "errorstatus:38")
        else:
            self._submit(session, request, telid, number)

    def _one_shot(self, request: Request) -> None:
        """3.2: `SMS <sendid> <telid> <password> <number> <text>`; the text ends with the datagram."""
        words = request.rest.split(" ", 3)
        session = self.sessions.get(request.sendid)
        if len(words) < 4 or not words[0].isdecimal():
            self._line.complain("SMS has too few words")
        elif not self._line.password_fits(request, words[1]):
            self._line.reply(request, f"ERROR {request.sendid} PASSWORD\n")
        elif session is not None and int(words[0]) in session.numbers:
            self._line.reply(request, session.numbers[int(words[0])])
        else:
            session = session or self._open(request.sendid, words[3])
            session.authenticated = True
            self._submit(session, request, int(words[0]), words[2])

    def _done(self, request: Request) -> None:
        """Step 8; a repeat is confirmed again. After CF it confirms, and is not answered."""
        self._line.unconfirmed.discard(request.sendid)
        session = self.sessions.get(request.sendid)
        if session is not None:
            if any(job.session is session for job in self._queue):
                self._line.complain("DONE while a number waits")
            self._free(session)
            self._closed.add(request.sendid)
        if request.sendid in self._closed:
            self._line.reply(request, f"DONE {request.sendid} \n")

    def _find(self, request: Request) -> SmsSession | None:
        session = self.sessions.get(request.sendid)
        if session is None:
            self._line.reply(request, f"ERROR {request.sendid} SENDID\n")
        else:
            self._touch(session)
        return session

    def _touch(self, session: SmsSession) -> None:
        """Count the time without a related packet anew; after it the session dies without a word."""
        self._line.timers.cancel(session.timer)
        session.timer = self._line.timers.after(self._line.box.session_timeout, partial(self._free, session))

    def _free(self, session: SmsSession) -> None:
        self._line.timers.cancel(session.timer)
        self.sessions.pop(session.sendid, None)
        self._line.changed()

    def _submit(self, session: SmsSession, request: Request, telid: int, number: str) -> None:
        if any(job.session is session for job in self._queue):
            self._line.complain("SEND before the last number was settled")
        self._settle(session, request, telid, "WAIT")
        self._queue.append(_Job(session=session, request=request, telid=telid, number=number))
        if not self._sending:
            self._send_next()

    def _send_next(self) -> None:
        self._sending = bool(self._queue)
        if self._queue:
            self._timer = self._line.timers.after(self._line.box.send_time, self._sent)

    def _sent(self) -> None:
        """Give one text to the network, and tell the session how it went."""
        job = self._queue.popleft()
        outcome = self.outcomes.popleft() if self.outcomes else SENT
        if outcome.errorstatus is not None:
            self._line.happened(f"SMS to {job.number} not sent: {job.session.text}")
            self._settle(job.session, job.request, job.telid, "ERROR", f"errorstatus:{outcome.errorstatus}")
        else:
            sms_no, self.next_sms_no = self.next_sms_no, self.next_sms_no + 1
            self._line.network_took(job.number, job.session.text, sms_no)
            if not outcome.stuck:
                self._tell(job, sms_no)
        self._send_next()

    def _tell(self, job: _Job, sms_no: int) -> None:
        """Say OK, and let the delivery report follow, or the other way round."""
        extra = (f"{sms_no} ",) if self._line.generation.tells_sms_no else ()
        if self._line.quirks.deliver_first:
            self._line.report_later(sms_no, job.number)
        self._settle(job.session, job.request, job.telid, "OK", *extra)
        if not self._line.quirks.deliver_first:
            self._line.report_later(sms_no, job.number)

    def _settle(self, session: SmsSession, request: Request, telid: int, *words: str) -> None:
        """Remember a number's status, the last ten only, and tell it."""
        verb, *rest = words
        status = " ".join([verb, str(session.sendid), str(telid), *rest]) + "\n"
        session.numbers.pop(telid, None)
        session.numbers[telid] = status
        while len(session.numbers) > MAX_REMEMBERED:
            del session.numbers[next(iter(session.numbers))]
        if self.sessions.get(session.sendid) is session:
            self._line.reply(request, status)
