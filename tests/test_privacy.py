"""What is logged says no number, no text and no password; and strangers' packets change nothing."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
import logging
from random import Random
from typing import Any, override

from homeassistant.core import Event, HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.gsm_gateway.aiogsm import (
    Box,
    Call,
    CallEventType,
    GatewayState,
    LineHeard,
    Message,
    MessageChanged,
    PortState,
    ReceivedSms,
    StateChanged,
    UssdArrived,
    UssdReply,
)
from custom_components.gsm_gateway.aiogsm.models import CallChanged
from custom_components.gsm_gateway.aiogsm.parts import Part
from custom_components.gsm_gateway.aiogsm.records import SmsArrived
from custom_components.gsm_gateway.aiogsm.requests import SendSms, SendUssd
from custom_components.gsm_gateway.contacts import Contact, Recipient
from custom_components.gsm_gateway.notices import Notice
from tests.simulators import faults
from tests.simulators.goip import DEFAULT_PASSWORD as GOIP_PASSWORD, GoIP
from tests.simulators.goip_sms import STUCK
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate
from tests.simulators.neogate_span import FAILED, SendOutcome
from tests.simulators.simulator import LOOPBACK, Ussd

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    NEOGATE_IMEI,
    STRANGER,
    Clock,
    act,
    box_device,
    capture,
    caught_up,
    count_logins,
    port_device,
    refused,
    register,
    settled,
    state,
    until,
)

type Bus = dict[str, list[Event[Any]]]

TEXT = "the safe opens with 4711"
CODE = "*123*0815#"
BALANCE = "Your balance is 5,00"
WRONG = "hunter2"
IMSI, ICCID = "260060172091324", "89480611000720913242"
PASSWORDS = (GOIP_PASSWORD, NEOGATE_PASSWORD, WRONG)
SECRETS = (
    *(number.removeprefix("+") for number in (ALICE, BOB, STRANGER)),
    TEXT,
    CODE,
    BALANCE,
    IMSI,
    ICCID,
    NEOGATE_IMEI,
    *PASSWORDS,
)


def logged(caplog: pytest.LogCaptureFixture, level: int = logging.INFO) -> Iterator[str]:
    """Give all that was written to our loggers, with what belongs to it."""
    for record in caplog.records:
        if record.name.startswith(f"custom_components.{DOMAIN}") and record.levelno >= level:
            yield logging.Formatter().format(record)


def found(secrets: tuple[str, ...], lines: Iterator[str]) -> list[tuple[str, str]]:
    """Give every line that holds a secret."""
    return [(secret, line) for line in lines for secret in secrets if secret in line]


async def everything_goes_wrong_with_neogate(
    hass: HomeAssistant, box: NeoGate, entry: MockConfigEntry, clock: Clock
) -> None:
    """Let texts pass both ways, and everything fail once."""
    port = port_device(hass, entry, "1")
    box.receive_sms("tg1", STRANGER, TEXT)
    box.receive_sms("tg2", ALICE, TEXT)
    await caught_up(hass, box)
    await act(hass, "send_sms", {"device_id": port, "recipients": ALICE, "message": TEXT})
    box.plan_send("tg1", FAILED, SendOutcome(body=f"SMS to {BOB} too short: {TEXT}\n"))
    for _ in range(2):
        clock.skip(10)
        with pytest.raises(HomeAssistantError):
            await act(hass, "send_sms", {"device_id": port, "recipients": BOB, "message": TEXT})
    box.teach_ussd("tg1", CODE, Ussd(text=BALANCE))
    await act(hass, "send_ussd", {"device_id": port, "code": CODE})
    box.teach_ussd("tg1", CODE, Ussd(failure="failed"))
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_ussd", {"device_id": port, "code": CODE})
    box.push(faults.NONSENSE)
    box.push_event("ReceivedSMS", f"Sender: {STRANGER}", f"Content: {TEXT}")
    box.push_event("UpdateSMSSend", "ID: another", "Status: 1")
    await caught_up(hass, box)
    box.password = WRONG
    logins = count_logins(box)
    await box.drop_sessions()
    await refused(hass, box, logins + 1)
    clock.skip(60)
    await refused(hass, box, logins + 2)
    assert hass.config_entries.flow.async_progress() != []


async def everything_goes_wrong_with_goip(
    hass: HomeAssistant, box: GoIP, entry: MockConfigEntry, clock: Clock
) -> None:
    """Let texts and calls pass both ways, and everything fail once."""
    bus = capture(hass)
    line, port = box.line("goip1"), port_device(hass, entry, "goip1")
    box.receive_sms("goip1", STRANGER, TEXT)
    await until(hass, lambda: bus["sms_received"])
    box.ring("goip1", BOB)
    box.hang_up("goip1")
    await until(hass, lambda: len(bus["call"]) == 2)
    await act(hass, "send_sms", {"device_id": port, "recipients": ALICE, "message": TEXT})
    box.fail_next_send("goip1")
    with pytest.raises(HomeAssistantError):
        await act(hass, "send_sms", {"device_id": port, "recipients": BOB, "message": TEXT})
    box.plan_send("goip1", STUCK)
    statuses = len(settled(bus))
    await act(
        hass,
        "send_sms",
        {"device_id": port, "recipients": BOB, "message": TEXT, "wait": False, "force": True},
    )
    await box.wait_for(lambda: len(box.outbox) == 2)
    clock.skip(61)
    await until(hass, lambda: len(settled(bus)) > statuses)
    box.teach_ussd("goip1", CODE, Ussd(text=BALANCE))
    await act(hass, "send_ussd", {"device_id": port, "code": CODE})
    line.push("USSN", f"msg:{BALANCE}")
    await until(hass, lambda: bus["ussd_received"])
    line.state.password = WRONG
    assert await box.keepalive("goip1") not in ("200", None)
    box.receive_sms("goip1", STRANGER, TEXT)
    line.transmit(faults.NONSENSE, box.server)
    await register(hass, box, "goip2")
    clock.skip(96)
    await until(hass, lambda: state(hass, "binary_sensor", f"{entry.unique_id}_connection") == "off")
    line.state.password = GOIP_PASSWORD
    await register(hass, box)


async def test_log_of_neogate(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await everything_goes_wrong_with_neogate(hass, neogate, loaded_neogate, clock)
    await hass.config_entries.async_reload(loaded_neogate.entry_id)

    assert found(SECRETS, logged(caplog)) == []


async def test_log_of_goip(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    await everything_goes_wrong_with_goip(hass, goip, loaded_goip, clock)
    await hass.config_entries.async_reload(loaded_goip.entry_id)

    assert found(SECRETS, logged(caplog)) == []


async def test_debug_log_of_neogate_tells_no_password(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await everything_goes_wrong_with_neogate(hass, neogate, loaded_neogate, clock)
    hass.config_entries.async_update_entry(loaded_neogate, data={**loaded_neogate.data, "password": WRONG})
    await hass.async_block_till_done()

    assert found((TEXT,), logged(caplog, logging.DEBUG)) != []  # so the wire was logged
    assert found(PASSWORDS, logged(caplog, logging.DEBUG)) == []


async def test_debug_log_of_goip_tells_no_password(
    hass: HomeAssistant,
    goip: GoIP,
    loaded_goip: MockConfigEntry,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    await everything_goes_wrong_with_goip(hass, goip, loaded_goip, clock)

    assert found((TEXT,), logged(caplog, logging.DEBUG)) != []  # so the wire was logged
    assert found(PASSWORDS, logged(caplog, logging.DEBUG)) == []


NOW = datetime(2026, 11, 22, tzinfo=UTC)
MESSAGE = Message(message_id="sms_1", recipient=ALICE, text=TEXT, created_at=NOW, expires_at=NOW)
PORT = PortState(port="1", phone_number=ALICE, imei=NEOGATE_IMEI, imsi=IMSI, iccid=ICCID)
CALL = Call(port="1", event=CallEventType.INCOMING, incoming=True, number=ALICE)


@pytest.mark.parametrize(
    "value",
    [
        MESSAGE,
        MessageChanged(MESSAGE),
        PORT,
        StateChanged(GatewayState(ports={"1": PORT})),
        CALL,
        CallChanged(gateway="1", call=CALL),
        ReceivedSms(message_id="sms_1", port="1", sender=STRANGER, text=TEXT, received_at=NOW),
        SmsArrived(gateway="1", part=Part(port="1", sender=STRANGER, text=TEXT)),
        UssdReply(text=BALANCE),
        UssdArrived(gateway="1", port="1", text=BALANCE),
        LineHeard(line="goip1", host=LOOPBACK, password=WRONG),
        Box(key="1", username=NEOGATE_PASSWORD, password=GOIP_PASSWORD),
        SendSms(port="1", recipient=ALICE, text=TEXT, message_id="sms_1"),
        SendUssd(port="1", code=CODE, timeout=5),
        Contact(subentry_id="1", name="Alice", number=ALICE, trusted=True),
        Recipient(ALICE, ALICE),
        Notice(
            devices=frozenset({"1"}),
            contact=Contact(subentry_id="1", name="Alice", number=ALICE, trusted=True),
            person=ALICE,
            data={"sender": ALICE, "message": TEXT},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_hide_what_they_hold(value: object) -> None:
    assert found(SECRETS, iter([repr(value), str(value)])) == []


REPLIES = (b"OK %d 1 160", b"WAIT %d 1", b"ERROR %d PASSWORD", b"SEND %d", b"USSD %d x")


class Stranger(asyncio.DatagramProtocol):
    """Sends to our port, and keeps what is answered."""

    def __init__(self) -> None:
        """Begin with no answer."""
        self.answers: list[bytes] = []

    @override
    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.answers.append(data)


def packets(random: Random) -> Iterator[bytes]:
    """Give a thousand packets that mean no good, numbered where they have a number."""
    for number in range(1, 126):
        words = random.randbytes(random.randrange(1, 1400))
        yield words
        yield b"req:%d;%s" % (number, words)
        yield b"req:%d;id:goip1;pass:%s;num:;signal:1;gsm_status:LOGOUT;" % (number, WRONG.encode())
        yield b"req:%d;id:goip1;pass:;" % (number + 1000)
        yield b"req:%d;id:other%d;pass:%s;signal:9;" % (number + 2000, number, GOIP_PASSWORD.encode())
        yield b"RECEIVE:%d;id:goip1;password:%s;srcnum:%s;msg:%s" % (
            number,
            WRONG.encode(),
            STRANGER.encode(),
            TEXT.encode(),
        )
        yield b"STATE:%d;id:nobody;password:%s;gsm_remain_state:INCOMING:1" % (number, WRONG.encode())
        yield (
            random.choice((b"OK %d 1 160", b"WAIT %d 1", b"ERROR %d PASSWORD", b"SEND %d", b"USSD %d x"))
            % number
        )


def numbered(packet: bytes) -> bytes:
    """Give the number by which a keepalive and its answer are told."""
    return packet.split(b";")[0].partition(b":")[2]


def shown(states: list[State]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Give what is shown, without the times."""
    return {one.entity_id: (one.state, dict(one.attributes)) for one in states}


