"""Kinds of hostile requests, for attack.py: each makes one attempt on an endpoint and tells in a word how it ended.

Everything goes to one loopback address and nowhere else. Each kind comes from an address of its own (127.0.1.N), as
other people would. An attempt ends by itself: what the endpoint does not end within PATIENCE seconds is "no end".
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import socket
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

PATIENCE = 45.0  # seconds: beyond the 30 that an endpoint gives a query by default
_MEBIBYTE = 1 << 20
_MOST = 64 * _MEBIBYTE  # bytes of an answer that an attempt reads
_TRIPLES = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
_CROSS = "?a ?b ?c . ?d ?e ?f"


class Broken(Exception):
    """The connection ended before the answer did; its status is 0 where not even the head came."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        super().__init__(status)


@dataclass(frozen=True, slots=True)
class Target:
    """Where the endpoint listens, from which address to come, and the token for writes."""

    port: int
    client: str
    token: str


@contextlib.asynccontextmanager
async def connected(target: Target) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Give a connection; it is cut at the end, so that no port stays in use."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", target.port, local_addr=(target.client, 0), limit=_MEBIBYTE
    )
    try:
        yield reader, writer
    finally:
        connection = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


async def answer_of(reader: asyncio.StreamReader, most: int = _MOST) -> tuple[int, bytes]:
    """Read one response: its status and body, cut at ``most`` bytes; raises Broken where it is not whole."""
    status = 0
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (one.partition(b":") for one in head.split(b"\r\n"))
        }
        if b"content-length" in headers:
            length = int(headers[b"content-length"])
            return status, await reader.readexactly(length) if length <= most else b""
        if headers.get(b"transfer-encoding") != b"chunked":
            return status, b""
        parts: list[bytes] = []
        size = 0
        while size <= most:
            length = int(await reader.readuntil(b"\r\n"), 16)
            part = await reader.readexactly(length + 2)
            if not length:
                return status, b"".join(parts)
            parts.append(part[:-2])
            size += length
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Broken(status) from error
    return status, b"".join(parts)


def posted(body: bytes, kind: str = "query", headers: str = "", path: str = "/sparql") -> bytes:
    """Return a POST of a query or an update."""
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-{kind}\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def asked(target: Target, request: bytes | Iterable[bytes]) -> str:
    """Send a request and tell how it was answered."""
    async with connected(target) as (reader, writer):
        sending = asyncio.ensure_future(_sent(writer, [request] if isinstance(request, bytes) else request))
        try:
            status, _ = await answer_of(reader)
        except Broken as broken:
            return f"{broken.status}, broken off" if broken.status else "broken off"
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        return str(status)


async def _sent(writer: asyncio.StreamWriter, parts: Iterable[bytes]) -> None:
    for part in parts:
        writer.write(part)
        await writer.drain()


def of_queries(*queries: str) -> Callable[[Target, random.Random], Awaitable[str]]:
    """Return the kind that asks one of these queries, each time a little different, so that no cache helps."""

    async def attempt(target: Target, chance: random.Random) -> str:
        text = f"{chance.choice(queries)} #{chance.random()}"
        return await asked(target, posted(text.encode()))

    return attempt


async def flood(target: Target, chance: random.Random) -> str:
    """Ask something tiny a hundred times on one connection, as fast as the answers come."""
    async with connected(target) as (reader, writer):
        status = 0
        for _ in range(100):
            writer.write(posted(f"ASK {{}} #{chance.random()}".encode()))
            status, _ = await answer_of(reader)
        return str(status)


async def large_declared(target: Target, chance: random.Random) -> str:
    path = chance.choice(["/sparql", "/", "/graphs?default"])
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-query\r\n"
    head += f"Authorization: Bearer {target.token}\r\nContent-Length: {100 * _MEBIBYTE}\r\n\r\n"
    return await asked(target, [head.encode(), *[b" " * _MEBIBYTE] * 100])


async def large_chunked(target: Target, chance: random.Random) -> str:
    path = chance.choice(["/sparql", "/update", "/graphs?default"])
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/sparql-update\r\n"
    head += f"Authorization: Bearer {target.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return await asked(target, [head.encode(), *[b"100000\r\n" + b" " * _MEBIBYTE + b"\r\n"] * 100, b"0\r\n\r\n"])


