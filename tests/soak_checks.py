"""What must hold at midnight, when all that was begun this day has ended."""

from collections.abc import Iterator

from custom_components.gsm_gateway.aiogsm import MessageStatus, PortStatus, Query
from custom_components.gsm_gateway.aiogsm.backoff import FIRST_DELAY, LONGEST_DELAY
from custom_components.gsm_gateway.aiogsm.neogate.session import REFUSED_PAUSE, STABLE
from custom_components.gsm_gateway.aiogsm.parts import JOIN_TIMEOUT

from .soak_bench import HISTORY, Bench, Told


def check_day(bench: Bench) -> None:
    """Compare all that was told this day with what the box knows, and forget it."""
    _check_state(bench)
    _check_left_over(bench)
    _check_texts(bench)
    _check_received(bench)
    _check_tries(bench)
    _check_asked(bench)
    bench.forget()


async def check_store(bench: Bench) -> None:
    """The history is as long as it may be, and its file not much longer."""
    assert len(await bench.gateway.history(Query(limit=10 * HISTORY))) == HISTORY
    assert sum(file.stat().st_size for file in bench.files()) < 1_000_000


def _check_state(bench: Bench) -> None:
    """The gateway knows all as it is."""
    state = bench.gateway.state
    assert (state.connected, state.queue) == (True, 0)
    assert bench.box.complaints == []
    for span in bench.box.spans.values():
        port = state.ports[str(span.port)]
        assert (port.status, port.signal) == (PortStatus.READY, -113 + 2 * span.csq)
        assert (port.imei, port.imsi, port.operator) == (span.imei, span.imsi, span.operator)


def _check_left_over(bench: Bench) -> None:
    """Nothing is still under way, and no lane is held."""
    sender, driver = bench.gateway._mail.sender, bench.gateway._driver
    assert driver is not None
    assert all(lane.idle for lane in sender._outbox._lanes.values())
    assert not any((sender._outbox, sender._sending, sender._turns, sender._unkept, sender._tasks))
    assert not any((driver._waiting, driver._keeping, driver._steps, bench.gateway._power._jobs))


def _check_texts(bench: Bench) -> None:
    """Every text left once, or not at all, or nobody can know: it was on its way when something broke."""
    for message_id, text in bench.texts.items():
        bench.tally[f"texts {text.status}"] += 1
        taken = bench.box.taken[message_id]
        match text.status:
            case MessageStatus.SENT:
                assert taken == 1
            case MessageStatus.FAILED | MessageStatus.EXPIRED:
                assert taken == 0
            case MessageStatus.UNKNOWN:
                assert taken <= 1
                assert message_id not in bench.box.reported
                left, over = text.left_at, text.settled_at
                assert left is not None
                assert over is not None
                assert any(began <= over and left <= ended for began, ended in bench.line.windows)
            case _:
                raise AssertionError(f"a text is still {text.status}")
    assert len(bench.texts) == bench.queued_today
    assert bench.box.taken.keys() <= bench.texts.keys()


def _check_received(bench: Bench) -> None:
    """All that the box could tell was told, once and at its time."""
    told = sorted(_due(bench), key=str)
    heard = sorted(bench.heard, key=str)
    assert [one for one, _ in heard] == [one for one, _ in told]
    for (_, heard_at), (_, due) in zip(heard, told, strict=True):
        assert abs(heard_at - due) < 1
    bench.tally["texts received"] += len(told)
    bench.tally["texts received without a part"] += sum(not one.complete for one, _ in told)


def _due(bench: Bench) -> Iterator[tuple[Told, float]]:
    """Give what has to have been told, and when."""
    for sms in bench.incoming:
        came = {
            index: (bench.box.told[data], text)
            for index, (data, text) in sms.parts.items()
            if data in bench.box.told
        }
        if not came:
            bench.tally["texts that came to nobody"] += 1
            continue
        times = [at for at, _ in came.values()]
        complete = len(came) == sms.total
        text = "".join(text for _, (_, text) in sorted(came.items()))
        due = max(times) if complete else min(times) + JOIN_TIMEOUT
        yield Told(sms.port, sms.sender, text, complete), due


def _check_tries(bench: Bench) -> None:
    """A lost box is tried at once, but not often so, and else between 1 s and 5 min later, or 15 min."""
    last_hurry = -STABLE
    for at, gap in bench.tries:
        if gap == 0:
            assert at - last_hurry >= STABLE
            last_hurry = at
        else:
            assert FIRST_DELAY <= round(gap, 3) <= LONGEST_DELAY or round(gap, 3) == REFUSED_PAUSE
    bench.tally["tries to connect"] += len(bench.tries)


def _check_asked(bench: Bench) -> None:
    """The box was asked often enough, and not too often."""
    asked, polls = bench.box.asked, 86_400 / bench.poll_interval
    assert bench.box.longest_pause <= bench.poll_interval + 60
    assert bench.box.pipelined == []
    assert asked["gsm show spans"] <= 1.1 * polls + 300
    assert asked["gsm show span"] <= 1.1 * 4 * 288 + 300
    assert asked["ping"] <= 86_400 / 25
    assert len(bench.tries) <= 40 * max(1, len(bench.line.windows))
