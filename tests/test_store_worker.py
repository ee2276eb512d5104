"""The thread that a store works in."""

import asyncio
from collections.abc import Iterator
from threading import Event, current_thread

import pytest

from custom_components.gsm_gateway.store.worker import Worker


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker("the worker")
    yield worker
    worker.stop()


async def test_jobs_are_done_and_told_of_in_order_and_by_one_thread(worker: Worker) -> None:
    done: list[int] = []
    told: list[int] = []

    def _note(number: int) -> str:
        done.append(number)
        return current_thread().name

    jobs = [worker.do(_note, number) for number in range(20)]
    for number, job in enumerate(jobs):
        job.add_done_callback(lambda _, number=number: told.append(number))
    assert {await job for job in jobs} == {"the worker"}
    await asyncio.sleep(0)
    assert done == told == [*range(20)]


async def test_a_job_is_done_though_nobody_waits_for_it_any_more(worker: Worker) -> None:
    held, done = Event(), Event()
    first, second = worker.do(held.wait), worker.do(done.set)
    second.cancel()
    first.cancel()
    held.set()
    await worker.do(lambda: None)
    assert done.is_set()
    assert first.cancelled()
    assert second.cancelled()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt("no")])
async def test_what_a_job_raises_is_told_and_the_next_is_done(worker: Worker, error: BaseException) -> None:
    def _raise() -> None:
        raise error

    failed, done = worker.do(_raise), worker.do(lambda: "done")
    assert await done == "done"
    assert failed.exception() is error


async def test_to_stop_is_to_finish_and_to_leave_no_thread() -> None:
    worker, done = Worker("short"), []
    jobs = [worker.do(done.append, number) for number in range(3)]
    worker.stop()
    assert done == [0, 1, 2]
    assert not any(job.done() for job in jobs)  # the loop learns of it at its next turn
    await asyncio.gather(*jobs)
    with pytest.raises(RuntimeError):
        worker.do(done.append, 3)
    assert done == [0, 1, 2]


def test_one_that_has_done_nothing_stops_too() -> None:
    Worker("idle").stop()


def test_a_loop_that_is_closed_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    worker, held, errors = Worker("late"), Event(), []
    monkeypatch.setattr("threading.excepthook", errors.append)

    async def _begin() -> None:
        worker.do(held.wait)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(_begin())
    loop.close()
    held.set()
    worker.stop()
    assert errors == []
