"""Random valid operations over any schema like ours: what clients write, and what none would.

One seed gives the same operations for ever. Response keys tell which field they stand for, so that selections of one
key can be written in many places and still merge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from auth.permissions import PERMISSIONS, SYSTEM_ROLES
from auth.spaces import USUAL, Space
from tests.support.arguments import Facts, Json, Values, literal

ROOTS = {
    "orders": 8,
    "customers": 4,
    "products": 3,
    "order": 3,
    "node": 1.5,
    "nodes": 2,
    "viewer": 1.5,
    "overview": 1.5,
    "announcements": 0.5,
    "streams": 0.3,
}
"""How often each root field of a query is drawn."""
_ASKING = {"admin": 5, "manager": 2, "viewer": 3}
"""How often each role asks, others once."""
_SPACES = (*(USUAL,) * 12, *Space)
_MASKS = tuple(name for name in PERMISSIONS if name.endswith(":masked"))
_BOOLEAN = GraphQLNonNull(GraphQLBoolean)


@dataclass(frozen=True, slots=True)
class Asked:
    """An operation, and the grants of who asks it."""

    document: str
    variables: Mapping[str, Json]
    operation: str | None
    grants: frozenset[str]
    reach: str = "ALL"
    """Which rows the caller's roles reach."""
    space: Space = USUAL
    """Where the caller is."""


class Operations:
    """Draws operations from a seed."""

    def __init__(self, schema: GraphQLSchema, facts: Facts, seed: int, roots: Mapping[str, float] = ROOTS) -> None:
        self._schema, self._facts, self._roots = schema, facts, roots
        self._random = Random(seed)
        self._reaching = Random(f"{seed}/reach")
        self._last: Asked | None = None

    def draw(self) -> Asked:
        """A new operation, or, rather, the last one as somebody else asks it, with other conditions: most of what a new
        text costs is its validation.
        """
        random = self._random
        if self._last is not None and random.random() < 0.8:
            self._last = replace(self._last, variables=self._flipped(self._last.variables), grants=self._grants())
        else:
            draft = _Draft(self._schema, random, Values(random, self._facts))
            document, variables, name = draft.query(self._roots)
            self._last = Asked(document, variables, name, self._grants())
        reach = self._reaching.choice(("OWN", "ASSIGNED", "ALL", "ALL"))
        self._last = replace(self._last, reach=reach, space=self._reaching.choice(_SPACES))
        return self._last

    def change(self) -> Asked:
        """A mutation of one root field: what another changes could not be seen by the first."""
        readable = {name for name in PERMISSIONS if not name.endswith(":write") and self._random.random() < 0.7}
        written = {name for name in PERMISSIONS if name.endswith((":write", ":announce"))}
        return replace(self._single(self._schema.mutation_type), grants=frozenset(readable | written))

    def watch(self, field: str, *maybe: str) -> Asked:
        """A subscription of this field, with some of these arguments: what it selects of an event."""
        return self._single(self._schema.subscription_type, field, *maybe)

    def _single(self, root: GraphQLObjectType | None, field: str | None = None, *maybe: str) -> Asked:
        assert root is not None
        draft = _Draft(self._schema, self._random, Values(self._random, self._facts))
        document, variables, name = draft.single(root, field or self._random.choice(list(root.fields)), *maybe)
        return Asked(document, variables, name, self._grants())

    def _flipped(self, variables: Mapping[str, Json]) -> dict[str, Json]:
        coin = self._random.random
        return {name: coin() < 0.5 if isinstance(value, bool) else value for name, value in variables.items()}

    def _grants(self) -> frozenset[str]:
        random = self._random
        if random.random() < 0.15:
            return frozenset(random.sample([*PERMISSIONS, "orders:*", "*"], random.randrange(6)))
        role = random.choices(list(SYSTEM_ROLES), [_ASKING.get(name, 1) for name in SYSTEM_ROLES])[0]
        masks = _MASKS if random.random() < 0.3 else ()
        return frozenset((*SYSTEM_ROLES[role], *masks))


