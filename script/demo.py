"""Runs Home Assistant with a simulated NeoGate TG and a simulated GoIP; or checks that all of it works."""

import argparse
import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
import re
import shutil
import signal
import socket
import sys
import tempfile
import time
from typing import Any

from home_assistant import HomeAssistant, WebSocket, log_tail

ROOT = Path(__file__).resolve().parent.parent
INTEGRATION = ROOT / "custom_components" / "gsm_gateway"
DASHBOARD = ROOT / "docs" / "dashboard.yaml"
PORTS = 4
USER = PASSWORD = "demo"  # noqa: S105  # printed at every start, and of no use elsewhere
BOX_USER, BOX_PASSWORD = "apiuser", "apipass"

CONFIGURATION = """\
homeassistant:
  name: GSM Gateway demo
  country: PL
frontend:
history:
logbook:
my:
automation: !include automations.yaml
lovelace:
  dashboards:
    gsm-demo:
      mode: yaml
      title: GSM Gateways
      icon: mdi:sim
      filename: dashboard.yaml
logger:
  default: warning
  logs:
    custom_components.gsm_gateway: debug
"""

AUTOMATIONS = """\
- id: answer
  alias: Answer every text
  triggers:
    - trigger: gsm_gateway.sms_received
  actions:
    - action: gsm_gateway.send_sms
      data:
        device_id: "{{ trigger.device_id }}"
        reply_to: "{{ trigger.message_id }}"
        message: "Home Assistant got: {{ trigger.message }}"
  mode: queued
"""


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on 127.0.0.1."""

    home_assistant: int
    neogate: int
    goip: int
    control: int


DEMO_PORTS = Ports(home_assistant=8123, neogate=5038, goip=44444, control=45700)


def free_ports() -> Ports:
    """Find ports that nobody uses."""
    with contextlib.ExitStack() as stack:
        kinds = (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_STREAM)
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, kind)) for kind in kinds]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return Ports(*(one.getsockname()[1] for one in sockets))


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"demo: {text}", flush=True)


class Simulators:
    """The simulated boxes, in a process of their own."""

    def __init__(self, ports: Ports) -> None:
        """Remember where they listen."""
        self._ports = ports
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start them and wait until they can be asked."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.simulators", "run"),
            *("--neogate-port", str(self._ports.neogate)),
            *("--goip-server", f"127.0.0.1:{self._ports.goip}"),
            *("--control-port", str(self._ports.control)),
            *("--lines", str(PORTS), "--user", BOX_USER, "--password", BOX_PASSWORD),
            cwd=ROOT,
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(20):
            while self._process.returncode is None:
                with contextlib.suppress(OSError):
                    await self.tell("list")
                    return
                await asyncio.sleep(0.1)
        raise RuntimeError("the simulated gateways ended at once; is another demo running?")

    async def tell(self, command: str, **data: Any) -> Any:
        """Have them do something, and give what they answer."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._ports.control)
        writer.write(json.dumps({"command": command, **data}).encode() + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        await writer.wait_closed()
        if not answer["ok"]:
            raise RuntimeError(f"the simulators refuse {command}: {answer['error']}")
        return answer

    async def stop(self) -> None:
        """Stop them."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


async def add_boxes(home: HomeAssistant, ports: Ports) -> None:
    """Add both gateways through the same forms that a person fills in, unless they are there."""
    entries = await home.get("/api/config/config_entries/entry?domain=gsm_gateway")
    titles = {entry["title"] for entry in entries}
    if "NeoGate TG400" not in titles:
        say("adding the NeoGate TG by its form")
        flow = await _choose(home, "neogate")
        address = {"host": "127.0.0.1", "port": ports.neogate, "username": BOX_USER, "password": BOX_PASSWORD}
        await _finish(await home.post(f"/api/config/config_entries/flow/{flow}", address))
    if "GoIP" not in titles:
        say("adding the GoIP: waiting until its lines report")
        flow = await _choose(home, "goip")
        path = f"/api/config/config_entries/flow/{flow}"
        step = await home.post(path, {"port": ports.goip, "password": BOX_PASSWORD})
        while step["type"] == "progress":
            await asyncio.sleep(0.5)
            step = await home.get(path)
        await _finish(await home.post(path))
    await add_contact(home)
    await show_texts(home)


async def _choose(home: HomeAssistant, family: str) -> str:
    flow = await home.post("/api/config/config_entries/flow", {"handler": "gsm_gateway"})
    path = f"/api/config/config_entries/flow/{flow['flow_id']}"
    await home.post(path, {"next_step_id": family})
    return str(flow["flow_id"])


async def _finish(result: dict[str, Any]) -> None:
    if result["type"] != "create_entry":
        raise RuntimeError(f"The form was not accepted: {result.get('errors') or result}")


async def add_contact(home: HomeAssistant) -> None:
    """Give the NeoGate a contact, so that there is somebody to text."""
    entries = await home.get("/api/config/config_entries/entry?domain=gsm_gateway")
    entry = next(entry for entry in entries if entry["title"] == "NeoGate TG400")
    if entry["num_subentries"]:
        return
    path = "/api/config/config_entries/subentries/flow"
    flow = await home.post(path, {"handler": [entry["entry_id"], "contact"]})
    contact = {"name": "Alice", "number": "+15550100001", "trusted": True}
    await _finish(await home.post(f"{path}/{flow['flow_id']}", contact))


async def show_texts(home: HomeAssistant) -> None:
    """Have the events carry the texts, so that the dashboard has something to show."""
    for entry in await home.get("/api/config/config_entries/entry?domain=gsm_gateway"):
        path = "/api/config/config_entries/options/flow"
        form = await home.post(path, {"handler": entry["entry_id"]})
        sections: dict[str, dict[str, Any]] = {field["name"]: {} for field in form["data_schema"]}
        await _finish(
            await home.post(f"{path}/{form['flow_id']}", {**sections, "privacy": {"texts_in_states": True}})
        )
    # Both are opened anew now, and what comes to a NeoGate meanwhile would be lost.
    async with asyncio.timeout(60):
        while not await _both_are_connected(home):
            await asyncio.sleep(0.3)


async def _both_are_connected(home: HomeAssistant) -> bool:
    entries = await home.get("/api/config/config_entries/entry?domain=gsm_gateway")
    states = {state["entity_id"]: state["state"] for state in await home.get("/api/states")}
    connections = ("binary_sensor.neogate_tg400_connection", "binary_sensor.goip_connection")
    return all(entry["state"] == "loaded" for entry in entries) and all(
        states.get(connection) == "on" for connection in connections
    )


@contextlib.asynccontextmanager
async def running(
    config: Path, ports: Ports, dashboard: str | None = None
) -> AsyncIterator[tuple[HomeAssistant, Simulators, dict[str, Any]]]:
    """Start the simulators and Home Assistant with both boxes; stop everything at the end."""
    simulators, home = Simulators(ports), HomeAssistant(config, ports.home_assistant)
    try:
        say("starting the simulated gateways")
        await simulators.start()
        files = {
            "configuration.yaml": CONFIGURATION,
            "automations.yaml": AUTOMATIONS,
            "dashboard.yaml": dashboard or DASHBOARD.read_text(),
        }
        home.prepare(files, INTEGRATION)
        await home.add_user(USER, PASSWORD)
        say("starting Home Assistant (20 s, the first time up to a minute)")
        await home.start()
        tokens = await home.log_in(USER, PASSWORD)
        await home.wait_until_running()
        await add_boxes(home, ports)
        yield home, simulators, tokens
    finally:
        await home.stop()
        await simulators.stop()


async def stay(config: Path) -> int:
    """Run until interrupted."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        async with running(config, DEMO_PORTS) as (home, _, tokens):
            (config / "tokens.json").write_text(json.dumps(tokens))
            say(f"ready: {home.url}/gsm-demo  user: {USER}  password: {PASSWORD}")
            say('in another terminal: script/simulate sms goip1 +15550100002 "Hello"')
            say("Ctrl+C stops it")
            await stop.wait()
            say("stopping")
    except RuntimeError as err:
        say(str(err))
        return 1
    return 0


async def check() -> int:
    """Send, receive and ask on both boxes through Home Assistant's API; say what was seen."""
    begin = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="gsm-gateway-check-"))
    try:
        async with running(folder, free_ports()) as (home, simulators, tokens):
            say(f"Home Assistant {(await home.get('/api/config'))['version']} runs with both gateways")
            async with home.websocket(tokens["access_token"]) as websocket:
                await websocket.subscribe("gsm_gateway_sms_received")
                await websocket.subscribe("gsm_gateway_sms_status")
                for line in ("tg1", "goip1"):
                    await check_line(home, simulators, websocket, line)
            say(await check_states(home))
            say(await check_icons(home))
    except (RuntimeError, TimeoutError, KeyError) as err:
        say(f"FAILED: {type(err).__name__}: {err}; the end of Home Assistant's log:")
        say(log_tail(folder))
        return 1
    finally:
        shutil.rmtree(folder)
    say(f"all of it works ({time.monotonic() - begin:.0f} s)")
    return 0


