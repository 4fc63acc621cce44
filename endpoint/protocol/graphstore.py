"""The SPARQL 1.1 Graph Store HTTP Protocol as plain values (https://www.w3.org/TR/sparql11-http-rdf-update/)."""

from __future__ import annotations

import email.message
import email.policy
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from endpoint.protocol.negotiation import GRAPHS, listed
from endpoint.protocol.requests import GraphRead, ProtocolError, check_charset, choose, query_parameters

if TYPE_CHECKING:
    from endpoint.protocol.requests import Request

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^<>\"{}|^`\\\x00-\x20]*")
_NO_IRI = re.compile(r"[<>\"{}|^`\\\x00-\x20]")  # what urljoin may drop without a word
_TAG = re.compile(r'(W/)?"([^"]*)"')
_TYPES = frozenset(media_type for format_ in GRAPHS for media_type in format_.media_types)
_NO_TYPE = frozenset({"application/json", "application/xml", "text/xml"})  # taken in answers only: too vague for a body


@dataclass(frozen=True, slots=True)
class Part:
    """RDF in a body: its media type, and where in the body it stands."""

    media_type: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GraphWrite:
    """A change of one graph: PUT replaces, POST adds, DELETE removes it; ``graph`` is None for the default graph.

    ``created`` is the IRI that was made up for a graph to be created (section 5.5), else None. The tags of ``if_match``
    and ``if_none_match`` are digests of graphs, or ``["*"]``.
    """

    method: str
    graph: str | None
    base: str
    created: str | None
    body: bytes
    parts: tuple[Part, ...]
    if_match: list[str] | None
    if_none_match: list[str] | None


def read_graph_request(request: Request, path: str) -> GraphRead | GraphWrite:
    """Return what the request does with which graph; ``path`` is the path without the root path.

    Raises ProtocolError: 400 for a request that names no graph or several, 406 and 415 for formats that are not known.
    """
    if request.method in ("GET", "HEAD"):
        return GraphRead(graph_of(request, path), choose(request, GRAPHS))
    created = None
    if request.method == "POST" and path == "/graphs" and not {"graph", "default"} & set(query_parameters(request)):
        created = f"{request.url}/{uuid.uuid4()}"
    parts: tuple[Part, ...] = ()
    body = request.body
    if request.method != "DELETE":
        body, parts = _parts(request)
    return GraphWrite(
        request.method,
        created or graph_of(request, path),
        request.url,
        created,
        body,
        parts,
        _tags(request.header("if-match"), weak=False),
        _tags(request.header("if-none-match"), weak=True),
    )


def graph_of(request: Request, path: str) -> str | None:
    """Return the IRI of the graph that the request is about (section 4), None for the default graph.

    Raises ProtocolError 400 where the request names none, or more than one.
    """
    parameters = query_parameters(request)
    graphs, default = parameters.get("graph", []), parameters.get("default")
    if path != "/graphs":
        if graphs or default is not None:
            raise ProtocolError(400, "The path names the graph already; leave out ?graph and ?default.")
        return request.url
    if len(graphs) + (default is not None) != 1:
        raise ProtocolError(400, "Name one graph: either ?default or ?graph=IRI.")
    if default is not None:
        if default != [""]:
            raise ProtocolError(400, "The parameter default has no value.")
        return None
    iri = urljoin(request.url, graphs[0])
    if not graphs[0] or _NO_IRI.search(graphs[0]) or not _IRI.fullmatch(iri):
        raise ProtocolError(400, f"{graphs[0][:80]!r} is no IRI.")
    return iri


def _parts(request: Request) -> tuple[bytes, tuple[Part, ...]]:
    if request.media_type == "multipart/form-data":
        return _multipart(request)
    check_charset(request)
    return request.body, (Part(_known(request.media_type or "text/turtle"), 0, len(request.body)),)


def _known(media_type: str) -> str:
    if media_type not in _TYPES - _NO_TYPE:
        raise ProtocolError(415, f"The body has to be one of {listed(GRAPHS)}, not {media_type[:80]!r}.")
    return "text/turtle" if media_type == "application/x-turtle" else media_type


def _multipart(request: Request) -> tuple[bytes, tuple[Part, ...]]:
    """Return the parts of a form with files, one behind the other (section 5.5)."""
    head = f"Content-Type: {request.header('content-type')}\r\n\r\n".encode("latin-1")
    message = email.message_from_bytes(head + request.body, policy=email.policy.HTTP)
    if not message.is_multipart() or message.defects:
        raise ProtocolError(400, "The multipart body cannot be taken apart.")
    body = bytearray()
    parts = []
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            raise ProtocolError(400, "A part of the multipart body cannot be read.")
        parts.append(Part(_known(part.get_content_type()), len(body), len(body) + len(data)))
        body += data
    return bytes(body), tuple(parts)


def _tags(header: str | None, *, weak: bool) -> list[str] | None:
    """Return the digests that a header of entity tags names; weak tags only where they may be compared weakly."""
    if header is None:
        return None
    if header.strip() == "*":
        return ["*"]
    return [match[2].partition(".")[0] for match in _TAG.finditer(header) if weak or not match[1]]
