"""What the text of a SPARQL query or update tells before the engine parses it: its form, and whom it would call.

The engine has no switch for SERVICE and LOAD, so they are found in the text. Its parser reads ``<`` as an operator or
as the start of an IRI by context, and takes keywords that are glued to their neighbours (``trueSERVICE<i>{}``); a list
of tokens of one reading could be led to see a string where the engine sees code. Therefore ``calls`` follows every
reading at once: the set of places where a token may start, each visited once, so the time is linear.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_IRI = r"<(?:[^<>\"{}|^`\\\x00-\x20]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*>"
_STRING = (
    r'"""(?:(?:"|"")?(?:[^"\\]|\\.))*"""'
    r"|'''(?:(?:'|'')?(?:[^'\\]|\\.))*'''"
    r'|"(?:[^"\\\n\r]|\\.)*"'
    r"|'(?:[^'\\\n\r]|\\.)*'"
)
_TOKEN = re.compile(
    rf"(?P<blank>(?:\s|\#[^\n\r]*)+)|(?P<string>{_STRING})|(?P<iri>{_IRI})|(?P<variable>[?$]\w+)"
    r"|(?P<name>[\w.\-]*:(?:[\w.\-:%]|\\.)*)|(?P<language>@[A-Za-z][\w\-]*)|(?P<word>[A-Za-z]\w*)|(?P<mark>.)",
    re.DOTALL,
)
_PROLOGUE = re.compile(
    rf"(?:\s|\#[^\n\r]*(?:[\n\r]|$)|BASE(?:\s|\#[^\n\r]*[\n\r])*{_IRI}|VERSION\s*(?:\"[^\"\n]*\"|'[^'\n]*')"
    rf"|PREFIX(?:\s|\#[^\n\r]*[\n\r])*[^\s:<]*:(?:\s|\#[^\n\r]*[\n\r])*{_IRI})*",
    re.IGNORECASE,
)
_DOUBTFUL = re.compile(r"<[^<>\"{}|^`'#\x00-\x20]*['#][^<>\"{}|^`\x00-\x20]*>")
_FORM = re.compile(r"SELECT|ASK|CONSTRUCT|DESCRIBE", re.IGNORECASE)
_VOLATILE = re.compile(r"(?<![\w:?$])(?:NOW|RAND|UUID|STRUUID|BNODE)\s*[(#]", re.IGNORECASE)
_BEFORE_GRAPH = frozenset({"GRAPH", "FROM", "NAMED", "USING", "WITH", "INTO", "TO"})


class Token(NamedTuple):
    """A piece of the text: its kind (a group name of the token expression), its characters, its place."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A SERVICE or LOAD in the text; ``iri`` is None where it is a variable or a prefixed name."""

    start: int
    word: str
    silent: bool
    iri: str | None
    target: str


def _token(text: str, at: int) -> Token:
    match = _TOKEN.match(text, at)
    if match is None:  # the last branch takes any character, so only the end of the text comes here
        return Token("end", "", at, at)
    return Token(match.lastgroup or "mark", match.group(), at, match.end())


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of the text by the longest match, white space and comments left out."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup != "blank":
            yield Token(match.lastgroup or "mark", match.group(), match.start(), match.end())


def query_form(text: str) -> str | None:
    """Return SELECT, ASK, CONSTRUCT or DESCRIBE, the first word after the prologue; None for anything else."""
    form = _FORM.match(text) or _FORM.match(text, prologue_end(text))
    return form.group().upper() if form else None


def prologue_end(text: str) -> int:
    """Return the place behind the prologue, where the query's form stands."""
    prologue = _PROLOGUE.match(text)
    return prologue.end() if prologue else 0


def names_dataset(text: str) -> bool:
    """Whether the query itself names its dataset with FROM."""
    if "FROM" not in text.upper():
        return False
    depth = 0
    for token in tokens(text):
        if token.text in ("{", "}"):
            depth += 1 if token.text == "{" else -1
        elif (
            depth == 0
            and token.kind in ("word", "name")
            and token.text.partition(":")[0].upper() in ("FROM", "FROMNAMED")
        ):
            return True
    return False


def is_volatile(text: str, upper: str | None = None) -> bool:
    """Whether the query calls a function whose value differs from one run to the next.

    ``upper`` is the text in capitals, where the caller has it.
    """
    upper = text.upper() if upper is None else upper
    may = "NOW" in upper or "RAND" in upper or "UUID" in upper or "BNODE" in upper
    return may and _VOLATILE.search(text) is not None


