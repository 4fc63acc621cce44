"""Extents: where what a cue attributes begins and ends, for a parse hangs now too little on it, now too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.extraction.attribution.cues import is_medium, is_quoting
from loader.extraction.text.syntax import SUBJECTS, child, children

if TYPE_CHECKING:
    from loader.extraction.text.tokens import Token

_MARKS = frozenset({'"', "''", "``", "“", "”"})
_DASHES = frozenset({"-", "--", "—", "–", "―"})
_PERSONAL = frozenset({"who", "whom", "whose"})
_REASON = frozenset({"because", "unless", "if", "since", "so", "until", "provided", "lest"})
_INVERTED = frozenset({"should", "had", "were"})  # "would sign [should she win]"
_NAMING = frozenset({"object", "predicate", "preposition", "topic", "request", "noun"})  # contents that are things
_NOMINAL = frozenset({"NOUN", "PROPN", "ADP"})
_TIMES = frozenset({"DATE", "TIME"})
_STEPS = 4  # how often a content is prolonged
_DISTANCE = 16  # tokens between a cue and a "that" that a parse hangs elsewhere
_INSERTED = 16  # tokens: the longest insertion between two dashes
_NAME = 14  # tokens: the longest name of a thing before what it is called


def spread(cue: Token, first: int, last: int, frame: str) -> tuple[int, int]:
    """Return the first and last token of a content, prolonged by what goes on and without the aside that ends it.

    ``frame`` is the frame that found the content.
    """
    for _ in range(_STEPS):
        more = _owned(cue, last)
        if more <= last:
            more = _clausal(cue, last) if frame == "clause" else _nominal(cue, last, frame)
        if more <= last:
            break
        last = more
    return first, last if frame == "clause" else _without_aside(cue, first, last)


def _owned(cue: Token, last: int) -> int:
    """Return the last token of what goes on in the middle of a phrase: "ISIS['s targeting of gays]"; -1 if none.

    So does a preposition behind words between two dashes: "ban all – the whole lot – [from entering]".
    """
    doc, end = cue.doc, cue.sent.end
    if last + 2 >= end:
        return -1
    behind = doc[last + 1]
    if behind.tag_ == "POS":
        return int(max(behind.head.head.right_edge.i, doc[last + 2].right_edge.i)) if doc[last].pos_ != "PUNCT" else -1
    if behind.text in _DASHES:
        closing = next((i for i in range(last + 2, min(last + _INSERTED, end - 1)) if doc[i].text in _DASHES), None)
        link = doc[closing + 1] if closing is not None else None
        if link is not None and link.dep_ == "prep" and (link.head == cue or link.head.i <= last):
            return int(link.right_edge.i)
    return -1


def _clausal(cue: Token, last: int) -> int:
    """Return the last token of what goes on behind a clause: ", but that …", "because …", a verb cut off; or -1."""
    doc, end = cue.doc, cue.sent.end
    at = last + 2 if last + 1 < end and doc[last + 1].text in (",", ";") else last + 1
    if at + 1 >= end:
        return -1
    opener, follower = doc[at], doc[at + 1]
    if opener.dep_ == "cc" and follower.lower_ == "that" and follower.dep_ == "mark":
        return int(follower.head.right_edge.i)
    if _opens_circumstance(cue, opener, apart=at > last + 1):
        return int(opener.head.right_edge.i)
    if opener.dep_ == "cc" and opener.head == cue and (own := _quoted_on(cue, at + 1)) is not None:
        return int(own.right_edge.i)
    return _broken_off(cue, at, apart=doc[last + 1].text == ",")


def _quoted_on(cue: Token, at: int) -> Token | None:
    """Return the verb of a clause beside a cue that goes on with its source's own words, None if there is none.

    'said nothing was decided, but [Japan was a "natural candidate"]': nobody else is there whose words they are.
    """
    for verb in children(cue, "conj"):
        subject = child(verb, *SUBJECTS)
        if verb.left_edge.i == at and subject is not None and not is_quoting(verb):
            words = cue.doc[at : verb.right_edge.i + 1]
            own = subject.pos_ != "PRON" and sum(word.text in _MARKS for word in words) > 1
            return verb if own and not any(is_quoting(word) for word in words) else None
    return None


def _opens_circumstance(cue: Token, opener: Token, *, apart: bool) -> bool:
    """Whether a word opens a clause on a content that a parse hangs on the cue: "[because …]", "[should she win]"."""
    clause = opener.head
    subject = child(clause, "nsubj")
    if opener.lower_ in _INVERTED and opener.dep_ == "aux":
        return subject is not None and opener.i + 1 == subject.left_edge.i
    if clause.head != cue:
        return False
    if opener.lower_ in _REASON and opener.dep_ == "mark":
        return True
    return opener.lower_ == "when" and subject is not None and not apart


def _broken_off(cue: Token, at: int, *, apart: bool) -> int:
    """Return the last token of a clause behind a content that is the rest of it, -1 if there is none.

    "said claims of this kind [were made by all]": a parse may take "claims" for the verb. "said that parties[, unions
    and clubs had left]": it may take the first of a list for a clause.
    """
    opener = cue.doc[at]
    for verb in children(cue, "ccomp"):
        if verb.left_edge.i != at or verb.pos_ not in ("VERB", "AUX"):
            continue
        lame = not opener.is_punct and opener.dep_ != "cc" and child(verb, *SUBJECTS) is None
        if not is_quoting(verb) if apart else lame:
            return int(verb.right_edge.i)
    return -1


def _nominal(cue: Token, last: int, frame: str) -> int:
    """Return the last token of what goes on behind a noun phrase: "re[-emergence]", "jobs[, and a need]"; or -1."""
    doc, end = cue.doc, cue.sent.end
    if last + 2 >= end:
        return -1
    if frame == "infinitive":
        return _other_infinitive(cue, last)
    if frame not in _NAMING:
        return -1
    behind = doc[last + 1]
    if behind.text in ("-", "–") and not doc[last].whitespace_ and not behind.whitespace_:
        return int(doc[last + 2].right_edge.i)
    at = last + 2 if behind.text == "," else last + 1
    if at + 1 < end and doc[at].dep_ == "cc" and doc[at].head == cue:
        for other in cue.rights:
            if other.left_edge.i == at + 1 and other.dep_ in ("conj", "dep", "dobj", "prep") and other.pos_ in _NOMINAL:
                return int(other.right_edge.i) if child(other, *SUBJECTS) is None else -1
    more = _linked(cue, last, frame)
    return _second(cue, last, frame) if more <= last and frame in ("object", "preposition") else more


def _other_infinitive(cue: Token, last: int) -> int:
    """Return the last token of a further infinitive that a parse hangs on the cue, "hopes to meet [or beat]"; or -1."""
    link = cue.doc[last + 1]
    if link.dep_ != "cc" or link.head != cue or cue.tag_ == "VB":
        return -1
    for other in children(cue, "conj"):
        if other.i > link.i and other.tag_ == "VB" and child(other, *SUBJECTS, "aux") is None:
            return int(other.right_edge.i)
    return -1


def _linked(cue: Token, last: int, frame: str) -> int:
    """Return the last token of a phrase with a preposition that a parse hangs on the cue, or -1.

    "referred to X [as a friend]", "criticised Y [on two points]"; not what only says when or through which medium.
    """
    link = cue.doc[last + 1]
    if link.dep_ != "prep" or link.head != cue:
        return -1
    if frame in _AFTER and link.lower_ in _AFTER[frame]:
        return int(link.right_edge.i)
    thing = child(link, "pobj", "pcomp")
    if frame != "object" or link.lower_ not in ("in", "on", "about") or thing is None or is_time(thing):
        return -1
    if thing.dep_ == "pcomp":
        return int(link.right_edge.i) if link.lower_ == "in" else -1
    said_in = is_medium(thing) or thing.lemma_.lower() in _OCCASIONS or thing.pos_ in ("PROPN", "PRON")
    return -1 if said_in else int(link.right_edge.i)


_AFTER = {"preposition": frozenset({"as", "for"}), "predicate": frozenset({"as", "to"})}
_OCCASIONS = frozenset(
    {"appearance", "event", "floor", "month", "past", "radio", "ruling", "show", "stage"}
) | frozenset({"television", "trail", "tv", "visit", "week", "year"})


def _second(cue: Token, last: int, frame: str) -> int:
    """Return the last token of what goes on behind an object: "showed her [ahead]", "plans [to go]"; or -1."""
    behind = cue.doc[last + 1]
    for other in cue.rights:
        if frame == "preposition":
            if other.left_edge.i == other.i == last + 1 and other.dep_ == "advcl" and other.tag_ == "VBG":
                return int(other.right_edge.i)  # "spoke about her father [teaching her]"
        elif other.left_edge.i == last + 1 and other.dep_ in ("dobj", "ccomp", "npadvmod"):
            return int(other.right_edge.i) if not is_time(other) else -1
    if behind.tag_ == "TO" and behind.head.head == cue and frame == "object":
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
            close = next((j for j in range(i + 2, min(i + _NAME, end + 1, len(doc))) if doc[j].text in closing), None)
            return (cue.i + 1, close) if close is not None else None
        if token.text in (",", ";", ":") or token.tag_ in ("VBD", "VBZ", "VBP", "MD", "WDT", "WP", "TO"):
            return None
    return None


def cut_off_subject(cue: Token, clause: Token) -> int | None:
    """Return where the subject begins that a parse hangs on the cue: "said [the days when X had Y] are gone"; or None.

    It stands right behind the cue and ends where its clause, which has no other subject, begins.
    """
    if child(clause, *SUBJECTS) is not None or child(clause, "mark") is not None:
        return None
    thing = next((c for c in cue.rights if c.left_edge.i == cue.i + 1), None)
    if (
        thing is None
        or thing.dep_ not in ("npadvmod", "dobj", "dep", "dative")
        or thing.right_edge.i + 1 != clause.left_edge.i
    ):
        return None
    return None if is_time(thing) else int(cue.i + 1)


def object_clause(thing: Token) -> tuple[int, int] | None:
    """Return the clause that a parse takes an object for which is its subject: "announcing [it would buy]"; or None.

    Its finite verb stands right behind the object, has no subject of its own and none in the object's phrase.
    """
    doc, at = thing.doc, thing.right_edge.i + 1
    if (
        at + 1 >= thing.sent.end
        or doc[at].tag_ not in _FINITE
        or any(doc[i].tag_ in _FINITE for i in range(thing.i, at))
    ):
        return None
    opener = doc[at]
    verb = opener.head if opener.dep_ in ("aux", "auxpass") else opener
    free = child(verb, *SUBJECTS) is None and opener.left_edge == opener and verb.left_edge.i in (at, verb.i)
    if not free or verb.i < at or verb.pos_ not in ("VERB", "AUX"):
        return None
    return int(thing.left_edge.i), int(verb.right_edge.i)


_FINITE = frozenset({"VBD", "VBZ", "VBP", "MD"})
