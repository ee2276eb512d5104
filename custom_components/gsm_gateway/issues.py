"""What the owner of a box should know of and can mend, as repair issues: one per kind and port."""

from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .const import CONF_ENTRY_ID, CONF_LINE, DOMAIN

SIM_SWAPPED = "sim_swapped"
SENDS_TWICE = "sends_twice"
TWO_ADDRESSES = "two_addresses"
LINE_TAKEN = "line_taken"
BREAKER_TRIPPED = "breaker_tripped"
STORE_DAMAGED = "store_damaged"
STORE_FULL = "store_full"
CONTACT_LOCKED = "contact_locked"

BOX = "box"
"""Stands for the port where an issue is the whole box's."""

FIXABLE = {SIM_SWAPPED, SENDS_TWICE, BREAKER_TRIPPED, STORE_DAMAGED, CONTACT_LOCKED}
"""Those that are over when the owner says so."""

TROUBLES = {SENDS_TWICE, TWO_ADDRESSES, LINE_TAKEN}
"""Those that the box tells of."""

SETTLED_AFTER = timedelta(minutes=10)
"""How long a box keeps to one address until its lines are taken to have one each."""


def _issue_id(entry: ConfigEntry, port: str, kind: str) -> str:
    return f"{kind}_{entry.entry_id}_{port}"


@callback
def async_raise_issue(
    hass: HomeAssistant, entry: ConfigEntry, port: str, kind: str, **placeholders: str
) -> None:
    """Tell the owner that something is wrong with a port, or with whatever else ``port`` is the id of.

    Telling again changes nothing.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry, port, kind),
        is_fixable=kind in FIXABLE,
        is_persistent=kind == STORE_DAMAGED,  # it is found once
        severity=ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={"gateway": entry.title, "port": port, **placeholders},
        data={CONF_ENTRY_ID: entry.entry_id, CONF_LINE: port},
    )


@callback
def async_end_issue(hass: HomeAssistant, entry: ConfigEntry, port: str, kind: str) -> None:
    """Tell that something is wrong no more, or never was."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry, port, kind))


@callback
def async_end_issues(hass: HomeAssistant, entry: ConfigEntry, *kinds: str) -> None:
    """End all issues of a box that are of one of these kinds."""
    begins = tuple(f"{kind}_{entry.entry_id}_" for kind in kinds)
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.startswith(begins):
            ir.async_delete_issue(hass, DOMAIN, issue_id)


class Wanderers:
    """The lines of one box that are heard from two addresses in turn, until that is over."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with none."""
        self._hass = hass
        self._entry = entry
        self._lines: set[str] = set()
        self._waiting: CALLBACK_TYPE | None = None

    @callback
    def add(self, line: str) -> None:
        """Tell of a line."""
        self._lines.add(line)
        async_raise_issue(self._hass, self._entry, line, TWO_ADDRESSES)
        self.moved()

    @callback
    def moved(self) -> None:
        """Take note that one of the lines was just heard from elsewhere."""
        self.close()
        if self._lines:
            self._waiting = async_call_later(self._hass, SETTLED_AFTER, self._on_settled)

    @callback
    def close(self) -> None:
        """Stop waiting for the end."""
        if self._waiting is not None:
            self._waiting()
            self._waiting = None

    @callback
    def _on_settled(self, _now: datetime) -> None:
        self._waiting = None
        while self._lines:
            async_end_issue(self._hass, self._entry, self._lines.pop(), TWO_ADDRESSES)
