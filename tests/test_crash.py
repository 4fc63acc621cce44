"""What a kill in the midst of a write leaves: five moments of those that benchmarks/crash.py takes by the hundred."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture(scope="module")
def crash() -> ModuleType:
    """Return the benchmark as a module."""
    path = Path(__file__).parent.parent / "benchmarks" / "crash.py"
    spec = importlib.util.spec_from_file_location("crash", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_was_acknowledged_before_a_kill_is_there_whole_and_nothing_is_there_in_part(
    crash: ModuleType, tmp_path: Path
) -> None:
    chance = random.Random(7)
    written = {"first": crash.imported(tmp_path, "first"), "killed": False}
    assert written["first"]
    unloaded = {"first": crash.killed(tmp_path, ["unload", crash.DATA + "first"], chance)}
    written["second"] = crash.imported(tmp_path, "second")
    assert written["second"]
    assert crash.faults(tmp_path, written, unloaded) == []

    _, wrong = crash.loading(tmp_path, "articles", chance)
    assert wrong == []
    assert crash.faults(tmp_path, written, unloaded) == []

    file = tmp_path / "killed.nt"
    file.write_text(crash.triples("killed"), encoding="utf-8")
    written["killed"] = crash.killed(tmp_path, ["import", "--graph", crash.DATA + "killed", str(file)], chance)
    for after in (
        2,
        3,
    ):  # in the midst of a PUT, and of an update; the second server starts after the kill of the first
        _, new = crash.served(tmp_path, f"served{after}", chance, after)
        assert sum(new.values()) >= after
        written |= new
    written["last"] = crash.imported(tmp_path, "last")
    assert written["last"]
    assert crash.faults(tmp_path, written, unloaded) == []
