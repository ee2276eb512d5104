"""Joins one box to Home Assistant: keeps its state for the entities and hands on what it tells."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
import logging
from typing import Any, assert_never, override

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_MAC
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .aiogsm import (
    BreakerTripped,
    CallChanged,
    ConnectionChanged,
    Direction,
    Feature,
    Gateway,
    GatewayEvent,
    GatewayState,
    LineRefused,
    LoginRefused,
    Message,
    MessageChanged,
    PortRestarted,
    PortStatus,
    Query,
    ReceivedSms,
    StateChanged,
    Trouble,
    TroubleFound,
    UssdArrived,
)
from .announcer import Announcer
from .balance_check import async_remove_check
from .balances import Balances
from .const import (
    CONF_CHANNELS,
    CONF_IMEIS,
    CONF_JOIN_TEXTS,
    CONF_LINE,
    CONF_LINES,
    CONF_PASSWORDS,
    CONF_POLL_INTERVAL,
    CONF_REPEAT_SEND,
    CONF_TIME_ZONE,
    DEFAULT_POLL_INTERVAL,
)
from .contacts import KNOWN_MESSAGES, ContactBook
from .devices import Devices
from .imeis import async_learn_imeis
from .issues import (
    BOX,
    BREAKER_TRIPPED,
    LINE_TAKEN,
    PIN_NEEDED,
    SENDS_TWICE,
    TROUBLES,
    TWO_ADDRESSES,
    WRONG_PASSWORD,
    Impostors,
    Wanderers,
    async_end_issue,
    async_end_issues,
    async_raise_issue,
)
from .lockouts import Lockouts
from .options import history_of, is_private, policy_of, shows_texts
from .presence import Presence
from .sims import SimWatch
from .store import StoreError
from .whereabouts import Trail, async_arrived

_LOGGER = logging.getLogger(__name__)

_READ_LIVE = {CONF_LINES, CONF_IMEIS, CONF_MAC}
"""What no box is opened with, though it stands beside that: all this is learnt while it is open."""

type GsmGatewayConfigEntry = ConfigEntry[GsmGatewayCoordinator]
type ContactListener = Callable[[], Awaitable[None]]


class GsmGatewayCoordinator(DataUpdateCoordinator[GatewayState]):
    """One box. Pushes its state to the entities; fires events once Home Assistant has started.

    The entities of a port are told of that port only, and of the box being lost or back: of a thousand ports
    each has some twenty entities.
    """

    config_entry: GsmGatewayConfigEntry

    def __init__(self, hass: HomeAssistant, entry: GsmGatewayConfigEntry, gateway: Gateway) -> None:
        """Join a gateway that is not open yet."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=None,
            always_update=False,
        )
        self.gateway = gateway
        self.data = gateway.state
        self.contacts = ContactBook(entry)
        gateway.subscribe(self._on_event)
        self.lockouts = Lockouts(hass, entry, self.contacts)
        self.devices = Devices(hass, entry, gateway)
        self.announcer = Announcer(hass, entry, self.contacts, self.lockouts, self.devices.id_of)
        self._contact_listeners: list[ContactListener] = []
        self._port_entities: dict[str, list[Entity]] = {}
        self._settings = _settings(entry)
        self._forgotten: set[str] = set()
        self.presence = Presence(hass, entry.title)
        self.sims = SimWatch(hass, entry)
        self.balances = Balances(hass, entry, gateway)
        self._wanderers = Wanderers(hass, entry)
        self._impostors = Impostors(hass, entry)
        self.trail = Trail(hass, entry)

    async def async_open(self) -> None:
        """Open the gateway. Raise GatewayError or StoreError."""
        await self.sims.async_load()
        await self.balances.async_load()
        await self.lockouts.async_load()
        self._end_old_issues()
        await self.gateway.open(certain=True)
        try:
            received = await self.gateway.history(Query(direction=Direction.IN, limit=KNOWN_MESSAGES))
        except StoreError:
            await self.gateway.close()
            raise
        for entry in reversed(received):
            if isinstance(entry.item, ReceivedSms):
                self.contacts.remember(entry.item)
        if self.gateway.tripped:
            self._tell_tripped()
        else:
            async_end_issue(self.hass, self.config_entry, BOX, BREAKER_TRIPPED)
        self.config_entry.async_on_unload(
            async_track_time_change(self.hass, self._on_midnight, hour=0, minute=0, second=0)
        )

    @callback
    def async_begin(self) -> None:
        """Tell of texts, once Home Assistant has started: automations have no triggers before."""
        self.config_entry.async_on_unload(async_at_started(self.hass, self._on_started))

    async def async_close(self) -> None:
        """Close the gateway; what it still tells on the way is heard."""
        self.presence.close()
        self._wanderers.close()
        self._impostors.close()
        self.balances.close()
        self.trail.close()
        await self.gateway.close()
        self.announcer.begin()  # what has waited for Home Assistant's start is told at least on the bus
        await self.sims.async_save()
        await self.balances.async_save()
        await self.lockouts.async_save()

    @override
    async def _async_update_data(self) -> GatewayState:
        """Give what is known, to whoever asks for an update: the box tells all by itself."""
        return self.gateway.state

    @callback
    def async_join(self, port: str, entity: Entity) -> None:
        """Have an entity of a port write its state whenever that may be another one."""
        self._port_entities.setdefault(port, []).append(entity)

    @callback
    def async_leave(self, port: str, entity: Entity) -> None:
        """Let go of an entity of a port."""
        self._port_entities[port].remove(entity)

    def _tell_ports(self, names: Iterable[str]) -> None:
        """Have the entities of ports look at their port."""
        for entity in [one for name in names for one in self._port_entities.get(name, ())]:
            try:
                entity.async_write_ha_state()
            except Exception:  # as with the listeners of a coordinator
                self.logger.exception("Unexpected error updating a port's entity for %s", self.name)

    def _end_old_issues(self) -> None:
        """End what the box tells anew if it is not over, and what the options have ended."""
        async_end_issues(self.hass, self.config_entry, TWO_ADDRESSES, LINE_TAKEN)
        if not box_options(self.config_entry.options)[CONF_REPEAT_SEND]:
            async_end_issues(self.hass, self.config_entry, SENDS_TWICE)

    @callback
    def async_arrived(self) -> None:
        """Have the box known by where it is, and by its network card if that was seen there."""
        if self.data.host is not None:
            async_arrived(self.hass, self.config_entry, self.data.host)
        self.devices.describe_box()

    def async_listen_contacts(self, listener: ContactListener) -> CALLBACK_TYPE:
        """Await ``listener`` whenever contacts or balance checks came, went or changed."""
        self._contact_listeners.append(listener)
        return lambda: self._contact_listeners.remove(listener)

    async def async_contacts_changed(self) -> None:
        """Tell everybody who listens for contacts and balance checks."""
        self.balances.changed()
        self.lockouts.look()
        for listener in list(self._contact_listeners):
            await listener()

    def settings_changed(self) -> bool:
        """Whether the entry holds other settings than the box was opened with."""
        return self._settings != _settings(self.config_entry)

    @callback
    def async_forget_port(self, port: str) -> None:
        """Forget a port that is gone for good; the box is opened anew without it."""
        self._forgotten.add(port)
        self.sims.forget(port)
        for kind in (*TROUBLES, PIN_NEEDED, WRONG_PASSWORD):
            async_end_issue(self.hass, self.config_entry, port, kind)
        entry = self.config_entry
        async_remove_check(self.hass, entry, port)
        data, options = dict(entry.data), dict(entry.options)
        if CONF_LINES in data:
            data[CONF_LINES] = [line for line in data[CONF_LINES] if line != port]
        if CONF_IMEIS in data:
            data[CONF_IMEIS] = {name: imei for name, imei in data[CONF_IMEIS].items() if name != port}
        for key in {CONF_PASSWORDS, CONF_CHANNELS} & options.keys():
            options[key] = {line: value for line, value in options[key].items() if line != port}
        self.hass.config_entries.async_update_entry(entry, data=data, options=options)
        self.hass.config_entries.async_schedule_reload(entry.entry_id)

    @callback
    def _on_event(self, event: GatewayEvent) -> None:
        match event:
            case StateChanged(state):
                self._on_state(state)
            case ReceivedSms():
                self.contacts.remember(event)
                self.announcer.received(event)
            case MessageChanged(message):
                self._on_message(message)
            case CallChanged(call=call):
                self.announcer.call(call)
            case UssdArrived(port=port, text=text):
                self.announcer.ussd(port, text)
            case ConnectionChanged():
                self._on_connection(event)
            case TroubleFound() | LineRefused():
                self._on_trouble(event)
            case BreakerTripped():
                self._tell_tripped()
            case PortRestarted():
                pass  # what it means to texts and calls, the gateway has seen to
            case _:
                assert_never(event)

    def _on_state(self, state: GatewayState) -> None:
        known, before = self.config_entry.data.get(CONF_LINES), self.data
        changed = {
            name: port
            for name, port in state.ports.items()
            if before.ports.get(name) is not port and name not in self._forgotten
        }
        if known is not None and (new := [name for name in changed if name not in known]):
            self.hass.config_entries.async_update_entry(
                self.config_entry, data={**self.config_entry.data, CONF_LINES: [*known, *new]}
            )
        if Feature.PORTS_BY_THEMSELVES not in self.gateway.family.features:
            async_learn_imeis(self.hass, self.config_entry, state)
        self.sims.look(changed)
        for name, port in changed.items():
            if port.status is not PortStatus.OFFLINE:
                async_end_issue(self.hass, self.config_entry, name, LINE_TAKEN)
            if port.status is PortStatus.PIN_ERROR:
                async_raise_issue(self.hass, self.config_entry, name, PIN_NEEDED)
            else:
                async_end_issue(self.hass, self.config_entry, name, PIN_NEEDED)
        self.async_set_updated_data(state)
        self._tell_ports(changed if state.connected is before.connected else self._port_entities)
        if state.host != before.host:
            self.async_arrived()
            self._wanderers.moved()
            self._impostors.moved(state.host)

    def _on_message(self, message: Message) -> None:
        self.announcer.changed(message)
        if message.status.settled and message.port is not None:
            self._tell_ports([message.port])  # it may count among those that the port has sent

    def _on_connection(self, event: ConnectionChanged) -> None:
        if isinstance(event.error, LoginRefused) and event.error.certain:
            self.config_entry.async_start_reauth(self.hass)
        if event.connected:
            self.presence.back()
            self._end_reauth()
        elif self.data.connected:
            self.presence.lost(event.error)
            self.trail.lost()

    def _end_reauth(self) -> None:
        """Ask no more for a login that the box takes again; of a line it does not tell."""
        if Feature.PORTS_BY_THEMSELVES in self.gateway.family.features:
            return
        for flow in list(self.config_entry.async_get_active_flows(self.hass, {SOURCE_REAUTH})):
            self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _on_trouble(self, event: TroubleFound | LineRefused) -> None:
        match event:
            case LineRefused(port=port, host=host):
                self._impostors.heard(port, host)
            case TroubleFound(port=port, trouble=Trouble.UNAUTHENTICATED):
                self.config_entry.async_start_reauth(self.hass, data={CONF_LINE: port})
            case TroubleFound(port=port, trouble=Trouble.TWO_ADDRESSES):
                self._wanderers.add(port)
            case TroubleFound(port=port, trouble=trouble):
                async_raise_issue(self.hass, self.config_entry, port, trouble.value)

    def _tell_tripped(self) -> None:
        async_raise_issue(self.hass, self.config_entry, BOX, BREAKER_TRIPPED)

    @callback
    def _on_midnight(self, _now: datetime) -> None:
        """Have the counts of a day begin anew."""
        self._tell_ports(self._port_entities)

    @callback
    def _on_started(self, _hass: HomeAssistant) -> None:
        self.announcer.begin()
        self.gateway.begin_handing_on()
        self.balances.begin()


def box_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options that a box is opened with; its time zone by name."""
    return {
        CONF_PASSWORDS: options.get(CONF_PASSWORDS, {}),
        CONF_JOIN_TEXTS: options.get(CONF_JOIN_TEXTS, False),
        CONF_REPEAT_SEND: options.get(CONF_REPEAT_SEND, True),
        CONF_POLL_INTERVAL: options.get(CONF_POLL_INTERVAL, DEFAULT_POLL_INTERVAL),
        CONF_TIME_ZONE: options.get(CONF_TIME_ZONE) or str(dt_util.get_default_time_zone()),
    }


def _settings(entry: GsmGatewayConfigEntry) -> dict[str, Any]:
    """Give what the box was opened with."""
    data = {key: value for key, value in entry.data.items() if key not in _READ_LIVE}
    return {
        **data,
        **box_options(entry.options),
        "policy": policy_of(entry.options),
        "history": history_of(entry.options),
        "private": is_private(entry.options),
        "texts_in_states": shows_texts(entry.options),
    }
