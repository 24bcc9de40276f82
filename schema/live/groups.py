"""All live operations of a process: which group a subscription belongs to, where it begins, and who is open."""

import json
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from graphql import FieldNode, GraphQLField, VariableNode
from graphql.execution.collect_fields import collect_fields
from graphql.execution.values import get_argument_values

from auth.budgets import Spending
from auth.permissions import PermissionSet
from auth.principal import Principal
from db.events import Position
from db.ids import new_id
from db.scopes import RowScope
from resolvers.errors import InvalidInput
from schema.acting import acting_note
from schema.live.delivery import CURSOR_ARGUMENT, live_of
from schema.live.group import Group
from schema.live.member import Member
from schema.live.paying import PayingMember
from schema.requests import OperationRequest, Ready
from schema.runner import Runner

MAX_CURSOR = 200
Key = tuple[str, str | None, str, str, PermissionSet, RowScope, str, bytes | None]


class Groups:
    """Made once a process. ``open`` a subscription; look at ``members``."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._groups: dict[Key, Group] = {}

    @property
    def groups(self) -> Collection[Group]:
        """The groups that have members now."""
        return self._groups.values()

    @property
    def members(self) -> list[Member]:
        """Every open subscription."""
        return [member for group in self._groups.values() for member in group.members]

    def open(
        self, request: OperationRequest, ready: Ready, caller: Principal, spending: Spending | None = None
    ) -> Member:
        """``spending`` is what its frames are charged to. Raises BadCursor, CursorExpired, InvalidInput for a cursor
        that is not good for this caller.
        """
        definition, node, values = _root(ready)
        live = live_of(definition)
        wanted = None if live.opens else self._position(request, caller, values.get(CURSOR_ARGUMENT))
        group = self._group(request, ready, caller, definition, node)
        facts = group, caller, request, self._runner.clock(), wanted
        return Member(*facts) if spending is None else PayingMember(*facts, spending)

    def move(self, member: Member, ready: Ready, caller: Principal) -> None:
        """Let the member go on as this caller, whose operation was judged again."""
        definition, node, _ = _root(ready)
        member.move(self._group(member.request, ready, caller, definition, node), caller)

    def _group(
        self, request: OperationRequest, ready: Ready, caller: Principal, definition: GraphQLField, node: FieldNode
    ) -> Group:
        live = live_of(definition)
        somebody = caller.impersonal(caller.permissions_version if live.personal else "")
        note = acting_note(caller)
        key = _key(request, ready, somebody, node, note)
        group = self._groups.get(key)
        if group is None:
            own = replace(request, request_id=new_id())
            emptied = self._forget(key)
            group = Group(self._runner, own, ready, somebody, live, emptied, note=note)
            self._groups[key] = group
        return group

    def _forget(self, key: Key) -> Callable[[], None]:
        def emptied() -> None:
            self._groups.pop(key, None)

        return emptied

    def _position(self, request: OperationRequest, caller: Principal, after: str | None) -> Position | None:
        """On GET a last event id goes before ``after``: an EventSource keeps the one up to date, while its address
        with the other stays as it was. On POST the document is written anew for each attempt, so ``after`` is the
        newer word.
        """
        last = request.last_event_id
        chosen = last if after is None or (last is not None and request.last_event_id_first) else after
        if chosen is None:
            return None
        if len(chosen) > MAX_CURSOR:
            raise InvalidInput("The cursor is malformed.")
        return self._runner.event_cursors.decode(caller.tenant, chosen)


def _root(ready: Ready) -> tuple[GraphQLField, FieldNode, dict[str, Any]]:  # Any: coerced arguments
    """The subscription's field, where it stands in the document, and its arguments."""
    executor = ready.executor
    root = executor.schema.subscription_type
    if root is None:
        raise LookupError("the schema has no subscriptions")
    fields = collect_fields(
        executor.schema, executor.fragments, executor.variable_values, root, executor.operation, False
    ).grouped_field_set
    details = next(iter(fields.values()))[0]
    definition = root.fields[details.node.name.value]
    values = get_argument_values(
        definition, details.node, executor.variable_values, details.fragment_variable_values, True
    )
    return definition, details.node, values


def _key(request: OperationRequest, ready: Ready, caller: Principal, node: FieldNode, note: bytes | None) -> Key:
    cursor = _cursor_variable(ready, node)
    declared = ready.execution.variable_values.coerced.keys()
    variables = {name: value for name, value in ready.variables.items() if name in declared and name != cursor}
    canonical = json.dumps(variables, sort_keys=True)
    who = caller.tenant.hex, caller.permissions, caller.scope, caller.permissions_version
    return request.document or "", ready.name, canonical, *who, note


def _cursor_variable(ready: Ready, node: FieldNode) -> str | None:
    """The variable that is the cursor and nothing else: its value does not make a group another one."""
    for argument in node.arguments or ():
        if argument.name.value == CURSOR_ARGUMENT and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            return name if ready.document.uses[name] == 2 else None  # where it is declared, and there
    return None
