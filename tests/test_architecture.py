"""The rules that the code keeps by itself: who may import whom, how long things are, and words in step."""

import ast
from collections.abc import Iterator, Mapping
import importlib
import json
from pathlib import Path
import re
import subprocess
import sys
from typing import Any

from homeassistant.helpers.selector import validate_selector
import pytest

from custom_components import gsm_gateway
from custom_components.gsm_gateway import (
    balance_flow,
    history,
    issues,
    options_flow,
    port_services,
    services,
    trigger,
)
from custom_components.gsm_gateway.aiogsm import Trouble

from .source import (
    HOME_ASSISTANT_FILES,
    INTEGRATION,
    LIBRARY,
    LIBRARY_FILES,
    TESTS,
    actions,
    all_flows,
    called,
    each,
    keyword,
    nodes,
    strings_in,
    tree_of,
    triggers,
    words,
)

FAMILIES = ("neogate", "goip")

MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 50

SETUP_REASONS = {"credential", "host", "message_id", "poll_interval", "taken"}
"""Reasons of InvalidInput that no action can meet: they are about settings and our own mistakes."""

ENTRY_POINTS = {"dhcp", "reauth", "integration_discovery", "ignore"}
"""Steps that Home Assistant begins with, and that only hand over to one that shows something, or end."""

ABORTS_OF_HOME_ASSISTANT = {
    "already_configured",
    "reauth_successful",
    "reconfigure_successful",
    "unique_id_mismatch",
}
"""Reasons that its helpers give without our naming them."""

FAMILY_FILES = sorted(path for family in FAMILIES for path in (LIBRARY / family).glob("*.py"))
SIMULATOR_FILES = sorted((TESTS / "simulators").glob("*.py"))

LOAD_ALONE = """
import importlib, importlib.util, pkgutil, sys

class OnlyTheStandardLibrary:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "aiogsm"}:
            raise ImportError(f"{name} is not of the standard library")

sys.meta_path.insert(0, OnlyTheStandardLibrary())
folder = sys.argv[1]
spec = importlib.util.spec_from_file_location(
    "aiogsm", f"{folder}/__init__.py", submodule_search_locations=[folder]
)
library = sys.modules["aiogsm"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(library)
for module in pkgutil.walk_packages([folder], "aiogsm."):
    importlib.import_module(module.name)
assert all(getattr(library, name) is not None for name in library.__all__)
"""

LOAD_ON_DEMAND = """
import sys
sys.path.append(sys.argv[1])
from aiogsm import FAMILIES, Box, Endpoint

def loaded():
    return {name for name in sys.modules if name.startswith("aiogsm.")}

before = loaded()
assert {f"aiogsm.{key}.dialog" for key in FAMILIES}.isdisjoint(before)
for key, family in FAMILIES.items():
    dialect = family.dialect()
    after = loaded()
    assert f"aiogsm.{key}.dialog" in after
    dialect.check_box(Box(key="box", username="user", password="secret"))
    dialect.check_sms("+15551234567", "text")
    dialect.make_dialog()
    dialect.make_link(Endpoint(host="127.0.0.1", port=5038))
    dialect.transcribe([], None)
    assert loaded() == after
"""


# Imports


