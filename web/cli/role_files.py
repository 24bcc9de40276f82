"""Roles and documents that verbs are given as files."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from auth.permissions import ELEVATABLE, SYSTEM_ROLES, PermissionSet
from web.cli.failures import Failure


def roles_in(file: Path | None) -> Mapping[str, PermissionSet]:
    """The roles of a file, as ``{name: [permission]}``; without one the system roles. Raises Failure."""
    given = SYSTEM_ROLES if file is None else _roles_said(file, "permissions")
    return {name: PermissionSet.of(grants) for name, grants in given.items()}


def elevatable_in(file: Path | None) -> Mapping[str, Sequence[str]]:
    """What the members of a file's roles can be elevated to, as ``{name: {permissions, elevatable}}`` says. Raises
    Failure.
    """
    return ELEVATABLE if file is None else _roles_said(file, "elevatable")


def _roles_said(file: Path, part: str) -> Mapping[str, Sequence[str]]:
    """Of each role that part; a list is its permissions."""
    given = json_in(text_of(file), str(file))
    said = {name: each if isinstance(each, dict) else {"permissions": each} for name, each in given.items()}
    found = {name: each.get(part, []) for name, each in said.items()}
    if not all(isinstance(grants, list) for grants in found.values()):
        raise Failure(f'{file} holds no roles: {{"name": ["permission"]}}.')
    return {name: list(map(str, grants)) for name, grants in found.items()}


def role_named(roles: Mapping[str, PermissionSet], name: str) -> PermissionSet:
    """Raises Failure."""
    if name not in roles:
        raise Failure(f"There is no role {name!r}; there are {', '.join(roles)}.")
    return roles[name]


def text_of(file: Path) -> str:
    """What stands in the file; ``-`` is standard input. Raises Failure."""
    try:
        return typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read: {error}.") from None


def json_in(text: str, what: str) -> dict[str, Any]:  # Any: JSON
    """The object in a text. Raises Failure."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise Failure(f"{what} cannot be read as JSON: {error}.") from None
    if not isinstance(found, dict):
        raise Failure(f"{what} must be a JSON object.")
    return found
