"""The linker: the names of an article, each with the decision on it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from loader.document import EntityKind, Span
from loader.linking.candidates import Candidates, Sources
from loader.linking.decision import Decision, Thresholds, decide
from loader.linking.gazetteer import LINKS, Found, Gazetteer, word_set
from loader.linking.parts import is_part, is_single_part
from loader.linking.scene import Named, Scene, spelt_out_names, untitled
from ontology.authority import acronym_form, number_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping, Sequence

    from loader.linking.decision import Scored
    from ontology.authority import Authority


@dataclass(frozen=True, slots=True)
class Link:
    """A name in an article with the decision on it.

    ``is_adjective`` is true where the name of a state tells of which state something is: "Japanese", "U.S. forces".
    """

    named: Named
    decision: Decision
    is_adjective: bool = False


class Linker:
    """Links names to an authority. The same text, names and authority always give the same links.

    ``known`` maps paths of the registry ("actor/japan") to ids; ``capitals`` names of capitals to the paths of their
    states, for a capital may stand for a government.
    """

    def __init__(
        self,
        authority: Authority,
        known: Mapping[str, str] | None = None,
        capitals: Mapping[str, str] | None = None,
        *,
        thresholds: Thresholds | None = None,
        sources: Sources | None = None,
    ) -> None:
        self.authority = authority
        self._gazetteer = Gazetteer(authority)
        self._candidates = Candidates(self._gazetteer, known or {}, capitals or {}, sources or Sources())
        self._thresholds = thresholds or Thresholds()
        self._capitals = capitals or {}

    def link_given(
        self, text: str, spans: Sequence[Span], read: Iterable[Named] = (), published: dt.date | None = None
    ) -> tuple[Link, ...]:
        """Return the links of names at these places, in the order given; ``read`` is what reading the text found."""
        found = tuple(read)
        named = [_as_read(text, span, found) for span in spans]
        scene = self._scene(text, (*named, *found, *self.names(text, found)), published)
        return tuple(self._bolder(self._decided(each, scene), scene) for each in named)

    def link_text(self, text: str, read: Iterable[Named] = (), published: dt.date | None = None) -> tuple[Link, ...]:
        """Return the links of all names in a text, in order; ``read`` is what reading the text found."""
        named = self.names(text, read)
        scene = self._scene(text, named, published)
        return tuple(self._decided(each, scene) for each in named)

    def names(self, text: str, read: Iterable[Named] = ()) -> tuple[Named, ...]:
        """Return the names in a text, in order: those that were read, and those that the authority knows.

        Of two that overlap the longer stays, of equals the one that was read.
        """
        defined = [each for _, each in spelt_out_names(text) if not self._gazetteer.hits(each.of(text))]
        names = [
            (each, True)
            for each in map(partial(_trimmed, text), read)
            if _is_name(each.span.of(text)) and not self._is_part(text, each, defined)
        ]
        spans = {each.span for each, _ in names}
        names += [
            (Named(found.span), False)
            for found in self._gazetteer.find(text)
            if (found.span in spans or _may_stand(text, found)) and not self._is_part(text, Named(found.span), defined)
        ]
        kept: list[tuple[Named, bool]] = []
        for each, was_read in sorted(names, key=lambda n: (n[0].span.start - n[0].span.end, not n[1], n[0].span)):
            if not any(each.span.overlaps(other.span) for other, _ in kept):
                inside = [other for other, read_ in names if read_ and each.span.overlaps(other.span)]
                kept.append((each if was_read else _widened(each, inside), was_read))
        ordered = sorted((each for each, _ in kept), key=lambda each: each.span)
        return tuple(replace(each, span=self._whole(text, each)) for each in ordered)

    def _is_part(self, text: str, named: Named, defined: Sequence[Span]) -> bool:
        """Whether a name is but a part of a longer one: "Los Angeles Lakers", "Bank of Albania", "Acme Corp UK".

        ``defined`` are the names that the text defines acronyms for and nobody knows: "Ethics in Washington (CREW)".
        """
        name = named.span.of(text)
        hits = self._gazetteer.hits(name)
        type_ = hits[0].entity.type if hits else "state" if named.kind is EntityKind.STATE else ""
        if type_ in ("state", "place") and any(each != named.span and each.covers(named.span) for each in defined):
            return True
        has_article = bool(hits) and _is_the_named(self.authority, self._gazetteer, name)
        return is_part(text, named.span, type_, is_acronym=bool(acronym_form(name)), has_article=has_article)

    def _whole(self, text: str, named: Named) -> Span:
        """Return where a name stands with what belongs to it: the article before it, a legal form after it."""
        start, end = named.span.start, named.span.end
        if named.kind is not EntityKind.PERSON:
            hits = self._gazetteer.hits(text[start:end])
            form = _FORM_AFTER.match(text, end) if not hits or hits[0].entity.type not in ("state", "place") else None
            end = form.end() if form else end
            if text[max(0, start - 4) : start] == "The " and (
                self._gazetteer.hits(text[start - 4 : end])
                and _is_the_named(self.authority, self._gazetteer, text[start:end])
            ):
                start -= 4
        return Span(start, end)

    def _scene(self, text: str, around: Sequence[Named], published: dt.date | None) -> Scene:
        return Scene.of(text, around, published=published, countries=self._countries(text, around))

    def _bolder(self, link: Link, scene: Scene) -> Link:
        """Decide again on a name that is given, and so is one, where nothing was accepted.

        What the reading took it for counts no longer, a short name may be a body's of a state, and less is enough.
        """
        if link.decision.accepted is not None:
            return link
        named, bare = link.named, replace(link.named, kind=None)
        name = named.span.of(scene.text)
        ways = [(named, name)]
        if named.kind is not EntityKind.PERSON:
            ways += [(bare, name), *((bare, each) for each in self._candidates.national(name, scene))]
        if not self._gazetteer.hits(name):
            ways.append((bare, f"{name}."))  # an abbreviation without its full stop: "Tenn"
            ways.append((bare, _OWNED_BY.sub("", name)))  # "U.N.'s Food and Agriculture Organisation"
        for each, words in ways:
            scored = _better_known(self._candidates.of(each, scene, name=words, given=True))
            decision = decide(scored, _BOLD, metonym=link.decision.metonym)
            if decision.accepted is not None:
                return replace(link, decision=decision)
        return link

    def _decided(self, named: Named, scene: Scene) -> Link:
        named = self._as_known(named, scene.text)
        is_capital = named.known is not None and self._capitals.get(named.span.of(scene.text)) == named.known
        if is_capital:  # the government is meant, the city is named
            named = replace(named, known=None)
        decision = decide(self._candidates.of(named, scene), self._thresholds, metonym=is_capital)
        return Link(named, decision, self._is_adjective(named.span, scene.text, decision))

    def _as_known(self, named: Named, text: str) -> Named:
        """Return a name without what the reading takes it for where it only begins so: "U.S. Small Business"."""
        words = named.span.of(text).split()
        for length in range(1, len(words)):
            first = " ".join(words[:length])
            if named.kind is EntityKind.STATE and words[length][0].isupper() and self._gazetteer.hits(first):
                meant = {hit.entity.id for hit in self._gazetteer.hits(" ".join(words))}
                if not meant & {hit.entity.id for hit in self._gazetteer.hits(first)}:
                    return replace(named, kind=None, known=None, full=None)
        return named

    def _is_adjective(self, span: Span, text: str, decision: Decision) -> bool:
        """Whether a name is a word for the people of a state, or the state's acronym before a noun."""
        best = decision.best
        if best is None or best.entity.type not in ("state", "place"):
            return False
        name = span.of(text)
        kinds = {each.kind for each in self.authority.names(best.entity.id) if each.text == name}
        before_noun = bool(acronym_form(name)) and any(
            each.match(text, span.end) for each in (_BEFORE_NOUN, _BEFORE_ADJECTIVE)
        )
        return kinds == {"demonym"} or before_noun

    def _countries(self, text: str, named: Iterable[Named]) -> Counter[str]:
        """Return how often a text names each state without a doubt, or a well-known place of it."""
        found: Counter[str] = Counter()
        for name in sorted({each.span for each in named}):
            hits = [hit.entity for hit in self._gazetteer.hits(name.of(text)) if hit.exact]
            meant = {each.country for each in hits}
            if len(meant) == 1 and hits[0].country and hits[0].type in ("state", "place") and hits[0].prior >= _KNOWN:
                found[hits[0].country] += 1
        return found


