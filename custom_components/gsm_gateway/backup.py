"""Makes the stores whole for a backup, and lets what is restored from it be known for a copy.

Home Assistant fails a backup whose preparation fails, and calls ``async_post_backup`` even then; its
Supervisor does not. A mark that stays by that does no harm: a store takes it away after hours.
"""

import asyncio
from collections.abc import Callable
from functools import partial
import logging
from pathlib import Path

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .store import StoreError, mark_closed, unmark_closed
from .stores import async_open_stores, store_path

_LOGGER = logging.getLogger(__name__)


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Mark all stores. Raise HomeAssistantError where one that is open cannot be marked.

    Its texts would be sent a second time by whoever restores the backup.
    """
    await _async_for_closed(hass, partial(mark_closed, now=dt_util.utcnow()))
    stores = list(async_open_stores(hass).values())
    results = await asyncio.gather(*(store.begin_backup() for store in stores), return_exceptions=True)
    for result in results:
        if isinstance(result, StoreError):
            await async_post_backup(hass)
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="backup_unprepared",
                translation_placeholders={"reason": str(result)},
            ) from result
        if isinstance(result, BaseException):
            raise result


async def async_post_backup(hass: HomeAssistant) -> None:
    """Take the marks away."""
    await _async_for_closed(hass, unmark_closed)
    for store in list(async_open_stores(hass).values()):
        try:
            await store.end_backup()
        except StoreError as err:
            _LOGGER.warning("The end of a backup could not be noted: %s", err)


async def _async_for_closed(hass: HomeAssistant, work: Callable[[Path], None]) -> None:
    """Do some work for each box whose store is not open."""
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.entry_id in async_open_stores(hass):
            continue
        try:
            await hass.async_add_executor_job(work, store_path(hass, entry.entry_id))
        except StoreError as err:
            _LOGGER.warning("The store of %s cannot be marked for a backup: %s", entry.title, err)
