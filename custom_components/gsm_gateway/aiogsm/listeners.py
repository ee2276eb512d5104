"""Who wants to be told, and telling them so that none can do harm to the others."""

from collections.abc import Callable
import logging

_LOGGER = logging.getLogger(__name__)


class Listeners[E]:
    """Callables that are called with every event, in the order in which they came."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listeners: dict[object, Callable[[E], None]] = {}

    def add(self, listener: Callable[[E], None]) -> Callable[[], None]:
        """Call ``listener`` with every event until the returned function is called."""
        key = object()
        self._listeners[key] = listener

        def remove() -> None:
            self._listeners.pop(key, None)

        return remove

    def tell(self, event: E) -> None:
        """Call everybody. One's fault is logged, and must not stop the wire for all."""
        for key in list(self._listeners):
            if (listener := self._listeners.get(key)) is None:
                continue  # taken away by one that was called before
            try:
                listener(event)
            except Exception:
                _LOGGER.exception("A listener failed on %s", type(event).__name__)
