"""Setting up balance checks, and mending how an answer is read: what is refused where, and what is kept."""

from typing import Any, cast

from homeassistant.components.repairs import DOMAIN as REPAIRS
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .balance_bench import Bench, add_check, bench_of, goip_bench, neogate_bench
from .conftest import DOMAIN, TRANSLATIONS, port_device
from .simulators.goip import GoIP
from .simulators.neogate import NeoGate
from .simulators.simulator import Ussd

WORDS = TRANSLATIONS["config_subentries"]["balance_check"]
RIGHT: dict[str, Any] = {"port": "1", "code": ["*100#"], "schedule": "manual", "time": "10:00:00"}


@pytest.fixture(params=["neogate", "goip"])
def bench(request: pytest.FixtureRequest, hass: HomeAssistant) -> Bench:
    """Give a port of each family, not set up yet."""
    return bench_of(request, hass)


def assert_words(form: dict[str, Any], words: dict[str, Any]) -> None:
    """Every field and error of a form has words, and every blank in them a value."""
    step = words["step"][form["step_id"]]
    fields = {str(key) for key in form["data_schema"].schema}
    assert fields == step["data"].keys() == step["data_description"].keys()
    errors = [words["error"][key] for key in (form["errors"] or {}).values()]
    for sentence in (step["description"], *step["data_description"].values(), *errors):
        assert "{" not in sentence.format(**form["description_placeholders"])


def ports(form: dict[str, Any]) -> dict[str, str]:
    """Give the ports that a form offers, and what they are called."""
    (select,) = [field for key, field in form["data_schema"].schema.items() if key == "port"]
    return {option["value"]: option["label"] for option in select.config["options"]}


def filled(form: dict[str, Any]) -> dict[str, Any]:
    """Give what a form is filled with."""
    return {str(key): (key.description or {}).get("suggested_value") for key in form["data_schema"].schema}


