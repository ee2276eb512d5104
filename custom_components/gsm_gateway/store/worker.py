"""One thread for work that blocks: done in the order in which it is asked for, and told of in that order.

A ThreadPoolExecutor tells in no order (of two quick jobs the loop may learn of the second first), takes a job
back when whoever waits for it is cancelled, and is slower to begin with one and to tell of it.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from threading import Thread


class Worker:
    """Does jobs for one event loop until it is stopped."""

    def __init__(self, name: str) -> None:
        """Give the thread a name; it starts with the first job."""
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon: a process that ends in an emergency is not kept from that by a thread that waits for work.
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._stopped = False

    def do[**P, T](self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Have something done, whether or not the returned future is cancelled, and give what comes of it.

        Raise RuntimeError once it was stopped.
        """
        if self._stopped:
            raise RuntimeError("the worker was stopped")
        if self._thread.ident is None:
            self._thread.start()
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._jobs.put(partial(_do, loop, done, partial(work, *args, **kwargs)))
        return done

    def stop(self) -> None:
        """Finish what was asked for, and end the thread. Blocks until that is so."""
        self._stopped = True
        if self._thread.ident is not None:
            self._jobs.put(None)
            self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _do[T](loop: asyncio.AbstractEventLoop, done: asyncio.Future[T], work: Callable[[], T]) -> None:
    try:
        tell = partial(_settle, done, done.set_result, work())
    except BaseException as err:  # noqa: BLE001 - whoever waits has to learn of it, whatever it was
        tell = partial(_settle, done, done.set_exception, err)
    if not loop.is_closed():  # else nobody is left to be told
        loop.call_soon_threadsafe(tell)


def _settle[T, V](done: asyncio.Future[T], settle: Callable[[V], None], outcome: V) -> None:
    if not done.done():
        settle(outcome)
