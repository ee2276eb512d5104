"""Runs all attacks in their long form and prints the table. Exit code 1 when anything got through.

The attacks are tests: pytest gives each a Home Assistant of its own.
"""

import argparse
import os
from pathlib import Path
import subprocess
import sys
import tempfile

from tests.circumstances import taken

from .amounts import LONG
from .figures import REPORTS, ROWS, Figures, reported, table, write

LONGEST = 1800.0
"""Seconds after which the run is given up."""


def say(text: str) -> None:
    """Print a line."""
    print(f"attacks: {text}", flush=True)  # noqa: T201 - it is a program


def _run(reports: Path, *, short: bool) -> int:
    """Let pytest run them, and give its return code."""
    environment = {**os.environ, REPORTS: str(reports)}
    if not short:
        environment[LONG] = "1"
    pytest = ("-m", "pytest", "--no-header", "--tb=short", "--show-capture=no")
    command = (sys.executable, *pytest, str(Path(__file__).parent))
    return subprocess.run(command, env=environment, timeout=LONGEST, check=False).returncode  # noqa: S603


def _good(figures: dict[str, Figures]) -> bool:
    return figures.keys() == ROWS.keys() and not any(row.through for row in figures.values())


def main() -> int:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="script/attacks", description=__doc__)
    parser.add_argument("--short", action="store_true", help="as much of each as in the tests")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    arguments = parser.parse_args()
    if arguments.write and arguments.short:
        parser.error("the page takes the long form")
    with tempfile.TemporaryDirectory() as folder:
        reports = Path(folder) / "reports"
        code = _run(reports, short=arguments.short)
        figures = reported(reports)
    print(table(figures))  # noqa: T201 - it is a program
    good = code == 0 and _good(figures)
    if arguments.write and good:
        write(figures, taken("script/attacks"))
    say("all is good" if good else "NOT GOOD")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
