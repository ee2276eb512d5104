"""What all tests share: our integration in a real Home Assistant, and simulated gateways on real sockets.

Home Assistant and a box talk over loopback; a test acts on one side and looks at the other. To wait for what
must come by the wire, `until` (something holds in Home Assistant) or the simulator's own `wait_for`; nothing
sleeps. What a box would not forgive fails the test at its end (`complaints`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from copy import replace
import json
from pathlib import Path
import secrets
import socket
from types import MappingProxyType
from typing import Any
from unittest.mock import PropertyMock, patch

from freezegun import freeze_time
from freezegun.api import FrozenDateTimeFactory, real_monotonic
from homeassistant.config_entries import ConfigSubentry, ConfigSubentryDataWithId
from homeassistant.const import MATCH_ALL, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from hypothesis import HealthCheck, settings
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    snapshot_platform,
)
from pytest_homeassistant_custom_component.syrupy import HomeAssistantSnapshotExtension
from syrupy.assertion import SnapshotAssertion

import custom_components.gsm_gateway  # so that Home Assistant finds it here
from custom_components.gsm_gateway.aiogsm import FAMILIES
from tests.simulators.goip import DEFAULT_PASSWORD as GOIP_PASSWORD, GoIP
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate
from tests.simulators.simulator import LOOPBACK, Simulator

from . import patience  # noqa: F401 - time that flies waits for the store's thread
from .spoken import everything_has_words

DOMAIN = "gsm_gateway"
NEOGATE_USER = "apiuser"
NEOGATE_IMEI = "013227009596001"
GOIP_ID = "44444_goip1"
ALICE = "+15551234567"
BOB = "+491701234567"
STRANGER = "+447700900123"

# How long an example takes says more of the machine than of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

BUS_EVENTS = tuple(
    f"{DOMAIN}_{kind}" for kind in ("sms_received", "sms_status", "call", "ussd_received", "command")
)

TRANSLATIONS: dict[str, Any] = json.loads(
    Path(custom_components.gsm_gateway.__file__).with_name("translations").joinpath("en.json").read_text()
)


def contact(name: str, number: str, *, trusted: bool = False) -> ConfigSubentryDataWithId:
    """Give a contact as it is kept in an entry; its id is the same in every run, for the snapshots."""
    return ConfigSubentryDataWithId(
        data={"name": name, "number": number, "trusted": trusted},
        subentry_id=f"id_of_{name.lower()}",
        subentry_type="contact",
        title=name,
        unique_id=number,
    )


def contacts() -> list[ConfigSubentryDataWithId]:
    """Give the two whom every box knows."""
    return [contact("Alice", ALICE, trusted=True), contact("Bob", BOB)]


def add_contact(hass: HomeAssistant, entry: MockConfigEntry, name: str, number: str) -> str:
    """Add a contact to an entry as the UI does, and give its id."""
    data = MappingProxyType({"name": name, "number": number, "trusted": False})
    subentry = ConfigSubentry(data=data, subentry_type="contact", title=name, unique_id=number)
    hass.config_entries.async_add_subentry(entry, subentry)
    return subentry.subentry_id


def subentry_id(entry: MockConfigEntry, name: str) -> str:
    """Find a contact's id."""
    return {sub.title: sub.subentry_id for sub in entry.subentries.values()}[name]


def neogate_data(box: NeoGate, **changes: object) -> dict[str, Any]:
    """Give the data of a NeoGate's entry."""
    return {
        "family": "neogate",
        "host": LOOPBACK,
        "port": box.port,
        "username": NEOGATE_USER,
        "password": NEOGATE_PASSWORD,
        "notify_name": "neogate_tg200",
        "imeis": {str(span.port): span.imei for span in box.spans.values()},
        **changes,
    }


def goip_data(port: int, *lines: str, **changes: object) -> dict[str, Any]:
    """Give the data of a GoIP's entry."""
    return {
        "family": "goip",
        "port": port,
        "password": GOIP_PASSWORD,
        "lines": list(lines),
        "notify_name": "goip",
        **changes,
    }


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up as Home Assistant does, whether or not it succeeds."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


async def assert_platform(
    hass: HomeAssistant, entry: MockConfigEntry, platform: Platform, snapshot: SnapshotAssertion, *boxes: GoIP
) -> None:
    """Compare all entities of one platform with their snapshot, when a GoIP's lines have reported."""
    enabled = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    with (
        patch("custom_components.gsm_gateway.PLATFORMS", [platform]),
        patch(enabled, PropertyMock(return_value=True)),
    ):
        await set_up(hass, entry)
        for box in boxes:
            await register(hass, box)
        await snapshot_platform(hass, er.async_get(hass), snapshot, entry.entry_id)
        assert await hass.config_entries.async_unload(entry.entry_id)


