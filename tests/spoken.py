"""Watches what users are shown in any test: all of it has words, and every blank in the words a value.

Forms are looked at as they are, with the fields that they have then: whoever adds a dialog, an error or an
issue and plays it in a test need not name it here. ``tests/quality`` looks at what is written down.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from string import Formatter
from typing import Any
from unittest.mock import patch

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigFlow, ConfigSubentryFlow, OptionsFlow
from homeassistant.core import ServiceRegistry
from homeassistant.data_entry_flow import FlowHandler, FlowManager, FlowResultType, section
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.issue_registry import IssueRegistry
from homeassistant.helpers.selector import Selector

DOMAIN = "gsm_gateway"

type Words = Mapping[str, Any]


def blanks(text: str) -> set[str]:
    """Give the names of the blanks in a text that are to be filled."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def texts_in(words: object) -> Iterator[str]:
    """Give all texts of parts of the words."""
    match words:
        case str():
            yield words
        case Mapping():
            yield from texts_in([*words.values()])
        case list():
            for part in words:
                yield from texts_in(part)


def unfilled(words: object, given: Mapping[str, object] | None) -> Iterator[str]:
    """Say which blanks stay empty."""
    for text in texts_in(words):
        yield from (f"no value for {{{name}}} in: {text}" for name in sorted(blanks(text) - {*(given or {})}))


def lacking(words: Words, keys: Iterable[object], what: str) -> Iterator[str]:
    """Say which of the keys have no words."""
    yield from (f"no words for the {what} {key}" for key in keys if not words.get(str(key)))


def lacking_fields(words: Words, schema: Mapping[object, object], selectors: Words) -> Iterator[str]:
    """Say which fields of a form, those of its sections among them, have no name or are not explained."""
    for key, field in schema.items():
        if isinstance(field, section):
            named = words.get("sections", {}).get(str(key), {})
            yield from lacking(named, ["name"], f"section {key}:")
            yield from lacking_fields(named, field.schema.schema, selectors)
        else:
            yield from lacking(words.get("data", {}), [key], "name of the field")
            yield from lacking(words.get("data_description", {}), [key], "description of the field")
            yield from lacking_choices(field, selectors)


def lacking_choices(field: object, selectors: Words) -> Iterator[str]:
    """Say which choices, or which parts of an object, are to be translated and cannot be."""
    if isinstance(field, Selector) and (key := field.config.get("translation_key")):
        named = selectors.get(key, {})
        options = field.config.get("options", [])
        plain = [one["value"] if isinstance(one, dict) else one for one in options]
        yield from lacking(named.get("options", {}), plain, f"{key}: choice")
        yield from lacking(named.get("fields", {}), field.config.get("fields", {}), f"{key}: part")


def complaints_of_step(words: Words, result: Mapping[str, Any], selectors: Words) -> Iterator[str]:
    """Say what a dialog with these words shows and has no words for."""
    given = result.get("description_placeholders")
    step = words.get("step", {}).get(result.get("step_id"), {})
    match result["type"]:
        case FlowResultType.FORM:
            errors = (result.get("errors") or {}).values()
            schema = result.get("data_schema")
            yield from lacking(step, ["title"], f"step {result['step_id']}:")
            yield from lacking_fields(step, {} if schema is None else schema.schema, selectors)
            yield from lacking(words.get("error", {}), errors, "error")
            yield from unfilled([step, *(words.get("error", {}).get(error, "") for error in errors)], given)
        case FlowResultType.MENU:
            yield from lacking(step.get("menu_options", {}), result["menu_options"], "choice")
            yield from unfilled(step, given)
        case FlowResultType.SHOW_PROGRESS:
            action = result["progress_action"]
            yield from lacking(words.get("progress", {}), [action], "progress")
            yield from unfilled(words.get("progress", {}).get(action, ""), given)
        case FlowResultType.ABORT if result.get("translation_domain") is None:
            yield from lacking(words.get("abort", {}), [result["reason"]], "end")
            yield from unfilled(words.get("abort", {}).get(result["reason"], ""), given)


def complaints_of_error(words: Words, err: HomeAssistantError, domain: str) -> Iterator[str]:
    """Say what an action that failed has no words for; ``domain`` is that of the action."""
    if err.translation_domain is None and domain == DOMAIN:
        yield f"an error in words that cannot be translated: {err!r}"
    if err.translation_domain == DOMAIN:
        key = str(err.translation_key)
        yield from lacking(words["exceptions"], [key], "error")
        yield from unfilled(words["exceptions"].get(key, ""), err.translation_placeholders)


def complaints_of_issue(words: Words, issue: Mapping[str, Any]) -> Iterator[str]:
    """Say what a repair issue has no words for."""
    key = issue["translation_key"]
    named = words["issues"].get(key, {})
    told = "fix_flow" if issue["is_fixable"] else "description"
    yield from lacking(named, ["title", told], f"issue {key}:")
    shown = [named.get("title"), named.get("description")]  # its dialog is looked at when it is shown
    yield from unfilled(shown, issue.get("translation_placeholders"))


def words_of(words: Words, flow: FlowHandler[Any, Any, Any]) -> Words | None:
    """Give the words of a dialog, if it is one of ours."""
    match flow:
        case ConfigFlow(handler=handler):
            return words["config"] if handler == DOMAIN else None
        case OptionsFlow(config_entry=entry):
            return words["options"] if entry.domain == DOMAIN else None
        case ConfigSubentryFlow(handler=(_, kind)):
            entry = flow._get_entry()
            return words["config_subentries"].get(kind, {}) if entry.domain == DOMAIN else None
        case RepairsFlow(handler=handler):
            issue = ir.async_get(flow.hass).async_get_issue(handler, flow.issue_id)
            if handler != DOMAIN or issue is None:  # it ended meanwhile
                return None
            return words["issues"].get(issue.translation_key, {}).get("fix_flow", {})
    return None


@contextmanager
def everything_has_words(words: Words) -> Iterator[list[str]]:
    """Collect what is shown meanwhile and has no words."""
    complaints: list[str] = []
    handle_step: Callable[..., Any] = FlowManager._async_handle_step
    call: Callable[..., Any] = ServiceRegistry.async_call
    get_or_create: Callable[..., Any] = IssueRegistry.async_get_or_create

    async def _handle_step(manager: object, flow: FlowHandler[Any, Any, Any], *args: object) -> object:
        result = await handle_step(manager, flow, *args)
        if (named := words_of(words, flow)) is not None:
            complaints.extend(complaints_of_step(named, result, words["selector"]))
        return result

    async def _call(registry: ServiceRegistry, domain: str, *args: object, **kwargs: object) -> object:
        try:
            return await call(registry, domain, *args, **kwargs)
        except HomeAssistantError as err:
            complaints.extend(complaints_of_error(words, err, domain))
            raise

    def _get_or_create(registry: IssueRegistry, domain: str, issue_id: str, **told: object) -> object:
        if domain == DOMAIN:
            complaints.extend(complaints_of_issue(words, told))
        return get_or_create(registry, domain, issue_id, **told)

    with ExitStack() as patches:
        patches.enter_context(patch.object(FlowManager, "_async_handle_step", _handle_step))
        patches.enter_context(patch.object(ServiceRegistry, "async_call", _call))
        patches.enter_context(patch.object(IssueRegistry, "async_get_or_create", _get_or_create))
        yield complaints
