"""Every path through the forms, each error followed by success, with boxes that answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any, cast, override
from unittest.mock import patch

from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_USER, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import (
    EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE,
    EVENT_DATA_ENTRY_FLOW_PROGRESSED,
    FlowResultType,
    InvalidData,
    UnknownFlow,
)
from homeassistant.helpers import device_registry as dr
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from tests.simulators import fast_time, neogate_session
from tests.simulators.goip import DEFAULT_PASSWORD as GOIP_PASSWORD, GoIP
from tests.simulators.neogate import DEFAULT_PASSWORD as NEOGATE_PASSWORD, NeoGate
from tests.simulators.simulator import LOOPBACK

from .conftest import (
    ALICE,
    BOB,
    DOMAIN,
    NEOGATE_IMEI,
    NEOGATE_USER,
    STRANGER,
    TRANSLATIONS,
    Clock,
    contact_device,
    count_logins,
    goip_data,
    is_free,
    neogate_data,
    register,
    run,
    seen,
    set_up,
    state,
    subentry_id,
)

type Trouble = Callable[[NeoGate], AbstractAsyncContextManager[None]]

OTHER_HOST = "127.0.0.2"


async def choose(hass: HomeAssistant, family: str) -> ConfigFlowResult:
    """Open the dialog and choose a family in its menu."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "user"
    assert menu["menu_options"] == ["neogate", "goip"]
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": family})
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == family
    assert form["errors"] == {}
    return form


async def submit(
    hass: HomeAssistant, result: ConfigFlowResult, values: dict[str, Any] | None = None
) -> ConfigFlowResult:
    """Send a form, or look at the step again. Whatever it shows has words."""
    result = await hass.config_entries.flow.async_configure(result["flow_id"], values)
    assert_words(cast("dict[str, Any]", result), TRANSLATIONS["config"])
    return result


def assert_words(result: dict[str, Any], words: dict[str, Any]) -> None:
    """A step's errors, fields and reasons are translated."""
    fields = {str(key) for key in getattr(result.get("data_schema"), "schema", ())}
    assert fields <= words["step"].get(result.get("step_id"), {}).get("data", {}).keys()
    assert {*(result.get("errors") or {}).values()} <= words["error"].keys()
    assert {result.get("reason")} - {None} <= words["abort"].keys()


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    """Give what a form is filled with."""
    schema = result["data_schema"]
    assert schema is not None
    return {str(key): (key.description or {}).get("suggested_value") for key in schema.schema}


def neogate_form(box: NeoGate, **changes: object) -> dict[str, Any]:
    """Fill in the NeoGate's form."""
    return {
        "host": LOOPBACK,
        "port": box.port,
        "username": NEOGATE_USER,
        "password": NEOGATE_PASSWORD,
        **changes,
    }


# The NeoGate.


async def test_neogate(hass: HomeAssistant, neogate: NeoGate) -> None:
    form = await choose(hass, "neogate")
    result = await submit(hass, form, neogate_form(neogate, host=f" {LOOPBACK} "))
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "NeoGate TG200"
    assert result["data"] == neogate_data(neogate)
    assert result["result"].unique_id == NEOGATE_IMEI
    assert result["result"].state is ConfigEntryState.LOADED
    # The look was over before the entry was set up.
    await neogate.wait_for(lambda: len(neogate.sessions) == 1)


async def test_neogate_is_known_by_the_first_imei_that_is_told(hass: HomeAssistant, neogate: NeoGate) -> None:
    neogate.span("tg1").imei = ""
    result = await submit(hass, await choose(hass, "neogate"), neogate_form(neogate))

    assert result["result"].unique_id == "013227009596002"


async def test_neogate_of_another_size(
    hass: HomeAssistant, simulators: AsyncExitStack, neogate: NeoGate
) -> None:
    box = await run(simulators, NeoGate(ports=3))
    result = await submit(hass, await choose(hass, "neogate"), neogate_form(box))

    assert result["title"] == "NeoGate TG"
    assert result["data"]["notify_name"] == "neogate_tg"


