"""Enumerations: items that a content announces before a colon and that go on over several sentences."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.document import Span
    from loader.extraction.attribution.findings import Finding, Marks

_COLON = re.compile(r"[ \t]*:[ \t]*")
_FIRST = re.compile(r"(?:The |the )?(?:[Ff]irst(?:ly)?|[Oo]ne)\b")
_NEXT = re.compile(
    r"(?:The |And the |and the )?(?:[Ss]econd(?:ly)?|[Tt]hird(?:ly)?|[Ff]ourth(?:ly)?|[Ff]ifth(?:ly)?|[Oo]ther"
    r"|[Ff]inally|[Ll]ast(?:ly)?)\b"
)
_SENTENCE = re.compile(r"[^\n]*?[.!?](?=[\"”’']?(?:\s|$))|[^\n]+")


def with_items(marks: Marks, finding: Finding) -> Finding:
    """Return the finding with the items of the enumeration that its content announces ("two aims: The first is …").

    The first item stands behind the colon; each next one is the sentence that an ordinal opens, on the same line.
    """
    last = finding.parts[-1]
    colon = _COLON.match(marks.text, last.end)
    if colon is None or _FIRST.match(marks.text, colon.end()) is None:
        return finding
    items: list[Span] = []
    at = colon.end()
    while (sentence := _SENTENCE.match(marks.text, at)) is not None:
        if items and _NEXT.match(marks.text, at) is None:
            break
        item = marks.tidy(at, sentence.end())
        if item is None:
            break
        items.append(item)
        at = sentence.end()
        while marks.text[at : at + 1] == " ":
            at += 1
    return replace(finding, parts=(*finding.parts, *items))
