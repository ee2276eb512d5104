"""The worker of the coverage-guided run: one target, in a process of its own, driven by atheris (libFuzzer).

Arguments: the target, how many inputs, a seed, the folder of the corpus, a folder for what is found. All that
libFuzzer says goes to stderr.
"""

import gc
from pathlib import Path
from random import Random
import sys
import traceback

import atheris

_LIBRARY = "custom_components.gsm_gateway.aiogsm"

with atheris.instrument_imports(include=[_LIBRARY]):
    from .targets import TARGETS

_HANGS_AFTER = 20  # seconds: not how slow an input may be, but that the run comes to an end
_MEGABYTES = 2048


class _Findings:
    """What was found: of those that end at the same place the shortest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shortest: dict[str, int] = {}

    def note(self, error: Exception, data: bytes) -> None:
        frames = traceback.extract_tb(error.__traceback__)[-2:]
        place = "_".join(f"{Path(frame.filename).stem}-{frame.lineno}" for frame in frames)
        name = f"{type(error).__name__}_{place}"
        if len(data) >= self._shortest.get(name, len(data) + 1):
            return
        self._shortest[name] = len(data)
        told = "".join(traceback.format_exception(error))
        (self._folder / f"{name}.txt").write_text(f"{data!r}\n\n{told}", errors="replace")


def main(name: str, inputs: str, seed: str, corpus: str, found: str) -> None:
    """Fuzz one target; the process ends in here."""
    target, findings = TARGETS[name], _Findings(Path(found))

    def _run(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 - any at all is what is looked for
            findings.note(error, data)

    def _mutate(data: bytes, most: int, number: int) -> bytes:
        random = Random(number)
        kind = random.random()
        if kind < 0.1:
            return target.make(random)[:most]
        if kind < 0.6:
            return target.mutate(random, data)[:most]
        return bytes(atheris.Mutate(data, most))

    options = (
        f"-runs={inputs}",
        f"-seed={seed}",
        f"-max_len={target.longest}",
        f"-timeout={_HANGS_AFTER}",
        f"-rss_limit_mb={_MEGABYTES}",
        f"-artifact_prefix={found}/",
        "-len_control=0",
        "-print_final_stats=1",
    )
    atheris.Setup([sys.argv[0], *options, corpus], _run, custom_mutator=_mutate)
    gc.freeze()
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
