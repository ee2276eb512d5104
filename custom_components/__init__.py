"""Where Home Assistant finds integrations that are not its own."""
