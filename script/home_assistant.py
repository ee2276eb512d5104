"""Starts a real Home Assistant in a folder of its own and speaks to it as its frontend does."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from datetime import UTC, datetime
import json
from pathlib import Path
import sys
from typing import Any

import aiohttp
from homeassistant.components.http.config import HTTP_STORAGE_SCHEMA, STORAGE_VERSION

START_TIMEOUT = 150.0
"""Seconds that the first start may take; it may fetch packages."""


def log_tail(config: Path, lines: int = 40) -> str:
    """Give the end of what a Home Assistant in this folder printed, if it did."""
    log = config / "output.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(none)"


class HomeAssistant:
    """One running Home Assistant on 127.0.0.1."""

    def __init__(self, config: Path, port: int) -> None:
        """Remember where it lives and listens; nothing is started yet."""
        self.config = config
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._session: aiohttp.ClientSession | None = None

    def prepare(self, files: dict[str, str], integration: Path) -> None:
        """Lay the config folder: these files, the integration, no onboarding, this host only."""
        storage = self.config / ".storage"
        storage.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (self.config / name).write_text(text)
        components = self.config / "custom_components"
        components.mkdir(exist_ok=True)
        link = components / integration.name
        link.unlink(missing_ok=True)
        link.symlink_to(integration.resolve())
        steps = ["user", "core_config", "analytics", "integration"]
        self._store("onboarding", 4, {"done": steps})
        # Settings from YAML would be a trial that is taken back after five minutes.
        address = {"server_host": ["127.0.0.1"], "server_port": self._port}
        said = {"created_at": datetime.now(UTC).isoformat(), "error": None, "error_message": None}
        stable = {**HTTP_STORAGE_SCHEMA(address), **said}
        self._store("http", STORAGE_VERSION, {"stable": stable, "pending": None, "yaml_migration_done": True})

    def _store(self, key: str, version: int, data: dict[str, Any]) -> None:
        path = self.config / ".storage" / key
        if not path.exists() or key == "http":
            document = {"version": version, "minor_version": 1, "key": key, "data": data}
            path.write_text(json.dumps(document))

    async def add_user(self, name: str, password: str) -> None:
        """Add a user who may log in. Harmless where there is one already."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "homeassistant", "--script", "auth", "-c", str(self.config)),
            *("add", name, password),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await process.wait()

    async def start(self) -> None:
        """Start it and wait until it runs. Raise RuntimeError with the end of its log when it does not."""
        log = (self.config / "output.log").open("wb")
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "homeassistant", "-c", str(self.config)), stdout=log, stderr=log
        )
        log.close()
        self._session = aiohttp.ClientSession()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT):
                while self._process.returncode is None:
                    if await self._answers():
                        return
                    await asyncio.sleep(0.3)
        raise RuntimeError(f"Home Assistant did not start:\n{log_tail(self.config)}")

    async def _answers(self) -> bool:
        assert self._session is not None
        try:
            async with self._session.get(f"{self.url}/auth/providers") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def log_in(self, name: str, password: str) -> dict[str, Any]:
        """Log in as the frontend does, and keep the token. Give the tokens."""
        assert self._session is not None
        client = f"{self.url}/"
        start = {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client}
        flow = await self._json("POST", "/auth/login_flow", json=start)
        step = {"client_id": client, "username": name, "password": password}
        code = (await self._json("POST", f"/auth/login_flow/{flow['flow_id']}", json=step))["result"]
        form = {"grant_type": "authorization_code", "code": code, "client_id": client}
        tokens = await self._json("POST", "/auth/token", data=form)
        self._session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        return {**tokens, "hassUrl": self.url, "clientId": client}

    async def _json(self, method: str, path: str, **kwargs: Any) -> Any:
        assert self._session is not None
        async with self._session.request(method, self.url + path, **kwargs) as response:
            text = await response.text()
            if response.status >= 400:
                raise RuntimeError(f"{method} {path}: {response.status} {text[:500]}")
            return json.loads(text)

    async def get(self, path: str) -> Any:
        """GET a path of the REST API."""
        return await self._json("GET", path)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """POST to a path of the REST API."""
        return await self._json("POST", path, json=body or {})

    async def act(self, action: str, data: dict[str, Any]) -> Any:
        """Call an action and give its response."""
        domain, name = action.split(".")
        result = await self.post(f"/api/services/{domain}/{name}?return_response", data)
        return result["service_response"]

    async def wait_until_running(self) -> None:
        """Wait until Home Assistant says that it has started."""
        async with asyncio.timeout(START_TIMEOUT):
            while (await self.get("/api/config"))["state"] != "RUNNING":
                await asyncio.sleep(0.3)

    @contextlib.asynccontextmanager
    async def websocket(self, token: str) -> AsyncIterator[WebSocket]:
        """Open the WebSocket API."""
        assert self._session is not None
        async with self._session.ws_connect(f"{self.url}/api/websocket") as connection:
            await connection.receive_json()
            await connection.send_json({"type": "auth", "access_token": token})
            await connection.receive_json()
            yield WebSocket(connection)

    async def stop(self) -> None:
        """Stop it as a service manager would."""
        if self._session is not None:
            await self._session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(30):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


class WebSocket:
    """The WebSocket API: questions, and events to wait for."""

    def __init__(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        """Use an authenticated connection."""
        self._connection = connection
        self._ids = iter(range(1, sys.maxsize))
        self._events: list[dict[str, Any]] = []

    async def ask(self, kind: str, **data: Any) -> Any:
        """Ask something and give the result."""
        number = next(self._ids)
        await self._connection.send_json({"id": number, "type": kind, **data})
        while True:
            message = await self._connection.receive_json()
            if message["type"] == "event":
                self._events.append(message["event"])
            elif message["id"] == number:
                if not message["success"]:
                    raise RuntimeError(f"{kind}: {message['error']}")
                return message.get("result")

    async def subscribe(self, event_type: str) -> None:
        """Collect events of a type from now on."""
        await self.ask("subscribe_events", event_type=event_type)

    async def event(self, **wanted: Any) -> dict[str, Any]:
        """Wait for the first event with this data, and give its data."""
        async with asyncio.timeout(30):
            while True:
                for event in self._events:
                    if event["data"].items() >= wanted.items():
                        self._events.remove(event)
                        return event["data"]
                message = await self._connection.receive_json()
                if message["type"] == "event":
                    self._events.append(message["event"])
