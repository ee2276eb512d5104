"""Every error that leaves this library, on one screen.

The built-in parents are there so that a caller may catch either kind. No function of this library
reports a failure by returning ``False`` or ``None``.
"""


class GatewayError(Exception):
    """Anything that went wrong with a gateway."""


class InvalidInput(GatewayError, ValueError):
    """The caller's number, text, code or setting cannot be carried; nothing was sent.

    ``reason`` is a stable word for translations: ``number``, ``text_empty``, ``text_control``,
    ``text_too_long``, ``text_pieces``, ``repeated``, ``not_before``, ``ussd_code``, ``ussd_timeout``,
    ``port``, ``ports``, ``imei``, ``minutes``, ``seconds``, ``ringing`` and ``cell`` for what is asked of
    a gateway;
    ``credential``, ``host``, ``message_id``, ``poll_interval`` and ``taken`` for how one is set up.
    ``excess`` counts the bytes over a limit.
    """

    def __init__(self, reason: str, message: str, *, excess: int = 0) -> None:
        """Keep the stable word beside the sentence."""
        super().__init__(message)
        self.reason = reason
        self.excess = excess


class CannotConnect(GatewayError, ConnectionError):
    """The link could not be opened: host out of reach, connection refused, UDP port in use."""


class PortInUse(CannotConnect):
    """Another program of this host listens on the UDP port."""


class LinkLost(GatewayError, ConnectionError):
    """The link was there and is gone, or was given up because it fell silent."""


class WrongPeer(GatewayError):
    """Something answers at that address, but it is not a gateway of this family."""


class LoginRefused(GatewayError):
    """The gateway refused our user name and password (or the address that we come from).

    ``certain``: it did so again after a while, and is hardly asked any more.
    """

    def __init__(self, reason: str, *, certain: bool = False) -> None:
        """Keep whether to believe it."""
        super().__init__(reason)
        self.certain = certain


class GatewayTimeout(GatewayError, TimeoutError):
    """The gateway did not answer in time, or the network did not answer a USSD code.

    For a text it means that nothing has left.
    """


class CommandRefused(GatewayError):
    """The gateway understood and said no, finally. ``reason`` holds its own words or code."""

    def __init__(self, reason: str) -> None:
        """Keep the gateway's own words."""
        super().__init__(f"the gateway refused: {reason}")
        self.reason = reason


class PortNotReady(CommandRefused):
    """The port could not take it, and nothing left: another port may be tried."""


class NotNow(GatewayError):
    """The port could not take it at this moment, and nothing left: it or another may in a while."""


class NotKept(GatewayError):
    """It could not be made durable that a text is about to leave, so it did not."""


class PortBusy(PortNotReady):
    """The port is doing the like already, and does one at a time."""


class OutcomeUnknown(GatewayError):
    """What was asked may have happened, and its result was not reported. Never repeated by itself."""


class StillStarting(GatewayError):
    """A port's module was switched off and on again, but was not seen to be up in time. It may yet be."""


class NotSupported(GatewayError):
    """This family of gateways has no such function."""


class BoxRebootNotSupported(NotSupported):
    """The gateway's API has no command that restarts the box itself."""
