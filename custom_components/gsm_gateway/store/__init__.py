"""What one box must not forget, in one SQLite file: the journal of aiogsm. Knows nothing of Home Assistant.

``box_store`` is the journal as its users see it, on the event loop; all else runs in its one thread.
``disk`` makes changes durable, whatever the disk does; ``schema`` opens a file and brings it up to date;
``rows`` puts changes into it and ``memory`` gives them back; ``history`` says what is kept for how long;
``mark`` tells copies from the file that they were made of; ``reserve`` keeps some space; ``aside`` keeps
damaged files; ``closed`` marks files that are not open; ``faults`` tells failures apart.
"""

from .aside import remove_store
from .box_store import BoxStore
from .closed import mark_closed, unmark_closed
from .faults import StoreError, StoreTooNew, StoreUnusable
from .history import MOST_HISTORY

__all__ = [
    "MOST_HISTORY",
    "BoxStore",
    "StoreError",
    "StoreTooNew",
    "StoreUnusable",
    "mark_closed",
    "remove_store",
    "unmark_closed",
]
