"""How sure the extraction is of a statement: the share of statements of its sort that were found right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.lexicon import rows

if TYPE_CHECKING:
    from loader.document import Statement

_SHARES = {(rule, resolution): float(share) for rule, resolution, share, _count, _source in rows("confidence")}
_REST = "rest"  # the rule's row for a rule too rare to have been measured


def confidence(statement: Statement, rule: str) -> float:
    """Return the share, from 0 to 1, of statements found by the same rule with as good a source that were right.

    ``rule`` is that of the attribution, empty for what the article tells in its own voice. The shares stand in the
    table ``confidence``, with the number of statements each was measured on.
    """
    resolution = resolution_of(statement)
    return _SHARES.get((rule or "narrator", resolution)) or _SHARES.get((_REST, resolution)) or _SHARES[_REST, "none"]


def resolution_of(statement: Statement) -> str:
    """Return how well the source was resolved: "named" (an entity known or named), "unnamed", or "none"."""
    if not statement.speakers:
        return "none"
    return "unnamed" if all(speaker.kind == "UnnamedSource" for speaker in statement.speakers) else "named"
