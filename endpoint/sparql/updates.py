"""Which graphs an update would write, as far as its text tells before it runs.

Graphs under ``{base}graph/`` are the loader's. Where the text names each graph it writes, looking at the names
is enough; where it does not (``GRAPH ?g``, ``CLEAR ALL``, anything unusual), the writer compares the loader's graphs
before and after (see scribe.py). So this module may say "cannot be told" whenever in doubt, and never guesses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from endpoint.sparql.syntax import ambiguous, tokens

if TYPE_CHECKING:
    from endpoint.sparql.syntax import Token

_OUTSIDE = frozenset(
    [
        "ADD",
        "ALL",
        "AS",
        "BASE",
        "CLEAR",
        "COPY",
        "CREATE",
        "DATA",
        "DEFAULT",
        "DELETE",
        "DROP",
        "GRAPH",
        "INSERT",
        "INTO",
        "MOVE",
        "NAMED",
        "PREFIX",
        "SILENT",
        "TO",
        "USING",
        "VERSION",
        "WHERE",
        "WITH",
    ]
)
_MANAGEMENT = frozenset(["ADD", "CLEAR", "COPY", "CREATE", "DROP", "MOVE"])
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^<>\"{}|^`\\\x00-\x20]*")


class _Untold(Exception):
    """The text does not tell."""


@dataclass(frozen=True, slots=True)
class Written:
    """The graphs that an update may write: their IRIs, or ``told`` False where the text does not tell."""

    graphs: frozenset[str]
    told: bool


def written_graphs(text: str) -> Written:
    """Return the named graphs that an update may write, add or drop; its default graph is not among them."""
    if ambiguous(text):
        return Written(frozenset(), told=False)
    reader = _Reader(list(tokens(text)))
    try:
        reader.read()
    except _Untold:
        return Written(frozenset(reader.graphs), told=False)
    return Written(frozenset(reader.graphs), told=True)


class _Reader:
    """Walks over the tokens of an update; raises _Untold at the first thing that it does not know for certain."""

    def __init__(self, stream: list[Token]) -> None:
        self.graphs: set[str] = set()
        self._stream = stream
        self._at = 0
        self._prefixes: dict[str, str] = {}
        self._with: str | None = None  # the graph of what templates write outside of GRAPH

    def read(self) -> None:
        while self._at < len(self._stream):
            word = self._word()
            if word == "PREFIX":
                self._read_prefix()
            elif word in ("BASE", "VERSION"):
                self._at += 1
            elif word in _MANAGEMENT:
                self._read_management(word)
            elif word == "WITH":
                self._with = self._iri()
            elif word in ("DELETE", "INSERT"):
                self._read_template(word)
            elif word == "USING":
                if self._peek() == "NAMED":
                    self._at += 1
                self._iri()
            elif word == "WHERE":
                self._skip_group()
            elif word == ";":
                self._with = None
            else:
                raise _Untold

    def _word(self) -> str:
        """Return the next token, which outside of groups is a keyword or ``;``."""
        token = self._next()
        if token.text == ";":
            return ";"
        if token.kind != "word" or token.text.upper() not in _OUTSIDE:
            raise _Untold
        return token.text.upper()

    def _next(self) -> Token:
        if self._at >= len(self._stream):
            raise _Untold
        self._at += 1
        return self._stream[self._at - 1]

    def _peek(self) -> str:
        return self._stream[self._at].text.upper() if self._at < len(self._stream) else ""

    def _iri(self) -> str:
        token = self._next()
        if token.kind == "iri" and _ABSOLUTE.fullmatch(token.text[1:-1]):
            return token.text[1:-1]
        if token.kind == "name" and "\\" not in token.text:
            prefix, _, local = token.text.partition(":")
            if prefix in self._prefixes and not local.endswith("."):
                return self._prefixes[prefix] + local
        raise _Untold

    def _read_prefix(self) -> None:
        name, iri = self._next(), self._next()
        if name.kind != "name" or not name.text.endswith(":") or iri.kind != "iri":
            raise _Untold
        if not _ABSOLUTE.fullmatch(iri.text[1:-1]):
            raise _Untold
        self._prefixes[name.text[:-1]] = iri.text[1:-1]

    def _read_management(self, word: str) -> None:
        if self._peek() == "SILENT":
            self._at += 1
        self._read_graph_or_default()
        if word in ("ADD", "COPY", "MOVE"):
            if self._word() != "TO":
                raise _Untold
            self._read_graph_or_default()

    def _read_graph_or_default(self) -> None:
        if self._peek() == "DEFAULT":
            self._at += 1
            return
        if self._peek() in ("ALL", "NAMED"):
            raise _Untold
        if self._peek() == "GRAPH":
            self._at += 1
        self.graphs.add(self._iri())

    def _read_template(self, word: str) -> None:
        if self._peek() == "DATA" or (word == "DELETE" and self._peek() == "WHERE"):
            self._at += 1
        if self._next().text != "{":
            raise _Untold
        depth = 1
        while depth:
            token = self._next()
            is_graph = token.kind == "word" and token.text.upper() == "GRAPH"
            if depth == 1 and not is_graph and token.text not in ("}", ".") and self._with is not None:
                self.graphs.add(self._with)
            if token.text == "{":
                depth += 1
            elif token.text == "}":
                depth -= 1
            elif token.kind == "word":
                if is_graph:
                    self.graphs.add(self._iri())
                    if self._next().text != "{":
                        raise _Untold
                    depth += 1
                elif token.text not in ("a", "true", "false", "e", "E"):
                    raise _Untold
            elif token.kind == "name" and token.text.partition(":")[0].upper().endswith("GRAPH"):
                raise _Untold  # the engine takes GRAPH:x for the keyword and the name :x

    def _skip_group(self) -> None:
        if self._next().text != "{":
            raise _Untold
        depth = 1
        while depth:
            token = self._next()
            depth += (token.text == "{") - (token.text == "}")
