"""A server of a language model that speaks the chat protocol of OpenAI: one question, one answer, within limits."""

from __future__ import annotations

import http.client
import ipaddress
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST = 4 << 20  # bytes of an answer
_PIECE = 1 << 16
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})  # refusals that may pass
_PAUSES = (0.5, 2.0, 8.0)  # seconds before each further attempt
_LONGEST_PAUSE = 30.0  # seconds that a server may ask for


class ServerError(Exception):
    """The server gave no answer; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where a language model answers: ``url`` is what "/chat/completions" is put behind.

    ``seconds`` is for one question with all attempts, ``attempts`` how often it is put at most. ``key`` goes into the
    request's header and is shown nowhere. Raises ServerError where the address is none, or where a key would travel
    unencrypted to another machine.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    seconds: float = 120.0
    attempts: int = 3
    pause: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if parts.scheme not in ("http", "https") or not host or parts.username or parts.query or parts.fragment:
            message = (
                f"{self.url!r} is no address of a server; one begins with http:// or https:// and ends with a path."
            )
            raise ServerError(message)
        if self.key and parts.scheme == "http" and not _is_here(host):
            message = f"The key would go to {host} unencrypted; name an https:// address."
            raise ServerError(message)
        if self.key and not (self.key.isascii() and self.key.isprintable()):
            message = "The key has characters that no header can hold."
            raise ServerError(message)

    def ask(self, instructions: str, text: str, schema: dict[str, Any]) -> str:
        """Return the words of the answer to a text. Raises ServerError where there is none within the limits."""
        body = json.dumps(
            {
                "model": self.model,
                "temperature": 0,
                "messages": [{"role": "system", "content": instructions}, {"role": "user", "content": text}],
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "statements", "strict": True, "schema": schema},
                },
            }
        ).encode()
        end = time.monotonic() + self.seconds
        for attempt in range(self.attempts):
            try:
                return _words(self._answer(body, end))
            except _TryAgainError as error:
                pause = error.after if error.after is not None else _PAUSES[min(attempt, len(_PAUSES) - 1)]
                if attempt + 1 == self.attempts or time.monotonic() + pause >= end:
                    raise ServerError(str(error)) from error
                self.pause(pause)
        message = "The server was asked no question."
        raise ServerError(message)

    def _answer(self, body: bytes, end: float) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        address = self.url.rstrip("/") + "/chat/completions"
        request = urllib.request.Request(address, body, headers)  # noqa: S310 (http and https only, see above)
        left = end - time.monotonic()
        try:
            with _OPENER.open(request, timeout=max(left, 0.01)) as answer:
                return _read(answer, end)
        except urllib.error.HTTPError as error:
            with error:
                message = f"The server answered with status {error.code}."
                if error.code in _AGAIN:
                    raise _TryAgainError(message, _after(error.headers.get("Retry-After"))) from error
                raise ServerError(message) from error
        except TimeoutError as error:
            message = "The server took too long to answer."
            raise ServerError(message) from error
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, urllib.error.URLError) and isinstance(error.reason, TimeoutError):
                message = "The server took too long to answer."
                raise ServerError(message) from error
            message = "The server cannot be reached, or it broke off its answer."
            raise _TryAgainError(message) from error


class _TryAgainError(Exception):
    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the article and the key go where the user said, and nowhere else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _read(answer: http.client.HTTPResponse, end: float) -> bytes:
    found = bytearray()
    while piece := answer.read1(_PIECE):
        found += piece
        if len(found) > _MOST:
            message = f"The answer is longer than {_MOST >> 20} MB."
            raise ServerError(message)
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(found)


def _words(answer: bytes) -> str:
    try:
        choice = json.loads(answer)["choices"][0]
        words = choice["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        message = "The server's answer is not of the chat protocol."
        raise ServerError(message) from error
    if not isinstance(words, str):
        message = "The server's answer has no words."
        raise ServerError(message)
    if choice.get("finish_reason") == "length":
        message = "The model's answer was cut off."
        raise ServerError(message)
    return words


def _after(header: str | None) -> float | None:
    """Return the seconds that a server asks to wait, at most half a minute; None where it names no number."""
    if header is None or not header.strip().isdecimal():
        return None
    return min(float(header), _LONGEST_PAUSE)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
