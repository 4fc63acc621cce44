"""Asides: cues that stand behind or inside what they attribute ("the bill would fail, he said")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.attribution.contents import Content
from loader.extraction.attribution.cues import is_quoting
from loader.extraction.text.syntax import SUBJECTS, child, children, group

if TYPE_CHECKING:
    from loader.extraction.attribution.cues import Entry
    from loader.extraction.text.tokens import Token

_PARTING = frozenset({",", "?", "!", "-", "--", "—", "–", "―", "”", '"', "''", "’", "»", ")"})
_OPENING = frozenset({'"', "''", "``", "“", "‘"})
_OWN = frozenset({"nsubj", "nsubjpass", "prt", "prep", "npadvmod", "advmod", "dative", "dobj", "agent", "neg", "aux"})


def of_verb(token: Token, entry: Entry) -> Content | None:
    """Return what a cue behind or inside a clause attributes: the sentence before it, and what goes on behind it.

    The cue's own clause has a subject and begins after a comma, a dash or a closing mark; nothing behind it is its
    complement.
    """
    if not entry.allows("that", "quote"):
        return None
    subject = child(token, "nsubj")
    whole = _whole(token, entry, subject)
    if whole is not None:
        return whole
    if (
        subject is None
        or child(token, "mark") is not None
        or token.dep_ in ("relcl", "acl")
        or _has_object(token, entry)
    ):
        return None
    start = min(subject.left_edge.i, group(token)[0])
    doc = token.doc
    sentence = token.sent
    if start <= sentence.start or doc[start - 1].text not in _PARTING:
        return None
    first = _beginning(token, start)
    end = _closing(token, subject)
    last = _goes_on(token, end)
    apart = last <= end and (_opens_quotation(token, end) or _is_circumstance(token, start))
    found = [(first, start - 1)]
    if last > end:
        found.append((end + (3 if doc[min(end + 2, last)].dep_ == "cc" else 1), last))
    clausal = any(t.pos_ in ("VERB", "AUX") for a, b in found for t in doc[a : b + 1])
    return Content(tuple(found), "around") if clausal and first < start and not apart else None


def _whole(token: Token, entry: Entry, subject: Token | None) -> Content | None:
    """Return the paragraph below a cue, or the clause that a clause with "as" reports."""
    if subject is None:
        behind = token.tag_ == "VBN" and token.dep_ in ("advcl", "acl") and child(token, "agent") is not None
        return _of_as(token) if behind else None  # "as reported by X, …"
    if _has_object(token, entry):
        return None
    if token.dep_ == "ROOT":
        return _below(token)
    return _of_as(token) if token.dep_ == "advcl" else None


def _below(token: Token) -> Content | None:
    """Return the paragraph below a line that the cue ends with a colon: "The minister added:"."""
    doc, line, end = token.doc, token.i + 1, token.sent.end
    while line < len(doc) and line <= end and "\n" not in doc[line].text:  # the line ends no later than the sentence
        line += 1
    if line + 1 >= len(doc) or doc[line - 1].text != ":" or doc[line - 1].head != token or end < line:
        return None
    first = last = line + 1
    while last + 1 < len(doc) and "\n" not in doc[last + 1].text:
        last += 1
    if not doc[first].text[:1].isalpha() or doc[last].text not in (".", "!", "?"):
        return None  # a quotation, a list or a heading
    return Content(((first, last),), "below")


def _of_as(token: Token) -> Content | None:
    """Return the clause that a clause with "as" and a comma reports: "as X said, …", "…, as X said"."""
    mark = child(token, "mark") or (token.head if token.dep_ == "acl" else None)
    doc, head = token.doc, token.head
    if mark is not None and mark == head:  # a parse may take "as" for a preposition
        head = mark.head
    if mark is None or mark.lower_ != "as" or mark.i > token.left_edge.i or head.pos_ not in ("VERB", "AUX"):
        return None
    start, end = mark.i, token.right_edge.i
    while end > token.i and doc[end].text == ",":
        end -= 1
    last = head.right_edge.i
    begun = all(before.is_punct for before in doc[token.sent.start : start])
    if begun and doc[token.sent.start].text == "(":
        while last > head.i and doc[last].is_punct:
            last -= 1
    if begun or (start < head.i and doc[start - 1].dep_ == "cc"):
        follows = end + 1 < len(doc) and doc[end + 1].text == ","
        return Content(((end + 2, last),), "around") if follows and end + 2 <= head.i else None
    if doc[start - 1].text != "," or head.left_edge.i >= start:
        return None
    first = (head.left_edge.i, start - 1)
    return Content((first, (end + 1, last)) if last > end + 1 else (first,), "around")


def _opens_quotation(token: Token, end: int) -> bool:
    """Whether a quotation follows the cue, so that what stands before it is the article's: "Asked why, X said, “…”"."""
    doc = token.doc
    return (
        end + 2 < len(doc)
        and doc[end + 1].text in (",", ":")
        and doc[end + 2].text in _OPENING
        and not doc[min(end + 3, len(doc) - 1)].is_lower
    )


