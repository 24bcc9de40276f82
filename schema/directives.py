"""The directives that state who may use a field. They print in the SDL and are judged once per operation
(``schema/gates.py``).
"""

import enum

import strawberry
from strawberry.schema_directive import Location

from auth.spaces import spaces_of


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


@strawberry.enum(name="Mask", description="What is shown of a sensitive value to those who may not see all of it.")
class MaskKind(enum.Enum):
    """See ``schema/masks.py``."""

    LAST4 = strawberry.enum_value(
        "LAST4", description="`****` and the last four characters; of a text of less than eight only `****`."
    )
    HASH = strawberry.enum_value(
        "HASH",
        description="`hash:` and a code that equal values of one tenant have in common; keyed: it cannot be guessed.",
    )
    BUCKET = strawberry.enum_value(
        "BUCKET",
        description=(
            "The greatest of the `bounds` that is not above the value; what is below the second bound is the first."
        ),
    )


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="sensitive",
    description=(
        "Callers without the permission of the field's `@requiresPermission`, but with this one, get a mask of the "
        "value where others get null, and no error. They cannot filter, sort or search by it, and a change that does "
        "not show in the mask is not told to them. A value that is null is null for them too."
    ),
)
class Sensitive:
    """``@sensitive(mask: HASH, permission: "customers:masked")``"""

    mask: MaskKind
    permission: str
    bounds: list[str] | None = strawberry.UNSET


@strawberry.enum(name="Space", description="What a caller is here for.")
class SpaceName(enum.Enum):
    """The names are the values: ``auth.spaces.Space``."""

    CLIENT = "CLIENT"
    PROVIDER = "PROVIDER"
    DEVELOPER = "DEVELOPER"
    ACCOUNTING = "ACCOUNTING"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="space",
    description=(
        "Only callers who are in one of these spaces may use the field; in any other the operation is refused. It "
        "follows from the permission of the field's `@requiresPermission`, which counts in these spaces wherever it "
        "is asked for: below other fields, in inputs, and of objects found by their ids. Without one: in every space."
    ),
)
class InSpaces:
    """``@space(in: [PROVIDER, ACCOUNTING])``"""

    in_: list[SpaceName] = strawberry.directive_field(name="in")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="inPerson",
    description=(
        "Whoever acts as somebody else cannot use the field: the operation is refused. It changes how the caller signs "
        "in, or what the session is."
    ),
)
class InPerson:
    """``@inPerson``"""


@strawberry.schema_directive(
    locations=[
        *(Location.FIELD_DEFINITION, Location.ARGUMENT_DEFINITION),
        *(Location.INPUT_FIELD_DEFINITION, Location.ENUM_VALUE),
    ],
    name="sunset",
    description=(
        "Since when what is deprecated is, and until when it will be there: days, in UTC. Answers to documents that "
        "use it say so in the headers `Deprecation` and `Sunset`."
    ),
)
class Sunset:
    """``@sunset(since: "2026-12-01", until: "2027-06-01")``, beside ``@deprecated``"""

    since: str
    until: str | None = strawberry.UNSET


Gate = RequiresPermission | Authenticated | Public


def requires(permission: str | None) -> list[object]:
    """The directives of a field with this gate, none for None."""
    return [] if permission is None else [RequiresPermission(permission=permission)]


def requires_at_root(permission: str) -> list[object]:
    """The directives of a root field with this gate: where it can be used stands beside it."""
    spaces = [SpaceName[space.name] for space in spaces_of(permission)]
    return [RequiresPermission(permission=permission), InSpaces(in_=spaces)]
