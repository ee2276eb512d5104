"""The families of gateways that this library speaks to.

How to add a family:

1. A folder beside ``neogate`` and ``goip`` with the same file names: ``messages.py`` (what is read),
   ``codec.py`` (bytes to messages and back, with the vendor's own names), ``session.py`` (one conversation:
   a connection, or one sendid), ``sending.py`` (outgoing texts), ``ussd.py``, ``commands.py`` (what else can
   be asked), ``port.py`` (what is known of one SIM slot), ``dialog.py`` (the Dialog), ``transcript.py`` (what
   may be shown of the wire), ``dialect.py`` (its Dialect, made of these) and ``__init__.py`` (its Family).
2. One entry in ``FAMILIES`` below.
3. A simulator in ``tests/simulators`` that imports nothing of this library, and transcripts.
4. Its words in the translations and its form in the config flow.
"""

from .family import Family
from .goip import FAMILY as GOIP
from .neogate import FAMILY as NEOGATE

FAMILIES: dict[str, Family] = {family.key: family for family in (NEOGATE, GOIP)}
"""Every family by its key."""
