"""The directives that state who may use a field. They print in the SDL and are judged once per operation
(``schema/gates.py``).
"""

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT, Location.INPUT_FIELD_DEFINITION, Location.ENUM_VALUE],
    name="requiresPermission",
    description=(
        "Only callers with this permission may use the field, select fields of the type, filter by the input field, "
        "or sort by the value. "
        "A denied nullable field is null with one error; a denied non-null field refuses the operation before it runs."
    ),
)
class RequiresPermission:
    """``@requiresPermission(permission: "orders:read")``"""

    permission: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="authenticated",
    description="Any signed-in caller may use the field; what it answers is gated further inside.",
)
class Authenticated:
    """``@authenticated``"""


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="public", description="Anybody may use the field, signed in or not."
)
class Public:
    """``@public``"""


Gate = RequiresPermission | Authenticated | Public


def requires(permission: str | None) -> list[object]:
    """The directives of a field with this gate, none for None."""
    return [] if permission is None else [RequiresPermission(permission=permission)]
