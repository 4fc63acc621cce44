"""The SPARQL 1.1 Graph Store HTTP Protocol as plain values (https://www.w3.org/TR/sparql11-http-rdf-update/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from endpoint.negotiation import GRAPHS
from endpoint.protocol import GraphRead, ProtocolError, choose, query_parameters

if TYPE_CHECKING:
    from endpoint.protocol import Request


def read_graph_request(request: Request, path: str) -> GraphRead:
    """Return which graph the request reads; ``path`` is the path without the root path."""
    return GraphRead(graph_of(request, path), choose(request, GRAPHS))


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
        return None
    iri = urljoin(request.url, graphs[0])
    if not graphs[0] or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*:[^<>\"{}|^`\\\x00-\x20]*", iri):
        raise ProtocolError(400, f"{graphs[0][:80]!r} is no IRI.")
    return iri
