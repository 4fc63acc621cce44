"""How a query is written for the engine, where the engine would answer its own text otherwise than SPARQL says.

Only what is sure is rewritten: each rule says which words it is about and why both texts mean the same. A text
in which strings or comments cannot be told from operators is left alone.
"""

from __future__ import annotations

import re

import pyoxigraph

from endpoint.syntax import ambiguous, prologue_end, tokens

_ALL = re.compile(r"SELECT\s+(?:DISTINCT\s+|REDUCED\s+)?(\*)", re.IGNORECASE)


def corrected(text: str) -> str:
    """Return a query or update with each GROUP_CONCAT as a plain literal (SPARQL 1.1, 18.5.1.7).

    The engine lets it bear the language tag that all its values share. ``STR`` of a plain literal is that literal, and
    of an error an error.
    """
    if "GROUP_CONCAT" not in text.upper() or ambiguous(text):
        return text
    stream = list(tokens(text))
    inserted: list[tuple[int, str]] = []
    open_: list[bool] = []  # whether each bracket that is open is the one of a GROUP_CONCAT
    for token, before in zip(stream, [None, *stream], strict=False):
        if token.text == "(" and token.kind == "mark":
            is_ours = before is not None and before.kind == "word" and before.text.upper() == "GROUP_CONCAT"
            open_.append(is_ours)
            if is_ours and before is not None:
                inserted.append((before.start, "STR("))
        elif token.text == ")" and token.kind == "mark" and open_ and open_.pop():
            inserted.append((token.end, ")"))
    parts, at = [], 0
    for place, piece in sorted(inserted):
        parts += [text[at:place], piece]
        at = place
    return "".join(parts) + text[at:]


def in_order(text: str, base: str) -> str:
    """Return a ``SELECT *`` with its variables named in the order in which they first stand in the text.

    The engine sorts them by name; SPARQL leaves the order open, and whoever reads a table expects that of the query.
    The engine says which variables there are. A query that cannot be read is returned as it is.
    """
    star = _ALL.match(text, prologue_end(text))
    if star is None or ambiguous(text):
        return text
    try:  # over no data, so that nothing but the reading takes time
        result = pyoxigraph.Store().query(text, base_iri=base)
    except (SyntaxError, ValueError, RuntimeError, OSError):
        return text
    if not isinstance(result, pyoxigraph.QuerySolutions):
        return text
    names = [variable.value for variable in result.variables]
    places = {token.text[1:]: token.start for token in reversed(list(tokens(text))) if token.kind == "variable"}
    named = sorted(names, key=lambda name: places.get(name, len(text)))
    if named == names:
        return text
    return text[: star.start(1)] + " ".join(f"?{name}" for name in named) + text[star.end(1) :]