async def check_line(home: HomeAssistant, simulators: Simulators, websocket: WebSocket, line: str) -> None:
    """Receive a text on a line, see it answered by the automation, send one, ask one USSD."""
    text, sender = f"Grüße an {line} 👋", "+15550100002"
    await simulators.tell("sms", **{"line": line, "from": sender, "text": text})
    event = await websocket.event(message=text)
    where = f"{event['gateway']} port {event['port']}"
    say(f"{line}: received {event['message']!r} from {event['sender']} on {where}")
    answer = await wait_for_text(simulators, f"Home Assistant got: {text}")
    say(f"{line}: the automation answered {answer['number']} by {answer['line']}")
    await websocket.event(recipient=sender, status="sent")
    body = {"device_id": event["device_id"], "recipients": ["+15550100003"], "message": "Test 1+1=2; ok?"}
    sent = (await home.act("gsm_gateway.send_sms", body))["messages"][0]
    if sent["status"] != "sent":
        raise RuntimeError(f"{line}: the text to {sent['recipient']} is {sent['status']}, not sent")
    arrived = await wait_for_text(simulators, "Test 1+1=2; ok?", line)
    say(f"{line}: sent {arrived['text']!r} to {arrived['number']}, status {sent['status']}")
    reply = await home.act("gsm_gateway.send_ussd", {"device_id": event["device_id"], "code": "*100#"})
    say(f"{line}: *100# answers {reply['text']!r}")
    if "12.34" not in reply["text"]:
        raise RuntimeError(f"{line}: an unexpected USSD answer")


