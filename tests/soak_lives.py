"""What happens to a box and to its gateway in a day, each kind by itself, at random moments."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random

from custom_components.gsm_gateway.aiogsm import Draft, GatewayError, Priority, Terms
from custom_components.gsm_gateway.aiogsm.neogate.session import IDLE, PING_TIMEOUT, REFUSED_PAUSE
from tests.simulators import faults
from tests.simulators.neogate import encode_content
from tests.simulators.simulator import Ussd

from .soak_bench import Bench, Incoming
from .soak_box import CODES

MINUTE, HOUR = 60.0, 3600.0
PEOPLE = [f"+4915100000{number:02}" for number in range(20)]
PORTS = "1234"

type Life = Callable[[Bench, Random], Awaitable[None]]


async def troubles(bench: Bench, rng: Random) -> None:
    """Something is wrong with the box, or on the way to it."""
    async for _ in bench.moments(rng, 5 * HOUR):
        await rng.choices(*zip(*TROUBLES.items(), strict=True))[0](bench, rng)


async def cut(bench: Bench, _rng: Random) -> None:
    """The box cuts all connections."""
    bench.tally["cuts"] += 1
    with bench.line.for_a_while(bench.now):
        with bench.obstacle():
            await bench.box.drop_sessions()
        await bench.back()


async def half_open(bench: Bench, _rng: Random) -> None:
    """The connections are dead, and nobody says so."""
    bench.tally["half-open links"] += 1
    with bench.line.for_a_while(bench.now):
        losses = bench.losses
        with bench.obstacle():
            bench.box.fall_silent()
            if bench.gateway.state.connected:
                await bench.until(lambda: bench.losses > losses, within=IDLE + PING_TIMEOUT + 1)
        await bench.back()
    bench.box.forget_silent()


async def one_way(bench: Bench, rng: Random) -> None:
    """The box hears and does all, but nothing of what it says arrives."""
    bench.tally["one-way links"] += 1
    with bench.line.for_a_while(bench.now):
        losses = bench.losses
        with bench.obstacle(), bench.box.inject(faults.mute()):
            if bench.gateway.state.connected:
                await _send(bench, rng, 3)
                await bench.until(lambda: bench.losses > losses, within=IDLE + PING_TIMEOUT + 1)
        await bench.back()


async def hang(bench: Bench, rng: Random) -> None:
    """The box hangs for a while, then begins anew."""
    bench.tally["hangs"] += 1
    with bench.line.for_a_while(bench.now):
        with bench.obstacle():
            bench.box.silent = True
            bench.box.fall_silent()
            await asyncio.sleep(rng.uniform(20, 20 * MINUTE))
            bench.box.silent = False
            bench.box.forget_silent()
        await bench.back()


async def reboot(bench: Bench, rng: Random) -> None:
    """The box starts anew."""
    bench.tally["reboots"] += 1
    with bench.line.for_a_while(bench.now):
        with bench.obstacle():
            bench.box.reboot_time = rng.uniform(1 * MINUTE, 5 * MINUTE)
            bench.box.reboot()
            await bench.until(lambda: bench.box.listening, within=2 * 5 * MINUTE)
        await bench.back()


async def refusal(bench: Bench, rng: Random) -> None:
    """The box takes the right password for a wrong one, for a while."""
    bench.tally["refusals"] += 1
    with bench.line.for_a_while(bench.now):
        with bench.obstacle(pause=REFUSED_PAUSE), bench.box.inject(faults.refuses_login()):
            await bench.box.drop_sessions()
            await asyncio.sleep(rng.uniform(1, 30 * MINUTE))
        await bench.back()


async def slow_network(bench: Bench, rng: Random) -> None:
    """The network takes so long that results are no longer waited for."""
    bench.tally["slow networks"] += 1
    with bench.line.for_a_while(bench.now):
        usual, bench.box.result_delay = bench.box.result_delay, 90.0
        await _send(bench, rng, 3)
        await asyncio.sleep(5 * MINUTE)
        bench.box.result_delay = usual


TROUBLES = {cut: 4, half_open: 4, one_way: 2, hang: 2, reboot: 2, refusal: 1, slow_network: 1}


async def bursts(bench: Bench, rng: Random) -> None:
    """Thirty texts at once, and often just then something goes wrong."""
    async for _ in bench.moments(rng, 30 * HOUR):
        bench.tally["bursts"] += 1
        await _send(bench, rng, 30)
        if rng.random() < 0.7:
            await asyncio.sleep(rng.uniform(0, MINUTE))
            await rng.choice([cut, half_open, reboot, hang])(bench, rng)


async def texts(bench: Bench, rng: Random) -> None:
    """A text to somebody, by any port or by one; now and then the network does not take it."""
    async for _ in bench.moments(rng, 4 * HOUR):
        if rng.random() < 0.1:
            bench.box.fail_next_send(f"tg{rng.choice(PORTS)}")
        await _send(
            bench,
            rng,
            1,
            Terms(
                port=rng.choice([None, None, *PORTS]),
                priority=rng.choice([Priority.NORMAL, Priority.HIGH]),
            ),
        )


async def _send(bench: Bench, rng: Random, count: int, terms: Terms | None = None) -> None:
    bench.tally["texts queued"] += count
    first = bench.tally["texts queued"]
    bench.queued_today += count
    await bench.gateway.send_sms(
        [Draft(rng.choice(PEOPLE), f"out {first + number}") for number in range(count)], terms
    )


async def texts_come(bench: Bench, rng: Random) -> None:
    """Texts of several people at once, long ones in parts: out of order, twice, or never."""
    async for _ in bench.moments(rng, 3 * HOUR):
        arrivals = []
        for sender in rng.sample(PEOPLE, rng.randint(1, 3)):
            sms = Incoming(rng.choice(PORTS), sender, rng.choice([1, 1, 2, 3, 5]))
            bench.incoming.append(sms)
            indices = rng.sample(range(1, sms.total + 1), sms.total)
            if sms.total > 1 and rng.random() < 0.3:
                indices.pop()
            if rng.random() < 0.2 and sms.total > 1:
                indices.append(indices[0])
            bench.tally["texts that came"] += 1
            arrivals += [
                (rng.uniform(0, 90), partial(_arrive, bench, sms, index, bench.tally["texts that came"]))
                for index in indices
            ]
        arrivals.sort(key=lambda arrival: arrival[0])
        began = bench.clock.time()
        for at, arrive in arrivals:
            await asyncio.sleep(began + at - bench.clock.time())
            arrive()


def _arrive(bench: Bench, sms: Incoming, index: int, number: int) -> None:
    """Let the box tell a part."""
    text = f"in {number}.{index} " + "äöü " * 10
    data = bench.box.receive_part(
        f"tg{sms.port}",
        sms.sender,
        encode_content(text),
        index=index,
        total=sms.total,
        reference=str(number % 255 + 1) if sms.total > 1 else "",
        received_at=f"{bench.now():%Y-%m-%d} 12:00:00",
    )
    sms.parts[index] = data, text


async def codes(bench: Bench, rng: Random) -> None:
    """Somebody asks for a balance."""
    async for _ in bench.moments(rng, 4 * HOUR):
        port, code = rng.choice(PORTS), rng.choice([*CODES])
        answer = await _dial(bench, port, code, CODES[code])
        if answer and CODES[code].menu:
            await _dial(bench, port, "1", CODES[code].menu["1"])


async def _dial(bench: Bench, port: str, code: str, answer: Ussd) -> bool:
    """Dial a code: without a reason there is the right answer, or the error that there has to be."""
    began = bench.now()
    bench.tally["codes"] += 1
    try:
        reply = await bench.gateway.send_ussd(port, code)
    except GatewayError:
        hopeless = bool(answer.failure) or answer.delay > 30
        troubles = (bench.line, bench.sims, bench.restarts)
        if not (hopeless or any(trouble.was_there(began) for trouble in troubles)):
            raise
        return False
    assert (reply.text, reply.session_open) == (answer.text, bool(answer.menu))
    return True


async def restarts(bench: Bench, rng: Random) -> None:
    """Somebody restarts a port."""
    async for _ in bench.moments(rng, 12 * HOUR):
        began, port = bench.now(), rng.choice(PORTS)
        bench.tally["restarts"] += 1
        try:
            with bench.restarts.for_a_while(bench.now):
                await bench.gateway.reboot(port)
        except GatewayError as err:
            bench.tally[f"restarts ended by {type(err).__name__}"] += 1
            if not (bench.line.was_there(began) or bench.sims.was_there(began)):
                raise


async def sims(bench: Bench, rng: Random) -> None:
    """Somebody takes a SIM out, and puts it back."""
    async for _ in bench.moments(rng, 10 * HOUR):
        bench.tally["SIMs out"] += 1
        span = bench.box.span(f"tg{rng.choice(PORTS)}")
        with bench.sims.for_a_while(bench.now):
            sim = bench.box.take_sim(span)
            await asyncio.sleep(rng.uniform(10, 60 * MINUTE))
            bench.box.put_sim(span, sim)
            await asyncio.sleep(2 * bench.poll_interval)


async def signals(bench: Bench, rng: Random) -> None:
    """The signal changes."""
    async for _ in bench.moments(rng, 2 * HOUR):
        line = f"tg{rng.choice(PORTS)}"
        if bench.box.span(line).imsi:
            bench.box.set_signal(line, rng.randint(1, 31))


async def strangers(bench: Bench, rng: Random) -> None:
    """Another client of the box sends texts, whose results everybody is told."""
    async for _ in bench.moments(rng, 3 * HOUR):
        bench.tally["results of others"] += 1
        bench.box.push_event(
            "UpdateSMSSend", f"ID: {rng.randint(1, 9999)}", "Smsc: ", f"Status: {rng.randint(0, 1)}"
        )


LIVES: tuple[Life, ...] = (
    troubles,
    bursts,
    texts,
    texts_come,
    codes,
    restarts,
    sims,
    signals,
    strangers,
)


async def live(bench: Bench, day: int) -> None:
    """Live through a day until evening, and let all that was begun end."""
    async with asyncio.TaskGroup() as lives:
        for life in LIVES:
            lives.create_task(life(bench, Random(f"{bench.seed} {life.__name__} {day}")))
