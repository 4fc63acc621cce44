"""What the words of a source denote in a finished reading: looked up by the heads of its phrases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loader.document import Entity, EntityKind, Span
from loader.extraction.text.nouns import PERSONAL, NounKind, noun_of, title_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from loader.extraction.text.reading import Reading
    from loader.extraction.text.tokens import Token, TokenSpan

_LONGEST_LIST = 12  # sources joined in one
_ISSUED_BY = frozenset({"of", "by", "from"})
_BODIES = (EntityKind.ORGANIZATION, EntityKind.NEWS_OUTLET)
_DOCUMENTS = (NounKind.DOCUMENT, NounKind.THING)
_FAR = 80  # tokens before a pronoun
_TITLES = 6  # tokens of titles between a comma and a name
_SPEAKING_BODIES = (EntityKind.STATE, EntityKind.PARTNERSHIP, *_BODIES)
_LEADING = (NounKind.LEADERS, NounKind.OFFICE)
_LIST_WORDS = frozenset({"and", "the", ",", "&", "both", "or"})
_ISSUING = frozenset({"adopt", "issue", "release", "sign", "publish", "make", "publicise", "put"})
_STATES = frozenset({"country", "nation", "state", "member", "partner", "government"})
_RELATIVE = ("WP", "WDT")
_INTRODUCING = frozenset({",", ":", "-", "--", "–", "—"})
_OF_TITLES = frozenset({"of", "for"})  # "Secretary of State for Defence"


class Denotation:
    """The mentions, groups and unnamed persons of one reading by the tokens they stand in."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._text = reading.article.text
        self._named: dict[int, tuple[Entity, ...]] = {}
        for mention in reading.mentions:
            self._enter(mention.span, (mention.entity,))
        for group in reading.groups:
            self._enter(group.span, group.entities)
        self._unnamed: dict[int, Entity] = {}
        for mention in sorted(reading.unnamed, key=lambda mention: mention.span.start - mention.span.end):
            tokens = reading.tokens(mention.span)
            root = tokens.root
            for token in tokens:  # the widest phrase first, the narrower over it
                if token.i not in self._named or token.i == root.i:
                    self._unnamed[token.i] = mention.entity

    def _enter(self, span: Span, entities: tuple[Entity, ...]) -> None:
        for token in self._reading.tokens(span):
            self._named[token.i] = entities

    def named(self, i: int) -> tuple[Entity, ...]:
        """Return what the name, pronoun or group that token ``i`` is part of denotes; nothing where it is in none."""
        return self._named.get(i, ())

    def of(self, source: Span, head: Token) -> tuple[tuple[Entity, ...], bool]:
        """Return whom a source with this head denotes, and whether it is a document that stands for its issuer."""
        head = self._noun_in(source, head)
        entities = self._led(source, head) or self._listed(source) or self._persons_listed(source)
        if entities:
            return entities, False
        found: list[Entity] = []
        document = False
        for token in _joined(source, head):
            one = self._one(source, token)
            if not one and _is_document(token):
                document = True
                one = self._issuers(token)
            found += one
        entities = distinct(found)
        if not entities and not document:
            entities = self._last_before(head) or (self._own(source, head),)
        return entities, document and all(entity.kind is not EntityKind.UNNAMED_SOURCE for entity in entities)

    def _noun_in(self, source: Span, head: Token) -> Token:
        """Return the head of a source; where the parser took it for no noun, the first noun that is no modifier."""
        if head.pos_ in ("NOUN", "PROPN", "PRON", "NUM"):
            return head
        for token in self._reading.tokens(source):
            if token.pos_ in ("NOUN", "PROPN", "PRON") and token.dep_ not in ("compound", "poss", "nmod", "npadvmod"):
                return token
        return head

    def _led(self, source: Span, head: Token) -> tuple[Entity, ...]:
        """Return the states of leaders who are named by their states alone: "the leaders of Chile, Peru and Norway"."""
        noun, after = noun_of(head), head.i + 1
        if noun is None or noun.kind not in _LEADING or head.tag_ != "NNS" or after >= len(head.doc):
            return ()
        link = head.doc[after]
        if link.lower_ not in ("of", "from") or link.idx >= source.end:
            return ()
        return self._listed(Span(link.idx + len(link) + 1, source.end))

    def _listed(self, source: Span) -> tuple[Entity, ...]:
        """Return the entities of a source that is a list of names and nothing else, however it was parsed."""
        found: list[Entity] = []
        joined = False
        for token in self._reading.tokens(source):
            joined = joined or token.lower_ in ("and", "&")
            if token.i in self._named:
                found += self._named[token.i]
            elif token.lower_ not in _LIST_WORDS:
                return ()
        entities = distinct(found)
        states = all(entity.kind is EntityKind.STATE for entity in entities)  # "US, UK, Australia considering …"
        return entities if len(entities) > 1 and (joined or states) else ()

    def _persons_listed(self, source: Span) -> tuple[Entity, ...]:
        """Return the persons of a list with titles ("President Roe and her counterpart Paul Hansen"), all or none."""
        found: list[Entity] = []
        joined = False
        for token in self._reading.tokens(source):
            named = self.named(token.i)
            if _is_person(named):
                after = token.nbor() if token.i + 1 < len(token.doc) else None
                inside = after is not None and after.idx < source.end and self.named(after.i) is not named
                if inside and after is not None and after.lower_ not in ("and", ",", "&"):
                    return ()
                found += named
            elif token.lower_ in ("and", "&"):
                joined = joined or bool(found)
            elif (
                token.text != ","
                and (token.pos_ not in ("NOUN", "PROPN", "ADJ", "PART", "PRON") or token.tag_ == "PRP")
                and not _is_in_title(self._reading.tokens(source), token)
            ):
                return ()
        entities = distinct(found)
        return entities if len(entities) > 1 and joined else ()

    def _one(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return what one head denotes, a name beside it before what it is itself; nothing for a document."""
        if token.tag_ in _RELATIVE and token.head.dep_ == "relcl":
            token = token.head.head
        named = self.named(token.i)
        if len(named) == 1 and named[0].kind is EntityKind.STATE and _is_people(token):
            return (self._own(source, token, named[0]),)
        beside = self._beside(source, token)
        if named:
            return beside if beside and beside[0].kind is EntityKind.PERSON and not _is_person(named) else named
        if beside:
            return beside
        if token.tag_ in ("NNS", "NNPS") and (several := self._persons_beside(source, token)):
            return several
        if token.i in self._unnamed:
            return (self._unnamed[token.i],)
        return () if _is_document(token) else self._inside(source, token)

    def _beside(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return the person or body whose name stands in apposition to the head, or as the head of its apposition."""
        if title_of((token.text,)) and _is_person(after := self.named(token.i + 1)):
            return after  # "PM" Narendra Modi, of whom a parse makes two
        for child in token.children:
            if source.start <= child.idx < source.end:
                found = self.named(child.i)
                if _is_person(found) and token.tag_ == "NNS":
                    continue  # "thrilled voters": a verb taken for a noun
                adjoined = child.dep_ in ("compound", "nmod") and child.i == token.i - 1 and noun_of(token) is None
                if found and ((child.dep_ == "appos" and found[0].kind in (*_BODIES, EntityKind.PERSON)) or adjoined):
                    return found if child.dep_ == "appos" or _is_person(found) else ()
        found = self.named(token.head.i) if token.dep_ == "appos" else ()
        return found if _is_person(found) else self._after_comma(source, token)

    def _after_comma(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return the person whose name follows a description and a comma: "the mayor of Lima, Jane Roe"."""
        noun = noun_of(token)
        if noun is None or noun.kind not in PERSONAL or token.tag_ in ("NNS", "NNPS"):
            return ()
        if noun.kind is NounKind.OFFICE and (holder := self._after_post(source, token)):
            return holder
        for other in self._reading.tokens(source):
            if other.i > token.i and other.text == ",":
                return self._behind_titles(other.i + 1, source.end)
        return ()

    def _persons_beside(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return the persons whom a plural introduces: "the authors, Jane Roe and Paul Hansen"; so does a dash."""
        for other in self._reading.tokens(source):
            if other.i > token.i and other.text in _INTRODUCING:
                start = other.idx + 1
                return self._persons_listed(Span(start, source.end)) if start < source.end else ()
        return ()

    def _after_post(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return the person whose name follows the place of a post: "ambassador to Turkey Jane Roe"."""
        for i in range(token.i + 2, min(token.i + _TITLES + 2, len(token.doc))):
            if token.doc[i].idx >= source.end or token.doc[i].is_punct:
                return ()
            before = self.named(i - 1)
            if _is_person(self.named(i)):
                placed = bool(before) and not _is_person(before) and token.doc[i - 1].pos_ == "PROPN"
                return self.named(i) if placed else ()
        return ()

    def _behind_titles(self, start: int, end: int) -> tuple[Entity, ...]:
        """Return the person whose name stands at a token, or behind a title there ("Foreign Minister Jane Roe")."""
        doc = self._reading.doc
        for i in range(start, min(start + _TITLES, len(doc))):
            found = self.named(i)
            if _is_person(found) or doc[i].idx >= end:
                return found if doc[i].idx < end else ()
            if not doc[i].text[0].isupper() and noun_of(doc[i]) is None:
                return ()
        return ()

    def _inside(self, source: Span, token: Token) -> tuple[Entity, ...]:
        """Return the last name in the phrase before a head that denotes nobody itself ("the Sanders camp")."""
        noun = noun_of(token)
        if noun is not None and noun.kind in PERSONAL:
            return ()
        if noun is not None and noun.kind is NounKind.BODY:  # "the news agency Xinhua"
            after = self.named(token.i + 1)
            if after and after[0].kind in _BODIES:
                return after
        for i in range(token.i, token.left_edge.i - 1, -1):
            if i in self._named and source.start <= token.doc[i].idx:
                return self._named[i]
        return ()

    def _issuers(self, token: Token) -> tuple[Entity, ...]:
        """Return who issued a document: "a briefing from the House", "the agency's report", "their statement"."""
        for i, owned in _owners(token):
            if i in self._named and all(entity.kind.is_actor for entity in self._named[i]):
                return self._named[i]
            if owned and i in self._unnamed:
                return (self._unnamed[i],)
        for target in _makers(token):
            found = self.named(target.i) or self._of_states(target)
            if found and all(entity.kind.is_actor for entity in found):
                return found
            if target.i in self._unnamed:
                return (self._unnamed[target.i],)
            noun = noun_of(target)
            if noun is not None and noun.kind in (*PERSONAL, NounKind.LEADERS):
                return (self._own(_whole(target), target),)
        return self._parties(token) or self._adopting(token)

    def _adopting(self, token: Token) -> tuple[Entity, ...]:
        """Return the actors who adopt or issue a document in the same clause: "the leaders adopted a statement"."""
        verb = token.head
        if token.dep_ != "dobj" or verb.lemma_ not in _ISSUING:
            return ()
        found: list[Entity] = []
        for subject in verb.children:
            for one in _joined(_whole(subject), subject) if subject.dep_ == "nsubj" else ():
                found += self.named(one.i)
        return tuple(found) if found and all(entity.kind.is_actor for entity in found) else ()

    def _of_states(self, token: Token) -> tuple[Entity, ...]:
        """Return whose states "the Quad countries" are: the partnership that is named right before the noun."""
        before = self.named(token.i - 1) if token.lemma_ in _STATES and token.i else ()
        return before if before and before[0].kind is EntityKind.PARTNERSHIP else ()

    def _parties(self, token: Token) -> tuple[Entity, ...]:
        """Return the members of the partnership that a joint statement of leaders is about."""
        before = {part.lower_ for part in token.doc[token.left_edge.i : token.i]}
        if before & {"joint", "leaders", "leaders'", "leaders’"}:
            for link in token.children:
                for target in link.children if link.lower_ == "on" else ():
                    for entity in self.named(target.i):
                        if entity.kind is EntityKind.PARTNERSHIP:
                            return self._reading.registry.members(entity) or (entity,)
        return ()

    def _last_before(self, head: Token) -> tuple[Entity, ...]:
        """Return the body that was subject last before an "it" left open: what speaks is no thing."""
        for i in range(head.i - 1, max(-1, head.i - _FAR), -1) if head.lower_ == "it" else ():
            named = self.named(i)
            if len(named) == 1 and named[0].kind in _SPEAKING_BODIES and head.doc[i].dep_ in ("nsubj", "nsubjpass"):
                return named
        return ()

    def _own(self, source: Span, head: Token, affiliation: Entity | None = None) -> Entity:
        """Return an unnamed source for words that nothing else is known of; for a relative pronoun, its noun's."""
        span = source
        if head.tag_ in _RELATIVE and head.head.dep_ == "relcl":
            noun = head.head.head
            span = Span(noun.doc[noun.left_edge.i].idx, noun.idx + len(noun))
        label = " ".join(span.of(self._text).split())
        return Entity(EntityKind.UNNAMED_SOURCE, f"{span.start}-{span.end}", label, affiliation=affiliation)


def distinct(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """Return the entities in order, each once."""
    found: dict[str, Entity] = {}
    for entity in entities:
        found.setdefault(entity.path, entity)
    return tuple(found.values())


def _joined(source: Span, head: Token) -> list[Token]:
    """Return the head of a source and the heads joined to it inside the source ("X and Y"), in order."""
    found = [head]
    for token in found:
        if len(found) < _LONGEST_LIST:
            found += [c for c in token.children if c.dep_ == "conj" and source.start <= c.idx < source.end]
    return sorted(found, key=lambda token: token.i)


def _whole(token: Token) -> Span:
    last = token.right_edge
    return Span(token.left_edge.idx, last.idx + len(last))


def _is_in_title(words: TokenSpan, link: Token) -> bool:
    """Whether a word is the "of" or "for" of a title that a name follows: "secretary of state Jane Roe"."""
    if link.lower_ not in _OF_TITLES:
        return False
    before, after = link.nbor(-1) if link.i else None, link.nbor() if link.i + 1 < len(link.doc) else None
    if before is None or after is None or after.idx >= words[-1].idx:
        return False
    office = noun_of(before)
    return (office is not None and office.kind is NounKind.OFFICE) or before.lower_ in ("state", "secretary")


def _owners(token: Token) -> Iterator[tuple[int, bool]]:
    """Yield the tokens of the modifiers before a noun, the nearest first, each with whether it is a possessor's."""
    for child in token.children:
        if child.dep_ in ("poss", "compound", "nmod", "amod"):
            for i in range(child.i, child.left_edge.i - 1, -1):
                yield i, child.dep_ == "poss"


def _makers(token: Token) -> Iterator[Token]:
    """Yield the heads of the phrases that name the maker of a document: "from the House", "written by the agency"."""
    for child in token.children:
        issued = child.lower_ in _ISSUED_BY or (child.lower_ == "in" and _is_outlet_after(child))
        links = [child] if child.dep_ in ("prep", "agent") and issued else []
        if child.dep_ in ("acl", "relcl"):
            links = [link for link in child.children if link.dep_ == "agent"]
        for link in links:
            yield from link.children


def _is_outlet_after(link: Token) -> bool:
    """Whether what follows "an article in" is a name."""
    return any(child.dep_ == "pobj" and child.pos_ == "PROPN" for child in link.children)


def _is_document(token: Token) -> bool:
    noun = noun_of(token)
    return noun is not None and noun.kind in _DOCUMENTS


def _is_person(entities: tuple[Entity, ...]) -> bool:
    return bool(entities) and all(entity.kind is EntityKind.PERSON for entity in entities)


def _is_people(token: Token) -> bool:
    """Whether a people's name means some of its members ("many Americans"), not the state ("the Americans")."""
    if token.tag_ not in ("NNPS", "NNS") or not token.text.endswith("s") or not token.text[0].isupper():
        return False
    return token.i == 0 or token.doc[token.i - 1].lower_ != "the"
