"""The page of permissions is the registry and the system roles, and is checked in as they are."""

from pathlib import Path

from auth.permissions import PERMISSIONS, SYSTEM_ROLES
from web.cli.permission_page import permission_page

DOCS = Path(__file__).parents[3] / "docs"


def granted(permission: str) -> list[bool]:
    """A permission's row: whether each system role has it."""
    (row,) = (line for line in permission_page().splitlines() if line.startswith(f"| `{permission}` |"))
    return [cell.strip() == "✓" for cell in row.split("|")[3:-1]]


def test_every_permission_has_a_row_and_every_role_a_column() -> None:
    assert all(len(granted(permission)) == len(SYSTEM_ROLES) for permission in PERMISSIONS)


def test_a_star_ticks_what_it_covers() -> None:
    assert granted("customers:pii") == [role in {"admin", "manager"} for role in SYSTEM_ROLES]
    assert granted("orders:read") == [True] * len(SYSTEM_ROLES)
    assert granted("admin:audit") == [role == "admin" for role in SYSTEM_ROLES]


def test_the_page_that_is_checked_in_is_what_the_code_says() -> None:
    assert (DOCS / "permissions.md").read_text() == permission_page(), "docs/permissions.md drifted: run `make schema`"


def test_every_mask_has_a_row() -> None:
    assert "| `Customer.email` | `customers:pii` | HASH | `customers:masked` |" in permission_page()


def test_every_space_has_a_row() -> None:
    assert "| PROVIDER | every one |" in permission_page()
    assert "| DEVELOPER | `admin:documents`, `admin:streams`, `streams:read` |" in permission_page()
