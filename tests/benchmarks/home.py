"""A real Home Assistant in a process of its own, on a folder that is gone afterwards.

In it there is a probe, which tells when events come and answers what is asked about the process.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
import json
from pathlib import Path
import signal
import socket
import sys
import tempfile
from typing import Any

from .contender import ENVIRONMENT, ROOT
from .cpu import cpu_seconds, resident_bytes

INTEGRATION = ROOT / "custom_components" / "gsm_gateway"
COMPONENTS = Path(__file__).parent / "contenders" / "components"
OURS_DOMAIN, BARE_DOMAIN = "gsm_gateway", "bench_bare"

_PATIENCE = 240.0  # seconds until it must have started: a thousand lines have some 20,000 entities
_ENTRIES_VERSION = (1, 5)
_MOST_ANSWERED = 1 << 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A config entry as Home Assistant keeps it."""

    domain: str
    entry_id: str
    data: dict[str, Any]

    def kept(self) -> dict[str, Any]:
        """Write it as it stands in the folder."""
        now = datetime.now(UTC).isoformat()
        return {
            "created_at": now,
            "modified_at": now,
            "data": self.data,
            "discovery_keys": {},
            "disabled_by": None,
            "domain": self.domain,
            "entry_id": self.entry_id,
            "minor_version": 1,
            "options": {},
            "pref_disable_new_entities": False,
            "pref_disable_polling": False,
            "source": "user",
            "subentries": [],
            "title": self.entry_id,
            "unique_id": f"id_of_{self.entry_id}",
            "version": 1,
        }


class Home:
    """A Home Assistant that has started."""

    def __init__(self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak to the probe by these."""
        self.pid = pid
        self._reader = reader
        self._writer = writer

    async def ask(self, what: str, **more: object) -> Any:  # noqa: ANN401 (whatever the probe answers)
        """Ask the probe."""
        self._writer.write(json.dumps({"what": what, **more}).encode() + b"\n")
        answer = json.loads(await self._reader.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["answer"]

    def cpu(self) -> float:
        """Give the seconds of a processor that all its threads have taken so far."""
        return cpu_seconds(self.pid)

    async def memory(self) -> int:
        """Give the bytes that it holds of its own, once all that is garbage is gone."""
        await self.ask("settle")
        return resident_bytes(self.pid)


@asynccontextmanager
async def at_home(entries: Sequence[Entry], *, event: str = "", tell: int = 0) -> AsyncIterator[Home]:
    """Run one with these entries until the block is left.

    Of each ``event`` on its bus the UDP port ``tell`` of 127.0.0.1 is sent the time, by the clock that all
    processes of a machine share.
    """
    with tempfile.TemporaryDirectory(prefix="gsm-bench-") as folder:
        config = Path(folder)
        came: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        server = await asyncio.start_server(
            lambda reader, writer: came.put_nowait((reader, writer)), "127.0.0.1", 0, limit=_MOST_ANSWERED
        )
        _lay_out(config, entries, server.sockets[0].getsockname()[1], event, tell)
        process = await _start(config)
        try:
            reader, writer = await _first_word(process, came, config)
            yield Home(process.pid, reader, writer)
            writer.close()
        finally:
            server.close()
            await _end(process)


def _lay_out(config: Path, entries: Sequence[Entry], control: int, event: str, tell: int) -> None:
    storage, components = config / ".storage", config / "custom_components"
    storage.mkdir()
    components.mkdir()
    (components / "__init__.py").touch()  # so that nobody else's is found first
    for component in (INTEGRATION, *(one for one in COMPONENTS.iterdir() if one.name.startswith("bench_"))):
        (components / component.name).symlink_to(component)
    probe = {"control": control, "event": event, "tell": tell}
    settings = {"homeassistant": {"name": "Bench"}, "logger": {"default": "warning"}, "bench_probe": probe}
    (config / "configuration.yaml").write_text(json.dumps(settings))  # which is YAML, too
    version, minor = _ENTRIES_VERSION
    document = {
        "version": version,
        "minor_version": minor,
        "key": "core.config_entries",
        "data": {"entries": [entry.kept() for entry in entries]},
    }
    (storage / "core.config_entries").write_text(json.dumps(document))


async def _start(config: Path) -> asyncio.subprocess.Process:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with (config / "output.log").open("wb") as log:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.benchmarks.launch", "-c", str(config), "--skip-pip"),
            cwd=ROOT, env={**ENVIRONMENT, "SETUP_PORT": str(port)},
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip


async def _first_word(
    process: asyncio.subprocess.Process,
    came: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]],
    config: Path,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Wait for the probe, which speaks up once Home Assistant has started."""
    speaking, ended = asyncio.create_task(came.get()), asyncio.create_task(process.wait())
    try:
        await asyncio.wait({speaking, ended}, timeout=_PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        if not speaking.done():
            raise RuntimeError(f"Home Assistant did not start: {(config / 'output.log').read_text()[-4000:]}")
        return speaking.result()
    finally:
        speaking.cancel()
        ended.cancel()


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGKILL)  # its folder is thrown away
    await process.wait()
