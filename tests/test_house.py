"""The house itself: its style, its types, the direction of its arrows."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run(*command: str) -> None:
    """Run a tool of the virtual environment over the sources; show what it says when it refuses."""
    tool = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert tool, f"{command[0]} is not installed beside {sys.executable}"
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sources_keep_the_rules_of_style() -> None:
    run("ruff", "check", ".")


def test_the_sources_are_formatted() -> None:
    run("ruff", "format", "--check", ".")


def test_the_types_hold() -> None:
    run("mypy")


def test_the_arrows_between_the_rooms_run_one_way() -> None:
    run("lint-imports", "--config", "pyproject.toml")


@pytest.mark.parametrize("wing", ["ontology", "loader", "endpoint"])
def test_every_module_says_what_it_is_for(wing: str) -> None:
    silent = [path.relative_to(ROOT) for path in ROOT.glob(f"{wing}/**/*.py") if not path.read_text().startswith('"""')]
    assert silent == []