async def slow_head(target: Target, _: random.Random) -> str:
    async with connected(target) as (reader, writer):
        return await _dripped(reader, writer, b"GET /sparql?query=ASK{} HTTP/1.1\r\nX-Slow: " + b"a" * 1000)


async def slow_body(target: Target, _: random.Random) -> str:
    async with connected(target) as (reader, writer):
        writer.write(posted(b" " * 1000)[:-1000])
        return await _dripped(reader, writer, b" " * 1000)


async def _dripped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> str:
    """Send a byte each half second until the other end has enough of it."""
    ended = asyncio.ensure_future(reader.read(4096))
    try:
        for byte in data:
            writer.write(bytes([byte]))
            done, _ = await asyncio.wait([ended], timeout=0.5)
            if done:
                return _first(ended.result())
        return "read whole"
    finally:
        ended.cancel()


def _first(data: bytes) -> str:
    return data[9:12].decode("latin-1") if data.startswith(b"HTTP/1.1 ") else "closed"


async def half_closed(target: Target, _: random.Random) -> str:
    async with connected(target) as (reader, writer):
        writer.write(posted(f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} }}".encode()))
        writer.write_eof()
        return _first(await reader.read(4096))


async def hang_up(target: Target, chance: random.Random) -> str:
    async with connected(target) as (_, writer):
        writer.write(posted(f"SELECT * {{ {_TRIPLES} }} ORDER BY ?a ?i #{chance.random()}".encode()))
        await asyncio.sleep(chance.choice([0, 0.01, 0.2]))
    return "hung up"


async def hang_up_in_stream(target: Target, chance: random.Random) -> str:
    async with connected(target) as (reader, writer):
        writer.write(posted(f"SELECT * {{ {_TRIPLES} }} #{chance.random()}".encode()))
        return _first(await reader.read(100_000)) + ", hung up"


async def never_read(target: Target, chance: random.Random) -> str:
    async with connected(target) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined]  # noqa: SLF001 (nobody reads: that is the attack)
        texts = [f"SELECT * {{ {_CROSS} }} #{chance.random()}", "SELECT * { ?s ?p ?o } LIMIT 20000"]
        writer.write(posted(chance.choice(texts).encode()) * chance.choice([1, 50]))
        for _ in range(round(PATIENCE) - 5):
            await asyncio.sleep(1)
            if writer.transport.is_closing():
                return "cut"
            writer.write(b"\r\n")  # an answer to it, if only a reset, tells whether the other end is still there
        return "never cut"


@functools.cache
def _bomb() -> bytes:
    """Return 64 MB of blanks compressed to 64 kB."""
    squeezer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(squeezer.compress(b" " * _MEBIBYTE) for _ in range(64)) + squeezer.flush()


async def compressed(target: Target, chance: random.Random) -> str:
    coding = chance.choice(["gzip", "gzip, gzip", "br", "deflate"])
    return await asked(target, posted(_bomb(), headers=f"Content-Encoding: {coding}\r\n"))


async def headers(target: Target, chance: random.Random) -> str:
    start = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: h\r\n"
    floods = [
        [start, *[b"X-Flood: " + b"a" * 1000 + b"\r\n"] * 100_000],
        [start, b"X-Long: ", *[b"a" * 65536] * 2000],
        [start, b"".join(b"Accept: text/turtle;q=0.1\r\n" for _ in range(2000)), b"\r\n"],
        [start, b"Accept: " + b",".join(b"a/b%d;q=0.1" % n for n in range(5000)), b"\r\n\r\n"],
        [b"GET /", *[b"a" * 65536] * 2000],
    ]
    return await asked(target, chance.choice(floods))


async def pipelined(target: Target, chance: random.Random) -> str:
    good = b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: h\r\n\r\n"
    garbage = [
        chance.randbytes(2000),
        b"GET\x00/ HTTP/9.9\r\n\r\n" * 100,
        good * 2000 + b"\xff\xfe",
        b"PRI * HTTP/2.0\r\n\r\n",
    ]
    async with connected(target) as (reader, writer):
        writer.write(good * chance.choice([0, 3]) + chance.choice(garbage))
        writer.write_eof()
        seen = b""
        while part := await reader.read(65536):
            seen = part
        return "closed" if not seen else "answered, closed"


