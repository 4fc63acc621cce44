"""What a conditional request asks of the representation that would be its answer (RFC 9110, section 13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from endpoint.protocol.requests import Request


def is_known(request: Request, tag: str) -> bool:
    """Whether the client already holds the answer with this tag (If-None-Match, compared weakly)."""
    given = request.header("if-none-match") or ""
    return any(known.removeprefix("W/") == tag.removeprefix("W/") for known in re.findall(r'(?:W/)?"[^"]*"', given))


def excludes_any(request: Request) -> bool:
    """Whether the client wants no answer where there is one at all (If-None-Match with ``*``)."""
    return (request.header("if-none-match") or "").strip() == "*"


def is_wanted(request: Request, digest: str | None) -> bool:
    """Whether If-Match, where the request has it, names the graph with this digest; None for what has no strong tag."""
    given = request.header("if-match")
    if given is None or given.strip() == "*":
        return True
    return digest in {tag.partition(".")[0] for tag in re.findall(r'(?<!W/)"([^"]*)"', given)}
