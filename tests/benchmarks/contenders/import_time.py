"""Imports an integration and its platforms as Home Assistant does, and prints the seconds of a processor.

Takes the folder that the integration is in, its name, and the names of its platforms. What Home Assistant has
imported itself before it looks for integrations does not count.
"""

import gc
from importlib import import_module
import sys
from time import process_time

from homeassistant import bootstrap  # noqa: F401 - it imports what every Home Assistant has

folder, domain, *platforms = sys.argv[1:]
sys.path.insert(0, folder)
gc.collect()  # of what was imported before
begin = process_time()
for name in (domain, *(f"{domain}.{platform}" for platform in platforms)):
    import_module(name)
print(process_time() - begin)
