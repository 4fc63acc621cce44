"""Carries requests to a live service politely: one at a time, paced, and as often as the service allows.

Keeps to the etiquette of the MediaWiki API: a User-Agent that names a contact, answers packed with gzip,
``Retry-After`` in both of its forms (RFC 9110, section 10.2.3), ``maxlag`` with five seconds at least. A service that
asks to wait too long, or too often, is asked nothing more.
"""

from __future__ import annotations

import http.client
import json
import platform
import threading
import time
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loader.linking.cache import Cache

_PYTHON = platform.python_version()  # that of urllib too
_LARGEST = 16_000_000  # bytes of an answer
_BUSY: Final = {429, 502, 503, 504}
_LATER: Final = {"maxlag", "ratelimited", "readonly"}  # errors of MediaWiki with which it may answer with status 200
_LAG = 5.0  # seconds to wait for a service that lags, unless it says for how long


class LiveError(Exception):
    """A live look-up that failed, which says nothing about whether there is a match; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a live service is asked. ``contact`` is an address that its operators can write to; there is no default.

    Times in seconds: ``pause`` between two requests, ``patience`` for one answer, ``longest`` that a service may ask to
    wait, ``fresh`` for which a kept answer is good. ``offline`` asks nobody and takes what was kept, of any age.
    """

    contact: str
    offline: bool = False
    pause: float = 1.0
    patience: float = 30.0
    longest: float = 120.0
    tries: int = 4
    fresh: float = 30 * 86400.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came over HTTP; the names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Courier:
    """Asks live services, one request at a time. ``clock`` tells the seconds of the Unix epoch.

    Without a cache, no answer is kept. ``accept`` is the media type that is asked for, JSON of some kind.
    """

    settings: Settings
    cache: Cache | None
    agent: str = "pactgraph"
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    accept: str = "application/json"
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _next: float = 0.0
    _stopped: str = ""

    def __post_init__(self) -> None:
        if self.settings.offline:
            return  # nobody is asked
        if "@" not in self.settings.contact and not self.settings.contact.startswith("http"):
            message = (
                "A live look-up needs a contact, an e-mail address or web page of yours: --contact you@example.org."
            )
            raise LiveError(message)

    def ask(self, url: str, data: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> Any:
        """Return the JSON that a service answers, from the cache where it is fresh. Raises LiveError."""
        return json.loads(self.body(url, data, kind))

    def body(self, url: str, data: bytes | None = None, kind: str = "application/x-www-form-urlencoded") -> bytes:
        """Return the same as it came: whole JSON, unparsed. Raises LiveError."""
        request = f"{url} {data.decode()}" if data else url
        with self._lock:
            kept = self.cache.get(request) if self.cache else None
            if kept and (self.settings.offline or self.clock() - kept.came < self.settings.fresh):
                return kept.body
            if self.settings.offline:
                message = f"{url} was never asked before, and nothing is asked offline."
                raise LiveError(message)
            answer = self._insist(url, data, kind)
            if self.cache:
                self.cache.put(request, answer.body, self.clock())
            return answer.body

    def _insist(self, url: str, data: bytes | None, kind: str) -> Answer:
        """Ask until there is an answer; give up where the service wants it or does not answer as it should."""
        why = ""
        for attempt in range(self.settings.tries):
            if self._stopped:
                raise LiveError(self._stopped)
            if self._next > self.clock():
                self.sleep(self._next - self.clock())
            try:
                answer = _fetch(url, data, self._headers(kind), self.settings.patience)
            except (OSError, http.client.HTTPException) as error:
                why, wait = f"does not answer ({error})", 2.0**attempt
            else:
                why = _fault(answer)
                if not why:
                    self._next = self.clock() + self.settings.pause
                    return answer
                is_lagging = why.rpartition(" ")[2] in _LATER
                if answer.status not in _BUSY and not is_lagging:
                    self._next = self.clock() + self.settings.pause
                    break
                wait = self._asked(answer, max(2.0**attempt, _LAG if is_lagging else 0.0))
            if wait > self.settings.longest:
                self._stopped = f"{_host(url)} {why} and asks to wait {wait:.0f} s; try again later."
                raise LiveError(self._stopped)
            self._next = self.clock() + max(wait, self.settings.pause)
        else:
            self._stopped = f"{_host(url)} {why}; asked {self.settings.tries} times, try again later."
            raise LiveError(self._stopped)
        message = f"{_host(url)} {why}."
        raise LiveError(message)

    def _headers(self, kind: str) -> dict[str, str]:
        agent = f"{self.agent} ({self.settings.contact}) python-urllib/{_PYTHON}"
        return {"User-Agent": agent, "Accept": self.accept, "Accept-Encoding": "gzip", "Content-Type": kind}

    def _asked(self, answer: Answer, otherwise: float) -> float:
        """Return how many seconds the service asks to wait: a number, or a date."""
        said = answer.headers.get("retry-after", "").strip()
        if said.isdecimal():
            return float(said)
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - self.clock())
        except ValueError:
            return otherwise


def _fault(answer: Answer) -> str:
    """Return what is wrong with an answer, or nothing."""
    if answer.status != 200:
        return f"answers with status {answer.status}"
    try:
        said = json.loads(answer.body)
    except ValueError:
        kind = answer.headers.get("content-type", "no media type")
        return f"answers with {kind} that is no whole JSON"
    error = said.get("error") if isinstance(said, dict) else None
    if isinstance(error, dict):
        return f"answers with the error {error.get('code')}"
    return ""


def _fetch(url: str, data: bytes | None, headers: Mapping[str, str], patience: float) -> Answer:
    request = urllib.request.Request(url, data, dict(headers))  # noqa: S310 (checked by whoever makes the address)
    opener = urllib.request.build_opener(_SameHost())
    try:
        with opener.open(request, timeout=patience) as response:
            body = response.read(_LARGEST)
            if len(body) < min(int(response.headers.get("Content-Length") or 0), _LARGEST):
                raise http.client.IncompleteRead(body)
            return Answer(response.status, _lower(response.headers), _unpacked(body, response.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers), error.read(_LARGEST))


def _unpacked(body: bytes, headers: Any) -> bytes:
    """Return an answer without its gzip, where it has one. Raises IncompleteRead for one that is damaged."""
    if headers.get("Content-Encoding", "").strip().lower() != "gzip":
        return body
    packer = zlib.decompressobj(wbits=31)
    try:
        plain = packer.decompress(body, _LARGEST)
    except zlib.error:
        raise http.client.IncompleteRead(body) from None
    if not packer.eof and len(plain) < _LARGEST:
        raise http.client.IncompleteRead(body)
    return plain


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects within the host that was asked, so that a contact is told to nobody else."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0917 (the library's)
        if urlsplit(newurl)[:2] != urlsplit(req.full_url)[:2]:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _lower(headers: Any) -> dict[str, str]:
    return {key.lower(): value for key, value in headers.items()}


def _host(url: str) -> str:
    return urlsplit(url).netloc
