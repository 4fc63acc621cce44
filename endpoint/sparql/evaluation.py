"""One way to evaluate a query, for whoever asks: put right for the engine, then run by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pyoxigraph

from endpoint.sparql.corrections import corrected, in_order
from endpoint.sparql.pergraph import per_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNKNOWN = 50  # functions of one query that the engine may not know
_FUNCTION = re.compile(r"custom function <([^>]*)> is not supported")


def evaluate(
    store: pyoxigraph.Store,
    text: str,
    *,
    base: str,
    prefixes: Mapping[str, str] | None = None,
    functions: Mapping[str, Callable[..., Any]] | None = None,
    **dataset: Any,
) -> pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples:
    """Return the result of a query over a store.

    ``prefixes`` may be used undeclared; ``functions`` are ours by their IRIs, and any other that the engine does not
    know is an error of its expression only (SPARQL 1.1, 17.6). ``dataset`` is handed to the engine. Raises SyntaxError
    with a place in the text as it was given, and whatever else the engine raises.
    """
    known: dict[pyoxigraph.NamedNode, Any] = {
        pyoxigraph.NamedNode(iri): call for iri, call in (functions or {}).items()
    }
    declared = dict(prefixes or {})
    chosen = in_order(per_graph(corrected(text)), base, declared)
    while True:
        try:
            return store.query(chosen, base_iri=base, prefixes=declared, custom_functions=known, **dataset)
        except SyntaxError:
            if chosen == text:
                raise
            chosen = text  # so that the place of the error is one of the text as it was given
        except (OSError, RuntimeError, ValueError) as error:
            match = _FUNCTION.search(str(error))
            if match is None or len(known) > _UNKNOWN:
                raise
            known[pyoxigraph.NamedNode(match[1])] = lambda *_: None
