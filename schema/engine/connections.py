"""Compiling connections: their rows, their edges, what is told about a page."""

from graphql import GraphQLObjectType

from schema.engine.plan import ConnectionPlan, EdgePlan, Fixed, ObjectPlan, PageInfoPlan, Unsupported
from schema.engine.scope import Group, Path, Scope, object_type

COUNTS = ("totalCount", "totalCountIsEstimate")


class Connections(Scope):
    """Compiles connections."""

    def object(self, parent: GraphQLObjectType, group: Group, path: Path) -> ObjectPlan:
        """A level of rows."""
        raise NotImplementedError

    def connection(self, parent: GraphQLObjectType, group: Group, path: Path) -> ConnectionPlan:
        fields: list[tuple[str, Fixed | ObjectPlan | EdgePlan | PageInfoPlan | str]] = []
        levels: list[ObjectPlan] = []
        for key, inner in self.groups(parent, group).items():
            name, at = inner[0].node.name.value, (*path, key)
            fixed = self.fixed(parent, inner, at)
            if fixed is not None:
                fields.append((key, fixed))
            elif name == "nodes":
                levels.append(self.object(object_type(self.definition(parent, inner)), inner, at))
                fields.append((key, levels[-1]))
            elif name == "edges":
                edge = self._edge(object_type(self.definition(parent, inner)), inner, at)
                levels.extend(part for _, part in edge.fields if isinstance(part, ObjectPlan))
                fields.append((key, edge))
            elif name == "pageInfo":
                fields.append((key, self._page_info(object_type(self.definition(parent, inner)), inner, at)))
            elif name in COUNTS:
                fields.append((key, name))
            else:
                raise Unsupported("connection")
        return ConnectionPlan(tuple(fields), tuple(dict.fromkeys(c for level in levels for c in level.columns)))

    def _edge(self, parent: GraphQLObjectType, group: Group, path: Path) -> EdgePlan:
        fields: list[tuple[str, Fixed | ObjectPlan | str]] = []
        for key, inner in self.groups(parent, group).items():
            fixed = self.fixed(parent, inner, (*path, key))
            if fixed is not None:
                fields.append((key, fixed))
            elif inner[0].node.name.value == "node":
                node = object_type(self.definition(parent, inner))
                fields.append((key, self.object(node, inner, (*path, key))))
            else:
                fields.append((key, "cursor"))
        return EdgePlan(tuple(fields))

    def _page_info(self, parent: GraphQLObjectType, group: Group, path: Path) -> PageInfoPlan:
        return PageInfoPlan(
            tuple(
                (key, self.fixed(parent, inner, (*path, key)) or inner[0].node.name.value)
                for key, inner in self.groups(parent, group).items()
            )
        )
