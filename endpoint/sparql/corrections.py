"""How a query is written for the engine, where the engine would answer its own text otherwise than SPARQL says.

Only what is sure is rewritten: each rule says which words it is about and why both texts mean the same. A text
in which strings or comments cannot be told from operators is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyoxigraph

from endpoint.sparql.syntax import ambiguous, prologue_end, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_ANY = re.compile(r"[^\r\n]")
_VARIABLE = re.compile(r"[?$](\w+)")
_PARTS = 200  # of one update
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


def operations(text: str) -> Iterator[str]:
    """Yield the texts that come to an update one after the other; several where PREFIX or BASE stands behind a ``;``.

    The grammar allows that (rules 29 and 30), the engine does not. Each text has the declarations up to its operations
    in their places, and blanks in the place of all else, so that an error has its place in the whole text.
    """
    parts = [] if ";" not in text or ambiguous(text) else _parts(text)
    if not 1 < len(parts) <= _PARTS:
        yield text
        return
    declared: list[tuple[int, int]] = []
    for start, first, end in parts:
        declared.append((start, first))
        yield _only(text, [*declared, (first, end)])


def _parts(text: str) -> list[tuple[int, int, int]]:
    """Return where operations with declarations of their own begin, where these end, where the operations end.

    Operations without declarations go with those before. None for a text that has nothing between two ``;``.
    """
    parts: list[tuple[int, int, int]] = []
    stream = list(tokens(text))
    depth = start = 0
    ends = []
    for token in stream:
        depth += (token.text == "{") - (token.text == "}")
        if token.text == ";" and token.kind == "mark" and depth == 0:
            ends.append(token.start)
    for end in [*ends, len(text)]:
        first = start + prologue_end(text[start:end])
        has_declarations = next(tokens(text[start:first]), None) is not None
        if first == end and end != len(text):
            return []
        if has_declarations or not parts:
            parts.append((start, first, end))
        else:
            parts[-1] = (*parts[-1][:2], end)
        start = end + 1
    return parts


def _only(text: str, spans: Sequence[tuple[int, int]]) -> str:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [_ANY.sub(" ", text[at:start]), text[start:end]]
        at = end
    return "".join(pieces)


def in_order(text: str, base: str, prefixes: Mapping[str, str] | None = None) -> str:
    """Return a ``SELECT *`` with its variables named in the order in which they first stand in the text.

    ``prefixes`` may be used undeclared.

    The engine sorts them by name; SPARQL leaves the order open, and whoever reads a table expects that of the query.
    The engine says which variables there are. A query that cannot be read is returned as it is.
    """
    star = _ALL.match(text, prologue_end(text)) if "*" in text else None
    if star is None or ambiguous(text):
        return text
    try:  # over no data, so that nothing but the reading takes time
        result = pyoxigraph.Store().query(text, base_iri=base, prefixes=dict(prefixes or {}))
    except (SyntaxError, ValueError, RuntimeError, OSError):
        return text
    if not isinstance(result, pyoxigraph.QuerySolutions):
        return text
    names = [variable.value for variable in result.variables]
    places = _places(text)
    named = sorted(names, key=lambda name: places.get(name, len(text)))
    if named == names:
        return text
    return text[: star.start(1)] + " ".join(f"?{name}" for name in named) + text[star.end(1) :]


def _places(text: str) -> dict[str, int]:
    """Return where each variable first stands in the text."""
    if any(mark in text for mark in "'\"#"):  # there may be variables' names in strings and comments
        found = [(token.text[1:], token.start) for token in tokens(text) if token.kind == "variable"]
    else:
        found = [(match[1], match.start()) for match in _VARIABLE.finditer(text)]
    return dict(reversed(found))
