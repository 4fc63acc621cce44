"""The groups of a SPARQL query: what stands in which braces, as far as calling a service needs to know.

A query is read into elements (SPARQL 1.1, grammar rules 53 to 68) with their places in the text; expressions and
triples stay text. The reader is strict: what it does not know is Unreadable, so that nothing is concluded from a query
that another reader could take otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from endpoint.sparql import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from endpoint.sparql.syntax import Token

_DEEPEST = 60  # groups within groups
_TRIPLE_WORDS = frozenset({"a", "TRUE", "FALSE"})
_KEYWORDS = frozenset(
    {"BIND", "EXISTS", "FILTER", "GRAPH", "MINUS", "NOT", "OPTIONAL", "SELECT", "SERVICE", "SILENT", "UNION", "VALUES"}
)


class Unreadable(ValueError):
    """A query whose groups cannot be told apart here; the message says by what."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a group, from ``start`` to ``end`` in the text.

    ``kind`` is triples, filter, bind, values, optional, minus, graph, service, group (one group or several joined by
    UNION) or select (a sub-SELECT). ``groups`` are the groups in it, those in expressions included. For a service,
    ``silent`` and ``target`` (as written) say whom it calls, and how.
    """

    kind: str
    start: int
    end: int
    groups: tuple[Group, ...] = ()
    silent: bool = False
    target: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What stands between two braces, from the place of ``{`` to the place behind ``}``."""

    start: int
    end: int
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A query: its prologue and its FROM clauses as text, its WHERE group, and the groups in other expressions."""

    prologue: str
    dataset: str
    where: Group
    others: tuple[Group, ...]


def read_pattern(text: str) -> Pattern:
    """Return the groups of a query; raises Unreadable."""
    if syntax.ambiguous(text):
        message = "an IRI that could also be a comparison"
        raise Unreadable(message)
    start = syntax.prologue_end(text)
    every = [token for token in syntax.tokens(text) if token.start >= start]
    return _Reader(text, every).query(text[:start])


def services(group: Group) -> Iterator[Element]:
    """Yield the services of a group, those in its groups included but not those that another service is to call."""
    for element in group.elements:
        if element.kind == "service":
            yield element
        else:
            for inner in element.groups:
                yield from services(inner)


class _Reader:
    """Reads one query from left to right."""

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def query(self, prologue: str) -> Pattern:
        """Read the whole query."""
        form = self._take().text.upper()
        if form == "CONSTRUCT" and self._is("{"):
            self._skip_braces()
        others, dataset = self._head()
        where = self._group()
        while self._at < len(self._tokens):
            others += self._anything()
        return Pattern(prologue, dataset, where, tuple(others))

    def _head(self) -> tuple[list[Group], str]:
        """Read up to the WHERE group; return the groups in expressions on the way, and the FROM clauses."""
        groups: list[Group] = []
        start = None
        while not self._is("{"):
            token = self._peek()
            if token.kind == "word" and token.text.upper() == "FROM" and start is None:
                start = token.start
            end = token.start if token.text.upper() == "WHERE" else token.end
            groups += self._anything()
            if start is not None and token.text.upper() == "WHERE":
                return groups, self._text[start:end]
        return groups, self._text[start : self._peek().start] if start is not None else ""

    def _anything(self) -> list[Group]:
        """Read one token, or what stands in its brackets; return the groups in there."""
        if self._is("("):
            return self._brackets()
        if self._is("{"):  # the data of VALUES: groups stand in brackets there
            self._skip_braces()
        else:
            self._take()
        return []

    def _brackets(self) -> list[Group]:
        """Read an expression in brackets; return the groups of its EXISTS."""
        groups: list[Group] = []
        depth = 0
        while True:
            if self._is("{"):
                groups.append(self._group())
                continue
            token = self._take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                return groups

    def _skip_braces(self) -> None:
        depth = 0
        while True:
            token = self._take()
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if token.kind == "word" and token.text.upper() in _KEYWORDS:
                message = f"{token.text} where data are expected"
                raise Unreadable(message)
            if depth == 0:
                return

    def _group(self) -> Group:
        self._depth += 1
        if self._depth > _DEEPEST:
            message = f"more than {_DEEPEST} groups within groups"
            raise Unreadable(message)
        start = self._expect("{").start
        if self._is_word("SELECT"):
            elements = [self._select()]
        else:
            elements = []
            while not self._is("}"):
                if self._is(".") and elements:
                    self._take()
                else:
                    elements.append(self._element())
        self._depth -= 1
        return Group(start, self._expect("}").end, tuple(elements))

    def _select(self) -> Element:
        """Read a sub-SELECT up to the brace that closes its group."""
        start = self._peek().start
        others, dataset = self._head()
        if dataset:
            message = "FROM in a sub-SELECT"
            raise Unreadable(message)
        groups = [self._group()]
        while not self._is("}"):
            others += self._anything()
        return Element("select", start, self._peek().start, (*groups, *others))

    def _element(self) -> Element:
        start = self._peek().start
        if self._is("{"):
            groups = [self._group()]
            while self._is_word("UNION"):
                self._take()
                groups.append(self._group())
            return Element("group", start, groups[-1].end, tuple(groups))
        word = self._peek().text.upper() if self._peek().kind == "word" else ""
        if word in ("OPTIONAL", "MINUS"):
            self._take()
            group = self._group()
            return Element(word.lower(), start, group.end, (group,))
        if word in ("GRAPH", "SERVICE"):
            return self._addressed(start, word)
        if word in ("FILTER", "BIND"):
            self._take()
            groups = self._constraint() if word == "FILTER" else self._brackets()
            return Element(word.lower(), start, self._tokens[self._at - 1].end, tuple(groups))
        if word == "VALUES":
            self._take()
            if self._is("("):
                self._brackets()
            elif self._take().kind != "variable":
                message = "VALUES without a variable"
                raise Unreadable(message)
            self._skip_braces()
            return Element("values", start, self._tokens[self._at - 1].end)
        return self._triples(start)

    def _addressed(self, start: int, word: str) -> Element:
        self._take()
        silent = word == "SERVICE" and self._is_word("SILENT")
        if silent:
            self._take()
        target = self._take()
        if target.kind not in ("iri", "name", "variable"):
            message = f"{word} without an IRI"
            raise Unreadable(message)
        group = self._group()
        return Element(word.lower(), start, group.end, (group,), silent, target.text)

    def _constraint(self) -> list[Group]:
        if self._is("("):
            return self._brackets()
        if self._is_word("NOT"):
            self._take()
        if self._is_word("EXISTS"):
            self._take()
            return [self._group()]
        if self._take().kind not in ("word", "iri", "name") or not self._is("("):
            message = "a FILTER without an expression"
            raise Unreadable(message)
        return self._brackets()

    def _triples(self, start: int) -> Element:
        """Read triples up to the next element; a bracket of theirs holds no group."""
        before: Token | None = None
        while not (self._is("{") or self._is("}")):
            token = self._peek()
            if token.kind == "word" and token.text.upper() in _KEYWORDS:
                break
            if token.kind == "name" and token.text.partition(":")[0].upper() in _KEYWORDS:
                message = f"the prefix of {token.text}"  # the engine may read a keyword and the rest
                raise Unreadable(message)
            if token.kind == "word" and not _is_triple_word(token, before):
                raise Unreadable(token.text)
            before = self._take()
        if before is None:
            raise Unreadable(self._peek().text)
        if self._is("{") and self._at + 1 < len(self._tokens) and self._tokens[self._at + 1].text == "|":
            message = "an annotation"
            raise Unreadable(message)
        return Element("triples", start, before.end)

    def _peek(self) -> Token:
        if self._at >= len(self._tokens):
            message = "its end"
            raise Unreadable(message)
        return self._tokens[self._at]

    def _take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _is(self, mark: str) -> bool:
        token = self._peek()
        return token.kind == "mark" and token.text == mark

    def _is_word(self, word: str) -> bool:
        token = self._peek()
        return token.kind == "word" and token.text.upper() == word

    def _expect(self, mark: str) -> Token:
        if not self._is(mark):
            raise Unreadable(self._peek().text)
        return self._take()


def _is_triple_word(token: Token, before: Token | None) -> bool:
    """Whether a word may stand among triples: ``a``, ``true``, ``false``, or the exponent of a number (1e6)."""
    if token.text == "a" or token.text.upper() in _TRIPLE_WORDS - {"a"}:
        return True
    is_exponent = token.text[0] in "eE" and (token.text[1:].isdigit() or len(token.text) == 1)
    return is_exponent and before is not None and before.end == token.start and before.text in "0123456789."
