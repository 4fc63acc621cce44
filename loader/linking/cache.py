"""The answers of live services, kept with their dates: one SQLite file of raw answers, by request."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was kept: its raw body, and when it came (seconds of the Unix epoch)."""

    body: bytes
    came: float


class Cache:
    """Keeps raw answers by request; close it, or use it as a context."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS answer (request TEXT PRIMARY KEY, came REAL NOT NULL, body BLOB NOT NULL)"
        )

    def get(self, request: str) -> Kept | None:
        """Return what was answered to a request, or None."""
        row = self._connection.execute("SELECT body, came FROM answer WHERE request = ?", (request,)).fetchone()
        return None if row is None else Kept(*row)

    def put(self, request: str, body: bytes, came: float) -> None:
        """Keep an answer in the place of an older one."""
        self.put_all({request: body}, came)

    def put_all(self, answers: Mapping[str, bytes], came: float) -> None:
        """Keep the answers to several requests, all or none, in the place of older ones."""
        rows = [(request, came, body) for request, body in answers.items()]
        with self._connection:
            self._connection.executemany("INSERT OR REPLACE INTO answer VALUES (?, ?, ?)", rows)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