def normal(text: str) -> str:
    """Return the query without indentation, blank lines and lines of comment, for comparing queries.

    Two texts of one normal form ask the same. A text with a string of several lines is its own normal form.
    """
    if "'''" in text or '"""' in text:
        return text
    if "\n" not in text:  # as most queries in a URL are
        line = text.strip(" \t\r")
        return line if line[:1] != "#" else ""
    lines = [line.strip(" \t\r") for line in text.split("\n")]
    return "\n".join(line for line in lines if line and line[0] != "#")


def ambiguous(text: str) -> bool:
    """Whether some ``<…>`` of the text could be read as comparisons with other strings or comments behind them."""
    return any(_operators(match.group()) for match in _DOUBTFUL.finditer(text))


def _operators(iri: str) -> bool:
    """Whether ``<…>`` could also start with the operator ``<`` in a way that matters behind it.

    Only a quote or ``#`` in it would then open a string or a comment that runs on, and only where what stands before
    may be code, which ``//`` is not.
    """
    head, *rest = re.split(r"['#]", iri[1:-1], maxsplit=1)
    return bool(rest) and "//" not in head


def calls(text: str) -> tuple[Call, ...]:
    """Return every SERVICE and LOAD that some reading of the text may contain, in order of the text."""
    upper = text.upper()
    if "SERVICE" not in upper and "LOAD" not in upper:
        return ()
    found: set[Call] = set()
    waiting, seen = [0], {0}
    while waiting:
        at = waiting.pop()
        token = _token(text, at)
        if token.kind == "end":
            continue
        ends = {token.end}
        if token.kind == "iri" and _operators(token.text):
            ends.add(at + 1)
        found.update(_call_at(text, token))
        for end in ends - seen:
            seen.add(end)
            waiting.append(end)
    loads = [call for call in found if call.word == "LOAD"]
    if loads and not ambiguous(text):  # an operation stands outside of groups; load:x within one is a name
        groups = tuple(_groups(text))
        starts = [start for start, _ in groups]
        for call in loads:
            at = bisect(starts, call.start) - 1
            if at >= 0 and call.start < groups[at][1]:
                found.discard(call)
    return tuple(sorted(found))


def _groups(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the outermost groups begin and end; none that is not closed."""
    depth = start = 0
    for token in tokens(text):
        if token.text == "{":
            start = start if depth else token.start
            depth += 1
        elif token.text == "}" and depth:
            depth -= 1
            if not depth:
                yield start, token.end


def _call_at(text: str, token: Token) -> Iterator[Call]:
    if token.kind in ("word", "language"):
        match = re.search(r"(SERVICE|LOAD)(SILENT)?$", token.text, re.IGNORECASE)
        if match:
            yield from _call_from(text, token.start + match.start(), match, token.end)
    elif token.kind == "name":
        head, colon, _ = token.text.partition(":")
        match = re.search(r"(SERVICE|LOAD)(SILENT)?$", head, re.IGNORECASE)
        if match and _may_be_call(text, token, match.group(1).upper()):
            target = colon + token.text[len(head) + 1 :]
            silent = match.group(2) is not None
            yield Call(token.start + match.start(), match.group(1).upper(), silent, None, target)


def _call_from(text: str, start: int, match: re.Match[str], end: int) -> Iterator[Call]:
    silent = match.group(2) is not None
    following = _next(text, end)
    if not silent and following.kind == "word" and following.text.upper() == "SILENT":
        silent = True
        following = _next(text, following.end)
    elif not silent and following.kind == "name" and following.text.upper().startswith("SILENT:"):
        silent, following = True, Token("name", following.text[6:], following.start + 6, following.end)
    if following.kind in ("iri", "name", "variable"):
        iri = following.text[1:-1] if following.kind == "iri" else None
        yield Call(start, match.group(1).upper(), silent, iri, following.text)


def _may_be_call(text: str, token: Token, word: str) -> bool:
    """Whether ``service:x`` may be the keyword and the name ``:x``: then a group follows (or, for LOAD, no pattern)."""
    following = _next(text, token.end)
    before = re.search(r"(?<![\w?$:@.%\\-])(\w+)[ \t]*$", text[max(0, token.start - 80) : token.start])
    if before is not None and before.group(1).upper() in _BEFORE_GRAPH:
        return False
    if word == "SERVICE":
        return following.text == "{"
    return following.kind == "end" or following.text == ";" or following.text.upper().startswith("INTO")


def _next(text: str, at: int) -> Token:
    token = _token(text, at)
    while token.kind == "blank":
        token = _token(text, token.end)
    return token


def group_end(text: str, opening: int) -> int:
    """Return the place after the ``}`` that closes the ``{`` at ``opening``; the text's length where none does."""
    depth = 0
    at = opening
    while at < len(text):
        token = _token(text, at)
        if token.text == "{":
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth == 0:
                return token.end
        at = token.end
    return len(text)
