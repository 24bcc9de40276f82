"""What a record says was changed: by field, in the shapes of the noun's own type, as far as the caller may see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from db.events import Image
from resolvers.audit import images_in
from schema.operation import Operation
from schema.patches import RIDERS, PatchField, patch_fields
from schema.weights import weighs

Changes = Mapping[str, Any]  # Any: JSON: before and after, by column


@strawberry.type(description="A field that was changed.", directives=weighs("0"))
class FieldChange:
    """Made by ``changes_of``."""

    field: str = strawberry.field(description="By its name in the type of what was changed.")
    before: JSON | None = strawberry.field(description="In the shape of the field; null when there was nothing.")
    after: JSON | None
    hidden: bool = strawberry.field(description="Whether you may not see the values: both are null then.")


@dataclass(frozen=True)
class Audited:
    """A noun whose changes are on record: its type, and what it takes to read it."""

    noun: type
    gate: str | None

    @cached_property
    def fields(self) -> list[PatchField]:
        return patch_fields(self.noun)


def changes_of(
    audited: Audited | None, operation: Operation, entity: str | None, changes: Changes
) -> list[FieldChange]:
    """Every field that a record says was changed, but for the version and its time. What is no noun's is shown by the
    names that it was recorded under.
    """
    if audited is None:
        return [_change(to_camel_case(name), *pair) for name, pair in changes.items()]
    before, after = images_in(entity, changes)
    return list(_told(audited, operation, before, after))


def _told(audited: Audited, operation: Operation, before: Image, after: Image) -> Iterator[FieldChange]:
    changed = {name for name in after if before[name] != after[name]}
    for field in audited.fields:
        if field.key in RIDERS or field.columns.isdisjoint(changed) or not field.columns <= after.keys():
            continue
        if all(operation.allows(gate) for gate in (audited.gate, *field.gates)):
            yield _change(field.key, _written(field, before), _written(field, after))
        else:
            yield _change(field.key, None, None, hidden=True)


def _change(field: str, before: Any, after: Any, *, hidden: bool = False) -> FieldChange:  # Any: JSON
    return FieldChange(field=field, before=before, after=after, hidden=hidden)


def _written(field: PatchField, image: Image) -> Any:  # Any: JSON
    """Null where there was nothing: before a creation."""
    return None if all(image[name] is None for name in field.columns) else field.write(image)
