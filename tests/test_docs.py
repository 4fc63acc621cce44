"""The documentation tells the truth: its console blocks are run, and show what is written under them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import SEED, answering

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
WITH_COMMANDS = [page for page in PAGES if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Path, dict[str, str], list[subprocess.Popen[str]]]]:
    """Return a folder with an article in it, and an environment in which ``pactgraph`` is at hand."""
    shutil.copy(SEED, tmp_path / "article.txt")
    (tmp_path / "articles").mkdir()
    shutil.copy(SEED, tmp_path / "articles" / "japan.txt")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "118", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    environment.pop("PACTGRAPH_STORE", None)
    running: list[subprocess.Popen[str]] = []
    yield tmp_path, environment, running
    for process in running:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_of_the_page_do_what_it_says(
    page: Path, desk: tuple[Path, dict[str, str], list[subprocess.Popen[str]]]
) -> None:
    folder, environment, running = desk
    port = "8000"
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        for command, expected in COMMAND.findall(block[1]):
            # a page speaks of the default port, which may be taken where it is tested
            line = command.replace("\n> ", "\n").replace("8000", port)
            if "pactgraph serve" in line:
                running.append(start(f"{line.removesuffix('&').strip()} --port 0", folder, environment))
                port = answering(running[-1]).rpartition(":")[2]
                continue
            done = subprocess.run(
                ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            output = (done.stdout + done.stderr).replace(port, "8000")
            assert agree(expected, output), f"$ {command}\n{output}\nThe page says:\n{expected}"


def start(line: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["bash", "-c", f"exec {line}"],
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def agree(expected: str, output: str) -> bool:
    """Whether the output is the expected one, blanks at line ends aside; ``...`` stands for anything."""
    tidy = ["\n".join(line.rstrip() for line in text.strip().split("\n")) for text in (expected, output)]
    pattern = re.escape(tidy[0]).replace(r"\.\.\.", r"(?s:.*?)")
    return re.fullmatch(pattern, tidy[1]) is not None
