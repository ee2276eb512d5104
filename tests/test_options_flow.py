"""The options of a box: what is shown of them, what is refused, and what each does."""

from typing import Any

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, section
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
import voluptuous as vol

from tests.simulators.goip import GoIP
from tests.simulators.neogate import NeoGate

from .conftest import (
    ALICE,
    BOB,
    Clock,
    act,
    assert_translated,
    caught_up,
    register,
    set_up,
    subentry_id,
    until,
)

EXPIRES: dict[str, Any] = {"expires_after": 60}
NOBODY: dict[str, Any] = {"notify_contacts": [], **EXPIRES}
MESSAGES = {**NOBODY, "join_texts": False, "repeat_send": True}
LIMITS = {"limit_hour": 100, "limit_day": 0, "limit_month": 0}
PRIVACY = {"private": False, "texts_in_states": False, "history": 500}
COMMON = {"limits": LIMITS, "privacy": PRIVACY}
OF_ALL = {
    "limits": {"limit_hour", "limit_day", "limit_month"},
    "privacy": {"private", "texts_in_states", "history"},
}
GATEWAY = {"poll_interval": 30}
SAFETY = {"allow_set_imei": False}


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the options."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert (form["type"], form["step_id"], form["errors"]) == (FlowResultType.FORM, "init", {})
    return form


