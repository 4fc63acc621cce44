"""LOAD in an update: documents of the web, from where the owner allows (SPARQL 1.1 Update, 3.1.4).

The engine never calls anybody. What an allowed LOAD names is fetched first, by remote.py, and stands in the update in
its place, as INSERT DATA; so it is one change with the rest, and nothing of it is stored where anything fails.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pyoxigraph

from endpoint.execution.remote import Remote, Unavailable
from endpoint.protocol.requests import ProtocolError
from endpoint.sparql import syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from endpoint.settings import Settings
    from endpoint.sparql.syntax import Token

_MOST = 20  # documents that one update may load


class Below:
    """The addresses that are on a list, or below one of it that ends with ``/``."""

    def __init__(self, places: Sequence[str]) -> None:
        self._places = tuple(places)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, str) and any(
            address == place or (place.endswith("/") and address.startswith(place) and ".." not in address)
            for place in self._places
        )


class Loads:
    """Puts documents in the place of the LOADs that are allowed."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = Below(settings.loads)
        self._limits = settings.limits
        self._remote = Remote(self._allowed, settings.limits, settings.agent)
        self.has_any = bool(settings.loads)

    def wanted(self, text: str) -> bool:
        """Whether an update has a LOAD that is allowed."""
        return self.has_any and any(self._is_allowed(call) for call in syntax.calls(text))

    async def filled(self, text: str) -> str:
        """Return an update, whose syntax is right, with what its allowed LOADs name in their places.

        Raises ProtocolError 400 for too many of them, and 502 to 504 where a document is not to be had or cannot be
        read, unless its LOAD is silent.
        """
        starts = [call.start for call in syntax.calls(text) if self._is_allowed(call)]
        if len(starts) > _MOST:
            raise ProtocolError(400, f"The update loads {len(starts)} documents; {_MOST} are the most.")
        stream = list(syntax.tokens(text))
        parts: list[str] = []
        position = 0
        for at, token in enumerate(stream):
            if token.start not in starts or syntax.ambiguous(text):
                continue  # a LOAD whose place is not certain is refused with those that are not allowed
            silent = stream[at + 1].text.upper() == "SILENT"
            target = at + 1 + silent
            has_graph = [each.text.upper() for each in stream[target + 1 : target + 3]] == ["INTO", "GRAPH"]
            end = stream[target + 3 if has_graph else target]
            data = await self._data(stream[target], silent=silent)
            parts += [text[position : token.start], "INSERT DATA { "]
            parts += [f"GRAPH {end.text} {{ {data} }} }}" if has_graph else f"{data} }}"]
            position = end.end
        return "".join(parts) + text[position:]

    def _is_allowed(self, call: syntax.Call) -> bool:
        return call.word == "LOAD" and call.iri in self._allowed

    async def _data(self, target: Token, *, silent: bool) -> str:
        """Return the triples of a document as INSERT DATA takes them; none for a silent LOAD that fails."""
        address = target.text[1:-1]
        try:
            media_type, body = await self._remote.document(address, seconds=self._limits.service_seconds)
            return await asyncio.to_thread(_triples, address, media_type, body)
        except Unavailable as error:
            if silent:
                return ""
            raise ProtocolError(error.status, str(error)) from None


def _triples(address: str, media_type: str, body: bytes) -> str:
    format_ = pyoxigraph.RdfFormat.from_media_type(media_type)
    if format_ is None:
        format_ = pyoxigraph.RdfFormat.from_extension(address.rpartition(".")[2].lower())
    if format_ is None:
        raise Unavailable(502, f"The document {address} is {media_type[:80] or 'of no type'}, not RDF.")
    try:
        quads = pyoxigraph.parse(
            body, format_, base_iri=address, without_named_graphs=format_.supports_datasets, rename_blank_nodes=True
        )
        return " ".join(f"{quad.triple} ." for quad in quads)
    except (SyntaxError, ValueError) as error:
        raise Unavailable(502, f"The document {address} cannot be read: {str(error).rstrip('.')}.") from None