async def test_notify_names_are_unique(
    hass: HomeAssistant, simulators: AsyncExitStack, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    async def _nothing(_: object) -> None:
        """Stand for a notify action of somebody else's."""

    hass.services.async_register("notify", "neogate_tg200_2", _nothing)
    box = await run(simulators, NeoGate(ports=2))
    for span in box.spans.values():
        span.imei = f"9{span.imei[1:]}"
    result = await submit(hass, await choose(hass, "neogate"), neogate_form(box))

    assert result["title"] == "NeoGate TG200"
    assert result["data"]["notify_name"] == "neogate_tg200_3"


async def test_an_ignored_gateway_has_no_notify_name(hass: HomeAssistant, neogate: NeoGate) -> None:
    MockConfigEntry(domain=DOMAIN, unique_id="44444_barn1", source=SOURCE_IGNORE, data={}).add_to_hass(hass)
    result = await submit(hass, await choose(hass, "neogate"), neogate_form(neogate))

    assert result["data"]["notify_name"] == "neogate_tg200"


@asynccontextmanager
async def down(box: NeoGate) -> AsyncIterator[None]:
    """Let nobody answer."""
    box.stop_listening()
    yield
    await box.start()


@asynccontextmanager
async def changed_password(box: NeoGate) -> AsyncIterator[None]:
    """Let the box refuse the login."""
    right, box.password = box.password, "another"
    yield
    box.password = right


class Stranger(asyncio.Protocol):
    """Greets as something else."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(b"SSH-2.0-OpenSSH_9.6\r\n")


@asynccontextmanager
async def another_greeting(box: NeoGate) -> AsyncIterator[None]:
    """Let something else listen there."""
    box.stop_listening()
    async with await asyncio.get_running_loop().create_server(Stranger, LOOPBACK, box.port):
        yield
    await box.start()


@asynccontextmanager
async def no_smscommand(_box: NeoGate) -> AsyncIterator[None]:
    """Let it be an Asterisk, but no NeoGate."""
    actions = {name: act for name, act in neogate_session._ACTIONS.items() if name != "smscommand"}
    with patch.object(neogate_session, "_ACTIONS", actions):
        yield


@asynccontextmanager
async def no_imei(box: NeoGate) -> AsyncIterator[None]:
    """Let no port tell its IMEI."""
    imeis = {number: span.imei for number, span in box.spans.items()}
    for span in box.spans.values():
        span.imei = ""
    yield
    for number, imei in imeis.items():
        box.spans[number].imei = imei


TROUBLES: list[tuple[Trouble, str]] = [
    (down, "cannot_connect"),
    (changed_password, "invalid_auth"),
    (another_greeting, "not_a_neogate"),
    (no_smscommand, "not_a_neogate"),
]


@pytest.mark.parametrize(("trouble", "error"), [*TROUBLES, (no_imei, "no_imei")])
async def test_neogate_trouble(hass: HomeAssistant, neogate: NeoGate, trouble: Trouble, error: str) -> None:
    form = await choose(hass, "neogate")
    async with trouble(neogate):
        result = await submit(hass, form, neogate_form(neogate))

        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {"base": error}
        assert suggested(result) == neogate_form(neogate)
        await neogate.wait_for(lambda: not neogate.sessions)  # nothing is left open

    result = await submit(hass, result, neogate_form(neogate))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["result"].unique_id == NEOGATE_IMEI


@pytest.mark.parametrize(
    "wrong", [{"password": "with a blank"}, {"username": "semi;colon"}, {"password": ""}, {"username": ""}]
)
async def test_neogate_credentials_that_no_packet_can_carry(
    hass: HomeAssistant, neogate: NeoGate, wrong: dict[str, str]
) -> None:
    form = await choose(hass, "neogate")
    result = await submit(hass, form, neogate_form(neogate, **wrong))

    assert result["type"] is FlowResultType.FORM
    assert list((result["errors"] or {}).values()) == ["invalid_credential"]
    assert neogate.sessions == []

    result = await submit(hass, result, neogate_form(neogate))

    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("family", ["neogate", "goip"])
async def test_port_out_of_range(hass: HomeAssistant, family: str) -> None:
    form = await choose(hass, family)
    values = {"host": LOOPBACK, "port": 99999, "username": "me", "password": "secret"}
    known = {key: value for key, value in values.items() if key in suggested(form)}
    with pytest.raises(InvalidData) as caught:
        await submit(hass, form, known)
    assert list(caught.value.schema_errors) == ["port"]


async def test_neogate_added_twice(
    hass: HomeAssistant, simulators: AsyncExitStack, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    # The same box at another address: the entry follows it.
    moved = await run(simulators, NeoGate(ports=2, password="changed"))
    result = await submit(hass, await choose(hass, "neogate"), neogate_form(moved, password="changed"))
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert loaded_neogate.data == neogate_data(moved, password="changed")
    assert loaded_neogate.state is ConfigEntryState.LOADED
    await neogate.wait_for(lambda: not neogate.sessions)
    await moved.wait_for(lambda: len(moved.sessions) == 1)
    assert count_logins(moved) == 2  # to look at it, and to set it up, once


async def test_neogate_that_moved_while_it_was_not_found(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    nowhere = {**neogate_entry.data, "port": 1}
    hass.config_entries.async_update_entry(neogate_entry, data=nowhere)
    await set_up(hass, neogate_entry)
    assert neogate_entry.state is ConfigEntryState.SETUP_RETRY

    result = await submit(hass, await choose(hass, "neogate"), neogate_form(neogate))
    await hass.async_block_till_done()

    assert result["reason"] == "already_configured"
    assert neogate_entry.data == neogate_data(neogate)
    assert neogate_entry.state is ConfigEntryState.LOADED  # without waiting for the next try


# Logging in again.


async def test_reauth(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    neogate.user, neogate.password = "newuser", "newpass"
    await neogate.drop_sessions()
    form = await loaded_neogate.start_reauth_flow(hass)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "reauth_confirm"
    assert form["errors"] == {}

    result = await submit(hass, form, {"username": "newuser", "password": "newpass"})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert loaded_neogate.data == neogate_data(neogate, username="newuser", password="newpass")
    assert loaded_neogate.state is ConfigEntryState.LOADED
    assert state(hass, "binary_sensor", f"{NEOGATE_IMEI}_connection") == "on"


async def test_reauth_of_one_that_was_not_set_up(
    hass: HomeAssistant, neogate: NeoGate, neogate_entry: MockConfigEntry
) -> None:
    fast = fast_time.let_it_fly(hass.loop)
    neogate.password = "newpass"
    await set_up(hass, neogate_entry)
    fast.land()
    assert neogate_entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()

    result = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"username": NEOGATE_USER, "password": "newpass"}
    )
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert neogate_entry.data["password"] == "newpass"
    assert neogate_entry.state is ConfigEntryState.LOADED
    assert hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize(("trouble", "error"), TROUBLES)
async def test_reauth_trouble(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, trouble: Trouble, error: str
) -> None:
    form = await loaded_neogate.start_reauth_flow(hass)
    async with trouble(neogate):
        result = await submit(hass, form, {"username": NEOGATE_USER, "password": NEOGATE_PASSWORD})
        assert result["type"] is FlowResultType.FORM
        assert result["errors"] == {"base": error}

    result = await submit(hass, result, {"username": NEOGATE_USER, "password": NEOGATE_PASSWORD})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"


async def test_reauth_with_what_no_packet_can_carry(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    form = await loaded_neogate.start_reauth_flow(hass)
    result = await submit(hass, form, {"username": NEOGATE_USER, "password": "with a blank"})
    assert result["errors"] == {"password": "invalid_credential"}

    result = await submit(hass, result, {"username": NEOGATE_USER, "password": NEOGATE_PASSWORD})
    assert result["reason"] == "reauth_successful"


async def test_reauth_at_another_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    before = dict(loaded_neogate.data)
    for span in neogate.spans.values():
        span.imei = f"9{span.imei[1:]}"
    form = await loaded_neogate.start_reauth_flow(hass)
    result = await submit(hass, form, {"username": NEOGATE_USER, "password": NEOGATE_PASSWORD})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert loaded_neogate.data == before


# The GoIP.


async def listen_again(
    hass: HomeAssistant, form: ConfigFlowResult, udp_port: int, password: str = GOIP_PASSWORD
) -> ConfigFlowResult:
    """Send the form, and return once it is being waited."""
    begun = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESS_UPDATE)
    waiting = await submit(hass, form, {"port": udp_port, "password": password})
    assert waiting["type"] is FlowResultType.SHOW_PROGRESS
    await seen(hass, lambda: begun)
    return waiting


async def listen(hass: HomeAssistant, udp_port: int, password: str = GOIP_PASSWORD) -> ConfigFlowResult:
    """Open the dialog and begin to wait."""
    form = await choose(hass, "goip")
    waiting = await listen_again(hass, form, udp_port, password)
    assert waiting["step_id"] == waiting["progress_action"] == "goip_wait"
    assert waiting["description_placeholders"] == {
        "address": "10.10.10.10",
        "port": str(udp_port),
        "password": password,
        "heard": "…",
    }
    return waiting


async def heard(hass: HomeAssistant, waiting: ConfigFlowResult, text: str) -> None:
    """Wait until the dialog says that it heard this."""
    refreshed = async_capture_events(hass, EVENT_DATA_ENTRY_FLOW_PROGRESSED)
    await seen(hass, lambda: refreshed)
    again = await submit(hass, waiting)
    assert again["type"] is FlowResultType.SHOW_PROGRESS
    assert (again["description_placeholders"] or {})["heard"] == text


async def waited(hass: HomeAssistant, waiting: ConfigFlowResult) -> ConfigFlowResult:
    """Wait for the end of waiting, and give the step after it."""
    await hass.async_block_till_done()
    return await submit(hass, waiting)


async def test_goip(hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock) -> None:
    waiting = await listen(hass, udp_port)
    goip.line("goip2").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip2")
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1, goip2")
    clock.skip(3)
    form = await waited(hass, waiting)

    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "goip_confirm"
    assert form["description_placeholders"] == {"heard": f"{LOOPBACK}: goip1, goip2"}
    assert suggested(form) == {}
    assert is_free(udp_port)  # until the entry takes it

    result = await submit(hass, form, {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "GoIP"
    assert result["data"] == goip_data(udp_port, "goip1", "goip2")
    assert result["result"].unique_id == f"{udp_port}_goip1"
    assert result["result"].state is ConfigEntryState.LOADED
    await register(hass, goip)


async def test_goip_lines_in_natural_order(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock
) -> None:
    goip.line("goip1").state.name = "goip10"
    waiting = await listen(hass, udp_port)
    for line in goip.lines:
        line.send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip2, goip10")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["result"].unique_id == f"{udp_port}_goip2"


async def test_goip_is_waited_for(hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock) -> None:
    waiting = await listen(hass, udp_port)
    clock.skip(119)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)  # never beyond the 120 seconds, but it was in time
    form = await waited(hass, waiting)

    assert form["step_id"] == "goip_confirm"


async def test_no_goip_heard(hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock) -> None:
    waiting = await listen(hass, udp_port)
    clock.skip(120)
    form = await waited(hass, waiting)

    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "goip"
    assert form["errors"] == {"base": "no_gateway_heard"}
    assert suggested(form) == {"port": udp_port, "password": GOIP_PASSWORD}
    assert is_free(udp_port)

    waiting = await listen_again(hass, form, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_goip_with_another_password(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock
) -> None:
    waiting = await listen(hass, udp_port, "mistyped")
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✗ {LOOPBACK}: goip1")
    clock.skip(30)  # one who knows the password may still come
    goip.line("goip1").send_keepalive()
    goip.line("goip2").send_keepalive()
    await heard(hass, waiting, f"✗ {LOOPBACK}: goip1, goip2")
    clock.skip(90)
    form = await waited(hass, waiting)

    assert form["step_id"] == "goip"
    assert form["errors"] == {"base": "wrong_password"}

    waiting = await listen_again(hass, form, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["password"] == GOIP_PASSWORD


async def test_goip_port_in_use(hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock) -> None:
    form = await choose(hass, "goip")
    transport, _ = await hass.loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=(LOOPBACK, udp_port)
    )
    form = await submit(hass, form, {"port": udp_port, "password": GOIP_PASSWORD})

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {"base": "port_in_use"}

    transport.close()
    await hass.async_block_till_done()
    waiting = await listen_again(hass, form, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("password", ["with a blank", "semi;colon", ""])
async def test_goip_password_that_no_packet_can_carry(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock, password: str
) -> None:
    form = await choose(hass, "goip")
    form = await submit(hass, form, {"port": udp_port, "password": password})

    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {"password": "invalid_credential"}
    assert is_free(udp_port)

    waiting = await listen_again(hass, form, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.fixture
async def barn(simulators: AsyncExitStack, goip: GoIP) -> GoIP:
    """Run another GoIP, at another address."""
    with patch("tests.simulators.goip_line.LOOPBACK", OTHER_HOST):
        box = GoIP(lines=1, prefix="barn", server=goip.server, keepalive_interval=None)
        return await run(simulators, box)


async def test_several_goips(
    hass: HomeAssistant, goip: GoIP, barn: GoIP, udp_port: int, clock: Clock
) -> None:
    waiting = await listen(hass, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    barn.line("barn1").send_keepalive()
    both = f"{LOOPBACK}: goip1\n\n{OTHER_HOST}: barn1"
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1\n\n✓ {OTHER_HOST}: barn1")
    clock.skip(3)
    form = await waited(hass, waiting)

    assert form["step_id"] == "goip_confirm"
    assert form["description_placeholders"] == {"heard": both}
    assert list(suggested(form)) == ["host"]

    result = await submit(hass, form, {"host": OTHER_HOST})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == goip_data(udp_port, "barn1")
    await register(hass, barn)

    # The other is added after it, on the same port; who is added already is not heard of.
    waiting = await listen(hass, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})
    await hass.async_block_till_done()

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"] == goip_data(udp_port, "goip1", notify_name="goip_2")
    await register(hass, goip, "goip1")
    await register(hass, barn)


async def test_one_goip_stands_in_the_other_s_way(
    hass: HomeAssistant, goip: GoIP, barn: GoIP, udp_port: int, clock: Clock
) -> None:
    barn.line("barn1").state.password = "another"
    waiting = await listen(hass, udp_port)
    barn.line("barn1").send_keepalive()
    await heard(hass, waiting, f"✗ {OTHER_HOST}: barn1")
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1\n\n✗ {OTHER_HOST}: barn1")
    clock.skip(3)
    form = await waited(hass, waiting)

    assert form["step_id"] == "goip_confirm"
    assert form["description_placeholders"] == {"heard": f"{LOOPBACK}: goip1"}


@pytest.mark.parametrize("known", [("goip1",), ("goip2", "goip1")], ids=["unique id", "a line"])
async def test_goip_added_twice(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock, known: tuple[str, ...]
) -> None:
    entry = MockConfigEntry(
        domain=DOMAIN, unique_id=f"{udp_port}_{known[0]}", data=goip_data(udp_port, *known)
    )
    entry.add_to_hass(hass)  # not set up, so that the dialog hears its lines
    waiting = await listen(hass, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert is_free(udp_port)


async def test_lines_of_other_boxes_do_not_matter(
    hass: HomeAssistant, goip: GoIP, neogate_entry: MockConfigEntry, clock: Clock
) -> None:
    udp_port = goip.server[1]
    elsewhere = MockConfigEntry(domain=DOMAIN, unique_id="1_goip2", data=goip_data(1, "goip1", "goip2"))
    elsewhere.add_to_hass(hass)
    here = MockConfigEntry(
        domain=DOMAIN, unique_id=f"{udp_port}_barn1", data=goip_data(udp_port, "barn1", notify_name="barn")
    )
    here.add_to_hass(hass)
    waiting = await listen(hass, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    result = await submit(hass, await waited(hass, waiting), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_lines_that_are_owned_are_not_heard(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry, udp_port: int, clock: Clock
) -> None:
    waiting = await listen(hass, udp_port)
    for line in goip.line_names:
        assert await goip.keepalive(line) == "200"
    assert (await submit(hass, waiting))["description_placeholders"]["heard"] == "…"
    clock.skip(120)
    form = await waited(hass, waiting)

    assert form["errors"] == {"base": "no_gateway_heard"}
    assert not is_free(udp_port)  # the entry still has it
    await register(hass, goip)


async def test_closing_the_dialog_frees_the_port(hass: HomeAssistant, goip: GoIP, udp_port: int) -> None:
    waiting = await listen(hass, udp_port)
    assert not is_free(udp_port)

    hass.config_entries.flow.async_abort(waiting["flow_id"])
    await hass.async_block_till_done()

    assert is_free(udp_port)
    with pytest.raises(UnknownFlow):
        await submit(hass, waiting)


async def test_home_assistant_stops_while_waiting(hass: HomeAssistant, goip: GoIP, udp_port: int) -> None:
    await listen(hass, udp_port)
    async with asyncio.timeout(1):  # it does not wait for the dialog
        await hass.async_stop(force=True)

    assert is_free(udp_port)


async def test_closing_the_dialog_at_its_last_question(
    hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock
) -> None:
    waiting = await listen(hass, udp_port)
    goip.line("goip1").send_keepalive()
    await heard(hass, waiting, f"✓ {LOOPBACK}: goip1")
    clock.skip(3)
    form = await waited(hass, waiting)
    hass.config_entries.flow.async_abort(form["flow_id"])
    await hass.async_block_till_done()

    assert is_free(udp_port)
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_two_dialogs_at_once(hass: HomeAssistant, goip: GoIP, udp_port: int, clock: Clock) -> None:
    first, second = await listen(hass, udp_port), await listen(hass, udp_port, "another")
    goip.line("goip1").send_keepalive()
    await heard(hass, first, f"✓ {LOOPBACK}: goip1")
    hass.config_entries.flow.async_abort(second["flow_id"])
    assert not is_free(udp_port)
    clock.skip(3)
    result = await submit(hass, await waited(hass, first), {})

    assert result["type"] is FlowResultType.CREATE_ENTRY


# Contacts.


async def add(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Open the form for a new contact."""
    form = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "contact"), context={"source": SOURCE_USER}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    return cast("dict[str, Any]", form)


