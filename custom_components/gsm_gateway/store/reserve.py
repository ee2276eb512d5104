"""Some space beside the database that nobody else can take, given up for what must still be written.

It is given up in steps: what is freed belongs to whoever is first, and the next mark needs some too.
"""

from contextlib import suppress
import errno
import logging
import os
from pathlib import Path

from .faults import is_no_room

_LOGGER = logging.getLogger(__name__)

SIZE = 256 * 1024
STEP = 64 * 1024
"""Bytes given up at a time; a transaction of a few marks dirties some eight pages of 4096 bytes."""

_UNSUPPORTED = {errno.EOPNOTSUPP, errno.EINVAL}


class Reserve:
    """The reserve of one database. Its file is never deleted meanwhile: a backup may be reading it."""

    def __init__(self, path: Path) -> None:
        """Keep it in the file ``path``, which need not be there."""
        self.path = path
        self._held = 0
        self._possible = True

    @property
    def in_use(self) -> bool:
        """Whether some of it is given up, or was never to be had."""
        return self._possible and self._held < SIZE

    def look(self) -> None:
        """See how much there is."""
        self._held = min(self.path.stat().st_size, SIZE) if self.path.is_file() else 0

    def refill(self) -> bool:
        """Take what is missing, if the disk has it; tell whether the reserve is whole."""
        if self.in_use:
            try:
                _allocate(self.path, SIZE)
            except OSError as err:
                self._failed(err)
            else:
                self._held = SIZE
        return not self.in_use

    def give(self) -> bool:
        """Give up some; tell whether there was any."""
        if not self._held:
            return False
        self._held = max(self._held - STEP, 0)
        os.truncate(self.path, self._held)
        return True

    def has_more_beside(self) -> bool:
        """Whether the disk has room besides the reserve."""
        probe = self.path.with_name(f"{self.path.name}.probe")
        try:
            _allocate(probe, STEP)
        except OSError:
            return False
        finally:
            probe.unlink(missing_ok=True)
        return True

    def _failed(self, err: OSError) -> None:
        if is_no_room(err):
            with suppress(OSError):  # some of it may have been taken, that others need
                os.truncate(self.path, self._held)
            return
        _LOGGER.warning("No space can be kept free for the store: %s", err.strerror)
        self._possible = False


def _allocate(path: Path, size: int) -> None:
    """Make a file of ``size`` bytes that are really there."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.posix_fallocate(handle, 0, size)
        except OSError as err:
            if err.errno not in _UNSUPPORTED:
                raise
            _fill(handle, size)  # not every file system can do it, and not every C library makes up for that
        os.fsync(handle)
    finally:
        os.close(handle)


def _fill(handle: int, size: int) -> None:
    written = 0
    while written < size:
        written += os.pwrite(handle, bytes(min(STEP, size - written)), written)