def _better_known(scored: Sequence[Scored]) -> Sequence[Scored]:
    """Return candidates without those that are about as good as one that is named in full, or is better known."""
    best = max((each.score for each in scored), default=0.0)
    close = [each for each in scored if each.score > best - _CLOSE]
    chosen = max(close, key=_fame, default=None)
    return [each for each in scored if each is chosen or each not in close]


def _fame(scored: Scored) -> tuple[float, int, float, int]:
    return scored.features.full, scored.entity.prior, scored.score, -number_of(scored.entity.id)


def _as_read(text: str, span: Span, read: Sequence[Named]) -> Named:
    """Return the name at a place as the reading of the text took it, if it did: the same words, or most of them."""
    same = next((each for each in read if each.span == span), None)
    if same is not None:
        return same
    shared = [each for each in read if span.covers(each.span) or each.span.covers(span)]
    best = max(shared, key=lambda each: min(each.span.end, span.end) - max(each.span.start, span.start), default=None)
    if best is None or 2 * min(best.span.end - best.span.start, span.end - span.start) < span.end - span.start:
        return Named(span)
    is_same = len(best.span.of(text).strip(".")) == len(span.of(text).strip("."))  # "U.S" of "U.S."
    return replace(best, span=span, known=best.known if is_same else None)


