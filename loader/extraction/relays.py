"""Relays: the words by which a sentence credits another outlet with a statement ("as quoted by AFP")."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.extraction.findings import Finding
    from loader.extraction.reading import Reading


def find_relays(reading: Reading, finding: Finding) -> Finding:
    """Return the finding with its relay spans, and with them cut off from content and source."""
    del reading
    return finding