def _is_circumstance(token: Token, start: int) -> bool:
    """Whether what stands before a cue only tells when or how it was said: "Walking on, X added"."""
    before = [c for c in token.lefts if c.i < start and not c.is_punct and c.dep_ not in ("cc", "mark")]
    return bool(before) and all(
        c.dep_ == "prep" or (c.dep_ == "advcl" and c.tag_ in ("VBG", "VBN") and child(c, "nsubj", "aux") is None)
        for c in before
    )


def _has_object(token: Token, entry: Entry) -> bool:
    """Whether something behind the cue is its complement; who is told something is none."""
    labels = {"ccomp"} if entry.allows("that-object") else {"ccomp", "dobj"}
    if any(c.dep_ in labels and c.i > token.i for c in token.children):
        return True
    return any(c.i > token.i and not _is_interrupted(c, entry) for c in children(token, "xcomp"))


def _is_interrupted(clause: Token, entry: Entry) -> bool:
    """Whether an infinitive behind a comma goes on what the cue interrupts: "it is better, he said, to wait"."""
    before = clause.doc[clause.left_edge.i - 1]
    return before.text == "," and not entry.allows("to") and any(c.tag_ == "TO" for c in clause.lefts)


def _beginning(token: Token, start: int) -> int:
    """Index of the first token of what stands before the cue's clause."""
    clause = next((c for c in token.children if c.dep_ == "ccomp" and c.i < start), None)
    if clause is not None:
        return min(clause.left_edge.i, token.left_edge.i)
    head = token.head
    while head.dep_ in ("ccomp", "parataxis") and head.head != head:
        head = head.head
    if token.dep_ in ("parataxis", "ccomp", "advcl", "conj", "dep") and head != token and head.left_edge.i < start:
        return int(head.left_edge.i)
    return int(token.sent.start)


def _closing(token: Token, subject: Token) -> int:
    """Index of the last token of the cue's own clause."""
    last = max(token.i, subject.right_edge.i if subject.i > token.i else token.i)
    for other in token.rights:
        if other.dep_ in _OWN or (other.dep_ == "advcl" and other.tag_ != "VBG"):
            last = max(last, other.right_edge.i)
    return int(last)


def _joined(token: Token, end: int) -> int:
    """Return the last token of a clause that is joined on behind the cue: "…, he said, and everybody ran"; or -1."""
    link = token.doc[end + 2] if end + 3 < token.sent.end else token
    if link.dep_ != "cc" or token.dep_ not in ("parataxis", "ccomp", "dep"):
        return -1
    for other in link.head.children:
        alone = child(other, *SUBJECTS) is not None and not is_quoting(other)
        if other.dep_ == "conj" and other.i > link.i and alone and other.pos_ in ("VERB", "AUX"):
            return int(other.right_edge.i)
    return -1


def _goes_on(token: Token, end: int) -> int:
    """Index of the last token of the clause that the cue interrupts; -1 if it interrupts none."""
    doc = token.doc
    if end + 1 >= token.sent.end or doc[end + 1].text not in _PARTING:
        return -1
    clause = next((c for c in token.children if c.dep_ == "ccomp"), None)
    if clause is not None and clause.right_edge.i > end:
        return int(clause.right_edge.i)
    rest = next((c for c in children(token, "xcomp") if c.left_edge.i == end + 2), None)
    joined = int(rest.right_edge.i) if rest is not None else _joined(token, end)
    if joined >= 0:
        return joined
    head = token.head
    if _is_beside(token, end):
        return -1
    if token.dep_ in ("parataxis", "ccomp", "dep") and head.right_edge.i > end:
        follows = [t for t in head.subtree if t.i > end and not t.is_punct]
        if follows and not any(t.dep_ == "cc" for t in follows[:1]):
            return int(follows[-1].i)
    return -1


def _is_beside(token: Token, end: int) -> bool:
    """Whether what follows a cue tells how or by whom it is told: "he said, his voice rising", "…, media reported"."""
    head = token.head
    if head.i > end and head.tag_ == "VBG" and child(head, "aux") is None:
        return True
    return token.dep_ == "ccomp" and token.i < head.i and is_quoting(head) and child(head, "nsubj") is not None
