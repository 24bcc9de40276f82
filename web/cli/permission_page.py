"""The page of permissions, written out of the registry that gates are judged by, and of the schema that states them."""

_HEAD = """# Permissions

A gate names one permission: `@requiresPermission(permission: "…")` in the schema. A role grants permissions, or the
beginning of permissions and a star: `orders:*` covers `orders:read`. Every tenant begins with the roles below, and its
own copy of them in the database is what counts. ✓ is what a role grants, ↑ what its members can add for some minutes
with `elevate`. `viewer { permissions { version grants } }` tells a caller's.
`viewer { can(coordinate: "Order.total") }` answers for one coordinate (ALLOWED, MASKED, DENIED) and
`permissions { fields(type:) }` for a type, by all the gates on the way there and the caller's space;
`permissionsChanged` tells them anew when they change.

Written by `make schema`; change `auth/permissions.py` and the schema instead.

"""
_SPACES = """
## Spaces

A session, a token and a key carry a space, what their bearer is here for, and a permission counts only in the spaces
below. In the wrong one an operation is refused with FORBIDDEN, `extensions.space` and the `extensions.spaces` where it
would run; `@space(in: […])` on root fields says so beforehand. Who names no space is in PROVIDER. A membership says
which ones it allows (`tidegate user spaces`), `switchSpace` moves a session, `--space` makes a token or a key for
another.

"""
_MASKS = """
## Masks

Some fields have a mask, `@sensitive(mask: …, permission: "…")`: who lacks the field's permission and has the mask's
sees the mask, without an error. A masked field cannot be filtered, sorted or searched, and a stream tells of a change
only if the mask changed. `LAST4` shows the last four characters, `HASH` a code that equal values of a tenant have in
common, `BUCKET` the bound below the value.

"""


def permission_page() -> str:
    """Markdown: one row a permission, one column a system role."""
    from auth.permissions import ELEVATABLE, PERMISSIONS, SYSTEM_ROLES, PermissionSet

    sets = {role: PermissionSet.of(grants) for role, grants in SYSTEM_ROLES.items()}
    more = {role: PermissionSet.of(ELEVATABLE.get(role, ())) for role in SYSTEM_ROLES}
    rows = [
        _row(
            f"`{name}`", meaning, *("✓" if sets[role].allows(name) else "↑" * more[role].allows(name) for role in sets)
        )
        for name, meaning in PERMISSIONS.items()
    ]
    head = _row("permission", "what it allows", *sets) + "|---|---|" + ":-:|" * len(sets) + "\n"
    return _HEAD + head + "".join(rows) + _spaces() + _masks()


def _spaces() -> str:
    """One row a space: what counts there."""
    from auth.permissions import PERMISSIONS
    from auth.spaces import USUAL, Space, spaces_of

    there = {space: [f"`{name}`" for name in PERMISSIONS if space in spaces_of(name)] for space in Space}
    rows = [_row(space, "every one" if space is USUAL else ", ".join(names)) for space, names in there.items()]
    return _SPACES + _row("space", "permissions that count") + "|---|---|\n" + "".join(rows)


def _masks() -> str:
    """One row a field with a mask."""
    from schema.needs import read_needs
    from schema.root import schema

    rows = [
        _row(f"`{name}`", f"`{needs.permissions[0]}`", needs.mask.mask.name, f"`{needs.mask.permission}`")
        for name, needs in read_needs(schema()._schema).items()
        if needs.mask is not None
    ]
    return _MASKS + _row("field", "seen with", "mask", "masked with") + "|---|---|---|---|\n" + "".join(rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
