"""Sources: the words that a cue is attributed to, in the same sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loader.document import Span
from loader.extraction.text.nouns import PERSONAL, NounKind, noun_of
from loader.extraction.text.syntax import SUBJECTS, child, children, is_passive, trimmed

if TYPE_CHECKING:
    from loader.extraction.text.tokens import Token

_EMPTY = frozenset({"it", "there"})  # as subject of a passive or of "seems" they stand for nobody
_PRESENT = ("VBZ", "VBP")
_CHAIN = 6  # steps that a shared subject is looked for
_SHARING = frozenset({"conj", "xcomp", "advcl", "ccomp", "pcomp", "dep", "parataxis", "prep"})


@dataclass(frozen=True, slots=True)
class Source:
    """Source words: their head and their span."""

    token: Token
    span: Span


def of_verb(cue: Token) -> Source | None:
    """Return the source of a verb: its subject, its agent if it is passive, or the subject that it shares.

    A bare past participle ("Asked why …, he left") is passive too, but one that tells a state of mind is not.
    """
    if is_minded(cue):
        subject = child(cue, "nsubjpass") or subject_of(cue.head if cue.dep_ == "acomp" else cue)
        return phrase(subject, cue) if subject is not None else None
    if is_passive(cue) or (cue.tag_ == "VBN" and cue.dep_ in ("advcl", "acl") and child(cue, "aux", "nsubj") is None):
        head = agent_of(cue)
        return phrase(head) if head is not None else None
    subject = subject_of(cue) or _of_clause_before(cue)
    return phrase(subject, cue) if subject is not None else None


def _of_clause_before(cue: Token) -> Token | None:
    """Return the subject of the clause that a headline goes on from: "Serbia refuses to join, says it will not"."""
    if cue.tag_ not in _PRESENT or child(cue, *SUBJECTS) is not None or cue.head != cue:
        return None
    clause = next((c for c in cue.lefts if c.dep_ == "ccomp" and c.tag_ in _PRESENT), None)
    if clause is None or cue.doc[cue.i - 1].text not in (",", ";") or child(cue, "aux") is not None:
        return None
    goes_on = any(c.dep_ in ("ccomp", "xcomp", "dobj") and c.i > cue.i for c in cue.children)
    return child(clause, "nsubj") if goes_on and clause.left_edge.i == cue.sent.start else None


def agent_of(cue: Token) -> Token | None:
    """Return the head of the phrase with "by" of a passive: "was criticised by X", "was criticised for this by X".

    Behind another preposition a parse hangs the phrase on that, or takes it for a place; only somebody named or a
    person then counts.
    """
    agent = child(cue, "agent")
    if agent is not None:
        return child(agent, "pobj")
    for link in children(cue, "prep"):
        by = link if link.lower_ == "by" else None
        if by is None and link.lower_ in ("for", "over", "as"):
            by = next((t for t in cue.doc[link.i + 1 : link.right_edge.i + 1] if _opens_agent(t, link)), None)
        head = child(by, "pobj") if by is not None and by.i > cue.i + 1 else None
        noun = noun_of(head) if head is not None else None
        if head is not None and (head.ent_type_ in _ACTORS or (noun is not None and noun.kind in PERSONAL)):
            return head
    return None


def _opens_agent(token: Token, link: Token) -> bool:
    """Whether "by" is hung on what follows a preposition: "criticised for this by", "dismissed as unrealistic by"."""
    return token.lower_ == "by" and token.dep_ in ("prep", "agent") and token.head.head == link


_ACTORS = frozenset({"PERSON", "ORG", "GPE", "NORP"})


def is_minded(cue: Token) -> bool:
    """Whether a participle tells what its subject is set on: "is committed to", "remain committed to"."""
    if cue.tag_ != "VBN" or cue.lemma_ not in _MINDED or child(cue, "agent") is not None:
        return False
    return child(cue, "auxpass") is not None or (cue.dep_ == "acomp" and cue.head.lemma_ in _BEING)


def subject_of(verb: Token) -> Token | None:
    """Return the head of the subject of a verb, shared over coordination, infinitives, participles and relatives."""
    token = verb
    for _ in range(_CHAIN):
        subject = child(token, "nsubj") or (child(token, "nsubjpass") if token != verb else None)
        if subject is not None:
            return subject
        dep, head = token.dep_, token.head
        if dep == "conj" and head.dep_ == "acomp" and token.pos_ == "VERB":
            head = head.head  # "they are concerned about the attack and support the treaty"
        thing = child(head, "dobj") if dep == "xcomp" else None
        if thing is not None and thing.i < token.i and head.lemma_ not in _SUBJECT_CONTROL:
            return thing
        if dep == "ccomp" and token.tag_ == "VBZ" and _follows(child(head, "nsubj"), token):
            return None  # "A backs B, C calls it a threat": the second clause's subject is not the first's
        if dep in ("acl", "relcl") and head.pos_ in ("NOUN", "PROPN", "PRON"):
            return (_author_of(token) if dep == "acl" and token.tag_ == "VBG" else None) or head
        if dep == "pcomp" and head.head.pos_ in ("NOUN", "PROPN"):
            return child(head.head, "poss")
        token = head.head if dep == "pcomp" and head.dep_ == "prep" else head
        if dep not in _SHARING or head == verb or token.pos_ not in ("VERB", "AUX", "ADP", "SCONJ", "ADJ"):
            break
    return None


def _author_of(token: Token) -> Token | None:
    """Return who says what a participle behind a thing tells, None if it is the thing itself.

    Who issues a paper says what it says: "released a statement saying". Behind a comma a participle goes with the
    verb, not with what is no actor: "made a third attempt, writing that".
    """
    thing = token.head
    noun = noun_of(thing)
    is_paper = noun is not None and noun.kind is NounKind.DOCUMENT
    if thing.dep_ == "dobj" and is_paper and thing.head.lemma_.lower() in _ISSUING:
        return subject_of(thing.head)
    is_thing = (noun is None or noun.kind is NounKind.THING) and thing.pos_ == "NOUN" and not thing.ent_type_
    if not is_thing or token.left_edge.i == 0 or token.left_edge.nbor(-1).text != ",":
        return None
    verb = thing
    for _ in range(_CHAIN):
        if verb.dep_ not in ("dobj", "pobj", "prep", "attr", "pcomp", "appos", "conj", "dative"):
            break
        verb = verb.head
    return subject_of(verb) if verb.pos_ in ("VERB", "AUX") and verb != thing else None


_ISSUING = frozenset(
    [
        "issue",
        "release",
        "send",
        "write",
        "post",
        "publish",
        "deliver",
        "give",
        "make",
        "launch",
        "file",
        "sign",
        "draft",
    ]
) | frozenset(
    ["circulate", "pen", "tweet", "read", "put", "distribute", "co-sign", "author", "compose", "submit", "fire"]
)


def _follows(subject: Token | None, token: Token) -> bool:
    return subject is not None and token.i < subject.i < subject.head.i


_MINDED = frozenset({"commit", "dedicate", "devote", "resolve", "determine", "convince", "oppose"})
_BEING = frozenset({"be", "remain", "stay", "seem", "stand"})
_SUBJECT_CONTROL = frozenset({"promise", "use", "take", "issue", "make", "release", "hold", "give", "write", "have"})


def phrase(head: Token, verb: Token | None = None) -> Source:
    """Return the whole noun phrase of a head: apposition and defining relative clause in, asides after it out.

    A relative clause after a comma, a participle after a comma and a time are asides; a phrase stops before ``verb``.
    """
    doc = head.doc
    first, last = head.left_edge.i, head.right_edge.i
    if verb is not None and head.i < verb.i:
        for other in children(verb, "nsubj"):  # the last of a list that the parser took for a subject of its own
            if head.i < other.i < verb.i and doc[other.left_edge.i - 1].lower_ in ("and", "or"):
                last = max(last, other.right_edge.i)
        last = min(last, verb.i - 1)
    if verb is not None and head.i > verb.i:
        first = max(first, verb.i + 1)
    for part in (head, *children(head, "appos", "conj")):
        for other in part.children:
            if other.i <= part.i or other.i > last:
                continue
            left = other.left_edge.i
            comma = left > 0 and doc[left - 1].text in (",", "―", "—", "--", "-")
            aside = (other.dep_ in ("relcl", "acl", "advcl") and comma) or other.dep_ in ("npadvmod", "tmod")
            aside = aside or (part == head and other.dep_ == "prep" and other.lower_ == "on" and _is_day(other))
            if aside or (part == head and _is_medium(other)):
                last = min(last, left - 1)
    while first < head.i and ((doc[first].is_punct and doc[first].text not in "([$#") or doc[first].dep_ == "cc"):
        first += 1
    while last > head.i and (doc[last].is_space or doc[last].text in _STOPS):
        last -= 1
    for index in range(head.i + 1, last + 1):  # a colon or a line break ends the phrase
        if (doc[index].is_space and "\n" in doc[index].text) or doc[index].text == ":":
            last = index - 1
            break
    words = doc[first : last + 1].text  # the text of the whole document would be made anew each time
    start, end = (doc[first].idx + place for place in trimmed(words, 0, len(words)))
    return Source(head, Span(start, max(end, start + 1)))


def described(head: Token) -> Source:
    """Return the phrase of a name with the description between commas that a parse hangs elsewhere.

    "according to Jane Roe, the minister's adviser, more than thirty states": the adviser is no one else.
    """
    source = phrase(head)
    doc, start = head.doc, head.right_edge.i + 1
    if head.pos_ != "PROPN" or start >= len(doc) or doc[start].text != ",":
        return source
    for i in range(start + 1, min(start + _DESCRIPTION, head.sent.end)):
        if doc[i].text == ",":
            noun = noun_of(doc[i - 1])
            apart = noun is not None and noun.kind in PERSONAL and doc[i - 1].head.i >= i - 1
            return Source(head, Span(source.span.start, doc[i - 1].idx + len(doc[i - 1]))) if apart else source
        if doc[i].pos_ not in ("NOUN", "PROPN", "ADJ", "DET", "PART", "ADP"):
            break
    return source


def _is_day(link: Token) -> bool:
    thing = child(link, "pobj")
    return thing is not None and thing.ent_type_ == "DATE"


_DESCRIPTION = 12  # tokens


def _is_medium(link: Token) -> bool:
    """Whether a preposition opens the medium of what is said: "ministers of the group [in a joint statement]"."""
    if link.dep_ == "prep" and link.lower_ == "during":
        return True
    thing = child(link, "pobj") if link.dep_ == "prep" and link.lower_ == "in" else None
    noun = noun_of(thing) if thing is not None else None
    return noun is not None and noun.kind is NounKind.DOCUMENT


_STOPS = frozenset({",", ".", ";", ":", "-", "--", "—", "―", "–", '"', "“", "”", "''", "``"})


def of_origin(verb: Token) -> Source | None:
    """Return what something comes from: "the claim comes from a doctor"."""
    link = next((c for c in verb.rights if c.dep_ == "prep" and c.lower_ == "from"), None)
    head = child(link, "pobj") if link is not None else None
    if link is None or head is None:
        return None
    source = phrase(head)
    last = max(
        (c.right_edge.i for c in verb.rights if c.dep_ == "prep" and c.left_edge.i == head.right_edge.i + 1), default=-1
    )
    if last < 0:
        return source
    doc = head.doc
    return Source(head, Span(source.span.start, doc[last].idx + len(doc[last])))


def is_empty(source: Source | None) -> bool:
    """Whether the subject stands for nobody ("it" in "it is said")."""
    return source is not None and source.token.lower_ in _EMPTY and source.token.dep_ in SUBJECTS


def is_thing(source: Source | None, cue: Token) -> bool:
    """Whether a relative "that" or "which" stands for a thing: "an order that respects", "measures that aim to".

    So does a noun that an infinitive explains: "efforts to push back against".
    """
    if source is None:
        return False
    if source.token.pos_ == "NOUN" and any(
        c.dep_ == "acl" and c.tag_ == "VB" and cue.i in (c.i, c.head.i) for c in source.token.children
    ):
        noun = noun_of(source.token)
        return noun is None or noun.kind is NounKind.THING
    if source.token.tag_ != "WDT" or source.token.head.dep_ != "relcl":
        return False
    named = source.token.head.head
    noun = noun_of(named)
    return named.pos_ == "NOUN" and (noun is None or noun.kind is NounKind.THING)
