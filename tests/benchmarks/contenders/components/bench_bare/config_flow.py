"""There has to be one; nobody ever opens it."""

from homeassistant.config_entries import ConfigFlow


class BareFlow(ConfigFlow, domain="bench_bare"):
    """A flow without steps."""