def absolute_imports(path: Path) -> set[str]:
    """Give the first names of what a file imports by its full name."""
    names = {alias.name for node in nodes(path, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes(path, ast.ImportFrom) if not node.level}
    return {name.partition(".")[0] for name in names}


def relative_imports(path: Path) -> set[Path]:
    """Give the files and folders, without suffix, that a file may mean by its relative imports."""
    found = set()
    for node in nodes(path, ast.ImportFrom):
        if node.level:
            origin = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            found |= {origin, *(origin / alias.name for alias in node.names)}
    return found


def test_the_library_loads_without_home_assistant_and_all_that_is_not_python() -> None:
    result = subprocess.run(  # noqa: S603 - our own code, run by this very interpreter
        [sys.executable, "-I", "-c", LOAD_ALONE, str(LIBRARY)], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_family_is_loaded_whole_and_when_it_is_needed() -> None:
    result = subprocess.run(  # noqa: S603 - our own code, run by this very interpreter
        [sys.executable, "-I", "-c", LOAD_ON_DEMAND, str(LIBRARY.parent)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")


@each(LIBRARY_FILES)
def test_the_library_imports_the_standard_library_and_itself(path: Path) -> None:
    assert absolute_imports(path) <= sys.stdlib_module_names
    assert [origin for origin in relative_imports(path) if not origin.is_relative_to(LIBRARY)] == []


@each(FAMILY_FILES)
def test_a_family_knows_neither_sockets_nor_loops(path: Path) -> None:
    assert absolute_imports(path).isdisjoint({"asyncio", "selectors", "socket", "threading"})


@each(FAMILY_FILES)
def test_a_family_does_not_know_the_other(path: Path) -> None:
    others = [LIBRARY / family for family in FAMILIES if family != path.parent.name]
    imported = relative_imports(path)
    assert [origin for origin in imported for other in others if origin.is_relative_to(other)] == []


def test_the_families_are_twins() -> None:
    neogate, goip = ({path.name for path in (LIBRARY / family).glob("*.py")} for family in FAMILIES)
    assert neogate == goip


@each(SIMULATOR_FILES)
def test_a_simulator_shares_no_code_with_what_it_tests(path: Path) -> None:
    assert absolute_imports(path).isdisjoint({"custom_components", "homeassistant"})
    assert [origin for origin in relative_imports(path) if not origin.is_relative_to(TESTS)] == []


# Size


@each(LIBRARY_FILES)
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its docstring."""
    assert function.end_lineno is not None
    lines = function.end_lineno - function.lineno + 1
    match function.body[0]:
        case ast.Expr(value=ast.Constant(value=str()), lineno=first, end_lineno=int(last)):
            return lines - (last - first + 1)
    return lines


@each(LIBRARY_FILES)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = nodes(path, ast.FunctionDef, ast.AsyncFunctionDef)
    assert [one.name for one in functions if length(one) > MOST_LINES_OF_A_FUNCTION] == []


# Families by name


def words_of_code(path: Path) -> Iterator[str]:
    """Give every name and string of a file, but no comment and no docstring."""
    docstrings = {id(node.value) for node in nodes(path, ast.Expr)}
    for node in ast.walk(tree_of(path)):
        if id(node) in docstrings:
            continue
        for _, value in ast.iter_fields(node):
            yield from (word for word in (value if isinstance(value, list) else [value]) if type(word) is str)


FORMS = {"config_flow.py", "found_flow.py", "goip_flow.py", "neogate_flow.py"}
"""The files of the dialog that adds a box; each family has one of its own."""


@each([path for path in HOME_ASSISTANT_FILES if path.name not in FORMS])
def test_only_the_forms_name_a_family(path: Path) -> None:
    assert [
        word for word in words_of_code(path) if any(family in word.casefold() for family in FAMILIES)
    ] == []


# Words


def literal_exceptions() -> set[str]:
    """Give the keys that stand where an error is raised."""
    calls = (call for path in HOME_ASSISTANT_FILES for call in nodes(path, ast.Call))
    errors = [call for call in calls if called(call).startswith("ConfigEntry") or "Error" in called(call)]
    return {key for call in errors for key in keyword(call, "translation_key")}


def tabled_exceptions() -> set[str]:
    """Give the keys that stand in the tables of the two files that look them up, and their defaults."""
    paths = [INTEGRATION / name for name in ("exceptions.py", "messages.py")]
    tuples = [entry for path in paths for table in nodes(path, ast.Tuple) for entry in table.elts]
    arguments = [argument for path in paths for call in nodes(path, ast.Call) for argument in call.args]
    return strings_in(*(one for one in (*tuples, *arguments) if isinstance(one, ast.Constant)))


def invalid_input_exceptions() -> set[str]:
    """Give the keys of what an action may refuse, by the reasons in the library."""
    calls = [call for path in LIBRARY_FILES for call in nodes(path, ast.Call)]
    reasons = strings_in(*(call.args[0] for call in calls if called(call) == "InvalidInput"))
    return {f"invalid_{reason}" for reason in reasons - SETUP_REASONS}


def test_every_error_has_words_and_no_words_are_left_over() -> None:
    used = literal_exceptions() | tabled_exceptions() | invalid_input_exceptions()
    assert used == set(words("translations/en.json")["exceptions"])


def test_the_reasons_of_wrong_input_are_those_that_are_promised() -> None:
    [promised] = [node for node in nodes(LIBRARY / "errors.py", ast.ClassDef) if node.name == "InvalidInput"]
    calls = [call for path in LIBRARY_FILES for call in nodes(path, ast.Call)]
    for reason in strings_in(*(call.args[0] for call in calls if called(call) == "InvalidInput")):
        assert f"``{reason}``" in (ast.get_docstring(promised) or "")


def descriptions(platform: str) -> dict[str, Any]:
    """Find the descriptions of a platform's entities, alone or in tuples, by their translation keys."""
    module = importlib.import_module(f"{gsm_gateway.__name__}.{platform}")
    values = [value if isinstance(value, tuple) else (value,) for value in vars(module).values()]
    things = [one for value in values for one in value if not isinstance(one, type)]
    return {one.translation_key: one for one in things if hasattr(one, "translation_key")}


PLATFORMS = [platform.value for platform in gsm_gateway.PLATFORMS]


def choices(description: object) -> set[str]:
    """Give the states or event types that an entity may have, where they are ours to name."""
    given = getattr(description, "options", None) or getattr(description, "event_types", None)
    return set(given or ())


def named_choices(entity: dict[str, Any]) -> set[str]:
    event_types = entity.get("state_attributes", {}).get("event_type", {})
    return {*entity.get("state", {}), *event_types.get("state", {})}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_entity_and_every_state_of_it_has_a_name_and_no_names_are_left_over(platform: str) -> None:
    named = words("translations/en.json")["entity"].get(platform, {})
    assert {key: named_choices(entity) for key, entity in named.items()} == {
        key: choices(description) for key, description in descriptions(platform).items()
    }


def test_devices_that_are_named_by_key_have_names() -> None:
    calls = [call for path in HOME_ASSISTANT_FILES for call in nodes(path, ast.Call)]
    devices = [call for call in calls if "DeviceInfo" in called(call) or "get_or_create" in called(call)]
    used = {key for call in devices for key in keyword(call, "translation_key")}
    assert used == set(words("translations/en.json")["device"])


@pytest.mark.parametrize("platform", sorted(words("icons.json")["entity"]))
def test_every_icon_of_an_entity_is_of_one_that_exists(platform: str) -> None:
    known = descriptions(platform)
    icons = words("icons.json")["entity"][platform]
    assert icons.keys() <= known.keys()
    for key, icon in icons.items():
        states = set(icon.get("state", {}))
        assert states <= (choices(known[key]) or {"on", "off"})


# Actions


def sections(action: str) -> dict[str, dict[str, Any]]:
    return {name: field["fields"] for name, field in actions()[action]["fields"].items() if "fields" in field}


def fields(action: str) -> set[str]:
    """Give the names of an action's fields, those in sections among them."""
    outer = set(actions()[action]["fields"]) - set(sections(action))
    return outer.union(*sections(action).values())


@pytest.mark.parametrize("file", ["translations/en.json", "icons.json"])
def test_every_action_has_words_and_an_icon_and_none_are_left_over(file: str) -> None:
    assert words(file)["services"].keys() == actions().keys()


SERVICES = {**vars(services), **vars(port_services), **vars(history)}


def test_the_actions_are_those_that_are_registered() -> None:
    assert {value for name, value in SERVICES.items() if name.startswith("SERVICE_")} == set(actions())


@pytest.mark.parametrize("action", sorted(actions()))
def test_every_field_and_section_of_an_action_has_words_and_none_are_left_over(action: str) -> None:
    named = words("translations/en.json")["services"][action]
    assert named.keys() - {"fields", "sections"} == {"name", "description"}
    assert named["fields"].keys() == fields(action)
    assert named.get("sections", {}).keys() == sections(action).keys()
    assert all(field.keys() == {"name", "description"} for field in named["fields"].values())


@pytest.mark.parametrize("action", sorted(actions()))
def test_every_section_with_an_icon_exists(action: str) -> None:
    assert words("icons.json")["services"][action].get("sections", {}).keys() <= sections(action).keys()


@pytest.mark.parametrize("action", sorted(actions()))
def test_the_fields_of_an_action_are_those_that_it_takes(action: str) -> None:
    schema = SERVICES[f"{action.upper()}_SCHEMA"]
    assert {str(marker) for marker in schema.schema} == fields(action)


def selects(selector: Mapping[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Give the translation key and the options of a select, if it is one that is translated."""
    if "translation_key" in selector.get("select", {}):
        yield selector["select"]["translation_key"], set(selector["select"]["options"])


def selectors() -> list[dict[str, Any]]:
    """Give the selectors of all fields of actions and triggers."""
    parts = [
        part for action in actions() for part in (actions()[action]["fields"], *sections(action).values())
    ]
    parts += [described["fields"] for described in triggers().values()]
    return [field["selector"] for part in parts for field in part.values() if "selector" in field]


def test_every_selector_is_one_of_home_assistant() -> None:
    for selector in selectors():
        validate_selector(selector)


def test_every_choice_of_an_action_a_trigger_or_a_form_has_words_and_none_are_left_over() -> None:
    given = selectors()
    used = dict(select for selector in given for select in selects(selector))
    used |= selects({"select": balance_flow.SCHEDULES})
    named = words("translations/en.json")["selector"]
    assert used == {key: set(one["options"]) for key, one in named.items() if "options" in one}


# Triggers


@pytest.mark.parametrize("file", ["translations/en.json", "icons.json"])
def test_every_trigger_has_words_and_an_icon_and_none_are_left_over(file: str) -> None:
    assert words(file)["triggers"].keys() == triggers().keys() == trigger.TRIGGERS.keys()


@pytest.mark.parametrize("key", sorted(trigger.TRIGGERS))
def test_every_field_of_a_trigger_is_taken_and_has_words_and_none_are_left_over(key: str) -> None:
    named = words("translations/en.json")["triggers"][key]
    assert named.keys() == {"name", "description", "fields"}
    assert named["fields"].keys() == triggers()[key]["fields"].keys() == trigger.TRIGGERS[key].filters.keys()
    assert all(field.keys() == {"name", "description"} for field in named["fields"].values())
    assert words("icons.json")["triggers"][key].keys() == {"trigger"}


def test_the_choices_of_a_call_are_those_that_are_taken() -> None:
    fields = triggers()["call"]["fields"]
    for field, choices_taken in (("state", trigger.STATES), ("direction", trigger.DIRECTIONS)):
        assert set(fields[field]["selector"]["select"]["options"]) == set(choices_taken)


# Repairs


def test_every_issue_has_words_and_none_are_left_over() -> None:
    named = words("translations/en.json")["issues"]
    assert named.keys() == issues.TROUBLES | issues.FIXABLE | issues.CONDITIONS
    for key, issue in named.items():
        assert issue.keys() == {"title", "fix_flow" if key in issues.FIXABLE else "description"}


def test_every_placeholder_of_an_issue_stands_bare() -> None:
    for issue in words("translations/en.json")["issues"].values():
        told = json.dumps(issue, ensure_ascii=False)
        assert re.search(r"'\{\w+\}'|<\w|https?:", told) is None


def test_every_trouble_but_a_password_is_an_issue() -> None:
    assert {trouble.value for trouble in Trouble} - {Trouble.UNAUTHENTICATED} == issues.TROUBLES


# Forms


FLOWS = all_flows()


def named_in(flow: str) -> Any:  # noqa: ANN401 - JSON
    """Give the words of a flow."""
    named = words("translations/en.json")
    for key in FLOWS[flow][1]:
        named = named[key]
    return named


def nodes_of_flow[T: ast.AST](flow: str, *kinds: type[T]) -> list[T]:
    """Give the nodes of the files of a flow: its class and those it is made of, and the functions beside."""
    modules = dict.fromkeys(one.__module__ for one in FLOWS[flow][0].__mro__)
    ours = [sys.modules[name] for name in modules if name.startswith(gsm_gateway.__name__)]
    return [node for module in ours for node in nodes(Path(str(module.__file__)), *kinds)]


def flow_steps(flow: str) -> set[str]:
    functions = nodes_of_flow(flow, ast.FunctionDef, ast.AsyncFunctionDef)
    return {
        one.name.removeprefix("async_step_") for one in functions if one.name.startswith("async_step_")
    } - ENTRY_POINTS


def flow_errors(flow: str) -> set[str]:
    """Give the keys that are put into something called errors, or returned by something called so."""
    found: set[str] = set()
    for node in nodes_of_flow(flow, ast.Assign):
        match node.targets:
            case [ast.Subscript(value=ast.Name(id="errors"))]:
                found |= strings_in(node.value)
            case [ast.Name(id="errors") | ast.Attribute(attr="_errors")]:
                found |= values_of_dicts(node.value)
    functions = (*nodes_of_flow(flow, ast.FunctionDef), *nodes_of_flow(flow, ast.AsyncFunctionDef))
    makers = [one for one in functions if one.name.endswith("_errors")]
    return found.union(*(values_of_dicts(node) for maker in makers for node in returns(maker)))


def values_of_dicts(part: ast.AST) -> set[str]:
    return strings_in(
        *(value for node in ast.walk(part) if isinstance(node, ast.Dict) for value in node.values)
    )


def returns(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Return]:
    return [node for node in ast.walk(function) if isinstance(node, ast.Return)]


@pytest.mark.parametrize("flow", FLOWS)
def test_every_step_of_a_form_has_words_and_none_are_left_over(flow: str) -> None:
    named = named_in(flow)
    assert named["step"].keys() | named.get("progress", {}).keys() == flow_steps(flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_error_of_a_form_has_words_and_none_are_left_over(flow: str) -> None:
    assert named_in(flow)["error"].keys() == flow_errors(flow)


@pytest.mark.parametrize("flow", FLOWS)
def test_every_end_of_a_form_has_words_and_none_are_left_over(flow: str) -> None:
    calls = [call for call in nodes_of_flow(flow, ast.Call) if called(call) == "async_abort"]
    reasons = {key for call in calls for key in keyword(call, "reason")}
    named = named_in(flow).get("abort", {}).keys()
    assert reasons <= named
    assert named <= reasons | ABORTS_OF_HOME_ASSISTANT


@pytest.mark.parametrize("flow", FLOWS)
def test_every_field_of_a_form_is_named_and_explained(flow: str) -> None:
    for step in named_in(flow)["step"].values():
        for part in (step, *step.get("sections", {}).values()):
            assert part.get("data", {}).keys() == part.get("data_description", {}).keys()


def test_every_option_has_words_and_none_are_left_over() -> None:
    sections = named_in("options")["step"]["init"]["sections"]
    names = {name: value for name, value in vars(options_flow).items() if isinstance(value, str)}
    assert sections.keys() == {value for name, value in names.items() if name.startswith("SECTION_")}
    marked = [
        call.args[0]
        for call in nodes_of_flow("options", ast.Call)
        if called(call) in {"Required", "Optional"}
    ]
    fields = {names[arg.id] for arg in marked if isinstance(arg, ast.Name) and arg.id in names}
    assert fields == {field for part in sections.values() for field in part["data"]}