async def send(hass: HomeAssistant, form: dict[str, Any], **values: object) -> dict[str, Any]:
    """Send a contact's form."""
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], values)
    assert_words(cast("dict[str, Any]", result), TRANSLATIONS["config_subentries"]["contact"])
    await hass.async_block_till_done()
    return cast("dict[str, Any]", result)


async def test_contacts_come_change_and_go_without_dropping_the_connection(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    session, commands = neogate.sessions[0], len(neogate.actions)

    result = await send(
        hass, await add(hass, loaded_neogate), name=" Carol ", number="tel:+44 (7700) 900-123", trusted=True
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Carol"
    assert result["data"] == {"name": "Carol", "number": STRANGER, "trusted": True}
    assert result["unique_id"] == STRANGER
    assert hass.states.get("notify.carol") is not None
    assert contact_device(hass, loaded_neogate, "Carol").name == "Carol"

    carol = subentry_id(loaded_neogate, "Carol")
    form = await loaded_neogate.start_subentry_reconfigure_flow(hass, carol)
    assert form["step_id"] == "reconfigure"
    assert suggested(form) == {"name": "Carol", "number": STRANGER, "trusted": True, "pin": None}
    result = await send(hass, form, name="Caroline", number="+447700900124", trusted=False)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    changed = loaded_neogate.subentries[carol]
    assert (changed.title, changed.unique_id) == ("Caroline", "+447700900124")
    assert changed.data == {"name": "Caroline", "number": "+447700900124", "trusted": False}
    assert contact_device(hass, loaded_neogate, "Caroline").name == "Caroline"

    assert hass.config_entries.async_remove_subentry(loaded_neogate, carol)
    await hass.async_block_till_done()
    assert hass.states.get("notify.carol") is None
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, f"{NEOGATE_IMEI}_{carol}"), loaded_neogate.entry_id
    )
    assert device is None

    assert neogate.sessions == [session]
    assert len(neogate.actions) == commands


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"name": " "}, {"name": "invalid_name"}),
        ({"name": "Carol, Dave"}, {"name": "invalid_name"}),
        ({"name": "🙂"}, {"name": "invalid_name"}),
        ({"name": "aLICE"}, {"name": "name_in_use"}),
        ({"name": "Álice"}, {"name": "name_in_use"}),  # it would be the same notify action
        ({"name": "12345"}, {"name": "name_in_use"}),
        ({"name": "7"}, {"name": "name_in_use"}),
        ({"name": "+49 170"}, {"name": "name_in_use"}),
        ({"number": "Alice"}, {"number": "invalid_number"}),
        ({"number": ""}, {"number": "invalid_number"}),
        ({"number": "+1"}, {"number": "invalid_number"}),
        ({"number": "+1 (555) 123-4567"}, {"number": "number_in_use"}),
        ({"name": "Alice", "number": "x"}, {"name": "name_in_use", "number": "invalid_number"}),
        ({"pin": "123"}, {"pin": "invalid_pin"}),
        ({"pin": "12345678901"}, {"pin": "invalid_pin"}),
        ({"pin": "12 34"}, {"pin": "invalid_pin"}),
        ({"pin": "12a4"}, {"pin": "invalid_pin"}),
        ({"pin": "١٢٣٤"}, {"pin": "invalid_pin"}),
    ],
)
async def test_new_contact_with_mistakes(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, wrong: dict[str, str], errors: dict[str, str]
) -> None:
    right = {"name": "Carol", "number": STRANGER, "trusted": False}
    form = await send(hass, await add(hass, loaded_neogate), **{**right, **wrong})
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    assert form["errors"] == errors
    assert suggested(cast("ConfigFlowResult", form)) == {"pin": None, **right, **wrong}

    result = await send(hass, form, **right)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"name": ""}, {"name": "invalid_name"}),
        ({"name": "Bob"}, {"name": "name_in_use"}),
        ({"number": "none"}, {"number": "invalid_number"}),
        ({"number": BOB}, {"number": "number_in_use"}),
    ],
)
async def test_changed_contact_with_mistakes(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, wrong: dict[str, str], errors: dict[str, str]
) -> None:
    right = {"name": "alice", "number": ALICE, "trusted": False}  # its own name in other letters
    form = await loaded_neogate.start_subentry_reconfigure_flow(hass, subentry_id(loaded_neogate, "Alice"))
    form = await send(hass, form, **{**right, **wrong})
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "reconfigure"
    assert form["errors"] == errors

    result = await send(hass, form, **right)
    assert result["reason"] == "reconfigure_successful"
    assert contact_device(hass, loaded_neogate, "alice").name == "alice"


async def test_pin_of_a_contact(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    session = neogate.sessions[0]
    carol = {"name": "Carol", "number": STRANGER, "trusted": True}
    result = await send(hass, await add(hass, loaded_neogate), **carol, pin=" 0815 ")
    assert result["data"] == {**carol, "pin": "0815"}

    contact = loaded_neogate.subentries[subentry_id(loaded_neogate, "Carol")]
    form = await loaded_neogate.start_subentry_reconfigure_flow(hass, contact.subentry_id)
    assert suggested(form) == {**carol, "pin": "0815"}
    form = await send(hass, form, **carol, pin="1")
    assert form["errors"] == {"pin": "invalid_pin"}
    assert loaded_neogate.subentries[contact.subentry_id].data["pin"] == "0815"
    await send(hass, form, **carol, pin="1234567890")
    assert loaded_neogate.subentries[contact.subentry_id].data["pin"] == "1234567890"

    for empty in ({}, {"pin": ""}, {"pin": " "}):
        form = await loaded_neogate.start_subentry_reconfigure_flow(hass, contact.subentry_id)
        await send(hass, form, **carol, **empty)
        assert loaded_neogate.subentries[contact.subentry_id].data == carol
    assert neogate.sessions == [session]
