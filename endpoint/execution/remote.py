"""Asks another SPARQL service, within limits: the one place of the endpoint from which a request goes out.

Only services on the owner's list are asked. A host name has to resolve to public addresses alone, and the connection
goes to the very address that was checked, so that no answer of the DNS leads into the private network; a loopback
address is asked only where the list itself spells it out. A redirect leads on only to a service on the list.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urljoin, urlsplit

import httptools
import pyoxigraph

if TYPE_CHECKING:
    from collections.abc import Container

    from endpoint.settings import Limits

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_ACCEPT = "application/sparql-results+json, application/sparql-results+xml;q=0.9, text/tab-separated-values;q=0.8"
_ACCEPT_RDF = "text/turtle, application/n-triples, application/rdf+xml;q=0.9, application/ld+json;q=0.8, */*;q=0.1"
_RESULTS = {
    "application/sparql-results+json": pyoxigraph.QueryResultsFormat.JSON,
    "application/json": pyoxigraph.QueryResultsFormat.JSON,
    "application/sparql-results+xml": pyoxigraph.QueryResultsFormat.XML,
    "application/xml": pyoxigraph.QueryResultsFormat.XML,
    "text/xml": pyoxigraph.QueryResultsFormat.XML,
    "text/tab-separated-values": pyoxigraph.QueryResultsFormat.TSV,
}
_REDIRECTS = (301, 302, 307, 308)
_HOPS = 3
_AT_ONCE = 4  # requests under way
_WAITING = 64  # requests that wait at most
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")


class Unavailable(Exception):
    """A service gave no results; ``status`` is what to tell the client (502, 503 or 504), the message one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Table:
    """Solutions of a SELECT: the names of the variables without their mark, and a row of terms for each solution."""

    variables: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class Remote:
    """Asks the services of the list. Belongs to one event loop."""

    def __init__(self, services: Container[str], limits: Limits, agent: str) -> None:
        self._services = services
        self._limits = limits
        self._agent = agent
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0

    async def select(self, service: str, query: str, *, rows: int, seconds: float) -> Table:
        """Return what a service answers to a SELECT; ``rows`` is the most that is taken, ``seconds`` the time for it.

        Raises Unavailable where it is not reached, fails, takes too long, or answers too much or no results.
        """
        answer = await self._answer(service, query, seconds)
        return await asyncio.to_thread(self._table, service, answer, rows)

    async def document(self, address: str, *, seconds: float) -> tuple[str, bytes]:
        """Return the media type and the bytes of a document; raises Unavailable as ``select`` does."""
        answer = await self._answer(address, None, seconds)
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            return media_type, self._decoded(address, answer)
        except zlib.error as error:
            raise Unavailable(502, f"The document {address} cannot be unpacked: {error}.") from None

    async def _answer(self, service: str, query: str | None, seconds: float) -> _Answer:
        """Ask a service something, or for the document at its address, when it is our turn."""
        if self._waiting >= _WAITING:
            raise Unavailable(503, "Too many queries wait for other services already; try again in a moment.")
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds), self._turn:
                return await self._follow(service, query)
        except TimeoutError:
            sentence = f"The service {service} gave no answer within {self._limits.service_seconds:g} seconds."
            raise Unavailable(504, sentence) from None
        finally:
            self._waiting -= 1

    async def _follow(self, service: str, query: str | None) -> _Answer:
        url = service
        for _ in range(_HOPS):
            answer = await self._send(url, query)
            if answer.status not in _REDIRECTS:
                break
            url = urljoin(url, answer.headers.get("location", ""))
            if url not in self._services:
                raise Unavailable(502, f"The service {service} redirects to {url[:200]}, which is not allowed.")
        else:
            raise Unavailable(502, f"The service {service} redirects too often.")
        if answer.status != 200:
            later = answer.headers.get("retry-after", "")
            wait = f"; it asks to wait {later} seconds" if later.isdigit() else ""
            raise Unavailable(502, f"The service {service} answered with the status {answer.status}{wait}.")
        return answer

    def _table(self, service: str, answer: _Answer, rows: int) -> Table:
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in _RESULTS:
            raise Unavailable(502, f"The service {service} answered with {media_type[:80] or 'no type'}, not results.")
        try:
            found = pyoxigraph.parse_query_results(self._decoded(service, answer), format=_RESULTS[media_type])
            if isinstance(found, pyoxigraph.QueryBoolean):
                raise Unavailable(502, f"The service {service} answered yes or no, not solutions.")
            variables = tuple(variable.value for variable in found.variables)
            taken: list[tuple[Any, ...]] = []
            for solution in found:
                if len(taken) >= rows:
                    sentence = f"The service {service} answered with more than {rows} solutions; ask it for less."
                    raise Unavailable(502, sentence)
                taken.append(tuple(solution[name] for name in variables))
        except (SyntaxError, ValueError, OSError, zlib.error) as error:
            raise Unavailable(502, f"The answer of the service {service} cannot be read: {error}.") from None
        return Table(variables, tuple(taken))

    def _decoded(self, service: str, answer: _Answer) -> bytes:
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        body = bytes(answer.body)
        if coding in ("identity", ""):
            return body
        if coding not in ("gzip", "x-gzip"):
            raise Unavailable(502, f"The service {service} answered in the coding {coding[:40]}, which was not asked.")
        inflater = zlib.decompressobj(31)
        plain = inflater.decompress(body, self._limits.service_bytes + 1)
        if len(plain) > self._limits.service_bytes:
            raise self._too_long(service)
        return plain

    def _too_long(self, service: str) -> Unavailable:
        sentence = f"The service {service} answered with more than {self._limits.service_bytes} bytes; ask it for less."
        return Unavailable(502, sentence)

    async def _send(self, url: str, query: str | None) -> _Answer:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        body = urlencode({"query": query}).encode() if query is not None else b""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        head = (
            f"{'GET' if query is None else 'POST'} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"User-Agent: {self._agent}\r\nAccept: {_ACCEPT if query is not None else _ACCEPT_RDF}\r\n"
            "Accept-Encoding: identity\r\nConnection: close\r\n"
        )
        if query is not None:
            head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        head += "\r\n"
        context = ssl.create_default_context() if parts.scheme == "https" else None
        try:
            address = await _address(host, port)
            reader, writer = await asyncio.open_connection(
                address, port, ssl=context, server_hostname=host if context else None
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise Unavailable(502, f"The service {url} cannot be reached: {reason}.") from None
        try:
            writer.write(head.encode("latin-1", "replace") + body)
            return await self._read(url, reader)
        except OSError as error:
            raise Unavailable(502, f"The connection to the service {url} broke off: {error}.") from None
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                writer.transport.abort()

    async def _read(self, url: str, reader: asyncio.StreamReader) -> _Answer:
        answer = _Answer()
        parser = httptools.HttpResponseParser(answer)
        try:
            while not answer.whole:
                data = await reader.read(1 << 16)
                if not data:
                    break
                parser.feed_data(data)
                if answer.headed and not answer.status:
                    answer.status = parser.get_status_code()
                if answer.size > self._limits.service_bytes:
                    raise self._too_long(url)
        except httptools.HttpParserError as error:
            raise Unavailable(502, f"The answer of the service {url} is no HTTP: {error}.") from None
        by_close = "content-length" not in answer.headers and "transfer-encoding" not in answer.headers
        if not answer.headed or not (answer.whole or by_close):
            raise Unavailable(502, f"The service {url} broke off in the midst of its answer.")
        return answer


class _Answer:
    """What the parser of HTTP tells of a response."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.size = 0
        self.headed = False
        self.whole = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.size += len(name) + len(value)
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Take note that the headers end."""
        self.headed = True
        self.size = 0

    def on_body(self, data: bytes) -> None:
        """Take a part of the body."""
        self.body += data
        self.size += len(data)

    def on_message_complete(self) -> None:
        """Take note that the response is whole."""
        self.whole = True


def check_service(url: str) -> None:
    """Raise ValueError, with a sentence, for what cannot stand on the list of services."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or port == 0 or not re.fullmatch(r"[!-~]+", url):
        message = f"{url!r} is no address of a service; write it in full, as https://query.wikidata.org/sparql."
        raise ValueError(message)
    if "@" in parts.netloc or parts.fragment:
        message = f"The service {url} may hold neither a password nor a fragment."
        raise ValueError(message)
    if host == "localhost" or host.endswith(".localhost"):
        message = f"The service {url} is on this machine; name its address, as http://127.0.0.1:{port or 80}/sparql."
        raise ValueError(message)
    literal = _literal(host)
    if literal is not None and not literal.is_loopback and not is_public(literal):
        message = f"The service {url} has a private address; only public ones, and loopback in figures, are called."
        raise ValueError(message)


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, and also the one inside it, where it wraps another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and (address in _NAT64 or address in _COMPATIBLE):
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def _address(host: str, port: int) -> str:
    """Return the address to connect to; raises Unavailable where one that the name resolves to is not public."""
    literal = _literal(host)
    if literal is not None:
        return str(literal)  # the list names it, and ``check_service`` has passed it
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    private = next((each for each in addresses if not is_public(ipaddress.ip_address(each.partition("%")[0]))), None)
    if private is not None or not addresses:
        raise Unavailable(502, f"The service at {host} is not called: its name leads to a private address.")
    return addresses[0]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
