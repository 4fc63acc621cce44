"""What an article's new actors share with the registry by accident: a slug, and with it an IRI."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loader.document import Document, Entity, Membership, Mention, Statement
    from loader.registry import Registry


def distinguish(document: Document, registry: Registry) -> Document:
    """Give every entity that only shares its slug with one of the registry a slug of its own.

    A person called Jordan is not the state: where the classes differ, the slug of the new one ends in its class
    (``jordan-person``). Where they are the same, it is the registry's own that is meant.
    """
    return _Namesakes(registry).document(document)


class _Namesakes:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def document(self, document: Document) -> Document:
        return replace(
            document,
            statements=tuple(self._statement(statement) for statement in document.statements),
            memberships=tuple(self._membership(membership) for membership in document.memberships),
            mentions=tuple(self._mention(mention) for mention in document.mentions),
        )

    def _statement(self, statement: Statement) -> Statement:
        return replace(
            statement,
            speakers=self._entities(statement.speakers),
            on_behalf_of=self._entities(statement.on_behalf_of),
            relayed_by=self._entities(statement.relayed_by),
            stance_holders=self._entities(statement.stance_holders),
            about=self._entities(statement.about),
            involves=self._entities(statement.involves),
        )

    def _membership(self, membership: Membership) -> Membership:
        return replace(
            membership,
            member=self._entity(membership.member),
            partnership=self._entity(membership.partnership),
            pillar=membership.pillar and self._entity(membership.pillar),
        )

    def _mention(self, mention: Mention) -> Mention:
        return replace(mention, entity=self._entity(mention.entity))

    def _entities(self, entities: tuple[Entity, ...]) -> tuple[Entity, ...]:
        return tuple(self._entity(entity) for entity in entities)

    def _entity(self, entity: Entity) -> Entity:
        if entity.registered:
            return entity
        known = self._registry.entity(entity.path)
        if known is not None and known.kind is entity.kind:
            return known
        return replace(
            entity,
            key=entity.key if known is None else f"{entity.key}-{entity.kind.lower()}",
            affiliation=entity.affiliation and self._entity(entity.affiliation),
            based_in=entity.based_in and self._entity(entity.based_in),
        )
