"""The journal of one box: what its users see of the store, on the event loop."""

import asyncio
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import override

from ..aiogsm.journal import Change, Entry, Journal, Query, Remembered
from .disk import Disk
from .faults import StoreUnusable
from .history import Keeping, Which
from .worker import Worker

LOOK_FOR_ROOM_EVERY = 60.0
"""Seconds after which a disk that was full is looked at again, though nothing is written."""


class BoxStore(Journal):
    """A journal in one SQLite file. Everything that touches the file runs in one thread, in order.

    A file that is damaged or unreadable is kept aside under another name, and a clean one takes its place.
    When the disk is full, nothing new is taken, but what is there can still come to another status.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime],
        on_damaged: Callable[[Path], None],
        on_full: Callable[[bool], None],
        history: int = 500,
        keep_texts: bool = True,
    ) -> None:
        """Keep texts in the file ``path``, and other files beside it whose names begin with its name.

        ``clock`` is the wall's, aware of its zone; days end by it. ``history`` is how many settled texts are
        kept, up to MOST_HISTORY; with ``keep_texts`` false, without their words. ``on_damaged`` is told where
        a damaged file is kept, ``on_full`` whether the disk is full, at first and when that changes; both
        on the event loop, before whatever found it is done. Raise ValueError.
        """
        super().__init__()
        self._clock = clock
        self._tell_damaged = on_damaged
        self._tell_full = on_full
        self._disk = Disk(
            path,
            Keeping(history=history, texts=keep_texts),
            on_damaged=partial(self._on_loop, self._on_damage),
            on_full=partial(self._on_loop, self._on_full),
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker = Worker("gsm_gateway store")
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False

    @override
    async def open(self) -> Remembered:
        """See Journal. Raise StoreTooNew or StoreUnusable; the store is closed then."""
        self._loop = asyncio.get_running_loop()
        try:
            return await self._worker.do(self._disk.open, self._clock())
        except BaseException:
            await self.close()
            raise

    @override
    def write(self, *changes: Change) -> asyncio.Future[bool]:
        if not self._stopped:
            return self._worker.do(self._disk.write, changes, self._clock())
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        written.set_result(False)
        return written

    @override
    async def history(self, query: Query) -> list[Entry]:
        """See Journal. Raise StoreUnusable."""
        return await self._ask(self._disk.history, query, self._clock())

    @override
    async def delete(
        self,
        message_ids: Collection[str] | None = None,
        before: datetime | None = None,
        port: str | None = None,
    ) -> int:
        """See Journal. Given nothing, delete all. Raise StoreUnusable."""
        which = Which(message_ids=message_ids, before=before, port=port)
        return await self._ask(self._disk.delete, which, self._clock())

    async def begin_backup(self) -> None:
        """Make the file whole, and leave it so until ``end_backup``, whatever is written.

        A copy of it is recognised when it is opened: nothing of it is sent or handed on. Closing and opening
        the store in between, or a kill, changes nothing of that. Raise StoreUnusable.
        """
        await self._ask(self._disk.begin_backup, self._clock())

    async def end_backup(self) -> None:
        """Go on as always. Without effect when no backup is being made. Raise StoreUnusable."""
        await self._ask(self._disk.end_backup, self._clock())

    @override
    async def close(self) -> None:
        """See Journal. What is written after this is not durable, and its future says so."""
        if self._stopped:
            return
        try:
            await asyncio.shield(self._worker.do(self._disk.close))
        finally:
            self._stopped = True
            self._worker.stop()
            if self._timer is not None:
                self._timer.cancel()

    async def _ask[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self._stopped:
            raise StoreUnusable("the store is closed")
        return await self._worker.do(work, *args, **kwargs)

    def _on_loop[T](self, tell: Callable[[T], None], what: T) -> None:
        assert self._loop is not None  # the thread runs nothing before open
        self._loop.call_soon_threadsafe(tell, what)

    def _on_damage(self, kept_as: Path) -> None:
        self._tell_damaged(kept_as)
        if self.on_loss is not None:
            self.on_loss()

    def _on_full(self, full: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if full and not self._stopped:
            self._set_timer()
        self._tell_full(full)

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_FOR_ROOM_EVERY, self._look_for_room)

    def _look_for_room(self) -> None:
        self._set_timer()
        self._worker.do(self._disk.look_for_room)
