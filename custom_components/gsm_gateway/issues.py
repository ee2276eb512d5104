"""What the owner of a box should know of and can mend, as repair issues: one per kind and port."""

from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import instance_id, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util.hass_dict import HassKey

from .const import CONF_ENTRY_ID, CONF_LINE, DOMAIN

BALANCE_UNREADABLE = "balance_unreadable"
SIM_SWAPPED = "sim_swapped"
SENDS_TWICE = "sends_twice"
TWO_ADDRESSES = "two_addresses"
LINE_TAKEN = "line_taken"
BREAKER_TRIPPED = "breaker_tripped"
STORE_DAMAGED = "store_damaged"
STORE_FULL = "store_full"
UDP_PORT_IN_USE = "udp_port_in_use"
WRONG_PASSWORD = "wrong_password"  # noqa: S105 - what an issue is called
PIN_NEEDED = "pin_needed"
CONTACT_LOCKED = "contact_locked"

BOX = "box"
"""Stands for the port where an issue is the whole box's."""

FIXABLE = {
    BALANCE_UNREADABLE,
    SIM_SWAPPED,
    SENDS_TWICE,
    BREAKER_TRIPPED,
    STORE_DAMAGED,
    CONTACT_LOCKED,
}
"""Those that are over when the owner says so."""

TROUBLES = {SENDS_TWICE, TWO_ADDRESSES, LINE_TAKEN}
"""Those that the box tells of."""

CONDITIONS = {STORE_FULL, UDP_PORT_IN_USE, WRONG_PASSWORD, PIN_NEEDED}
"""Those that we find, and that are over when we find no more of them."""

ERRORS = {BREAKER_TRIPPED, STORE_FULL, UDP_PORT_IN_USE}
"""Those that keep a whole box from its work, or endanger what is in it."""

HELP = "/blob/HEAD/docs/troubleshooting.md#repair-issues"
"""Where the repository says what to do."""

SETTLED_AFTER = timedelta(minutes=10)
"""How long a box keeps to one address, or somebody is silent, until that is taken to be over."""

MOST_IMPOSTORS = 4
"""Lines of one box that somebody else is told to report as, at the same time."""


_KEY: HassKey[bytes] = HassKey(f"{DOMAIN}.issues")


async def async_setup_issues(hass: HomeAssistant) -> None:
    """Prepare for issues, and have those about the setting up of a box follow its entry."""
    hass.data[_KEY] = (await instance_id.async_get(hass)).encode()
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, partial(_on_entry_changed, hass))


@callback
def _on_entry_changed(hass: HomeAssistant, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
    """Tell of a UDP port that is another program's for as long as that keeps a box from being set up."""
    if entry.domain != DOMAIN or entry.state is ConfigEntryState.SETUP_IN_PROGRESS:
        return
    if entry.error_reason_translation_key == UDP_PORT_IN_USE:
        placeholders = entry.error_reason_translation_placeholders or {}
        async_raise_issue(hass, entry, BOX, UDP_PORT_IN_USE, **placeholders)
        return
    async_end_issue(hass, entry, BOX, UDP_PORT_IN_USE)
    if entry.disabled_by and entry.state is ConfigEntryState.NOT_LOADED:
        async_end_issues(hass, entry, TWO_ADDRESSES, LINE_TAKEN, *CONDITIONS)


def _issue_id(hass: HomeAssistant, entry: ConfigEntry, port: str, kind: str) -> str:
    """Name an issue, the same in every run. Diagnostics show it, and a port may be a phone number."""
    digest = blake2b(port.encode(), key=hass.data[_KEY], digest_size=8)
    return f"{kind}_{entry.entry_id}_{digest.hexdigest()}"


def _help(hass: HomeAssistant) -> str:
    documentation = async_get_loaded_integration(hass, DOMAIN).documentation or ""
    return documentation.partition("#")[0] + HELP


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
        _issue_id(hass, entry, port, kind),
        is_fixable=kind in FIXABLE,
        is_persistent=kind == STORE_DAMAGED,  # it is found once
        learn_more_url=_help(hass),
        severity=ir.IssueSeverity.ERROR if kind in ERRORS else ir.IssueSeverity.WARNING,
        translation_key=kind,
        translation_placeholders={"gateway": entry.title, "port": port, **placeholders},
        data={CONF_ENTRY_ID: entry.entry_id, CONF_LINE: port},
    )


@callback
def async_end_issue(hass: HomeAssistant, entry: ConfigEntry, port: str, kind: str) -> None:
    """Tell that something is wrong no more, or never was."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(hass, entry, port, kind))


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


class Impostors:
    """Who reports as one of a box's lines with another password, while the line itself is well elsewhere.

    Anybody can send such a packet under any address. So there are few issues at a time, one for each line,
    and each keeps to the host that was heard first.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Begin with none."""
        self._hass = hass
        self._entry = entry
        self._heard: dict[str, tuple[str, CALLBACK_TYPE]] = {}

    @callback
    def heard(self, line: str, host: str) -> None:
        """Tell of one, or note that it is still there."""
        known, wait = self._heard.get(line, (host, None))
        if known != host or (wait is None and len(self._heard) >= MOST_IMPOSTORS):
            return
        if wait is None:
            async_raise_issue(self._hass, self._entry, line, WRONG_PASSWORD, host=host)
        else:
            wait()
        self._heard[line] = (host, async_call_later(self._hass, SETTLED_AFTER, partial(self._end, line)))

    @callback
    def moved(self, host: str | None) -> None:
        """Take note that the box is well at a host: whoever was heard there is of the box."""
        for line in [line for line, (known, _) in self._heard.items() if known == host]:
            self._end(line)

    @callback
    def close(self) -> None:
        """Stop waiting for the ends."""
        for line in list(self._heard):
            self._end(line)

    @callback
    def _end(self, line: str, _now: datetime | None = None) -> None:
        _, stop = self._heard.pop(line)
        stop()
        async_end_issue(self._hass, self._entry, line, WRONG_PASSWORD)
