"""A real Asterisk: nothing but its core, which has the manager, on loopback and in a folder of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
import secrets
import subprocess

from tests.simulators.simulator import LOOPBACK

ALL, FEW, ELSEWHERE = "all", "few", "elsewhere"
"""Accounts: one that may do all, one that may run no commands, one for another address than ours."""

SECRET = "s3cret"

# Its standard input is open as long as we are there, so it ends with us whatever becomes of us.
_RUN = """
timeout --kill-after=5 300 "$@" </dev/null &
exec >/dev/null 2>&1
read -r _
kill $!
wait $!
"""

_READY = "Asterisk Ready."
_PORT_TAKEN = "Unable to bind AMI server"

_MANAGER = """
[general]
enabled = yes
bindaddr = {host}
port = {port}
displayconnects = no

[{all}]
secret = {secret}
read = all
write = all

[{few}]
secret = {secret}
read = call
write = call

[{elsewhere}]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = 192.0.2.1
read = all
write = all
"""

_FOLDERS = """
[directories]
astetcdir => {own}
astmoddir => {own}
astvarlibdir => {own}
astdbdir => {own}
astkeydir => {own}
astagidir => {own}
astcachedir => {own}
astspooldir => {own}
astrundir => {own}
astlogdir => {own}
astdatadir => {installed}/usr/share/asterisk
"""


@contextmanager
def running(installed: Path, folder: Path) -> Iterator[int]:
    """Run it while the block lasts, and give the port of its manager, which is open then."""
    while True:
        port = 20000 + secrets.randbelow(12000)
        _configure(installed, folder, port)
        with _started(installed, folder) as log:
            if _PORT_TAKEN in log:
                continue
            yield port
            return


def _configure(installed: Path, own: Path, port: int) -> None:
    names = {"all": ALL, "few": FEW, "elsewhere": ELSEWHERE}
    files = {
        "asterisk.conf": _FOLDERS.format(own=own, installed=installed),
        "logger.conf": "[logfiles]\nconsole => error\n",
        "modules.conf": "[modules]\nautoload = no\n",
        "manager.conf": _MANAGER.format(host=LOOPBACK, port=port, secret=SECRET, **names),
    }
    for name, text in files.items():
        (own / name).write_text(text)


@contextmanager
def _started(installed: Path, own: Path) -> Iterator[str]:
    """Start the process and give what it said until it was ready; it is gone at the end."""
    asterisk = [installed / "usr/sbin/asterisk", "-f", "-n", "-C", own / "asterisk.conf"]
    with subprocess.Popen(  # noqa: S603 - what script/setup fetched
        ["/bin/sh", "-c", _RUN, "sh", *asterisk],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # an interrupt at the terminal is for us
    ) as process:
        assert process.stdout is not None
        log = ""
        while _READY not in log:
            line = process.stdout.readline()
            assert line, f"Asterisk ended at its start:\n{log}"
            log += line
        yield log
