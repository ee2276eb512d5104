"""Offers boxes whose lines report to us and belong to nobody.

Whoever can send a packet can say that it is a line. So nothing that is heard is answered or logged, and what
is kept and offered of it has a bound.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from hmac import compare_digest

from homeassistant.config_entries import (
    SOURCE_DHCP,
    SOURCE_IGNORE,
    SOURCE_INTEGRATION_DISCOVERY,
    SOURCE_USER,
)
from homeassistant.const import CONF_PORT
from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .aiogsm import Stranger
from .const import CONF_LINES, DOMAIN
from .ear import natural_order
from .whereabouts import async_offers_at

MAX_BOXES = 32
"""How many boxes are remembered; the one that was heard the longest ago is forgotten first."""

MAX_LINES = 64
"""How many lines of one box are remembered."""

MAX_OFFERS = 5
"""How many boxes are offered at the same time."""

FOUND = "found"
"""What a flow is told: the FoundBox that it offers."""

_DISCOVERY: HassKey[Discovery] = HassKey(f"{DOMAIN}_discovery")


@dataclass(slots=True)
class FoundBox:
    """What reports from one address to one port: its lines, and the password that each of them uses."""

    family: str
    host: str
    port: int
    lines: dict[str, str] = field(default_factory=dict, repr=False)
    flow_id: str | None = None

    @property
    def unique_id(self) -> str:
        """What the box is known by: the lowest of its lines heard so far."""
        return unique_id(self.port, min(self.lines, key=natural_order))

    def with_password(self, password: str) -> list[str]:
        """Give the lines that use this password."""
        told = password.encode()
        lines = [line for line, used in self.lines.items() if compare_digest(used.encode(), told)]
        return sorted(lines, key=natural_order)


def unique_id(port: int, line: str) -> str:
    """Give what a box that reports to a port is known by, by its lowest line."""
    return f"{port}_{line}"


@callback
def async_get_discovery(hass: HomeAssistant) -> Discovery:
    """Give what was heard so far."""
    return hass.data.setdefault(_DISCOVERY, Discovery(hass))


class Discovery:
    """The boxes that nobody owns."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with none."""
        self._hass = hass
        self._boxes: OrderedDict[tuple[str, int], FoundBox] = OrderedDict()
        self._opening: set[tuple[str, int]] = set()

    def lines_of(self, unique: str | None) -> dict[str, object]:
        """Give port and lines of the box that is known by an id, to be kept when it is ignored."""
        for box in self._boxes.values():
            if any(unique_id(box.port, line) == unique for line in box.lines):
                return {CONF_PORT: box.port, CONF_LINES: sorted(box.lines, key=natural_order)}
        return {}

    @callback
    def forget(self, port: int, lines: list[str], *, by: str) -> None:
        """Forget the boxes of lines that the flow ``by`` adds."""
        for key, box in list(self._boxes.items()):
            if box.port == port and not box.lines.keys().isdisjoint(lines):
                del self._boxes[key]
                if box.flow_id != by:
                    self._withdraw(box)

    @callback
    def on_stranger(self, stranger: Stranger) -> None:
        """Remember a line, and offer its box unless it is owned, ignored or offered already."""
        line, host, port = stranger.heard.line, stranger.heard.host, stranger.endpoint.port
        if self._is_owned(port, line):
            return
        box = self._boxes.setdefault((host, port), FoundBox(stranger.family.key, host, port))
        self._boxes.move_to_end((host, port))
        if len(self._boxes) > MAX_BOXES:
            self._boxes.popitem(last=False)
        if line in box.lines or len(box.lines) < MAX_LINES:
            box.lines[line] = stranger.heard.password
        if self._is_ignored(box):
            self._withdraw(box)
        elif self._hass.state is CoreState.running and self._may_offer(box):
            self._opening.add((host, port))
            self._hass.async_create_background_task(self._offer(box), f"{DOMAIN} discovery of {host}")

    def ignores(self, host: str) -> bool:
        """Whether the owner ignored a box that reports from ``host``."""
        return any(box.host == host and self._is_ignored(box) for box in self._boxes.values())

    def _is_owned(self, port: int, line: str) -> bool:
        """Whether an entry has the line, even one that is not loaded."""
        entries = self._hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        return any(
            entry.data[CONF_PORT] == port and line in entry.data.get(CONF_LINES, ()) for entry in entries
        )

    def _is_ignored(self, box: FoundBox) -> bool:
        """Whether the owner ignored the box: by any of its lines, as the first that is heard may differ."""
        ids = {unique_id(box.port, line) for line in box.lines}
        return any(
            entry.unique_id in ids
            or (entry.data.get(CONF_PORT) == box.port and box.lines.keys() & {*entry.data[CONF_LINES]})
            for entry in self._hass.config_entries.async_entries(DOMAIN)
            if entry.source == SOURCE_IGNORE
        )

    def _may_offer(self, box: FoundBox) -> bool:
        flows = self._hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if any(flow["context"]["source"] == SOURCE_USER for flow in flows):
            return False  # somebody may be about to add it by hand
        found = async_offers_at(self._hass, box.host, SOURCE_DHCP)
        if any(flow["context"].get("dismiss_protected") for flow in found):
            return False  # somebody is about to add it, as its network card was found
        offered = {
            flow["flow_id"] for flow in flows if flow["context"]["source"] == SOURCE_INTEGRATION_DISCOVERY
        }
        if (box.host, box.port) in self._opening or box.flow_id in offered:
            return False
        return len(offered) + len(self._opening) < MAX_OFFERS

    async def _offer(self, box: FoundBox) -> None:
        try:
            result = await self._hass.config_entries.flow.async_init(
                DOMAIN,
                context={"source": SOURCE_INTEGRATION_DISCOVERY},
                data={FOUND: box},
            )
        finally:
            self._opening.remove((box.host, box.port))
        box.flow_id = result["flow_id"]

    def _withdraw(self, box: FoundBox) -> None:
        """Offer a box no more that turned out to be an ignored one."""
        if box.flow_id is None:
            return
        flow_id, box.flow_id = box.flow_id, None
        flows = self._hass.config_entries.flow
        if any(flow["flow_id"] == flow_id for flow in flows.async_progress_by_handler(DOMAIN)):
            flows.async_abort(flow_id)
