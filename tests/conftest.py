"""What several tests share: the gold data, where it is at hand, and a real server on a loopback port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import date

    from loader.extraction.reading import Reading

SEED = Path(__file__).parent.parent / "seeds" / "000_a1f631c494d1a9e1.txt"
PACTGRAPH = str(Path(sys.executable).with_name("pactgraph"))


@pytest.fixture(scope="session")
def gold() -> Path:
    """Return the folder of annotated articles that PACTGRAPH_GOLD names."""
    folder = os.environ.get("PACTGRAPH_GOLD")
    if not folder:
        pytest.skip("PACTGRAPH_GOLD does not name the folder of annotated articles")
    assert (Path(folder) / "seed").is_dir(), f"PACTGRAPH_GOLD is {folder}, which holds no seed/"
    return Path(folder)


@pytest.fixture(scope="session")
def seed() -> Path:
    """Return the seed article's file."""
    return SEED


@pytest.fixture(scope="session")
def read() -> Callable[..., Reading]:
    """Return a function that parses a text (and the day it was published) into a Reading with what its names denote."""
    from loader.document import Article, Mention
    from loader.extraction.page import read_page
    from loader.extraction.parse import load_model, parse
    from loader.extraction.reading import Reading
    from loader.registry import Registry

    model, registry = load_model(), Registry.load()

    def build(text: str, published: date | None = None) -> Reading:
        doc = next(parse(model, [text]))
        mentions = tuple(Mention(match.span, match.entity) for match in registry.matches(text))
        return Reading(Article(text, "-", published=published), doc, read_page(text), registry, mentions=mentions)

    return build


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(store: Path, *options: str) -> Iterator[str]:
    """Run ``pactgraph serve`` on a store until the block ends; give its base URL."""
    port = free_port()
    command = [PACTGRAPH, "serve", "--store", str(store), "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url + "/health", process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output


def wait_for(url: str, process: subprocess.Popen[str], seconds: float = 60) -> None:
    """Wait until a URL answers; fail with the process's output if it ends before."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            output, _ = process.communicate()
            pytest.fail(f"the server ended with exit code {process.returncode}:\n{output}")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    pytest.fail(f"{url} did not answer within {seconds} s")


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[str]]:
    """Return the way to run ``pactgraph serve`` on a store: ``with serve(store) as url``."""
    return serving
