"""How well names are linked: a folder of annotated texts against an authority, beside a plain match of names.

    PACTGRAPH_LINKING_GOLD=gold python benchmarks/linking.py [AUTHORITY]

The folder holds ``SET/gold.jsonl``, lines of ``{"doc_id", "text", "mentions": [{"start", "end", "qid", "types"}]}``;
mentions marked ``value``, ``optional``, ``nomap`` or ``coref`` are left aside. Without the variable it says so. The
exit code is 1 where the core authority is below a floor on a set that has floors.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loader.document import Article, Span
from loader.extraction import Extractor
from loader.linking.candidates import Sources
from loader.linking.linker import Linker
from loader.links import known_links, named_in
from loader.registry import Registry
from ontology.authority import open_authority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ontology.authority import Authority

Place = tuple[int, int]
TYPES = {"PER", "LOC", "ORG"}
FLOORS = {  # of the core authority: precision and F1 of found names, share of given names that are right
    "msnbc-updated": (0.87, 0.34, 0.97),
    "reuters-128": (0.84, 0.35, 0.92),
}
ASIDE = ("value", "optional", "nomap", "coref")


def main() -> None:
    folder = os.environ.get("PACTGRAPH_LINKING_GOLD")
    if not folder:
        print("Skipped: PACTGRAPH_LINKING_GOLD names no folder of annotated texts.")
        return
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(str(files("seeds") / "authority" / "core.sqlite"))
    authority, registry = open_authority(path), Registry.load()
    extractor = Extractor(registry)
    known = known_links(registry, authority)
    below: list[str] = []
    for source in sorted(Path(folder).glob("*/gold.jsonl")):
        texts = [json.loads(line) for line in source.open(encoding="utf-8")]
        read = [named_in(each) for each in extractor.read_all(Article(text["text"], "-") for text in texts)]
        print(f"\n{source.parent.name}: {len(texts)} texts, authority {authority.name} {authority.version}")

        linker = Linker(authority, known, registry.capitals())
        started = time.process_time()
        found = [linker.link_text(text["text"], names) for text, names in zip(texts, read, strict=True)]
        spent = time.process_time() - started
        names_alone = [accepted(each for each in links if not each.is_adjective) for links in found]
        figures = tell("found, names alone", texts, names_alone)
        tell("found, with adjectives", texts, [accepted(links) for links in found])
        plain = [alias_match(text["text"], names, authority) for text, names in zip(texts, read, strict=True)]
        tell("plain alias match", texts, plain)
        for name in ("context", "offices", "in_document"):
            less = Linker(authority, known, registry.capitals(), sources=Sources(**{name: False}))
            links = [less.link_text(text["text"], names) for text, names in zip(texts, read, strict=True)]
            tell(f"found, without {name}", texts, [accepted(e for e in each if not e.is_adjective) for each in links])
        figures += (given(texts, read, linker, authority),)
        if authority.name == "core":
            floors = FLOORS.get(source.parent.name, ())
            pairs = zip(("precision", "F1", "given"), figures, floors, strict=False)
            below += [f"{source.parent.name}: {what} {at:.3f}, not {floor}" for what, at, floor in pairs if at < floor]
        count = sum(map(len, found))
        print(f"  {count} names in {spent:.2f} s of CPU: {count / spent:,.0f} a second (reading the texts apart)")
    for line in below:
        print(f"BELOW ITS FLOOR: {line}")
    print(f"\nmost memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, the parser's included")
    sys.exit(1 if below else 0)


def accepted(links: Iterable[Any]) -> dict[Place, str]:
    return {
        (each.named.span.start, each.named.span.end): each.decision.accepted.id
        for each in links
        if each.decision.accepted is not None
    }


def alias_match(text: str, names: Iterable[Any], authority: Authority) -> dict[Place, str]:
    """Link what the reading took for names to the first entity that is called so."""
    found = {}
    for each in names:
        hits = [hit for hit in authority.candidates(each.span.of(text)) if hit.exact]
        if hits:
            found[each.span.start, each.span.end] = hits[0].entity.id
    return found


def scope(text: Any) -> tuple[dict[Place, str | None], list[Place]]:
    """Return the mentions that count, and the places of those that are left aside."""
    counted: dict[Place, str | None] = {}
    aside: list[Place] = []
    for each in text["mentions"]:
        place = (each["start"], each["end"])
        is_typed = bool(TYPES & set(each.get("types", ()))) or each.get("nil")
        if any(each.get(name) for name in ASIDE) or not is_typed or not (each.get("qid") or each.get("nil")):
            aside.append(place)
        else:
            counted[place] = each.get("qid")
    return counted, aside


def tell(name: str, texts: list[Any], found: list[dict[Place, str]]) -> tuple[float, ...]:
    right = wrong = missed = 0
    for text, links in zip(texts, found, strict=True):
        counted, aside = scope(text)
        hits = {place for place, qid in links.items() if counted.get(place) == qid}
        right += len(hits)
        wrong += sum(
            place not in hits
            and (place in counted or not any(place[0] < end and start < place[1] for start, end in aside))
            for place in links
        )
        missed += sum(qid is not None and place not in hits for place, qid in counted.items())
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    score = 2 * precision * recall / max(1e-9, precision + recall)
    print(f"  {name:28} precision {precision:.3f}  recall {recall:.3f}  F1 {score:.3f}  (right {right}, wrong {wrong})")
    return precision, score


def given(texts: list[Any], read: list[Any], linker: Linker, authority: Authority) -> float:
    """Tell how many of the given names that the authority covers with a verified entity are linked right."""
    right = wrong = covered = named = 0
    for text, names in zip(texts, read, strict=True):
        places = [(place, qid) for place, qid in scope(text)[0].items() if is_covered(qid, authority.entity)]
        links = linker.link_given(text["text"], [Span(*place) for place, _ in places], names)
        covered += len(places)
        for (_, qid), link in zip(places, links, strict=True):
            entity = link.decision.accepted
            right += entity is not None and entity.id == qid
            hits = authority.candidates(link.named.span.of(text["text"]))
            named += any(hit.entity.id == qid for hit in hits) or (entity is not None and entity.id == qid)
            wrong += entity is not None and entity.id != qid
    print(f"  given and covered: {right} of {covered} right ({right / max(1, covered):.3f}), {wrong} wrong")
    print(f"  of those whose name the authority has too: {right} of {named} right ({right / max(1, named):.3f})")
    return right / max(1, covered)


def is_covered(qid: str | None, entity: Callable[[str], Any]) -> bool:
    found = entity(qid) if qid else None
    return found is not None and found.status == "verified"


if __name__ == "__main__":
    main()