class _Draft:
    """One operation while it is written."""

    def __init__(self, schema: GraphQLSchema, random: Random, values: Values) -> None:
        self._schema = schema
        self._random = random
        self._values = values
        self._fragments: dict[str, tuple[str, str]] = {}
        self._declared: list[str] = []
        self._given: dict[str, Json] = {}
        self._aliases = 24
        self._directives = 40
        self._fields = 30
        self._numbered = 0

    def query(self, roots: Mapping[str, float]) -> tuple[str, dict[str, Json], str | None]:
        """The document, its variables, and the name of the operation to run."""
        random, root = self._random, self._schema.query_type
        assert root is not None
        calls = [self._call(root, roots, index) for index in range(random.choice((1, 1, 1, 1, 2, 2, 3)))]
        body = []
        for field, head in [*calls, *(call for call in calls if random.random() < 0.15)]:
            body.append(f"{head}{self._directive()}{self._selections(get_named_type(field.type))}")
        if random.random() < 0.05:
            body.append(f"{self._key('__typename')}{self._directive()}")
        body = [self._wrapped(root, part) for part in body]
        return self._document("query", body)

    def single(self, root: GraphQLObjectType, name: str, *maybe: str) -> tuple[str, dict[str, Json], str | None]:
        """The same of a mutation or a subscription with one root field; ``maybe`` are arguments that may be given."""
        field = root.fields[name]
        chosen = [key for key in maybe if key in field.args and self._random.random() < 0.4]
        given = self._required(field) | {key: self._values.of(field.args[key].type, key) for key in chosen}
        written = ", ".join(f"{key}: {self._argument(field.args[key].type, value)}" for key, value in given.items())
        selected = self._key(name) + (f"({written})" if written else "")
        body = [selected + self._selections(get_named_type(field.type))]
        return self._document(root.name.lower(), body)

    def _document(self, kind: str, body: list[str]) -> tuple[str, dict[str, Json], str | None]:
        random = self._random
        name = random.choice((None, "Q", "Q"))
        head = f"{kind} {name or ''}" + (f"({', '.join(self._declared)})" if self._declared else "")
        rest = [f"fragment {name} on {on} {text}" for name, (on, text) in self._fragments.items()]
        if name and random.random() < 0.1:
            rest.append("query Other { __typename }")
        random.shuffle(rest)
        return "\n".join([f"{head} {{ {' '.join(body)} }}", *rest]), self._given, name

    def _call(self, root: GraphQLObjectType, roots: Mapping[str, float], index: int) -> tuple[GraphQLField, str]:
        """A root field with its key and its arguments as written."""
        random = self._random
        name = random.choices(list(roots), list(roots.values()))[0]
        field = root.fields[name]
        alias = f"{name}_{index}: " if index or random.random() < 0.2 else ""
        given = self._given_to(name, field)
        written = [f"{key}: {self._argument(field.args[key].type, value)}" for key, value in given.items()]
        random.shuffle(written)
        return field, alias + name + (f"({', '.join(written)})" if written else "")

    def _given_to(self, name: str, field: GraphQLField) -> dict[str, Json]:
        if "first" in field.args:
            return self._values.page(name, field.args) | self._required(field)
        return {key: self._values.of(arg.type, name if name == "order" else key) for key, arg in field.args.items()}

    def _required(self, field: GraphQLField) -> dict[str, Json]:
        return {key: self._values.of(arg.type, key) for key, arg in field.args.items() if is_required_argument(arg)}

    def _argument(self, kind: Any, value: Json) -> str:  # Any: an input type
        """The value as a literal, as a variable, or with variables inside."""
        random = self._random
        if isinstance(value, dict) and random.random() < 0.5:
            fields = get_named_type(kind).fields
            return "{" + ", ".join(f"{k}: {self._argument(fields[k].type, v)}" for k, v in value.items()) + "}"
        if random.random() < 0.4:
            return self._variable(kind, value)
        return literal(kind, value)

    def _variable(self, kind: Any, value: Json) -> str:  # Any: an input type
        """Declares a variable that has this value: as it is given, or by its default."""
        random, name = self._random, f"v{len(self._declared)}"
        text = str(kind)
        if random.random() < 0.3 and value is not None:
            self._declared.append(f"${name}: {text.removesuffix('!')} = {literal(kind, value)}")
            if random.random() < 0.2:
                self._given[name] = value
            return f"${name}"
        self._declared.append(f"${name}: {text}")
        if value is not None or text.endswith("!") or random.random() < 0.5:
            self._given[name] = value  # a null may as well be left out
        return f"${name}"

    def _directive(self) -> str:
        """Nothing, mostly; else ``@skip`` or ``@include`` by a literal or a variable."""
        random = self._random
        if self._directives < 2 or random.random() > 0.12:
            return ""
        names = random.choice((["skip"], ["include"], ["include"], ["skip", "include"]))
        self._directives -= len(names)
        written = ""
        for name in names:
            value = (random.random() < 0.35) is (name == "skip")
            bare = {True: "true", False: "false"}[value]
            written += f" @{name}(if: {bare if random.random() < 0.5 else self._variable(_BOOLEAN, value)})"
        return written

    def _selections(self, parent: Any, depth: int = 0) -> str:  # Any: an output type
        if is_leaf_type(parent):
            return ""
        random = self._random
        if isinstance(parent, GraphQLInterfaceType):
            parts = [self._part(parent, depth) for _ in range(random.choice((1, 1, 2)))]
            kinds = self._schema.get_possible_types(parent)
            parts += [
                self._inside(kind, depth, bare=False) for kind in random.sample(kinds, random.randrange(len(kinds) + 1))
            ]
            return f" {{ {' '.join(parts)} }}"
        parts = [self._part(parent, depth) for _ in range(random.choice((1, 2, 2, 3, 4, 5)))]
        return f" {{ {' '.join(parts)} }}"

    def _part(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int) -> str:
        random = self._random
        self._fields -= 1
        chance = random.random()
        if self._fields < 0 or chance < 0.06:
            return self._key("__typename") + self._directive()
        if chance < 0.25 and depth < 9:
            return self._inside(parent, depth)
        name = self._field_of(parent)
        field = parent.fields[name]
        # A field with arguments has a key of its own each time: two of one key would have to agree in them.
        key = self._unique(name) + self._arguments(f"{parent.name}.{name}", field) if field.args else self._key(name)
        return key + self._directive() + self._selections(get_named_type(field.type), depth + 1)

    def _unique(self, name: str) -> str:
        self._numbered += 1
        return f"n{self._numbered}_{name}: {name}"

    def _arguments(self, name: str, field: GraphQLField) -> str:
        """The arguments of a field below the root, as written."""
        given = self._given_to(name, field)
        written = [f"{key}: {self._argument(field.args[key].type, value)}" for key, value in given.items()]
        return f"({', '.join(written)})" if written else ""

    def _field_of(self, parent: GraphQLObjectType | GraphQLInterfaceType) -> str:
        """A field, rather one with something below it."""
        names = list(parent.fields)
        deep = [name for name in names if not is_leaf_type(get_named_type(parent.fields[name].type))]
        name: str = self._random.choice(deep if deep and self._random.random() < 0.5 else names)
        return name

    def _inside(self, parent: GraphQLObjectType | GraphQLInterfaceType, depth: int, *, bare: bool = True) -> str:
        """The selections in a fragment: inline (without its type when ``bare``), of its own, or one that is there."""
        random = self._random
        known = [name for name, (on, _) in self._fragments.items() if on == parent.name]
        if known and random.random() < 0.5:
            return f"...{random.choice(known)}{self._directive()}"
        on, text = parent.name, ""
        if parent.interfaces and random.random() < 0.2:
            interface = parent.interfaces[0]
            on = interface.name
            text = f" {{ {self._key(random.choice(list(interface.fields)))} {self._key('__typename')} }}"
        text = text or self._selections(parent, depth + 1)
        if random.random() < 0.5 and len(self._fragments) < 12:
            name = f"F{len(self._fragments)}_{random.randrange(10_000)}"
            self._fragments[name] = (on, text)
            return f"...{name}{self._directive()}"
        condition = "" if bare and on == parent.name and random.random() < 0.5 else f" on {on}"
        return f"...{condition}{self._directive()}{text}"

    def _wrapped(self, root: GraphQLObjectType, text: str) -> str:
        """A root selection as it is, or inside a fragment."""
        chance = self._random.random()
        if chance < 0.05:
            return f"... on {root.name}{self._directive()} {{ {text} }}"
        if chance < 0.1 and len(self._fragments) < 12:
            name = f"R{len(self._fragments)}"
            self._fragments[name] = (root.name, f"{{ {text} }}")
            return f"...{name}{self._directive()}"
        return text

    def _key(self, name: str) -> str:
        """The field under its own name, or under one of two others."""
        if self._aliases > 0 and self._random.random() < 0.12:
            self._aliases -= 1
            return f"{self._random.choice('ab')}_{name}: {name}"
        return name
