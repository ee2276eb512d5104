"""Habits that Home Assistant's reviewers and linters ask for, held to by reading the code."""

import ast
from collections.abc import Iterator
from pathlib import Path
import re
from typing import Any

from homeassistant.const import Platform

from custom_components.gsm_gateway import PLATFORMS
from tests.source import HOME_ASSISTANT_FILES, INTEGRATION, called, keyword, name_of, nodes, tree_of, words
from tests.spoken import blanks

FILES = sorted(INTEGRATION.rglob("*.py"))
PLATFORM_FILES = [INTEGRATION / f"{platform.value}.py" for platform in PLATFORMS]

BLOCKING_MODULES = {"http.client", "requests", "sqlite3", "subprocess", "urllib.request", "urllib3"}
BLOCKING_CALLS = {
    "exists", "glob", "is_dir", "is_file", "iterdir", "mkdir", "read_bytes", "read_text", "rename", "rglob",
    "rmdir", "rmtree", "stat", "touch", "unlink", "write_bytes", "write_text",
}  # fmt: skip
"""What waits for a disk, by the last name: no object of ours has a method of such a name."""

OUTDATED = {
    "AddEntitiesCallback": "AddConfigEntryEntitiesCallback",
    "CONNECTION_CLASS": "nothing",
    "FlowResult": "ConfigFlowResult, SubentryFlowResult, RepairsFlowResult",
    "OptionsFlowWithConfigEntry": "OptionsFlow",
    "TargetSelectorData": "TargetSelection",
    "_set_confirm_only": "nothing",
    "add_config_entry_id": "config_entry_id",
    "async_add_hass_job": "async_create_task",
    "async_add_job": "async_create_task",
    "async_extract_entity_ids": "the device of the call",
    "async_forward_entry_setup": "async_forward_entry_setups",
    "async_get_device": "async_get_device_by_identifier",
    "async_get_registry": "async_get",
    "async_register_entity_service": "async_register_platform_entity_service",
    "async_run_job": "async_create_task",
    "async_timeout": "asyncio.timeout",
    "async_track_state_change": "async_track_state_change_event",
    "async_update_reload_and_abort": "async_update_and_abort, as there is an update listener",
    "device_automation": "triggers of our own",
    "show_advanced_options": "nothing",
    "via_device": "via_device_id",
}
"""Names that are gone, going, or wrong beside what we have, and what is used instead."""

OUTDATED_KINDS = re.compile(
    r"(TIME|DEVICE_CLASS|ENTITY_CATEGORY|STATE_CLASS|CONN_CLASS|ELECTRIC|DATA|POWER)_[A-Z_]+|PERCENTAGE"
)
"""Constants that became members of enums."""


def everywhere[T: ast.AST](*kinds: type[T]) -> Iterator[tuple[str, T]]:
    """Give the nodes of all files, each with the place where it is."""
    for path in FILES:
        for node in nodes(path, *kinds):
            yield f"{name_of(path)}:{getattr(node, 'lineno', 0)}", node


# What every platform has


def test_every_platform_says_how_many_updates_run_at_a_time() -> None:
    for path in PLATFORM_FILES:
        assert "PARALLEL_UPDATES = 0" in [ast.unparse(node) for node in tree_of(path).body], path


def test_platforms_are_in_order_and_all_that_there_are() -> None:
    names = [platform.value for platform in PLATFORMS]
    assert names == sorted(names)
    there = {path.stem for path in HOME_ASSISTANT_FILES}
    assert set(names) == there & {platform.value for platform in Platform}


def test_an_entity_that_listens_says_what_a_new_id_means_to_it() -> None:
    for where, node in everywhere(ast.ClassDef):
        methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
        if methods & {"async_added_to_hass", "async_will_remove_from_hass"}:
            assert "async_entity_id_changed" in methods, where


# Outdated and blocking


def names_in(path: Path) -> Iterator[tuple[int, str]]:
    """Give every name that the code of a file uses, and its line."""
    for node in nodes(path, ast.Name, ast.Attribute, ast.keyword, ast.alias):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.alias(name=name):
                yield from ((node.lineno, part) for part in name.split("."))
    for imported in nodes(path, ast.ImportFrom):
        yield from ((imported.lineno, part) for part in (imported.module or "").split("."))


def test_nothing_outdated_is_used() -> None:
    assert [
        f"{name_of(path)}:{line}: {name}, use {OUTDATED[name]}"
        for path in FILES
        for line, name in names_in(path)
        if name in OUTDATED
    ] == []


def test_no_constant_is_used_that_became_a_member_of_an_enum() -> None:
    assert [
        f"{where}: {alias.name}"
        for where, node in everywhere(ast.ImportFrom)
        if f"{node.module}".startswith("homeassistant")
        for alias in node.names
        if OUTDATED_KINDS.fullmatch(alias.name)
    ] == []


def test_no_annotations_are_put_off() -> None:
    assert [where for where, node in everywhere(ast.ImportFrom) if node.module == "__future__"] == []


def waits(call: str) -> bool:
    """Whether what is called holds the event loop up."""
    owner, _, name = call.rpartition(".")
    return call in {"open", "time.sleep"} or owner == "os" or (owner != "" and name in BLOCKING_CALLS)


def test_nothing_waits_for_a_disk_or_sleeps_in_the_loop() -> None:
    """The folder ``store`` is left out: it runs in a thread of its own."""
    imports = [(where, alias.name) for where, node in everywhere(ast.Import) for alias in node.names]
    imports += [(where, f"{node.module}") for where, node in everywhere(ast.ImportFrom) if not node.level]
    calls = [(where, ast.unparse(call.func)) for where, call in everywhere(ast.Call)]
    found = [(where, name) for where, name in imports if name in BLOCKING_MODULES]
    found += [(where, call) for where, call in calls if waits(call)]
    assert [one for one in found if not one[0].startswith("store/")] == []


# Log lines


LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def is_log(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name(id="_LOGGER" | "_WIRE"), attr=level):
            return level in LEVELS
    return False


def test_log_lines_begin_with_a_capital_and_end_without_a_period() -> None:
    calls = [(where, call) for where, call in everywhere(ast.Call) if is_log(call)]
    assert calls
    for where, call in calls:
        text = call.args[0]
        assert isinstance(text, ast.Constant), where
        assert re.fullmatch(r"[A-Z%].*[^.]", str(text.value)), where


# Errors


HOME_ASSISTANT_ERRORS = {
    "ConfigEntryAuthFailed",
    "ConfigEntryError",
    "ConfigEntryNotReady",
    "HomeAssistantError",
    "ServiceValidationError",
    "UpdateFailed",
}


def errors_made() -> list[tuple[str, ast.Call]]:
    made = [(where, call) for where, call in everywhere(ast.Call) if called(call) in HOME_ASSISTANT_ERRORS]
    assert made
    return made


def test_errors_can_be_translated() -> None:
    for where, call in errors_made():
        given = {one.arg: ast.unparse(one.value) for one in call.keywords}
        assert call.args == [], f"{where}: words beside a key are never shown"
        assert given.get("translation_domain") == "DOMAIN", where
        assert "translation_key" in given, where


def test_errors_fill_all_blanks_of_their_words_and_no_others() -> None:
    named: dict[str, Any] = words("translations/en.json")["exceptions"]
    for where, call in errors_made():
        given = [one.value for one in call.keywords if one.arg == "translation_placeholders"]
        filled = {
            ast.literal_eval(name)
            for one in given
            if isinstance(one, ast.Dict)
            for name in one.keys
            if name is not None
        }
        for key in keyword(call, "translation_key"):
            assert filled == blanks(named[key]["message"]), where