async def wait_for_text(simulators: Simulators, text: str, line: str | None = None) -> dict[str, Any]:
    """Wait until a simulator has sent a text to its network."""
    async with asyncio.timeout(30):
        while True:
            for sent in (await simulators.tell("outbox"))["outbox"]:
                if sent["text"] == text and line in (None, sent["line"]):
                    return dict(sent)
            await asyncio.sleep(0.2)


async def check_states(home: HomeAssistant) -> str:
    """Describe the state of the ports as the dashboard shows it."""
    states = {state["entity_id"]: state["state"] for state in await home.get("/api/states")}
    ports = {name: value for name, value in states.items() if name.endswith(("_status", "_signal_strength"))}
    if states["sensor.neogate_tg400_ports_ready"] != "3" or states["sensor.goip_ports_ready"] != "4":
        raise RuntimeError(f"not the ports that were expected: {ports}")
    return f"{len(states)} states, among them {ports}"


async def check_icons(home: HomeAssistant) -> str:
    """Look up all icons that the integration names in the list of the frontend."""
    known = {f"mdi:{icon['name']}" for icon in await home.get("/static/mdi/iconList.json")}
    used = set(re.findall(r"mdi:[a-z0-9-]+", (INTEGRATION / "icons.json").read_text()))
    used |= set(re.findall(r"mdi:[a-z0-9-]+", DASHBOARD.read_text() + CONFIGURATION))
    if unknown := used - known:
        raise RuntimeError(f"icons that do not exist: {', '.join(sorted(unknown))}")
    return f"{len(used)} icons, all of them exist"


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="do it all once, say what was seen, exit 0 or 1")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier demo had set up")
    arguments = parser.parse_args()
    if arguments.check:
        return asyncio.run(check())
    config = ROOT / ".demo"
    if arguments.fresh:
        shutil.rmtree(config, ignore_errors=True)
    config.mkdir(exist_ok=True)
    return asyncio.run(stay(config))


if __name__ == "__main__":
    sys.exit(main())
