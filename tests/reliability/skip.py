"""Lets a loop's clock leap forward on a signal, as if the machine had been asleep. Standard library only.

Who listens a minute for the result of a text need not be waited for a minute, once all else is done.
"""

import asyncio
import signal
import time

LEAP = 61.0
"""Seconds, a little more than a text's result is waited for."""

SIGNAL, RELOAD = signal.SIGUSR1, signal.SIGUSR2
"""The leap, and for a whole Home Assistant the reload of all entries."""


class Leaps:
    """The leaps of one loop so far; ``seconds`` is how far it is ahead of the machine."""

    def __init__(self) -> None:
        """Begin with none."""
        self.seconds = 0.0

    def obey(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the loop's clock leap on each signal."""
        loop.time = lambda: time.monotonic() + self.seconds  # type: ignore[method-assign]
        loop.add_signal_handler(SIGNAL, self._leap)

    def _leap(self) -> None:
        self.seconds += LEAP