async def submit(hass: HomeAssistant, form: ConfigFlowResult, values: dict[str, Any]) -> ConfigFlowResult:
    """Send the form, and let what follows happen."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], values)
    await hass.async_block_till_done()
    return result


def fields(form: ConfigFlowResult) -> dict[str, dict[str, vol.Marker]]:
    """Give the fields of a form, by section."""
    assert form["data_schema"] is not None
    found = {}
    for name, part in form["data_schema"].schema.items():
        assert isinstance(part, section)
        found[str(name)] = {str(marker): marker for marker in part.schema.schema}
    return found


def suggested(form: ConfigFlowResult, part: str, field: str) -> Any:  # noqa: ANN401 - any value
    """Give what a field is filled with."""
    return (fields(form)[part][field].description or {}).get("suggested_value")


async def test_goip(hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry) -> None:
    form = await begin(hass, loaded_goip)
    assert {name: set(part) for name, part in fields(form).items()} == {
        **OF_ALL,
        "messages": {"notify_contacts", "expires_after", "join_texts", "repeat_send"},
        "lines": {"lines"},
        "safety": {"allow_set_imei"},
    }
    alice = subentry_id(loaded_goip, "Alice")
    goip.line("goip2").state.password = "another2"
    rows = [{"line": "goip2", "password": "another2", "channel": 2.0}, {"line": "goip1", "channel": 1}]
    result = await submit(
        hass,
        form,
        {
            **COMMON,
            "messages": {"notify_contacts": [alice], **EXPIRES, "join_texts": True, "repeat_send": False},
            "lines": {"lines": rows},
            "safety": {"allow_set_imei": True},
        },
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded_goip.options == {
        **EXPIRES,
        **LIMITS,
        **PRIVACY,
        "notify_contacts": [alice],
        "join_texts": True,
        "repeat_send": False,
        "passwords": {"goip2": "another2"},
        "channels": {"goip1": 1, "goip2": 2},
        "allow_set_imei": True,
    }
    await register(hass, goip)  # each with the password that it has

    form = await begin(hass, loaded_goip)
    assert suggested(form, "messages", "notify_contacts") == [alice]
    assert suggested(form, "messages", "join_texts") is True
    assert suggested(form, "messages", "repeat_send") is False
    assert suggested(form, "lines", "lines") == [
        {"line": "goip2", "password": "another2", "channel": 2},
        {"line": "goip1", "channel": 1},
    ]
    assert suggested(form, "safety", "allow_set_imei") is True


async def test_the_form_as_the_browser_gets_it(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    url = "/api/config/config_entries/options/flow"
    answer = await client.post(url, json={"handler": loaded_goip.entry_id})
    form = await answer.json()
    (lines,) = [part["schema"][0] for part in form["data_schema"] if part["name"] == "lines"]

    assert lines["selector"]["object"]["fields"]["line"]["selector"]["select"]["options"] == [
        "goip1",
        "goip2",
    ]
    assert lines["selector"]["object"]["fields"]["password"]["selector"] == {
        "text": {"type": "password", "multiline": False, "multiple": False}
    }


async def test_neogate(hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry) -> None:
    session = neogate.sessions[0]
    form = await begin(hass, loaded_neogate)
    assert {name: set(part) for name, part in fields(form).items()} == {
        **OF_ALL,
        "messages": {"notify_contacts", "expires_after"},
        "gateway": {"poll_interval", "time_zone"},
    }
    bob = subentry_id(loaded_neogate, "Bob")
    await submit(hass, form, {**COMMON, "messages": {**NOBODY, "notify_contacts": [bob]}, "gateway": GATEWAY})

    assert loaded_neogate.options["notify_contacts"] == [bob]
    assert neogate.sessions == [session]  # that needs no new connection


async def test_how_often_a_neogate_is_asked(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry, clock: Clock
) -> None:
    session = neogate.sessions[0]
    form = await begin(hass, loaded_neogate)
    await submit(hass, form, {**COMMON, "messages": NOBODY, "gateway": {"poll_interval": 10}})

    assert loaded_neogate.options["poll_interval"] == 10
    assert suggested(await begin(hass, loaded_neogate), "gateway", "poll_interval") == 10
    await neogate.wait_for(lambda: len(neogate.sessions) == 1 and neogate.sessions != [session])
    await caught_up(hass, neogate)
    asked = neogate.commands.count("gsm show spans")
    clock.skip(11)
    await neogate.wait_for(lambda: neogate.commands.count("gsm show spans") == asked + 1)


async def test_the_clock_of_a_neogate(
    hass: HomeAssistant,
    neogate: NeoGate,
    loaded_neogate: MockConfigEntry,
    bus: dict[str, list[Event[Any]]],
    freezer: FrozenDateTimeFactory,
) -> None:
    freezer.move_to("2026-07-01 12:10:00+00:00")

    async def stamped_at(stamp: str) -> tuple[str, bool]:
        """Let a text with this stamp arrive, and give what is told of its time."""
        bus["sms_received"].clear()
        neogate.receive_sms("tg1", ALICE, "Hello", received_at=stamp)
        await until(hass, lambda: bus["sms_received"])
        (event,) = bus["sms_received"]
        return event.data["stamped_at"], event.data["delayed"]

    await hass.config.async_update(time_zone="Europe/Lisbon")
    await hass.async_block_till_done()
    assert await stamped_at("2026-07-01 13:05:00") == ("2026-07-01T12:05:00+00:00", False)

    gateway = {"poll_interval": 30, "time_zone": "Asia/Shanghai"}
    await submit(hass, await begin(hass, loaded_neogate), {**COMMON, "messages": NOBODY, "gateway": gateway})
    assert await stamped_at("2026-07-01 20:04:59") == ("2026-07-01T12:04:59+00:00", True)
    assert suggested(await begin(hass, loaded_neogate), "gateway", "time_zone") == "Asia/Shanghai"

    # Cleared, it is Home Assistant's again.
    await submit(hass, await begin(hass, loaded_neogate), {**COMMON, "messages": NOBODY, "gateway": GATEWAY})
    assert "time_zone" not in loaded_neogate.options
    assert await stamped_at("2026-07-01 13:05:00") == ("2026-07-01T12:05:00+00:00", False)


async def test_what_home_assistant_is_called_does_not_matter_to_the_box(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    session = neogate.sessions[0]
    await hass.config.async_update(location_name="Barn")
    await hass.async_block_till_done()
    assert neogate.sessions == [session]


async def test_a_time_zone_that_does_not_exist(hass: HomeAssistant, loaded_neogate: MockConfigEntry) -> None:
    gateway = {"poll_interval": 30, "time_zone": "Moon/Tranquillity"}
    form = await begin(hass, loaded_neogate)
    with pytest.raises(InvalidData):
        await submit(hass, form, {**COMMON, "messages": NOBODY, "gateway": gateway})


async def test_a_time_zone_that_is_no_more(hass: HomeAssistant, neogate_entry: MockConfigEntry) -> None:
    hass.config_entries.async_update_entry(neogate_entry, options={"time_zone": "Moon/Tranquillity"})
    await set_up(hass, neogate_entry)
    assert neogate_entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("seconds", [9, 301])
async def test_a_neogate_is_asked_every_10_to_300_seconds(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry, seconds: int
) -> None:
    form = await begin(hass, loaded_neogate)
    with pytest.raises(InvalidData):
        await submit(hass, form, {**COMMON, "messages": NOBODY, "gateway": {"poll_interval": seconds}})


async def test_what_is_not_touched_stays(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    loaded = loaded_goip.runtime_data
    form = await begin(hass, loaded_goip)
    await submit(hass, form, {**COMMON, "messages": MESSAGES, "lines": {}, "safety": SAFETY})

    assert loaded_goip.runtime_data is loaded  # as these are the defaults


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([{"line": "goip1"}, {"line": "goip1"}], "line_twice"),
        ([{"line": "goip1", "channel": 1}, {"line": "goip2", "channel": 1}], "channel_twice"),
        ([{"line": "goip1", "password": "with a blank"}], "invalid_credential"),
    ],
)
async def test_mistakes(
    hass: HomeAssistant, loaded_goip: MockConfigEntry, rows: list[dict[str, Any]], error: str
) -> None:
    form = await begin(hass, loaded_goip)
    result = await submit(
        hass, form, {**COMMON, "messages": MESSAGES, "lines": {"lines": rows}, "safety": SAFETY}
    )
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"base": error}
    assert suggested(result, "lines", "lines") == rows

    result = await submit(
        hass, result, {**COMMON, "messages": MESSAGES, "lines": {"lines": rows[:0]}, "safety": SAFETY}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_line_that_the_box_does_not_have(hass: HomeAssistant, loaded_goip: MockConfigEntry) -> None:
    form = await begin(hass, loaded_goip)
    with pytest.raises(InvalidData):
        await submit(
            hass,
            form,
            {**COMMON, "messages": MESSAGES, "lines": {"lines": [{"line": "goip9"}]}, "safety": SAFETY},
        )


async def test_texts_to_nobody_go_to_those_who_were_chosen(
    hass: HomeAssistant, goip: GoIP, loaded_goip: MockConfigEntry
) -> None:
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "goip", {"message": "Hello"}, domain="notify")
    assert_translated(caught.value, "no_target")

    chosen = [subentry_id(loaded_goip, name) for name in ("Alice", "Bob")]
    form = await begin(hass, loaded_goip)
    values = {**COMMON, "messages": {**MESSAGES, "notify_contacts": chosen}, "lines": {}, "safety": SAFETY}
    await submit(hass, form, values)
    await act(hass, "goip", {"message": "Hello"}, domain="notify")
    assert sorted(sms.number for sms in goip.outbox) == sorted([ALICE, BOB])

    # A contact that is gone is chosen no more, neither by the action nor in the form.
    hass.config_entries.async_remove_subentry(loaded_goip, chosen[0])
    await hass.async_block_till_done()
    await act(hass, "goip", {"message": "Again"}, domain="notify")
    assert [sms.number for sms in goip.outbox if sms.text == "Again"] == [BOB]
    assert suggested(await begin(hass, loaded_goip), "messages", "notify_contacts") == [chosen[1]]


async def test_a_box_is_opened_with_its_options(hass: HomeAssistant, goip_entry: MockConfigEntry) -> None:
    options = {"join_texts": True, "repeat_send": False, "passwords": {"goip2": "another2"}}
    hass.config_entries.async_update_entry(goip_entry, options=options)
    await set_up(hass, goip_entry)
    box = goip_entry.runtime_data.gateway._box

    assert (box.join_texts, box.repeat_send, box.passwords) == (True, False, {"goip2": "another2"})
