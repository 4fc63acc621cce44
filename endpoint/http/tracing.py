"""Spans of OpenTelemetry for answered requests, where its API is installed (the extra ``otel``); else nothing.

A span bears the attributes that the semantic conventions for HTTP servers and databases name, the query itself not
among them: its hash is that of the logs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

try:
    from opentelemetry import trace
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError:  # the extra is not installed
    trace = None  # type: ignore[assignment]  # what the rest of the module asks for

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = {"method": "http.request.method", "status": "http.response.status_code", "path": "url.path"} | {
    "client": "client.address",
    "form": "db.operation.name",
    "query": "pactgraph.query.hash",
    "id": "pactgraph.request.id",
    "snapshot": "pactgraph.snapshot",
}


def record(entry: Mapping[str, Any], seconds: float) -> None:
    """Tell the configured tracer, if there is one, of a request that has just been answered in ``seconds``."""
    if trace is None:
        return
    end = time.time_ns()
    name = f"{entry['method']} {entry['path']}" + (f" {entry['form']}" if entry["form"] else "")
    attributes = {_NAMES[key]: value for key, value in entry.items() if key in _NAMES and value not in (None, "")}
    span = trace.get_tracer("pactgraph").start_span(
        name,
        kind=SpanKind.SERVER,
        attributes={"db.system.name": "pactgraph", **attributes},
        start_time=end - int(seconds * 1e9),
    )
    if entry["status"] >= 500:
        span.set_status(Status(StatusCode.ERROR))
    span.end(end)


def is_wanted() -> bool:
    """Whether a tracer is configured that keeps spans; without one nothing need be told."""
    return trace is not None and not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
