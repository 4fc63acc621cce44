"""The command line as a process of its own that need not import first: a tenth of a second, not two or three."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

NARROW = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    ["pactgraph", "loader.pipeline", "loader.links", "loader.extraction", "endpoint.app", "endpoint.terminal"]
)


def run(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``pactgraph`` with arguments, and variables of the environment besides; give what it said."""
    command = ["pactgraph", *map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("out", "err"):
            (Path(folder) / name).touch()
        (Path(folder) / "in").write_bytes(stdin)
        process = _FORKS.Process(target=_main, args=(command, folder, Path.cwd(), environment))
        process.start()
        process.join()
        out, told = ((Path(folder) / name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err"))
    assert process.exitcode is not None
    assert "Traceback" not in told, told
    return subprocess.CompletedProcess(command, process.exitcode, out, told)


def _main(command: list[str], folder: str, place: Path, environment: dict[str, str]) -> None:
    os.chdir(place)
    os.environ.update(NARROW | environment)
    for number, name in enumerate(("in", "out", "err")):
        handle = os.open(os.path.join(folder, name), os.O_RDWR)  # noqa: PTH118 (a file that stays open)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w", buffering=1)  # noqa: SIM115 (as Python starts)
    sys.argv = command
    from pactgraph import main

    main()