def _widened(named: Named, inside: Sequence[Named]) -> Named:
    """Give a name of the authority the kind that the reading gave to a part of it, if it is most of it."""
    length = named.span.end - named.span.start
    whole = [each for each in inside if 2 * (each.span.end - each.span.start) > length]
    return replace(named, kind=whole[0].kind) if len(whole) == 1 else named


def _is_name(words: str) -> bool:
    """Whether words are a name, and no pronoun or description ("the Polish government")."""
    first, *rest = words.split()
    if first.lower() in _ARTICLES and rest:
        first, *rest = rest
    plain = [word for word in rest if word[0].isalpha() and word[0].islower() and word not in LINKS]
    if not rest and first in ("Administration", "Government", "State", "The"):  # they act for a state, and are none
        return False
    return (first[0].isupper() or first[0].isdigit()) and not plain and words.lower() not in _PRONOUNS


def _trimmed(text: str, named: Named) -> Named:
    """Return a name that was read without what a hyphen binds to it, "U.S." of "U.S.-made", or a title in capitals."""
    words = named.span.of(text)
    if named.kind is EntityKind.PERSON and words.isupper():
        return replace(named, span=Span(named.span.end - len(untitled(words)), named.span.end))
    if named.kind is EntityKind.STATE and named.known is not None:
        length = re.split(r"[-\u2010-\u2013](?=\w)| [Gg]overnment$", words)[0]
        if 0 < len(length) < len(words):
            return replace(named, span=Span(named.span.start, named.span.start + len(length)))
    return named


def _may_stand(text: str, found: Found) -> bool:
    """Whether a name of the authority may be taken for one although the reading of the text found none there.

    A single word is one only if it names a state, place or partnership, as brands are called like any word; and only
    if it is no part of a longer name: "Laramie County", "Western Pennsylvania".
    """
    span, hits = found
    if len(span.of(text).split()) > 1:
        return True
    if hits[0].entity.type not in ("state", "place", "partnership"):
        return False
    return not is_single_part(text, span)


def _is_the_named(authority: Authority, gazetteer: Gazetteer, name: str) -> bool:
    """Whether a name is one that people write with a capital The."""
    return any(
        each.text.startswith("The ") for hit in gazetteer.hits(name)[:1] for each in authority.names(hit.entity.id)
    )


_BOLD = Thresholds(accept=0.35, gap=0.05)  # for names that are given
_CLOSE = 0.1  # scores that do not differ
_KNOWN = 50  # from which prior a place tells of its country
_ARTICLES = word_set("those the this an its our my their her these his a that")
_PRONOUNS = word_set(
    "he she it they we you i him her them us his hers its their theirs our ours who which that this these"
    " those himself herself itself themselves both all some one"
)
_FORM_AFTER = re.compile(
    r",? (?:Inc|Corp|Corporation|Ltd|Co|Cos|Company|PLC|Plc|AG|SA|NV|GmbH|LLC)\b(?:\.(?=,| [a-z]| \(|['’]))?"
)
_BEFORE_NOUN = re.compile(
    r"[-\u2010\u2011]\w| (?!(?:is|was|has|had|will|would|could|can|should|may|might|said|says|and|or|to|in|on|by|for"
    r"|from|with|at|as|of|if|but|that|which|who|when|where|after|before|while|because|since|until|than|have|are|were|does"
    r"|did|do|also|not|into|over|under|about|against|between)\b)[\w]"
)
_BEFORE_ADJECTIVE = re.compile(
    r" (?:and|or) (?:U\.[SK]\.|[A-Z]\w+(?:ese|ish|ian|can|ean|man|ench|utch|wiss|reek|raqi|stani|aeli)) \w"
)
_OWNED_BY = re.compile(r"^[A-Z][\w.]*?(?:['’]s|(?<=\.)s) (?=[A-Z]\w+ )")
