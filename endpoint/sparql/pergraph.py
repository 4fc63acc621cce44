"""A sub-SELECT inside ``GRAPH ?g`` written so that the engine evaluates it once for each graph.

By SPARQL 1.1, 18.6, ``GRAPH ?g { P }`` is evaluated for one named graph after the other, and a sub-SELECT in P sees
that graph alone. The engine evaluates the sub-SELECT over all graphs at once and leaves ``?g`` unbound. Projected out
of the sub-SELECT, ``?g`` is joined with the graph's name outside, which means the same: so ``{ SELECT ?x { Q } }``
becomes ``{ SELECT ?g ?x { GRAPH ?g { Q } } }``; grouped, ``?g`` is among the keys; and aggregates without a key, which
have a solution even for a graph without a match, get it from a second branch. What LIMIT or OFFSET does there cannot be
written so, nor what stands in MINUS, where ``?g`` would count as shared; it is left as it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from endpoint.sparql.groups import Unreadable, read_pattern
from endpoint.sparql.syntax import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    from endpoint.sparql.groups import Element, Group

_GRAPH = re.compile(r"GRAPH\s*[?$]\w", re.IGNORECASE)
_SELECT = re.compile(r"^(SELECT(?:\s+(?:DISTINCT|REDUCED)\b)?)(?!\s*\*)", re.IGNORECASE)
_KEYS = re.compile(r"(GROUP\s+BY)", re.IGNORECASE)
_AGGREGATES = frozenset({"AVG", "COUNT", "GROUP_CONCAT", "MAX", "MIN", "SAMPLE", "SUM"})
_OTHERS = frozenset({"LIMIT", "OFFSET"})


def per_graph(text: str) -> str:
    """Return a query in which sub-SELECTs inside ``GRAPH ?g`` are evaluated for each graph."""
    upper = text.upper()
    first = upper.find("GRAPH")
    if first < 0 or upper.rfind("SELECT") < first or _GRAPH.search(text) is None:
        return text
    try:
        pattern = read_pattern(text)
    except Unreadable:
        return text
    groups = (pattern.where, *pattern.others)
    return _replaced(text, 0, len(text), [(each.start, each.end, _group(text, each, "")) for each in groups])


def _replaced(text: str, start: int, end: int, spans: Iterable[tuple[int, int, str]]) -> str:
    """Return the text from ``start`` to ``end`` with others in the place of some spans."""
    parts, at = [], start
    for first, last, other in sorted(spans):
        parts += [text[at:first], other]
        at = last
    return "".join(parts) + text[at:end]


def _group(text: str, group: Group, graph: str) -> str:
    """Return a group that stands inside GRAPH with the variable ``graph``, or inside no such GRAPH ("")."""
    spans = [(each.start, each.end, _element(text, each, graph)) for each in group.elements]
    return _replaced(text, group.start, group.end, spans)


def _element(text: str, element: Element, graph: str) -> str:
    if element.kind == "service":
        return text[element.start : element.end]
    if element.kind == "minus":
        graph = ""
    elif element.kind == "graph":
        graph = element.target if element.target[0] in "?$" else ""
    elif element.kind == "select" and graph:
        return _select(text, element, graph)
    spans = [(each.start, each.end, _group(text, each, graph)) for each in element.groups]
    return _replaced(text, element.start, element.end, spans)


def _select(text: str, element: Element, graph: str) -> str:
    whole = text[element.start : element.end]
    body = element.groups[0]
    head, tail = text[element.start : body.start], text[body.end : element.end]
    words = [token.text.upper() for token in tokens(head + " " + tail) if token.kind == "word"]
    is_used = any(token.kind == "variable" and token.text[1:] == graph[1:] for token in tokens(whole))
    if is_used or len(element.groups) > 1 or _OTHERS & set(words):
        return whole
    inner = _group(text, body, graph)
    each = f"{{ GRAPH {graph} {inner} }}"
    projected = _SELECT.sub(rf"\1 {graph} ", head, count=1)
    if "GROUP" in words:
        return projected + each + _KEYS.sub(rf"\1 {graph}", tail, count=1)
    if not _AGGREGATES & set(words):
        return whole if "HAVING" in words else projected + each + tail
    if "_:" in inner:  # one label may not stand in two patterns
        return whole
    names = f"{{ SELECT DISTINCT {graph} WHERE {{ GRAPH {graph} {{}} }} }}"
    without = f"{names} MINUS {each} {{ {head} {{ FILTER(false) }} {tail} }}"
    return f"{{ {projected} {each} GROUP BY {graph} {tail} }} UNION {{ {without} }}"