async def test_strangers_change_nothing(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    before, data = shown(hass.states.async_all()), dict(loaded_goip.data)
    caplog.set_level(logging.INFO)
    caplog.clear()
    transport, stranger = await hass.loop.create_datagram_endpoint(Stranger, local_addr=("127.0.0.2", 0))
    evil = list(packets(Random(4711)))
    assert len(evil) == 1000
    for start in range(0, len(evil), 50):  # no more at once than a socket holds
        for packet in evil[start : start + 50]:
            transport.sendto(packet, goip.server)
        await register(hass, goip)  # which comes after them
    transport.close()
    await hass.async_block_till_done()

    assert shown(hass.states.async_all()) == before
    assert dict(loaded_goip.data) == data
    assert {name: len(events) for name, events in bus.items()} == dict.fromkeys(bus, 0)
    assert len(list(logged(caplog))) <= 3
    assert found(SECRETS, logged(caplog)) == []
    asked = {numbered(packet): packet for packet in evil if b"id:goip1;pass:" in packet}
    assert len(stranger.answers) <= len(asked)
    for answer in stranger.answers:
        assert answer.startswith(b"reg:")
        assert b"status:200" not in answer
        assert len(answer) <= len(asked[numbered(answer)])


async def test_strangers_do_not_get_in_the_way(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    transport, _ = await hass.loop.create_datagram_endpoint(Stranger, local_addr=("127.0.0.2", 0))
    random = Random(815)
    for packet in [random.randbytes(200) for _ in range(20)]:
        transport.sendto(packet, goip.server)
    await act(
        hass, "send_sms", {"device_id": box_device(hass, loaded_goip), "recipients": ALICE, "message": TEXT}
    )
    transport.close()
    await hass.async_block_till_done()

    assert [(sms.number, sms.text) for sms in goip.outbox] == [(ALICE, TEXT)]