async def register(hass: HomeAssistant, box: GoIP, *lines: str) -> None:
    """Let lines of a GoIP report, all of them unless some are named, and let that sink in."""
    for line in lines or box.line_names:
        assert await box.keepalive(line) == "200"
    await hass.async_block_till_done()


async def seen(hass: HomeAssistant, condition: Callable[[], object], within: float = 2.0) -> None:
    """Return once a condition holds, and what was about to happen then is done.

    It is looked at whenever something happens on the bus.
    """
    happened = asyncio.Event()

    @callback
    def _on_event(_event: Event[Any]) -> None:
        happened.set()

    stop_listening = hass.bus.async_listen(MATCH_ALL, _on_event)
    try:
        async with asyncio.timeout(within):
            while not condition():
                happened.clear()
                await happened.wait()
    finally:
        stop_listening()
    for _ in range(10):  # what our own tasks do after it, Home Assistant cannot wait for
        await asyncio.sleep(0)


async def until(hass: HomeAssistant, condition: Callable[[], object]) -> None:
    """Return when a condition holds and all that follows from it in Home Assistant is done."""
    await seen(hass, condition)
    await hass.async_block_till_done()


async def caught_up(hass: HomeAssistant, box: NeoGate) -> None:
    """Wait until Home Assistant has read all that a NeoGate has sent: it reads in order, so a text tells."""
    texts = async_capture_events(hass, f"{DOMAIN}_sms_received")
    box.receive_sms(box.line_names[0], STRANGER, "mark")
    await seen(hass, lambda: texts)


async def refused(hass: HomeAssistant, box: NeoGate, logins: int) -> None:
    """Wait until a NeoGate has refused the last of so many logins."""
    await box.wait_for(lambda: count_logins(box) == logins and not box.sessions)
    await hass.async_block_till_done()


def count_logins(box: NeoGate) -> int:
    """Count the logins that a NeoGate was asked for."""
    return sum(action.name == "login" for action in box.actions)


def entity(hass: HomeAssistant, platform: str, unique_id: str) -> str:
    """Find an entity by its unique id."""
    entity_id = er.async_get(hass).async_get_entity_id(platform, DOMAIN, unique_id)
    assert entity_id is not None, f"no {platform} {unique_id}"
    return entity_id


def state(hass: HomeAssistant, platform: str, unique_id: str) -> str:
    """Give the state of an entity that is found by its unique id."""
    found = hass.states.get(entity(hass, platform, unique_id))
    assert found is not None, f"{platform} {unique_id} has no state"
    return found.state


def attributes(hass: HomeAssistant, platform: str, unique_id: str) -> Mapping[str, Any]:
    """Give the attributes of an entity that is found by its unique id."""
    found = hass.states.get(entity(hass, platform, unique_id))
    assert found is not None, f"{platform} {unique_id} has no state"
    return found.attributes


