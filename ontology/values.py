"""What a constraint asks of one value: terms as N-Quads writes them, and tests that are true or false, never an error.

A term is a string here: ``<https://example.org/a>``, ``"a word"@en``, ``_:b``, just as pyoxigraph writes it. Its
characters answer what is asked most often; where they do not plainly, Oxigraph is asked, so that a value means what it
means in a query.
"""

from __future__ import annotations

import operator
import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

import pyoxigraph
from rdflib import XSD

if TYPE_CHECKING:
    from collections.abc import Callable

Row: TypeAlias = tuple[str, str, str, str]
"""A quad: subject, predicate, object and graph, each as N-Quads writes it."""

CASTABLE = frozenset(
    {
        *(XSD.string, XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.boolean),
        *(XSD.date, XSD.dateTime, XSD.time, XSD.gYear, XSD.duration, XSD.yearMonthDuration, XSD.dayTimeDuration),
    }
)
"""The datatypes that Oxigraph can cast a string to, which tells a well-formed literal from an ill-formed one."""

_INTEGER = re.compile(rf'"([+-]?[0-9]{{1,15}})"\^\^<{XSD}integer>')
_DECIMAL = re.compile(rf'"([+-]?[0-9]{{1,15}}(?:\.[0-9]{{1,15}})?)"\^\^<{XSD}decimal>')
_DATE = re.compile(rf'"([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})"\^\^<{XSD}date>')
_DAYS = re.compile(rf'"-?P[0-9]{{1,6}}D"\^\^<{XSD}dayTimeDuration>')
_MONTHS = re.compile(rf'"-?P[0-9]{{1,6}}[YM]"\^\^<{XSD}yearMonthDuration>')
_TO_ESCAPE = re.compile('[\x00-\x1f"\\\\\x7f\ud800-\udfff\ufffe\uffff]')
_ESCAPE = re.compile(r"\\(?:u([0-9A-F]{4})|U([0-9A-F]{8})|(.))")
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
# Regular expressions that mean the same to Python and to Oxigraph: no classes of letters, none but plain groups.
_PORTABLE = re.compile(
    r"(?:[A-Za-z0-9 _:/#=,^$|.-]|\((?!\?)|\)|[*+?](?![*+])|\{[0-9]+(?:,[0-9]*)?\}(?![*+])|\\[.$#/-]|\[[A-Za-z0-9-]+\])*"
)
_END = re.compile(r"(?<!\\)\$")  # to Python also before a line break at the end
_COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def is_iri(term: str) -> bool:
    """Whether a term is an IRI (and no triple, which begins alike)."""
    return term[0] == "<" and term[1] != "<"


def is_literal(term: str) -> bool:
    """Whether a term is a literal."""
    return term[0] == '"'


def is_blank(term: str) -> bool:
    """Whether a term is a blank node."""
    return term[0] == "_"


def text_of(term: str) -> str:
    """Return an IRI or the characters of a literal; a blank node or a triple as it is written."""
    if is_iri(term):
        return term[1:-1]
    if not is_literal(term):
        return term
    text = term[1 : term.rindex('"')]
    return _ESCAPE.sub(_unescaped, text) if "\\" in text else text


def written(text: str) -> str:
    """Return a plain literal. Raises ValueError for half of a pair of surrogates."""
    return str(pyoxigraph.Literal(text)) if _TO_ESCAPE.search(text) else f'"{text}"'


def _unescaped(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else _ESCAPED.get(found[3], found[3])


def language_of(term: str) -> str:
    """Return the language tag of a literal in lower case, empty where a term has none."""
    return term[term.rindex("@") + 1 :].lower() if is_literal(term) and term[-1] not in '">' else ""


def of_datatype(datatype: str) -> Callable[[str], bool]:
    """Return whether a term is a well-formed literal of a datatype, which is one of `CASTABLE`."""
    if datatype == str(XSD.string):
        return lambda term: is_literal(term) and term[-1] == '"'
    plain, ending = _PLAIN.get(datatype), f'"^^<{datatype}>'

    def test(term: str) -> bool:
        if not is_literal(term) or not term.endswith(ending):
            return False
        return (plain is not None and plain(term) is not None) or _holds(f"<{datatype}>(STR({term})) = {term}")

    return test


def of_form(pattern: str) -> Callable[[str], bool]:
    """Return whether a regular expression is found in an IRI or a literal.

    Raises ValueError for one that Oxigraph does not know; it has no look-around, for one.
    """
    written = str(pyoxigraph.Literal(pattern))
    if not _holds(f"STR(REGEX('', {written})) != ''"):
        message = f"Oxigraph does not know the regular expression {pattern}"
        raise ValueError(message)
    if _PORTABLE.fullmatch(pattern):
        found = re.compile(_END.sub(r"\\Z", pattern)).search
        return lambda term: (is_iri(term) or is_literal(term)) and found(text_of(term)) is not None
    return lambda term: (is_iri(term) or is_literal(term)) and _holds(f"REGEX(STR({term}), {written})")


def of_length(comparison: str, length: int) -> Callable[[str], bool]:
    """Return whether an IRI or a literal has so many characters: as many at least (">=") or at most ("<=")."""
    compare = _COMPARISONS[comparison]
    return lambda term: (is_iri(term) or is_literal(term)) and compare(len(text_of(term)), length)


def compared(comparison: str) -> Callable[[str, str], bool]:
    """Return whether one term is less than another ("<"), say; false for what has no order."""
    compare = _COMPARISONS[comparison]

    def test(left: str, right: str) -> bool:
        for known in (_number, _day):
            one, other = known(left), known(right)
            if one is not None and other is not None:
                return bool(compare(one, other))
        return is_literal(left) and is_literal(right) and _holds(f"{left} {comparison} {right}")

    return test


def _number(term: str) -> int | Decimal | None:
    found = _INTEGER.fullmatch(term)
    if found:
        return int(found[1])
    found = _DECIMAL.fullmatch(term)
    return Decimal(found[1]) if found else None


def _day(term: str) -> date | None:
    found = _DATE.fullmatch(term)
    try:
        return date.fromisoformat(found[1]) if found else None
    except ValueError:
        return None


def _holds(expression: str) -> bool:
    """Ask Oxigraph whether an expression is true; an error is false."""
    return bool(pyoxigraph.Store().query(f"ASK {{ FILTER(COALESCE({expression}, false)) }}"))


_PLAIN: dict[str, Callable[[str], object]] = {  # what gives None for all that is not well-formed at sight
    str(XSD.integer): _INTEGER.fullmatch,
    str(XSD.decimal): _DECIMAL.fullmatch,
    str(XSD.date): _day,
    str(XSD.dayTimeDuration): _DAYS.fullmatch,
    str(XSD.yearMonthDuration): _MONTHS.fullmatch,
}
