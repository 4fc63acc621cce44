"""How sure the extraction is of a statement: the share of statements of its sort that were found right."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from loader.document import EntityKind
from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from loader.document import Statement

_SHARES = {(rule, resolution): float(share) for rule, resolution, share, _count, _source in rows("confidence")}
_REST = "rest"  # the rule's row for a rule too rare to have been checked by itself
_GROUPS = ("preposition", "noun", "adjective")  # "noun in", "noun of" are one rule here
_UNCHECKED = "llm"
_QUOTES = re.compile(r"(?:\+quote)+$")


def confidence(statement: Statement, rule: str) -> float | None:
    """Return the share, from 0 to 1, of statements found by the same rule with as good a source that were right.

    None for what a language model found: nobody has checked how often that one is right.

    ``rule`` is that of the attribution, empty for what the article tells in its own voice. The shares stand in the
    table ``confidence``, with the number of statements that each was checked on.
    """
    if rule.startswith(_UNCHECKED):
        return None
    resolution = resolution_of(statement)
    return _SHARES.get((_family(rule), resolution)) or _SHARES[_REST, resolution]


def resolution_of(statement: Statement) -> str:
    """Return how well the source was resolved: "named" (an entity known or named), "unnamed", or "none"."""
    if not statement.speakers:
        return "none"
    unnamed = all(speaker.kind is EntityKind.UNNAMED_SOURCE for speaker in statement.speakers)
    return "unnamed" if unnamed else "named"


def _family(rule: str) -> str:
    """Return the name a rule goes by in the table: "clause+quote+quote" is "clause+quote", no rule is "narrator"."""
    if not rule:
        return "narrator"
    first = rule.split(" ", 1)[0]
    return first if first in _GROUPS else _QUOTES.sub("+quote", rule)