async def percents(target: Target, chance: random.Random) -> str:
    texts = [
        "%",
        "%zz",
        "%00",
        "%ff%fe",
        "%u0041",
        "%25" * 2000,
        "a=b&" * 5000,
        "%c0%af",
        quote("\ud800", errors="surrogatepass"),
    ]
    path = chance.choice(
        ["/sparql?query=", "/sparql?default-graph-uri=", "/graphs?graph=", "/graph/", "/article/%2e%2e/"]
    )
    return await asked(target, f"GET {path}{chance.choice(texts)} HTTP/1.1\r\nHost: h\r\n\r\n".encode())


async def connections(target: Target, _: random.Random) -> str:
    """Hold a thousand connections that say nothing."""
    async with contextlib.AsyncExitStack() as stack:
        count = 0
        for _ in range(1000):
            try:
                await stack.enter_async_context(connected(target))
            except OSError:
                break
            count += 1
        await asyncio.sleep(3)
    return "a thousand" if count == 1000 else "refused"


async def updates(target: Target, chance: random.Random) -> str:
    texts = [
        f"INSERT {{ GRAPH <urn:x> {{ ?a ?b ?f }} }} WHERE {{ {_TRIPLES} }}",
        f"DELETE {{ GRAPH ?g {{ ?s ?p ?o }} }} WHERE {{ GRAPH ?g {{ ?s ?p ?o }} {_CROSS} }}",
        "INSERT DATA { GRAPH <https://pactgraph.example/graph/registry> { <urn:a> <urn:b> <urn:c> } }",
        "LOAD <http://127.0.0.1:9/> ; LOAD SILENT <file:///etc/passwd>",
        "INSERT DATA { " + "GRAPH <urn:a> { " * 20_000,
        "CREATE GRAPH <urn:{}> ; DROP GRAPH <urn:{}> ;".replace("{}", str(chance.random())) * 1000,
        "INSERT { <urn:a> <urn:b> ?c } WHERE { BIND('x' AS ?a) " + _doubled(60) + " }",
        "DROP SILENT GRAPH <urn:x> ; INSERT DATA { GRAPH <urn:x> { <urn:a> <urn:b> 1 } }",
    ]
    token = f"Authorization: Bearer {target.token}\r\n"
    return await asked(target, posted(chance.choice(texts).encode(), "update", token, "/update"))


def _doubled(times: int) -> str:
    names = ["a", *(f"b{n}" for n in range(times - 1)), "c"]
    return " ".join(f"BIND(CONCAT(?{one}, ?{one}) AS ?{two})" for one, two in pairwise(names))


_LONG = 250_000  # bytes: nearly the longest query that is taken
_PATH = "((<urn:a>|<urn:b>)*/(^<urn:a>|!<urn:c>)*)*"
_SILENT = "SERVICE SILENT <http://127.0.0.1:9/> { "

