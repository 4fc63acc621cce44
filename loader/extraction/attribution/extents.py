"""Extents: where what a cue attributes begins and ends, for a parse hangs now too little on it, now too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.text.syntax import SUBJECTS, child, children

if TYPE_CHECKING:
    from spacy.tokens import Token

_MARKS = frozenset({'"', "''", "``", "“", "”"})
_DASHES = frozenset({"-", "--", "—", "–", "―"})
_PERSONAL = frozenset({"who", "whom", "whose"})
_REASON = frozenset({"because", "unless", "if", "since", "so", "until", "provided", "lest"})
_NOMINAL = frozenset({"NOUN", "PROPN", "ADP"})
_TIMES = frozenset({"DATE", "TIME"})
_STEPS = 4  # how often a content is prolonged
_DISTANCE = 16  # tokens between a cue and a "that" that a parse hangs elsewhere
_NAME = 14  # tokens: the longest name of a thing before what it is called


def spread(cue: Token, first: int, last: int, frame: str) -> tuple[int, int]:
    """Return the first and last token of a content, prolonged by what goes on and without the aside that ends it.

    ``frame`` is the frame that found the content.
    """
    for _ in range(_STEPS):
        more = _clausal(cue, last) if frame == "clause" else _nominal(cue, last, frame)
        if more <= last:
            break
        last = more
    return first, last if frame == "clause" else _without_aside(cue, first, last)


def _clausal(cue: Token, last: int) -> int:
    """Return the last token of what goes on behind a clause: ", but that …", "because …", a verb cut off; -1 if none.

    "said claims of this kind [were made by all]": a parse may take "claims" for the verb.
    """
    doc, end = cue.doc, cue.sent.end
    at = last + 2 if last + 1 < end and doc[last + 1].text in (",", ";") else last + 1
    if at + 1 >= end:
        return -1
    opener, follower = doc[at], doc[at + 1]
    if opener.dep_ == "cc" and follower.lower_ == "that" and follower.dep_ == "mark":
        return int(follower.head.right_edge.i)
    if opener.lower_ in _REASON and opener.dep_ == "mark" and opener.head.head == cue:
        return int(opener.head.right_edge.i)
    if at == last + 1 and not opener.is_punct and opener.dep_ != "cc":
        for verb in children(cue, "ccomp"):
            if verb.left_edge.i == at and verb.pos_ in ("VERB", "AUX") and child(verb, *SUBJECTS) is None:
                return int(verb.right_edge.i)
    return -1


def _nominal(cue: Token, last: int, frame: str) -> int:
    """Return the last token of what goes on behind a noun phrase: "re[-emergence]", "jobs[, and a need]"; or -1."""
    doc, end = cue.doc, cue.sent.end
    if last + 2 >= end or frame not in ("object", "predicate", "preposition", "topic"):
        return -1
    behind = doc[last + 1]
    if behind.text in ("-", "–") and not doc[last].whitespace_ and not behind.whitespace_:
        return int(doc[last + 2].right_edge.i)
    at = last + 2 if behind.text == "," else last + 1
    if at + 1 < end and doc[at].dep_ == "cc" and doc[at].head == cue:
        for other in cue.rights:
            if other.left_edge.i == at + 1 and other.dep_ in ("conj", "dep", "dobj", "prep") and other.pos_ in _NOMINAL:
                return int(other.right_edge.i) if child(other, *SUBJECTS) is None else -1
    return _second(cue, last) if frame == "object" else -1


def _second(cue: Token, last: int) -> int:
    """Return the last token of what goes on behind an object: "showed her [ahead]", "plans [to go]"; or -1."""
    behind = cue.doc[last + 1]
    for other in cue.rights:
        if other.left_edge.i == last + 1 and other.dep_ in ("dobj", "ccomp", "npadvmod"):
            return int(other.right_edge.i) if not is_time(other) else -1
    if behind.tag_ == "TO" and behind.head.head == cue:
        return int(behind.head.right_edge.i)
    return -1


def _without_aside(cue: Token, first: int, last: int) -> int:
    """Return the last token of a content without the aside that ends it: the article's own voice, not its source's.

    A relative clause on somebody behind a comma ("backed Berg, who lost"), or a noun phrase with "a" in apposition
    ("backed the plan, a sign of its strength"). Inside quote marks nothing is cut.
    """
    doc = cue.doc
    opened = False
    for i in range(first + 1, last):
        if doc[i].text in _MARKS:
            opened = not opened
        elif not opened and (doc[i].text == "," or doc[i].text in _DASHES):
            start = i + 1
            while start < last and doc[start].text in _MARKS:
                start += 1
            if start < last and _is_aside(doc[i], doc[start], first, last):
                return i - 1
    return last


def _is_aside(mark: Token, opener: Token, first: int, last: int) -> bool:
    if opener.lower_ in _PERSONAL:
        verb = opener
        while verb.dep_ != "relcl" and verb.head != verb:
            verb = verb.head
        ends = verb.dep_ == "relcl" and verb.i > opener.i and verb.right_edge.i >= last - 1
        return ends and mark.text == "," and first <= verb.head.i < mark.i
    if mark.text in _DASHES or opener.lower_ not in ("a", "an"):
        return False
    head = opener.head
    return head.dep_ == "appos" and head.left_edge == opener and head.right_edge.i >= last - 1


def contrast(cue: Token, last: int) -> int:
    """Return the last token of an elliptic contrast behind a content that a parse hangs on the cue (-1: none).

    "admits they use it for light, but not as a weapon".
    """
    doc = cue.doc
    at = last + 2 if last + 1 < len(doc) and doc[last + 1].text == "," else last + 1
    if at + 2 >= cue.sent.end or doc[at].lower_ != "but" or doc[at + 1].lower_ != "not" or doc[at].head != cue:
        return -1
    rest = doc[at + 2]
    return int(rest.right_edge.i) if rest.head == cue and rest.dep_ == "prep" else -1


def is_time(thing: Token) -> bool:
    """Whether a noun only says when: "Monday", "last week"; "decades of support" and "the years he spent" do not."""
    return thing.ent_type_ in _TIMES and child(thing, "prep", "relcl", "acl") is None


def stray_clause(cue: Token) -> tuple[int, int] | None:
    """Return the clause behind a cue that a parse hangs on another word, first and last token; None if there is none.

    "told a meeting of leaders that few understood"; "said after the talks he would not sign".
    """
    doc, end = cue.doc, cue.sent.end
    for i in range(cue.i + 1, min(cue.i + _DISTANCE, end - 2)):
        that = doc[i]
        if that.lower_ == "that" and that.dep_ == "mark":
            verb, before = that.head, doc[i - 1]
            complete = verb.i > i and child(verb, *SUBJECTS) is not None and cue.is_ancestor(verb)
            if complete and before.pos_ not in ("VERB", "ADJ", "AUX", "ADV", "SCONJ"):
                return i + 1, verb.right_edge.i
            break
        if that.tag_ in ("VBD", "VBZ", "VBP", "MD", "VBN", "VBG") or that.text in (*_MARKS, ";", ":"):
            break
    for clause in children(cue, "advcl"):
        subject, lead = child(clause, "nsubj"), doc[clause.left_edge.i]
        if subject is None or child(clause, "mark") is not None or not cue.i < subject.i < clause.i:
            continue
        if lead.i == cue.i + 1 and lead.dep_ == "prep" and lead.right_edge.i + 1 == subject.left_edge.i:
            return subject.left_edge.i, clause.right_edge.i
    return None


def named_so(cue: Token) -> tuple[int, int] | None:
    """Return a thing and the quoted name that a cue gives it, first and last token, where a parse sees no such pair.

    "called Obamacare a 'crazy system'".
    """
    doc, end = cue.doc, cue.sent.end
    if cue.i + 2 >= end or doc[cue.i + 1].dep_ in ("prt", "prep") or doc[cue.i + 1].text in (",", ":"):
        return None
    for i in range(cue.i + 2, min(cue.i + _NAME, end - 1)):
        token = doc[i]
        if token.text in ("‘", *_MARKS):
            closing = ("”", '"', "''", "’")
            close = next((j for j in range(i + 2, min(i + _NAME, end)) if doc[j].text in closing), None)
            return (cue.i + 1, close) if close is not None else None
        if token.text in (",", ";", ":") or token.tag_ in ("VBD", "VBZ", "VBP", "MD", "WDT", "WP", "TO"):
            return None
    return None
