"""Whether the endpoint lives and answers: the state that /health tells, and its response as bytes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from endpoint.http.exchange import SECURITY

if TYPE_CHECKING:
    from endpoint.execution.engine import Engine

_HEADERS = {
    "content-type": "application/json",
    "cache-control": "no-store",
    "access-control-allow-origin": "*",
    "content-security-policy": "default-src 'none'",
    **SECURITY,
}
_LINES = "".join(f"{name.lower()}: {value}\r\n" for name, value in _HEADERS.items()).encode()


def state_of(engine: Engine) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status of the endpoint, 503 before its first snapshot, and what there is to say of it."""
    generation = engine.current
    if generation is None:
        return 503, {"live": True, "ready": False}
    return 200, {
        "live": True,
        "ready": True,
        "snapshot": generation.number,
        "held": "in memory" if generation.in_memory else "on disk",
        "age": round(max(0.0, time.time() - generation.since), 3),
        "workers": len(generation.workers),
        "running": sum(engine.admission.running.values()),
        "waiting": sum(engine.admission.waiting.values()),
    }


def response_of(engine: Engine) -> tuple[int, bytes, bytes]:
    """Return the status, the header lines and the body of the response to GET /health."""
    status, state = state_of(engine)
    body = json.dumps(state).encode()
    return status, b"%bcontent-length: %d\r\n" % (_LINES, len(body)), body
