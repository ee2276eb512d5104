"""Packets that claim to be a line's: without its password, or as an answer to what was asked of it."""

from collections.abc import Iterator

from tests.conftest import Clock, act, port_device, register
from tests.simulators import faults
from tests.simulators.simulator import LOOPBACK

from .amounts import amount
from .conftest import Target
from .figures import report
from .meter import Cost, metered
from .wire import ELSEWHERE, IN_FLIGHT, fire

WRONG = ("password2", "", "password", "password11", "PASSWORD1", "passwörd1", "p" * 5000)
"""None is the password, though some come near it."""

NEWS = (
    "RECEIVE:{0};id:goip1;password:{1};srcnum:+1555;msg:open",
    "STATE:{0};id:goip1;password:{1};gsm_remain_state:INCOMING:1555",
    "USSN:{0};id:goip1;password:{1};msg:hello",
    "REMAIN:{0};id:goip1;password:{1};gsm_remain_time:1",
    "DELIVER:{0};id:goip1;password:{1};sms_no:1;state:0",
    "CELLINFO:{0};id:goip1;password:{1};info:LAC:1",
)

SENDIDS = 2**30
"""How many there are."""


def forged(count: int) -> Iterator[bytes]:
    """Give packets in a line's name, as somebody writes them who has everything but its password."""
    for number in range(count):
        word = WRONG[number % len(WRONG)]
        if number % 2:
            yield NEWS[number // 2 % len(NEWS)].format(number, word).encode()
        else:
            told = "signal:1;gsm_status:LOGOUT;imsi:1;num:1555;remain_time:0;"
            yield f"req:{number};id:goip1;pass:{word};{told}".encode()


async def test_wrong_passwords(target: Target) -> None:
    hass, count, cost = target.hass, amount(2_000, 50_000), Cost()
    shown, told, data = target.shown(), target.told(), dict(target.entry.data)
    for host in (ELSEWHERE, LOOPBACK):  # an address is forged as easily as the rest
        with metered(hass) as one:
            port = target.box.server[1]
            got = await fire(target.tap, forged(count), port, host=host, in_flight=IN_FLIGHT // 5)
            await register(hass, target.box)
        cost.add(one)
        assert got.others == []
        assert got.size < sum(map(len, forged(count)))

    assert target.shown() == shown
    assert target.told() == told
    assert dict(target.entry.data) == data
    # From the box's own address it may be the box itself, whose password was changed.
    assert len(hass.config_entries.flow.async_progress()) == 1
    cost.assert_bounded()
    report("forged-keepalives", 2 * count, 0, cost)


async def test_guessed_sendids(target: Target, clock: Clock) -> None:
    """The answer is held back, and everybody else says that it was done."""
    hass, goip, tap = target.hass, target.box, target.tap
    deaf = goip.inject(faults.deaf(), when=b"CW ")
    data = {"device_id": port_device(hass, target.entry, "goip1"), "enabled": True}
    asking = hass.async_create_task(act(hass, "set_call_waiting", data))
    await goip.wait_for(lambda: any(packet.startswith(b"CW ") for packet in goip.received))
    [sendid, *_] = [int(packet.split()[1]) for packet in goip.received if packet.startswith(b"CW ")]
    count = amount(2_000, 2**16)
    guesses = (guess for guess in range(1, SENDIDS, SENDIDS // count) if guess != sendid)
    right = [b"CWOK %d" % sendid, b"CWSTATE %d 1" % sendid, b"CWERROR %d" % sendid]

    with metered(hass) as cost:
        await fire(tap, right, goip.server[1])
        await fire(tap, (b"CWOK %d" % guess for guess in guesses), goip.server[1], host=LOOPBACK)

    assert not asking.done()
    assert tap.ignored["foreign_address"] == len(right)
    cost.assert_bounded()
    deaf.remove()
    clock.skip(5)  # then it is asked again
    await asking
    assert goip.line("goip1").state.call_waiting == 1
    report("forged-replies", count + len(right), 0, cost, seen="the true answer is taken afterwards")
