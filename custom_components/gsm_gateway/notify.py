"""Texting people: a notify entity per contact, and the classic ``notify.<box>`` action beside them."""

from typing import Any, override

from homeassistant.components.notify import ATTR_TARGET, BaseNotificationService, NotifyEntity
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceEntryType, DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import CONF_NOTIFY_NAME, DOMAIN, SUBENTRY_CONTACT
from .contacts import Recipient
from .coordinator import GsmGatewayConfigEntry, GsmGatewayCoordinator
from .messages import async_send, raise_for_failures
from .recipients import split_recipients

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant, entry: GsmGatewayConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Follow the contacts: an entity and a classic action for each."""
    coordinator = entry.runtime_data
    classic = ClassicNotify(coordinator)
    name: str = entry.data[CONF_NOTIFY_NAME]
    await classic.async_setup(hass, name, name)
    await classic.async_register_services()
    entry.async_on_unload(classic.async_unregister_services)
    titles: dict[str, str] = {}

    @callback
    def _follow_contacts() -> None:
        subentries = {sub.subentry_id: sub for sub in entry.get_subentries_of_type(SUBENTRY_CONTACT)}
        for subentry_id, subentry in subentries.items():
            if subentry_id not in titles:
                async_add_entities([ContactNotify(coordinator, subentry)], config_subentry_id=subentry_id)
            elif titles[subentry_id] != subentry.title:
                _rename_device(hass, coordinator, subentry)
        # Home Assistant has already removed the entity and the device of a contact that is gone.
        titles.clear()
        titles.update({subentry_id: subentry.title for subentry_id, subentry in subentries.items()})

    async def _on_contacts_changed() -> None:
        _follow_contacts()
        await classic.async_register_services()

    _follow_contacts()
    entry.async_on_unload(coordinator.async_listen_contacts(_on_contacts_changed))


def _identifier(coordinator: GsmGatewayCoordinator, subentry: ConfigSubentry) -> tuple[str, str]:
    return coordinator.devices.port_identifier(subentry.subentry_id)


def _rename_device(hass: HomeAssistant, coordinator: GsmGatewayCoordinator, subentry: ConfigSubentry) -> None:
    registry = dr.async_get(hass)
    identifier = _identifier(coordinator, subentry)
    device = registry.async_get_device_by_identifier(identifier, coordinator.config_entry.entry_id)
    if device is not None:
        registry.async_update_device(device.id, name=subentry.title)


class ContactNotify(NotifyEntity):
    """Texts one contact."""

    _attr_has_entity_name = True
    _attr_name = None

    def __init__(self, coordinator: GsmGatewayCoordinator, subentry: ConfigSubentry) -> None:
        """Give the contact a device of its own, beside the box."""
        self._coordinator = coordinator
        self._subentry_id = subentry.subentry_id
        identifier = _identifier(coordinator, subentry)
        self._attr_unique_id = identifier[1]
        self._attr_device_info = DeviceInfo(
            entry_type=DeviceEntryType.SERVICE,
            identifiers={identifier},
            name=subentry.title,
            via_device_id=coordinator.devices.id_of(None),
        )

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        contact = next(
            one for one in self._coordinator.contacts.contacts if one.subentry_id == self._subentry_id
        )
        recipients = [Recipient(contact.number, contact.name)]
        sent = await async_send(self._coordinator, recipients, message)
        raise_for_failures(self._coordinator, sent)


class ClassicNotify(BaseNotificationService):
    """``notify.<box>`` with ``target:``, and ``notify.<box>_<contact>``, for callers of that old shape."""

    def __init__(self, coordinator: GsmGatewayCoordinator) -> None:
        """Serve one box."""
        self._coordinator = coordinator

    @property
    @override
    def targets(self) -> dict[str, str]:
        return {contact.name: contact.name for contact in self._coordinator.contacts.contacts}

    @override
    async def async_send_message(self, message: str = "", **kwargs: Any) -> None:
        contacts = self._coordinator.contacts
        targets = split_recipients(kwargs.get(ATTR_TARGET) or [])
        if not (recipients := contacts.resolve(targets) if targets else contacts.chosen):
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_target")
        sent = await async_send(self._coordinator, recipients, message)
        raise_for_failures(self._coordinator, sent)
