"""What the logs hold of requests: one JSON line for each where that is wanted, and every slow query with its text."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass

from endpoint.http import tracing

_ACCESS = logging.getLogger("pactgraph.access")
_SLOW = logging.getLogger("pactgraph.slow")
_SHOWN = 4000  # characters of a slow query that its log shows


@dataclass(frozen=True, slots=True)
class Entry:
    """A request as it is logged: its id, who sent it, what it asked, and the status it had; 499 where nobody waited."""

    identifier: str
    client: str
    method: str
    path: str
    status: int
    form: str
    query: str


class Journal:
    """Writes the logs; a query that took ``slow`` seconds or more is a slow one."""

    def __init__(self, slow: float) -> None:
        self._slow = slow
        self._traced = tracing.is_wanted()

    @property
    def wants_all(self) -> bool:
        """Whether each request is written down, or told to a tracer."""
        return self._traced or _ACCESS.isEnabledFor(logging.INFO)

    def record(self, entry: Entry, seconds: float) -> None:
        """Write down a request that took so many seconds, where it is wanted."""
        slow = seconds >= self._slow and entry.query
        if not slow and not self.wants_all:
            return
        line = {
            "id": entry.identifier,
            "client": entry.client,
            "method": entry.method,
            "path": entry.path,
            "status": entry.status,
            "seconds": round(seconds, 6),
            "form": entry.form,
            "query": hashlib.sha256(entry.query.encode()).hexdigest()[:16] if entry.query else None,
        }
        _ACCESS.info("%s", json.dumps(line))
        tracing.record(line, seconds)
        if slow:
            _SLOW.warning("%s", json.dumps(line | {"text": entry.query[:_SHOWN]}))
