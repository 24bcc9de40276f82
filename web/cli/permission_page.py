"""The page of permissions, written out of the registry that gates are judged by."""

_HEAD = """# Permissions

A gate names one permission: `@requiresPermission(permission: "…")` in the schema. A role grants permissions, or the
beginning of permissions and a star: `orders:*` covers `orders:read`. Every tenant begins with the roles below, and its
own copy of them in the database is what counts. `viewer { permissions { version grants } }` tells a caller's.

Written by `make schema`; change `auth/permissions.py` instead.

"""


def permission_page() -> str:
    """Markdown: one row a permission, one column a system role."""
    from auth.permissions import PERMISSIONS, SYSTEM_ROLES, PermissionSet

    sets = [PermissionSet.of(grants) for grants in SYSTEM_ROLES.values()]
    rows = [
        _row(f"`{name}`", meaning, *("✓" if granted.allows(name) else "" for granted in sets))
        for name, meaning in PERMISSIONS.items()
    ]
    head = _row("permission", "what it allows", *SYSTEM_ROLES) + "|---|---|" + ":-:|" * len(sets) + "\n"
    return _HEAD + head + "".join(rows)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |\n"
