"""`tidegate access` tells what a role sees, and what changes."""

import json
from pathlib import Path

import pytest

from schema.root import sdl
from tests.support.command_line import CommandLine

DOCUMENT = "{ customers { nodes { name email } } }"
GATED = 'email: String @requiresPermission(permission: "customers:pii")'
SUPPORT = {"support": ["customers:read", "customers:masked"], "clerk": ["customers:read"]}


@pytest.fixture
def document(tmp_path: Path) -> str:
    file = tmp_path / "customers.graphql"
    file.write_text(DOCUMENT)
    return str(file)


@pytest.fixture
def roles(tmp_path: Path) -> str:
    file = tmp_path / "roles.json"
    file.write_text(json.dumps(SUPPORT))
    return str(file)


def test_it_tells_what_a_role_sees_and_who_sees_more(tidegate: CommandLine, document: str) -> None:
    outcome = tidegate("access", "explain", "--role", "viewer", "--document", document, "--json")
    assert outcome.code == 0
    assert json.loads(outcome.out)[-1] == {
        "coordinate": "Customer.email",
        "access": "NULL",
        "permission": "customers:pii",
        "mask": None,
        "grantedBy": ["admin", "manager"],
        "byElevation": ["support"],
        "spaces": [],
    }


def test_it_explains_roles_out_of_a_file(tidegate: CommandLine, document: str, roles: str) -> None:
    outcome = tidegate("access", "explain", "--role", "support", "--document", document, "--roles", roles)
    lines = {line.split()[0]: line for line in outcome.out.splitlines()}
    assert "masked (HASH)" in lines["Customer.email"]
    assert "allowed" in lines["Customer.name"]


def test_it_tells_what_a_role_can_be_elevated_to(tidegate: CommandLine, document: str, tmp_path: Path) -> None:
    told = tidegate("access", "explain", "--role", "support", "--document", document).out
    (email,) = [" ".join(line.split()) for line in told.splitlines() if line.startswith("Customer.email")]
    assert "masked (HASH) ↑ customers:pii admin, manager, ↑" in email
    given = {"desk": {"permissions": ["customers:read"], "elevatable": ["customers:*"]}, "clerk": ["customers:read"]}
    (tmp_path / "raised.json").write_text(json.dumps(given))
    asked = ("access", "explain", "--role", "clerk", "--document", document, "--roles", str(tmp_path / "raised.json"))
    assert json.loads(tidegate(*asked, "--json").out)[-1]["byElevation"] == ["desk"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--role", "nobody"), "There is no role 'nobody'; there are admin, manager, viewer, partner"),
        (("--role", "admin", "--variables", "["), "the variables cannot be read as JSON"),
        (("--role", "admin", "--variables", "[]"), "the variables must be a JSON object"),
        (("--role", "admin", "--operation", "Other"), "no operation of that name"),
        (("--role", "admin", "--roles", "/nowhere.json"), "/nowhere.json cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    tidegate: CommandLine, document: str, arguments: tuple[str, ...], says: str
) -> None:
    outcome = tidegate("access", "explain", "--document", document, *arguments)
    assert outcome.code == 1
    assert says in outcome.err
    assert "Traceback" not in outcome.err


def test_a_document_that_does_not_fit_the_schema_is_told(tidegate: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "bad.graphql").write_text("{ nothing }")
    outcome = tidegate("access", "explain", "--role", "admin", "--document", str(tmp_path / "bad.graphql"))
    assert (outcome.code, outcome.out) == (1, "")
    assert "nothing" in outcome.err


def test_two_roles_are_compared(tidegate: CommandLine) -> None:
    outcome = tidegate("access", "diff", "viewer", "manager")
    (email,) = (line for line in outcome.out.splitlines() if "Customer.email" in line)
    assert "null, with an error" in email
    assert email.rstrip().endswith("allowed")


def test_two_schemas_are_compared_for_every_role(tidegate: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "old.graphql").write_text(sdl())
    (tmp_path / "new.graphql").write_text(sdl().replace(GATED, "email: String"))
    outcome = tidegate("access", "diff", str(tmp_path / "old.graphql"), str(tmp_path / "new.graphql"), "--json")
    found = {(each["role"], each["coordinate"], each["before"], each["after"]) for each in json.loads(outcome.out)}
    assert ("viewer", "Customer.email", "NULL", "ALLOWED") in found


def test_two_files_of_roles_are_compared(tidegate: CommandLine, tmp_path: Path, roles: str) -> None:
    (tmp_path / "less.json").write_text(json.dumps({**SUPPORT, "support": ["customers:read"]}))
    outcome = tidegate("access", "diff", roles, str(tmp_path / "less.json"), "--json")
    assert json.loads(outcome.out) == [
        {"role": "support", "coordinate": "Customer.email", "before": "MASKED", "after": "NULL"}
    ]


def test_no_difference_is_no_failure(tidegate: CommandLine) -> None:
    assert json.loads(tidegate("access", "diff", "viewer", "viewer", "--json").out) == []


def test_files_that_hold_no_roles_are_refused(tidegate: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "roles.json").write_text('{"viewer": "orders:read"}')
    outcome = tidegate("access", "diff", "viewer", "admin", "--roles", str(tmp_path / "roles.json"))
    assert outcome.code == 1
    assert "holds no roles" in outcome.err