def box_device(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Give the device of an entry's box."""
    identifier = (DOMAIN, str(entry.unique_id))
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    return device.id


def port_device(hass: HomeAssistant, entry: MockConfigEntry, port: str) -> str:
    """Give the device of one of an entry's ports."""
    identifier = (DOMAIN, f"{entry.unique_id}_{port}")
    device = dr.async_get(hass).async_get_child_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    return device.id


def contact_device(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> dr.DeviceEntry:
    """Give the device of one of an entry's contacts."""
    identifier = (DOMAIN, f"{entry.unique_id}_{subentry_id(entry, name)}")
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    return device


async def act(
    hass: HomeAssistant, action: str, data: dict[str, Any], *, domain: str = DOMAIN, response: bool = False
) -> Any:  # noqa: ANN401 (whatever the action answers)
    """Run an action and wait for it."""
    return await hass.services.async_call(domain, action, data, blocking=True, return_response=response)


def assert_translated(err: HomeAssistantError, key: str) -> None:
    """An error is ours, has this key, and its sentence has a value for every blank and nothing left over."""
    assert (err.translation_domain, err.translation_key) == (DOMAIN, key)
    sentence: str = TRANSLATIONS["exceptions"][key]["message"]
    assert "{" not in sentence.format(**(err.translation_placeholders or {}))


def free_udp_port() -> int:
    """Find a UDP port that nobody has, outside of the range from which sockets get theirs unasked."""
    while True:
        port = 20000 + secrets.randbelow(12000)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port


def is_free(udp_port: int) -> bool:
    """Whether nobody listens on a UDP port of this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((LOOPBACK, udp_port))
        except OSError:
            return False
        return True


class Clock:
    """The event loop's clock, which can be put forward: what is due in between happens at once."""

    def __init__(self, time: Callable[[], float]) -> None:
        """Begin with the right time."""
        self._time = time
        self._ahead = 0.0

    def time(self) -> float:
        """Give the loop's time."""
        return self._time() + self._ahead

    def skip(self, seconds: float) -> None:
        """Put the clock forward."""
        self._ahead += seconds


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Give the clock of this test's event loop."""
    clock = Clock(real_monotonic)
    with patch.object(asyncio.get_event_loop(), "time", clock.time):
        yield clock


@pytest.fixture
def freezer(clock: Clock) -> Iterator[FrozenDateTimeFactory]:
    """Give the wall's clock, to be set; that of the event loop does not mind."""
    with freeze_time(ignore=["_pytest.runner", "_pytest.terminal"]) as frozen:
        assert isinstance(frozen, FrozenDateTimeFactory)
        yield frozen


@pytest.fixture
async def simulators() -> AsyncIterator[AsyncExitStack]:
    """Keep simulators running until Home Assistant is gone, so that they see how it takes its leave."""
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def hass_config_dir(tmp_path: Path) -> str:
    """Give every test a folder of its own, for each box keeps a file there."""
    return str(tmp_path)


@pytest.fixture(autouse=True)
def _custom_integrations(simulators: AsyncExitStack, enable_custom_integrations: None) -> None:
    """Let Home Assistant load it."""


@pytest.fixture(autouse=True)
def _everything_has_words() -> Iterator[None]:
    """Fail where something is shown for which there are no words."""
    with everything_has_words(TRANSLATIONS) as complaints:
        yield
    assert complaints == []


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """Write snapshots as Home Assistant does."""
    return snapshot.use_extension(HomeAssistantSnapshotExtension)


async def run[Box: Simulator](simulators: AsyncExitStack, box: Box) -> Box:
    """Start a box, to be stopped and asked for its complaints at the end."""
    await simulators.enter_async_context(box)
    simulators.callback(_assert_content, box)
    return box


def _assert_content(box: Simulator) -> None:
    assert box.complaints == []


@pytest.fixture
async def neogate(simulators: AsyncExitStack, socket_enabled: None) -> NeoGate:
    """Run a NeoGate with two ports."""
    return await run(simulators, NeoGate(ports=2))


@pytest.fixture
def udp_port() -> int:
    """Give a free UDP port."""
    return free_udp_port()


@pytest.fixture
async def goip(simulators: AsyncExitStack, socket_enabled: None, udp_port: int) -> GoIP:
    """Run a GoIP with two lines, which report to the free UDP port when the test says so."""
    return await run(simulators, GoIP(lines=2, server=(LOOPBACK, udp_port), keepalive_interval=None))


@pytest.fixture
def neogate_entry(hass: HomeAssistant, neogate: NeoGate) -> MockConfigEntry:
    """Add the NeoGate's entry with its contacts, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="NeoGate TG200",
        unique_id=NEOGATE_IMEI,
        data=neogate_data(neogate),
        subentries_data=contacts(),
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def goip_entry(hass: HomeAssistant, goip: GoIP, udp_port: int) -> MockConfigEntry:
    """Add the GoIP's entry with its contacts, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="GoIP",
        unique_id=GOIP_ID,  # the same in every run, for the snapshots; the port is another each time
        data=goip_data(udp_port, "goip1", "goip2"),
        subentries_data=contacts(),
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
async def loaded_neogate(hass: HomeAssistant, neogate_entry: MockConfigEntry) -> MockConfigEntry:
    """Set the NeoGate up."""
    await set_up(hass, neogate_entry)
    return neogate_entry


@pytest.fixture
async def loaded_goip(hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry) -> MockConfigEntry:
    """Set the GoIP up, and let its lines report."""
    await set_up(hass, goip_entry)
    await register(hass, goip)
    return goip_entry


@pytest.fixture
def unpaced() -> Iterator[None]:
    """Let the NeoGate's ports send as fast as they can."""
    with patch.dict(FAMILIES, neogate=replace(FAMILIES["neogate"], pace=0.0)):
        yield


def capture(hass: HomeAssistant) -> dict[str, list[Event[Any]]]:
    """Collect our events on the bus from now on, by what comes after the domain in their type."""
    return {name.removeprefix(f"{DOMAIN}_"): async_capture_events(hass, name) for name in BUS_EVENTS}


def settled(bus: Mapping[str, list[Event[Any]]]) -> list[Event[Any]]:
    """Give the events about texts that came to their end, or further."""
    return [event for event in bus["sms_status"] if event.data["status"] not in ("queued", "sending")]


@pytest.fixture
def bus(hass: HomeAssistant) -> dict[str, list[Event[Any]]]:
    """Collect our events on the bus."""
    return capture(hass)
