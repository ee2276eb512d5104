"""Run both simulated boxes, or make something happen in running ones: see `--help`."""

import argparse
import asyncio
from itertools import cycle
import signal
import sys

from .control import Control, ControlError, Json, ask
from .goip import DEFAULT_SERVER_PORT, GoIP
from .neogate import DEFAULT_PASSWORD, NeoGate
from .neogate_span import NO_SIM
from .simulator import LOOPBACK, Ussd

NEOGATE_PORT = 5038
CONTROL_PORT = 45700
BALANCE_CODE = "*100#"
BALANCE = "Balance: 12.34 EUR"
SEARCHING_INTERVAL = 2.0
KEEPALIVE_INTERVAL = 10.0
SEND_SECONDS = 1.0
REPORT_SECONDS = 2.0
REBOOT_SECONDS = 5.0
MAX_LINES = 32

# What the SIMs of both boxes are given, in turn: a network, the signal (CSQ), minutes of calls that are left.
SIMS = (("Polaris", 27, 42), ("Meridian", 19, -1), ("Fjordtel", 12, 118), ("Alpina Mobile", 22, 7))

# What each command of the control port takes, in order: name, help, arguments.
COMMANDS = (
    ("list", "show the lines, and what the boxes have sent and received", ()),
    ("outbox", "show the texts that the boxes have given to the network", ()),
    ("sms", "let a text arrive", ("LINE", "FROM", "TEXT")),
    ("call", "let a call arrive: it rings, is answered and ends", ("LINE", "FROM")),
    ("signal", "change a line's signal (0-31, 99 for unknown)", ("LINE", "CSQ")),
    ("fail", "let the line's next text fail", ("LINE",)),
    ("ussd", "set what a USSD code answers", ("LINE", "CODE", "ANSWER")),
    ("reboot", "restart a line, or a box by the name neogate or goip", ("LINE",)),
)
ARGUMENT_HELP = {
    "LINE": "tg1, tg2, ... are the NeoGate's ports; goip1, goip2, ... the GoIP's lines",
    "FROM": "the number of the other party",
    "TEXT": "the text",
    "CSQ": "the signal",
    "CODE": f"the code, such as {BALANCE_CODE}",
    "ANSWER": "the network's answer",
}


def _say(text: str) -> None:
    """Write one line, whatever letters it holds."""
    sys.stdout.write(text.encode(errors="replace").decode().replace("\n", "\\n") + "\n")
    sys.stdout.flush()


def _server(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host.startswith("127.") or not port.isdecimal():
        raise argparse.ArgumentTypeError("an address of this machine is wanted, such as 127.0.0.1:44444")
    return host, int(port)


def _line_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LINES:
        raise argparse.ArgumentTypeError(f"1 to {MAX_LINES} lines")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="script/simulate",
        description="A NeoGate TG and a GoIP to try things with, on loopback addresses only.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    control = argparse.ArgumentParser(add_help=False)
    control.add_argument(
        "--control-port", type=int, default=CONTROL_PORT, help="TCP port of the control plane (%(default)s)"
    )
    run = commands.add_parser("run", parents=[control], help="run both boxes until interrupted")
    run.add_argument(
        "--neogate-port", type=int, default=NEOGATE_PORT, help="TCP port of the NeoGate (%(default)s)"
    )
    run.add_argument(
        "--goip-server",
        type=_server,
        default=(LOOPBACK, DEFAULT_SERVER_PORT),
        metavar="HOST:PORT",
        help=f"where the GoIP registers its lines ({LOOPBACK}:{DEFAULT_SERVER_PORT})",
    )
    run.add_argument(
        "--lines",
        type=_line_count,
        default=4,
        help="ports of the NeoGate and lines of the GoIP (%(default)s)",
    )
    run.add_argument("--user", default="apiuser", help="the NeoGate's API user (%(default)s)")
    run.add_argument("--password", default=DEFAULT_PASSWORD, help="the password of both (%(default)s)")
    run.add_argument(
        "--for", dest="seconds", type=float, metavar="SECONDS", help="stop by itself after this time"
    )
    for name, text, arguments in COMMANDS:
        command = commands.add_parser(name, parents=[control], help=text, description=text)
        for argument in arguments:
            kind = int if argument == "CSQ" else str
            command.add_argument(argument.lower(), metavar=argument, type=kind, help=ARGUMENT_HELP[argument])
    return parser


async def _run(options: argparse.Namespace) -> None:
    neogate = NeoGate(
        ports=options.lines,
        port=options.neogate_port,
        user=options.user,
        password=options.password,
        without_sim=[options.lines] if options.lines > 1 else [],
        result_delay=SEND_SECONDS,
        boot_time=REBOOT_SECONDS,
        reboot_time=REBOOT_SECONDS,
        on_event=_say,
    )
    goip = GoIP(
        lines=options.lines,
        server=options.goip_server,
        password=options.password,
        keepalive_interval=KEEPALIVE_INTERVAL,
        searching_interval=SEARCHING_INTERVAL,
        send_time=SEND_SECONDS,
        deliver_after=REPORT_SECONDS,
        reboot_time=REBOOT_SECONDS,
        on_event=_say,
    )
    _insert_sims(neogate, goip)
    for index, line in enumerate(neogate.line_names):
        neogate.teach_ussd(line, BALANCE_CODE, Ussd(text=BALANCE, coding=72 if index % 2 else 15))
    for line in goip.line_names:
        goip.teach_ussd(line, BALANCE_CODE, Ussd(text=BALANCE))
    control = Control(neogate, goip, port=options.control_port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with neogate, goip:
        await control.start()
        _say(f"neogate: {LOOPBACK}:{neogate.port}, user {neogate.user}, {', '.join(neogate.line_names)}")
        _say(f"goip: registers {', '.join(goip.line_names)} at {goip.server[0]}:{goip.server[1]}")
        _say(f"control: {LOOPBACK}:{control.port}")
        try:
            async with asyncio.timeout(options.seconds):
                await stop.wait()
        except TimeoutError:
            _say("time is up")
        finally:
            await control.stop()


def _insert_sims(neogate: NeoGate, goip: GoIP) -> None:
    """Give every port a SIM of its own, so that they can be told apart on a screen."""
    for span, (network, csq, _) in zip(neogate.spans.values(), cycle(SIMS), strict=False):
        if span.link != NO_SIM:
            span.operator, span.csq = network, csq
    for line, (network, csq, minutes) in zip(goip.lines, cycle(SIMS), strict=False):
        line.state.operator, line.state.csq, line.state.remain_time = network, csq, minutes


def _show(answer: Json) -> None:
    """Print a command's answer: one line for each thing in it."""
    for name, value in answer.items():
        entries = value if isinstance(value, list) else [value]
        for entry in entries:
            if isinstance(entry, dict):
                _show_object(entry)
            else:
                _say(f"  {name}: {entry}")


def _show_object(entry: Json) -> None:
    plain = {name: value for name, value in entry.items() if not isinstance(value, list)}
    _say("  ".join(f"{name}={value}" for name, value in plain.items()))
    _show({name: value for name, value in entry.items() if isinstance(value, list)})


def main() -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args()
    try:
        if options.command == "run":
            asyncio.run(_run(options))
        else:
            port = options.control_port
            request = {name: value for name, value in vars(options).items() if name != "control_port"}
            _show(asyncio.run(ask(port, request)))
    except ControlError as error:
        sys.stderr.write(f"simulate: {error}\n")
        return 1
    except OSError as error:
        hint = "" if options.command == "run" else " (is `script/simulate run` running?)"
        sys.stderr.write(f"simulate: {error}{hint}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
