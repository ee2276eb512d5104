"""Links open, send and close. They move bytes and never read them."""

from abc import ABC, abstractmethod

from ..errors import GatewayError


class Listener[P](ABC):
    """What a link tells. Called from the event loop."""

    @abstractmethod
    def on_opened(self, peer: P) -> None:
        """Tell that a far end is there."""

    @abstractmethod
    def on_received(self, data: bytes, peer: P) -> bool:
        """Hand over what came; give whether nothing came of it, so that there is time for more at once."""

    @abstractmethod
    def on_lost(self, peer: P, reason: GatewayError) -> None:
        """Tell that a far end could not be opened or closed by itself; never called after ``drop``."""


class Link[P](ABC):
    """The sockets of one dialog."""

    @abstractmethod
    async def start(self, listener: Listener[P]) -> None:
        """Make ready; raise CannotConnect where that is impossible (UDP port in use)."""

    @abstractmethod
    def open(self, peer: P) -> None:
        """Begin to open a far end; the listener is told how it went."""

    @abstractmethod
    def send(self, data: bytes, peer: P) -> None:
        """Write, or drop silently what has no open far end (its loss is told by ``on_lost``)."""

    @abstractmethod
    def drop(self, peer: P) -> None:
        """Close a far end after what was written to it has left."""

    @abstractmethod
    async def close(self) -> None:
        """Close everything and return once no socket and no task is left."""
