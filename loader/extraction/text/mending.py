"""Mending: a parse put right where the parser often errs in the language of news."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import combining

from spacy.language import Language
from spacy.tokens import Span

from loader.extraction.text.nouns import INSTITUTIONAL, PERSONAL, NounKind, noun_of
from loader.extraction.text.verbs import SPEECH

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

COMPONENT = "pactgraph_mending"

_FINITE = ("VBD", "VBZ", "VBP")
_SUBJECTS = ("nsubj", "nsubjpass", "csubj", "expl")
_PARTING = frozenset({",", "”", '"', "''", "’"})
_OBJECTS = (*_SUBJECTS, "dobj", "ccomp", "xcomp")
_PUBLISHED = frozenset({"broadcast", "published", "aired", "released", "posted", "recorded", "issued"})
_STEPS = 5  # how far above a clause the verb of saying is looked for
_LONGEST = 14  # tokens of a subject
_NOMINAL = ("NOUN", "PROPN", "PRON")
_MATTERS = ("about", "over", "regarding")
_BODIES = ("ORG", "GPE", "FAC", "LOC")
_GROUPED = INSTITUTIONAL | {NounKind.PARTIES}
_PERSONS = PERSONAL | {NounKind.LEADERS}


@Language.component(COMPONENT)
def mend(doc: Doc) -> Doc:
    """Give a verb of saying behind a clause and a comma the subject that was taken for an apposition.

    "Japan will join the pact, a spokeswoman for the ministry said": the parser hangs the spokeswoman on the pact. And
    hang on an interview what tells only when it was made public: "said in an interview with X broadcast on Monday".
    "Who" is a person: "White, a professor at the university, who".
    """
    for token in doc:
        if token.pos_ in _NOMINAL and not token.text.isascii() and _is_accented_name(token.text):
            _make_name(token)
        if token.dep_ == "ccomp" and token.lower_ in _PUBLISHED:
            _hang_on_medium(token)
        if token.dep_ == "relcl":
            _hang_on_saying(token)
            _hang_on_person(token)
        if token.dep_ == "prep" and token.lower_ in _MATTERS and token.i:
            before = token.nbor(-1)
            if before.dep_ == "acomp" and before.head == token.head:
                token.head = before  # "remain concerned regarding"
        if token.dep_ == "conj":
            _join_contents(token)
            if token.tag_ == "VB" and token.head.tag_ == "VBP" and not any(c.dep_ == "aux" for c in token.children):
                token.tag_ = "VBP"  # "we look forward to it, and welcome the offer"
        if token.tag_ in _FINITE and token.pos_ == "VERB" and token.lemma_.lower() in SPEECH:
            _part_subjects(token)
            _give_subject(token)
            _take_clause(token)
        if token.tag_ == "NNS" and token.lower_ == "reports":
            _make_report(token)
        if token.dep_ == "acl":
            _make_predicate(token)
        if token.dep_ == "appos":
            _list_person(token)
            _make_subject(token)
    return doc


def _is_accented_name(word: str) -> bool:
    """Whether a word in capitals has an accent that is a character of its own, which the tagger has never seen."""
    return word[0].isupper() and any(combining(character) for character in word)


def _make_name(token: Token) -> None:
    """Make a word a name, and part of that of the person right before it."""
    token.tag_, token.pos_ = "NNP", "PROPN"
    doc, start = token.doc, token.i
    kind = doc[start - 1].ent_type_ if start else ""
    while start and kind in ("PERSON", "ORG") and doc[start - 1].ent_type_ == kind:
        start -= 1
    if start < token.i:
        doc.set_ents([Span(doc, start, token.i + 1, kind)], default="unmodified")


def _hang_on_medium(token: Token) -> None:
    """Make "broadcast on Monday" behind a noun tell of that noun, where the parser has it for what was said."""
    before = token.nbor(-1) if token.i else None
    if (
        before is None
        or before.pos_ not in (*_NOMINAL, "NUM")
        or any(child.dep_ in _OBJECTS for child in token.children)
    ):
        return
    noun = before
    while (
        noun.dep_ in ("pobj", "prep", "compound", "nummod", "appos")
        and noun.head.i < token.i
        and noun.head != token.head
    ):
        noun = noun.head
        if noun.pos_ == "NOUN":
            break
    if noun.pos_ == "NOUN" and token.head.i < noun.i:
        token.head, token.dep_ = noun, "acl"


def _hang_on_saying(token: Token) -> None:
    """Make a whole clause with "that" the content of the verb above: "told parliament ahead of the vote that …"."""
    kinds = {child.dep_ for child in token.children}
    that = next((child for child in token.lefts if child.lower_ == "that" and child.i == token.left_edge.i), None)
    passive = that is not None and that.dep_ == "dobj" and "nsubjpass" in kinds  # which has no object
    whole = "mark" in kinds and "nsubj" in kinds and kinds & {"dobj", "attr", "acomp", "xcomp", "ccomp"}
    verb = token.head
    for _ in range(_STEPS):
        if verb.pos_ == "VERB" or verb.head == verb:
            break
        verb = verb.head
    open_ = verb.i < token.i and not any(child.dep_ == "ccomp" for child in verb.children)
    if (whole or passive) and open_ and verb.pos_ == "VERB" and verb.lemma_.lower() in SPEECH:
        token.head, token.dep_ = verb, "ccomp"
        if that is not None:
            that.dep_ = "mark"


def _join_contents(token: Token) -> None:
    """Make a second clause with "that" content too: "said that nothing is decided, but that Japan recognises"."""
    verb = token.head
    first = next((child for child in verb.rights if child.dep_ == "ccomp" and child.i < token.i), None)
    opened = any(child.dep_ == "mark" and child.lower_ == "that" for child in token.lefts)
    if first is not None and opened and verb.lemma_.lower() in SPEECH:
        token.head = first


def _hang_on_person(token: Token) -> None:
    """Make "who" behind a body mean the person whose description it stands in: "senators of both parties, who"."""
    noun = token.head
    kind = noun_of(noun)
    is_body = noun.ent_type_ in _BODIES or (kind is not None and kind.kind in _GROUPED)
    if not is_body or not any(child.lower_ == "who" for child in token.children):
        return
    while noun.dep_ in ("pobj", "prep", "appos", "compound", "nmod"):
        noun = noun.head
        kind = noun_of(noun)
        if noun.ent_type_ == "PERSON" or (kind is not None and kind.kind in _PERSONS and noun.dep_ != "appos"):
            token.head = noun
            return


def _part_subjects(verb: Token) -> None:
    """Leave a verb of saying one subject where the parser gave it two.

    The other is a relative pronoun ("the pact, which it says fuels a race") or an apposition to what is said
    ("will join the pact, a project they share, officials said").
    """
    subjects = [child for child in verb.lefts if child.dep_ == "nsubj"]
    if len(subjects) != 2:
        return
    first, second = subjects
    if first.tag_ == "WDT":
        first.dep_ = "dobj"
        return
    doc, start = verb.doc, first.left_edge.i
    before = doc[start - 2] if start - verb.sent.start > 1 and doc[start - 1].text == "," else None
    if before is None or doc[second.left_edge.i - 1].text != ",":
        return
    noun = before.head if before.is_punct else before
    if noun.pos_ in _NOMINAL and first.pos_ in _NOMINAL:
        first.head, first.dep_ = noun, "appos"


def _take_clause(verb: Token) -> None:
    """Make a verb of saying that ends a sentence behind a comma and its own subject govern the clause before it.

    "The pact will help the region, including its ports, the ministers of the group said on Tuesday": the parser hangs
    the ministers on the ports, and "said" on the clause.
    """
    clause = verb.head
    if clause.i >= verb.i or clause.head != clause or verb.dep_ not in ("advcl", "conj", "dep", "relcl", "parataxis"):
        return
    if any(child.dep_ in (*_OBJECTS, "mark", "aux", "cc") and child.i != verb.i for child in verb.children):
        return
    doc, start = verb.doc, verb.i
    least = max(clause.i + 1, verb.i - _LONGEST)
    while start > least and doc[start - 1].text not in _PARTING:
        start -= 1
    if start == verb.i or doc[start - 1].text not in _PARTING:
        return
    outside = [token for token in doc[start : verb.i] if not start <= token.head.i < verb.i]
    if len(outside) != 1 or outside[0].pos_ not in _NOMINAL or not _is_speaker(outside[0]):
        return
    verb.head, verb.dep_ = verb, "ROOT"
    clause.head, clause.dep_ = verb, "ccomp"
    outside[0].head, outside[0].dep_ = verb, "nsubj"


def _is_speaker(token: Token) -> bool:
    """Whether a noun means somebody who can say something: a person or a body, by name or by what it is."""
    noun = noun_of(token)
    if noun is not None:
        return noun.kind in _PERSONS or noun.kind in _GROUPED or noun.kind is NounKind.DOCUMENT
    return token.tag_ == "PRP" or token.ent_type_ in ("PERSON", *_BODIES)


def _list_person(token: Token) -> None:
    """Make one of several persons in a list a member of it, where the parser has them for one: "A Roe, B Li, and C Ek".

    The last of a list is joined by "and"; the title before a name goes with the name.
    """
    first = token.head
    if first.ent_type_ != "PERSON" or not _is_full_name(token) or token.i < first.i:
        return
    last = next((c for c in first.children if c.dep_ == "conj" and c.i > token.i and c.ent_type_ == "PERSON"), None)
    if last is None or not any(c.dep_ == "cc" and token.i < c.i < last.i for c in first.children):
        return
    token.dep_ = "conj"
    start = token.left_edge.i
    for other in first.children:
        if other.dep_ == "appos" and other.i < token.i and other.right_edge.i + 1 == start and other.pos_ in _NOMINAL:
            other.head, other.dep_ = token, "nmod"


def _make_report(token: Token) -> None:
    """Make "reports" behind a clause and a name a verb: "The president has left for Oslo, Xinhua reports."."""
    sentence = token.sent
    last = token.i + 1 >= sentence.end or token.nbor().text in (".", ",")
    subject = token.nbor(-1) if token.i > sentence.start else token
    if not last or subject.pos_ != "PROPN" or subject.head not in (token, subject):
        return
    start = subject.left_edge.i if subject.head == token else subject.i
    clause = next((t for t in sentence if t.i < start and t.pos_ in ("VERB", "AUX") and t.head in (t, token)), None)
    if start <= sentence.start or token.doc[start - 1].text != "," or clause is None:
        return
    token.tag_, token.pos_, token.lemma_ = "VBZ", "VERB", "report"
    token.head, token.dep_ = token, "ROOT"
    clause.head, clause.dep_ = token, "ccomp"
    subject.head, subject.dep_ = token, "nsubj"


def _make_predicate(token: Token) -> None:
    """Make a verb of saying the predicate of a sentence that has none, where the parser hangs it on its subject.

    "A report by Jane Roe, a researcher in Oslo, called the pact a mistake".
    """
    subject = token.head
    if subject.head != subject or subject.pos_ not in _NOMINAL or token.lemma_.lower() not in SPEECH:
        return
    kinds = {child.dep_ for child in token.children if child.i > token.i}
    active = kinds & {"dobj", "ccomp"} and not kinds & {"agent", "nsubj"} and token.tag_ in ("VBN", "VBD")
    if active and token.i > subject.i and token.left_edge.nbor(-1).text == "," and _is_speaker(subject):
        token.head, token.dep_, token.tag_ = token, "ROOT", "VBD"
        subject.head, subject.dep_ = token, "nsubj"


def _make_subject(token: Token) -> None:
    """Make somebody behind the phrase that opens a sentence the subject of its verb, which has none.

    "In the run-up to talks with Jane Roe, officials in the capital, such as Paul Hansen, have been calling for": the
    parser takes the officials for an apposition to Jane Roe.
    """
    sentence, verb = token.sent, token.sent.root
    if verb.i <= token.i or verb.pos_ not in ("VERB", "AUX") or any(c.dep_ in _SUBJECTS for c in verb.children):
        return
    finite = verb.tag_ in _FINITE or any(c.dep_ == "aux" and c.tag_ in (*_FINITE, "MD") for c in verb.children)
    opener = sentence[0]
    opened = opener.dep_ == "prep" and opener.head == verb and opener.is_ancestor(token)
    parted = token.left_edge.i > sentence.start and token.left_edge.nbor(-1).text == ","
    if finite and opened and parted and _is_speaker(token):
        token.head, token.dep_ = verb, "nsubj"


def _is_full_name(token: Token) -> bool:
    """Whether a word ends a name of two words or more that is not known to be another's than a person's."""
    named = token.ent_type_ in ("PERSON", "") and token.pos_ == "PROPN" and noun_of(token) is None
    return named and any(c.dep_ == "compound" and c.i == token.i - 1 for c in token.children)


def _give_subject(verb: Token) -> None:
    clause = next((child for child in verb.lefts if child.dep_ in ("ccomp", "parataxis")), None)
    if clause is None or any(child.dep_ in _SUBJECTS for child in verb.children):
        return
    doc, start = verb.doc, verb.i
    least = max(verb.sent.start + 1, verb.i - _LONGEST)
    while start > least and doc[start - 1].text not in _PARTING:
        start -= 1
    if start == verb.i or doc[start - 1].text not in _PARTING or start - 1 <= clause.i:
        return
    heads = [token for token in doc[start : verb.i] if not start <= token.head.i < verb.i]
    outside = [token for token in heads if token.head.i < start]
    if len(outside) == 1 and outside[0].pos_ in _NOMINAL and outside[0].dep_ in ("appos", "conj", "dobj", "npadvmod"):
        outside[0].head, outside[0].dep_ = verb, "nsubj"
