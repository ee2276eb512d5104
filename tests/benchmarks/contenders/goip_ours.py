"""This project's server for GoIPs: parses, authenticates, compares the state, answers.

Takes how many lines it serves.
"""

import asyncio
import sys

from tests.benchmarks.goip_load import LINES
from tests.benchmarks.library import load


async def main(count: int) -> None:
    aiogsm = load()
    family = aiogsm.FAMILIES["goip"]
    hub = aiogsm.Hub()
    driver = await hub.acquire(family, endpoint := aiogsm.Endpoint(host=None, port=0))
    box = aiogsm.Box(key="box", password="secret", lines=[f"goip{line}" for line in range(count)])
    gateway = aiogsm.Gateway(family, hub, endpoint, box)
    opening = asyncio.create_task(gateway.open())  # done with the first report of every line
    while not gateway._attached:
        await asyncio.sleep(0.01)
    print("ready", driver._link.port, flush=True)
    await opening
    await asyncio.Event().wait()


asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES))
