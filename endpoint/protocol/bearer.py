"""Who may write: those who send the endpoint's bearer token (RFC 6750)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from endpoint.protocol.requests import ProtocolError

if TYPE_CHECKING:
    from endpoint.protocol.requests import Request


def authorise(request: Request, token: str | None) -> None:
    """Raise ProtocolError 403 where there is no token, so that nobody may write, and 401 without the right one."""
    if token is None:
        raise ProtocolError(403, "This endpoint is read-only: it was started without a token for writing.")
    scheme, _, given = (request.header("authorization") or "").partition(" ")
    if scheme.lower() != "bearer":
        challenge = {"WWW-Authenticate": 'Bearer realm="pactgraph"'}
        raise ProtocolError(401, "Writing needs the bearer token of this endpoint.", challenge)
    if not hmac.compare_digest(given.strip().encode(), token.encode()):
        challenge = {"WWW-Authenticate": 'Bearer realm="pactgraph", error="invalid_token"'}
        raise ProtocolError(401, "The bearer token is not the one of this endpoint.", challenge)
