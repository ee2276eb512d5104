"""Lines of a GoIP that send keepalives: all of them at once, or each once the one before is answered.

At once, the contender has a waking for all, so that what counts is what it does with each. One by one, it
wakes up for every single datagram, as it does where some 30 arrive in a second.
"""

import socket

LINES = 16
SETTLING = 1600
"""Datagrams before it counts: until everything that is read once was read, and the processor is warm."""

SIGNAL_CHANGES_EVERY = 20
"""Keepalives of a line between two changes of its signal: ten minutes' worth."""

ANSWERS = (b"reg:", b"req:")
"""How the answer to a keepalive begins, and how node-goip spells it."""

_ANSWER_WITHIN = 5.0


def keepalive(count: int, line: int) -> bytes:
    """Write a keepalive with all fields that today's firmware sends."""
    signal = 18 + (count // SIGNAL_CHANGES_EVERY + line) % 5
    return (
        f"req:{count};id:goip{line};pass:secret;num:;signal:{signal};gsm_status:LOGIN;voip_status:LOGOUT;"
        f"voip_state:IDLE;remain_time:-1;imei:{867_000_000_000_000 + line};pro:Network;idle:20;"
        "disable_status:0;"
        f"SMS_LOGIN:N;SMB_LOGIN:;CELLINFO:LAC:1201,CELL ID:02D4;CGATT:Y;"
        f"IMSI:{250_010_000_000_000 + line};ICCID:{89_701_000_000_000_000_000 + line};"
    ).encode()


class Lines:
    """The lines of one box, each with a socket of its own."""

    def __init__(self, port: int) -> None:
        """Aim at a port of 127.0.0.1."""
        self._sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(LINES)]
        for one in self._sockets:
            one.settimeout(_ANSWER_WITHIN)
            one.connect(("127.0.0.1", port))
        self._count = 0

    def send_one_by_one(self, datagrams: int) -> None:
        """Send so many keepalives and await each answer. Raise TimeoutError where one is missing."""
        for _ in range(datagrams // LINES):
            self._count += 1
            for line in range(LINES):
                self._send(line)
                self._await_answer(line)

    def send_at_once(self, datagrams: int) -> None:
        """Send so many, those of all lines together. Raise TimeoutError where an answer is missing."""
        for _ in range(datagrams // LINES):
            self._count += 1
            for line in range(LINES):
                self._send(line)
            for line in range(LINES):
                self._await_answer(line)

    def _send(self, line: int) -> None:
        self._sockets[line].send(keepalive(self._count, line))

    def _await_answer(self, line: int) -> None:
        while not self._sockets[line].recv(2048).startswith(ANSWERS):
            pass  # what else the box is asked, it leaves without an answer

    def close(self) -> None:
        """Close all sockets."""
        for one in self._sockets:
            one.close()
