"""A whole Home Assistant: how it is laid out and started, and the component in it that takes notes."""