KINDS: dict[str, tuple[Callable[[Target, random.Random], Awaitable[str]], int, float]] = {
    # name: what it does, how many at once, seconds between two attempts of one
    "unbounded select": (
        of_queries(f"SELECT * {{ {_TRIPLES} }}", f"CONSTRUCT {{ ?a ?b ?f }} {{ {_TRIPLES} }}"),
        2,
        0.1,
    ),
    "count of a cross join": (of_queries(f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} }}"), 2, 0.1),
    "order by with limit": (of_queries(f"SELECT * {{ {_CROSS} }} ORDER BY ?f ?a LIMIT 5"), 2, 0.1),
    "flood of tiny queries": (flood, 4, 0.0),
    "cross products": (
        of_queries(
            f"SELECT (MAX(?z) AS ?m) {{ {_TRIPLES} BIND(STR(?f) AS ?z) }}", f"ASK {{ {_TRIPLES} FILTER(?a = 1) }}"
        ),
        2,
        0.1,
    ),
    "property paths": (
        of_queries(
            f"SELECT (COUNT(*) AS ?n) {{ ?x {_PATH} ?y }}",
            "SELECT * { ?x (!<urn:x>)+ ?y . ?y (!<urn:x>)* ?z } ORDER BY ?z",
        ),
        2,
        0.1,
    ),
    "a million values": (
        of_queries(
            "SELECT * { VALUES ?x { " + "1 " * 1_000_000 + "} }",
            "SELECT (COUNT(*) AS ?n) { VALUES ?x { " + "1 " * 120_000 + "} VALUES ?y { 1 2 3 4 } ?s ?p ?o }",
        ),
        2,
        0.2,
    ),
    "deep nesting": (
        of_queries(
            "ASK " + "{" * _LONG,
            "ASK { FILTER(" + "(" * 60_000 + "1" + ")" * 60_000 + ") }",
            "ASK { ?s ?p " + "[ ?p " * 40_000 + "1" + "]" * 40_000 + " }",
            "ASK { FILTER(" + "!" * _LONG + "1) }",
            "ASK " + "{ OPTIONAL " * 20_000 + "{}" + "}" * 20_000,
            "SELECT * { ?s " + "(" * 100_000 + "<urn:p>" + ")" * 100_000 + " ?o }",
        ),
        2,
        0.2,
    ),
    "regular expressions": (
        of_queries(
            "ASK { ?s ?p ?o FILTER(REGEX(STR(?o), '" + "(a*)*" * 5000 + "b')) }",
            "ASK { ?s ?p ?o FILTER(REGEX(STR(?o), '((a{1,100}){1,100}){1,100}')) }",
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(REGEX(CONCAT(STR(?c), STR(?f)), '(x+x+)+y')) }",
            "SELECT ?r { ?s ?p ?o BIND(STR(?o) AS ?x) BIND(REPLACE(REPLACE(?x, '', ?x), '', ?x) AS ?r) }",
        ),
        2,
        0.1,
    ),
    "doubled strings": (of_queries("SELECT (STRLEN(?c) AS ?n) { BIND('x' AS ?a) " + _doubled(60) + " }"), 2, 0.2),
    "grouping and sorting": (
        of_queries(
            f"SELECT (GROUP_CONCAT(STR(?f)) AS ?x) {{ {_CROSS} }}",
            f"SELECT DISTINCT ?a ?b ?c ?d ?f {{ {_CROSS} }} ORDER BY DESC(?f)",
            f"SELECT ?a ?f (COUNT(DISTINCT ?c) AS ?n) {{ {_TRIPLES} }} GROUP BY ?a ?f",
        ),
        2,
        0.1,
    ),
    "silent calls": (
        of_queries(
            "ASK { " + f"{_SILENT}}} " * 900 + "#" + "'" * (_LONG - 60_000) + "\n}",
            "ASK { " + _SILENT * 900 + "}" * 901,
            "ASK { " + _SILENT + "} <" + "'" * _LONG,
            "ASK { " + "SERVICE <a:b> {} " * 12_000 + "}",
        ),
        2,
        0.2,
    ),
    "100 MB declared": (large_declared, 2, 0.2),
    "100 MB in chunks": (large_chunked, 2, 0.2),
    "slow heads": (slow_head, 20, 0.1),
    "slow bodies": (slow_body, 20, 0.1),
    "half-closed sockets": (half_closed, 4, 0.1),
    "hang-ups": (hang_up, 4, 0.05),
    "hang-ups in a stream": (hang_up_in_stream, 2, 0.1),
    "clients that never read": (never_read, 4, 0.5),
    "compressed bombs": (compressed, 1, 0.2),
    "floods of headers": (headers, 2, 0.2),
    "pipelined garbage": (pipelined, 2, 0.1),
    "percent-encoded garbage": (percents, 2, 0.05),
    "a thousand connections": (connections, 2, 0.1),
    "hostile updates": (updates, 2, 0.2),
}


async def attack(port: int, token: str, chance: random.Random, told: Callable[[str, str], None]) -> None:
    """Attack with all kinds at once until cancelled; ``told`` hears of the end of each attempt."""
    async with asyncio.TaskGroup() as group:
        for number, (name, (attempt, count, pause)) in enumerate(KINDS.items(), 1):
            target = Target(port, f"127.0.1.{number}", token)
            for _ in range(count):
                group.create_task(_again(name, attempt, target, pause, chance, told))


async def _again(  # noqa: PLR0917 (each of them once, from one place)
    name: str,
    attempt: Callable[[Target, random.Random], Awaitable[str]],
    target: Target,
    pause: float,
    chance: random.Random,
    told: Callable[[str, str], None],
) -> None:
    while True:
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = await attempt(target, chance)
        except TimeoutError:
            outcome = "no end"
        except (OSError, Broken, asyncio.IncompleteReadError):
            outcome = "broken off"
        told(name, outcome)
        await asyncio.sleep(pause * (0.5 + chance.random()))
