"""GSM Gateway."""
