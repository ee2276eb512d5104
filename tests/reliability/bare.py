"""The bare process: one gateway with its real store, which is killed from outside or by its own knife."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
import signal
import sys

from .home import Home, local_time
from .knife import Knife
from .plan import Plan
from .skip import Leaps


async def _run(folder: Path, knife: Knife) -> None:
    loop, plan, leaps = asyncio.get_running_loop(), Plan.load(folder), Leaps()
    leaps.obey(loop)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    home = Home(plan, folder, lambda: local_time(leaps.seconds), knife)
    await home.open()
    sending = loop.create_task(home.send_all())
    await stop.wait()
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    await home.close()


def main(arguments: Sequence[str]) -> int:
    """Run in the folder that is the first argument, with the knife that is the second."""
    assert "homeassistant" not in sys.modules
    folder, knife = arguments
    asyncio.run(_run(Path(folder), Knife.parse(knife)))
    return 0