async def begin(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, Any]:
    """Open the form for a new check."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "balance_check"), context={"source": SOURCE_USER}
    )
    return cast("dict[str, Any]", result)


async def send(hass: HomeAssistant, form: dict[str, Any], **values: object) -> dict[str, Any]:
    """Send a form."""
    result = await hass.config_entries.subentries.async_configure(form["flow_id"], values)
    await hass.async_block_till_done()
    return cast("dict[str, Any]", result)


async def test_a_check_is_added_and_changed_without_asking_anything(
    hass: HomeAssistant, neogate: NeoGate, loaded_neogate: MockConfigEntry
) -> None:
    session, commands = neogate.sessions[0], len(neogate.actions)
    dr.async_get(hass).async_update_child_device(
        port_device(hass, loaded_neogate, "2"), name_by_user="Prepaid"
    )
    form = await begin(hass, loaded_neogate)
    assert_words(form, WORDS)
    assert ports(form) == {"1": "Port 1", "2": "Prepaid"}

    values = {**RIGHT, "port": "2", "code": [" *100# ", "1"], "pattern": " ", "unit": " zł "}
    result = await send(hass, form, **values)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (subentry,) = loaded_neogate.get_subentries_of_type("balance_check")
    assert (subentry.title, subentry.unique_id) == ("Prepaid", "2")
    assert subentry.data == {**RIGHT, "port": "2", "code": ["*100#", "1"], "unit": "PLN"}

    form = cast(
        "dict[str, Any]", await loaded_neogate.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    )
    assert_words(form, WORDS)
    assert ports(form) == {"1": "Port 1", "2": "Prepaid"}
    assert filled(form) == {**subentry.data, "pattern": None}
    result = await send(hass, form, **{**RIGHT, "pattern": r"(?P<amount>\d+)"})
    assert result["reason"] == "reconfigure_successful"
    subentry = loaded_neogate.subentries[subentry.subentry_id]
    assert (subentry.title, subentry.unique_id) == ("Port 1", "1")
    assert subentry.data == {**RIGHT, "pattern": r"(?P<amount>\d+)"}

    assert neogate.sessions == [session]
    assert len(neogate.actions) == commands


async def test_each_port_has_one_check(hass: HomeAssistant, loaded_neogate: MockConfigEntry) -> None:
    first, second = await begin(hass, loaded_neogate), await begin(hass, loaded_neogate)
    await send(hass, first, **RIGHT)
    result = await send(hass, second, **RIGHT)  # it was free when the form was opened
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == {"port": "port_in_use"}
    assert_words(result, WORDS)
    assert ports(result) == {"2": "Port 2"}
    await send(hass, second, **{**RIGHT, "port": "2"})

    result = await begin(hass, loaded_neogate)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "no_port_left")
    assert "no_port_left" in WORDS["abort"]


async def test_a_box_that_is_not_loaded(hass: HomeAssistant, bench: Bench) -> None:
    form = await begin(hass, bench.entry)
    assert len(ports(form)) == 2
    assert ports(form)[bench.port] == bench.port
    result = await send(hass, form, **{**RIGHT, "port": bench.port})
    assert result["type"] is FlowResultType.CREATE_ENTRY


MISTAKES: list[tuple[dict[str, object], dict[str, str]]] = [
    ({"code": []}, {"code": "invalid_code"}),
    ({"code": [""]}, {"code": "invalid_code"}),
    ({"code": ["*100#", "balance"]}, {"code": "invalid_code"}),
    ({"code": ["*100# 1"]}, {"code": "invalid_code"}),
    ({"code": ["*100#", *"123456"]}, {"code": "too_many_codes"}),
    ({"pattern": "("}, {"pattern": "invalid_pattern"}),
    ({"pattern": "(?P<amount>(a+)+)"}, {"pattern": "invalid_pattern"}),
    ({"pattern": "(?P<amount>.)" + "x" * 200}, {"pattern": "invalid_pattern"}),
    ({"pattern": r"\d+"}, {"pattern": "pattern_without_amount"}),
    ({"unit": "points"}, {"unit": "invalid_unit"}),
    (
        {"code": ["x"], "pattern": "(", "unit": "XXXX"},
        {"code": "invalid_code", "pattern": "invalid_pattern", "unit": "invalid_unit"},
    ),
]


@pytest.mark.parametrize(("wrong", "errors"), MISTAKES)
async def test_mistakes(
    hass: HomeAssistant,
    loaded_neogate: MockConfigEntry,
    wrong: dict[str, object],
    errors: dict[str, str],
) -> None:
    form = await send(hass, await begin(hass, loaded_neogate), **{**RIGHT, **wrong})
    assert (form["type"], form["errors"]) == (FlowResultType.FORM, errors)
    assert_words(form, WORDS)
    assert filled(form) == {"pattern": None, "unit": None, **RIGHT, **wrong}
    await send(hass, form, **RIGHT)

    (subentry,) = loaded_neogate.get_subentries_of_type("balance_check")
    form = cast(
        "dict[str, Any]", await loaded_neogate.start_subentry_reconfigure_flow(hass, subentry.subentry_id)
    )
    form = await send(hass, form, **{**RIGHT, **wrong})
    assert (form["type"], form["errors"]) == (FlowResultType.FORM, errors)
    assert loaded_neogate.subentries[subentry.subentry_id].data == RIGHT


async def test_a_check_cannot_move_to_a_port_that_has_one(
    hass: HomeAssistant, loaded_neogate: MockConfigEntry
) -> None:
    one = add_check(hass, loaded_neogate, "1")
    form = cast("dict[str, Any]", await loaded_neogate.start_subentry_reconfigure_flow(hass, one.subentry_id))
    add_check(hass, loaded_neogate, "2")
    form = await send(hass, form, **{**RIGHT, "port": "2"})
    assert (form["type"], form["errors"]) == (FlowResultType.FORM, {"port": "port_in_use"})


# An answer that cannot be read.


@pytest.fixture
async def unread(bench: Bench) -> Bench:
    """Give a port whose network gave an answer that cannot be read."""
    bench.teach("Units `left`: 1250 of 2000")
    bench.add()
    await bench.set_up()
    await bench_press(bench)
    return bench


async def bench_press(bench: Bench) -> None:
    """Press the button, and see that the answer is not understood."""
    with pytest.raises(HomeAssistantError) as caught:
        await bench.press()
    assert caught.value.translation_key == "balance_unreadable"


def issue_of(hass: HomeAssistant) -> ir.IssueEntry | None:
    """Give our only issue, if there is one."""
    found = [one for one in ir.async_get(hass).issues.values() if one.domain == DOMAIN and one.active]
    assert len(found) <= 1
    return found[0] if found else None


class Dialog:
    """The dialog of an issue, as the browser has it."""

    def __init__(self, hass: HomeAssistant, client: ClientSessionGenerator) -> None:
        self._hass = hass
        self._client = client
        self._flow_id = ""

    async def open(self, issue: ir.IssueEntry) -> dict[str, Any]:
        assert await async_setup_component(self._hass, REPAIRS, {})
        http = await self._client()
        answer = await http.post(
            "/api/repairs/issues/fix", json={"handler": DOMAIN, "issue_id": issue.issue_id}
        )
        shown: dict[str, Any] = await answer.json()
        self._flow_id = shown["flow_id"]
        return shown

    async def send(self, **values: str) -> dict[str, Any]:
        http = await self._client()
        answer = await http.post(f"/api/repairs/issues/fix/{self._flow_id}", json=values)
        shown: dict[str, Any] = await answer.json()
        await self._hass.async_block_till_done()
        return shown


async def test_an_issue_shows_the_answer_and_the_next_readable_one_ends_it(
    hass: HomeAssistant, unread: Bench
) -> None:
    issue = issue_of(hass)
    assert issue is not None
    assert (issue.translation_key, issue.is_fixable) == ("balance_unreadable", True)
    assert issue.translation_placeholders == {
        "gateway": unread.entry.title,
        "port": unread.port,
        "answer": "Units 'left': 1250 of 2000",
    }
    unread.teach("Still 1000")
    await bench_press(unread)
    issue = issue_of(hass)
    assert issue is not None
    assert (issue.translation_placeholders or {})["answer"] == "Still 1000"

    unread.teach("Balance: 5 EUR")
    await unread.press()
    assert issue_of(hass) is None
    assert unread.balance == "5"


async def test_an_issue_is_there_after_a_restart(hass: HomeAssistant, unread: Bench) -> None:
    await hass.config_entries.async_unload(unread.entry.entry_id)
    ir.async_get(hass).issues.clear()
    await unread.set_up()
    assert issue_of(hass) is not None


async def test_an_issue_goes_with_its_check(hass: HomeAssistant, unread: Bench) -> None:
    (subentry,) = unread.entry.get_subentries_of_type("balance_check")
    hass.config_entries.async_remove_subentry(unread.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    assert issue_of(hass) is None


async def test_an_issue_goes_with_its_box(hass: HomeAssistant, unread: Bench) -> None:
    await hass.config_entries.async_remove(unread.entry.entry_id)
    await hass.async_block_till_done()
    assert issue_of(hass) is None


async def test_an_issue_ends_when_other_codes_are_set(hass: HomeAssistant, unread: Bench) -> None:
    (subentry,) = unread.entry.get_subentries_of_type("balance_check")
    unread.change(subentry, code=["*101#"])
    await hass.async_block_till_done()
    assert issue_of(hass) is None


async def test_a_network_that_fails_raises_no_issue_and_ends_none(hass: HomeAssistant, unread: Bench) -> None:
    unread.refuse()
    with pytest.raises(HomeAssistantError):
        await unread.press()
    issue = issue_of(hass)
    assert issue is not None
    assert (issue.translation_placeholders or {})["answer"] == "Units 'left': 1250 of 2000"


async def test_a_pattern_is_tried_on_the_answer_and_kept(
    hass: HomeAssistant, unread: Bench, hass_client: ClientSessionGenerator
) -> None:
    words = TRANSLATIONS["issues"]["balance_unreadable"]["fix_flow"]
    issue = issue_of(hass)
    assert issue is not None
    dialog = Dialog(hass, hass_client)
    form = await dialog.open(issue)
    assert (form["type"], form["step_id"], form["errors"]) == ("form", "reading", {})
    assert form["description_placeholders"]["answer"] == "Units 'left': 1250 of 2000"
    step = words["step"]["reading"]
    for sentence in (*step["data_description"].values(), *words["error"].values(), step["description"]):
        assert "{" not in sentence.format(**form["description_placeholders"])

    for wrong, errors in (
        ({}, {"pattern": "no_amount_found"}),
        ({"pattern": "("}, {"pattern": "invalid_pattern"}),
        ({"pattern": r"\d+"}, {"pattern": "pattern_without_amount"}),
        ({"pattern": r"(?P<amount>\d+) EUR"}, {"pattern": "no_amount_found"}),
        ({"unit": "points"}, {"unit": "invalid_unit"}),
    ):
        form = await dialog.send(**wrong)
        assert (form["type"], form["errors"]) == ("form", errors)
        assert {*errors.values()} <= words["error"].keys()
    assert issue_of(hass) is not None

    result = await dialog.send(pattern=r"(?P<amount>\d+) of", unit="chf")
    assert result["type"] == "create_entry"
    assert issue_of(hass) is None
    assert (unread.balance, unread.unit) == ("1250", "CHF")
    assert unread.dialled == ["*100#"]
    (subentry,) = unread.entry.get_subentries_of_type("balance_check")
    assert subentry.data == {
        "port": unread.port,
        "code": ["*100#"],
        "schedule": "manual",
        "time": "10:00:00",
        "pattern": r"(?P<amount>\d+) of",
        "unit": "CHF",
    }


async def test_a_dialog_without_its_box(
    hass: HomeAssistant, unread: Bench, hass_client: ClientSessionGenerator
) -> None:
    issue = issue_of(hass)
    assert issue is not None
    await hass.config_entries.async_unload(unread.entry.entry_id)
    result = await Dialog(hass, hass_client).open(issue)
    assert (result["type"], result["reason"]) == ("abort", "not_loaded")
    sentence = TRANSLATIONS["issues"]["balance_unreadable"]["fix_flow"]["abort"]["not_loaded"]
    assert "{" not in sentence.format(**result["description_placeholders"])


async def test_a_dialog_whose_check_is_removed_meanwhile(
    hass: HomeAssistant, unread: Bench, hass_client: ClientSessionGenerator
) -> None:
    issue = issue_of(hass)
    assert issue is not None
    dialog = Dialog(hass, hass_client)
    await dialog.open(issue)
    (subentry,) = unread.entry.get_subentries_of_type("balance_check")
    hass.config_entries.async_remove_subentry(unread.entry, subentry.subentry_id)
    await hass.async_block_till_done()
    result = await dialog.send(pattern=r"(?P<amount>\d+)")
    assert (result["type"], result["reason"]) == ("abort", "not_loaded")


@pytest.mark.parametrize("early", [Ussd(text="Try 5 EUR later", responses=2)])
async def test_a_menu_that_ended_early_is_no_matter_of_patterns(
    hass: HomeAssistant,
    neogate: NeoGate,
    neogate_entry: MockConfigEntry,
    hass_client: ClientSessionGenerator,
    early: Ussd,
) -> None:
    bench = neogate_bench(hass, neogate_entry, neogate)
    neogate.teach_ussd("tg2", "*100#", early)
    bench.add(code=["*100#", "1"])
    await bench.set_up()
    await bench_press(bench)
    issue = issue_of(hass)
    assert issue is not None
    result = await Dialog(hass, hass_client).open(issue)
    assert (result["type"], result["reason"]) == ("abort", "menu_ended")
    sentence = TRANSLATIONS["issues"]["balance_unreadable"]["fix_flow"]["abort"]["menu_ended"]
    assert "Try 5 EUR later" in sentence.format(**result["description_placeholders"])


async def test_an_empty_answer_is_shown_as_one(
    hass: HomeAssistant, goip: GoIP, goip_entry: MockConfigEntry
) -> None:
    bench = goip_bench(hass, goip_entry, goip)
    bench.teach(" ")
    bench.add()
    await bench.set_up()
    await bench_press(bench)
    issue = issue_of(hass)
    assert issue is not None
    assert (issue.translation_placeholders or {})["answer"].strip() == ""
